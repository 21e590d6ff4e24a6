"""One action for a model that cannot call tools: a prompt with examples, and a grammar that holds it to the
tools that may be meant and to the words that were said.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .llm import LanguageModel
from .router import NO_ACTION, Example, Router
from .said import normalise
from .spans import copied, plain, possible, typed_spans, words_pattern
from .tools import Parameter, ToolInfo

_ACTION = (
    "You turn one request of the user into one action, as JSON. Copy names, times and texts exactly as they "
    "were "
    "said. Leave what was not said empty. Use the action none for a question that no action answers.\n"
    "Actions:\n{actions}"
)
EXAMPLES = 5  # one of each of the likeliest actions; each costs about thirty tokens of reading
_WORDS = {"$ref": "#/$defs/words"}


@dataclass(frozen=True)
class Action:
    """What the model chose among the tools `offered`; `tool` is None for none of them."""

    tool: ToolInfo | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    offered: Sequence[ToolInfo] = ()


async def choose(
    model: LanguageModel,
    router: Router,
    tools: Sequence[ToolInfo],
    question: str,
    said: str,
    now: datetime.datetime,
) -> Action:
    """The action that is meant, with arguments out of what was said. Raises Unanswerable.

    `tools` are all that a model may call, `said` is everything that the wearer said in this conversation.
    """
    offered = possible([routed.tool for routed in router.route(question)], question, now)
    if not offered:
        return Action()
    examples = router.nearest(question, [tool.name for tool in offered], EXAMPLES)
    found = await model.object(
        action_messages(question, tools, examples), action_schema(offered, question, now)
    )
    name, given = read_action(found)
    tool = next((tool for tool in offered if tool.name == name), None)
    kept = None if tool is None else grounded(tool, given, said, now)
    if tool is None or kept is None:
        return Action(offered=offered)
    return Action(tool, filled(tool, kept, question, now), offered)


def action_messages(
    question: str, tools: Sequence[ToolInfo], examples: Sequence[Example] = ()
) -> list[dict[str, Any]]:
    """What a model without tool calls is asked for an action; `examples` as turns before the question.

    All tools are told, though only the likeliest may be chosen: the text stays the same, and is read once.
    """
    lines = []
    for tool in tools:
        parameters = ", ".join(p.name for p in tool.parameters)
        lines.append(f"{tool.name}({parameters}) {tool.description}")
    messages = [{"role": "system", "content": _ACTION.format(actions="\n".join(lines))}]
    by_name = {tool.name: tool for tool in tools}
    for example in examples:
        action = example_action(example, by_name.get(example.tool))
        messages += [{"role": "user", "content": example.text}, {"role": "assistant", "content": action}]
    return [*messages, {"role": "user", "content": question}]


def example_action(example: Example, tool: ToolInfo | None) -> str:
    """An example's action as the model is to write it: what is not in its words was not said."""
    if tool is None:
        return json.dumps({"action": NO_ACTION})
    given = {}
    for p in tool.parameters:
        value = str(example.arguments.get(p.name, ""))
        as_said = not (copied(p) or p.kind.free) or value.casefold() in example.text.casefold()
        given[p.name] = value if as_said else ""
    return json.dumps({"action": tool.name, **given}, ensure_ascii=False)


def action_schema(
    tools: Sequence[ToolInfo], question: str = "", now: datetime.datetime | None = None
) -> dict[str, Any]:
    """JSON Schema of one action on a request. An argument with a type is one of what the request holds of it,
    a text is a run of its words. Every argument of a branch is required, as small models leave out what may
    be left out; an empty one stands for none.
    """
    pattern = words_pattern(question)
    words = {"type": "string", "pattern": pattern} if pattern else _TEXT
    branches = []
    for tool in tools:
        spans = {} if now is None else typed_spans(tool, question, now)
        properties: dict[str, Any] = {"action": {"const": tool.name}}
        for p in tool.parameters:
            if "enum" in p.kind.schema:
                properties[p.name] = {"enum": [*p.kind.schema["enum"], ""]}
            elif p.name in spans:
                found = list(dict.fromkeys(spans[p.name]))
                properties[p.name] = {"enum": found if p.required and found else [*found, ""]}
            elif p.kind.free and pattern:
                properties[p.name] = _WORDS if p.required else {"anyOf": [{"const": ""}, _WORDS]}
            else:
                properties[p.name] = _TEXT
        branches.append(_branch(properties))
    branches.append(_branch({"action": {"const": NO_ACTION}}))
    return {"$defs": {"words": words}, "anyOf": branches}


def read_action(found: Mapping[str, Any] | None) -> tuple[str, dict[str, Any]]:
    """The action's name and its arguments without the empty ones."""
    if found is None:
        return NO_ACTION, {}
    given = {name: value for name, value in found.items() if name != "action" and value not in ("", None)}
    return str(found.get("action", NO_ACTION)), given


def grounded(
    tool: ToolInfo, given: Mapping[str, Any], said: str, now: datetime.datetime
) -> dict[str, Any] | None:
    """The arguments without those that may be left out and are made up; None if one is made up that may not.

    Not every endpoint keeps to a grammar: words of an argument must have been said.
    """
    heard = set(_words(said))
    kept: dict[str, Any] = {}
    for p in tool.parameters:
        value = given.get(p.name)
        if value is None:
            continue
        told = _words(str(value))
        invented = told and not any(word.isdigit() for word in told) and not heard & set(told)
        if "enum" in p.kind.schema or (p.kind.read(value, now) is not None and not invented):
            kept[p.name] = value
        elif p.required:
            return None
    return kept


def filled(tool: ToolInfo, given: Mapping[str, Any], question: str, now: datetime.datetime) -> dict[str, Any]:
    """With what the model left out though it was said: the only time, day or length that stands in no other
    argument. Without what it said twice: the "eleven" of "eleven minutes" is no name.
    """
    given = {p.name: given[p.name] for p in tool.parameters if p.name in given and not _twice(p, tool, given)}
    told = " ".join(str(value) for value in given.values())
    for name, spans in typed_spans(tool, question, now).items():
        if name not in given and len(spans) == 1 and spans[0] not in told:
            given[name] = spans[0]
    return given


def _twice(p: Parameter, tool: ToolInfo, given: Mapping[str, Any]) -> bool:
    typed = [str(given[other.name]) for other in tool.parameters if copied(other) and other.name in given]
    return p.kind.free and not p.required and any(str(given[p.name]) in value for value in typed)


def _words(text: str) -> list[str]:
    """Words, and signs of Chinese, that may be compared."""
    return re.findall(r"[a-z\d']+|[\u3400-\u9fff]", normalise(plain(text)))


_TEXT = {"type": "string"}


def _branch(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
