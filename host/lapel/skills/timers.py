"""Timers: several at once, with names."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from ..alarm_clock import AlarmClock, Ring
from ..local_time import after, until
from ..spoken import parse_when, say_duration
from ..spoken.durations import duration as read_duration
from . import Choice, Context, Reply, SkillError, tool

_ALL = frozenset(("all", "every", "all of them", "both", "both of them", "所有", "全部"))
_NO_NAMES = frozenset(("on", "to", "in", "at", "more", "longer", "and", "from", "is", "are"))
_NAME_WORDS, _NAME_SIGNS = 3, 6  # of a timer that is named after its length


@dataclass(frozen=True)
class Length:
    """How long, and what for if that was said in one: "5 minute pasta"."""

    duration: dt.timedelta
    name: str = ""

    expected = "a length of time as it was said, such as 10 minutes"

    @staticmethod
    def find(text: str, now: dt.datetime) -> dt.timedelta | None:
        """The length alone, to be found among other words."""
        return read_duration(text)

    @classmethod
    def from_words(cls, text: str, now: dt.datetime) -> Length | None:
        # 一个半小时 is an hour and a half, but 一个十分钟 is ten minutes.
        if whole := read_duration(text) or read_duration(re.sub("^一?个", "", text)):
            return cls(whole)
        words = text.split()
        for at in range(len(words) - 1, max(0, len(words) - _NAME_WORDS - 1), -1):
            if words[at] not in _NO_NAMES and (found := read_duration(" ".join(words[:at]))):
                return cls(found, re.sub("^(?:for|called|named) (?:the |my )?", "", " ".join(words[at:])))
        if len(words) == 1:  # 五十分钟洗衣服, 披萨十四分钟
            for at in range(1, min(len(text), _NAME_SIGNS + 1)):
                if not parse_when(text[:at], now) and (found := read_duration(text[at:])):
                    return cls(found, text[:at])
            for at in range(len(text) - 1, max(1, len(text) - _NAME_SIGNS - 1), -1):
                if found := read_duration(text[:at]):
                    return cls(found, text[at:].removeprefix("的"))
        for at in range(1, min(len(words), _NAME_WORDS + 1)):  # "the eggs seven minutes"
            if found := read_duration(" ".join(words[at:])):
                return cls(found, re.sub("^(?:the|my) ", "", " ".join(words[:at])))
        return None


@tool(effect="changes")
async def set_timer(context: Context, duration: Length, name: str = "") -> Reply:
    """Start a timer that rings on the pin when the time is over.

    duration: how long
    name: what it is for, such as pasta
    """
    clock = _clock(context)
    name = name or duration.name
    ring = await clock.add(
        after(context.now, duration.duration), name, length_s=duration.duration.total_seconds()
    )
    length = say_duration(duration.duration, context.language)
    text = context.say(en=_capital(f"{_title(name)}timer: {length}"), zh=f"{name}计时{length}")
    return Reply(text, ends=ring.at(context.now.tzinfo))


@tool(view="timers")
async def show_timers(context: Context, name: str = "") -> Reply:
    """Show the timers that run and how much of them is left.

    name: only this one
    """
    rings = [_find(context, name)] if name else _clock(context).rings
    if not rings:
        return Reply(context.say(en="No timer is running.", zh="没有计时器。"))
    first = _left(context, rings[0])
    more = "  ".join(_left(context, ring) for ring in rings[1:])
    return Reply(first, more, ends=rings[0].at(context.now.tzinfo), choices=[_stop(context, rings[0])])


@tool(effect="changes")
async def add_to_timer(context: Context, duration: dt.timedelta, name: str = "") -> Reply:
    """Make a running timer longer.

    duration: how much is added
    name: which timer, if there are several
    """
    clock = _clock(context)
    ring = _find(context, name)
    moved = await clock.move(ring, after(max(ring.at(context.now.tzinfo), context.now), duration))
    left = say_duration(until(context.now, moved.at(context.now.tzinfo)), context.language)
    return Reply(context.say(en=f"{left} left", zh=f"还剩{left}"), ends=moved.at(context.now.tzinfo))


@tool(effect="changes")
async def cancel_timer(context: Context, name: str = "") -> str:
    """Cancel a timer.

    name: which timer, if there are several; "all" cancels all of them
    """
    if name.casefold() in _ALL:
        for ring in _clock(context).rings:
            await _clock(context).remove(ring)
        return context.say(en="All timers are cancelled.", zh="已取消所有计时器。")
    if not name and await _clock(context).stop():  # "stop the timer" while one rings
        return context.say(en="Stopped.", zh="已停止。")
    ring = _find(context, name)
    await _clock(context).remove(ring)
    return context.say(en=_capital(f"{_title(ring.label)}timer cancelled"), zh=f"已取消{ring.label}计时器")


@tool(effect="changes")
async def stop_timer(context: Context, id: str) -> str:
    """Stop a timer that rings.

    id: its id
    """
    await _clock(context).answered(id)
    return context.say(en="Stopped.", zh="已停止。")


@tool(effect="changes")
async def snooze_timer(context: Context, id: str) -> str:
    """Let a timer that rings ring again in five minutes.

    id: its id
    """
    await _clock(context).snooze(id)
    return context.say(en="Again in 5 minutes.", zh="五分钟后再响。")


async def start(context: Context) -> None:
    clock = AlarmClock(context, "timer", lambda ring, late: _card(context, ring, late))
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
    name = ring.label or say_duration(dt.timedelta(seconds=ring.length_s), context.language)
    text = context.say(en=f"{name}: time is up", zh=f"{name}：时间到")
    if late:
        text = context.say(en=f"Missed: {name}", zh=f"错过了：{name}")
    again = Choice(context.say(en="5 more minutes", zh="再等五分钟"), snooze_timer, {"id": ring.id})
    choices = [_stop(context, ring), again]
    return Reply(text, kind="notice", ends=ring.at(context.now.tzinfo), choices=choices)


def _stop(context: Context, ring: Ring) -> Choice:
    return Choice(context.say(en="Stop", zh="停止"), stop_timer, {"id": ring.id})


def _find(context: Context, name: str) -> Ring:
    """The timer of this name, or the only one. Raises SkillError."""
    rings = _clock(context).rings
    wanted = name.casefold().strip()
    named = [ring for ring in rings if wanted in ring.label.casefold()] if wanted else rings
    if not rings:
        raise SkillError(context.say(en="No timer is running.", zh="没有计时器。"))
    if not named:
        raise SkillError(context.say(en=f"There is no timer {name}.", zh=f"没有{name}计时器。"))
    exact = [ring for ring in named if wanted and ring.label.casefold() == wanted]
    if len(named) > 1 and len(exact) != 1:
        names = ", ".join(ring.label or _left(context, ring) for ring in named)
        raise SkillError(context.say(en=f"Which timer? {names}", zh=f"哪个计时器？{names}"))
    return exact[0] if exact else named[0]


def _left(context: Context, ring: Ring) -> str:
    left = until(context.now, ring.at(context.now.tzinfo))
    if left <= dt.timedelta(0):
        return context.say(en=_capital(f"{_title(ring.label)}timer rings"), zh=f"{ring.label}计时器在响")
    said = say_duration(left, context.language)
    return context.say(en=_capital(f"{_title(ring.label)}{said} left"), zh=f"{ring.label}还剩{said}")


def _title(name: str) -> str:
    return f"{name} " if name else ""


def _capital(text: str) -> str:
    """Its first letter large, the others as they are."""
    return text[:1].upper() + text[1:]
