"""Watchdog, crashes, memory and telemetry, each alone."""

import os
from binascii import hexlify

from pin import crash, memory, watchdog
from pin.memory import FLOOR_BYTES, LOOK_MS, LOW_BYTES, RESTARTS_AFTER, Memory
from pin.status import EVERY_MS, LEAST_MS, Status
from pin.watchdog import BITE_MS, HOLD, START_MS, Watchdog

ON_MICROPYTHON = True

FOLDER = "/tmp/lapel-test-health-%s" % hexlify(os.urandom(6)).decode()


class Dog:
    """The real watchdog's double: how often it was fed, with which time-out."""

    def __init__(self):
        self.opened = []
        self.fed = 0

    def open(self, timeout_ms):
        self.opened.append(timeout_ms)
        return self

    def feed(self):
        self.fed += 1


def in_folder():
    """An empty flash."""
    if FOLDER.rsplit("/", 1)[1] not in os.listdir("/tmp"):
        os.mkdir(FOLDER)
    os.chdir(FOLDER)
    for name in os.listdir(FOLDER):
        os.remove(name)


def test_the_dog_starts_after_three_seconds():
    in_folder()
    dog, stale = Dog(), []
    watch = Watchdog(dog.open, stale.append, 0)
    watch.poll(START_MS - 1)
    assert not watch.running and dog.opened == []
    watch.poll(START_MS)
    assert watch.running and dog.opened == [BITE_MS] and dog.fed == 1


def test_hold_keeps_it_off_for_good():
    in_folder()
    open(HOLD, "w").close()
    dog = Dog()
    watch = Watchdog(dog.open, None, 0)
    for now in range(0, 60_000, 500):
        watch.poll(now)
    os.remove(HOLD)
    for now in range(60_000, 90_000, 500):
        watch.poll(now)
    assert dog.opened == []


def test_fed_while_all_beat_and_not_when_one_stops():
    in_folder()
    dog, stale = Dog(), []
    watch = Watchdog(dog.open, stale.append, 0)
    watch.expect("app", 4000, 0)
    watch.expect("link", 9000, 0)
    now = 0
    while now < 30_000:
        now += 500
        watch.beat("app", now)
        watch.beat("link", now)
        watch.poll(now)
    assert stale == [] and dog.fed > 50
    fed = dog.fed
    while now < 60_000:
        now += 500
        watch.beat("app", now)
        watch.poll(now)
    assert stale == ["link"]  # told once
    assert dog.fed - fed <= 9000 // 500
    watch.beat("link", now)
    watch.poll(now)
    assert dog.fed - fed <= 9000 // 500  # too late: what hung once is not trusted again


def test_who_ended_well_is_not_missed():
    in_folder()
    dog, stale = Dog(), []
    watch = Watchdog(dog.open, stale.append, 0)
    watch.expect("microphone", 2000, 0)
    watch.forget("microphone")
    watch.forget("microphone")
    watch.beat("microphone", 100)
    for now in range(0, 30_000, 500):
        watch.poll(now)
    assert stale == [] and dog.fed > 40


def test_a_nap_is_nobodys_silence():
    in_folder()
    dog, stale = Dog(), []
    watch = Watchdog(dog.open, stale.append, 0)
    watch.expect("link", 5000, 0)
    watch.poll(START_MS)
    watch.woke(600_000)
    watch.poll(600_001)
    assert stale == []


def boom(text):
    raise ValueError(text)


def crash_with(text):
    try:
        boom(text)
    except ValueError as error:
        crash.keep(error)


def test_a_crash_is_kept_with_its_trace():
    in_folder()
    assert crash.next_text() is None
    crash_with("first")
    text = crash.next_text()
    assert text.startswith("main: Traceback") and "boom" in text and "ValueError: first" in text
    crash.sent()
    assert crash.next_text() is None


def test_the_same_crash_is_counted_and_others_follow():
    in_folder()
    for _ in range(3):
        crash.keep_text("watchdog: reset while idle")
    crash.keep_text("another")
    assert crash.next_text() == "3 times: watchdog: reset while idle"
    crash.sent()
    assert crash.next_text() == "another"


def test_the_log_is_bounded_and_keeps_the_first():
    in_folder()
    for i in range(50):
        crash.keep_text("%d %s" % (i, "x" * 5000))
    assert os.stat(crash.PATH)[6] <= 6000
    found = []
    while crash.next_text() is not None:
        assert len(crash.next_text().encode()) <= crash.TEXT_BYTES
        found.append(crash.next_text()[0])
        crash.sent()
    assert found == ["0", "1", "2", "3"]


def test_a_long_text_keeps_head_and_tail_and_whole_letters():
    in_folder()
    for letter in ("\xe9", "\u4e2d", "\U0001f600", "x"):
        for pad in range(5):
            os.remove(crash.PATH) if crash.next_text() else None
            crash.keep_text("y" * pad + letter * 3000 + "the end")
            text = crash.next_text()
            assert len(text.encode()) <= crash.TEXT_BYTES
            assert text.endswith("the end") and "\n...\n" in text
            assert set(text) <= set("y.\nthe end" + letter)
            crash.sent()


def test_a_broken_log_is_an_empty_one():
    for broken in ("", "{", "3", '["x", {"text": 1}, {"text": "a"}, {"text": "b", "times": "2"}]'):
        in_folder()
        with open(crash.PATH, "w") as file:
            file.write(broken)
        assert crash.next_text() is None
        crash.keep_text("new")
        assert crash.next_text() == "new"


def test_a_flash_that_cannot_be_written_raises_nothing():
    in_folder()
    os.mkdir(crash.PATH + ".new")
    crash.keep_text("lost")
    assert crash.next_text() is None
    os.rmdir(crash.PATH + ".new")


def test_the_wire_takes_it():
    from lapel_wire import messages

    in_folder()
    crash_with("\u4e2d" * 900)
    messages.encode(messages.UP, "crash", text=crash.next_text())


def test_memory_is_refused_then_given_up():
    free = [LOW_BYTES]
    floor = Memory(lambda: free[0])
    floor.poll(0)
    assert not floor.low and floor.enough_for(LOW_BYTES - FLOOR_BYTES)
    assert not floor.enough_for(LOW_BYTES - FLOOR_BYTES + 1)
    free[0] = FLOOR_BYTES - 1
    now = 0
    for _ in range(RESTARTS_AFTER):
        assert not floor.exhausted
        now += LOOK_MS
        floor.poll(now)
        assert floor.low and not floor.enough_for(0)
    assert floor.exhausted
    free[0] = LOW_BYTES
    floor.poll(now + LOOK_MS)
    assert not floor.exhausted and not floor.low


def test_between_looks_memory_is_not_read():
    looks = []

    def free():
        looks.append(1)
        return LOW_BYTES

    floor = Memory(free)
    for now in range(0, LOOK_MS, 5):
        floor.poll(now)
    assert len(looks) == 1


def test_status_at_once_then_now_and_then():
    status = Status()
    assert not status.due(0, False, 50, None, "idle")
    assert status.due(10, True, 50, None, "idle")
    sent = [now for now in range(10, 3 * EVERY_MS, 1000) if status.due(now, True, 50, None, "idle")]
    assert len(sent) == 2


def test_status_on_a_change_but_not_too_often():
    status = Status()
    status.due(0, True, 50, False, "idle")
    assert not status.due(LEAST_MS - 1, True, 49, False, "idle")
    assert status.due(LEAST_MS, True, 49, False, "idle")
    assert status.due(2 * LEAST_MS, True, 49, True, "idle")
    assert status.due(3 * LEAST_MS, True, 49, True, "offline")
    assert not status.due(4 * LEAST_MS, True, 49, True, "offline")
    flutter = sum([status.due(4 * LEAST_MS + 5 * i, True, i & 1, True, "offline") for i in range(20_000)])
    assert flutter <= 20_000 * 5 // LEAST_MS + 1


def test_a_new_link_is_told_at_once():
    status = Status()
    assert status.due(0, True, 50, None, "idle")
    assert not status.due(100, False, 50, None, "offline")
    assert status.due(200, True, 50, None, "idle")


def test_limits_fit_each_other():
    assert watchdog.APP_MS < BITE_MS and watchdog.MIC_MS < BITE_MS
    assert memory.FLOOR_BYTES < memory.LOW_BYTES
