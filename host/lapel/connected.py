"""The sending half of one connected pin."""

from __future__ import annotations

import asyncio
from typing import Any

from lapel_wire import messages
from lapel_wire.challenge import mac
from websockets.exceptions import ConnectionClosed

from .cards import Card
from .connection import PinConnection
from .glyph_push import GlyphPush
from .handshake import Greeted
from .services import Gone

SEND_S = 5.0  # a pin that takes nothing for so long is gone


class ConnectedPin:
    """Everything that sends raises Gone once the pin has left, or takes nothing any more."""

    def __init__(self, connection: PinConnection, greeted: Greeted) -> None:
        self.pin_id = greeted.pin.id
        self.name = f"{greeted.pin.name} ({greeted.pin.id})"
        self.display = greeted.display
        self.firmware = greeted.firmware
        self.board = greeted.board
        self.card: Card | None = None  # the last one sent, until the pin says that it is gone
        self._challenge = greeted.challenge
        self._connection = connection
        self._glyphs = GlyphPush()

    def mac(self, key: bytes, role: str) -> str:
        """A MAC over this connection's challenge: what the pin must send to show that it has `key`."""
        return str(mac(key, role, *self._challenge))

    async def send(self, t: str, **fields: Any) -> None:
        """One message of the wire's `DOWN` table. Raises WireError if it breaks the table."""
        await self._send(messages.encode(messages.DOWN, t, **fields))

    async def send_bytes(self, data: bytes) -> None:
        await self._send(data)

    async def send_card(self, card: Card) -> None:
        """A card, with the letters of its first two pages first, if the pin lacks them."""
        for text in self._glyphs.before(card):
            await self._send(text)
        await self._send(card.message())
        self.card = card

    def put_away(self, card: int) -> None:
        """The pin shows this card no longer."""
        if self.card is not None and self.card.number == card:
            self.card = None

    async def turned(self, card: int, page: int) -> None:
        """The pin shows this page of its card: the letters of the next one follow."""
        for text in self._glyphs.turned(card, page):
            await self._send(text)

    async def _send(self, data: str | bytes) -> None:
        try:
            async with asyncio.timeout(SEND_S):
                await self._connection.send(data)
        except TimeoutError:
            self._connection.transport.abort()
            raise Gone(f"took nothing for {SEND_S:.0f} s") from None
        except ConnectionClosed as error:
            raise Gone(str(error)) from None
