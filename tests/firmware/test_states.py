"""The table of allowed moves."""

from pin import states
from pin.states import ASLEEP, CONNECTING, FAULT, IDLE, LISTENING, MOVES, OFFLINE, SHOWING, THINKING, Machine

ON_MICROPYTHON = True

ALL = (ASLEEP, CONNECTING, IDLE, LISTENING, THINKING, SHOWING, OFFLINE, FAULT)


def test_table_names_each_state_and_no_other():
    assert sorted(MOVES) == sorted(ALL)
    for targets in MOVES.values():
        assert set(targets) <= set(ALL)


def test_each_state_can_be_reached_from_the_first():
    reached = {ASLEEP}
    while True:
        more = {target for state in reached for target in MOVES[state]} | reached
        if more == reached:
            break
        reached = more
    assert reached == set(ALL)


def test_a_press_is_heard_in_every_state_but_a_fault():
    assert [state for state in ALL if LISTENING not in MOVES[state]] == [LISTENING, FAULT]


def test_a_refused_move_changes_nothing_and_is_logged_with_both_names():
    lines = []
    original = states.log.log
    states.log.log = lambda severity, area, text: lines.append(text)
    try:
        machine = Machine(FAULT)
        assert not machine.move(IDLE)
    finally:
        states.log.log = original
    assert machine.state == FAULT and machine.refused == 1
    assert lines == ["refused: fault -> idle"]


def test_to_stay_is_allowed_and_silent():
    machine = Machine(IDLE)
    assert machine.move(IDLE) and machine.refused == 0
    assert machine.move(SHOWING) and machine.state == SHOWING
