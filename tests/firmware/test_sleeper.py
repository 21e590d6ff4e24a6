"""What `pin.sleep` asks of the hardware in each state: fakes in place of the chip's own modules."""

import sys

ON_MICROPYTHON = True


class Fake:
    """A module that notes what it was asked."""

    def __init__(self, calls, **constants):
        self._calls = calls
        for name in constants:
            setattr(self, name, constants[name])

    def freq(self, hz):
        self._calls.append(("freq", hz))

    def lightsleep(self, ms=0):
        self._calls.append(("lightsleep", ms))

    def deepsleep(self, *ms):
        call = ["deepsleep"]
        call.extend(ms)
        self._calls.append(tuple(call))

    def wake_on_ext0(self, pin, level):
        self._calls.append(("wake", level))

    def reset_cause(self):
        return self.cause

    def wake_reason(self):
        return self.reason


class Station:
    """network.WLAN: each state's power save, or an error where the radio is off."""

    PM_PERFORMANCE, PM_POWERSAVE = 1, 2
    calls = None
    broken = False

    def __init__(self, interface):
        pass

    def config(self, pm):
        if Station.broken:
            raise OSError("Wifi Not Started")
        Station.calls.append(("pm", pm))

    def status(self, what):
        if Station.broken:
            raise OSError("Wifi Not Started")
        return -200


class Wifi:
    def leave(self):
        Station.calls.append(("leave",))


class Button:
    level = 1

    def value(self):
        return self.level


def load():
    """pin.sleep on fakes, and what they were asked."""
    calls = []
    Station.calls, Station.broken = calls, False
    names = ("machine", "esp32", "network", "pin.sleep")
    kept = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.modules["machine"] = Fake(calls, DEEPSLEEP_RESET=4, TIMER_WAKE=4, cause=4, reason=4)
    sys.modules["esp32"] = Fake(calls, WAKEUP_ALL_LOW=False)
    sys.modules["network"] = Fake(calls, WLAN=Station, STA_IF=0)
    __import__("pin.sleep")
    return sys.modules["pin.sleep"], calls, kept


def unload(kept):
    for name in ("machine", "esp32", "network", "pin.sleep"):
        sys.modules.pop(name, None)
    for name in kept:
        sys.modules[name] = kept[name]


def test_awake_is_fast_and_idle_saves():
    sleep, calls, kept = load()
    sleeper = sleep.Sleeper(Button(), Wifi())
    sleeper.fast()
    sleeper.slow()
    assert calls == [("freq", 240_000_000), ("pm", 1), ("pm", 2), ("freq", 80_000_000)]
    unload(kept)


def test_a_radio_that_is_off_does_not_matter():
    sleep, calls, kept = load()
    Station.broken = True
    sleeper = sleep.Sleeper(Button(), Wifi())
    sleeper.slow()
    assert calls == [("freq", 80_000_000)] and sleeper.rssi_dbm() is None
    Station.broken = False
    assert sleeper.rssi_dbm() == -128  # the wire's least
    assert sleep.Sleeper(Button(), None).rssi_dbm() is None
    unload(kept)


def test_a_nap_leaves_the_network_and_wakes_by_the_button_or_in_time():
    sleep, calls, kept = load()
    button = Button()
    sleeper = sleep.Sleeper(button, Wifi())
    assert sleeper.nap(60_000) == sleep.TIMER
    assert calls == [("leave",), ("wake", False), ("lightsleep", 60_000), ("freq", 240_000_000)]
    del calls[:]
    sleeper.nap(1)
    sleeper.nap(0)
    assert [c for c in calls if c[0] == "lightsleep"] == [
        ("lightsleep", sleep.LEAST_NAP_MS),
        ("lightsleep", 0),
    ]
    del calls[:]
    button.level = 0  # pressed while the link closed: no sleep at all
    assert sleeper.nap(60_000) == sleep.BUTTON
    assert not [c for c in calls if c[0] == "lightsleep"]
    unload(kept)


def test_deep_sleep_without_a_time_has_none():
    sleep, calls, kept = load()
    sleeper = sleep.Sleeper(Button(), None)
    sleeper.deep(0)
    sleeper.deep(5000)
    assert [c for c in calls if c[0] == "deepsleep"] == [("deepsleep",), ("deepsleep", 5000)]
    unload(kept)


def test_how_deep_sleep_ended():
    sleep, _, kept = load()
    chip = sys.modules["machine"]
    assert sleep.woken_by() == sleep.TIMER
    chip.reason = 2
    assert sleep.woken_by() == sleep.BUTTON
    chip.cause = 1
    assert sleep.woken_by() is None
    unload(kept)
