"""The lock: a code of tilts and fists. While it is closed the pin shows the time and this, and nothing else.

Wrong tries cost time, twice as much each, and are remembered through a restart.
"""

import hashlib
import os
from binascii import hexlify

from pin import keep, log
from pin.clock import Deadline, ticks_add, ticks_diff

PATH = "lock.json"
MOVES = 5  # of a code: five kinds of moves make 3125, and with the waits below a day is good for 300 tries
UP, DOWN, LEFT, RIGHT, FIST = "up", "down", "left", "right", "fist"
KINDS = (UP, DOWN, LEFT, RIGHT, FIST)
FREE_TRIES = 2  # anybody slips
FIRST_WAIT_MS = 5000
LONGEST_WAIT_MS = 300_000
MOST_WRONG = 99

# States and what a whole code, or the wearer's wish, makes of them.
NONE, OPEN, CLOSED, FIRST, AGAIN = "none", "open", "closed", "first", "again"
LOCK, NEW, CLEAR, RIGHT_CODE, WRONG_CODE, ENTERED, SAME, OTHER, CANCEL = (
    "lock", "new", "clear", "right code", "wrong code", "entered", "same", "other", "cancel"
)  # fmt: skip
TABLE = {
    (NONE, NEW): FIRST,
    (OPEN, NEW): FIRST,
    (OPEN, LOCK): CLOSED,
    (OPEN, CLEAR): NONE,
    (CLOSED, RIGHT_CODE): OPEN,
    (CLOSED, WRONG_CODE): CLOSED,
    (FIRST, ENTERED): AGAIN,
    (AGAIN, SAME): OPEN,
    (AGAIN, OTHER): FIRST,
    (FIRST, CANCEL): OPEN,  # or NONE, where there was no code before
    (AGAIN, CANCEL): OPEN,
    # Sleep and a restart lock a pin that has a code.
    (FIRST, LOCK): CLOSED,
    (AGAIN, LOCK): CLOSED,
    (CLOSED, LOCK): CLOSED,
}


class Lock:
    """`state` is one of the table's; `entered` is how many moves of a code were made."""

    def __init__(self, path=PATH):
        self._path = path
        self._code = self._salt = None
        self._wrong = 0
        self._moves = []
        self._first = None
        self._wait = Deadline()
        self._wait_ends = 0
        kept = keep.load(path, {})
        if isinstance(kept, dict) and isinstance(kept.get("code"), str) and isinstance(kept.get("salt"), str):
            self._code, self._salt = kept["code"], kept["salt"]
            wrong = kept.get("wrong", 0)
            self._wrong = wrong if isinstance(wrong, int) and 0 <= wrong <= MOST_WRONG else MOST_WRONG
        self.state = CLOSED if self._code else NONE
        self._started = False

    @property
    def closed(self):
        return self.state == CLOSED

    @property
    def has_code(self):
        return self._code is not None

    @property
    def entering(self):
        """Whether moves of the hand are those of a code now."""
        return self.state in (CLOSED, FIRST, AGAIN)

    @property
    def entered(self):
        return len(self._moves)

    def wait_s(self, now_ms):
        """How many seconds no code is taken."""
        if not self._started:  # a restart is no way around a wait
            self._started = True
            self._begin_wait(now_ms)
        if not self._wait.set or self._wait.passed(now_ms):
            return 0
        return (ticks_diff(self._wait_ends, now_ms) + 999) // 1000

    def do(self, event):
        """LOCK, NEW, CLEAR or CANCEL. Whether the table allows it."""
        if event == LOCK and self._code is None:
            return False
        new = TABLE.get((self.state, event))
        if new is None:
            log.warning("lock", "refused: %s in %s" % (event, self.state))
            return False
        self._moves = []
        if event == CLEAR:
            self._code = self._salt = None
            self._keep()
        if new == OPEN and self._code is None:
            new = NONE
        self.state = new
        return True

    def move(self, kind, now_ms):
        """One move of a code: None, or, once it is whole, what came of it: an event of the table."""
        if not self.entering or self.wait_s(now_ms):
            return None
        self._moves.append(kind)
        if len(self._moves) < MOVES:
            return None
        code, self._moves = " ".join(self._moves), []
        if self.state == FIRST:
            self._first = code
            event = ENTERED
        elif self.state == AGAIN:
            event = SAME if code == self._first else OTHER
            self._first = None
        else:
            event = RIGHT_CODE if _hash(self._salt, code) == self._code else WRONG_CODE
        if event == SAME:
            self._salt = hexlify(os.urandom(16)).decode()
            self._code = _hash(self._salt, code)
        if event == WRONG_CODE:
            self._wrong = min(MOST_WRONG, self._wrong + 1)
            self._begin_wait(now_ms)
        elif event in (RIGHT_CODE, SAME):
            self._wrong = 0
        if event in (WRONG_CODE, RIGHT_CODE, SAME):
            self._keep()
        self.state = TABLE[(self.state, event)]
        return event

    def undo(self):
        """Begin the code anew."""
        self._moves = []

    def _begin_wait(self, now_ms):
        over = self._wrong - FREE_TRIES
        if over > 0:
            wait_ms = min(LONGEST_WAIT_MS, FIRST_WAIT_MS << min(over - 1, 10))
            self._wait.after(wait_ms, now_ms)
            self._wait_ends = ticks_add(now_ms, wait_ms)
        else:
            self._wait.clear()

    def _keep(self):
        value = {"code": self._code, "salt": self._salt, "wrong": self._wrong} if self._code else {}
        try:
            keep.save(self._path, value)
        except OSError as error:
            log.error("lock", "not kept: %r" % error)


def _hash(salt, code):
    return hexlify(hashlib.sha256((salt + " " + code).encode()).digest()).decode()
