"""Scanners: what turns a page into light. All have `show`, `start`, `dark` and VectorScanner's counters."""

from array import array

from ..clock import ticks_diff, ticks_ms
from .page import Page
from .path import Path
from .speed import MAX_SAMPLES, Mirror, Planner

CHUNK_SAMPLES = 192  # 4 ms a refill: the guard looks that often even when the app hangs
LEAD_IN_SAMPLES = 64  # dark before a new frame: 1.3 ms, in which a 1 kHz mirror comes within 0.3 % of its way
LATE_MS = 45  # I2S holds 20 000 bytes, 52 ms, of which a chunk may be on its way


class VectorScanner:
    """Two mirrors and a laser on an I2S transmitter: 48 kHz, 32 bit, stereo (X, Y), already configured.

    A frame repeats until another is shown; the change happens where the frame ends. The port's callback
    refills from two chunks that exist from the start.
    """

    kind = "vector"

    def __init__(self, i2s, mirror=None, clock_ms=ticks_ms):
        self.mirror = mirror or Mirror()
        self.frames = 0  # whole frames handed over
        self.underruns = 0
        self.samples = 0  # of the frame being shown
        self.watch = None  # called at each refill with whether it came late; returns whether to go on
        self.on_lit = None  # called with the time at which a new frame's first lit sample was handed over
        self._i2s = i2s
        self.clock_ms = clock_ms
        self._page = None
        self._path = Path()
        self._planner = Planner(self.mirror)
        self._front = array("i", bytes(8 * MAX_SAMPLES))
        self._back = array("i", bytes(8 * MAX_SAMPLES))
        self._pending = 0  # samples of the frame that waits in `_back`
        self._position = 0
        self._dark_left = 0
        self._running = False
        self._writing = False
        self._fresh = False  # no lit sample of this frame was handed over yet
        self._chunks = (array("i", bytes(8 * CHUNK_SAMPLES)), array("i", bytes(8 * CHUNK_SAMPLES)))
        self._turn = 0
        self._refilled_at = 0
        i2s.irq(self._refill)

    def show(self, font, lines, choices, focus, check, title=None, steady=False, page=0, pages=1):
        """Draws a page; it replaces the shown one if `check(frame, samples)` has no objection.

        Returns "" or the objection. Raises ValueError if it is too much for one page.
        """
        self._pending = 0  # the waiting frame's buffer is drawn over
        if self._page is None:
            self._page = Page(font)
        sheet = self._page
        sheet.font = font
        sheet.lay_out(lines, choices, focus, title, steady, page, pages)
        self._path.trace(sheet)
        samples = self._planner.plan(self._path, self._back)
        objection = check(self._back, samples)
        if not objection:
            self._pending = samples
            if not self._running:
                self._swap()
        return objection

    def start(self):
        """Streams the current frame until `dark`."""
        if self._running or not self.samples:
            return
        self._running = True
        self._fresh = True
        self._dark_left = LEAD_IN_SAMPLES
        self._position = self.samples - LEAD_IN_SAMPLES
        self._refilled_at = self.clock_ms()
        if not self._writing:
            self._refill(self._i2s)

    def dark(self):
        """Stops the stream. The frame stays, for `start`."""
        self._running = False

    @property
    def running(self):
        return self._running

    def _swap(self):
        self._front, self._back = self._back, self._front
        self.samples = self._pending
        self._pending = 0
        self._position = self.samples - LEAD_IN_SAMPLES
        self._dark_left = LEAD_IN_SAMPLES
        self._fresh = True

    def _refill(self, i2s):
        """The port took the last chunk: hand over the next. A scheduled callback, between byte codes."""
        self._writing = False
        now = self.clock_ms()
        late = self._running and ticks_diff(now, self._refilled_at) > LATE_MS
        if late:
            self.underruns += 1
            self._dark_left = LEAD_IN_SAMPLES  # the mirror went to rest meanwhile
        self._refilled_at = now
        if self.watch is not None and not self.watch(late):
            self._running = False
        if not self._running:
            return
        chunk = self._chunks[self._turn]
        self._turn ^= 1
        lit = self._fill(chunk)
        self._writing = True
        i2s.write(chunk)
        if lit and self._fresh:
            self._fresh = False
            if self.on_lit is not None:
                self.on_lit(now)

    def _fill(self, chunk):
        done = 0
        lit = 0
        while done < CHUNK_SAMPLES:
            count = min(CHUNK_SAMPLES - done, self.samples - self._position)
            if self._dark_left:
                count = min(count, self._dark_left)
                self._dark_left -= count
                _copy(self._front, self._position, chunk, done, count, 0x7C, 4)
            else:
                lit |= _copy(self._front, self._position, chunk, done, count, 0, 0)
            done += count
            self._position += count
            if self._position == self.samples:
                self._position = 0
                self.frames += 1
                if self._pending:
                    self._swap()
        return lit


@micropython.viper
def _copy(frame: ptr32, at: int, chunk: ptr32, to: int, count: int, clear: int, put: int) -> int:
    """Copies samples, with bits of X cleared and put. Returns 1 if one of them is lit."""
    lit = 0
    keep = -1 ^ clear
    for i in range(count):
        word = (int(frame[2 * (at + i)]) & keep) | put
        if word & 4 == 0 and word & 0x78:
            lit = 1
        chunk[2 * (to + i)] = word
        chunk[2 * (to + i) + 1] = int(frame[2 * (at + i) + 1])
    return lit
