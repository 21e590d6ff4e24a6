"""Reminders: what to be told, and when."""

from __future__ import annotations

import datetime as dt

from ..alarm_clock import AlarmClock, Ring
from ..local_time import after
from ..spoken import When, say_days, say_moment, split_when
from . import Choice, Context, Reply, SkillError, tool


@tool(effect="changes")
async def set_reminder(context: Context, text: str, when: When | None = None) -> str:
    """Remind the wearer of something to do, at a time or after a while.

    text: what of; it may hold the time too, such as call mum tomorrow at 7
    when: the time, such as in 20 minutes, tomorrow at 9 am, or every monday at 8
    """
    if when is None:
        text, when = split_when(text, context.now)
    text = text.strip()
    if when is None:
        raise SkillError(
            context.say(
                en="Remind you when? Say it with a time, such as: tomorrow at nine.",
                zh="什么时候？请连时间一起说。",
            )
        )
    if not text:
        raise SkillError(context.say(en="Remind you of what?", zh="提醒你什么？"))
    if when.at <= context.now:
        raise SkillError(context.say(en="That time is over.", zh="这个时间已经过去了。"))
    ring = await _clock(context).add(when.at, text, when.days)
    return context.say(en=f"{_when(context, ring)}: {text}", zh=f"{_when(context, ring)}：{text}")


@tool(view="reminders")
async def show_reminders(context: Context) -> Reply:
    """Show the reminders that wait."""
    rings = _clock(context).rings
    if not rings:
        return Reply(context.say(en="No reminder waits.", zh="没有提醒。"))
    lines = [f"{_when(context, ring)}: {ring.label}" for ring in rings]
    return Reply(lines[0], "; ".join(lines[1:]))


@tool(effect="changes")
async def cancel_reminder(context: Context, text: str = "") -> str:
    """Cancel a reminder.

    text: words of what it is about, if there are several
    """
    rings = _clock(context).rings
    if not rings:
        raise SkillError(context.say(en="No reminder waits.", zh="没有提醒。"))
    wanted = text.casefold()
    found = [ring for ring in rings if wanted in ring.label.casefold()]
    if not found:
        raise SkillError(context.say(en=f"There is no reminder about {text}.", zh=f"没有关于{text}的提醒。"))
    if len(found) > 1:
        labels = "; ".join(ring.label for ring in found)
        raise SkillError(context.say(en=f"Which one? {labels}", zh=f"哪一个？{labels}"))
    await _clock(context).remove(found[0])
    return context.say(en=f"Cancelled: {found[0].label}", zh=f"已取消：{found[0].label}")


@tool(effect="changes")
async def finish_reminder(context: Context, id: str) -> str:
    """Put away a reminder that rings.

    id: its id
    """
    await _clock(context).answered(id)
    return context.say(en="Done.", zh="好的。")


@tool(effect="changes")
async def snooze_reminder(context: Context, id: str, minutes: int = 10) -> str:
    """Let a reminder that rings come again later.

    id: its id
    minutes: how much later
    """
    await _clock(context).snooze(id, after(context.now, dt.timedelta(minutes=minutes)))
    return context.say(en=f"Again in {minutes} minutes.", zh=f"{minutes}分钟后再提醒。")


async def start(context: Context) -> None:
    clock = AlarmClock(context, "reminder", lambda ring, late: _card(context, ring, late))
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
    text = context.say(en=f"Missed: {ring.label}", zh=f"错过了：{ring.label}") if late else ring.label
    done = Choice(context.say(en="Done", zh="好的"), finish_reminder, {"id": ring.id})
    later = Choice(context.say(en="In 10 minutes", zh="十分钟后"), snooze_reminder, {"id": ring.id})
    hour = Choice(
        context.say(en="In an hour", zh="一小时后"), snooze_reminder, {"id": ring.id, "minutes": 60}
    )
    title = context.say(en="Reminder", zh="提醒")
    return Reply(text, kind="notice", title=title, choices=[done, later, hour])


def _when(context: Context, ring: Ring) -> str:
    at = say_moment(ring.at(context.now.tzinfo), context.now, context.language)
    return f"{at} {say_days(ring.days, context.language)}" if ring.days else at
