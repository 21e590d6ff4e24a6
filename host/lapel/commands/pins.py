"""`lapel pins`: which pins this relay knows, and forgetting one."""

from __future__ import annotations

import argparse
import datetime
import json
import sys

from rich.console import Console
from rich.table import Table

from .. import config
from ..devices.pins import Pins


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--revoke", metavar="ID", help="forget this pin: its key opens nothing any more")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    pins = Pins(config.load().home)
    if options.revoke:
        pin = pins.revoke(options.revoke)
        sys.stderr.write(f"{pin.name} ({pin.id}) is revoked; a running relay refuses it from now on.\n")
        return 0
    known = [{"id": pin.id, "name": pin.name, "paired_unix_s": pin.paired_unix_s} for pin in pins.all()]
    if options.json:
        sys.stdout.write(json.dumps(known) + "\n")
        return 0
    if not known:
        sys.stdout.write("No pin is paired yet. Pair one with: lapel pair\n")
        return 0
    table = Table("id", "name", "paired")
    for pin in pins.all():
        paired = datetime.datetime.fromtimestamp(pin.paired_unix_s)
        table.add_row(pin.id, pin.name, f"{paired:%Y-%m-%d %H:%M}")
    Console().print(table)
    return 0
