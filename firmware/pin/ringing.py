"""The room of alarms: rings, shows what rings, and tells the relay what became of it."""

from pin import signals
from pin.alarms import Alarms, countdown
from pin.clock import Deadline
from pin.link import UP

REDRAW_MS = 1000  # the figures count seconds
TOLD_MS = 2000  # a message that went out on a link which lives so much longer has arrived


class Ringing:
    """A room of the app. `wall` is the clock, `haptic` plays.

    While something rings, `tapped` and `doubled` (also for a fist) take the wearer's answer.
    """

    takes = ("alarms",)

    def __init__(self, wall, haptic):
        self._wall = wall
        self._haptic = haptic
        self.alarms = Alarms(wall, self._buzz)
        self._app = None
        self._redraw = Deadline()
        self._told = Deadline()
        self._card = None  # of what rings, as the reader has it
        self._rev = 0

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
            if alarms.ringing is None:
                self._put_away(now_ms)
            else:
                self._rev = 0
                self._show(now_ms)
        elif alarms.ringing is not None and self._redraw.passed(now_ms):
            self._show(now_ms)
        self._tell(now_ms)

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

    def tapped(self, now_ms):
        """A tap: later. Whether it was meant for this room."""
        if not self.busy:
            return False
        self.alarms.snooze()
        return True

    def doubled(self, now_ms):
        """A double tap or a fist: enough. Whether it was meant for this room."""
        if not self.busy:
            return False
        self.alarms.stop()
        return True

    def _show(self, now_ms):
        card = self.alarms.card()
        wall_ms = self._wall.now_ms()
        if wall_ms is not None:
            card["big"] = countdown(card["ends_ms"] - wall_ms)
        card["rev"] = self._rev
        self._rev += 1
        self._card = card
        self._redraw.after(REDRAW_MS, now_ms)
        self._app.show(card, now_ms)

    def _put_away(self, now_ms):
        if self._card is not None and self._app.reader.card is self._card:
            self._app.reader.close()
            self._app.rest(now_ms)
        self._card = None

    def _buzz(self):
        self._haptic.play(signals.pattern("ring"))
