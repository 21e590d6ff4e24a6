"""The button's timing, with a clock that the test moves."""

from pin.button import (
    DEBOUNCE_MS,
    DOUBLE,
    DOUBLE_MS,
    HOLD,
    HOLD_MS,
    PRESS,
    RELEASE,
    STUCK,
    STUCK_MS,
    TAP,
    Button,
    Timing,
)
from pin.clock import ticks_add

ON_MICROPYTHON = True


def events(edges, until_ms, doubles=False, start_ms=1000, step_ms=5):
    """What a loop of `step_ms` hears: [(ms after start, event)]. `edges`: [(ms, down)], each looked at."""
    timing = Timing()
    timing.doubles = doubles
    heard = []
    down = False
    edges = list(edges)
    for ms in range(until_ms + 1):
        changed = False
        while edges and edges[0][0] == ms:
            down = edges.pop(0)[1]
            changed = True
        if changed or ms % step_ms == 0:
            event = timing.update(down, ticks_add(start_ms, ms))
            if event:
                heard.append((ms, event))
    return heard


def test_press_is_told_at_its_edge_and_a_hold_while_down():
    heard = events([(7, True), (1007, False)], 2000)
    assert heard == [(7, PRESS), (260, HOLD), (1007, RELEASE)]


def test_tap():
    assert events([(7, True), (107, False)], 2000) == [(7, PRESS), (107, TAP)]


def test_the_border_between_tap_and_hold():
    assert events([(0, True), (HOLD_MS - 1, False)], 2000)[-1] == (HOLD_MS - 1, TAP)
    assert events([(0, True), (HOLD_MS + 1, False)], 2000)[-1] == (HOLD_MS + 1, RELEASE)


def test_bounce_is_one_press_and_one_release():
    bounce = [
        (10, True),
        (11, False),
        (13, True),
        (16, False),
        (18, True),
        (600, False),
        (602, True),
        (604, False),
    ]
    assert [event for _, event in events(bounce, 2000)] == [PRESS, HOLD, RELEASE]


def test_a_bounce_that_ends_wrong_is_put_right_by_the_level():
    # The last edge falls into the debounce time; only the polled level tells that the button is up again.
    heard = events([(10, True), (12, False)], 500)
    assert heard == [(10, PRESS), (10 + DEBOUNCE_MS, TAP)]


def test_with_choices_a_tap_waits_for_a_second_one():
    heard = events([(0, True), (100, False)], 2000, doubles=True)
    assert heard == [(0, PRESS), (100 + DOUBLE_MS, TAP)]


def test_double_tap_is_no_tap():
    heard = events([(0, True), (100, False), (300, True), (380, False)], 2000, doubles=True)
    assert heard == [(0, PRESS), (300, PRESS), (380, DOUBLE)]


def test_two_slow_taps_are_two():
    heard = events([(0, True), (100, False), (450, True), (500, False)], 2000, doubles=True)
    assert heard == [(0, PRESS), (400, TAP), (450, PRESS), (800, TAP)]


def test_three_quick_taps_are_a_double_and_one_more():
    taps = [(0, True), (60, False), (160, True), (220, False), (320, True), (380, False)]
    assert [event for _, event in events(taps, 2000, doubles=True)] == [PRESS, PRESS, DOUBLE, PRESS, TAP]


def test_a_hold_after_a_tap_asks():
    heard = events([(0, True), (100, False), (200, True), (900, False)], 2000, doubles=True)
    assert heard == [(0, PRESS), (200, PRESS), (450, HOLD), (900, RELEASE)]


def test_a_stuck_button_ends_the_question_once():
    heard = events([(0, True), (STUCK_MS + 9000, False)], STUCK_MS + 10000)
    assert heard == [(0, PRESS), (HOLD_MS, HOLD), (STUCK_MS, STUCK)]


def test_after_a_stuck_one_the_next_press_counts():
    heard = events(
        [(0, True), (STUCK_MS + 10, False), (STUCK_MS + 500, True), (STUCK_MS + 900, False)], STUCK_MS + 2000
    )
    assert [event for _, event in heard] == [PRESS, HOLD, STUCK, PRESS, HOLD, RELEASE]


def test_the_clock_may_start_again():
    for left_ms in (1, 100, 300, 900):
        heard = events([(0, True), (1000, False)], 2000, start_ms=ticks_add(0, -left_ms))
        assert heard == [(0, PRESS), (HOLD_MS, HOLD), (1000, RELEASE)], left_ms


def test_a_loop_that_was_late_still_hears_a_tap():
    timing = Timing()
    assert timing.update(True, 100) == PRESS
    assert timing.update(False, 180) == TAP  # both edges come from the queue, seconds later
    assert timing.update(False, 5000) is None


class FakePin:
    """A machine.Pin that a test moves."""

    def __init__(self):
        self.level = 1

    def irq(self, handler, trigger):
        self.handler = handler

    def value(self):
        return self.level

    def move(self, level):
        self.level = level
        self.handler(self)


def test_interrupt_tells_of_a_press_at_once_and_once():
    pin = FakePin()
    presses = []
    button = Button(pin, 3, lambda: presses.append(1))
    for level in (0, 1, 0):  # bounce
        pin.move(level)
    assert len(presses) == 1
    assert button.event() == PRESS
    assert button.event() is None


def test_edges_that_came_while_nobody_looked_are_kept_in_order():
    pin = FakePin()
    button = Button(pin, 3)
    # All within one millisecond or so: bounce to the timing, but never more than there is room for.
    for _ in range(100):
        pin.move(0)
        pin.move(1)
    assert len(button._edges) <= 16
    assert button.event() == PRESS
