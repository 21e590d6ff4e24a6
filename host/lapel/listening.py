"""While a question is spoken: has a voice been heard, and what was said so far?

Both work on what has arrived, off the event loop, one piece at a time, so that almost nothing is left
to do at the release.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from .services import Gone, Speech, Unanswerable, VoiceDetector
from .utterance import FRAME_PCM_BYTES, Utterance

log = logging.getLogger(__name__)

PARTIAL_FRAMES = 32  # about a second of new speech between two partial transcripts
VOICE_FRAMES = 8  # a quarter of a second: few hops to the voice detector's thread
_FINISH_S = 2.0  # the detector needs milliseconds; longer means that it hangs
# Without a detector the transcript decides: silence gives no words.
_WITHOUT = "the question is transcribed without it"


class Listening:
    """Follows one utterance; `advance` after each frame, then `heard` once, or `cancel`."""

    def __init__(
        self, utterance: Utterance, speech: Speech, partial: Callable[[str], Awaitable[None]]
    ) -> None:
        self._utterance = utterance
        self._speech = speech
        self._partial = partial
        self._voiced = False
        self._detector = self._new_detector()
        self._detected_frames = 0
        self._partial_frames = 0
        self._detecting: asyncio.Task[None] | None = None
        self._transcribing: asyncio.Task[None] | None = None

    def advance(self) -> None:
        """More frames have arrived."""
        next_frame = self._utterance.next
        if not self._voiced and next_frame - self._detected_frames >= VOICE_FRAMES and _idle(self._detecting):
            self._detecting = asyncio.create_task(self._detect())
        if (
            self._voiced
            and next_frame - self._partial_frames >= PARTIAL_FRAMES
            and _idle(self._transcribing)
            and not self._speech.busy
        ):
            self._partial_frames = next_frame
            self._transcribing = asyncio.create_task(self._transcribe())

    async def heard(self, pcm: bytes) -> bool:
        """Whether the finished utterance `pcm` holds a voice. Ends the partial transcripts."""
        _stop(self._transcribing)
        try:
            async with asyncio.timeout(_FINISH_S):
                if self._detecting is not None:
                    await self._detecting
                await self._feed(pcm[self._detected_frames * FRAME_PCM_BYTES :], last=True)
        except TimeoutError:
            log.error("voice detector: no answer within %.0f s; %s", _FINISH_S, _WITHOUT)
            return True
        return self._voiced

    def cancel(self) -> None:
        _stop(self._detecting)
        _stop(self._transcribing)

    async def _detect(self) -> None:
        start = self._detected_frames
        self._detected_frames = self._utterance.next
        await self._feed(self._utterance.contiguous(start))

    async def _feed(self, pcm: bytes, last: bool = False) -> None:
        if self._voiced or self._detector is None:
            return
        try:
            heard = await self._detector.feed(pcm)
            self._voiced = bool(await self._detector.finish() if last else heard)
        except Unanswerable as error:
            log.error("voice detector: %s %s", error, _WITHOUT)
            self._voiced = True
        except Exception:  # an engine may raise anything
            log.exception("voice detector failed; %s", _WITHOUT)
            self._voiced = True

    def _new_detector(self) -> VoiceDetector | None:
        try:
            return self._speech.detector()
        except Exception:  # an engine may raise anything
            log.exception("there is no voice detector; %s", _WITHOUT)
            self._voiced = True
            return None

    async def _transcribe(self) -> None:
        try:
            text = await self._speech.transcribe(self._utterance.contiguous())
            if isinstance(text, str) and text:
                await self._partial(text)
        except Unanswerable as error:
            log.info("no partial transcript: %s", error)
        except Gone:
            pass  # the session sees it too
        except Exception:  # an engine may raise anything; the whole transcript is still to come
            log.exception("no partial transcript")


def _idle(task: asyncio.Task[None] | None) -> bool:
    return task is None or task.done()


def _stop(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
