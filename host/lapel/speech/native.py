"""Engines that run in this process: any `decode(pcm, language)` in a worker thread."""

from __future__ import annotations

from collections.abc import Callable

from lapel.speech.engine import SAMPLE_BYTES, SAMPLE_RATE_HZ, checked_text
from lapel.speech.worker import QUEUE_LIMIT, Worker

Decoder = Callable[[bytes, str], str]

# An engine is taken to hang after this long: the slowest one measured (Whisper base, two cores) needs a
# quarter of the audio's length and 0.5 s; a Raspberry Pi is about five times slower.
HANG_BASE_S = 5.0
HANG_PER_AUDIO_S = 2.0


class NativeEngine:
    """A SpeechToText around a decoder that `load` makes; see Worker for queue, deadlines and hangs."""

    def __init__(
        self,
        name: str,
        load: Callable[[], Decoder],
        *,
        is_fast: bool,
        queue_limit: int = QUEUE_LIMIT,
        hang_base_s: float = HANG_BASE_S,
    ) -> None:
        self.name = name
        self.is_fast = is_fast
        self.worker: Worker[tuple[bytes, str], str] = Worker(name, lambda: _unpacked(load()), queue_limit)
        self._hang_base_s = hang_base_s

    async def start(self) -> None:
        """Load the model. Raises EngineMissing."""
        await self.worker.start()

    async def transcribe(self, pcm: bytes, language: str) -> str:
        """The words in `pcm`; see SpeechToText."""
        audio_s = len(pcm) / SAMPLE_BYTES / SAMPLE_RATE_HZ
        heard = await self.worker.call((pcm, language), self._hang_base_s + HANG_PER_AUDIO_S * audio_s)
        return checked_text(heard)

    async def close(self) -> None:
        """End the thread."""
        await self.worker.close()


def _unpacked(decode: Decoder) -> Callable[[tuple[bytes, str]], str]:
    return lambda work: decode(*work)
