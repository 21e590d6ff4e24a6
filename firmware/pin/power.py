"""From awake to asleep: which of five states the pin is in, and why it leaves it.

    AWAKE   somebody uses it: full speed, Wi-Fi without delay
    IDLE    linked and dark: slow, Wi-Fi saves power between beacons
    NAP     light sleep: no radio, memory kept; the microphone runs milliseconds after a press
    LOOK    awake for a moment to ask the relay, then back
    DEEP    deep sleep: next to nothing; ends in a restart

The wearer chooses how it stands by: `reachable` (IDLE as long as the battery allows) or `saver` (NAP after a
minute, LOOK every N minutes). This module decides and touches no hardware: `sleep.py` does.
"""

from pin import log
from pin.clock import Deadline, ticks_diff
from pin.wall import margin_ms

AWAKE, IDLE, NAP, LOOK, DEEP = "awake", "idle", "nap", "look", "deep"

MOVES = {
    AWAKE: (IDLE,),
    IDLE: (AWAKE, NAP, DEEP),
    NAP: (AWAKE, LOOK),
    LOOK: (AWAKE, NAP, DEEP),
    DEEP: (AWAKE,),  # only while the link still closes; what follows is another start
}

REACHABLE, SAVER = "reachable", "saver"
MODES = (REACHABLE, SAVER)

IDLE_MS = 3000  # after the last use; a second question often follows at once
HAND_MS = 60_000  # of IDLE: then the palm sensor, which takes as much as the rest of IDLE, waits for a press
NAP_MS = 60_000  # of IDLE in `saver`: joining again costs 4 s and as much charge as half a minute of it
DEEP_MS = (
    8 * 3_600_000
)  # since the last use: a night. Deeper saves 2 mA and costs the first words of a question
LOOK_LIMIT_MS = 20_000  # to reach a relay: Wi-Fi, TLS and challenge take 4 s where all is well
LOOK_STAY_MS = 2000  # linked: what waits there comes within a second
LOOK_EVERY_MIN = 10
LOOK_MOST_MIN = 240  # as the wire has it
LOOK_UNKNOWN_MS = 120_000  # alarms wait for the time: ask sooner


class Facts:
    """What `Power.decide` looks at; made once, filled by whoever asks."""

    def __init__(self):
        self.busy = False  # spoken to, thinking, showing, ringing, updating
        self.linked = False
        self.charging = None
        self.low = self.empty = False  # of the battery
        self.alarm_ms = None  # until the next alarm rings, or None
        self.time_wanted = False  # alarms wait for a clock that does not know the time


class Power:
    """`look_every_min` is N of `saver`; 0 never asks. Times are `ticks_ms`.

    `woken_by_timer`: this start is the end of a deep sleep for a look or an alarm, not somebody's press.
    """

    def __init__(self, now_ms, mode=REACHABLE, look_every_min=LOOK_EVERY_MIN, woken_by_timer=False):
        self.mode = mode
        self.look_every_min = look_every_min
        self.state = LOOK if woken_by_timer else AWAKE
        self.refused = 0
        self._deep_again = woken_by_timer
        self._quiet = Deadline()
        self._look = Deadline()
        self._stay = Deadline()
        self._used_ms = now_ms
        self._enter(now_ms)

    def choose(self, mode, look_every_min):
        """What the settings say; None, or what this version does not know, is the default."""
        self.mode = mode if mode in MODES else REACHABLE
        known = isinstance(look_every_min, int) and 0 <= look_every_min <= LOOK_MOST_MIN
        self.look_every_min = look_every_min if known else LOOK_EVERY_MIN

    def decide(self, now_ms, facts):
        """The state from now on."""
        if facts.busy:
            self._used_ms = now_ms
            self._deep_again = False
            if self.state == AWAKE:
                self._quiet.after(IDLE_MS, now_ms)
            else:
                self._move(AWAKE, now_ms)
        elif self.state == AWAKE:
            if self._quiet.passed(now_ms):
                self._move(IDLE, now_ms)
        elif self.state == IDLE:
            self._leave_idle(now_ms, facts)
        elif self.state == LOOK:
            self._leave_look(now_ms, facts)
        return self.state

    def sleep_ms(self, now_ms, facts):
        """How long NAP or DEEP may last: until the next look, the margin before an alarm, or, of a NAP, until
        it is time for DEEP. 0 is until the button."""
        until_ms = 0
        if not facts.empty:
            until_ms = self.look_every_min * 60_000
            if facts.time_wanted:
                until_ms = _sooner(until_ms, LOOK_UNKNOWN_MS)
        if facts.alarm_ms is not None:
            until_ms = _sooner(until_ms, max(1, facts.alarm_ms - margin_ms(facts.alarm_ms)))
        if self.state == NAP:
            until_ms = _sooner(until_ms, max(1, DEEP_MS - ticks_diff(now_ms, self._used_ms)))
        return until_ms

    def woke(self, pressed, now_ms):
        """NAP ended, by the button or by its time."""
        self._move(AWAKE if pressed else LOOK, now_ms)

    def _leave_idle(self, now_ms, facts):
        if facts.charging or not self._quiet.passed(now_ms):
            return
        if facts.empty:
            self._sleep(DEEP, now_ms, facts)
        elif self.mode == SAVER or facts.low:
            self._sleep(NAP, now_ms, facts)

    def _leave_look(self, now_ms, facts):
        if facts.linked and not self._stay.set:
            self._stay.after(LOOK_STAY_MS, now_ms)
        if not self._stay.passed(now_ms) and not self._look.passed(now_ms):
            return
        deep = facts.empty or self._deep_again or ticks_diff(now_ms, self._used_ms) >= DEEP_MS
        self._sleep(DEEP if deep else NAP, now_ms, facts)

    def _sleep(self, state, now_ms, facts):
        # An alarm that is so near is waited for awake: a sleep would end before it began.
        if facts.alarm_ms is None or facts.alarm_ms > 2 * margin_ms(facts.alarm_ms):
            self._move(state, now_ms)

    def _move(self, state, now_ms):
        if state not in MOVES[self.state]:
            self.refused += 1
            log.warning("power", "refused: %s -> %s" % (self.state, state))
            return
        log.info("power", "%s -> %s" % (self.state, state))
        self.state = state
        self._enter(now_ms)

    def _enter(self, now_ms):
        self._stay.clear()
        if self.state == AWAKE:
            self._quiet.after(IDLE_MS, now_ms)
        elif self.state == IDLE:
            self._quiet.after(NAP_MS, now_ms)
        elif self.state == LOOK:
            self._look.after(LOOK_LIMIT_MS, now_ms)


def _sooner(a_ms, b_ms):
    return min(a_ms, b_ms) if a_ms else b_ms
