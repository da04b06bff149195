"""Measure `cargo component run`: how long until the program prints.

Nothing is compared with other tools:

  edited        a debug build that uses `regex` and `serde_json`: the first run after an edit, and
                the next one, compared with building without running
  dependencies  running a program with 20 dependencies on components again, compared with running
                one without any
"""

import argparse
import functools
import shutil

import dependencies
import projects
from measure import TOOL, Bench, Turn
from report import CPU, FIRST, PEAK, WALL

NAME = "run"
COLUMNS = [CPU, WALL, FIRST, PEAK]
PARTS = ["edited", "dependencies"]
ROUNDS = 10
PEER = PEER_HELP = None


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that only this bench has."""
    dependencies.argument(parser)


def edited(bench: Bench) -> None:
    """The first run after an edit, and the one after it."""
    project = projects.with_libraries(bench, "edited")
    commands = bench.commands("run") | {
        "build, not run": bench.commands("build")[TOOL],
        "cargo, wasip1": ["cargo", "build", "--target", "wasm32-wasip1"],
    }
    first, again = {}, {}
    for number, (subject, command) in enumerate(commands.items()):
        place = bench.scratch / f"edited-copy{number}"
        shutil.copytree(project, place)
        bench.run(command, place)
        first[subject] = Turn(command, place, functools.partial(projects.edit, place))
        again[subject] = Turn(command, place)
    bench.compare("first run after an edit", first)
    bench.compare("run again", again)


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Measures what the options ask for."""
    bench.environment["CARGO_INCREMENTAL"] = "1"
    if "edited" in options.only:
        edited(bench)
    if "dependencies" in options.only:
        dependencies.compare(bench, "run", options.dependencies)
