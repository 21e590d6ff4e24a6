"""Answers spoken: text to speech behind one small interface, and the desk that sends it to pins.

engine = make_engine(config.voice)          # Piper, or any server with /v1/audio/speech
pcm = await engine.speak("It is noon.", "en")   # s16le, mono, 16 kHz
"""

from __future__ import annotations

from pathlib import Path

from ..config import VoiceConfig
from ..models import ModelError, catalogue, path
from .engine import TextToSpeech, VoiceError
from .openai_voice import OpenAiVoice
from .piper import PiperVoices

__all__ = ["TextToSpeech", "VoiceError", "make_engine", "needed_models"]

DEFAULT_VOICE = "joe"  # in the model catalogue: English
DEFAULT_SERVER_VOICE = "alloy"  # the API's first; servers at home take it for their default


def make_engine(voice: VoiceConfig) -> TextToSpeech:
    """What speaks with these settings; nothing is loaded before `start`, or the first sentence."""
    if voice.url:
        english = voice.voice or DEFAULT_SERVER_VOICE
        voices = {"en": english, "zh": voice.voice_zh or english}  # a server's voice may speak more than one
        return OpenAiVoice(voice.url, voice.key, voice.model, voices)
    named = {"en": voice.voice or DEFAULT_VOICE, "zh": voice.voice_zh}
    return PiperVoices({language: _file(name) for language, name in named.items() if name})


def needed_models(voice: VoiceConfig) -> list[str]:
    """Voices of the catalogue that these settings need."""
    if not voice.on or voice.url:
        return []
    return [name for name in (voice.voice or DEFAULT_VOICE, voice.voice_zh) if name in catalogue()]


def _file(name: str) -> Path:
    """Of a voice in the catalogue, or of one that the owner has."""
    try:
        return path(name)
    except ModelError:
        return Path(name).expanduser()
