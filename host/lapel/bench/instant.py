"""Engines that cost nothing: what is measured is the relay's own share. Not for use, they know nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from ..cards import Shown
from ..services import Exchange, TurnRecord

TRANSCRIPT = "how old is the brooklyn bridge"
ANSWER = "It opened in 1883, so it is over 140 years old."


class InstantDetector:
    """Hears a voice in anything that is not digital silence."""

    def __init__(self) -> None:
        self._heard = False

    async def feed(self, pcm: bytes) -> bool:
        self._heard = self._heard or any(pcm)
        return self._heard

    async def finish(self) -> bool:
        return self._heard


class InstantSpeech:
    busy = True  # no partial transcripts: they would only repeat the sentence

    def detector(self) -> InstantDetector:
        return InstantDetector()

    async def transcribe(self, pcm: bytes) -> str:
        return TRANSCRIPT


class InstantAssistant:
    async def answer(
        self, question: str, earlier: list[Exchange], pin: str
    ) -> AsyncGenerator[str | Shown, None]:
        yield ANSWER


class NoHistory:
    def add(self, record: TurnRecord) -> None:
        return None
