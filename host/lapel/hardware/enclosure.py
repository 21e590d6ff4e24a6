"""The printed parts in CadQuery: Matrix shell, lid and lens ring; the Vector's bench tray and its cover.

Millimetres, the axes of `layout`. `python -m lapel.hardware.enclosure FOLDER` writes STEP, STL and a
picture of each, and checks them. Needs the extra `hardware`.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import cadquery as cq
import trimesh

from . import layout, mesh
from .layout import WALL, Box, Case
from .optics import facts
from .tables import HardwareError

BED_MM = (180.0, 180.0, 180.0)  # a small printer
LIP = 3.0  # the lid reaches so far into the shell
FIT = 0.2  # between lid and shell
SCREW_HOLE, SCREW_PASS = 1.6, 2.3  # for a self-tapping screw of 2 mm
USB_MM = (10.0, 4.2)
SOUND_MM, LIGHT_MM, BUTTON_MM = 1.2, 3.2, 4.0
SENSOR_WINDOW = 9.0  # over the 45 degrees of its view, 3 mm behind the wall
POST_SEAT = 5.0  # on the lid, under a post's end
RAIL = 5.0  # width of the two wedges that carry the mirror
TRAY_MM, COVER_MM = (170.0, 110.0, 3.0), (166.0, 106.0, 62.0)
TRAY_WALL = 2.0
APERTURE_MM, SHUTTER_MM = 8.0, (14.0, 1.6)
MESH_MM, MESH_RAD = 0.05, 0.3  # how finely the STL follows the model


@dataclass(frozen=True)
class Made:
    """A printed part as it lies on the bed; `seen` turns it for the picture: degrees about x."""

    name: str
    solid: cq.Workplane
    seen: float


def _box(box: Box) -> cq.Workplane:
    size = [b - a for a, b in zip(box.low, box.high, strict=True)]
    return cq.Workplane().box(size[0], size[1], size[2], centered=False).translate(box.low)


def _round_z(x: float, y: float, z: float, diameter: float, height: float) -> cq.Workplane:
    return cq.Workplane().circle(diameter / 2).extrude(height).translate((x, y, z))


def _round_x(x: float, y: float, z: float, diameter: float, length: float) -> cq.Workplane:
    return cq.Workplane("YZ").circle(diameter / 2).extrude(length).translate((x, y, z))


def shell(case: Case) -> cq.Workplane:
    """Open at the back; printed with its front on the bed."""
    ox, oy, oz = case.outer
    x0, y0, z0 = case.axis
    inside = Box("", (WALL, WALL, -1), (ox - WALL, oy - WALL, oz - WALL))
    body = cq.Workplane().box(ox, oy, oz, centered=False).edges("|Z").fillet(1.0).cut(_box(inside))
    # The lid takes the first WALL of the depth.
    body = body.cut(_box(Box("", (-1, -1, -1), (ox + 1, oy + 1, WALL))))
    for post in layout.posts(case):
        hole = _round_z(
            (post.low[0] + post.high[0]) / 2, (post.low[1] + post.high[1]) / 2, WALL, SCREW_HOLE, 10
        )
        lip = LIP + FIT  # the lid's lip passes behind the post
        body = body.union(_box(Box("", (*post.low[:2], WALL + lip), post.high))).cut(hole)
    reach = (case.mirror_mm[1] - 1) / 2 / 2**0.5
    for left in (True, False):
        # A wedge under the mirror's back, on the floor side: its slope is the mirror's plane.
        start = WALL if left else ox - WALL - RAIL
        wedge = (
            cq.Workplane("YZ")
            .polyline([
                (WALL, z0 - 2.0), (WALL, oz - WALL), (WALL + 1, oz - WALL),
                (y0 + 2.0 - 1.5, z0 - 2.0),
            ]).close().extrude(RAIL)
        )  # fmt: skip
        clip = _box(Box("", (start, WALL, z0 - 2), (start + RAIL, y0 + reach, oz - WALL)))
        body = body.union(wedge.translate((start, 0, 0)).intersect(clip))
    body = body.cut(_round_z(x0, y0, oz - WALL - 1, 2 * (layout.ring_radius() + layout.RING_FIT), 10))
    usb = case.box("U1")
    middle = ((usb.low[1] + usb.high[1]) / 2, (usb.low[2] + usb.high[2]) / 2)
    slot = cq.Workplane().box(6, USB_MM[1], USB_MM[0]).translate((0, *middle))
    body = body.cut(slot)
    button = case.box("S1")
    body = body.cut(
        _round_x(
            ox - WALL - 1,
            (button.low[1] + button.high[1]) / 2,
            (button.low[2] + button.high[2]) / 2,
            BUTTON_MM,
            6,
        )
    )
    for ref, diameter in (("U3", SOUND_MM), ("D1", LIGHT_MM)):
        part = case.box(ref)
        at = ((part.low[0] + part.high[0]) / 2, (part.low[1] + part.high[1]) / 2)
        body = body.cut(_round_z(*at, oz - WALL - 1, diameter, 6))
    speaker = case.box("LS1")  # an option; its holes are there for everybody
    middle = ((speaker.low[0] + speaker.high[0]) / 2, (speaker.low[1] + speaker.high[1]) / 2)
    for across in (-3, 0, 3):
        for up in (-3, 0, 3):
            body = body.cut(_round_z(middle[0] + across, middle[1] + up, oz - WALL - 1, SOUND_MM, 6))
    sensor = case.box("U2")
    at = ((sensor.low[0] + sensor.high[0]) / 2, (sensor.low[1] + sensor.high[1]) / 2)
    window = cq.Workplane().box(SENSOR_WINDOW, SENSOR_WINDOW, 6).translate((*at, oz))
    body = body.cut(window)
    width, height, thick = layout.TAB
    tab = cq.Workplane().box(width, height + 1, thick).translate((x0, oy + height / 2 - 0.5, oz - thick / 2))
    hole = _round_z(x0, oy + height / 2, oz - thick - 1, layout.STRAP_HOLE, thick + 2)
    return body.union(tab).cut(hole)


def lid(case: Case) -> cq.Workplane:
    """The back, with a lip that reaches into the shell; magnets are glued to it. Printed on its outside."""
    ox, oy, _ = case.outer
    plate = cq.Workplane().box(ox, oy, WALL, centered=False).edges("|Z").fillet(1.0)
    ring = Box("", (WALL + FIT, WALL + FIT, WALL), (ox - WALL - FIT, oy - WALL - FIT, WALL + LIP))
    hole = Box("", (2 * WALL + FIT, 2 * WALL + FIT, 0), (ox - 2 * WALL - FIT, oy - 2 * WALL - FIT, 9))
    body = plate.union(_box(ring).cut(_box(hole)))
    # Where the charging socket and the boards lie at the wall, the lip gives way.
    for ref in ("U1", "U6", "U5", "S1", "BT1"):
        part = case.box(ref)
        (ax, ay, _), (bx, by, _) = part.low, part.high
        away = Box("", (ax - 0.4, ay - 0.4, WALL), (bx + 0.4, by + 0.4, 9))
        body = body.cut(_box(away))
    for post in layout.posts(case):
        at = ((post.low[0] + post.high[0]) / 2, (post.low[1] + post.high[1]) / 2)
        # A seat for the post's end, so that the screw does not bend the plate.
        body = body.union(_round_z(*at, WALL, POST_SEAT, LIP)).cut(_round_z(*at, -1, SCREW_PASS, 9))
    return body


def ring() -> cq.Workplane:
    """Holds the lens by its edge; glued into the front when the picture is sharp."""
    lens = facts()["lens_mm"] / 2
    height = layout.LENS_THICK + layout.RING_PROUD
    tube = cq.Workplane().circle(layout.ring_radius()).circle(lens - WALL).extrude(height)
    seat = cq.Workplane().circle(lens + FIT / 2).extrude(height).translate((0, 0, WALL))
    return tube.cut(seat)


def tray() -> cq.Workplane:
    """The Vector's bench plate with a rim."""
    x, y, z = TRAY_MM
    return cq.Workplane().box(x, y, z, centered=False).union(
        cq.Workplane().box(x - 2 * TRAY_WALL - 1, y - 2 * TRAY_WALL - 1, z + 4, centered=False)
        .faces(">Z").shell(-TRAY_WALL).translate((TRAY_WALL + 0.5, TRAY_WALL + 0.5, 0))
    )  # fmt: skip


def cover() -> cq.Workplane:
    """Keeps the beam in until the aperture, in front of which the shutter slides."""
    x, y, z = COVER_MM
    box = cq.Workplane().box(x, y, z, centered=False).faces("<Z").shell(-TRAY_WALL)
    hole = cq.Workplane("XZ").circle(APERTURE_MM / 2).extrude(-20).translate((x / 2, -5, z / 2))
    slot = cq.Workplane().box(SHUTTER_MM[0], 20, SHUTTER_MM[1]).translate((x / 2, 0, z / 2 + APERTURE_MM))
    return box.cut(hole).cut(slot)


def parts() -> list[Made]:
    """All printed parts."""
    case = layout.checked()
    turned = shell(case).rotate((0, 0, 0), (1, 0, 0), 180)  # front down, as it is printed
    return [
        Made("matrix-shell", turned, 200),
        Made("matrix-lid", lid(case), 20),
        Made("matrix-ring", ring(), -60),
        Made("vector-tray", tray(), -60),
        Made("vector-cover", cover().rotate((0, 0, 0), (1, 0, 0), 180), 120),
    ]


def write(folder: Path, pictures: Path | None = None) -> list[mesh.Report]:
    """STEP and STL into `folder`, a picture of each into `pictures`. Raises HardwareError for a bad part."""
    folder.mkdir(parents=True, exist_ok=True)
    reports = []
    for made in parts():
        if len(made.solid.solids().vals()) != 1:
            raise HardwareError(f"{made.name}: {len(made.solid.solids().vals())} bodies, expected one")
        stl = folder / f"{made.name}.stl"
        cq.exporters.export(made.solid, str(folder / f"{made.name}.step"))
        cq.exporters.export(made.solid, str(stl), tolerance=MESH_MM, angularTolerance=MESH_RAD)
        body = trimesh.load(stl)
        reports.append(mesh.examine(made.name, body, WALL, BED_MM))
        if pictures is not None:
            mesh.draw(body, pictures / f"{made.name}.png", made.seen)
    return reports


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/enclosure")
    pictures = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    wrong = []
    for report in write(folder, pictures):
        sys.stdout.write(report.line() + "\n")
        wrong += report.problems
    for problem in wrong:
        sys.stderr.write(problem + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
