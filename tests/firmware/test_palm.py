"""The tracker on frames whose truth is known by construction."""

from array import array

from pin.palm import OneEuro, Tracker
from pin.plane import Plane, atan_cdeg, isqrt

ON_MICROPYTHON = True

# A hand, fingers up, at 250 mm: # is skin, + the rim of a finger.
OPEN = (
    "...##...",
    "..###+#.",
    "..######",
    "..######",
    "..######",
    "..#####.",
    "...###..",
    "...##...",
)
FIST = (
    "........",
    "..ffff..",
    "..ffff..",
    "..####..",
    "..####..",
    "...##...",
    "...ww...",
    "........",
)
DEPTHS = {"#": 0, "+": 6, "f": -28, "w": 30}
FRAME_MS = 67


def frame(rows, distance=250, slope_x=0, slope_y=0):
    """64 distances; zones without a letter are a wall at 900 mm."""
    zones = []
    for y in range(8):
        for x in range(8):
            letter = rows[y][x]
            if letter == ".":
                zones.append(900)
            else:
                tilt = (slope_x * (2 * x - 7) + slope_y * (2 * y - 7)) * 13
                zones.append(distance + DEPTHS[letter] + tilt // 1000 + (3 * x + 5 * y) % 5 - 2)
    return zones


STATUS = [5] * 64


def show(tracker, zones, frames, start_ms=0, status=STATUS):
    for i in range(frames):
        tracker.update(start_ms + FRAME_MS * i, zones, status)


def test_open_palm_is_present_with_its_distance():
    tracker = Tracker()
    show(tracker, frame(OPEN), 4)
    assert tracker.present and tracker.pose == "open"
    assert abs(tracker.distance_mm - 250) <= 4
    assert tracker.tilt_cdeg < 400


def test_tilts_have_their_signs():
    tracker = Tracker()
    show(tracker, frame(OPEN, slope_y=364), 12)  # tan 20 degrees; z grows downwards: the top is nearer
    assert 1600 < tracker.tilt_x_cdeg < 2400 and abs(tracker.tilt_y_cdeg) < 400
    tracker = Tracker()
    show(tracker, frame(OPEN, slope_x=-364), 12)
    assert -2400 < tracker.tilt_y_cdeg < -1600 and abs(tracker.tilt_x_cdeg) < 400


def test_nothing_is_absent():
    tracker = Tracker()
    show(tracker, [0] * 64, 3, status=[255] * 64)
    assert not tracker.present and not tracker.seen
    assert tracker.pose == "other" and tracker.distance_mm is None


def test_far_and_near_are_absent():
    for distance in (100, 470):
        tracker = Tracker()
        show(tracker, frame(OPEN, distance), 5)
        assert not tracker.present


def test_invalid_zones_do_not_count():
    tracker = Tracker()
    show(tracker, frame(OPEN), 4, status=[4] * 64)
    assert not tracker.seen
    status = [9 if i % 2 else 5 for i in range(64)]
    show(tracker, frame(OPEN), 4, 1000, status)
    assert tracker.present


def test_a_failed_zone_within_the_hand_is_mended():
    whole, holed = Tracker(), Tracker()
    status = list(STATUS)
    status[27] = status[44] = 4
    for i in range(4):
        whole.update(FRAME_MS * i, frame(OPEN), STATUS)
        holed.update(FRAME_MS * i, frame(OPEN), status)
    assert holed.present and abs(holed.area_cm2 - whole.area_cm2) <= 2
    status[27] = 255  # nothing there: no failure
    holed.update(FRAME_MS * 4, frame(OPEN), status)
    assert holed.area_cm2 < whole.area_cm2 - 4


def test_the_arm_does_not_tilt_with_the_hand():
    arm = ["...##...", "..####..", "..####..", "..####..", "..####..", "...##...", "...##...", "...##..."]
    zones = frame(arm, 280)
    for i in range(6 * 8):
        if zones[i] != 900:
            zones[i] += 10 * (i // 8 - 5)  # the hand alone: 10 mm a row of 29 mm, 19 degrees
    plane = Plane()
    assert plane.fit(array("i", zones))
    assert plane.hand.slope_y > plane.slope_y + 20
    assert 310 < plane.hand.slope_y < 400  # 353 is 19 degrees


def test_fist_after_palm():
    tracker = Tracker()
    show(tracker, frame(OPEN), 15)
    show(tracker, frame(FIST), 4, 15 * FRAME_MS)
    assert tracker.pose == "fist" and tracker.present
    show(tracker, frame(OPEN), 4, 19 * FRAME_MS)
    assert tracker.pose == "open"


def test_fist_alone_is_no_palm():
    tracker = Tracker()
    show(tracker, frame(FIST), 30)
    assert tracker.pose == "fist" and not tracker.present


def test_surfaces_are_no_palm():
    tracker = Tracker()
    for rows in (["########"] * 8, ["........"] * 4 + ["########"] * 4, ["####...."] * 8):
        for distance in (160, 250, 350):
            show(tracker, frame(rows, distance), 6)
            assert not tracker.present, (rows, distance)


def test_hand_removed_is_absent_in_the_next_frame():
    tracker = Tracker()
    show(tracker, frame(OPEN), 20)
    tracker.update(20 * FRAME_MS, [900] * 64, STATUS)
    assert not tracker.present


def test_one_wrong_near_zone_is_passed_over():
    tracker = Tracker()
    zones = frame(OPEN)
    zones[0] = 40
    show(tracker, zones, 4)
    assert tracker.present and abs(tracker.distance_mm - 250) <= 4


def test_this_wearer_is_learned():
    """A hand at 250 mm that fills zones as a larger one would: it looks more open than most."""
    tracker = Tracker()
    big = ["...###..", ".######.", ".#######", ".#######", ".#######", ".######.", "..####..", "..####.."]
    show(tracker, frame(big), 30)
    assert tracker.pose == "open" and tracker.poses.wearer > 0
    show(tracker, frame(FIST), 4, 30 * FRAME_MS)
    assert tracker.pose == "fist"


def test_what_is_beyond_reach_has_a_pose_but_is_not_believed():
    tracker = Tracker()
    show(tracker, frame(OPEN, 440), 8)
    assert tracker.seen and tracker.pose == "open" and not tracker.present


def test_the_outline_counts_sides_within_the_field():
    plane = Plane()
    assert plane.fit(array("i", [300 if i in (0, 1, 8, 9, 27, 28) else 0 for i in range(64)]))
    assert plane.zones == 4 and plane.outline == 4


def test_age_counts_from_the_latest_frame():
    now = [1000]
    tracker = Tracker(clock_ms=lambda: now[0])
    assert tracker.age_ms() > 1000
    show(tracker, frame(OPEN), 1)
    now[0] += 70
    assert tracker.age_ms() == 70


def test_a_long_gap_begins_anew():
    tracker = Tracker()
    show(tracker, frame(OPEN), 10)
    tracker.update(60000, frame(FIST), STATUS)
    assert not tracker.present


def test_plane_of_a_line_is_level():
    plane = Plane()
    distance = array("i", [250 if 24 <= i < 32 else 0 for i in range(64)])
    assert plane.fit(distance)
    assert plane.slope_x == 0 and plane.slope_y == 0 and plane.border == 2


def test_border_counts_each_zone_once():
    plane = Plane()
    assert plane.fit(array("i", [300] * 64))
    assert plane.border == 28 and plane.sides == 4 and plane.corners == 4
    assert plane.residual == 0 and abs(plane.area_mm2 - 61766) < 700  # (2 * 300 tan 22.5 deg)^2


def test_arithmetic():
    for value in (0, 1, 2, 3, 4, 99, 100, 65535, 65536, (1 << 29) - 1):
        root = isqrt(value)
        assert root * root <= value < (root + 1) * (root + 1)
    for slope, expected in ((0, 0), (1024, 4500), (-1024, -4500), (591, 2999), (1774, 6001), (4095, 7597)):
        assert abs(atan_cdeg(slope) - expected) <= 27, (slope, atan_cdeg(slope))


def test_one_euro_is_calm_at_rest_and_follows():
    smooth = OneEuro(30)
    noise = [0, 5, -4, 3, -5, 4, -3, 5, -5, 2]
    values = [smooth.update(250 + n, 67) for n in noise * 3][10:]
    assert max(values) - min(values) <= 7
    for i in range(10):
        last = smooth.update(250 + 30 * i, 67)  # 450 mm/s
    assert 250 + 270 - last <= 30


def test_no_frame_allocates():
    import gc

    if not hasattr(gc, "mem_alloc"):  # CPython
        return
    tracker = Tracker()
    palm, fist, nothing = frame(OPEN), frame(FIST), [900] * 64
    run = (palm,) * 8 + (fist,) * 6 + (nothing,) * 2
    for i in range(len(run)):
        tracker.update(i * FRAME_MS, run[i], STATUS)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for i in range(len(run)):
        tracker.update(2000 + i * FRAME_MS, run[i], STATUS)
    allocated = gc.mem_alloc() - before
    gc.enable()
    assert allocated == 0, allocated
