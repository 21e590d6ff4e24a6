"""Whether a hand closed: smaller, more like a fist and a little nearer than it was, open, a moment ago.

The same hand a moment ago is a better measure than any hand's usual size: no wearer need be learned. A tilted
hand looks like a fist but stays as large; a hand that leaves the field shrinks but comes no nearer.
"""

# Closedness is: 256 * log ratio of area + 1/2 of the change in log odds of a fist (1/16 nat) + 5/2 of the way
# nearer (mm) + 16 for each zone less on the field's edge. A fist reaches 160 to 400, a hand that tilts by 25
# degrees 140 in nineteen of twenty frames.
CLOSED = 154
OPENED = 100
NEARER_MM = (-100, 20)  # a fist's front comes nearer by 10 to 20 mm; more is a hand that moves
STEADY = 75  # less than that is an open hand's wander, and becomes the measure
STEADY_NOISE = 20  # mean wander; a hand that wanders more has to close more, by twice the rest
MOST_NOISE = 45
FAR_MM = 45  # what was measured at one distance says less about another; a closing hand stays where it is


class Closing:
    """`update` once a frame."""

    def __init__(self, tracker):
        self._tracker = tracker
        self.reset()

    def reset(self):
        self.closed = False
        self.closedness = 0
        self._size_16 = None  # of the hand when open, in 1/16
        self._odds_16 = 0
        self._mm_16 = 0
        self._border_16 = 0
        self._last = self._before = 0
        self._noise_16 = 0

    def update(self):
        """Whether it is closed."""
        tracker = self._tracker
        size_16 = 16 * tracker.size
        odds_16 = 16 * tracker.fist_odds
        mm_16 = 16 * tracker.distance_mm
        border_16 = 16 * tracker.border
        if self._size_16 is None or abs(mm_16 - self._mm_16) > 16 * FAR_MM:
            self._size_16 = size_16
            self._odds_16 = odds_16
            self._mm_16 = mm_16
            self._border_16 = border_16
            self._last = self._before = 0
            self.closed = tracker.pose == "fist"
            self.closedness = CLOSED if self.closed else 0
            return self.closed
        nearer = max(NEARER_MM[0], min(NEARER_MM[1], (self._mm_16 - mm_16) // 16))
        smaller_16 = self._size_16 - size_16
        likelier = (odds_16 - self._odds_16) // 32
        now = smaller_16 // 16 + likelier + 5 * nearer // 2 + self._border_16 - border_16
        # The middle one of three frames: a hand in motion has odd ones.
        last, before = self._last, self._before
        self._before = last
        self._last = now
        self.closedness = max(min(now, last), min(max(now, last), before))
        if self.closed:
            self.closed = self.closedness > OPENED
            return self.closed
        noise = self._noise_16 // 16
        self.closed = self.closedness >= CLOSED + 2 * max(0, min(MOST_NOISE, noise) - STEADY_NOISE)
        if self.closedness < STEADY:
            self._noise_16 += (16 * abs(self.closedness) - self._noise_16) >> 4
            # Upwards faster: a hand that was cut off, or half closed, must not stay the measure.
            self._size_16 -= smaller_16 >> (1 if smaller_16 < 0 else 3)
            self._odds_16 += (odds_16 - self._odds_16) >> 3
            self._mm_16 += (mm_16 - self._mm_16) >> 2
            self._border_16 += (border_16 - self._border_16) >> 3
        return self.closed
