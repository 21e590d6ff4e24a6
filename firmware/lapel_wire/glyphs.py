"""Packed stroke glyphs: what a font file holds and what a relay will push for letters a pin lacks.

A glyph, all bytes:

    advance, strokes, then for each stroke: points, then x, y of each point

x counts from the left edge of the glyph's cell, 0 to 255; y from the baseline upwards, plus Y_ZERO, so that
no byte is signed. A capital letter is CAP_UNITS high. A stroke of one point is a dot.

A font: b"LSF1", number of glyphs (2 bytes), then an index sorted by code point of 6-byte entries (code
point 3, offset of the glyph from the start of the font 3), then the glyphs. Numbers are little-endian.
"""

from . import WireError

CAP_UNITS = 84  # four times the grid of Hershey's simplex letters; about the 1 % grid that hanzi need
Y_ZERO = 96  # descenders reach -28, tall brackets -32; 159 above is room for two accents
MAX_STROKES = 64  # the busiest common hanzi have 36
MAX_GLYPH_BYTES = 600  # a third of a message; 64 strokes of four points

MAGIC = b"LSF1"
HEADER_BYTES = 6
ENTRY_BYTES = 6


def pack(advance, strokes):
    """Bytes of a glyph. `strokes` holds lists of (x, y) with y up from the baseline. Raises WireError."""
    packed = bytearray((0, 0))
    if not 0 <= advance <= 255:
        raise WireError("out_of_range", "glyph: expected an advance of 0 to 255, got %d" % advance)
    if len(strokes) > MAX_STROKES:
        raise WireError("too_long", "glyph: at most %d strokes, got %d" % (MAX_STROKES, len(strokes)))
    packed[0] = advance
    packed[1] = len(strokes)
    for stroke in strokes:
        if not 1 <= len(stroke) <= 255:
            raise WireError("bad_length", "glyph: expected 1 to 255 points a stroke, got %d" % len(stroke))
        packed.append(len(stroke))
        for x, y in stroke:
            if not 0 <= x <= 255 or not 0 <= y + Y_ZERO <= 255:
                raise WireError("out_of_range", "glyph: point %d, %d is outside the grid" % (x, y))
            packed.append(x)
            packed.append(y + Y_ZERO)
    if len(packed) > MAX_GLYPH_BYTES:
        raise WireError("too_long", "glyph: at most %d bytes, got %d" % (MAX_GLYPH_BYTES, len(packed)))
    return bytes(packed)


def check(glyph):
    """Raises WireError unless `glyph` is exactly one well-formed glyph."""
    if len(glyph) < 2 or len(glyph) > MAX_GLYPH_BYTES:
        raise WireError("bad_length", "glyph: expected 2 to %d bytes, got %d" % (MAX_GLYPH_BYTES, len(glyph)))
    if glyph[1] > MAX_STROKES:
        raise WireError("too_long", "glyph: at most %d strokes, got %d" % (MAX_STROKES, glyph[1]))
    at = 2
    for _ in range(glyph[1]):
        if at >= len(glyph) or not glyph[at]:
            raise WireError("bad_length", "glyph: a stroke has no points")
        at += 1 + 2 * glyph[at]
    if at != len(glyph):
        raise WireError("bad_length", "glyph: expected %d bytes, got %d" % (at, len(glyph)))


def unpack(glyph):
    """(advance, strokes) as `pack` takes them. Raises WireError."""
    check(glyph)
    strokes = []
    at = 2
    for _ in range(glyph[1]):
        points = glyph[at]
        strokes.append([(glyph[i], glyph[i + 1] - Y_ZERO) for i in range(at + 1, at + 1 + 2 * points, 2)])
        at += 1 + 2 * points
    return glyph[0], strokes


def pack_font(packed_glyphs):
    """Bytes of a font from a dict of code point to packed glyph."""
    count = len(packed_glyphs)
    font = bytearray(MAGIC) + count.to_bytes(2, "little")
    offset = HEADER_BYTES + ENTRY_BYTES * count
    for code in sorted(packed_glyphs):
        check(packed_glyphs[code])
        font += code.to_bytes(3, "little") + offset.to_bytes(3, "little")
        offset += len(packed_glyphs[code])
    for code in sorted(packed_glyphs):
        font += packed_glyphs[code]
    return bytes(font)


def find(font, code):
    """Offset of the glyph for `code` in `font`, or -1. Binary search, nothing is copied."""
    low = 0
    high = font[4] | font[5] << 8
    while low < high:
        middle = (low + high) >> 1
        at = HEADER_BYTES + ENTRY_BYTES * middle
        found = font[at] | font[at + 1] << 8 | font[at + 2] << 16
        if found == code:
            return font[at + 3] | font[at + 4] << 8 | font[at + 5] << 16
        if found < code:
            low = middle + 1
        else:
            high = middle
    return -1


def check_font(font):
    """Raises WireError unless `font` is a whole font: for a file that may be cut short or of another kind."""
    if len(font) < HEADER_BYTES or bytes(font[:4]) != MAGIC:
        raise WireError("bad_length", "font: expected a file that starts with LSF1")
    count = font[4] | font[5] << 8
    offset = HEADER_BYTES + ENTRY_BYTES * count
    if len(font) < offset:
        raise WireError("bad_length", "font: the index is cut short")
    for i in range(count):
        at = HEADER_BYTES + ENTRY_BYTES * i
        if font[at + 3] | font[at + 4] << 8 | font[at + 5] << 16 != offset:
            raise WireError("bad_length", "font: glyph %d is not where the index says" % i)
        if offset + 2 > len(font):
            raise WireError("bad_length", "font: glyph %d is cut short" % i)
        strokes = font[offset + 1]
        offset += 2
        for _ in range(strokes):
            if offset >= len(font):
                raise WireError("bad_length", "font: glyph %d is cut short" % i)
            offset += 1 + 2 * font[offset]
    if offset != len(font):
        raise WireError("bad_length", "font: expected %d bytes, got %d" % (offset, len(font)))
