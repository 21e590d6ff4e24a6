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

# Whisper was trained on both scripts; a first sentence in simplified characters makes it stay with them
# (without: 36 % of the characters differ, with it 9 %). `zh-TW` is left to its own way.
_PROMPTS = {"zh": "以下是普通话的句子。", "zh-cn": "以下是普通话的句子。"}

# English is heard as well with one beam as with five, and better in noise; Chinese gains (11.6 to 9.3 %).
_BEAMS = {"en": 1}
_DEFAULT_BEAMS = 5


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
        code = language.split("-")[0].lower()  # en-GB is en
        if code != "auto" and code not in languages:
            raise SpeechError(f"Speech in the language {language!r} is not supported.")
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        if code == "auto":  # costs as much again as the words (0.7 s)
            code, _, _ = whisper.detect_language(samples)
        segments, _ = whisper.transcribe(
            samples,
            language=code,
            beam_size=_BEAMS.get(code, _DEFAULT_BEAMS),
            without_timestamps=True,
            condition_on_previous_text=False,
            initial_prompt=_PROMPTS.get(code if language == "auto" else language.lower()),
            vad_filter=True,  # without it Whisper invents words on silence and noise
        )
        return " ".join(segment.text for segment in segments)

    return decode


def whisper() -> NativeEngine:
    """The engine for every language but English."""
    return NativeEngine("Whisper", load, is_fast=False)
