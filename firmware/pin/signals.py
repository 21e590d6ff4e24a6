"""How the pin says what it is doing without a word: what the wearer feels, and what is on the palm.

The trust light beside the microphone is not here: it hangs in the microphone's supply, no program reaches it.
"""

from pin import haptic
from pin.battery import EMPTY, LOW
from pin.question import NO_CONNECTION

# event: (pattern of the motor, sentence on the palm), each None for none. docs/power.md shows this table.
SIGNALS = {
    "ready": (haptic.MOVED, None),  # after a start from deep sleep: speak from now on
    "ring": (haptic.URGENT, None),  # every two seconds, beside the alarm's card
    "battery low": (haptic.ALERT, LOW),
    "battery empty": (haptic.ERROR, EMPTY),
    "offline": (
        None,
        NO_CONNECTION,
    ),  # only when a question waits: who walks out of reach is not told each time
    "asleep": (None, None),  # going to sleep must not wake anybody
}


def pattern(event):
    """What the motor plays, or None."""
    return SIGNALS[event][0]
