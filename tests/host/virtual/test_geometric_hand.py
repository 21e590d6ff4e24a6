"""The virtual hand and its sensor: geometry that can be checked, and frames that repeat with the seed."""

import json
import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from lapel.virtual.depth_sensor import NO_TARGET, DepthSensor, Frame, record
from lapel.virtual.hand import FIST, Capsules, Cup, Hand, Plane, between, face
from lapel.virtual.hand_script import Wearer

AXIS = np.array([[0.0, 0.0, 1.0]])


def grid(frame: Frame) -> np.ndarray:
    return np.array(frame.distance_mm).reshape(8, 8)


def quiet(seed: int = 1) -> DepthSensor:
    sensor = DepthSensor(seed, noise=0, faults=0, crosstalk=0)
    sensor._offsets[:] = 0
    return sensor


def test_ray_meets_a_ball_and_a_tube_where_it_should():
    ball = Capsules((((0, 0, 300), (0, 0, 300), 50),))
    assert ball.depths(AXIS)[0] == pytest.approx(250)
    tube = Capsules((((-100, 0, 300), (100, 0, 300), 20),))
    assert tube.depths(AXIS)[0] == pytest.approx(280)
    beside = np.array([[0.5, 0.0, 1.0]])  # 150 mm to the side at 300 mm
    assert math.isinf(ball.depths(beside)[0]) and math.isinf(tube.depths(beside)[0])
    assert Cup(250).depths(AXIS)[0] == pytest.approx(250)


def test_palm_lies_at_its_distance():
    for right in (True, False):
        assert Hand(distance_mm=240, right=right).depths(AXIS)[0] == pytest.approx(240, abs=6)


def test_left_hand_mirrors_the_right():
    rays = np.array([[x, y, 1.0] for x in np.linspace(-0.4, 0.4, 15) for y in np.linspace(-0.4, 0.4, 15)])
    flipped = rays * np.array([-1, 1, 1])
    right, left = Hand(right=True), Hand(right=False)
    assert np.allclose(right.depths(rays), left.depths(flipped))


def test_pitch_and_roll_turn_as_documented():
    sensor = quiet()
    pitched = grid(sensor.measure(0, [Hand(pitch_deg=20)]))
    assert pitched[1, 4] > pitched[6, 4] + 15  # fingers up are farther
    normal = Hand(pitch_deg=20).normal()
    assert math.degrees(math.atan2(normal[1], normal[2])) == pytest.approx(20, abs=0.1)
    assert np.linalg.norm(Hand(pitch_deg=20, roll_deg=-30, yaw_deg=70).normal()) == pytest.approx(1)


def test_fist_is_smaller_and_nearer():
    sensor = quiet()
    hand, fist = (grid(sensor.measure(0, [Hand(fingers=f)])) for f in (Hand().fingers, FIST))
    assert (fist > 0).sum() < 0.85 * (hand > 0).sum()
    assert fist[fist > 0].min() < hand[hand > 0].min() - 15


def test_sizes_sleeves_and_breadth_show():
    def zones(hand: Hand) -> int:
        return int((grid(quiet().measure(0, [hand])) > 0).sum())

    assert zones(Hand(length_mm=150)) < zones(Hand(length_mm=180)) < zones(Hand(length_mm=210))
    assert zones(Hand(sleeve=True)) > zones(Hand())


def test_wall_is_flat_and_tilted_table_is_not():
    assert np.ptp(grid(quiet().measure(0, [Plane(500)]))) <= 1
    table = grid(quiet().measure(0, [Plane(300, tilt_x_deg=30)]))
    assert table[7, 3] > table[0, 3] + 100
    cut = grid(quiet().measure(0, [Plane(300, edge_mm=0)]))
    assert (cut[:4] == 0).all() and (cut[4:] > 0).all()


def test_near_things_hide_far_ones_and_zones_mix_what_is_close():
    frame = grid(quiet().measure(0, [Plane(900), Hand()]))
    assert (frame[0, 0], frame[4, 4]) == (900, pytest.approx(250, abs=8))
    step = grid(quiet().measure(0, [Plane(300), Plane(250, edge_mm=-7)]))  # a quarter of row 3 is at 300
    assert 255 < step[3, 3] < 300 or step[3, 3] == pytest.approx(250, abs=20)


def test_same_seed_same_frames_other_seed_others():
    scene = [Hand(), Plane(700)]
    first, again, other = (record(DepthSensor(seed), [scene] * 3) for seed in (4, 4, 5))
    assert first == again != other


def test_noise_grows_with_distance():
    def spread(distance: float) -> float:
        sensor = DepthSensor(3, faults=0)
        return float(np.std([grid(sensor.measure(0, [Plane(distance)])) for _ in range(40)], axis=0).mean())

    assert spread(200) < spread(600) < spread(1500)


def test_faults_and_empty_zones_have_statuses():
    sensor = DepthSensor(2, faults=0.1)
    frames = [sensor.measure(0, [Plane(300)]) for _ in range(20)]
    bad = np.mean([status not in (5, 9) for frame in frames for status in frame.status])
    assert 0.05 < bad < 0.15
    nothing = sensor.measure(0, [])
    assert set(nothing.status) == {NO_TARGET} and set(nothing.distance_mm) == {0}


def test_a_line_is_what_lapel_palm_reads():
    frame = DepthSensor(1).measure(66.7, [Hand(), face(600)])
    line = json.loads(frame.line())
    assert sorted(line) == ["distance_mm", "status", "t_ms"] and line["t_ms"] == 67
    assert len(line["distance_mm"]) == len(line["status"]) == 64
    assert all(isinstance(value, int) for value in line["distance_mm"])


def test_between_is_on_the_way():
    half = between(Hand(x_mm=0, pitch_deg=10), replace(Hand(x_mm=40, pitch_deg=30), fingers=FIST), 0.5)
    assert (half.x_mm, half.pitch_deg) == (20, 20) and 0.4 < half.fingers.index < 0.6


def test_wearer_scripts_have_their_time_and_truth():
    wearer = Wearer(9)
    wearer.nobody(400)
    wearer.enter()
    wearer.close(200)
    wearer.leave()
    assert len(wearer.frames) == len(wearer.truth)
    assert wearer.frames[-1].t_ms == pytest.approx(wearer.now_ms, abs=70)
    assert wearer.truth[0] is None and any(hand and hand.fingers.middle > 0.99 for hand in wearer.truth)
    times = [frame.t_ms for frame in wearer.frames]
    assert all(66 <= b - a <= 67 for a, b in pairwise(times))
