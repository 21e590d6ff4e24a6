"""The vibration motor of a virtual pin: the host hears of it."""

import struct
import time

import world


class Haptic:
    def play(self, effect):
        """`effect` is a number of the DRV2605L's library."""
        world.send("v", struct.pack("<Bq", effect, time.ticks_us()))
