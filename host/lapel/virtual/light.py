"""What the eye sees: the beam's last moments as light on a palm in a lit room.

`render` gives a picture, `to_terminal` the same for a terminal. Illuminance is computed, not invented: the
laser's lumens spread over the strokes against the room's lux; only the exposure is a photographer's choice.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style

from lapel.virtual import beam, palm_picture
from lapel.virtual.beam import Bools, Floats, Mirror

FIELD_MM = 70.0  # width of the field on a palm at 30 cm, as Humane's pin has it
PICTURE_MM = 74.0  # width of the picture: the field and a bit of palm around it
WHOLE_PALM_MM = 104.0
ROOM_LUX = 300.0
LASER_W = 0.39e-3  # at 520 nm; hardware limits it to that
LUMENS_PER_WATT = 683 * 0.71  # photopic sensitivity at 520 nm, CIE 1924
# Diameter at 1/e^2: the 1 mm that the mirror takes in, let to diverge by 1 mrad; a wider line reads better.
SPOT_MM = 1.3
SCATTER_MM = 1.6  # skin spreads part of the light below its surface: green gets less than a millimetre far
SCATTERED = 0.25
PERSISTENCE_S = 0.12  # an eye's memory in room light, fading in and out: half as long in effect
LASER_RGB = np.array(
    [0.02, 1.30, 0.16]
)  # 520 nm is outside sRGB; near its green, the same luminance for 1 lux

SETTLE_SAMPLES = 2400  # 50 ms: the slowest mirror has settled

# What the terminal leaves out on each side: fingers and wrist.
MARGIN_X = 0.06
MARGIN_Y = 0.22
QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"  # by bits: upper left 1, upper right 2, lower left 4, lower right 8
QUADRANT_BITS = np.array([1, 2, 4, 8])

# A camera set for the writing: a green surface as bright as skin under the room's light and this much of the
# laser's is the brightest it tells apart. Brighter lines turn whitish, as on any camera.
WRITING_LUX = 400.0
SHOULDER = 0.8  # where film stops being linear; a clipped line would look flat
SPILL = np.array([0.5, 0.0, 0.45])  # what of green beyond it shows in red and blue: highlights turn white


def illuminance(
    samples: bytes | bytearray | memoryview,
    size: tuple[int, int],
    armed: bool | Bools = True,
    mirror: Mirror | None = None,
    picture_mm: float = PICTURE_MM,
) -> Floats:
    """Lux that the laser adds on each pixel (height, width), the weighted mean of the last PERSISTENCE_S."""
    width, height = size
    pixels_per_mm = width / picture_mm
    recent = int(PERSISTENCE_S * beam.RATE_HZ)
    start = max(0, len(samples) // 8 - recent - SETTLE_SAMPLES)
    light = beam.trace(samples[8 * start :], armed if isinstance(armed, bool) else armed[start:], mirror)
    recent *= beam.SUBSTEPS
    x, y, power = light.x[-recent:], light.y[-recent:], light.power[-recent:]
    # A window with sharp edges would hold some strokes of a frame once more than others.
    memory = np.hanning(len(power) + 2)[1:-1]
    power = power * memory
    on = power > 0
    plane = np.zeros(width * height)
    if on.any():
        half = FIELD_MM / 2 * pixels_per_mm
        px = x[on] * half + (width - 1) / 2
        py = (height - 1) / 2 - y[on] * half
        inside = (px >= 0) & (px < width - 1) & (py >= 0) & (py < height - 1)
        px, py, weight = px[inside], py[inside], power[on][inside]
        left, top = np.floor(px).astype(np.int64), np.floor(py).astype(np.int64)
        fx, fy = px - left, py - top
        for dx, dy, share in (
            (0, 0, (1 - fx) * (1 - fy)),
            (1, 0, fx * (1 - fy)),
            (0, 1, (1 - fx) * fy),
            (1, 1, fx * fy),
        ):
            plane += np.bincount((top + dy) * width + left + dx, weight * share, minlength=width * height)
    lumens = plane.reshape(height, width) * (LASER_W * LUMENS_PER_WATT / max(1.0, memory.sum()))
    lux = lumens * (pixels_per_mm * 1000) ** 2
    sharp = palm_picture.blur(lux, SPOT_MM / 4 * pixels_per_mm)
    soft = palm_picture.blur(lux, SCATTER_MM / 2 * pixels_per_mm)
    return sharp * (1 - SCATTERED) + soft * SCATTERED


def render(
    samples: bytes | bytearray | memoryview,
    size: tuple[int, int] = (720, 720),
    armed: bool | Bools = True,
    mirror: Mirror | None = None,
    room_lux: float = ROOM_LUX,
    picture_mm: float = PICTURE_MM,
) -> Image.Image:
    """The palm with the light of `samples` on it. `armed` is LASER_ARM, for all or for each sample.

    `picture_mm` is how much of the hand is in the picture's width.
    """
    return expose(illuminance(samples, size, armed, mirror, picture_mm), room_lux, picture_mm)


def expose(laser: Floats, room_lux: float = ROOM_LUX, picture_mm: float = PICTURE_MM) -> Image.Image:
    """The palm under the room's light and `laser` lux of green on each pixel (height, width)."""
    height, width = laser.shape
    palm = palm_picture.draw(width, height, picture_mm / width)
    room = palm.light[..., None] * (room_lux / ROOM_LUX) * np.array([1.0, 0.96, 0.90])
    scene = palm.albedo * (room + laser[..., None] / ROOM_LUX * LASER_RGB)
    brightest = (room_lux + WRITING_LUX * LASER_RGB[1]) / ROOM_LUX * palm_picture.SKIN[1]
    scene = scene / brightest
    # Where green alone would clip, it turns towards white.
    scene = scene + np.clip(scene[..., 1:2] - SHOULDER, 0, None) * SPILL
    over = np.clip(scene - SHOULDER, 0, None) / (1 - SHOULDER)
    shown = np.minimum(scene, SHOULDER) + (1 - SHOULDER) * (1 - np.exp(-over))
    edge = np.hypot(*np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height)))
    shown = shown * (1 - 0.16 * np.clip(edge - 0.55, 0, None) ** 2)[..., None]
    return Image.fromarray(_to_srgb(shown))


def to_terminal(image: Image.Image, columns: int = 80) -> Segments:
    """The picture's middle, where the writing is, for a console of rich: four pixels a character."""
    left, top = round(image.width * MARGIN_X), round(image.height * MARGIN_Y)
    middle = image.convert("RGB").crop((left, top, image.width - left, image.height - top))
    rows = max(1, round(columns * middle.height / middle.width / 2))
    small = np.asarray(middle.resize((2 * columns, 2 * rows), Image.Resampling.LANCZOS), dtype=np.float64)
    # A character has two colours: the pixels that are greener than their mean, and the others.
    cells = small.reshape(rows, 2, columns, 2, 3).transpose(0, 2, 1, 3, 4).reshape(rows, columns, 4, 3)
    green = cells[..., 1] - cells[..., 0]
    bright = green > green.mean(-1, keepdims=True)
    segments = []
    for row in range(rows):
        for column in range(columns):
            cell, mask = cells[row, column], bright[row, column]
            ink = cell[mask].mean(0) if mask.any() else cell.mean(0)
            paper = cell[~mask].mean(0)
            block = QUADRANTS[int(mask @ QUADRANT_BITS)]
            segments.append(Segment(block, Style(color=Color.from_rgb(*ink), bgcolor=Color.from_rgb(*paper))))
        segments.append(Segment.line())
    return Segments(segments)


def _to_srgb(linear: Floats) -> npt.NDArray[np.uint8]:
    linear = np.clip(linear, 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(curved * 255 + 0.5, dtype=np.uint8)
