"""ILDA image data (International Laser Display Association, file format of 2014), format 5: 2D, true colour.

A section is a 32-byte header and 8-byte records, all big-endian; a header without records ends the file.
"""

from __future__ import annotations

import struct

import numpy as np

from ..virtual.beam import SUBSTEPS, lit_samples
from .drawing import Frame
from .measure import settled

FORMAT = 5
HEADER = struct.Struct(">4s3xB8s8sHHHBx")
LAST = 1 << 7
BLANKED = 1 << 6
FULL = 32767  # the field's edge


def encode(frame: Frame, name: str = "LAPEL") -> bytes:
    """The page as a file of one frame: where the beam is at each sample, not the drive that takes it there.

    `name` is cut to eight ASCII characters.
    """
    light = settled(frame, frame.mirror)
    ends = slice(SUBSTEPS - 1, None, SUBSTEPS)
    positions = np.stack([light.x[ends], light.y[ends]], axis=1)
    records = np.zeros(frame.samples, dtype=[("x", ">i2"), ("y", ">i2"), ("status", "u1"), ("bgr", "u1", 3)])
    scaled = np.clip(np.round(positions * FULL), -FULL, FULL)
    records["x"], records["y"] = scaled[:, 0], scaled[:, 1]
    lit = lit_samples(frame.raw())
    records["status"] = np.where(lit, 0, BLANKED)
    records["status"][-1] |= LAST
    records["bgr"][:, 1] = np.where(lit, np.round(light.power[ends] * 255), 0)
    return _header(name, frame.samples, 1) + records.tobytes() + _header(name, 0, 1)


def _header(name: str, records: int, frames: int) -> bytes:
    label = name.encode("ascii", "replace")[:8]
    return HEADER.pack(b"ILDA", FORMAT, label, b"Lapel", records, 0, frames, 0)
