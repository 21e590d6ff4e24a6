"""Runs the virtual hardware whenever the page calls `tick`: every few milliseconds."""

import sys

import page

NEVER = 1 << 60  # us
_callback = None


def start(callback, link):
    """Has `callback(None)` called at each tick of the page."""
    global _callback
    _callback = callback


def tick():
    """The page's: let time pass and call the firmware's interrupt handlers."""
    if _callback:
        _callback(None)


def hook():
    """asyncio needs no help here: the page calls the interpreter for its own sake."""


def ran():
    pass


def wake_at(us):
    pass  # the page ticks more often than anything is due


def watch(us):
    """The watchdog bites at `us` unless that is moved: the page looks."""
    page.watch(us / 1000)


def schedule(callback):
    """Whether it will run: at the next tick, as always."""
    return True


def reset(cause, ms=0):
    """Tells the page to start this pin again after `ms`. Does not return."""
    page.reset(cause, ms)
    sys.exit()


def die():
    reset("host gone")
