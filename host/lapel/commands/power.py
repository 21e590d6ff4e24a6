"""`lapel power`: how long a pin's battery lasts, from the currents of its parts and a described day."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ..power import plot
from ..power.budget import BUILDS, LOOKS_MIN, MODES, Budget


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--build", choices=BUILDS, default="matrix", help="which pin (default: matrix)")
    parser.add_argument("--speaker", action="store_true", help="with the speaker, which is an option")
    parser.add_argument(
        "--minutes",
        type=int,
        metavar="N",
        help="how often a pin in `saver` asks the relay (default: its own)",
    )
    parser.add_argument(
        "--tables", type=Path, metavar="FOLDER", help="other tables than those of hardware/power"
    )
    parser.add_argument("--png", type=Path, metavar="FILE", help="draw the day")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    budget = Budget(options.build, options.tables, ("speaker",) if options.speaker else ())
    minutes = budget.default_look_min() if options.minutes is None else max(0, options.minutes)
    if options.png:
        plot.draw(budget, minutes).save(options.png)
    if options.json:
        sys.stdout.write(json.dumps(figures(budget, minutes)) + "\n")
    else:
        _print(budget, minutes)
    return 0


def figures(budget: Budget, minutes: int) -> dict[str, Any]:
    """What `--json` prints; hours are from full to empty."""
    return {
        "build": budget.build,
        "battery_mah": round(budget.mah, 1),
        "look_every_min": minutes,
        "activities_ma": {name: round(budget.ma(name), 2) for name in budget.activities},
        "day_mah": {name: round(mah, 1) for name, mah in budget.used_mah().items()},
        "standby_hours": {mode: round(budget.standby_hours(mode, minutes), 1) for mode in MODES},
        "day_hours": {mode: round(budget.day_hours(mode, minutes), 1) for mode in MODES},
        "saver_hours": {str(n): round(budget.standby_hours("saver", n), 1) for n in LOOKS_MIN},
        "estimates": sum(part.is_estimate for part in budget.parts),
        "parts": len(budget.parts),
    }


def _print(budget: Budget, minutes: int) -> None:
    console = Console()
    table = Table("activity", "mA", "of it")
    for name, parts in budget.activities.items():
        largest = sorted(parts, key=lambda part: -part.ma)[:3]
        share = ", ".join(f"{part.part} {part.state} {part.ma:g}" for part in largest if part.ma >= 1)
        table.add_row(name, f"{budget.ma(name):.2f}", share)
    console.print(table)
    table = Table("a day", "times", "each", "mAh")
    for use in budget.uses:
        mah = use.hours * budget.ma(use.activity)
        table.add_row(use.activity, str(use.count), f"{use.seconds:g} s", f"{mah:.1f}")
    console.print(table)
    table = Table("standby", "mA", "nobody uses it", "the described day")
    for mode in MODES:
        name = mode if mode == "reachable" else f"saver, asks every {minutes} min"
        current = budget.standby_ma(mode, minutes)
        hours = (budget.standby_hours(mode, minutes), budget.day_hours(mode, minutes))
        table.add_row(name, f"{current:.2f}", *(f"{h:.1f} h" for h in hours))
    console.print(table)
    estimates = sum(part.is_estimate for part in budget.parts)
    sys.stdout.write(
        f"{budget.mah:.0f} mAh usable. {estimates} of {len(budget.parts)} currents are estimates; their "
        "sources are in hardware/power/parts.csv. Nothing of this was measured on a pin.\n"
    )
