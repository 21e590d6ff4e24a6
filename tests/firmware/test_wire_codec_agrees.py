"""Three encoders of the same sound: MicroPython's viper, the same source on CPython, and audioop."""

import audioop
import operator
import random
from array import array
from pathlib import Path

import lapel_wire.adpcm
import pytest
from conftest import run_micropython
from lapel.viper import without_decorator
from lapel_wire import adpcm, audio

ENCODE_FILE = """
import sys
from array import array
from lapel_wire import adpcm
with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
    state = adpcm.new_state()
    out = bytearray(256)
    while True:
        frame = source.read(1024)
        if not frame:
            break
        target.write(state)
        adpcm.encode(array("H", frame), out, state, 512)
        target.write(out)
    target.write(state)
"""
STATE = 8  # bytes of array("i", 2)


def sound(rng: random.Random, frames: int) -> bytes:
    """Loud, soft, clipped and silent stretches, each frame in its turn."""
    samples = array("h")
    for _ in range(frames):
        kind = rng.randrange(6)
        loudness = rng.choice((2, 50, 3000, 32768))
        if kind == 0:
            samples.extend([0] * 512)
        elif kind == 1:
            period = rng.randrange(1, 200)
            samples.extend(32767 if i // period % 2 else -32768 for i in range(512))
        elif kind == 2:
            level = rng.randrange(-32768, 32768)
            samples.extend([level] * 512)
        else:
            samples.extend(rng.randrange(-loudness, loudness) for _ in range(512))
    return samples.tobytes()


def on_micropython(pcm: bytes, folder: Path) -> bytes:
    (folder / "pcm").write_bytes(pcm)
    (folder / "encode.py").write_text(ENCODE_FILE, "ascii")
    result = run_micropython(folder / "encode.py", folder / "pcm", folder / "adpcm")
    assert result.returncode == 0, result.stdout
    return (folder / "adpcm").read_bytes()


def on_cpython(pcm: bytes) -> bytes:
    state, out, written = adpcm.new_state(), bytearray(256), bytearray()
    for start in range(0, len(pcm), 1024):
        written += bytes(state)
        adpcm.encode(array("H", pcm[start : start + 1024]), out, state, 512)
        written += out
    return bytes(written + bytes(state))


def by_audioop(pcm: bytes) -> bytes:
    state, written = (0, 0), bytearray()
    for start in range(0, len(pcm), 1024):
        written += bytes(array("i", state))
        out, state = audioop.lin2adpcm(pcm[start : start + 1024], 2, state)
        written += out
    return bytes(written + bytes(array("i", state)))


@pytest.mark.parametrize("frames", [60, pytest.param(6000, marks=pytest.mark.full)])
def test_all_encoders_agree_bit_for_bit(tmp_path: Path, frames: int) -> None:
    pcm = sound(random.Random(frames), frames)
    expected = by_audioop(pcm)
    assert on_cpython(pcm) == expected
    assert on_micropython(pcm, tmp_path) == expected


def test_every_frame_decodes_alone() -> None:
    """Frames in any order, each with its own state, give what one decoder gives for the whole."""
    pcm = sound(random.Random(3), 40)
    written = on_cpython(pcm)
    whole = audioop.adpcm2lin(
        b"".join(written[i + STATE : i + STATE + 256] for i in range(0, 40 * 264, 264)), 2, None
    )[0]
    for seq in random.Random(4).sample(range(40), 40):
        state = array("i", written[seq * 264 : seq * 264 + STATE])
        frame = bytearray(audio.FRAME_BYTES)
        audio.pack_header(frame, 9, seq, state[0], state[1])
        frame[audio.HEADER_BYTES :] = written[seq * 264 + STATE : (seq + 1) * 264]
        _, number, predictor, index = audio.unpack_header(frame)
        alone = audioop.adpcm2lin(bytes(frame[audio.HEADER_BYTES :]), 2, (predictor, index))[0]
        assert alone == whole[number * 1024 : (number + 1) * 1024]


class Int32:
    """A 32-bit signed integer that raises where the ESP32-S3's would wrap."""

    def __init__(self, value: int) -> None:
        value = int(value)
        assert -(2**31) <= value < 2**31, f"{value} does not fit into 32 bits"
        self.value = value

    def __index__(self) -> int:
        return self.value

    __int__ = __index__

    def __hash__(self) -> int:
        return hash(self.value)


def _operation(apply, swapped=False):
    def operate(self, other):
        one, two = (int(other), self.value) if swapped else (self.value, int(other))
        result = apply(one, two)
        return result if isinstance(result, bool) else Int32(result)

    return operate


for _name in ("add", "sub", "mul", "and_", "or_", "rshift", "lshift", "lt", "le", "gt", "ge", "eq", "ne"):
    _apply, _plain = getattr(operator, _name), _name.strip("_")
    setattr(Int32, f"__{_plain}__", _operation(_apply))
    setattr(Int32, f"__r{_plain}__", _operation(_apply, swapped=True))


def test_no_value_leaves_32_bits() -> None:
    """The encoder's own source on integers that raise at an overflow, over the extremes."""
    path = Path(lapel_wire.adpcm.__file__)
    scope: dict[str, object] = {"int": Int32, "ptr8": lambda x: x, "ptr16": lambda x: x, "ptr32": lambda x: x}
    exec(compile(without_decorator(path.read_bytes()), path, "exec"), scope)
    rng = random.Random(5)
    for predictor in (-32768, 0, 32767):
        for index in (0, 44, 88):
            pcm = array("h", [32767, -32768, -32768, 32767, 0, -1, 1, 0])
            pcm.extend(rng.randrange(-32768, 32768) for _ in range(248))
            out, state = bytearray(128), array("i", (predictor, index))
            scope["encode"](array("H", pcm.tobytes()), out, state, 256)  # type: ignore[operator]
            expected, after = audioop.lin2adpcm(pcm.tobytes(), 2, (predictor, index))
            assert (bytes(out), tuple(state)) == (expected, after)
