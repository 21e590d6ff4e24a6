"""The assistant with all skills and no model: a sentence goes in, a card comes out."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from assistant_house import household_in
from lapel.assistant.acting import Acting
from lapel.assistant.assistant import LocalFirstAssistant
from lapel.assistant.context import Silent
from lapel.assistant.household import Household
from lapel.assistant.intents import Matcher
from lapel.cards import Shown
from lapel.services import Unanswerable

NOW = dt.datetime(2026, 11, 22, 14, 20, tzinfo=ZoneInfo("Europe/Lisbon"))  # a Sunday


class Heard(Silent):
    """Keeps what skills say unasked."""

    def __init__(self) -> None:
        self.notices: list[tuple[str, Any, str]] = []
        self.homes: dict[str, Any] = {}
        self.rings: list[int] = []
        self.alarm_lists: dict[str, list[Any]] = {}

    def notify(self, skill: str, reply: Any, alert: str) -> None:
        self.notices.append((skill, reply, alert))

    def home(self, skill: str, next: str | None, unread: int | None, playing: str | None) -> None:
        told = {"next": next, "unread": unread, "playing": playing}
        self.homes |= {f"{skill}.{name}": value for name, value in told.items() if value is not None}

    def ring(self, skill: str, seconds: int) -> None:
        self.rings.append(seconds)

    def alarms(self, skill: str, alarms: Any) -> None:
        self.alarm_lists[skill] = list(alarms)


class NoModel:
    """A language model that is not there."""

    known_way = "none"

    async def way_of_tools(self, probe: bool = True) -> str:
        return "none"

    async def stream(self, messages: Any) -> AsyncIterator[str]:
        raise Unanswerable("There is no language model.")
        yield ""


class Rig:
    def __init__(self, household: Household, heard: Heard) -> None:
        self.household = household
        self.heard = heard
        self.now = NOW
        self.acting = Acting(household)
        self.assistant = LocalFirstAssistant(NoModel(), self.acting, Matcher(household.tools))  # type: ignore[arg-type]

    async def ask(self, text: str) -> Shown:
        """The card of a sentence that needs no model. Raises Unanswerable for one that does."""
        pieces = [piece async for piece in self.assistant.answer(text, [], "pin")]
        assert len(pieces) == 1 and isinstance(pieces[0], Shown)
        return pieces[0]

    async def says(self, text: str) -> str:
        shown = await self.ask(text)
        return f"{shown.text} {shown.details}".strip()

    async def choose(self, shown: Shown, label: str) -> Shown:
        """Takes the choice of this label on a card."""
        for choice in shown.extras.choices or []:
            if choice["label"] == label:
                found = await self.acting.chosen("pin", choice["id"])
                assert found is not None
                return found
        raise AssertionError(f"{label} is none of {shown.extras.choices}")


@asynccontextmanager
async def rig(home: Path, tables: Mapping[str, Mapping[str, Any]] | None = None) -> AsyncIterator[Rig]:
    """All skills with these settings, at noon of a Sunday that does not pass by itself."""
    heard = Heard()
    rigs: list[Rig] = []
    household = await household_in(home, tables, heard, lambda: rigs[0].now if rigs else NOW)
    rigs.append(Rig(household, heard))
    try:
        yield rigs[0]
    finally:
        await household.close()
