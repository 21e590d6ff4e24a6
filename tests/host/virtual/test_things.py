"""Things and hand shapes before the virtual sensor, and the tables that are made of them."""

from array import array

import numpy as np
import pytest
from lapel.virtual import pose_fit, thing_fit
from lapel.virtual.hand import Plane
from lapel.virtual.hand_script import Wearer
from lapel.virtual.hand_shapes import OTHERS, as_recorded, hold, pose_hands
from lapel.virtual.things import THINGS, Book, record_thing
from pin.pose import FEATURES
from pin.pose_cost import log_odds
from pin.pose_model import MIDDLE, OTHER_ODDS, WEIGHTS
from pin.presence import FEATURES as THING_FEATURES
from pin.presence import NUMBERS
from pin.thing_model import MODELS


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
def makes():
    return [list(pose_fit.capsule_clips(10)), list(pose_fit.flat_clips(10))]


def test_virtual_medians_are_near_those_of_people(makes):
    """docs/palm.md: area against the median open hand, tilt and minor axis of the open hand and the fist."""
    for clips in makes:
        middle = {
            pose: np.median(np.concatenate([rows for _, held, rows in clips if held == pose]), axis=0)
            for pose in ("open", "fist")
        }
        size = {pose: float(np.exp(row[1] / 256)) for pose, row in middle.items()}
        minor = {pose: float(np.exp(row[2] / 256)) / 8 for pose, row in middle.items()}
        tilt = {pose: row[3] / 10 for pose, row in middle.items()}
        assert 0.8 < size["open"] < 1.3 and 0.5 < size["fist"] / size["open"] < 0.75
        assert 30 < minor["open"] < 41 and 24 < minor["fist"] < 32
        assert 4 < tilt["open"] < 13 and 12 < tilt["fist"] < 29


def test_the_score_is_one_for_an_open_hand_and_minus_one_for_a_fist(makes):
    weights, middle = pose_fit.fisher(makes)
    for pose, least, most in (("open", 0.5, 1.5), ("fist", -1.5, -0.5)):
        rows = np.concatenate([rows for clips in makes for _, held, rows in clips if held == pose])
        assert least < float(np.median(rows[:, : len(weights)] @ weights - middle)) < most
        scores = rows @ np.array(WEIGHTS) - MIDDLE
        assert least < float(np.median(scores)) / 65536 < most


def test_the_odds_are_what_the_regression_says(makes):
    """The pin's integers against the floats they were made of."""
    rows = np.concatenate([rows for _, _, rows in makes[0]])[::7]
    random = np.random.default_rng(1)
    is_so = (rows[:, 3] + random.normal(0, 60, len(rows)) > 150).astype(float)
    mean, deviation, factors = pose_fit.logistic(rows, is_so, np.ones(len(rows)), 5.0)
    odds = pose_fit.products(np.clip((rows - mean) / deviation, -3, 3)) @ factors
    model = array("H", pose_fit.words(mean, deviation, factors))
    scratch = array("i", [0] * FEATURES)
    for row, expected in zip(rows, odds, strict=True):
        raised = array("H", [int(x) + 32768 for x in row])
        assert abs(log_odds(model, 0, raised, FEATURES, scratch) / 16 - expected) < 0.4


@pytest.mark.parametrize("data, count", [(OTHER_ODDS, FEATURES), (MODELS, THING_FEATURES)])
def test_no_model_leaves_32_bits(data, count):
    model = np.frombuffer(data, "<u2").astype(int) - 32768
    assert len(model) % pose_fit.length(count) == 0
    for numbers in model.reshape(-1, pose_fit.length(count)):
        assert (
            abs(numbers[2 * count :]).sum() * 192 * 192 < 1 << 31
        )  # each product is at most three deviations


def test_each_thing_has_its_model():
    assert pose_fit.length(THING_FEATURES) == NUMBERS
    assert len(MODELS) == 2 * NUMBERS * len(thing_fit._ROWS)
