"""`lapel update`: this computer's firmware onto pins, over the air, through the relay that runs here."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn

from .. import config
from ..cli import CommandError
from ..devices import control
from ..devices.pins import Pins

_WORDS = {
    "offered": "waits until it is idle",
    "receiving": "receives",
    "verified": "has checked it",
    "switched": "starts it",
    "good": "runs it",
    "refused": "refused it",
    "reverted": "went back to what it had",
    "current": "runs it already",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pin", nargs="?", help="id or name of a pin (default: the only one)")
    parser.add_argument("--all", action="store_true", help="every pin that is connected")
    parser.add_argument("--json", action="store_true", help="print each step as a line of JSON")


def run(options: argparse.Namespace) -> int:
    home = config.load().home
    pins = Pins(home)
    which = "all" if options.all else pins.named(options.pin).id
    names = {pin.id: pin.name for pin in pins.all()}
    console = Console(stderr=options.json, highlight=False, soft_wrap=True)
    failed = False
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}
        try:
            for event in control.ask(home, "update", pin=which):
                if options.json:
                    sys.stdout.write(json.dumps(event) + "\n")
                    sys.stdout.flush()
                failed |= event["phase"] in ("refused", "reverted")
                _show(console, bars, tasks, names.get(event["pin"], event["pin"]), event)
        except control.ControlError as error:
            raise CommandError(str(error)) from error
    return 1 if failed else 0


def _show(
    console: Console, bars: Progress, tasks: dict[str, TaskID], name: str, event: dict[str, Any]
) -> None:
    phase = event["phase"]
    if phase == "receiving":
        if name not in tasks:
            tasks[name] = bars.add_task(f"{name} receives", total=100)
        bars.update(tasks[name], completed=event.get("percent") or 0)
        return
    why = event.get("text") or event.get("name") or ""
    console.print(f"{name} {_WORDS.get(phase, phase)}" + (f": {why}" if why else ""))
