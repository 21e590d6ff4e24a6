"""The pin's letters: a packed font file, plus the few glyphs that the relay pushed."""

from lapel_wire import glyphs

BOX = 0xFFFD  # Unicode's replacement character; its glyph is a box
MAX_PUSHED = 128  # a page holds 36 letters: some pages' worth of another script, at most 75 kB

# Drawn when even the font file's own box is missing.
_BOX_GLYPH = glyphs.pack(80, (((16, 0), (16, 84), (64, 84), (64, 0), (16, 0)),))


class Font:
    """Finds the packed glyph of a character. Every character has one: the last resort is a box.

    `find` leaves the answer in `glyph` (the buffer) and `at` (where in it), which allocates nothing.
    """

    def __init__(self, data):
        glyphs.check_font(data)
        self.data = data
        self.glyph = data
        self.at = 0
        self._pushed = {}
        self._order = []  # oldest first

    def push(self, code, glyph):
        """Keeps a glyph from the relay; the oldest makes room. Raises WireError if it is malformed."""
        glyphs.check(glyph)
        if code in self._pushed:
            self._order.remove(code)
        elif len(self._order) >= MAX_PUSHED:
            del self._pushed[self._order.pop(0)]
        self._order.append(code)
        self._pushed[code] = bytes(glyph)

    def has(self, code):
        """Whether `code` is drawn as itself and not as a box."""
        return code in self._pushed or glyphs.find(self.data, code) >= 0

    def find(self, code):
        """Points `glyph` and `at` to the glyph for a code point and returns its advance. Never fails."""
        self.glyph = self.data
        self.at = glyphs.find(self.data, code)
        if self.at < 0 and code in self._pushed:
            self.glyph = self._pushed[code]
            self.at = 0
        elif self.at < 0:
            self.at = glyphs.find(self.data, BOX)
            if self.at < 0:
                self.glyph = _BOX_GLYPH
                self.at = 0
        return self.glyph[self.at]


def load(path=None):
    """The font built by `make font`. Raises OSError if the file is missing, WireError if it is damaged."""
    if path is None:
        path = __file__.rsplit("/", 1)[0] + "/font.bin"
    with open(path, "rb") as file:
        return Font(file.read())
