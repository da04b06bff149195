"""Running commands, and comparing what they take."""

import dataclasses
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from typing import Protocol

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAUNCH = pathlib.Path(__file__).resolve().parent / "launch.py"
TOOL = "cargo component"
BEFORE = "before"
# Variables of the tool, of cargo and of the peers could change what is measured.
REMOVED = ("CARGO", "RUSTC", "RUSTFLAGS", "RUST_LOG", "WKG", "WAC", "XDG_CACHE_HOME")
KEPT = ("CARGO_HOME", "CARGO_HTTP_CAINFO")

Figures = dict[str, float]


class Server(Protocol):
    """Whatever counts the requests it receives."""

    requests: int


@dataclasses.dataclass
class Turn:
    """What one subject does in each round: `before` and `after`, which are not measured, and a
    command between them."""

    command: list[object]
    directory: pathlib.Path
    before: Callable[[], object] | None = None
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    # More figures of a run whose figures it is given.
    after: Callable[[Figures], Figures] | None = None


@dataclasses.dataclass(frozen=True)
class Goal:
    """The largest figure that the first subject should have, as a multiple of another
    subject's, or absolute if there is no `subject`."""

    figure: str
    most: float
    subject: str | None = None


@dataclasses.dataclass(frozen=True)
class Series:
    """The place of a case in a series of the same with inputs of growing size."""

    name: str
    unit: str
    size: int


class Bench:
    """A scratch directory, the programs to measure, and the results so far."""

    def __init__(
        self,
        scratch: pathlib.Path,
        rounds: int,
        tools: Mapping[str, str] | None = None,
        peer: str | None = None,
        tell: Callable[[dict], None] = lambda row: None,
    ):
        self.scratch = scratch
        self.rounds = rounds
        # The measured builds of the tool by subject, `TOOL` and perhaps `BEFORE`.
        self.tools = dict(tools or {})
        self.peer = peer
        self.tell = tell
        self.server: Server | None = None
        self.results: list[dict] = []
        self.config = scratch / "config.toml"
        self.config.touch()
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(REMOVED) or name in KEPT
        }
        self.environment.update(
            CARGO_TERM_COLOR="never",
            CARGO_COMPONENT_CACHE_DIR=str(scratch / "cache"),
            CARGO_COMPONENT_CONFIG_FILE=str(self.config),
            WKG_CONFIG_FILE=str(self.config),
            # No password of this machine is asked for.
            DOCKER_CONFIG=str(scratch),
        )

    def run(
        self,
        command: list[object],
        directory: pathlib.Path,
        environment: Mapping[str, str] | None = None,
    ) -> Figures:
        """Runs a command to its end: seconds until then (`wall`), seconds of user and system
        time of it and all it waited for (`cpu`), MiB of the largest process (`peak`), seconds
        until it printed something to standard output (`first`), and the number of `requests`
        to the server of the bench. A command that fails ends the program."""
        words = [str(word) for word in command]
        report = self.scratch / "report"
        requests = self.server.requests if self.server else 0
        with tempfile.TemporaryFile() as printed:
            done = subprocess.run(
                [sys.executable, "-I", "-S", LAUNCH, report, *words],
                cwd=directory,
                env=self.environment | dict(environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
            )
            if done.returncode:
                printed.seek(0)
                text = printed.read().decode(errors="replace")
                sys.exit(f"`{' '.join(words)[:400]}` in {directory} failed:\n{text}")
        wall, cpu, peak, first = report.read_text().split()
        figures = {"wall": float(wall), "cpu": float(cpu), "peak": float(peak)}
        if first != "-":
            figures["first"] = float(first)
        if self.server:
            figures["requests"] = self.server.requests - requests
        return figures

    def component(self, *arguments: object, directory: pathlib.Path) -> Figures:
        """Runs `cargo component` with these arguments."""
        return self.run([self.tools[TOOL], "component", *arguments], directory)

    def commands(self, *arguments: object) -> dict[str, list[object]]:
        """`cargo component` with these arguments, for each build of the tool."""
        return {name: [path, "component", *arguments] for name, path in self.tools.items()}

    def compare(
        self,
        case: str,
        turns: Mapping[str, Turn],
        rounds: int | None = None,
        series: Series | None = None,
        goal: Goal | None = None,
    ) -> dict:
        """Runs the subjects in turns, round after round, so that what else the machine does
        affects all of them, and records the medians of their figures."""
        rounds = rounds or self.rounds
        runs: dict[str, list[Figures]] = {subject: [] for subject in turns}
        for _ in range(rounds):
            for subject, turn in turns.items():
                if turn.before:
                    turn.before()
                figures = self.run(turn.command, turn.directory, turn.environment)
                runs[subject].append(figures | (turn.after(figures) if turn.after else {}))
        row = {
            "case": case,
            "rounds": rounds,
            "subjects": {subject: medians(all_runs) for subject, all_runs in runs.items()},
        }
        if series:
            row["series"] = dataclasses.asdict(series)
        # The peer of a goal may not be there.
        if goal and (goal.subject is None or goal.subject in turns):
            row["goal"] = dataclasses.asdict(goal)
        return self.record(row)

    def record(self, row: dict) -> dict:
        """Adds a row to the results and shows it."""
        self.results.append(row)
        self.tell(row)
        return row

    def fewer(self) -> int:
        """The number of rounds of a case that takes long."""
        return min(self.rounds, max(3, self.rounds // 3))


def medians(runs: list[Figures]) -> Figures:
    """The median of each figure that all runs have."""
    return {
        figure: statistics.median(run[figure] for run in runs)
        for figure in runs[0]
        if all(figure in run for run in runs)
    }


def remove(*paths: pathlib.Path) -> Callable[[], None]:
    """What removes these files and directories, if they exist."""

    def removing() -> None:
        for path in paths:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    return removing


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """A number and what is counted."""
    return f"1 {singular}" if count == 1 else f"{count} {plural or singular + 's'}"


def program(name: str) -> str | None:
    """The absolute path of a program, which is a path or is looked up in `PATH`."""
    found = shutil.which(name)
    return os.path.abspath(found) if found else None


def version(command: list[str]) -> str:
    """The first line of what a program says its version is."""
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, cwd=ROOT)
    lines = done.stdout.splitlines()
    return lines[0] if lines else "unknown version"


def machine() -> str:
    """The system, the architecture and the number of processors."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
