"""The DRV2605L of a virtual pin, as registers on the I2C bus; the host hears what the motor plays."""

import struct
import time

import world
from machine import I2C

ADDRESS = 0x5A
_STATUS, _MODE, _SEQUENCE, _GO = 0x00, 0x01, 0x04, 0x0C
_EFFECTS = 8


class Drv2605l:
    def __init__(self):
        self.registers = bytearray(0x23)
        self.registers[_STATUS] = 0xE0
        self.registers[_MODE] = 0x40

    def read(self, register, count):
        return self.registers[register : register + count]

    def write(self, register, data):
        for i in range(len(data)):
            self.registers[register + i] = data[i]
        if register == _GO and data[0] & 1 and self.registers[_MODE] == 0:
            effects = bytes(self.registers[_SEQUENCE : _SEQUENCE + _EFFECTS])
            world.enter()
            world.send("v", struct.pack("<q", time.ticks_us()), effects, 0, _EFFECTS)
            if world.link:
                world.link.flush()
            world.leave()


I2C.chips[ADDRESS] = Drv2605l()
