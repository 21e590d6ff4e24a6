"""Alarms: once, daily or on some weekdays."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ..alarm_clock import AlarmClock, Ring
from ..local_time import after
from ..spoken import When, parse_when, say_days, say_moment, say_time, split_when
from . import Choice, Context, Reply, SkillError, tool


@dataclass(frozen=True)
class Days:
    """Weekdays on which an alarm comes again."""

    days: tuple[int, ...]

    expected = "the days on which it comes again, such as daily, weekday or monday"

    @classmethod
    def from_words(cls, text: str, now: dt.datetime) -> Days | None:
        for said in (text, f"every {text}"):
            when = parse_when(f"{said} at 7", now)
            if when is not None and when.days:
                return cls(when.days)
        return None


@tool(effect="changes")
async def set_alarm(context: Context, when: When, days: Days | None = None) -> str:
    """Set an alarm that wakes the wearer, once or on certain days.

    when: the time and the days, such as 7 am tomorrow, or every weekday at 6:45
    days: the days, if they are not told with the time
    """
    if not when.has_time:
        raise SkillError(context.say(en="At what time?", zh="几点？"))
    at = when.early or when.at
    weekdays = days.days if days is not None else when.days
    while weekdays and at.weekday() not in weekdays:
        at += dt.timedelta(days=1)  # by the wall: at the same time of day
    ring = await _clock(context).add(at, "", weekdays)
    return context.say(en=f"Alarm {_when(context, ring)}", zh=f"闹钟：{_when(context, ring)}")


@tool(view="alarms")
async def show_alarms(context: Context) -> str:
    """Show the alarms that are set."""
    rings = _clock(context).rings
    if not rings:
        return context.say(en="No alarm is set.", zh="没有闹钟。")
    return context.say(en="; ", zh="；").join(_when(context, ring) for ring in rings)


@tool(effect="changes")
async def cancel_alarm(context: Context, which: str = "") -> str:
    """Cancel an alarm.

    which: its time, such as 7 am, if there are several; "all" cancels all of them
    """
    clock = _clock(context)
    rings = clock.rings
    if not rings:
        raise SkillError(context.say(en="No alarm is set.", zh="没有闹钟。"))
    if not which and await clock.stop():  # "stop the alarm" while one rings
        return context.say(en="Stopped.", zh="已停止。")
    if which.casefold() in ("all", "every", "all of them", "both", "所有", "全部"):
        for ring in rings:
            await clock.remove(ring)
        return context.say(en="All alarms are cancelled.", zh="已取消所有闹钟。")
    if which:
        when = parse_when(which, context.now) or split_when(which, context.now)[1]  # "my six o'clock one"
        hours = (
            {(when.at.hour, when.at.minute), ((when.at.hour + 12) % 24, when.at.minute)} if when else set()
        )
        rings = [ring for ring in rings if divmod(ring.minute_of_day, 60) in hours]
        if not rings:
            raise SkillError(context.say(en=f"There is no alarm {which}.", zh=f"没有{which}的闹钟。"))
    if len(rings) > 1:
        times = ", ".join(_when(context, ring) for ring in rings)
        raise SkillError(context.say(en=f"Which alarm? {times}", zh=f"哪个闹钟？{times}"))
    await clock.remove(rings[0])
    said = _when(context, rings[0])
    return context.say(en=f"Alarm cancelled: {said}", zh=f"已取消闹钟：{said}")


@tool(effect="changes")
async def stop_alarm(context: Context, id: str) -> str:
    """Stop an alarm that rings.

    id: its id
    """
    await _clock(context).answered(id)
    return context.say(en="Stopped.", zh="已停止。")


@tool(effect="changes")
async def snooze_alarm(context: Context, duration: dt.timedelta | None = None, id: str = "") -> str:
    """Let the alarm that rings ring again later.

    duration: how much later; five minutes if it is left out
    id: its id, if there are several
    """
    clock = _clock(context)
    ringing = [ring for ring in clock.rings if ring.ringing and id in ("", ring.id)]
    if not ringing:
        raise SkillError(context.say(en="No alarm rings.", zh="没有闹钟在响。"))
    then = after(context.now, duration) if duration else None
    again = await clock.snooze(ringing[0].id, then)
    assert again is not None
    at = say_time(again.at(context.now.tzinfo), context.language)
    return context.say(en=f"Again at {at}", zh=f"{at}再响")


async def start(context: Context) -> None:
    clock = AlarmClock(context, "alarm", lambda ring, late: _card(context, ring, late))
    context.state.clock = clock
    await clock.open()
    context.spawn(clock.run())


async def alarm(context: Context, id: str, what: str, at: dt.datetime | None) -> None:
    await _clock(context).alarm(id, what, at)


async def stop(context: Context) -> bool:
    return await _clock(context).stop()


def _clock(context: Context) -> AlarmClock:
    clock = context.state.clock
    assert isinstance(clock, AlarmClock)
    return clock


def _card(context: Context, ring: Ring, late: bool) -> Reply:
    at = say_time(ring.at(context.now.tzinfo), context.language)
    text = context.say(en=f"Alarm {at}", zh=f"闹钟 {at}")
    if late:
        text = context.say(en=f"Missed alarm {at}", zh=f"错过的闹钟 {at}")
    stop_it = Choice(context.say(en="Stop", zh="停止"), stop_alarm, {"id": ring.id})
    again = Choice(context.say(en="Snooze", zh="稍后再响"), snooze_alarm, {"id": ring.id})
    return Reply(text, kind="notice", big=f"{ring.at(context.now.tzinfo):%H:%M}", choices=[stop_it, again])


def _when(context: Context, ring: Ring) -> str:
    at = ring.at(context.now.tzinfo)
    if ring.days:
        time = say_time(dt.time(*divmod(ring.minute_of_day, 60)), context.language)
        days = say_days(ring.days, context.language)
        return f"{days}{time}" if context.language == "zh" else f"{time} {days}"
    return say_moment(at, context.now, context.language)
