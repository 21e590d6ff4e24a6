"""Alarms by the pin's own clock: every way from being set to being over."""

import json
import os
from binascii import hexlify

from pin import alarms
from pin.alarms import BUZZ_MS, CHECK_MS, RING_MS, SNOOZE_MS, SNOOZES, STALE_MS, Alarms, countdown

ON_MICROPYTHON = True

PATH = "/tmp/lapel-test-alarms-%s.json" % hexlify(os.urandom(6)).decode()
NOW = 1_795_000_000_000


class Wall:
    """The time of day that the test sets; None while unknown."""

    def __init__(self, ms=NOW):
        self.ms = ms

    def now_ms(self):
        return self.ms


class Bench:
    """Alarms on a fresh file, with both clocks in the test's hand."""

    def __init__(self, wall_ms=NOW):
        for name in (PATH, PATH + ".new"):
            try:  # noqa: SIM105 - MicroPython has no contextlib
                os.remove(name)
            except OSError:
                pass  # it was not there
        self.wall = Wall(wall_ms)
        self.ticks = 0
        self.buzzes = 0
        self.restart()

    def restart(self):
        self.alarms = Alarms(self.wall, self._buzz, PATH)

    def _buzz(self):
        self.buzzes += 1

    def set(self, *at_ms):
        self.alarms.replace([one("a%d" % i, at) for i, at in enumerate(at_ms)])

    def pass_ms(self, ms, step_ms=CHECK_MS):
        began = 0
        for _ in range(ms // step_ms):
            self.ticks += step_ms
            if self.wall.ms is not None:
                self.wall.ms += step_ms
            if self.alarms.poll(self.ticks):
                began += 1
        return began

    def events(self):
        found = []
        while self.alarms.next_event() is not None:
            event = self.alarms.next_event()
            found.append((event["id"], event["what"]))
            self.alarms.event_sent()
        return found


def read():
    with open(PATH) as file:
        return file.read()


def one(name, at_ms, label="Tea", kind="timer"):
    return {"id": name, "unix_ms": at_ms, "label": label, "kind": kind}


def test_it_rings_on_time_and_not_before():
    bench = Bench()
    bench.set(NOW + 10_000)
    assert bench.alarms.next_ms() == 10_000
    assert bench.pass_ms(10_000 - CHECK_MS) == 0 and bench.alarms.ringing is None
    assert bench.pass_ms(2 * CHECK_MS) == 1
    assert bench.alarms.ringing["id"] == "a0" and bench.buzzes == 1
    assert bench.events() == [("a0", "rang")]


def test_it_buzzes_on_until_stopped():
    bench = Bench()
    bench.set(NOW)
    bench.pass_ms(CHECK_MS)
    bench.pass_ms(5 * BUZZ_MS)
    assert bench.buzzes == 6
    bench.alarms.stop()
    assert bench.pass_ms(10 * BUZZ_MS) == 0
    assert bench.buzzes == 6 and len(bench.alarms) == 0
    assert bench.events() == [("a0", "rang"), ("a0", "stopped")]


def test_a_snooze_rings_again_later():
    bench = Bench()
    bench.set(NOW)
    bench.pass_ms(CHECK_MS)
    bench.alarms.snooze()
    assert bench.alarms.ringing is None
    assert bench.pass_ms(SNOOZE_MS - CHECK_MS) == 0
    assert bench.pass_ms(2 * CHECK_MS) == 1
    assert bench.events() == [("a0", "rang"), ("a0", "snoozed"), ("a0", "rang")]


def test_nobody_there_snoozes_by_itself_and_gives_up():
    bench = Bench()
    bench.set(NOW)
    rings = bench.pass_ms((SNOOZES + 2) * (RING_MS + SNOOZE_MS))
    assert rings == SNOOZES + 1 and len(bench.alarms) == 0
    assert [what for _, what in bench.events()][-1] == "stopped"


def test_the_soonest_first_and_the_other_right_after():
    bench = Bench()
    bench.set(NOW + 3000, NOW + 1000)
    bench.pass_ms(4000)
    assert bench.alarms.ringing["id"] == "a1"
    bench.alarms.stop()
    bench.pass_ms(2 * CHECK_MS)
    assert bench.alarms.ringing["id"] == "a0"


def test_a_reset_forgets_nothing():
    bench = Bench()
    bench.set(NOW + 5000)
    bench.restart()
    bench.pass_ms(5000 + CHECK_MS)
    assert bench.alarms.ringing is not None
    bench.alarms.snooze()
    bench.restart()  # with what was not told yet, and with the new time
    assert bench.alarms.next_ms() == SNOOZE_MS
    assert bench.events() == [("a0", "rang"), ("a0", "snoozed")]
    bench.restart()
    assert bench.events() == []


def test_a_reset_while_it_rings_rings_again():
    bench = Bench()
    bench.set(NOW)
    bench.pass_ms(CHECK_MS)
    bench.restart()
    assert bench.pass_ms(2 * CHECK_MS) == 1


def test_an_unknown_time_keeps_them_and_says_so():
    bench = Bench(None)
    bench.set(NOW + 1000)
    assert bench.pass_ms(60_000) == 0
    assert bench.alarms.waiting_for_time and bench.alarms.next_ms() is None and len(bench.alarms) == 1
    bench.wall.ms = NOW
    assert not bench.alarms.waiting_for_time
    assert bench.pass_ms(1000 + CHECK_MS) == 1


def test_an_unknown_time_without_alarms_wants_nothing():
    assert not Bench(None).alarms.waiting_for_time


def test_missed_is_rung_late_and_says_so():
    bench = Bench()
    bench.set(NOW - 3_600_000)
    assert bench.pass_ms(CHECK_MS) == 1
    card = bench.alarms.card()
    assert card["pages"] == [["Missed: Tea"]] and card["ends_ms"] == NOW - 3_600_000


def test_yesterdays_is_over():
    bench = Bench()
    bench.set(NOW - STALE_MS - 1)
    assert bench.pass_ms(2 * CHECK_MS) == 0 and len(bench.alarms) == 0
    assert bench.events() == [("a0", "stopped")]


def test_the_relays_list_replaces_ours():
    bench = Bench()
    bench.set(NOW + 1000, NOW + 2000)
    bench.alarms.replace([one("b", NOW + 9000)])
    assert bench.pass_ms(5000) == 0 and len(bench.alarms) == 1
    bench.alarms.replace([])
    assert bench.pass_ms(9000) == 0


def test_what_the_relay_ends_falls_silent():
    bench = Bench()
    bench.set(NOW)
    bench.pass_ms(CHECK_MS)
    bench.alarms.changed = False
    bench.alarms.replace([])
    assert bench.alarms.ringing is None and bench.alarms.changed


def test_the_same_list_again_goes_on_ringing():
    bench = Bench()
    bench.set(NOW)
    bench.pass_ms(CHECK_MS)
    bench.set(NOW)
    assert bench.alarms.ringing is not None
    bench.alarms.stop()
    assert bench.pass_ms(4 * CHECK_MS) == 0 and len(bench.alarms) == 0


def test_an_older_list_that_comes_late_does_not_ring_again():
    bench = Bench()
    bench.set(NOW)
    bench.pass_ms(CHECK_MS)
    bench.alarms.stop()
    bench.set(NOW)
    assert bench.pass_ms(4 * CHECK_MS) == 0
    bench.restart()
    bench.set(NOW)
    assert bench.pass_ms(4 * CHECK_MS) == 0


def test_an_older_list_leaves_a_snooze_alone_and_a_newer_one_moves_it():
    bench = Bench()
    bench.set(NOW)
    bench.pass_ms(CHECK_MS)
    bench.alarms.snooze()
    bench.set(NOW)
    assert bench.alarms.next_ms() == SNOOZE_MS
    bench.set(NOW + 60_000)
    assert bench.alarms.next_ms() == 60_000 - CHECK_MS


def test_snooze_and_stop_without_a_ring_do_nothing():
    bench = Bench()
    bench.set(NOW + 1000)
    bench.alarms.snooze()
    bench.alarms.stop()
    assert bench.events() == [] and len(bench.alarms) == 1


def test_a_broken_file_is_an_empty_list():
    for text in (
        "",
        "{",
        "[]",
        "null",
        '{"alarms": 3}',
        '{"alarms": [1, {"id": 2}], "events": [{}], "done": [1]}',
    ):
        bench = Bench()
        with open(PATH, "w") as file:
            file.write(text)
        bench.restart()
        assert len(bench.alarms) == 0 and bench.alarms.next_event() is None
        assert bench.pass_ms(1000) == 0


def test_events_are_bounded_and_the_oldest_go():
    bench = Bench()
    for i in range(20):
        bench.alarms.replace([one("x%d" % i, bench.wall.ms)])
        bench.pass_ms(2 * CHECK_MS)
        bench.alarms.stop()
    events = bench.events()
    assert len(events) == alarms.MOST and events[-1] == ("x19", "stopped")


def test_a_cut_of_power_leaves_the_old_list_or_the_new():
    bench = Bench()
    bench.set(NOW + 1000)
    old = read()
    bench.set(NOW + 2000)
    new = read()
    for cut in range(len(new) + 1):  # in the middle of writing the file beside
        with open(PATH, "w") as file:
            file.write(old)
        with open(PATH + ".new", "w") as file:
            file.write(new[:cut])
        bench.restart()
        assert bench.alarms.next_ms() == 1000
    with open(PATH, "w") as file:
        file.write(new)
    bench.restart()
    assert bench.alarms.next_ms() == 2000


def test_the_card_keeps_to_the_wire():
    from lapel_wire import messages

    bench = Bench()
    bench.set(NOW)
    bench.pass_ms(CHECK_MS)
    card = bench.alarms.card()
    card["card"] = 1
    assert json.loads(messages.encode(messages.DOWN, **card))["alert"] == "urgent"
    event = bench.alarms.next_event()
    assert json.loads(messages.encode(messages.UP, "alarm", **event))["what"] == "rang"


def test_figures():
    assert countdown(3_905_000) == "1:05:05"
    assert countdown(299_000) == "4:59"
    assert countdown(6_001) == "0:07"
    assert countdown(0) == "0:00"
    assert countdown(-999) == "+0:00"
    assert countdown(-7_500) == "+0:07"
