#!/usr/bin/env python3
"""Linking of components: time and memory, beside `wac`.

Components are made here, in a star (one that imports from all others) and in a
chain (each imports from the next), and linked by both subjects in turns, round
after round. Printed are medians of wall and CPU time and the peak of memory, how
they compare, and how the time of the tool grows.

    cargo build --release
    benches/compose.py --peer wac
    benches/compose.py --peer wac --only star --count 50 --size 0
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL, PEER = "cargo component", "wac"


def number(value):
    """As WebAssembly writes numbers."""
    found = []
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def text(value):
    return number(len(value)) + value.encode()


def section(kind, *items):
    content = number(len(items)) + b"".join(items)
    return bytes([kind]) + number(len(content)) + content


def module(size):
    """A core module with code of that many KiB, in functions of one KiB, so that
    there is something to validate."""
    # Local 0 plus one, and dropped, until the function is full.
    line = b"\x20\x00\x41\x01\x6a\x1a"
    body = b"\x00" + line * (1018 // len(line)) + b"\x20\x00\x0b"
    function = number(len(body)) + body
    return (
        b"\0asm\1\0\0\0"
        + section(1, b"\x60\x01\x7f\x01\x7f")
        + section(3, *[b"\0"] * size)
        + section(10, *[function] * size)
    )


def component(imports, export, size):
    """A component that imports interfaces with a function `f: func() -> u32`, and
    exports the first one by another name."""
    function = b"\x40\x00\x00\x79"
    interface = b"\x42\x02" + b"\x01" + function + b"\x04\x00" + text("f") + b"\x01\x00"
    nested = b""
    if size:
        core = module(size)
        nested = b"\x01" + number(len(core)) + core
    return (
        b"\0asm\x0d\0\1\0"
        + nested
        + section(7, interface)
        + section(10, *[b"\0" + text(name) + b"\x05\x00" for name in imports])
        + section(11, b"\0" + text(export) + b"\x05\x00\x00")
    )


def star(count):
    """The root first, by name: what each imports, and what it exports."""
    leaves = {f"n{n}": (["bench:host/api"], f"bench:star/i{n}@1.0.0") for n in range(1, count)}
    root = ([export for _, export in leaves.values()], "bench:star/root@1.0.0")
    return {"n0": root, **leaves}


def chain(count):
    def interface(n):
        return f"bench:chain/i{n}@1.0.0" if n < count else "bench:host/api"

    return {f"n{n}": ([interface(n + 1)], interface(n)) for n in range(count)}


def document(parts):
    """The same as a `.wac` document."""
    by_export = {export: name for name, (_, export) in parts.items()}
    lines = ["package bench:linked;"]
    for name, (imports, _) in reversed(parts.items()):
        given = [f'"{i}": {by_export[i]}["{i}"]' for i in imports if i in by_export]
        lines.append(f"let {name} = new bench:{name} {{ {', '.join([*given, '...'])} }};")
    lines.append("export n0...;")
    return "\n".join(lines) + "\n"


class Bench:
    def __init__(self, args, scratch):
        self.programs = {TOOL: [args.tool, "component"], PEER: [args.peer]}
        self.rounds = args.rounds
        self.scratch = scratch
        self.results = []
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("CARGO")}
        self.env["CARGO_COMPONENT_CACHE_DIR"] = str(scratch / "cache")

    def run(self, subject, arguments, cwd):
        """Runs to the end; wall and CPU seconds, and the peak of memory in MiB."""
        command = [str(word) for word in self.programs[subject] + arguments]
        start = time.monotonic()
        with tempfile.TemporaryFile() as said:
            child = subprocess.Popen(
                command, cwd=cwd, env=self.env, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.monotonic() - start
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode != 0:
                said.seek(0)
                shown = said.read().decode(errors="replace")
                sys.exit(f"{' '.join(command)[:400]} in {cwd} failed:\n{shown}")
        return {
            "wall": wall,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak": usage.ru_maxrss / 1024,
        }

    def measure(self, name, place, runs):
        done = {subject: [] for subject in runs}
        for _ in range(self.rounds):
            for subject, arguments in runs.items():
                done[subject].append(self.run(subject, [*arguments, "-o", "out.wasm"], place))
        row = {"measure": name}
        for subject, measured in done.items():
            row[subject] = {key: statistics.median(m[key] for m in measured) for key in measured[0]}
        self.results.append(row)
        ours, peers = row[TOOL], row[PEER]
        print(
            f"{name:34} {ours['wall'] * 1000:8.1f} {peers['wall'] * 1000:8.1f}"
            f" {ours['wall'] / peers['wall']:7.2f}   {ours['cpu'] * 1000:8.1f}"
            f" {peers['cpu'] * 1000:8.1f} {ours['cpu'] / peers['cpu']:7.2f}"
            f"   {ours['peak']:6.0f} {peers['peak']:6.0f}",
            flush=True,
        )
        return ours["cpu"]

    def components(self, name, parts, size):
        """A directory with the components and the document."""
        place = self.scratch / name
        (place / "deps" / "bench").mkdir(parents=True)
        for part, (imports, export) in parts.items():
            content = component(imports, export, size)
            (place / f"{part}.wasm").write_bytes(content)
            (place / "deps" / "bench" / f"{part}.wasm").write_bytes(content)
        (place / "main.wac").write_text(document(parts))
        return place


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tool", default=ROOT / "target" / "release" / "cargo-component")
    parser.add_argument("--peer", default="wac", help="`wac`, 0.12 or later")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", help="also write the results to this file")
    every = ["star", "chain", "plug"]
    parser.add_argument("--only", nargs="+", choices=every, default=every)
    parser.add_argument("--count", nargs="+", type=int, default=[2, 10, 50, 200])
    parser.add_argument(
        "--size", nargs="+", type=int, default=[0, 56], help="of the code in each, in KiB"
    )
    args = parser.parse_args()
    args.tool = shutil.which(args.tool) or sys.exit(f"{args.tool} is not there")
    args.peer = shutil.which(args.peer) or sys.exit(f"{args.peer} is not there")
    args.tool, args.peer = map(os.path.abspath, (args.tool, args.peer))
    print(f"median of {args.rounds}: wall ms, cpu ms, peak MiB of the tool and of wac")
    with tempfile.TemporaryDirectory(prefix="cargo-component-bench-") as scratch:
        bench = Bench(args, pathlib.Path(scratch).resolve())
        for size in args.size:
            for shape in args.only:
                grown = []
                for count in args.count:
                    parts = chain(count) if shape == "chain" else star(count)
                    place = bench.components(f"{shape}{count}-{size}", parts, size)
                    runs = {
                        TOOL: ["compose", "main.wac"],
                        PEER: ["compose", "main.wac"],
                    }
                    if shape == "plug":
                        leaves = list(parts)[1:]
                        with_each = [(parts[leaf][1], leaf) for leaf in leaves]
                        runs = {
                            TOOL: ["compose", "n0.wasm"]
                            + [w for i, n in with_each for w in ("--with", f"{i}={n}.wasm")],
                            PEER: ["plug", "n0.wasm"]
                            + [w for n in leaves for w in ("--plug", f"{n}.wasm")],
                        }
                    name = f"{shape}, {count} of {size} KiB"
                    grown.append((count, bench.measure(name, place, runs)))
                (small, first), (large, last) = grown[0], grown[-1]
                if large > small:
                    each = (last - first) / (large - small) * 1000
                    print(f"{'':34} {each:.2f} ms of cpu for each component more", flush=True)
        if args.json:
            pathlib.Path(args.json).write_text(json.dumps(bench.results, indent=1) + "\n")


if __name__ == "__main__":
    main()
