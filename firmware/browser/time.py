"""`time` on the page's clock.

Nothing interrupts this interpreter while it computes, and drawing a card takes it up to a third of a second.
On a board the light goes on meanwhile. So here time stands still during a long computation and catches up
after it (`clock.js`): to the firmware it looks as if the browser were fast.
"""

import page
from utime import *  # noqa: F403 - the same module with another clock

_MASK = (1 << 30) - 1  # ticks_diff counts in these, as on a 32-bit chip


def ticks_us():
    return int(page.clock_us())


def ticks_ms():
    return ticks_us() // 1000 & _MASK


def sleep_ms(ms):
    """Nobody can wait on a page without stopping it: the clock is put forward."""
    page.skip_us(ms * 1000)


def sleep_us(us):
    page.skip_us(us)


def sleep(seconds):
    page.skip_us(int(seconds * 1_000_000))
