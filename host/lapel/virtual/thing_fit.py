"""Makes the table of `firmware/pin/thing_model.py`: how open palms differ from other things.

Logistic regression on the features and their products, as in `pose_fit`: of palms, of hands that may be
tilted or half out of the field, and of these or closed ones; each against flat things and against round ones.
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
from .pose_fit import in_bytes, logistic, words
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
_HANDS = {names[0] for names in _KINDS[:7]}
_TILTED_DEG = (12.0, 30.0)
_SHIFTED_MM = (30.0, 105.0)
_PRIOR = 1.0  # as in `pose_fit`
PALMS, SPREAD, HANDS = 2, 5, 7  # of _KINDS: open palms, then tilted and shifted ones, then closed ones
# How much each thing counts: a flat book as large as a hand is rare before a pin, and a hand must not be
# taken for it; an edge may take a hand's place, and cups and sleeves look most like hands.
_FLAT = {"table": 1.0, "table edge": 6.0, "face": 1.5, "book": 0.4}
_ROUND = {"cup": 3.0, "sleeve": 2.0}
_CUP, _SLEEVE = {"cup": 1.0}, {"sleeve": 1.0}


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
    """For each kind rows of features."""
    from pin.palm import read_zones
    from pin.plane import Plane
    from pin.pose import FEATURES as POSE_FEATURES
    from pin.pose import read_features as read_pose_features
    from pin.presence import ENTER_MM, FEATURES, MIN_ZONES, read_features

    plane, zones = Plane(), array("i", [0] * 64)
    pose, found = array("i", [0] * POSE_FEATURES), array("i", [0] * FEATURES)
    kinds = []
    for names in _KINDS:
        rows = []
        for name in names:
            for frame in _frames(name):
                read_zones(frame.distance_mm, frame.status, zones)
                if not plane.fit(zones) or plane.zones < MIN_ZONES:
                    continue
                if ENTER_MM[0] <= plane.z <= ENTER_MM[1]:
                    read_pose_features(plane, pose)
                    read_features(plane, pose, found)
                    rows.append(list(found))
        kinds.append(np.array(rows, dtype=float))
    return kinds


def hand_odds(kinds: list[Array], hands: int, things: dict[str, float]) -> list[int]:
    """The first `hands` kinds against the `things`."""
    values, is_hand, weights = [], [], []
    total = sum(things.values())
    for number, (rows, names) in enumerate(zip(kinds, _KINDS, strict=True)):
        is_thing = names[0] in things
        if is_thing or number < hands:
            values.append(rows)
            is_hand.append(np.full(len(rows), float(not is_thing)))
            share = things[names[0]] / total if is_thing else 1 / hands
            weights.append(np.full(len(rows), share / 2 / len(rows)))
    count = sum(len(rows) for rows in values)
    every = np.concatenate(weights) * count
    return words(*logistic(np.concatenate(values), np.concatenate(is_hand), every, _PRIOR))


def table(kinds: list[Array]) -> list[list[int]]:
    """One model for each line of the module."""
    return [hand_odds(kinds, hands, things) for _, hands, things in _ROWS]


def build() -> Path:
    """Writes the module; returns its path."""
    path = Path(source_root()) / "pin" / "thing_model.py"
    lines = []
    for (name, _, things), line in zip(_ROWS, table(samples()), strict=True):
        lines += [f"    # {name} against {', '.join(things)}", in_bytes(line)]
    path.write_text("\n".join([_HEAD, *lines, _TAIL]), encoding="utf-8")
    return path


# In the order of `pin.presence.Odds`.
_ROWS = (
    ("palm", PALMS, _FLAT),
    ("palm", PALMS, _CUP),
    ("palm", PALMS, _SLEEVE),
    ("palm, tilted or shifted", SPREAD, _FLAT),
    ("palm, tilted or shifted", SPREAD, _ROUND),
    ("any hand", HANDS, _FLAT),
    ("any hand", HANDS, _ROUND),
)
_HEAD = '''"""How palms differ from things: log odds for `pose_cost.log_odds`, made by `make palm-models`.

16 bits each, low byte first: integers would take twice the flash.
"""

# fmt: off
MODELS = ('''
_TAIL = """)
"""

assert {name for names in _KINDS for name in names} - _HANDS == set(THINGS)

if __name__ == "__main__":
    print(build())
