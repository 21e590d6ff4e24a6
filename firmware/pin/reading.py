"""A card on the palm: which page is up, for how long, and which choice is under the finger."""

from pin.clock import ticks_diff

WORDS_A_MINUTE = 130  # palm and light slow a reader down from the 240 of paper
PAGE_MS = 900  # to find the first word of a page
LAST_MS = 4000  # the last page stays for a second look
CHOICE_MS = 30000  # a question to the wearer waits
PALM_MS = 30000  # how long a card waits for a palm
GROWING_MS = 20000  # an answer that stops growing for so long is over


class Reader:
    """Shows cards on a projector. `poll` while `card` is not None."""

    def __init__(self, projector):
        self._projector = projector
        self.card = None
        self.page = 0
        self.focus = 0
        self._drawn = None

    def show(self, card, now_ms):
        """Put `card` up. A new revision of the card that is up replaces it and keeps its page.

        Returns False for a revision that is not newer than the one that is up.
        """
        old = self.card
        same = old is not None and card["card"] is not None and old["card"] == card["card"]
        if same and card["rev"] <= old["rev"]:
            return False
        self.card = card
        self._grown_ms = now_ms
        if not same:
            self.page = self.focus = 0
            self._dark_ms = self._lit_ms = 0
            self._polled_ms = now_ms
            self._drawn = None
        self.page = min(self.page, max(0, len(card["pages"]) - 1))
        self._draw()
        return True

    def close(self):
        """Dark, and the card is gone."""
        self.card = None
        self._projector.dark()

    def choices(self):
        """The card's choices, if they can be chosen from now: on its last page."""
        if self.card is None or self.page < len(self.card["pages"]) - 1:
            return ()
        return self.card.get("choices", ())

    def next_choice(self):
        """Move the focus on."""
        choices = self.choices()
        if choices:
            self.focus = (self.focus + 1) % len(choices)
            self._lit_ms = self._dark_ms = 0
            self._draw()

    def poll(self, now_ms):
        """ "page" when a page was turned, "done" when the card was read or nobody came to read it; or None."""
        passed_ms = ticks_diff(now_ms, self._polled_ms)
        self._polled_ms = now_ms
        if self._projector.lit:
            self._lit_ms += passed_ms
            self._dark_ms = 0
        else:
            self._dark_ms += passed_ms
            if self._dark_ms >= PALM_MS:
                return "done"
        card = self.card
        if self._lit_ms < self._needed_ms(card):
            return None
        if self.page < len(card["pages"]) - 1:
            self.page += 1
            self._lit_ms = 0
            self._draw()
            return "page"
        if card["more"] and ticks_diff(now_ms, self._grown_ms) < GROWING_MS:
            return None
        return "done"

    def _needed_ms(self, card):
        pages = card["pages"]
        if not pages:
            return 0
        words = 0
        for line in pages[self.page]:
            words += len(line.split())
            # Scripts without spaces: three characters read like a word.
            words += len([c for c in line if ord(c) >= 0x2E80]) // 3
        needed_ms = PAGE_MS + words * 60000 // WORDS_A_MINUTE
        if self.page == len(pages) - 1:
            needed_ms += CHOICE_MS if card.get("choices") else LAST_MS
        return needed_ms

    def _draw(self):
        card = self.card
        lines = card["pages"][self.page] if card["pages"] else []
        labels = tuple([choice["label"] for choice in self.choices()])
        wanted = (lines, card.get("title"), labels, self.focus)
        if wanted != self._drawn:
            self._drawn = wanted
            self._projector.show(lines, title=card.get("title"), choices=labels, focus=self.focus)


def sentence(text, columns, lines, kind="error"):
    """A card that the pin makes itself, wrapped greedily; it has no number, so the relay hears nothing of it."""
    rows = [""]
    for word in text.split():
        if not rows[-1]:
            rows[-1] = word
        elif len(rows[-1]) + 1 + len(word) <= columns:
            rows[-1] += " " + word
        else:
            rows.append(word)
    pages = [rows[i : i + lines] for i in range(0, len(rows), lines)]
    return {"t": "card", "card": None, "rev": 0, "kind": kind, "pages": pages, "more": False}
