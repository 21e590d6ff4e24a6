"""Word error rate and time of each speech engine, on the bundled questions or on a set of recordings.

`LAPEL_SPEECH_SET` names another manifest (tab-separated, columns `file` and `transcript`).
"""

from __future__ import annotations

import audioop
import os
import statistics
from pathlib import Path

from lapel_wire.audio import SAMPLES_PER_FRAME

from .. import models
from ..speech import load_engine, wer
from ..virtual.samples import MANIFEST
from .figures import Figure

_LIMITS_PERCENT = {"moonshine": 10.0, "whisper": 7.0}


async def measure() -> list[Figure]:
    """Both engines inside Lapel on English recordings."""
    manifest = Path(os.environ.get("LAPEL_SPEECH_SET") or MANIFEST)
    await models.fetch("whisper-base")
    figures = []
    for name, limit in _LIMITS_PERCENT.items():
        engine = await load_engine(name)
        try:
            measured = await wer.measure(engine, manifest)
            sent = await wer.measure(engine, manifest, through=_as_sent)
        finally:
            await engine.close()
        percent, count = measured.word_error_rate * 100, len(measured.clips)
        took_ms = statistics.median(clip.took_s * 1000 for clip in measured.clips)
        figures += [
            Figure(f"speech: {name}, word error rate, {count} clips", percent, "%", limit),
            Figure(f"speech: {name}, the same as a pin sends it", sent.word_error_rate * 100, "%", limit),
            Figure(f"speech: {name}, time of one utterance, median", took_ms, "ms"),
        ]
    return figures


def _as_sent(pcm: bytes) -> bytes:
    """What the relay gets of it: IMA ADPCM, decoded again; whole frames."""
    frame_bytes = SAMPLES_PER_FRAME * 2
    padded = pcm + bytes(-len(pcm) % frame_bytes)
    return audioop.adpcm2lin(audioop.lin2adpcm(padded, 2, None)[0], 2, None)[0]
