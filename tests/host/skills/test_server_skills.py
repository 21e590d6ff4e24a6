"""Skills with the owner's servers, the real ones on loopback, by what is said to them."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from own_servers import (
    PASSWORD,
    USER,
    caldav_server,
    free_port,
    imap_server,
    message_target,
    music_server,
    put_letter,
    silent_server,
    smtp_server,
    weather_server,
)
from skills_rig import rig

CARDS = """BEGIN:VCARD
VERSION:3.0
FN:Anna Lund
EMAIL:anna@mail.example
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Anna Berg
EMAIL:berg@mail.example
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:Tom Hill
TEL:+351 900 000 000
END:VCARD
"""


def contacts(home: Path) -> dict[str, Any]:
    path = home / "people.vcf"
    path.write_text(CARDS, "utf-8")
    return {"file": str(path)}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.02)


async def test_mail_is_told_read_answered_and_archived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAPEL_MAIL_PASSWORD", PASSWORD)
    with imap_server(tmp_path) as imap, smtp_server() as (smtp, sent):
        put_letter(imap, "Anna Lund <anna@mail.example>", "Dinner", "Shall we eat at eight?")
        put_letter(imap, "Bank <no-reply@bank.example>", "Statement", "It is ready.")
        mail = {"host": "127.0.0.1", "port": imap, "security": "none", "user": USER, "check_minutes": 0}
        mail |= {"address": "me@home.example", "smtp_port": smtp, "smtp_security": "none"}
        async with rig(tmp_path, {"mail": mail, "contacts": contacts(tmp_path)}) as running:
            settings = running.household.skill("mail").settings  # type: ignore[union-attr]
            assert str(settings.password) == PASSWORD and PASSWORD not in repr(settings)
            told = await running.ask("do I have new mail")
            assert told.text.endswith("1. Bank: Statement") and "2. Anna Lund: Dinner" in told.details
            letter = await running.ask("read the second mail")
            assert letter.text == "Dinner: Shall we eat at eight?"
            assert letter.extras.title == "Anna Lund today"
            asked = await running.ask("reply to the mail saying Yes, gladly")
            assert (asked.kind, asked.text) == (
                "confirm",
                "Answer Anna Lund <anna@mail.example>: Yes, gladly",
            )
            assert sent == []
            assert await running.says("no") == "Cancelled." and sent == []
            await running.ask("reply to the mail saying Yes, gladly")
            assert await running.says("yes") == "Sent to Anna Lund."
            answer = email.message_from_bytes(sent[0].content, policy=email.policy.default)
            assert (answer["to"], answer["subject"]) == ("Anna Lund <anna@mail.example>", "Re: Dinner")
            assert await running.says("archive it") == "Archived: Dinner"
            assert "Dinner" not in await running.says("do I have new mail")
            which = await running.ask("send a mail to Anna saying I am late")
            assert which.kind == "choice" and which.text == "Which Anna?"
            asked = await running.choose(which, "Anna Berg")
            assert asked.text == "Mail to Anna Berg <berg@mail.example>: I am late"
            assert await running.says("yes") == "Sent to Anna Berg."
            assert sent[1].rcpt_tos == ["berg@mail.example"]
            assert await running.says("send a mail to Tom saying hello") == "Tom Hill has no mail address."
            assert (await running.says("send a mail to Zoe saying hello")).startswith("I find no Zoe")


async def test_a_message_goes_out_through_apprise_after_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with message_target() as (url, came):
        monkeypatch.setenv("FAMILY_PATH", "family")
        tables = {"messages": {"apprise": {"Family": url + "/$FAMILY_PATH"}}, "contacts": contacts(tmp_path)}
        async with rig(tmp_path, tables) as running:
            asked = await running.ask("send a message to Family saying I'm on my way")
            assert (asked.kind, asked.text) == ("confirm", "Send to Family: I'm on my way")
            assert came == []
            assert await running.says("yes") == "Sent to Family."
            assert came[0]["message"] == "I'm on my way"
            said = "tell Tom that dinner is ready"  # nobody is asked for what cannot be done
            assert await running.says(said) == "I know no way to message Tom Hill."
            assert await running.says("read my messages") == "No messages."
            assert await running.says("what is Tom's phone number") == "+351 900 000 000"


async def test_music_plays_and_is_turned_on_the_palm(tmp_path: Path) -> None:
    with music_server(tmp_path) as port:
        async with rig(tmp_path, {"music": {"host": "127.0.0.1", "port": port}}) as running:
            assert await running.says("what song is this") == "Nothing is playing."
            assert await running.says("play some jazz") == "I found no jazz."
            card = await running.ask("play blue bossa")
            assert (card.kind, card.text) == ("player", "Blue Bossa - The Quartet")
            assert [choice["label"] for choice in card.extras.choices or []] == ["Pause"]
            assert set(card.extras.swipe or {}) == {"next", "previous"}
            await until(lambda: running.heard.homes.get("music.playing") == "Blue Bossa - The Quartet")
            assert (await running.ask("play Anna Lund")).text == "Evening Walk - Anna Lund"
            assert (await running.ask("next song")).text == "Morning Rain - Anna Lund"
            assert await running.says("next song") == "There is no other song."
            louder = await running.ask("volume to 40 percent")
            assert louder.extras.level == 40
            await running.acting.level("pin", louder.number, 55)
            assert (await running.ask("quieter")).extras.level == 45
            paused = await running.choose(await running.ask("what song is this"), "Pause")
            assert paused.text == "Morning Rain - Anna Lund (paused)"
            assert await running.says("下一首") == "没有别的歌了。"
            await until(lambda: running.heard.homes.get("music.playing") == "")


async def test_the_calendar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAPEL_CALENDAR_PASSWORD", PASSWORD)
    with caldav_server(tmp_path) as url:
        async with rig(tmp_path, {"calendar": {"url": url, "user": USER}}) as running:
            assert await running.says("what's next on my calendar") == "Nothing in the next two weeks."
            added = await running.says("add dentist on Friday at three to my calendar")
            assert added == "Friday 3:00 PM: dentist"
            assert await running.says("add choir today at 8 pm to my calendar") == "8:00 PM: choir"
            assert await running.says("add holiday tomorrow to my calendar") == "Tomorrow: holiday"
            for said, answer in (
                ("book a haircut on Saturday at eleven", "Saturday 11:00 AM: haircut"),
                ("add a meeting with Bob on Monday at 2 pm", "Tomorrow 2:00 PM: meeting with Bob"),
                ("create an event for Thursday at 5 called drinks", "Thursday 5:00 PM: drinks"),
            ):
                assert await running.says(said) == answer
            next_one = await running.ask("what's next on my calendar")
            assert next_one.text == "8:00 PM: choir" and "dentist" in next_one.details
            assert await running.says("what do I have today") == "8:00 PM choir"
            assert await running.says("what do I have on friday") == "3:00 PM dentist"
            assert await running.says("what do I have on wednesday") == "Nothing Wednesday."
            assert await running.says("add nothing at all to my calendar") == (
                "Say what and when, such as: dentist on friday at 3."
            )
            assert await running.says("我明天有什么安排") == "holiday 14:00 meeting with Bob"


async def test_the_weather(tmp_path: Path) -> None:
    with weather_server() as server:
        tables = {"weather": {"place": "Lisbon", "url": server.url, "places_url": server.url}}
        async with rig(tmp_path, tables) as running:
            now = await running.ask("what's the weather")
            assert now.text == "18 °C, partly cloudy."
            assert now.details.startswith("Today 12 to 19 °C, partly cloudy; Tomorrow 11 to 16 °C, rain")
            assert await running.says("will it rain tomorrow?") == "Yes: rain, 85 % likely."
            assert await running.says("do I need an umbrella") == "No: partly cloudy, 10 % chance."
            tokyo = await running.ask("what's the weather in Tokyo tomorrow")
            assert tokyo.extras.title == "Tokyo" and tokyo.text == "Tomorrow 11 to 16 °C, rain."
            assert await running.says("what's the weather in Atlantis") == "I know no place Atlantis."
            assert (await running.ask("今天天气怎么样")).text == "18 °C, 多云."
            assert (await running.ask("明天会下雨吗")).text == "会：雨，可能性85 %。"
        places = [query["name"] for path, query in server.asked if path == "/v1/search"]
        assert places == ["Lisbon", "Tokyo", "Atlantis"]  # the others were fresh enough


async def test_servers_that_are_silent_or_gone_are_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lapel.accounts.CALL_S", 0.3)
    async with silent_server() as silent:
        tables = {
            "mail": {"host": "127.0.0.1", "port": silent, "security": "none", "check_minutes": 0},
            "music": {"host": "127.0.0.1", "port": silent},
            "calendar": {"url": f"http://127.0.0.1:{free_port()}/"},
            "weather": {"place": "Lisbon", "url": f"http://127.0.0.1:{free_port()}"},
        }
        tables["weather"]["places_url"] = tables["weather"]["url"]
        async with rig(tmp_path, tables) as running:
            assert await running.says("do I have new mail") == "The mail server did not answer."
            assert await running.says("play some jazz") == "The music player did not answer."
            assert await running.says("what do I have today") == "The calendar server cannot be reached."
            assert await running.says("what's the weather") == "The weather service cannot be reached."
            assert await running.says("今天天气怎么样") == "天气服务连接不上。"


@pytest.mark.parametrize("tables", [{}, {"contacts": {"file": "people.vcf"}}])
async def test_without_an_account_nobody_is_asked(tmp_path: Path, tables: dict[str, Any]) -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Anna Lund\nEMAIL:anna@home.example\nEND:VCARD\n"
    (tmp_path / "people.vcf").write_text(card, "utf-8")
    tables = {name: {"file": str(tmp_path / table["file"])} for name, table in tables.items()}
    async with rig(tmp_path, tables) as running:
        for said in ("tell Anna that I am late", "reply that I am late"):
            assert (await running.says(said)).startswith("Messages are not set up.")
        assert (await running.says("email Anna that I am late")).startswith("Sending mail is not set up.")
