"""Rooms of the relay that talk with connected pins beside their questions: notices, updates, telemetry.

A session hands each message of a type that a desk takes to it, in order. A desk that fails is logged and
never ends the session.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any, Protocol

from .cards import Card, Display
from .services import Gone

log = logging.getLogger(__name__)

DESK_S = 5.0  # a desk that works longer does it in a task of its own, or the pin's next message waits


class PinLink(Protocol):
    """A connected pin. Everything that sends raises Gone once the pin has left."""

    @property
    def pin_id(self) -> str: ...

    @property
    def name(self) -> str: ...

    @property
    def display(self) -> Display: ...

    @property
    def firmware(self) -> str: ...

    @property
    def board(self) -> str: ...

    @property
    def card(self) -> Card | None:
        """What the pin was given to show, until it says that it is gone."""
        ...

    def mac(self, key: bytes, role: str) -> str:
        """A MAC over this connection's challenge."""
        ...

    async def send(self, t: str, **fields: Any) -> None:
        """One message of the wire's `DOWN` table. Raises WireError if it breaks the table."""
        ...

    async def send_bytes(self, data: bytes) -> None:
        """One binary frame."""
        ...

    async def send_card(self, card: Card) -> None:
        """A card, with the letters first that this pin lacks."""
        ...


class Desk(Protocol):
    """What a room offers to pins. `takes` names the types of messages that it is handed."""

    takes: frozenset[str]

    async def joined(self, pin: PinLink) -> None:
        """A pin has connected; from here on it may be sent to."""
        ...

    async def message(self, pin: PinLink, message: dict[str, Any]) -> None: ...

    def left(self, pin: PinLink) -> None:
        """This link has ended; the pin may be back on another one already."""
        ...


class Voice(Protocol):
    """Speaks answers."""

    def speak(self, pin: PinLink, card: Card, text: str) -> None:
        """Begins to, if this pin plays it. Never waits and raises nothing."""
        ...


class Desks:
    """All desks, as a session sees them. Raises Gone and nothing else of theirs."""

    def __init__(self, desks: tuple[Desk, ...]) -> None:
        self._desks = desks
        self.takes = frozenset[str]().union(*(desk.takes for desk in desks))

    async def joined(self, pin: PinLink) -> None:
        for desk in self._desks:
            await _guarded(desk, pin, desk.joined(pin))

    async def message(self, pin: PinLink, message: dict[str, Any]) -> None:
        for desk in self._desks:
            if message["t"] in desk.takes:
                await _guarded(desk, pin, desk.message(pin, message))

    def left(self, pin: PinLink) -> None:
        for desk in self._desks:
            try:
                desk.left(pin)
            except Exception:  # whatever a desk raises, the others hear of it too
                log.exception("%s: %s failed as the pin left", pin.name, type(desk).__name__)


async def _guarded(desk: Desk, pin: PinLink, work: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(DESK_S):
            await work
    except Gone:
        raise
    except TimeoutError:
        log.error("%s: %s took over %.0f s", pin.name, type(desk).__name__, DESK_S)
    except Exception:  # a desk may run skills and files; the pin's session goes on
        log.exception("%s: %s failed", pin.name, type(desk).__name__)
