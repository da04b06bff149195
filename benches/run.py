#!/usr/bin/env python3
"""CPU and wall time of `cargo component build` beside plain cargo.

Every measure runs the subjects in turns, round after round, so that what else
the machine does hits all of them. CPU is user and system time of the command
and everything it waited for. Printed are medians, and the ratio to plain cargo.

    cargo build --release
    benches/run.py                 # everything, about ten minutes
    benches/run.py --only noop touch edit --rounds 20

`components` is about an application beside the same one with dependencies on
components, and not about plain cargo.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Subjects: name, and the arguments of `cargo`; the first is the tool.
COMPONENT, WASIP1, WASIP2 = "component", "cargo wasip1", "cargo wasip2"
SUBJECTS = [COMPONENT, WASIP1, WASIP2]


class Bench:
    def __init__(self, args, scratch):
        self.tool = pathlib.Path(args.tool).resolve()
        self.rounds = args.rounds
        self.scratch = scratch
        self.results = []
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("CARGO") or name in ("CARGO_HOME", "CARGO_HTTP_CAINFO")
        }
        self.env.update(CARGO_TERM_COLOR="never", CARGO_INCREMENTAL="1")

    def command(self, subject):
        if subject == COMPONENT:
            return [str(self.tool), "component", "build"]
        return ["cargo", "build", "--target", "wasm32-" + subject.split()[1]]

    def run(self, command, cwd):
        """Runs to the end; CPU and wall seconds."""
        start = time.monotonic()
        with tempfile.TemporaryFile() as said:
            child = subprocess.Popen(
                command, cwd=cwd, env=self.env, stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.monotonic() - start
            child.returncode = os.waitstatus_to_exitcode(status)
            if child.returncode != 0:
                said.seek(0)
                sys.exit(f"{command} in {cwd} failed:\n{said.read().decode(errors='replace')}")
        return usage.ru_utime + usage.ru_stime, wall

    def measure(self, name, places, before=None, rounds=None, command=None):
        """Builds in each subject's directory, in turns; `before` is called with
        directory and round first. `command` is what is run instead of the
        subject's own."""
        times = {subject: [] for subject in places}
        for turn in range(rounds or self.rounds):
            for subject, place in places.items():
                if before:
                    before(place, turn)
                times[subject].append(self.run(command or self.command(subject), place))
        row = {"measure": name, "rounds": rounds or self.rounds}
        for subject, all_times in times.items():
            cpu = statistics.median(cpu for cpu, _ in all_times)
            wall = statistics.median(wall for _, wall in all_times)
            row[subject] = {"cpu": cpu, "wall": wall}
        self.results.append(row)
        tell(row)

    # Projects.

    def new(self, name, *args):
        """What `new` makes, with its lock file and bindings."""
        command = [str(self.tool), "component", "new", "--vcs", "none", *args, name]
        self.run(command, self.scratch)
        place = self.scratch / name
        self.run(["cargo", "fetch"], place)
        return place

    def copies(self, place, warm=True):
        """One copy of a project for each subject, built once."""
        places = {}
        for subject in SUBJECTS:
            places[subject] = self.scratch / f"{place.name}-{subject.replace(' ', '-')}"
            shutil.copytree(place, places[subject])
            if warm:
                self.run(self.command(subject), places[subject])
        return places

    def world(self, name, include, interfaces):
        """A library whose world imports WASI worlds and that many interfaces of
        five functions and two types."""
        place = self.new(name, "--lib")
        deps = wasi_wit() / "deps"
        shutil.copytree(deps, place / "wit" / "deps")
        version = (deps / "cli.wit").read_text().split("@", 1)[1].split(";", 1)[0]
        lines = [f"package component:{name};", "world example {"]
        lines += [f"  include {world}@{version};" for world in include]
        lines += [f"  import i{n};" for n in range(interfaces)]
        lines += ["  export hello-world: func() -> string;", "}"]
        for n in range(interfaces):
            lines += [f"interface i{n} {{"]
            lines += ["  record r { a: string, b: list<u32>, c: option<string> }"]
            lines += ["  variant v { x(r), y(string), z }"]
            lines += [f"  f{f}: func(a: r, b: list<v>) -> result<v, string>;" for f in range(5)]
            lines += ["}"]
        (place / "wit" / "world.wit").write_text("\n".join(lines) + "\n")
        self.run([str(self.tool), "component", "bindings"], place)
        return place

    def workspace(self, count):
        """A workspace of that many components."""
        place = self.scratch / f"workspace{count}"
        place.mkdir()
        names = [f"member{n}" for n in range(count)]
        (place / "Cargo.toml").write_text('[workspace]\nresolver = "3"\nmembers = ["member*"]\n')
        for name in names:
            source = self.scratch / name
            if not source.exists():
                self.new(name, "--lib")
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("Cargo.lock"))
        self.run(["cargo", "fetch"], place)
        return place

    def application(self, count):
        """A program that calls that many components, built and run once. They
        are files, as they are where a registry's are in the cache."""
        place = self.new(f"application{count}")
        lines, calls = [], []
        for n in range(count):
            part = self.scratch / f"part{n}"
            if not part.exists():
                self.new(part.name, "--lib")
                world = (
                    f"package bench:part{n}@1.0.0;\n"
                    f"world part {{ export number: func() -> u32; }}\n"
                )
                (part / "wit" / "world.wit").write_text(world)
                manifest = part / "Cargo.toml"
                text = manifest.read_text().replace(f"component:part{n}", f"bench:part{n}")
                manifest.write_text(text)
                code = (
                    "mod bindings;\nstruct Component;\nimpl bindings::Guest for Component {\n"
                    f"    fn number() -> u32 {{ {n} }}\n}}\n"
                    "bindings::export!(Component with_types_in bindings);\n"
                )
                (part / "src" / "lib.rs").write_text(code)
                self.run([str(self.tool), "component", "build"], part)
            built = part / "target" / "wasm32-wasip1" / "debug" / f"part{n}.wasm"
            shutil.copy(built, place / f"part{n}.wasm")
            lines.append(f'"bench:part{n}" = {{ path = "part{n}.wasm" }}')
            calls.append(f"bindings::part{n}::number()")
        if count:
            manifest = place / "Cargo.toml"
            table = "[package.metadata.component.dependencies]\n"
            before, found, after = manifest.read_text().partition(table)
            if not found:
                before += "\n"
            manifest.write_text(before + table + "\n".join(lines) + "\n" + after)
            total = " + ".join(calls)
            code = f'mod bindings;\nfn main() {{ println!("{{}}", {total}); }}\n'
            (place / "src" / "main.rs").write_text(code)
        for verb in ("build", "run"):
            self.run([str(self.tool), "component", verb], place)
        return place


def wasi_wit():
    """The WIT of WASI 0.2, from a package this one depends on."""
    command = ["cargo", "metadata", "--format-version=1", "--locked"]
    packages = json.loads(subprocess.check_output(command, cwd=ROOT))["packages"]
    manifest = next(p["manifest_path"] for p in packages if p["name"] == "wasmtime-wasi-http")
    return pathlib.Path(manifest).parent / "wit"


def library(place):
    member = place / "member0"
    return (member if member.exists() else place) / "src" / "lib.rs"


def touch(place, _turn):
    # Cargo compares times with a grain of a second on some file systems.
    time.sleep(0.02)
    os.utime(library(place))


def edit(place, turn):
    time.sleep(0.02)
    path = library(place)
    before, rest = path.read_text().split('"', 1)
    path.write_text(f'{before}"Hello {turn} {time.monotonic_ns()}"{rest.split(chr(34), 1)[1]}')


def clean(place, _turn):
    shutil.rmtree(place / "target", ignore_errors=True)


def tell(row):
    print(f"\n{row['measure']} (median of {row['rounds']})", flush=True)
    subjects = [subject for subject in row if subject not in ("measure", "rounds")]
    for subject in subjects:
        cpu, wall = row[subject]["cpu"], row[subject]["wall"]
        line = f"  {subject:13} cpu {cpu * 1000:8.1f} ms   wall {wall * 1000:8.1f} ms"
        if subject == subjects[0]:
            for other in subjects[1:]:
                line += f"   {cpu / row[other]['cpu']:.2f}x {other}"
        print(line, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tool", default=ROOT / "target" / "release" / "cargo-component")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", help="also write the results to this file")
    every = ["noop", "touch", "edit", "cold", "members", "world", "components"]
    parser.add_argument("--only", nargs="+", choices=every, default=every)
    parser.add_argument("--members", nargs="+", type=int, default=[1, 10, 40])
    parser.add_argument("--components", type=int, default=20)
    args = parser.parse_args()
    few = max(3, args.rounds // 3)
    with tempfile.TemporaryDirectory(prefix="cargo-component-bench-") as scratch:
        bench = Bench(args, pathlib.Path(scratch).resolve())
        hello = bench.new("hello", "--lib")
        places = bench.copies(hello)
        if "noop" in args.only:
            bench.measure("no-op build", places)
        if "touch" in args.only:
            bench.measure("build after touching src/lib.rs", places, touch)
        if "edit" in args.only:
            bench.measure("build after editing src/lib.rs", places, edit)
        if "cold" in args.only:
            bench.measure("cold build from `new`", places, clean, few)
        for count in args.members if "members" in args.only else []:
            places = bench.copies(bench.workspace(count))
            bench.measure(f"{count} members: no-op build", places)
            bench.measure(f"{count} members: build after editing one", places, edit, few)
        worlds = [
            ("wasi-cli", ["wasi:cli/imports"], 0),
            ("wasi-http", ["wasi:cli/imports", "wasi:http/imports"], 0),
            ("large", ["wasi:cli/imports", "wasi:http/imports"], 100),
        ]
        for name, include, interfaces in worlds if "world" in args.only else []:
            places = bench.copies(bench.world(name, include, interfaces))
            bench.measure(f"world `{name}`: no-op build", places)
            bench.measure(f"world `{name}`: build after editing", places, edit, few)
        if "components" in args.only:
            subjects = {f"{args.components} of them": args.components, "none": 0}
            places = {subject: bench.application(count) for subject, count in subjects.items()}
            for verb in ("build", "run"):
                command = [str(bench.tool), "component", verb]
                name = f"dependencies on components: no-op {verb}"
                bench.measure(name, places, command=command)
        if args.json:
            pathlib.Path(args.json).write_text(json.dumps(bench.results, indent=2) + "\n")


if __name__ == "__main__":
    main()
