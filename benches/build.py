"""Compare `cargo component build` with `cargo build` for wasm32-wasip1 and wasm32-wasip2.

Each subject builds its own copy of a project:

  package       a library from `cargo component new --lib`
  members       workspaces of 1, 10 and 40 such libraries
  worlds        libraries whose worlds include WASI's CLI, also HTTP, and 100 more interfaces
  dependencies  a program with 20 dependencies on components, compared with one without any

after one of these changes:

  no-op         none
  touched       a source file has a new modification time, and the module stays the same
  edited        a string in a source file is different, and so is the module
  cold          the target directory is removed (only `package`)
"""

import argparse
import functools
import pathlib
import shutil

import dependencies
import projects
from measure import Bench, Goal, Series, Turn, counted
from report import CPU, WALL

NAME = "build"
COLUMNS = [CPU, WALL]
PARTS = ["package", "members", "worlds", "dependencies"]
ROUNDS = 10
PEER = PEER_HELP = None
WASIP1, WASIP2 = "cargo, wasip1", "cargo, wasip2"
CHANGES = {
    "no-op": None,
    "touched": projects.touch,
    "edited": projects.edit,
    "cold": projects.clean,
}
GOALS = {"no-op": Goal("cpu", 1.5, WASIP1), "edited": Goal("cpu", 1.0, WASIP2)}
CLI, HTTP = "wasi:cli/imports", "wasi:http/imports"
WORLDS = [("wasi-cli", [CLI], 0), ("wasi-http", [CLI, HTTP], 0), ("large", [CLI, HTTP], 100)]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that only this bench has."""
    parser.add_argument(
        "--change",
        nargs="+",
        choices=CHANGES,
        default=list(CHANGES),
        metavar="CHANGE",
        help="only after these changes (default: all)",
    )
    parser.add_argument(
        "--members",
        nargs="+",
        type=int,
        default=[1, 10, 40],
        metavar="N",
        help="numbers of workspace members (default: 1 10 40)",
    )
    dependencies.argument(parser)


def commands(bench: Bench) -> dict[str, list[object]]:
    """How each subject builds."""
    return bench.commands("build") | {
        WASIP1: ["cargo", "build", "--target", "wasm32-wasip1"],
        WASIP2: ["cargo", "build", "--target", "wasm32-wasip2"],
    }


def changed(
    bench: Bench, name: str, project: pathlib.Path, changes: list[str], members: int | None = None
) -> None:
    """Compares the subjects after each change, in copies that were built once."""
    places = {}
    for number, (subject, command) in enumerate(commands(bench).items()):
        places[subject] = project.with_name(f"{project.name}-copy{number}")
        shutil.copytree(project, places[subject])
        bench.run(command, places[subject])
    for change in changes:
        change_project = CHANGES[change]
        turns = {
            subject: Turn(
                command,
                places[subject],
                functools.partial(change_project, places[subject]) if change_project else None,
            )
            for subject, command in commands(bench).items()
        }
        bench.compare(
            f"{name}, {change}",
            turns,
            bench.rounds if change in ("no-op", "touched") else bench.fewer(),
            Series(f"members, {change}", "member", members) if members else None,
            GOALS.get(change),
        )
    for place in places.values():
        shutil.rmtree(place)


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Measures what the options ask for."""
    bench.environment["CARGO_INCREMENTAL"] = "1"
    warm = [change for change in options.change if change != "cold"]
    if "package" in options.only:
        changed(bench, "package", projects.new(bench, "package", "--lib"), options.change)
    for count in options.members if "members" in options.only else []:
        changed(bench, counted(count, "member"), projects.workspace(bench, count), warm, count)
    for name, include, interfaces in WORLDS if "worlds" in options.only else []:
        project = projects.world(bench, name, include, interfaces)
        changed(bench, f"world `{name}`", project, warm)
    if "dependencies" in options.only and "no-op" in options.change:
        dependencies.compare(bench, "build", options.dependencies)
