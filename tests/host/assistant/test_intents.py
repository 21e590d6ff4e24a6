"""Local intents: what is matched, what is left to the model, and what the skills answer."""

from __future__ import annotations

import datetime
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lapel.assistant.intents import Matcher, normalise
from lapel.assistant.assistant import SKILLS
from lapel.skills.clock import current_date, current_time

MATCHER = Matcher()


@pytest.mark.parametrize(
    ("text", "name", "language"),
    [
        ("What time is it?", "Time", "en"),
        ("what's the time", "Time", "en"),
        ("What\u2019s the time, please?", "Time", "en"),
        ("TELL ME THE CURRENT TIME!", "Time", "en"),
        ("Do you have the time?", "Time", "en"),
        ("What day is it today?", "Date", "en"),
        ("what is today's date", "Date", "en"),
        ("  What   can you do for me? ", "Abilities", "en"),
        ("Help!", "Abilities", "en"),
        ("现在几点了？", "Time", "zh"),
        ("请问，今天星期几？", "Date", "zh"),
        ("今天 星期几", "Date", "zh"),
        ("你能做什么", "Abilities", "zh"),
    ],
)
def test_known_sentences(text: str, name: str, language: str) -> None:
    intent = MATCHER.match(text)
    assert intent is not None
    assert (intent.name, intent.language, intent.arguments) == (name, language, {})


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "?!", "time", "what time is it in Tokyo", "what time does the shop close",
        "how much time is left",
        "what is the date of Easter", "what day was the moon landing", "what can you do about a headache",
        "help me write a letter", "whatever", "the timeline", "现在", "几点开门", "今天天气怎么样",
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
        assert intent is None or intent.name in SKILLS


def test_full_width_and_case_are_the_same() -> None:
    assert normalise("ＷＨＡＴ　time，is it？") == "what time is it"
    assert normalise("What\u2019s") == "what's"


@pytest.mark.parametrize(
    ("hour", "minute", "en", "zh"),
    [(0, 5, "12:05 AM", "00:05"), (11, 59, "11:59 AM", "11:59"),
     (12, 0, "12:00 PM", "12:00"), (23, 9, "11:09 PM", "23:09")],
)  # fmt: skip
def test_the_clock(hour: int, minute: int, en: str, zh: str) -> None:
    now = datetime.datetime(2024, 2, 29, hour, minute)
    assert current_time("en", now) == en
    assert current_time("zh", now) == zh


def test_the_date() -> None:
    assert current_date("en", datetime.datetime(2024, 2, 29)) == "Thursday, February 29"
    assert current_date("zh", datetime.datetime(2024, 12, 1)) == "12月1日 星期日"


def test_every_intent_of_every_language_has_a_skill_that_answers() -> None:
    folder = Path(__import__("lapel.assistant").assistant.__file__).parent / "sentences"
    languages = sorted(path.stem for path in folder.glob("*.yaml"))
    assert languages == ["en", "zh"]
    for language in languages:
        for skill in SKILLS.values():
            assert skill(language).strip()
