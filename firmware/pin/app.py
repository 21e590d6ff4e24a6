"""The pin: what a press, a message or a passing second does, by the state it is in.

Only this module knows all the others; it is the one loop in which they meet.
"""

import asyncio
import os
from binascii import a2b_base64

from lapel_wire import WireError
from pin import button, log, question, states
from pin.clock import Deadline, ticks_ms
from pin.link import UP
from pin.reading import Reader, sentence
from pin.states import ASLEEP, CONNECTING, FAULT, IDLE, LISTENING, OFFLINE, SHOWING, THINKING
from pin.utterance import Utterance

TICK_MS = 5  # the button, the microphone and the light are looked at this often
SLEEP_MS = 1_800_000  # a kitchen timer set by voice must still be able to ring
NUMBER_BITS = 29  # utterances start at random, so that no boot repeats the numbers of the last one


class App:
    """`parts` is the hardware; with `fault`, a sentence, the pin only says that, and `link` may be None."""

    def __init__(self, parts, mic, link, fault=""):
        self.machine = states.Machine()
        self.link = link
        self.mic = mic
        self.reader = Reader(parts.projector, link.send if link else None)
        self.question = question.Question()
        self._parts = parts
        self._fault = fault
        self._recording = Utterance()  # what the microphone writes to
        self._asked = Utterance()  # what waits for its answer
        self._number = int.from_bytes(os.urandom(4), "big") >> (32 - NUMBER_BITS)
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
            self._wake()
            link_task = asyncio.create_task(self.link.run())
        try:
            while link_task is None or not link_task.done():
                self.step()
                await asyncio.sleep_ms(TICK_MS)
            await link_task  # raises what ended it
        finally:
            if link_task:
                link_task.cancel()
            self.mic.cancel()
            self._parts.projector.dark()

    def step(self):
        """One look at everything. Allocates nothing unless something happened."""
        now = ticks_ms()
        event = self.button.event()
        while event is not None:
            self._on_button(event, now)
            event = self.button.event()
        if not self._fault:
            if self.mic.running:
                self._listen(now)
            message = self.link.receive()
            while message is not None:
                self._on_message(message, now)
                message = self.link.receive()
            self._follow_link(now)
            self._check_deadlines(now)
        if self.reader.card is not None and self.reader.poll(now) and self.machine.state == SHOWING:
            self._rest(now)
        # Only a card with choices makes a single tap wait for a second one.
        self.button.timing.doubles = bool(self.reader.choices())
        self._parts.projector.poll()

    # the button

    def _pressed(self):
        # In the interrupt: the first word must not wait for the loop.
        if self.machine.state != FAULT and not self.mic.running:
            self._record()

    def _record(self):
        self._number += 1
        self._recording.begin(self._number)
        self.mic.start(self._recording)

    def _on_button(self, event, now):
        self._parts.guard.user_action()
        if self._fault:
            if event == button.PRESS:
                self._say(self._fault, now)
            return
        self._wake()
        if event == button.PRESS:
            self.link.retry()
            if self.mic.running and self.mic.utterance is not self._recording:
                self.mic.cancel()  # the tail of the last question
            if not self.mic.running:  # the interrupt found the last one still running
                self._record()
            if not self.reader.choices():
                self._interrupt()
                self.machine.move(LISTENING)
        elif event == button.HOLD:
            self._hold(now)
        elif event == button.TAP:
            self._tap(now)
        elif event == button.DOUBLE:
            self._choose(now)
        elif self.machine.state == LISTENING:
            self._release(event, now)

    def _interrupt(self):
        """Whatever is on the palm or under way ends; a question that could not leave yet stays."""
        self.reader.close()
        self._later = None
        if self.link.state == UP:
            self._drop_question(True)

    def _hold(self, now):
        if self.machine.state != LISTENING:  # it began as a press on a card with choices
            self._interrupt()
            self.machine.move(LISTENING)
        if self.mic.failed:
            self._deaf(now)
            return
        if self.question.number is not None:
            log.warning("app", "question %d is replaced by a new one" % self.question.number)
            self._drop_question(True)
        # Sending starts here and not at the edge: a tap sends nothing, and the release of a hold comes later
        # than this in any case, so nobody waits for it.
        self._recording, self._asked = self._asked, self._recording
        self.question.begin(self._asked.number)
        self.link.deliver(self._asked)

    def _release(self, event, now):
        if self.question.number is None:  # it was answered before its end
            self.mic.cancel()
            self._rest(now)
            return
        self.mic.stop(self.button.timing.changed_ms if event == button.RELEASE else now)
        self.machine.move(THINKING)
        self.question.asked(now)
        if event == button.STUCK:
            log.warning("app", "question %d was cut at its cap" % self.question.number)
            self._say(question.HEARD_ENOUGH, now)

    def _tap(self, now):
        self.mic.cancel()
        if self.reader.choices():
            self.reader.next_choice()
        elif self.machine.state == LISTENING:
            self._rest(now)

    def _choose(self, now):
        self.mic.cancel()
        if self.reader.choose():
            self.machine.move(THINKING)
            self.question.begin(None)
            self.question.reached(now)

    # the microphone

    def _listen(self, now):
        self.mic.poll()
        if self.mic.failed:
            self._deaf(now)
        elif not self.button.timing.down and self.mic.utterance is self._recording:
            self.mic.cancel()  # a tap, or the first half of a double one

    def _deaf(self, now):
        self._drop_question(True)
        self._say(self.mic.failed, now)

    # messages

    def _on_message(self, message, now):
        t = message["t"]
        utt = message.get("utt")
        if utt is not None and utt != self.question.number:
            log.debug("app", "%s for question %d, which nobody waits for" % (t, utt))
        elif t == "glyphs":
            self._learn(message["glyphs"])
        elif t == "card":
            self._on_card(message, now)
        elif t == "error":
            log.warning("app", "the relay says %s: %s" % (message["code"], message["text"]))
            if utt is not None:
                self.mic.cancel()  # it may still be spoken
                self._drop_question(False)
            self._say(message["text"], now)
        else:  # a transcript: not shown, the palm is for the answer, but the relay is at work
            self.question.reached(now)

    def _on_card(self, card, now):
        if card.get("utt") is None:
            if self.question.number is None:
                self.question.clear()  # the answer to a choice, if one is awaited
        elif card["more"]:
            self.question.reached(now)
            self.question.partly = True
        else:
            self._drop_question(False)
        if self.machine.state == LISTENING:
            self._later = card
        elif self.reader.show(card, now):
            self._wake()
            self.machine.move(SHOWING)

    def _learn(self, pushed):
        """Letters that the font lacks and the next card needs."""
        for glyph in pushed:
            try:
                self._parts.projector.font.push(glyph["code"], a2b_base64(glyph["strokes"]))
            except (WireError, ValueError) as error:
                log.warning("app", "glyph %d is left out: %s" % (glyph["code"], error))

    def _say(self, text, now):
        """Put a sentence of the pin's own on the palm, unless the wearer speaks."""
        state = self.machine.state
        if state == LISTENING and self.mic.running:
            return
        display = self._parts.display
        self.reader.show(sentence(text, display["cols"], display["lines"]), now)
        waiting = state == THINKING and self.question.number is not None
        if not waiting and state != OFFLINE and state != FAULT:
            self.machine.move(SHOWING)

    def _drop_question(self, cancel):
        """It was answered, or, with `cancel`, nobody wants the answer."""
        self.question.clear()
        self.link.forget(cancel)

    def _ask_typed(self, now):
        text = self._parts.typed()
        if text is None:
            return
        self._parts.guard.user_action()
        self._wake()
        self._interrupt()
        self._number += 1
        self.question.begin(self._number)
        self.link.send("ask", utt=self._number, text=text)
        self.question.reached(now)
        self.machine.move(THINKING)

    # the link

    def _follow_link(self, now):
        link, state = self.link, self.machine.state
        up = link.state == UP
        self.mic.linked = up
        if up:
            if state in states.SEEKING:
                self._rest(now)
            elif state != LISTENING:
                self._ask_typed(now)
            if self.question.number is not None and not self.question.delivered and link.delivered():
                self.question.reached(now)
        elif state == IDLE:
            self.machine.move(CONNECTING)
        elif state == CONNECTING and link.failures:
            self.machine.move(OFFLINE)
        elif state == THINKING and link.refusal:
            self.machine.move(OFFLINE)
            self._say(link.refusal, now)
            self._drop_question(False)
        elif self.question.number is not None and self.question.delivered:
            self.question.cut(now)  # the link will deliver it again

    def _check_deadlines(self, now):
        late = self.question.passed(now)
        if late == question.NO_ANSWER:
            log.warning("app", late)
            partly = self.question.partly
            self._drop_question(True)
            if not partly:  # the beginning of an answer is better than that sentence
                self._say(late, now)
        elif late:
            log.warning("app", late)
            if late == question.GIVEN_UP:
                self._drop_question(False)
            if self.machine.state == THINKING:
                self.machine.move(OFFLINE)
            self._say(late, now)
        resting = self.machine.state in states.RESTING
        if resting and self._sleep.passed(now) and self.question.number is None:
            self.machine.move(ASLEEP)
            self.link.want(False)
            self.reader.close()

    def _wake(self):
        """Somebody uses the pin."""
        self._sleep.after(SLEEP_MS, ticks_ms())
        self.link.want(True)

    def _rest(self, now):
        """To whatever is the case when nothing else is going on."""
        later, self._later = self._later, None
        if later is not None:
            self.machine.move(SHOWING)
            self._on_card(later, now)
        elif self.link.state == UP:
            self.machine.move(IDLE if self.question.number is None else THINKING)
        else:
            lost = self.link.failures or self.question.number is not None
            self.machine.move(OFFLINE if lost else CONNECTING)
