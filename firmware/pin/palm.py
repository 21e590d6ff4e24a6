"""From the depth sensor's 64 zones to a palm: is one there, how far, how tilted, open or closed.

`Tracker.update` takes a frame at a time, 15 a second, allocates nothing and knows no hardware. It is what the
projector's guard looks at: `present` and `age_ms()`.
"""

from array import array

from .clock import ticks_diff, ticks_ms
from .plane import ZONES, Plane, atan_cdeg, isqrt
from .pose import OTHER, POSES, SIZE, PoseFilter
from .presence import Presence
from .same import Sameness
from .zones import mend

STATUS_VALID = 5  # UM2884: range valid
STATUS_NOTHING = 255  # no target
STATUS_WIDE = 9  # valid, with a large pulse: merged targets, as at fingers

FAILED = 1  # mm: a zone that failed, for `zones.mend`; nearer than any thing
REACH_MM = (120, 460)  # what is nearer or farther is not looked at; a palm is believed within less
LONG_GAP_MS = 400  # frames farther apart than this are two recordings

# One-Euro filter: Casiez, Roussel, Vogel, "1 Euro Filter", CHI 2012. Cut-off = least + slope * speed.
_LEAST_MHZ = 1800  # at rest; 15 Hz noise of 2 mm falls to 1
_SPEED_MHZ = 1000
_DISTANCE_SLOPE = 30  # mHz for each mm/s: at 300 mm/s a lag of one frame
_TILT_SLOPE = 1  # mHz for each 0.01 degree/s


class OneEuro:
    """Smooths one integer; values are kept in 1/16."""

    def __init__(self, slope):
        self._slope = slope
        self._speed = 0
        self._value = None
        self.value = 0

    def reset(self):
        self._value = None
        self._speed = 0

    def update(self, value, dt_ms):
        """The smoothed value, `dt_ms` (1 to 400) after the one before."""
        value <<= 4
        if self._value is None:
            self._value = value
        else:
            speed = (value - self._value) * 125 // (2 * dt_ms)  # units a second
            speed = max(-60000, min(60000, speed))
            self._speed += (speed - self._speed) * _share_4096(_SPEED_MHZ, dt_ms) >> 12
            cutoff = min(15000, _LEAST_MHZ + self._slope * abs(self._speed))
            step = max(-200000, min(200000, value - self._value))
            self._value += step * _share_4096(cutoff, dt_ms) >> 12
        self.value = (self._value + 8) >> 4
        return self.value


def _share_4096(cutoff_mhz, dt_ms):
    """alpha = w / (1 + w) with w = 2 pi f dt, in 1/4096."""
    w = cutoff_mhz * dt_ms // 39  # 4096 * 2 pi / 1e6 = 1 / 38.9
    return 4096 * w // (4096 + w) if w < 200000 else 4096


def read_zones(distance_mm, status, out):
    """A frame's distances as `Plane.fit` takes them: 0 where nothing is, failed zones mended."""
    for i in range(ZONES):
        good = status[i] == STATUS_VALID or status[i] == STATUS_WIDE
        if good and 0 < distance_mm[i] < 5000:
            out[i] = distance_mm[i]
        else:
            out[i] = 0 if status[i] == STATUS_NOTHING else FAILED
    mend(out)


class Tracker:
    """What is known of the hand after the latest frame.

    `present`: a hand is in reach, which a wall, a table, a face or a cup is not. `pose` is what the nearest
    thing in reach looks like, present or not: "other" if there is none. `seen`: there is a thing in reach.
    `distance_mm` is to the plane's middle, None if nothing is seen. Angles are in hundredths of a degree:
    `tilt_x_cdeg` > 0 when the hand's upper edge (small y) is nearer, `tilt_y_cdeg` > 0 when its left edge
    (small x) is nearer, `tilt_cdeg` is between the palm's normal and the sensor's axis. `openness` is 100 for
    this wearer's usual open palm, 0 for a fist; `confidence` 0 to 100.
    """

    def __init__(self, clock_ms=ticks_ms):
        self._clock_ms = clock_ms
        self._updated_at = None
        self._t_ms = None
        self.distances = array("i", [0] * ZONES)
        self.plane = Plane()
        self.poses = PoseFilter()
        self._distance = OneEuro(_DISTANCE_SLOPE)
        self._tilt_x = OneEuro(_TILT_SLOPE)
        self._tilt_y = OneEuro(_TILT_SLOPE)
        self._presence = Presence()
        self._sameness = Sameness()
        self._nothing()

    def age_ms(self):
        """Time since the latest frame, by the tracker's own clock."""
        if self._updated_at is None:
            return 1 << 20
        return ticks_diff(self._clock_ms(), self._updated_at)

    @property
    def pose(self):
        return POSES[self.pose_number]

    def _nothing(self):
        self.present = False
        self.seen = False
        self.pose_number = OTHER
        self.confidence = 0
        self.openness = 0
        self.distance_mm = None
        self.x_mm = self.y_mm = 0
        self.tilt_x_cdeg = self.tilt_y_cdeg = self.tilt_cdeg = 0
        self.area_cm2 = self.edges = self.border = self.size = 0
        self._presence.leave()
        self._sameness.forget()

    def _lose(self):
        if self.seen:
            self.poses.pause()
            self._nothing()

    def update(self, t_ms, distance_mm, status):
        """One frame: 64 distances and statuses, row by row from the top left as the sensor sees it."""
        self._updated_at = self._clock_ms()
        dt_ms = 67 if self._t_ms is None else ticks_diff(t_ms, self._t_ms)
        self._t_ms = t_ms
        distances = self.distances
        read_zones(distance_mm, status, distances)
        if self.seen and not 0 < dt_ms <= LONG_GAP_MS:
            self._lose()
        plane = self.plane
        if not plane.fit(distances) or not self._in_reach():
            self._lose()
            return
        if not self.seen:
            self._distance.reset()
            self._tilt_x.reset()
            self._tilt_y.reset()
            dt_ms = 67
        self.seen = True
        link = self._sameness.update(distances, plane.mask, plane.area_mm2, dt_ms)
        self._measure(dt_ms, link)

    def _in_reach(self):
        return REACH_MM[0] <= self.plane.z <= REACH_MM[1]

    def _measure(self, dt_ms, link):
        plane = self.plane
        hand = plane.hand
        self.distance_mm = self._distance.update(hand.z, dt_ms)
        self.tilt_x_cdeg = self._tilt_x.update(atan_cdeg(hand.slope_y), dt_ms)
        self.tilt_y_cdeg = self._tilt_y.update(atan_cdeg(hand.slope_x), dt_ms)
        self.tilt_cdeg = isqrt(self.tilt_x_cdeg * self.tilt_x_cdeg + self.tilt_y_cdeg * self.tilt_y_cdeg)
        self.x_mm = plane.x
        self.y_mm = plane.y
        self.area_cm2 = plane.area_mm2 // 100
        self.edges = plane.edges
        self.border = plane.border
        poses = self.poses
        poses.update(plane)
        self.size = poses.features[SIZE]
        self.pose_number = poses.pose
        self._presence.update(plane, poses.features, link)
        self.present = self._presence.present
        self.confidence = poses.certainty * 100 // 255 if self.present else 0
        self.openness = max(0, min(100, 50 + (poses.score - poses.wearer) * 50 // 256))
