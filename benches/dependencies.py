"""A program with dependencies on components, compared with one without any."""

import argparse
import shutil

import projects
from measure import TOOL, Bench, Turn, counted


def argument(parser: argparse.ArgumentParser) -> None:
    """Adds the option with their number."""
    parser.add_argument(
        "--dependencies",
        type=int,
        default=20,
        metavar="N",
        help="number of dependencies on components (default: 20)",
    )


def compare(bench: Bench, verb: str, count: int) -> None:
    """Compares building or running, with nothing changed, and records what each dependency
    takes."""
    some = counted(count, "dependency", "dependencies")
    commands = bench.commands(verb)
    turns = {}
    for name, command in commands.items():
        for subject, number in ((some, count), ("none", 0)):
            project = projects.application(bench, number)
            place = project.with_name(f"{project.name}-{verb}{len(turns)}")
            shutil.copytree(project, place)
            bench.run(command, place)
            turns[subject if name == TOOL else f"{subject}, {name}"] = Turn(command, place)
    case = f"dependencies on components, {verb} again"
    measured = list(bench.compare(case, turns)["subjects"].values())
    if count:
        each = {
            name: {figure: (value - without[figure]) / count for figure, value in having.items()}
            for name, having, without in zip(commands, measured[::2], measured[1::2])
        }
        row = {"case": f"{case}: each dependency from 0 to {count}", "subjects": each}
        bench.record(row)
