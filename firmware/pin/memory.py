"""The floor under the heap: collect, then refuse big work, then start again while nobody looks."""

import gc

from pin.clock import Deadline

LOOK_MS = 2000
LOW_BYTES = 128 * 1024  # below this a collection is due at once
FLOOR_BYTES = 64 * 1024  # a page of text takes 30 kB to draw, an update 10
RESTARTS_AFTER = 3  # looks in a row below the floor after a collection


class Memory:
    """`low`: no update, no new glyphs. `exhausted`: restart as soon as nothing is going on."""

    def __init__(self, free=None):
        self._free = free or getattr(gc, "mem_free", None)  # CPython has no such thing and needs none
        self._next = Deadline()
        self._below = 0
        self.free = 0
        self.low = False

    @property
    def exhausted(self):
        return self._below >= RESTARTS_AFTER

    def poll(self, now_ms):
        if self._free is None or (self._next.set and not self._next.passed(now_ms)):
            return
        self._next.after(LOOK_MS, now_ms)
        self.free = self._free()
        if self.free < LOW_BYTES:
            gc.collect()
            self.free = self._free()
        self.low = self.free < FLOOR_BYTES
        self._below = self._below + 1 if self.low else 0

    def enough_for(self, size):
        """Whether a piece of work that takes so many bytes may begin."""
        return self._free is None or (not self.low and self.free - size >= FLOOR_BYTES)
