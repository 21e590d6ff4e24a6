"""A measured figure against its limit, and how figures are printed and written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """`ok` is None where there is nothing to compare with."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False  # the limit is a floor, not a ceiling

    @property
    def ok(self) -> bool | None:
        if self.limit is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def as_dict(self) -> dict[str, object]:
        kept = asdict(self)
        del kept["at_least"]
        return kept | {"value": round(self.value, 3), "ok": self.ok}


def write(figures: list[Figure], path: Path) -> None:
    """JSON: a list of name, value, unit, limit, ok."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([figure.as_dict() for figure in figures], indent=1) + "\n", "utf-8")


def show(figures: list[Figure], console: Console) -> None:
    table = Table()
    for name in ("figure", "value", "unit", "limit", ""):
        table.add_column(name, justify="right" if name in ("value", "limit") else "left")
    for figure in figures:
        limit = "" if figure.limit is None else f"{'>=' if figure.at_least else '<='} {figure.limit:g}"
        verdict = {None: "", True: "[green]ok", False: "[red]misses"}[figure.ok]
        table.add_row(figure.name, f"{figure.value:.4g}", figure.unit, limit, verdict)
    console.print(table)


def percentile(values: list[float], percent: float) -> float:
    """Nearest-rank percentile."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * percent // 100))
    return ordered[int(rank) - 1]
