"""The pin's parts on a computer: Adafruit's drivers where the firmware has its own, and no radio of its own.

The LED matrix is written a picture at a time through Adafruit's driver; its own `image` would take 288
messages on the bus for each.
"""

import adafruit_drv2605
import adafruit_is31fl3731
import adafruit_max1704x
from pin import log
from pin import parts as chip
from pin.hand import NoHand
from pin.haptic import NoHaptic
from pin.projector import matrix
from pin.projector.is31fl3731 import LEDS

_PAUSE = 0x80  # in a pattern of pin.haptic: wait so many times 10 ms
_PWM = 0x24  # first brightness register of a frame
_FRAMES = (0, 1)


class Matrix(adafruit_is31fl3731.IS31FL3731):
    """What `pin.projector.matrix` wants of the chip: `pixels`, `show()` and `power(on)`."""

    def __init__(self, i2c):
        super().__init__(i2c.busio, frames=_FRAMES)
        self._picture = bytearray(1 + LEDS)
        self._picture[0] = _PWM
        self.pixels = memoryview(self._picture)[1:]
        self._hidden = 1
        self.power(False)

    def show(self):
        """Puts `pixels` up: into the frame that nobody sees, then the frames change."""
        self._bank(self._hidden)
        self._i2c_write_block(self._picture)
        self.frame(self._hidden)
        self._hidden ^= 1

    def power(self, on):
        self.sleep(not on)


class Haptic:
    """`pin.haptic`'s patterns on Adafruit's DRV2605."""

    def __init__(self, i2c):
        self._chip = adafruit_drv2605.DRV2605(i2c.busio)
        self.failures = 0

    def play(self, pattern):
        """Starts a pattern; whether the chip took it."""
        try:
            self._chip.stop()
            for i in range(8):
                step = pattern[i] if i < len(pattern) else 0
                if step & _PAUSE:
                    self._chip.sequence[i] = adafruit_drv2605.Pause((step & ~_PAUSE) / 100)
                else:
                    self._chip.sequence[i] = adafruit_drv2605.Effect(step)
            self._chip.play()
        except OSError:
            self.failures += 1
            return False
        return True

    def rest(self):
        try:
            self._chip.stop()
        except OSError:
            self.failures += 1


class _Gauge(adafruit_max1704x.MAX17048):
    def reset(self):
        """Not at each start: the chip would forget what it has learned of the cell."""


class Gauge:
    """`pin.gauge`'s attributes from Adafruit's MAX17048."""

    def __init__(self, i2c):
        self._chip = _Gauge(i2c.busio)
        self.percent = self.millivolts = None
        self.percent_an_hour = 0.0

    def read(self):
        try:
            self.millivolts = int(self._chip.cell_voltage * 1000)
            self.percent = max(0, min(100, int(self._chip.cell_percent)))
            self.percent_an_hour = self._chip.charge_rate
        except OSError:
            self.percent = self.millivolts = None
            self.percent_an_hour = 0.0
            return False
        return True


class AnyHand(NoHand):
    """No depth sensor: LEDs harm nobody, so they light whenever the wearer has asked for light."""

    present = True


class Parts(chip.Parts):
    def _matrix(self, mirror):
        return matrix.MatrixScanner(Matrix(self.bus), mirror.brightness)

    def _hand(self):
        return AnyHand()

    def _haptic(self):
        return self._optional(Haptic, "motor") or NoHaptic()

    def _gauge(self):
        return self._optional(Gauge, "fuel gauge")

    def _optional(self, driver, what):
        try:
            return driver(self.bus)
        except (OSError, ValueError, RuntimeError) as error:  # ValueError: nobody answers at the address
            log.info(what, "none: %s" % error)
            return None
