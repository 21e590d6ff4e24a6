"""The font that `make font` builds."""

from lapel.glyphs import build


def test_the_font_in_the_firmware_is_the_one_that_is_built():
    assert build.FONT_FILE.read_bytes() == build.packed_font()
    notice = build.FONT_FILE.with_name("FONT-LICENSE.txt").read_text(encoding="utf-8")
    assert notice == build.ACKNOWLEDGEMENT


def test_every_stroke_has_two_different_points():
    for letter, (advance, strokes) in build.all_letters().items():
        assert advance > 0, letter
        for stroke in strokes:
            assert len(set(stroke)) > 1, letter
