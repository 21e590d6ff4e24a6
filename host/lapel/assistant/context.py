"""The `Context` that skills get: what a skill may use of the house, and nothing else of it."""

from __future__ import annotations

import asyncio
import datetime
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Protocol

from ..skills import Alarm, Alert, Contact, Memory, Reply, SkillError, Store

log = logging.getLogger(__name__)

_MAX_TASKS = 50  # of one skill at once; more is a leak
_FIND_S = 5.0  # contacts may be on a server
_MAX_CONTACTS = 10


class Outlet(Protocol):
    """Where a skill's own words go. Called in the relay's loop; `skill` is its name."""

    def notify(self, skill: str, reply: Reply | str, alert: Alert) -> None: ...

    def alarms(self, skill: str, alarms: Sequence[Alarm]) -> None: ...

    def home(self, skill: str, next: str | None, unread: int | None, playing: str | None) -> None: ...

    def ring(self, skill: str, seconds: int) -> None: ...


class Silent:
    """An outlet where nobody listens, for commands that only look."""

    def notify(self, skill: str, reply: Reply | str, alert: Alert) -> None:
        log.info("%s: %s", skill, reply)

    def alarms(self, skill: str, alarms: Sequence[Alarm]) -> None:
        return None

    def home(self, skill: str, next: str | None, unread: int | None, playing: str | None) -> None:
        return None

    def ring(self, skill: str, seconds: int) -> None:
        return None


@dataclass
class AddressBook:
    """Everybody that any skill knows."""

    finders: dict[str, Callable[[str], Awaitable[list[Contact]]]] = field(default_factory=dict)

    async def find(self, name: str) -> list[Contact]:
        """Whom the name fits, best first; the same person of two skills is one."""
        found: dict[str, Contact] = {}
        for skill, find in self.finders.items():
            try:
                async with asyncio.timeout(_FIND_S):
                    people = await find(name)
            except SkillError:
                raise
            except Exception:  # a plug-in's; the other books are still to be asked
                log.exception("skill %s: its contacts cannot be searched", skill)
                continue
            for person in people[:_MAX_CONTACTS]:
                same = found.get(person.name.casefold())
                addresses = {**person.addresses, **(same.addresses if same else {})}
                found[person.name.casefold()] = Contact(person.name, addresses)
        return list(found.values())


class SkillContext:
    """One for a skill's life; `for_call` makes one for each call."""

    def __init__(
        self,
        skill: str,
        *,
        settings: Any,
        store: Store,
        memory: Memory,
        outlet: Outlet,
        book: AddressBook,
        clock: Callable[[], datetime.datetime],
        language: str = "en",
    ) -> None:
        self.language = language
        self.question = ""
        self.settings = settings
        self.store = store
        self.memory = memory
        self.state = SimpleNamespace()
        self._skill = skill
        self._outlet = outlet
        self._book = book
        self._clock = clock
        self._loop = asyncio.get_running_loop()  # the relay's; a plug-in's context is used on another
        self._tasks: set[asyncio.Task[None]] = set()

    def for_call(self, language: str, question: str) -> SkillContext:
        call = object.__new__(SkillContext)
        call.__dict__.update(self.__dict__)
        call.language, call.question = language, question
        return call

    @property
    def now(self) -> datetime.datetime:
        return self._clock()

    def say(self, **texts: str) -> str:
        if self.language in texts:
            return texts[self.language]
        if "en" not in texts:
            raise SkillError(f"The skill {self._skill} does not speak {self.language}.")
        return texts["en"]

    def notify(self, reply: Reply | str, alert: Alert = "normal") -> None:
        self._there(self._outlet.notify, self._skill, reply, alert)

    def alarms(self, alarms: Sequence[Alarm]) -> None:
        self._there(self._outlet.alarms, self._skill, list(alarms))

    def home(self, *, next: str | None = None, unread: int | None = None, playing: str | None = None) -> None:
        self._there(self._outlet.home, self._skill, next, unread, playing)

    def ring(self, seconds: int) -> None:
        self._there(self._outlet.ring, self._skill, seconds)

    async def contacts(self, name: str) -> list[Contact]:
        return await self._book.find(name)

    def offer_contacts(self, find: Callable[[str], Awaitable[list[Contact]]]) -> None:
        self._book.finders[self._skill] = find

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        if len(self._tasks) >= _MAX_TASKS:
            work.close()
            raise SkillError(f"The skill {self._skill} wants to do more than {_MAX_TASKS} things at once.")
        task = asyncio.get_running_loop().create_task(work, name=f"skill {self._skill}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def end_tasks(self) -> None:
        """Cancels what was spawned; called in the loop that it runs in."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("skill %s: what it did beside ended: %r", self._skill, error, exc_info=error)

    def _there(self, tell: Callable[..., None], *arguments: Any) -> None:
        """In the relay's loop; at once if this is it, so that order is kept."""
        try:
            here = asyncio.get_running_loop()
        except RuntimeError:
            here = None
        if here is self._loop:
            tell(*arguments)
        else:
            self._loop.call_soon_threadsafe(tell, *arguments)
