"""Values of the timers in the laser's chain: chosen from E24 and C0G values so that their limits hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .tables import Fact, Facts, HardwareError, folder

_E24 = (10, 11, 12, 13, 15, 16, 18, 20, 22, 24, 27, 30, 33, 36, 39, 43, 47, 51, 56, 62, 68, 75, 82, 91)
OHMS = tuple(
    value * 10.0**decade for decade in (3, 4) for value in _E24
)  # 10 k to 910 k: less leaks, more loads
FARADS = (1e-9, 2.2e-9, 4.7e-9, 10e-9, 22e-9, 47e-9, 100e-9)  # to be had with 5 % as C0G or film

# Pilot: its rising edges are two samples apart. "A few samples" later it must have noticed that they ended.
PILOT_EDGE_SAMPLES = 2
PILOT_MOST_SAMPLES = 12
# Motion: the beam may rest for 2 ms (the firmware's own limit); 5 ms without motion is a stopped mirror.
MOTION_LEAST_MS, MOTION_MOST_MS = 2.0, 5.0
LONGEST_LEAST_S, LONGEST_MOST_S = 20.0, 30.0  # the firmware allows 30 s; the hardware never more
START_LEAST_MS, START_MOST_MS = 100.0, 400.0  # the chip's own start takes about 50 ms until ARM is driven low


@dataclass(frozen=True)
class Timer:
    """Seconds: what it is meant to be, and between which limits tolerances leave it."""

    name: str
    ohm: float
    farad: float
    nominal_s: float
    least_s: float
    most_s: float
    allowed_s: tuple[float, float]

    @property
    def holds(self) -> bool:
        return self.allowed_s[0] <= self.least_s and self.most_s <= self.allowed_s[1]


def facts() -> Facts:
    return Facts(folder() / "laser" / "facts.csv")


def all_timers(given: Facts | None = None) -> list[Timer]:
    """Every timer with its values. Raises HardwareError where no value keeps the limits."""
    f = given or facts()
    sample_s = f["sample_us"] * 1e-6
    pilot = (PILOT_EDGE_SAMPLES * sample_s * 1.2, PILOT_MOST_SAMPLES * sample_s)  # 1.2: jitter of a refill
    motion = (MOTION_LEAST_MS * 1e-3, MOTION_MOST_MS * 1e-3)
    k = f.fact("monostable_k")
    period = f.fact("oscillator_k")
    edges = f["counter_edges"]
    counted = Fact(period.value * edges, period.low * edges, period.high * edges, "", period.source)
    return [
        _rc("motion A (R20, C20)", k, motion, f),
        _rc("motion B (R21, C21)", k, motion, f),
        _rc("pilot (R22, C22)", k, pilot, f),
        _rc("longest time (R23, C23)", counted, (LONGEST_LEAST_S, LONGEST_MOST_S), f),
        _supervisor(f),
    ]


def _spread(f: Facts, *names: str) -> tuple[float, float]:
    low = high = 1.0
    for name in names:
        low, high = low * (1 - f[name] / 100), high * (1 + f[name] / 100)
    return low, high


def _rc(name: str, k: Fact, allowed: tuple[float, float], f: Facts) -> Timer:
    low, high = _spread(f, "resistor_tolerance", "capacitor_tolerance")

    def timer(ohm: float, farad: float) -> Timer:
        rc = ohm * farad
        return Timer(name, ohm, farad, k.value * rc, k.low * rc * low, k.high * rc * high, allowed)

    return _best(name, [(ohm, farad) for ohm in OHMS for farad in FARADS], timer)


def _supervisor(f: Facts) -> Timer:
    per_s, fixed_s = f.fact("supervisor_nf_per_s"), f["supervisor_fixed_ms"] * 1e-3
    low, high = _spread(f, "capacitor_tolerance")
    allowed = (START_LEAST_MS * 1e-3, START_MOST_MS * 1e-3)

    def timer(_: float, farad: float) -> Timer:
        nf = farad * 1e9
        return Timer(
            "start delay (C24)", 0, farad, nf / per_s.value + fixed_s, nf * low / per_s.high + fixed_s,
            nf * high / per_s.low + fixed_s, allowed,
        )  # fmt: skip

    return _best("start delay", [(0.0, farad) for farad in FARADS], timer)


def _best(name: str, values: list[tuple[float, float]], timer: Callable[[float, float], Timer]) -> Timer:
    """The value whose limits lie farthest, by factor, inside what is allowed."""
    fitting = [made for made in (timer(ohm, farad) for ohm, farad in values) if made.holds]
    if not fitting:
        raise HardwareError(f"{name}: no standard value keeps the limits; widen them or use better parts")

    def room(made: Timer) -> tuple[float, float]:
        # Rounded, so that of equal ones the smallest capacitor wins on every computer.
        margin = min(made.least_s / made.allowed_s[0], made.allowed_s[1] / made.most_s)
        return round(margin, 6), -made.farad

    return max(fitting, key=room)
