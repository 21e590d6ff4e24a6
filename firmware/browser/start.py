"""Where the page begins: the app on its parts, started again when it fails."""

import asyncio
import builtins
import gc
import json
import sys

import page
import uctypes


def words32(data):
    """The 32-bit words of a buffer, for code that viper would give a ptr32."""
    return uctypes.struct(uctypes.addressof(data), (uctypes.ARRAY | 0, uctypes.UINT32 | len(data) // 4))


# What viper's pointer types mean without viper: the object itself, whose items have that width.
builtins.ptr8 = builtins.ptr16 = builtins.ptr32 = lambda data: data

RESTART_MS = 500


class Settings:
    """What the page keeps for its pin: an id and a key. Its relay is where the page came from."""

    def __init__(self, kept):
        self.pin = kept["pin"]
        self.key = kept["key"]
        self.relays = (("the page's server", 0),)
        self.wifi = ()
        self.mirror = None


def make(settings):
    from boards import virtual as board
    from page_channel import PageChannel
    from pin.app import App
    from pin.link import Link
    from pin.mic import Mic
    from pin.parts import Parts

    gc.collect()
    parts = Parts(board, settings.wifi, settings.mirror)
    link = Link(settings, "browser", parts.display, PageChannel(), None, None)
    return App(parts, Mic(parts.open_mic, board.MIC_SHIFT), link)


async def run():
    """Never ends."""
    settings = Settings(json.loads(page.environment("LAPEL_SETTINGS")))
    while True:
        try:
            await make(settings).run()
        except Exception as error:  # noqa: BLE001 - as in main.py: told, and started again
            sys.print_exception(error)
        await asyncio.sleep_ms(RESTART_MS)


def tell_state():
    """For the page's eyes: called at each tick."""
