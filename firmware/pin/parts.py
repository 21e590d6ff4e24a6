"""From a board's pin numbers to the parts that the app works with."""

import tls
from lapel_wire.audio import SAMPLE_RATE_HZ
from machine import I2C, I2S, Pin
from pin import log
from pin.projector import Projector, font, guard, scanner, speed

SCAN_RATE_HZ = 48000
SCAN_IBUF_BYTES = 20000  # 52 ms: what is in the DMA cannot be recalled, so no more


class NoPalm:
    """In place of a depth sensor: never sees a palm, so the guard never gives light."""

    present = False

    def age_ms(self):
        return 0


def _no_laser(level):
    """In place of the arm pin: LEDs need none."""


class Parts:
    """The parts: `button` (a Pin), `projector` and its `guard`, `display` (as in hello), `wifi` or None."""

    def __init__(self, board, networks, mirror=None):
        self.board = board
        self.button = Pin(board.BUTTON, Pin.IN, Pin.PULL_UP)
        self.button_edges = Pin.IRQ_FALLING | Pin.IRQ_RISING
        arm = Pin(board.LASER_ARM, Pin.OUT, value=0)
        mirror = mirror or speed.Mirror()
        if getattr(board, "SCANNER", "vector") == "matrix":
            light = self._matrix(mirror)
            arm = _no_laser
        else:
            light = scanner.VectorScanner(self._open_scan(), mirror)
        self.guard = guard.Guard(arm, self._palm(), mirror)
        self.projector = Projector(light, self.guard, font.load())
        self.display = {"kind": light.kind, "cols": light.columns, "lines": light.lines}
        self.wifi = self._wifi(networks)
        self._world = __import__(board.TYPED) if hasattr(board, "TYPED") else None

    def _open_scan(self):
        board = self.board
        return I2S(
            1,
            sck=Pin(board.SCAN_BCLK),
            ws=Pin(board.SCAN_WS),
            sd=Pin(board.SCAN_SD),
            mode=I2S.TX,
            bits=32,
            format=I2S.STEREO,
            rate=SCAN_RATE_HZ,
            ibuf=SCAN_IBUF_BYTES,
        )

    def _matrix(self, mirror):
        from pin.projector import is31fl3731, matrix  # not needed where there are mirrors

        bus = I2C(0, scl=Pin(self.board.SCL), sda=Pin(self.board.SDA), freq=400_000)
        return matrix.MatrixScanner(is31fl3731.Is31fl3731(bus), mirror.brightness)

    def open_mic(self, ibuf_bytes):
        """Power to the microphone: a receiver of 32-bit mono words."""
        board = self.board
        return I2S(
            0,
            sck=Pin(board.MIC_BCLK),
            ws=Pin(board.MIC_WS),
            sd=Pin(board.MIC_SD),
            mode=I2S.RX,
            bits=32,
            format=I2S.MONO,
            rate=SAMPLE_RATE_HZ,
            ibuf=ibuf_bytes,
        )

    def typed(self):
        """A question that was typed on the computer of a virtual pin, or None."""
        if self._world is None or not self._world.typed:
            return None
        return self._world.typed.pop(0)

    def _palm(self):
        if self.board.PALM is None:
            log.warning("palm", "this board has no palm sensor: no light")
            return NoPalm()
        return __import__(self.board.PALM).PalmSensor()

    def _wifi(self, networks):
        if not self.board.WIFI:
            return None
        from pin.wifi import Wifi  # a board with a cable has no `network`

        return Wifi(networks)


def pinned(certificate):
    """A TLS context that trusts this certificate (DER) and no other. Raises ValueError if it is none."""
    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.verify_mode = tls.CERT_REQUIRED
    context.load_verify_locations(certificate)
    return context
