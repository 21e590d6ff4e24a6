"""From the depth sensor's 64 zones to a palm: is one there, how far, how tilted, open or closed.

`Tracker.update` takes a frame at a time, 15 a second, allocates nothing and knows no hardware. It is what the
projector's guard looks at: `present` and `age_ms()`.
"""

from array import array

from .clock import ticks_diff, ticks_ms
from .plane import ZONES, Plane, atan_cdeg, isqrt
from .pose import OPEN, OTHER, POSES, PoseFilter, log_size

STATUS_VALID = 5  # UM2884: range valid
STATUS_WIDE = 9  # valid, with a large pulse: merged targets, as at fingers

ENTER_MM = (145, 405)  # 150 to 400, and the sensor's own error
LEAVE_MM = (130, 425)
MIN_ZONES = 6  # a fist at 400 mm has 8
MAX_RESIDUAL_16 = 18 * 16  # a hand in mid-motion; beyond, it is no one surface
MAX_SIZE = 165  # log ratio / 256: 1.9 times the median open hand is no hand
MIN_SIZE = -218  # 0.43
FULL_BORDER = 25  # of 28 zones: it fills the field; a table, a wall
# Zones on the edge of the field: the nearer a hand, the more. Beyond USUAL (17 at 170 mm, 10 at 350) it has to
# have a hand's relief, beyond MOST it is none.
BORDER_USUAL, BORDER_MOST, BORDER_NEAR = 4, 7, 2300
SURFACE_FLAT_256 = 238
CORNERS_FROM_MM = 190  # nearer, a hand fills the field to its corners
# What a palm at NEAR_MM may have, and what each mm farther adds in 1/100. Faces and cups are rounder.
NEAR_MM = 180
ENTER_ROUNDING_16, ROUNDING_FAR = 88, 72  # 5.5 mm; 12 mm at 340
ENTER_RESIDUAL_16, RESIDUAL_FAR = 112, 55  # 7 mm; 12.5 mm at 340
ENTER_FLAT_256, FLAT_FAR = 200, 40  # share of the blob within 12 mm of its plane
ENTER_SIZES = (-64, 145)  # log ratio / 256
ENTER_SLOPE = 800  # 38 degrees
CLEAR, LIKELY = 60, 100  # rounding in 1/32 mm less size: hands have 0 to 50, a cup 180
ENOUGH = 4
TRUST = 60  # frames (4 s) that a palm, seen clearly for a second, is believed in while a fist hides it
DOUBTED = 6  # what one frame of a poor open palm takes from that: gone in 0.7 s
GRACE_FRAMES = 2  # an implausible shape in mid-motion
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


class Tracker:
    """What is known of the hand after the latest frame.

    `present`: a hand is in reach, which a wall, a table, a face or a cup is not. `pose` is what the nearest thing looks
    like, present or not: "other" if there is none. `distance_mm` is to the plane's middle, None without a thing in reach.
    Angles are hundredths of a degree: `tilt_x_cdeg` > 0 when the hand's upper edge (small y) is nearer,
    `tilt_y_cdeg` > 0 when its left edge (small x) is nearer, `tilt_cdeg` is between the palm's normal and the axis.
    """

    def __init__(self, clock_ms=ticks_ms):
        self._clock_ms = clock_ms
        self._updated_at = None
        self._t_ms = None
        self._distances = array("i", [0] * ZONES)
        self.plane = Plane()
        self.poses = PoseFilter()
        self._distance = OneEuro(_DISTANCE_SLOPE)
        self._tilt_x = OneEuro(_TILT_SLOPE)
        self._tilt_y = OneEuro(_TILT_SLOPE)
        self._evidence = 0
        self._strange = 0
        self.present = False
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
        self.area_cm2 = 0
        self._evidence = self._strange = 0

    def update(self, t_ms, distance_mm, status):
        """One frame: 64 distances and statuses, row by row from the top left as the sensor sees it."""
        self._updated_at = self._clock_ms()
        dt_ms = 67 if self._t_ms is None else ticks_diff(t_ms, self._t_ms)
        self._t_ms = t_ms
        distances = self._distances
        for i in range(ZONES):
            good = status[i] == STATUS_VALID or status[i] == STATUS_WIDE
            distances[i] = distance_mm[i] if good and 0 < distance_mm[i] < 5000 else 0
        gap = dt_ms <= 0 or dt_ms > LONG_GAP_MS
        plane = self.plane
        if not plane.fit(distances) or not self._in_reach():
            if self.seen:
                self.poses.pause()
            self._nothing()
            return
        if gap or not self.seen:
            self._distance.reset()
            self._tilt_x.reset()
            self._tilt_y.reset()
            dt_ms = 67
        self.seen = True
        self._measure(dt_ms)
        self._judge()

    def _in_reach(self):
        low, high = LEAVE_MM if self.seen else ENTER_MM
        return low <= self.plane.z <= high

    def _measure(self, dt_ms):
        plane = self.plane
        self.distance_mm = self._distance.update(plane.z, dt_ms)
        self.tilt_x_cdeg = self._tilt_x.update(atan_cdeg(plane.slope_y), dt_ms)
        self.tilt_y_cdeg = self._tilt_y.update(atan_cdeg(plane.slope_x), dt_ms)
        self.tilt_cdeg = isqrt(self.tilt_x_cdeg * self.tilt_x_cdeg + self.tilt_y_cdeg * self.tilt_y_cdeg)
        self.x_mm = plane.x
        self.y_mm = plane.y
        self.area_cm2 = plane.area_mm2 // 100
        self._slope = isqrt(plane.slope_x * plane.slope_x + plane.slope_y * plane.slope_y)
        self._size = log_size(plane.area_mm2, plane.border, plane.z)
        area = max(1, plane.area_mm2)
        self._flat = 256 * plane.flat_mm2 // area
        self._front = 256 * plane.front_mm2 // area
        self.poses.update(
            self._size, atan_cdeg(self._slope), plane.residual, self._flat, self._front, plane.z
        )
        self.pose_number = self.poses.pose
        # 100 is this wearer's usual open palm, 0 the usual fist (0.38 nats less).
        self.openness = max(0, min(100, 100 + (self._size - self.poses.size - 20) * 100 // 102))

    def _judge(self):
        """Hand or not. Only an open palm is believed; what follows from it may take any shape, for a while."""
        self._strange = 0 if self._may_be_hand() else self._strange + 1
        if self._is_surface() or self._strange > GRACE_FRAMES:
            self._not_a_hand()
        else:
            evidence = self._palm_evidence()
            if evidence < 0 and self.present:
                evidence = -DOUBTED if self.pose_number == OPEN else -1
            self._evidence = min(TRUST, max(0, self._evidence + evidence))
            self.present = self._evidence >= (1 if self.present else ENOUGH)
        self.confidence = self.poses.certainty * 100 // 255 if self.present else 0

    def _not_a_hand(self):
        self.present = False
        self._evidence = self._strange = 0

    def _palm_evidence(self):
        """ENOUGH for a clear open palm, 1 for a likely one, negative for what is none.

        A cup and a face are round: their rims lie back. A small thing must be the flatter for it.
        """
        plane = self.plane
        if not self._may_be_hand() or not ENTER_SIZES[0] <= self._size <= ENTER_SIZES[1]:
            return -2
        if self._slope > ENTER_SLOPE or (self.pose_number != OPEN and self._size < 0):
            return -2
        # Farther zones hold more of the rim and of what lies behind it.
        far_mm = max(0, plane.z - NEAR_MM)
        rounding = plane.rounding - far_mm * ROUNDING_FAR // 100
        if (
            rounding > ENTER_ROUNDING_16
            or plane.residual > ENTER_RESIDUAL_16 + far_mm * RESIDUAL_FAR // 100
            or self._flat < ENTER_FLAT_256 - far_mm * FLAT_FAR // 100
        ):
            return -2
        doubt = rounding // 2 - self._size
        if doubt <= CLEAR:
            return ENOUGH
        return 1 if doubt <= LIKELY else -2

    def _is_surface(self):
        """A table or a wall goes on beyond the field, on more sides than a hand and its arm."""
        plane = self.plane
        if plane.border >= FULL_BORDER or plane.border > BORDER_MOST + BORDER_NEAR // plane.z:
            return True
        far_corners = plane.corners >= 2 and plane.z > CORNERS_FROM_MM
        if far_corners or plane.border > BORDER_USUAL + BORDER_NEAR // plane.z:
            return self._flat >= SURFACE_FLAT_256
        return False

    def _may_be_hand(self):
        plane = self.plane
        return (
            plane.zones >= MIN_ZONES
            and 2 * plane.border <= plane.zones
            and plane.residual <= MAX_RESIDUAL_16
            and MIN_SIZE <= self._size <= MAX_SIZE
        )
