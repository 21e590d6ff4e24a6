"""Makes the table of `firmware/pin/pose_model.py`: how open hands, fists and other shapes differ.

No recording of a real hand goes in but the medians of four people's (docs/palm.md), which both makes of
virtual hands were fitted to: the capsules of `hand` and the boxes of `flat_hands`. What both agree on is
likelier to be so with people than what one of them says, and each counts for a half.

Open against fist is Fisher's linear discriminant: most people differ, so half of what differs between them
counts as noise, and the pin's filter finds out the rest. Other shapes against both is logistic regression on
the features and their products: the shapes have no usual look of their own.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from ..viper import source_root
from . import flat_hands
from .depth_sensor import Frame
from .hand import Array
from .hand_script import Wearer
from .hand_shapes import as_recorded, hold, pose_hands

SEED = 50_000  # the bench's hands are others
_PEOPLE = 150  # of each make
_CLIPS = ("open", "fist", "other", "open", "fist", "other")
_FRAMES = 10
_MEDIAN_MM, _SPREAD_MM = 285.0, 60.0  # distances of recordings
_BETWEEN = 0.5  # of the variance between people
_DOUBT = 1.0  # times the variances: features of virtual hands go together more than those of people's
_SCORED = 5  # features that open and fist differ in; the outline and the edges say nothing about them
_MOST = 3.0  # standard deviations
_PRIOR = 20.0  # of the factors: normal distributions of this precision; frames of a clip repeat each other
_ROUNDS = 8  # Newton's method has converged
_RAISED = 32768  # numbers have 16 bits on the pin

Clip = tuple[int, str, Array]  # person, pose, features of the frames


def features(frames: Iterable[Frame]) -> Array:
    """What the pin's pose filter sees of each frame in which there is something."""
    from pin.palm import read_zones
    from pin.plane import Plane
    from pin.pose import FEATURES, read_features

    plane, zones, found = Plane(), array("i", [0] * 64), array("i", [0] * FEATURES)
    rows = []
    for frame in frames:
        read_zones(frame.distance_mm, frame.status, zones)
        if plane.fit(zones):
            read_features(plane, found)
            rows.append(list(found))
    return np.array(rows, dtype=float).reshape(-1, FEATURES)


def capsule_clips(people: int) -> Iterator[Clip]:
    for k in range(people):
        wearer = Wearer(SEED + k)
        if k % 2:
            as_recorded(wearer)
        for pose in _CLIPS:
            hands, _ = pose_hands(wearer, pose)
            near, far = np.clip(wearer.random.normal(_MEDIAN_MM, _SPREAD_MM, 2), 150, 380)
            start = len(wearer.frames)
            hold(wearer, hands, _FRAMES, (float(near), float(far)), wearer.random.normal(0, 5))
            yield k, pose, features(wearer.frames[start:])


def flat_clips(people: int) -> Iterator[Clip]:
    for k in range(people):
        person = flat_hands.Person(SEED + k)
        for pose in _CLIPS:
            yield k, pose, features(person.hold(pose, _FRAMES, 0))


def fisher(makes: list[list[Clip]]) -> tuple[Array, float]:
    """Weights w and middle m: w x - m is 1 for the median open hand, -1 for the median fist."""
    noise = np.zeros((_SCORED, _SCORED))
    middles = []
    for clips in makes:
        for pose in ("open", "fist"):
            people: dict[int, list[Array]] = {}
            for person, held, rows in clips:
                if held == pose and len(rows):
                    people.setdefault(person, []).append(rows[:, :_SCORED])
            each = [np.concatenate(rows) for rows in people.values()]
            own = np.array([np.median(rows, axis=0) for rows in each])
            within = np.concatenate([rows - rows.mean(axis=0) for rows in each])
            noise += np.cov(within.T) + _BETWEEN * np.cov(own.T)
            middles.append(np.median(own, axis=0))
    openness, fist = (np.mean(middles[i::2], axis=0) for i in (0, 1))
    noise += np.diag(_DOUBT * np.diag(noise))
    weights = np.linalg.solve(noise, openness - fist)
    weights /= weights @ (openness - fist) / 2
    return weights, float(weights @ (openness + fist) / 2)


def products(values: Array) -> Array:
    """1, then each column followed by its products with itself and the later ones."""
    columns = [np.ones(len(values))]
    for i in range(values.shape[1]):
        columns += [values[:, i], *(values[:, i] * values[:, j] for j in range(i, values.shape[1]))]
    return np.stack(columns, axis=1)


def logistic(values: Array, is_so: Array, weights: Array, precision: float) -> tuple[Array, Array, Array]:
    """Mean and deviation of the features, and the factors of `products` for the log odds."""
    mean = np.average(values, axis=0, weights=weights)
    deviation = np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weights))
    x = products(np.clip((values - mean) / deviation, -_MOST, _MOST))
    factors = np.zeros(x.shape[1])
    prior = precision * np.eye(len(factors))
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-x @ factors))
        slope = x.T @ (weights * (is_so - p)) - prior @ factors
        factors += np.linalg.solve((x.T * (weights * p * (1 - p))) @ x + prior, slope)
    return mean, deviation, factors


def length(features: int) -> int:
    """Numbers of a model."""
    return 2 * features + 1 + features + features * (features + 1) // 2


def words(mean: Array, deviation: Array, factors: Array) -> list[int]:
    """The model as `pin.pose_cost.log_odds` reads it, raised."""
    numbers: list[float] = []
    for m, d in zip(mean, deviation, strict=True):
        numbers += [m, 64 * 256 / d]
    return [round(x) + _RAISED for x in [*numbers, *(256 * factors)]]


def in_bytes(numbers: list[int]) -> str:
    """Lines of a bytes literal."""
    data = np.array(numbers).astype("<u2").tobytes()
    rows = [data[i : i + 24] for i in range(0, len(data), 24)]
    return "\n".join('    b"' + "".join(f"\\x{byte:02x}" for byte in row) + '"' for row in rows)


def other_odds(makes: list[list[Clip]]) -> list[int]:
    shares = {"open": 0.25, "fist": 0.25, "other": 0.5}
    values, is_other, weights = [], [], []
    for clips in makes:
        counts = {pose: sum(len(rows) for _, held, rows in clips if held == pose) for pose in shares}
        for _, pose, rows in clips:
            values.append(rows)
            is_other.append(np.full(len(rows), float(pose == "other")))
            weights.append(np.full(len(rows), shares[pose] / counts[pose] * sum(counts.values())))
    every = np.concatenate(weights)
    return words(*logistic(np.concatenate(values), np.concatenate(is_other), every, _PRIOR))


def text(makes: list[list[Clip]]) -> str:
    """The module."""
    weights, middle = fisher(makes)
    line = [round(256 * 256 * w) for w in weights]
    unused = makes[0][0][2].shape[1] - _SCORED
    return _TEXT.format(
        weights=tuple(line + [0] * unused),
        middle=round(256 * 256 * middle),
        data=in_bytes(other_odds(makes)),
    )


def build() -> Path:
    """Writes the module; returns its path."""
    path = Path(source_root()) / "pin" / "pose_model.py"
    path.write_text(text([list(capsule_clips(_PEOPLE)), list(flat_clips(_PEOPLE))]), encoding="utf-8")
    return path


_TEXT = '''"""How open hands, fists and other shapes differ: made by `make palm-models`.

The score of `pose.PoseFilter` in 1/65536, and the log odds of another shape for `pose_cost.log_odds`: 16 bits
each, low byte first, as integers would take twice the flash.
"""

WEIGHTS = {weights}
MIDDLE = {middle}
# fmt: off
OTHER_ODDS = (
{data}
)
'''

if __name__ == "__main__":
    print(build())
