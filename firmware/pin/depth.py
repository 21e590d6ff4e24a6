"""The depth sensor, VL53L5CX, through the driver mp-extras/vl53l5cx (MIT), put on the board at flash time.

It sleeps, watches slowly for something that comes near, or looks as fast as a hand moves. What fails is
started again after a pause that doubles; until then there are no frames, and without fresh frames the guard
gives no light. Register-level facts: ST's UM2884.
"""

import errno

from pin import log
from pin.clock import Deadline, ticks_diff, ticks_ms

SLOW_HZ = 5  # a hand that comes is seen within 0.2 s
FAST_HZ = 15  # the most that 8x8 zones give
START_MS = 8000  # the upload of 84 kB takes 2 s at 400 kHz, the chip's own waits 0.3 s
PIECE_BYTES = 512  # of the upload at a time: 12 ms, then the button is looked at
SILENT_PERIODS = 4  # without a frame for that long it has stopped
POWER_MS = 10  # from LPN high to the first word (DS13754: 1.2 ms for the boot, with room)
RETRY_MS = (1000, 60_000)  # the first pause and the longest

OFF, SLOW, FAST, FAILED = "off", "slow", "fast", "failed"

# What takes the sensor from one state to the other. From FAILED, and once after power-up, it is set up anew.
MOVES = {
    (OFF, SLOW): "wake",
    (OFF, FAST): "wake",
    (SLOW, FAST): "retune",
    (FAST, SLOW): "retune",
    (SLOW, OFF): "sleep",
    (FAST, OFF): "sleep",
    (FAILED, SLOW): "begin",
    (FAILED, FAST): "begin",
    (FAILED, OFF): "leave",
}
_HZ = {SLOW: SLOW_HZ, FAST: FAST_HZ}


class PutOff(Exception):
    """The upload was stopped: somebody presses the button."""


class Bus:
    """The I2C bus as the driver sees it: long writes in pieces, a limit in time, and a way out of them."""

    def __init__(self, i2c, clock_ms=ticks_ms):
        self.is_busy = None  # whether somebody needs the pin more than the sensor does
        self.limit = Deadline()
        self._i2c = i2c
        self._clock_ms = clock_ms

    def _look(self):
        if self.limit.passed(self._clock_ms()):
            raise OSError(errno.ETIMEDOUT)
        if self.limit.set and self.is_busy is not None and self.is_busy():
            raise PutOff()

    def readfrom_mem(self, address, register, count, *, addrsize=8):
        self._look()
        return self._i2c.readfrom_mem(address, register, count, addrsize=addrsize)

    def readfrom_mem_into(self, address, register, buffer, *, addrsize=8):
        self._look()
        self._i2c.readfrom_mem_into(address, register, buffer, addrsize=addrsize)

    def writeto_mem(self, address, register, data, *, addrsize=8):
        # Its registers count on within a page, so a long write is the same as several short ones.
        view = memoryview(data)
        for at in range(0, len(view), PIECE_BYTES):
            self._look()
            self._i2c.writeto_mem(address, register + at, view[at : at + PIECE_BYTES], addrsize=addrsize)


class Depth:
    """`open_driver(bus, lpn)` gives the driver's object; `interrupt` and `lpn` are Pins, or None.

    `frame` gives the next frame of the sensor; `want` says how often there should be one. `failures` counts;
    `trouble` is why there are no frames, or "".
    """

    def __init__(self, open_driver, bus, interrupt=None, falling=0, lpn=None, clock_ms=ticks_ms):
        self.state = FAILED  # as good as: nothing is set up yet
        self.failures = 0
        self.trouble = ""
        self._open_driver = open_driver
        self._bus = bus
        self._lpn = lpn
        self._clock_ms = clock_ms
        self._sensor = None
        self._wanted = OFF
        self._retry = Deadline()
        self._pause_ms = RETRY_MS[0]
        self._frame_ms = 0
        self._has_line = interrupt is not None
        self._ready = False
        if self._has_line:
            interrupt.irq(self._on_line, falling)

    def _on_line(self, pin):
        self._ready = True

    def want(self, state):
        """OFF, SLOW or FAST, from the next `frame` on."""
        self._wanted = state

    def frame(self, now_ms):
        """(64 distances in mm, 64 statuses) if there is a new frame, else None. Never raises.

        The first call that wants frames, and the first after a failure, takes seconds; `Bus.is_busy` ends it.
        """
        try:
            if self.state != self._wanted:
                self._move(now_ms)
            if self.state in _HZ and self._is_ready(now_ms):
                self._frame_ms = now_ms
                self._pause_ms = RETRY_MS[0]
                self.trouble = ""
                results = self._sensor.get_ranging_data()
                return results.distance_mm, results.target_status
        except PutOff:
            log.debug("depth", "the set-up is put off")
            self.state = FAILED
        except Exception as error:  # noqa: BLE001 - a driver of others may raise anything: dark, and again
            self._fail(now_ms, error)
        return None

    def _move(self, now_ms):
        if self.state == FAILED and self._retry.set and not self._retry.passed(now_ms):
            return
        step = MOVES.get((self.state, self._wanted))
        if step == "begin":
            self._begin()
        elif step == "wake":
            self._sensor.power_mode = 1
            self._start(self._wanted)
        elif step == "retune":
            self._sensor.stop_ranging()
            self._start(self._wanted)
        elif step == "sleep":
            self._sensor.stop_ranging()
            self._sensor.power_mode = 0
        elif step == "leave":
            return
        self.state = self._wanted

    def _begin(self):
        """From power to frames."""
        if self._lpn is not None:
            self._lpn.value(1)
        self._bus.limit.after(START_MS, self._clock_ms())
        try:
            sensor = self._sensor = self._open_driver(self._bus, self._lpn)
            if not sensor.is_alive():
                raise OSError("no VL53L5CX answers")
            status = sensor.init()
            if status:
                raise OSError("the set-up ended with %d" % status)
            sensor.resolution = 64
            sensor.ranging_mode = 1
            self._start(self._wanted)
        finally:
            self._bus.limit.clear()
        log.info("depth", "ready")

    def _start(self, state):
        self._sensor.ranging_freq = _HZ[state]
        self._ready = False
        self._sensor.start_ranging({5, 7})  # DATA_DISTANCE_MM, DATA_TARGET_STATUS
        self._frame_ms = self._clock_ms()

    def _is_ready(self, now_ms):
        waited_ms = ticks_diff(now_ms, self._frame_ms)
        period_ms = 1000 // _HZ[self.state]
        if self._ready:
            self._ready = False
            return True
        # Without the line, or when its edge was lost, the chip is asked, which takes a millisecond.
        if waited_ms < (period_ms * 3 // 2 if self._has_line else period_ms * 9 // 10):
            return False
        if self._sensor.check_data_ready():
            return True
        if waited_ms > SILENT_PERIODS * period_ms:
            raise OSError("no frame in %d ms" % waited_ms)
        return False

    def _fail(self, now_ms, error):
        self.failures += 1
        self.trouble = "The palm sensor does not work."
        log.error("depth", "%s %r; again in %d ms" % (self.trouble, error, self._pause_ms))
        self.state = FAILED
        self._retry.after(self._pause_ms, now_ms)
        self._pause_ms = min(RETRY_MS[1], 2 * self._pause_ms)
        if self._lpn is not None:
            self._lpn.value(0)
