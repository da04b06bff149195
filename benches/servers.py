"""Servers on this machine that count requests and wait before they answer."""

import gzip
import hashlib
import http.server
import io
import json
import pathlib
import re
import shutil
import socketserver
import tarfile
import threading
import time
import urllib.parse
from collections.abc import Iterator

MIB = 1 << 20


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """A server with the number of `requests` so far and the seconds of `delay` before each
    answer. Connections stay open."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, handler: type["Handler"]):
        super().__init__(("127.0.0.1", 0), handler)
        self.requests = 0
        self.delay = 0.0
        self.counting = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def host(self) -> str:
        """Its name and port."""
        return f"127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    """Counts a request, waits and answers."""

    protocol_version = "HTTP/1.1"
    # An answer is one write, and is not held back.
    wbufsize = MIB
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def received(self) -> None:
        with self.server.counting:
            self.server.requests += 1
        time.sleep(self.server.delay)
        self.respond(urllib.parse.urlsplit(self.path))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = received

    def respond(self, address: urllib.parse.SplitResult) -> None:
        raise NotImplementedError

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response_only(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Archives(Server):
    """Gives an archive of WIT for each name, at `/<name>.tar.gz`."""

    def __init__(self, names: list[str]):
        super().__init__(ArchiveHandler)
        self.files = {f"/{name}.tar.gz": archive(name) for name in names}


class ArchiveHandler(Handler):
    """Answers with an archive."""

    def respond(self, address: urllib.parse.SplitResult) -> None:
        body = self.server.files.get(address.path)
        self.answer(200, body) if body else self.answer(404)


def archive(name: str) -> bytes:
    """An archive about as large as a package of WASI, with two packages that it uses."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for path, package, functions in [
            (f"{name}-1/wit/types.wit", f"test:{name}", 200),
            (f"{name}-1/wit/deps/io/io.wit", "test:io", 40),
            (f"{name}-1/wit/deps/clocks/clocks.wit", "test:clocks", 20),
        ]:
            lines = "".join(
                f"    /// Does something useful, number {number}.\n"
                f"    f{number}: func(a: string) -> u32;\n"
                for number in range(functions)
            )
            text = f"package {package};\n\ninterface types {{\n{lines}}}\n".encode()
            member = tarfile.TarInfo(path)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text))
    return gzip.compress(raw.getvalue(), mtime=0)


class Registry(Server):
    """As much of an OCI registry as the benches need. Blobs are files."""

    def __init__(self, place: pathlib.Path):
        super().__init__(RegistryHandler)
        self.place = place
        place.mkdir()
        # By repository, then by tag or digest.
        self.manifests: dict[str, dict[str, bytes]] = {}
        self.uploads = 0

    def blob(self, digest: str) -> pathlib.Path:
        """The file of a blob, which may not exist."""
        return self.place / digest.replace(":", "-")


class RegistryHandler(Handler):
    """Answers as an OCI registry, `/v2/...`."""

    def respond(self, address: urllib.parse.SplitResult) -> None:
        path, server = address.path, self.server
        if match := re.fullmatch(r"/v2/(.+)/tags/list", path):
            tags = [tag for tag in server.manifests.get(match[1], {}) if ":" not in tag]
            body = json.dumps({"name": match[1], "tags": tags}).encode()
            self.answer(200, body) if tags else self.unknown("NAME_UNKNOWN")
        elif match := re.fullmatch(r"/v2/(.+)/manifests/([^/]+)", path):
            self.manifest(*match.groups())
        elif match := re.fullmatch(r"/v2/(.+)/blobs/uploads/(\d*)", path):
            self.upload(match[1], match[2], urllib.parse.parse_qs(address.query))
        elif match := re.fullmatch(r"/v2/.+/blobs/(sha256:[0-9a-f]+)", path):
            self.blob(server.blob(match[1]))
        else:
            self.answer(200 if path == "/v2/" else 404, b"{}")

    def unknown(self, code: str) -> None:
        self.answer(404, json.dumps({"errors": [{"code": code}]}).encode())

    def manifest(self, repository: str, name: str) -> None:
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

    def blob(self, path: pathlib.Path) -> None:
        if not path.exists():
            return self.unknown("BLOB_UNKNOWN")
        self.send_response_only(200)
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()
        if self.command == "GET":
            with path.open("rb") as file:
                shutil.copyfileobj(file, self.wfile, MIB)

    def upload(self, repository: str, number: str, query: dict[str, list[str]]) -> None:
        server = self.server
        if self.command == "POST":
            with server.counting:
                server.uploads += 1
                number = str(server.uploads)
            return self.answer(202, Location=f"/v2/{repository}/blobs/uploads/{number}")
        path = server.place / number
        with path.open("ab") as file:
            for piece in self.pieces():
                file.write(piece)
            size = file.tell()
        if self.command == "PATCH":
            place = f"/v2/{repository}/blobs/uploads/{number}"
            return self.answer(202, Location=place, Range=f"0-{size - 1}")
        digest = query["digest"][0]
        path.rename(server.blob(digest))
        self.answer(201, Location=f"/v2/{repository}/blobs/{digest}")

    def pieces(self) -> Iterator[bytes]:
        """The body of a request, of a length that is known before or in chunks."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline(), 16):
                yield self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
        left = int(self.headers.get("Content-Length", 0))
        while left:
            piece = self.rfile.read(min(left, MIB))
            if not piece:
                raise ConnectionError("the upload broke off")
            left -= len(piece)
            yield piece
