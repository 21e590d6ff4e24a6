"""The pin's Wi-Fi: joins the first network of the settings that takes it."""

import asyncio

import network
from pin import log
from pin.clock import ticks_add, ticks_diff, ticks_ms

JOIN_MS = 8000  # association and DHCP take 1 to 4 s on a healthy network
POLL_MS = 20


class Wifi:
    def __init__(self, networks):
        """`networks`: (ssid, password), the nearest to home first."""
        self._networks = networks
        self._station = network.WLAN(network.STA_IF)
        self._last = 0  # the one that worked last is tried first

    def connected(self):
        return self._station.isconnected()

    async def join(self):
        """Whether the pin is on a network now. Takes at most JOIN_MS for each that is known."""
        if self._station.isconnected():
            return True
        self._station.active(True)
        for i in range(len(self._networks)):
            which = (self._last + i) % len(self._networks)
            ssid, password = self._networks[which]
            try:
                self._station.connect(ssid, password)
            except OSError as error:
                log.warning("wifi", "%s: %s" % (ssid, error))
                continue
            deadline = ticks_add(ticks_ms(), JOIN_MS)
            while ticks_diff(deadline, ticks_ms()) > 0:
                if self._station.isconnected():
                    self._last = which
                    log.info("wifi", "joined %s" % ssid)
                    return True
                await asyncio.sleep_ms(POLL_MS)
            log.warning("wifi", "%s: not joined in %d ms" % (ssid, JOIN_MS))
            self._station.disconnect()
        return False

    def leave(self):
        """Radio off."""
        self._station.disconnect()
        self._station.active(False)
