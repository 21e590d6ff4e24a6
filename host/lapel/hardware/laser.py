"""How strong the standing beam can get at worst, which filter keeps it at Class 2, and what is seen of it.

Arithmetic with estimates: it says which parts to try, never that a beam is safe. That says a power meter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .tables import Facts, HardwareError
from .timers import OHMS, facts

DENSITIES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.3, 1.5, 2.0, 3.0)  # absorbing filters as they are sold
LIMIT_OHMS = tuple(round(ohm / 1000, 1) for ohm in OHMS if ohm <= 62e3)  # E24 from 10 to 62 ohm
DENSITY_TOLERANCE = 0.05  # of the filter's own density (estimate)
MARGIN = 0.8  # the worst beam stays below this part of the limit: meter and ageing
ROOMS_LUX = (50, 100, 300, 500, 1000, 10_000, 50_000)
STROKE_HEIGHTS = 4.0  # length of a letter's strokes in its heights (mean of the pin's own font; estimate)
LETTER_MM, LETTERS = 7.0, 8
LIT_SHARE = 0.7  # of the time; the rest is travel in the dark (lapel preview)


@dataclass(frozen=True)
class Beam:
    """Powers in mW at the aperture, standing still, laser fully on."""

    limit_ohm: float
    density: float
    typical_mw: float
    worst_mw: float  # hottest diode, shorted sink, every tolerance the wrong way
    ael_mw: float


@dataclass(frozen=True)
class Seen:
    """On the palm at the middle distance."""

    spot_mm: float
    field_mm: float
    line_lux: float
    contrast: dict[int, float]  # by the room's lux


def _power_mw(f: Facts, ohm: float, density: float, worst: bool) -> float:
    def fact(name: str, high: bool) -> float:
        entry = f.fact(name)
        return (entry.high if high else entry.low) if worst else entry.value

    ohms = ohm * (1 - f["resistor_tolerance"] / 100 if worst else 1) + fact("switches_ohm", False)
    ma = max(0.0, (fact("supply_v", True) - fact("forward_v", False)) / ohms * 1000)
    out = max(0.0, ma - fact("threshold_ma", False)) * fact("slope_w_per_a", True) * fact("collimator", True)
    thin = density * (1 - DENSITY_TOLERANCE if worst else 1)
    return float(out * fact("mirrors_loss", True) * 10**-thin)


def beam(given: Facts | None = None) -> Beam:
    """Limit and filter that give the most typical light while the worst stays within. Raises
    HardwareError.
    """
    f = given or facts()
    ael = f["ael_class2_mw"] * f["c6"]
    fitting = []
    for ohm in LIMIT_OHMS:
        for density in DENSITIES:
            made = Beam(
                ohm, density, _power_mw(f, ohm, density, False), _power_mw(f, ohm, density, True), ael
            )
            if made.worst_mw <= MARGIN * ael and 0 < made.typical_mw <= f["aim_mw"]:
                fitting.append(made)
    if not fitting:
        raise HardwareError("laser: no current limit and filter keep the worst beam within Class 2")
    return max(fitting, key=lambda made: (round(made.typical_mw, 6), made.limit_ohm))


def within_aperture(f: Facts, mw: float) -> float:
    """What of a Gaussian beam passes the standard's aperture at its distance."""
    spot = f["beam_mm"] + f["distance_mm"] * f["divergence_mrad"] * 1e-3
    return mw * (1 - math.exp(-2 * (f["aperture_mm"] / spot) ** 2))


def seen(given: Facts | None = None) -> Seen:
    """The light of a line of letters against that of the room."""
    f = given or facts()
    spot = f["beam_mm"] + f["throw_mm"] * f["divergence_mrad"] * 1e-3
    lumen = beam(f).typical_mw * 1e-3 * f["efficacy_lm_per_w"] * LIT_SHARE
    area_m2 = LETTERS * STROKE_HEIGHTS * LETTER_MM * spot * 1e-6
    lux = lumen / area_m2
    return Seen(spot, f["field_mm"], lux, {room: 1 + lux / room for room in ROOMS_LUX})
