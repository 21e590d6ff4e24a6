"""How a command line asks the relay that runs: one JSON object a line, over a socket in Lapel's home.

The socket is for its owner only (mode 0600 in a folder of mode 0700); who may write there may read the keys
as well.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

log = logging.getLogger(__name__)

NAME = "control"
LINE_BYTES = 1 << 16  # settings of a pin have under 2 kB
ASK_S = 5.0  # for the request, which is written at once
ANSWER_S = 900.0  # between two lines of an answer: an update waits until its pin is idle
_PATH_BYTES = 100  # an address of a socket has 108 at most (unix(7))

Handler = Callable[[dict[str, Any]], AsyncIterator[dict[str, Any]]]


class ControlError(Exception):
    """The relay cannot be asked, or says no; the text says why and what to do."""


class NoRelay(ControlError):
    """No relay runs in this home."""


class Control:
    """`async with Control(home, handlers)`: `handlers` maps what a request asks for to who answers."""

    def __init__(self, home: Path, handlers: dict[str, Handler]) -> None:
        self._home = home
        self._handlers = handlers
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        if _answers(self._home):
            log.warning("another relay of %s runs; commands for pins go to that one", self._home)
            return self
        path = self._home / NAME
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            with _short(path) as address:
                self._server = await asyncio.start_unix_server(self._serve, address, limit=LINE_BYTES)
        finally:
            os.umask(before)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is None:
            return
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        (self._home / NAME).unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            async with asyncio.timeout(ASK_S):
                request = json.loads(await reader.readline())
            async with contextlib.aclosing(self._answers(request)) as answers:
                async for answer in answers:
                    writer.write(json.dumps(answer).encode() + b"\n")
                    await writer.drain()
        except (TimeoutError, ValueError, ConnectionError) as error:
            log.warning("a command broke off: %r", error)
        finally:
            self._serving.discard(task)
            writer.close()

    async def _answers(self, request: Any) -> AsyncGenerator[dict[str, Any]]:
        handler = self._handlers.get(request.get("do", "")) if isinstance(request, dict) else None
        if handler is None:
            yield {"error": "this relay is older than the command; restart the relay"}
            return
        try:
            async for answer in handler(request):
                yield answer
        except ControlError as error:
            yield {"error": str(error)}
        except Exception:  # whatever a room raises, the command must not look as if it had been done
            log.exception("the command %r failed", request.get("do"))
            yield {"error": "the relay failed; its log says why"}


def ask(home: Path, do: str, **fields: Any) -> Iterator[dict[str, Any]]:
    """The running relay's answers, as they come. Raises ControlError, NoRelay."""
    with _connected(home) as link:
        link.sendall(json.dumps({"do": do} | fields).encode() + b"\n")
        link.settimeout(ANSWER_S)
        with link.makefile("rb") as lines:
            while True:
                try:
                    line = lines.readline()
                except OSError as error:
                    raise ControlError(f"the relay did not answer ({error}); look at its log") from error
                if not line:
                    return
                answer = json.loads(line)
                if "error" in answer:
                    raise ControlError(answer["error"])
                yield answer


def _connected(home: Path) -> socket.socket:
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    link.settimeout(ASK_S)
    try:
        with _short(home / NAME) as address:
            link.connect(address)
    except OSError as error:
        link.close()
        raise NoRelay(f"no relay runs in {home}; start it with: lapel relay") from error
    return link


def _answers(home: Path) -> bool:
    try:
        _connected(home).close()
    except ControlError:
        return False
    return True


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """An address of a socket, which has room for less than a path has."""
    if len(os.fsencode(path)) <= _PATH_BYTES or sys.platform != "linux":
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
