"""Starts the app with the board that the settings name, and starts it again when it fails."""

import asyncio
import gc
import sys
import time

from pin import log
from pin.clock import ticks_diff, ticks_ms
from pin.settings import SettingsError, load

RESTARTS = 3  # failures within the time below before the pin gives up: it would only get hot
RESTARTS_MS = 60_000
PAUSE_MS = 500  # before a restart
BROKEN = "This pin has a fault. Restart it, or read its log."
DEFAULT_BOARDS = {"esp32": "xiao_esp32s3"}  # any other platform is a computer


def make(settings, board, fault):
    """The app on its parts. TLS takes its memory before the audio buffers do."""
    from pin.app import App
    from pin.channel import Channel
    from pin.link import Link
    from pin.mic import Mic
    from pin.parts import Parts, pinned

    gc.collect()
    parts = Parts(board, settings.wifi, settings.mirror) if settings else Parts(board, ())
    link = None
    if not fault:
        link = Link(settings, board.NAME, parts.display, Channel(), pinned(settings.certificate), parts.wifi)
    return App(parts, Mic(parts.open_mic, board.MIC_SHIFT), link, fault)


def start():
    """Ends only when nothing can be shown any more."""
    settings, fault = None, ""
    try:
        settings = load()
    except SettingsError as error:
        log.error("main", error.detail)
        fault = error.args[0]
    name = settings.board if settings and settings.board else DEFAULT_BOARDS.get(sys.platform, "virtual")
    board = getattr(__import__("boards." + name), name)
    failures = []
    while True:
        try:
            asyncio.run(make(settings, board, fault).run())
        except Exception as error:  # noqa: BLE001 - whatever broke, the wearer gets a working pin or a sentence
            log.error("main", "the app failed: %r" % error)
            sys.print_exception(error)
        failures = [at for at in failures if ticks_diff(ticks_ms(), at) < RESTARTS_MS] + [ticks_ms()]
        if len(failures) > RESTARTS:
            if fault == BROKEN:
                log.error("main", "not even the fault can be shown: stopped")
                return
            fault = BROKEN
        asyncio.new_event_loop()
        time.sleep_ms(PAUSE_MS)


if __name__ == "__main__":
    start()
