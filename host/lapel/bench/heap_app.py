"""Runs the app on MicroPython and prints what ten seconds of streaming cost the heap, collector off."""

import asyncio
import gc

import boards.virtual as board
from pin.settings import load
from pin.start import make
from pin.states import LISTENING

SECONDS = 10


async def measure():
    app = make(load(), board, "")
    running = asyncio.create_task(app.run())
    while app.machine.state != LISTENING:
        await asyncio.sleep_ms(100)
    await asyncio.sleep_ms(1500)
    utterance = app.asking.mic.utterance
    gc.collect()
    gc.disable()
    frames, allocated = utterance.frames, gc.mem_alloc()
    for _ in range(10 * SECONDS):
        await asyncio.sleep_ms(100)
    allocated, frames = gc.mem_alloc() - allocated, utterance.frames - frames
    gc.enable()
    print("heap", allocated, frames)
    await running


asyncio.run(measure())
