"""The app on its parts: started with the board that the settings name, and started again when it fails."""

import asyncio
import gc
import sys
import time

import slots
from pin import crash, log
from pin.calibration import mirror
from pin.clock import ticks_diff, ticks_ms
from pin.settings import SettingsError, load

RESTARTS = 3  # failures within the time below before the pin gives up: it would only get hot
RESTARTS_MS = 60_000
PAUSE_MS = 500  # before a restart
BROKEN = "This pin has a fault. Restart it, or read its log."
DEFAULT_BOARDS = {"esp32": "xiao_esp32s3"}  # any other platform is a computer


def make(settings, board, fault):
    """The app on its parts. TLS takes its memory before the audio buffers do."""
    from pin import body
    from pin.app import App
    from pin.channel import Channel
    from pin.link import FIRMWARE, Link
    from pin.mic import Mic
    from pin.trust import pinned
    from pin.upkeep import Upkeep, identity

    gc.collect()
    parts = _parts(board)(board, *((settings.wifi, mirror(settings)) if settings else ((),)))
    link, rooms = None, []
    if not fault:
        tls, firmware = pinned(settings.certificate), identity() or FIRMWARE
        link = Link(settings, board.NAME, parts.display, Channel(), tls, parts.wifi, firmware)
        upkeep = Upkeep(settings, link, parts.wifi, board.NAME)
        rooms = [upkeep] + body.rooms(parts, settings, slots.running or None, upkeep.updater)
        if parts.speaker is not None:
            from pin.voice import Voice

            rooms.append(Voice(parts.speaker, link))
    return App(parts, Mic(parts.open_mic, board.MIC_SHIFT), link, fault, rooms)


def _parts(board):
    """The board's own Parts (a computer has other drivers), or those of a chip."""
    name = getattr(board, "PARTS", "pin.parts")
    return __import__(name, None, None, ["Parts"]).Parts


def run():
    """Ends, or raises what broke, only when the slot should count it as a bad start."""
    settings, fault = None, ""
    try:
        settings = load()
        mirror(settings)  # known before there is light
    except SettingsError as error:
        log.error("start", error.detail)
        fault = error.args[0]
    name = settings.board if settings and settings.board else slots.board()
    name = name or DEFAULT_BOARDS.get(sys.platform, "virtual")
    board = getattr(__import__("boards." + name), name)
    failures = []
    while True:
        try:
            asyncio.run(make(None if fault else settings, board, fault).run())
        except Exception as error:  # whatever broke, the wearer gets a working pin or a sentence
            if slots.on_trial():
                raise  # an update that breaks is not worth four tries
            log.error("start", "the app failed: %r" % error)
            crash.keep(error, "app")
            sys.print_exception(error)
        failures = [at for at in failures if ticks_diff(ticks_ms(), at) < RESTARTS_MS] + [ticks_ms()]
        if len(failures) > RESTARTS:
            if fault == BROKEN:
                log.error("start", "not even the fault can be shown: stopped")
                return
            if slots.failed():
                log.error("start", "this slot has failed too often: another copy is started")
                return
            fault = BROKEN
        asyncio.new_event_loop()
        time.sleep_ms(PAUSE_MS)
