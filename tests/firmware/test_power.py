"""Every transition of the pin's power, and that there is no other."""

from pin import power
from pin.power import (
    AWAKE,
    DEEP,
    DEEP_MS,
    IDLE,
    IDLE_MS,
    LOOK,
    LOOK_LIMIT_MS,
    LOOK_STAY_MS,
    MOVES,
    NAP,
    NAP_MS,
    REACHABLE,
    SAVER,
    Facts,
    Power,
)
from pin.wall import LEAST_MARGIN_MS, margin_ms

ON_MICROPYTHON = True

HOUR_MS = 3_600_000


def run(pin, facts, now, ms, step=500):
    """Time passes; stops where it sleeps. Returns the time."""
    end = now + ms
    while now < end:
        now += step
        if pin.decide(now, facts) in (NAP, DEEP):
            break
    return now


def napping(facts, mode=SAVER, look=10):
    pin = Power(0, mode, look)
    now = run(pin, facts, 0, 2 * (IDLE_MS + NAP_MS))
    assert pin.state == NAP, pin.state
    return pin, now


def test_a_use_ends_in_idle_after_its_time():
    pin, facts = Power(0), Facts()
    facts.busy = True
    now = run(pin, facts, 0, 60_000)
    assert pin.state == AWAKE
    facts.busy = False
    assert pin.decide(now + IDLE_MS - 1, facts) == AWAKE
    assert pin.decide(now + IDLE_MS, facts) == IDLE


def test_idle_wakes_at_once():
    pin, facts = Power(0), Facts()
    now = run(pin, facts, 0, 2 * IDLE_MS)
    assert pin.state == IDLE
    facts.busy = True
    assert pin.decide(now + 1, facts) == AWAKE


def test_reachable_stays_reachable():
    pin, facts = Power(0, REACHABLE), Facts()
    facts.linked = True
    run(pin, facts, 0, 3 * DEEP_MS, step=60_000)
    assert pin.state == IDLE


def test_reachable_saves_when_the_battery_is_low():
    pin, facts = Power(0, REACHABLE), Facts()
    facts.low = True
    run(pin, facts, 0, 2 * (IDLE_MS + NAP_MS))
    assert pin.state == NAP


def test_saver_naps_after_a_minute():
    pin, facts = Power(0, SAVER), Facts()
    now = run(pin, facts, 0, 10 * NAP_MS)
    assert pin.state == NAP and NAP_MS <= now <= IDLE_MS + NAP_MS + 1000


def test_on_a_charger_nothing_sleeps():
    for field in ("low", "empty"):
        pin, facts = Power(0, SAVER), Facts()
        setattr(facts, field, True)
        facts.charging = True
        run(pin, facts, 0, 10 * NAP_MS)
        assert pin.state == IDLE


def test_empty_goes_deep():
    pin, facts = Power(0, REACHABLE), Facts()
    facts.empty = facts.low = True
    run(pin, facts, 0, 10 * NAP_MS)
    assert pin.state == DEEP
    assert pin.sleep_ms(0, facts) == 0  # nothing but the button: no looks


def test_empty_still_wakes_for_an_alarm():
    pin, facts = Power(0), Facts()
    facts.empty = True
    facts.alarm_ms = HOUR_MS
    now = run(pin, facts, 0, 10 * NAP_MS)
    assert pin.state == DEEP
    assert pin.sleep_ms(now, facts) == HOUR_MS - margin_ms(HOUR_MS)


def test_a_press_ends_a_nap():
    pin, now = napping(Facts())
    pin.woke(True, now)
    assert pin.state == AWAKE


def test_a_nap_ends_in_a_look_and_the_look_in_a_nap():
    facts = Facts()
    pin, now = napping(facts)
    assert pin.sleep_ms(now, facts) == 10 * 60_000
    pin.woke(False, now)
    assert pin.state == LOOK
    facts.linked = True
    pin.decide(now + 100, facts)
    assert pin.decide(now + 100 + LOOK_STAY_MS - 1, facts) == LOOK
    assert pin.decide(now + 100 + LOOK_STAY_MS, facts) == NAP


def test_a_look_without_a_relay_ends_too():
    facts = Facts()
    pin, now = napping(facts)
    pin.woke(False, now)
    assert pin.decide(now + LOOK_LIMIT_MS - 1, facts) == LOOK
    assert pin.decide(now + LOOK_LIMIT_MS, facts) == NAP


def test_a_card_in_a_look_wakes():
    facts = Facts()
    pin, now = napping(facts)
    pin.woke(False, now)
    facts.busy = True
    assert pin.decide(now + 1, facts) == AWAKE


def test_a_night_unused_goes_deep():
    facts = Facts()
    pin, now = napping(facts)
    naps = 0
    while pin.state == NAP and naps < 200:
        now += pin.sleep_ms(now, facts)
        naps += 1
        pin.woke(False, now)
        now = run(pin, facts, now, 2 * LOOK_LIMIT_MS)
    assert pin.state == DEEP
    assert DEEP_MS <= now <= DEEP_MS + HOUR_MS


def test_without_looks_a_nap_still_ends_in_deep_sleep():
    facts = Facts()
    pin, now = napping(facts, look=0)
    ms = pin.sleep_ms(now, facts)
    assert 0 < ms <= DEEP_MS
    pin.woke(False, now + ms)
    run(pin, facts, now + ms, 2 * LOOK_LIMIT_MS)
    assert pin.state == DEEP


def test_a_start_by_the_timer_looks_and_goes_deep_again():
    pin, facts = Power(0, SAVER, 10, woken_by_timer=True), Facts()
    assert pin.state == LOOK
    facts.linked = True
    now = run(pin, facts, 0, LOOK_LIMIT_MS)
    assert pin.state == DEEP and now < LOOK_LIMIT_MS
    assert pin.sleep_ms(now, facts) == 10 * 60_000


def test_a_start_by_the_timer_that_finds_something_stays_up():
    pin, facts = Power(0, SAVER, 10, woken_by_timer=True), Facts()
    facts.busy = True
    assert pin.decide(10, facts) == AWAKE
    facts.busy = False
    run(pin, facts, 10, 2 * NAP_MS)
    assert pin.state == NAP  # somebody used it: no deep sleep yet


def test_it_wakes_before_an_alarm_and_waits_for_it_awake():
    facts = Facts()
    facts.alarm_ms = 8 * HOUR_MS
    pin, now = napping(facts, look=0)
    left, sleeps = facts.alarm_ms, 0
    while pin.state in (NAP, DEEP):
        facts.alarm_ms = left
        ms = pin.sleep_ms(now, facts)
        assert 0 < ms <= left - LEAST_MARGIN_MS
        assert (
            ms * 105 <= left * 100 or left - ms >= LEAST_MARGIN_MS
        )  # a clock that is slow by 5 % is in time
        left -= ms
        now += ms
        sleeps += 1
        if pin.state == DEEP:
            pin = Power(now, SAVER, 0, woken_by_timer=True)
        else:
            pin.woke(False, now)
        began = now
        facts.alarm_ms = left
        while pin.state == LOOK and now - began < 2 * LOOK_LIMIT_MS:
            now += 500
            left -= 500
            facts.alarm_ms = left
            pin.decide(now, facts)
        assert sleeps < 20
    assert pin.state == LOOK and left <= 2 * LEAST_MARGIN_MS


def test_a_time_that_is_wanted_is_asked_for_sooner():
    facts = Facts()
    pin, now = napping(facts)
    facts.time_wanted = True
    assert pin.sleep_ms(now, facts) == power.LOOK_UNKNOWN_MS


def test_no_move_but_those_of_the_table():
    for state in MOVES:
        for new in MOVES:
            pin = Power(0)
            pin.state = state
            pin._move(new, 0)
            assert pin.state == (new if new in MOVES[state] else state)
            assert pin.refused == (0 if new in MOVES[state] else 1)


def test_every_move_of_the_table_happens():
    """Random days: what happens is in the table, and all of the table happens."""
    seen = set()
    seed = 1
    for day in range(300):
        facts = Facts()
        pin = Power(0, SAVER if day & 1 else REACHABLE, day % 3, woken_by_timer=day % 5 == 0)
        now = 0
        for _ in range(200):
            seed = (seed * 1103515245 + 12345) & 0x3FFFFFFF
            dice = seed >> 12
            facts.busy = dice % 7 == 0
            facts.linked = dice % 3 == 0
            facts.low = dice % 11 == 0
            facts.empty = dice % 29 == 0
            facts.charging = dice % 13 == 0
            facts.alarm_ms = dice % 100_000 if dice % 17 == 0 else None
            was = pin.state
            now += 1 + dice % 40_000
            if was == NAP:
                pin.woke(dice % 2 == 0, now)
            elif was == DEEP and dice & 1:
                break  # it sleeps
            else:
                pin.decide(now, facts)
            if pin.state != was:
                seen.add((was, pin.state))
        assert pin.refused == 0
    table = set([(old, new) for old in MOVES for new in MOVES[old]])
    assert seen <= table
    # NAP ends by the button or in a LOOK; DEEP is entered from there.
    assert table - seen == set(), table - seen
