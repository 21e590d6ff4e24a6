"""The pin's Wi-Fi: joins the first network of the settings that takes it."""

import network
from pin import log
from pin.clock import Deadline, ticks_add, ticks_diff, ticks_ms
from pin.tcp import sleep_ms

JOIN_MS = 8000  # association and DHCP take 1 to 4 s on a healthy network
POLL_MS = 20
SETTLE_MS = 500  # the status right after `connect` may still be that of the last try
HIDDEN_TRIES = 2  # a network that does not say its name is found by asking, and one asking may be missed
AGAIN_MS = 300_000  # after a short loss the last network is the likeliest; later the settings' order counts


class Wifi:
    def __init__(self, networks):
        """`networks`: (ssid, password, hidden), the most wanted first."""
        self.networks = networks
        self._station = network.WLAN(network.STA_IF)
        self._last = None  # the one that worked last
        self._recently = Deadline()

    def connected(self):
        return self._station.isconnected()

    async def join(self):
        """Whether the pin is on a network now. Takes at most JOIN_MS for each try."""
        if self._station.isconnected():
            self._recently.after(AGAIN_MS, ticks_ms())
            return True
        self._station.active(True)
        for chosen in self._order():
            ssid, password, hidden = chosen
            for _ in range(HIDDEN_TRIES if hidden else 1):
                if await self._try(ssid, password):
                    self._last = chosen
                    self._recently.after(AGAIN_MS, ticks_ms())
                    log.info("wifi", "joined %s" % ssid)
                    return True
        return False

    def change(self, networks):
        """Other networks from now on: the pin leaves the one that it is on."""
        self.networks = networks
        self._last = None
        self._station.disconnect()

    def leave(self):
        """Radio off."""
        self._station.disconnect()
        self._station.active(False)

    def _order(self):
        if self._last in self.networks and not self._recently.passed(ticks_ms()):
            return [self._last] + [n for n in self.networks if n != self._last]
        return self.networks

    async def _try(self, ssid, password):
        station = self._station
        try:
            station.connect(ssid, password)
        except OSError as error:
            log.warning("wifi", "%s: %s" % (ssid, error))
            return False
        begin = ticks_ms()
        deadline = ticks_add(begin, JOIN_MS)
        reason = "not joined in %d ms" % JOIN_MS
        while ticks_diff(deadline, ticks_ms()) > 0:
            if station.isconnected():
                return True
            if ticks_diff(ticks_ms(), begin) > SETTLE_MS and station.status() in _FAILED:
                reason = _FAILED[station.status()]
                break
            await sleep_ms(POLL_MS)
        log.warning("wifi", "%s: %s" % (ssid, reason))
        station.disconnect()
        return False


# The next network need not wait for the deadline of one that has already answered.
_FAILED = {
    network.STAT_NO_AP_FOUND: "there is no such network here",
    network.STAT_WRONG_PASSWORD: "it refuses the password",
}
