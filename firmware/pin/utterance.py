"""Spoken questions, encoded as they are heard and kept until they are answered.

Two share one ring of 258 kB, which is taken once: the question that waits for its answer, of up to 30 s, and
behind it what a press records that may turn out to be a tap. Once that is a question, the older one is given
up.
"""

from array import array

from lapel_wire import adpcm, audio

SPARE_FRAMES = 32  # 1 s beside the longest question: a press is a hold after 0.4 s
STORE_FRAMES = audio.MAX_UTTERANCE_FRAMES + SPARE_FRAMES


def new_store():
    """The ring that utterances share."""
    return bytearray(STORE_FRAMES * audio.FRAME_BYTES)


@micropython.viper
def copy_bytes(source: ptr8, start: int, target: ptr8, at: int, count: int):
    for i in range(count):
        target[at + i] = source[start + i]


class Utterance:
    """`samples` and `dropped` are final once `ended`; frames below `frames` never change, as long as nothing
    begins beside it that then is `alone`."""

    def __init__(self, store=None):
        self._store = store or new_store()
        self._frame = bytearray(audio.FRAME_BYTES)
        self._adpcm = memoryview(self._frame)[audio.HEADER_BYTES :]
        self._codec = adpcm.new_state()
        self.begin(0)

    def begin(self, number, beside=None):
        """Forget what was said; `number` names the new question on the wire. `beside`: an utterance in the
        same store that stays as it is."""
        self.number = number
        self._first = 0  # where in the ring
        self._room = audio.MAX_UTTERANCE_FRAMES
        if beside is not None:
            self._first = beside._first + beside.frames
            self._room = min(self._room, STORE_FRAMES - beside.frames)
        self.frames = 0
        self.samples = 0
        self.dropped = 0
        self.ended = False
        self._codec[0] = self._codec[1] = 0

    def alone(self):
        """The one beside it may be overwritten."""
        self._room = audio.MAX_UTTERANCE_FRAMES

    @property
    def full(self):
        return self.frames == self._room

    def add(self, pcm):
        """Encode one frame of 512 16-bit samples. Allocates nothing. Not when `full`."""
        codec = self._codec
        audio.pack_header(self._frame, self.number, self.frames, codec[0], codec[1])
        adpcm.encode(pcm, self._adpcm, codec, audio.SAMPLES_PER_FRAME)
        copy_bytes(self._frame, 0, self._store, self._at(self.frames), audio.FRAME_BYTES)
        self.frames += 1
        self.samples += audio.SAMPLES_PER_FRAME

    def end(self, padding, dropped):
        """No more frames: the last one has `padding` samples of silence, the microphone lost `dropped`."""
        self.samples -= padding
        self.dropped = dropped
        self.ended = True

    def copy(self, seq, target):
        """Frame `seq` into the first 266 bytes of `target`. Allocates nothing."""
        copy_bytes(self._store, self._at(seq), target, 0, audio.FRAME_BYTES)

    def _at(self, seq):
        return (self._first + seq) % STORE_FRAMES * audio.FRAME_BYTES


def silence(pcm, start):
    """Zeros from sample `start` to the end of `pcm`."""
    for i in range(start, len(pcm)):
        pcm[i] = 0


def new_pcm():
    """Room for the samples of one frame."""
    return array("H", bytes(2 * audio.SAMPLES_PER_FRAME))
