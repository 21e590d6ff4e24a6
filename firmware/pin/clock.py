"""Milliseconds that only grow, and deadlines made of them.

`ticks_ms` wraps after 2**30 ms on MicroPython: compare with `ticks_diff` only.
"""

try:
    from time import ticks_add, ticks_diff, ticks_ms
except ImportError:  # CPython: the same arithmetic on the monotonic clock
    from time import monotonic_ns

    _PERIOD = 1 << 30

    def ticks_ms():
        return monotonic_ns() // 1_000_000 % _PERIOD

    def ticks_add(ticks, delta):
        return (ticks + delta) % _PERIOD

    def ticks_diff(later, earlier):
        return (later - earlier + _PERIOD // 2) % _PERIOD - _PERIOD // 2


class Deadline:
    """A time that is set, reached and cleared; made once and used again. Without a time it never passes."""

    def __init__(self):
        self.set = False
        self._at = 0

    def after(self, ms, now_ms):
        """Pass `ms` after `now_ms`."""
        self._at = ticks_add(now_ms, ms)
        self.set = True

    def clear(self):
        self.set = False

    def passed(self, now_ms):
        """Whether it was set and has come. Stays so until `clear` or `after`."""
        return self.set and ticks_diff(now_ms, self._at) >= 0
