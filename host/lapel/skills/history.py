"""What was asked before: the conversations that the owner lets Lapel keep."""

from __future__ import annotations

import datetime as dt

from ..spoken import say_day, say_time
from . import Context, Reply, tool

_SHOWN = 5  # a palm shows one at a time, and nobody turns further


@tool(untrusted=True, view="history")
async def search_history(context: Context, about: str = "") -> Reply:
    """Find what the user asked earlier, and what the answer was.

    about: words that the question or the answer holds; left out for the latest
    """
    found = await context.memory.asked(about)
    # The question that is being asked is not an earlier one.
    found = [turn for turn in found if turn[1] != context.question][:_SHOWN]
    if not found:
        if about:
            return Reply(context.say(en=f"Nothing about {about}.", zh=f"没有关于{about}的记录。"))
        return Reply(context.say(en="Nothing is kept.", zh="没有记录。"))
    first, *rest = [_told(context, *turn) for turn in found]
    return Reply(first, "  ".join(rest))


def _told(context: Context, at: dt.datetime, question: str, answer: str) -> str:
    language = context.language
    day = say_day(at.date(), context.now.date(), language)
    return f"{day} {say_time(at, language)}: {question.rstrip('?')}? {answer}"
