"""`lapel run`: a relay, its page, and a pin in the browser or in this terminal, to play with."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import logging
import logging.handlers
import os
import sys
import webbrowser
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial

from .. import config, log_lines, models
from ..assistant.endpoints import offers
from ..console.figures import Figures
from ..console.opened import console_on
from ..console.server import Console, ConsoleError
from ..devices.pins import Pins
from ..house import House, chosen_endpoint
from ..relay import Relay, RelayError
from ..services import TurnRecord
from ..store.history import SqlHistory
from ..virtual import flash
from ..virtual.pin import VirtualPin
from ..virtual.terminal import Terminal
from .again import start_again
from .doctor import examine

_LOG_BYTES = 2_000_000  # and one older file: enough to see what happened yesterday
_PROGRESS_S = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=int, help="the relay's port (default: from config.toml, or a free one)"
    )
    parser.add_argument("--terminal", action="store_true", help="a pin here in the terminal, too")
    parser.add_argument("--no-open", action="store_true", help="do not open the page in a browser")


def run(options: argparse.Namespace) -> int:
    settings = config.load()
    if options.port is not None:
        relay = dataclasses.replace(settings.relay, port=options.port)
        settings = dataclasses.replace(settings, relay=relay)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if options.terminal and sys.stdin.isatty() and sys.stdout.isatty():
        _log_to_file(settings)
    if settings.log.json or options.log_json:
        log_lines.use(settings)
    if asyncio.run(_run(settings, options)):
        start_again()
    return 0


async def _run(settings: config.Config, options: argparse.Namespace) -> bool:
    """Until it is ended; True if it is to begin again."""
    again = asyncio.Event()
    async with AsyncExitStack() as stack:
        history = SqlHistory.in_home(settings.home, settings.history.days)
        stack.push_async_callback(history.close)
        told = _Told(history)
        figures = Figures(told)
        sys.stderr.write("Lapel is starting ...\n")
        house = await stack.enter_async_context(House(settings, figures))
        relay = await _listen(stack, settings, house, free_port=options.port is None)
        opened = partial(
            console_on, examine=examine, restart=again.set, keep_days=history.keep, figures=figures
        )
        console = await _console(stack, settings, house, relay, opened)
        sys.stderr.write(f"\nLapel is here: {console.link}\n\n")
        if not options.no_open and not options.terminal:
            await asyncio.to_thread(_open, console.link)
        terminal: Terminal | None = None
        if options.terminal:
            storage = settings.home / "virtual-pin"
            flash.prepare(storage, Pins(settings.home), settings.relay.host, relay.port)
            pin = VirtualPin(storage)
            await pin.start()
            stack.push_async_callback(pin.stop)
            terminal = told.terminal = Terminal(pin)
        note = terminal.note if terminal else lambda text: sys.stderr.write(f"{text}\n")
        progress = asyncio.create_task(_tell_progress(settings, house, note))
        stack.callback(progress.cancel)
        if terminal:
            waiting = {asyncio.create_task(terminal.run()), asyncio.create_task(again.wait())}
            ended, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            for task in ended:
                task.result()
        else:
            note("Ctrl-C ends it.")
            await again.wait()
    return again.is_set()


async def _console(
    stack: AsyncExitStack,
    settings: config.Config,
    house: House,
    relay: Relay,
    opened: Callable[..., AbstractAsyncContextManager[Console]],
) -> Console:
    """The page on its port, or on a free one if that is taken."""
    try:
        return await stack.enter_async_context(opened(settings, house, relay))
    except ConsoleError as error:
        sys.stderr.write(f"{error}. Taking a free port this time.\n")
    console = dataclasses.replace(settings.console, port=0)
    settings = dataclasses.replace(settings, console=console)
    return await stack.enter_async_context(opened(settings, house, relay))


def _open(link: str) -> None:
    """Shows the page where there is a screen; without one the link in the terminal must do."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(link)


async def _listen(stack: AsyncExitStack, settings: config.Config, house: House, free_port: bool) -> Relay:
    """The relay on its port, or on a free one if that is taken and nobody asked for it."""
    try:
        return await stack.enter_async_context(Relay(settings, house.services))
    except RelayError as error:
        if not free_port:
            raise
        sys.stderr.write(f"{error}. Taking a free port this time.\n")
    relay = dataclasses.replace(settings.relay, port=0)
    settings = dataclasses.replace(settings, relay=relay)
    return await stack.enter_async_context(Relay(settings, house.services))


async def _tell_progress(settings: config.Config, house: House, note: Callable[[str], object]) -> None:
    """Says what the wearer waits for while the language model is on its way."""
    name = settings.llm.embedded
    if chosen_endpoint(settings) is None and not models.is_ready(name):
        size_mb = models.missing_bytes([name]) / 1e6
        note(f"The language model {name} is being downloaded, once: {size_mb:.0f} MB.")
        note("Meanwhile ask for the time or the date: they need no model.")
        for offer in await offers():
            note(f'{offer.name} could answer instead: [llm] url = "{offer.base_url}" in config.toml')
    waiting = asyncio.create_task(house.model_ready())
    shown = -1
    while not (await asyncio.wait([waiting], timeout=_PROGRESS_S))[0]:
        progress = house.progress
        percent = 100 * progress.done_bytes // max(1, progress.total_bytes) if progress else 0
        if progress and percent // 10 != shown:
            shown = percent // 10
            note(f"The language model is arriving: {percent} %")
    ready = "is ready" if waiting.result() else "could not be brought; the relay's log says why"
    note(f"The language model {ready}.")


class _Told:
    """A history that also shows each turn beside the pin."""

    def __init__(self, history: SqlHistory) -> None:
        self.terminal: Terminal | None = None
        self._history = history
        self._last: tuple[str, int] | None = None

    def add(self, record: TurnRecord) -> None:
        self._history.add(record)
        if self.terminal is not None and (record.pin, record.utt) != self._last:
            self._last = (record.pin, record.utt)
            self.terminal.note(f"Heard: {record.question or '(nothing)'}")
            self.terminal.note(f"Answer: {record.answer or record.failure}")


def _log_to_file(settings: config.Config) -> None:
    """The terminal is the palm's: the log goes to a file in Lapel's home."""
    file = logging.handlers.RotatingFileHandler(
        settings.home / "relay.log", maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8"
    )
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.root.handlers = [file]
    logging.root.setLevel(logging.INFO)
