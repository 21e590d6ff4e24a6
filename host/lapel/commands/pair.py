"""`lapel pair`: a key for a new pin, written where the pin keeps its settings."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from .. import config
from ..cli import CommandError
from ..devices.certificate import write_private
from ..devices.pins import Pins


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
        help="write settings.json into this folder (a virtual pin's flash)",
    )


def run(options: argparse.Namespace) -> int:
    settings = config.load()
    if options.to is not None and (options.to / "settings.json").exists():
        raise CommandError(
            f"{options.to} already holds a paired pin; choose another folder or delete it first"
        )
    pins = Pins(settings.home)
    pin = pins.pair(options.name)
    paired = pins.settings(pin, options.host or settings.relay.host, options.port or settings.relay.port)
    text = json.dumps(paired, indent=1) + "\n"
    if options.to is None:
        # The key goes to standard output only, for whoever installs it; nothing of it is logged.
        sys.stdout.write(text)
        sys.stderr.write(
            f"Paired {pin.name} as {pin.id}. Keep this output secret: it is the pin's settings.json.\n"
        )
        return 0
    write_private(options.to / "settings.json", text)
    sys.stderr.write(f"Paired {pin.name} as {pin.id}; its settings are in {options.to / 'settings.json'}\n")
    return 0
