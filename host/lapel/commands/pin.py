"""`lapel pin`: a virtual pin for the relay of this home, here in the terminal."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from .. import config
from ..devices.pins import Pins
from ..virtual import flash
from ..virtual.pin import VirtualPin
from ..virtual.terminal import Terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="the relay's address (default: from config.toml)")
    parser.add_argument("--port", type=int, help="the relay's port (default: from config.toml)")
    parser.add_argument(
        "--flash", type=Path, metavar="FOLDER", help="the pin's flash (default: one in Lapel's home)"
    )


def run(options: argparse.Namespace) -> int:
    settings = config.load()
    storage: Path = options.flash or settings.home / "virtual-pin"
    host, port = options.host or settings.relay.host, options.port or settings.relay.port
    flash.prepare(storage, Pins(settings.home), host, port)
    return asyncio.run(_play(storage))


async def _play(storage: Path) -> int:
    pin = VirtualPin(storage)
    await pin.start()
    try:
        await Terminal(pin).run()
    finally:
        await pin.stop()
    return 0
