"""What I2S hardware does with frames, in whole numbers: no clock, no memory, no interpreter.

Positions count frames since the hardware's clock began; whoever asks says up to which position the clock
has run, so an interpreter that stood still for a second and one that did not come to the same result.

After MicroPython's ports/esp32/machine_i2s.c and ESP-IDF's i2s_common.c: DMA works in descriptors of 256
frames; a receiver's finished descriptors wait in a queue that is one shorter than their number, and when it
is full the oldest is thrown away; a transmitter whose ring is empty sends zeros (auto_clear). In irq mode a
task of its own moves data between the ring and the caller's buffer while Python does not run; beside the
buffer it works on there is room for one more, a third is lost without a word.
"""

DESCRIPTOR_FRAMES = 256
MIN_DESCRIPTORS = 2  # ESP-IDF refuses fewer
REQUESTS = 2  # one at work, one in the port's queue


def descriptors(ibuf, frame_bytes):
    """How many DMA descriptors `ibuf` bytes make."""
    return max(MIN_DESCRIPTORS, ibuf // (DESCRIPTOR_FRAMES * frame_bytes))


class Requests:
    """The buffers that wait for the port's task: a queue of two, each (token, frames)."""

    def __init__(self):
        self.tokens = [None, None]
        self.frames = [0, 0]
        self.count = 0
        self.moved = 0  # frames of the first one that are done
        self.refused = 0

    def add(self, token, frames):
        """Whether there was room."""
        if self.count == REQUESTS:
            self.refused += 1
            return False
        self.tokens[self.count] = token
        self.frames[self.count] = frames
        self.count += 1
        return True

    def left(self):
        return self.frames[0] - self.moved

    def pop(self):
        """Drops the first; its token."""
        token = self.tokens[0]
        self.tokens[0] = self.tokens[1]
        self.frames[0] = self.frames[1]
        self.tokens[1] = None
        self.count -= 1
        self.moved = 0
        return token


class Receiver:
    """A microphone's side. `port.copy(token, offset, position, frames)` moves frames into a request's buffer,
    `port.done(token)` says that it is full."""

    def __init__(self, ibuf, start):
        self.limit = (descriptors(ibuf, 8) - 1) * DESCRIPTOR_FRAMES  # 8 bytes a frame whatever the format
        self.requests = Requests()
        self.start = start
        self.finished = start  # end of the last whole descriptor
        self.read = start  # next frame the program gets
        self.dropped = 0

    def advance(self, position, port):
        """Lets the clock run to `position`."""
        while True:
            self._serve(port)
            if self.finished + DESCRIPTOR_FRAMES > position:
                return
            if self.requests.count:
                self.finished += DESCRIPTOR_FRAMES
            else:  # nobody reads until `position`: all of them at once
                self.finished += (position - self.finished) // DESCRIPTOR_FRAMES * DESCRIPTOR_FRAMES
            over = self.finished - self.read - self.limit
            if over > 0:
                self.dropped += over
                self.read += over

    def due(self):
        """Position at which the next descriptor reaches a waiting buffer, or None."""
        return self.finished + DESCRIPTOR_FRAMES if self.requests.count else None

    def _serve(self, port):
        requests = self.requests
        while requests.count:
            frames = min(requests.left(), self.finished - self.read)
            if frames:
                port.copy(requests.tokens[0], requests.moved, self.read, frames)
                self.read += frames
                requests.moved += frames
            if requests.left():
                return
            port.done(requests.pop())


class Sender:
    """A DAC's side. `port.copy(token, offset, position, frames)` moves frames of a request into the ring,
    `port.done(token)` says that all of it is in there, `port.sent(position, frames)` that these went out."""

    def __init__(self, ibuf, frame_bytes, start):
        self.capacity = descriptors(ibuf, frame_bytes) * DESCRIPTOR_FRAMES
        self.requests = Requests()
        self.position = start  # next frame that goes out
        self.written = start  # end of what the program wrote
        self.underruns = 0  # times the ring ran dry
        self.zeros = 0  # frames sent because there was nothing else
        self._dry = True  # before the first write that is not an underrun

    def advance(self, position, port):
        """Lets the clock run to `position`."""
        while True:
            self._serve(port)
            frames = min(position - self.position, self.written - self.position)
            if frames <= 0:
                break
            port.sent(self.position, frames)
            self.position += frames
        if position > self.position:
            if not self._dry:
                self.underruns += 1
                self._dry = True
            self.zeros += position - self.position
            self.position = position
            self.written = position

    def due(self):
        """Position at which the first request will be in the ring, or None."""
        if not self.requests.count:
            return None
        return self.written + self.requests.left() - self.capacity

    def _serve(self, port):
        requests = self.requests
        while requests.count:
            frames = min(requests.left(), self.capacity - (self.written - self.position))
            if frames:
                port.copy(requests.tokens[0], requests.moved, self.written, frames)
                self.written += frames
                requests.moved += frames
                self._dry = False
            if requests.left():
                return
            port.done(requests.pop())
