"""One button: hold to ask, tap to wake, dismiss or go on, double tap to choose.

`Timing` is the arithmetic, without hardware; `Button` feeds it from a pin's interrupts.
"""

from collections import deque

from lapel_wire.audio import MAX_UTTERANCE_S
from pin.clock import Deadline, ticks_diff, ticks_ms

DEBOUNCE_MS = 15  # tactile switches bounce for up to 10 ms
HOLD_MS = 250  # fewer than 1 in 100 taps last longer; nobody says a word in less
DOUBLE_MS = 300  # from one tap's end to the next one's press
STUCK_MS = MAX_UTTERANCE_S * 1000  # no question is longer: something lies on the button
EDGES = 16  # bounces of a few presses, while the interpreter was busy

PRESS = "press"  # at the first edge
HOLD = "hold"  # still down after HOLD_MS
RELEASE = "release"  # the end of a hold
TAP = "tap"  # up again before HOLD_MS
DOUBLE = "double"  # the second of two quick taps
STUCK = "stuck"  # a hold that lasted too long; no RELEASE follows


class Timing:
    """Edges in, events out. All times are `ticks_ms`.

    With `doubles` a tap is told only when no second one can follow; without, at once.
    """

    def __init__(self):
        self.doubles = False
        self.down = False
        self.changed_ms = None  # last accepted edge
        self._held = False  # HOLD was told
        self._ended = False  # STUCK was told
        self._second = False  # this press follows a tap that was not told yet
        self._tap = Deadline()  # when that tap is told

    def update(self, down, now_ms):
        """The button's level at `now_ms`; call at each edge and at least every 20 ms. An event, or None.

        An edge counts at once and what follows within DEBOUNCE_MS is bounce: a press costs no delay.
        """
        if down != self.down and (
            self.changed_ms is None or ticks_diff(now_ms, self.changed_ms) >= DEBOUNCE_MS
        ):
            self.changed_ms = now_ms
            self.down = down
            return self._pressed(now_ms) if down else self._released(now_ms)
        return self._waited(now_ms)

    def _pressed(self, now_ms):
        self._second = self._tap.set and not self._tap.passed(now_ms)
        self._tap.clear()
        self._held = self._ended = False
        return PRESS

    def _released(self, now_ms):
        if self._ended:
            return None
        if self._held:
            return RELEASE
        if self._second:
            self._second = False
            return DOUBLE
        if self.doubles:
            self._tap.after(DOUBLE_MS, now_ms)
            return None
        return TAP

    def _waited(self, now_ms):
        if self._tap.passed(now_ms):
            self._tap.clear()
            return TAP
        if not self.down or self._ended:
            return None
        down_ms = ticks_diff(now_ms, self.changed_ms)
        if not self._held and down_ms >= HOLD_MS:
            self._held = True
            self._second = False
            return HOLD
        if self._held and down_ms >= STUCK_MS:
            self._ended = True
            return STUCK
        return None


class Button:
    """A button between a pin and ground.

    `on_press` is called from the interrupt at the first edge of a press, before any task runs: the microphone
    starts there. Everything else comes from `event()`.
    """

    def __init__(self, pin, irq_edges, on_press=None):
        self.timing = Timing()
        self._pin = pin
        self._on_press = on_press
        self._edges = deque((), EDGES)  # noqa: RUF037 - MicroPython asks for it
        self._edge_ms = None
        pin.irq(self._edge, irq_edges)

    def _edge(self, pin):
        now = ticks_ms()
        down = pin.value() == 0
        self._edges.append((down, now))
        still = self._edge_ms is None or ticks_diff(now, self._edge_ms) >= DEBOUNCE_MS
        self._edge_ms = now
        if down and still and self._on_press:
            self._on_press()

    def event(self):
        """The next event, or None. Call it until None, at least every 20 ms."""
        while self._edges:
            down, at_ms = self._edges.popleft()
            event = self.timing.update(down, at_ms)
            if event:
                return event
        # The level too: a bounce's last edge may have fallen into the debounce time.
        return self.timing.update(self._pin.value() == 0, ticks_ms())
