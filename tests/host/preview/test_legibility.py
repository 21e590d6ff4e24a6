"""An independent judge reads the palm: Tesseract, on the picture that `lapel preview --png` writes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from lapel.preview import drawing
from lapel.virtual import light
from PIL import Image, ImageOps

CARDS = Path(__file__).with_name("cards.txt")  # one a line, " / " between the lines of a card
MOST_WRONG = 0.01


def cards() -> list[str]:
    return CARDS.read_text("utf-8").splitlines()


def pipelines(image: Image.Image) -> dict[str, Image.Image]:
    """What somebody may do with the picture before reading it."""
    return {
        "plain": image,
        "grey": image.convert("L"),
        "inverted": ImageOps.invert(image.convert("L")),
        "green": ImageOps.invert(image.getchannel("G")),
    }


def read(image: Image.Image, file: Path) -> str:
    image.save(file)
    command = ["tesseract", str(file), "-", "--psm", "6"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return " ".join(result.stdout.split())


def distance(one: str, other: str) -> int:
    """Levenshtein's: characters to insert, delete or replace."""
    before = list(range(len(other) + 1))
    for i, a in enumerate(one):
        row = [i + 1]
        for j, b in enumerate(other):
            row.append(min(row[-1] + 1, before[j + 1] + 1, before[j] + (a != b)))
        before = row
    return before[-1]


@pytest.fixture
def tesseract() -> None:
    if not shutil.which("tesseract"):
        pytest.skip("needs the program tesseract (Debian: tesseract-ocr)")


def wrong(texts: list[str], folder: Path) -> dict[str, float]:
    """Share of wrong characters by pipeline."""
    errors: dict[str, int] = {}
    total = 0
    for text in texts:
        frame = drawing.draw(text.split(" / "))
        expected = " ".join(text.split(" / "))
        total += len(expected)
        for name, image in pipelines(light.render(frame.stream(0.25), mirror=frame.mirror)).items():
            got = read(image, folder / "palm.png")
            errors[name] = errors.get(name, 0) + distance(expected, got)
    return {name: count / total for name, count in errors.items()}


@pytest.mark.full
def test_another_program_reads_fifty_cards(tesseract: None, tmp_path: Path) -> None:
    assert len(cards()) == 50
    shares = wrong(cards(), tmp_path)
    assert max(shares.values()) <= MOST_WRONG, shares


def test_another_program_reads_some_cards(tesseract: None, tmp_path: Path) -> None:
    shares = wrong(cards()[:3], tmp_path)
    assert max(shares.values()) <= 0.05, shares


def test_the_writing_stands_out_from_the_skin() -> None:
    frame = drawing.draw(["Quick answer"])
    lit = np.asarray(light.render(frame.stream(0.25), mirror=frame.mirror).convert("L"), dtype=float)
    skin = np.asarray(light.render(b"").convert("L"), dtype=float)
    lux = light.illuminance(frame.stream(0.25), lit.shape, mirror=frame.mirror)
    assert np.median(lit[lux > light.ROOM_LUX]) > np.percentile(skin, 99) + 25
