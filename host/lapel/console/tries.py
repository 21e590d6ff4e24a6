"""How often somebody may guess a passphrase."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

FREE_TRIES = 5  # a hurried owner's typing mistakes
FIRST_WAIT_S = 2.0  # after them; doubled with each further one
LONGEST_WAIT_S = 300.0
_ADDRESSES = 1000  # remembered; the least recently seen goes first
_EVERYBODY = ""  # guesses from many addresses count together, too
_EVERYBODY_FREE = 50


class Tries:
    """Counts failures by address, and of all together."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._failed: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """How long this address has to wait before its next try; 0 if it may try now."""
        now = self._clock_s()
        return max(
            0.0, self._until(address, FREE_TRIES) - now, self._until(_EVERYBODY, _EVERYBODY_FREE) - now
        )

    def failed(self, address: str) -> None:
        for who in (address, _EVERYBODY):
            count, _ = self._failed.get(who, (0, 0.0))
            self._failed[who] = (count + 1, self._clock_s())
            self._failed.move_to_end(who)
        while len(self._failed) > _ADDRESSES:
            oldest = next(who for who in self._failed if who != _EVERYBODY)
            del self._failed[oldest]

    def passed(self, address: str) -> None:
        """The owner is in: what was mistyped before is forgiven."""
        self._failed.pop(address, None)
        self._failed.pop(_EVERYBODY, None)

    def _until(self, who: str, free: int) -> float:
        count, at = self._failed.get(who, (0, 0.0))
        if count < free:
            return 0.0
        return at + min(LONGEST_WAIT_S, FIRST_WAIT_S * (1 << min(count - free, 10)))
