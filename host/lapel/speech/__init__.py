"""From audio to words: `Speech` is all the relay needs to know.

speech = Speech(SpeechSettings(language="en"))
await speech.load()
text = await speech.transcribe(pcm, deadline_s=6.0)   # "" when nobody spoke
await speech.close()
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from lapel.speech.engine import (
    SAMPLE_BYTES,
    SAMPLE_RATE_HZ,
    Busy,
    EngineMissing,
    SpeechError,
    SpeechToText,
    TooSlow,
    checked_text,
)
from lapel.speech.native import NativeEngine
from lapel.speech.vad import SileroDetector, VoiceActivity

__all__ = [
    "SAMPLE_RATE_HZ",
    "Busy",
    "EngineMissing",
    "Speech",
    "SpeechError",
    "SpeechSettings",
    "SpeechToText",
    "TooSlow",
    "VoiceActivity",
    "VoiceDetector",
    "VoiceStream",
    "engine_name",
    "load_engine",
    "needed_models",
]

_DEFAULT_SERVER_MODEL = "whisper-1"  # what OpenAI calls it; servers at home take it as their default


@dataclass(frozen=True)
class SpeechSettings:
    """`language`: ISO 639-1 or `auto`. A `server_url` (to `/v1`) replaces the engines here."""

    language: str = "en"
    server_url: str = ""
    server_key: str = ""
    server_model: str = _DEFAULT_SERVER_MODEL


class VoiceStream(Protocol):
    """Listens to one utterance while it is spoken."""

    async def feed(self, pcm: bytes) -> bool:
        """Take the next samples (s16le, mono, 16 kHz); True once a voice was heard. Raises SpeechError."""

    async def finish(self) -> bool:
        """The utterance is over: whether there was a voice. Raises SpeechError."""


class VoiceDetector(Protocol):
    """Says whether anybody speaks in an utterance."""

    async def has_voice(self, pcm: bytes) -> bool:
        """Whether `pcm` (s16le, mono, 16 kHz) has a voice in it. Raises SpeechError."""

    def stream(self) -> VoiceStream:
        """A detector for one utterance that is just being spoken."""

    async def close(self) -> None:
        """Free what it holds."""


class Speech:
    """The engines of one relay, loaded once and shared by all its sessions."""

    def __init__(
        self,
        settings: SpeechSettings | None = None,
        *,
        engine: SpeechToText | None = None,
        detector: VoiceDetector | None = None,
    ) -> None:
        """`engine` hears everything instead of the chosen ones, `detector` replaces Silero; both loaded."""
        self.settings = settings or SpeechSettings()
        self._given = engine
        self._engines: dict[str, SpeechToText] = {}
        self._detector = detector or SileroDetector()
        self._loading = asyncio.Lock()

    async def load(self) -> None:
        """Load what the settings need. Raises EngineMissing, whose text says what to do."""
        if isinstance(self._detector, SileroDetector):
            await self._detector.start()
        await self._engine(self.settings.language)

    async def transcribe(
        self, pcm: bytes, deadline_s: float, language: str | None = None, *, voice_known: bool = False
    ) -> str:
        """The words in `pcm` (s16le, mono, 16 kHz), or "" when nobody speaks in it.

        Engines invent words on silence, so the detector is asked first, unless `voice_known`.
        Raises Busy, TooSlow (also when `deadline_s` passes) or another SpeechError, each with a sentence for
        the wearer. Cancelling is clean.
        """
        pcm = pcm[: len(pcm) - len(pcm) % SAMPLE_BYTES]
        try:
            async with asyncio.timeout(deadline_s):
                if not voice_known and not await self._detector.has_voice(pcm):
                    return ""
                wanted = language or self.settings.language
                engine = await self._engine(wanted)
                return checked_text(await engine.transcribe(pcm, wanted))
        except TimeoutError as error:
            raise TooSlow from error

    async def has_voice(self, pcm: bytes) -> bool:
        """Whether anybody speaks in `pcm`. `transcribe` asks by itself. Raises SpeechError."""
        return await self._detector.has_voice(pcm)

    def detector(self) -> VoiceStream:
        """Voice detection for one utterance while it is spoken; a new one for each."""
        return self._detector.stream()

    @property
    def busy(self) -> bool:
        """Whether transcribing an unfinished utterance now would hold somebody up.

        Always so with an engine that is not fast: the final text would wait for the partial one (0.7 s with
        Whisper), or a server would be asked, and perhaps paid, again and again.
        """
        engine = self._given or self._engines.get(engine_name(self.settings, self.settings.language))
        is_fast = getattr(engine, "is_fast", engine is not None)  # an engine that does not say is fast
        return not is_fast or (isinstance(engine, NativeEngine) and engine.worker.waiting > 0)

    async def close(self) -> None:
        """Free the engines; calls that are still running end with SpeechError."""
        given = [self._given] if self._given is not None else []
        await asyncio.gather(
            self._detector.close(), *(engine.close() for engine in [*given, *self._engines.values()])
        )

    async def _engine(self, language: str) -> SpeechToText:
        if self._given is not None:
            return self._given
        name = engine_name(self.settings, language)
        async with self._loading:  # the first two sessions must not load it twice
            if name not in self._engines:
                self._engines[name] = await load_engine(name, self.settings)
            return self._engines[name]


def engine_name(settings: SpeechSettings, language: str) -> str:
    """Which engine hears `language`: `server` if one is set, `moonshine` for English, else `whisper`."""
    if settings.server_url:
        return "server"
    return "moonshine" if language.split("-")[0].lower() == "en" else "whisper"


def needed_models(settings: SpeechSettings) -> list[str]:
    """Models of the catalogue that must be fetched before these settings work."""
    return ["whisper-base"] if engine_name(settings, settings.language) == "whisper" else []


async def load_engine(name: str, settings: SpeechSettings | None = None) -> SpeechToText:
    """A loaded engine by its name. Raises EngineMissing when it cannot be had."""
    from lapel.speech import moonshine, openai_stt, whisper

    if name == "server":
        chosen = settings or SpeechSettings()
        return openai_stt.OpenAiSpeech(chosen.server_url, chosen.server_key, chosen.server_model)
    engine = {"moonshine": moonshine.moonshine, "whisper": whisper.whisper}[name]()
    try:
        await engine.start()
    except BaseException:
        await engine.close()
        raise
    return engine
