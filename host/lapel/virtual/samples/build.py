"""Speaks `questions.tsv` with Piper: `make samples`.

Piper is GPL-3, so it runs as a program of its own. Its randomness is off: a voice gives the same files again.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import wave
from pathlib import Path

from ... import models
from ...wav import read_wav
from . import Sample, samples

_LEAD_MS = 250  # nobody speaks in the moment of the press
_TAIL_MS = 300
_RATE_HZ = 16000


def speak(sample: Sample, voice: Path) -> None:
    """Writes the sample's WAV: 16 kHz, mono, 16 bit, with a breath of silence at both ends."""
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder) / "spoken.wav"
        subprocess.run(
            [sys.executable, "-m", "piper", "-m", voice, "-f", spoken,
             "--noise-scale", "0", "--noise-w-scale", "0", "--volume", "0.7"],
            input=sample.text.encode(), check=True, timeout=120, capture_output=True,
        )  # fmt: skip
        pcm = read_wav(spoken)
    with wave.open(str(sample.wav), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE_HZ)
        file.writeframes(_silence(_LEAD_MS) + pcm + _silence(_TAIL_MS))


def _silence(duration_ms: int) -> bytes:
    return bytes(_RATE_HZ * duration_ms // 1000 * 2)


def main() -> None:
    voice = asyncio.run(models.fetch("joe"))
    for sample in samples():
        speak(sample, voice)
        sys.stdout.write(f"{sample.wav.name}: {sample.text}\n")


if __name__ == "__main__":
    main()
