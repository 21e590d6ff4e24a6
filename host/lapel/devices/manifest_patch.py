"""The manifest of an update as a patch to the one that a pin runs (lapel_wire/update.py).

Of two manifests most entries are the same, and hashes cannot be packed: without this, an update of one small
file would send the names and hashes of all others.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from lapel_wire.update import pack_piece

_WORD = re.compile(rb'[^",]*[",]|[^",]+')  # manifests differ in whole words
_WORTH_BYTES = 12  # a shorter piece of the old one is better sent than named
_HEX = re.compile(rb"(.*?)((?:[0-9a-f]{64})+|$)", re.DOTALL)  # some text, and the digits after it, if any


def make(old: bytes, new: bytes) -> bytes:
    """What makes `new` of `old`; empty without an old one, or if it were no shorter."""
    if not old:
        return b""
    olds, news = _WORD.findall(old), _WORD.findall(new)
    starts = [0]
    for piece in olds:
        starts.append(starts[-1] + len(piece))
    pieces: list[tuple[int, int, bytes]] = []  # offset and length of a part of the old one, what follows it
    for same in SequenceMatcher(None, olds, news, autojunk=False).get_matching_blocks():
        size = starts[same.a + same.size] - starts[same.a]
        if same.size and size < _WORTH_BYTES:
            continue
        end = sum(len(piece) for piece in news[: same.b])
        known = sum(length + len(data) for _, length, data in pieces)
        if end > known:
            offset, length, data = pieces.pop() if pieces else (0, 0, b"")
            pieces.append((offset, length, data + new[known:end]))
        if same.size:
            pieces.append((starts[same.a], size, b""))
    patch = b"".join(_pack(*piece) for piece in pieces)
    return patch if len(patch) < len(new) else b""


def _pack(offset: int, length: int, data: bytes) -> bytes:
    """A part of the old manifest and what follows it: hashes and signature are hex digits."""
    packed = []
    for match in _HEX.finditer(data):
        text, digits = match.groups()
        if not text and not digits:
            continue  # the end
        packed.append(pack_piece(offset, length, text, bytes.fromhex(digits.decode())))
        offset = length = 0
    return b"".join(packed) or pack_piece(offset, length, b"")
