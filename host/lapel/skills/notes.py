"""Notes: what the wearer asks to remember, found again by its words."""

from __future__ import annotations

from ..spoken import say_day
from . import Context, Fact, Reply, SkillError, tool

_MOST_SHOWN = 10  # more than a palm has patience for


@tool(effect="changes")
async def remember(context: Context, text: str) -> str:
    """Keep a fact that the wearer tells, word for word.

    text: what to remember
    """
    await context.memory.remember(text)
    return context.say(en=f"Noted: {text}", zh=f"记住了：{text}")


@tool
async def recall(context: Context, about: str) -> Reply:
    """Answer a question with what the wearer told before: where things are, codes, likings.

    about: words that it is about
    """
    facts = await context.memory.facts(about)
    if not facts:
        return Reply(context.say(en=f"You told me nothing about {about}.", zh=f"你没有说过关于{about}的事。"))
    return Reply(facts[0].text, "; ".join(_dated(context, fact) for fact in facts[1:_MOST_SHOWN]))


@tool
async def show_notes(context: Context) -> Reply:
    """Show everything that the wearer has asked to remember, the newest first."""
    facts = await context.memory.facts()
    if not facts:
        return Reply(context.say(en="There are no notes.", zh="没有笔记。"))
    return Reply(_dated(context, facts[0]), "; ".join(_dated(context, fact) for fact in facts[1:_MOST_SHOWN]))


async def _what_is_forgotten(context: Context, about: str) -> str:
    fact = context.state.forgetting = await _one(context, about)
    return context.say(en=f"Forget this? {fact.text}", zh=f"忘掉这条吗？{fact.text}")


@tool(effect="deletes", confirm=_what_is_forgotten)
async def forget(context: Context, about: str) -> str:
    """Forget something that the wearer had asked to remember.

    about: words that it is about
    """
    await context.memory.forget(context.state.forgetting.id)  # the one that the palm showed
    return context.say(en="Forgotten.", zh="已忘掉。")


async def _one(context: Context, about: str) -> Fact:
    """The note that tells most of it. Raises SkillError if there is none."""
    facts = await context.memory.facts(about)
    if not facts:
        raise SkillError(context.say(en=f"There is no note about {about}.", zh=f"没有关于{about}的笔记。"))
    return facts[0]


def _dated(context: Context, fact: Fact) -> str:
    at = fact.at.astimezone(context.now.tzinfo)
    return f"{fact.text} ({say_day(at.date(), context.now.date(), context.language)})"
