"""What a speech engine is, and how it fails."""

from __future__ import annotations

import unicodedata
from typing import Protocol

from lapel.services import Unanswerable

SAMPLE_RATE_HZ = 16_000
SAMPLE_BYTES = 2  # s16le

# The fastest speakers reach about 25 characters a second, an utterance ends at 30 s: twice that is nonsense.
MAX_TEXT_CHARS = 1_500


class SpeechError(Unanswerable):
    """Speech could not be turned into words. `str()` is a sentence for the wearer; the log has the cause."""


class Busy(SpeechError):
    """The engine's queue is full."""

    def __init__(self) -> None:
        super().__init__("Too many questions at once. Please ask again.")


class TooSlow(SpeechError):
    """The caller's deadline passed, or the engine hung."""

    def __init__(self) -> None:
        super().__init__("Understanding you took too long. Please ask again.")


class EngineMissing(SpeechError):
    """The engine cannot be loaded: its model or package is not there. The text says what to do about it."""


class SpeechToText(Protocol):
    """An engine. Its methods may be called by many sessions at once; it queues or refuses by itself."""

    async def transcribe(self, pcm: bytes, language: str) -> str:
        """The words in `pcm` (s16le, mono, 16 kHz); empty if there are none.

        `language` is an ISO 639-1 code or `auto`. Raises SpeechError.
        """

    async def close(self) -> None:
        """Free what it holds. Calls that are still running end with SpeechError."""


def checked_text(heard: object) -> str:
    """The engine's answer, tidied, or SpeechError if no engine in its right mind would say it."""
    if not isinstance(heard, str):
        raise SpeechError(_NONSENSE) from TypeError(f"the engine returned {type(heard).__name__}, not text")
    text = " ".join(heard.split())
    if len(text) > MAX_TEXT_CHARS:
        raise SpeechError(_NONSENSE) from ValueError(f"the engine returned {len(text)} characters")
    odd = next((char for char in text if unicodedata.category(char) in ("Cc", "Cs", "Co", "Cn")), None)
    if odd is not None or "\ufffd" in text:
        raise SpeechError(_NONSENSE) from ValueError(f"the engine returned the character {odd or '�'!a}")
    return text


_NONSENSE = "I could not make sense of that. Please ask again."
