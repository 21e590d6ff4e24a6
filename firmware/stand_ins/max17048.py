"""The fuel gauge of a virtual pin, as registers on the I2C bus; the host says how many millivolts.

It lives off the cell that it measures: without one nothing answers.
"""

import errno
import struct

import world
from machine import I2C

ADDRESS = 0x36
LEAST_MV = 1000
# A lithium cell at rest, coarsely: percent at each 100 mV from 3.2 V to 4.2 V.
_PERCENT = (0, 2, 5, 10, 17, 30, 50, 66, 80, 92, 100)


def percent_256(millivolts):
    """State of charge in 1/256 percent."""
    at = max(0, min(millivolts, 4200) - 3200)
    step = min(at // 100, 9)
    low, high = _PERCENT[step], _PERCENT[step + 1]
    return 256 * low + 256 * (high - low) * (at - 100 * step) // 100


class Max17048:
    def read(self, register, count):
        if world.battery_mv < LEAST_MV:
            raise OSError(errno.ENODEV)
        value = {
            0x02: world.battery_mv * 64 // 5,
            0x04: percent_256(world.battery_mv),
            0x08: 0x0012,
            0x16: 0,
        }.get(register, 0)
        return struct.pack(">H", value)[:count]

    def write(self, register, data):
        pass


I2C.chips[ADDRESS] = Max17048()
