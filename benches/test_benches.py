"""Tests of the tables, the statistics and the way commands are measured; none is about time. They run with

python3 -m unittest discover --start-directory benches
"""

import contextlib
import io
import json
import pathlib
import sys
import tempfile
import unittest
import urllib.request

import cli
import report
import wasm
from measure import Bench, Goal, Series, Turn, medians
from servers import Archives, Registry

COLUMNS = [report.CPU, report.PEAK]


def row(case: str, ours: float, peers: float, **more: object) -> dict:
    """A row with two subjects."""
    subjects = {"ours": {"cpu": ours, "peak": 1.0}, "peer": {"cpu": peers}}
    return {"case": case, "rounds": 3, "subjects": subjects, **more}


def series(name: str, size: int) -> dict:
    """The place of a row in a series."""
    return {"name": name, "unit": "part", "size": size}


class Tables(unittest.TestCase):
    def test_values_have_units_and_three_digits(self):
        self.assertEqual(report.CPU.show(0.0012345), "1.23 ms")
        self.assertEqual(report.CPU.show(0.25), "250 ms")
        self.assertEqual(report.CPU.show(12.345), "12.3 s")
        self.assertEqual(report.CPU.show(-0.0000001), "0 ms")
        self.assertEqual(report.PEAK.show(45.67), "45.7 MiB")
        self.assertEqual(report.REQUESTS.show(12), "12")
        self.assertEqual(report.PEAK.show(None), "")

    def test_a_ratio_is_the_first_subject_as_a_part_of_the_other(self):
        ours, peer = report.cells(row("a", 0.01, 0.02), COLUMNS)
        self.assertEqual(ours, ["a", "ours", "3", "10.0 ms", "1.00 MiB", ""])
        self.assertEqual(peer, ["", "peer", "", "20.0 ms", "", "0.50"])

    def test_what_noise_made_negative_has_no_ratio(self):
        self.assertEqual(report.ratio(-1.0, 2.0), "")
        self.assertEqual(report.ratio(1.0, 0.0), "")
        self.assertEqual(report.ratio(None, 2.0), "")

    def test_lines_have_a_cell_for_each_title(self):
        columns = [*COLUMNS, report.FIRST]
        lines = f"{report.head(columns)}\n{report.body(row('a', 1, 2), columns)}".splitlines()
        count = len(report.titles(columns)) + 1
        self.assertEqual([line.count("|") for line in lines], [count] * 4)
        self.assertEqual(len({len(line) for line in lines}), 1)

    def test_a_document_says_what_was_measured(self):
        document = {
            "date": "2026-01-02",
            "programs": {"cargo": "cargo 1.95.0", "peer": "wac 0.12"},
            "machine": "Linux x86_64, 2 processors",
            "results": [row("a", 1, 2)],
        }
        text = report.markdown(document, COLUMNS)
        first = "2026-01-02: cargo 1.95.0, wac 0.12; Linux x86_64, 2 processors.\n\n| case"
        self.assertTrue(text.startswith(first), text)

    def test_only_what_is_between_the_markers_changes(self):
        page = (
            "before\n<!-- measured: a -->\nold\n<!-- end -->\nbetween\n"
            "<!-- measured: b -->\nkept\n<!-- end -->\nafter\n"
        )
        self.assertEqual(
            report.filled(page, "a", "new\n"),
            page.replace("\nold\n", "\n\nnew\n\n"),
        )
        with self.assertRaises(ValueError):
            report.filled(page, "c", "new\n")


class Statistics(unittest.TestCase):
    def test_medians_are_of_figures_that_all_runs_have(self):
        runs = [{"cpu": 1.0, "first": 1.0}, {"cpu": 9.0}, {"cpu": 2.0, "first": 3.0}]
        self.assertEqual(medians(runs), {"cpu": 2.0})

    def test_growth_is_that_of_each_step(self):
        rows = [
            row("c", 0.5, 9, series=series("s", 40)),
            row("a", 0.1, 1, series=series("s", 1)),
            row("b", 0.2, 3, series=series("s", 11)),
            row("alone", 5, 5, series=series("t", 3)),
            row("none", 5, 5),
        ]
        first, second = report.growth(rows)
        self.assertEqual(first["case"], "s: each part from 1 to 11")
        self.assertAlmostEqual(first["subjects"]["ours"]["cpu"], 0.01)
        self.assertAlmostEqual(first["subjects"]["peer"]["cpu"], 0.2)
        self.assertEqual(second["case"], "s: each part from 11 to 40")
        self.assertAlmostEqual(second["subjects"]["ours"]["cpu"], 0.3 / 29)

    def test_a_goal_names_the_worst_case(self):
        goal = {"figure": "cpu", "most": 1.5, "subject": "peer"}
        rows = [row("a", 1, 1, goal=goal), row("b", 2, 1, goal=goal), row("c", 9, 1)]
        self.assertFalse(report.met(rows))
        self.assertTrue(report.met([rows[0], rows[2]]))
        self.assertEqual(
            list(report.goals(rows)),
            ["CPU time at most 1.5 times that of peer: met by 1 of 2; the largest is 2 (b)"],
        )


class Measuring(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.bench = Bench(self.scratch, 3)

    def test_a_run_has_all_figures(self):
        silent = self.bench.run(["sh", "-c", "echo said >&2"], self.scratch)
        self.assertEqual(set(silent), {"wall", "cpu", "peak"})
        printing = self.bench.run(["sh", "-c", "echo said; sleep 0"], self.scratch)
        self.assertLessEqual(printing["first"], printing["wall"])
        self.assertGreater(printing["peak"], 0)

    def test_the_measuring_process_does_not_count_as_memory_of_the_measured(self):
        kept = bytearray(b"x" * (100 << 20))
        figures = self.bench.run(["sh", "-c", "true"], self.scratch)
        self.assertLess(figures["peak"], len(kept) >> 20)

    def test_a_command_that_fails_is_shown_with_its_output(self):
        with self.assertRaises(SystemExit) as raised:
            self.bench.run(["sh", "-c", "echo wrong; exit 3"], self.scratch)
        self.assertIn("`sh -c echo wrong; exit 3`", str(raised.exception))
        self.assertIn("failed:\nwrong", str(raised.exception))

    def test_subjects_take_turns(self):
        order = []
        turns = {
            name: Turn(["true"], self.scratch, lambda name=name: order.append(name))
            for name in ("a", "b")
        }
        goal = Goal("cpu", 1.0, "not measured")
        found = self.bench.compare("case", turns, 2, Series("s", "part", 4), goal)
        self.assertEqual(order, ["a", "b", "a", "b"])
        self.assertEqual(found["series"], series("s", 4))
        self.assertNotIn("goal", found)
        self.assertEqual(self.bench.results, [found])
        self.assertEqual(json.loads(json.dumps(found)), found)

    def test_requests_of_a_run_are_counted(self):
        self.bench.server = server = Archives(["a"])
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        code = f"import urllib.request as r; r.urlopen('http://{server.host}/a.tar.gz').read()"
        figures = self.bench.run([sys.executable, "-c", code], self.scratch)
        self.assertEqual(figures["requests"], 1)

    def test_the_registry_gives_what_it_got(self):
        registry = Registry(self.scratch / "registry")
        self.addCleanup(registry.server_close)
        self.addCleanup(registry.shutdown)

        def ask(method: str, path: str, body: bytes | None = None) -> bytes:
            address = f"http://{registry.host}/v2/some/package/{path}"
            request = urllib.request.Request(address, body, method=method)
            with urllib.request.urlopen(request) as answer:
                return answer.read()

        digest = "sha256:" + "0" * 64
        ask("POST", "blobs/uploads/", b"")
        ask("PUT", f"blobs/uploads/1?digest={digest}", b"content")
        ask("PUT", "manifests/1.0.0", b"{}")
        self.assertEqual(ask("GET", f"blobs/{digest}"), b"content")
        self.assertEqual(ask("GET", "manifests/1.0.0"), b"{}")
        self.assertEqual(json.loads(ask("GET", "tags/list"))["tags"], ["1.0.0"])
        self.assertEqual(registry.requests, 6)


class CommandLine(unittest.TestCase):
    def help(self, *words: str) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), self.assertRaises(SystemExit) as raised:
            cli.main([*words, "--help"])
        self.assertEqual(raised.exception.code, 0)
        return printed.getvalue()

    def test_every_bench_explains_its_parts(self):
        self.assertIn("table", self.help())
        for name, bench in cli.BENCHES.items():
            text = self.help(name)
            for part in bench.PARTS:
                self.assertIn(f"\n  {part} ", text)

    def test_the_page_has_a_place_for_every_bench(self):
        page = cli.PAGE.read_text()
        for name in cli.BENCHES:
            report.filled(page, name, "")
            self.assertIn(f"python3 benches {name}", page)

    def test_a_bench_measures_all_subjects_and_writes_results(self):
        with tempfile.TemporaryDirectory() as scratch:
            stub, results = pathlib.Path(scratch) / "stub", pathlib.Path(scratch) / "r.json"
            stub.write_text("#!/bin/sh\necho stub 1\n")
            stub.chmod(0o755)
            words = ["compose", "--rounds", "1", "--count", "1", "3", "--size", "0"]
            for option in ("--tool", "--before", "--peer"):
                words += [option, str(stub)]
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                self.assertEqual(cli.main([*words, "--json", str(results)]), 0)
            document = json.loads(results.read_text())
            self.assertEqual(list(document["programs"].values())[1:], ["stub 1"] * 3)
            self.assertEqual(
                [row["case"] for row in document["results"][:3]],
                [
                    "star, 0 KiB, 1 component",
                    "star, 0 KiB, 3 components",
                    "chain, 0 KiB, 1 component",
                ],
            )
            for measured in document["results"]:
                self.assertEqual(list(measured["subjects"]), ["cargo component", "before", "wac"])
            self.assertIn("| star, 0 KiB: each component from 1 to 3 ", printed.getvalue())
            self.assertIn("* wall time at most 1.1 times that of wac: met by ", printed.getvalue())

    def test_programs_that_are_missing_are_named(self):
        for option, advice in (("--tool", "cargo build --release"), ("--peer", "wac")):
            words = ["compose", "--tool", sys.executable, option, "not-there"]
            with self.assertRaises(SystemExit) as raised:
                cli.main(words)
            self.assertIn("not-there is not an executable", str(raised.exception))
            self.assertIn(advice, str(raised.exception))

    def test_results_become_tables(self):
        with tempfile.TemporaryDirectory() as scratch:
            results, page = pathlib.Path(scratch) / "r.json", pathlib.Path(scratch) / "p.md"
            document = {
                "bench": "compose",
                "date": "2026-01-02",
                "programs": {},
                "machine": "none",
                "results": [row("star", 1, 2)],
            }
            results.write_text(json.dumps(document))
            page.write_text("<!-- measured: compose -->\n<!-- end -->\n")
            self.assertEqual(cli.main(["table", str(results), "--page", str(page)]), 0)
            self.assertIn("| star ", page.read_text())
            results.write_text("[]")
            with self.assertRaises(SystemExit) as raised:
                cli.main(["table", str(results)])
            self.assertIn("has no results of a bench", str(raised.exception))


class Wasm(unittest.TestCase):
    def test_numbers_are_written_in_seven_bits(self):
        self.assertEqual(wasm.number(127), b"\x7f")
        self.assertEqual(wasm.number(128), b"\x80\x01")
        self.assertEqual(wasm.number(624485), b"\xe5\x8e\x26")

    def test_a_large_module_has_the_size_that_was_asked_for(self):
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch) / "module.wasm"
            wasm.write_large_module(path, 2)
            # The header, the kind of the section and its length.
            self.assertEqual(path.stat().st_size, (2 << 20) + 8 + 1 + 4)


if __name__ == "__main__":
    unittest.main()
