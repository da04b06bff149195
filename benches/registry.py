"""Compare how packages of a registry are resolved with `wkg` (0.16 or later).

A registry on this machine counts requests and waits 0 or 20 ms before each answer:

  flat   a crate whose world imports 10, 50 or 200 packages: `bindings`, and `wkg fetch`
  wit    the same world in a directory of WIT: `wit fetch`, and `wkg fetch`
  chain  a crate whose world imports the last of 20 packages that each use the one before
  raw    a file of 256 MiB that is pushed, pulled and fetched as a package

Packages are resolved `cold`, without lock file and cache; with the `cache only`; `locked`, with
both; and `again`, with nothing removed. The first three begin without the files that are made from
the packages. The bench fails if a registry is asked for what is locked and in the cache.
"""

import argparse
import functools
import pathlib
import shutil
import sys

import wasm
from measure import TOOL, Bench, Figures, Goal, Series, Turn, remove
from report import ABOVE, CPU, PEAK, REQUESTS, WALL
from servers import Registry

NAME = "registry"
COLUMNS = [CPU, WALL, REQUESTS, PEAK, ABOVE]
PARTS = ["flat", "chain", "wit", "raw"]
ROUNDS = 5
PEER = "wkg"
PEER_HELP = "the program `wkg` (default: looked up in `PATH`)"
STATES = ["cold", "cache only", "locked", "locked, again"]
MANIFEST = """\
[package]
name = "root"
version = "0.1.0"
edition = "2024"

[lib]
crate-type = ["cdylib"]

[dependencies]
wit-bindgen = { version = "*", default-features = false }

[package.metadata.component]
package = "bench:root"
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that only this bench has."""
    parser.add_argument(
        "--count",
        nargs="+",
        type=int,
        default=[10, 50, 200],
        metavar="N",
        help="numbers of packages (default: 10 50 200)",
    )
    parser.add_argument(
        "--length",
        type=int,
        default=20,
        metavar="N",
        help="length of the chain (default: 20)",
    )
    parser.add_argument(
        "--delay",
        nargs="+",
        type=int,
        default=[0, 20],
        metavar="MS",
        help="waits of the registry before each answer, in milliseconds (default: 0 20)",
    )
    parser.add_argument(
        "--size",
        type=int,
        default=256,
        metavar="MIB",
        help="size of the file of `raw`, in MiB (default: 256)",
    )


class Project:
    """A world that imports an interface of each package, in a directory for each subject."""

    def __init__(self, bench: Bench, name: str, packages: list[str], crate: bool):
        self.bench = bench
        self.name = name
        # The number of packages, if it differs between projects of this name.
        self.count = 0
        # For each subject the command, what it makes, and the lock file.
        verb, made, lock = ["wit", "fetch"], ["wit/deps"], "wkg.lock"
        if crate:
            verb, made, lock = ["bindings"], ["src/bindings.rs", "target"], "Cargo-component.lock"
        commands = bench.commands(*verb)
        self.subjects = {subject: (command, made, lock) for subject, command in commands.items()}
        if bench.peer:
            self.subjects[PEER] = ([bench.peer, "fetch"], ["wit/deps"], "wkg.lock")
        self.places = {}
        imports = "".join(f"  import bench:{package}/i@1.0.0;\n" for package in packages)
        for subject in self.subjects:
            place = bench.scratch / f"{name}-{len(packages)}-{short(subject)}"
            self.places[subject] = place
            (place / "wit").mkdir(parents=True)
            (place / "wit" / "world.wit").write_text(
                f"package bench:root;\nworld w {{\n{imports}}}\n"
            )
            if crate and subject != PEER:
                (place / "src").mkdir()
                (place / "src" / "lib.rs").touch()
                (place / "Cargo.toml").write_text(MANIFEST)
                bench.run(["cargo", "fetch"], place)

    def turns(self, state: str) -> dict[str, Turn]:
        """What each subject does in one of the states."""
        turns = {}
        for subject, (command, made, lock) in self.subjects.items():
            place, gone = self.places[subject], []
            if state == "cold":
                gone.append(cache(self.bench, subject))
            if state in ("cold", "cache only"):
                gone.append(place / lock)
            if state != "locked, again":
                gone += [place / path for path in made]
            # The peer has no such option.
            locked = state.startswith("locked") and subject != PEER
            words = [*command, "--locked"] if locked else command
            turns[subject] = Turn(words, place, remove(*gone), environment(self.bench, subject))
        return turns


def cache(bench: Bench, subject: str) -> pathlib.Path:
    """The cache of a subject."""
    return bench.scratch / f"cache-{short(subject)}"


def environment(bench: Bench, subject: str) -> dict[str, str]:
    """The variables that tell a subject where its cache is."""
    name = "WKG_CACHE_DIR" if subject == PEER else "CARGO_COMPONENT_CACHE_DIR"
    return {name: str(cache(bench, subject))}


def short(subject: str) -> str:
    """The last word of the name of a subject, for the names of its files."""
    return subject.split()[-1]


def configure(bench: Bench) -> None:
    """Starts the registry, and tells both subjects about it."""
    bench.server = registry = Registry(bench.scratch / "registry")
    host = registry.host
    # Metadata in the configuration, so that no subject has to ask the host for it.
    metadata = f'{{ preferredProtocol = "oci", oci = {{ registry = "{host}" }} }}'
    bench.config.write_text(
        f'[namespace_registries]\nbench = {{ registry = "{host}", metadata = {metadata} }}\n'
        f'[registry."{host}".oci]\nprotocol = "http"\n'
    )


def publish(bench: Bench, name: str, content: str) -> None:
    """Publishes a package of WIT."""
    place = bench.scratch / "publish"
    shutil.rmtree(place, ignore_errors=True)
    (place / "wit").mkdir(parents=True)
    (place / "wit" / "package.wit").write_text(f"package bench:{name}@1.0.0;\n{content}\n")
    bench.component("wit", "publish", "wit", directory=place)


def resolving(bench: Bench, project: Project, delay: int) -> None:
    """Compares the subjects in all states."""
    bench.server.delay = delay / 1000
    goals = {"locked": Goal("wall", 1 / 20, PEER)}
    if project.count == 50 and delay == 20:
        goals["cold"] = Goal("wall", 1 / 15, PEER)
    for state in STATES:
        rest = f"{project.name}, {delay} ms, {state}"
        turns = project.turns(state)
        if project.count:
            series = Series(rest, "package", project.count)
            row = bench.compare(f"{project.count} {rest}", turns, None, series, goals.get(state))
        else:
            row = bench.compare(rest, turns)
        if state.startswith("locked") and row["subjects"][TOOL]["requests"]:
            sys.exit("a registry was asked for what is locked and in the cache")


def above(resting: float, figures: Figures) -> Figures:
    """The memory of a run that is more than that of a program with nothing to do."""
    return {"above": figures["peak"] - resting}


def raw(bench: Bench, size: int) -> None:
    """A file of that many MiB pushed, pulled and fetched as a package, and the memory that takes
    more than printing the version."""
    place = bench.scratch / "raw"
    place.mkdir()
    wasm.write_large_module(place / "module.wasm", size)
    host = bench.server.host
    reference = f"{host}/bench/raw:1.0.0"
    commands = bench.commands() | ({PEER: [bench.peer]} if bench.peer else {})
    idle, push, pull, get = {}, {}, {}, {}
    for subject, command in commands.items():
        oci, getting, insecure = [*command, "registry"], [*command, "registry", "get"], []
        if subject == PEER:
            oci, getting, insecure = [*command, "oci"], [*command, "get"], ["--insecure", host]
        own = environment(bench, subject)
        pulled, got = place / f"pulled-{short(subject)}.wasm", f"./got-{short(subject)}.wasm"
        idle[subject] = Turn([*command, "--version"], place)
        words = [*oci, "push", *insecure, reference, "module.wasm"]
        push[subject] = Turn(words, place, lambda: remove(*bench.server.place.iterdir())(), own)
        words = [*oci, "pull", *insecure, reference, "-o", pulled]
        pull[subject] = Turn(words, place, remove(pulled), own)
        words = [*getting, "bench:raw@1.0.0", "--overwrite", "--format", "wasm", "-o", got]
        get[subject] = Turn(words, place, remove(cache(bench, subject)), own)
    resting = bench.compare("`--version`", idle)["subjects"]
    for name, turns in (("push", push), ("pull", pull), ("get", get)):
        for subject, turn in turns.items():
            turn.after = functools.partial(above, resting[subject]["peak"])
        bench.compare(f"{name} of {size} MiB", turns, bench.fewer(), goal=Goal("above", 64))
    content = (place / "module.wasm").stat().st_size
    for path in place.glob("*.wasm"):
        if path.stat().st_size != content:
            sys.exit(f"{path} is not what was pushed")


def projects(bench: Bench, options: argparse.Namespace) -> list[Project]:
    """The projects that the options ask for, after their packages were published."""
    found = []
    kinds = {"flat": "packages", "wit": "packages, wit fetch"}
    kinds = {kind: name for kind, name in kinds.items() if kind in options.only}
    for number in range(max(options.count) if kinds else 0):
        publish(bench, f"p{number}", "interface i { f: func(a: u32) -> string; }")
    for kind, name in kinds.items():
        for count in options.count:
            packages = [f"p{number}" for number in range(count)]
            found.append(Project(bench, name, packages, kind == "flat"))
            found[-1].count = count
    if "chain" in options.only:
        publish(bench, "c0", "interface i { record r { a: u32 } }")
        for number in range(1, options.length):
            before = f"bench:c{number - 1}/i@1.0.0"
            content = f"interface i {{ use {before}.{{r}}; f: func(a: r); }}"
            publish(bench, f"c{number}", content)
        last = [f"c{options.length - 1}"]
        found.append(Project(bench, f"chain of {options.length}", last, True))
    return found


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Measures what the options ask for."""
    configure(bench)
    all_projects = projects(bench, options)
    for delay in options.delay:
        for project in all_projects:
            resolving(bench, project, delay)
    bench.server.delay = 0.0
    if "raw" in options.only:
        raw(bench, options.size)
