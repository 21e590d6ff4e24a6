"""What a session needs of the rest of the house, as small interfaces; engines stand behind them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Protocol

from .cards import Shown


class Unanswerable(Exception):
    """A stage of a turn failed in a way that the wearer should read; the text is that sentence."""


class Gone(Exception):
    """The pin's connection is closed, or takes nothing any more."""


@dataclass
class Exchange:
    """One earlier question of a conversation and its answer."""

    question: str
    answer: str


class VoiceDetector(Protocol):
    """Decides while an utterance is spoken whether it holds a voice."""

    async def feed(self, pcm: bytes) -> bool:
        """Takes the next s16le mono 16 kHz samples; True once a voice was heard. Raises Unanswerable."""
        ...

    async def finish(self) -> bool:
        """The utterance is over: whether there was a voice. Raises Unanswerable."""
        ...


class Speech(Protocol):
    """Voice activity and speech to text."""

    def detector(self) -> VoiceDetector: ...

    async def transcribe(self, pcm: bytes) -> str:
        """The words of s16le mono 16 kHz samples. Raises Unanswerable."""
        ...

    @property
    def busy(self) -> bool:
        """Whether a further transcription would have to wait; partial ones are then left out."""
        ...


class Assistant(Protocol):
    """Answers questions."""

    def answer(self, question: str, earlier: list[Exchange], pin: str) -> AsyncGenerator[str | Shown, None]:
        """The answer in pieces as they come, or a card, which is the last piece. Raises Unanswerable."""
        ...


@dataclass
class TurnRecord:
    """What is kept of one turn. Milliseconds count from the release of the button."""

    pin: str
    utt: int
    question: str = ""
    answer: str = ""
    failure: str = ""
    frames: dict[str, int] = field(default_factory=dict)  # sent, received, lost
    timings_ms: dict[str, float] = field(default_factory=dict)
    started_s: float = 0.0  # time.monotonic() when the relay heard of the release
    kind: str = ""  # of the card that it ended with
    pages: list[list[str]] = field(default_factory=list)
    row: int | None = None  # where the history keeps it


class History(Protocol):
    """Keeps turns."""

    def add(self, record: TurnRecord) -> None:
        """Keeps a turn, or what is new in one kept before. Never waits and raises nothing."""
        ...
