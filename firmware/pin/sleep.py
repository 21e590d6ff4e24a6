"""What the hardware does for each of `power`'s states: clock, radio, and the two kinds of sleep."""

import esp32
import machine
from pin import log

FAST_HZ = 240_000_000
SLOW_HZ = 80_000_000  # the least at which the radio works
LEAST_NAP_MS = 20  # shorter ones end before the flash has gone to sleep

BUTTON, TIMER = "button", "timer"


def woken_by():
    """How the last deep sleep ended: BUTTON, TIMER, or None if this start is not the end of one."""
    if machine.reset_cause() != machine.DEEPSLEEP_RESET:
        return None
    return TIMER if machine.wake_reason() == machine.TIMER_WAKE else BUTTON


class Sleeper:
    """`button` is a Pin between a GPIO of the RTC (0 to 21) and ground, `wifi` has `leave()`, or is None."""

    def __init__(self, button, wifi):
        self._button = button
        self._wifi = wifi

    def fast(self):
        """AWAKE, LOOK."""
        machine.freq(FAST_HZ)
        self._save_radio(False)

    def slow(self):
        """IDLE: the radio listens at each beacon, so a card is late by a tenth of a second at most."""
        self._save_radio(True)
        machine.freq(SLOW_HZ)

    def nap(self, ms):
        """Light sleep, for `ms` at most if that is not 0. Returns BUTTON or TIMER."""
        self._leave()
        if not self._pressed():
            machine.lightsleep(max(ms, LEAST_NAP_MS) if ms else 0)
        machine.freq(FAST_HZ)
        return BUTTON if self._pressed() else TIMER

    def deep(self, ms):
        """Deep sleep, for `ms` at most if that is not 0. Does not return: what follows is another start."""
        self._leave()
        if ms:
            machine.deepsleep(ms)
        else:
            machine.deepsleep()

    def rssi_dbm(self):
        """How strongly the access point is heard, or None."""
        if self._wifi is None:
            return None
        import network

        try:
            return max(-128, min(0, network.WLAN(network.STA_IF).status("rssi")))
        except (OSError, ValueError, TypeError):  # not associated
            return None

    def _leave(self):
        # Both sleeps power the radio down; the driver must know.
        if self._wifi is not None:
            self._wifi.leave()
        esp32.wake_on_ext0(self._button, esp32.WAKEUP_ALL_LOW)

    def _pressed(self):
        return self._button.value() == 0

    def _save_radio(self, save):
        if self._wifi is None:
            return
        import network

        station = network.WLAN(network.STA_IF)
        try:
            station.config(pm=network.WLAN.PM_POWERSAVE if save else network.WLAN.PM_PERFORMANCE)
        except (OSError, ValueError) as error:  # switched off just now: it is set again with the next state
            log.debug("sleep", "Wi-Fi power save: %r" % error)
