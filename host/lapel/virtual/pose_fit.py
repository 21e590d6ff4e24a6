"""Makes the table of `firmware/pin/pose_model.py`: how the poses of virtual hands look to the plane fit.

No recording of a real hand goes in but the medians of four people's (docs/palm.md): where the virtual hand
misses them, the means are moved a quarter of the way.

For each shape the features are taken to be normal about a mean that bends with the logarithm of the distance:
mean = c0 + c1 l + c2 l^2. Costs are negative log likelihoods, so the table holds the means and the whitening
matrix W with W^T W = S^-1 of each.
"""

from __future__ import annotations

import math
from array import array
from pathlib import Path

import numpy as np

from ..viper import source_root
from .depth_sensor import Frame
from .hand import Array
from .hand_script import Wearer
from .hand_shapes import OTHERS, as_recorded, hold, pose_hands

SEED = 50_000  # the bench's hands are others
_WEARERS = 240
_CLIPS = 6
_MEDIAN_MM, _SPREAD_MM = 285.0, 65.0  # distances of recordings
_GROUPS = (
    ("open",), ("fist",), ("thumb up", "thumb down"),
    ("love", "horns", "two", "pointing", "half closed", "four"), ("on edge",), ("break",), ("crossed",),
)  # fmt: skip
_OPEN, _FIST = 0, 1
# A quarter of the way from the virtual hand's medians to people's: log of the minor axis (38 and 28 mm), tilt
# (8 and 17 degrees), residual (6.5 and 8 mm), in the units of `pin.pose.read_features`.
_MOVED = {_OPEN: {1: 7, 3: 1}, _FIST: {1: 3, 2: -9, 3: 5}}
# Virtual hands are more alike than people's: variances grow by these shares.
_DOUBT = (0.1, 0.1, 0.1, 0.5, 0.1, 0.2, 0.1)
_SIZE_SHARES = (1.0, 0.5)  # by how much a larger hand moves the logs of area and minor axis
_SIZE_SEEN = 0.75  # zones that are covered in part make hands look more alike than they are
_FIST_PRIOR, _SHAPE_PRIOR = 0.5, 1.45  # nats: rarer than a palm; other shapes are modelled worst


def features(plane: object, frame: Frame, scratch: array[int]) -> tuple[list[int], int] | None:
    """What the pin's pose filter sees of a frame, and the plane's distance."""
    from pin.pose import read_features

    good = zip(frame.distance_mm, frame.status, strict=True)
    zones = array("i", [z if status in (5, 9) and 0 < z < 5000 else 0 for z, status in good])
    if not plane.fit(zones):  # type: ignore[attr-defined]
        return None
    read_features(plane, scratch)
    return list(scratch), int(plane.z)  # type: ignore[attr-defined]


def samples(wearers: int = _WEARERS) -> list[Array]:
    """For each group rows of: features without the wearer's size, log distance."""
    from pin.plane import Plane
    from pin.pose import FEATURES, log_distance

    plane, scratch = Plane(), array("i", [0] * FEATURES)
    rows: list[list[list[float]]] = [[] for _ in _GROUPS]
    for k in range(wearers):
        wearer = Wearer(SEED + k)
        if k % 2:
            as_recorded(wearer)
        hand = wearer.rest
        size = 256 * _SIZE_SEEN * (2 * math.log(hand.length_mm / 180) + math.log(hand.breadth / 1.06))
        for clip in range(_CLIPS):
            pose = ("open", "fist", "other")[clip % 3]
            hands, name = pose_hands(wearer, pose)
            near, far = np.clip(wearer.random.normal(_MEDIAN_MM, _SPREAD_MM, 2), 150, 380)
            start = len(wearer.frames)
            lean = wearer.random.normal(0, 7) if pose == "fist" else 0.0
            hold(wearer, hands, 20, (float(near), float(far)), lean)
            group = next(i for i, names in enumerate(_GROUPS) if name in names)
            for frame in wearer.frames[start:]:
                found = features(plane, frame, scratch)
                if found:
                    values: list[float] = list(found[0])
                    values[0] -= size * _SIZE_SHARES[0]
                    values[1] -= size * _SIZE_SHARES[1]
                    rows[group].append([*values, log_distance(found[1])])
    return [np.array(group) for group in rows]


def table(groups: list[Array]) -> list[list[int]]:
    """For each group: constant cost, then c0, c1, c2 of each feature, then W row by row, then W's answer to a
    size; fixed point as `pin.pose_model` says."""
    lines = []
    usual_volume = 0.0
    for number, group in enumerate(groups):
        values, log_mm = group[:, :-1], group[:, -1]
        bend = np.stack([np.ones(len(log_mm)), log_mm, log_mm**2], axis=1)
        curve = np.linalg.lstsq(bend, values, rcond=None)[0]
        spread = np.atleast_2d(np.cov((values - bend @ curve).T))
        spread = spread + np.diag(np.diag(spread) * np.array(_DOUBT))
        white = np.linalg.cholesky(np.linalg.inv(spread)).T
        volume = 0.5 * float(np.linalg.slogdet(spread)[1])
        if number == _OPEN:
            usual_volume = volume
        rarity = _SHAPE_PRIOR + math.log(len(_GROUPS) - 2)
        if number in (_OPEN, _FIST):
            rarity = _FIST_PRIOR if number == _FIST else 0.0
        for feature, step in _MOVED.get(number, {}).items():
            curve[0, feature] += step
        shifts = np.zeros(values.shape[1])
        shifts[:2] = _SIZE_SHARES
        line = [round(16 * (volume - usual_volume + rarity))]
        for c0, c1, c2 in curve.T:
            line += [round(c0), round(256 * c1), round(65536 * c2)]
        line += [round(x) for x in (4096 * white).ravel()]
        line += [round(x) for x in 4096 * (white @ shifts)]
        lines.append(line)
    return lines


def build() -> Path:
    """Writes the module; returns its path."""
    path = Path(source_root()) / "pin" / "pose_model.py"
    lines = table(samples())
    text = [_HEAD]
    for names, line in zip(_GROUPS, lines, strict=True):
        text += [f"    # {', '.join(names)}", f"    {', '.join(str(x) for x in line)},"]
    path.write_text("\n".join([*text, _TAIL]), encoding="utf-8")
    return path


_HEAD = '''"""How open palms, fists and other shapes look: normal distributions, made by `make palm-models`.

One group of numbers for each shape: its constant cost in 1/16 nat; for each feature its mean at the usual
distance, and how that changes with the log distance (1/256) and its square (1/65536); the whitening matrix W
in 1/4096, row by row; what W makes of a hand that is e times larger, in 1/4096.
"""

# ruff: noqa: E501 - a line is a shape
# fmt: off
SHAPES = ('''
_TAIL = """)
"""

assert set(OTHERS) == {name for names in _GROUPS[2:] for name in names}

if __name__ == "__main__":
    print(build())
