"""What hand and button do with what is on the palm, and with a dark pin.

| hand | button | on a card | in the dark |
|---|---|---|---|
| tilt | tap | focus | - |
| fist | double tap | takes the choice in focus | - |
| fist held long, then opened | the last stop of the focus | back | - |
| push away | - | home | - |
| swipe | tap, double tap | page, or what the card names | - |
| wrist roll | stops - and + | level | - |
| raised palm | double tap | - | what waits, or home |
"""

from pin import gestures, haptic
from pin.hand import RAISED
from pin.reading import STAYS, WEARER
from pin.states import LISTENING, SHOWING, THINKING

SWIPES = {gestures.NEXT: 1, gestures.PREVIOUS: -1}
TILTS = (gestures.UP, gestures.DOWN, gestures.LEFT, gestures.RIGHT)
POSITIVE = (gestures.UP, gestures.LEFT, gestures.LOUDER)  # tilts to detents above 0
ROLLS = {gestures.LOUDER: 1, gestures.SOFTER: -1}


class Pointer:
    """Tilt as a place: where the focus was when the card came, moved by the detents since then."""

    def __init__(self, hand_gestures):
        self._gestures = hand_gestures
        self._from = 0
        self._rest_x = self._rest_y = 0

    def begin(self, focus):
        """The hand is at `focus` as it is now; its way back to level will move nothing."""
        self._from = focus
        self._rest_x = self._gestures.step_x
        self._rest_y = self._gestures.step_y

    def place(self):
        """The place that the hand points at, maybe beyond the ends. The edge that comes nearer points."""
        x, y = self._gestures.step_x, self._gestures.step_y
        self._rest_x = _towards_level(self._rest_x, x)
        self._rest_y = _towards_level(self._rest_y, y)
        return self._from - (x - self._rest_x) - (y - self._rest_y)


def _towards_level(rest, step):
    if rest > 0:
        return max(0, min(rest, step))
    return min(0, max(rest, step))


class Steering:
    """`gesture`, `tap` and `double` act on the app's reader, menu and lock screen."""

    def __init__(self, app, hand):
        self._app = app
        self._gestures = getattr(hand, "gestures", None)
        self._pointer = Pointer(self._gestures)
        self._places = -1  # of the reader, when the pointer began
        self._fist = None  # the menu's trail before the fist that is closed now
        self._actions = {
            RAISED: self._raised,
            gestures.SELECT: self._select,
            gestures.BACK: self._back,
            gestures.HOME: self._home,
            gestures.GONE: self._gone,
        }
        for event in SWIPES:
            self._actions[event] = self._swipe
        for event in TILTS:
            self._actions[event] = self._tilt
        for event in ROLLS:
            self._actions[event] = self._roll

    def poll(self):
        """After anything that may have changed the card: what the hand's tilt means by now."""
        reader = self._app.reader
        if self._gestures is None:
            return
        self._gestures.volume = reader.level() is not None
        if reader.places != self._places:
            self._places = reader.places
            self._pointer.begin(reader.focus)

    # the hand

    def gesture(self, event, now):
        """One event of the hand."""
        app = self._app
        if app.machine.state == LISTENING or event not in self._actions:
            return
        card = app.reader.card
        if event not in (gestures.SELECT, gestures.BACK):
            self._fist = None
        if event not in (RAISED, gestures.GONE):
            if card is None and app.machine.state != THINKING:
                return  # a hand that moves before a dark pin says nothing
            app.guard.user_action()
            app.wake()
        undo = event == gestures.BACK and self._fist is not None
        if card is not None and card.get("raw") and event not in (RAISED, gestures.GONE) and not undo:
            card["act"]("gesture", event)
        else:
            self._actions[event](event, now)
        self.poll()

    def is_outward(self, event):
        """Whether a tilt or roll leads away from level, and is not the way back."""
        along = event in (gestures.UP, gestures.DOWN)
        step = self._gestures.step_x if along else self._gestures.step_y
        return step > 0 if event in POSITIVE else step < 0

    def _raised(self, event, now):
        self._app.guard.user_action()
        self._app.wake()
        self._app.parts.haptic.play(haptic.SHOWN)
        if self._app.reader.card is None:
            self._app.come(now)

    def _gone(self, event, now):
        pass  # the light went with the palm: the guard has seen to it

    def _tilt(self, event, now):
        reader = self._app.reader
        before = reader.focus
        reader.point(self._pointer.place())
        if reader.focus != before:
            self._app.parts.haptic.play(haptic.MOVED)

    def _roll(self, event, now):
        if self.is_outward(event) and self._app.reader.roll(ROLLS[event], now) is not None:
            self._app.parts.haptic.play(haptic.MOVED)

    def _select(self, event, now):
        menu = self._app.menu
        self._fist = menu.trail if menu.is_up() else None
        self._choose(now)

    def _back(self, event, now):
        """One step back. The fist that is opened now was a choice as well: that is taken back first."""
        app = self._app
        fist, self._fist = self._fist, None
        if fist is not None:
            app.leave(now)
            app.menu.trail = fist
            app.menu.previous(now)
        elif app.menu.is_up():
            app.menu.previous(now)
        elif app.reader.card is None:
            app.leave(now)
            app.menu.again(now)
        else:
            app.reader.back()
            if app.reader.card is None:
                app.menu.again(now)

    def _home(self, event, now):
        self._app.leave(now)
        self._app.menu.home(now)

    def _swipe(self, event, now):
        reader = self._app.reader
        if reader.card is None:
            return
        if self._app.menu.is_up():
            self._app.menu.swipe(SWIPES[event], now)
            return
        card = reader.card
        self._taken(reader.turn(SWIPES[event]), card, now)

    def arrived(self, card, now):
        """A card of the relay is up; a swipe on home may have asked for it."""
        step = self._app.menu.arrived(card)
        if step:
            self._taken(self._app.reader.turn(step), card, now)

    # the button

    def tap(self, now):
        """True if it did something with what is on the palm."""
        reader = self._app.reader
        if reader.card is None or not reader.taps():
            return False
        if reader.card.get("raw"):
            reader.card["act"]("tap", None)
        elif not reader.next_stop(now):
            reader.close(WEARER)
            self._app.rest(now)
        return True

    def double(self, now):
        """A double tap: take, or the page before, or, in the dark, what waits or home."""
        app = self._app
        card = app.reader.card
        if card is None:
            app.come(now)
        elif card.get("raw"):
            card["act"]("double", None)
        elif app.reader.choices() or app.reader.level() is not None:
            self._choose(now)
            if app.reader.card is None and app.machine.state == SHOWING:
                app.menu.again(now)
        else:
            app.reader.back()
            if app.reader.card is None:
                app.rest(now)

    # both

    def _choose(self, now):
        reader = self._app.reader
        card = reader.card
        if card is not None:
            self._taken(reader.choose(now), card, now)

    def _taken(self, choice, card, now):
        if choice is None:
            return
        self._app.parts.haptic.play(haptic.SELECTED)
        if card["card"] is not None and card["kind"] not in STAYS:
            self._app.asking.chosen(now)
