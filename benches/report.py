"""Tables of results, how figures grow, and whether goals are met."""

import dataclasses
import json
import pathlib
from collections.abc import Iterable, Iterator, Sequence


@dataclasses.dataclass(frozen=True)
class Column:
    """A figure in a table: `kind` is `time` (seconds), `memory` (MiB) or `count`."""

    figure: str
    title: str
    kind: str

    def show(self, value: float | None) -> str:
        """The value with its unit."""
        if value is None:
            return ""
        if self.kind == "time":
            return f"{value:.1f} s" if abs(value) >= 10 else f"{decimals(value * 1000)} ms"
        return f"{decimals(value)} MiB" if self.kind == "memory" else f"{value:g}"


CPU = Column("cpu", "CPU", "time")
WALL = Column("wall", "wall", "time")
FIRST = Column("first", "first output", "time")
PEAK = Column("peak", "peak", "memory")
ABOVE = Column("above", "above idle", "memory")
SIZE = Column("size", "size", "memory")
REQUESTS = Column("requests", "requests", "count")
WIDTHS = {"case": 64, "subject": 19, "rounds": 6}
WIDTH = 12


def decimals(value: float) -> str:
    """Three significant digits, and all before the point."""
    text = f"{value:.{0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2}f}"
    return "0" if float(text) == 0 else text


def ratio(first: float | None, other: float | None) -> str:
    """What part of the other value the first is; nothing for what noise made negative."""
    return f"{first / other:.2f}" if first and other and first > 0 < other else ""


def titles(columns: Sequence[Column]) -> list[str]:
    """The first row of a table."""
    times = [f"{column.title} ratio" for column in columns if column.kind == "time"]
    return ["case", "subject", "rounds", *(column.title for column in columns), *times]


def cells(row: dict, columns: Sequence[Column]) -> Iterator[list[str]]:
    """A row of the table for each subject. A ratio is the time of the first subject as a part
    of the time of the subject in whose row it is."""
    first = next(iter(row["subjects"].values()))
    for subject, figures in row["subjects"].items():
        shown = [column.show(figures.get(column.figure)) for column in columns]
        ratios = [
            "" if figures is first else ratio(first.get(c.figure), figures.get(c.figure))
            for c in columns
            if c.kind == "time"
        ]
        # The case is not repeated, so that the eye finds where the next one begins.
        case = [row["case"], str(row.get("rounds", ""))] if figures is first else ["", ""]
        yield [case[0], subject, case[1], *shown, *ratios]


def each(small: dict, large: dict, more: int) -> dict:
    """For each subject of two cases, how much one more of the input takes, if the second case
    has that many more."""
    return {
        subject: {
            figure: (value - small["subjects"][subject][figure]) / more
            for figure, value in figures.items()
            if figure in small["subjects"][subject]
        }
        for subject, figures in large["subjects"].items()
        if subject in small["subjects"]
    }


def growth(rows: Iterable[dict]) -> list[dict]:
    """Rows with what each more of the input takes, for each series and each of its steps:
    equal figures in all steps of a series are linear growth."""
    by_series: dict[str, list[dict]] = {}
    for row in rows:
        if "series" in row:
            by_series.setdefault(row["series"]["name"], []).append(row)
    grown = []
    for name, members in by_series.items():
        members.sort(key=lambda row: row["series"]["size"])
        for small, large in zip(members, members[1:]):
            begin, end = small["series"]["size"], large["series"]["size"]
            if end > begin:
                case = f"{name}: each {large['series']['unit']} from {begin} to {end}"
                grown.append({"case": case, "subjects": each(small, large, end - begin)})
    return grown


def reached(row: dict) -> float:
    """The figure of a row that its goal is about."""
    goal = row["goal"]
    found = next(iter(row["subjects"].values()))[goal["figure"]]
    other = goal["subject"]
    return found / row["subjects"][other][goal["figure"]] if other else found


def met(rows: Iterable[dict]) -> bool:
    """Whether all goals are met."""
    return all(reached(row) <= row["goal"]["most"] for row in rows if "goal" in row)


def goals(rows: Iterable[dict]) -> Iterator[str]:
    """A sentence about each goal, with the case that is worst."""
    by_goal: dict[tuple, list[dict]] = {}
    for row in rows:
        if "goal" in row:
            by_goal.setdefault(tuple(row["goal"].values()), []).append(row)
    for (figure, most, subject), members in by_goal.items():
        noun = {"cpu": "CPU time", "wall": "wall time", "above": "MiB above idle"}[figure]
        of = f" times that of {subject}" if subject else ""
        worst = max(members, key=reached)
        number = sum(reached(row) <= most for row in members)
        yield (
            f"{noun} at most {most:.3g}{of}: met by {number} of {len(members)}; "
            f"the largest is {reached(worst):.3g} ({worst['case']})"
        )


def width_of(title: str) -> int:
    """The number of characters of a column."""
    return WIDTHS.get(title, max(WIDTH, len(title)))


def line(words: Sequence[str], columns: Sequence[str]) -> str:
    """A line of a Markdown table, with the words under each other in most cases."""
    padded = []
    for word, title in zip(words, columns):
        width = width_of(title)
        padded.append(word.ljust(width) if title in ("case", "subject") else word.rjust(width))
    return f"| {' | '.join(padded)} |"


def head(columns: Sequence[Column]) -> str:
    """The first two lines of a table."""
    names = titles(columns)
    rule = []
    for name in names:
        width = width_of(name)
        rule.append("-" * width if name in ("case", "subject") else "-" * (width - 1) + ":")
    return f"{line(names, names)}\n{line(rule, names)}"


def body(row: dict, columns: Sequence[Column]) -> str:
    """The lines of a table about one case."""
    return "\n".join(line(words, titles(columns)) for words in cells(row, columns))


def foot(rows: Sequence[dict], columns: Sequence[Column]) -> str:
    """The rows about growth, and the goals, which follow the cases."""
    lines = [body(row, columns) for row in growth(rows)]
    if sentences := [f"* {sentence}" for sentence in goals(rows)]:
        lines += ["", "Goals:", "", *sentences]
    return "\n".join(lines)


def markdown(document: dict, columns: Sequence[Column]) -> str:
    """What was measured, and all results as a table."""
    programs = ", ".join(dict.fromkeys(document["programs"].values()))
    parts = [f"{document['date']}: {programs}; {document['machine']}.", "", head(columns)]
    parts += [body(row, columns) for row in document["results"]]
    if rest := foot(document["results"], columns):
        parts.append(rest)
    return "\n".join(parts) + "\n"


def filled(page: str, bench: str, text: str) -> str:
    """The page with this text between the markers of a bench, `<!-- measured: BENCH -->` and
    the next `<!-- end -->`. A `ValueError` says that there are none."""
    begin, end = f"<!-- measured: {bench} -->\n", "<!-- end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page has no lines `{begin.strip()}` and `{end}`")
    return f"{before}{begin}\n{text}\n{end}{after}"


def read(path: pathlib.Path) -> dict:
    """Results that were written with `--json`."""
    return json.loads(path.read_text())
