"""`lapel pair`: a key for a new pin, written where the pin keeps its settings."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .. import config
from ..cli import CommandError
from ..devices import signing
from ..devices.pins import Pins
from ..virtual import flash


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", default="my pin", help="how you call it (default: my pin)")
    parser.add_argument(
        "--host", help="address at which the pin reaches this relay (default: from config.toml)"
    )
    parser.add_argument("--port", type=int, help="its port (default: from config.toml)")
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FOLDER",
        help="make this folder the flash of a virtual pin",
    )


def run(options: argparse.Namespace) -> int:
    settings = config.load()
    if options.to is not None and flash.read(options.to) is not None:
        raise CommandError(
            f"{options.to} already holds a paired pin; choose another folder or delete it first"
        )
    signing.modulus(settings.home)  # so that the pin can check updates
    pins = Pins(settings.home)
    pin = pins.pair(options.name)
    paired = pins.settings(pin, options.host or settings.relay.host, options.port or settings.relay.port)
    if options.to is None:
        # The key goes to standard output only, for whoever installs it; nothing of it is logged.
        sys.stdout.write(json.dumps(paired, indent=1) + "\n")
        sys.stderr.write(
            f"Paired {pin.name} as {pin.id}. Keep this output secret: it is the pin's settings.json.\n"
        )
        return 0
    flash.write(options.to, paired)
    sys.stderr.write(f"Paired {pin.name} as {pin.id}; its settings are in {options.to / flash.SETTINGS}\n")
    return 0
