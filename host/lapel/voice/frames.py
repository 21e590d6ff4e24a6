"""Samples into the wire's audio frames."""

from __future__ import annotations

import audioop
from collections.abc import Iterator

from lapel_wire.audio import FRAME_BYTES, HEADER_BYTES, KIND_VOICE, SAMPLES_PER_FRAME, pack_header

_FRAME_PCM_BYTES = 2 * SAMPLES_PER_FRAME


class FrameEncoder:
    """One spoken answer. Numbers of frames are 16 bits wide and begin again after 35 minutes."""

    def __init__(self, voice: int) -> None:
        self.frames = 0
        self._voice = voice
        self._state: tuple[int, int] = (0, 0)
        self._rest = b""

    def feed(self, pcm: bytes) -> Iterator[bytes]:
        """The frames that are whole with these samples (s16le, mono, 16 kHz)."""
        pcm = self._rest + pcm
        whole = len(pcm) - len(pcm) % _FRAME_PCM_BYTES
        self._rest = pcm[whole:]
        for at in range(0, whole, _FRAME_PCM_BYTES):
            yield self._frame(pcm[at : at + _FRAME_PCM_BYTES])

    def finish(self) -> Iterator[bytes]:
        """The last frame, filled up with silence, if there is one."""
        if self._rest:
            last, self._rest = self._rest.ljust(_FRAME_PCM_BYTES, b"\0"), b""
            yield self._frame(last)

    def _frame(self, pcm: bytes) -> bytes:
        frame = bytearray(FRAME_BYTES)
        predictor, index = self._state
        pack_header(frame, self._voice, self.frames & 0xFFFF, predictor, index, KIND_VOICE)
        frame[HEADER_BYTES:], self._state = audioop.lin2adpcm(pcm, 2, self._state)
        self.frames += 1
        return bytes(frame)
