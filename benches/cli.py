"""Measure `cargo component`: CPU and wall time, memory and requests, beside other tools.

  python3 benches BENCH [OPTIONS]            measure, and print a table
  python3 benches table RESULTS...           print tables of results written with `--json`

Build the tool first: `cargo build --release`. The measured programs run in turns, round after
round, so that what else the machine does affects all of them. The figures are medians. CPU time is
user and system time of a command and all it waited for; `peak` is the memory of its largest
process; a ratio is the time of the first subject divided by the time of the subject in whose row
it is. Compare only figures of one run. The last rows of a table show what each more of the input
takes: equal figures there are linear growth.
"""

import argparse
import contextlib
import datetime
import json
import pathlib
import sys
import tempfile
from collections.abc import Sequence
from types import ModuleType
from typing import TextIO

import build
import compose
import deps
import install
import registry
import report
import run
from measure import BEFORE, ROOT, TOOL, Bench, machine, program, version

BENCHES = {bench.NAME: bench for bench in (build, run, compose, deps, registry, install)}
PAGE = ROOT / "docs" / "src" / "performance.md"


def parser() -> argparse.ArgumentParser:
    """The command line."""
    plain = argparse.RawDescriptionHelpFormatter
    whole = argparse.ArgumentParser(
        prog="python3 benches", description=__doc__, formatter_class=plain, allow_abbrev=False
    )
    verbs = whole.add_subparsers(dest="verb", metavar="BENCH", required=True)
    for name, bench in BENCHES.items():
        summary, _, rest = bench.__doc__.strip().partition("\n")
        verb = verbs.add_parser(
            name,
            help=summary.rstrip("."),
            description=f"{summary}\n{rest}",
            formatter_class=plain,
            allow_abbrev=False,
        )
        common(verb, bench)
        bench.arguments(verb)
    table = verbs.add_parser(
        "table",
        help="Print tables of results, or write them into a page",
        description="Print tables of results that were written with `--json`.",
        allow_abbrev=False,
    )
    table.add_argument(
        "results", nargs="+", type=pathlib.Path, metavar="RESULTS", help="file of one bench"
    )
    table.add_argument(
        "--page",
        nargs="?",
        const=PAGE,
        type=pathlib.Path,
        metavar="FILE",
        help="write them between the lines `<!-- measured: BENCH -->` and `<!-- end -->` of this "
        "page instead (without FILE: docs/src/performance.md)",
    )
    return whole


def common(verb: argparse.ArgumentParser, bench: ModuleType) -> None:
    """Adds the options that all benches have."""
    if bench is not install:
        verb.add_argument(
            "--tool",
            default=str(ROOT / "target" / "release" / "cargo-component"),
            metavar="PATH",
            help="the executable to measure (default: target/release/cargo-component)",
        )
        verb.add_argument(
            "--before", metavar="PATH", help="another build of the tool, measured as well"
        )
    if bench.PEER_HELP:
        verb.add_argument("--peer", metavar="PATH", help=bench.PEER_HELP)
    verb.add_argument(
        "--rounds",
        type=positive,
        default=bench.ROUNDS,
        metavar="N",
        help=f"how often each subject runs; fewer for what takes long (default: {bench.ROUNDS})",
    )
    if bench.PARTS:
        verb.add_argument(
            "--only",
            nargs="+",
            choices=bench.PARTS,
            default=bench.PARTS,
            metavar="PART",
            help=f"measure only these parts: {', '.join(bench.PARTS)} (default: all)",
        )
    verb.add_argument(
        "--json",
        type=output,
        metavar="FILE",
        help="write the results to this file, or `-` for standard output",
    )
    verb.add_argument("--check", action="store_true", help="exit with status 1 if a goal is missed")


def positive(text: str) -> int:
    """A number of at least one."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("has to be at least 1")
    return number


def output(path: str) -> TextIO:
    """A file for results. It is opened before anything is measured, so that a wrong path costs
    no time."""
    try:
        return sys.stdout if path == "-" else open(path, "w")
    except OSError as error:
        raise argparse.ArgumentTypeError(f"failed to open {path}: {error.strerror}") from error


def executable(path: str, advice: str) -> str:
    """The absolute path of a program that has to be there."""
    return program(path) or sys.exit(f"{path} is not an executable: {advice}")


def tools(options: argparse.Namespace) -> dict[str, str]:
    """The paths of the builds of the tool."""
    advice = "run `cargo build --release`, or give `--tool PATH`"
    found = {TOOL: executable(options.tool, advice)}
    if options.before:
        found[BEFORE] = executable(options.before, "give a build of the tool to `--before`")
    return found


def peer(options: argparse.Namespace, bench: ModuleType) -> str | None:
    """The path of the peer. One that was not asked for and is not installed is not measured."""
    if bench is install:
        return options.peer
    if not bench.PEER:
        return None
    if options.peer:
        return executable(options.peer, f"give `{bench.PEER}` to `--peer`")
    found = program(bench.PEER)
    if not found:
        print(f"`{bench.PEER}` is not installed: measuring without it", file=sys.stderr)
    return found


def measure(options: argparse.Namespace) -> int:
    """Runs a bench; the exit status."""
    bench = BENCHES[options.verb]
    builds = {} if bench is install else tools(options)
    other = peer(options, bench)
    programs = {"cargo": version(["cargo"])}
    programs |= {name: version([path, "component"]) for name, path in builds.items()}
    if bench.PEER and other:
        programs[bench.PEER] = version([other])
    shown: TextIO = sys.stderr if options.json is sys.stdout else sys.stdout

    def tell(row: dict) -> None:
        print(report.body(row, bench.COLUMNS), file=shown, flush=True)

    with tempfile.TemporaryDirectory(prefix="cargo-component-bench-") as scratch:
        place = pathlib.Path(scratch).resolve()
        measured = Bench(place, options.rounds, builds, other, tell)
        print(report.head(bench.COLUMNS), file=shown, flush=True)
        bench.measure(measured, options)
    if rest := report.foot(measured.results, bench.COLUMNS):
        print(rest, file=shown)
    document = {
        "bench": bench.NAME,
        "date": datetime.date.today().isoformat(),
        "programs": programs,
        "machine": machine(),
        "results": measured.results,
    }
    if options.json:
        print(json.dumps(document, indent=1), file=options.json, flush=True)
        if options.json is not sys.stdout:
            options.json.close()
    return int(options.check and not report.met(measured.results))


def table(options: argparse.Namespace) -> int:
    """Prints results or writes them into a page; the exit status."""
    for path in options.results:
        try:
            document = report.read(path)
            text = report.markdown(document, BENCHES[document["bench"]].COLUMNS)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            sys.exit(f"{path} has no results of a bench: {error!r}")
        if not options.page:
            print(text)
            continue
        try:
            page = report.filled(options.page.read_text(), document["bench"], text)
        except (OSError, ValueError) as error:
            sys.exit(f"{options.page}: {error}")
        options.page.write_text(page)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The program; its exit status."""
    options = parser().parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        return table(options) if options.verb == "table" else measure(options)
    return 130
