"""English, fast: Moonshine tiny (Useful Sensors, MIT), whose model lies inside the package.

The whole utterance is decoded at once when the button is released: its streaming mode leaves out what came
after the last update (22 % of words wrong). Its own voice detection is switched off: cutting at pauses costs
words (8 % wrong against 3 % over clean, quiet, noisy and padded versions of our recordings). Without it
Moonshine hears "You" in silence, so `Speech` asks the voice detector first.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lapel.speech.engine import SAMPLE_RATE_HZ
from lapel.speech.native import Decoder, NativeEngine

_WHOLE_UTTERANCE_S = 35  # its limit for one segment: longer than any utterance (30 s) may be
_SHORTEST_SAMPLES = SAMPLE_RATE_HZ // 10  # its first convolutions fail on less; filled up with silence


def load() -> Decoder:
    """Load the model from the package, without the network."""
    import moonshine_voice  # 40 MB of native code: only if used
    from moonshine_voice.moonshine_api import ModelArch
    from moonshine_voice.transcriber import Transcriber

    model = Path(moonshine_voice.__file__).parent / "assets" / "tiny-en"
    if not model.is_dir():
        raise FileNotFoundError(
            f"moonshine-voice has no model in {model}; run: pip install moonshine-voice==0.1.0"
        )
    options = {"vad_threshold": 0, "vad_max_segment_duration": _WHOLE_UTTERANCE_S}
    transcriber = Transcriber(model, ModelArch.TINY, options=options)

    def decode(pcm: bytes, language: str) -> str:
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        if len(samples) < _SHORTEST_SAMPLES:
            samples = np.pad(samples, (0, _SHORTEST_SAMPLES - len(samples)))
        lines = transcriber.transcribe_without_streaming(samples.tolist(), SAMPLE_RATE_HZ).lines
        return " ".join(line.text for line in lines)

    return decode


def moonshine() -> NativeEngine:
    """The English engine."""
    return NativeEngine("Moonshine", load, is_fast=True)
