"""The question under way and how long it may wait, for the link, for the answer, for anything at all."""

from pin.clock import Deadline

ANSWER_MS = 15_000  # after the relay's last sign; its own deadlines are shorter, with their own sentences
NO_LINK_MS = 10_000  # Wi-Fi, TLS and the challenge take 4 s on a good day
KEEP_MS = 300_000  # a question that could not be delivered for so long is no longer asked

NO_ANSWER = "The relay did not answer."
NO_CONNECTION = "No connection to the relay."
HEARD_ENOUGH = "I listen for 30 seconds."
GIVEN_UP = "Your question could not be delivered."


class Question:
    """`number` is None when nothing is awaited, or the answer to a choice on a card."""

    def __init__(self):
        self._answer = Deadline()
        self._no_link = Deadline()
        self._keep = Deadline()
        self.clear()

    def clear(self):
        """Answered, or not wanted any more."""
        self.number = None
        self.delivered = False
        self.partly = False  # some of the answer is there
        self._answer.clear()
        self._no_link.clear()
        self._keep.clear()

    def begin(self, number):
        """The wearer speaks it. Time begins with `asked`."""
        self.clear()
        self.number = number

    def asked(self, now_ms):
        """It was spoken to its end; now it must reach the relay."""
        self._no_link.after(NO_LINK_MS, now_ms)
        self._keep.after(KEEP_MS, now_ms)

    def kept(self, now_ms):
        """It was spoken to a locked pin: it waits for the code, not for the relay."""
        self._keep.after(KEEP_MS, now_ms)

    def reached(self, now_ms):
        """The relay has all of it, or gives a sign that it is working on it."""
        self.delivered = True
        self._no_link.clear()
        self._keep.clear()
        self._answer.after(ANSWER_MS, now_ms)

    def cut(self, now_ms):
        """The link went away before the answer: it must reach the relay again."""
        self.delivered = False
        self._answer.clear()
        self.asked(now_ms)

    def passed(self, now_ms):
        """The sentence for what just took too long, or None. After NO_CONNECTION it is still tried."""
        if self._answer.passed(now_ms):
            self._answer.clear()
            return NO_ANSWER
        if self._keep.passed(now_ms):
            self._keep.clear()
            return GIVEN_UP
        if self._no_link.passed(now_ms):
            self._no_link.clear()
            return NO_CONNECTION
        return None
