"""The bundled questions, so that a virtual pin has something to hear without a microphone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Sample:
    name: str
    text: str

    @property
    def wav(self) -> Path:
        return FOLDER / f"{self.name}.wav"


def samples() -> list[Sample]:
    """The questions in the order of `questions.tsv`."""
    lines = (FOLDER / "questions.tsv").read_text("utf-8").splitlines()
    return [Sample(*line.split("\t")) for line in lines]


def find(name: str) -> Sample:
    """Raises KeyError with the known names."""
    known = {sample.name: sample for sample in samples()}
    if name not in known:
        raise KeyError(f"no sample is called {name!r}; there are {', '.join(known)}")
    return known[name]
