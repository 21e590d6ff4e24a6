"""The microphone: I2S words in, frames of an utterance out, without a task or an allocation between them.

The port fills the buffers it was handed in the background, also while the interpreter stands still. It
always has two: short ones for speed, long ones when a stall must be expected (a TLS handshake, a name
look-up). Its interrupt callback only counts full buffers, `poll` does the work; asyncio's I2S streams are
avoided because they stall on boards with octal PSRAM (micropython issue 16029).
"""

from lapel_wire.audio import SAMPLE_RATE_HZ, SAMPLES_PER_FRAME
from pin import log
from pin.clock import ticks_diff, ticks_ms
from pin.utterance import new_pcm, silence

SHORT_WORDS = SAMPLES_PER_FRAME  # 32 ms
LONG_WORDS = 40 * SAMPLES_PER_FRAME  # 1.28 s; the second long buffer lasts as long again
IBUF_BYTES = 32768  # 256 ms of the port's 8-byte DMA frames; more would take RAM that TLS needs
DMA_FRAMES = 256  # the port's DMA works in blocks of these
FLUSH_MS = 100  # after release: two DMA blocks and a short buffer, with room
QUIET_MS = 500  # without a word although a buffer must be full: the microphone has stopped
STALL_MS = 60  # between two looks: samples may have been lost
_PER_MS = SAMPLE_RATE_HZ // 1000

# 0x25A5A5A5 marks a word that the port has not written. No 24-bit microphone sends it: its low byte is zero.


@micropython.viper
def _clear(words: ptr32, count: int):
    for i in range(count):
        words[i] = 0x25A5A5A5


@micropython.viper
def _written(words: ptr32, at: int) -> bool:
    return int(words[at]) != 0x25A5A5A5


@micropython.viper
def convert(words: ptr32, start: int, count: int, shift: int, out: ptr16, at: int) -> int:
    """Up to `count` 32-bit words from `start`, each >> `shift` (0 to 16) and saturated, to `out[at]` on.

    Stops at the first word that the port has not written. Returns how many were converted.
    """
    low_bits = 16 - shift
    low_mask = (1 << low_bits) - 1
    for i in range(count):
        word = int(words[start + i])
        if word == 0x25A5A5A5:
            return i
        high = (word >> 16) & 0xFFFF  # the sign by hand: 64-bit interpreters load words without one
        if high & 0x8000:
            high -= 0x10000
        sample = (high << low_bits) | ((word >> shift) & low_mask)
        if sample > 32767:
            sample = 32767
        elif sample < -32768:
            sample = -32768
        out[at + i] = sample & 0xFFFF
    return count


def _words(data):
    """The 32-bit words of a buffer, also for an interpreter that drops the viper lines."""
    view = memoryview(data)
    if hasattr(view, "cast"):  # CPython
        return view.cast("I")
    import uctypes

    return uctypes.struct(uctypes.addressof(data), (uctypes.ARRAY | 0, uctypes.UINT32 | len(data) // 4))


class _Buffer:
    def __init__(self, words):
        self.words = words
        self.data = bytearray(4 * words)
        self.view = _words(self.data)


class Mic:
    """`open_i2s(ibuf_bytes)` gives a machine.I2S receiver; `shift` is the board's, from word to sample."""

    def __init__(self, open_i2s, shift):
        self._open = open_i2s
        self._shift = shift
        self._short = (_Buffer(SHORT_WORDS), _Buffer(SHORT_WORDS))
        self._long = (_Buffer(LONG_WORDS), _Buffer(LONG_WORDS))
        self._queue = [None, None]  # what the port has, the one it works on first
        self._pcm = new_pcm()
        self._callback = self._filled  # one bound method for ever
        self._i2s = None
        self._closing = False
        self.linked = False  # short buffers will do
        self.utterance = None  # what is being recorded
        self.failed = ""  # a sentence, if the microphone broke
        self.looked_ms = 0  # when `poll` last did its work

    @property
    def running(self):
        return self._i2s is not None

    def start(self, utterance):
        """Record into `utterance`, which has begun. Returns at once; an interrupt callback may call it."""
        if self._i2s is not None or self._closing:
            return
        self.utterance = utterance
        self.failed = ""
        self._full = 0  # buffers that the port has filled; only its callback counts this
        self._taken = 0  # of which so many were converted
        self._received = 0  # samples from the port
        self._at = 0  # words of the first buffer that were converted
        self._have = 0  # samples in the frame being filled
        self._lag = 0  # samples that should have come but have not, the fewest since the last stall
        self._quiet_ms = 0  # without a sample while the interpreter was awake
        self._stop_at = None  # samples that make the utterance complete
        try:
            self._i2s = self._open(IBUF_BYTES)
            self._i2s.irq(self._callback)
        except (OSError, ValueError, MemoryError) as error:
            log.error("mic", "cannot start: %r" % error)
            self._close()
            self.failed = "The microphone does not start."
            return
        self._start_ms = self._seen_ms = self.looked_ms = ticks_ms()
        pair = self._short if self.linked else self._long
        self._hand(0, pair[0])
        self._hand(1, pair[1])

    def stop(self, released_ms):
        """The button came up then: what was said until then is still coming, see `poll`."""
        if self.running and self._stop_at is None:
            self._stop_at = ticks_diff(released_ms, self._start_ms) * _PER_MS
            self._stopped_ms = released_ms

    def cancel(self):
        """Stop now and forget it."""
        if self.running:
            self._close()

    def poll(self):
        """Call at least every 20 ms while running: takes what the port has written."""
        if not self.running:
            return
        # A callback of the last recording may have come late, so the buffer is asked too.
        while self._taken != self._full and _written(self._queue[0].view, self._queue[0].words - 1):
            self._take()
            self._taken += 1
            self._next()
        self._take()
        now = ticks_ms()
        late = self._stop_at is not None and ticks_diff(now, self._stopped_ms) >= FLUSH_MS
        if late or self.utterance.full or (self._stop_at is not None and self._received >= self._stop_at):
            self._finish()
        else:
            self._watch(now)

    def _hand(self, place, buffer):
        self._queue[place] = buffer
        _clear(buffer.view, buffer.words)
        self._i2s.readinto(buffer.data)

    def _filled(self, _):
        self._full += 1

    def _next(self):
        # The first buffer is done: the port works on the other one and gets a third.
        self._queue[0] = self._queue[1]
        self._at = 0
        pair = self._short if self.linked else self._long
        self._hand(1, pair[1] if self._queue[0] is pair[0] else pair[0])

    def _take(self):
        # Converts what the port has written since the last time.
        buffer = self._queue[0]
        utterance = self.utterance
        progress = False
        while self._at < buffer.words and not utterance.full:
            room = min(SAMPLES_PER_FRAME - self._have, buffer.words - self._at)
            count = convert(buffer.view, self._at, room, self._shift, self._pcm, self._have)
            self._at += count
            self._have += count
            self._received += count
            if count:
                progress = True
            if self._have == SAMPLES_PER_FRAME:
                utterance.add(self._pcm)
                self._have = 0
            if count < room:
                break
        if progress:
            self._measure_lag()

    def _measure_lag(self):
        # The chip's I2S and its clock share a crystal, so samples that stay behind the clock were lost.
        # What is only late catches up: the smallest lag since the last stall counts.
        now = ticks_ms()
        lag = ticks_diff(now, self._start_ms) * _PER_MS - self._received
        if lag < self._lag or ticks_diff(now, self._seen_ms) > STALL_MS:
            self._lag = lag
        self._seen_ms = now
        self._quiet_ms = 0

    def _watch(self, now):
        # Time in which the interpreter stood still is not the microphone's silence.
        self._quiet_ms += min(ticks_diff(now, self.looked_ms), STALL_MS)
        self.looked_ms = now
        if self._quiet_ms > QUIET_MS + self._queue[0].words // _PER_MS:
            log.error("mic", "no samples for %d ms" % self._quiet_ms)
            self._close()
            self.failed = "The microphone stopped."

    def _finish(self):
        utterance = self.utterance
        padding = 0
        if self._have and not utterance.full:
            silence(self._pcm, self._have)
            padding = SAMPLES_PER_FRAME - self._have
            utterance.add(self._pcm)
        dropped = self._lag // DMA_FRAMES * DMA_FRAMES if self._lag >= 2 * DMA_FRAMES else 0
        if dropped:
            log.warning("mic", "%d samples lost" % dropped)
        self._close()
        utterance.end(padding, dropped)

    def _close(self):
        # A press may come in the middle of this: its `start` is refused and the app starts again.
        self._closing = True
        if self._i2s is not None:
            self._i2s.irq(None)
            self._i2s.deinit()
        self._i2s = None
        self._closing = False
