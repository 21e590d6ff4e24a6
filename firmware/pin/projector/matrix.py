"""The scanner of the cheap build: 16 x 9 LEDs behind a lens, over which a page scrolls as one line.

The letters are the vector scanner's own strokes, drawn with soft edges: 144 LEDs with 256 steps show more of
a letter than a bitmap would, and every glyph that the relay pushes is there too.
"""

from ..clock import ticks_diff, ticks_ms
from .is31fl3731 import COLUMNS, ROWS

UNITS = 14  # glyph units a pixel: a capital takes 7 rows, a descender the other 2
BASELINE = 6  # row
PIXEL_MS = 40  # five letters a second
HOLD_MS = 700  # before it moves and after it arrived, to find the beginning and keep the end
MAX_PIXELS = 1200  # columns of 120 wide letters; 11 kB

MARK = "\u25b6"  # stands before the choice in focus


class MatrixScanner:
    """Has VectorScanner's methods and attributes. `chip` is an Is31fl3731, `brightness` of 15 steps."""

    kind = "matrix"
    columns = 24  # a page scrolls by in seven seconds
    lines = 1
    scrolls = True
    whole = True  # a page is drawn at once

    def __init__(self, chip, brightness=15, clock_ms=ticks_ms):
        self.clock_ms = clock_ms
        self.page_ms = 0
        self.frames = 0  # pictures sent
        self.underruns = 0  # pictures that the bus refused
        self.samples = 0
        self.lit = 0  # LEDs that are on
        self.watch = None
        self.on_lit = None
        self.running = False
        self._chip = chip
        self.brightness = brightness
        self._strip = bytearray(ROWS * COLUMNS)
        self._width = 0  # columns of the strip
        self._shown = -1  # the strip's column at the left edge
        self._began = 0
        self._fresh = False

    def show(
        self, font, lines, choices, focus, check, title=None, steady=False, page=0, pages=1, first=False
    ):
        """Draws a page and begins it anew. Returns "". Raises ValueError if it is too much for one page."""
        text = MARK + choices[focus] + "  " if choices else ""
        if title and page == 0:
            text += title + "  "
        text += " ".join(lines)
        width = 0
        for character in text:
            width += _pixels(font.find(ord(character)))
        if width > MAX_PIXELS:
            raise ValueError("a page: at most %d columns of pixels, got %d" % (MAX_PIXELS, width))
        left = max(0, COLUMNS - width) // 2
        self._width = max(COLUMNS, width)
        if len(self._strip) < ROWS * self._width:
            self._strip = bytearray(ROWS * self._width)
        _clear(self._strip, len(self._strip))
        for character in text:
            advance = _pixels(font.find(ord(character)))
            _draw(font.glyph, font.at, self._strip, self._width, left)
            left += advance
        self.page_ms = 2 * HOLD_MS + (self._width - COLUMNS) * PIXEL_MS
        self._shown = -1
        self._fresh = True
        self._began = self.clock_ms()
        if self.running:
            self.poll()
        return ""

    def start(self):
        """Shows the page from its beginning until `dark`."""
        if self.running or not self._width:
            return
        self.running = True
        self._shown = -1
        self._began = self.clock_ms()
        self._move()
        if self.running:
            self._power(True)
        self._tell_lit()

    def dark(self):
        """LEDs off. The page stays, for `start`."""
        if self.running:
            self.running = False
            self._power(False)

    def poll(self):
        """The app's heartbeat: moves the page on. True: a bus that failed may be asked again."""
        if self.running:
            self._move()
            self._tell_lit()
        return True

    def _move(self):
        passed = ticks_diff(self.clock_ms(), self._began) % max(1, self.page_ms)
        column = min(max(0, passed - HOLD_MS) // PIXEL_MS, self._width - COLUMNS)
        if column == self._shown:
            return
        self.lit = _cut(self._strip, self._width, column, self.brightness, self._chip.pixels)
        try:
            self._chip.show()
        except OSError:
            self._failed()
            return
        self.frames += 1
        self._shown = column

    def _tell_lit(self):
        if self.running and self._fresh:
            self._fresh = False
            if self.on_lit is not None:
                self.on_lit(self.clock_ms())

    def _power(self, on):
        try:
            self._chip.power(on)
        except OSError:
            self._failed()

    def _failed(self):
        self.underruns += 1
        self.running = False
        if self.watch is not None:
            self.watch(True)


def _pixels(units):
    return (units + UNITS - 1) // UNITS


@micropython.viper
def _clear(strip: ptr8, count: int):
    for i in range(count):
        strip[i] = 0


@micropython.viper
def _draw(glyph: ptr8, at: int, strip: ptr8, width: int, left: int):
    """Draws a glyph at column `left`. A point is shared by the four pixels round it, the brightest counts."""
    strokes = int(glyph[at + 1])
    at += 2
    for _ in range(strokes):
        count = int(glyph[at])
        at += 1
        x = 0
        y = 0
        for k in range(count):
            # In 1/256 pixel, y downwards from ten rows above the strip, so that nothing is negative.
            nx = (left << 8) + (int(glyph[at]) << 8) // 14
            ny = ((320 - int(glyph[at + 1])) << 8) // 14  # glyphs.Y_ZERO + UNITS * (BASELINE + 10)
            at += 2
            if k == 0:
                x = nx
                y = ny
            dx = nx - x
            dy = ny - y
            ax = dx if dx >= 0 else 0 - dx
            ay = dy if dy >= 0 else 0 - dy
            steps = (ax if ax > ay else ay) // 32 + 1
            for step in range(steps + 1):
                part = (step << 8) // steps
                px = x + (dx * part >> 8)
                py = y + (dy * part >> 8)
                for corner in range(4):
                    column = (px >> 8) + (corner & 1)
                    row = (py >> 8) + (corner >> 1) - 10
                    if row < 0 or row > 8 or column >= width:
                        continue
                    fx = px & 255
                    fy = py & 255
                    if corner & 1 == 0:
                        fx = 256 - fx
                    if corner < 2:
                        fy = 256 - fy
                    value = (fx * fy) >> 8
                    if value > 255:
                        value = 255
                    if value > int(strip[row * width + column]):
                        strip[row * width + column] = value
            x = nx
            y = ny


@micropython.viper
def _cut(strip: ptr8, width: int, column: int, brightness: int, pixels: ptr8) -> int:
    """Copies what is in view, squared because eyes see LEDs' light so. Returns how many pixels are lit."""
    lit = 0
    for row in range(9):
        for x in range(16):
            value = int(strip[row * width + column + x])
            value = ((value * value) >> 8) * brightness // 15
            pixels[16 * row + x] = value
            if value:
                lit += 1
    return lit
