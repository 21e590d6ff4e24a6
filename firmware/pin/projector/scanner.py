"""The scanner of mirrors and laser. Every scanner has the public methods and attributes of this one."""

from array import array

from ..clock import ticks_diff, ticks_ms
from .page import COLUMNS, LINES, Page
from .path import Path
from .speed import MAX_SAMPLES, Mirror, Planner

CHUNK_SAMPLES = 192  # 4 ms a refill: the guard looks that often even when the app hangs
LEAD_IN_SAMPLES = 64  # dark before a new frame: 1.3 ms, in which a 1 kHz mirror comes within 0.3 % of its way
RAMP_REFILLS = 16  # 64 ms from dark to full: light that jumps at the eye startles
LATE_MS = 45  # I2S holds 20 000 bytes, 52 ms, of which a chunk may be on its way


class VectorScanner:
    """Two mirrors and a laser on an I2S transmitter: 48 kHz, 32 bit, stereo (X, Y), already configured.

    A frame repeats until another is shown; the change happens where the frame ends. The port's callback
    refills from two chunks that exist from the start.
    """

    kind = "vector"
    columns = COLUMNS
    lines = LINES
    scrolls = False
    page_ms = 0  # how long it takes to show a page once: no time to speak of

    def __init__(self, i2s, mirror=None, clock_ms=ticks_ms):
        self.mirror = mirror or Mirror()
        self.frames = 0  # whole frames handed over
        self.underruns = 0
        self.samples = 0  # of the frame being shown
        self.lit = 0  # how many of those are lit
        self.watch = None  # called at each refill with whether it came late; returns whether to go on
        self.whole = True  # else only the page's first line is shown so far
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
        self._stalled = False  # it did not take the last chunk
        self._fresh = False  # no lit sample of this frame was handed over yet
        self._gain = 0  # of RAMP_REFILLS
        self._pending_lit = 0
        self._chunks = (array("i", bytes(8 * CHUNK_SAMPLES)), array("i", bytes(8 * CHUNK_SAMPLES)))
        self._turn = 0
        self._refilled_at = 0
        i2s.irq(self._refill)

    def show(
        self, font, lines, choices, focus, check, title=None, steady=False, page=0, pages=1, first=False
    ):
        """Draws a page; it replaces the shown one if `check(frame, samples)` has no objection.

        `first` draws no more than its first line, which is sooner done; then `complete` follows.
        Returns "" or the objection. Raises ValueError if it is too much for one page.
        """
        if self._page is None:
            self._page = Page(font, self.mirror.field_percent)
        sheet = self._page
        sheet.font = font
        sheet.lay_out(lines, choices, focus, title, steady, page, pages)
        self.whole = not 0 < sheet.first < sheet.strokes or not first
        return self._draw(check)

    def complete(self, check):
        """Draws the whole page. Answers as `show` does."""
        self.whole = True
        return self._draw(check)

    def _draw(self, check):
        self._pending = 0  # the waiting frame's buffer is drawn over
        self._path.trace(self._page, first=not self.whole)
        samples = self._planner.plan(self._path, self._back)
        objection = check(self._back, samples)
        if not objection:
            self._pending = samples
            self._pending_lit = self._planner.lit
            if not self._running:
                self._swap()
        return objection

    def start(self):
        """Streams the current frame until `dark`."""
        if self._running or not self.samples:
            return
        self._running = True
        self._fresh = True
        self._gain = 0
        self._dark_left = LEAD_IN_SAMPLES
        self._position = self.samples - LEAD_IN_SAMPLES
        self._refilled_at = self.clock_ms()
        if not self._writing:
            self._refill(self._i2s)

    def dark(self):
        """Stops the stream. The frame stays, for `start`."""
        self._running = False

    def connect(self, i2s):
        """The port goes to somebody else while it is dark (None), or comes back: no light in between."""
        self._running = self._writing = False
        self._stalled = i2s is None
        self._i2s = i2s
        if i2s is not None:
            i2s.irq(self._refill)

    def poll(self):
        """The app's heartbeat. False while the port asks for nothing any more: the stream has stopped."""
        if self._running and ticks_diff(self.clock_ms(), self._refilled_at) > LATE_MS:
            self.underruns += 1
            self._running = False
            self._stalled = True
            if self.watch is not None:
                self.watch(True)
        return not self._stalled

    @property
    def running(self):
        return self._running

    def _swap(self):
        self._front, self._back = self._back, self._front
        self.samples = self._pending
        self.lit = self._pending_lit
        self._pending = 0
        self._position = self.samples - LEAD_IN_SAMPLES
        self._dark_left = LEAD_IN_SAMPLES
        self._fresh = True

    def _refill(self, i2s):
        """The port took the last chunk: hand over the next. A scheduled callback, between byte codes."""
        if self._i2s is None:
            return  # it comes late: the port is somebody else's
        self._writing = False
        self._stalled = False
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
        if self._gain < RAMP_REFILLS:
            self._gain += 1
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
                _copy(self._front, self._position, chunk, done, count, 0)
            else:
                lit |= _copy(self._front, self._position, chunk, done, count, self._gain)
            done += count
            self._position += count
            if self._position == self.samples:
                self._position = 0
                self.frames += 1
                if self._pending:
                    self._swap()
        return lit


@micropython.viper
def _copy(frame: ptr32, at: int, chunk: ptr32, to: int, count: int, gain: int) -> int:
    """Copies samples, their light dimmed to `gain` of RAMP_REFILLS. Returns 1 if one of them is lit."""
    lit = 0
    for i in range(count):
        word = int(frame[2 * (at + i)])
        if gain < 16:
            part = ((word >> 3) & 15) * gain
            word &= -1 ^ 0x78
            if part:
                word |= ((part + 15) >> 4) << 3
            else:
                word |= 4  # BLANK
        if word & 4 == 0 and word & 0x78:
            lit = 1
        chunk[2 * (to + i)] = word
        chunk[2 * (to + i) + 1] = int(frame[2 * (at + i) + 1])
    return lit
