"""`lapel monitor`: what a pin says over its cable, until Ctrl-C."""

from __future__ import annotations

import argparse
import math
import sys

from rich.console import Console

from ..devices import arrival, ports
from ..devices.problems import BoardError, Code
from ..devices.readable import readable

_GONE_S = 60.0  # how long a board may be away between two looks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", help="the board's port (default: the only board there is)")


def run(options: argparse.Namespace) -> int:
    console = Console(highlight=False, soft_wrap=True)
    try:
        port = ports.find(options.port)
        sys.stderr.write(f"Listening to {port.path}. Ctrl-C ends it.\n")
        while True:
            try:
                for line in arrival.lines(port, math.inf, _GONE_S):
                    for text in readable(line) if line else ():
                        console.print(text)
            except BoardError as error:
                if error.code != Code.CABLE:
                    raise
                sys.stderr.write("The board is gone; plug it in again.\n")
    except BoardError as error:
        sys.stderr.write(f"lapel monitor: {error}\n")
        return int(error.code)
