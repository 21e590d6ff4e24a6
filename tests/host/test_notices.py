"""Over a real relay: cards that ask and choose, views, notices, alarms, and the home view."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from assistant_house import household_in
from lapel.assistant.acting import Acting
from lapel.assistant.assistant import LocalFirstAssistant
from lapel.assistant.intents import Matcher
from lapel.notices import A_MINUTE, WAITING, Notices, QuietHours, alarm_id
from lapel.skills import Alarm, Choice, Reply
from post_house import POST
from relay_house import House, running, words
from scripted_llm import scripted

LATER = datetime.datetime(2030, 1, 1, 7, 0, tzinfo=datetime.UTC)


class Wired:
    """A relay with an assistant, its notices, and the stand-in for a messenger."""

    def __init__(self, house: House, notices: Notices, acting: Acting) -> None:
        self.house = house
        self.notices = notices
        self.acting = acting
        skill = acting.household.skill("post")
        assert skill is not None and skill.module is not None
        self.sent: list[Any] = skill.module.SENT

    async def say(self, client: Any, utt: int, text: str) -> dict[str, Any]:
        await client.send("ask", utt=utt, text=text)
        card: dict[str, Any] = await client.answer()
        return card


@asynccontextmanager
async def wired(home: Path, quiet: QuietHours | None = None) -> AsyncIterator[Wired]:
    (home / "skills").mkdir(parents=True)
    (home / "skills" / "post.py").write_text(POST, "utf-8")
    clock = datetime.datetime(2026, 11, 25, 23, 30, tzinfo=datetime.UTC)
    notices = Notices(quiet or QuietHours(), lambda: clock)
    household = await household_in(home, outlet=notices)
    try:
        async with scripted(lambda body: "A model's answer.") as (model, _):
            acting = Acting(household)
            assistant = LocalFirstAssistant(model, acting, Matcher(household.tools))
            notices.serve(acting, assistant)
            async with running(home, desks=(notices,)) as house:
                house.assistant.answer = assistant.answer  # type: ignore[method-assign]
                yield Wired(house, notices, acting)
    finally:
        await notices.close()
        await household.close()


def chosen(card: dict[str, Any], label: str) -> dict[str, Any]:
    key = next(choice["id"] for choice in card["choices"] if choice["label"] == label)
    return {"name": "chosen", "card": card["card"], "choice": key}


async def test_a_message_by_voice_confirmed_on_the_palm(tmp_path: Path) -> None:
    async with wired(tmp_path) as w, w.house.client() as client:
        card = await w.say(client, 1, "Post Bob that I am late")
        assert (card["kind"], card["focus"], words(card)) == ("confirm", 0, "Send to Bob: I am late")
        assert [choice["label"] for choice in card["choices"]] == ["No", "Yes"] and w.sent == []
        await client.send("event", **chosen(card, "Yes"))
        assert words(await client.answer()) == "Sent to Bob." and len(w.sent) == 1
        await client.send("event", **chosen(card, "Yes"))
        assert "no longer" in words(await client.answer()) and len(w.sent) == 1


@pytest.mark.parametrize(("by", "is_sent"), [("press", True), ("wearer", False), ("timeout", False)])
async def test_put_away_and_then_yes(tmp_path: Path, by: str, is_sent: bool) -> None:
    async with wired(tmp_path) as w, w.house.client() as client:
        card = await w.say(client, 1, "post bob that I am late")
        await client.send("event", name="dismissed", card=card["card"], by=by)
        answer = await w.say(client, 2, "Yes, please.")
        assert (words(answer) == "Sent to Bob.") is is_sent and len(w.sent) == is_sent


async def test_which_anna_over_the_wire(tmp_path: Path) -> None:
    async with wired(tmp_path) as w, w.house.client() as client:
        card = await w.say(client, 1, "post Anna that I am late")
        assert card["kind"] == "choice" and len(card["choices"]) == 2
        await client.send("event", **chosen(card, "Anna Lind"))
        confirm = await client.answer()
        assert confirm["kind"] == "confirm" and w.sent == []
        assert words(await w.say(client, 2, "no")) == "Cancelled."
        assert w.sent == []


async def test_a_press_ends_what_a_choice_began(tmp_path: Path) -> None:
    async with wired(tmp_path) as w, w.house.client() as client:
        card = await w.say(client, 1, "offers")
        forever, begun, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def hangs(pin: str, choice: str) -> None:
            begun.set()
            try:
                await forever.wait()
            finally:
                ended.set()

        w.acting.chosen = hangs  # type: ignore[method-assign, assignment]
        await client.send("event", **chosen(card, "Jot"))
        await begun.wait()
        await client.send("utterance_start", utt=2)
        await ended.wait()


async def test_views(tmp_path: Path) -> None:
    async with wired(tmp_path) as w, w.house.client() as client:
        await client.send("open", view="timers")
        assert words(await client.answer()) == "No timer is running."
        await client.send("open", view="nonsense")
        assert words(await client.answer()) == "Nothing here shows nonsense."


async def test_levels_and_swipes(tmp_path: Path) -> None:
    async with wired(tmp_path) as w, w.house.client() as client:
        card = await w.say(client, 1, "offers")
        assert (card["level"], card["big"]) == (40, "12:00")
        await client.send("event", name="level", card=card["card"], level=70)
        await w.house.until(lambda: len(w.sent) == 1)
        await client.send("event", name="chosen", card=card["card"], choice=card["swipe"]["next"])
        assert words(await client.answer()) == "Jotted."
        assert [text for _, _, text in w.sent] == [70, "next"]


async def test_notices_reach_pins_and_wait_for_those_that_are_away(tmp_path: Path) -> None:
    async with wired(tmp_path) as w:
        async with w.house.client() as client:
            await client.expect("alarms")
            w.notices.notify("post", "The kettle boils.", "urgent")
            card = await client.answer()
            assert (card["alert"], card["kind"], words(card)) == ("urgent", "notice", "The kettle boils.")
        await w.house.until(lambda: all(pin.link is None for pin in w.notices._pins.values()))
        for i in range(WAITING + 3):
            w.notices.notify(f"skill{i}", f"notice {i}", "normal")
        async with w.house.client() as client:
            got = [words(await client.answer()) for _ in range(WAITING)]
        assert got == [f"notice {i}" for i in range(3, WAITING + 3)]


async def test_a_notice_from_before_a_pin_first_joined_reaches_it_once(tmp_path: Path) -> None:
    async with wired(tmp_path) as w:
        w.notices.notify("post", "Rang at the start.", "urgent")
        async with w.house.client() as client:
            assert words(await client.answer()) == "Rang at the start."
        await w.house.until(lambda: all(pin.link is None for pin in w.notices._pins.values()))
        async with w.house.client() as client:
            await client.expect("alarms")
            w.notices.notify("post", "The second.", "normal")
            assert words(await client.answer()) == "The second."


async def test_quiet_hours(tmp_path: Path) -> None:
    night = QuietHours(datetime.time(22), datetime.time(7))
    async with wired(tmp_path, night) as w, w.house.client() as client:
        await client.expect("alarms")
        for alert, heard in (("normal", "quiet"), ("urgent", "urgent"), ("quiet", "quiet")):
            w.notices.notify("post", "x", alert)  # type: ignore[arg-type]
            assert (await client.answer())["alert"] == heard
    assert [night.at(datetime.time(hour)) for hour in (21, 22, 2, 7)] == [False, True, True, False]
    day = QuietHours(datetime.time(12), datetime.time(14))
    assert [day.at(datetime.time(hour)) for hour in (11, 12, 14)] == [False, True, False]


async def test_a_skill_that_floods_is_cut(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with wired(tmp_path) as w, w.house.client() as client:
        await client.expect("alarms")
        for i in range(A_MINUTE * 5):
            w.notices.notify("post", f"n{i}", "normal")
        w.notices.notify("clock", "last", "normal")
        got = [words(await client.answer()) for _ in range(A_MINUTE + 1)]
        assert set(got) == {f"n{i}" for i in range(A_MINUTE)} | {"last"}
    assert "this one is dropped" in caplog.text


async def test_a_notice_has_its_own_choices(tmp_path: Path) -> None:
    async with wired(tmp_path) as w, w.house.client() as client:
        await client.expect("alarms")
        jot = w.acting.household.tools["jot"].tool.function
        w.notices.notify("post", Reply("New letter", choices=[Choice("Jot", jot, {"text": "n"})]), "normal")
        await client.send("event", **chosen(await client.answer(), "Jot"))
        assert words(await client.answer()) == "Jotted." and w.sent[-1][2] == "n"


async def test_the_home_view_is_kept_up_to_date(tmp_path: Path) -> None:
    async with wired(tmp_path) as w, w.house.client() as client:
        assert (await client.expect("home"))["unread"] == 0
        w.notices.home("mail", None, 3, None)
        assert (await client.expect("home"))["unread"] == 3
        w.notices.home("messages", None, 2, None)
        w.notices.home("messages", None, 2, None)  # nothing new: nothing is sent
        w.notices.home("music", None, None, "So What")
        home = await client.expect("home")
        assert home["unread"] == 5
        assert (await client.expect("home"))["playing"] == "So What"
        w.notices.home("music", None, None, "")
        assert "playing" not in await client.expect("home")


async def test_alarms_soonest_first_and_what_becomes_of_them(tmp_path: Path) -> None:
    async with wired(tmp_path) as w, w.house.client() as client:
        told: list[Any] = []

        async def tell(*what: Any) -> None:
            told.append(what)

        w.acting.household.tell = tell  # type: ignore[method-assign]
        await client.expect("alarms")
        hour = datetime.timedelta(hours=1)
        w.notices.alarms("timers", [Alarm(str(i), LATER + i * hour, "egg" * 50) for i in range(12)])
        listed = (await client.expect("alarms"))["alarms"]
        assert len(listed) == 8 and listed[0]["id"] == alarm_id("timers", "0")
        assert [each["unix_ms"] for each in listed] == sorted(each["unix_ms"] for each in listed)
        w.notices.alarms("alarms", [Alarm("a", LATER - hour, "wake", "alarm")])
        assert (await client.expect("alarms"))["alarms"][0]["label"] == "wake"
        snoozed_ms = int((LATER + hour).timestamp() * 1000)
        await client.send("alarm", id=listed[0]["id"], what="snoozed", unix_ms=snoozed_ms)
        await client.send("alarm", id="unknown", what="rang")
        await w.house.until(lambda: bool(told))
        assert told == [("timers", "alarm", "0", "snoozed", LATER + hour)]


async def test_a_pin_can_be_found(tmp_path: Path) -> None:
    async with wired(tmp_path) as w, w.house.client() as client:
        w.notices.ring("ring", 500)
        assert (await client.expect("ring"))["seconds"] == 60
