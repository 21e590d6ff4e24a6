"""The guide's pictures of gestures: each is there, shows what it says, and is the one that the code draws."""

from pathlib import Path

import numpy as np
from lapel.virtual import hand_picture
from lapel.virtual.hand import FIST
from PIL import Image

DOCS = Path(__file__).parents[3] / "docs"


def skin(image: Image.Image) -> float:
    """The share of the picture that is hand."""
    pixels = np.asarray(image.convert("RGB")).astype(int)
    return float((pixels[..., 0] - pixels[..., 2] > 25).mean())


def test_a_hand_is_drawn_and_nobody_is_not():
    assert skin(hand_picture.draw(None, 60)) == 0
    open_hand = skin(hand_picture.draw(hand_picture.REST, 60))
    fist = skin(hand_picture.draw(hand_picture.replace(hand_picture.REST, fingers=FIST), 60))
    assert 0.1 < fist < 0.85 * open_hand < 0.4


def test_each_gesture_has_its_picture_in_the_guide():
    guide = (DOCS / "guide.md").read_text(encoding="utf-8")
    for strip in hand_picture.STRIPS:
        assert f"(gestures/{strip.name}.png)" in guide
        kept = Image.open(DOCS / "gestures" / f"{strip.name}.png").convert("RGB")
        drawn = hand_picture.strip(strip).convert("RGB")
        assert kept.size == drawn.size
        difference = np.abs(np.asarray(kept).astype(int) - np.asarray(drawn).astype(int))
        assert difference.mean() < 2, f"{strip.name}: run `make pictures`"


def test_a_strip_has_an_arrow_between_each_two():
    for strip in hand_picture.STRIPS:
        assert len(strip.arrows) == len(strip.hands) - 1
