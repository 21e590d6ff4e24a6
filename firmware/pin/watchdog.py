"""The watchdog: fed while every task that promised to beat does so, and by nothing else.

It starts three seconds after the start, and never while a file `hold` lies in the flash: whoever installs
firmware resets the pin, has that long to write the file, and is then not bitten in the middle of a copy. A
watchdog that runs cannot be stopped (MicroPython's WDT).
"""

import os

from pin import log
from pin.clock import Deadline, ticks_diff, ticks_ms

HOLD = "hold"  # in the root of the flash
START_MS = 3000
BITE_MS = 10_000  # a name look-up blocks for up to 5 s, TLS on the chip for 2
APP_MS = 4000  # less than the bite: what hangs is written down before it
LINK_MS = 90_000  # four networks at 8 s, a relay's 20 s, and half as much again
MIC_MS = 2000  # its own deadline for a silent microphone is shorter


class Watchdog:
    """`open_wdt(timeout_ms)` starts the real one and returns an object with `feed()`. `on_stale(name)` is
    called once, before a missing heartbeat ends in a bite."""

    def __init__(self, open_wdt, on_stale, now_ms=None):
        self._open = open_wdt
        self._on_stale = on_stale
        self._wdt = None
        self.held = False  # somebody installs: no watchdog, and no sleep, which would take the USB away
        self._start = Deadline()
        self._start.after(START_MS, ticks_ms() if now_ms is None else now_ms)
        self._beats = {}  # name: (within_ms, at)
        self.stale = None  # the name of who fell silent

    @property
    def running(self):
        return self._wdt is not None

    def expect(self, name, within_ms, at_ms):
        """`name` beats at least that often, the last time at `at_ms`. Allocates when it is new."""
        beat = self._beats.get(name)
        if beat is None:
            self._beats[name] = [within_ms, at_ms]
        else:
            beat[0] = within_ms
            beat[1] = at_ms

    def forget(self, name):
        """It has ended as it should."""
        self._beats.pop(name, None)

    def beat(self, name, now_ms):
        """It is alive. Allocates nothing."""
        beat = self._beats.get(name)
        if beat is not None:
            beat[1] = now_ms

    def woke(self, now_ms):
        """The pin slept: nobody could beat meanwhile."""
        for name in self._beats:
            self._beats[name][1] = now_ms
        if self._wdt is not None:
            self._wdt.feed()

    def poll(self, now_ms):
        """Call it from the app's loop, at least twice a second. Starts, feeds, or lets it bite."""
        if self._wdt is None:
            if not self._start.passed(now_ms):
                return
            self._start.clear()
            if _exists(HOLD):
                if not self.held:
                    self.held = True
                    log.warning("watchdog", "off: there is a file %r in the flash" % HOLD)
                return
            self._wdt = self._open(BITE_MS)
        self.check(now_ms)
        if self.stale is None:
            self._wdt.feed()

    def check(self, now_ms):
        """Who is silent? Also called by a timer, for an app that hangs polls no more: a loop in Python is
        still interrupted, so what hung is written down before the bite; a call that blocks is not."""
        if self._wdt is None or self.stale is not None:
            return
        for name in self._beats:
            within_ms, at = self._beats[name]
            if ticks_diff(now_ms, at) > within_ms:
                self.stale = name
                log.error("watchdog", "%s gave no sign for %d ms: a reset follows" % (name, within_ms))
                self._on_stale(name)
                return


def _exists(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True
