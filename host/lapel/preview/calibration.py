"""What must be measured once on every pin, because no two mirror pairs are alike, and where it is kept.

The values live under "projector" in the pin's settings.json; the pin checks the same bounds when it starts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..devices.certificate import write_private
from ..virtual import flash as pin_flash

SETTINGS = "settings.json"
SECTION = "projector"

Values = dict[str, float]


class CalibrationError(Exception):
    """The settings cannot be read, or a value is out of its bounds; the text says which and what to do."""


@dataclass(frozen=True)
class Value:
    """One thing to calibrate: `pattern` is the page that shows it, `look_for` what is right."""

    name: str
    title: str
    low: float
    high: float
    usual: float
    unit: str
    whole: bool
    pattern: tuple[str, ...]
    look_for: str

    def checked(self, number: float) -> float:
        """`number` as it is kept. Raises CalibrationError."""
        if not self.low <= number <= self.high or (self.whole and number != int(number)):
            kind = "a whole number" if self.whole else "a number"
            raise CalibrationError(
                f"{self.name}: expected {kind} from {self.low:g} to {self.high:g} {self.unit}, got {number:g}"
            )
        return int(number) if self.whole else round(number, 4)


# In the order in which they are found: each pattern needs the ones before it. The bounds of the mirror are
# those that the drive's integers are made for (pin.projector.speed.Mirror).
VALUES = (
    Value(
        "field_percent", "Field", 40, 100, 100, "percent of the swing", True, ("[        ]", "[        ]"),
        "all four brackets are whole on a palm at 30 cm, about 7 cm apart; smaller if one is cut",
    ),
    Value(
        "mirror_hz", "Mirror frequency", 100, 2500, 1000, "Hz", False, ("OOOO", "OOOO"),
        "round letters close and are round; too low a value makes them overshoot, too high makes them shrink",
    ),
    Value(
        "damping", "Mirror damping", 0.1, 1.0, 0.7, "", False, ("HEHE", "HEHE"),
        "stems and bars meet; too high a value makes strokes run past their ends, too low makes them ring",
    ),
    Value(
        "laser_delay", "Laser delay", 0, 64, 0, "samples of 20.8 microseconds", True, ("+ - + -", "- + - +"),
        "bars are as long on the left as on the right; tails before strokes want a larger value",
    ),
    Value(
        "brightness", "Brightness", 1, 15, 15, "of 15 steps", True, ("10:42",),
        "comfortable to read indoors; the hardware's own power limit is not touched by it",
    ),
)  # fmt: skip
NAMES = tuple(value.name for value in VALUES)


def value(name: str) -> Value:
    return next(each for each in VALUES if each.name == name)


def load(flash: Path) -> tuple[dict[str, Any], Values]:
    """The pin's whole settings, and its calibration with the usual values where it has none.

    Raises CalibrationError.
    """
    path = flash / SETTINGS
    try:
        # A pin that has run has taken the file over: then its own copies count.
        settings = json.loads(path.read_text("utf-8")) if path.exists() else pin_flash.read(flash)
        if settings is None:
            raise FileNotFoundError(2, "No such file or directory")
    except OSError as error:
        raise CalibrationError(
            f"{path} cannot be read: {error.strerror}. "
            f"Expected a pin's flash; `lapel pair --to {flash}` makes one"
        ) from None
    except ValueError as error:
        raise CalibrationError(f"{path} is not JSON ({error}); pair the pin again") from None
    kept = settings.get(SECTION, {}) if isinstance(settings, dict) else None
    if not isinstance(kept, dict):
        raise CalibrationError(f'{path}: expected an object with an object "{SECTION}"; pair the pin again')
    values = {each.name: kept.get(each.name, each.usual) for each in VALUES}
    for name, number in values.items():
        if not isinstance(number, int | float) or isinstance(number, bool):
            raise CalibrationError(f"{path}: {SECTION}.{name} is {number!r}, not a number")
    return settings, values


def save(flash: Path, settings: dict[str, Any], values: Values) -> None:
    """Writes the settings with `values`, whole or not at all. Raises CalibrationError, OSError."""
    checked = {name: value(name).checked(number) for name, number in values.items()}
    others = settings.get(SECTION, {})
    write_private(flash / SETTINGS, json.dumps(settings | {SECTION: others | checked}, indent=1) + "\n")
