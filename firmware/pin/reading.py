"""A card on the palm: which page is up, for how long, and what can be done with it.

Hand and button ask for the same few things here: `point` and `next_stop` move the focus, then there are
`choose`, `back`, `turn` and `roll`. What came of it is told: to the relay for a card that has a number, else
to the card's own `act`.
"""

from pin import log
from pin.card import countdown, first_focus, is_same
from pin.clock import ticks_diff
from pin.projector import LINES
from pin.staying import Countdown, needed_ms

PALM_MS = 30000  # how long a card waits for a palm
BRIEF_MS = 1500  # how long one does that was looked at and can be had again at any time, like a menu
GROWING_MS = 20000  # an answer that stops growing for so long is over
LEVEL_MS = 1500  # a level that was turned is shown for so long
LEVEL_STEP = 10  # percent, for each detent of the wrist

WEARER, PRESS, TIMEOUT = "wearer", "press", "timeout"  # who puts a card away

# Stops of the focus after the choices, for a button: it has no wrist to roll and no fist to open again.
SOFTER, LOUDER, BACK = "-", "+", "\u2190"
STAYS = ("player",)  # kinds that stay when something was chosen: the next revision shows what came of it


class Reader:
    """Shows cards on a projector. `poll` while `card` is not None.

    What happens to a card that has a number is told by `tell("event", name=..., card=number, ...)`. One of
    the pin's own has `act(name, value)` instead: "chosen" with the choice's id, "level" with the percentage,
    "dismissed" with who did it. One that is `raw` gets "tap", "double" and "gesture" instead of being
    steered, one that is `brief` need not wait for a hand that was there; `view` names what it shows.
    `unix_ms()` is the relay's clock, or None while that is unknown.
    """

    def __init__(self, projector, tell, unix_ms=None):
        self._projector = projector
        self._tell = tell
        self._countdown = Countdown(unix_ms)
        self.card = None
        self.page = 0
        self.focus = 0
        self.was_lit = False  # this card, or the last one
        self.places = 0  # how often the focus was put somewhere else than by pointing
        self._drawn = None
        self._shown = None  # number of the last card whose light was told
        self._first_lit_ms = None
        self._level_ms = None  # since when a level is shown
        projector.on_lit = self._lit

    def show(self, card, now_ms):
        """Put `card` up. A new revision of the card that is up replaces it and keeps its page and focus.

        Returns False for a revision that is not newer than the one that is up.
        """
        old = self.card
        same = old is not None and is_same(old, card)
        if same and card["card"] is not None and card["rev"] <= old["rev"]:
            return False
        self.card = card
        self._grown_ms = now_ms
        if not same:
            self.page = 0
            self._dark_ms = self._lit_ms = 0  # since the last light, and on this page
            self._polled_ms = now_ms
            self._first_lit_ms = self._level_ms = None
            self.was_lit = False
            self._drawn = None
            self._rows = 0
        # Room that the fullest page needs, or may need. It never shrinks: a reader must not lose the line.
        if card["more"]:
            self._rows = LINES
        elif len(card["pages"]) > 1:
            self._rows = max(self._rows, max([len(page) for page in card["pages"]]))
        self.page = min(self.page, max(0, len(card["pages"]) - 1))
        if not same:
            self.places += 1
            self.focus = first_focus(card)
        else:
            self.focus = min(self.focus, max(0, len(self._stops()) - 1))
        self._countdown.begin(card.get("ends_ms"), now_ms)
        self._draw()
        return True

    def close(self, by=WEARER):
        """Dark, and the card is dismissed."""
        card = self.card
        if card is not None:
            self._put_away()
            self._say(card, "dismissed", by, by=by)

    def drop(self):
        """Dark, and nobody is told: something else takes its place."""
        if self.card is not None:
            self._put_away()

    def stay(self):
        """It was used: its time begins anew."""
        self._lit_ms = self._dark_ms = 0

    # what hand and button can do

    def choices(self):
        """The card's choices, if they can be chosen from now: on its last page."""
        if self.card is None or self.page < len(self.card["pages"]) - 1:
            return ()
        return self.card.get("choices", ())

    def taps(self):
        """Whether a tap does something within this card, so that a press does not end it."""
        card = self.card
        if card is None:
            return False
        return bool(len(card["pages"]) > 1 or card.get("raw") or card.get("choices") or "level" in card)

    def level(self):
        """What rolling the wrist turns, in percent, or None."""
        return None if self.card is None else self.card.get("level")

    def point(self, choice):
        """The hand tilts towards a choice; beyond the ends is the end."""
        choices = self.choices()
        if choices:
            self._focus_on(max(0, min(len(choices) - 1, choice)))

    def next_stop(self, now_ms):
        """A tap: the focus moves on, through what only a hand could do otherwise; or the page turns.

        False if there was nothing left to do but to put the card away.
        """
        stops = self._stops()
        if stops:
            self.places += 1
            self._focus_on((self.focus + 1) % len(stops))
            return True
        return self._turn_page(1)

    def choose(self, now_ms):
        """Take what is in focus. The choice's id, or None; `card` is None if that put the card away."""
        stops = self._stops()
        if not stops:
            return None
        stop = stops[self.focus]
        if stop == BACK:
            self.back()
        elif stop in (SOFTER, LOUDER):
            self.roll(-1 if stop == SOFTER else 1, now_ms)
        else:
            return self._take(stop)
        return None

    def back(self):
        """An earlier page of the card, or the card is put away."""
        if not self._turn_page(-1):
            self.close()

    def turn(self, step):
        """A swipe: the choice that the card has for it, else a page. Returns the choice's id, or None."""
        card = self.card
        swipe = card.get("swipe", {})
        choice = swipe.get("next" if step > 0 else "previous")
        if choice is not None:
            return self._take(choice)
        if not swipe:
            self._turn_page(step)
        return None

    def roll(self, steps, now_ms):
        """The wrist turns the card's level. Returns it, or None if it has none."""
        level = self.level()
        if level is None:
            return None
        level = self.card["level"] = max(0, min(100, level + steps * LEVEL_STEP))
        self._level_ms = now_ms
        self.stay()
        self._draw()
        self._say(self.card, "level", level, level=level)
        return level

    def _take(self, choice):
        card = self.card
        if card["kind"] in STAYS:
            self.stay()
        else:
            self._put_away()
        self._say(card, "chosen", choice, choice=choice)
        return choice

    def _stops(self):
        """Where a button can move the focus to."""
        choices = self.choices()
        stops = [choice["id"] for choice in choices]
        if self.card is not None and self.card.get("level") is not None:
            stops += [SOFTER, LOUDER]
        if stops:
            stops.append(BACK)
        return stops

    def _focus_on(self, stop):
        if stop != self.focus:
            self.focus = stop
            self._level_ms = None
            self.stay()
            self._draw()

    def _turn_page(self, step):
        if self.card is None or not 0 <= self.page + step < len(self.card["pages"]):
            return False
        page = self.page = self.page + step
        self.places += 1
        self.focus = first_focus(self.card)
        self.stay()
        self._draw()
        self._say(self.card, "page", page, page=page)
        return True

    # time

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
        self._tick(now_ms)
        patience_ms = BRIEF_MS if self.was_lit and card.get("brief") else PALM_MS
        if self._dark_ms < patience_ms:
            counts = self._countdown.seconds is not None
            if self._lit_ms < needed_ms(card, self.page, self._projector.page_ms, counts):
                return False
            if self.page < len(card["pages"]) - 1:
                self._turn_page(1)
                return False
            if card["more"] and ticks_diff(now_ms, self._grown_ms) < GROWING_MS:
                return False
        self.close(TIMEOUT)
        return True

    def _tick(self, now_ms):
        """What changes on the palm by itself: a countdown, once a second, and a level that was turned."""
        if self._level_ms is not None and ticks_diff(now_ms, self._level_ms) >= LEVEL_MS:
            self._level_ms = None
            self._draw()
        if self._countdown.tick(now_ms):
            self._draw()

    def _lit(self, now_ms):
        self._first_lit_ms = now_ms  # from the scanner's callback, between any two lines: `poll` tells it

    def _tell_lit(self):
        number = self.card["card"]
        self.was_lit = True
        if number is not None and number != self._shown:
            self._shown = number
            self._tell("event", name="shown", card=number, pin_ms=self._first_lit_ms)
        self._first_lit_ms = None

    def _say(self, card, name, value, **fields):
        if card["card"] is not None:
            self._tell("event", name=name, card=card["card"], **fields)
        elif "act" in card:
            card["act"](name, value)

    def _put_away(self):
        self.card = None
        self._first_lit_ms = None
        self._countdown.stop()
        self._projector.dark()

    def _draw(self):
        card, rows = self.card, self._rows
        pages = card["pages"]
        lines = pages[self.page] if pages else []
        labels = tuple([choice["label"] for choice in self.choices()])
        focus, stops = self.focus, self._stops()
        if focus >= len(labels) and focus < len(stops):
            labels, focus = (stops[focus],), 0  # a stop of the button alone takes the place of the choices
        big = self._big()
        if big is not None:
            lines, rows = [big], 0
        wanted = (lines, card.get("title"), labels, focus, card["kind"], rows, self.page, len(pages))
        if wanted != self._drawn:
            self._drawn = wanted
            if not self._projector.show(*wanted):
                log.warning("reading", "page refused: %s" % self._projector.reason)

    def _big(self):
        """What is drawn in large figures in place of the lines, or None."""
        if self._level_ms is not None:
            return "%d %%" % self.card["level"]
        if self._countdown.seconds is not None:
            return countdown(self._countdown.seconds)
        return self.card.get("big")
