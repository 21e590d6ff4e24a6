"""Where sentences go: each to its tool (or one of several, "|"), and open questions ("-") to no skill."""

from __future__ import annotations

from pathlib import Path

import pytest
from assistant_house import household_in
from lapel.assistant.intents import Matcher
from skills_rig import NOW

ROWS = [
    line.split("\t")
    for name in ("phrasings.tsv", "more_phrasings.tsv")
    for line in Path(__file__).with_name(name).read_text("utf-8").splitlines()
]


@pytest.fixture
async def matcher(tmp_path: Path) -> Matcher:
    household = await household_in(tmp_path)
    try:
        return Matcher(household.tools)
    finally:
        await household.close()


async def test_every_phrasing_goes_where_it_belongs(matcher: Matcher) -> None:
    wrong = []
    for tool, said in ROWS:
        intent = matcher.match(said, NOW)
        if (intent.name if intent else "-") not in tool.split("|"):
            wrong.append((said, tool, intent))
    assert wrong == []


@pytest.mark.parametrize(
    ("said", "to", "text"),
    [
        ("Text Anna I'm running late", "Anna", "I'm running late"),
        ("Tell Anna Lund I'll be there at Six!", "Anna Lund", "I'll be there at Six"),
        ("Tell Anna that I'm late", "Anna", "I'm late"),
    ],
)
async def test_a_message_keeps_its_words(matcher: Matcher, said: str, to: str, text: str) -> None:
    intent = matcher.match(said, NOW)
    assert intent is not None and intent.said == {"to": to, "text": text}
