"""The wearer's time: that of this computer, with its rules for summer time.

`datetime.now().astimezone()` has the offset of this moment only: an alarm of tomorrow would be an hour off
after the clocks change.
"""

from __future__ import annotations

import datetime as dt


class LocalZone(dt.tzinfo):
    """The computer's time zone, for past and future too."""

    def utcoffset(self, at: dt.datetime | None) -> dt.timedelta | None:
        return None if at is None else at.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, at: dt.datetime | None) -> dt.timedelta | None:
        return None  # only the whole offset is known

    def tzname(self, at: dt.datetime | None) -> str | None:
        return None if at is None else at.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, at: dt.datetime) -> dt.datetime:
        there = at.replace(tzinfo=dt.UTC).astimezone()
        local = there.replace(tzinfo=self)
        # In the hour that comes twice, the second one.
        return local if local.utcoffset() == there.utcoffset() else local.replace(fold=1)

    def __repr__(self) -> str:
        return "LocalZone()"


LOCAL = LocalZone()


def local_now() -> dt.datetime:
    return dt.datetime.now(LOCAL)


def after(now: dt.datetime, duration: dt.timedelta) -> dt.datetime:
    """So much later by a stopwatch: plain addition counts by the wall, an hour off when the clocks change."""
    return (now.astimezone(dt.UTC) + duration).astimezone(now.tzinfo)


def until(now: dt.datetime, at: dt.datetime) -> dt.timedelta:
    """How long it is until then, by a stopwatch."""
    return dt.timedelta(seconds=at.timestamp() - now.timestamp())
