"""The pin: what a press, a message or a passing second does, by the state it is in.

Only this module knows all the others; it is the one loop in which they meet. What a question needs is in
`asking`, what is on the palm in `reading`. Everything else that a pin does (alarms, power, updates, the hand)
is a room of its own, which plugs in here:

    class Room:
        takes = ("alarms", "ring")           # types of the relay's messages that it gets
        def enter(self, app): ...            # once, before the first poll
        def message(self, message, now): ... # one of those
        def poll(self, now): ...             # every few ms; allocates nothing unless something happened

A room uses of the app: `tell` (a message to the relay), `show` (a card of the pin's own), `say` (a sentence),
`wake`, `machine.state`, `link`, `parts` and `guard`.
"""

import asyncio
from binascii import a2b_base64

from lapel_wire import WireError
from pin import button, log, states
from pin.asking import Asking
from pin.clock import Deadline, ticks_ms
from pin.link import UP
from pin.reading import Reader, sentence
from pin.states import ASLEEP, CONNECTING, FAULT, IDLE, LISTENING, OFFLINE, SHOWING, THINKING

TICK_MS = 5  # the button, the microphone and the light are looked at this often
SLEEP_MS = 1_800_000  # a kitchen timer set by voice must still be able to ring


class App:
    """`parts` is the hardware; with `fault`, a sentence, the pin only says that, and `link` may be None."""

    def __init__(self, parts, mic, link, fault="", rooms=()):
        self.machine = states.Machine()
        self.link = link
        self.parts = parts
        self.guard = parts.guard
        self.reader = Reader(parts.projector, self.tell)
        self.asking = Asking(self, mic)
        self._fault = fault
        self._rooms = rooms
        self._takers = {}
        for room in rooms:
            for t in room.takes:
                self._takers[t] = room
            room.enter(self)
        self._later = None  # a card that came while the wearer spoke
        self._sleep = Deadline()
        # Last: from here on a press starts the microphone.
        self.button = button.Button(parts.button, parts.button_edges, self._pressed)

    async def run(self):
        """Never ends."""
        link_task = None
        if self._fault:
            log.error("app", self._fault)
            self.machine.move(FAULT)
        else:
            self.machine.move(CONNECTING)
            self.wake()
            link_task = asyncio.create_task(self.link.run())
        try:
            while link_task is None or not link_task.done():
                self.step()
                await asyncio.sleep_ms(TICK_MS)
            await link_task  # raises what ended it
        finally:
            if link_task:
                link_task.cancel()
            self.asking.mic.cancel()
            self.parts.projector.dark()

    def step(self):
        """One look at everything. Allocates nothing unless something happened."""
        now = ticks_ms()
        event = self.button.event()
        while event is not None:
            self._on_button(event, now)
            event = self.button.event()
        if not self._fault:
            if self.asking.mic.running:
                self.asking.listen(self.button.timing.down, now)
            message = self.link.receive()
            while message is not None:
                self._on_message(message, now)
                message = self.link.receive()
            self._follow_link(now)
            self.asking.check_deadlines(now)
            self._check_sleep(now)
            for room in self._rooms:
                room.poll(now)
        if self.reader.card is not None and self.reader.poll(now) and self.machine.state == SHOWING:
            self.rest(now)
        # Only a card with choices makes a single tap wait for a second one.
        self.button.timing.doubles = bool(self.reader.choices())
        self.parts.projector.poll()

    # what rooms use

    def tell(self, t, **fields):
        """A message to the relay; it is lost without a link."""
        if self.link:
            self.link.send(t, **fields)

    def show(self, card, now):
        """A card onto the palm, or after the question that is being spoken."""
        if self.machine.state == LISTENING:
            self._later = card
        elif self.reader.show(card, now):
            self.wake()
            self.machine.move(SHOWING)

    def say(self, text, now):
        """Put a sentence of the pin's own on the palm, unless the wearer speaks."""
        state = self.machine.state
        if state == LISTENING and self.asking.mic.running:
            return
        display = self.parts.display
        self.reader.show(sentence(text, display["cols"], display["lines"]), now)
        waiting = state == THINKING and self.asking.question.number is not None
        if not waiting and state != OFFLINE and state != FAULT:
            self.machine.move(SHOWING)

    def wake(self):
        """Somebody uses the pin."""
        self._sleep.after(SLEEP_MS, ticks_ms())
        self.link.want(True)

    def rest(self, now):
        """To whatever is the case when nothing else is going on."""
        later, self._later = self._later, None
        if later is not None:
            self.machine.move(SHOWING)
            self._on_card(later, now)
        elif self.link.state == UP:
            self.machine.move(IDLE if self.asking.question.number is None else THINKING)
        else:
            lost = self.link.failures or self.asking.question.number is not None
            self.machine.move(OFFLINE if lost else CONNECTING)

    # the button

    def _pressed(self):
        if self.machine.state != FAULT:
            self.asking.record()

    def _on_button(self, event, now):
        self.guard.user_action()
        if self._fault:
            if event == button.PRESS:
                self.say(self._fault, now)
            return
        self.wake()
        if event == button.PRESS:
            self.link.retry()
            self.asking.press()
            if not self.reader.choices():
                self._interrupt()
                self.machine.move(LISTENING)
        elif event == button.HOLD:
            if self.machine.state != LISTENING:  # it began as a press on a card with choices
                self._interrupt()
                self.machine.move(LISTENING)
            self.asking.hold(now)
        elif event == button.TAP:
            self._tap(now)
        elif event == button.DOUBLE:
            self._choose(now)
        elif self.machine.state == LISTENING:
            at_ms = self.button.timing.changed_ms if event == button.RELEASE else now
            self.asking.release(event, at_ms, now)

    def _interrupt(self):
        """Whatever is on the palm or under way ends."""
        self.reader.close()
        self._later = None
        self.asking.interrupt()

    def _tap(self, now):
        self.asking.mic.cancel()
        if self.reader.choices():
            self.reader.next_choice()
        elif self.machine.state == LISTENING:
            self.rest(now)

    def _choose(self, now):
        self.asking.mic.cancel()
        if self.reader.choose():
            self.asking.chosen(now)

    # messages

    def _on_message(self, message, now):
        t = message["t"]
        if t in self._takers:
            self._takers[t].message(message, now)
        elif not self.asking.wanted(message):
            return
        elif t == "glyphs":
            self._learn(message["glyphs"])
        elif t == "card":
            self._on_card(message, now)
        elif t == "error":
            log.warning("app", "the relay says %s: %s" % (message["code"], message["text"]))
            self.asking.failed(message, now)
        elif t == "partial" or t == "final":  # not shown, the palm is for the answer
            self.asking.question.reached(now)
        else:
            log.debug("app", "%s: nobody here takes it" % t)

    def _on_card(self, card, now):
        self.asking.answered(card, now)
        self.show(card, now)

    def _learn(self, pushed):
        """Letters that the font lacks and the next card needs."""
        for glyph in pushed:
            try:
                self.parts.projector.font.push(glyph["code"], a2b_base64(glyph["strokes"]))
            except (WireError, ValueError) as error:
                log.warning("app", "glyph %d is left out: %s" % (glyph["code"], error))

    # the link

    def _follow_link(self, now):
        state = self.machine.state
        up = self.link.state == UP
        self.asking.mic.linked = up
        if up:
            if state in states.SEEKING:
                self.rest(now)
            elif state != LISTENING:
                self._ask_typed(now)
            self.asking.follow_link(now)
        elif state == IDLE:
            self.machine.move(CONNECTING)
        elif state == CONNECTING and self.link.failures:
            self.machine.move(OFFLINE)
        else:
            self.asking.follow_link(now)

    def _ask_typed(self, now):
        text = self.parts.typed()
        if text is not None:
            self.guard.user_action()
            self.wake()
            self._interrupt()
            self.asking.typed(text, now)

    def _check_sleep(self, now):
        resting = self.machine.state in states.RESTING
        if resting and self._sleep.passed(now) and self.asking.question.number is None:
            self.machine.move(ASLEEP)
            self.link.want(False)
            self.reader.close()
