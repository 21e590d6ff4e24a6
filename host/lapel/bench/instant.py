"""Engines that cost nothing: what is measured is the relay's own share. Not for use, they know nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from ..services import Exchange, TurnRecord

TRANSCRIPT = "how old is the brooklyn bridge"
ANSWER = "It opened in 1883, so it is over 140 years old."


class InstantDetector:
    """Hears a voice in anything that is not digital silence."""

    async def feed(self, pcm: bytes) -> bool:
        return any(pcm)


class InstantSpeech:
    busy = True  # no partial transcripts: they would only repeat the sentence

    def detector(self) -> InstantDetector:
        return InstantDetector()

    async def transcribe(self, pcm: bytes) -> str:
        return TRANSCRIPT


class InstantAssistant:
    async def answer(self, question: str, earlier: list[Exchange]) -> AsyncGenerator[str, None]:
        yield ANSWER

    async def warm(self, earlier: list[Exchange]) -> None:
        return None


class NoHistory:
    def add(self, record: TurnRecord) -> None:
        return None
