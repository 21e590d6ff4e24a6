"""Whether a hand closed, on pictures of zones: plates that tilt, move, shrink and change their relief."""

from array import array

from pin.closing import CLOSED, Closing
from pin.plane import Plane
from pin.pose import log_size

ON_MICROPYTHON = True


class Tracker:
    """What `Closing` reads of one."""

    def __init__(self):
        self.distances = array("i", [0] * 64)
        self.plane = Plane()

    def see(self, mm=260, rows=(0, 8), columns=(2, 6), right=0, bump=0):
        """A plate: `right` mm nearer from column to column, its middle `bump` mm nearer than its rim."""
        for i in range(64):
            row, column = i >> 3, i & 7
            here = rows[0] <= row < rows[1] and columns[0] <= column < columns[1]
            inner = rows[0] < row < rows[1] - 1 and columns[0] < column < columns[1] - 1
            up = bump if inner else 0
            self.distances[i] = int(mm - right * (column - 3.5)) - up if here else 0
        plane = self.plane
        assert plane.fit(self.distances)
        self.size = log_size(plane.area_mm2, plane.border, plane.z, 0)
        self.border = plane.border
        self.distance_mm = plane.hand.z


def opened():
    tracker = Tracker()
    tracker.see()
    closing = Closing(tracker)
    for _ in range(10):
        assert not closing.update()
    return tracker, closing


def play(tracker, closing, frames=6, **change):
    tracker.see(**change)
    return [closing.update() for _ in range(frames)]


FIST = {"mm": 250, "rows": (4, 8), "bump": 40}


def test_a_hand_that_shrinks_comes_nearer_and_changes_its_relief_closed():
    tracker, closing = opened()
    said = play(tracker, closing, **FIST)
    assert said[0] is False and all(said[2:])


def test_it_opens_in_three_frames():
    tracker, closing = opened()
    assert play(tracker, closing, **FIST)[-1]
    said = play(tracker, closing, 4)
    assert said[0] is True and said[2:] == [False, False]
    assert closing.evidence == 0


def test_a_hand_that_tilts_moves_goes_or_comes_stays_open():
    for change in (
        {"right": 12},
        {"right": -12},
        {"columns": (4, 8)},
        {"columns": (0, 4)},
        {"mm": 330},
        {"mm": 215},
    ):
        tracker, closing = opened()
        assert play(tracker, closing, 12, **change) == [False] * 12, change


def test_a_hand_closes_from_a_tilt_that_it_was_held_in():
    tracker, closing = opened()
    play(tracker, closing, 12, right=10)
    assert play(tracker, closing, right=10, **FIST)[-1]


def test_one_frame_is_not_enough():
    tracker, closing = opened()
    assert play(tracker, closing, 1, **FIST) == [False]
    assert 0 < closing.evidence < CLOSED
    assert play(tracker, closing, 3) == [False] * 3


def test_another_hand_is_measured_anew():
    tracker, closing = opened()
    closing.reset()
    assert play(tracker, closing, 12, **FIST) == [False] * 12


def test_no_frame_allocates():
    import gc

    if not hasattr(gc, "mem_alloc"):  # CPython
        return
    _, closing = opened()
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(20):
        closing.update()
    allocated = gc.mem_alloc() - before
    gc.enable()
    assert allocated == 0, allocated
