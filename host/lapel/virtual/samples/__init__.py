"""The bundled questions, so that a virtual pin has something to hear without a microphone."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

MANIFEST = Path(__file__).parent / "questions.tsv"


@dataclass(frozen=True)
class Sample:
    wav: Path
    text: str

    @property
    def name(self) -> str:
        return self.wav.stem


def samples() -> list[Sample]:
    """The questions in the order of `questions.tsv`."""
    with MANIFEST.open(encoding="utf-8", newline="") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    return [Sample(MANIFEST.parent / row["file"], row["transcript"]) for row in rows]


def find(name: str) -> Sample:
    """Raises KeyError with the known names."""
    known = {sample.name: sample for sample in samples()}
    if name not in known:
        raise KeyError(f"no sample is called {name!r}; there are {', '.join(known)}")
    return known[name]
