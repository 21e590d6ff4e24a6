"""Downloads from a stand-in server: kept, resumed, remembered by their hash, and refused when they change."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from lapel.devices import firmware, images
from lapel.devices.problems import BoardError, Code

IMAGE = b"\xe9" + bytes(range(256)) * 500


class Server(ThreadingHTTPServer):
    """Serves `files`; after `cut` bytes it closes, once."""

    files: dict[str, bytes]
    cut: int
    asked: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        data = self.server.files.get(self.path)
        if data is None:
            self.send_error(404)
            return
        start, _, end = self.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")
        self.server.asked.append(start)
        piece = data[int(start) : int(end) + 1 if end else None]
        self.send_response(206)
        self.send_header("content-length", str(len(piece)))
        self.send_header("content-range", f"bytes {start}-{int(start) + len(piece) - 1}/{len(data)}")
        self.end_headers()
        if self.server.cut and not end:
            piece, self.server.cut = piece[: self.server.cut], 0
        self.wfile.write(piece)

    def log_message(self, format: str, *arguments: object) -> None:
        """Says nothing."""


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(firmware, "cache", lambda: tmp_path / "cache")
    serving = Server(("127.0.0.1", 0), Handler)
    serving.files, serving.cut, serving.asked = {"/image.bin": IMAGE}, 0, []
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()


def url(server: Server, name: str = "image.bin") -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/{name}"


def get(server: Server, name: str = "image.bin") -> images.Fetched:
    return images.image(url(server, name), lambda done, total: None)


def test_the_first_download_decides_and_is_kept(server: Server) -> None:
    first = get(server)
    assert first.new and first.sha256 == hashlib.sha256(IMAGE).hexdigest()
    asked = len(server.asked)
    again = get(server)
    assert not again.new and again.path == first.path and len(server.asked) == asked  # from the cache
    first.path.write_bytes(IMAGE[:-1])  # damaged on this disk: fetched again
    assert get(server).path.read_bytes() == IMAGE


def test_one_that_changed_is_thrown_away(server: Server) -> None:
    kept = get(server).path
    kept.unlink()
    server.files["/image.bin"] = IMAGE[:-1] + b"\0"
    with pytest.raises(BoardError) as caught:
        get(server)
    assert caught.value.code == Code.IMAGE_ALTERED and "expected" in str(caught.value)
    assert not kept.exists()


def test_a_published_hash_decides_already_the_first_time(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(images.PUBLISHED, url(server), "0" * 64)
    with pytest.raises(BoardError) as caught:
        get(server)
    assert caught.value.code == Code.IMAGE_ALTERED
    monkeypatch.setitem(images.PUBLISHED, url(server), hashlib.sha256(IMAGE).hexdigest())
    assert not get(server).new


def test_a_download_that_broke_off_goes_on_where_it_was(server: Server) -> None:
    server.cut = 100_000
    assert get(server).path.read_bytes() == IMAGE
    assert "100000" in server.asked


def test_what_is_not_there_and_what_is_no_image(server: Server) -> None:
    with pytest.raises(BoardError) as caught:
        get(server, "none.bin")
    assert caught.value.code == Code.NO_IMAGE and "--image" in str(caught.value)
    server.files["/page.bin"] = b"<html>"
    with pytest.raises(BoardError) as caught:
        get(server, "page.bin")
    assert caught.value.code == Code.IMAGE_ALTERED
    with pytest.raises(BoardError, match="not HTTPS"):
        images.image("http://192.0.2.1/image.bin", lambda done, total: None)


def test_the_driver_comes_as_our_package_lists_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.files |= {"/a/__init__.py": b"A = 1\n", "/b/__init__.py": b"B = 2\n"}
    listed = [
        ["d/__init__.py", url(server, "a/__init__.py")],
        ["e/__init__.py", url(server, "b/__init__.py")],
    ]
    (tmp_path / "package.json").write_text(json.dumps({"urls": listed}))
    monkeypatch.setattr(images.viper, "source_root", lambda: tmp_path)
    found = images.driver(lambda done, total: None)
    assert {name: path.read_bytes() for name, path in found.items()} == {
        "d/__init__.py": b"A = 1\n",
        "e/__init__.py": b"B = 2\n",
    }


def test_our_package_pins_each_file_to_a_commit() -> None:
    package = json.loads((firmware.viper.source_root() / "package.json").read_text("utf-8"))
    for name, address in package["urls"]:
        commit = address.split("/")[5]
        assert address.startswith("https://raw.githubusercontent.com/mp-extras/vl53l5cx/")
        assert len(commit) == 40 and set(commit) <= set("0123456789abcdef")
        assert address.endswith("/" + name)
