"""Where the charge of a day goes, and how it falls: a picture for the documentation."""

from __future__ import annotations

from PIL import Image, ImageDraw

from .budget import MODES, Budget

SIZE = (1200, 640)
MARGIN = 70
PAPER, INK, GRID = (255, 255, 255), (60, 60, 60), (222, 222, 222)
COLOURS = {"reachable": (30, 90, 200), "saver": (0, 140, 60)}
BARS = ((210, 110, 20), (30, 90, 200), (0, 140, 60), (150, 60, 160), (120, 120, 120), (200, 60, 60))
HOURS = 48
BAR_TOP, BAR_HEIGHT = 500, 40

Pen = ImageDraw.ImageDraw


def draw(budget: Budget, look_every_min: int) -> Image.Image:
    """Charge over two described days in both modes; below, what the day's uses take."""
    image = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(image)
    left, right, top, bottom = MARGIN, SIZE[0] - MARGIN, 50, 430
    _grid(pen, left, right, top, bottom)
    title = f"{budget.build} build, {budget.mah:.0f} mAh usable: charge through the described days"
    pen.text((left, 16), title, fill=INK)
    for number, mode in enumerate(MODES):
        day = budget.day_hours(mode, look_every_min)
        curve = budget.charge_curve(mode, look_every_min, HOURS)
        points = [
            (left + hour / HOURS * (right - left), bottom - percent / 100 * (bottom - top))
            for hour, percent in curve
        ]
        pen.line(points, fill=COLOURS[mode], width=3)
        text = f"{mode}: empty after {day:.1f} h"
        pen.text((right - 260, top + 12 + 20 * number), text, fill=COLOURS[mode])
    _uses(pen, budget, left, right)
    return image


def _grid(pen: Pen, left: int, right: int, top: int, bottom: int) -> None:
    for percent in range(0, 101, 20):
        y = bottom - percent / 100 * (bottom - top)
        pen.line([(left, y), (right, y)], fill=GRID)
        pen.text((left - 40, y - 6), f"{percent} %", fill=INK)
    for hour in range(0, HOURS + 1, 4):
        x = left + hour / HOURS * (right - left)
        pen.line([(x, top), (x, bottom)], fill=GRID)
        pen.text((x - 8, bottom + 8), f"{hour} h", fill=INK)


def _uses(pen: Pen, budget: Budget, left: int, right: int) -> None:
    used = budget.used_mah()
    scale = (right - left) / budget.mah
    x = float(left)
    pen.text((left, BAR_TOP - 24), f"what is used of {budget.mah:.0f} mAh, by activity", fill=INK)
    for number, (activity, mah) in enumerate(used.items()):
        colour = BARS[number % len(BARS)]
        pen.rectangle([x, BAR_TOP, x + mah * scale, BAR_TOP + BAR_HEIGHT], fill=colour)
        x += mah * scale
        place = (left + 200 * (number % 5), BAR_TOP + BAR_HEIGHT + 14 + 18 * (number // 5))
        pen.text(place, f"{activity}: {mah:.1f} mAh", fill=colour)
    pen.rectangle([left, BAR_TOP, right, BAR_TOP + BAR_HEIGHT], outline=INK)
