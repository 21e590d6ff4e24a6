"""Packed glyphs and fonts: what goes in comes out, what is broken has its named error."""

import random

from lapel_wire import WireError, glyphs

ON_MICROPYTHON = True


def refused(call, *args):
    """Code of the WireError that the call must raise."""
    try:
        call(*args)
    except WireError as error:
        assert error.code in WireError.CODES
        return error.code
    raise AssertionError("nothing was raised")


def test_a_glyph_comes_back():
    for advance, strokes in (
        (0, []),
        (255, [[(0, -glyphs.Y_ZERO)], [(255, 255 - glyphs.Y_ZERO), (1, 2)]]),
        (80, [[(i, i) for i in range(150)]] * 1),
        (9, [[(1, 1)]] * glyphs.MAX_STROKES),
    ):
        assert glyphs.unpack(glyphs.pack(advance, strokes)) == (advance, strokes)


def test_what_cannot_be_packed_is_named():
    dot = [(1, 1)]
    for code, advance, strokes in (
        ("out_of_range", -1, []),
        ("out_of_range", 256, []),
        ("too_long", 1, [dot] * (glyphs.MAX_STROKES + 1)),
        ("bad_length", 1, [[]]),
        ("bad_length", 1, [dot * 256]),
        ("out_of_range", 1, [[(-1, 0)]]),
        ("out_of_range", 1, [[(256, 0)]]),
        ("out_of_range", 1, [[(0, -glyphs.Y_ZERO - 1)]]),
        ("out_of_range", 1, [[(0, 256 - glyphs.Y_ZERO)]]),
        ("too_long", 1, [dot * 200, dot * 200]),
    ):
        assert refused(glyphs.pack, advance, strokes) == code, (code, advance)


def test_a_broken_glyph_is_named():
    good = glyphs.pack(5, [[(1, 2), (3, 4)], [(5, 6)]])
    glyphs.check(good)
    assert refused(glyphs.check, good + b"x") == "bad_length"
    assert refused(glyphs.check, bytes(glyphs.MAX_GLYPH_BYTES + 1)) == "bad_length"
    assert refused(glyphs.check, bytes((1, glyphs.MAX_STROKES + 1))) == "too_long"
    assert refused(glyphs.check, bytes((1, 1, 0))) == "bad_length"
    for length in range(len(good)):
        assert refused(glyphs.unpack, good[:length]) == "bad_length"


def test_random_bytes_raise_nothing_else():
    random.seed(3)
    for _ in range(1000):
        data = bytes(
            [random.choice((0, 1, 2, 3, random.randrange(256))) for _ in range(random.randrange(30))]
        )
        for call in (glyphs.unpack, glyphs.check_font):
            try:
                call(data)
            except WireError as error:
                assert error.code in WireError.CODES


def test_a_font_is_found_by_code_point():
    packed = {code: glyphs.pack(code % 256, [[(1, 1)]]) for code in (32, 65, 66, 0x5B57, 0x1F600)}
    font = glyphs.pack_font(packed)
    glyphs.check_font(font)
    for code in packed:
        at = glyphs.find(font, code)
        assert font[at : at + len(packed[code])] == packed[code]
    for code in (0, 33, 67, 0x5B56, 0x10FFFF):
        assert glyphs.find(font, code) == -1
    assert glyphs.find(glyphs.pack_font({}), 65) == -1


def test_a_broken_font_is_named():
    font = glyphs.pack_font({65: glyphs.pack(1, [[(1, 1), (2, 2)]]), 66: glyphs.pack(1, [[(1, 1)]])})
    for length in range(len(font)):
        assert refused(glyphs.check_font, font[:length]) == "bad_length"
    assert refused(glyphs.check_font, font + b"x") == "bad_length"
    assert refused(glyphs.check_font, b"TTF1" + font[4:]) == "bad_length"
    moved = bytearray(font)
    moved[9] += 1
    assert refused(glyphs.check_font, moved) == "bad_length"
