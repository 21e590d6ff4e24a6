"""Starts the app from the slot in its flash, as a board does, and prints what the heap holds at idle."""

import gc
import sys

# As stand_ins/port.py has it: the flash, and the hardware that is not there.
sys.path[:] = ["", ".frozen", "lib"] + [path for path in sys.path if path.endswith("stand_ins")]

import esp32  # noqa: E402, F401
import machine  # noqa: E402, F401
import network  # noqa: E402, F401

gc.collect()
stand_ins = gc.mem_alloc()

import asyncio  # noqa: E402

import boot  # noqa: E402, F401 - chooses the slot, which then is on the path
from pin.settings import load  # noqa: E402
from pin.start import make  # noqa: E402
from pin.states import IDLE  # noqa: E402

SETTLED_MS = 500


async def measure():
    settings = load()
    board = getattr(__import__("boards." + settings.board), settings.board)
    app = make(settings, board, "")
    running = asyncio.create_task(app.run())
    while app.machine.state != IDLE:
        await asyncio.sleep_ms(20)
    await asyncio.sleep_ms(SETTLED_MS)
    gc.collect()
    print("heap at idle", stand_ins, gc.mem_alloc())
    await running


asyncio.run(measure())
