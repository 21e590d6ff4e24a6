"""Local intents: sentence templates matched in milliseconds, offline.

One YAML file per language in `sentences/`, in the format of hassil, Home Assistant's matcher.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hassil import recognize
from hassil.intents import Intents

_SENTENCES = Path(__file__).parent / "sentences"
_BETWEEN_HANZI = re.compile("(?<=[\u3040-\u30ff\u3400-\u9fff]) | (?=[\u3040-\u30ff\u3400-\u9fff])")
_MAX_CHARACTERS = 200  # templates are short; a longer text is a question for the model


@dataclass(frozen=True)
class Intent:
    """What a sentence asks for, in which language, with its arguments."""

    name: str
    language: str
    arguments: dict[str, Any] = field(default_factory=dict)


class Matcher:
    """Every language's templates. Building one reads files; matching is pure."""

    def __init__(self, folder: Path = _SENTENCES) -> None:
        self._languages = {path.stem: _read(path) for path in sorted(folder.glob("*.yaml"))}

    def match(self, text: str) -> Intent | None:
        """The intent that `text` states, in whichever language it is written; None if no template fits."""
        words = normalise(text)
        if not words or len(words) > _MAX_CHARACTERS:
            return None
        for language, intents in self._languages.items():
            found = recognize(words, intents)
            if found is not None:
                arguments = {name: entity.value for name, entity in found.entities.items()}
                return Intent(found.intent.name, language, arguments)
        return None


def normalise(text: str) -> str:
    """Lower case, full-width forms made plain, no punctuation but apostrophes, no spaces next to hanzi."""
    text = unicodedata.normalize("NFKC", text).lower().replace("\u2019", "'")
    kept = "".join(c if c.isalnum() or c in "' " or unicodedata.combining(c) else " " for c in text)
    return _BETWEEN_HANZI.sub("", " ".join(kept.split()))


def _read(path: Path) -> Any:
    with path.open(encoding="utf-8") as file:
        return Intents.from_yaml(file)
