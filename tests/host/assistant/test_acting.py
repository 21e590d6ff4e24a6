"""The gate in front of every tool: who is meant, a yes that only the wearer can give, and what is no yes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lapel.assistant.acting import Acting
from lapel.cards import Display, Shown, laid_out, readable
from lapel.confirm import WAITS_S, Waitings
from lapel.skills import SkillError
from post_house import PIN, acting_in


@pytest.fixture
async def house(tmp_path: Path) -> Any:
    acting, sent = await acting_in(tmp_path)
    yield acting, sent
    await acting.household.close()


async def perform(acting: Acting, tool: str, question: str = "", **given: Any) -> Shown:
    return await acting.perform(PIN, acting.household.tools[tool], given, "en", question)


def choices(card: Shown) -> list[str]:
    return [choice["label"] for choice in card.extras.choices or []]


def choice(card: Shown, label: str) -> str:
    return next(each["id"] for each in card.extras.choices or [] if each["label"] == label)


async def test_a_message_is_asked_about_and_starts_on_no(house: Any) -> None:
    acting, sent = house
    card = await perform(acting, "post", to="bob", text="I am late")
    assert (card.kind, card.text, card.extras.focus) == ("confirm", "Send to Bob: I am late", 0)
    assert choices(card) == ["No", "Yes"] and sent == []
    done = await acting.chosen(PIN, choice(card, "Yes"))
    assert done is not None and done.text == "Sent to Bob."
    assert sent == [("Bob", "bob@home.example", "I am late")]
    assert await acting.chosen(PIN, choice(card, "Yes")) is None  # nothing is sent twice
    assert len(sent) == 1


@pytest.mark.parametrize("word", ["Yes.", "yes, send it", "OK", "Go ahead!", "是的", "好", "yeah sure"])
async def test_a_spoken_yes(house: Any, word: str) -> None:
    acting, sent = house
    await perform(acting, "post", to="bob", text="hi")
    done = await acting.spoken(PIN, word)
    assert done is not None and done.text == "Sent to Bob." and len(sent) == 1


@pytest.mark.parametrize(
    "word",
    ["No.", "cancel", "never mind", "stop", "不要", "算了", "what time is it", "yes but tell Carol", "",
     "send it to Anna", "is that right", "yes to everything he asks", "the message says yes"],
)  # fmt: skip
async def test_everything_else_is_no_yes(house: Any, word: str) -> None:
    acting, sent = house
    card = await perform(acting, "post", to="bob", text="hi")
    answer = await acting.spoken(PIN, word)
    assert answer is None or answer.text == "Cancelled."
    assert await acting.spoken(PIN, "yes") is None
    assert await acting.chosen(PIN, choice(card, "Yes")) is None
    assert sent == []


async def test_the_choice_no_and_a_card_put_away(house: Any) -> None:
    acting, sent = house
    card = await perform(acting, "post", to="bob", text="hi")
    cancelled = await acting.chosen(PIN, choice(card, "No"))
    assert cancelled is not None and cancelled.text == "Cancelled."
    for by, answered in (("wearer", False), ("timeout", False), ("press", True)):
        card = await perform(acting, "post", to="bob", text="hi")
        acting.waitings.dismissed(PIN, card.number, by)
        assert (await acting.spoken(PIN, "yes") is not None) is answered, by
    assert len(sent) == 1


async def test_only_the_next_utterance_can_answer(house: Any) -> None:
    acting, sent = house
    await perform(acting, "post", to="bob", text="hi")
    acting.waitings.pressed(PIN, 5)  # nothing was understood
    acting.waitings.pressed(PIN, 6)
    assert await acting.spoken(PIN, "yes") is None and sent == []


async def test_what_is_confirmed_is_shown_whole(house: Any) -> None:
    acting, sent = house
    with pytest.raises(SkillError, match="too long to be shown"):
        await perform(acting, "post", to="bob", text="x" * 950)
    card = await perform(acting, "post", to="bob", text="see [this](http://evil.example) **now**")
    page = laid_out(readable(card), Display(40, 8)).pages[0]
    assert " ".join(page) == "Send to Bob: see [this](http://evil.example) **now**" and sent == []


async def test_silence_is_a_no(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    acting, sent = house
    card = await perform(acting, "post", to="bob", text="hi")
    waiting = acting.waitings._by_pin[PIN]
    waiting.since_s -= WAITS_S + 1
    assert await acting.chosen(PIN, choice(card, "Yes")) is None
    assert await acting.spoken(PIN, "yes") is None and sent == []


async def test_a_second_question_takes_the_place_of_the_first(house: Any) -> None:
    acting, sent = house
    first = await perform(acting, "post", to="bob", text="one")
    second = await perform(acting, "post", to="bob", text="two")
    assert await acting.chosen(PIN, choice(first, "Yes")) is None
    assert await acting.chosen("pin-2", choice(second, "Yes")) is None  # another wearer's
    await acting.chosen(PIN, choice(second, "Yes"))
    assert [text for _, _, text in sent] == ["two"]


@pytest.mark.parametrize("answer", ["Anna Lind", "Lind", "the second one", "2nd"])
async def test_which_anna(house: Any, answer: str) -> None:
    acting, sent = house
    card = await perform(acting, "post", to="Anna", text="hi")
    assert (card.kind, card.text, choices(card)) == ("choice", "Which Anna?", ["Anna Berg", "Anna Lind"])
    confirm = await acting.spoken(PIN, answer)
    assert confirm is not None and confirm.text == "Send to Anna Lind: hi" and sent == []
    await acting.spoken(PIN, "yes")
    assert sent == [("Anna Lind", "a@lind.example", "hi")]


async def test_which_anna_by_choice_and_by_neither(house: Any) -> None:
    acting, sent = house
    card = await perform(acting, "post", to="Anna", text="hi")
    confirm = await acting.chosen(PIN, choice(card, "Anna Berg"))
    assert confirm is not None and confirm.text.startswith("Send to Anna Berg")
    await perform(acting, "post", to="Anna", text="hi")
    assert await acting.spoken(PIN, "yes") is None  # a yes is no name
    await perform(acting, "post", to="Anna", text="hi")
    assert await acting.spoken(PIN, "Anna") is None  # still both
    assert sent == []


async def test_nobody_of_that_name(house: Any) -> None:
    acting, sent = house
    with pytest.raises(SkillError, match="no Zoe in your contacts"):
        await perform(acting, "post", to="Zoe", text="hi")
    with pytest.raises(SkillError, match="did not say"):
        await perform(acting, "post", "write to my friend", to="x@y.example", text="hi")
    card = await perform(acting, "post", "tell x@y.example hi", to="x@y.example", text="hi")
    assert card.text == "Send to x@y.example: hi" and sent == []


async def test_what_is_confirmed_may_be_computed(house: Any) -> None:
    acting, sent = house
    assert (await perform(acting, "answer_last", text="ok")).text == "Answer: ok"
    with pytest.raises(SkillError, match="nothing to answer"):
        await perform(acting, "answer_last", text="nothing")
    assert sent == []


async def test_own_data_needs_no_yes_unless_others_text_was_read(house: Any) -> None:
    acting, sent = house
    assert (await perform(acting, "jot", text="milk")).text == "Jotted."
    tool = acting.household.tools["jot"]
    card = await acting.perform(PIN, tool, {"text": "evil"}, "en", "read it", wearers_words="read it")
    assert (card.kind, card.text) == ("confirm", "Keep a note: evil")
    assert [text for _, _, text in sent] == ["milk"]


async def test_after_others_text_only_whom_the_wearer_named_is_reached(house: Any) -> None:
    acting, sent = house
    tool = acting.household.tools["post"]
    words = "read my mail and tell bob I am coming"
    with pytest.raises(SkillError, match="no Mallory in your contacts"):
        await acting.perform(PIN, tool, {"to": "Mallory", "text": "x"}, "en", words, wearers_words=words)
    with pytest.raises(SkillError, match="did not say"):
        await acting.perform(
            PIN, tool, {"to": "q@evil.example", "text": "x"}, "en", words, wearers_words=words
        )
    card = await acting.perform(PIN, tool, {"to": "Bob", "text": "coming"}, "en", words, wearers_words=words)
    assert card.text == "Send to Bob: coming" and sent == []


async def test_choices_levels_and_swipes(house: Any) -> None:
    acting, sent = house
    card = await perform(acting, "offers")
    assert card.extras.level == 40 and card.extras.big == "12:00"
    await acting.chosen(PIN, choice(card, "Jot"))
    await acting.chosen(PIN, card.extras.swipe["next"])
    await acting.level(PIN, card.number, 55)
    assert [text for _, _, text in sent] == ["x", "next", 55]
    asks = await acting.chosen(PIN, choice(card, "Send"))
    assert asks is not None and asks.kind == "confirm" and len(sent) == 3
    assert await acting.chosen(PIN, "made-up") is None


async def test_chinese(house: Any) -> None:
    acting, sent = house
    tool = acting.household.tools["post"]
    card = await acting.perform(PIN, tool, {"to": "李雷", "text": "我晚点到"}, "zh", "告诉李雷我晚点到")
    assert card.text == "发给李雷：我晚点到" and choices(card) == ["不", "是"]
    assert (await acting.spoken(PIN, "不要")).text == "已取消。"
    assert sent == []


def test_an_id_cannot_be_guessed() -> None:
    from lapel.confirm import Deed, Waiting

    waitings = Waitings()
    deed = Deed(None, {}, "en")  # type: ignore[arg-type]  # nothing is called
    seen = set()
    for _ in range(200):
        waiting = Waiting(deed, 1)
        waitings.ask(PIN, waiting)
        seen |= set(waiting.ids)
        assert all(len(key) <= 24 for key in waiting.ids)
    assert len(seen) == 400
