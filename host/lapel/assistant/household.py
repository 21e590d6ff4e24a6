"""The skills at work: started, called within their deadlines, stopped and named when they fail."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from ..local_time import local_now
from ..skills import Memory, Reply, SkillError, Store
from .context import AddressBook, Outlet, SkillContext
from .library import Skill, load
from .tools import ArgumentError, ToolInfo
from .toolset import Toolset, Turns
from .workers import Stuck

log = logging.getLogger(__name__)

START_S = 10.0  # a server of the owner's may be slow; a skill that needs longer spawns its work
HOOK_S = 5.0
MAX_REPLY = 4000  # characters; twice what a card holds
_FAILURES = 5  # calls in a row that crash or hang; then a plug-in is not called for a while
_REST_S = 300.0
TURNS_S = 100.0  # that what runs is waited for before tools become others: a turn ends after 90


class Household:
    """`find` a tool, `call` it. Start once, close once."""

    def __init__(
        self,
        home: Path,
        tables: Mapping[str, Mapping[str, Any]],
        store: Callable[[str], Store],
        memory: Memory,
        outlet: Outlet,
        clock: Callable[[], datetime.datetime] | None = None,
        language: str = "en",
    ) -> None:
        self.skills: list[Skill] = []
        self.tools = Toolset()
        self.turns = Turns()
        self.book = AddressBook()
        self._home = home
        self._tables = tables
        self._store = store
        self._memory = memory
        self._outlet = outlet
        self._clock = clock or local_now
        self.language = language
        self._contexts: dict[str, SkillContext] = {}
        self._starting: dict[str, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()  # of skills that have gone
        self._failed: dict[str, tuple[int, float]] = {}  # calls in a row, and when
        self._watchers: list[Callable[[], None]] = []

    @property
    def now(self) -> datetime.datetime:
        return self._clock()

    async def load(self) -> None:
        """Finds the skills; nothing of them runs yet but their modules."""
        self.skills = await load(self._home, self._tables)
        self._list_tools()

    def start(self) -> None:
        """Calls every skill's `start`, side by side, beside the caller. A tool waits for its own."""
        for skill in self.skills:
            if not skill.failure:
                self._begin(skill)

    def offer(self, skill: Skill) -> None:
        """Puts in a skill whose tools come and go, in place of the one of this name. Raises SkillError."""
        self.withdraw(skill.name)
        if taken := next((tool.name for tool in skill.tools if tool.name in self.tools), ""):
            raise SkillError(f"the tool {taken} of {skill.name} has the name of another; rename {skill.name}")
        self.skills.append(skill)
        self._list_tools()
        self._begin(skill)
        self._tell_watchers()

    def withdraw(self, name: str) -> None:
        """Takes a skill that was offered out again."""
        gone = self.skill(name)
        if gone is not None:
            self.skills.remove(gone)
            self._list_tools()
            self._tell_watchers()

    async def exchange(self, tables: Mapping[str, Mapping[str, Any]], language: str) -> bool:
        """Other settings: skills go, come, and begin anew with theirs, all of them for another language.

        Between turns: what runs ends with what it began with. False if there is nothing to exchange.
        """
        before = self._tables
        changed = {name for name in {**before, **tables} if before.get(name, {}) != tables.get(name, {})}
        if language != self.language:
            changed |= {skill.name for skill in self.skills}
        if not changed:
            return False
        kept = [skill for skill in self.skills if skill.name not in changed or _is_offered(skill)]
        fresh = await load(self._home, tables, changed - {skill.name for skill in kept}, kept)
        if not await self.turns.none(TURNS_S):
            log.error("a turn runs for more than %.0f s; the skills are exchanged meanwhile", TURNS_S)
        self._tables, self.language = tables, language
        names = {skill.name for skill in fresh}
        gone = [skill for skill in self.skills if skill.name in names and not _is_offered(skill)]
        closing = {skill.name: self._let_go(skill) for skill in gone if not skill.failure}
        for name in closing:
            self._outlet.home(name, "", 0, "")  # one that begins anew tells its own
        # In their old places: what a model has read of the tools stays in its cache.
        places = {skill.name: place for place, skill in reversed(list(enumerate(self.skills)))}
        rest = [skill for skill in self.skills if skill not in gone]
        self.skills = sorted([*rest, *fresh], key=lambda skill: places.get(skill.name, len(places)))
        self._list_tools()
        for skill in fresh:
            if not skill.failure:
                self._begin(skill, closing.get(skill.name))
        self._tell_watchers()
        return True

    @property
    def memory(self) -> Memory:
        """What the wearer told and asked."""
        return self._memory

    def watch(self, changed: Callable[[], None]) -> None:
        """`changed` is called whenever there are other tools."""
        self._watchers.append(changed)

    async def started(self) -> None:
        """Waits until every skill's `start` has returned, failed or taken too long."""
        await asyncio.gather(*self._starting.values())

    async def close(self) -> None:
        for skill in self.skills:
            if not skill.failure and skill.name in self._contexts:
                self._let_go(skill)
        await asyncio.gather(*self._closing)

    def skill(self, name: str) -> Skill | None:
        return next((skill for skill in self.skills if skill.name == name and not skill.failure), None)

    async def call(
        self, tool: ToolInfo, arguments: Mapping[str, Any], language: str, question: str = ""
    ) -> Reply:
        """What the tool replies. Raises SkillError with a sentence for whatever goes wrong."""
        skill, context = await self._of(tool)
        call = context.for_call(language, question)
        given = dict(arguments)
        if tool.wants_context:
            given[tool.wants_context] = call
        try:
            return _reply(await self._run(skill, lambda: tool.tool.function(**given), tool.tool.deadline_s))
        except ArgumentError as error:
            raise SkillError(str(error)) from error

    async def ready(self, tool: ToolInfo, language: str) -> None:
        """Raises SkillError if something is missing that the tool needs, such as an account."""
        check = tool.tool.ready
        if check is not None:
            skill, context = await self._of(tool)
            await self._run(skill, lambda: check(context.for_call(language, "")), tool.tool.deadline_s)

    async def confirmation(
        self, tool: ToolInfo, arguments: Mapping[str, Any], language: str, question: str = ""
    ) -> str:
        """What the palm asks before the tool is called. Raises SkillError, also if there is none."""
        asks = tool.tool.confirm
        if callable(asks):
            skill, context = await self._of(tool)
            given = dict(arguments)
            if tool.wants_context:
                given[tool.wants_context] = context.for_call(language, question)
            text = await self._run(skill, lambda: asks(**given), tool.tool.deadline_s)
        else:
            template = asks if isinstance(asks, str) else asks.get(language, asks.get("en", ""))
            text = template.format_map(_Shown(arguments))
        if not isinstance(text, str) or not text.strip():
            raise SkillError(
                f"The skill {tool.skill} does not say what is to be confirmed, so it is not done."
            )
        return text

    async def tell(self, name: str, hook: str, *arguments: Any) -> Any:
        """Calls a skill's `alarm` or `stop` with its context, if it has one. A failure is logged."""
        skill = self.skill(name)
        function = skill.hook(hook) if skill is not None else None
        if skill is None or function is None:
            return None
        context = self._contexts[name]
        await asyncio.shield(self._starting[name])
        try:
            return await self._run(skill, lambda: function(context, *arguments), HOOK_S)
        except SkillError as error:
            log.error("skill %s: %s: %s", name, hook, error)
            return None

    async def stop(self) -> bool:
        """The wearer said "stop": whether any skill had something to stop."""
        names = [skill.name for skill in self.skills if not skill.failure and skill.hook("stop")]
        return any(await asyncio.gather(*(self.tell(name, "stop") for name in names)))

    def _list_tools(self) -> None:
        self.tools.exchange(tool for skill in self.skills for tool in skill.tools)

    def _begin(self, skill: Skill, after: asyncio.Task[None] | None = None) -> None:
        self._contexts[skill.name] = SkillContext(
            skill.name,
            settings=skill.settings,
            store=self._store(skill.name),
            memory=self._memory,
            outlet=self._outlet,
            book=self.book,
            clock=self._clock,
            language=self.language,
        )
        self._starting[skill.name] = asyncio.create_task(self._start(skill, after))

    def _let_go(self, skill: Skill) -> asyncio.Task[None]:
        """Ends what it does, beside the caller. What it keeps in its store stays, and what pins ring."""
        context, starting = self._contexts.pop(skill.name), self._starting.pop(skill.name)
        self._failed.pop(skill.name, None)
        self.book.finders.pop(skill.name, None)
        task = asyncio.create_task(self._close(skill, context, starting), name=f"end of skill {skill.name}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        return task

    def _tell_watchers(self) -> None:
        for changed in self._watchers:
            changed()

    async def _of(self, tool: ToolInfo) -> tuple[Skill, SkillContext]:
        """The tool's skill, once it has started."""
        skill = self.skill(tool.skill)
        if skill is None or tool.skill not in self._contexts:
            raise SkillError(f"The skill {tool.skill} is not there.")
        context = self._contexts[tool.skill]
        await asyncio.shield(self._starting[tool.skill])
        return skill, context

    async def _run(self, skill: Skill, work: Callable[[], Awaitable[Any]], deadline_s: float) -> Any:
        """Within the deadline, and only what a wearer can read raised."""
        now = asyncio.get_running_loop().time()
        count, since = self._failed.get(skill.name, (0, now))
        if count >= _FAILURES and now - since < _REST_S:
            raise SkillError(f"The skill {skill.name} failed {count} times and rests for a while.")
        try:
            with self.turns.one():
                result = await skill.worker.run(work, deadline_s)
        except SkillError:
            self._failed.pop(skill.name, None)
            raise
        except Stuck:
            raise SkillError(f"The skill {skill.name} hung and was stopped.") from None
        except TimeoutError:
            self._failed[skill.name] = (count + 1, now)
            log.error("skill %s took over %g s", skill.name, deadline_s)
            raise SkillError(f"The skill {skill.name} took too long and was stopped.") from None
        except Exception as error:  # a skill may raise anything; the turn and the relay go on
            self._failed[skill.name] = (count + 1, now)
            log.exception("skill %s failed", skill.name)
            raise SkillError(f"The skill {skill.name} failed. The relay's log says how.") from error
        self._failed.pop(skill.name, None)
        return result

    async def _start(self, skill: Skill, after: asyncio.Task[None] | None) -> None:
        context = self._contexts[skill.name]
        if after is not None:
            await asyncio.wait([after])  # the same skill with other settings is to be gone first
        start = skill.hook("start")
        if start is None:
            return
        try:
            await self._run(skill, lambda: start(context), START_S)
        except SkillError as error:
            # Its tools stay: they say themselves what is missing.
            log.error("skill %s did not start: %s", skill.name, error)

    async def _close(self, skill: Skill, context: SkillContext, starting: asyncio.Task[None]) -> None:
        starting.cancel()
        close = skill.hook("close")

        async def both() -> None:
            await context.end_tasks()
            if close is not None:
                await close(context)

        try:
            await skill.worker.run(both, HOOK_S)
        except (Stuck, TimeoutError):
            log.error("skill %s did not close in %g s", skill.name, HOOK_S)
        except Exception:  # as above; the others are closed too
            log.exception("skill %s failed to close", skill.name)
        skill.worker.close()


def _is_offered(skill: Skill) -> bool:
    """Whether it comes and goes by itself (`offer`)."""
    return skill.module is None and not skill.failure


class _Shown(dict[str, Any]):
    """Arguments as they stand in a confirmation; what was left out is left out."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        super().__init__({name: getattr(value, "name", value) for name, value in arguments.items()})

    def __missing__(self, key: str) -> str:
        return ""


def _reply(result: Any) -> Reply:
    """Bounded, whatever came. Raises SkillError for what is no reply."""
    reply = Reply(result) if isinstance(result, str) else result
    if not isinstance(reply, Reply):
        raise SkillError(f"A skill answered with {type(result).__name__}, not with a text.")
    length = len(reply.text) + len(reply.details)
    if length <= MAX_REPLY:
        return reply
    log.warning("a reply of %d characters is cut", length)
    text = reply.text[:MAX_REPLY]
    return dataclasses.replace(reply, text=text, details=reply.details[: MAX_REPLY - len(text)] + "...")
