"""The computer's time zone over a change of the clocks."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator

import pytest
from lapel.local_time import LOCAL, after, local_now, until
from lapel.spoken import parse_when


@pytest.fixture(autouse=True)
def lisbon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Summer time ends there on 25 October 2026 at 2:00, which is 1:00 again."""
    monkeypatch.setenv("TZ", "Europe/Lisbon")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def utc(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type,misc]


def test_both_hours_of_the_night_are_told_apart() -> None:
    for hour, fold in ((0, 0), (1, 1)):
        local = utc(2026, 10, 25, hour, 30).astimezone(LOCAL)
        assert (local.hour, local.minute, local.fold) == (1, 30, fold)
        assert local.timestamp() == utc(2026, 10, 25, hour, 30).timestamp()


def test_tomorrow_at_seven_is_at_seven_after_the_change() -> None:
    now = utc(2026, 10, 24, 20).astimezone(LOCAL)
    when = parse_when("tomorrow at 7 am", now)
    assert when is not None
    assert when.at.timestamp() == utc(2026, 10, 25, 7).timestamp()


def test_ten_minutes_are_ten_minutes() -> None:
    now = utc(2026, 10, 25, 0, 55).astimezone(LOCAL)  # 1:55, in summer time
    then = after(now, dt.timedelta(minutes=10))
    assert (then.hour, then.minute) == (1, 5)
    assert until(now, then) == dt.timedelta(minutes=10)


def test_now_is_now() -> None:
    assert abs(local_now().timestamp() - time.time()) < 60
    assert local_now().utcoffset() is not None
