"""Why this start happened, how many were not planned, and what the pin was doing when the watchdog bit."""

import machine
from pin import crash, keep

PATH = "resets.json"
POWER, RESET, WATCHDOG, DEEP_SLEEP, SOFT = "power", "reset", "watchdog", "deepsleep", "soft"
_CAUSES = {
    machine.PWRON_RESET: POWER,
    machine.HARD_RESET: RESET,
    machine.WDT_RESET: WATCHDOG,
    machine.DEEPSLEEP_RESET: DEEP_SLEEP,
    machine.SOFT_RESET: SOFT,
}
NOTE_BYTES = 64


class Resets:
    """`cause` of this start; `count` of starts that nobody asked for (all but power and deep sleep), ever."""

    def __init__(self):
        self.cause = _CAUSES.get(machine.reset_cause(), "unknown")
        self._noted = b""
        count = keep.load(PATH, 0)
        self.count = count if isinstance(count, int) and count >= 0 else 0
        if self.cause in (POWER, DEEP_SLEEP):
            return  # a pin in `saver` would write its flash a hundred times a day
        self.count += 1
        try:
            keep.save(PATH, self.count)
        except OSError:
            pass  # a full flash: the number is for the owner's eyes only
        if self.cause == WATCHDOG:
            note = machine.RTC().memory()
            crash.keep_text("watchdog: reset while %s" % (_text(note) or "doing what is not known"))

    def note(self, text):
        """What the pin does now, kept in the RTC's memory, where some resets leave it."""
        data = text.encode()[:NOTE_BYTES]
        if data != self._noted:
            self._noted = data
            machine.RTC().memory(data)


def _text(note):
    return "".join([chr(c) for c in note[:NOTE_BYTES] if 0x20 <= c < 0x7F])
