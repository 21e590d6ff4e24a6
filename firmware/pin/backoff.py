"""How long to wait before the next try to reach the relay."""

import random

FIRST_MS = 500
LAST_MS = 30_000  # a relay that restarts is found within this; a press of the button does not wait at all
STEADY_MS = 5000  # a link that lasted as long was a good one


class Backoff:
    """Doubles with each failure; half of each wait is chance, or a hundred pins would come back at once."""

    def __init__(self, bits=random.getrandbits):
        self._bits = bits
        self._ms = FIRST_MS

    def reset(self):
        """Somebody waits: begin with short waits again."""
        self._ms = FIRST_MS

    def after(self, lasted_ms):
        """The wait after a link that lasted so long, 0 if there was none."""
        if lasted_ms >= STEADY_MS:
            self.reset()
        half_ms = self._ms // 2
        self._ms = min(2 * self._ms, LAST_MS)
        return half_ms + self._bits(15) % (half_ms + 1)
