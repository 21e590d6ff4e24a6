"""What MicroPython has and CPython lacks, put where the firmware looks for it. Imported first, once."""

import asyncio
import gc
import sys
import time
import traceback

_PERIOD = 1 << 30  # as on the ports: ticks wrap


def _ticks_ms():
    return time.monotonic_ns() // 1_000_000 % _PERIOD


def _ticks_us():
    return time.monotonic_ns() // 1000 % _PERIOD


def _ticks_add(ticks, delta):
    return (ticks + delta) % _PERIOD


def _ticks_diff(later, earlier):
    return (later - earlier + _PERIOD // 2) % _PERIOD - _PERIOD // 2


def _print_exception(error, file=None):
    traceback.print_exception(error, file=file)


def install():
    time.ticks_ms, time.ticks_us = _ticks_ms, _ticks_us
    time.ticks_add, time.ticks_diff = _ticks_add, _ticks_diff
    time.sleep_ms = lambda ms: time.sleep(ms / 1000)
    asyncio.sleep_ms = lambda ms: asyncio.sleep(ms / 1000)
    sys.print_exception = _print_exception
    gc.mem_free = _free_bytes


def _free_bytes():
    """Of the computer's memory (Linux: proc(5)), elsewhere enough."""
    try:
        with open("/proc/meminfo") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 1 << 29


install()
