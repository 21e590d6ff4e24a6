"""Telemetry: the `status` message, after a welcome, every few minutes, and when something changes."""

from pin.clock import Deadline

EVERY_MS = 300_000
LEAST_MS = 10_000  # from one to the next: a cell at a limit must not chatter
_MOST = (1 << 30) - 1


class Status:
    """Says when a message is due."""

    def __init__(self):
        self._every, self._least = Deadline(), Deadline()
        self._linked = False
        self._percent = self._charging = self._state = None

    def due(self, now_ms, linked, percent, charging, state):
        """Whether to send one now: a new link, its time, or one of these changed. Allocates nothing."""
        if not linked:
            self._linked = False
            return False
        if self._linked and not self._every.passed(now_ms):
            same = percent == self._percent and charging == self._charging and state == self._state
            if same or not self._least.passed(now_ms):
                return False
        self._linked = True
        self._percent = percent
        self._charging = charging
        self._state = state
        self._every.after(EVERY_MS, now_ms)
        self._least.after(LEAST_MS, now_ms)
        return True


def number(value):
    """A counter as the wire takes it."""
    return max(0, min(value, _MOST))
