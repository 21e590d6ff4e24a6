"""Drawings of light, case, chain, heat and days, each from the numbers that they show."""

from __future__ import annotations

import math

from ..power.budget import MODES
from . import chain, heat, laser, layout, optics, timers
from .layout import Box, Case
from .svg import COLOURS, FAINT, GREY, INK, Drawing, Point

SCALE = 5.0  # pixels a millimetre in the case's views
BEAM, MIRROR = "#bfe8c6", "#666666"


def side_view(case: Case) -> Drawing:
    """The Matrix from the side: where the light goes inside, and out to the palm."""
    scale = 2.6
    _, oy, oz = case.outer
    _, y0, z0 = case.axis
    throw = optics.throw()
    lens_z = z0 + layout.MIRROR_TO_LENS
    drawing = Drawing(
        (oz + throw.to_palm + 60) * scale, (oy + 70) * scale, "Lapel Matrix: the way of the light"
    )

    def at(y: float, z: float) -> Point:
        return (z + 14) * scale, (oy + 45 - y) * scale

    lens = optics.facts()["lens_mm"] * optics.facts()["clear_share"] / 2
    half_led, half_palm = throw.height / throw.magnification / 2, throw.height / 2
    top = y0 + case.led_to_mirror
    reach = layout.mirror_reach(throw.to_lens)
    mirror = [at(y0 - reach, z0 + reach), at(y0 + reach, z0 - reach)]
    drawing.area([at(top, z0 - half_led), at(top, z0 + half_led), *mirror], BEAM)
    drawing.area([*mirror, at(y0 + lens, lens_z), at(y0 - lens, lens_z)], BEAM)
    palm_z = lens_z + throw.to_palm
    drawing.area(
        [
            at(y0 - lens, lens_z),
            at(y0 + lens, lens_z),
            at(y0 + half_palm, palm_z),
            at(y0 - half_palm, palm_z),
        ],
        BEAM,
    )
    corner = at(oy, 0)
    drawing.box(*corner, oz * scale, oy * scale)
    drawing.line(mirror, MIRROR, 3)
    drawing.line([at(top, z0 - half_led), at(top, z0 + half_led)], "#1b8a3c", 4)
    drawing.line([at(y0 + lens, lens_z), at(y0 - lens, lens_z)], "#1b5eb8", 4)
    drawing.line([at(y0 + half_palm, palm_z), at(y0 - half_palm, palm_z)], "#b8561b", 4)
    drawing.text(
        *at(oy + 30, 0), f"LEDs to lens {throw.to_lens:.1f} mm, folded once; f = {throw.focal:.0f} mm", 12
    )
    drawing.text(
        *at(oy + 22, 0), f"palm at {throw.to_palm:.0f} mm: {throw.width:.0f} x {throw.height:.0f} mm", 12
    )
    drawing.text(*at(top + 3, oz + 3), "LEDs", 11)
    drawing.text(*at(y0 + lens + 4, lens_z), "lens", 11)
    drawing.text(*at(y0 + half_palm + 4, palm_z), "palm", 11, "end")
    return drawing


def contrast() -> Drawing:
    """Lit to unlit against the room's light, for both builds."""
    light, low, high = optics.light(), optics.light(None, "low"), optics.light(None, "high")
    seen = laser.seen()
    width, height, left, bottom = 720.0, 400.0, 60.0, 340.0
    drawing = Drawing(width, height, "Contrast against the room's light")
    drawing.text(left, 22, "Contrast on the palm (lit : unlit) against the light of the room", 13)

    def at(lux: float, ratio: float) -> Point:
        return left + (math.log10(lux) - 1) / 4 * (width - 90), bottom - math.log10(ratio) * 190

    for power in range(1, 6):
        x, _ = at(10.0**power, 1)
        drawing.line([(x, bottom), (x, 50)], FAINT)
        drawing.text(x, bottom + 16, f"{10**power} lux", 10, "middle")
    for ratio in (1, 1.5, 2, 5, 10, 20):
        _, y = at(10, ratio)
        drawing.line([(left, y), (width - 30, y)], FAINT)
        drawing.text(left - 6, y + 4, f"{ratio:g}", 10, "end")
    rooms = [10 * 10 ** (k / 8) for k in range(33)]
    up = [at(room, min(40.0, 1 + high.cell_lux / room)) for room in rooms]
    down = [at(room, 1 + low.cell_lux / room) for room in reversed(rooms)]
    drawing.area(up + down, "#e3f4e6")
    for lux, colour, name in (
        (
            light.cell_lux,
            COLOURS[2],
            f"Matrix, {light.cell_lux:.0f} lux over a pixel (band: limits of the estimates)",
        ),
        (seen.line_lux, COLOURS[0], f"Vector, {seen.line_lux:.0f} lux on its lines, limits by parts alone"),
        (
            measured_laser_lux(),
            COLOURS[3],
            f"Vector, {measured_laser_lux():.0f} lux if set with a power meter to the aim",
        ),
    ):
        drawing.line([at(room, min(40.0, 1 + lux / room)) for room in rooms], colour, 2)
        y = 60 + 16 * (COLOURS.index(colour))
        drawing.text(width - 36, y, name, 11, "end", colour)
    return drawing


def measured_laser_lux() -> float:
    """What the aim of docs/laser-safety.md would show."""
    f = timers.facts()
    return laser.seen().line_lux * f["aim_mw"] / laser.beam().typical_mw


def views(case: Case, shown: tuple[str, ...] = (), title: str = "") -> Drawing:
    """The case from the front and from the side; parts in `shown` are coloured, those after them are not
    drawn.
    """
    ox, oy, oz = case.outer
    gap = 16.0
    drawing = Drawing(
        (ox + oz + 3 * gap) * SCALE, (oy + 2 * gap) * SCALE, title or "Lapel Matrix: where the parts lie"
    )
    drawing.text(gap * SCALE, 24, title or "Seen from the front (left) and from the right (right); mm", 14)

    def front(x: float, y: float) -> Point:
        return (gap + x) * SCALE, (gap + oy - y) * SCALE

    def side(z: float, y: float) -> Point:
        return (2 * gap + ox + z) * SCALE, (gap + oy - y) * SCALE

    for corner, across in ((front(0, oy), ox), (side(0, oy), oz)):
        drawing.box(*corner, across * SCALE, oy * SCALE, "#fafafa")
    x0, y0, z0 = case.axis
    lens = optics.facts()["lens_mm"] / 2
    drawing.dot(*front(x0, y0), lens * SCALE, "none", "#1b5eb8")
    drawing.line(
        [side(z0 + layout.MIRROR_TO_LENS, y0 - lens), side(z0 + layout.MIRROR_TO_LENS, y0 + lens)],
        "#1b5eb8",
        3,
    )
    reach = layout.mirror_reach(optics.throw().to_lens)
    drawing.line([side(z0 - reach, y0 + reach), side(z0 + reach, y0 - reach)], MIRROR, 3)
    for number, box in enumerate(case.boxes):
        colour = COLOURS[number % len(COLOURS)]
        fill = colour + "55" if not shown or box.ref in shown else "none"
        edge = colour if fill != "none" else FAINT
        _flat(drawing, front(box.low[0], box.high[1]), box, 0, fill, edge)
        _flat(drawing, side(box.low[2], box.high[1]), box, 2, fill, edge)
        if fill != "none":
            middle = front((box.low[0] + box.high[0]) / 2, (box.low[1] + box.high[1]) / 2)
            drawing.text(middle[0], middle[1] + 4, box.ref, 11, "middle")
            middle = side((box.low[2] + box.high[2]) / 2, (box.low[1] + box.high[1]) / 2)
            drawing.text(middle[0], middle[1] + 4, box.ref, 9, "middle")
    size = f"{ox:.1f} x {oy:.1f} x {oz:.1f} mm, and {case.ring_mm:.1f} mm of ring"
    drawing.text(gap * SCALE, (oy + gap * 1.6) * SCALE, size, 12)
    return drawing


def _flat(drawing: Drawing, corner: Point, box: Box, axis: int, fill: str, edge: str) -> None:
    drawing.box(
        *corner, (box.high[axis] - box.low[axis]) * SCALE, (box.high[1] - box.low[1]) * SCALE, fill, edge
    )


def enable_chain() -> Drawing:
    """Sources on the left, the two switches and the blade on the right; all must agree."""
    columns: dict[str, int] = dict.fromkeys(chain.SOURCES, 0)
    waiting = list(chain.ELEMENTS)
    while waiting:
        element = waiting.pop(0)
        if all(need in columns for need in element.needs):
            columns[element.name] = 1 + max(columns[need] for need in element.needs)
        else:
            waiting.append(element)
    rows: dict[int, int] = {}
    places: dict[str, Point] = {}
    for name, column in columns.items():
        lower = 22 if column in (2, 3) else 0  # so that no line runs behind a box
        places[name] = (20 + 168 * column, 60 + lower + 44 * rows.get(column, 0))
        rows[column] = rows.get(column, 0) + 1
    drawing = Drawing(
        20 + 168 * (max(columns.values()) + 1), 80 + 44 * max(rows.values()), "The laser's enable chain"
    )
    drawing.text(
        20, 26, "The enable chain: what stands in series (thick) carries the laser's current or its light", 13
    )
    for element in chain.ELEMENTS:
        x, y = places[element.name]
        for need in element.needs:
            nx, ny = places[need]
            drawing.line([(nx + 130, ny + 14), (x, y + 14)], GREY, 1)
    by_name = {element.name: element for element in chain.ELEMENTS}
    for name, (x, y) in places.items():
        found = by_name.get(name)
        thick = found is not None and found.series
        drawing.box(x, y, 130, 28, "#ffe9e0" if thick else "#eef4ff" if found else "#f4f4f4")
        drawing.text(x + 65, y + 18, f"{found.ref} {name}" if found else name, 11, "middle")
    return drawing


def warmth(case: Case) -> Drawing:
    """The warmest place of the wall, by activity, as if each went on for ever."""
    rows = heat.warmth("matrix", case.outer)
    drawing = Drawing(640, 60 + 30 * len(rows), "Surface temperature")
    limit = heat.facts()["touch_limit_c"]

    def across(celsius: float) -> float:
        return 170 + (celsius - 25) * 18

    drawing.text(
        20,
        22,
        f"Warmest place of the wall if it never ended, air {heat.facts()['air_c']:.0f} C (estimate)",
        13,
    )
    for number, row in enumerate(rows):
        y = 44 + 30 * number
        drawing.text(160, y + 14, row.activity, 11, "end")
        drawing.box(across(25), y, across(row.warmest_c) - across(25), 20, "#f0c8a0")
        drawing.text(across(row.warmest_c) + 5, y + 14, f"{row.warmest_c:.1f} C", 11)
    drawing.line([(across(limit), 36), (across(limit), 44 + 30 * len(rows))], "#c02942", 2)
    drawing.text(across(limit) + 4, 50 + 30 * len(rows), f"{limit:.0f} C", 11, "start", "#c02942")
    return drawing


def days() -> Drawing:
    """Hours of the described day, both builds, both ways to stand by."""
    drawing = Drawing(640, 200, "Hours of the described day")
    drawing.text(20, 22, "Hours of the described day from one charge (lapel power)", 13)
    row = 0
    for build in ("matrix", "vector"):
        for mode in MODES:
            hours = heat.day_hours(build)[mode]
            y = 40 + 34 * row
            drawing.text(150, y + 15, f"{build}, {mode}", 11, "end")
            drawing.box(160, y, hours * 8, 22, "#c8ddf5")
            drawing.text(166 + hours * 8, y + 15, f"{hours:.1f} h", 11)
            row += 1
    limit = 160 + heat.DAY_LEAST_HOURS * 8
    drawing.line([(limit, 34), (limit, 180)], INK, 1.5, dashed=True)
    drawing.text(limit + 4, 190, f"{heat.DAY_LEAST_HOURS:.0f} h", 11)
    return drawing
