"""MAX17048: how full the cell is, over I2C. Registers: Maxim's datasheet 19-6171, tables 2 and 3.

It models the cell from its voltage (ModelGauge), needs no shunt and draws 23 uA; 4 uA while hibernating,
which it enters by itself.
"""

ADDRESS = 0x36
_VCELL = 0x02  # 78.125 uV a bit
_SOC = 0x04  # 1/256 percent a bit
_VERSION = 0x08  # 0x001x
_CRATE = 0x16  # signed, 0.208 percent an hour a bit
_VERSION_MASK = 0xFFF0
_VERSION_MAX17048 = 0x0010


class Gauge:
    """Raises OSError where no such chip answers. `read` after that never raises: it tells."""

    def __init__(self, i2c, address=ADDRESS):
        self._i2c = i2c
        self._address = address
        self._word = bytearray(2)
        self.percent = None  # 0 to 100, or None while it does not answer
        self.millivolts = None
        self.percent_an_hour = 0.0  # positive while it charges
        version = self._read(_VERSION)
        if version & _VERSION_MASK != _VERSION_MAX17048:
            raise OSError("MAX17048: expected version 0x001x, got 0x%04x" % version)

    def read(self):
        """Whether it answered: takes 0.4 ms at 400 kHz."""
        try:
            self.millivolts = self._read(_VCELL) * 5 // 64
            # The model runs over at both ends of a cell it does not know well.
            self.percent = min(100, self._read(_SOC) >> 8)
            rate = self._read(_CRATE)
        except OSError:
            self.percent = self.millivolts = None
            self.percent_an_hour = 0.0
            return False
        self.percent_an_hour = (rate - 65536 if rate & 0x8000 else rate) * 0.208
        return True

    def _read(self, register):
        self._i2c.readfrom_mem_into(self._address, register, self._word)
        return self._word[0] << 8 | self._word[1]
