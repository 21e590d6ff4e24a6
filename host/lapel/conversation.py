"""What outlives a pin's connection while the relay runs: the talk, and the last answer."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from .cards import Card
from .services import Exchange

_CONTEXT_EXCHANGES = 4  # follow-up questions reach back this far ...
_CONTEXT_S = 300.0  # ... and this long


@dataclass
class Conversation:
    """One pin's."""

    exchanges: deque[tuple[float, Exchange]] = field(default_factory=lambda: deque(maxlen=_CONTEXT_EXCHANGES))
    answered: tuple[int, str, Card] | None = None  # utterance, its question, and the card to send again

    def earlier(self) -> list[Exchange]:
        oldest = time.monotonic() - _CONTEXT_S
        return [exchange for at, exchange in self.exchanges if at >= oldest]

    def remember(self, question: str, answer: str) -> None:
        self.exchanges.append((time.monotonic(), Exchange(question, answer)))
