"""The sound in the room: a timeline of 16 kHz samples that the virtual microphone hears.

Time runs whether or not anybody listens. What was never said is silence.
"""

from array import array

RATE_HZ = 16000
SAMPLES = 1 << 17  # 8 s: more than the longest ring, the host's lead and a long stall together
_MASK = SAMPLES - 1


@micropython.viper
def _put(ring: ptr16, at: int, data: ptr8, start: int, samples: int):
    """Little-endian 16-bit samples, from byte `start` of `data` on, into the ring."""
    for i in range(samples):
        ring[(at + i) & 0x1FFFF] = int(data[start + i + i]) | (int(data[start + i + i + 1]) << 8)


@micropython.viper
def _clear(ring: ptr16, at: int, samples: int):
    for i in range(samples):
        ring[(at + i) & 0x1FFFF] = 0


@micropython.viper
def _words(ring: ptr16, at: int, out: ptr32, first: int, words: int, shift: int):
    """32-bit words from word `first` on, each sample << shift."""
    for i in range(words):
        sample = int(ring[(at + i) & 0x1FFFF])
        if sample & 0x8000:
            sample -= 0x10000
        out[first + i] = sample << shift


class Room:
    def __init__(self):
        self.ring = None  # from the first sound on: a silent room takes no memory
        self.begin = 0  # first sample of the sound in the ring
        self.end = 0  # one after its last: from there on it is silent
        self.forgotten = 0  # samples that somebody would still have read when the ring was full

    def append(self, at, data, first, samples, needed):
        """Sound from position `at`, or right after the sound before it if that is later.

        `data` has `samples` little-endian 16-bit values from byte `first` on; nothing before position
        `needed` will be read any more.
        Returns the position after its last sample.
        """
        if self.ring is None:
            self.ring = array("H", bytes(2 * SAMPLES))
        start = max(at, self.end)
        if self.end <= needed or start - self.begin >= SAMPLES:
            self.begin = start
        else:
            _clear(self.ring, self.end & _MASK, start - self.end)
        _put(self.ring, start & _MASK, data, first, samples)
        self.end = start + samples
        if self.end - self.begin > SAMPLES:
            begin = self.end - SAMPLES
            self.forgotten += max(0, begin - max(self.begin, needed))
            self.begin = begin
        return self.end

    def words(self, position, samples, out, first, shift):
        """Samples from `position` as 32-bit words (sample << shift) into `out` (array('i') or bytes) at word
        `first`."""
        while samples:
            if position < self.begin:
                run = min(samples, self.begin - position)
                _silence(out, first, run)
            elif position < self.end:
                run = min(samples, self.end - position)
                _words(self.ring, position & _MASK, out, first, run, shift)
            else:
                run = samples
                _silence(out, first, run)
            position += run
            first += run
            samples -= run


@micropython.viper
def _silence(out: ptr32, first: int, words: int):
    for i in range(words):
        out[first + i] = 0
