"""Things and hand shapes before the virtual sensor, and the tables that are made of them."""

import numpy as np
import pytest
from lapel.virtual import pose_fit, thing_fit
from lapel.virtual.hand import Plane
from lapel.virtual.hand_script import Wearer
from lapel.virtual.hand_shapes import OTHERS, as_recorded, hold, pose_hands
from lapel.virtual.things import THINGS, Book, record_thing
from pin.pose_model import SHAPES
from pin.thing_model import KINDS


@pytest.mark.parametrize("name", THINGS)
def test_a_thing_is_seen_and_repeats_with_its_seed(name):
    seen = [record_thing(name, seed, 2) for seed in range(6)]
    assert record_thing(name, 3, 2) == seen[3] != seen[4]
    nearest = [min(z for z in frame.distance_mm if z) for frames in seen for frame in frames]
    assert min(nearest) < 500


def test_a_book_ends_at_its_edges():
    book = Book(Plane(300), 0, 0, 120, 200)
    rays = np.array([[0.0, 0.0, 1.0], [0.19, 0.0, 1.0], [0.21, 0.0, 1.0], [0.0, 0.34, 1.0]])
    assert book.depths(rays).tolist() == [300, 300, np.inf, np.inf]


def test_every_other_shape_can_be_held():
    wearer = Wearer(4)
    as_recorded(wearer)
    for make in OTHERS.values():
        start = len(wearer.frames)
        hold(wearer, make(wearer.rest, 0.7), 2, (250, 300), 0)
        assert all(sum(0 < z < 420 for z in frame.distance_mm) >= 6 for frame in wearer.frames[start:])
    assert {pose_hands(wearer, "other")[1] for _ in range(60)} <= set(OTHERS)


@pytest.fixture(scope="module")
def hands():
    return pose_fit.samples(wearers=12)


def test_virtual_medians_are_near_those_of_people(hands):
    """docs/palm.md: area, tilt and minor axis of the open hand and the fist."""
    medians = [np.median(group, axis=0) for group in hands[:2]]
    area = [float(np.exp(row[0] / 256)) / 100 for row in medians]
    minor = [float(np.exp(row[1] / 256)) / 8 for row in medians]
    tilt = [row[2] / 10 for row in medians]
    assert 190 < area[0] < 280 and 115 < area[1] < 185 and 0.55 < area[1] / area[0] < 0.72
    assert 30 < minor[0] < 40 and 24 < minor[1] < 30
    assert 4 < tilt[0] < 12 and 12 < tilt[1] < 24


def test_tables_have_their_shape_and_are_in_16_bits(hands):
    assert len(SHAPES) == 7 * (1 + 3 * 7 + 7 * 7 + 7)
    assert len(KINDS) == 2 * 2 * len(thing_fit._KINDS) * (1 + 2 * 12 + 12 * 13 // 2)
    assert all(-32768 <= number < 32768 for number in SHAPES)
    assert [len(line) for line in pose_fit.table(hands[:2])] == [78] * 2
