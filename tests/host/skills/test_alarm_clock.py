"""What rings: on time, after a restart, again after a snooze, on its days."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from zoneinfo import ZoneInfo

import pytest
from lapel.alarm_clock import MOST, SNOOZE, AlarmClock, Ring
from lapel.skills import Reply, SkillError
from lapel.skills.testing import FakeContext, context

ZONE = ZoneInfo("Europe/Lisbon")
NOW = dt.datetime(2026, 11, 22, 14, 20, tzinfo=ZONE)


class Clock:
    """Time that passes only while an alarm clock waits, and then a little more than it asked for."""

    def __init__(self, made: FakeContext, late_s: float = 0.02) -> None:
        self.context = made
        self.end = NOW
        self._late_s = late_s
        self._random = random.Random(1)
        self.over = asyncio.Event()

    async def wait(self, changed: asyncio.Event, seconds: float) -> None:
        self.context.now += dt.timedelta(seconds=seconds + self._random.uniform(0, self._late_s))
        if self.context.now >= self.end:
            self.over.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)

    async def run(self, clock: AlarmClock, until: dt.datetime) -> None:
        """Lets the alarm clock run until then."""
        self.end = until
        self.over.clear()
        running = asyncio.create_task(clock.run())
        async with asyncio.timeout(20):
            await self.over.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()


def made(
    kept: FakeContext | None = None,
) -> tuple[FakeContext, Clock, AlarmClock, list[tuple[Ring, bool, dt.datetime]]]:
    """A context, its clock, an alarm clock over what `kept` has kept, and what rang when."""
    fresh = context(now=NOW)
    if kept is not None:
        fresh.store, fresh.now = kept.store, kept.now
    rang: list[tuple[Ring, bool, dt.datetime]] = []

    def card(ring: Ring, late: bool) -> Reply:
        rang.append((ring, late, fresh.now))
        return Reply(ring.label)

    clock = Clock(fresh)
    return fresh, clock, AlarmClock(fresh, "timer", card, clock.wait), rang


def after(**duration: float) -> dt.datetime:
    return NOW + dt.timedelta(**duration)


async def test_forty_timers_ring_within_a_tenth_of_a_second() -> None:
    kept, clock, alarms, rang = made()
    moments = [after(seconds=random.Random(7 * n).uniform(1, 7200)) for n in range(40)]
    for moment in moments:
        await alarms.add(moment, "")
    await clock.run(alarms, after(hours=3))
    assert len(rang) == 40
    lateness = [at.timestamp() - ring.at_unix_s for ring, _, at in rang]
    assert min(lateness) >= 0 and max(lateness) <= 0.1
    assert [alert for _, alert in kept.notices] == ["urgent"] * 40


async def test_a_new_timer_wakes_a_clock_that_sleeps_for_another() -> None:
    fresh = context()  # with the real time
    rang = asyncio.Event()
    alarms = AlarmClock(fresh, "timer", lambda ring, late: (rang.set(), Reply(ring.label))[1])
    running = asyncio.create_task(alarms.run())
    await asyncio.sleep(0)
    await alarms.add(fresh.now + dt.timedelta(hours=1), "later")
    await asyncio.sleep(0.05)
    await alarms.add(fresh.now + dt.timedelta(milliseconds=50), "soon")
    async with asyncio.timeout(8):  # less than a look at the clock
        await rang.wait()
    running.cancel()


async def test_what_rings_stays_on_the_pins_until_it_is_stopped() -> None:
    kept, clock, alarms, _ = made()
    ring = await alarms.add(after(seconds=10), "tea")
    await clock.run(alarms, after(seconds=20))
    assert [alarm.id for alarm in kept.alarm_list] == [ring.id]
    assert alarms.rings[0].ringing
    assert await alarms.stop()
    assert kept.alarm_list == [] and kept.store.kept == {}
    assert not await alarms.stop()


async def test_a_snoozed_one_rings_again() -> None:
    _, clock, alarms, rang = made()
    ring = await alarms.add(after(seconds=10), "tea")
    await clock.run(alarms, after(seconds=20))
    await alarms.snooze(ring.id)
    await clock.run(alarms, after(minutes=10))
    assert len(rang) == 2
    assert rang[1][2] - rang[0][2] >= SNOOZE


async def test_one_that_comes_again_keeps_its_time_of_day() -> None:
    _, clock, alarms, rang = made()
    await alarms.add(dt.datetime(2026, 11, 23, 7, tzinfo=ZONE), "", (0, 1, 2, 3, 4))
    for day in (23, 24):
        await clock.run(alarms, dt.datetime(2026, 11, day, 7, 1, tzinfo=ZONE))
        await alarms.snooze(alarms.rings[0].id)
        await clock.run(alarms, dt.datetime(2026, 11, day, 7, 12, tzinfo=ZONE))
        await alarms.stop()
    assert [f"{at:%d %H}" for _, _, at in rang] == ["23 07", "23 07", "24 07", "24 07"]
    assert alarms.rings[0].at(ZONE) == dt.datetime(2026, 11, 25, 7, tzinfo=ZONE)


async def test_summer_time_changes_nothing_on_the_wall() -> None:
    fresh, _, alarms, _ = made()
    fresh.now = dt.datetime(2026, 10, 24, 7, 0, 1, tzinfo=ZONE)  # the clocks change in the night
    ring = await alarms.add(dt.datetime(2026, 10, 24, 7, tzinfo=ZONE), "", tuple(range(7)))
    await alarms.answered(ring.id)
    assert alarms.rings[0].at(ZONE) == dt.datetime(2026, 10, 25, 7, tzinfo=ZONE)


async def test_after_a_restart_everything_rings_that_is_due_and_not_stale() -> None:
    before, _, alarms, _ = made()
    await alarms.add(after(minutes=5), "missed")
    await alarms.add(after(hours=3), "to come")
    await alarms.add(after(hours=-20), "yesterday's")
    before.now = after(hours=1)
    kept, clock, again, rang = made(before)
    await again.open()
    assert len(kept.alarm_list) == 3
    await clock.run(again, after(hours=4))
    assert [(ring.label, late) for ring, late, _ in rang] == [("missed", True), ("to come", False)]


async def test_what_rang_at_the_crash_rings_again() -> None:
    before, clock, alarms, _ = made()
    await alarms.add(after(seconds=10), "tea")
    await clock.run(alarms, after(seconds=11))
    _, clock, again, rang = made(before)
    await again.open()
    await clock.run(again, after(seconds=30))
    assert [ring.label for ring, _, _ in rang] == ["tea"]


async def test_what_nobody_hears_ends() -> None:
    kept, clock, alarms, rang = made()
    await alarms.add(after(seconds=10), "tea")
    await clock.run(alarms, after(hours=1))
    assert len(rang) == 1 and alarms.rings == [] and kept.alarm_list == []


async def test_what_a_pin_did_counts() -> None:
    _, clock, alarms, rang = made()
    ring = await alarms.add(after(seconds=10), "tea")
    await alarms.alarm(ring.id, "rang", None)  # its clock is ahead
    await clock.run(alarms, after(seconds=12))
    assert rang == []
    await alarms.alarm(ring.id, "snoozed", after(minutes=9))
    await clock.run(alarms, after(minutes=10))
    assert len(rang) == 1
    await alarms.alarm(ring.id, "stopped", None)
    await alarms.alarm("of another life", "stopped", None)
    assert alarms.rings == []


async def test_there_is_an_end_to_how_many() -> None:
    _, _, alarms, _ = made()
    for n in range(MOST):
        await alarms.add(after(hours=n + 1), "")
    with pytest.raises(SkillError, match="Cancel some"):
        await alarms.add(after(hours=99), "")


async def test_a_full_disk_rings_all_the_same() -> None:
    kept, clock, alarms, rang = made()
    await alarms.add(after(seconds=10), "tea")

    async def full(key: str, value: object) -> None:
        raise SkillError("The house's memory failed: disk full.")

    kept.store.put = full  # type: ignore[method-assign]
    await clock.run(alarms, after(seconds=20))
    assert len(rang) == 1
    with pytest.raises(SkillError):
        await alarms.add(after(seconds=99), "")
