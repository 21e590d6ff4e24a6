"""The only way to the laser.

`Guard` raises LASER_ARM when everything speaks for light and lowers it when anything speaks against:
a user action, then a fresh palm, for at most MAX_ON_MS. It also reads every frame before it may be shown.
Nothing else in the firmware touches the arm pin. The hardware's own chain (one-shot, pilot and motion
detectors, power limit) stands behind it and is not replaced by it.
"""

import math
from array import array

from ..clock import ticks_diff, ticks_ms
from .page import FIELD
from .speed import RATE_HZ

MAX_ON_MS = 30_000  # as long as the hardware's one-shot allows
STALE_MS = 200  # three frames of the palm sensor at 15 Hz
USER_ACTION_MS = 60_000  # an action asks for one answer; the relay's own deadlines are shorter
APP_SILENT_MS = 500  # the app polls many times a second; silent that long, it hangs
TICK_MS = 2  # how often the timer looks while armed: ARM falls within 5 ms even where one look comes late
LOST_TICK_MS = 10  # a full scheduler throws callbacks away: then the app's heartbeat starts the timer again

# The limit for a lit beam that does not move is 2 ms, 96 samples at 48 kHz. Half of it, because where the
# beam is measured from may be renewed once on its way to rest: of 96 samples at rest 48 in a row are seen.
STILL_SAMPLES = 48
STILL_DISTANCE = FIELD // 96  # a third of a spot on a 70 mm field; a lone full stop swings 1.8 times that
FIELD_LIMIT = FIELD * 98 // 100  # the rest is for what the model of the mirror leaves out

NO_ACTION = "Press the button for light"
NO_PALM = "Show your palm"
STALE = "The palm sensor gives no answer"
TOO_LONG = "The light was on for 30 seconds"
BATTERY = "The battery is too low for light"
BATTERY_UNKNOWN = "The battery gauge gives no answer"
APP_SILENT = "The app stopped answering"
STALLED = "The light stream stalled"

EMPTY = "The picture is empty or cut short"
PILOT = "The picture's pilot bit does not toggle"
POWER = "The picture is brighter than allowed"
STATIONARY = "The picture's light stands still"
OUTSIDE = "The picture's light leaves the field"
_REFUSALS = ("", EMPTY, PILOT, POWER, STATIONARY, OUTSIDE)


class Guard:
    """`arm` is the LASER_ARM pin (called with 0 or 1); `sensor` has `present` and `age_ms()`, of the palm.

    `timer` is a machine.Timer, or None: while armed it calls `watch` every TICK_MS, beside the refills of the
    stream. The ESP32 port only knows soft callbacks, which run between two byte codes: they come while the
    app hangs in Python, and wait while a native call runs. One shot each, because a periodic timer would fill
    the scheduler's 8 places during such a call, and push out the refill's.

    `reason` says why it is dark, or is "" while armed; `counts` has one counter for each reason that
    dropped or refused something.
    """

    def __init__(self, arm, sensor, mirror, clock_ms=ticks_ms, timer=None):
        self._arm = arm
        self._arm(0)
        self.sensor = sensor
        self._clock_ms = clock_ms
        self._intensity_limit = mirror.brightness
        self._model = model(mirror)
        self.armed = False
        self.reason = NO_ACTION
        self.counts = {}
        self._acted = False
        self._acted_at = 0
        self._on_since = 0
        self._spent_ms = 0
        self._polled_at = 0
        self._battery_low = False
        self._battery_within_ms = 0  # 0: no gauge, nobody is asked
        self._battery_at = 0
        self._fault = ""
        self._timer = timer
        self._on_tick = self._tick  # a bound method is made anew each time it is asked for
        self._ticked_at = 0

    def user_action(self):
        """The wearer asked for light: a button, a gesture. Starts the time limits anew."""
        self._acted = True
        self._acted_at = self._clock_ms()
        self._spent_ms = 0
        self._on_since = self._acted_at

    def expect_battery(self, within_ms):
        """There is a fuel gauge: dark without a reading every `within_ms`, and before the first one."""
        self._battery_within_ms = within_ms
        self._battery_at = self._clock_ms() - within_ms - 1
        self.watch()

    def set_battery_low(self, low):
        """A reading of the gauge: call it at each, not only when something changes. Low is dark, at once."""
        self._battery_low = low
        self._battery_at = self._clock_ms()
        self.watch()

    def fault(self, sentence):
        """Something about the light is wrong (a photodiode, a supply): dark until `clear_fault`, at once."""
        self._fault = sentence
        self.watch()

    def clear_fault(self):
        self._fault = ""

    def poll(self):
        """The app's heartbeat: arms if it may, drops if it must. Returns whether armed."""
        self._polled_at = self._clock_ms()
        reason = self._objection()
        if reason:
            self.drop(reason)
        elif not self.armed:
            self._on_since = self._polled_at
            self.armed = True
            self.reason = ""
            self._arm(1)
            self._start_timer()
        elif ticks_diff(self._polled_at, self._ticked_at) > LOST_TICK_MS:
            self._start_timer()
        return self.armed

    def watch(self, stalled=False):
        """Drops if it must, never arms. Called at each refill and by the timer, also while the app hangs."""
        if self.armed:
            reason = STALLED if stalled else self._objection()
            if not reason and ticks_diff(self._clock_ms(), self._polled_at) > APP_SILENT_MS:
                reason = APP_SILENT
            if reason:
                self.drop(reason)
        return self.armed

    def _start_timer(self):
        if self._timer is not None:
            self._ticked_at = self._clock_ms()
            self._timer.init(mode=self._timer.ONE_SHOT, period=TICK_MS, callback=self._on_tick)

    def _tick(self, timer):
        if self.watch():
            self._start_timer()

    def drop(self, reason=""):
        """Dark now. The pin goes first; what still lies in the DMA meets a laser without power."""
        self._arm(0)
        if self.armed:
            self.armed = False
            self._spent_ms += ticks_diff(self._clock_ms(), self._on_since)
            self._count(reason)
        self.reason = reason

    def _objection(self):
        now = self._clock_ms()
        if self._fault:
            return self._fault
        if self._battery_low:
            return BATTERY
        if self._battery_within_ms and ticks_diff(now, self._battery_at) > self._battery_within_ms:
            return BATTERY_UNKNOWN
        if self._acted and ticks_diff(now, self._acted_at) > USER_ACTION_MS:
            self._acted = False
        if not self._acted:
            return self.reason if self.reason == TOO_LONG else NO_ACTION
        on_ms = ticks_diff(now, self._on_since) if self.armed else 0
        if self._spent_ms + on_ms >= MAX_ON_MS:
            self._acted = False
            return TOO_LONG
        try:
            if self.sensor.age_ms() > STALE_MS:
                return STALE
            if not self.sensor.present:
                return NO_PALM
        except Exception:  # noqa: BLE001 - any failure of a driver means that nobody sees the palm
            return STALE
        return ""

    def check(self, frame, samples):
        """ "" if `samples` of `frame` (X and Y words, repeating) may be shown, else the reason."""
        if samples < 2 or samples & 1 or 2 * samples > len(frame):
            reason = EMPTY
        else:
            reason = _REFUSALS[_inspect(frame, samples, self._model, self._intensity_limit)]
        self._count(reason)
        return reason

    def _count(self, reason):
        if reason:
            self.counts[reason] = self.counts.get(reason, 0) + 1


def model(mirror):
    """Constants of `_inspect`: the exact step of a second-order mirror over one sample of held drive.

    With e = x - u the distance from rest, e' = (1 - A) e + B v and v' = -C e + (1 - D) v.
    """
    w = 2 * math.pi * mirror.hz / RATE_HZ
    root = math.sqrt(max(1e-6, 1 - mirror.damping * mirror.damping))  # 1e-6: critical damping, near enough
    decay = math.exp(-mirror.damping * w)
    swing = math.sin(w * root) / root
    level = math.cos(w * root)
    return array(
        "i",
        (
            int((1 - decay * (level + mirror.damping * swing)) * 65536 + 0.5),  # A
            int(decay * swing / w * 4096 + 0.5),  # B
            int(decay * swing * w * 65536 + 0.5),  # C
            int((1 - decay * (level - mirror.damping * swing)) * 4096 + 0.5),  # D
            mirror.laser_delay,
            FIELD_LIMIT,
            STILL_DISTANCE,
            STILL_SAMPLES,
        ),
    )


@micropython.viper
def _inspect(frame: ptr32, samples: int, model: ptr32, brightest: int) -> int:
    """0, or the number of the first objection in _REFUSALS.

    The mirror is followed through the repeating frame three times: it starts anywhere, so the first time
    does not count, and what stands still may do so across the seam. Positions and speeds are in FIELD's
    units times 256; all products stay below 2**31.
    """
    a = model[0]
    b = model[1]
    c = model[2]
    d = model[3]
    far = model[5]
    x = 0
    y = 0
    vx = 0
    vy = 0
    anchor_x = 0
    anchor_y = 0
    still = 0
    drive = 0 - model[4]  # the light of a sample meets the drive of `laser_delay` before
    while drive < 0:
        drive += samples
    for lap in range(3):
        for k in range(samples):
            ux = frame[2 * drive] >> 12
            ux = (ux & 0x7FFFF) - (ux & 0x80000)
            uy = frame[2 * drive + 1] >> 12
            uy = (uy & 0x7FFFF) - (uy & 0x80000)
            drive += 1
            if drive == samples:
                drive = 0
            was_x = x >> 8
            was_y = y >> 8
            ex = (ux - was_x) >> 4
            ey = (uy - was_y) >> 4
            sx = vx >> 8
            sy = vy >> 8
            x += (ex * a >> 4) + (sx * b >> 4)
            y += (ey * a >> 4) + (sy * b >> 4)
            vx += (ex * c >> 4) - (sx * d >> 4)
            vy += (ey * c >> 4) - (sy * d >> 4)
            if lap == 0:
                continue
            laser = frame[2 * k]
            if (laser >> 1) & 1 != k & 1:
                return 2
            if laser & 4:
                continue
            intensity = (laser >> 3) & 15
            if intensity == 0:
                continue
            if intensity > brightest:
                return 3
            px = x >> 8
            py = y >> 8
            if px > far or py > far or px < 0 - far or py < 0 - far:
                return 5
            if was_x > far or was_y > far or was_x < 0 - far or was_y < 0 - far:
                return 5
            dx = px - anchor_x
            dy = py - anchor_y
            if dx < 0:
                dx = 0 - dx
            if dy < 0:
                dy = 0 - dy
            still += 1
            if dx > model[6] or dy > model[6]:
                anchor_x = px
                anchor_y = py
                still = 0
            elif still >= model[7]:
                return 4
    return 0
