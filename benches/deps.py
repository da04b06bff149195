"""Compare `cargo component deps` with `wit-deps` 0.6.

A server on this machine gives archives of WIT:

  no-op  everything exists, and nothing has to be done
  cold   no cache, no lock file and no `deps`; the server waits before each answer
"""

import argparse
import functools
import pathlib

from measure import Bench, Goal, Series, Turn, counted, remove
from report import CPU, REQUESTS, WALL
from servers import Archives

NAME = "deps"
COLUMNS = [CPU, WALL, REQUESTS]
PARTS = ["no-op", "cold"]
ROUNDS = 15
PEER = "wit-deps"
PEER_HELP = "the program `wit-deps` (default: looked up in `PATH`)"
GOAL = Goal("wall", 0.5, PEER)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that only this bench has."""
    parser.add_argument(
        "--count",
        nargs="+",
        type=int,
        default=[10, 50],
        metavar="N",
        help="numbers of archives (default: 10 50)",
    )
    parser.add_argument(
        "--delay",
        type=float,
        default=20,
        metavar="MS",
        help="wait of the server before each answer, in milliseconds (default: 20)",
    )


def turn(place: pathlib.Path, command: list[object], server: Archives, names: list[str]) -> Turn:
    """A project and a cache of a subject's own."""
    wit = place / "project" / "wit"
    wit.mkdir(parents=True)
    lines = (f'{name} = "http://{server.host}/{name}.tar.gz"\n' for name in names)
    (wit / "deps.toml").write_text("".join(lines))
    cache = str(place / "cache")
    environment = {"XDG_CACHE_HOME": cache, "CARGO_COMPONENT_CACHE_DIR": cache}
    return Turn(command, place / "project", environment=environment | {"RUST_LOG": "warn"})


def forget(turn: Turn) -> None:
    """Removes what a run made."""
    wit = turn.directory / "wit"
    remove(turn.directory.parent / "cache", wit / "deps", wit / "deps.lock")()


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Measures what the options ask for."""
    names = [f"package-{number}" for number in range(max(options.count))]
    bench.server = server = Archives(names)
    for count in options.count:
        commands = bench.commands("deps")
        if bench.peer:
            commands[PEER] = [bench.peer]
        turns = {
            subject: turn(bench.scratch / f"{count}-{number}", command, server, names[:count])
            for number, (subject, command) in enumerate(commands.items())
        }
        archives = counted(count, "archive")
        server.delay = 0.0
        for each in turns.values():
            bench.run(each.command, each.directory, each.environment)
        if "no-op" in options.only:
            series = Series("archives, no-op", "archive", count)
            bench.compare(f"{archives}, no-op", turns, series=series, goal=GOAL)
        if "cold" in options.only:
            server.delay = options.delay / 1000
            for each in turns.values():
                each.before = functools.partial(forget, each)
            state = f"cold, {options.delay:g} ms a request"
            series = Series(f"archives, {state}", "archive", count)
            bench.compare(f"{archives}, {state}", turns, min(bench.rounds, 5), series)
