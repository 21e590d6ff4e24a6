"""The calendar: what comes next, a day, and a new appointment."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..accounts import AccountError
from ..accounts.faults import honest
from ..spoken import When, say_day, say_moment, say_time, split_when
from . import Context, Reply, Secret, SkillError, tool

if TYPE_CHECKING:  # half a second of libraries, for those who have a calendar
    from ..accounts.agenda import Agenda, Event

log = logging.getLogger(__name__)

_NEXT_DAYS = 14  # "what's next" looks this far
_LENGTH = dt.timedelta(hours=1)  # of an appointment whose end nobody told
_LOOK_S = 300.0  # how often the pin's home view hears of the next one
_HOME_HOURS = 18


@dataclass(frozen=True)
class Settings:
    url: str = ""  # of CalDAV, such as https://cloud.home.example/remote.php/dav
    user: str = ""
    password: Secret = field(default_factory=Secret)
    calendar: str = ""  # the one that new appointments go to; the first if it is left out


@tool(untrusted=True)
async def next_event(context: Context) -> Reply:
    """Tell the next appointment of the calendar."""
    with honest(context.language):
        events = await _agenda(context).between(context.now, context.now + dt.timedelta(days=_NEXT_DAYS))
    coming = [event for event in events if event.start >= context.now or event.whole_day]
    if not coming:
        return Reply(context.say(en="Nothing in the next two weeks.", zh="两周内没有安排。"))
    return Reply(_moment(context, coming[0]), "; ".join(_moment(context, event) for event in coming[1:5]))


@tool(untrusted=True, view="calendar")
async def show_day(context: Context, day: dt.date | None = None) -> Reply:
    """Tell the appointments of a day.

    day: which; today if it is left out
    """
    day = day or context.now.date()
    start = dt.datetime.combine(day, dt.time(), context.now.tzinfo)
    with honest(context.language):
        events = await _agenda(context).between(start, start + dt.timedelta(days=1))
    said = say_day(day, context.now.date(), context.language)
    if not events:
        return Reply(context.say(en=f"Nothing {said}.", zh=f"{said}没有安排。"))
    lines = [_time(context, event) for event in events]
    return Reply(lines[0], "; ".join(lines[1:]), title=said.capitalize())


@tool(effect="changes")
async def add_event(
    context: Context, title: str, when: When | None = None, duration: dt.timedelta | None = None
) -> str:
    """Put an appointment into the calendar.

    title: what it is; it may hold the time too, such as dentist on friday at 3 pm
    when: the time, such as tomorrow at 10 am
    duration: how long; an hour if it is left out
    """
    if when is None:
        title, when = split_when(title, context.now)
    else:
        title, day = split_when(title, context.now)
        if day is not None and not when.has_day:  # "haircut on saturday" and "eleven"
            when = replace(when, at=dt.datetime.combine(day.at.date(), when.at.time(), when.at.tzinfo))
    title = _whole(title.strip(), context.question)
    if when is None or not title:
        raise SkillError(
            context.say(
                en="Say what and when, such as: dentist on friday at 3.",
                zh="请说明内容和时间，例如：周五下午三点看牙医。",
            )
        )
    if when.days:
        raise SkillError(
            context.say(en="I cannot add repeated appointments yet.", zh="还不能添加重复的安排。")
        )
    agenda = _agenda(context)
    from ..accounts.agenda import Event

    start = when.at if when.has_time else dt.datetime.combine(when.at.date(), dt.time(), when.at.tzinfo)
    length = (duration or _LENGTH) if when.has_time else dt.timedelta(days=1)
    event = Event(title, start, start + length, whole_day=not when.has_time)
    with honest(context.language):
        await agenda.add(event)
    return _moment(context, event)


def _whole(title: str, question: str) -> str:
    """ "meeting with Bob" of a sentence that a template has cut down to "Bob"."""
    if not title:
        return ""
    found = re.search(
        rf"((?:meeting|appointment|call|date) (?:with|about|at) ){re.escape(title)}", question, re.I
    )
    return found[0] if found else title


async def start(context: Context) -> None:
    settings: Settings = context.settings
    if settings.url:
        from ..accounts.agenda import Agenda

        context.state.agenda = Agenda(settings.url, settings.user, settings.password, settings.calendar)
        context.spawn(_tell_home(context))


async def _tell_home(context: Context) -> None:
    while True:
        now = context.now
        try:
            events = await _agenda(context).between(now, now + dt.timedelta(hours=_HOME_HOURS))
            coming = [event for event in events if event.start >= now and not event.whole_day]
            context.home(next=_time(context, coming[0]) if coming else "")
        except AccountError as error:
            log.warning("%s", error)
        await asyncio.sleep(_LOOK_S)


def _agenda(context: Context) -> Agenda:
    if not context.settings.url:
        raise SkillError(
            context.say(
                en="The calendar is not set up. See [skills.calendar] in the guide.",
                zh="还没有设置日历。请看指南里的[skills.calendar]。",
            )
        )
    agenda: Agenda = context.state.agenda
    return agenda


def _moment(context: Context, event: Event) -> str:
    if event.whole_day:
        day = say_day(event.start.date(), context.now.date(), context.language)
        return f"{day.capitalize()}: {event.title}"
    moment = say_moment(event.start, context.now, context.language)
    return f"{moment[:1].upper()}{moment[1:]}: {_titled(event)}"


def _time(context: Context, event: Event) -> str:
    return (
        _titled(event) if event.whole_day else f"{say_time(event.start, context.language)} {_titled(event)}"
    )


def _titled(event: Event) -> str:
    return f"{event.title} ({event.place})" if event.place else event.title
