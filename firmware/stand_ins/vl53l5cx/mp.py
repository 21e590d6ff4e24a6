"""The depth sensor of a virtual pin, behind the API of its driver: frames of what the host puts before it.

It speaks to its chip over the I2C stand-in as the driver does, as far as somebody could notice: an upload of
84 kB at `init`, errors of the bus, the line that falls when a frame is ready.
"""

import time

import pump
import world
from machine import I2C

from . import POWER_MODE_WAKEUP, RESOLUTION_8X8, Results

ADDRESS = 0x29
_PAGES = ((9, 0x8000), (10, 0x8000), (11, 0x5000))
_INIT_MS = 60  # the chip's own waits in it


class Chip:
    """The other end of the bus: swallows what it is sent."""

    def read(self, register, count):
        return bytes(count)

    def write(self, register, data):
        pass


class VL53L5CXMP:
    def __init__(self, i2c, addr=ADDRESS, lpn=None):
        self.i2c = i2c
        self.addr = addr
        self.resolution = 16
        self.ranging_mode = 3
        self._freq = 1
        self._power = POWER_MODE_WAKEUP
        self._period_us = None
        self._next = 0
        self._ready = False
        self._seen = 0  # of world.depth_count
        self.line = world.board("DEPTH_INT", None)
        world.devices.append(self)

    def is_alive(self):
        return len(self.i2c.readfrom_mem(self.addr, 0, 2, addrsize=16)) == 2

    def init(self):
        for page, size in _PAGES:
            self.i2c.writeto_mem(self.addr, 0x7FFF, bytes([page]), addrsize=16)
            for at in range(0, size, 0x1000):
                self.i2c.writeto_mem(self.addr, at, bytes(0x1000), addrsize=16)
        time.sleep_ms(_INIT_MS)
        return 0

    @property
    def ranging_freq(self):
        return self._freq

    @ranging_freq.setter
    def ranging_freq(self, hz):
        self.i2c.writeto_mem(self.addr, 0x2FFF, bytes(16), addrsize=16)
        self._freq = hz

    @property
    def power_mode(self):
        return self._power

    @power_mode.setter
    def power_mode(self, mode):
        self.i2c.writeto_mem(self.addr, 0x09, bytes([mode]), addrsize=16)
        self._power = mode

    def start_ranging(self, enables):
        assert self.resolution == RESOLUTION_8X8 and self._power == POWER_MODE_WAKEUP and len(enables) == 2
        self.i2c.writeto_mem(self.addr, 0x2C00, bytes(4), addrsize=16)
        self._period_us = 1_000_000 // self._freq
        self._next = time.ticks_us() + self._period_us
        self._ready = False
        world.enter()
        world.leave()  # it has a deadline now
        return True

    def stop_ranging(self):
        self.i2c.writeto_mem(self.addr, 0x14, bytes([1]), addrsize=16)
        self._period_us = None

    def check_data_ready(self):
        self.i2c.readfrom_mem(self.addr, 0, 4, addrsize=16)
        return self._ready

    def get_ranging_data(self):
        self.i2c.readfrom_mem(self.addr, 0, 300, addrsize=16)
        self._ready = False
        self._set_line(1)
        results = Results()
        depth = world.depth
        results.distance_mm = [depth[2 * i] | depth[2 * i + 1] << 8 for i in range(64)]
        results.target_status = bytes(depth[128:])
        return results

    def _set_line(self, level):
        if self.line is not None and world.levels.get(self.line) != level:
            world.levels[self.line] = level
            for edge in world.edges:
                edge(self.line, level)

    # a device of the world

    def advance(self, us):
        if self._period_us is None or world.depth_frozen or us < self._next:
            return
        # A hand that moves is told frame by frame: each is measured once, however the two clocks drift.
        if world.depth_count == self._seen and us < self._next + self._period_us // 2:
            return
        self._seen = world.depth_count
        self._next = us + self._period_us * 3 // 4
        self._ready = True
        self._set_line(0)

    def due(self):
        if self._period_us is None or world.depth_frozen:
            return pump.NEVER
        if time.ticks_us() < self._next:
            return self._next
        return self._next + self._period_us // 2

    def dispatch(self):
        pass

    def needs(self, position):
        return position

    def count(self, values):
        pass


I2C.chips[ADDRESS] = Chip()
