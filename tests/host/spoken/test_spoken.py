"""Number words, durations and moments as people say them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from lapel.spoken import as_digits, parse_when, say_duration, split_when

# Sunday afternoon.
NOW = dt.datetime(2026, 11, 22, 14, 20, tzinfo=ZoneInfo("Europe/Lisbon"))


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("ten", "10"),
        ("twenty-five eggs", "25 eggs"),
        ("one hundred and five", "105"),
        ("a hundred", "100"),
        ("two thousand and twenty six", "2026"),
        ("nineteen eighty four", "19 84"),
        ("three hundred forty-two thousand and seven", "342007"),
        ("seven thirty", "7 30"),
        ("seven oh five", "7 05"),
        ("two and a half", "2.5"),
        ("three point one four", "3.14"),
        ("salt and pepper and ten eggs", "salt and pepper and 10 eggs"),
        ("二十五", "25"),
        ("十", "10"),
        ("一百零五个", "105个"),
        ("两分钟", "2分钟"),
        ("二零二六年", "2026年"),
        ("三万五千", "35000"),
        ("１０分钟", "10分钟"),
    ],
)
def test_number_words_are_digits(said: str, digits: str) -> None:
    assert as_digits(said) == digits


def test_a_duration_is_said_by_its_two_largest_units() -> None:
    assert say_duration(dt.timedelta(seconds=4830), "en") == "1 hour 20 minutes"
    assert say_duration(dt.timedelta(seconds=61), "en") == "1 minute 1 second"
    assert say_duration(dt.timedelta(seconds=4800), "zh") == "1小时20分钟"


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("at seven", "2026-11-22 19:00"),
        ("at 3", "2026-11-22 15:00"),
        ("at two", "2026-11-23 02:00"),
        ("seven thirty", "2026-11-22 19:30"),
        ("7:30 am", "2026-11-23 07:30"),
        ("7 a.m.", "2026-11-23 07:00"),
        ("half past six", "2026-11-22 18:30"),
        ("quarter to eight", "2026-11-22 19:45"),
        ("ten past nine in the morning", "2026-11-23 09:10"),
        ("six in the evening", "2026-11-22 18:00"),
        ("tonight", "2026-11-22 20:00"),
        ("tonight at nine", "2026-11-22 21:00"),
        ("tomorrow at nine", "2026-11-23 09:00"),
        ("to-morrow at nine", "2026-11-23 09:00"),
        ("at nine tomorrow", "2026-11-23 09:00"),
        ("tomorrow at three", "2026-11-23 15:00"),
        ("tomorrow morning", "2026-11-23 09:00"),
        ("tomorrow evening at 7", "2026-11-23 19:00"),
        ("on friday at three pm", "2026-11-27 15:00"),
        ("next monday at ten", "2026-11-23 10:00"),
        ("the day after tomorrow at noon", "2026-11-24 12:00"),
        ("in two hours", "2026-11-22 16:20"),
        ("in an hour and a half", "2026-11-22 15:50"),
        ("on december third at 10", "2026-12-03 10:00"),
        ("on the 3rd of december at 10:15", "2026-12-03 10:15"),
        ("on the 5th at 8 pm", "2026-12-05 20:00"),
        ("2026-12-03 14:00", "2026-12-03 14:00"),
        ("2026-12-03T14:00", "2026-12-03 14:00"),
        ("18:05", "2026-11-22 18:05"),
        ("at midnight", "2026-11-23 00:00"),
        ("this weekend at ten pm", "2026-11-22 22:00"),
        ("at noon", "2026-11-23 12:00"),
        ("明天早上七点半", "2026-11-23 07:30"),
        ("下午三点", "2026-11-22 15:00"),
        ("十分钟后", "2026-11-22 14:30"),
        ("过半小时", "2026-11-22 14:50"),
        ("两个小时以后", "2026-11-22 16:20"),
        ("今晚八点", "2026-11-22 20:00"),
        ("周五下午三点一刻", "2026-11-27 15:15"),
        ("后天上午十点", "2026-11-24 10:00"),
        ("12月3号下午两点", "2026-12-03 14:00"),
        ("晚上七点二十", "2026-11-22 19:20"),
        ("明天中午", "2026-11-23 12:00"),
    ],
)
def test_moments(said: str, moment: str) -> None:
    when = parse_when(said, NOW)
    assert when is not None
    assert f"{when.at:%Y-%m-%d %H:%M}" == moment
    assert when.at.tzinfo is NOW.tzinfo
    assert when.days == ()


@pytest.mark.parametrize(
    ("said", "moment", "days"),
    [
        ("every day at seven", "2026-11-23 07:00", (0, 1, 2, 3, 4, 5, 6)),
        ("every weekday at 6:45", "2026-11-23 06:45", (0, 1, 2, 3, 4)),
        ("at seven on weekdays", "2026-11-23 07:00", (0, 1, 2, 3, 4)),
        ("every monday and wednesday at 8", "2026-11-23 08:00", (0, 2)),
        ("on weekends at ten", "2026-11-28 10:00", (5, 6)),
        ("on tuesdays at half past five", "2026-11-24 05:30", (1,)),
        ("daily at 22:00", "2026-11-22 22:00", (0, 1, 2, 3, 4, 5, 6)),
        ("每天早上七点", "2026-11-23 07:00", (0, 1, 2, 3, 4, 5, 6)),
        ("工作日早上六点半", "2026-11-23 06:30", (0, 1, 2, 3, 4)),
        ("每周一早上八点", "2026-11-23 08:00", (0,)),
    ],
)
def test_moments_that_come_again(said: str, moment: str, days: tuple[int, ...]) -> None:
    when = parse_when(said, NOW)
    assert when is not None
    assert (f"{when.early or when.at:%Y-%m-%d %H:%M}", when.days) == (moment, days)


@pytest.mark.parametrize(
    "said",
    ["", "never", "soon", "every day", "in a minute or so maybe", "at 25", "at 7:75", "13 pm", "the stars"],
)
def test_what_is_no_moment(said: str) -> None:
    assert parse_when(said, NOW) is None


def test_waking_is_early_on_a_named_day() -> None:
    when = parse_when("tomorrow at six", NOW)
    assert when is not None and when.early is not None
    assert (when.at.hour, when.early.hour) == (18, 6)
    afternoon = parse_when("tomorrow at six pm", NOW)
    assert afternoon is not None and afternoon.early is None


@pytest.mark.parametrize(
    ("said", "rest", "moment"),
    [
        ("call mum tomorrow at seven pm", "call mum", "2026-11-23 19:00"),
        ("tomorrow at nine to water the plants", "water the plants", "2026-11-23 09:00"),
        ("take the bread out in ten minutes", "take the bread out", "2026-11-22 14:30"),
        ("buy two tickets at 5", "buy two tickets", "2026-11-22 17:00"),
        ("明天早上九点给妈妈打电话", "给妈妈打电话", "2026-11-23 09:00"),
        ("dentist on friday at three", "dentist", "2026-11-27 15:00"),
    ],
)
def test_a_moment_is_split_from_what_it_is_about(said: str, rest: str, moment: str) -> None:
    text, when = split_when(said, NOW)
    assert when is not None
    assert (text, f"{when.at:%Y-%m-%d %H:%M}") == (rest, moment)


def test_nothing_is_split_where_there_is_no_moment() -> None:
    assert split_when("buy two tickets", NOW) == ("buy two tickets", None)
