"""Compare `cargo component compose` with `wac` (0.12 or later).

Components are made here, with no code or 56 KiB of code each, and linked by both:

  star   a `.wac` document with a component that imports from all others
  chain  a `.wac` document with components that each import from the next
  plug   the star with `--with`, compared with `wac plug`
"""

import argparse
import pathlib

import wasm
from measure import Bench, Goal, Series, Turn, counted
from report import CPU, PEAK, WALL

NAME = "compose"
COLUMNS = [CPU, WALL, PEAK]
PARTS = ["star", "chain", "plug"]
ROUNDS = 9
PEER = "wac"
PEER_HELP = "the program `wac` (default: looked up in `PATH`)"
GOAL = Goal("wall", 1.1, PEER)

# For each component its imports and its export.
Parts = dict[str, tuple[list[str], str]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that only this bench has."""
    parser.add_argument(
        "--count",
        nargs="+",
        type=int,
        default=[2, 10, 50, 200],
        metavar="N",
        help="numbers of components (default: 2 10 50 200)",
    )
    parser.add_argument(
        "--size",
        nargs="+",
        type=int,
        default=[0, 56],
        metavar="KIB",
        help="code in each component, in KiB (default: 0 56)",
    )


def star(count: int) -> Parts:
    """A first component that imports from all others."""
    leaves = {f"n{n}": (["bench:host/api"], f"bench:star/i{n}@1.0.0") for n in range(1, count)}
    root = ([export for _, export in leaves.values()], "bench:star/root@1.0.0")
    return {"n0": root, **leaves}


def chain(count: int) -> Parts:
    """Components that each import from the next."""

    def interface(n: int) -> str:
        return f"bench:chain/i{n}@1.0.0" if n < count else "bench:host/api"

    return {f"n{n}": ([interface(n + 1)], interface(n)) for n in range(count)}


def document(parts: Parts) -> str:
    """The same as a `.wac` document."""
    by_export = {export: name for name, (_, export) in parts.items()}
    lines = ["package bench:linked;"]
    for name, (imports, _) in reversed(parts.items()):
        given = [f'"{i}": {by_export[i]}["{i}"]' for i in imports if i in by_export]
        lines.append(f"let {name} = new bench:{name} {{ {', '.join([*given, '...'])} }};")
    lines.append("export n0...;")
    return "\n".join(lines) + "\n"


def written(place: pathlib.Path, parts: Parts, size: int) -> pathlib.Path:
    """A new directory with the components and the document."""
    dependencies = place / "deps" / "bench"
    dependencies.mkdir(parents=True)
    for name, (imports, export) in parts.items():
        content = wasm.component(imports, export, size)
        (place / f"{name}.wasm").write_bytes(content)
        (dependencies / f"{name}.wasm").write_bytes(content)
    (place / "main.wac").write_text(document(parts))
    return place


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Measures what the options ask for."""
    for size in options.size:
        for shape in options.only:
            for count in options.count:
                parts = chain(count) if shape == "chain" else star(count)
                place = written(bench.scratch / f"{shape}{count}-{size}", parts, size)
                ours, peers = ["compose", "main.wac"], ["compose", "main.wac"]
                if shape == "plug":
                    leaves = {name: export for name, (_, export) in parts.items() if name != "n0"}
                    ours, peers = ["compose", "n0.wasm"], ["plug", "n0.wasm"]
                    for name, export in leaves.items():
                        ours += ["--with", f"{export}={name}.wasm"]
                        peers += ["--plug", f"{name}.wasm"]
                commands = bench.commands(*ours)
                if bench.peer:
                    commands[PEER] = [bench.peer, *peers]
                turns = {
                    subject: Turn([*command, "-o", "out.wasm"], place)
                    for subject, command in commands.items()
                }
                name = f"{shape}, {size} KiB"
                series = Series(name, "component", count)
                case = f"{name}, {counted(count, 'component')}"
                bench.compare(case, turns, series=series, goal=GOAL)
