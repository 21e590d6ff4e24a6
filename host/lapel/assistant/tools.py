"""A skill's functions as tools: their description for a model, and arguments from what was said.

What a sentence or a model gives as an argument is text as it was spoken; the parameter's type decides
what becomes of it.
"""

from __future__ import annotations

import datetime
import inspect
import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

from ..skills import ASKS_FIRST, Contact, Context, SkillError, Tool, ToolFunction, tool_of
from ..spoken import When, parse_when
from ..spoken.durations import duration
from ..spoken.number_words import number

_YES = frozenset(("yes", "on", "true", "是", "开", "打开", "好"))
_NO = frozenset(("no", "off", "false", "不", "否", "关", "关闭"))
_STRING = {"type": "string"}
_MAX_TEXT = 1000  # characters of one argument: a spoken message is shorter, a card holds about as much


class ArgumentError(Exception):
    """An argument is missing or not of its type; the text says which, what was expected and what came."""


@dataclass(frozen=True)
class Named:
    """A person as they were named; who it is, is found out before the tool is called."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Kind:
    """A type of argument: for a model, and from what came. `read` gives None for what is not of it."""

    schema: Mapping[str, Any]
    expected: str
    read: Callable[[Any, datetime.datetime], Any]
    free: bool = False  # any text: its spelling is kept
    copied: bool = True  # read from words as they were said; a model need not put them into others
    find: Callable[[Any, datetime.datetime], Any] | None = None  # stricter than `read`, to find it in a text


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: Kind
    description: str
    required: bool


@dataclass(frozen=True)
class ToolInfo:
    """One tool of a skill."""

    name: str
    skill: str
    description: str
    parameters: tuple[Parameter, ...]
    tool: Tool
    wants_context: str = ""  # the parameter that takes the context

    @property
    def asks_first(self) -> bool:
        return self.tool.effect in ASKS_FIRST

    @property
    def sayable(self) -> bool:
        """Whether a model may call it. What needs an id is for choices on cards: nobody says an id."""
        return not any(p.name == "id" and p.required for p in self.parameters)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the arguments."""
        properties = {
            p.name: {**p.kind.schema, "description": p.description or p.kind.expected}
            for p in self.parameters
        }
        return {
            "type": "object",
            "properties": properties,
            "required": [p.name for p in self.parameters if p.required],
            "additionalProperties": False,
        }

    def arguments(self, given: Mapping[str, Any], now: datetime.datetime) -> dict[str, Any]:
        """What was said, as the types say. Raises ArgumentError."""
        known = {p.name for p in self.parameters}
        if unknown := given.keys() - known:
            raise ArgumentError(
                f"{self.name} has no parameter {min(unknown)!r}; it has: {', '.join(sorted(known))}"
            )
        read: dict[str, Any] = {}
        for p in self.parameters:
            value = given.get(p.name)
            if value is None or (value == "" and not p.required):
                if p.required:
                    raise ArgumentError(f"{self.name}: {p.name} is missing; expected {p.kind.expected}")
                continue
            found = p.kind.read(value, now)
            if found is None:
                raise ArgumentError(
                    f"{self.name}: {p.name}: expected {p.kind.expected}, got {str(value)[:60]!r}"
                )
            read[p.name] = found
        return read


def read_tool(function: ToolFunction, skill: str) -> ToolInfo:
    """The tool that `@tool` made of a function. Raises SkillError for what cannot be one."""
    tool = tool_of(function)
    assert tool is not None
    name = str(getattr(function, "__name__", ""))
    if not inspect.iscoroutinefunction(function):
        raise SkillError(f"{skill}.{name} is no async function; write `async def {name}`")
    summary, described = _docstring(inspect.getdoc(function) or "")
    if not summary:
        raise SkillError(f"{skill}.{name} has no docstring; its first line tells what it does")
    try:
        hints = typing.get_type_hints(function)
    except (NameError, TypeError) as error:
        raise SkillError(f"{skill}.{name}: a type cannot be read: {error}") from error
    parameters, context = [], ""
    for p in inspect.signature(function).parameters.values():
        if hints.get(p.name) is Context:
            context = p.name
            continue
        if p.kind not in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY):
            raise SkillError(f"{skill}.{name}: expected plain parameters, got *{p.name}")
        kind = _kind(hints.get(p.name, str))
        if kind is None:
            raise SkillError(
                f"{skill}.{name}: {p.name} is {hints[p.name]}; docs/skills.md lists what it may be"
            )
        parameters.append(Parameter(p.name, kind, described.get(p.name, ""), p.default is p.empty))
    return ToolInfo(name, skill, summary, tuple(parameters), tool, context)


def _docstring(text: str) -> tuple[str, dict[str, str]]:
    """The first paragraph in one line, and what the lines `name: ...` say of the parameters."""
    summary = " ".join(text.split("\n\n", 1)[0].split())
    lines = re.findall(r"^\s*(\w+): (.+)$", text.partition("\n\n")[2], re.MULTILINE)
    return summary, dict(lines)


def _kind(hint: Any) -> Kind | None:
    if get_origin(hint) in (Union, types.UnionType):  # `str | None`
        inner = [part for part in get_args(hint) if part is not types.NoneType]
        return _kind(inner[0]) if len(inner) == 1 else None
    if get_origin(hint) is Literal:
        words = [str(word) for word in get_args(hint)]
        by_word = {word.casefold(): word for word in words}
        return Kind(
            {"type": "string", "enum": words},
            f"one of {', '.join(words)}",
            lambda value, now: by_word.get(str(value).strip().casefold()),
        )
    if callable(from_words := getattr(hint, "from_words", None)):  # a skill's own type
        expected = str(getattr(hint, "expected", hint.__name__))
        return Kind(
            _STRING,
            expected,
            lambda value, now: _own(hint, from_words, value, now),
            copied=bool(getattr(hint, "copied", True)),
            find=getattr(hint, "find", None),
        )
    return _KINDS.get(hint)


def _own(hint: Any, from_words: Callable[..., Any], value: Any, now: datetime.datetime) -> Any:
    return value if isinstance(value, hint) else from_words(str(value)[:_MAX_TEXT], now)


def _text(value: Any, now: datetime.datetime) -> str | None:
    return str(value).strip()[:_MAX_TEXT] or None if isinstance(value, str | int | float) else None


def _number(value: Any, now: datetime.datetime) -> float | None:
    if isinstance(value, bool):
        return None
    return float(value) if isinstance(value, int | float) else number(str(value))


def _integer(value: Any, now: datetime.datetime) -> int | None:
    found = _number(value, now)
    return int(found) if found is not None and found == int(found) else None


def _boolean(value: Any, now: datetime.datetime) -> bool | None:
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    return True if word in _YES else False if word in _NO else None


def _duration(value: Any, now: datetime.datetime) -> datetime.timedelta | None:
    if isinstance(value, datetime.timedelta):
        return value
    return duration(value) if isinstance(value, str) else None


def _when(value: Any, now: datetime.datetime) -> When | None:
    if isinstance(value, When):
        return value
    if isinstance(value, datetime.datetime):
        return When(value, has_day=True)
    if not isinstance(value, str):
        return None
    found = parse_when(value, now)
    if found is None:  # "quarter past four am": the half of the day after words, where nobody writes it
        spoken = re.sub(
            r"\ba\.? ?m\b\.?", "in the morning", re.sub(r"\bp\.? ?m\b\.?", "in the evening", value)
        )
        found = parse_when(spoken, now) if spoken != value else None
    return found


def _moment(value: Any, now: datetime.datetime) -> datetime.datetime | None:
    when = _when(value, now)
    return None if when is None or when.days else when.at  # one that comes again is not one moment


def _day(value: Any, now: datetime.datetime) -> datetime.date | None:
    if isinstance(value, datetime.date):
        return value
    when = _when(value, now)
    return when.at.date() if when is not None and when.has_day and not when.days else None


# No name of anybody, though it stands where one would: "tell me that ...".
_NOBODY = frozenset(
    ("", "me", "us", "you", "it", "this", "that", "them", "him", "her", "我", "我们", "你", "他", "她")
)
# "tell me about cats to ..." is for nobody, and what is longer is no name.
_NO_NAME_BEGINS = frozenset(
    re.findall(
        r"\w+",
        """
        me us you it that this them about if how what when where why who which whether a an some to back
        yes no ok okay
        """,
    )
)
_NO_NAME_BEGINS_ZH = tuple("你他她它这那谁怎什为")
_NAME_WORDS = 5


def _contact(value: Any, now: datetime.datetime) -> Named | Contact | None:
    if isinstance(value, Contact | Named):
        return value
    name = value.strip() if isinstance(value, str) else ""
    words = name.casefold().split()
    nobody = (
        not words
        or name.startswith(_NO_NAME_BEGINS_ZH)
        or words[0] in _NO_NAME_BEGINS
        or name.casefold() in _NOBODY
        or len(words) > _NAME_WORDS
    )
    return None if nobody else Named(name)


_KINDS: dict[Any, Kind] = {
    str: Kind(_STRING, "a text", _text, free=True),
    int: Kind({"type": "integer"}, "a whole number", _integer),
    float: Kind({"type": "number"}, "a number", _number),
    bool: Kind({"type": "boolean"}, "yes or no", _boolean, copied=False),
    datetime.timedelta: Kind(_STRING, "a length of time as it was said, such as 10 minutes", _duration),
    datetime.datetime: Kind(_STRING, "a time as it was said, such as tomorrow at 7 am", _moment),
    datetime.date: Kind(_STRING, "a day as it was said, such as tomorrow", _day),
    When: Kind(_STRING, "a time as it was said, such as every weekday at 7", _when),
    Contact: Kind(_STRING, "the name of a person", _contact, free=True),
}
