"""The pin that runs in a page: its firmware, its interpreter, its key, and its connection to the relay."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import lru_cache
from typing import Any

import numpy as np
from lapel_wire import PATH
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from ..connection import PinConnection
from ..devices.pins import Pins, PinsError
from ..viper import source_root, without_decorator
from ..virtual import light
from .interpreter import FILES, BrowserInterpreterMissing, ensure

log = logging.getLogger(__name__)

_PARTS = ("lapel_wire", "pin", "boards", "stand_ins", "browser", "slots.py")
_PALM_PIXELS = 640
_NOT_FOR_A_PAGE = {"stand_ins/pump.py"}  # browser/ has its own


class BrowserPin:
    """Routes below /browser-pin/, and the websocket of the pin itself. `serve` is the relay's."""

    def __init__(self, pins: Pins, serve: Callable[[PinConnection], Awaitable[None]]) -> None:
        self._pins = pins
        self._serve = serve

    def warm(self) -> None:
        """What takes seconds, before the first visitor waits for it. Call it on a thread."""
        _sources()
        _palm_picture()

    @property
    def routes(self) -> list[BaseRoute]:
        return [
            Route("/browser-pin/firmware.json", _firmware),
            Route("/browser-pin/interpreter/{name}", _interpreter),
            Route("/browser-pin/pair", self._pair, methods=["POST"]),
            Route("/browser-pin/palm.jpg", _palm),
            WebSocketRoute(PATH, self._connect),
        ]

    async def _pair(self, request: Request) -> Response:
        """A key for this browser: it is kept in the page's own storage and nowhere else."""
        try:
            pin = await asyncio.to_thread(self._pins.pair, "Browser")
        except PinsError as error:
            return JSONResponse({"error": str(error)}, 409)
        return JSONResponse(self._pins.settings(pin, "page"))

    async def _connect(self, websocket: WebSocket) -> None:
        await websocket.accept()
        connection = _PageConnection(websocket)
        serving = asyncio.ensure_future(self._serve(connection))
        connection.on_abort = serving.cancel
        try:
            await serving
        except asyncio.CancelledError:
            if not connection.aborted:
                raise
        finally:
            await connection.close()


class _PageConnection:
    """A Starlette websocket as the relay wants one."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self.on_abort: Callable[[], object] = lambda: None
        self.aborted = False

    @property
    def transport(self) -> _PageConnection:
        return self

    @property
    def remote_address(self) -> Any:
        client = self._websocket.client
        return (client.host, client.port) if client else None

    def abort(self) -> None:
        self.aborted = True
        self.on_abort()

    async def recv(self) -> str | bytes:
        try:
            message = await self._websocket.receive()
        except RuntimeError:  # Starlette's, for a websocket that was closed before
            raise _closed(1006, "") from None
        if message["type"] == "websocket.disconnect":
            raise _closed(message.get("code") or 1005, message.get("reason") or "")
        text: str | None = message.get("text")
        return text if text is not None else bytes(message["bytes"])

    async def send(self, message: str | bytes) -> None:
        try:
            if isinstance(message, str):
                await self._websocket.send_text(message)
            else:
                await self._websocket.send_bytes(message)
        except (RuntimeError, WebSocketDisconnect):
            raise _closed(1006, "the page is gone") from None

    async def close(self, code: int = 1000, reason: str = "") -> None:
        if self._websocket.application_state is WebSocketState.CONNECTED:
            try:
                await self._websocket.close(code, reason)
            except (RuntimeError, WebSocketDisconnect):
                log.debug("a page's pin was gone before it was closed")

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            yield await self.recv()


def _closed(code: int, reason: str) -> ConnectionClosedError:
    return ConnectionClosedError(Close(code, reason), None)


async def _firmware(request: Request) -> Response:
    return JSONResponse(await asyncio.to_thread(_sources))


@lru_cache(maxsize=1)
def _sources() -> dict[str, Any]:
    """Every file of the firmware by its path: text, or base64 of what is none."""
    root = source_root()
    files: dict[str, str] = {}
    binaries: dict[str, str] = {}
    for part in _PARTS:
        for path in sorted((root / part).rglob("*")) or [root / part]:
            name = path.relative_to(root).as_posix()
            if name in _NOT_FOR_A_PAGE or "__pycache__" in name or path.is_dir():
                continue
            if path.suffix == ".py":
                files[name] = without_decorator(path.read_bytes()).decode()
            elif path.suffix in (".bin", ".fnt"):
                binaries[name] = base64.b64encode(path.read_bytes()).decode()
    return {"files": files, "binaries": binaries}


async def _palm(request: Request) -> Response:
    return Response(await asyncio.to_thread(_palm_picture), media_type="image/jpeg")


@lru_cache(maxsize=1)
def _palm_picture() -> bytes:
    """A palm in room light, without the pin's: the page adds that."""
    picture = io.BytesIO()
    nothing = np.zeros((_PALM_PIXELS, _PALM_PIXELS))
    # A little more palm than the page shows: it is turned there.
    light.expose(nothing, picture_mm=1.32 * light.PICTURE_MM).save(picture, "JPEG", quality=82)
    return picture.getvalue()


async def _interpreter(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in FILES:
        return JSONResponse({"error": "No such file."}, 404)
    try:
        folder = await ensure()
    except BrowserInterpreterMissing as error:
        log.error("no pin in the browser: %s", error)
        return JSONResponse({"error": str(error)}, 503)
    kind = "text/javascript" if name.endswith(".mjs") else "application/wasm"
    return FileResponse(folder / name, media_type=kind)
