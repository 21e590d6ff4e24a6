"""The light: refresh and error of the pages that the design names, and how soon a card is lit."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from ..preview import drawing, measure
from ..viper import source_root
from ..virtual.beam import Mirror
from ..virtual.interpreter import find_interpreter
from .figures import Figure

# Name, page, least refresh in Hz.
PAGES = (
    ("10:42 AM", ("10:42 AM",), 220),
    ("12 Latin letters", ("Quick answer",), 170),
    ("2 lines of 10", ("The answer", "is 42 today"), 87),
    ("3 lines of 12", ("Rain at four", "then sun and", "21 degrees C"), 63),
    ("4 hanzi", ("你好世界",), 120),
    ("6 hanzi", ("今天天气很好",), 140),
)
MOST_ERROR = 8.0  # percent of the glyph height, 95th percentile
OFF = 0.03  # how far the true mirror may be from its calibration
FIRST_LIT_MS = 8.0
RUN_S = 60.0


async def measure_projector() -> list[Figure]:
    """Drawn by the pin's own code; the mirror has 1 kHz and damping 0.7, alone and 3 % off in both."""
    figures = []
    for name, lines, least_hz in PAGES:
        figures += await asyncio.to_thread(_page, name, lines, least_hz)
    return figures + await _first_light()


def _page(name: str, lines: tuple[str, ...], least_hz: float) -> list[Figure]:
    frame = drawing.draw(lines)
    true = measure.measure(frame)
    mirror = frame.mirror
    off = [
        measure.measure(frame, Mirror(mirror.hz * (1 + hz * OFF), mirror.damping * (1 + damping * OFF)))
        for hz in (-1, 0, 1)
        for damping in (-1, 0, 1)
    ]
    return [
        Figure(f"light: {name}, refresh", true.refresh_hz, "Hz", least_hz, at_least=True),
        Figure(f"light: {name}, path error", true.path_error * 100, "%", MOST_ERROR),
        Figure(f"light: {name}, coverage gap", true.coverage_gap * 100, "%", MOST_ERROR),
        Figure(
            f"light: {name}, path error, mirror 3 % off",
            max(m.path_error for m in off) * 100,
            "%",
            MOST_ERROR,
        ),
        Figure(
            f"light: {name}, coverage gap, mirror 3 % off",
            max(m.coverage_gap for m in off) * 100,
            "%",
            MOST_ERROR,
        ),
        Figure(f"light: {name}, peak drive", true.peak_drive, "fields", 2),
    ]


async def _first_light() -> list[Figure]:
    """Text to first lit sample, and allocation, on the real MicroPython."""
    program = Path(__file__).with_name("light_app.py")
    environment = os.environ | {"MICROPYPATH": f".frozen:{source_root()}"}
    process = await asyncio.create_subprocess_exec(
        str(find_interpreter()),
        "-X",
        "heapsize=8m",
        str(program),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), RUN_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    words = output.decode(errors="replace").split()
    if process.returncode or len(words) != 4 or words[0] != "light":
        raise RuntimeError(f"MicroPython: expected three figures, got {output.decode(errors='replace')!r}")
    median_us, first_us, allocated = (int(word) for word in words[1:])
    return [
        Figure("light: 12 letters, text to first lit sample", median_us / 1000, "ms", FIRST_LIT_MS),
        Figure("light: 12 letters, the same for the first card", first_us / 1000, "ms", FIRST_LIT_MS),
        Figure("light: heap bytes for a further card", allocated, "B"),
    ]
