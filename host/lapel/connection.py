"""What the relay needs of a pin's websocket, whichever server took it: its own, or the console's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Protocol


class Transport(Protocol):
    def abort(self) -> None:
        """Ends the connection now, without a close handshake."""
        ...


class PinConnection(Protocol):
    """A part of `websockets.asyncio.server.ServerConnection`; raises its ConnectionClosed."""

    @property
    def transport(self) -> Transport: ...

    @property
    def remote_address(self) -> Any: ...

    async def recv(self) -> str | bytes: ...

    async def send(self, message: str | bytes) -> None: ...

    async def close(self, code: int = 1000, reason: str = "") -> None: ...

    def __aiter__(self) -> AsyncIterator[str | bytes]: ...
