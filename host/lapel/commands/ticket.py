"""`lapel ticket`: lets another computer flash one pin for this relay."""

from __future__ import annotations

import argparse
import sys

from .. import config
from ..devices import signing
from ..devices.tickets import TICKET_S, Tickets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", default="my pin", help="how you call the pin (default: my pin)")
    parser.add_argument(
        "--host", help="address at which the pin reaches this relay (default: from config.toml)"
    )
    parser.add_argument("--port", type=int, help="its port (default: from config.toml)")


def run(options: argparse.Namespace) -> int:
    settings = config.load()
    signing.modulus(settings.home)  # made here: the relay has no second to spare for it
    host, port = options.host or settings.relay.host, options.port or settings.relay.port
    ticket = Tickets(settings.home).make(host, port, options.name)
    # Standard output only, for whoever carries it to the other computer.
    sys.stdout.write(ticket.text() + "\n")
    sys.stderr.write(
        f"Good once, for {TICKET_S // 60} minutes, while the relay runs. On the computer with the board run: "
        "lapel flash --ticket\n"
    )
    return 0
