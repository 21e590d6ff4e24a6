"""The hand before a virtual pin, by mouse and keys of a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any

from . import mouse
from .pin import VirtualPin

FIST_S, LONG_FIST_S = 0.25, 0.9  # a choice, and a step back (pin.gestures.LONG_FIST_MS)
MOST_DETENTS = 2
_ARROWS = re.compile(r"\x1b[\[O]([ABCD])")
HELP = (
    "hand: mouse on the palm, or p: show   arrows: tilt   f: fist   b: long fist   h: push away   < >: swipe",
    "mouse: moving tilts, left closes, the wheel goes nearer and farther, right drags; outside it is away",
)

Do = Callable[[Coroutine[Any, Any, None]], None]


class HandControl:
    """`do` runs a movement beside everything else. `there`: whether a hand is before the pin."""

    def __init__(self, pin: VirtualPin, do: Do) -> None:
        self.there = True
        self._pin = pin
        self._do = do
        self._mouse = mouse.HandMouse(pin.hand)
        self._right = self._down = 0  # detents, by the arrows
        self._busy = False
        self._moves: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "f": lambda: pin.hand.close(FIST_S),
            "b": lambda: pin.hand.close(LONG_FIST_S),
            "h": pin.hand.push,
            "<": lambda: pin.hand.swipe(-1),
            ">": lambda: pin.hand.swipe(1),
        }

    def start(self) -> None:
        """A hand that was always there: it is lit when there is something to read, and opens nothing."""
        self._pin.palm(True)

    def resize(self, columns: int, rows: int) -> None:
        """The picture's size: over it the mouse is a hand."""
        self._mouse.columns, self._mouse.rows = columns, rows

    def words(self) -> str:
        return self._pin.hand.words() if self.there else "away"

    def take_mouse(self, keys: str) -> str:
        """Moves the hand by the mouse's reports; what is left is of the keyboard."""
        was_inside = self._mouse.inside
        keys = self._mouse.read(keys)
        if self._mouse.inside or was_inside:
            self.there = self._mouse.inside
        return keys

    def take_arrows(self, keys: str) -> None:
        for arrow in _ARROWS.findall(keys):
            self._right = _within(self._right + (arrow == "C") - (arrow == "D"))
            self._down = _within(self._down + (arrow == "B") - (arrow == "A"))
            self._move(self._pin.hand.turn(self._right, self._down))

    def take_key(self, key: str) -> None:
        """One letter; those that say nothing about a hand do nothing."""
        if key == "p":
            self._toggle()
        elif key in self._moves and self.there:
            self._move(self._moves[key]())

    def _toggle(self) -> None:
        if self._busy:
            return
        self._right = self._down = 0
        self.there = not self.there
        hand = self._pin.hand
        if self.there:
            self._move(hand.show())
        elif hand.hand is None:
            self._pin.palm(False)  # the one that was there from the start
        else:
            self._move(hand.away())

    def _move(self, movement: Coroutine[Any, Any, None]) -> None:
        self._do(self._alone(movement))

    async def _alone(self, movement: Coroutine[Any, Any, None]) -> None:
        """One movement at a time: a hand that closes cannot swipe."""
        if self._busy:
            movement.close()
            return
        self._busy = True
        try:
            await movement
        finally:
            self._busy = False


def _within(detents: int) -> int:
    return max(-MOST_DETENTS, min(MOST_DETENTS, detents))
