"""Whether a hand closed: it became much smaller than it was, open, a moment ago.

The same hand a moment ago is a better measure than any hand's usual size, so a gesture needs no learned
wearer.
"""

# How much smaller, as 256 log ratios of area: a fist is 70 to 120 smaller, a hand held still wanders by 15.
CLOSED = 56
CLOSED_AS_FIST = 44  # if the frames look like a fist as well
CLOSED_ANYHOW = 66  # if they look like another shape
OPENED = 36  # if they look like a palm
OPENED_ANYHOW = 26
STEADY_NOISE = 16  # mean wander; a hand that wanders more has to close more, by twice the rest
TURN_CDEG = (
    1000  # a fist turns the visible surface by 5 to 15 degrees; a hand that turns more only looks smaller
)
NEAR_MM = 45  # the size at one distance says less about that at another; a closing hand stays where it is


class Closing:
    """`update` once a frame; sizes are `Tracker.size`."""

    def __init__(self, tracker):
        self._tracker = tracker
        self.reset()

    def reset(self):
        self.closed = False
        self._own_16 = None  # its size when open, in 1/16
        self._own_mm = 0
        self._noise_16 = 0

    def update(self, turned_cdeg):
        """Whether it is closed; `turned_cdeg` is how far it is turned from the pose that it came in."""
        tracker = self._tracker
        size_16 = 16 * tracker.size
        if self._own_16 is None or abs(tracker.distance_mm - self._own_mm) > NEAR_MM:
            self._own_16 = size_16
            self._own_mm = tracker.distance_mm
            self.closed = tracker.pose == "fist"
            return self.closed
        smaller = (self._own_16 - size_16) // 16
        if self.closed:
            self.closed = smaller > (OPENED if tracker.pose == "open" else OPENED_ANYHOW)
            return self.closed
        wander = max(0, self._noise_16 // 8 - STEADY_NOISE)
        turned = max(0, turned_cdeg - TURN_CDEG) // 50
        if smaller < CLOSED_AS_FIST + wander:
            self._noise_16 += (16 * abs(smaller) - self._noise_16) >> 4
            # Upwards faster: a hand that was cut off, or half closed, must not stay the measure.
            self._own_16 += (size_16 - self._own_16) >> (1 if smaller < 0 else 3)
            self._own_mm += (tracker.distance_mm - self._own_mm) // 4
        elif tracker.pose == "fist":
            self.closed = smaller >= CLOSED_AS_FIST + wander + turned // 2
        else:
            self.closed = smaller >= (CLOSED_ANYHOW if tracker.pose == "other" else CLOSED) + wander + turned
        return self.closed
