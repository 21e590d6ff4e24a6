"""Who is connected and how each pin is: the telemetry that pins send, kept while the relay runs."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from ..desks import PinLink
from .control import ControlError

log = logging.getLogger(__name__)

CRASHES = 10  # of a pin that are kept


@dataclass
class Known:
    """What is known of a pin: its link while it is connected, its last `status` and when that came."""

    link: PinLink | None = None
    status: dict[str, Any] = field(default_factory=dict)
    heard_unix_s: float = 0.0
    firmware: str = ""
    board: str = ""
    crashes: list[str] = field(default_factory=list)


class Fleet:
    """A desk. Other rooms look up a pin's link here."""

    takes = frozenset({"status", "crash"})

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._pins: dict[str, Known] = {}

    async def joined(self, pin: PinLink) -> None:
        known = self._known(pin)
        known.link, known.firmware, known.board = pin, pin.firmware, pin.board

    async def message(self, pin: PinLink, message: dict[str, Any]) -> None:
        known = self._known(pin)
        if message["t"] == "crash":
            known.crashes = [*known.crashes, message["text"]][-CRASHES:]
            log.warning("%s had crashed: %s", pin.name, message["text"].replace("\n", " | "))
        else:
            known.status = {name: value for name, value in message.items() if name != "t"}

    def left(self, pin: PinLink) -> None:
        known = self._known(pin)
        if known.link is pin:  # else it is back on another link already
            known.link = None

    def known(self, pin_id: str) -> Known | None:
        """What is known of a pin, or None if it was not heard of since the relay started."""
        return self._pins.get(pin_id)

    def connected(self) -> list[PinLink]:
        return [known.link for known in self._pins.values() if known.link is not None]

    def link(self, pin_id: str) -> PinLink:
        """The link of a pin. Raises ControlError if it is not connected."""
        known = self._pins.get(pin_id)
        if known is None or known.link is None:
            raise ControlError(f"{pin_id} is not connected; wake it with its button and try again")
        return known.link

    async def pins(self, request: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """For the command line: one answer a pin that was heard of since the relay started."""
        for pin_id, known in self._pins.items():
            yield {
                "pin": pin_id,
                "connected": known.link is not None,
                "heard_unix_s": known.heard_unix_s,
                "firmware": known.firmware,
                "board": known.board,
                "status": known.status,
                "crashes": known.crashes,
            }

    def _known(self, pin: PinLink) -> Known:
        known = self._pins.setdefault(pin.pin_id, Known())
        known.heard_unix_s = self._now()
        return known
