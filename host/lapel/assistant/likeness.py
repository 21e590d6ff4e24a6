"""How alike two texts are in meaning, by a small sentence encoder (all-MiniLM-L6-v2), in numpy.

Reimers and Gurevych, "Sentence-BERT" (2019); Devlin and others, "BERT" (2018). A short text takes about ten
milliseconds on one core, which is why the weights are read by hand and no framework is needed.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tokenizers import Tokenizer

WEIGHTS, WORDS = "model.safetensors", "tokenizer.json"
_LAYERS, _HEADS = 6, 12
_EPSILON = 1e-12  # of the layers' norms, from the model's configuration
_MAX_TOKENS = 64  # a spoken request is shorter
_VERSION = "1"  # of this code and its model: what was kept before another is not taken

Vector = NDArray[np.float32]


class Encoder:
    """Texts as vectors of length one: their product is the cosine of how alike they are. Raises OSError.

    What it read is kept in the folder `kept`: a hundred texts take seconds, and are the same at each start.
    """

    def __init__(self, folder: Path, kept: Path | None = None) -> None:
        # Small products: threads that share one wait for each other, a second long on a busy computer.
        threadpool_limits(1, "blas")
        self._kept = kept
        self._weights = _read(folder / WEIGHTS)
        self._tokenizer = Tokenizer.from_file(str(folder / WORDS))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_MAX_TOKENS)

    def encode(self, texts: Sequence[str]) -> Vector:
        """One row of 384 numbers for each text."""
        return np.stack([self._encode(text) for text in texts])

    def encode_once(self, texts: Sequence[str]) -> Vector:
        """As `encode`, or what is kept of the same texts."""
        if self._kept is None:
            return self.encode(texts)
        name = hashlib.sha256("\n".join([_VERSION, *texts]).encode()).hexdigest()[:32]
        path = self._kept / f"{name}.npy"
        try:
            found: Vector = np.load(path, allow_pickle=False)
            if found.shape[0] == len(texts) and found.dtype == np.float32:
                return found
        except (OSError, ValueError, EOFError):
            pass  # nothing there yet, or cut off: read again
        vectors = self.encode(texts)
        self._kept.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}.new")
        with new.open("wb") as file:
            np.save(file, vectors)
        new.replace(path)
        return vectors

    def _encode(self, text: str) -> Vector:
        ids = self._tokenizer.encode(text).ids
        w = self._weights
        embedded = (
            w["embeddings.word_embeddings.weight"][ids]
            + w["embeddings.position_embeddings.weight"][: len(ids)]
            + w["embeddings.token_type_embeddings.weight"][0]
        )
        x = self._norm(embedded, "embeddings.LayerNorm")
        for i in range(_LAYERS):
            x = self._layer(x, f"encoder.layer.{i}")
        mean: Vector = x.mean(axis=0)
        unit: Vector = mean / np.linalg.norm(mean)
        return unit

    def _layer(self, x: Vector, name: str) -> Vector:
        n, width = x.shape
        size = width // _HEADS

        def heads(part: str) -> Vector:
            return (
                self._linear(x, f"{name}.attention.self.{part}").reshape(n, _HEADS, size).transpose(1, 0, 2)
            )

        scores = heads("query") @ heads("key").transpose(0, 2, 1) / math.sqrt(size)
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        attended = (scores / scores.sum(axis=-1, keepdims=True)) @ heads("value")
        attended = attended.transpose(1, 0, 2).reshape(n, width)
        attended = self._linear(attended, f"{name}.attention.output.dense")
        x = self._norm(x + attended, f"{name}.attention.output.LayerNorm")
        wide = _gelu(self._linear(x, f"{name}.intermediate.dense"))
        return self._norm(x + self._linear(wide, f"{name}.output.dense"), f"{name}.output.LayerNorm")

    def _linear(self, x: Vector, name: str) -> Vector:
        return x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, x: Vector, name: str) -> Vector:
        mean, spread = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
        normal: Vector = (x - mean) / np.sqrt(spread + np.float32(_EPSILON))
        return normal * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def _gelu(x: Vector) -> Vector:
    """Exact to 2e-7: Abramowitz and Stegun 7.1.26 for the error function."""
    z = np.abs(x) / np.float32(math.sqrt(2))
    t = 1 / (1 + 0.3275911 * z)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - series * np.exp(-z * z))
    return (0.5 * x * (1 + erf)).astype(np.float32)


def _read(path: Path) -> dict[str, Vector]:
    """The tensors of a safetensors file: a length, a JSON header, and raw little-endian numbers."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header: dict[str, Any] = json.loads(data[8 : 8 + length])
    tensors = {}
    for name, told in header.items():
        if name != "__metadata__" and told["dtype"] == "F32":
            begin, end = told["data_offsets"]
            flat = np.frombuffer(data[8 + length + begin : 8 + length + end], dtype="<f4")
            tensors[name.removeprefix("bert.")] = flat.reshape(told["shape"])
    return tensors
