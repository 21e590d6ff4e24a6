"""How long a card stays on the palm: to be read, to be answered, or until a countdown is over."""

from pin.card import PAGE_MS, reading_ms
from pin.clock import ticks_add, ticks_diff

LAST_MS = 4000  # the last page stays for a second look
CHOICE_MS = 30000  # a question to the wearer waits
COUNT_MS = 86_400_000  # a countdown of more than a day is not one


def needed_ms(card, page, page_ms, counts):
    """How long this page of a card has to be lit, when it takes `page_ms` to draw it; `counts`: down, now."""
    pages = card["pages"]
    waits = card.get("choices") or card.get("level") is not None or counts or card.get("raw")
    read_ms = reading_ms(pages[page] if pages else ())
    if not read_ms and not waits:
        return LAST_MS if card.get("big") else 0
    if page >= len(pages) - 1:
        return max(read_ms or PAGE_MS, page_ms) + (CHOICE_MS if waits else LAST_MS)
    return max(read_ms or PAGE_MS, page_ms)


class Countdown:
    """To a moment of the relay's clock, by the pin's: `seconds` are left, None while nothing is counted."""

    def __init__(self, unix_ms):
        self._unix_ms = unix_ms
        self._ends_at = None  # in ticks
        self.seconds = None

    def begin(self, ends_ms, now_ms):
        """`ends_ms` may be None: nothing is counted, nor while the relay's clock is unknown."""
        self.stop()
        unix_ms = self._unix_ms() if ends_ms is not None and self._unix_ms else None
        if unix_ms is not None and ends_ms - unix_ms < COUNT_MS:
            self._ends_at = ticks_add(now_ms, max(0, ends_ms - unix_ms))
            self.tick(now_ms)

    def tick(self, now_ms):
        """Whether another second is shown now."""
        if self._ends_at is None:
            return False
        before, self.seconds = self.seconds, max(0, ticks_diff(self._ends_at, now_ms) + 999) // 1000
        return self.seconds != before

    def stop(self):
        self._ends_at = self.seconds = None
