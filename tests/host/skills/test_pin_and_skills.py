"""Skills and a connected pin: alarms copied to it, what rings, views of its menu, what it reports."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from assistant_house import household_in
from lapel.assistant.acting import Acting
from lapel.assistant.assistant import LocalFirstAssistant
from lapel.assistant.household import Household
from lapel.assistant.intents import Matcher
from lapel.notices import Notices
from own_servers import imap_server, music_server, put_letter
from relay_house import House, running, words
from skills_rig import NoModel


@asynccontextmanager
async def house_with_skills(
    home: Path, tables: Mapping[str, Mapping[str, Any]] | None = None
) -> AsyncIterator[tuple[House, Household]]:
    """A relay whose typed questions reach the skills."""
    notices = Notices()
    household = await household_in(home / "skills", tables, notices)
    acting = Acting(household)
    assistant = LocalFirstAssistant(NoModel(), acting, Matcher(household.tools))  # type: ignore[arg-type]
    notices.serve(acting, assistant)
    async with running(home, desks=(notices,)) as house:
        house.assistant.on_answer = lambda question: assistant.answer(question, [], house.pin.id)
        try:
            yield house, household
        finally:
            await household.close()
            await notices.close()


async def alarms_of(client: Any, count: int) -> list[dict[str, Any]]:
    """The first list that comes with so many."""
    while True:
        alarms: list[dict[str, Any]] = (await client.expect("alarms"))["alarms"]
        if len(alarms) == count:
            return alarms


async def test_a_timer_is_copied_to_the_pin_and_rings_on_it(tmp_path: Path) -> None:
    async with house_with_skills(tmp_path) as (house, _), house.client() as client:
        await client.send("ask", utt=1, text="set a one second tea timer")
        card = await client.expect("card")
        assert words(card) == "Tea timer: 1 second"
        (alarm,) = await alarms_of(client, 1)
        assert (alarm["label"], alarm["kind"]) == ("tea", "timer")
        assert abs(alarm["unix_ms"] - card["ends_ms"]) <= 1
        ringing = await client.expect("card")
        assert (words(ringing), ringing["alert"]) == ("tea: time is up", "urgent")
        assert [choice["label"] for choice in ringing["choices"]] == ["Stop", "5 more minutes"]
        later = ringing["choices"][1]["id"]
        await client.send("event", name="chosen", card=ringing["card"], choice=later)
        assert words(await client.expect("card")) == "Again in 5 minutes."
        while True:
            (snoozed,) = await alarms_of(client, 1)
            if snoozed["unix_ms"] > alarm["unix_ms"]:
                break
        assert snoozed["id"] == alarm["id"]
        await client.send("alarm", id=alarm["id"], what="stopped")
        await alarms_of(client, 0)


async def test_what_a_pin_snoozed_alone_rings_later(tmp_path: Path) -> None:
    async with house_with_skills(tmp_path) as (house, _), house.client() as client:
        await client.send("ask", utt=1, text="wake me up in an hour")
        await client.expect("card")
        (alarm,) = await alarms_of(client, 1)
        later = alarm["unix_ms"] + 300_000
        await client.send("alarm", id=alarm["id"], what="snoozed", unix_ms=later)
        while (await alarms_of(client, 1))[0]["unix_ms"] != later:
            pass


async def test_a_pin_that_connects_later_gets_what_is_to_ring(tmp_path: Path) -> None:
    async with house_with_skills(tmp_path) as (house, household):
        tool = household.tools["set_reminder"]
        when = household.now + dt.timedelta(hours=2)
        await household.call(tool, tool.arguments({"text": "water", "when": when}, household.now), "en")
        async with house.client() as client:
            (alarm,) = await alarms_of(client, 1)
            assert (alarm["label"], alarm["kind"]) == ("water", "reminder")


async def test_views_of_the_menu(tmp_path: Path) -> None:
    (tmp_path / "mpd").mkdir()
    with music_server(tmp_path / "mpd") as mpd, imap_server(tmp_path) as imap:
        put_letter(imap, "Anna Lund <anna@mail.example>", "Dinner", "Shall we?")
        mail = {"host": "127.0.0.1", "port": imap, "security": "none", "user": "demouser", "check_minutes": 0}
        tables = {"music": {"host": "127.0.0.1", "port": mpd}, "mail": mail}
        async with house_with_skills(tmp_path, tables) as (house, household), house.client() as client:
            skill = household.skill("mail")
            assert skill is not None
            object.__setattr__(skill.settings, "password", "demopass")  # of pymap's demonstration
            shown = {}
            for view in ("timers", "music", "messages"):
                await client.send("open", view=view)
                shown[view] = words(await client.expect("card"))
            assert shown["timers"] == "No timer is running."
            assert shown["music"] == "Nothing is playing."
            assert "1. Anna Lund: Dinner" in shown["messages"]
            await client.send("ask", utt=1, text="play blue bossa")
            player = await client.expect("card")
            assert player["kind"] == "player" and set(player["swipe"]) == {"next", "previous"}
            await client.send("event", name="level", card=player["card"], level=35)
            async with asyncio.timeout(10):
                while True:
                    await client.send("open", view="music")
                    if (await client.expect("card"))["level"] == 35:
                        break


async def test_the_pin_is_rung(tmp_path: Path) -> None:
    async with house_with_skills(tmp_path) as (house, _), house.client() as client:
        await client.send("ask", utt=1, text="find my pin")
        assert (await client.expect("ring"))["seconds"] == 30
