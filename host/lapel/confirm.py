"""What waits for a yes: one thing a pin, for half a minute, and only a yes of the wearer's does it.

A yes is the choice on the palm or the word in the next utterance. Silence, putting the card away, and
anything else that is said are a no. Nothing that a model or a skill says can answer.
"""

from __future__ import annotations

import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .assistant.tools import ToolInfo
from .skills import Contact
from .spoken.number_words import ordinal

WAITS_S = 45.0  # to read the card, think, press and say a word
MAX_OFFERS = 24  # choices of a pin's last cards; older cards are gone from the palm

_YES = re.compile(
    r"(?:(?:yes|yeah|yep|yup|sure|ok|okay|confirm|confirmed|affirmative|absolutely|of course|do it|do that|"
    r"send it|send|go ahead|please do|please|correct|that's right|right|exactly|definitely)\s*)+"
)
_NO = re.compile(
    r"(?:(?:no|nope|nah|cancel|cancel that|cancel it|don't|do not|stop|never mind|nevermind|forget it|abort|"
    r"wait|thanks|thank you|don't do it|don't send it|not now)\s*)+"
)
_YES_ZH = re.compile(
    "(?:是|是的|好|好的|对|对的|确认|确定|可以|行|没错|嗯|发|发吧|发送|做吧|要|当然|没问题|吧|啊|了)+"
)
_NO_ZH = re.compile("(?:不|不要|不用|不是|不行|不发|别|别发|取消|算了|停|没有|了|吧)+")


@dataclass(frozen=True)
class Deed:
    """A tool with its arguments, and the words of the wearer that led to it."""

    tool: ToolInfo
    arguments: Mapping[str, Any]
    language: str
    question: str = ""
    needs_yes: bool = False  # even if the tool alone would not
    then: tuple[Deed, ...] = ()  # what was asked for in the same breath, done when this is settled

    def with_person(self, parameter: str, person: Contact) -> Deed:
        return replace(self, arguments={**self.arguments, parameter: person})


@dataclass
class Waiting:
    """`people` are asked about if there are any, else it is a yes that is waited for."""

    deed: Deed
    card: int
    parameter: str = ""
    people: Sequence[Contact] = ()
    since_s: float = field(default_factory=time.monotonic)
    ids: list[str] = field(default_factory=list)  # of the choices, in order
    utterance: int | None = None  # the next one, which may hold the answer


@dataclass(frozen=True)
class Answer:
    """What became of it: a yes, or a person; neither is a no."""

    waiting: Waiting
    yes: bool = False
    person: Contact | None = None


class Waitings:
    """Every pin's. Taking an answer takes the question away: nothing is done twice."""

    def __init__(self) -> None:
        self._by_pin: dict[str, Waiting] = {}

    def ask(self, pin: str, waiting: Waiting) -> None:
        """Waits for this; what waited before is a no."""
        count = len(waiting.people) or 2
        # Not to be guessed, and not to be mistaken for a choice of a card before.
        waiting.ids = [f"{secrets.token_hex(6)}.{i}" for i in range(count)]
        self._by_pin[pin] = waiting

    def waits(self, pin: str) -> bool:
        return self._get(pin) is not None

    def cancel(self, pin: str) -> bool:
        """Whether there was something."""
        return self._by_pin.pop(pin, None) is not None

    def chosen(self, pin: str, choice: str) -> Answer | None:
        """The wearer took this choice; None if it belongs to nothing that waits."""
        waiting = self._get(pin)
        if waiting is None or choice not in waiting.ids:
            return None
        del self._by_pin[pin]
        at = waiting.ids.index(choice)
        if waiting.people:
            return Answer(waiting, person=waiting.people[at])
        return Answer(waiting, yes=at == 1)  # No comes first

    def spoken(self, pin: str, words: str) -> Answer | None:
        """The next utterance, as `words` in lower case without punctuation. None: nothing waited, or
        something else was said and what waited is cancelled.
        """
        waiting = self._get(pin)
        if waiting is None:
            return None
        del self._by_pin[pin]
        if _NO.fullmatch(words) or _NO_ZH.fullmatch(words):
            return Answer(waiting)
        if waiting.people:
            person = _meant(words, waiting.people)
            return Answer(waiting, person=person) if person is not None else None
        if _YES.fullmatch(words) or _YES_ZH.fullmatch(words):
            return Answer(waiting, yes=True)
        return None

    def pressed(self, pin: str, utterance: int) -> None:
        """An utterance begins: it may hold the answer, the one after it may not."""
        waiting = self._by_pin.get(pin)
        if waiting is None:
            return
        if waiting.utterance not in (None, utterance):
            del self._by_pin[pin]
        waiting.utterance = utterance

    def dismissed(self, pin: str, card: int, by: str) -> None:
        """The card was put away. By a press, an answer may follow; else that is a no."""
        waiting = self._by_pin.get(pin)
        if waiting is not None and waiting.card == card and by != "press":
            del self._by_pin[pin]

    def _get(self, pin: str) -> Waiting | None:
        waiting = self._by_pin.get(pin)
        if waiting is not None and time.monotonic() - waiting.since_s > WAITS_S:
            del self._by_pin[pin]
            return None
        return waiting


class Offers:
    """Choices on cards that need no yes, such as "Next": what each means, for a pin's last cards."""

    def __init__(self) -> None:
        self._by_pin: dict[str, OrderedDict[str, Deed]] = {}

    def add(self, pin: str, deed: Deed) -> str:
        """The id under which the wearer may choose it."""
        key = secrets.token_hex(6)
        self._keep(pin, key, deed)
        return key

    def add_level(self, pin: str, card: int, deed: Deed) -> None:
        """Rolling the wrist over this card."""
        self._keep(pin, f"level {card}", deed)

    def get(self, pin: str, key: str) -> Deed | None:
        return self._by_pin.get(pin, OrderedDict()).get(key)

    def level(self, pin: str, card: int, level: int) -> Deed | None:
        deed = self.get(pin, f"level {card}")
        return None if deed is None else replace(deed, arguments={**deed.arguments, "level": level})

    def _keep(self, pin: str, key: str, deed: Deed) -> None:
        kept = self._by_pin.setdefault(pin, OrderedDict())
        kept[key] = deed
        while len(kept) > MAX_OFFERS:
            kept.popitem(last=False)


def _meant(words: str, people: Sequence[Contact]) -> Contact | None:
    """Which of them was said: by rank, or by the part of the name that only one has."""
    bare = words.removeprefix("the ").removesuffix(" one").strip()
    rank = ordinal(bare)
    if rank is not None:
        return people[rank - 1] if 1 <= rank <= len(people) else None
    said = set(bare.split())
    fitting = [
        person
        for person in people
        if bare == person.name.casefold() or (said and said <= set(person.name.casefold().split()))
    ]
    return fitting[0] if len(fitting) == 1 else None
