"""Whatever comes in the place of a hand is not lit: the tracker lets go within two frames."""

import pytest
from lapel.bench.palm import estimates
from lapel.virtual.replaced import PLACED, WAYS, replaced

LIMIT_MS = 150


def present_of(scene):
    return [bool(estimate["present"]) for estimate in estimates(scene.frames)]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", sorted(PLACED.keys() - {"book"}))
def test_a_hand_that_is_replaced_is_absent_at_once(name, way):
    for distance_mm in (200, 300, 320, 360):
        scene = replaced(name, distance_mm, 9000 + distance_mm, way)
        present = present_of(scene)
        assert all(present[8:15]), (name, distance_mm)
        assert scene.absent_ms(present) <= LIMIT_MS, (name, distance_mm)


def test_a_book_that_fills_the_field_is_absent_at_once():
    """One of a palm's size is a palm to this sensor (docs/palm.md)."""
    for way in WAYS:
        scene = replaced("book", 200, 9100, way)
        assert scene.absent_ms(present_of(scene)) <= LIMIT_MS


def test_absence_counts_from_the_last_frame_with_a_hand():
    scene = replaced("nothing", 300, 1, "at once")
    present = [True] * scene.gone + [False] * (len(scene.frames) - scene.gone)
    assert round(scene.absent_ms(present)) == 67
    present[scene.gone + 2] = True  # it came back: that is no absence
    assert round(scene.absent_ms(present)) == 267
