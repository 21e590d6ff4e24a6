"""The calendar: CalDAV (RFC 4791) with iCalendar events (RFC 5545)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import icalendar
from caldav.davclient import DAVClient
from caldav.lib import error as caldav_error
from niquests.exceptions import ConnectionError as NotReached
from niquests.exceptions import RequestException, Timeout

from . import CALL_S, AccountError, within
from .blocking import Line, blocking

_MOST_EVENTS = 200  # of one search; more is a calendar of a company
_T = TypeVar("_T")


@dataclass(frozen=True)
class Event:
    """One appointment. Whole days begin and end at midnight of the owner's time zone."""

    title: str
    start: dt.datetime
    end: dt.datetime
    whole_day: bool = False
    place: str = ""


class Agenda:
    """The calendars of one CalDAV account; events are added to `name`, or the first. Raises AccountError."""

    def __init__(self, url: str, user: str, password: str, name: str = "") -> None:
        self._url = url
        self._login = (user, password)
        self._name = name
        self._auth: Any = None  # of the kind that the server asked for; asking costs a round, or a second

    async def between(self, start: dt.datetime, end: dt.datetime) -> list[Event]:
        """Events that touch this time, of all calendars, repeated ones expanded, soonest first."""

        def work(client: DAVClient) -> list[Event]:
            events = []
            for calendar in client.principal().calendars():  # type: ignore[no-untyped-call]
                for found in calendar.search(start=start, end=end, event=True, expand=True)[:_MOST_EVENTS]:
                    events += _events(found.get_icalendar_instance(), start.tzinfo)
            touching = [event for event in events if event.end > start and event.start < end]
            return sorted(touching, key=lambda event: event.start)

        return await self._run(work)

    async def add(self, event: Event) -> None:
        """Keeps a new event."""
        entry = icalendar.Event.new(
            summary=event.title,
            start=event.start.date() if event.whole_day else event.start,
            end=event.end.date() if event.whole_day else event.end,
        )
        document = icalendar.Calendar.new(subcomponents=[entry])
        document.add_missing_timezones()

        def work(client: DAVClient) -> None:
            calendars = client.principal().calendars()  # type: ignore[no-untyped-call]
            named = [c for c in calendars if not self._name or c.get_display_name() == self._name]
            if not named:
                raise AccountError("calendar", "failed", f"there is no calendar {self._name!r}")
            named[0].save_event(document.to_ical().decode())

        await self._run(work)

    async def _run(self, work: Callable[[DAVClient], _T]) -> _T:
        async with within("calendar"):
            return await blocking(lambda line: self._connected(line, work))

    def _connected(self, line: Line, work: Callable[[DAVClient], _T]) -> _T:
        user, password = self._login
        try:
            with DAVClient(
                url=self._url,
                username=user,
                password=password,
                auth=self._auth,
                timeout=int(CALL_S),
                enable_rfc6764=False,
            ) as client:
                line.opened(client.session.close)
                result = work(client)
                self._auth = client.auth
                return result
        except caldav_error.AuthorizationError as error:
            raise AccountError("calendar", "refused", str(error)) from error
        except Timeout as error:
            raise AccountError("calendar", "silent", str(error)) from error
        except NotReached as error:
            raise AccountError("calendar", "unreachable", str(error)) from error
        except (caldav_error.DAVError, RequestException, ValueError) as error:
            raise AccountError("calendar", "failed", str(error)) from error


def _events(document: icalendar.Calendar, timezone: dt.tzinfo | None) -> list[Event]:
    events = []
    for entry in document.walk("VEVENT"):
        assert isinstance(entry, icalendar.Event)
        start = entry.start
        whole_day = not isinstance(start, dt.datetime)
        events.append(
            Event(
                " ".join(str(entry.get("summary", "")).split()),
                _moment(start, timezone),
                _moment(entry.end, timezone),
                whole_day,
                " ".join(str(entry.get("location", "")).split()),
            )
        )
    return events


def _moment(at: dt.date, timezone: dt.tzinfo | None) -> dt.datetime:
    if not isinstance(at, dt.datetime):
        return dt.datetime.combine(at, dt.time(), timezone)
    return at.astimezone(timezone) if at.tzinfo else at.replace(tzinfo=timezone)
