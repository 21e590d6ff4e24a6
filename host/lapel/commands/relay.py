"""`lapel relay`: serve the paired pins until interrupted."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import logging
import signal
import sys
from contextlib import AsyncExitStack

from .. import config, log_lines
from ..console.figures import Figures
from ..console.opened import console_on
from ..console.server import ConsoleError
from ..discovery import announced
from ..house import House
from ..relay import Relay
from ..store.history import SqlHistory
from .again import start_again
from .doctor import examine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="address to listen on (default: from config.toml, else 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on; 0 takes a free one")


def run(options: argparse.Namespace) -> int:
    # A server's log is its face: say what happens unless the owner asked for less.
    if options.log == "warning":
        logging.root.setLevel(logging.INFO)
    settings = config.load()
    if settings.log.json or options.log_json:
        log_lines.use(settings)
    relay = settings.relay
    if options.host is not None:
        relay = dataclasses.replace(relay, host=options.host)
    if options.port is not None:
        relay = dataclasses.replace(relay, port=options.port)
    if asyncio.run(_serve(dataclasses.replace(settings, relay=relay))):
        start_again()
    return 0


async def _serve(settings: config.Config) -> bool:
    """Until it is ended; True if it is to begin again."""
    stopped, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def restart() -> None:
        again.set()
        stopped.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as stack:
        history = SqlHistory.in_home(settings.home, settings.history.days)
        stack.push_async_callback(history.close)
        figures = Figures(history)
        house = await stack.enter_async_context(House(settings, figures))
        relay = await stack.enter_async_context(Relay(settings, house.services))
        await stack.enter_async_context(announced(settings.relay.host, relay.port))
        sys.stderr.write(
            f"Lapel serves your pins on {settings.relay.host} port {relay.port}. Ctrl-C ends it.\n"
        )
        if settings.console.on:
            try:
                opened = console_on(settings, house, relay, figures, examine, restart, history.keep)
                console = await stack.enter_async_context(opened)
                sys.stderr.write(f"Its page: {console.link}\n")
            except ConsoleError as error:  # pins are served without a page, too
                sys.stderr.write(f"No page: {error}\n")
        if not relay.paired:
            sys.stderr.write("No pin is paired yet, so nobody is let in. Pair one with: lapel pair\n")
        await stopped.wait()
    return again.is_set()
