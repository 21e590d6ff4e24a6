"""What speaks, and how it fails."""

from __future__ import annotations

from typing import Protocol

LONGEST_S = 120  # of sound for one sentence: 240 digits take a minute and a half
SPEAK_S = 20.0  # for one sentence: Piper needs a twentieth of its length, on a Raspberry Pi about a half


class VoiceError(Exception):
    """A sentence cannot be spoken. The text says what came and what to do, for the owner."""


class TextToSpeech(Protocol):
    """An engine. Many pins may ask at once; it queues or refuses by itself."""

    name: str

    async def start(self) -> None:
        """Load what there is to load. Raises VoiceError."""
        ...

    def speaks(self, language: str) -> bool:
        """Whether there is a voice for "en" or "zh"."""
        ...

    async def speak(self, sentence: str, language: str) -> bytes:
        """The sentence as s16le, mono, 16 kHz. Raises VoiceError. Cancelling is clean."""
        ...

    async def close(self) -> None:
        """Free what it holds."""
        ...
