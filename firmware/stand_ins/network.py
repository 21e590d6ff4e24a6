"""`network` of the ESP32 port on a PC: a station that is on the PC's own network.

That network needs no name: the station is on it from the start and whenever it is switched on, so that a
virtual pin needs no Wi-Fi in its settings. `connect` takes a moment, as an association does.
"""

import time

import world

STA_IF = 0
AP_IF = 1
STAT_IDLE = 1000
STAT_CONNECTING = 1001
STAT_GOT_IP = 1010
STAT_NO_AP_FOUND = 201
STAT_WRONG_PASSWORD = 202
STAT_BEACON_TIMEOUT = 200
STAT_ASSOC_FAIL = 203
STAT_HANDSHAKE_TIMEOUT = 204
AUTH_OPEN = 0
AUTH_WPA2_PSK = 3

_RSSI_DBM = -50
_hostname = "lapel"


class WLAN:
    PM_NONE = 0
    PM_PERFORMANCE = 1
    PM_POWERSAVE = 2
    IF_STA = STA_IF
    IF_AP = AP_IF

    _station = None

    def __new__(cls, interface=STA_IF):
        if cls._station is None:
            cls._station = super().__new__(cls)
            cls._station._up = True
            cls._station._since = None  # ticks_ms of `connect`
            cls._station._left = False
        return cls._station

    def __init__(self, interface=STA_IF):
        if interface != STA_IF:
            raise ValueError("the virtual pin has a station only")

    def active(self, up=None):
        if up is None:
            return self._up
        self._up = bool(up)
        self._since = None
        self._left = not up
        return self._up

    def connect(self, ssid=None, key=None, *, bssid=None):
        if not self._up:
            raise OSError("Wifi Not Started")
        self._since = time.ticks_ms()
        self._left = False

    def disconnect(self):
        self._since = None
        self._left = True

    def isconnected(self):
        return self.status() == STAT_GOT_IP

    def status(self, what=None):
        if what == "rssi":
            return _RSSI_DBM
        if self._left or not self._up:
            return STAT_IDLE
        if not world.wifi_up:
            return STAT_NO_AP_FOUND
        since = self._since
        if since is not None and time.ticks_diff(time.ticks_ms(), since) < world.wifi_connect_ms:
            return STAT_CONNECTING
        return STAT_GOT_IP

    def config(self, name=None, **settings):
        if name is None:
            return None
        values = {"mac": b"\x02lapel", "hostname": _hostname, "ssid": "virtual", "pm": self.PM_NONE}
        return values[name]

    def ifconfig(self, settings=None):
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")

    def ipconfig(self, name=None, **settings):
        return ("127.0.0.1", "255.0.0.0")

    def scan(self):
        return [(b"virtual", b"\x02lapel", 1, _RSSI_DBM, AUTH_OPEN, False)] if world.wifi_up else []


def hostname(name=None):
    global _hostname
    if name is not None:
        _hostname = name
    return _hostname


def country(code=None):
    return "XX"
