"""`machine` on a computer: pins and I2C through Adafruit's Blinka, the microphone through PortAudio.

Blinka knows the Raspberry Pi and its relatives, and a laptop with a USB bridge (FT232H, MCP2221A, ...; its
guide says which variable names the bridge). A pin's number is the name that Blinka's `board` gives it: "D17".
"""

import datetime
import errno
import faulthandler
import os
import sys
import threading
import time
import uuid

import board
import busio
import digitalio
from sound import I2S  # noqa: F401  the firmware takes it from here

PWRON_RESET = 1
HARD_RESET = 2
WDT_RESET = 3
DEEPSLEEP_RESET = 4
SOFT_RESET = 5
TIMER_WAKE = 4

BITTEN = 70  # exit code: EX_SOFTWARE of sysexits.h
_AGAIN = "LAPEL_STARTED_AGAIN"  # set for the program that takes this one's place


class Pin:
    """A GPIO by its name, or None for one that is not wired. There are no interrupts: the app looks at its
    button every few milliseconds in any case."""

    IN, OUT = 1, 3
    PULL_DOWN, PULL_UP = 1, 2
    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, name, mode=-1, pull=-1, *, value=None):
        self.name = name
        self._wire = None
        if name is None or mode == -1:
            return
        self._wire = digitalio.DigitalInOut(named(name))
        if mode == Pin.OUT:
            self._wire.switch_to_output(value=bool(value))
        else:
            self._wire.switch_to_input(
                {Pin.PULL_UP: digitalio.Pull.UP, Pin.PULL_DOWN: digitalio.Pull.DOWN}.get(pull)
            )

    def value(self, level=None):
        if self._wire is None:
            return 1 if level is None else None  # a button that is not there is not pressed
        if level is None:
            return 1 if self._wire.value else 0
        self._wire.value = bool(level)
        return None

    __call__ = value

    def irq(self, handler=None, trigger=0):
        """Nothing calls the handler."""


class I2C:
    """A bus. `busio` is Blinka's, for Adafruit's drivers."""

    def __init__(self, id=0, *, scl, sda, freq=400_000):
        try:
            self.busio = busio.I2C(named(scl.name), named(sda.name), frequency=freq)
        except (RuntimeError, ValueError) as error:
            raise OSError(errno.ENODEV, "no I2C bus here: %s" % error) from error

    def scan(self):
        return self._do("scan")

    def writeto(self, address, data, stop=True):
        self._do("writeto", address, bytes(data))
        return len(data)

    def readfrom_mem_into(self, address, register, buffer, *, addrsize=8):
        self._do("writeto_then_readfrom", address, _register(register, addrsize), buffer)

    def readfrom_mem(self, address, register, count, *, addrsize=8):
        buffer = bytearray(count)
        self.readfrom_mem_into(address, register, buffer, addrsize=addrsize)
        return bytes(buffer)

    def writeto_mem(self, address, register, data, *, addrsize=8):
        self._do("writeto", address, _register(register, addrsize) + bytes(data))

    def _do(self, method, *args):
        # One thread uses the bus, so the lock is free; Blinka asks for it all the same.
        while not self.busio.try_lock():
            time.sleep(0)
        try:
            return getattr(self.busio, method)(*args)
        except RuntimeError as error:  # what the drivers of some bridges raise
            raise OSError(errno.EIO, str(error)) from error
        finally:
            self.busio.unlock()


class RTC:
    """The computer's own clock, which somebody else sets; memory as long as the program runs."""

    _memory = b""

    def __init__(self, id=0):
        pass

    def datetime(self, value=None):
        if value is not None:
            return None  # the computer knows better
        now = datetime.datetime.now(datetime.timezone.utc)
        return now.year, now.month, now.day, now.weekday(), now.hour, now.minute, now.second, now.microsecond

    def memory(self, data=None):
        if data is None:
            return RTC._memory
        RTC._memory = bytes(data)
        return None


class Timer:
    """The chip's for what must be seen while the app hangs. Here there is no laser, and the watchdog itself
    says where the program hung."""

    def __init__(self, id):
        pass

    def init(self, *, period, callback):
        """It never comes."""


class WDT:
    """Ends the program when it is not fed; whoever supervises it (systemd) starts it again."""

    def __init__(self, id=0, timeout=5000):
        self._timeout_s = timeout / 1000
        self._fed = time.monotonic()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def feed(self):
        self._fed = time.monotonic()

    def _watch(self):
        while time.monotonic() - self._fed < self._timeout_s:
            time.sleep(self._timeout_s / 10)
        sys.stderr.write("lapel: the watchdog ends the program, which hangs here:\n")
        faulthandler.dump_traceback()
        os._exit(BITTEN)


def has(name):
    """Whether Blinka knows a pin of that name here."""
    return getattr(board, name, None) is not None


def named(name):
    """Blinka's pin of that name. Raises ValueError."""
    pin = getattr(board, name, None)
    if pin is None:
        raise ValueError("this computer has no pin %r; Blinka calls it a %s" % (name, board.board_id))
    return pin


def freq(hz=None):
    """A computer sees to that itself."""


def unique_id():
    return uuid.getnode().to_bytes(6, "big")


def reset_cause():
    return SOFT_RESET if os.environ.get(_AGAIN) else PWRON_RESET


def wake_reason():
    return 0


def reset():
    """The same program from its beginning."""
    os.environ[_AGAIN] = "1"
    sys.stdout.flush()
    os.execv(sys.executable, sys.orig_argv)


soft_reset = reset


def deepsleep(ms=0):
    """A computer is not put to sleep from here: the program ends."""
    raise SystemExit(0)


def _register(number, bits):
    return number.to_bytes(bits // 8, "big")
