"""The lock: its table, its waits, and codes entered by hand and by button."""

from fake_pin import Pin, clock, files
from pin import gestures, haptic, lock
from pin.hand import RAISED
from pin.lock import (
    AGAIN,
    CANCEL,
    CLEAR,
    CLOSED,
    ENTERED,
    FIRST,
    FREE_TRIES,
    KINDS,
    LOCK,
    MOVES,
    NEW,
    NONE,
    OPEN,
    OTHER,
    RIGHT_CODE,
    SAME,
    TABLE,
    WRONG_CODE,
    Lock,
)

ON_MICROPYTHON = True

CODE = (lock.LEFT, lock.UP, lock.FIST, lock.RIGHT, lock.DOWN)
OTHER_CODE = (lock.LEFT, lock.UP, lock.FIST, lock.RIGHT, lock.UP)
BY_HAND = {
    lock.UP: gestures.UP,
    lock.DOWN: gestures.DOWN,
    lock.LEFT: gestures.LEFT,
    lock.RIGHT: gestures.RIGHT,
    lock.FIST: gestures.SELECT,
}


def new_lock(state=NONE):
    """A lock that came to `state` by its own moves."""
    Pin()  # files are a dict
    made = Lock()
    if state != NONE:
        made.do(NEW)
    if state in (AGAIN, OPEN, CLOSED):
        enter(made, CODE)
    if state in (OPEN, CLOSED):
        enter(made, CODE)
    if state == CLOSED:
        made.do(LOCK)
    assert made.state == state
    return made


def enter(the_lock, code, now=0):
    result = None
    for kind in code:
        assert result is None
        result = the_lock.move(kind, now)
    return result


def test_every_transition():
    for (state, event), target in TABLE.items():
        made = new_lock(state)
        if event in (NEW, CLEAR, CANCEL) or (event == LOCK and state in (OPEN, CLOSED)):
            assert made.do(event)
        elif event == LOCK:  # while a code is being made anew
            made = new_lock(OPEN)
            made.do(NEW)
            if state == AGAIN:
                enter(made, CODE)
            assert made.do(LOCK)
        else:
            wrong = event in (WRONG_CODE, OTHER)
            assert enter(made, OTHER_CODE if wrong else CODE) == event
        if event == CANCEL:  # there was no code
            target = NONE
        assert made.state == target, (state, event, made.state)


def test_what_the_table_lacks_is_refused():
    for state in (NONE, OPEN, CLOSED, FIRST, AGAIN):
        for event in (LOCK, NEW, CLEAR, CANCEL):
            if (state, event) not in TABLE:
                made = new_lock(state)
                assert not made.do(event) and made.state == state
    made = new_lock(FIRST)
    assert not made.do(LOCK)  # nothing to lock with
    for state in (NONE, OPEN):
        assert new_lock(state).move(lock.FIST, 0) is None


def test_a_canceled_new_code_leaves_the_old_one():
    made = new_lock(OPEN)
    made.do(NEW)
    enter(made, OTHER_CODE)
    made.do(CANCEL)
    assert made.state == OPEN
    made.do(LOCK)
    assert enter(made, OTHER_CODE) == WRONG_CODE and enter(made, CODE) == RIGHT_CODE


def test_two_different_codes_begin_anew():
    made = new_lock(FIRST)
    assert enter(made, CODE) == ENTERED
    assert enter(made, OTHER_CODE) == OTHER and made.state == FIRST
    assert enter(made, CODE) == ENTERED and enter(made, CODE) == SAME


def test_wrong_tries_cost_more_and_more_time():
    made = new_lock(CLOSED)
    now, waits = 0, []
    for _ in range(12):
        assert enter(made, OTHER_CODE, now) == WRONG_CODE
        waits.append(made.wait_s(now))
        if waits[-1]:
            assert enter(made, CODE, now) is None and made.closed  # not even the right one
            now += 1000 * waits[-1] - 1
            assert made.wait_s(now) == 1
            now += 1
        assert made.wait_s(now) == 0
    assert waits == [0] * FREE_TRIES + [5, 10, 20, 40, 80, 160, 300, 300, 300, 300]
    assert enter(made, CODE, now) == RIGHT_CODE
    made.do(LOCK)
    enter(made, OTHER_CODE, now)
    assert made.wait_s(now) == 0  # the right one forgives


def test_a_restart_is_no_way_around_the_wait():
    made = new_lock(CLOSED)
    for _ in range(FREE_TRIES + 2):
        enter(made, OTHER_CODE, clock.now)
        clock.now += 20_000
    again = Lock()
    assert again.closed and again.wait_s(clock.now) == 10
    assert enter(again, CODE, clock.now) is None
    assert enter(again, CODE, clock.now + 10_000) == RIGHT_CODE


def test_the_code_is_not_in_the_flash_and_damage_does_not_open():
    made = new_lock(CLOSED)
    assert "left" not in str(files["lock.json"])
    files["lock.json"]["wrong"] = "many"
    again = Lock()
    assert again.closed and again.wait_s(0) == 300
    files["lock.json"] = []
    assert Lock().state == NONE and made.closed


# on the palm


def locked(**more):
    """A pin that has a code and was just switched on."""
    new_lock(CLOSED)
    return Pin(dict(files), **more)


def by_hand(pin, code):
    for kind in code:
        pin.gesture(BY_HAND[kind])
        pin.level()


def test_a_locked_pin_shows_the_time_and_the_lock_and_nothing_else():
    pin = locked()
    pin.say("home", unread=3, next="09:30 Dentist", utc_offset_min=0)
    pin.gesture(RAISED)
    assert pin.page["title"] == "22:13" and pin.page["lines"] == ["\u00b7" * MOVES]
    pin.card(5, (("A secret",),))
    pin.card(6, (("Another",),), alert="urgent")
    for event in (gestures.HOME, gestures.NEXT, gestures.BACK, gestures.LOUDER):
        pin.gesture(event)
        assert pin.view == "code"
    pin.level()


def test_the_code_by_hand_opens_and_what_waited_comes():
    pin = locked()
    pin.card(6, (("A message",),), alert="normal")
    pin.gesture(RAISED)
    by_hand(pin, CODE[:2])
    assert pin.page["lines"] == ["\u2022\u2022" + "\u00b7" * (MOVES - 2)]
    pin.gesture(gestures.HOME)  # a slip: from the beginning
    assert pin.page["lines"] == ["\u00b7" * MOVES]
    by_hand(pin, CODE)
    assert not pin.app.lock.closed and pin.page["lines"] == ["A message"]


def test_the_code_by_button():
    pin = locked()
    pin.double()
    assert pin.view == "code"
    for kind in CODE:
        pin.tap()
        while pin.page["lines"][1] != kind:
            pin.tap()
        pin.double()
    assert not pin.app.lock.closed and pin.view == "home"
    assert KINDS[0] == "up"


def test_a_wrong_code_is_felt_and_the_wait_counts_down():
    pin = locked()
    pin.gesture(RAISED)
    for _ in range(FREE_TRIES + 1):
        by_hand(pin, OTHER_CODE)
    assert haptic.ERROR in pin.parts.haptic.played
    assert pin.page["lines"] == ["Wait 5 s"]
    pin.wait(2100)
    assert pin.page["lines"] == ["Wait 3 s"]
    pin.wait(4000)
    by_hand(pin, CODE)
    assert not pin.app.lock.closed


def test_a_question_to_a_locked_pin_waits_for_the_code():
    pin = locked()
    pin.hold()
    assert pin.link.delivering is None and pin.view == "code"
    pin.wait(20_000)  # no sentence about a relay that does not answer
    assert pin.app.asking.question.number is not None
    pin.gesture(RAISED)
    by_hand(pin, CODE)
    assert pin.link.delivering is not None and pin.state == "thinking"
    pin.card(9, (("It is late",),), utt=pin.app.asking.question.number)
    assert pin.page["lines"] == ["It is late"]


def test_a_typed_question_waits_too():
    pin = locked()
    pin.parts.questions.append("what time is it")
    pin.wait(50)
    assert not pin.sent("ask")
    pin.gesture(RAISED)
    by_hand(pin, CODE)
    pin.wait(50)
    assert len(pin.sent("ask")) == 1


def test_a_code_is_set_locked_and_taken_away_in_the_menu():
    pin = Pin()
    pin.gesture(RAISED)
    for place in (2, 2, 1, 0):
        pin.choose(place)
    assert pin.page["title"] == "New code"
    by_hand(pin, CODE)
    assert pin.page["title"] == "Once more"
    by_hand(pin, CODE)
    assert pin.page["lines"] == ["The code is", "set."] and pin.app.lock.state == OPEN
    pin.gesture(gestures.HOME)
    for place in (2, 2, 1):
        pin.choose(place)
    assert pin.page["choices"] == ["Now", "New", "None"]
    pin.choose(0)
    assert pin.app.lock.closed and pin.view == "code"
    by_hand(pin, CODE)
    pin.gesture(gestures.HOME)
    for place in (2, 2, 1, 2):
        pin.choose(place)
    assert pin.app.lock.state == NONE


def test_a_hand_that_goes_away_cancels_a_new_code():
    pin = Pin()
    pin.gesture(RAISED)
    for place in (2, 2, 1, 0):
        pin.choose(place)
    by_hand(pin, CODE[:3])
    pin.parts.projector.lit = False
    pin.wait(3000)
    assert pin.page is None and pin.app.lock.state == NONE


def test_sleep_locks():
    new_lock(OPEN)
    pin = Pin(dict(files))
    assert pin.app.lock.closed  # a start does as well
    pin.gesture(RAISED)
    by_hand(pin, CODE)
    pin.gesture(gestures.HOME)
    pin.back()
    pin.app.sleep()
    assert pin.app.lock.closed
