"""One spoken question as it arrives: numbered frames in, 16-bit samples out.

Time inside an utterance is media time: it counts samples, so a burst after a stall is the same to the
relay as live speech.
"""

from __future__ import annotations

import audioop
from dataclasses import dataclass, field

from lapel_wire import WireError
from lapel_wire.audio import HEADER_BYTES, MAX_UTTERANCE_FRAMES, SAMPLES_PER_FRAME, unpack_header

_BYTES_PER_SAMPLE = 2
FRAME_PCM_BYTES = SAMPLES_PER_FRAME * _BYTES_PER_SAMPLE
_SILENCE = bytes(FRAME_PCM_BYTES)


@dataclass
class Utterance:
    """Frames may be repeated or come in any order; a missing one is 32 ms of silence and counted."""

    number: int
    received: int = 0
    repeated: int = 0
    late: int = 0  # came after a frame with a higher number
    next: int = 0  # every frame below this number has arrived
    _frames: dict[int, bytes] = field(default_factory=dict)
    _highest: int = -1

    def add(self, frame: bytes) -> None:
        """Takes one audio frame of this utterance. Raises WireError for a frame the wire does not allow."""
        utt, seq, predictor, index = unpack_header(frame)
        if utt != self.number:
            raise WireError("out_of_range", f"audio frame: expected utterance {self.number}, got {utt}")
        if seq in self._frames:
            self.repeated += 1
            return
        self._frames[seq] = audioop.adpcm2lin(frame[HEADER_BYTES:], _BYTES_PER_SAMPLE, (predictor, index))[0]
        self.received += 1
        if seq < self._highest:
            self.late += 1
        self._highest = max(self._highest, seq)
        while self.next in self._frames:
            self.next += 1

    @property
    def full(self) -> bool:
        """Whether the hard cap is reached and the utterance must end here."""
        return bool(self._highest >= MAX_UTTERANCE_FRAMES - 1)

    def contiguous(self, start_frame: int = 0) -> bytes:
        """Samples of the frames from `start_frame` up to the first missing one, s16le."""
        return b"".join(self._frames[seq] for seq in range(start_frame, self.next))

    def lost(self, frames: int) -> int:
        """How many of `frames` sent ones never came."""
        return sum(seq not in self._frames for seq in range(frames))

    def pcm(self, frames: int, samples: int) -> bytes:
        """The whole utterance, s16le mono 16 kHz: `samples` in `frames` frames, silence for a missing one."""
        whole = b"".join(self._frames.get(seq, _SILENCE) for seq in range(frames))
        return whole[: samples * _BYTES_PER_SAMPLE]
