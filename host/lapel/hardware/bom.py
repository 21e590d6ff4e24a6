"""The parts list: what to order for a build, what it costs and weighs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .tables import BUILDS, HardwareError, folder, rows

NEEDS = ("core", "option")
USD_MOST = 60.0  # of the matrix build, without the options and without shipping
GRAMS_AIM = 45.0


@dataclass(frozen=True)
class Line:
    """`mpn` is empty for what is made, cut or bought by its description; `size_mm` None for wire and the
    like.
    """

    ref: str
    build: str
    need: str
    qty: int
    part: str
    maker: str
    mpn: str
    alternate: str
    usd: float
    usd_source: str
    grams: float
    grams_source: str
    size_mm: tuple[float, float, float] | None
    size_source: str
    position: str


def load(path: Path | None = None) -> list[Line]:
    """All lines. Raises HardwareError for one without source, position or a known build."""
    found = []
    for row in rows(path or folder() / "bom" / "parts.csv"):
        size = [row[axis] for axis in ("x_mm", "y_mm", "z_mm")]
        line = Line(
            row["ref"],
            row["build"],
            row["need"],
            int(row["qty"]),
            row["part"],
            row["maker"],
            row["mpn"],
            row["alternate"],
            float(row["usd"]),
            row["usd_source"],
            float(row["grams"]),
            row["grams_source"],
            (float(size[0]), float(size[1]), float(size[2])) if all(size) else None,
            row["size_source"],
            row["position"],
        )
        if line.build not in (*BUILDS, "both") or line.need not in NEEDS:
            raise HardwareError(f"parts.csv: {line.ref}: unknown build or need")
        sourced = [line.usd_source, line.grams_source, line.position, line.maker, line.part]
        if not all(sourced) or (line.size_mm is not None and not line.size_source):
            raise HardwareError(f"parts.csv: {line.ref}: a field is empty that needs a value or a source")
        if line.maker not in ("any", "own") and not line.mpn:
            raise HardwareError(f"parts.csv: {line.ref}: {line.maker} without a part number")
        found.append(line)
    if len({line.ref for line in found}) != len(found):
        raise HardwareError("parts.csv: a reference is there twice")
    return found


def of(build: str, needs: tuple[str, ...] = NEEDS, lines: list[Line] | None = None) -> list[Line]:
    """The lines of one build."""
    every = load() if lines is None else lines
    return [line for line in every if line.build in (build, "both") and line.need in needs]


def usd(lines: list[Line]) -> float:
    return sum(line.usd * line.qty for line in lines)


def grams(lines: list[Line], case_g: float) -> float:
    """Mass with the printed case, which the parts list leaves at 0."""
    return sum(line.grams * line.qty for line in lines) + case_g
