"""What runs from `safe/` when neither slot can, or when the button was held: Wi-Fi, the link, and updates.

No light, no microphone, no projector: the palm stays dark, and the relay is told `display.kind` "safe". It
was installed over the cable and is never changed, so it can bring back an app that an update broke.
"""

import asyncio
import gc
import os

import machine
import slots
from pin import log
from pin.channel import Channel
from pin.clock import ticks_diff, ticks_ms
from pin.link import Link
from pin.settings import load
from pin.trust import pinned
from pin.upkeep import Upkeep
from pin.wifi import Wifi

FIRMWARE = "safe"
DISPLAY = {"kind": "safe", "cols": 4, "lines": 1}  # the least that a hello may say; nothing is drawn
POLL_MS = 20
HOLD = "hold"  # a file of whoever installs firmware, who has DOG_AFTER_MS to write it (pin/watchdog.py)
DOG_AFTER_MS = 3000
DOG_MS = 10_000  # a name look-up blocks for up to 5 s, TLS on the chip for 2


async def _serve(settings):
    wifi, board = Wifi(settings.wifi), slots.board()
    link = Link(settings, board, DISPLAY, Channel(), pinned(settings.certificate), wifi, FIRMWARE)
    upkeep = Upkeep(settings, link, wifi, board)
    link.want()
    task = asyncio.create_task(link.run())
    began, dog, held = ticks_ms(), None, False
    while not task.done():
        now = ticks_ms()
        if dog is not None:
            dog.feed()
        elif not held and ticks_diff(now, began) > DOG_AFTER_MS:
            held = HOLD in os.listdir()
            dog = None if held else machine.WDT(timeout=DOG_MS)
        message = link.receive()
        while message is not None:
            if message["t"] in upkeep.takes:
                upkeep.message(message, now)
            message = link.receive()
        upkeep.poll(now)
        await asyncio.sleep_ms(POLL_MS)
    await task  # raises what ended it


def run():
    """Never ends. Raises SettingsError for a pin that is not paired, and whatever broke."""
    log.warning("safe", "this is the safe copy: no slot can run, or the button was held")
    settings = load()
    gc.collect()
    asyncio.run(_serve(settings))
