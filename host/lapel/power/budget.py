"""From currents of parts to hours: the tables of `hardware/power/` and the arithmetic between them.

A part that an activity does not name is in its least state. Every current is the cell's: its regulator is
linear.
"""

from __future__ import annotations

import csv
import importlib
from dataclasses import dataclass
from pathlib import Path

from .. import viper

BUILDS = ("matrix", "vector")
MODES = ("reachable", "saver")
ONLY_VECTOR = {"mirrors", "laser", "converter"}
ONLY_MATRIX = {"LED matrix"}
OPTIONS = {"speaker": "reading aloud"}  # a part that is counted only if asked for, and its activity
DAY_HOURS = 24.0
LOOK_S = 6.0  # of a look that finds nothing: joining takes 4 s (estimate), and pin.power's LOOK_STAY_MS
LOOKS_MIN = (0, 5, 10, 15, 30, 60)  # for the table; 0 never looks


class PowerError(Exception):
    """The tables cannot be used; the text says which line."""


@dataclass(frozen=True)
class Part:
    part: str
    state: str
    ma: float
    source: str

    @property
    def is_estimate(self) -> bool:
        return self.source.startswith("estimate")


@dataclass(frozen=True)
class Use:
    """So many times a day, so many seconds each."""

    activity: str
    count: int
    seconds: float
    note: str

    @property
    def hours(self) -> float:
        return self.count * self.seconds / 3600


def folder() -> Path:
    """`hardware/power/` in a checkout, its copy in a wheel."""
    checkout = viper.source_root().parent / "hardware" / "power"
    return checkout if checkout.is_dir() else Path(__file__).parent / "tables"


class Budget:
    """The tables, for one build with some of OPTIONS. Raises PowerError."""

    def __init__(
        self, build: str = "matrix", tables: Path | None = None, options: tuple[str, ...] = ()
    ) -> None:
        self.build = build
        tables = tables or folder()
        left_out = {part: activity for part, activity in OPTIONS.items() if part not in options}
        absent = (ONLY_MATRIX if build == "vector" else ONLY_VECTOR) | left_out.keys()
        every = [
            Part(r["part"], r["state"], float(r["ma"]), r["source"]) for r in _rows(tables / "parts.csv")
        ]
        self.parts = [part for part in every if part.part not in absent]
        self.uses = [
            Use(r["activity"], int(r["count"]), float(r["seconds"]), r["note"])
            for r in _rows(tables / "day.csv")
            if r["activity"] not in left_out.values()
        ]
        activities = _rows(tables / "activities.csv")
        self.activities = self._activities(
            [row for row in activities if row["activity"] not in left_out.values()]
        )
        battery = {row["quantity"]: float(row["value"]) for row in _rows(tables / "battery.csv")}
        self.mah = battery["capacity"] * battery["usable"] / 100 * battery["regulator"] / 100
        self.self_discharge_ma = battery["self_discharge"]
        self.worn_hours = battery["worn"]
        for use in self.uses:
            if use.activity not in self.activities:
                raise PowerError(f"day.csv: activities.csv has no activity {use.activity!r}")

    def _activities(self, rows: list[dict[str, str]]) -> dict[str, list[Part]]:
        least = {part.part: part for part in sorted(self.parts, key=lambda part: -part.ma)}
        found: dict[str, dict[str, Part]] = {}
        for row in rows:
            only, _, name = row["part"].rpartition(":")
            states = found.setdefault(row["activity"], dict(least))
            if only and only != self.build:
                continue
            match = [part for part in self.parts if (part.part, part.state) == (name, row["state"])]
            if not match:
                raise PowerError(f"activities.csv: parts.csv has no {name!r} that is {row['state']!r}")
            states[name] = match[0]
        return {activity: list(parts.values()) for activity, parts in found.items()}

    def ma(self, activity: str) -> float:
        """What the cell gives during an activity."""
        return sum(part.ma for part in self.activities[activity]) + self.self_discharge_ma

    def standby_ma(self, mode: str, look_every_min: int) -> float:
        """The mean while nobody uses it."""
        if mode == "reachable":
            return self.ma("reachable")
        if not look_every_min:
            return self.ma("nap")
        share = LOOK_S / (60 * look_every_min + LOOK_S)
        return share * self.ma("looking") + (1 - share) * self.ma("nap")

    def standby_hours(self, mode: str, look_every_min: int) -> float:
        """From full to empty if nobody ever uses it."""
        return self.mah / self.standby_ma(mode, look_every_min)

    def used_mah(self) -> dict[str, float]:
        """What the described day's uses take, by activity."""
        used: dict[str, float] = {}
        for use in self.uses:
            used[use.activity] = used.get(use.activity, 0.0) + use.hours * self.ma(use.activity)
        return used

    def day_hours(self, mode: str, look_every_min: int) -> float:
        """How long a full cell lasts through described days, worn from the first hour on."""
        spent, hours = 0.0, 0.0
        standby = self.standby_ma(mode, look_every_min)
        while True:
            for length, ma in (
                (self.worn_hours, self.worn_ma(mode, look_every_min)),
                (self.night_hours, standby),
            ):
                if spent + length * ma >= self.mah:
                    return hours + (self.mah - spent) / ma
                spent += length * ma
                hours += length

    def worn_ma(self, mode: str, look_every_min: int) -> float:
        """The mean while it is worn: the day's uses, and standby between them."""
        rest = self.worn_hours - sum(use.hours for use in self.uses)
        if rest < 0:
            raise PowerError("day.csv: the uses take longer than the pin is worn (battery.csv)")
        return (
            sum(self.used_mah().values()) + rest * self.standby_ma(mode, look_every_min)
        ) / self.worn_hours

    @property
    def night_hours(self) -> float:
        return DAY_HOURS - self.worn_hours

    def charge_curve(self, mode: str, look_every_min: int, hours: float) -> list[tuple[float, float]]:
        """(hour, percent): its corners."""
        worn, standby = self.worn_ma(mode, look_every_min), self.standby_ma(mode, look_every_min)
        curve, hour, left = [(0.0, 100.0)], 0.0, self.mah
        while hour < hours and left > 0:
            is_worn = hour % DAY_HOURS < self.worn_hours
            length, ma = (self.worn_hours, worn) if is_worn else (self.night_hours, standby)
            length = min(length, left / ma, hours - hour)
            hour, left = hour + length, max(0.0, left - length * ma)
            curve.append((hour, 100 * left / self.mah))
        return curve

    def default_look_min(self) -> int:
        """N of `saver` as the firmware has it."""
        return int(importlib.import_module("pin.power").LOOK_EVERY_MIN)


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as table:
            return list(csv.DictReader(table))
    except OSError as error:
        raise PowerError(f"{path} cannot be read ({error.strerror})") from error
