"""IS31FL3731: 16 x 9 LEDs with 256 steps of brightness over I2C. Registers: Lumissil's datasheet.

The chip has eight frames; two of them take turns, so that a picture appears whole.
"""

ADDRESS = 0x74  # AD pin to ground
COLUMNS, ROWS = 16, 9
LEDS = COLUMNS * ROWS

_SELECT = 0xFD  # command register: which page the next writes go to, a frame or the functions
_FUNCTIONS = 0x0B
_CONFIG = 0x00  # 0: show one picture
_PICTURE = 0x01  # which frame
_AUDIO = 0x06
_SHUTDOWN = 0x0A  # 0: all LEDs dark, registers kept
_ON_BITS = 0x00  # 18 bytes: which LEDs exist
_BLINK_BITS = 0x12
_PWM = 0x24  # 144 bytes, row after row


class Is31fl3731:
    """`pixels` is the next picture, a byte for each LED, row after row. Every method raises OSError."""

    def __init__(self, i2c, address=ADDRESS):
        self._i2c = i2c
        self._address = address
        self._two = bytearray(2)
        self._frame = bytearray(1 + LEDS)
        self._frame[0] = _PWM
        self.pixels = memoryview(self._frame)[1:]
        self._hidden = 0
        self._write(_SELECT, _FUNCTIONS)
        self._write(_SHUTDOWN, 0)
        self._write(_CONFIG, 0)
        self._write(_AUDIO, 0)
        for frame in (1, 0):
            self._write(_SELECT, frame)
            i2c.writeto(address, bytes([_ON_BITS]) + b"\xff" * 18)
            i2c.writeto(address, bytes([_BLINK_BITS]) + bytes(18))
            i2c.writeto(address, self._frame)
        self._write(_SELECT, _FUNCTIONS)
        self._write(_PICTURE, 1)

    def show(self):
        """Puts `pixels` up: into the frame that nobody sees, then the frames change."""
        self._write(_SELECT, self._hidden)
        self._i2c.writeto(self._address, self._frame)
        self._write(_SELECT, _FUNCTIONS)
        self._write(_PICTURE, self._hidden)
        self._hidden ^= 1

    def power(self, on):
        """LEDs on or dark; the picture stays."""
        self._write(_SELECT, _FUNCTIONS)
        self._write(_SHUTDOWN, 1 if on else 0)

    def _write(self, register, value):
        self._two[0] = register
        self._two[1] = value
        self._i2c.writeto(self._address, self._two)
