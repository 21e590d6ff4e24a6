"""`machine` of the ESP32-S3 port, as far as the firmware uses it, on a PC. The original is `umachine`.

Wires are the host's to move (`world`), time is the PC's. A reset, or sleep that ends in one, ends this
process: the host starts the next one and hands it the reason in LAPEL_RESET_CAUSE.
"""

import errno
import hashlib
import os
import sys
import time

import pump
import world
from i2s import I2S  # noqa: F401  the firmware takes it from here
from umachine import mem8, mem16, mem32  # noqa: F401

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5
EXT0_WAKE = 2
EXT1_WAKE = 3
TIMER_WAKE = 4
_CAUSES = {"watchdog": WDT_RESET, "deepsleep": DEEPSLEEP_RESET, "soft": SOFT_RESET, "hard": HARD_RESET}
_freq_hz = 240_000_000


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    WAKE_LOW = 4
    WAKE_HIGH = 5
    DRIVE_0 = 0
    DRIVE_1 = 1
    DRIVE_2 = 2
    DRIVE_3 = 3

    _pins = {}

    def __new__(cls, id, *args, **options):
        """One object a GPIO, as on the board."""
        if id not in cls._pins:
            cls._pins[id] = super().__new__(cls)
        return cls._pins[id]

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        if not hasattr(self, "_id"):
            self._id = id
            self._mode = Pin.IN
            self._pull = None
            self._irq = None
        self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        if mode != -1:
            self._mode = mode
        if pull != -1:
            self._pull = pull
        if self._mode != Pin.IN:
            world.output(self._id, world.outputs.get(self._id, 0) if value is None else 1 if value else 0)

    def value(self, level=None):
        if level is not None:
            world.output(self._id, 1 if level else 0)
            return None
        if self._mode != Pin.IN:
            return world.outputs.get(self._id, 0)
        return world.levels.get(self._id, 1 if self._pull == Pin.PULL_UP else 0)

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=3, *, priority=1, wake=None, hard=False):
        if self._irq is None:
            self._irq = _PinIrq(self)
        self._irq.handler = handler
        self._irq.trigger = trigger
        pump.hook()
        return self._irq

    def __repr__(self):
        return "Pin(%d)" % self._id


class _PinIrq:
    """Edges of one input. Handlers run as scheduled callbacks, also with hard=True."""

    def __init__(self, pin):
        self.pin = pin
        self.handler = None
        self.trigger = 0
        self.lost = 0
        self._flags = 0
        self._edges = []
        self._level = pin.value()
        world.edges.append(self._edge)
        world.devices.append(self)

    def flags(self):
        return self._flags

    def _edge(self, gpio, level):
        if gpio != self.pin._id or level == self._level:
            return
        self._level = level
        flag = Pin.IRQ_RISING if level else Pin.IRQ_FALLING
        if self.handler and self.trigger & flag:
            if len(self._edges) == world.HANDLERS_QUEUED:
                self.lost += 1
            else:
                self._edges.append(flag)

    def advance(self, us):
        pass

    def due(self):
        return 0 if self._edges else pump.NEVER

    def dispatch(self):
        while self._edges:
            self._flags = self._edges.pop(0)
            if self.handler:
                try:
                    self.handler(self.pin)
                except Exception as error:  # noqa: BLE001 - as the scheduler does: told, and on it goes
                    sys.print_exception(error)

    def needs(self, position):
        return position

    def count(self, values):
        world.add(values, "edges_lost", self.lost)


class I2C:
    """A bus; on it is what the stand-ins put into `chips`: by address, an object with
    `write(register, data)` and `read(register, count)`, either of which may raise OSError."""

    chips = {}

    def __init__(self, id=-1, *, scl=None, sda=None, freq=400_000, timeout=50_000):
        pass

    def scan(self):
        return sorted(self.chips)

    def _chip(self, address):
        if address not in self.chips:
            raise OSError(errno.ENODEV)
        return self.chips[address]

    def readfrom_mem(self, address, register, count, *, addrsize=8):
        return self._chip(address).read(register, count)

    def readfrom_mem_into(self, address, register, buffer, *, addrsize=8):
        buffer[:] = self._chip(address).read(register, len(buffer))

    def writeto_mem(self, address, register, data, *, addrsize=8):
        self._chip(address).write(register, data)

    def writeto(self, address, data, stop=True):
        self._chip(address).write(data[0], data[1:])
        return len(data)

    def _nobody(self, *args, **options):
        raise OSError(errno.ENODEV)

    readfrom = readfrom_into = writevto = _nobody


SoftI2C = I2C


class ADC:
    """Every analogue input is the battery behind its divider by two."""

    ATTN_11DB = 3

    def __init__(self, pin, *, atten=None):
        pass

    def read_uv(self):
        return world.battery_mv * 500

    def read_u16(self):
        return min(65535, self.read_uv() * 65535 // 3_300_000)


class Timer:
    """Soft callbacks, as on the ESP32: run by the scheduler, late by as long as a native call takes.

    The chip's timers are exact and only their callbacks are late; here the clock, too, is a thread of the PC
    that looks once a millisecond at best.
    """

    ONE_SHOT = 0
    PERIODIC = 1
    _timers = {}

    def __new__(cls, id, **options):
        """One object a timer, as on the board."""
        if id not in (0, 1, 2, 3):
            raise ValueError("invalid Timer number")
        if id not in cls._timers:
            cls._timers[id] = super().__new__(cls)
        return cls._timers[id]

    def __init__(self, id, **options):
        if not hasattr(self, "_at"):
            self._at = pump.NEVER
            self._listed = False
        if options:
            self.init(**options)

    def init(self, *, mode=PERIODIC, period=-1, freq=None, callback=None, hard=False):
        if hard:
            raise ValueError("hard Timers are not implemented")
        period_us = period * 1000 if freq is None else int(1_000_000 / freq)
        if period_us <= 0:
            raise ValueError("expected a period over 0, got %d us" % period_us)
        now = world.enter()
        self._mode = mode
        self._period_us = period_us
        self._callback = callback
        self._at = now + period_us
        if not self._listed:
            world.devices.append(self)
            self._listed = True
        pump.hook()
        world.leave()

    def deinit(self):
        self._at = pump.NEVER

    def advance(self, us):
        pass

    def due(self):
        return self._at

    def dispatch(self):
        now = time.ticks_us()
        if now < self._at:
            return
        if self._mode == Timer.PERIODIC:  # what was missed is one call: the port's queue is not modelled
            self._at += ((now - self._at) // self._period_us + 1) * self._period_us
        else:
            self._at = pump.NEVER
        if self._callback:
            try:
                self._callback(self)
            except Exception as error:  # noqa: BLE001 - as the scheduler does: told, and on it goes
                sys.print_exception(error)

    def needs(self, position):
        return position

    def count(self, values):
        pass


class WDT:
    """Cannot be stopped once started, as on the chip."""

    _started = None

    def __init__(self, id=0, timeout=5000):
        self._timeout_us = timeout * 1000
        WDT._started = self
        self.feed()

    def feed(self):
        pump.watch(time.ticks_us() + self._timeout_us)


class RTC:
    """A clock that begins in 2000 with the power, and 2 KB of memory: both survive deep sleep, the clock each
    reset. Between two processes they lie in a file in the flash, which power takes away."""

    _FILE = ".rtc"
    _MEMORY_BYTES = 2048
    _EPOCH_2000 = 946_684_800  # in this port's seconds, which count from 1970
    _state = None

    def __init__(self, id=0):
        if RTC._state is None:
            RTC._state = self._stored()

    def datetime(self, value=None):
        """(year, month, day, weekday, hour, minute, second, microsecond) in UTC."""
        now_us = time.time_ns() // 1000
        if value is not None:
            from pin.wall import unix_ms  # boot.py needs this module before there is an app on the path

            year, month, day, _, hour, minute, second, micro = value
            set_us = (
                unix_ms(year, month, day, hour, minute, second) * 1000 + micro
            )  # mktime goes by the time zone
            RTC._state[0] = set_us - now_us
            self._store()
            return None
        seconds, micro = divmod(now_us + RTC._state[0], 1_000_000)
        year, month, day, hour, minute, second, weekday = time.gmtime(seconds)[:7]
        return year, month, day, weekday, hour, minute, second, micro

    def memory(self, data=None):
        if data is None:
            return bytes(RTC._state[1])
        if len(data) > self._MEMORY_BYTES:
            raise ValueError("buffer too long")
        RTC._state[1] = bytes(data)
        self._store()
        return None

    def _stored(self):
        cause = reset_cause()
        try:
            if cause == PWRON_RESET:
                os.remove(self._FILE)
            with open(self._FILE, "rb") as file:
                ahead, _, memory = file.read().partition(b"\n")
            return [int(ahead), memory if cause == DEEPSLEEP_RESET else b""]
        except (OSError, ValueError):
            return [self._EPOCH_2000 * 1_000_000 - time.time_ns() // 1000, b""]

    def _store(self):
        with open(self._FILE, "wb") as file:
            file.write(b"%d\n" % RTC._state[0] + RTC._state[1])


def freq(hz=None):
    global _freq_hz
    if hz is None:
        return _freq_hz
    _freq_hz = hz
    return None


def unique_id():
    """Six bytes that stay with the flash folder."""
    return hashlib.sha256(os.getcwd().encode()).digest()[:6]


def reset_cause():
    return _CAUSES.get(os.getenv("LAPEL_RESET_CAUSE"), PWRON_RESET)


def wake_reason():
    """The host starts it again when its time is over or an input changed; a button is held then."""
    if reset_cause() != DEEPSLEEP_RESET:
        return 0
    return EXT0_WAKE if 0 in world.levels.values() else TIMER_WAKE


def reset():
    pump.reset("hard")


def soft_reset():
    pump.reset("soft")


def deepsleep(ms=0):
    pump.reset("deepsleep", ms)


def lightsleep(ms=0):
    """Until an input changes or `ms` have passed; 0 is no limit."""
    start = time.ticks_ms()
    before = dict(world.levels)
    pump.watch(pump.NEVER)  # its timer stands still with the rest of the chip
    while world.levels == before and not (ms and time.ticks_diff(time.ticks_ms(), start) >= ms):
        time.sleep_ms(5)
    if WDT._started:
        WDT._started.feed()


def idle():
    time.sleep_ms(1)


def disable_irq():
    return 0


def enable_irq(state):
    pass
