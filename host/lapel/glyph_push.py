"""Which letters a pin lacks for the card that is about to be shown, as messages to send before it.

A pin keeps the last PINS_CACHE glyphs it was given, the oldest goes first. So only what the page on the palm
and the one after it need is sent; when a page is turned, the next. Nothing on the palm is ever pushed out.
"""

from __future__ import annotations

import json
from base64 import b64encode

from lapel_wire import MAX_MESSAGE_BYTES, messages
from lapel_wire.messages import GLYPHS_A_MESSAGE

from .cards import Card, Page
from .glyphs import scripts

PINS_CACHE = 128  # pin.projector.font.MAX_PUSHED: glyphs that a pin keeps
PAGES_AHEAD = 2  # the page on the palm and the next: a page is read for a second at least
_ENVELOPE_BYTES = len(messages.encode(messages.DOWN, "glyphs", glyphs=[]))


class GlyphPush:
    """What one connected pin was given. Another connection starts anew: that pin may have restarted."""

    def __init__(self) -> None:
        self._held: dict[int, None] = {}  # code points as the pin keeps them, the oldest first
        self._card = -1
        self._page = 0
        self._pages: list[Page] = []

    def before(self, card: Card) -> list[str]:
        """The messages that must go before `card`, or before a new revision of it."""
        if card.number != self._card:
            self._card, self._page = card.number, 0
        self._pages = [[card.extras.letters, *page] for page in card.pages]
        return self._messages()

    def turned(self, card: int, page: int) -> list[str]:
        """The pin turned to `page` of `card`: what the page after it needs."""
        if card != self._card:
            return []
        self._page = page
        return self._messages()

    def _messages(self) -> list[str]:
        ahead = self._pages[self._page : self._page + PAGES_AHEAD]
        needed = dict(scripts.needed(line for page in ahead for line in page)[:PINS_CACHE])
        lacking = [code for code in needed if code not in self._held]
        if len(self._held) + len(lacking) > PINS_CACHE:
            # Some must go: what is needed is said again first, which makes it the newest.
            lacking = [code for code in needed if code in self._held] + lacking
        for code in lacking:
            self._held.pop(code, None)
            self._held[code] = None
        for code in list(self._held)[: max(0, len(self._held) - PINS_CACHE)]:
            del self._held[code]
        return _packed([(code, needed[code]) for code in lacking])


def _packed(glyphs: list[tuple[int, bytes]]) -> list[str]:
    """As few messages as hold them, each within the wire's limits."""
    batches: list[list[dict[str, int | str]]] = []
    room = 0
    for code, glyph in glyphs:
        item: dict[str, int | str] = {"code": code, "strokes": b64encode(glyph).decode()}
        size = len(json.dumps(item, separators=(",", ":"))) + 1
        if size > room or len(batches[-1]) == GLYPHS_A_MESSAGE:
            batches.append([])
            room = MAX_MESSAGE_BYTES - _ENVELOPE_BYTES
        batches[-1].append(item)
        room -= size
    return [str(messages.encode(messages.DOWN, "glyphs", glyphs=batch)) for batch in batches]
