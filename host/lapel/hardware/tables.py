"""The tables of `hardware/`: every fact has a source, or says that it is an estimate."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from .. import viper

BUILDS = ("matrix", "vector")


class HardwareError(Exception):
    """A table or a model of the hardware is wrong; the text says where and what was expected."""


def folder() -> Path:
    """`hardware/` of the checkout. Raises HardwareError in an installed wheel, which has none."""
    found = viper.source_root().parent / "hardware"
    if not (found / "wiring").is_dir():
        raise HardwareError("there is no hardware/ here; run this in a checkout of the repository")
    return found


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV table. Raises HardwareError if a line has too few or too many fields."""
    with path.open(encoding="utf-8", newline="") as table:
        reader = csv.DictReader(table)
        found = []
        for row in reader:
            if None in row or None in row.values():
                raise HardwareError(f"{path.name}, line {reader.line_num}: expected {reader.fieldnames}")
            found.append(dict(row))
        return found


@dataclass(frozen=True)
class Fact:
    """A number: `low` and `high` are its limits where the source gives any, else the value."""

    value: float
    low: float
    high: float
    unit: str
    source: str

    @property
    def is_estimate(self) -> bool:
        return self.source.startswith("estimate")


class Facts:
    """`quantity,value,low,high,unit,source`, asked for by name. Raises HardwareError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.all: dict[str, Fact] = {}
        for row in rows(path):
            if not row["source"]:
                raise HardwareError(f"{path.name}: {row['quantity']} has no source; write one, or estimate")
            value = float(row["value"])
            low, high = (float(row[key]) if row[key] else value for key in ("low", "high"))
            if not low <= value <= high:
                raise HardwareError(f"{path.name}: {row['quantity']}: {value} is not within its limits")
            self.all[row["quantity"]] = Fact(value, low, high, row["unit"], row["source"])

    def fact(self, name: str) -> Fact:
        if name not in self.all:
            raise HardwareError(f"{self._path.name} has no {name!r}")
        return self.all[name]

    def __getitem__(self, name: str) -> float:
        return self.fact(name).value
