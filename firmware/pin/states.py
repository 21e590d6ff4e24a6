"""What the pin is doing, and which moves between that are allowed."""

from pin import log

ASLEEP = "asleep"  # no link, nothing lit, waiting for the button
CONNECTING = "connecting"  # nothing to do but to find the relay
IDLE = "idle"  # linked and dark
LISTENING = "listening"  # the button is down; needs no link
THINKING = "thinking"  # a question is on its way or being answered
SHOWING = "showing"  # a card is on the palm
OFFLINE = "offline"  # the relay could not be reached; tried again and again
FAULT = "fault"  # only somebody with a computer can help

MOVES = {
    # Refused from everywhere but here: leaving a fault takes a restart.
    FAULT: (),
    ASLEEP: (CONNECTING, LISTENING, FAULT),
    CONNECTING: (IDLE, LISTENING, SHOWING, OFFLINE, ASLEEP, FAULT),
    # A typed question is thought about without being heard.
    IDLE: (CONNECTING, LISTENING, THINKING, SHOWING, ASLEEP, FAULT),
    # A tap leaves it as it was found; a hold leads to thinking, a deaf microphone to a sentence.
    LISTENING: (IDLE, CONNECTING, OFFLINE, SHOWING, THINKING, FAULT),
    # Without a link a question waits offline. An answered, dismissed or hopeless one leaves through the rest.
    THINKING: (SHOWING, LISTENING, IDLE, CONNECTING, OFFLINE, FAULT),
    # A choice, or the rest of a conversation, is thought about again.
    SHOWING: (IDLE, CONNECTING, OFFLINE, LISTENING, THINKING, FAULT),
    OFFLINE: (CONNECTING, IDLE, LISTENING, THINKING, SHOWING, ASLEEP, FAULT),
}

# Made once: a tuple of names inside a loop would be allocated each time.
SEEKING = (CONNECTING, OFFLINE)
RESTING = (IDLE, CONNECTING, OFFLINE)


class Machine:
    """The current state."""

    def __init__(self, state=ASLEEP):
        self.state = state
        self.refused = 0

    def move(self, new):
        """Go to `new`: True, also if already there. A move that the table lacks is logged: False."""
        old = self.state
        if new == old:
            return True
        if new not in MOVES[old]:
            self.refused += 1
            log.warning("state", "refused: %s -> %s" % (old, new))
            return False
        self.state = new
        log.info("state", "%s -> %s" % (old, new))
        return True
