"""Open against fist on hands that the pin's tables were not made of."""

import numpy as np
from flat_hands import recording
from lapel.bench.palm import estimates


def right(seeds, poses, lengths=(15, 46)):
    marks = []
    for seed in seeds:
        frames, held = recording(seed, poses, lengths)
        marks += [said["pose"] == pose for said, pose in zip(estimates(frames), held, strict=True)]
    return float(np.mean(marks))


def test_both_poses_in_turn():
    assert right(range(1000, 1006), ["open", "fist"] * 2) > 0.82
    assert right(range(2000, 2006), ["fist", "open"] * 2) > 0.8


def test_short_recordings():
    assert right(range(3000, 3012), ["open", "fist"], (8, 16)) > 0.88


def test_one_pose_alone():
    assert right(range(4000, 4008), ["open"]) > 0.88
    assert right(range(5000, 5008), ["fist"]) > 0.7
