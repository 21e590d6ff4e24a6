"""How warm the pin gets on the skin, how long it charges: from `lapel power`'s own tables.

Steady state of one warm box: rise = P / (h A),
the warmest place a factor above the mean. Everything is taken to
last for ever, which no use of the pin does: an upper bound of its kind, not a measurement.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..power.budget import MODES, Budget
from .tables import Facts, folder

DAY_LEAST_HOURS = 12.0
BUSIEST = ("speaking", "waiting", "showing", "ringing", "after use", "reachable")


def facts() -> Facts:
    return Facts(folder() / "power" / "heat.csv")


@dataclass(frozen=True)
class Warmth:
    activity: str
    watt: float
    mean_c: float
    warmest_c: float


def free_m2(outer_mm: tuple[float, float, float], f: Facts) -> float:
    """The walls that give off heat; the one at the cloth counts in part."""
    x, y, z = (side * 1e-3 for side in outer_mm)
    return 2 * z * (x + y) + x * y * (1 + f["back_share"])


def warmth(build: str, outer_mm: tuple[float, float, float], level: str = "value") -> list[Warmth]:
    """Each activity as if it never ended, and on the charger. `level`: value, or high for the worst of
    all.
    """
    f = facts()
    budget = Budget(build)
    air, spot, volt = (float(getattr(f.fact(n), level)) for n in ("air_c", "hot_spot", "cell_v"))
    film = f.fact("film_w_m2k").low if level == "high" else f["film_w_m2k"]
    area = free_m2(outer_mm, f)
    watts = {name: budget.ma(name) * 1e-3 * volt for name in BUSIEST}
    # On the charger: what the linear charger loses, and the busiest wait for it.
    watts["charging and showing"] = f["charge_ma"] * 1e-3 * (f["usb_v"] - 3.5) + watts["showing"]
    rises = {
        name: watt * (1 - f["light_out"] * (name == "showing")) / (film * area)
        for name, watt in watts.items()
    }
    return [Warmth(name, watts[name], air + rise, air + spot * rise) for name, rise in rises.items()]


def charge_hours(build: str) -> float:
    """From empty to full with the light off."""
    f = facts()
    return Budget(build).mah / f["charge_ma"] * f["charge_overhead"]


def day_hours(build: str) -> dict[str, float]:
    """Hours of the described day by standby mode."""
    budget = Budget(build)
    return {mode: budget.day_hours(mode, budget.default_look_min()) for mode in MODES}


def after(build: str, outer_mm: tuple[float, float, float], activity: str, seconds: float) -> float:
    """The warmest place after so long of an activity, from a pin that was in `reachable` before.

    One heat capacity behind one film: the rise goes as 1 - exp(-t / (m c / (h A))).
    """
    f = facts()
    rows = {row.activity: row for row in warmth(build, outer_mm)}
    start, end = rows["reachable"].warmest_c, rows[activity].warmest_c
    seconds_to_warm = f["mass_kg"] * f["capacity_j_kgk"] / (f["film_w_m2k"] * free_m2(outer_mm, f))
    return start + (end - start) * (1 - math.exp(-seconds / seconds_to_warm))
