"""The lock on the palm: the time, how much of the code is there, and the code itself by hand or by button.

By hand a tilt and back is a move, or a fist; pushing the hand away begins the code anew. By button a tap
names the next kind of move and a double tap makes it.
"""

from pin import gestures, haptic, lock

HAND = {
    gestures.UP: lock.UP,
    gestures.DOWN: lock.DOWN,
    gestures.LEFT: lock.LEFT,
    gestures.RIGHT: lock.RIGHT,
    gestures.SELECT: lock.FIST,
}
TITLES = {lock.FIRST: "New code", lock.AGAIN: "Once more"}
MADE, OPEN_PLACE = "\u2022", "\u00b7"
CODE_IS_SET = "The code is set."


class LockScreen:
    """A room of the app. `show` puts it on the palm."""

    takes = ()

    def __init__(self, the_lock):
        self.lock = the_lock
        self._app = None
        self._acts = self._act  # one bound method: by it the card is known
        self._kind = None  # of the next move, by button
        self._seconds = 0  # of a wait, as shown

    def enter(self, app):
        self._app = app

    def message(self, message, now):
        pass

    def poll(self, now):
        """Counts a wait down."""
        if self.is_up() and self.lock.wait_s(now) != self._seconds:
            self.show(now)

    def is_up(self):
        card = self._app.reader.card
        return card is not None and card.get("act") is self._acts

    def lock_up(self):
        """Locks a pin that has a code, in the dark."""
        return self.lock.has_code and self.lock.do(lock.LOCK)

    def show(self, now):
        self._seconds = self.lock.wait_s(now)
        made = self.lock.entered
        places = MADE * made + OPEN_PLACE * (lock.MOVES - made)
        if self._seconds:
            lines = ["Wait %d s" % self._seconds]
        elif self._kind is not None:
            lines = [places, lock.KINDS[self._kind]]
        else:
            lines = [places]
        title = TITLES.get(self.lock.state) or self._app.menu.time_text() or "Locked"
        self._app.put(
            {
                "t": "card",
                "card": None,
                "rev": 0,
                "kind": "menu",
                "pages": [lines],
                "more": False,
                "title": title,
                "raw": True,
                "brief": True,
                "public": True,
                "view": "code",
                "act": self._acts,
            },
            now,
        )

    def lock_now(self, now):
        if self.lock.do(lock.LOCK):
            self.show(now)

    def new_code(self, now):
        if self.lock.do(lock.NEW):
            self.show(now)

    def clear(self):
        self.lock.do(lock.CLEAR)

    def _act(self, name, value):
        now = self._app.now
        if name == "tap":
            self._kind = 0 if self._kind is None else (self._kind + 1) % len(lock.KINDS)
        elif name == "double":
            if self._kind is not None:
                self._move(lock.KINDS[self._kind], now)
        elif name == "gesture":
            if value == gestures.HOME:
                self.lock.undo()
            elif value == gestures.SELECT or (value in HAND and self._app.steering.is_outward(value)):
                self._move(HAND[value], now)
        elif name == "dismissed":
            self._kind = None
            if self.lock.closed:
                self.lock.undo()
            else:
                self.lock.do(lock.CANCEL)
        if self.is_up():
            self.show(now)

    def _move(self, kind, now):
        play = self._app.parts.haptic.play
        event = self.lock.move(kind, now)
        if event == lock.WRONG_CODE or event == lock.OTHER:
            play(haptic.ERROR)
        else:
            play(haptic.MOVED if event is None else haptic.SELECTED)
        if event is not None:
            self._kind = None
        if event == lock.RIGHT_CODE:
            self._app.unlocked(now)
        elif event == lock.SAME:
            self._app.say(CODE_IS_SET, now)
