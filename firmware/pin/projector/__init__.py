"""The projector: text becomes strokes, strokes become a path, the path becomes light on the palm.

    projector = Projector(scanner, guard, font)       # scanner.VectorScanner(i2s), guard.Guard(...), font.load()
    guard.user_action()                               # the wearer pressed the button: light may come
    projector.show(["It is 10:42"], title=None, choices=("Yes", "No"), focus=0)   # -> True, or False and .reason
    projector.poll()                                  # at least every 5 ms while lit: drops the light when it must
    projector.dark()

A page is up to LINES lines of about COLUMNS characters; longer lines are drawn smaller, never cut silently.
`title` is drawn as one more line on top while there is room; `choices` form the last line and the one at
index `focus` is underlined. `show` returns at once: the frame repeats until the next `show` or `dark` and
lights up as soon as the guard sees a fresh palm.

    projector.lit            True while light leaves the pin
    projector.reason         why it is dark, a short sentence ("Show your palm"), or ""
    projector.first_lit_ms   clock_ms() when the first lit sample of this card was handed over, or None
    projector.on_lit         called with that time once a card, or None
    projector.render_ms      how long the last page took from text to samples
"""

COLUMNS = 12  # characters a line that stay legible on a 60 mm palm (notes: comfortable page)
LINES = 3  # lines that a 1 kHz mirror still redraws 60 times a second


class Projector:
    def __init__(self, scanner, guard, font, clock_ms=None):
        self.scanner = scanner
        self.guard = guard
        self.font = font
        self.first_lit_ms = None
        self.on_lit = None
        self.render_ms = 0

    def show(self, lines, title=None, choices=(), focus=0):
        """Draw a page and keep it until the next. True if the guard let the frame through."""
        raise NotImplementedError

    def poll(self):
        """Arm or drop as the guard sees it now. True while lit."""
        raise NotImplementedError

    def dark(self):
        """Light off now."""
        raise NotImplementedError
