"""What the charge means: when to say so, when to give no light, when to sleep for good.

Each limit has its way back further up, so that a cell that recovers without a load does not make it flutter.
"""

from pin.clock import Deadline

READ_MS = 20_000  # a cell loses a percent in three minutes at most
SILENT_MS = 50_000  # two readings that failed: no laser on a cell that nobody knows
LOW_PERCENT, LOW_OVER_PERCENT = 15, 20  # said once on the palm
DARK_PERCENT, DARK_OVER_PERCENT = (
    5,
    8,
)  # the laser and its mirrors draw 280 mA: a cell this low sags under them
EMPTY_PERCENT, EMPTY_OVER_PERCENT = 2, 4  # what is left keeps clock, alarms and button for weeks
EMPTY_MV = 3300  # whatever the model says: the regulator needs 3.4 V under load
CHARGES_PERCENT_AN_HOUR = 1.0  # the gauge's own rate wanders by half of that at rest

LOW = "Battery at %d percent."
EMPTY = "The battery is empty. Charge me."


class Battery:
    """`gauge` (None on boards without) has `read()`, `percent`, `millivolts`, `percent_an_hour`; `vbus`, a
    function that says whether there is power from outside, or None where the board cannot tell."""

    def __init__(self, gauge, vbus=None):
        self._gauge = gauge
        self._vbus = vbus
        self._next = Deadline()
        self._said_low = False
        self.looked = False  # by the last poll
        self.low = self.dark = self.empty = False
        self.percent = self.millivolts = None
        self.charging = None  # None: nobody can tell

    def poll(self, now_ms):
        """A sentence for the palm, or None. Looks every READ_MS."""
        self.looked = not self._next.set or self._next.passed(now_ms)
        if not self.looked:
            return None
        self._next.after(READ_MS, now_ms)
        gauge = self._gauge
        answered = gauge is not None and gauge.read()
        if self._vbus is not None:
            self.charging = self._vbus()
        elif answered:
            self.charging = gauge.percent_an_hour > CHARGES_PERCENT_AN_HOUR
        if not answered:
            # No reason to sleep for good: the hardware cuts off by itself. A laser goes dark (body.py).
            self.percent = self.millivolts = None
            self.low = self.dark = self.empty = False
            return None
        self.percent = gauge.percent
        self.millivolts = gauge.millivolts
        return self._judge()

    def _judge(self):
        percent = self.percent
        self.low = _band(self.low, percent, LOW_PERCENT, LOW_OVER_PERCENT)
        self.dark = _band(self.dark, percent, DARK_PERCENT, DARK_OVER_PERCENT)
        was_empty = self.empty
        self.empty = (
            _band(self.empty, percent, EMPTY_PERCENT, EMPTY_OVER_PERCENT) or self.millivolts < EMPTY_MV
        ) and not self.charging
        if self.empty and not was_empty:
            self._said_low = True
            return EMPTY
        if not self.low:
            self._said_low = False
        elif not self._said_low and not self.charging:
            self._said_low = True
            return LOW % percent
        return None


def _band(was, percent, under, over):
    return percent < over if was else percent <= under
