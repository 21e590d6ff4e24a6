"""`lapel bench`: measure, print a table, and write JSON to build/bench."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from rich.console import Console

from ..bench import (
    actions,
    audio_path,
    console,
    figures,
    firmware,
    intents,
    palm,
    projector,
    recognition,
    relay_load,
    timers,
    trip_time,
    voice,
)
from ..bench.browser import BrowserMissing
from ..bench.figures import Figure

_GROUPS: dict[str, Callable[[], Coroutine[Any, Any, list[Figure]]]] = {
    "audio": audio_path.measure,
    "firmware": firmware.measure,
    "relay": relay_load.measure,
    "instant": trip_time.measure_instant,
    "projector": projector.measure_projector,
    "speech": recognition.measure,
    "intents": intents.measure,
    "actions": actions.measure,
    "palm": palm.measure,
    "timers": timers.measure,
    "console": console.measure,
    "voice": voice.measure,
    "default": trip_time.measure_default,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(_GROUPS)} (default: all)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--to", type=Path, default=Path("build/bench"), help="where to write JSON")


def run(options: argparse.Namespace) -> int:
    unknown = [name for name in options.groups if name not in _GROUPS]
    if unknown:
        sys.stderr.write(f"lapel bench: no group {unknown[0]!r}; expected of {', '.join(_GROUPS)}\n")
        return 2
    measured: list[Figure] = []
    for name in options.groups or _GROUPS:
        sys.stderr.write(f"measuring {name} ...\n")
        try:
            found = asyncio.run(_GROUPS[name]())
        except BrowserMissing as missing:
            sys.stderr.write(f"{name} is left out: it {missing}\n")
            continue
        figures.write(found, options.to / f"{name}.json")
        measured += found
    if options.json:
        sys.stdout.write(json.dumps([figure.as_dict() for figure in measured]) + "\n")
    else:
        figures.show(measured, Console())
    return 1 if any(figure.ok is False for figure in measured) else 0
