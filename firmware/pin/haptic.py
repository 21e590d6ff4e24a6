"""DRV2605L: the vibration motor, over I2C. Registers and effects: Texas Instruments' datasheet, SLOS854.

The chip plays short effects of its own library by itself; a pattern is up to four of them. Written here is
what a motor of either kind needs without the chip's automatic calibration: an eccentric mass (ERM) driven in
open loop with library A, a linear resonant one (LRA) in closed loop with its library.
"""

ADDRESS = 0x5A
_STATUS = 0x00  # device id in bits 7..5
_MODE = 0x01  # 0: effects start by GO; bit 6 is standby
_LIBRARY = 0x03  # 1 to 5: ERM, A to E; 6: LRA
_SEQUENCE = 0x04  # eight bytes: effects one after the other, 0 ends them
_GO = 0x0C
_FEEDBACK = 0x1A  # bit 7: an LRA
_CONTROL_3 = 0x1D  # bit 5: ERM in open loop
_STANDBY = 0x40
_PAUSE = 0x80  # in the sequence: wait so many times 10 ms
_ID_DRV2605L = 7
_FEEDBACK_RESET = 0x36
_CONTROL_3_RESET = 0xA0
_LIBRARY_ERM_A, _LIBRARY_LRA = 1, 6
STEPS = 4  # effects of a pattern

ERM, LRA = "erm", "lra"

# Effects of the library: 1 strong click, 7 soft bump, 10 double click, 14 strong buzz, 24 sharp tick,
# 15 alert of 750 ms, 47 buzz.
SHOWN = (7,)  # the palm is seen, light comes
SELECTED = (1,)
MOVED = (24,)  # the focus, or a level, by one step
ALERT = (10, _PAUSE | 20, 10)
URGENT = (15, _PAUSE | 20, 15)
ERROR = (14, _PAUSE | 15, 14, _PAUSE | 15)


class Haptic:
    """`motor` is the board's: ERM or LRA. Raises OSError where no such chip answers; `play` never does."""

    def __init__(self, i2c, motor=ERM, address=ADDRESS):
        self._i2c = i2c
        self._address = address
        self._byte = bytearray(1)
        self._effects = bytearray(STEPS + 1)
        self.failures = 0  # patterns that the chip did not take
        i2c.readfrom_mem_into(address, _STATUS, self._byte)
        if self._byte[0] >> 5 != _ID_DRV2605L:
            raise OSError("DRV2605L: expected device 7, got %d" % (self._byte[0] >> 5))
        self._write(_MODE, 0)
        is_lra = motor == LRA
        self._write(_LIBRARY, _LIBRARY_LRA if is_lra else _LIBRARY_ERM_A)
        self._write(_FEEDBACK, _FEEDBACK_RESET | (0x80 if is_lra else 0))
        self._write(_CONTROL_3, _CONTROL_3_RESET & ~0x20 if is_lra else _CONTROL_3_RESET | 0x20)
        self._write(_MODE, _STANDBY)  # 2 uA instead of 1 mA; a GO needs it awake

    def play(self, pattern):
        """Starts a pattern, in place of one that still plays; 0.5 ms on the bus. Whether the chip took it."""
        effects = self._effects
        for i in range(STEPS + 1):
            effects[i] = pattern[i] if i < len(pattern) else 0
        try:
            self._write(_MODE, 0)
            self._write(_GO, 0)
            self._i2c.writeto_mem(self._address, _SEQUENCE, effects)
            self._write(_GO, 1)
        except OSError:
            self.failures += 1
            return False
        return True

    def rest(self):
        """To standby; ends what plays."""
        try:
            self._write(_MODE, _STANDBY)
        except OSError:
            self.failures += 1

    def _write(self, register, value):
        self._byte[0] = value
        self._i2c.writeto_mem(self._address, register, self._byte)


class NoHaptic:
    """In place of a motor: the pin is silent to the skin."""

    failures = 0

    def play(self, pattern):
        return False

    def rest(self):
        pass
