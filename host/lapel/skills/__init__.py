"""What a skill is: one file with typed functions that Lapel calls when the wearer asks for them.

A function marked with `@tool` is what sentences lead to and what a language model may call: its name, its
docstring and its parameters' types are the description. It is given a `Context` if it asks for one, and
returns what the palm shows. A skill knows nothing of sessions, sockets or pins. Its guide: docs/skills.md.
"""

from __future__ import annotations

import datetime
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Literal, Protocol, TypeVar, overload

Effect = Literal["reads", "changes", "reaches", "spends", "deletes", "unlocks"]
Alert = Literal["quiet", "normal", "urgent"]

# What is done only after a yes on the palm: it reaches another person, or cannot be taken back.
ASKS_FIRST: frozenset[Effect] = frozenset({"reaches", "spends", "deletes", "unlocks"})
DEADLINE_S = 8.0  # a wearer waits no longer for a look-up; a tool that needs more says so


class SkillError(Exception):
    """What was asked cannot be done; the text is the sentence that the wearer reads."""


class Secret(str):
    """A setting that stands in no file: from `LAPEL_<SKILL>_<NAME>` or the keyring. Its repr hides it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "Secret(***)" if self else "Secret()"


@dataclass(frozen=True)
class Contact:
    """A person the wearer knows; `addresses` by kind: email, phone, matrix, ..."""

    name: str
    addresses: Mapping[str, str] = field(default_factory=dict)


ToolFunction = Callable[..., Awaitable[Any]]  # gives a Reply or a str


@dataclass(frozen=True)
class Choice:
    """Something to choose on a card: a tool of the same skill, called with these arguments."""

    label: str
    tool: ToolFunction
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What the palm shows. `text` first and in few words; `details` begin on a page of their own."""

    text: str
    details: str = ""
    kind: Literal["answer", "notice", "menu", "player", "choice"] = "answer"
    title: str = ""
    big: str = ""  # in large figures in place of lines, at most 12 bytes
    ends: datetime.datetime | None = None  # counts down to then, in large figures
    choices: Sequence[Choice] = ()  # at most 3
    swipe_next: Choice | None = None
    swipe_previous: Choice | None = None
    level: int | None = None  # 0 to 100, turned by rolling the wrist; `on_level` is called with `level`
    on_level: ToolFunction | None = None


@dataclass(frozen=True)
class Alarm:
    """Something that rings on the pin by its own clock, also offline. `id` is unique within the skill."""

    id: str
    at: datetime.datetime
    label: str
    kind: Literal["timer", "alarm", "reminder"] = "timer"


class Store(Protocol):
    """A skill's own data: JSON values by name, kept over restarts, exported and erased with all else."""

    async def get(self, key: str, default: Any = None) -> Any: ...

    async def put(self, key: str, value: Any) -> None:
        """Kept when this returns. Raises SkillError if it cannot be."""
        ...

    async def remove(self, key: str) -> None: ...

    async def items(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Fact:
    """Something that the wearer asked to remember."""

    id: int
    text: str
    at: datetime.datetime


class Memory(Protocol):
    """What the wearer said: facts to remember, and earlier questions."""

    async def remember(self, text: str) -> Fact: ...

    async def facts(self, about: str = "") -> list[Fact]:
        """The newest first; `about` some words, those that tell most of it first."""
        ...

    async def forget(self, fact: int) -> None: ...

    async def asked(self, about: str) -> list[tuple[datetime.datetime, str, str]]:
        """Earlier turns as time, question and answer, the newest first."""
        ...


class Context(Protocol):
    """What a skill may use. One is given to each call, and one to `start` that lives as long as the skill."""

    language: str  # of the question: en, zh, ...
    question: str  # the wearer's own words in this turn; "" outside of one
    settings: Any  # the skill's `Settings`
    store: Store
    memory: Memory
    state: SimpleNamespace  # connections and the like: one for the skill's whole life

    @property
    def now(self) -> datetime.datetime:
        """With the wearer's time zone."""
        ...

    def say(self, **texts: str) -> str:
        """The text in the wearer's language: `say(en=..., zh=...)`; English if there is none."""
        ...

    def notify(self, reply: Reply | str, alert: Alert = "normal") -> None:
        """A card that nobody asked for. `quiet` waits for the next palm, `urgent` rings."""
        ...

    def alarms(self, alarms: Sequence[Alarm]) -> None:
        """Everything of this skill that is to ring, in place of what was said before."""
        ...

    def home(self, *, next: str | None = None, unread: int | None = None, playing: str | None = None) -> None:
        """What the pin's home view shows; None leaves as it is, an empty text or 0 takes away."""
        ...

    def ring(self, seconds: int) -> None:
        """Makes the pin be found; 0 stops it."""
        ...

    async def contacts(self, name: str) -> list[Contact]:
        """People whom this name fits, best first."""
        ...

    def offer_contacts(self, find: Callable[[str], Awaitable[list[Contact]]]) -> None:
        """This skill knows people."""
        ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs beside everything until it ends or the skill is closed."""
        ...


@dataclass(frozen=True)
class Tool:
    """What `@tool` was told about a function."""

    function: ToolFunction
    effect: Effect
    confirm: str | Mapping[str, str] | Callable[..., Awaitable[str]]
    untrusted: bool
    view: str
    deadline_s: float
    sentences: Mapping[str, Sequence[str]]
    ready: Callable[[Any], Awaitable[None]] | None = None


_Function = TypeVar("_Function", bound=ToolFunction)
_MARK = "__lapel_tool__"


@overload
def tool(function: _Function, /) -> _Function: ...
@overload
def tool(
    *,
    effect: Effect = ...,
    confirm: str | Mapping[str, str] | Callable[..., Awaitable[str]] = ...,
    untrusted: bool = ...,
    view: str = ...,
    deadline_s: float = ...,
    ready: Callable[[Any], Awaitable[None]] | None = ...,
    **sentences: Sequence[str],
) -> Callable[[_Function], _Function]: ...


def tool(
    function: Any = None,
    /,
    *,
    effect: Effect = "reads",
    confirm: str | Mapping[str, str] | Callable[..., Awaitable[str]] = "",
    untrusted: bool = False,
    view: str = "",
    deadline_s: float = DEADLINE_S,
    ready: Callable[[Any], Awaitable[None]] | None = None,
    **sentences: Sequence[str],
) -> Any:
    """Marks an async function as something Lapel can do.

    effect: what it does at most. What reaches another person, spends, deletes or unlocks asks first.
    confirm: what the palm then asks, with the arguments in braces, or a text for each language, or an async
        function of the same arguments that says it (and may raise SkillError: then nothing is asked).
    untrusted: the result holds words of others, such as a message or a page: a model is told so.
    view: the pin's menu opens this, with no arguments, under this name.
    ready: an async function of the context that raises SkillError where something is missing, such as an
        account: it is called before anybody is looked up or asked.
    sentences: templates by language, `en=["roll a die"]`, in hassil's form; `{name}` is that parameter.
    """
    if effect in ASKS_FIRST and not confirm:
        raise TypeError(f"a tool that {effect} needs `confirm`: what does the palm ask before it is done?")

    def mark(function: Any) -> Any:
        setattr(
            function, _MARK, Tool(function, effect, confirm, untrusted, view, deadline_s, sentences, ready)
        )
        return function

    return mark if function is None else mark(function)


def tool_of(function: Any) -> Tool | None:
    """What `@tool` was told about this function; None if it is no tool."""
    found = getattr(function, _MARK, None)
    return found if isinstance(found, Tool) else None
