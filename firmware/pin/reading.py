"""A card on the palm: which page is up, for how long, and which choice is under the finger."""

from pin import log
from pin.clock import ticks_diff
from pin.projector import LINES

WORDS_A_MINUTE = 130  # palm and light slow a reader down from the 240 of paper
PAGE_MS = 900  # to find the first word of a page
LAST_MS = 4000  # the last page stays for a second look
CHOICE_MS = 30000  # a question to the wearer waits
PALM_MS = 30000  # how long a card waits for a palm
GROWING_MS = 20000  # an answer that stops growing for so long is over


class Reader:
    """Shows cards on a projector. `poll` while `card` is not None.

    What happens to a card that has a number is told by `tell("event", name=..., card=number, ...)`.
    """

    def __init__(self, projector, tell):
        self._projector = projector
        self._tell = tell
        self.card = None
        self.page = 0
        self.focus = 0
        self._drawn = None
        self._shown = None  # number of the last card whose light was told
        self._first_lit_ms = None
        projector.on_lit = self._lit

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
            self._dark_ms = self._lit_ms = 0  # since the last light, and on this page
            self._polled_ms = now_ms
            self._first_lit_ms = None
            self._drawn = None
            self._rows = 0
        # Room that the fullest page needs, or may need. It never shrinks: a reader must not lose the line.
        if card["more"]:
            self._rows = LINES
        elif len(card["pages"]) > 1:
            self._rows = max(self._rows, max([len(page) for page in card["pages"]]))
        self.page = min(self.page, max(0, len(card["pages"]) - 1))
        self._draw()
        return True

    def close(self):
        """Dark, and the card is dismissed."""
        if self.card is not None:
            self._event("dismissed")
            self._put_away()

    def choose(self):
        """Take the choice in focus; the card is gone. False if there was none."""
        choices = self.choices()
        if not choices:
            return False
        self._event("chosen", choice=choices[self.focus]["id"])
        self._put_away()
        return True

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
        """Turn the page when it was read. True once the card was: then it is closed."""
        passed_ms = ticks_diff(now_ms, self._polled_ms)
        self._polled_ms = now_ms
        if self._first_lit_ms is not None:
            self._tell_lit()
        if self._projector.lit:
            self._lit_ms += passed_ms
            self._dark_ms = 0
        else:
            self._dark_ms += passed_ms
        card = self.card
        if self._dark_ms < PALM_MS:
            if self._lit_ms < self._needed_ms(card):
                return False
            if self.page < len(card["pages"]) - 1:
                self.page += 1
                self._lit_ms = 0
                self._draw()
                self._event("page", page=self.page)
                return False
            if card["more"] and ticks_diff(now_ms, self._grown_ms) < GROWING_MS:
                return False
        self.close()
        return True

    def _lit(self, now_ms):
        self._first_lit_ms = now_ms  # from the scanner's callback, between any two lines: `poll` tells it

    def _tell_lit(self):
        number = self.card["card"]
        if number is not None and number != self._shown:
            self._shown = number
            self._event("shown", pin_ms=self._first_lit_ms)
        self._first_lit_ms = None

    def _event(self, name, **fields):
        if self.card["card"] is not None:
            self._tell("event", name=name, card=self.card["card"], **fields)

    def _put_away(self):
        self.card = None
        self._first_lit_ms = None
        self._projector.dark()

    def _needed_ms(self, card):
        pages = card["pages"]
        if not pages:
            return 0
        words = 0
        for line in pages[self.page]:
            words += len(line.split())
            # Scripts without spaces: three characters read like a word.
            words += len([c for c in line if ord(c) >= 0x2E80]) // 3
        needed_ms = max(PAGE_MS + words * 60000 // WORDS_A_MINUTE, self._projector.page_ms)
        if self.page == len(pages) - 1:
            needed_ms += CHOICE_MS if card.get("choices") else LAST_MS
        return needed_ms

    def _draw(self):
        card = self.card
        pages = card["pages"]
        lines = pages[self.page] if pages else []
        labels = tuple([choice["label"] for choice in self.choices()])
        wanted = (
            lines,
            card.get("title"),
            labels,
            self.focus,
            card["kind"],
            self._rows,
            self.page,
            len(pages),
        )
        if wanted != self._drawn:
            self._drawn = wanted
            if not self._projector.show(*wanted):
                log.warning("reading", "page refused: %s" % self._projector.reason)


def sentence(text, columns, lines, kind="error"):
    """A card of the pin's own, wrapped greedily; it has no number, so the relay hears nothing of it."""
    rows = [""]
    words = []
    for word in text.split():  # an address or a file longer than a line is broken, not lost
        words += [word[i : i + columns] for i in range(0, len(word), columns)]
    for word in words:
        if not rows[-1]:
            rows[-1] = word
        elif len(rows[-1]) + 1 + len(word) <= columns:
            rows[-1] += " " + word
        else:
            rows.append(word)
    pages = [rows[i : i + lines] for i in range(0, len(rows), lines)]
    return {"t": "card", "card": None, "rev": 0, "kind": kind, "pages": pages, "more": False}
