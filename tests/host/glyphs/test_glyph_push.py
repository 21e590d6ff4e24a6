"""Letters travel before the card that needs them, and a card never pushes out its own."""

from __future__ import annotations

import json
import random
from base64 import b64decode

import pytest
from lapel import glyph_push
from lapel.cards import Card, Display, paginate
from lapel.glyph_push import GlyphPush
from lapel_wire import MAX_MESSAGE_BYTES, messages
from pin.projector import font


def test_both_ends_know_the_same_bound() -> None:
    assert glyph_push.PINS_CACHE == font.MAX_PUSHED


class Pin:
    """The pin's font, fed by a relay's messages."""

    def __init__(self) -> None:
        self.font = font.load()
        self.messages = 0

    def receive(self, texts: list[str]) -> None:
        for text in texts:
            assert len(text.encode()) <= MAX_MESSAGE_BYTES
            self.messages += 1
            for glyph in messages.decode(messages.DOWN, text)["glyphs"]:
                self.font.push(glyph["code"], b64decode(glyph["strokes"], validate=True))

    def shows(self, page: list[str]) -> bool:
        return all(self.font.has(ord(c)) for line in page for c in line)


def card(number: int, text: str, rev: int = 0) -> Card:
    return Card(number, "answer", paginate(text, Display(12, 3)), rev)


@pytest.mark.parametrize("text", ["你好，世界", "Привет", "Ελληνικά", "こんにちは", "Žluťoučký kůň"])
def test_a_card_is_drawn_without_a_box(text: str) -> None:
    pin, push = Pin(), GlyphPush()
    shown = card(1, text)
    assert not pin.shows(shown.pages[0])
    pin.receive(push.before(shown))
    assert pin.shows(shown.pages[0]) and pin.messages == 1


def test_nothing_is_sent_twice_or_without_need() -> None:
    push = GlyphPush()
    assert push.before(card(1, "Hello 10:42")) == []
    assert push.before(card(2, "你好")) != []
    assert push.before(card(2, "你好", 1)) == [] and push.before(card(3, "好你 Hello")) == []
    assert push.before(card(4, "\U0001f916")) == []


def test_every_page_has_its_letters_when_it_is_turned_to() -> None:
    """Random talk of many different hanzi: far more than a pin keeps."""
    draw = random.Random(3)
    hanzi = [chr(code) for code in range(0x4E00, 0x5600)]
    pin, push = Pin(), GlyphPush()
    for number in range(12):
        text = "".join(draw.choice(hanzi) for _ in range(draw.randrange(1, 420)))
        whole = card(number, text)
        pin.receive(push.before(whole))
        for page, lines in enumerate(whole.pages):
            known = [c for line in lines for c in line if glyph_push.scripts.lookup(c)]
            assert all(pin.font.has(ord(c)) for c in known), (number, page)
            if page:
                pin.receive(push.turned(number, page))
            assert all(pin.font.has(ord(c)) for c in known), (number, page)


def test_a_growing_card_keeps_its_page() -> None:
    pin, push = Pin(), GlyphPush()
    text = "".join(c for c in map(chr, range(0x4E00, 0x4F00)) if glyph_push.scripts.lookup(c))
    pin.receive(push.before(card(5, text[:40])))
    pin.receive(push.turned(5, 1))
    grown = card(5, text, 1)
    pin.receive(push.before(grown))
    assert pin.shows(grown.pages[1]) and pin.shows(grown.pages[2])
    assert push.turned(4, 1) == []  # another card's page


def test_the_wire_is_plain_json() -> None:
    (text,) = GlyphPush().before(card(1, "你"))
    message = json.loads(text)
    assert message["t"] == "glyphs" and message["glyphs"][0]["code"] == ord("你")
