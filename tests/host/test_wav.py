"""Recordings of every kind become 16 kHz mono; broken ones are refused with a sentence."""

import contextlib
import struct
from pathlib import Path

import numpy as np
import pytest
from lapel import wav

TONE_HZ = 440


def make(
    samples: np.ndarray,
    rate: int = 16000,
    kind: int = 1,
    extensible: bool = False,
    data_size: int | None = None,
) -> bytes:
    """A WAV of (frames, channels) in the array's own width."""
    frames = samples if samples.ndim == 2 else samples[:, None]
    width = frames.dtype.itemsize
    sound = frames.tobytes()
    if frames.dtype == np.int32 and kind == 24:
        kind, width = 1, 3
        sound = frames.reshape(-1).view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()
    channels = frames.shape[1]
    form = struct.pack(
        "<HHIIHH",
        0xFFFE if extensible else kind, channels, rate, rate * channels * width, channels * width, 8 * width,
    )  # fmt: skip
    if extensible:
        form += struct.pack("<HHIH", 22, 8 * width, 0, kind) + bytes(14)
    size = len(sound) if data_size is None else data_size
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    body += b"LIST" + struct.pack("<I", 3) + b"abc\0"  # an odd chunk in between, padded
    body += b"data" + struct.pack("<I", size) + sound
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tone(rate: int, seconds: float = 0.5) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * TONE_HZ * np.arange(int(rate * seconds)) / rate)


def assert_is_the_tone(samples: np.ndarray) -> None:
    assert samples.dtype == np.int16
    assert abs(len(samples) - 8000) <= 2
    expected = tone(16000)[200:7800] * 32768
    assert np.abs(samples[200:7800] - expected).max() < 400  # within 1.2 % of full scale


def test_16_khz_16_bit_mono_comes_bit_for_bit():
    values = np.arange(-32768, 32768, 7, dtype="<i2")
    assert (wav.decode(make(values)) == values).all()


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 44100, 48000, 96000])
def test_any_rate_is_resampled(rate):
    assert_is_the_tone(wav.decode(make((tone(rate) * 32767).astype("<i2"), rate)))


@pytest.mark.parametrize("extensible", [False, True])
@pytest.mark.parametrize(
    ("dtype", "kind", "scale", "offset"),
    [("u1", 1, 127, 128), ("<i2", 1, 32767, 0), ("<i4", 24, 2**31 - 1, 0), ("<i4", 1, 2**31 - 1, 0),
     ("<f4", 3, 1, 0), ("<f8", 3, 1, 0)],
)  # fmt: skip
def test_any_width(dtype, kind, scale, offset, extensible):
    values = (tone(16000) * scale + offset).astype(dtype)
    assert_is_the_tone(wav.decode(make(values, kind=kind, extensible=extensible)))


def test_channels_are_mixed():
    left = (tone(16000) * 32767).astype("<i2")
    stereo = np.stack([left, np.zeros_like(left)], axis=1)
    assert (np.abs(wav.decode(make(stereo)) - left / 2) <= 1).all()


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wrong_size_in_the_header_is_not_believed(size):
    values = np.arange(1000, dtype="<i2")
    assert (wav.decode(make(values, data_size=size)) == values).all()


def test_a_recording_cut_in_the_middle_of_a_frame_loses_that_frame():
    values = np.arange(1000, dtype="<i2")
    assert (wav.decode(make(values)[:-1]) == values[:-1]).all()


def test_loud_floats_are_clipped():
    assert wav.decode(make(np.array([2.0, -2.0, 0.0], "<f4"), kind=3)).tolist() == [32767, -32768, 0]


GOOD = make(np.arange(100, dtype="<i2"))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "expected a WAV file"),
        (b"ID3\x04 an mp3", "expected a WAV file"),
        (GOOD[:12], "expected a format"),
        (GOOD[:30], "expected a format of 16 bytes"),
        (GOOD[:40], r"expected a sound \(data\) chunk"),
        (GOOD[: GOOD.index(b"data") + 8], "no samples"),
        (make(np.zeros(31 * 16000, "<i2")), "at most 30 s"),
        (make(np.zeros(10, "<i2"), rate=100), "samples a second"),
        (make(np.zeros(10, "<i2"), kind=6), "format 6"),
        (make(np.zeros(10, "<i8")), "bits a sample"),
        (make(np.full(10, np.nan, "<f4"), kind=3), "not a number"),
        (make(np.zeros((4, 40), "<i2")), "1 to 32 channels"),
    ],
)
def test_what_is_no_recording_is_refused_with_a_reason(data, sentence):
    with pytest.raises(wav.WavError, match=sentence):
        wav.decode(data)


def test_no_cut_of_a_recording_raises_anything_else():
    for end in range(len(GOOD)):
        with contextlib.suppress(wav.WavError):
            wav.decode(GOOD[:end])


def test_of_a_file_without_end_only_so_much_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(wav, "MAX_FILE_BYTES", 1 << 20)
    with pytest.raises(wav.WavError, match="/dev/zero: at most 1 MB"):
        wav.read_wav(Path("/dev/zero"))


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(wav.WavError, match=r"nothing\.wav: cannot be read"):
        wav.read_wav(tmp_path / "nothing.wav")


def test_a_refusal_names_the_file(tmp_path: Path):
    path = tmp_path / "song.wav"
    path.write_bytes(b"fLaC")
    with pytest.raises(wav.WavError, match=r"song\.wav: expected a WAV"):
        wav.read_wav(path)
