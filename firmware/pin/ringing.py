"""The room of alarms: rings, shows what rings, and tells the relay what became of it.

While something rings a tap is "later"; a double tap or a fist is "enough".
"""

from pin import gestures, signals
from pin.alarms import Alarms, countdown
from pin.clock import Deadline
from pin.link import UP
from pin.reading import TIMEOUT

REDRAW_MS = 1000  # the figures count seconds
TOLD_MS = 2000  # a message that went out on a link which lives so much longer has arrived


class Ringing:
    """A room of the app. `wall` is the clock, `haptic` plays."""

    takes = ("alarms",)

    def __init__(self, wall, haptic):
        self._wall = wall
        self._haptic = haptic
        self.alarms = Alarms(wall, self._buzz)
        self._app = None
        self._redraw = Deadline()
        self._told = Deadline()
        self._card = None  # of what rings

    @property
    def busy(self):
        """Whether something rings."""
        return self.alarms.ringing is not None

    def enter(self, app):
        self._app = app

    def message(self, message, now_ms):
        self.alarms.replace(message["alarms"])

    def poll(self, now_ms):
        alarms = self.alarms
        alarms.poll(now_ms)
        if alarms.changed:
            alarms.changed = False
            self._put_away(now_ms)
            if alarms.ringing is not None:
                self._card = self._drawn(now_ms)
                self._app.show(self._card, now_ms)
        elif alarms.ringing is not None and self._redraw.passed(now_ms):
            self._follow(now_ms)
        self._tell(now_ms)

    def _follow(self, now_ms):
        """The figures move on, where the card is up."""
        app, old = self._app, self._card
        self._card = self._drawn(now_ms)
        if app.reader.card is old:
            app.put(self._card, now_ms)
        elif old in app.waiting.cards:
            app.waiting.cards[app.waiting.cards.index(old)] = self._card

    def _drawn(self, now_ms):
        self._redraw.after(REDRAW_MS, now_ms)
        card = self.alarms.card()
        wall_ms = self._wall.now_ms()
        if wall_ms is not None:
            card["big"] = countdown(card.pop("ends_ms") - wall_ms)
        if self._app.lock.closed:
            card["pages"] = [[self.alarms.ringing["kind"]]]  # its label is for the wearer alone
        card["act"] = self._act
        return card

    def _act(self, name, value):
        """What the wearer does with the card."""
        if name == "double" or (name == "gesture" and value == gestures.SELECT):
            self.alarms.stop()
        elif name == "tap" or (name == "dismissed" and value != TIMEOUT):
            self.alarms.snooze()

    def _put_away(self, now_ms):
        card, self._card = self._card, None
        if card is None:
            return
        app = self._app
        if card in app.waiting.cards:
            app.waiting.cards.remove(card)
        if app.reader.card is card:
            app.reader.drop()
            app.rest(now_ms)

    def _tell(self, now_ms):
        link = self._app.link
        if link is None or link.state != UP:
            self._told.clear()
            return
        if self._told.set and not self._told.passed(now_ms):
            return
        if self._told.set:
            self._told.clear()
            self.alarms.event_sent()
        event = self.alarms.next_event()
        if event is not None:
            self._app.tell("alarm", **event)
            self._told.after(TOLD_MS, now_ms)

    def _buzz(self):
        self._haptic.play(signals.pattern("ring"))
