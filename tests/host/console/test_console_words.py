"""Every sentence of the page has its Chinese, and nothing on the page comes from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import lapel.console.server
import pytest

STATIC = Path(lapel.console.server.__file__).parent / "static"
SOURCES = sorted(STATIC.rglob("*.js"))
# Sentences that come from the server, or are looked up by a name.
_LOOKED_UP = re.compile(r"const (?:STATES|VIEWS|STEPS|STAGES|TITLES|NAMES) = .*?;\n", re.DOTALL)


def sentences() -> set[str]:
    found: set[str] = set()
    for path in SOURCES:
        source = path.read_text("utf-8")
        found |= set(re.findall(r'\bt\(\s*"((?:[^"\\]|\\.)*)"', source))
        for table in _LOOKED_UP.findall(source):
            found |= {text for text in re.findall(r'"([^"]+)"', table) if text[0].isupper()}
    return found


def test_every_sentence_has_its_chinese() -> None:
    chinese = json.loads((STATIC / "lang" / "zh.json").read_text("utf-8"))
    assert sorted(sentences() - set(chinese)) == []


def test_no_placeholder_is_lost_in_translation() -> None:
    chinese = json.loads((STATIC / "lang" / "zh.json").read_text("utf-8"))
    for english, other in chinese.items():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", other)), english


@pytest.mark.parametrize(
    "path", [*SOURCES, STATIC / "style.css", STATIC / "index.html"], ids=lambda path: path.name
)
def test_nothing_comes_from_elsewhere_and_nothing_is_inline(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"https?://(?!www\.w3\.org|127\.0\.0\.1)", text)
    assert "eval(" not in text and "innerHTML" not in text
    if path.suffix == ".html":
        assert not re.search(r"<script(?![^>]*src=)|style=|\son\w+=", text)
