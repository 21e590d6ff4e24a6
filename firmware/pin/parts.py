"""From a board's pin numbers to the parts that the app works with."""

import esp32
import tls
from lapel_wire.audio import SAMPLE_RATE_HZ
from machine import I2C, I2S, Pin, Timer, deepsleep
from pin import depth, log
from pin.gauge import Gauge
from pin.hand import Hand, NoHand
from pin.haptic import Haptic, NoHaptic
from pin.projector import Projector, font, guard, speed

BUS_HZ = 400_000  # the most that fuel gauge and haptic driver take
SCAN_RATE_HZ = 48000
GUARD_TIMER = 0  # of the chip's four
SCAN_IBUF_BYTES = 20000  # 52 ms: what is in the DMA cannot be recalled, so no more


def _no_laser(level):
    """In place of the arm pin: LEDs need none."""


def _open_depth(bus, lpn):
    # Not in this repository: `lapel flash` puts it on the board. Without it the sensor fails, and says so.
    from vl53l5cx.mp import VL53L5CXMP

    return VL53L5CXMP(bus, lpn=lpn)


class Parts:
    """The parts: `button` (a Pin), `bus` (the I2C), `hand`, `haptic`, `gauge` or None, `vbus` (a function: is
    there power from outside? None where no pin tells), `projector` and its `guard`, `display` (as in hello),
    `speaker` or None, `wifi` or None."""

    def __init__(self, board, networks, mirror=None):
        self.board = board
        for name in getattr(board, "CHIPS", ()):  # what lies on a virtual bus
            __import__(name)
        self.bus = I2C(0, scl=Pin(board.SCL), sda=Pin(board.SDA), freq=BUS_HZ)
        self.button = Pin(board.BUTTON, Pin.IN, Pin.PULL_UP)
        self.button_edges = Pin.IRQ_FALLING | Pin.IRQ_RISING
        arm = Pin(board.LASER_ARM, Pin.OUT, value=0)
        timer = Timer(GUARD_TIMER)
        mirror = self._mirror = mirror or speed.Mirror()
        self._brightness = mirror.brightness
        if getattr(board, "SCANNER", "vector") == "matrix":
            light = self._matrix(mirror)
            arm = _no_laser
            timer = None
        else:
            from pin.projector.scanner import VectorScanner  # not needed where there are LEDs

            light = VectorScanner(self._open_scan(), mirror)
        self.depth_bus = depth.Bus(self.bus)
        self.hand = self._hand()
        self.haptic = self._haptic()
        self.gauge = self._gauge()
        self.vbus = self._vbus()
        self.guard = guard.Guard(arm, self.hand.tracker, mirror, timer=timer)
        self.projector = Projector(light, self.guard, font.load())
        self.display = {"kind": light.kind, "cols": light.columns, "lines": light.lines}
        self.speaker = self._speaker(light)
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

        return matrix.MatrixScanner(is31fl3731.Is31fl3731(self.bus), mirror.brightness)

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

    def _speaker(self, scanner):
        if not hasattr(self.board, "SPEAKER"):
            return None
        from pin.speaker import Speaker  # few boards have one

        return Speaker(self.board, scanner, self._open_scan)

    def typed(self):
        """A question that was typed on the computer of a virtual pin, or None."""
        if self._world is None or not self._world.typed:
            return None
        return self._world.typed.pop(0)

    def dim(self, percent):
        """Light from the next page on, in percent of what calibration allows."""
        steps = max(1, self._brightness * percent // 100)
        self._mirror.brightness = steps
        if self.projector.scanner.scrolls:  # LEDs have no mirror to ask
            self.projector.scanner.brightness = steps

    def power_off(self):
        """Deep sleep, until the button is pressed. Does not return."""
        self.projector.dark()
        self.haptic.rest()
        esp32.wake_on_ext0(self.button, esp32.WAKEUP_ALL_LOW)
        deepsleep()

    def _hand(self):
        board = self.board
        if board.PALM is None:
            log.warning("palm", "this board has no palm sensor: no light")
            return NoHand()
        line = getattr(board, "DEPTH_INT", None)
        lpn = getattr(board, "DEPTH_LPN", None)
        sensor = depth.Depth(
            _open_depth,
            self.depth_bus,
            None if line is None else Pin(line, Pin.IN),
            Pin.IRQ_FALLING,
            None if lpn is None else Pin(lpn, Pin.OUT, value=0),
        )
        return Hand(sensor)

    def _haptic(self):
        motor = getattr(self.board, "HAPTIC", None)
        if motor is None:
            return NoHaptic()
        try:
            return Haptic(self.bus, motor)
        except OSError as error:
            log.warning("haptic", "no motor: %r" % error)
            return NoHaptic()

    def _gauge(self):
        try:
            return Gauge(self.bus)
        except OSError as error:
            log.warning("gauge", "none, so the charge is not known: %r" % error)
            return None

    def _vbus(self):
        line = getattr(self.board, "VBUS", None)
        if line is None:
            return None
        pin = Pin(line, Pin.IN)
        return lambda: pin.value() == 1

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
