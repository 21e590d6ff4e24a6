"""A mouse in a terminal becomes a hand: where the pointer is tilts it, its buttons close and shift it.

Terminals report the mouse when asked to (xterm's control sequences, "Mouse Tracking": modes 1003 and 1006),
as ESC [ < button ; column ; row M, with a small m when a button is let go.
"""

from __future__ import annotations

import re
import time
from dataclasses import replace

from .hand import FIST, OPEN
from .live_hand import LiveHand

ON, OFF = "\x1b[?1003h\x1b[?1006h", "\x1b[?1003l\x1b[?1006l"
_REPORT = re.compile(r"\x1b\[<(\d+);(\d+);(\d+)([Mm])")
_PART = re.compile(r"\x1b\[<[\d;]*$")

_MOTION, _WHEEL = 32, 64  # bits of the button's number
_LEFT, _RIGHT = 0, 2
ENTER_S = 0.7  # a hand that comes in is held flat for so long; then the pointer tilts it from where it is
COLUMNS_A_DETENT = 7
ROWS_A_DETENT = 4
MOST_DETENTS = 2.4
COLUMN_MM, ROW_MM = 9.0, 18.0  # while the right button is held
NOTCH_MM = 25.0  # of the wheel
NEAREST_MM, FARTHEST_MM = 160.0, 390.0


class HandMouse:
    """Moves `hand`. `columns` and `rows` are the picture's size: outside of it there is no hand."""

    def __init__(self, hand: LiveHand) -> None:
        self.columns = self.rows = 0
        self._part = ""  # of a report, at the end of what was read
        self._hand = hand
        self._inside = False
        self._since = 0.0  # when it came in
        self._middle: tuple[int, int] | None = None  # where the pointer leaves the hand flat
        self._dragged: tuple[int, int] | None = None
        self._fist = False
        self._right = self._down = 0.0
        self._distance_mm = hand.rest.distance_mm

    @property
    def inside(self) -> bool:
        """Whether the pointer holds a hand before the pin."""
        return self._inside

    def read(self, keys: str) -> str:
        """Takes the mouse's reports out of what the terminal sent; the rest is of the keyboard."""
        keys = self._part + keys
        part = _PART.search(keys)
        self._part = part[0] if part else ""
        keys = keys.removesuffix(self._part)
        for report in _REPORT.finditer(keys):
            button, column, row = (int(number) for number in report.groups()[:3])
            self.report(button, column, row, report[4] == "M")
        return _REPORT.sub("", keys)

    def report(self, button: int, column: int, row: int, pressed: bool) -> None:
        """One report of the terminal; columns and rows count from 1."""
        inside = column <= self.columns and row <= self.rows
        if inside != self._inside:
            self._enter() if inside else self._leave()
        if not inside:
            return
        if button & _WHEEL:
            step = -NOTCH_MM if button & 1 else NOTCH_MM
            self._distance_mm = min(FARTHEST_MM, max(NEAREST_MM, self._distance_mm + step))
        elif not button & _MOTION:
            if button & 3 == _LEFT:
                self._fist = pressed
            elif button & 3 == _RIGHT:
                self._dragged = (column, row) if pressed else None
        self._place(column, row)

    def _enter(self) -> None:
        self._inside = True
        self._since = time.monotonic()
        self._middle = None
        self._right = self._down = 0.0
        self._distance_mm = self._hand.rest.distance_mm

    def _leave(self) -> None:
        self._inside = self._fist = False
        self._dragged = None
        self._hand.place(None)

    def _place(self, column: int, row: int) -> None:
        x_mm = y_mm = 0.0
        if self._dragged is not None:  # shifted, with the tilt that it had
            x_mm = (column - self._dragged[0]) * COLUMN_MM
            y_mm = (row - self._dragged[1]) * ROW_MM
        elif self._middle is not None:
            self._right = _bounded((column - self._middle[0]) / COLUMNS_A_DETENT)
            self._down = _bounded((row - self._middle[1]) / ROWS_A_DETENT)
        if self._middle is None and time.monotonic() - self._since >= ENTER_S:
            self._middle = (column, row)
        hand = replace(
            self._hand.tilted(self._right, self._down),
            x_mm=self._hand.rest.x_mm + x_mm,
            y_mm=self._hand.rest.y_mm + y_mm,
            distance_mm=self._distance_mm,
            fingers=FIST if self._fist else OPEN,
        )
        self._hand.follow(hand)


def _bounded(detents: float) -> float:
    return max(-MOST_DETENTS, min(MOST_DETENTS, detents))
