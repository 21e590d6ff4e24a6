"""The matrix build's light: the lens equation solved first, then what arrives on the palm.

Thin lens, Gaussian optics: 1/f = 1/a + 1/b,
magnification b/a (any textbook). The case is built round its result.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from .tables import Facts, folder

ROOMS_LUX = (20, 50, 100, 300, 500, 1000, 10_000, 50_000)
LEGIBLE_CONTRAST = 1.5  # lit to unlit, for letters of this size (estimate; road signs ask for more)
# What else one could throw: a width of LEDs, and the width of the picture.
CANDIDATES = (
    ("30 mm matrix, picture of 90 mm", 30.0, 90.0),
    ("the matrix that is sold, picture of 90 mm", 38.1, 90.0),
    ("the matrix that is sold, along the hand (chosen)", 38.1, 0.0),
    ("a board of our own, LEDs 1.27 mm apart, along the hand (not designed)", 19.05, 0.0),
    ("a board of our own, LEDs 1 mm apart, picture of 90 mm (not designed)", 15.0, 90.0),
)


def facts() -> Facts:
    return Facts(folder() / "optics" / "facts.csv")


@dataclass(frozen=True)
class Throw:
    """mm: from the LEDs to the lens, from the lens to the palm, focal length; width and height between
    centres.
    """

    to_lens: float
    to_palm: float
    focal: float
    width: float
    height: float

    @property
    def magnification(self) -> float:
        return self.to_palm / self.to_lens


def object_mm(focal_mm: float, image_mm: float) -> float:
    """Where the LEDs must be for a sharp picture: a = f b / (b - f)."""
    return focal_mm * image_mm / (image_mm - focal_mm)


def throw(given: Facts | None = None) -> Throw:
    """The chosen one: the lens that is sold, sharp at the palm's middle distance."""
    f = given or facts()
    to_lens = object_mm(f["focal_mm"], f["palm_mm"])
    by = f["palm_mm"] / to_lens * f["pitch_mm"]
    return Throw(to_lens, f["palm_mm"], f["focal_mm"], by * (f["columns"] - 1), by * (f["rows"] - 1))


def needed(leds_mm: float, picture_mm: float, palm_mm: float) -> tuple[float, float]:
    """(from the LEDs to the lens, focal length) for a picture of that width."""
    to_lens = palm_mm * leds_mm / picture_mm
    return to_lens, 1 / (1 / to_lens + 1 / palm_mm)


def candidates(given: Facts | None = None) -> list[tuple[str, float, float, float]]:
    """(title, picture mm, to the lens mm, focal length mm); a picture of 0 is as wide as the chosen one."""
    f = given or facts()
    wide = throw(f).width
    return [
        (title, picture or wide, *needed(leds, picture or wide, f["palm_mm"]))
        for title, leds, picture in CANDIDATES
    ]


@dataclass(frozen=True)
class Light:
    """On the palm. Lux inside the picture of one LED, and over the cell of one pixel; contrast by the
    room's lux.
    """

    luminance: float  # cd/m2 of an LED at full brightness, mean over its duty
    spot_lux: float
    cell_lux: float
    spot_mm: tuple[float, float]
    pixel_mm: float
    contrast: dict[int, float]
    blue_w: float  # W/m2/sr, weighted, looking into the lens


def light(given: Facts | None = None, level: str = "value") -> Light:
    """`level`: value, low or high, of every fact that has limits."""
    f = given or facts()

    def fact(name: str) -> float:
        return float(getattr(f.fact(name), level))

    candela = fact("led_mcd") * 1e-3 * fact("led_peak_ma") * f["led_duty"] / f["led_at_ma"]
    # A brighter LED may also be a larger one: the area stays at its middle, so that limits do not mix.
    luminance = candela / (f["led_x_mm"] * f["led_y_mm"] * 1e-6)
    lens_m2 = math.pi / 4 * (f["lens_mm"] * f["clear_share"] * 1e-3) ** 2
    passed = fact("transmission") * fact("mirror_reflectance")
    spot_lux = luminance * lens_m2 * passed / (f["palm_mm"] * 1e-3) ** 2
    share = f["led_x_mm"] * f["led_y_mm"] / f["pitch_mm"] ** 2
    times = throw(f).magnification
    cell = spot_lux * share
    return Light(
        luminance,
        spot_lux,
        cell,
        (f["led_x_mm"] * times, f["led_y_mm"] * times),
        f["pitch_mm"] * times,
        {room: 1 + cell / room for room in ROOMS_LUX},
        luminance * passed / f["efficacy_lm_per_w"] * f["blue_weight"],
    )


def blur_mm(palm_mm: float, given: Facts | None = None) -> float:
    """Diameter of a point's picture where the palm is not at the sharp distance."""
    f = given or facts()
    return abs(1 - palm_mm / f["palm_mm"]) * f["lens_mm"] * f["clear_share"]


def sharp_mm(given: Facts | None = None) -> tuple[float, float]:
    """Nearest and farthest palm at which neighbouring pixels still stand apart: blur below one pixel."""
    f = given or facts()
    good = [
        palm
        for palm in range(int(f["palm_least_mm"]), int(f["palm_most_mm"]) + 1)
        if blur_mm(palm, f) <= throw(f).magnification * f["pitch_mm"] * palm / f["palm_mm"]
    ]
    return float(good[0]), float(good[-1])


def focus_error_mm(given: Facts | None = None) -> float:
    """How far the lens must be movable: the spread of its focal length, at a fixed palm."""
    f = given or facts()
    focal = f.fact("focal_mm")
    ends = (object_mm(focal.low, f["palm_mm"]), object_mm(focal.high, f["palm_mm"]))
    return max(ends) - min(ends)


FOLDS = 1


def is_readable(folds: int = FOLDS) -> bool:
    """Whether letters are not mirrored on a palm that is seen from the pin's side.

    A lens turns LEDs that face it by 180 degrees; whoever looks along the light sees them mirrored, as
    writing on glass is from behind. Each mirror mirrors once more, so their number must be odd.
    """
    return folds % 2 == 1
