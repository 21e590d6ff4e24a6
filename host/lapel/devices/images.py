"""Files that a board needs from elsewhere: MicroPython's image and the depth sensor's driver, fetched once
and kept.

A published SHA-256 is held against what came. Where none was at hand, the first download over HTTPS decides:
its hash is shown, kept, and every later download must have it.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from lapel import viper

from ..models.catalogue import ModelError
from ..models.transfer import SourceError, fill, reason
from . import firmware
from .problems import BoardError, Code

# Published hashes by URL. MicroPython publishes none, and none is made up.
PUBLISHED: dict[str, str] = {}
_TIMEOUT_S = 20.0
_CONNECT_S = 5.0
_MAX_BYTES = 8 << 20  # an image has under 3 MB; more is no image
_REMEMBERED = "hashes.json"
_MAGIC = 0xE9  # first byte of an image (Espressif, "Firmware Image Format")


class Fetched:
    """A file that is here: `path`, `sha256`, and whether its hash was `new` (so far nobody's but this
    download's).
    """

    def __init__(self, path: Path, sha256: str, new: bool) -> None:
        self.path = path
        self.sha256 = sha256
        self.new = new


def given(path: Path) -> Fetched:
    """An image that the maker has. Raises BoardError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BoardError(Code.NO_IMAGE, f"the image {path} cannot be read: {error.strerror}") from error
    if not _bootable(data):
        raise BoardError(
            Code.NO_IMAGE,
            f"{path} is no image for the start of an ESP32's flash; expected a .bin of MicroPython "
            "(not .uf2, not .app-bin)",
        )
    return Fetched(path, hashlib.sha256(data).hexdigest(), False)


def image(url: str, progress: Callable[[int, int], None]) -> Fetched:
    """The image at `url`, from the cache or downloaded. Raises BoardError."""
    found = fetch(url, progress, Code.NO_IMAGE, "give a file with --image to work without a network")
    if not _bootable(found.path.read_bytes()):
        found.path.unlink()
        raise BoardError(Code.IMAGE_ALTERED, f"{url} is no image for an ESP32; it was thrown away")
    return found


def fetch(url: str, progress: Callable[[int, int], None], code: Code, advice: str) -> Fetched:
    """The file at `url`, from the cache or downloaded, checked. Raises BoardError."""
    folder = firmware.cache() / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    # Of two files with one name, such as __init__.py, each keeps its own place.
    name = f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{url.rpartition('/')[2]}"
    kept, part = folder / name, folder / f"{name}.part"
    known = _known(folder, url)
    if not known and not url.startswith("https://") and httpx.URL(url).host != "127.0.0.1":
        raise BoardError(code, f"{url} is not HTTPS, so nobody can say whose file came; {advice}")
    if kept.exists():
        digest = hashlib.sha256(kept.read_bytes()).hexdigest()
        if digest == known:
            return Fetched(kept, digest, False)
        kept.unlink()  # damaged on this disk: it is fetched again
    try:
        asyncio.run(_download(url, part, progress))
    except (SourceError, ModelError, httpx.HTTPError) as error:
        raise BoardError(code, f"{url} cannot be downloaded: {reason(error)}; {advice}") from error
    digest = hashlib.sha256(part.read_bytes()).hexdigest()
    if known and digest != known:
        part.unlink()
        raise BoardError(
            Code.IMAGE_ALTERED if code == Code.NO_IMAGE else code,
            f"{url} has the SHA-256 {digest}, expected {known}; it was thrown away. If you know why it "
            f"changed, remove its line from {folder / _REMEMBERED}",
        )
    part.replace(kept)
    _remember(folder, url, digest)
    return Fetched(kept, digest, not known)


def driver(progress: Callable[[int, int], None]) -> dict[str, Path]:
    """The depth sensor's driver as `firmware/package.json` pins it: path on the board to file. Raises
    BoardError.
    """
    package = json.loads((viper.source_root() / "package.json").read_text("utf-8"))
    advice = "connect this computer to the Internet and run lapel flash again, or use --no-driver"
    return {name: fetch(url, progress, Code.NO_DRIVER, advice).path for name, url in package["urls"]}


def _bootable(data: bytes) -> bool:
    return len(data) > 1 and data[0] == _MAGIC


async def _download(url: str, part: Path, progress: Callable[[int, int], None]) -> None:
    secure = url.startswith("https://")
    timeout = httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_S)
    verify = ssl.create_default_context() if secure else False
    async with httpx.AsyncClient(timeout=timeout, follow_redirects=True, verify=verify) as client:
        size = await _size(client, url)
        await fill(client, url, part, size, lambda done: progress(done, size))


async def _size(client: httpx.AsyncClient, url: str) -> int:
    async with client.stream(
        "GET", url, headers={"range": "bytes=0-0", "accept-encoding": "identity"}
    ) as reply:
        if reply.status_code == 206:
            text = reply.headers.get("content-range", "").rpartition("/")[2]
        elif reply.status_code == 200:
            text = reply.headers.get("content-length", "")
        else:
            raise SourceError(f"HTTP {reply.status_code} {reply.reason_phrase}".rstrip())
        if not re.fullmatch(r"\d{1,9}", text) or not 0 < int(text) <= _MAX_BYTES:
            raise SourceError(f"expected a file of 1 to {_MAX_BYTES} bytes, the server says {text!r}")
        return int(text)


def _known(folder: Path, url: str) -> str:
    return PUBLISHED.get(url) or _remembered(folder).get(url, "")


def _remembered(folder: Path) -> dict[str, str]:
    try:
        values: Any = json.loads((folder / _REMEMBERED).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _remember(folder: Path, url: str, digest: str) -> None:
    hashes = _remembered(folder) | {url: digest}
    new = folder / f"{_REMEMBERED}.new"
    new.write_text(json.dumps(hashes, indent=1) + "\n", "utf-8")
    new.replace(folder / _REMEMBERED)
