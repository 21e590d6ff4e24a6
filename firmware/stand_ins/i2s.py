"""machine.I2S for a PC: the ESP32 port's methods and modes around `i2s_core`.

Blocking until `irq(handler)`, then `readinto` and `write` return at once and the handler is scheduled when
the whole buffer was filled or taken. The asyncio stream mode is not here: the firmware does not use it.
A receiver hears the world's room in the left slot, as 32-bit words of sample << MIC_SHIFT (board file).
A transmitter of 32-bit words is the scanner: its frames reach the host if LASER_ARM is high when they go out.
One of 16-bit words is the speaker.
"""

import errno
import struct
import sys
import time

import pump
import world
from i2s_core import Receiver, Sender
from room import RATE_HZ
from world_link import move_bytes

MIC_SHIFT = 14  # ICS-43434: speech fills 18 of its upper 24 bits
LASER_ARM = 2  # the wiring table's GPIO
PORTS = 3  # the ESP32-S3 has two controllers; the third is a virtual pin's own
FORWARD_FRAMES = 480  # how often light goes to the host: 10 ms
MOST_FRAMES = 1000  # in one message
_ports = {}


class I2S:
    RX = 9  # I2S_MODE_MASTER | I2S_MODE_RX of ESP-IDF 4, kept by the port
    TX = 5
    MONO = 0
    STEREO = 1

    def __init__(self, id, *, sck, ws, sd, mode, bits, format, rate, ibuf):
        if not 0 <= id < PORTS:
            raise ValueError("invalid id")
        if id in _ports:
            _ports[id].deinit()
        self.id = id
        self.init(sck=sck, ws=ws, sd=sd, mode=mode, bits=bits, format=format, rate=rate, ibuf=ibuf)

    def init(self, *, sck, ws, sd, mode, bits, format, rate, ibuf):
        self.deinit()
        if mode not in (I2S.RX, I2S.TX):
            raise ValueError("invalid mode")
        if bits not in (16, 32):
            raise ValueError("invalid bits")
        if format not in (I2S.MONO, I2S.STEREO):
            raise ValueError("invalid format")
        if mode == I2S.RX and (rate != RATE_HZ or bits != 32 or format != I2S.MONO):
            raise ValueError("the virtual microphone is wired for 32-bit mono at %d Hz" % RATE_HZ)
        self.mode = mode
        self._frame_bytes = bits // 8 * (2 if format == I2S.STEREO else 1)
        self._handler = None
        self._full = 0  # buffers that were filled or taken and whose handler has not run
        self._waiting = None  # the buffer of a blocking call
        if mode == I2S.RX:
            self._port = _Microphone(ibuf, self._done)
        else:
            kind = _Speaker if bits == 16 else _Scanner
            self._port = kind(ibuf, self._frame_bytes, rate, self._done)
        _ports[self.id] = self
        world.enter()
        world.devices.append(self)
        world.leave()
        pump.hook()

    def deinit(self):
        if _ports.get(self.id) is self:
            world.enter()
            world.devices.remove(self)
            self._port.count(world.past)
            del _ports[self.id]
            world.leave()

    def irq(self, handler):
        if handler is not None and not callable(handler):
            raise ValueError("invalid callback")
        self._handler = handler

    def readinto(self, buffer):
        return self._transfer(I2S.RX, buffer)

    def write(self, buffer):
        return self._transfer(I2S.TX, buffer)

    @staticmethod
    def shift(*, buf, bits, shift):
        code = {16: "h", 32: "i"}.get(bits)
        if code is None:
            raise ValueError("invalid bits")
        step = bits // 8
        mask = (1 << bits) - 1
        for at in range(0, len(buf) // step * step, step):
            value = struct.unpack_from("<" + code, buf, at)[0]
            value = value << shift if shift >= 0 else value >> -shift
            struct.pack_into("<" + code.upper(), buf, at, value & mask)

    def _transfer(self, mode, buffer):
        if self.mode != mode:
            raise OSError(errno.EPERM)
        size = _size(buffer)
        if size % self._frame_bytes:
            raise OSError(errno.EINVAL)
        if not size:
            return 0
        world.enter()
        self._port.core.requests.add(buffer, size // self._frame_bytes)
        if self._handler is None:
            self._waiting = buffer
        self._port.advance(time.ticks_us())
        world.leave()
        while self._waiting is not None:  # blocking: until the last frame
            time.sleep_ms(1)
            world.enter()
            world.leave()
        return size

    def _done(self, buffer):
        if buffer is self._waiting:
            self._waiting = None
        else:
            self._full += 1

    # What the world asks of a device.

    def advance(self, us):
        self._port.advance(us)

    def due(self):
        if self._full:
            return 0
        return self._port.due()

    def dispatch(self):
        while self._full:
            self._full -= 1
            if self._handler:
                try:
                    self._handler(self)
                except Exception as error:  # noqa: BLE001 - as the scheduler does: told, and on it goes
                    sys.print_exception(error)

    def needs(self, position):
        return self._port.needs(position)

    def count(self, values):
        self._port.count(values)


# The buffers used last, whose sizes are known: asking again would allocate in the audio path.
_known = [None, None, None, None]
_known_bytes = [0, 0, 0, 0]


def _size(buffer):
    """Bytes of any buffer."""
    for i in range(4):
        if _known[i] is buffer:
            return _known_bytes[i]
    _known.pop(0)
    _known_bytes.pop(0)
    _known.append(buffer)
    _known_bytes.append(len(bytes(buffer)))  # this port has no itemsize
    return _known_bytes[3]


class _Microphone:
    """A receiver in the room."""

    def __init__(self, ibuf, done):
        self.core = Receiver(ibuf, world.position(time.ticks_us()))
        self.done = done
        self._shift = world.board("MIC_SHIFT", MIC_SHIFT)

    def advance(self, us):
        self.core.advance(world.position(us), self)

    def copy(self, buffer, offset, position, frames):
        world.room.words(position, frames, buffer, offset, self._shift)

    def due(self):
        position = self.core.due()
        return pump.NEVER if position is None else world.time_of(position)

    def needs(self, position):
        return min(position, self.core.read)

    def count(self, values):
        world.add(values, "mic_read", self.core.read - self.core.start)
        world.add(values, "mic_dropped", self.core.dropped)
        world.add(values, "mic_refused", self.core.requests.refused)


class _Scanner:
    """A transmitter whose frames are X and Y of the mirror; its own clock starts with it."""

    message = "l"
    name = "scan"

    def __init__(self, ibuf, frame_bytes, rate, done):
        self.core = Sender(ibuf, frame_bytes, 0)
        self.done = done
        self._frame_bytes = frame_bytes
        self._rate = rate
        self._start_us = time.ticks_us()
        self._ring = bytearray(self.core.capacity * frame_bytes)
        self._head = bytearray(16)
        self._arm = world.board("LASER_ARM", LASER_ARM)

    def advance(self, us):
        self.core.advance((us - self._start_us) * self._rate // 1_000_000, self)

    def copy(self, buffer, offset, position, frames):
        size = self._frame_bytes
        while frames:
            at = position % self.core.capacity
            run = min(frames, self.core.capacity - at)
            move_bytes(self._ring, at * size, buffer, offset * size, run * size)
            position += run
            offset += run
            frames -= run

    def forwards(self):
        return world.outputs.get(self._arm)

    def sent(self, position, frames):
        if not self.forwards():
            return
        size = self._frame_bytes
        while frames:
            at = position % self.core.capacity
            run = min(frames, self.core.capacity - at, MOST_FRAMES)
            struct.pack_into("<qq", self._head, 0, position, self._us(position))
            world.send(self.message, self._head, self._ring, at * size, run * size)
            position += run
            frames -= run

    def due(self):
        core = self.core
        position = core.due()
        if position is None:
            position = core.written
            if position == core.position:
                return pump.NEVER
        if self.forwards():
            position = min(position, core.position + FORWARD_FRAMES)
        return self._us(position) + 1

    def _us(self, position):
        return self._start_us + position * 1_000_000 // self._rate

    def needs(self, position):
        return position

    def count(self, values):
        world.add(values, self.name + "_frames", self.core.position)
        world.add(values, self.name + "_underruns", self.core.underruns)
        world.add(values, self.name + "_zeros", self.core.zeros)
        world.add(values, self.name + "_refused", self.core.requests.refused)


class _Speaker(_Scanner):
    """A transmitter whose frames are samples."""

    message = "p"
    name = "voice"

    def forwards(self):
        return True
