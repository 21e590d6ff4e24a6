"""99 languages: Whisper base (OpenAI, MIT) as int8 on CTranslate2, through faster-whisper."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from lapel.models import is_ready, path
from lapel.speech.engine import EngineMissing, SpeechError
from lapel.speech.native import Decoder, NativeEngine

MODEL = "whisper-base"
_MAX_THREADS = 4  # beyond four cores the small model gains nothing

# Whisper was trained on both scripts; a first sentence in simplified characters makes it stay with them.
_PROMPTS = {"zh": "以下是普通话的句子。"}


def load(model: Path | None = None) -> Decoder:
    """Load the model from the cache, without the network. Raises EngineMissing if it has not been fetched."""
    if model is None:
        if not is_ready(MODEL):
            raise EngineMissing(f"The speech model is not there yet. Run: lapel models fetch {MODEL}")
        model = path(MODEL)
    from faster_whisper import WhisperModel  # a second to import: only if used

    whisper = WhisperModel(
        str(model),
        device="cpu",
        compute_type="int8",
        cpu_threads=min(os.cpu_count() or 1, _MAX_THREADS),
        local_files_only=True,
    )
    languages = whisper.supported_languages

    def decode(pcm: bytes, language: str) -> str:
        if language != "auto" and language not in languages:
            raise SpeechError(f"Speech in the language {language!r} is not supported.")
        segments, _ = whisper.transcribe(
            np.frombuffer(pcm, "<i2").astype(np.float32) / 32768,
            language=None if language == "auto" else language,
            beam_size=1,  # as right as 5 on our recordings, and faster
            without_timestamps=True,
            condition_on_previous_text=False,
            initial_prompt=_PROMPTS.get(language),
            vad_filter=True,  # without it Whisper invents words on silence and noise
        )
        return " ".join(segment.text for segment in segments)

    return decode


def whisper() -> NativeEngine:
    """The engine for every language but English."""
    return NativeEngine("Whisper", load, is_fast=False)
