"""Recordings for the virtual microphone: any WAV becomes 16 kHz mono, 16 bit.

RIFF and WAVE as in "Multimedia Programming Interface and Data Specifications 1.0" (IBM, Microsoft, 1991);
the extensible format after Microsoft's WAVEFORMATEXTENSIBLE. Sizes in headers are often wrong (streams,
interrupted recorders), so what the file really holds decides.
"""

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
from lapel_wire.audio import MAX_UTTERANCE_S, SAMPLE_RATE_HZ

MAX_FILE_BYTES = 128 << 20  # 30 s of eight channels of 64-bit floats at 48 kHz, with room
MIN_RATE_HZ, MAX_RATE_HZ = 2_000, 384_000
MAX_CHANNELS = 32
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
WIDTHS = {PCM: (8, 16, 24, 32), FLOAT: (32, 64)}

Samples = npt.NDArray[np.int16]


class WavError(ValueError):
    """Not a recording that can be played: what was expected, what came, what to do."""


def read_wav(path: Path, longest_s: int = MAX_UTTERANCE_S) -> bytes:
    """The recording in `path` as s16le, mono, 16 kHz. Raises WavError. Blocks while it resamples."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)  # a device may have no end
        if len(data) > MAX_FILE_BYTES:
            raise WavError(f"at most {MAX_FILE_BYTES >> 20} MB, this file has more; cut it shorter")
        return decode(data, longest_s).astype("<i2").tobytes()
    except OSError as error:
        raise WavError(f"{path}: cannot be read ({error.strerror or error})") from error
    except WavError as error:
        raise WavError(f"{path}: {error}") from None


def decode(data: bytes, longest_s: int = MAX_UTTERANCE_S) -> Samples:
    """The same of a file's content, as samples."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError(f"expected a WAV file (RIFF ... WAVE), it begins with {data[:12]!r}; convert it first")
    kind, channels, rate, bits, sound = _chunks(data)
    frames = len(sound) // (channels * bits // 8)
    if frames == 0:
        raise WavError("expected sound, the file has no samples; record it again")
    if frames > longest_s * rate:
        raise WavError(f"at most {longest_s} s, this one has {frames / rate:.1f} s; cut it shorter")
    sound = sound[: frames * channels * bits // 8]
    if (kind, channels, rate, bits) == (PCM, 1, SAMPLE_RATE_HZ, 16):
        return np.frombuffer(sound, dtype="<i2").astype(np.int16)
    mono = _floats(sound, kind, bits).reshape(frames, channels).mean(axis=1)
    if rate != SAMPLE_RATE_HZ:
        mono = soxr.resample(mono, rate, SAMPLE_RATE_HZ)
    if not len(mono):
        raise WavError(f"expected sound, {frames} samples at {rate} Hz are too short; record it again")
    samples: Samples = np.clip(np.rint(mono * 32768), -32768, 32767).astype(np.int16)
    return samples


def _chunks(data: bytes) -> tuple[int, int, int, int, bytes]:
    """(format, channels, rate in Hz, bits, sound)."""
    form: tuple[int, int, int, int] | None = None
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + size]
        if name == b"fmt ":
            form = _format(body)
        elif name == b"data":
            if form is None:
                raise WavError("expected the format (fmt) before the sound (data); the file is damaged")
            # A recorder that streams or was interrupted leaves 0 or a huge number: the rest is the sound.
            return *form, body if size else data[at + 8 :]
        at += 8 + size + (size & 1)
    missing = "sound (data)" if form else "format (fmt)"
    raise WavError(f"expected a {missing} chunk, the file ends without; it is damaged or was cut short")


def _format(body: bytes) -> tuple[int, int, int, int]:
    if len(body) < 16:
        raise WavError(f"expected a format of 16 bytes or more, got {len(body)}; the file is damaged")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if kind == EXTENSIBLE and len(body) >= 26:
        kind = struct.unpack_from("<H", body, 24)[0]  # the first two bytes of the sub-format's GUID
    if kind not in WIDTHS:
        raise WavError(f"expected PCM or float samples, got format {kind} (compressed); convert it to PCM")
    if bits not in WIDTHS[kind]:
        raise WavError(f"expected {' or '.join(map(str, WIDTHS[kind]))} bits a sample, got {bits}")
    if not 1 <= channels <= MAX_CHANNELS:
        raise WavError(f"expected 1 to {MAX_CHANNELS} channels, got {channels}")
    if not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
        raise WavError(f"expected {MIN_RATE_HZ} to {MAX_RATE_HZ} samples a second, got {rate}")
    return kind, channels, rate, bits


def _floats(sound: bytes, kind: int, bits: int) -> npt.NDArray[np.float64]:
    """Samples from -1 to 1."""
    if kind == FLOAT:
        values = np.frombuffer(sound, dtype=f"<f{bits // 8}").astype(np.float64)
        if not np.isfinite(values).all():
            raise WavError("expected numbers, some samples are infinite or not a number; convert it again")
        return np.clip(values, -1.0, 1.0)
    if bits == 8:  # the only unsigned width
        return (np.frombuffer(sound, dtype=np.uint8).astype(np.float64) - 128) / 128
    if bits == 24:
        triples = np.frombuffer(sound, dtype=np.uint8).reshape(-1, 3)
        wide = np.zeros((len(triples), 4), dtype=np.uint8)
        wide[:, 1:] = triples
        return wide.view("<i4")[:, 0] / float(1 << 31)
    return np.frombuffer(sound, dtype=f"<i{bits // 8}") / float(1 << (bits - 1))
