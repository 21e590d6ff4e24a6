"""Makes the table of `firmware/pin/thing_model.py`: how open palms and other things look to the plane fit.

As in `pose_fit`, each kind is normal about a mean that moves with the log distance, but near and far apart:
near, the field cuts things off.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..viper import source_root
from .depth_sensor import Frame
from .hand import Array
from .hand_script import Wearer
from .hand_shapes import as_recorded
from .things import THINGS, record_thing

SEED = 60_000  # the bench's are others
_SCENES = 240
_FRAMES = 16
_LENGTHS_MM = {"small hand": (150.0, 182.0), "large hand": (182.0, 211.0)}  # large ones fill the field
_KINDS = (
    ("small hand",),
    ("large hand",),
    ("tilted hand",),
    ("hand shifted across",),
    ("hand shifted along",),
    ("fist",),
    ("closing hand",),
    ("table", "wall"),
    ("table edge",),
    ("face",),
    ("cup",),
    ("book",),
    ("sleeve",),
)
_HANDS = {names[0] for names in _KINDS[:7]}  # in the order of `pin.presence.PALMS, SPREAD, HANDS`
_TILTED_DEG = (12.0, 30.0)
_SHIFTED_MM = (30.0, 105.0)
# Nats: a flat book as large as a hand is rare before a pin, and a hand must not be taken for it.
_RARER = {"book": 2.0, "cup": 0.5, "sleeve": 0.5}
_DOUBT = 0.05  # what is seen differs more than what is modelled: variances grow by this share
_MOST = 32000  # numbers have 16 bits
_RAISED = 32768


def _hand(k: int, count: int) -> Wearer:
    """At one of `count` distances; every third as before a sensor on a desk."""
    wearer = Wearer(SEED + k, distance_mm=150 + 245 * (k * 37 % count) / count)
    if k % 3 == 0:
        as_recorded(wearer)
    wearer.hand = wearer.rest
    return wearer


def _palm(k: int, lengths_mm: tuple[float, float]) -> list[Frame]:
    wearer = _hand(k, 4 * _SCENES)
    if not lengths_mm[0] <= wearer.rest.length_mm < lengths_mm[1]:
        return []
    wearer.idle(1000, sway_deg=8)
    return wearer.frames[:_FRAMES]


def _in_use(k: int, use: str) -> list[Frame]:
    """A hand whose wearer does something with it."""
    wearer = _hand(k + 5000, 2 * _SCENES)
    random = wearer.random
    if use == "fist":
        wearer.hand = replace(wearer.rest, fingers=wearer.fist)
    elif use == "closing hand":
        bent = random.uniform(0.15, 0.85)
        wearer.hand = replace(wearer.rest, fingers=wearer.rest.fingers.towards(wearer.fist, bent))
    elif use == "tilted hand":
        way, tilt = random.uniform(0, 2 * np.pi), random.uniform(*_TILTED_DEG)
        wearer.hand = wearer.turned(tilt * float(np.cos(way)), tilt * float(np.sin(way)))
    else:
        way = math.radians(wearer.rest.yaw_deg) + (math.pi / 2 if use.endswith("along") else 0)
        shift = random.uniform(*_SHIFTED_MM) * random.choice([-1, 1])
        x, y = shift * math.cos(way), shift * math.sin(way)
        wearer.hand = replace(wearer.rest, x_mm=wearer.rest.x_mm + x, y_mm=wearer.rest.y_mm + y)
    wearer.idle(500, sway_deg=8)
    return wearer.frames[: _FRAMES // 2]


def _frames(name: str) -> Iterable[Frame]:
    if name in _LENGTHS_MM:
        for k in range(4 * _SCENES):
            yield from _palm(k, _LENGTHS_MM[name])
    elif name in _HANDS:
        for k in range(2 * _SCENES):
            yield from _in_use(k, name)
    else:
        for k in range(_SCENES):
            yield from record_thing(name, SEED + k, _FRAMES)


def samples() -> list[Array]:
    """For each kind rows of: features, log distance, distance."""
    from pin.plane import Plane
    from pin.pose import log_distance
    from pin.presence import ENTER_MM, FEATURES, MIN_ZONES, read_features

    plane, scratch = Plane(), array("i", [0] * FEATURES)
    rows: list[list[list[float]]] = []
    for names in _KINDS:
        rows.append([])
        for name in names:
            for frame in _frames(name):
                good = zip(frame.distance_mm, frame.status, strict=True)
                zones = array("i", [z if status in (5, 9) and 0 < z < 5000 else 0 for z, status in good])
                if not plane.fit(zones) or plane.zones < MIN_ZONES:
                    continue
                if ENTER_MM[0] <= plane.z <= ENTER_MM[1]:
                    read_features(plane, scratch)
                    rows[-1].append([*scratch, log_distance(plane.z), plane.z])
    return [np.array(kind) for kind in rows]


def table(kinds: list[Array]) -> list[list[int]]:
    """For each kind, near then far: constant cost, c0 and c1 of each feature, rows of W from its diagonal."""
    from pin.presence import NEAR_MM

    lines = []
    usual_volume: float | None = None
    for kind, names in zip(kinds, _KINDS, strict=True):
        rarer = _RARER.get(names[0], 0.0)
        for part in (kind[:, -1] < NEAR_MM, kind[:, -1] >= NEAR_MM):
            values, log_mm = kind[part, :-2], kind[part, -2]
            line = np.stack([np.ones(len(log_mm)), log_mm], axis=1)
            slope = np.linalg.lstsq(line, values, rcond=None)[0]
            spread = np.cov((values - line @ slope).T)
            spread = spread + np.diag(np.diag(spread) * _DOUBT + 1)
            white = np.linalg.cholesky(np.linalg.inv(spread)).T
            volume = 0.5 * float(np.linalg.slogdet(spread)[1])
            usual_volume = volume if usual_volume is None else usual_volume
            numbers = [round(16 * (volume - usual_volume + rarer))]
            for c0, c1 in slope.T:
                numbers += [round(c0), round(256 * c1)]
            for row in range(len(white)):
                numbers += [round(x) for x in 4096 * white[row, row:]]
            lines.append([max(-_MOST, min(_MOST, number)) for number in numbers])
    return lines


def build() -> Path:
    """Writes the module; returns its path."""
    path = Path(source_root()) / "pin" / "thing_model.py"
    lines = table(samples())
    text = [_HEAD]
    for names, near, far in zip(_KINDS, lines[::2], lines[1::2], strict=True):
        for where, line in (("near", near), ("far", far)):
            words = (np.array(line) + _RAISED).astype("<u2").tobytes()
            text += [
                f"    # {', '.join(names)}, {where}",
                '    b"' + "".join(f"\\x{x:02x}" for x in words) + '"',
            ]
    path.write_text("\n".join([*text, _TAIL]), encoding="utf-8")
    return path


_HEAD = '''"""How open palms and other things look: normal distributions, made by `make palm-models`.

For each kind, near and far: its constant cost in 1/16 nat; for each feature its mean at the usual distance,
and how that changes with the log distance (1/256); the rows of the whitening matrix W from its diagonal on,
in 1/4096. Each is raised by 32768 and has 16 bits, low byte first: integers would take twice the flash.
"""

# ruff: noqa: E501 - a line is a kind
# fmt: off
KINDS = ('''
_TAIL = """)
"""

assert {name for names in _KINDS for name in names} - _HANDS == set(THINGS)

if __name__ == "__main__":
    print(build())
