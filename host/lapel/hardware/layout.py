"""Where everything lies in the Matrix case, derived from its optics; and whether it fits. Needs no CAD.

Millimetres. Seen from the front: x to the right (the wearer's left), y up, z away from the chest. The '
'origin is
the outer corner of the back with the least of each. The light leaves the LEDs downwards, meets a mirror at
45 degrees and leaves by the lens in front.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

from . import bom, optics
from .tables import HardwareError

WALL = 1.2  # three lines of a 0.4 mm nozzle; the least that the checks allow
GAP = 0.5  # between a part and a wall: printers' tolerance
CLEARANCE = 0.3  # between two parts at least
AIM_MM = (50.0, 50.0, 17.0)  # what a badge would like to be
PETG_G_CM3 = 1.27  # datasheets of common PETG filaments
MIRROR_TO_LENS = 20.0  # so that the lens's flat side clears the mirror's lower end
LENS_THICK, LENS_EDGE = 5.6, 1.5  # acrylic, n = 1.49: a cap of 29.4 mm radius on 30 mm, and an edge
RING_WALL = 1.6  # of the ring that holds the lens
RING_FIT = 0.1  # between the ring and its hole
RING_PROUD = 0.5  # the ring stands so far before the lens
POST = 5.0  # two posts for the lid's screws, in the side walls
TAB = (14.0, 7.0, 2.0)  # with the strap's hole
STRAP_HOLE = 3.5
BEAM_STEPS = 40


@dataclass(frozen=True)
class Box:
    """A part's room, from corner to corner."""

    ref: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]

    def gap(self, other: Box) -> float:
        """Distance between two boxes; negative where they share room."""
        apart = [
            max(a - d, b - c) for a, c, b, d in zip(self.low, self.high, other.low, other.high, strict=True)
        ]
        return max(apart)


@dataclass(frozen=True)
class Case:
    """`axis` is where the light's way turns: (x, y, z)."""

    inner: tuple[float, float, float]
    outer: tuple[float, float, float]
    axis: tuple[float, float, float]
    led_to_mirror: float
    mirror_mm: tuple[float, float]
    ring_mm: float  # how far the lens's ring stands out in front
    boxes: tuple[Box, ...]

    def box(self, ref: str) -> Box:
        return next(box for box in self.boxes if box.ref == ref)


def envelope(along: float) -> tuple[float, float]:
    """Half width (x) and half height of all light that hits the lens, so far from the LEDs."""
    f, throw = optics.facts(), optics.throw()
    part = along / throw.to_lens
    radius = f["lens_mm"] * f["clear_share"] / 2
    across = [(f["pitch_mm"] * (count - 1) + f["led_x_mm"]) / 2 for count in (f["columns"], f["rows"])]
    return across[0] * (1 - part) + radius * part, across[1] * (1 - part) + radius * part


def matrix() -> Case:
    """The case of the Matrix build."""
    sizes = {line.ref: line.size_mm for line in bom.of("matrix") if line.size_mm is not None}
    throw = optics.throw()
    drop = throw.to_lens - MIRROR_TO_LENS
    board_x, board_z, _ = sizes["DS1"]
    stack = sizes["DS1"][2] + sizes["U4"][2]
    cell = sizes["BT1"]
    reach = mirror_reach(throw.to_lens)
    inner_x = board_x + 2 * GAP
    front = board_z / 2 + 1.5  # from the axis: the sensor's board lies beside the light
    back = board_z / 2 + GAP + cell[2] + GAP
    below = max(reach + 1.5, ring_radius() + RING_FIT + WALL)  # the hole leaves a whole wall below it
    above = drop + stack + GAP
    inner = (inner_x, below + above, back + front)
    outer = (inner[0] + 2 * WALL, inner[1] + 2 * WALL, inner[2] + 2 * WALL)
    x0, y0, z0 = WALL + inner_x / 2, WALL + below, WALL + back
    rear, face = WALL, WALL + inner[2]
    floor, right = WALL, WALL + inner_x

    def box(ref: str, low: tuple[float, float, float], size: tuple[float, float, float]) -> Box:
        return Box(ref, low, (low[0] + size[0], low[1] + size[1], low[2] + size[2]))

    def on_back(ref: str, x: float, y: float) -> Box:
        sx, sy, sz = sizes[ref]
        return box(ref, (x, y, rear + GAP / 2), (sx, sy, sz))

    def on_front(ref: str, x: float, y: float) -> Box:
        sx, sy, sz = sizes[ref]
        return box(ref, (x, y, face - sz), (sx, sy, sz))

    xiao, haptic, button = sizes["U1"], sizes["U6"], sizes["S1"]
    boxes = (
        box("DS1", (x0 - board_x / 2, y0 + drop, z0 - board_z / 2), (board_x, sizes["DS1"][2], board_z)),
        box("U4", (x0 - board_x / 2, y0 + drop + sizes["DS1"][2], z0 - board_z / 2), (board_x,
        sizes["U4"][2], board_z)),
        on_back("BT1", x0 - cell[0] / 2, y0 + 25),
        box("U1", (WALL + 0.2, floor + 0.2, rear + GAP), (xiao[1], xiao[2], xiao[0])),
        box("U6", (right - haptic[1] - GAP, floor + 0.2, rear + GAP), (haptic[1], haptic[2], haptic[0])),
        box("U5", (x0 - sizes["U5"][1] / 2, floor + xiao[2] + 0.55, rear + 0.1),
            (sizes["U5"][1], sizes["U5"][0], sizes["U5"][2])),
        on_back("H1", x0 - 17, y0 + 13), on_back("MO1", x0 - 5, y0 + 13),
        box("H1b", (x0 + 7, y0 + 13, rear + GAP / 2), sizes["H1"]),
        on_front("U2", x0 - sizes["U2"][0] / 2, y0 + 20),
        on_front("U3", WALL + 1, y0 + drop - sizes["U3"][1] - 2),
        on_front("U21", WALL + 18.3, y0 + drop - sizes["U21"][1] - 2.5),
        on_front("LS1", WALL + 0.5, y0 + 25),
        box("S1", (right - button[2], y0 + 30, rear + 1), (button[2], button[0], button[1])),
        box("D1", (right - 3.3, y0 + drop - 15, face - 5), sizes["D1"]),
    )  # fmt: skip
    return Case(
        inner, outer, (x0, y0, z0), drop, sizes["M1"][:2],
        MIRROR_TO_LENS + RING_PROUD - (outer[2] - z0), boxes,
    )  # fmt: skip


def ring_radius() -> float:
    """Of the lens's ring, outside."""
    return optics.facts()["lens_mm"] / 2 + RING_WALL


def mirror_reach(to_lens: float) -> float:
    """How far the mirror reaches from the axis, in y and in z: the light at its far end."""
    reach = 0.0
    for _ in range(20):  # the farther it reaches, the wider the light is there
        reach = envelope(to_lens - MIRROR_TO_LENS + reach)[1]
    return reach


def problems(case: Case) -> list[str]:
    """What does not fit, as sentences."""
    wrong = []
    low, high = (WALL,) * 3, tuple(WALL + side for side in case.inner)
    for box in case.boxes:
        inside = all(a <= b and c <= d for a, b, c, d in zip(low, box.low, box.high, high, strict=True))
        if not inside:
            wrong.append(f"{box.ref} is not inside the case")
        wrong += _in_light(case, box)
    for one, other in combinations(case.boxes, 2):
        joined = {one.ref, other.ref} == {"DS1", "U4"}  # soldered to each other
        if not joined and one.gap(other) < CLEARANCE:
            wrong.append(f"{one.ref} and {other.ref}: {one.gap(other):.1f} mm apart, expected {CLEARANCE}")
    for post in posts(case):
        wrong += [f"{box.ref} is where a post is" for box in case.boxes if box.gap(post) < 0]
        wrong += _in_light(case, post)
    if case.axis[1] - ring_radius() - RING_FIT < 2 * WALL:
        wrong.append("the lens's hole cuts into the case's floor")
    half_length = math.sqrt(2) * mirror_reach(optics.throw().to_lens)
    if case.mirror_mm[1] < 2 * half_length:
        wrong.append(f"the mirror is {case.mirror_mm[1]:.0f} mm long, the light needs {2 * half_length:.1f}")
    width = 2 * envelope(optics.throw().to_lens - MIRROR_TO_LENS)[0]
    if not width <= case.mirror_mm[0] <= case.inner[0]:
        wrong.append(
            f"the mirror is {case.mirror_mm[0]:.0f} mm wide, expected {width:.1f} to {case.inner[0]:.1f}"
        )
    return wrong


def posts(case: Case) -> tuple[Box, Box]:
    """For the lid's screws: from the front wall to the lid, above the mirror."""
    y = case.axis[1] + 16
    left, right = WALL, WALL + case.inner[0]
    top = WALL + case.inner[2]
    return (
        Box("post", (left, y, WALL), (left + POST, y + POST, top)),
        Box("post", (right - POST, y, WALL), (right, y + POST, top)),
    )


def _in_light(case: Case, box: Box) -> list[str]:
    """Whether a box is in the light, from the LEDs to the mirror and behind it."""
    if box.ref in ("DS1", "U4"):
        return []
    x0, y0, z0 = case.axis
    for step in range(BEAM_STEPS + 1):
        along = case.led_to_mirror * step / BEAM_STEPS
        half_x, half_z = envelope(along)
        y = y0 + case.led_to_mirror - along
        # Behind the mirror there is no light: at that height it stands this far back.
        light = Box(
            "light", (x0 - half_x, y, max(z0 - half_z, z0 - (y - y0) - 2)), (x0 + half_x, y, z0 + half_z)
        )
        if box.gap(light) < 0:
            return [f"{box.ref} is in the light, {along:.0f} mm from the LEDs"]
    # The mirror's back: z + y = z0 + y0 less its thickness along the diagonal.
    thick = 1.0 * math.sqrt(2) + CLEARANCE
    reach = mirror_reach(optics.throw().to_lens)
    in_width = box.high[0] > x0 - case.mirror_mm[0] / 2 and box.low[0] < x0 + case.mirror_mm[0] / 2
    if (
        in_width
        and box.low[1] < y0 + reach
        and (box.high[1] - y0) + (box.high[2] - z0) > -thick
        and box.low[1] < y0
    ):
        return [f"{box.ref} touches the mirror"]
    return []


def case_grams(case: Case) -> float:
    """The printed parts, solid: walls, posts, ring and mirror rails (`make enclosure` measures the model)."""
    outer, inner = math.prod(case.outer), math.prod(case.inner)
    depth = case.inner[2]
    ring = math.pi * (ring_radius() ** 2 - (ring_radius() - RING_WALL) ** 2) * (LENS_THICK + RING_PROUD)
    return (outer - inner + 2 * POST * POST * depth + ring + math.prod(TAB)) * 1e-3 * PETG_G_CM3


def largest_worn(case: Case) -> tuple[float, float, float]:
    """Outside, with the lens's ring; without the strap's tab."""
    x, y, z = case.outer
    return x, y, z + case.ring_mm


def checked() -> Case:
    """The Matrix case. Raises HardwareError if anything does not fit."""
    case = matrix()
    wrong = problems(case)
    if wrong:
        raise HardwareError("layout: " + "; ".join(wrong))
    return case
