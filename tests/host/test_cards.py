"""Cards hold for any text: on the display, within a message, and still while they grow."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lapel.cards import (
    MAX_PAGES,
    Card,
    Display,
    Extras,
    Shown,
    laid_out,
    paginate,
    plain,
    printable,
    settled,
    shortened,
    width,
)
from lapel_wire import MAX_MESSAGE_BYTES, messages
from lapel_wire.messages import LINE_BYTES

DISPLAYS = st.builds(Display, st.integers(4, 80), st.integers(1, 8))
# What answers are made of, and what could break them: quotes, marks, joiners, wide and right-to-left letters.
ODD = [
    *"\"\\/'`*_#[]()<>-+.!%{}", "字", "，", "한", "あ", "😀", "👩\u200d🚀", "🇩🇪", "é", "e\u0301", "ก็", "ש",
    "ع", "ن\u200cا", "\u202e", "\u200b", "\ufe0f", "\u00ad", "\u0301" * 40, "\ufeff", "\t", "\n", "\x00",
    "\x1b", "\u2028", "\ue000", "ß", "\U0001f1e6", "ﷺ",
]  # fmt: skip
WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30) | st.sampled_from(ODD)
TEXTS = st.lists(WORDS, max_size=60).map(" ".join) | st.lists(st.sampled_from(ODD), max_size=200).map("".join)


def columns(line: str) -> int:
    """Columns of a line, counted by Unicode's own tables."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1
        for c in line
    )


def lines_of(text: str, display: Display) -> list[str]:
    return [line for page in paginate(text, display) for line in page]


@settings(deadline=None)
@given(TEXTS, DISPLAYS)
@example("字" * 3000, Display(80, 8))
@example('"' * 3000, Display(80, 8))
@example("\\" * 3000, Display(5, 1))
@example("x" + "\u0301" * 3000, Display(12, 3))
@example("w " * 3000, Display(4, 1))
@example("\x00" * 900, Display(80, 8))
def test_pages_fit_the_display_and_the_message(text: str, display: Display) -> None:
    for given_text in (text, plain(text)):
        pages = paginate(given_text, display)
        assert len(pages) <= MAX_PAGES
        for page in pages:
            assert 1 <= len(page) <= display.lines
            for line in page:
                assert line and columns(line) <= display.cols
                assert len(line.encode(errors="replace")) <= LINE_BYTES
    pages = paginate(plain(text), display)
    number = messages.NUMBER_MAX
    choices = [{"id": "i" * 24, "label": '"' * 24}] * 3
    extras = Extras(
        "t" * 48, choices, 2, {"next": "n" * 24, "previous": "p" * 24}, 100, None, 1 << 52, "urgent"
    )
    message = Card(number, "confirm", pages, rev=number, utt=number, extras=extras).message()
    assert len(message.encode()) <= MAX_MESSAGE_BYTES
    assert messages.decode(messages.DOWN, message)["pages"] == pages


@settings(deadline=None)
@given(TEXTS, DISPLAYS)
def test_no_letter_is_lost_unless_the_text_is_cut(text: str, display: Display) -> None:
    text = plain(text)
    shown = "".join(lines_of(text, display)).replace(" ", "")
    whole = text.replace(" ", "")
    assert shown == whole or (shown.endswith("...") and whole.startswith(shown[:-3]))


@given(
    st.lists(st.text("abcdefgh.,!'", min_size=1, max_size=12), max_size=60),
    DISPLAYS.filter(lambda d: d.cols >= 12),
)
def test_words_that_fit_a_line_are_not_broken(words: list[str], display: Display) -> None:
    shown = " ".join(lines_of(" ".join(words), display)).split()
    assert shown == words or (shown[-1].endswith("...") and shown[:-1] == words[: len(shown) - 1])


@settings(deadline=None, max_examples=300)
@given(TEXTS, DISPLAYS)
@example("Python3 字字 字 字字字字字字 end of it", Display(12, 3))
@example("The **Brooklyn Bridge** opened *in* [1883](https://x.y) or `so`.", Display(12, 3))
@example('字`]字"', Display(4, 1))
@example("a *b c\n\n# Head\n- one\n- two *three* four", Display(12, 3))
def test_a_growing_answer_never_moves_a_line(text: str, display: Display) -> None:
    """Every prefix that is shown while it grows stands as it is when the next one comes."""
    previous: list[str] = []
    for end in range(len(text) + 1):
        shown = plain(settled(text[:end]))
        lines = lines_of(shown, display)
        if lines and lines[-1].endswith("...") and "".join(lines).replace(" ", "") != shown.replace(" ", ""):
            return  # the card is full and cut
        if previous:
            assert lines[: len(previous) - 1] == previous[:-1]
            assert lines[len(previous) - 1].startswith(previous[-1])
        previous = lines


@given(st.text(st.characters()))  # lone surrogates too
def test_nothing_makes_plain_raise(text: str) -> None:
    for clean in (plain(text), printable(text)):
        assert clean.isprintable() and clean == " ".join(clean.split())
        clean.encode()


ORDINARY = [
    "2 * 3 * 4", "2**10 is 1024", "5 ** 2", "snake_case and __init__", "-5 degrees", "it is -5", "C#",
    "F# minor", "#1 of 3", "*args", "f(*args)", "1. first 2. second", ">5 apples", "a < b > c",
    "3 - 1 + 2 = 4", "x*y*z", "[1] and [2]", "arr[0](x", "100 % (or so)", "what?!", "~5 km", "a_b*c",
    "don't", 'he said "no"', "C:\\temp\\new", "50/50", "你好，世界", "naïve café", "3 × 4", "10 °C", "a|b",
    "$5 & ¢5", "e.g. this", "*", "**", "_", "a * b", "4 *5",
]  # fmt: skip


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


@given(st.lists(st.text("abcXYZ019.,:;?!'-_/%", min_size=1, max_size=10), min_size=1, max_size=20))
def test_words_without_markdown_stay(words: list[str]) -> None:
    text = "So " + " ".join(words)
    assert plain(text) == text


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("**Paris** is *the* capital", "Paris is the capital"),
        ("***both***", "both"),
        ('It is "**loud**" (**so**), **yes**.', 'It is "loud" (so), yes.'),
        ("# Head\n\n## Sub\ntext", "Head Sub text"),
        ("* one\n- two\n+ three", "one two three"),
        ("- -5 degrees", "-5 degrees"),
        ("> quoted\n> twice", "quoted twice"),
        ("see [the site](https://x.y/z_(1)) now", "see the site) now"),
        ("![a cat](cat.png)", "a cat"),
        ("run `ls -l` first", "run ls -l first"),
        ("```python\nprint(1)\n```", "print(1)"),
        ("```ls```", "ls"),
        ("tab\tand\x00null\x1b[0m", "tab and null [0m"),
        ("co\u00adoperate\u200b\ufeff", "cooperate"),
    ],
)
def test_markdown_is_left_out(markdown: str, expected: str) -> None:
    assert plain(markdown) == expected


def test_wide_letters_fill_a_line_and_may_break_anywhere() -> None:
    assert paginate("布鲁克林大桥1883年", Display(8, 2)) == [["布鲁克林", "大桥1883"], ["年"]]
    assert paginate("abc 你好世界", Display(8, 3)) == [["abc 你好", "世界"]]
    assert width("你a") == 3


def test_no_line_begins_or_ends_with_the_wrong_mark() -> None:
    assert paginate("今天天气很好。明天", Display(12, 3)) == [["今天天气很", "好。明天"]]
    assert paginate("他说今天很「好」吗", Display(12, 3)) == [["他说今天很", "「好」吗"]]
    assert paginate("明天有雨雪风,冷", Display(12, 3)) == [["明天有雨雪", "风,冷"]]
    assert settled("今天天气很好") == "今天天气很"  # a full stop may follow, and take it along
    assert settled("今天天气很好。") == "今天天气很"
    assert settled("今天天气很好。明") == "今天天气很好。"


def test_a_word_longer_than_a_line_is_broken() -> None:
    assert paginate("a supercalifragilistic b", Display(8, 9)) == [["a", "supercal", "ifragili", "stic b"]]


def test_a_text_that_is_too_long_says_so() -> None:
    pages = paginate("word " * 2000, Display(12, 3))
    assert pages[-1][-1].endswith("...")
    assert paginate("", Display(12, 3)) == []


def test_details_begin_on_a_page_of_their_own() -> None:
    card = laid_out(Shown("12 degrees", "Rain from three o'clock on"), Display(12, 3), utt=4)
    assert card.pages == [["12 degrees"], ["Rain from", "three", "o'clock on"]]
    assert (card.utt, card.rev, card.more) == (4, 0, False)
    assert laid_out(Shown("a"), Display(12, 3)).number != laid_out(Shown("a"), Display(12, 3)).number
    assert laid_out(Shown("a", number=7), Display(12, 3)).number == 7
    long = laid_out(Shown("x " * 3000, "y " * 3000), Display(12, 3))
    assert long.pages[-1][-1].endswith("...") and long.message()


def test_a_text_cut_to_bytes() -> None:
    assert shortened("Nothing  to cut", 20) == "Nothing to cut"
    assert shortened("一二三四五六七八九", 24) == "一二三四五六七..."
