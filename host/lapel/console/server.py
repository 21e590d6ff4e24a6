"""The console's web server, in the relay's own loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from ..config import ConsoleConfig
from . import certificate, scrape
from .door import OPEN_PATHS, Door
from .gate import Gate
from .owner import Owner

log = logging.getLogger(__name__)

_STATIC = Path(__file__).parent / "static"
_STOP_S = 2  # open event streams are cut off after this
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class ConsoleError(Exception):
    """The console cannot start; the text says why and what to do."""


class Console:
    """`async with Console(...)` serves; `rooms` bring the routes behind the door. `link` is for the owner."""

    def __init__(self, settings: ConsoleConfig, home: Path, rooms: Sequence[BaseRoute]) -> None:
        self._settings = settings
        self._home = home
        self.owner = Owner(home)
        self.port = 0
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._app = Starlette(
            routes=[
                Route("/", _page),
                Mount("/static", StaticFiles(directory=_STATIC)),
                *Door(self.owner).routes,
                *rooms,
            ],
            middleware=[
                Middleware(
                    Gate,
                    owner=self.owner,
                    hosts=lambda: self.hosts,
                    open_paths=("/", *OPEN_PATHS),
                    scrapes=partial(scrape.opens, home),
                ),
                Middleware(GZipMiddleware, minimum_size=1000),  # the firmware's sources shrink to a third
            ],
        )

    @property
    def hosts(self) -> list[str]:
        """The names that this console answers to."""
        if self.is_local:
            return list(_LOOPBACK)
        name = socket.gethostname()
        return [self._settings.host, name, f"{name}.local"]

    @property
    def is_local(self) -> bool:
        """Whether only this computer reaches it; else it is served over TLS."""
        return self._settings.host in _LOOPBACK

    @property
    def link(self) -> str:
        """What the owner opens. Before there is a passphrase it lets whoever has it set one, once."""
        host = self._settings.host
        host = f"[{host}]" if ":" in host else host
        base = f"{'http' if self.is_local else 'https'}://{host}:{self.port}/"
        # In the fragment, which no browser sends and no log keeps.
        return base if self.owner.is_set else f"{base}#welcome={self.owner.invite()}"

    async def __aenter__(self) -> Self:
        listening = self._listen()
        self.port = int(listening.getsockname()[1])
        config = uvicorn.Config(
            self._app,
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            ws_max_size=4096,
            limit_concurrency=200,
            timeout_graceful_shutdown=_STOP_S,
            lifespan="off",
        )
        if not self.is_local:
            config.ssl_certfile = ""  # uvicorn asks whether there is TLS, and takes the context from here
            config.load()
            config.ssl = self._tls()
        self._server = _Server(config)
        self._serving = asyncio.create_task(self._server.serve([listening]), name="console")
        await self._server.begun.wait()
        log.info("console listens on %s port %d", self._settings.host, self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None and self._serving is not None
        self._server.should_exit = True
        await self._serving

    def _tls(self) -> ssl.SSLContext:
        try:
            return certificate.server_context(self._home, self.hosts)
        except (OSError, ValueError) as error:
            raise ConsoleError(
                f"the console's certificate cannot be used ({error}); delete console.pem"
            ) from error

    def _listen(self) -> socket.socket:
        host, port = self._settings.host, self._settings.port
        try:
            family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
            listening = socket.socket(family, kind)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
        except (OSError, OverflowError) as error:
            raise ConsoleError(
                f"the console cannot listen on {host} port {port} "
                f"({getattr(error, 'strerror', None) or error}); set another in config.toml, [console]"
            ) from error
        return listening


class _Server(uvicorn.Server):
    """Says when it serves; signals are the command line's."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _page(request: Request) -> Response:
    return FileResponse(_STATIC / "index.html")
