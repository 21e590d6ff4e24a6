"""docs/accounts.md shows settings that Lapel takes."""

from __future__ import annotations

import re
import textwrap
import tomllib
from pathlib import Path

import pytest
from lapel.assistant.library import load
from lapel.assistant.mcp_tools import server_settings

DOCUMENT = Path(__file__).parents[3] / "docs" / "accounts.md"


def tables() -> dict[str, dict[str, dict[str, object]]]:
    """The indented blocks of the document, as one configuration."""
    blocks = re.findall(r"(?:^(?: {4}.*)?\n)+", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    return tomllib.loads("\n".join(textwrap.dedent(block) for block in blocks))


async def test_every_table_of_the_document_is_taken(tmp_path: Path) -> None:
    found = tables()
    assert set(found["skills"]) == {"weather", "contacts", "mail", "messages", "calendar", "music"}
    skills = {skill.name: skill for skill in await load(tmp_path, found["skills"])}
    for name in found["skills"]:
        assert skills[name].failure == ""
    assert set(found["mcp"]) == {"lights", "house"}
    for name, table in found["mcp"].items():
        server_settings(name, table)


async def test_the_secrets_that_it_names_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = re.findall(r"`LAPEL_([A-Z]+)_PASSWORD`, or `([a-z]+)\.password`", DOCUMENT.read_text("utf-8"))
    assert [name.lower() for name, _ in named] == [name for _, name in named]
    for name, _ in named:
        monkeypatch.setenv(f"LAPEL_{name}_PASSWORD", f"of {name}")
    skills = {skill.name: skill for skill in await load(tmp_path, {})}
    for name, skill in named:
        assert skills[skill].settings.password == f"of {name}"
    assert len(named) == 4
