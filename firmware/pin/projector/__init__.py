"""The projector: text becomes strokes, strokes become a path, the path becomes light on the palm.

    from pin.projector import Projector, font, guard, scanner, speed

    mirror = speed.Mirror(hz=1000, damping=0.7, laser_delay=0)
    vector = scanner.VectorScanner(i2s, mirror)
    gate = guard.Guard(arm_pin, palm_sensor, mirror)
    projector = Projector(vector, gate, font.load())

    gate.user_action()  # the wearer pressed the button: light may come
    projector.show(["It is 10:42"], choices=("Yes", "No"), focus=0)  # True, or False and `reason` says why
    projector.poll()  # every 100 ms or so, always: lights up when it may, goes dark when it must
    projector.dark()

`matrix.MatrixScanner` takes the place of the vector scanner where LEDs take that of mirrors and laser.

A page is up to LINES lines of about COLUMNS characters; longer lines are drawn smaller, never cut. `title` is
drawn as one more line on top while there is room; `choices` form the last line, the one at index `focus` is
underlined. `show` returns at once: the frame repeats until the next `show` or `dark`, and lights up as soon
as the guard sees a fresh palm. On a dark palm the first line is lit while the others are still being drawn.
"""

from ..clock import ticks_diff, ticks_ms
from .page import COLUMNS, LINES  # noqa: F401 - the app tells the relay

# What stands before the title of a card, by its kind on the wire.
ICONS = {"error": "\u2717", "notice": "\u2022"}

TOO_MUCH = "That is too much for one page"
REST_MS = 20  # after the first line's light the rest is drawn: it is on its way to the eye by then


class Projector:
    """The app's view of scanner and guard.

    `lit`: light leaves the pin now. `reason`: why not, a short sentence, or "". `first_lit_ms`: the clock
    when the first lit sample of this page was handed to the port, or None; `on_lit`, if set, is called with
    it once a page. `render_ms`: how long the last page took from text to checked samples.
    """

    def __init__(self, scanner, guard, font, clock_ms=ticks_ms):
        self.scanner = scanner
        self.guard = guard
        self.font = font
        self.first_lit_ms = None
        self.on_lit = None
        self.render_ms = 0
        self.reason = ""
        self._clock_ms = clock_ms
        self._wanted = False
        self._check = guard.check  # a bound method is made anew each time it is asked for
        scanner.watch = guard.watch
        scanner.on_lit = self._lit

    @property
    def lit(self):
        return self.guard.armed and self.scanner.running

    @property
    def page_ms(self):
        """How long the page must stay to be seen whole, once."""
        return self.scanner.page_ms

    def show(self, lines, title=None, choices=(), focus=0, kind="answer", rows=0, page=0, pages=1):
        """Draw a page and keep it until the next. False if it was refused: dark, and `reason` says why.

        A page of its own is centred and as large as fits. One of a card that grows or has several pages keeps
        its text's size and place if `rows` says how many lines the fullest of them has; `page` of `pages` is
        marked below. `kind` is the card's, it may bring an icon.
        """
        began = self._clock_ms()
        icon = ICONS.get(kind)
        if icon:
            title = icon + " " + title if title else icon
        if (
            not self.scanner.scrolls
            and LINES - (rows or len(lines)) - (1 if choices and not rows else 0) <= 0
        ):
            title = None
        self.first_lit_ms = None
        first = not self.lit
        try:
            objection = self.scanner.show(
                self.font, lines, choices, focus, self._check, title, rows > 0, page, pages, first
            )
        except ValueError:  # Page, Path or Planner: too many characters, points or samples
            objection = TOO_MUCH
        except BaseException:
            self.dark()  # a bug must not leave the laser on an old frame
            raise
        self.render_ms = ticks_diff(self._clock_ms(), began)
        self._judge(objection)
        self.poll()
        return self._wanted

    def _complete(self):
        """The rest of a page whose first line is lit, or that nobody sees."""
        try:
            objection = self.scanner.complete(self._check)
        except ValueError:
            objection = TOO_MUCH
        except BaseException:
            self.dark()
            raise
        self._judge(objection)

    def _judge(self, objection):
        self._wanted = not objection
        if objection:
            self.dark()
            self.reason = objection

    def poll(self):
        """The heartbeat. Arms or drops as the guard decides; returns `lit`."""
        if not self._wanted:
            return False
        if self.scanner.poll() and self.guard.poll():
            self.scanner.start()
            self.reason = ""
        else:
            self.scanner.dark()
            self.reason = self.guard.reason
        if not self.scanner.whole and self._is_late():
            self._complete()
        return self.lit

    def _is_late(self):
        """Whether the first line was lit a moment ago, or there is nothing to hurry for."""
        since = self.first_lit_ms
        return not self.lit or (since is not None and ticks_diff(self._clock_ms(), since) >= REST_MS)

    def dark(self):
        """Light off now, until the next `show`."""
        self._wanted = False
        self.guard.drop()
        self.scanner.dark()
        self.reason = ""

    def _lit(self, now_ms):
        if self.first_lit_ms is None:
            self.first_lit_ms = now_ms
            if self.on_lit is not None:
                self.on_lit(now_ms)
