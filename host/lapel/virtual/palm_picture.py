"""A palm, drawn from nothing: how it reflects and how room light falls on it.

Millimetres around the centre of the pin's field, x right, y up: a left hand held up, thumb to the left.
Every part is a distance field; the union of all is the silhouette, its depth the relief.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]

# Limbs: from, to, radius at each end.
LIMBS: tuple[tuple[Point, Point, float, float], ...] = (
    ((-29.0, 34.0), (-37.0, 92.0), 10.5, 8.6),  # index finger
    ((-9.5, 39.0), (-11.0, 102.0), 10.6, 8.8),
    ((10.5, 37.0), (14.0, 97.0), 10.2, 8.4),
    ((29.0, 29.0), (39.0, 76.0), 9.4, 7.4),  # little finger
    ((-27.0, -26.0), (-51.0, 4.0), 18.0, 11.5),  # ball of the thumb
    ((-51.0, 4.0), (-66.0, 36.0), 11.0, 9.0),
    ((0.0, -40.0), (2.0, -120.0), 29.0, 26.0),  # wrist
)
PALM: tuple[Point, Point, float] = ((-1.0, -6.0), (29.0, 36.0), 12.0)  # centre, half size, corner radius
BLEND_MM = 7.0  # how softly the parts run into each other

# Pads and the hollow: centre, widths, height in millimetres.
RELIEF: tuple[tuple[Point, Point, float], ...] = (
    ((-25.0, -22.0), (17.0, 24.0), 5.5),
    ((24.0, -20.0), (12.0, 28.0), 4.0),
    ((-20.0, 29.0), (9.0, 7.0), 1.7),
    ((0.0, 32.0), (9.0, 7.0), 1.7),
    ((20.0, 28.0), (9.0, 7.0), 1.7),
    ((2.0, 2.0), (20.0, 16.0), -2.6),
)
# Lines of the hand, as Bezier control points, with their depth.
CREASES: tuple[tuple[tuple[Point, Point, Point, Point], float], ...] = (
    (((-39.0, 15.0), (-10.0, 14.0), (-4.0, -22.0), (-9.0, -46.0)), 1.0),
    (((-39.0, 15.5), (-18.0, 13.0), (10.0, 4.0), (29.0, -8.0)), 0.8),
    (((41.0, 12.0), (18.0, 9.0), (2.0, 18.0), (-14.0, 35.0)), 0.9),
    (((-39.0, 45.0), (-33.0, 42.0), (-26.0, 42.0), (-19.0, 46.0)), 0.8),
    (((-19.0, 50.0), (-13.0, 48.0), (-6.0, 48.0), (0.5, 50.0)), 0.8),
    (((1.0, 49.0), (7.0, 46.5), (14.0, 46.5), (20.5, 47.0)), 0.8),
    (((21.0, 41.0), (27.0, 37.5), (33.0, 37.0), (40.0, 37.0)), 0.8),
    (((-29.0, -57.0), (-12.0, -62.0), (14.0, -62.0), (30.0, -57.0)), 0.7),
)

# The pin lights only a palm held flat, and stretched skin pulls its lines shallow.
CREASE_DEPTH_MM = 0.09
CREASE_SHADE = 0.09  # share of the room's light that does not reach the bottom
CREASE_FLUSH = 0.15
CREASE_MM = 0.62  # half width at 1/e
CREASE_REACH_MM = 2.5
EDGE_MM = 8.0  # radius of the hand's edge

SKIN = np.array([0.50, 0.36, 0.28])  # linear reflectance of a light palm, red to blue
FLUSH = np.array([0.48, 0.26, 0.20])  # where blood shows through
TABLE = np.array([0.055, 0.060, 0.072])
LAMP = np.array([-0.45, 0.55, 0.70])  # direction the room's light comes from
DIFFUSE = 0.6  # share of the room's light that comes from everywhere
SEED = 11  # the same skin in every picture


@dataclass(frozen=True)
class Palm:
    """`albedo` (height, width, 3) is linear, `light` the room's, about 1 on a flat palm, `skin` 0 to 1."""

    albedo: Floats
    light: Floats
    skin: Floats


@lru_cache(maxsize=2)
def draw(width: int, height: int, mm_per_pixel: float) -> Palm:
    x = (np.arange(width) - (width - 1) / 2) * mm_per_pixel
    y = ((height - 1) / 2 - np.arange(height)) * mm_per_pixel
    x, y = np.meshgrid(x, y)
    distance = _silhouette(x, y)
    skin = np.clip(0.5 - distance / (1.2 * mm_per_pixel), 0, 1)

    depth = np.clip(-distance, 0, EDGE_MM)
    relief = 0.8 * np.sqrt(np.maximum(EDGE_MM**2 - (EDGE_MM - depth) ** 2, 0))
    for (cx, cy), (sx, sy), high in RELIEF:
        relief += high * np.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2)
    creases = np.zeros_like(x)
    for curve, strength in CREASES:
        _draw_crease(creases, curve, strength, x, y)
    relief = blur(relief, 1.8 / mm_per_pixel)  # flesh has no edges
    rough = _texture(height, width, mm_per_pixel)
    relief += 0.010 * rough - CREASE_DEPTH_MM * creases

    dy, dx = np.gradient(relief, mm_per_pixel)
    normal = np.stack([-dx, dy, np.ones_like(dx)])
    normal /= np.sqrt((normal**2).sum(0))
    lamp = LAMP / np.sqrt((LAMP**2).sum())
    facing = np.clip((normal * lamp[:, None, None]).sum(0), 0, None) / lamp[2]
    light = DIFFUSE + (1 - DIFFUSE) * np.clip(facing, 0, 1.35)
    shadow = np.clip(1 - np.exp(-np.clip(_silhouette(x + 5, y - 6), 0, None) / 14), 0, 1)
    light = np.where(skin > 0.5, light * (1 - CREASE_SHADE * creases), 0.35 + 0.65 * shadow)

    flush = np.clip(0.4 * np.exp(-np.clip(-distance, 0, None) / 3) + CREASE_FLUSH * creases, 0, 1)
    for (cx, cy), (sx, sy), high in RELIEF:
        flush += 0.09 * high * np.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2)
    flush = np.clip(flush + 0.05 * rough, 0, 1)[..., None]
    colour = SKIN * (1 - flush) + FLUSH * flush
    albedo = colour * skin[..., None] + TABLE * (1 - skin[..., None])
    return Palm(albedo, light, skin)


def _silhouette(x: Floats, y: Floats) -> Floats:
    """Signed distance to the hand's outline, negative inside."""
    (cx, cy), (hx, hy), radius = PALM
    dx, dy = np.abs(x - cx) - hx, np.abs(y - cy) - hy
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    union = outside + np.minimum(np.maximum(dx, dy), 0) - radius
    for (ax, ay), (bx, by), first, last in LIMBS:
        length = (bx - ax) ** 2 + (by - ay) ** 2
        along = np.clip(((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length, 0, 1)
        limb = np.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay)) - (
            first + along * (last - first)
        )
        mix = np.clip(0.5 + (limb - union) / (2 * BLEND_MM), 0, 1)
        union = limb * (1 - mix) + union * mix - BLEND_MM * mix * (1 - mix)
    return union


def _draw_crease(
    creases: Floats, curve: tuple[Point, Point, Point, Point], strength: float, x: Floats, y: Floats
) -> None:
    """Deepens `creases` along the curve, which fades in and out; touches only pixels near it."""
    t = np.linspace(0, 1, 25)[:, None]
    weights = np.hstack([(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3])
    points = weights @ np.array(curve)
    fade = np.minimum(1, 5 * np.minimum(t, 1 - t) + 0.25).ravel()
    for k, ((ax, ay), (bx, by)) in enumerate(pairwise(points)):
        columns = np.flatnonzero(np.abs(x[0] - (ax + bx) / 2) < abs(bx - ax) / 2 + CREASE_REACH_MM)
        rows = np.flatnonzero(np.abs(y[:, 0] - (ay + by) / 2) < abs(by - ay) / 2 + CREASE_REACH_MM)
        if not len(columns) or not len(rows):
            continue
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        px, py = x[part], y[part]
        length = (bx - ax) ** 2 + (by - ay) ** 2
        along = np.clip(((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length, 0, 1)
        distance = np.hypot(px - ax - along * (bx - ax), py - ay - along * (by - ay))
        depth = (fade[k] + along * (fade[k + 1] - fade[k])) * strength
        creases[part] = np.maximum(creases[part], depth * np.exp(-((distance / CREASE_MM) ** 2)))


def _texture(height: int, width: int, mm_per_pixel: float) -> Floats:
    """Skin's unevenness: noise of three grain sizes, about unit height."""
    random = np.random.default_rng(SEED)
    total = np.zeros((height, width))
    for size_mm, weight in ((0.7, 0.8), (2.2, 0.5), (14.0, 0.9)):
        cells = [max(2, round(side * mm_per_pixel / size_mm)) for side in (height, width)]
        coarse = Image.fromarray(random.standard_normal(cells).astype(np.float32))
        noise = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float64)
        total += weight * noise / noise.std()
    return total


def blur(image: Floats, sigma: float) -> Floats:
    """Gaussian blur of a plane, `sigma` in pixels, edges repeated."""
    if sigma < 0.3:
        return image
    reach = int(3 * sigma) + 1
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    for axis in range(2):
        padding = [(reach, reach) if a == axis else (0, 0) for a in range(2)]
        padded = np.pad(image, padding, mode="edge")
        size = image.shape[axis]
        image = sum(
            (kernel[k] * padded.take(range(k, k + size), axis=axis) for k in range(2 * reach + 1)),
            np.zeros_like(image),
        )
    return image
