"""The app on parts that are none: the test moves the clock, hand and button, and speaks for the relay.

Runs on CPython and on MicroPython. Files are a dict: nothing is written.
"""

from pin import app as app_module
from pin import button, gestures, keep
from pin.app import App
from pin.link import UP

OUTWARD = {
    gestures.UP: (1, 0),
    gestures.DOWN: (-1, 0),
    gestures.LEFT: (0, 1),
    gestures.RIGHT: (0, -1),
    gestures.LOUDER: (0, 1),
    gestures.SOFTER: (0, -1),
}


class Clock:
    now = 0


clock = Clock()
files = {}


def _clock_ms():
    return clock.now


class FakeProjector:
    page_ms = 0
    reason = ""
    lit = True

    def __init__(self):
        self.page = None
        self.on_lit = None
        self.pages = 0

    def show(self, lines, title, choices, focus, kind, rows, page, pages):
        self.page = {
            "lines": list(lines),
            "title": title,
            "choices": list(choices),
            "focus": focus,
            "kind": kind,
        }
        self.pages += 1
        if self.lit and self.on_lit:
            self.on_lit(clock.now)
        return True

    def dark(self):
        self.page = None

    def poll(self):
        return self.lit


class FakeHand:
    failures = 0

    def __init__(self):
        self.events = []
        self.gestures = self
        self.tracker = self
        self.step_x = self.step_y = 0
        self.volume = False
        self.rested = False

    def poll(self, now, needed):
        self.needed = needed
        return self.events.pop(0) if self.events else None

    def rest(self):
        self.rested = True


class FakeGuard:
    actions = 0

    def user_action(self):
        self.actions += 1


class FakeHaptic:
    def __init__(self):
        self.played = []

    def play(self, pattern):
        self.played.append(pattern)

    def rest(self):
        pass


class FakePin:
    level = 1

    def value(self):
        return self.level

    def irq(self, handler, trigger):
        self.handler = handler


class FakeBus:
    is_busy = None


class FakeParts:
    wifi = None

    def __init__(self):
        self.projector = FakeProjector()
        self.hand = FakeHand()
        self.haptic = FakeHaptic()
        self.guard = FakeGuard()
        self.button = FakePin()
        self.button_edges = 3
        self.depth_bus = FakeBus()
        self.display = {"kind": "vector", "cols": 12, "lines": 3}
        self.dimmed = None
        self.off = False
        self.questions = []

    def dim(self, percent):
        self.dimmed = percent

    def power_off(self):
        self.off = True

    def typed(self):
        return self.questions.pop(0) if self.questions else None


class FakeMic:
    failed = ""
    utterance = None
    linked = False

    def __init__(self):
        self.running = False

    def start(self, utterance):
        self.running = True
        self.utterance = utterance

    def cancel(self):
        self.running = False

    def stop(self, at_ms):
        self.running = False

    def poll(self):
        pass


class FakeLink:
    failures = 0
    refusal = ""
    unix_ms = 1_700_000_000_000 // 60_000 * 60_000
    unix_at = 0

    def __init__(self):
        self.state = UP
        self.inbox = []
        self.sent = []
        self.delivering = None

    def send(self, t, **fields):
        self.sent.append((t, fields))

    def receive(self):
        return self.inbox.pop(0) if self.inbox else None

    def want(self, wanted=True):
        self.wanted = wanted

    def retry(self):
        pass

    def deliver(self, utterance):
        self.delivering = utterance

    def delivered(self):
        return False

    def forget(self, cancel=False):
        self.delivering = None


class Pin:
    """`app` and what can be done to it. Each doing ends with a step of the app."""

    def __init__(self, kept=None, rooms=(), parts=None):
        files.clear()
        files.update(kept or {})
        clock.now = 0
        for module in (app_module, button):
            module.ticks_ms = _clock_ms
        keep.load = lambda path, default: files.get(path, default)
        keep.save = files.__setitem__
        self.parts = parts or FakeParts()
        self.link = FakeLink()
        self.app = App(self.parts, FakeMic(), self.link, "", rooms)
        self.link.unix_at = 0
        self.app.machine.move("connecting")
        self.app.wake()
        self.wait(10)

    # time

    def wait(self, ms=5):
        for _ in range(0, ms, 5):
            clock.now += 5
            self.app.step()

    # what comes

    def say(self, t, **fields):
        fields["t"] = t
        self.link.inbox.append(fields)
        self.wait()

    def card(self, number, pages=(("Hello",),), **fields):
        made = {"card": number, "rev": 0, "kind": "answer", "more": False}
        made["pages"] = [list(page) for page in pages]
        made.update(fields)
        self.say("card", **made)

    def gesture(self, event):
        """One event; a tilt or roll is a step outward."""
        if event in OUTWARD:
            x, y = OUTWARD[event]
            hand = self.parts.hand
            hand.step_x += x
            hand.step_y += y
        self.parts.hand.events.append(event)
        self.wait()

    def level(self):
        """The hand goes back to level, with the events of the way back."""
        hand = self.parts.hand
        while hand.step_x:
            self.gesture(gestures.DOWN if hand.step_x > 0 else gestures.UP)
        while hand.step_y:
            if hand.volume:
                self.gesture(gestures.SOFTER if hand.step_y > 0 else gestures.LOUDER)
            else:
                self.gesture(gestures.RIGHT if hand.step_y > 0 else gestures.LEFT)

    def choose(self, place):
        """Tilt to the choice at this place, close the fist, and hold the hand level again: one move."""
        while self.app.reader.focus < place:
            self.gesture(gestures.RIGHT)
        while self.app.reader.focus > place:
            self.gesture(gestures.LEFT)
        self.wait(400)  # a person sees it
        self.gesture(gestures.SELECT)
        self.level()

    def back(self):
        """A fist that is held long and opened: a choice at first, then a step back."""
        self.gesture(gestures.SELECT)
        self.wait(700)
        self.gesture(gestures.BACK)

    def press(self):
        self.parts.button.level = 0
        self.parts.button.handler(self.parts.button)
        self.wait(20)

    def release(self):
        self.parts.button.level = 1
        self.parts.button.handler(self.parts.button)
        self.wait(20)

    def tap(self):
        self.press()
        self.release()
        self.wait(button.DOUBLE_MS + 20)

    def double(self):
        for _ in range(2):
            self.press()
            self.release()
        self.wait(20)

    def hold(self, ms=600):
        self.press()
        self.wait(ms)
        self.release()

    # what is seen

    @property
    def page(self):
        """What is drawn: lines, title, choices, focus, kind; None in the dark."""
        return self.parts.projector.page

    @property
    def state(self):
        return self.app.machine.state

    @property
    def view(self):
        card = self.app.reader.card
        return None if card is None else card.get("view")

    def sent(self, t="event"):
        return [fields for name, fields in self.link.sent if name == t]
