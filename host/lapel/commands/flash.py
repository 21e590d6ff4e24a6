"""`lapel flash`: makes a pin of the board on this computer's USB."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlsplit

from lapel_wire import PORT
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from .. import config
from ..cli import CommandError
from ..devices.flash import STEPS, Job, Options
from ..devices.problems import BoardError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", help="the board's port (default: the only board there is)")
    parser.add_argument("--board", help="which board it is (default: what USB says, or you are asked)")
    parser.add_argument(
        "--image", type=Path, metavar="FILE", help="MicroPython's image, to work without a network"
    )
    parser.add_argument("--name", default="", help="how you call the pin")
    parser.add_argument(
        "--relay",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="where the pin finds the relay; again for more, tried in this order (default: from config.toml)",
    )
    parser.add_argument(
        "--ticket", action="store_true", help="ask for a ticket of a relay on another computer"
    )
    parser.add_argument("--erase", action="store_true", help="erase everything first, also the pairing")
    parser.add_argument("--pair", action="store_true", help="pair anew, also if the pin is paired")
    parser.add_argument("--wifi", action="store_true", help="ask for the Wi-Fi networks again")
    parser.add_argument(
        "--no-driver", action="store_true", help="leave out the depth sensor's driver (no palm, no light)"
    )


def run(options: argparse.Namespace) -> int:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    wish = Options(
        port=options.port,
        board=options.board,
        image=options.image,
        name=options.name,
        relays=[_address(text) for text in options.relay],
        erase=options.erase,
        pair=options.pair,
        wifi=options.wifi,
        ticket=options.ticket,
        driver=not options.no_driver,
    )
    job = Job(wish, config.load(), say=lambda text: console.print(f"   {text}"))
    for number, step in enumerate(STEPS, 1):
        head = f"{number:2}/{len(STEPS)} {step.title}"
        columns = (TextColumn(head), BarColumn(), TaskProgressColumn())
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
            bar = bars.add_task(head, total=None, visible=False)

            def progress(done: float, total: float, bars: Progress = bars, bar: int = bar) -> None:
                bars.update(bar, completed=done, total=total, visible=True)  # type: ignore[arg-type]

            job.progress = progress
            if step.name in _ASKING:
                bars.stop()
            try:
                found = step.run(job)
            except BoardError as error:
                bars.stop()
                console.print(f"{head}: failed")
                sys.stderr.write(f"lapel flash: {error}\n")
                return int(error.code)
        console.print(f"{head}: {found or 'nothing to do'}")
    console.print("Your pin is ready. Hold its button and ask it something.")
    return 0


_ASKING = ("find", "ask")


def _address(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        if not parts.hostname or parts.path:
            raise ValueError
        return parts.hostname, parts.port or PORT
    except ValueError:
        raise CommandError(
            f"--relay: expected an address like 192.168.1.5 or home.example.org:5273, got {text!r}"
        ) from None
