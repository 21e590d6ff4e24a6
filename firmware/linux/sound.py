"""machine.I2S for a computer's microphone and speaker: what the firmware's `mic` and `voice` need of it, over
PortAudio.

PortAudio's own thread fills the buffers that `readinto` handed over and calls the handler, as the chip's DMA
and interrupt do. The stream is opened once and runs only while the button is held.
"""

import errno
from array import array
from collections import deque

SHIFT = 14  # as the board file has it: an ICS-43434's word for a 16-bit sample
BLOCK_FRAMES = 256  # 16 ms: the size of the chip's DMA blocks
DMA_FRAME_BYTES = 8
_stream = None


class I2S:
    RX, TX = 9, 5
    MONO, STEREO = 0, 1

    def __new__(cls, id, *, mode, **options):
        return super().__new__(Speaker if mode == I2S.TX and cls is I2S else cls)

    def __init__(self, id, *, sck, ws, sd, mode, bits, format, rate, ibuf):
        if mode != I2S.RX or bits != 32 or format != I2S.MONO:
            raise OSError(errno.ENODEV, "this computer offers a microphone, 32-bit mono, and no other I2S")
        self.dropped = 0  # samples for which there was no buffer
        self._waiting = deque()
        self._at = 0  # words of the first one that are filled
        self._late = deque()  # samples that wait for a buffer
        self._most_late = ibuf // DMA_FRAME_BYTES
        self._handler = None
        stream(rate).start(self)

    def irq(self, handler):
        self._handler = handler

    def readinto(self, buffer):
        self._waiting.append(memoryview(buffer).cast("B").cast("i"))
        return len(buffer)

    def deinit(self):
        if _stream is not None:
            _stream.stop(self)

    def take(self, samples):
        """16-bit samples, in PortAudio's thread."""
        self._late.extend(samples)
        while self._late and self._waiting:
            buffer = self._waiting[0]
            count = min(len(buffer) - self._at, len(self._late))
            words = array("i", [self._late.popleft() << SHIFT for _ in range(count)])
            buffer[self._at : self._at + count] = words
            self._at += count
            if self._at == len(buffer):
                self._waiting.popleft()
                self._at = 0
                if self._handler:
                    self._handler(self)
        while len(self._late) > self._most_late:
            self._late.popleft()
            self.dropped += 1


class Speaker(I2S):
    """A transmitter of 16-bit mono: PortAudio's thread takes what `write` handed over, and silence if there
    is nothing. The stream is there only while somebody speaks."""

    def __init__(self, id, *, sck, ws, sd, mode, bits, format, rate, ibuf):
        if bits != 16 or format != I2S.MONO:
            raise OSError(errno.ENODEV, "this computer offers a speaker, 16-bit mono, and no other I2S")
        sounddevice = _sounddevice()
        self._handler = None
        self._waiting = deque()
        self._at = 0  # bytes of the first one that were played
        try:
            self._stream = sounddevice.RawOutputStream(
                samplerate=rate, channels=1, dtype="int16", blocksize=BLOCK_FRAMES, callback=self._block
            )
            self._stream.start()
        except (sounddevice.PortAudioError, ValueError) as error:
            raise OSError(errno.ENODEV, "this computer offers no speaker: %s" % error) from error

    def write(self, buffer):
        self._waiting.append(bytes(buffer))  # the firmware decodes the next frame into the same buffer
        return len(buffer)

    def deinit(self):
        self._handler = None
        self._stream.abort()
        self._stream.close()

    def _block(self, out, frames, when, status):
        at = 0
        while at < len(out) and self._waiting:
            first = self._waiting[0]
            count = min(len(out) - at, len(first) - self._at)
            out[at : at + count] = first[self._at : self._at + count]
            at += count
            self._at += count
            if self._at == len(first):
                self._waiting.popleft()
                self._at = 0
                handler = self._handler
                if handler:
                    handler(self)  # it may write the next one
        out[at:] = bytes(len(out) - at)


class Stream:
    """The computer's microphone, resampled where it cannot do `rate` itself. Raises OSError."""

    def __init__(self, rate):
        sounddevice = _sounddevice()
        self._taker = None
        self._resampler = None
        try:
            try:
                sounddevice.check_input_settings(channels=1, dtype="int16", samplerate=rate)
                own_rate = rate
            except sounddevice.PortAudioError:
                own_rate = int(sounddevice.query_devices(kind="input")["default_samplerate"])
            self._stream = sounddevice.RawInputStream(
                samplerate=own_rate,
                channels=1,
                dtype="int16",
                blocksize=BLOCK_FRAMES * own_rate // rate,
                callback=self._block,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise OSError(errno.ENODEV, "this computer offers no microphone: %s" % error) from error
        self._error = sounddevice.PortAudioError
        self._rates = (own_rate, rate)

    def start(self, taker):
        if self._rates[0] != self._rates[1]:
            import soxr

            self._resampler = soxr.ResampleStream(*self._rates, 1, dtype="int16")
        self._taker = taker
        try:
            self._stream.start()
        except self._error as error:
            raise OSError(errno.EIO, str(error)) from error

    def stop(self, taker):
        if self._taker is taker:
            self._taker = None
            self._stream.abort()

    def _block(self, data, frames, when, status):
        taker = self._taker
        if taker is None:
            return
        if self._resampler is None:
            samples = array("h", bytes(data))
        else:
            import numpy

            samples = self._resampler.resample_chunk(numpy.frombuffer(bytes(data), numpy.int16))
            samples = array("h", samples.tobytes())
        taker.take(samples)


def stream(rate):
    """The one stream, opened when it is first wanted."""
    global _stream
    if _stream is None:
        _stream = Stream(rate)
    return _stream


def _sounddevice():
    """PortAudio's package, which needs its library. Raises OSError."""
    try:
        import sounddevice
    except ImportError as error:
        raise OSError(errno.ENODEV, "expected sounddevice: pip install 'lapel[blinka]'") from error
    except OSError as error:
        raise OSError(errno.ENODEV, "expected PortAudio; on Debian: apt install libportaudio2") from error
    return sounddevice
