"""Skills that need no server, by what is said to them."""

from __future__ import annotations

import asyncio
import datetime as dt
from pathlib import Path

import pytest
from lapel.services import Unanswerable
from skills_rig import NOW, Rig, rig


async def until_noticed(running: Rig, count: int) -> None:
    async with asyncio.timeout(20):
        while len(running.heard.notices) < count:
            await asyncio.sleep(0.01)


async def test_timers_with_names(tmp_path: Path) -> None:
    async with rig(tmp_path) as running:
        card = await running.ask("Set a timer for ten minutes")
        assert card.text == "Timer: 10 minutes"
        assert card.extras.ends_ms == int((NOW.timestamp() + 600) * 1000)
        assert (await running.ask("start a five minute pasta timer")).text == "Pasta timer: 5 minutes"
        assert await running.says("how much time is left") == "Pasta 5 minutes left 10 minutes left"
        assert await running.says("how long is left on the pasta timer") == "Pasta 5 minutes left"
        assert await running.says("add two minutes to the pasta timer") == "7 minutes left"
        assert await running.says("cancel the timer") == "Which timer? pasta, 10 minutes left"
        assert await running.says("cancel the pasta timer") == "Pasta timer cancelled"
        assert await running.says("cancel all timers") == "All timers are cancelled."
        assert await running.says("what timers are running") == "No timer is running."
        assert running.heard.alarm_lists["timers"] == []


async def test_a_timer_rings_and_is_snoozed_by_tap(tmp_path: Path) -> None:
    async with rig(tmp_path) as running:
        await running.ask("set a timer for one second called tea")
        assert [alarm.label for alarm in running.heard.alarm_lists["timers"]] == ["tea"]
        running.now += dt.timedelta(seconds=1)
        await until_noticed(running, 1)
        skill, reply, alert = running.heard.notices[0]
        assert (skill, alert, reply.text) == ("timers", "urgent", "tea: time is up")
        card = running.acting.notice("pin", skill, reply)
        assert [choice["label"] for choice in card.extras.choices or []] == ["Stop", "5 more minutes"]
        assert (await running.choose(card, "5 more minutes")).text == "Again in 5 minutes."
        assert await running.says("how much time is left") == "Tea 5 minutes left"
        running.now += dt.timedelta(minutes=5, seconds=1)
        await running.ask("add one second to the timer")  # wakes the clock, which looks every ten seconds
        running.now += dt.timedelta(seconds=1)
        await until_noticed(running, 2)
        assert await running.says("stop the timer") == "Stopped."
        assert await running.says("how much time is left") == "No timer is running."


async def test_alarms(tmp_path: Path) -> None:
    async with rig(tmp_path) as running:
        assert await running.says("wake me up at seven") == "Alarm tomorrow 7:00 AM"
        assert await running.says("Wake me tomorrow at six thirty") == "Alarm tomorrow 6:30 AM"
        assert await running.says("set an alarm for 7 am on weekdays") == "Alarm 7:00 AM on weekdays"
        assert await running.says("set a weekend alarm for 9 am") == "Alarm 9:00 AM on weekends"
        assert await running.says("cancel the nine o'clock alarm") == "Alarm cancelled: 9:00 AM on weekends"
        assert "tomorrow 6:30 AM" in await running.says("what alarms are set")
        assert (await running.says("cancel my alarm")).startswith("Which alarm?")
        assert await running.says("cancel the six thirty alarm") == "Alarm cancelled: tomorrow 6:30 AM"
        assert await running.says("cancel all alarms") == "All alarms are cancelled."
        assert await running.says("明天早上七点叫我起床") == "闹钟：明天07:00"
        assert await running.says("取消闹钟") == "已取消闹钟：明天07:00"


async def test_reminders(tmp_path: Path) -> None:
    async with rig(tmp_path) as running:
        said = await running.says("remind me to call Mum tomorrow at seven pm")
        assert said == "tomorrow 7:00 PM: call Mum"
        assert await running.says("提醒我明天九点给妈妈打电话") == "明天09:00：给妈妈打电话"
        assert (await running.says("remind me to breathe")).startswith("Remind you when?")
        assert await running.says("show my reminders") == (
            "tomorrow 9:00 AM: 给妈妈打电话 tomorrow 7:00 PM: call Mum"
        )
        assert await running.says("cancel the reminder to call mum") == "Cancelled: call Mum"


async def test_notes_are_kept_found_and_forgotten_after_a_yes(tmp_path: Path) -> None:
    async with rig(tmp_path) as running:
        said = "Remember that the bike key is in the blue box"
        assert await running.says(said) == "Noted: the bike key is in the blue box"
        assert await running.says("what did I say about the bike key?") == "the bike key is in the blue box"
        assert await running.says("what did I say about dogs?") == "You told me nothing about dogs."
        asked = await running.ask("forget what I said about the bike key")
        assert (asked.kind, asked.text) == ("confirm", "Forget this? the bike key is in the blue box")
        assert await running.says("no") == "Cancelled."
        assert (await running.ask("what did I say about the bike key?")).kind == "answer"
        await running.ask("forget what I said about the bike key")
        assert await running.says("yes") == "Forgotten."
        assert await running.says("show my notes") == "There are no notes."


async def test_lists(tmp_path: Path) -> None:
    async with rig(tmp_path) as running:
        said = await running.says("add milk, eggs and two lemons to the shopping list")
        assert said == "milk, eggs, two lemons: on the shopping list"
        assert await running.says("put Milk on my shopping list") == "Already on the shopping list."
        assert await running.says("what's on the shopping list") == "milk, eggs, two lemons"
        assert await running.says("remove eggs from the shopping list") == "eggs: off the shopping list"
        assert (
            await running.says("take cheese off the shopping list") == "cheese is not on the shopping list."
        )
        assert await running.says("add a tent to my camping list") == "a tent: on the camping list"
        assert await running.says("what's on my camping list") == "a tent"
        asked = await running.ask("clear the shopping list")
        assert (asked.kind, asked.text) == ("confirm", "Empty the shopping list (2 things)?")
        assert await running.says("yes") == "The shopping list is empty."
        assert await running.says("把牛奶加到购物清单") == "已加入购物清单：牛奶"
        assert await running.says("购物清单上有什么") == "牛奶"


async def test_sums_and_units(tmp_path: Path) -> None:
    async with rig(tmp_path) as running:
        for said, answer in (
            ("what is 15 percent of 80", "12"),
            ("twelve times seven", "84"),
            ("what's 1 divided by 0?", "Nothing can be divided by zero."),
            ("how many kilometers are 5 miles", "8.047 km"),
            ("convert 180 degrees celsius to fahrenheit", "356 °F"),
            ("convert 5 miles to kilograms", "mi cannot be turned into kg."),
            ("十二乘以七等于多少", "84"),
            ("五公里等于多少英里", "3.107 mi"),
        ):
            assert await running.says(said) == answer


async def test_the_pin_rings_until_it_is_found(tmp_path: Path) -> None:
    async with rig(tmp_path) as running:
        assert await running.says("where is my pin") == "Ringing."
        assert await running.says("I found it") == "Quiet."
        assert running.heard.rings == [30, 0]


@pytest.mark.parametrize(
    ("said", "about"),
    [
        ("what's the weather", "[skills.weather]"),
        ("do I have new mail", "[skills.mail]"),
        ("play some jazz", "[skills.music]"),
        ("what's next on my calendar", "[skills.calendar]"),
        ("今天天气怎么样", "[skills.weather]"),
    ],
)
async def test_what_is_not_set_up_says_how(tmp_path: Path, said: str, about: str) -> None:
    async with rig(tmp_path) as running:
        card = await running.ask(said)
        assert card.kind == "error" and about in card.text


async def test_open_questions_are_left_to_the_model(tmp_path: Path) -> None:
    async with rig(tmp_path) as running:
        for said in ("who wrote Hamlet", "what is love", "tell me a joke", "how far is the moon"):
            with pytest.raises(Unanswerable):
                await running.ask(said)
