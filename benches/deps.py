#!/usr/bin/env python3
"""`deps.toml`: time and requests of a run that has nothing to do, and of one
that has everything to do, beside `wit-deps`.

A server on this machine gives archives, with a delay before each answer. Every
measure runs the subjects in turns, round after round. Printed are medians of
wall and CPU time, the requests of one run, and what part of the peer's time the
tool took.

    cargo build --release
    benches/deps.py --peer wit-deps
    benches/deps.py --peer wit-deps --only no-op --count 50
"""

import argparse
import gzip
import http.server
import io
import os
import pathlib
import resource
import shutil
import socketserver
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL, PEER = "cargo component deps", "wit-deps"
# What the wall time of the tool may be, as a part of the peer's.
REACH = 0.5


class Archives(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """Gives one archive for every address."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, count):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = {f"/{name}.tar.gz": archive(name) for name in names(count)}
        self.requests = 0
        self.delay = 0.0
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 20
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.requests += 1
        time.sleep(self.server.delay)
        body = self.server.files[self.path]
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def names(count):
    return [f"package-{number}" for number in range(count)]


def archive(name):
    """About as much as a package of WASI, with two that come with it."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path, package, functions in [
            (f"{name}-1/wit/types.wit", f"test:{name}", 200),
            (f"{name}-1/wit/deps/io/io.wit", "test:io", 40),
            (f"{name}-1/wit/deps/clocks/clocks.wit", "test:clocks", 20),
        ]:
            lines = "".join(
                f"    /// Does something useful, number {at}.\n    f{at}: func(a: string) -> u32;\n"
                for at in range(functions)
            )
            text = f"package {package};\n\ninterface types {{\n{lines}}}\n".encode()
            member = tarfile.TarInfo(path)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    return gzip.compress(raw.getvalue(), mtime=0)


class Subject:
    """One of the tools, with a project and a cache of its own."""

    def __init__(self, name, command, place, server, count):
        self.name = name
        self.command = command
        self.project = place / "project"
        self.cache = place / "cache"
        (self.project / "wit").mkdir(parents=True)
        address = f"http://127.0.0.1:{server.server_port}"
        lines = (f'{name} = "{address}/{name}.tar.gz"\n' for name in names(count))
        (self.project / "wit/deps.toml").write_text("".join(lines))

    def run(self):
        """Wall and CPU time, in seconds."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("CARGO")}
        env |= {"XDG_CACHE_HOME": str(self.cache), "RUST_LOG": "warn"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        done = subprocess.run(self.command, cwd=self.project, env=env, capture_output=True)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            sys.exit(f"{self.name} failed:\n{done.stderr.decode()}")
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return wall, cpu

    def forget(self):
        for path in [self.cache, self.project / "wit/deps"]:
            shutil.rmtree(path, ignore_errors=True)
        (self.project / "wit/deps.lock").unlink(missing_ok=True)


def measure(server, subjects, rounds, cold):
    times = {subject.name: [] for subject in subjects}
    requests = {}
    for _ in range(rounds):
        for subject in subjects:
            if cold:
                subject.forget()
            server.requests = 0
            times[subject.name].append(subject.run())
            requests[subject.name] = server.requests
    found = {}
    for name, runs in times.items():
        wall, cpu = (statistics.median(run[at] for run in runs) for at in (0, 1))
        found[name] = wall
        print(f"  {name:24} {wall * 1e3:9.1f} ms  {cpu * 1e3:9.1f} ms CPU  {requests[name]:4} requests")
    if PEER in found:
        print(f"  {found[TOOL] / found[PEER]:.2f} of the peer's time")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--tool", default=ROOT / "target/release/cargo-component", type=pathlib.Path)
    parser.add_argument("--peer", help="the program `wit-deps`")
    parser.add_argument("--only", choices=["no-op", "cold"])
    parser.add_argument("--count", type=int, default=10, help="how many archives")
    parser.add_argument("--delay", type=float, default=20, help="before each answer, in ms")
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    tool = args.tool.resolve()
    if not tool.exists():
        sys.exit(f"{tool} is not there: run `cargo build --release`")
    server = Archives(args.count)
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place)
        subjects = [Subject(TOOL, [tool, "component", "deps"], place / "tool", server, args.count)]
        if args.peer:
            subjects.append(Subject(PEER, [args.peer], place / "peer", server, args.count))
        for subject in subjects:
            subject.run()
        reached = True
        if args.only != "cold":
            print(f"nothing to do, {args.count} archives")
            found = measure(server, subjects, args.rounds, cold=False)
            reached = PEER not in found or found[TOOL] <= REACH * found[PEER]
        if args.only != "no-op":
            server.delay = args.delay / 1e3
            print(f"nothing there, {args.count} archives, {args.delay:g} ms before each answer")
            measure(server, subjects, min(args.rounds, 5), cold=True)
    if not reached:
        sys.exit(f"the run with nothing to do took more than {REACH} of the peer's time")


if __name__ == "__main__":
    main()
