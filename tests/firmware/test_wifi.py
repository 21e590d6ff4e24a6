"""Which network the pin joins, and when it stops waiting for one. The radio is played by the test."""

import asyncio
import sys

ON_MICROPYTHON = True

NO_AP_FOUND, WRONG_PASSWORD, GOT_IP, CONNECTING, IDLE = 201, 202, 1010, 1001, 1000


class Radio:
    """`network.WLAN` in an air with some networks: {ssid: password}."""

    air = {}  # noqa: RUF012 - one air for all radios; `join` sets it
    tried = []  # noqa: RUF012

    def __init__(self, interface):
        self._state = IDLE

    def active(self, up):
        pass

    def connect(self, ssid, password):
        self.tried.append(ssid)
        if ssid == "broken":
            raise OSError("Wifi Internal Error")
        if ssid not in self.air:
            self._state = NO_AP_FOUND
        else:
            self._state = GOT_IP if self.air[ssid] == password else WRONG_PASSWORD

    def disconnect(self):
        self._state = IDLE

    def isconnected(self):
        return self._state == GOT_IP

    def status(self):
        return self._state


class Network:
    STA_IF = 0
    STAT_NO_AP_FOUND = NO_AP_FOUND
    STAT_WRONG_PASSWORD = WRONG_PASSWORD
    WLAN = Radio


had = sys.modules.get("network")
sys.modules["network"] = Network
from pin import wifi  # noqa: E402

if had is None:
    del sys.modules["network"]
else:
    sys.modules["network"] = had
wifi.SETTLE_MS = 10
wifi.POLL_MS = 1


def network(ssid, hidden=False, password="p"):
    return (ssid, password, hidden)


async def join(station, **air):
    Radio.air = air
    Radio.tried = []
    station._station.disconnect()
    return await station.join(), Radio.tried


async def test_the_most_wanted_network_that_is_there_is_joined():
    station = wifi.Wifi([network("home"), network("phone"), network("office")])
    assert await join(station, home="p", phone="p") == (True, ["home"])
    assert await join(station, phone="p") == (True, ["home", "phone"])
    assert await join(station) == (False, ["phone", "home", "office"])


async def test_after_a_short_loss_the_last_one_is_first_and_later_the_order_counts():
    station = wifi.Wifi([network("home"), network("phone")])
    await join(station, phone="p")
    assert await join(station, home="p", phone="p") == (True, ["phone"])
    station._recently.after(0, 0)
    station._recently._at = wifi.ticks_ms()
    assert await join(station, home="p", phone="p") == (True, ["home"])


async def test_a_hidden_network_is_asked_for_twice():
    station = wifi.Wifi([network("hidden", True), network("home")])
    assert await join(station, home="p") == (True, ["hidden", "hidden", "home"])


async def test_a_wrong_password_and_a_broken_radio_do_not_keep_from_the_next():
    station = wifi.Wifi([network("home", password="old"), network("broken"), network("phone")])
    assert await join(station, home="p", phone="p") == (True, ["home", "broken", "phone"])


async def test_other_networks_end_the_connection():
    station = wifi.Wifi([network("home")])
    await join(station, home="p")
    assert station.connected()
    station.change([network("phone")])
    assert not station.connected()
    assert await join(station, home="p", phone="p") == (True, ["phone"])


async def test_no_networks():
    assert await join(wifi.Wifi([]), home="p") == (False, [])


async def test_a_network_that_never_answers_costs_its_deadline():
    class Silent(Radio):
        def connect(self, ssid, password):
            self.tried.append(ssid)
            self._state = CONNECTING

    wifi.JOIN_MS, before = 30, wifi.JOIN_MS
    try:
        station = wifi.Wifi([network("a"), network("b")])
        station._station = Silent(0)
        assert await asyncio.wait_for(join(station), 10) == (False, ["a", "b"])
    finally:
        wifi.JOIN_MS = before
