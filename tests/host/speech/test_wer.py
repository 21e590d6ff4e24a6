"""Words are counted fairly: notation is not an error, a wrong word is."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lapel.speech.wer import chinese_number, normalise, number_words, word_errors


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2:30 pm", "Two thirty p.m."),
        ("2.30 p.m.", "two-thirty PM"),
        ("10:05", "ten oh five"),
        ("10:00 a.m.", "ten am"),
        ("ten of clubs", "10 of clubs."),
        ("1,234 apples", "one thousand two hundred and thirty-four apples"),
        ("3.5 kilometres", "three point five kilometres"),
        ("50%", "fifty percent"),
        ("What's up?", "what’s up"),
        ("an ill-disposed man", "An ill disposed man,"),
        ("‘quoted’", "quoted"),
        ("今天天气", "今天 天气。"),
        ("早上七点", "早上7点。"),
        ("一百零五米", "105米"),
    ],
)
def test_the_same_words(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(
    ("one", "other"), [("old", "own"), ("2:30", "2:31"), ("10", "1"), ("firefox", "fire fox")]
)
def test_other_words(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


def test_numbers() -> None:
    assert number_words(0) == ["zero"]
    assert " ".join(number_words(1_000_019)) == "one million nineteen"
    assert " ".join(number_words(21_300)) == "twenty one thousand three hundred"


def test_chinese_numbers() -> None:
    said = {
        0: "零",
        10: "十",
        12: "十二",
        20: "二十",
        105: "一百零五",
        110: "一百一十",
        1005: "一千零五",
        2000: "二千",
    }
    assert {number: chinese_number(number) for number in said} == said


def test_errors_are_substitutions_insertions_and_deletions() -> None:
    assert word_errors(["a", "b", "c"], ["a", "x", "c"]) == 1
    assert word_errors(["a", "b", "c"], ["a", "b", "c", "d"]) == 1
    assert word_errors(["a", "b", "c"], ["b", "c"]) == 1
    assert word_errors([], ["a", "b"]) == 2
    assert word_errors(["a", "b"], []) == 2


words = st.lists(st.sampled_from("abcd"), max_size=8)


@given(words, words)
def test_distance_is_a_metric(one: list[str], other: list[str]) -> None:
    distance = word_errors(one, other)
    assert distance == word_errors(other, one)
    assert abs(len(one) - len(other)) <= distance <= max(len(one), len(other))
    assert (distance == 0) == (one == other)


@given(words, st.integers(0, 3))
def test_so_many_deletions_so_many_errors(said: list[str], count: int) -> None:
    marked = [f"{word}{at}" for at, word in enumerate(said)]  # all different
    kept = sorted(random.Random(1).sample(range(len(marked)), max(0, len(marked) - count)))
    assert word_errors(marked, [marked[at] for at in kept]) == len(marked) - len(kept)


@given(st.text(max_size=60))
def test_any_text_can_be_normalised(text: str) -> None:
    assert all(word and not word.isspace() for word in normalise(text))
