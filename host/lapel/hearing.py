"""The speech engines as sessions see them: one set for all, exchanged between two questions."""

from __future__ import annotations

import asyncio

from lapel_wire.audio import MAX_UTTERANCE_S

from .speech import Speech, VoiceStream
from .turn import TRANSCRIBE_S

# A question that is being spoken ends with the engines that it began with; its session gives it 5 s more.
END_S = MAX_UTTERANCE_S + 5 + TRANSCRIBE_S


class Hearing:
    """`services.Speech` of loaded engines, which it closes."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._ending: set[asyncio.Task[None]] = set()

    def detector(self) -> VoiceStream:
        return self._speech.detector()

    async def transcribe(self, pcm: bytes) -> str:
        # A session asks for words only after a voice was heard.
        return await self._speech.transcribe(pcm, TRANSCRIBE_S, voice_known=True)

    @property
    def busy(self) -> bool:
        return self._speech.busy

    def exchange(self, speech: Speech) -> None:
        """Hears with these from now on. Those before are closed when nobody can be using them any more."""
        before, self._speech = self._speech, speech
        task = asyncio.create_task(_end(before), name="speech before")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def close(self) -> None:
        await asyncio.sleep(0)  # one that has not begun would be cancelled without closing anything
        for task in self._ending:
            task.cancel()
        await asyncio.gather(self._speech.close(), *self._ending, return_exceptions=True)


async def _end(speech: Speech) -> None:
    try:
        await asyncio.sleep(END_S)
    finally:
        await speech.close()
