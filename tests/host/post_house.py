"""A household with a stand-in for a messenger: what would reach another person is kept instead."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

from assistant_house import household_in
from lapel.assistant.acting import Acting

PIN = "pin-1"
POST = textwrap.dedent(
    '''
    """A stand-in for a messenger: it keeps what would have been sent."""
    import datetime
    from lapel.skills import Choice, Contact, Context, Reply, SkillError, tool

    SENT = []

    @tool(effect="reaches", confirm={"en": "Send to {to}: {text}", "zh": "发给{to}：{text}"},
          en=["post {to} that {text}"])
    async def post(context: Context, to: Contact, text: str) -> str:
        """Send a message to a person."""
        SENT.append((to.name, to.addresses.get("email", ""), text))
        return f"Sent to {to.name}."

    async def _what(text: str) -> str:
        if text == "nothing":
            raise SkillError("There is nothing to answer.")
        return f"Answer: {text}"

    @tool(effect="reaches", confirm=_what, en=["answer {text}"])
    async def answer_last(text: str) -> str:
        """Answer the last message."""
        SENT.append(("last", "", text))
        return "Answered."

    @tool(effect="changes", en=["jot {text}"])
    async def jot(text: str) -> str:
        """Keep a note."""
        SENT.append(("jotted", "", text))
        return "Jotted."

    @tool(untrusted=True, en=["what did they write"])
    async def read_post() -> Reply:
        """Read the last message."""
        return Reply(LETTER[0])

    LETTER = ["hello"]

    @tool(en=["offers"])
    async def offers() -> Reply:
        """Show choices."""
        both = [Choice("Jot", jot, {"text": "x"}), Choice("Send", answer_last, {"text": "y"})]
        onward = Choice("Next", jot, {"text": "next"})
        return Reply("Now?", choices=both, level=40, on_level=turn, big="12:00", swipe_next=onward)

    @tool(effect="changes")
    async def turn(level: int) -> str:
        """Turn."""
        SENT.append(("level", "", level))
        return ""

    async def start(context):
        known = {"Anna Berg": "anna@berg.example", "Anna Lind": "a@lind.example", "Bob": "bob@home.example",
                 "李雷": "lilei@home.example", "Mallory": "m@evil.example"}
        people = [Contact(name, {"email": address}) for name, address in known.items()]
        async def find(name):
            wanted = name.casefold()
            return [p for p in people if wanted in p.name.casefold() or wanted in p.addresses["email"]]
        context.offer_contacts(find)
    '''
)


async def acting_in(home: Path) -> tuple[Acting, list[Any]]:
    """The gate, and what went through it."""
    (home / "skills").mkdir()
    (home / "skills" / "post.py").write_text(POST, "utf-8")
    household = await household_in(home)
    post = household.skill("post")
    assert post is not None and post.module is not None
    return Acting(household), post.module.SENT
