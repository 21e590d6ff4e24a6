"""Drawings of a netlist: which wire goes where, and a schematic with the nets' names."""

from __future__ import annotations

from .netlist import Netlist, Part
from .svg import COLOURS, FAINT, GREY, INK, Drawing

ROW, LANE, BOARD_WIDTH = 15, 11, 128
TOP = 46
COLUMNS = 5  # of the schematic
CELL = (232, 20)


def _wires(netlist: Netlist, part: Part) -> list[tuple[str, str]]:
    """(pin, net) of a part; the net is empty for a pin that stays open."""
    return [(pin, netlist.net_of(part.ref, pin)) for pin in part.pins]


def _is_big(part: Part) -> bool:
    return len(part.pins) != 2


def _colours(netlist: Netlist) -> dict[str, str]:
    fixed = {"GND": "#000000", "3V3": "#c02942", "VBAT": "#e06000"}
    rest = [net for net in netlist.nets if net not in fixed]
    return fixed | {net: COLOURS[number % len(COLOURS)] for number, net in enumerate(rest)}


def wiring(netlist: Netlist) -> Drawing:
    """Parts on both sides, each net a lane in the middle: follow a colour from pin to pin."""
    parts = list(netlist.parts.values())
    sides: tuple[list[Part], list[Part]] = ([], [])
    heights = [0, 0]
    for part in parts:
        side = 0 if heights[0] <= heights[1] else 1
        sides[side].append(part)
        heights[side] += len(part.pins) + 2
    colours = _colours(netlist)
    left = BOARD_WIDTH + 40
    lanes = {net: left + LANE * number for number, net in enumerate(netlist.nets)}
    right = left + LANE * len(lanes) + 20
    width, height = right + BOARD_WIDTH + 20, TOP + ROW * max(heights) + 20
    drawing = Drawing(width, height, f"Lapel {netlist.build}: wiring")
    drawing.text(20, 22, f"Lapel {netlist.build}: wiring. A dot joins; lines that only cross do not.", 13)
    for net, x in lanes.items():
        ys: list[float] = []
        for side, column in enumerate(sides):
            y = TOP
            for part in column:
                for _, its in _wires(netlist, part):
                    y += ROW
                    if its == net:
                        ys.append(y)
                        edge = 20 + BOARD_WIDTH if side == 0 else right
                        drawing.line([(edge, y), (x, y)], colours[net], 1)
                        drawing.dot(x, y, 2.2, colours[net])
                y += 2 * ROW
        if ys:
            drawing.line([(x, min(ys)), (x, max(ys))], colours[net], 1.6)
    for side, column in enumerate(sides):
        y, x = TOP, 20 if side == 0 else right
        for part in column:
            drawing.box(x, y, BOARD_WIDTH, ROW * len(part.pins) + 6, "#f4f4f4")
            drawing.text(x + 4, y - 3, f"{part.ref} {part.title}", 10)
            for pin, net in _wires(netlist, part):
                y += ROW
                text = f"{pin}: {net or 'open'}"
                at = (x + BOARD_WIDTH - 4, "end") if side == 0 else (x + 4, "start")
                drawing.text(at[0], y + 4, text, 9, at[1], colours.get(net, GREY))
            y += 2 * ROW
    return drawing


def schematic(netlist: Netlist) -> Drawing:
    """Each part as a symbol, its pins named by the nets that they belong to."""
    big = [part for part in netlist.parts.values() if _is_big(part)]
    small = [part for part in netlist.parts.values() if not _is_big(part)]
    rows: list[list[Part]] = [big[i : i + COLUMNS] for i in range(0, len(big), COLUMNS)]
    rows += [small[i : i + COLUMNS] for i in range(0, len(small), COLUMNS)]
    heights = [max(len(part.pins) if _is_big(part) else 1 for part in row) * CELL[1] + 34 for row in rows]
    drawing = Drawing(COLUMNS * CELL[0] + 20, sum(heights) + 50, f"Lapel {netlist.build}: schematic")
    drawing.text(20, 24, f"Lapel {netlist.build}: schematic. Pins with the same name are one net.", 13)
    colours = _colours(netlist)
    y = 50.0
    for row, height in zip(rows, heights, strict=True):
        for number, part in enumerate(row):
            x = 20.0 + number * CELL[0]
            if _is_big(part):
                _block(drawing, netlist, part, x, y, colours)
            else:
                _two(drawing, netlist, part, x, y + 14, colours)
        y += height
    return drawing


def _block(d: Drawing, netlist: Netlist, part: Part, x: float, y: float, colours: dict[str, str]) -> None:
    d.text(x, y - 4, f"{part.ref} {part.title}", 11)
    d.box(x, y, 84, CELL[1] * len(part.pins) + 4, "#fffdf0")
    for number, (pin, net) in enumerate(_wires(netlist, part)):
        at = y + 14 + CELL[1] * number
        d.text(x + 6, at + 4, pin, 10)
        d.text(
            x + 80,
            at + 4,
            {"out": ">", "in": "<", "od": "o", "source": "+"}.get(part.pins[pin].kind, ""),
            10,
            "end",
        )
        d.line([(x + 84, at), (x + 104, at)], colours.get(net, GREY))
        d.text(x + 108, at + 4, net or "not connected", 10, "start", colours.get(net, GREY))


def _two(d: Drawing, netlist: Netlist, part: Part, x: float, y: float, colours: dict[str, str]) -> None:
    (_, one), (_, other) = _wires(netlist, part)
    d.text(x, y - 14, f"{part.ref} {part.title}", 10)
    d.text(x, y + 4, one, 9, "start", colours.get(one, GREY))
    d.text(x + 200, y + 4, other, 9, "end", colours.get(other, GREY))
    middle = x + 100
    d.line([(x + 62, y), (middle - 16, y)], colours.get(one, GREY))
    d.line([(middle + 16, y), (x + 140, y)], colours.get(other, GREY))
    kind = part.ref[0]
    if kind == "R":
        d.box(middle - 16, y - 5, 32, 10, "#ffffff")
    elif kind == "C":
        d.line([(middle - 16, y), (middle - 3, y)])
        d.line([(middle + 3, y), (middle + 16, y)])
        d.line([(middle - 3, y - 9), (middle - 3, y + 9)], INK, 2)
        d.line([(middle + 3, y - 9), (middle + 3, y + 9)], INK, 2)
    elif kind in "DLP":
        d.area([(middle - 10, y - 8), (middle - 10, y + 8), (middle + 8, y)], FAINT, INK)
        d.line([(middle + 8, y - 8), (middle + 8, y + 8)], INK, 2)
        d.line([(middle - 16, y), (middle - 10, y)])
        d.line([(middle + 8, y), (middle + 16, y)])
    elif kind == "S":
        d.line([(middle - 16, y), (middle + 12, y - 9)], INK, 2)
    else:
        d.box(middle - 16, y - 8, 32, 16, "#fffdf0")
