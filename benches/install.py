"""Measure `cargo install --path . --locked` into an empty target directory.

That takes about a quarter of an hour. More arguments for `cargo install` follow after `--`:

    python3 benches install -- --no-default-features --features cli
"""

import argparse
import pathlib
import sys

from measure import ROOT, Bench, Figures, Turn, remove
from report import CPU, SIZE, WALL

NAME = "install"
COLUMNS = [CPU, WALL, SIZE]
PARTS: list[str] = []
ROUNDS = 1
PEER = None
PEER_HELP = "another source tree, installed as well"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the options that only this bench has."""
    parser.add_argument(
        "arguments", nargs="*", metavar="ARGUMENT", help="more arguments for `cargo install`"
    )


def size(folder: pathlib.Path) -> Figures:
    """The MiB of all executables in a folder."""
    return {"size": sum(path.stat().st_size for path in folder.iterdir()) / (1 << 20)}


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Measures the installation of this source tree, and of the peer."""
    trees = {"this source tree": ROOT}
    if bench.peer:
        trees["other source tree"] = pathlib.Path(bench.peer).resolve()
    for tree in trees.values():
        if not (tree / "Cargo.toml").exists():
            sys.exit(f"{tree} has no `Cargo.toml`: give a source tree of the tool to `--peer`")
    # What compiles is here afterwards, what is downloaded before.
    target, root = bench.scratch / "target", bench.scratch / "installed"
    turns = {}
    for subject, tree in trees.items():
        bench.run(["cargo", "fetch", "--locked"], tree)
        command = ["cargo", "install", "--path", ".", "--locked", "--root", root]
        turns[subject] = Turn(
            [*command, *options.arguments],
            tree,
            remove(target, root),
            {"CARGO_TARGET_DIR": str(target)},
            lambda _: size(root / "bin"),
        )
    words = " ".join(["cargo install --locked", *options.arguments])
    bench.compare(f"`{words}`", turns)
