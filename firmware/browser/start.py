"""Where the page begins: the app on its parts, started again when it fails."""

import asyncio
import builtins
import sys

import page
import uctypes

# What viper's pointer types mean without viper: the object itself, whose items have that width.
builtins.ptr8 = builtins.ptr16 = builtins.ptr32 = lambda data: data

import pin.mic  # noqa: E402 - needs those names
import world_link  # noqa: E402

RESTART_MS = 500


class _Stream:
    """The stream to the page's half of the world: `readinto` never waits."""

    def __init__(self, file):
        self._file = file
        self.write = file.write

    def readinto(self, buffer, count):
        return self._file.readinto(buffer, count) if page.waiting() else None


def _world_link():
    link = world_link.Link(int(page.environment("LAPEL_WORLD_FD")))
    link.file = _Stream(link.file)
    return link


def _move_bytes(out, at, data, start, count):
    """As world_link's, for buffers of any items, and not a byte at a time."""
    if count:
        target = memoryview(uctypes.bytearray_at(uctypes.addressof(out) + at, count))
        target[:] = memoryview(uctypes.bytearray_at(uctypes.addressof(data) + start, count))


world_link.from_environment = _world_link
world_link.move_bytes = _move_bytes  # before anybody else takes it from there


def _hear_as_words(i2s):
    """Without viper a microphone's buffer must be handed over as the words that it is made of."""
    views = []

    def copy(self, buffer, offset, position, frames):
        view = None
        for known, words in views:
            if known is buffer:
                view = words
        if view is None:
            view = pin.mic._words(buffer)
            views.append((buffer, view))
            del views[:-4]
        plain(self, view, offset, position, frames)

    plain = i2s._Microphone.copy
    i2s._Microphone.copy = copy


async def run():
    """The app, again and again. Raises SettingsError if the page gave this pin nothing it can use."""
    import i2s
    import pin.channel
    from boards import virtual as board
    from page_channel import PageChannel
    from pin.settings import load
    from pin.start import make

    _hear_as_words(i2s)
    pin.channel.Channel = PageChannel
    settings = load()
    while True:
        try:
            await make(settings, board, "").run()
        except Exception as error:  # noqa: BLE001 - as in pin/start.py: told, and started again
            sys.print_exception(error)
        await asyncio.sleep_ms(RESTART_MS)
