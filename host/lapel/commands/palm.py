"""`lapel palm`: a recording of the depth sensor through the pin's own tracker and gestures."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table

from .. import viper  # noqa: F401 - makes the firmware's modules importable
from ..cli import CommandError

ZONES = 64
_MOST_MM = 32767  # the sensor's distances are signed 16-bit
_MOST_T_MS = 1 << 29  # half the pin's clock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a recording, one JSON object a line: t_ms, distance_mm, status; - is standard input",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object for each frame instead of a table"
    )
    parser.add_argument("--volume", action="store_true", help="as in a volume card: rolling turns the volume")


def run(options: argparse.Namespace) -> int:
    estimates = replay(_frames(options.file), volume=options.volume)
    if options.json:
        for estimate in estimates:
            sys.stdout.write(json.dumps(estimate) + "\n")
        return 0
    _show(list(estimates), Console())
    return 0


def replay(frames: Iterator[dict[str, Any]], volume: bool = False) -> Iterator[dict[str, Any]]:
    """The tracker's estimate of each frame; keys as `lapel palm --json` prints them."""
    from pin.gestures import Gestures
    from pin.palm import Tracker

    tracker = Tracker()
    gestures = Gestures(tracker)
    gestures.volume = volume
    for frame in frames:
        tracker.update(frame["t_ms"], frame["distance_mm"], frame["status"])
        gesture = gestures.update(frame["t_ms"])
        seen = tracker.seen
        yield {
            "t_ms": frame["t_ms"],
            "present": tracker.present,
            "pose": tracker.pose,
            "distance_mm": tracker.distance_mm,
            "tilt_deg": tracker.tilt_cdeg / 100 if seen else None,
            "gesture": gesture,
            "tilt_x_deg": tracker.tilt_x_cdeg / 100 if seen else None,
            "tilt_y_deg": tracker.tilt_y_cdeg / 100 if seen else None,
            "confidence": tracker.confidence,
        }


def _frames(name: str) -> Iterator[dict[str, Any]]:
    if name == "-":
        yield from read(sys.stdin, "standard input")
        return
    try:
        with Path(name).open(encoding="utf-8") as lines:
            yield from read(lines, name)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise CommandError(f"{name} cannot be read: {reason}; expected a recording of JSON lines") from None


def read(lines: TextIO, name: str) -> Iterator[dict[str, Any]]:
    """The frames of a recording, without empty lines. Raises CommandError at the first line that is none."""
    last_t_ms = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            frame = json.loads(line)
        except json.JSONDecodeError as error:
            raise CommandError(
                f"{where}: expected a JSON object, got {_short(line.strip())} ({error.msg})"
            ) from None
        if not isinstance(frame, dict):
            raise CommandError(f"{where}: expected a JSON object, got {_short(line.strip())}")
        t_ms = _number(frame.get("t_ms"), where, "t_ms", _MOST_T_MS)
        if last_t_ms is not None and t_ms < last_t_ms:
            raise CommandError(f"{where}: expected t_ms of {last_t_ms} or later, got {t_ms}")
        last_t_ms = t_ms
        yield {
            "t_ms": t_ms,
            "distance_mm": _zones(frame.get("distance_mm"), where, "distance_mm", _MOST_MM),
            "status": _zones(frame.get("status"), where, "status", 255),
        }


def _zones(values: object, where: str, key: str, most: int) -> list[int]:
    if isinstance(values, list) and len(values) == 8 and all(isinstance(row, list) for row in values):
        values = [value for row in values for value in row]
    if not isinstance(values, list):
        raise CommandError(f"{where}: {key}: expected {ZONES} numbers, got {_short(json.dumps(values))}")
    if len(values) != ZONES:
        raise CommandError(f"{where}: {key}: expected {ZONES} numbers, got {len(values)}")
    return [_number(value, where, f"{key}[{i}]", most) for i, value in enumerate(values)]


def _number(value: object, where: str, key: str, most: int) -> int:
    # Some drivers write a failed zone as a negative distance or as null: the status says that it failed.
    if value is None and key.startswith("distance_mm["):
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
        raise CommandError(f"{where}: {key}: expected a number up to {most}, got {_short(json.dumps(value))}")
    return round(value)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _show(estimates: list[dict[str, Any]], console: Console) -> None:
    """A row wherever something changed, then what the recording held."""
    table = Table("from", "to", "present", "pose", "distance", "tilt", "gesture")
    first = None
    for i, now in enumerate(estimates):
        first = now if first is None else first
        after = estimates[i + 1] if i + 1 < len(estimates) else None
        same = after and all(now[key] == after[key] for key in ("present", "pose"))
        if same and after and not now["gesture"] and not after["gesture"]:
            continue
        distance = "" if now["distance_mm"] is None else f"{now['distance_mm']} mm"
        tilt = "" if now["tilt_deg"] is None else f"{now['tilt_deg']:.0f}°"
        present = "yes" if now["present"] else ""
        span = (f"{first['t_ms'] / 1000:.2f} s", f"{now['t_ms'] / 1000:.2f} s")
        table.add_row(*span, present, now["pose"], distance, tilt, now["gesture"] or "")
        first = None
    console.print(table)
    frames = len(estimates)
    poses = Counter(now["pose"] for now in estimates)
    present_count = sum(now["present"] for now in estimates)
    console.print(
        f"{frames} frames; a palm in {present_count}; "
        + ", ".join(f"{pose} in {poses[pose]}" for pose in ("open", "fist", "other"))
    )
