"""The wearer's question, from the press of the button to the last word of its answer.

The microphone runs from the first edge of a press; what it hears becomes a question once the press is a hold.
"""

import os

from pin import button, log, question
from pin.link import UP
from pin.states import OFFLINE, THINKING
from pin.utterance import Utterance, new_store

NUMBER_BITS = 29  # utterances start at random, so that no boot repeats the numbers of the last one


class Asking:
    """`app` shows, says and moves; `mic` hears. `question` is what waits for an answer."""

    def __init__(self, app, mic):
        self.mic = mic
        self.question = question.Question()
        self._app = app
        store = new_store()
        self._recording = Utterance(store)  # what the microphone writes to
        self._asked = Utterance(store)  # what waits for its answer
        self._number = int.from_bytes(os.urandom(4), "big") >> (32 - NUMBER_BITS)

    # the button

    def record(self):
        """A press, also in its interrupt: the first word must not wait for the loop."""
        if not self.mic.running:
            self._number += 1
            self._recording.begin(self._number, self._asked)
            self.mic.start(self._recording)

    def press(self):
        """The same press in the loop."""
        if self.mic.running and self.mic.utterance is not self._recording:
            self.mic.cancel()  # the tail of the last question, which the interrupt found still running
        self.record()

    def hold(self, now):
        """It is a question."""
        if self.mic.failed:
            self._deaf(now)
            return
        if self.question.number is not None:
            log.warning("app", "question %d is replaced by a new one" % self.question.number)
            self.drop(True)
        # Sending starts here and not at the edge: a tap sends nothing, and the release of a hold comes later
        # than this in any case, so nobody waits for it.
        self._recording, self._asked = self._asked, self._recording
        self._asked.alone()
        self.question.begin(self._asked.number)
        if not self._app.lock.closed:
            self._app.link.deliver(self._asked)

    def release(self, event, at_ms, now):
        """The end of a hold, which was at `at_ms`; a stuck one is cut."""
        if self.question.number is None:  # it was answered before its end
            self.mic.cancel()
            self._app.rest(now)
            return
        self.mic.stop(at_ms)
        self._app.machine.move(THINKING)
        if self._app.lock.closed:
            self.question.kept(now)
            self._app.lock_screen.show(now)
            return
        self.question.asked(now)
        if event == button.STUCK:
            log.warning("app", "question %d was cut at its cap" % self.question.number)
            self._app.say(question.HEARD_ENOUGH, now)

    def interrupt(self):
        """A new press: nobody waits any more, but a question that could not leave yet stays."""
        if self._app.link.state == UP and not self._app.lock.closed:
            self.drop(True)

    def unlocked(self, now):
        """What was spoken to the locked pin goes out."""
        if self.question.number is not None and not self.question.delivered:
            self.question.asked(now)
            self._app.link.deliver(self._asked)

    def drop(self, cancel):
        """It was answered, or, with `cancel`, nobody wants the answer."""
        self.question.clear()
        self._app.link.forget(cancel)

    def chosen(self, now):
        """A choice of a card went out: the relay has something to answer."""
        self.question.begin(None)
        self.question.reached(now)
        self._app.machine.move(THINKING)

    def typed(self, text, now):
        """A question in writing."""
        self._number += 1
        self.question.begin(self._number)
        self._app.link.send("ask", utt=self._number, text=text)
        self.question.reached(now)
        self._app.machine.move(THINKING)

    # the microphone

    def listen(self, down, now):
        """While the microphone runs; `down` is the button."""
        self.mic.poll()
        if self.mic.failed:
            self._deaf(now)
        elif not down and self.mic.utterance is self._recording:
            self.mic.cancel()  # a tap, or the first half of a double one

    def _deaf(self, now):
        self.drop(True)
        self._app.say(self.mic.failed, now)

    # the answer

    def wanted(self, message):
        """Whether a message belongs to this question, or to none."""
        utt = message.get("utt")
        if utt is None or utt == self.question.number:
            return True
        log.debug("app", "%s for question %d, which nobody waits for" % (message["t"], utt))
        return False

    def answered(self, card, now):
        """A card came for it, or for a choice."""
        if card.get("utt") is None:
            if self.question.number is None:
                self.question.clear()  # the answer to a choice, if one is awaited
        elif card["more"]:
            self.question.reached(now)
            self.question.partly = True
        else:
            self.drop(False)

    def failed(self, error, now):
        """The relay says what was wrong with it."""
        if error.get("utt") is not None:
            self.mic.cancel()  # it may still be spoken
            self.drop(False)
        self._app.say(error["text"], now)

    # time and the link

    def follow_link(self, now):
        """What became of it on the way to the relay."""
        link, machine = self._app.link, self._app.machine
        if link.state == UP:
            if self.question.number is not None and not self.question.delivered and link.delivered():
                self.question.reached(now)
        elif machine.state == THINKING and link.refusal:
            machine.move(OFFLINE)
            self._app.say(link.refusal, now)
            self.drop(False)
        elif self.question.number is not None and self.question.delivered:
            self.question.cut(now)  # the link will deliver it again

    def check_deadlines(self, now):
        late = self.question.passed(now)
        if not late:
            return
        log.warning("app", late)
        machine = self._app.machine
        if late == question.NO_ANSWER:
            partly = self.question.partly
            self.drop(True)
            if not partly:  # the beginning of an answer is better than that sentence
                self._app.say(late, now)
            return
        if late == question.GIVEN_UP:
            self.drop(False)
        if machine.state == THINKING:
            machine.move(OFFLINE)
        self._app.say(late, now)
