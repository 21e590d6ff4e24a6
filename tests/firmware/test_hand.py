"""When a palm counts as raised, and how often the sensor looks."""

from pin import depth
from pin.hand import (
    ABSENT,
    AWAY_MS,
    COMING,
    HELD,
    LOOK_MS,
    LOST,
    RAISE_MS,
    RAISE_TILT_CDEG,
    RAISES,
    SEEN,
    THERE,
    TIME,
    UNKNOWN,
    UNSEEN,
    Hand,
    NoHand,
    Raising,
)

ON_MICROPYTHON = True

FRAME_MS = 67


class Palm:
    """A tracker that says what the test says."""

    def __init__(self):
        self.put(False)

    def put(self, present, pose="open", distance_mm=250, tilt_cdeg=300):
        self.present = self.seen = present
        self.pose = pose
        self.distance_mm = distance_mm if present else None
        self.tilt_cdeg = tilt_cdeg


class Rig:
    def __init__(self, state=ABSENT):
        self.palm = Palm()
        self.raising = Raising(self.palm)
        self.now = 0
        if state != UNKNOWN:
            self.frames(AWAY_MS + FRAME_MS)
            assert self.raising.state == ABSENT
        if state in (COMING, THERE, LOST):
            self.palm.put(True)
            self.frame()
        if state in (THERE, LOST):
            self.frames(RAISE_MS + FRAME_MS)
        if state == LOST:
            self.palm.put(False)
            self.frame()
        assert self.raising.state == state

    def frame(self):
        self.now += FRAME_MS
        return self.raising.update(self.now)

    def frames(self, ms):
        """How often it was raised."""
        return sum([self.frame() for _ in range(ms // FRAME_MS + 1)])


def test_every_transition():
    for (state, event), target in RAISES.items():
        rig = Rig(state)
        if event == SEEN:
            rig.palm.put(True)
            raised = rig.frame()
        elif event == UNSEEN:
            rig.palm.put(False)
            raised = rig.frame()
        elif event == TIME:
            rig.palm.put(False)
            raised = rig.frames(AWAY_MS + FRAME_MS)
        else:
            assert event == HELD
            raised = rig.frames(RAISE_MS)
        assert rig.raising.state == target, (state, event)
        assert bool(raised) == (state == COMING and event == HELD)


def test_raised_once_and_only_again_after_it_was_away():
    rig = Rig()
    rig.palm.put(True)
    assert rig.frames(5000) == 1
    rig.palm.put(False)
    rig.frames(AWAY_MS // 2)
    rig.palm.put(True)
    assert rig.frames(2000) == 0  # it flickered
    rig.palm.put(False)
    rig.frames(AWAY_MS + FRAME_MS)
    rig.palm.put(True)
    assert rig.frames(2000) == 1


def test_what_was_there_from_the_start_was_not_raised():
    rig = Rig(UNKNOWN)
    rig.palm.put(True)
    assert rig.frames(5000) == 0 and rig.raising.state == THERE


def test_a_fist_a_steep_hand_and_one_that_moves_are_not_raised():
    for change in ({"pose": "fist"}, {"pose": "other"}, {"tilt_cdeg": RAISE_TILT_CDEG + 1}):
        rig = Rig()
        rig.palm.put(True, **change)
        assert rig.frames(3000) == 0
        rig.palm.put(True)
        assert rig.frames(RAISE_MS + FRAME_MS) == 1
    rig = Rig()
    for distance_mm in range(160, 400, 12):  # 180 mm/s
        rig.palm.put(True, distance_mm=distance_mm)
        assert not rig.frame()


def test_what_passes_by_is_not_raised():
    rig = Rig()
    for _ in range(10):
        rig.palm.put(True)
        assert rig.frames(RAISE_MS - 2 * FRAME_MS) == 0
        rig.palm.put(False)
        rig.frames(AWAY_MS + FRAME_MS)


# how often it looks


class Sensor:
    failures = 0

    def __init__(self):
        self.wanted = None
        self.next = None

    def want(self, state):
        self.wanted = state

    def frame(self, now_ms):
        return self.next


EMPTY = ([0] * 64, bytes([255] * 64))
WALL = ([300] * 64, bytes([5] * 64))


def test_slow_while_nothing_is_there_fast_when_something_comes_or_a_card_waits():
    sensor = Sensor()
    hand = Hand(sensor, lambda: 0)
    sensor.next = EMPTY
    hand.poll(0, False)
    assert sensor.wanted == depth.SLOW
    hand.poll(200, True)
    assert sensor.wanted == depth.FAST
    hand.poll(400, False)
    assert sensor.wanted == depth.SLOW
    sensor.next = WALL
    hand.poll(600, False)
    hand.poll(667, False)
    assert sensor.wanted == depth.FAST
    hand.poll(600 + LOOK_MS, False)
    hand.poll(667 + LOOK_MS, False)
    assert sensor.wanted == depth.SLOW  # a desk is no hand, however long it is there
    hand.rest()
    assert sensor.wanted == depth.OFF


def test_a_board_without_a_sensor_sees_nobody():
    hand = NoHand()
    assert hand.poll(0, True) is None and not hand.tracker.present
