"""A projector on the stand-ins' transmitter, in simulated time: what leaves the pin, sample by sample.

Runs on both interpreters. Light is where the sample is lit and LASER_ARM is high when the DMA sends it.
"""

from pin.projector import Projector, font, guard, scanner, speed
from stand_ins.i2s_core import Sender

IBUF_BYTES = 20000  # as in pin/parts.py
FRAME_BYTES = 8
STEP_US = 250
TICK_US = 5000  # the app's loop
FONT = font.load()


class Hand:
    """Stands for the palm sensor."""

    def __init__(self, rig):
        self.rig = rig
        self.present = True
        self.frozen_us = None  # when the sensor stopped

    def age_ms(self):
        return 20 if self.frozen_us is None else (self.rig.us - self.frozen_us) // 1000


class Timer:
    """Stands for machine.Timer, one shot: soft, so it waits while the interpreter runs nothing."""

    ONE_SHOT = 0

    def __init__(self, rig):
        self.rig = rig
        self.at_us = None
        self.works = True

    def init(self, mode, period, callback):
        assert mode == Timer.ONE_SHOT and period > 0
        self.callback = callback
        self.at_us = self.rig.us + period * 1000

    def run(self):
        if self.works and self.at_us is not None and self.rig.us >= self.at_us:
            self.at_us = None
            self.callback(self)


class DmaRig:
    """`out`, if it is a list, gets (X word, Y word, arm) of every sample that goes out; zeros, if dry."""

    def __init__(self, mirror=None):
        mirror = mirror or speed.Mirror()
        self.refills = True  # False: the port takes chunks but calls nobody back
        self.us = 1_000_000
        self.arm = 0
        self.dropped_us = 0  # when ARM last went low
        self.last_light_us = 0
        self.out = None
        self.app_runs = True
        self.blocked_until_us = 0  # until then the interpreter runs nothing
        self._core = Sender(IBUF_BYTES, FRAME_BYTES, self._position())
        self._ring = [None] * self._core.capacity
        self._taken = 0  # chunks whose handler has not run
        self._handler = None
        self._tick_us = self.us
        self.hand = Hand(self)
        self.scanner = scanner.VectorScanner(self, mirror, self._ms)
        self.timer = Timer(self)
        self.guard = guard.Guard(self._set_arm, self.hand, mirror, self._ms, self.timer)
        self.projector = Projector(self.scanner, self.guard, FONT, self._ms)

    def run(self, us):
        """Lets so much time pass."""
        end = self.us + us
        while self.us < end:
            self.us += STEP_US
            self._advance()
            if self.us < self.blocked_until_us:
                continue
            self.timer.run()
            while self._taken and self.refills:
                self._taken -= 1
                self._handler(self)
            if self.app_runs and self.us - self._tick_us >= TICK_US:
                self._tick_us = self.us
                self.projector.poll()

    def lit_card(self, lines=("Rain at four", "then sun")):
        """A card that is up and bright."""
        self.guard.user_action()
        assert self.projector.show(list(lines))
        self.run(200_000)
        assert self.projector.lit and self.us - self.last_light_us < 10_000
        return self

    # What the scanner asks of the I2S port.

    def irq(self, handler):
        self._handler = handler

    def write(self, buffer):
        assert self._core.requests.add(buffer, len(buffer) // 2), "more than the port's queue holds"
        self._advance()
        return len(buffer) * 4

    # What the DMA does.

    def copy(self, buffer, offset, position, frames):
        for k in range(frames):
            self._ring[(position + k) % self._core.capacity] = (
                buffer[2 * (offset + k)],
                buffer[2 * (offset + k) + 1],
            )

    def done(self, buffer):
        self._taken += 1

    def sent(self, position, frames):
        for k in range(position, position + frames):
            x, y = self._ring[k % self._core.capacity]
            if self.arm and not x & speed.BLANK and x & 0x78:
                self.last_light_us = self.us
            if self.out is not None:
                self.out.append((x, y, self.arm))

    def _advance(self):
        zeros = self._core.zeros
        self._core.advance(self._position(), self)
        if self.out is not None:
            for _ in range(self._core.zeros - zeros):
                self.out.append((0, 0, self.arm))

    def _set_arm(self, level):
        self._advance()  # what went out before did so with the old level
        if self.arm and not level:
            self.dropped_us = self.us
        self.arm = level

    def _position(self):
        return self.us * speed.RATE_HZ // 1_000_000

    def _ms(self):
        return self.us // 1000
