"""The speaker: an I2S amplifier on a port of its own, or on the scanner's while that is dark.

A board's SPEAKER names its wires: SPK for lines of its own, SCAN where no mirrors use those.
"""

from lapel_wire.audio import SAMPLE_RATE_HZ
from machine import I2S, Pin

IBUF_BYTES = 4096  # 128 ms: longer than the loop stands still, and what is in there cannot be recalled


class Speaker:
    """`shared`: the port is the scanner's too, from which it is borrowed between `open` and `close`.

    `open_scan()` configures the port for the scanner again.
    """

    def __init__(self, board, scanner, open_scan):
        wires = board.SPEAKER
        self._lines = [getattr(board, wires + name) for name in ("_BCLK", "_WS", "_SD")]
        self._port = getattr(board, "SPEAKER_PORT", 1)
        self.shared = not scanner.scrolls and self._port == 1
        self._scanner = scanner
        self._open_scan = open_scan
        self._i2s = None

    def open(self):
        """A transmitter of 16-bit mono. Raises OSError, ValueError."""
        if self.shared:
            self._scanner.connect(None)
        bclk, ws, sd = self._lines
        self._i2s = I2S(
            self._port,
            sck=Pin(bclk),
            ws=Pin(ws),
            sd=Pin(sd),
            mode=I2S.TX,
            bits=16,
            format=I2S.MONO,
            rate=SAMPLE_RATE_HZ,
            ibuf=IBUF_BYTES,
        )
        return self._i2s

    def close(self):
        """Silent at once."""
        if self._i2s is not None:
            self._i2s.irq(None)
            self._i2s.deinit()
            self._i2s = None
        if self.shared:
            self._scanner.connect(self._open_scan())
