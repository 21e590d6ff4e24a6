"""The one gate in front of every tool: who is meant, whether a yes is needed, and only then the call."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..cards import Extras, Shown, next_number, shortened
from ..confirm import Answer, Deed, Offers, Waiting, Waitings
from ..skills import Choice, Contact, Reply, SkillError
from .household import Household
from .said import normalise
from .tools import ArgumentError, Named, ToolInfo

log = logging.getLogger(__name__)

_LABEL_BYTES, _TITLE_BYTES, _BIG_BYTES = 24, 48, 12  # the wire's limits
_MAX_CHOICES = 3
_CONFIRM_BYTES = 900  # a card holds it whole with room to spare: what is not shown cannot be confirmed
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|@[\w.-]+:[\w.-]+|\+?\d[\d ()/-]{5,}\d")


class Acting:
    """Does what the wearer asked for, or shows what it asks back."""

    def __init__(self, household: Household) -> None:
        self.household = household
        self.waitings = Waitings()
        self._offers = Offers()

    async def perform(
        self,
        pin: str,
        tool: ToolInfo,
        given: Mapping[str, Any],
        language: str,
        question: str = "",
        wearers_words: str | None = None,
    ) -> Shown:
        """The tool's card, or the card that asks first. Raises SkillError.

        `wearers_words` is given after others' text was read in this conversation: then nothing is changed
        without a yes, and only people are reached whom the wearer named in these words.
        """
        deed = self.deed(tool, given, language, question, tainted=wearers_words is not None)
        return await self._go_on(pin, deed, wearers_words)

    def deed(
        self, tool: ToolInfo, given: Mapping[str, Any], language: str, question: str, tainted: bool = False
    ) -> Deed:
        """What is to be done, with the arguments as their types say. Raises SkillError."""
        try:
            arguments = tool.arguments(given, self.household.now)
        except ArgumentError as error:
            log.info("%s", error)
            raise SkillError(_cannot(tool, language)) from error
        needs_yes = tool.asks_first or (tainted and tool.tool.effect != "reads")
        return Deed(tool, arguments, language, question, needs_yes)

    async def perform_all(self, pin: str, deeds: Sequence[Deed]) -> Shown:
        """Several in their order, as one card. One that asks is asked in its place: the others wait for its
        answer, whatever that is. One that cannot be done is told, and the others go on.
        """
        cards: list[Shown] = []
        for at, deed in enumerate(deeds):
            try:
                cards.append(await self._go_on(pin, replace(deed, then=tuple(deeds[at + 1 :]))))
            except SkillError as error:
                cards.append(Shown(str(error), kind="error"))
            if self.waitings.waits(pin):
                break
        return _joined(cards)

    async def chosen(self, pin: str, choice: str) -> Shown | None:
        """The wearer took a choice of a card. None if it means nothing any more. Raises SkillError."""
        answer = self.waitings.chosen(pin, choice)
        if answer is not None:
            return await self._answered(pin, answer)
        deed = self._offers.get(pin, choice)
        return None if deed is None else await self._go_on(pin, deed)

    async def spoken(self, pin: str, words: str) -> Shown | None:
        """The wearer said this while something waited. None: it was no answer. Raises SkillError."""
        answer = self.waitings.spoken(pin, normalise(words))
        return None if answer is None else await self._answered(pin, answer)

    async def level(self, pin: str, card: int, level: int) -> None:
        """The wearer rolled the wrist. Raises SkillError."""
        deed = self._offers.level(pin, card, level)
        if deed is not None and not deed.tool.asks_first:
            await self.household.call(deed.tool, deed.arguments, deed.language)

    async def call(self, deed: Deed) -> Reply:
        """Calls a tool that needs no yes. Raises SkillError; never anything else than what it may."""
        if deed.needs_yes or deed.tool.asks_first:
            raise SkillError(f"{deed.tool.name} is not done without a yes.")
        for name, value in deed.arguments.items():
            if isinstance(value, Named):
                people = await self._people(value.name, deed, None)
                if len(people) > 1:
                    names = ", ".join(person.name for person in people[:_MAX_CHOICES])
                    raise SkillError(f"There are several people called {value.name}: {names}.")
                deed = deed.with_person(name, people[0])
        return await self.household.call(deed.tool, deed.arguments, deed.language, deed.question)

    async def _answered(self, pin: str, answer: Answer) -> Shown:
        deed = answer.waiting.deed
        if not deed.then:
            return await self._settled(pin, answer)
        try:
            card = await self._settled(pin, answer)
        except SkillError as error:
            card = Shown(str(error), kind="error")
        if self.waitings.waits(pin):
            return card  # the person is known, and now a yes is wanted
        return _joined([card, await self.perform_all(pin, deed.then)])

    async def _settled(self, pin: str, answer: Answer) -> Shown:
        waiting = answer.waiting
        deed = waiting.deed
        if answer.person is not None:
            return await self._go_on(pin, deed.with_person(waiting.parameter, answer.person))
        if not answer.yes:
            return Shown("已取消。" if deed.language == "zh" else "Cancelled.", kind="notice")
        log.info("confirmed: %s", deed.tool.name)
        reply = await self.household.call(deed.tool, deed.arguments, deed.language, deed.question)
        return self.shown(pin, deed, reply)

    async def _go_on(self, pin: str, deed: Deed, wearers_words: str | None = None) -> Shown:
        """What is missing first, then people, then the yes, then the call."""
        await self.household.ready(deed.tool, deed.language)
        for name, value in list(deed.arguments.items()):
            if isinstance(value, Named):
                people = await self._people(value.name, deed, wearers_words)
                if len(people) > 1:
                    return self._which(pin, deed, name, value.name, people[:_MAX_CHOICES])
                deed = deed.with_person(name, people[0])
        if deed.needs_yes or deed.tool.asks_first:
            return await self._confirm(pin, deed)
        return self.shown(pin, deed, await self.call(deed))

    async def _people(self, name: str, deed: Deed, wearers_words: str | None) -> list[Contact]:
        zh = deed.language == "zh"
        spoken = normalise(deed.question if wearers_words is None else wearers_words)
        if _ADDRESS.fullmatch(name):
            # An address is only somebody's whom the wearer knows, or one that the wearer said.
            known = [p for p in await self.household.book.find(name) if name in p.addresses.values()]
            if known:
                return known[:1]
            if normalise(name) in spoken:
                kind = "phone" if "@" not in name else "matrix" if name.startswith("@") else "email"
                return [Contact(name, {kind: name})]
            raise SkillError(f"你没有说过{name}。" if zh else f"You did not say {name}. Nothing was sent.")
        people = await self.household.book.find(name)
        exact = [person for person in people if person.name.casefold() == name.casefold()]
        people = exact or people
        if wearers_words is not None:
            people = [person for person in people if _named(person, spoken)]
        if not people:
            raise SkillError(f"通讯录里没有{name}。" if zh else f"I find no {name} in your contacts.")
        return people

    def _which(self, pin: str, deed: Deed, parameter: str, name: str, people: list[Contact]) -> Shown:
        waiting = Waiting(deed, next_number(), parameter, people)
        self.waitings.ask(pin, waiting)
        text = f"哪一个{name}？" if deed.language == "zh" else f"Which {name}?"
        labels = [person.name for person in people]
        return _asking("choice", text, waiting, labels)

    async def _confirm(self, pin: str, deed: Deed) -> Shown:
        household = self.household
        if deed.tool.tool.confirm:
            text = await household.confirmation(deed.tool, deed.arguments, deed.language, deed.question)
        else:
            told = ", ".join(str(getattr(value, "name", value)) for value in deed.arguments.values())
            text = f"{deed.tool.description.rstrip('.')}: {told}" if told else deed.tool.description
        if len(text.encode()) > _CONFIRM_BYTES:
            raise SkillError(
                "这太长了，手掌上显示不下，没有执行。" if deed.language == "zh"
                else "That is too long to be shown and confirmed, so it is not done."
            )  # fmt: skip
        waiting = Waiting(deed, next_number())
        self.waitings.ask(pin, waiting)
        return _asking("confirm", text, waiting, ["不", "是"] if deed.language == "zh" else ["No", "Yes"])

    def shown(self, pin: str, deed: Deed, reply: Reply) -> Shown:
        """What a tool replied as a card, and its choices kept for this pin."""
        return self._card(pin, deed.tool.skill, deed.language, reply)

    def notice(self, pin: str, skill: str, reply: Reply) -> Shown:
        """The same for what a skill says unasked. Raises SkillError for choices that are no tools of it."""
        return self._card(pin, skill, self.household.language, reply)

    def _card(self, pin: str, skill: str, language: str, reply: Reply) -> Shown:
        def offered(choice: Choice) -> str:
            return self._offers.add(pin, self._deed(skill, choice, language))

        number = next_number()
        choices = [
            {"id": offered(choice), "label": shortened(choice.label, _LABEL_BYTES)}
            for choice in reply.choices[:_MAX_CHOICES]
        ]
        swipes = (("next", reply.swipe_next), ("previous", reply.swipe_previous))
        swipe = {name: offered(choice) for name, choice in swipes if choice is not None}
        if reply.level is not None and reply.on_level is not None:
            self._offers.add_level(pin, number, self._deed(skill, Choice("", reply.on_level), language))
        extras = Extras(
            title=shortened(reply.title, _TITLE_BYTES) or None,
            choices=choices or None,
            swipe=swipe or None,
            level=None if reply.level is None else max(0, min(100, reply.level)),
            big=shortened(reply.big, _BIG_BYTES) or None,
            ends_ms=None if reply.ends is None else max(0, int(reply.ends.timestamp() * 1000)),
        )
        return Shown(reply.text, reply.details, reply.kind, extras, number)

    def _deed(self, skill: str, choice: Choice, language: str) -> Deed:
        name = str(getattr(choice.tool, "__name__", ""))
        tool = self.household.tools.get(name)
        if tool is None or tool.skill != skill:
            raise SkillError(f"The skill {skill} offers {name or choice.tool}, which is no tool of it.")
        return Deed(tool, dict(choice.arguments), language, needs_yes=tool.asks_first)


def _asking(kind: str, text: str, waiting: Waiting, labels: list[str]) -> Shown:
    choices = [
        {"id": key, "label": shortened(label, _LABEL_BYTES)}
        for key, label in zip(waiting.ids, labels, strict=True)
    ]
    return Shown(text, kind=kind, extras=Extras(choices=choices, focus=0), number=waiting.card)


def _joined(cards: Sequence[Shown]) -> Shown:
    """One card of several. A question comes last and keeps its form; what was done before is its title."""
    *before, last = cards
    if not before:
        return last
    told = " ".join(_sentence(card.text) for card in before)
    if last.kind in ("confirm", "choice"):
        title = shortened(told, _TITLE_BYTES)
        return replace(last, extras=replace(last.extras, title=title))
    details = " ".join(card.details for card in cards if card.details)
    same = {card.kind for card in cards}
    kind = same.pop() if len(same) == 1 else "answer"
    extras = next((card.extras for card in cards if card.extras != Extras()), Extras())
    return Shown(f"{told} {_sentence(last.text)}", details, kind, extras)


def _sentence(text: str) -> str:
    if text.endswith((".", "!", "?", "。", "！", "？")):
        return text
    return f"{text}。" if any("\u3400" <= c <= "\u9fff" for c in text) else f"{text}."


def _named(person: Contact, spoken: str) -> bool:
    """Whether the wearer said a part of this name, or an address of it."""
    words = set(spoken.split())
    parts = person.name.casefold().split()
    hanzi = any("\u3400" <= c <= "\u9fff" for c in person.name)
    return (
        any(part in words for part in parts)
        or (hanzi and person.name.casefold() in spoken)
        or any(normalise(address) in spoken for address in person.addresses.values() if address)
    )


def _cannot(tool: ToolInfo, language: str) -> str:
    wanted = next((p.kind.expected for p in tool.parameters if p.required), "more words")
    if language == "zh":
        return "这句话我没有全听明白。请再说一遍。"
    return f"I did not get all of that. Please say it again with {wanted}."
