"""The pin: what a press, a message or a passing second does, by the state it is in.

Only this module knows all the others; it is the one loop in which they meet. What a question needs is in
`asking`, what is on the palm in `reading`. Everything else that a pin does (alarms, power, updates, the hand)
is a room of its own, which plugs in here:

    class Room:
        takes = ("alarms", "ring")           # types of the relay's messages that it gets
        def enter(self, app): ...            # once, before the first poll
        def message(self, message, now): ... # one of those
        def poll(self, now): ...             # every few ms; allocates nothing unless something happened

A room uses of the app: `tell` (a message to the relay), `show` (a card of the pin's own: `card` None, an
`alert` if nobody asked for it, `act` for what is done with it, see `reading`), `say` (a sentence), `wake`,
`sleep`, `machine.state`, `link`, `parts`, `guard`, `preferences` and `unix_ms`. It may set `battery_percent`,
`battery_low`, `memory_low`, `speaking`, `hand_rests`, and `power_off`, which is called with the time and does
not return.
"""

import asyncio
from binascii import a2b_base64

from lapel_wire import WireError
from pin import button, haptic, log, states
from pin.asking import Asking
from pin.card import sentence
from pin.clock import Deadline, ticks_diff, ticks_ms
from pin.link import UP
from pin.lock import Lock
from pin.lock_screen import LockScreen
from pin.menu import Menu
from pin.preferences import Preferences
from pin.reading import PRESS, WEARER, Reader
from pin.states import ASLEEP, CONNECTING, FAULT, IDLE, LISTENING, OFFLINE, SHOWING, THINKING
from pin.steering import Steering
from pin.waiting import Waiting

LOOK_AFTER_MS = 300  # the palm sensor's set-up stops the loop for 2 s: let the radio begin its search first
TICK_MS = 5  # the button, the microphone and the light are looked at this often


class App:
    """`parts` is the hardware; with `fault`, a sentence, the pin only says that, and `link` may be None."""

    def __init__(self, parts, mic, link, fault="", rooms=()):
        self.machine = states.Machine()
        self.link = link
        self.parts = parts
        self.guard = parts.guard
        self.preferences = Preferences()
        self.lock = Lock()
        self.menu = Menu()
        self.lock_screen = LockScreen(self.lock)
        self.waiting = Waiting()
        self.reader = Reader(parts.projector, self.tell, self.unix_ms)
        self.steering = Steering(self, parts.hand)
        self.asking = Asking(self, mic)
        self.now = ticks_ms()  # of this step
        self.battery_percent = None
        self.battery_low = False  # and not charging: no update begins
        self.memory_low = False  # no big work: letters of other scripts, updates
        self.speaking = False  # a spoken answer is there
        self.hand_rests = False  # to save power: a palm is looked for only when there is something to show it
        self.power_off = self._power_off
        self._fault = fault
        self._rooms = (self.menu, self.lock_screen) + tuple(rooms)
        self._takers = {}
        for room in self._rooms:
            for t in room.takes:
                self._takers[t] = room
            room.enter(self)
        self._look_from = Deadline()
        self._depth_told = 0  # failures of the depth sensor that the wearer felt
        self.preferences.on_change = self._preferred
        self._preferred("brightness")
        self.parts.depth_bus.is_busy = self._is_busy
        self._later = None  # a card that came while the wearer spoke
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
            self._look_from.after(LOOK_AFTER_MS, ticks_ms())
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
            self.preferences.save()
            self.parts.projector.dark()

    def step(self):
        """One look at everything. Allocates nothing unless something happened."""
        now = self.now = ticks_ms()
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
            for room in self._rooms:
                room.poll(now)
            self.preferences.poll(now)
        self._look(now)
        reader = self.reader
        if reader.card is not None:
            reader.poll(now)
        if reader.card is None and self.machine.state == SHOWING:
            self.rest(now)
        self.steering.poll()
        # Only where a double tap means something does a single one wait for it.
        self.button.timing.doubles = reader.taps() or (reader.card is None and not self._fault)
        self.parts.projector.poll()

    # what rooms use

    def tell(self, t, **fields):
        """A message to the relay; it is lost without a link."""
        if self.link:
            self.link.send(t, **fields)

    def show(self, card, now):
        """A card onto the palm, or to those that wait until it is free and somebody looks."""
        state, alert = self.machine.state, card.get("alert")
        up = self.reader.card
        if alert == "normal" or alert == "urgent":
            self.parts.haptic.play(haptic.URGENT if alert == "urgent" else haptic.ALERT)
        if up is not None and card["card"] is not None and up["card"] == card["card"]:
            self.put(card, now)
        elif self.lock.closed and not card.get("public"):
            self.waiting.add(card)
        elif alert:
            busy = up is not None and up.get("choices")
            if alert == "urgent" and not busy and (state in states.RESTING or state == SHOWING):
                self.put(card, now)
            else:
                self.waiting.add(card)
        elif state == LISTENING:
            self._later = card
        else:
            self.put(card, now)

    def put(self, card, now):
        """A card onto the palm at once."""
        if self.reader.show(card, now):
            self.reader.stay()
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
        """Somebody uses the pin, or its power says that it should be reachable."""
        self.link.want(True)

    def sleep(self):
        """Its power says that nobody uses it: no link, nothing on the palm, locked."""
        self.machine.move(ASLEEP)
        self.link.want(False)
        self.lock_screen.lock_up()
        self.reader.close()

    def rest(self, now):
        """To whatever is the case when nothing else is going on."""
        self.menu.forget()
        later, self._later = self._later, None
        if later is None and self.waiting.is_urgent() and not self.lock.closed:
            later = self.waiting.take()
        if later is not None:
            self.machine.move(SHOWING)
            self.put(later, now)
        elif self.link.state == UP:
            self.machine.move(IDLE if self.asking.question.number is None else THINKING)
        else:
            lost = self.link.failures or self.asking.question.number is not None
            self.machine.move(OFFLINE if lost else CONNECTING)

    def unix_ms(self):
        """The relay's clock, or None before it told it. Allocates."""
        if self.link is None or self.link.unix_ms is None:
            return None
        return self.link.unix_ms + ticks_diff(ticks_ms(), self.link.unix_at)

    # what hand and button use

    def come(self, now):
        """A raised palm or a double tap on a dark pin: the lock, what waits, or home."""
        if self.lock.closed:
            self.lock_screen.show(now)
            return
        card = self.waiting.take()
        if card is not None:
            self.put(card, now)
        elif self.machine.state != THINKING:
            self.menu.home(now)

    def leave(self, now):
        """Nobody looks at this card, or waits for what was asked of the relay, any more."""
        if not self.menu.is_up():
            self.reader.close(WEARER)
        if self.machine.state == THINKING:
            if self.asking.question.number is None:
                self.menu.decline(now)
            self.asking.drop(True)

    def unlocked(self, now):
        """The code was right."""
        self.reader.drop()
        self.asking.unlocked(now)
        if self.asking.question.number is None:
            self.come(now)
        else:
            self.machine.move(THINKING)

    def _power_off(self, now):
        self.preferences.save()
        self.parts.power_off()

    def _preferred(self, name):
        if name == "brightness":
            self.parts.dim(self.preferences.levels[name])

    # the hand

    def _is_busy(self):
        # A button that is stuck is nobody's.
        return self.asking.mic.running or self.machine.state == LISTENING

    def _look(self, now):
        """A frame of the palm sensor, if there is one: never while the wearer speaks."""
        state, hand = self.machine.state, self.parts.hand
        if self._look_from.set:
            if not self._look_from.passed(now):
                return
            self._look_from.clear()
        if state == ASLEEP or (self.hand_rests and self.reader.card is None and not self.waiting.cards):
            hand.rest()
        elif state != LISTENING:
            needed = self.reader.card is not None or state == THINKING or bool(self.waiting.cards)
            event = hand.poll(now, needed)
            if event is not None and not self._fault:
                self.steering.gesture(event, now)
            if hand.failures != self._depth_told:
                if not self._depth_told:  # once: it may fail again every minute
                    self.parts.haptic.play(haptic.ERROR)
                self._depth_told = hand.failures

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
            if not self.reader.taps():
                self._interrupt()
                self.machine.move(LISTENING)
        elif event == button.HOLD:
            if self.machine.state != LISTENING:  # it began as a press on a card that takes taps
                self._interrupt()
                self.machine.move(LISTENING)
            self.asking.hold(now)
        elif event == button.TAP or event == button.DOUBLE:
            self.asking.mic.cancel()
            if event == button.DOUBLE:
                self.steering.double(now)
            elif not self.steering.tap(now) and self.waiting.cards:
                self.come(now)
            if self.machine.state == LISTENING:
                self.rest(now)
        elif self.machine.state == LISTENING:
            at_ms = self.button.timing.changed_ms if event == button.RELEASE else now
            self.asking.release(event, at_ms, now)

    def _interrupt(self):
        """Whatever is on the palm or under way ends."""
        self.reader.close(PRESS)
        self.menu.forget()
        self._later = None
        self.asking.interrupt()

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
        if not card.get("alert"):
            if card.get("utt") is None and self.menu.is_declined(now):
                self.tell("event", name="dismissed", card=card["card"], by=WEARER)
                return
            self.asking.answered(card, now)
        self.show(card, now)
        if self.reader.card is card:
            self.steering.arrived(card, now)

    def _learn(self, pushed):
        """Letters that the font lacks and the next card needs."""
        if self.memory_low:
            log.warning("app", "%d glyphs are left out: memory is low" % len(pushed))
            return
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
            elif state != LISTENING and not self.lock.closed:
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
