"""One spoken question, encoded as it is heard and kept until it is answered.

All 30 s fit into memory that is taken once: 938 frames of 266 bytes, a thirtieth of the S3's PSRAM.
"""

from array import array

from lapel_wire import adpcm, audio


@micropython.viper
def _copy(source: ptr8, start: int, target: ptr8, at: int, count: int):
    for i in range(count):
        target[at + i] = source[start + i]


class Utterance:
    """`samples` and `dropped` are final once `ended`; frames below `frames` never change."""

    def __init__(self):
        self._store = bytearray(audio.MAX_UTTERANCE_FRAMES * audio.FRAME_BYTES)
        self._frame = bytearray(audio.FRAME_BYTES)
        self._adpcm = memoryview(self._frame)[audio.HEADER_BYTES :]
        self._codec = adpcm.new_state()
        self.begin(0)

    def begin(self, number):
        """Forget what was said; `number` names the new question on the wire."""
        self.number = number
        self.frames = 0
        self.samples = 0
        self.dropped = 0
        self.ended = False
        self._codec[0] = self._codec[1] = 0

    @property
    def full(self):
        return self.frames == audio.MAX_UTTERANCE_FRAMES

    def add(self, pcm):
        """Encode one frame of 512 16-bit samples. Allocates nothing. Not when `full`."""
        codec = self._codec
        audio.pack_header(self._frame, self.number, self.frames, codec[0], codec[1])
        adpcm.encode(pcm, self._adpcm, codec, audio.SAMPLES_PER_FRAME)
        _copy(self._frame, 0, self._store, self.frames * audio.FRAME_BYTES, audio.FRAME_BYTES)
        self.frames += 1
        self.samples += audio.SAMPLES_PER_FRAME

    def end(self, padding, dropped):
        """No more frames: the last one has `padding` samples of silence, the microphone lost `dropped`."""
        self.samples -= padding
        self.dropped = dropped
        self.ended = True

    def copy(self, seq, target):
        """Frame `seq` into the first 266 bytes of `target`. Allocates nothing."""
        _copy(self._store, seq * audio.FRAME_BYTES, target, 0, audio.FRAME_BYTES)


def silence(pcm, start):
    """Zeros from sample `start` to the end of `pcm`."""
    for i in range(start, len(pcm)):
        pcm[i] = 0


def new_pcm():
    """Room for the samples of one frame."""
    return array("H", bytes(2 * audio.SAMPLES_PER_FRAME))
