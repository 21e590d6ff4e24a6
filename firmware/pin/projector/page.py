"""From lines of text to strokes in the field: size, centring, the mark under the choice in focus.

Coordinates of the field are integers: FIELD from its centre to an edge, x to the right and y up as the
wearer sees them. All of them are stored with ORIGIN added, so that none is negative: a ptr32 reads unsigned
on a 64-bit MicroPython.
"""

from array import array

from lapel_wire.glyphs import CAP_UNITS

FIELD = 1 << 18  # fine enough that the drive, 58 times the second difference, stays smooth
ORIGIN = 1 << 20  # blank moves and drive stay within four fields of the centre

DOT_UNITS = 4  # a stroke needs a direction, so a dot has a length

TEXT_WIDTH = 2 * FIELD * 94 // 100  # a margin, so that overshoot stays in the field
TEXT_HEIGHT = 2 * FIELD * 90 // 100
LINE_UNITS = CAP_UNITS * 25 // 14  # an accent above a capital stays clear of a descender in the line before
# The larger letters are, the more their light is spread: what is dim is hard to read. 10 mm on a palm, 8 in
# several lines.
MAX_CAP = FIELD * 28 // 100
MAX_CAP_IN_LINES = FIELD * 22 // 100
MAX_WIDE_CAP = FIELD * 30 // 100  # hanzi have many strokes: two lines of three at this size take 7 ms
MAX_LONE_CAP = FIELD * 55 // 100  # a lone letter; a full stop must not stand still
# Where there is room above and below, Latin letters are drawn taller than Hershey's, as narrow faces are. A
# mirror off its calibration misplaces strokes along the line: the taller a letter, the less that harms. Hanzi
# and kana are square by nature.
TALL_PERCENT = 140
WIDE_CODE = 0x2E80  # the first code of Chinese and Japanese
UNDERLINE_UNITS = 24  # below the baseline, where descenders end
CHOICE_GAP_UNITS = 72  # a space and a bit between choices: they are words of their own

COLUMNS = 12  # characters a line that stay legible on a 70 mm field
LINES = 3  # lines that a 1 kHz mirror redraws more than 60 times a second

# A card that grows or has pages keeps its text in place: lines of one size begin at the left of fixed rows,
# the title above them, choices or the marks of the pages below.
GRID_UNITS = COLUMNS * 75  # of lines of English, 98 in 100 are narrower; the others are condensed
MARKS = 6  # of a longer set, each stands for several pages
MARK_UNITS = 40  # from mark to mark
MARK_HERE_UNITS = 24  # the page that is up is a dash among dots
MARK_DOT_UNITS = 8  # shorter, and it takes less time than the laser needs to be seen

MAX_CHARACTERS = 120  # three lines of 40: past legible long before, and a bound on time and memory
MAX_POINTS = MAX_CHARACTERS * 64  # "@" has 50
MAX_STROKES = MAX_CHARACTERS * 8


class Page:
    """Strokes of one page, in buffers that only ever grow.

    `points` holds x, y of every vertex, `starts[k]` the number of the first vertex of stroke k;
    `starts[strokes]` is the end. `scale` is the field units that a glyph unit measures upwards, `across` the
    same along the line. `letters` counts all characters, `wide_letters` those of Chinese and Japanese, `load`
    weighs both. `first` is how many strokes come before the second line, `first_load` their letters' weight.
    """

    def __init__(self, font, field_percent=100):
        self.font = font
        self._percent = field_percent
        self._wide = TEXT_WIDTH * field_percent // 100
        self._high = TEXT_HEIGHT * field_percent // 100
        self.points = array("i", bytes(4 * 2 * 512))
        self.starts = array("i", bytes(4 * 129))
        self.strokes = 0
        self.letters = 0
        self.wide_letters = 0
        self.first = 0
        self.first_load = 0
        self._drawn = 0
        self.across = 1
        self.scale = 1
        self._place = array("i", (0, 0, 0, 0))  # pen x, y, scale across, scale up

    def lay_out(self, lines, choices=(), focus=0, title=None, steady=False, page=0, pages=1):
        """Fills the page with `title`, `lines`, and `choices` as a last line; `steady` on the grid.

        Raises ValueError if it is too much.
        """
        steady = steady and len(lines) <= LINES
        self.letters = 0
        self.wide_letters = 0
        self._drawn = 0
        widest = max(CAP_UNITS, self._measure(title) if title else 0)  # a line of spaces has a size too
        self.first = self.first_load = 0
        for line in lines:
            widest = max(widest, self._measure(line))
            self.first_load = self.first_load or self.load
        row = -CHOICE_GAP_UNITS
        for choice in choices:
            row += self._measure(choice) + CHOICE_GAP_UNITS
        widest = max(widest, row)
        if self.letters > MAX_CHARACTERS:
            raise ValueError("a page: at most %d characters, got %d" % (MAX_CHARACTERS, self.letters))
        if steady:
            rows = LINES + 2
            self.across = self._wide // GRID_UNITS
        else:
            rows = max(1, len(lines) + (1 if title else 0) + (1 if choices else 0))
            self.across = max(1, self._wide // widest)
        highest = MAX_CAP if rows == 1 else MAX_CAP_IN_LINES
        if self.wide_letters:
            highest = MAX_WIDE_CAP
        if self._drawn == 1:
            highest = MAX_LONE_CAP
        highest = highest * self._percent // 100
        highest = max(1, min(self._high // (LINE_UNITS * rows), highest // CAP_UNITS))
        self.across = min(self.across, highest)
        self.scale = self.across if self.wide_letters else min(self.across * TALL_PERCENT // 100, highest)
        self.strokes = 0
        self.starts[0] = 0
        pitch = LINE_UNITS * self.scale
        baseline = ORIGIN + (pitch * (rows - 1) - CAP_UNITS * self.scale) // 2
        last = baseline - pitch * (rows - 1)
        if title:
            self._start(baseline, self._width(title), steady)
            self._write(title)
        if title or steady:
            baseline -= pitch
        for line in lines:
            self._start(baseline, self._width(line), steady)
            self._write(line)
            self.first = self.first or self.strokes
            baseline -= pitch
        if choices:
            self._start(last, row, False)
            for i in range(len(choices)):
                left = self._place[0]
                self._write(choices[i])
                if i == focus:
                    self._rule(left, self._place[0], last - UNDERLINE_UNITS * self.scale)
                self._place[0] += CHOICE_GAP_UNITS * self._place[2]
        elif steady and pages > 1:
            self._mark(last, page, pages)

    @property
    def load(self):
        """What there is to draw: 2 for each letter, 5 for each that is wide."""
        return 2 * self.letters + 3 * self.wide_letters

    def _measure(self, text):
        """The width of `text`, whose letters are counted."""
        self.letters += len(text)
        width = 0
        for character in text:
            width += self.font.find(ord(character))
            if self.font.glyph[self.font.at + 1]:  # has strokes: not a space
                self._drawn += 1
            if ord(character) >= WIDE_CODE:
                self.wide_letters += 1
        return width

    def _width(self, line):
        width = 0
        for character in line:
            width += self.font.find(ord(character))
        return width

    def _start(self, baseline, width, left):
        """Puts the pen where a line begins: at the `left`, or so that the line is centred."""
        across = self.across if width * self.across <= self._wide else max(1, self._wide // width)
        self._place[0] = ORIGIN - (self._wide if left else width * across) // 2
        self._place[1] = baseline
        self._place[2] = across

    def _write(self, text):
        self._place[3] = self.scale
        for character in text:
            self.font.find(ord(character))
            glyph = self.font.glyph
            strokes = glyph[self.font.at + 1]
            self._make_room(strokes, 255)
            _place_glyph(glyph, self.font.at, self.points, self.starts, self.strokes, self._place)
            self.strokes += strokes

    def _mark(self, y, page, pages):
        marks = min(pages, MARKS)
        x = ORIGIN - MARK_UNITS * (marks - 1) * self.scale // 2
        for i in range(marks):
            half = (MARK_HERE_UNITS if i == page * marks // pages else MARK_DOT_UNITS) * self.scale // 2
            self._rule(x - half, x + half, y)
            x += MARK_UNITS * self.scale

    def _rule(self, left, right, y):
        self._make_room(1, 2)
        at = self.starts[self.strokes]
        for x in (left, right):
            self.points[2 * at] = x
            self.points[2 * at + 1] = y
            at += 1
        self.strokes += 1
        self.starts[self.strokes] = at

    def _make_room(self, strokes, points_each):
        # A glyph is at most MAX_GLYPH_BYTES, so 512 points more always suffice.
        need = 2 * (self.starts[self.strokes] + min(strokes * points_each, 512))
        while len(self.points) < need:
            self.points.extend(array("i", bytes(4 * 1024)))
        while len(self.starts) < self.strokes + strokes + 1:
            self.starts.extend(array("i", bytes(4 * 128)))


@micropython.viper
def _place_glyph(glyph: ptr8, at: int, points: ptr32, starts: ptr32, stroke: int, place: ptr32):
    """Appends a glyph's strokes; `place` is the pen's x (moved on by the advance), its y, both scales."""
    left = place[0]
    baseline = place[1]
    across = place[2]
    scale = place[3]
    place[0] = left + glyph[at] * across
    last = stroke + glyph[at + 1]
    at += 2
    out = starts[stroke]
    while stroke < last:
        count = glyph[at]
        at += 1
        for _ in range(count):
            points[2 * out] = left + glyph[at] * across
            points[2 * out + 1] = baseline + (glyph[at + 1] - 96) * scale  # glyphs.Y_ZERO
            at += 2
            out += 1
        if count == 1:  # a dot: a stroke needs a direction
            points[2 * out] = points[2 * out - 2] + 4 * scale  # DOT_UNITS
            points[2 * out + 1] = points[2 * out - 1]
            out += 1
        stroke += 1
        starts[stroke] = out
