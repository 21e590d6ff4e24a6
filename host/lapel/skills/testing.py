"""A `Context` without a relay, for tests of skills."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from types import SimpleNamespace
from typing import Any

from . import Alarm, Alert, Contact, Fact, Reply, SkillError


class DictStore:
    """A `Store` in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}

    async def get(self, key: str, default: Any = None) -> Any:
        return self.kept.get(key, default)

    async def put(self, key: str, value: Any) -> None:
        self.kept[key] = value

    async def remove(self, key: str) -> None:
        self.kept.pop(key, None)

    async def items(self) -> dict[str, Any]:
        return dict(self.kept)


class ListMemory:
    """A `Memory` in memory; facts are found by any word in common."""

    def __init__(self) -> None:
        self.kept: list[Fact] = []
        self.turns: list[tuple[datetime.datetime, str, str]] = []

    async def remember(self, text: str) -> Fact:
        fact = Fact(len(self.kept) + 1, text, datetime.datetime.now().astimezone())
        self.kept.append(fact)
        return fact

    async def facts(self, about: str = "") -> list[Fact]:
        words = about.lower().split()
        return [
            fact
            for fact in reversed(self.kept)
            if not words or any(word in fact.text.lower() for word in words)
        ]

    async def forget(self, fact: int) -> None:
        self.kept = [kept for kept in self.kept if kept.id != fact]

    async def asked(self, about: str) -> list[tuple[datetime.datetime, str, str]]:
        return [turn for turn in reversed(self.turns) if about.lower() in (turn[1] + turn[2]).lower()]


class FakeContext:
    """Keeps what a skill says in `notices`, `rings`, `homes`, `alarm_list`."""

    def __init__(
        self, *, now: datetime.datetime | None = None, language: str = "en", settings: Any = None
    ) -> None:
        self.language = language
        self.question = ""
        self.settings = settings
        self.store = DictStore()
        self.memory = ListMemory()
        self.state = SimpleNamespace()
        self.people: list[Contact] = []
        self.notices: list[tuple[Reply | str, Alert]] = []
        self.alarm_list: list[Alarm] = []
        self.homes: list[dict[str, Any]] = []
        self.rings: list[int] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._now = now

    @property
    def now(self) -> datetime.datetime:
        return self._now or datetime.datetime.now().astimezone()

    @now.setter
    def now(self, now: datetime.datetime) -> None:
        self._now = now

    def say(self, **texts: str) -> str:
        if self.language not in texts and "en" not in texts:
            raise SkillError("say() needs at least an English text")
        return texts.get(self.language, texts.get("en", ""))

    def notify(self, reply: Reply | str, alert: Alert = "normal") -> None:
        self.notices.append((reply, alert))

    def alarms(self, alarms: Sequence[Alarm]) -> None:
        self.alarm_list = list(alarms)

    def home(self, *, next: str | None = None, unread: int | None = None, playing: str | None = None) -> None:
        self.homes.append({"next": next, "unread": unread, "playing": playing})

    def ring(self, seconds: int) -> None:
        self.rings.append(seconds)

    async def contacts(self, name: str) -> list[Contact]:
        return [person for person in self.people if name.lower() in person.name.lower()]

    def offer_contacts(self, find: Callable[[str], Awaitable[list[Contact]]]) -> None:
        self.find = find

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))


def context(
    *, now: datetime.datetime | None = None, language: str = "en", settings: Any = None
) -> FakeContext:
    """A context for one test."""
    return FakeContext(now=now, language=language, settings=settings)
