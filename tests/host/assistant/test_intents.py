"""Local intents: what is matched, what is left to the model, and what the skills answer."""

from __future__ import annotations

import asyncio
import datetime
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lapel.assistant.intents import Matcher
from lapel.assistant.library import load
from lapel.assistant.said import Said, normalise
from lapel.assistant.tools import ToolInfo
from lapel.skills.clock import Place, clock_text, current_time, date_text, zone_of
from lapel.skills.testing import context

NOW = datetime.datetime(2026, 11, 25, 14, 20, tzinfo=datetime.UTC)


def all_tools() -> dict[str, ToolInfo]:
    skills = asyncio.run(load(Path("/nowhere"), {}))
    return {tool.name: tool for skill in skills for tool in skill.tools}


TOOLS = all_tools()
MATCHER = Matcher(TOOLS)


@pytest.mark.parametrize(
    ("text", "name", "language"),
    [
        ("What time is it?", "current_time", "en"),
        ("what's the time", "current_time", "en"),
        ("What\u2019s the time, please?", "current_time", "en"),
        ("Hey Lapel, could you tell me the time", "current_time", "en"),
        ("TELL ME THE CURRENT TIME!", "current_time", "en"),
        ("Do you have the time?", "current_time", "en"),
        ("What day is it today?", "current_date", "en"),
        ("what is today's date", "current_date", "en"),
        ("  What   can you do for me? ", "abilities", "en"),
        ("Help!", "abilities", "en"),
        ("现在几点了？", "current_time", "zh"),
        ("请问，今天星期几？", "current_date", "zh"),
        ("今天 星期几", "current_date", "zh"),
        ("你能做什么", "abilities", "zh"),
    ],
)
def test_known_sentences(text: str, name: str, language: str) -> None:
    intent = MATCHER.match(text)
    assert intent is not None
    assert (intent.name, intent.language, intent.arguments) == (name, language, {})


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "?!", "time", "what time does the shop close",
        "what is the date of Easter", "what day was the moon landing", "what can you do about a headache",
        "help me write a letter", "whatever", "the timeline", "现在", "几点开门",
        "a" * 5000,
        "what time is it " * 100,
    ],
)  # fmt: skip
def test_other_questions_are_left_to_the_model(text: str) -> None:
    assert MATCHER.match(text) is None


@given(st.text())
def test_no_text_makes_it_raise(text: str) -> None:
    MATCHER.match(text)
    assert normalise(normalise(text)) == normalise(text)


def test_noise_around_words_does_not_match_by_accident() -> None:
    rng = random.Random(1)
    words = "what time is it the date today day can you do help now please in for".split()  # noqa: SIM905
    for _ in range(300):
        text = " ".join(rng.sample(words, 5))
        intent = MATCHER.match(text)
        assert intent is None or intent.name in TOOLS


def test_full_width_and_case_are_the_same() -> None:
    assert normalise("ＷＨＡＴ　time，is it？") == "what time is it"
    assert normalise("What\u2019s") == "what's"


def test_what_tells_something_is_kept() -> None:
    assert normalise("At 7:30, 1.5 or 1,200?") == "at 7:30 1.5 or 1,200"
    assert normalise("Write to bob@example.com.") == "write to bob@example.com"


def test_free_text_keeps_its_spelling() -> None:
    said = Said("Please tell  Anna: I'm LATE, sorry!")
    start = said.words.index("i'm")
    assert said.original(start, len(said.words)) == "I'm LATE, sorry"
    intent = MATCHER.match("What time is it in New York right now?", NOW)
    assert intent is not None and intent.arguments == {"place": Place("new york")}


@pytest.mark.parametrize(
    ("hour", "minute", "en", "zh"),
    [(0, 5, "12:05 AM", "00:05"), (11, 59, "11:59 AM", "11:59"),
     (12, 0, "12:00 PM", "12:00"), (23, 9, "11:09 PM", "23:09")],
)  # fmt: skip
def test_the_clock(hour: int, minute: int, en: str, zh: str) -> None:
    now = datetime.datetime(2024, 2, 29, hour, minute)
    assert clock_text(now, "en") == en
    assert clock_text(now, "zh") == zh


def test_the_date() -> None:
    assert date_text(datetime.datetime(2024, 2, 29), "en") == "Thursday, February 29"
    assert date_text(datetime.datetime(2024, 12, 1), "zh") == "12月1日 星期日"


async def test_the_time_elsewhere() -> None:
    here = context(now=NOW)
    assert (await current_time(here, Place("Tokyo"))).text == "11:20 PM"
    assert (await current_time(here, Place("Auckland"))).text == "3:20 AM tomorrow"
    assert (await current_time(context(now=NOW, language="zh"), Place("旧金山"))).text == "06:20"
    assert (await current_time(here)).big == "2:20 PM"
    assert Place.from_words("Gondor", NOW) is None
    assert str(zone_of("the uk")) == "Europe/London"


def test_every_intent_of_every_language_has_a_tool() -> None:
    import lapel.assistant.intents as module
    import yaml

    for path in sorted(module._SENTENCES.glob("*.yaml")):
        named = set(yaml.safe_load(path.read_text("utf-8"))["intents"])
        assert not named - set(TOOLS), f"{path.name} has sentences for no tool"
    assert sorted(MATCHER.languages) == ["en", "zh"]
