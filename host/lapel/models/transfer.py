"""One file over HTTP, taken up where it stopped (Range, RFC 9110 section 14)."""

from __future__ import annotations

import asyncio
import errno
import re
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import httpx

from lapel.models.catalogue import ModelError, size_of

_ATTEMPTS = 4  # in a row without one new byte; any progress starts the count again
_RETRY_WAIT_S = 1.0


class SourceError(Exception):
    """This source cannot give the bytes; another may."""


async def fill(
    client: httpx.AsyncClient, url: str, part: Path, size_bytes: int, report: Callable[[int], None]
) -> None:
    """Grow `part` to exactly `size_bytes` from `url`, continuing after what is there already.

    `report` gets the length of `part` as it grows. Raises SourceError when the server fails, stalls or sends
    another length, ModelError when the disk is full.
    """
    failures = 0
    while (have := size_of(part) or 0) != size_bytes:
        if have > size_bytes:
            have = 0  # the leftover of some other file
        try:
            await _once(client, url, part, have, size_bytes, report)
        except (httpx.TransportError, _CutShort) as error:
            failures = failures + 1 if (size_of(part) or 0) <= have else 1
            if failures >= _ATTEMPTS:
                raise SourceError(f"{_host(url)}: {reason(error)}") from error
            await asyncio.sleep(_RETRY_WAIT_S * failures)


class _CutShort(Exception):
    """The server closed early; what came is kept."""


async def _once(
    client: httpx.AsyncClient,
    url: str,
    part: Path,
    have: int,
    size_bytes: int,
    report: Callable[[int], None],
) -> None:
    headers = {"range": f"bytes={have}-", "accept-encoding": "identity"}
    async with client.stream("GET", url, headers=headers) as reply:
        if reply.status_code == 200:
            have, total = 0, reply.headers.get("content-length")  # no ranges here: from the start
        elif reply.status_code == 206:
            begin, total = content_range(reply.headers.get("content-range", ""))
            if begin != have:
                raise SourceError(f"{_host(url)}: asked for byte {have}, was sent byte {begin}")
        else:
            raise SourceError(f"{_host(url)}: HTTP {reply.status_code} {reply.reason_phrase}".rstrip())
        if total is not None and int(total) != size_bytes:
            raise SourceError(f"{_host(url)}: the file has {total} bytes, expected {size_bytes}")
        try:
            with _opened(part, have) as sink:
                async for block in reply.aiter_raw():
                    have += len(block)
                    if have > size_bytes:
                        raise SourceError(f"{_host(url)}: sent more than the {size_bytes} bytes expected")
                    sink.write(block)
                    report(have)
        except OSError as error:  # only the disk: what goes wrong on the network is an httpx error
            raise disk_error(error, part) from error
    if have != size_bytes:
        raise _CutShort(f"closed after {have} of {size_bytes} bytes")


def content_range(header: str) -> tuple[int, str | None]:
    """First byte and total (None for `*`) of a Content-Range header. Raises SourceError."""
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", header.strip())
    if match is None:
        raise SourceError(f"a partial reply with the content-range {header!r}")
    return int(match[1]), None if match[2] == "*" else match[2]


def _opened(part: Path, at: int) -> BinaryIO:
    sink = part.open("r+b" if at else "wb")
    sink.seek(at)
    sink.truncate()
    return sink


def disk_error(error: OSError, file: Path) -> ModelError:
    """The sentence for a file that cannot be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return ModelError(f"the disk of {file.parent} is full; free some, then fetch again: it continues")
    return ModelError(
        f"{file} cannot be written ({error.strerror}); set LAPEL_MODELS to a directory that can be"
    )


def _host(url: str) -> str:
    return httpx.URL(url).host


def reason(error: Exception) -> str:
    """Why a source failed, in one line."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"HTTP {error.response.status_code} from {error.request.url.host}"
    if isinstance(error, httpx.TimeoutException):
        return "no answer in time"
    return str(error) or type(error).__name__
