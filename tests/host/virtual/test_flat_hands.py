"""Open against fist on hands of the second make, as usual and in each harder way."""

import numpy as np
import pytest
from lapel.bench.palm import estimates
from lapel.virtual.flat_hands import OTHERS, VARIATIONS, Person, recording


def right(seeds, poses, lengths=(15, 46), **changes):
    marks = []
    for seed in seeds:
        frames, held = recording(seed, poses, lengths, **changes)
        marks += [said["pose"] == pose for said, pose in zip(estimates(frames), held, strict=True)]
    return float(np.mean(marks))


def test_both_poses_in_turn():
    assert right(range(1000, 1006), ["open", "fist"] * 2) > 0.92
    assert right(range(2000, 2006), ["fist", "open"] * 2) > 0.92


def test_short_recordings():
    assert right(range(3000, 3012), ["open", "fist"], (8, 16)) > 0.89


def test_one_pose_alone():
    assert right(range(4000, 4008), ["open"]) > 0.92
    assert right(range(5000, 5008), ["fist"]) > 0.88


@pytest.mark.parametrize("name", VARIATIONS)
def test_no_variation_breaks_it(name):
    assert right(range(6000, 6004), ["open", "fist"], **VARIATIONS[name]) > 0.8


def test_some_of_the_other_shapes_are_told():
    assert right(range(7000, 7012), ["open", "other", "fist", "other"]) > 0.68
    assert right(range(8000, 8012), ["other"]) > 0.3


def test_every_shape_is_seen():
    person = Person(1)
    for pose in ("open", "fist", *OTHERS):
        zones = sum(0 < z < 450 for z in person.hold(pose, 1, 0)[0].distance_mm)
        assert zones >= 8, pose
