"""What the sentence encoder read is kept, and read again when it is spoilt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from lapel.assistant.likeness import Encoder, Vector


class CountingEncoder(Encoder):
    """The keeping alone: one vector of the text's length for each text, without the model's weights."""

    def __init__(self, kept: Path) -> None:
        self._kept = kept
        self.read = 0

    def encode(self, texts: object) -> Vector:
        assert isinstance(texts, list)
        self.read += 1
        return np.array([[len(text)] for text in texts], dtype=np.float32)


def test_the_same_texts_are_read_once(tmp_path: Path) -> None:
    encoder = CountingEncoder(tmp_path / "kept")
    first = encoder.encode_once(["one", "three"])
    assert (encoder.encode_once(["one", "three"]) == first).all() and encoder.read == 1
    assert encoder.encode_once(["one", "three!"])[1] == 6 and encoder.read == 2


def test_a_file_that_was_cut_off_is_read_again(tmp_path: Path) -> None:
    encoder = CountingEncoder(tmp_path)
    first = encoder.encode_once(["one"])
    (path,) = tmp_path.glob("*.npy")
    for spoilt in (b"", path.read_bytes()[:-2], b"nonsense"):
        path.write_bytes(spoilt)
        assert (encoder.encode_once(["one"]) == first).all()
    assert encoder.read == 4
