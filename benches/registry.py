#!/usr/bin/env python3
"""Packages of a registry: time, requests and memory, beside `wkg`.

A registry on this machine answers both, with a delay before each answer. Every
measure runs the subjects in turns, round after round. Printed are medians of
wall and CPU time, the requests of one run, and how many times faster than the
peer the tool was.

    cargo build --release
    benches/registry.py --peer wkg
    benches/registry.py --peer wkg --only flat --count 50 --delay 20
"""

import argparse
import hashlib
import http.server
import json
import os
import pathlib
import re
import shutil
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL, PEER = "cargo component", "wkg"
SUBJECTS = [TOOL, PEER]
GNU_TIME = shutil.which("time")
PART = 1 << 20


class Registry(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """As much of an OCI registry as is asked for here. Connections stay open;
    blobs are files, so that the measuring process stays small."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, place):
        super().__init__(("127.0.0.1", 0), Handler)
        self.place = place
        place.mkdir()
        # By repository, then tag or digest.
        self.manifests = {}
        self.requests = []
        self.uploads = 0
        self.delay = 0.0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def host(self):
        return f"127.0.0.1:{self.server_port}"

    def blob(self, digest):
        return self.place / digest.replace(":", "-")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer is one write, and is not held back.
    wbufsize = PART
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def unknown(self, code):
        self.answer(404, json.dumps({"errors": [{"code": code}]}).encode())

    def any(self):
        server = self.server
        server.requests.append(f"{self.command} {self.path}")
        time.sleep(server.delay)
        address = urllib.parse.urlsplit(self.path)
        if match := re.fullmatch(r"/v2/(.+)/tags/list", address.path):
            tags = [tag for tag in server.manifests.get(match[1], {}) if ":" not in tag]
            body = json.dumps({"name": match[1], "tags": tags}).encode()
            self.answer(200, body) if tags else self.unknown("NAME_UNKNOWN")
        elif match := re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", address.path):
            self.manifest(*match.groups())
        elif match := re.fullmatch(r"/v2/(.+)/blobs/uploads/(\d*)", address.path):
            self.upload(match[1], match[2], urllib.parse.parse_qs(address.query))
        elif match := re.fullmatch(r"/v2/.+/blobs/(sha256:[0-9a-f]+)", address.path):
            self.blob(server.blob(match[1]))
        else:
            self.answer(200 if address.path == "/v2/" else 404, b"{}")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = any

    def manifest(self, repository, name):
        manifests = self.server.manifests.setdefault(repository, {})
        if self.command == "PUT":
            body = self.rfile.read(int(self.headers["Content-Length"]))
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
            manifests[name] = manifests[digest] = body
            self.answer(201, Location=self.path, Docker_Content_Digest=digest)
        elif body := manifests.get(name):
            digest = "sha256:" + hashlib.sha256(body).hexdigest()
            kind = "application/vnd.oci.image.manifest.v1+json"
            self.answer(200, body, Content_Type=kind, Docker_Content_Digest=digest)
        else:
            self.unknown("MANIFEST_UNKNOWN")

    def blob(self, path):
        if not path.exists():
            return self.unknown("BLOB_UNKNOWN")
        self.send_response_only(200)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()
        if self.command == "GET":
            with path.open("rb") as file:
                shutil.copyfileobj(file, self.wfile, PART)

    def upload(self, repository, number, query):
        server = self.server
        if self.command == "POST":
            server.uploads += 1
            place = f"/v2/{repository}/blobs/uploads/{server.uploads}"
            return self.answer(202, Location=place)
        path = server.place / number
        with path.open("ab") as file:
            for part in self.parts():
                file.write(part)
            size = file.tell()
        if self.command == "PATCH":
            place = f"/v2/{repository}/blobs/uploads/{number}"
            return self.answer(202, Location=place, Range=f"0-{size - 1}")
        path.rename(server.blob(query["digest"][0]))
        self.answer(201, Location=f"/v2/{repository}/blobs/{query['digest'][0]}")

    def parts(self):
        """What was sent, of a length told before or in chunks."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline(), 16):
                yield self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
        left = int(self.headers.get("Content-Length", 0))
        while left:
            part = self.rfile.read(min(left, PART))
            if not part:
                raise ConnectionError("the upload broke off")
            left -= len(part)
            yield part


class Bench:
    def __init__(self, args, scratch):
        self.programs = {TOOL: [args.tool, "component"], PEER: [args.peer]}
        self.rounds = args.rounds
        self.scratch = scratch
        self.registry = Registry(scratch / "registry")
        self.results = []
        config = scratch / "config.toml"
        host = self.registry.host
        # In a table, so that nobody has to ask what the host is.
        metadata = f'{{ preferredProtocol = "oci", oci = {{ registry = "{host}" }} }}'
        config.write_text(
            f'[namespace_registries]\nbench = {{ registry = "{host}", metadata = {metadata} }}\n'
            f'[registry."{host}".oci]\nprotocol = "http"\n'
        )
        self.cache = {TOOL: scratch / "cache-tool", PEER: scratch / "cache-peer"}
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CARGO", "WKG")) or name in ("CARGO_HOME", "CARGO_HTTP_CAINFO")
        }
        self.env.update(
            CARGO_COMPONENT_CONFIG_FILE=str(config),
            CARGO_COMPONENT_CACHE_DIR=str(self.cache[TOOL]),
            WKG_CONFIG_FILE=str(config),
            WKG_CACHE_DIR=str(self.cache[PEER]),
            # No login of this machine's is asked for.
            DOCKER_CONFIG=str(scratch),
        )

    def run(self, subject, arguments, cwd):
        """Runs to the end; wall and CPU seconds, the peak of memory in MiB, and
        the number of requests."""
        command = [str(word) for word in self.programs[subject] + arguments]
        peak = self.scratch / "peak"
        # A child begins with the size of its parent, which has to be small.
        if GNU_TIME:
            command = [GNU_TIME, "--format", "%M", "--output", str(peak), *command]
        before = len(self.registry.requests)
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
                text = said.read().decode(errors="replace")
                sys.exit(f"{command} in {cwd} failed:\n{text}")
        return {
            "wall": wall,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak": (int(peak.read_text()) if GNU_TIME else usage.ru_maxrss) / 1024,
            "requests": len(self.registry.requests) - before,
        }

    def measure(self, name, runs, rounds=None):
        """Runs the subjects in turns. `runs` has for each what prepares a run,
        its arguments and its directory."""
        rounds = rounds or self.rounds
        all_runs = {subject: [] for subject in runs}
        for _ in range(rounds):
            for subject, (prepare, arguments, place) in runs.items():
                prepare()
                all_runs[subject].append(self.run(subject, arguments, place))
        row = {"measure": name, "rounds": rounds}
        for subject, done in all_runs.items():
            row[subject] = {
                key: statistics.median(run[key] for run in done) for key in done[0]
            }
        self.results.append(row)
        tell(row)
        return row

    # Packages and who needs them.

    def publish(self, name, text):
        """Publishes WIT, with the peer."""
        place = self.scratch / "publish"
        shutil.rmtree(place, ignore_errors=True)
        (place / "wit").mkdir(parents=True)
        (place / "wit" / "package.wit").write_text(f"package bench:{name}@1.0.0;\n{text}\n")
        self.run(PEER, ["build", "--output", "package.wasm"], place)
        self.run(PEER, ["publish", "package.wasm"], place)

    def needing(self, name, packages, crate=True):
        """A world that imports an interface of each package; both subjects work
        in copies of it, the tool in that of a crate, unless it is to be a folder
        of WIT for it too."""
        lines = ["package bench:root;", "world w {"]
        lines += [f"  import bench:{package}/i@1.0.0;" for package in packages]
        lines += ["}"]
        places = {}
        for subject in SUBJECTS:
            place = self.scratch / f"{name}-{subject.split()[-1]}"
            (place / "wit").mkdir(parents=True)
            (place / "wit" / "world.wit").write_text("\n".join(lines) + "\n")
            places[subject] = place
        if not crate:
            return places
        place = places[TOOL]
        (place / "src").mkdir()
        (place / "src" / "lib.rs").write_text("")
        (place / "Cargo.toml").write_text(
            '[package]\nname = "root"\nversion = "0.1.0"\nedition = "2024"\n'
            '[lib]\ncrate-type = ["cdylib"]\n'
            '[dependencies]\nwit-bindgen = { version = "*", default-features = false }\n'
            '[package.metadata.component]\npackage = "bench:root"\n'
        )
        subprocess.run(["cargo", "fetch", "--quiet"], cwd=place, env=self.env, check=True)
        return places

    def resolving(self, name, places):
        """Cold, with the cache, with cache and lock file, and again where all
        is done. But for the last, what was made is removed before each run."""
        lock = {TOOL: "wkg.lock", PEER: "wkg.lock"}
        made = {TOOL: ["wit/deps"], PEER: ["wit/deps"]}
        verbs = {TOOL: ["wit", "fetch"], PEER: ["fetch"]}
        if (places[TOOL] / "Cargo.toml").exists():
            lock[TOOL] = "Cargo-component.lock"
            made[TOOL] = ["src/bindings.rs", "target"]
            verbs[TOOL] = ["bindings"]

        def without(*paths):
            def prepare():
                for path in paths:
                    if path.is_dir():
                        shutil.rmtree(path)
                    else:
                        path.unlink(missing_ok=True)

            return prepare

        for state in ("cold", "cache only", "locked", "locked, again"):
            runs = {}
            for subject, place in places.items():
                gone = []
                if state == "cold":
                    gone += [self.cache[subject]]
                if state in ("cold", "cache only"):
                    gone += [place / lock[subject]]
                if state != "locked, again":
                    gone += [place / path for path in made[subject]]
                arguments = list(verbs[subject])
                # The peer has no such option.
                if state.startswith("locked") and subject == TOOL:
                    arguments += ["--locked"]
                runs[subject] = (without(*gone), arguments, place)
            row = self.measure(f"{name}, {state}", runs)
            if state.startswith("locked") and row[TOOL]["requests"]:
                sys.exit("a registry was asked for what is locked and in the cache")


def tell(row):
    print(f"\n{row['measure']} (median of {row['rounds']})", flush=True)
    for subject in SUBJECTS:
        if subject not in row:
            continue
        run = row[subject]
        line = (
            f"  {subject:15} wall {run['wall'] * 1000:8.0f} ms   cpu {run['cpu'] * 1000:8.0f} ms"
            f"   {run['requests']:5.0f} requests   peak {run['peak']:5.0f} MiB"
        )
        if subject == TOOL and PEER in row:
            line += f"   {row[PEER]['wall'] / run['wall']:.1f} times faster"
        print(line, flush=True)


def nothing():
    pass


def module(path, size):
    """Writes a module of one custom section of that many MiB, not all alike."""
    number, left = [], size * PART
    while left > 127:
        number.append(left & 127 | 128)
        left >>= 7
    number.append(left)
    random = os.urandom(PART)
    with path.open("wb") as file:
        file.write(b"\0asm\1\0\0\0\0" + bytes(number))
        # The name of the section.
        file.write(b"\1x" + random[2:])
        for part in range(1, size):
            file.write(part.to_bytes(8, "little") + random[8:])


def raw(bench, size):
    """A file of that many MiB pushed, pulled and fetched as a package, and the
    memory that takes more than doing nothing."""
    place = bench.scratch / "raw"
    place.mkdir()
    module(place / "module.wasm", size)
    host = bench.registry.host
    reference = f"{host}/bench/raw:1.0.0"
    pulled = {TOOL: place / "pulled-tool.wasm", PEER: place / "pulled-peer.wasm"}
    fetched = {TOOL: "./got-tool.wasm", PEER: "./got-peer.wasm"}
    verbs = {TOOL: ["registry"], PEER: ["oci"]}
    gets = {TOOL: ["registry", "get"], PEER: ["get"]}
    more = {TOOL: [], PEER: ["--insecure", host]}

    def unpushed():
        for blob in bench.registry.place.iterdir():
            blob.unlink()

    def unfetched(subject):
        return lambda: shutil.rmtree(bench.cache[subject], ignore_errors=True)

    def unpulled(subject):
        return lambda: pulled[subject].unlink(missing_ok=True)

    idle = bench.measure(
        "--version", {subject: (nothing, ["--version"], place) for subject in SUBJECTS}
    )
    push, pull, get = {}, {}, {}
    for subject in SUBJECTS:
        words = [*verbs[subject], "push", *more[subject], reference, "module.wasm"]
        push[subject] = (unpushed, words, place)
        words = [*verbs[subject], "pull", *more[subject], reference, "-o", pulled[subject]]
        pull[subject] = (unpulled(subject), words, place)
        words = [*gets[subject], "bench:raw@1.0.0", "--overwrite", "--format", "wasm"]
        get[subject] = (unfetched(subject), [*words, "-o", fetched[subject]], place)
    for name, runs in (("push", push), ("pull", pull), ("get", get)):
        row = bench.measure(f"{name} of {size} MiB", runs, max(1, bench.rounds // 2))
        for subject in SUBJECTS:
            above = row[subject]["peak"] - idle[subject]["peak"]
            print(f"  {subject:15} {above:.0f} MiB of memory more than idle", flush=True)
    content = (place / "module.wasm").stat().st_size
    for path in place.glob("*.wasm"):
        if path.stat().st_size != content:
            sys.exit(f"{path} is not what was pushed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--tool", default=ROOT / "target" / "release" / "cargo-component")
    parser.add_argument("--peer", default="wkg", help="`wkg`, 0.16 or later")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", help="also write the results to this file")
    every = ["flat", "chain", "wit", "raw"]
    parser.add_argument("--only", nargs="+", choices=every, default=every)
    parser.add_argument("--count", nargs="+", type=int, default=[10, 50, 200], help="flat packages")
    parser.add_argument("--length", type=int, default=20, help="of the chain")
    parser.add_argument("--delay", nargs="+", type=int, default=[0, 20], help="milliseconds")
    parser.add_argument("--size", type=int, default=256, help="of the raw blob, in MiB")
    args = parser.parse_args()
    args.tool = shutil.which(args.tool) or sys.exit(f"{args.tool} is not there")
    args.peer = shutil.which(args.peer) or sys.exit(f"{args.peer} is not there")
    args.tool, args.peer = map(os.path.abspath, (args.tool, args.peer))
    with tempfile.TemporaryDirectory(prefix="cargo-component-bench-") as scratch:
        bench = Bench(args, pathlib.Path(scratch).resolve())
        projects = []
        flat = [kind for kind in ("flat", "wit") if kind in args.only]
        if flat:
            for number in range(max(args.count)):
                bench.publish(f"p{number}", "interface i { f: func(a: u32) -> string; }")
        for kind in flat:
            for count in args.count:
                packages = [f"p{number}" for number in range(count)]
                places = bench.needing(f"{kind}{count}", packages, crate=kind == "flat")
                name = f"{count} packages" if kind == "flat" else f"{count} packages, wit fetch"
                projects.append((name, places))
        if "chain" in args.only:
            # Each names the interface of the one before.
            bench.publish("c0", "interface i { record r { a: u32 } }")
            for number in range(1, args.length):
                before = f"bench:c{number - 1}/i@1.0.0"
                bench.publish(f"c{number}", f"interface i {{ use {before}.{{r}}; f: func(a: r); }}")
            last = [f"c{args.length - 1}"]
            projects.append((f"chain of {args.length}", bench.needing("chain", last)))
        for delay in args.delay:
            bench.registry.delay = delay / 1000
            for name, places in projects:
                bench.resolving(f"{name}, {delay} ms a request", places)
        bench.registry.delay = 0.0
        if "raw" in args.only:
            raw(bench, args.size)
        if args.json:
            pathlib.Path(args.json).write_text(json.dumps(bench.results, indent=2) + "\n")


if __name__ == "__main__":
    main()
