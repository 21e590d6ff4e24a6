"""Cards that nobody asked for, until a palm or a tap comes for them: urgent ones first, then the oldest."""

from pin import log

MOST = 8  # a wearer who was away reads the newest; the relay's list has all
ORDER = ("urgent", "normal", "quiet")


class Waiting:
    """`cards` in the order in which they are taken."""

    def __init__(self):
        self.cards = []
        self.lost = 0

    def add(self, card):
        """Queue a card, or the newer revision of one that waits."""
        number = card["card"]
        for i in range(len(self.cards)):
            if number is not None and self.cards[i]["card"] == number:
                if card["rev"] > self.cards[i]["rev"]:
                    self.cards[i] = card
                return
        at = len(self.cards)
        while at and _rank(card) < _rank(self.cards[at - 1]):
            at -= 1
        self.cards.insert(at, card)
        if len(self.cards) > MOST:
            self.lost += 1
            self.cards.remove(self._least())
            log.warning("app", "%d cards that waited were dropped" % self.lost)

    def is_urgent(self):
        return bool(self.cards) and self.cards[0].get("alert") == "urgent"

    def take(self):
        """The next card, or None."""
        return self.cards.pop(0) if self.cards else None

    def _least(self):
        last = _rank(self.cards[-1])
        for card in self.cards:  # the oldest of the least urgent
            if _rank(card) == last:
                return card
        return None


def _rank(card):
    alert = card.get("alert", "normal")
    return ORDER.index(alert)
