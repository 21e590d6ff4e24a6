"""`lapel pin`: a pin in this terminal, a virtual one or, with LEDs and a button, this computer itself."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from .. import config
from ..cli import CommandError
from ..devices import computer
from ..devices.pins import Pins
from ..virtual import flash
from ..virtual.pin import VirtualPin
from ..virtual.terminal import Terminal

VIRTUAL = "virtual"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", help="the relay's address (default: from config.toml)")
    parser.add_argument("--port", type=int, help="the relay's port (default: from config.toml)")
    parser.add_argument(
        "--flash", type=Path, metavar="FOLDER", help="the pin's flash (default: one in Lapel's home)"
    )
    parser.add_argument(
        "--board",
        choices=(VIRTUAL, computer.BOARD),
        default=VIRTUAL,
        help="virtual, or blinka: this computer's own button, LEDs and microphone (default: virtual)",
    )
    parser.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="with --board blinka: what `lapel pair --host ADDRESS` printed on the relay's computer",
    )


def run(options: argparse.Namespace) -> int:
    settings = config.load()
    host, port = options.host or settings.relay.host, options.port or settings.relay.port
    if options.board == computer.BOARD:
        return _be_a_pin(options, settings.home, host, port)
    storage: Path = options.flash or settings.home / "virtual-pin"
    flash.prepare(storage, Pins(settings.home), host, port)
    return asyncio.run(_play(storage))


def _be_a_pin(options: argparse.Namespace, home: Path, host: str, port: int) -> int:
    storage: Path = options.flash or home / "blinka-pin"
    if options.settings is not None:
        try:
            paired = json.loads(options.settings.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise CommandError(f"{options.settings}: expected what `lapel pair` printed ({error})") from error
        computer.pair(storage, paired)
    elif not computer.is_paired(storage):  # the relay is here too
        pins = Pins(home)
        computer.pair(storage, pins.settings(pins.pair("this computer"), host, port))
    computer.run(storage)


async def _play(storage: Path) -> int:
    pin = VirtualPin(storage)
    await pin.start()
    try:
        await Terminal(pin).run()
    finally:
        await pin.stop()
    return 0
