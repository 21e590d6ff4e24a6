"""Audio frames: 32 ms of 16 kHz mono IMA ADPCM behind a ten-byte header, in a websocket binary frame.

    byte 0      kind: 1 from the microphone, 2 to the speaker
    byte 1      step index before the first sample, 0 to 88
    bytes 2-3   number of the frame in its utterance, from 0
    bytes 4-7   number of the utterance
    bytes 8-9   predictor before the first sample, signed
    bytes 10-   256 bytes of ADPCM, 512 samples

Numbers are little-endian. Each frame carries the codec's state, so it can be decoded alone: a lost
frame costs 32 ms, a repeated one nothing.
"""

import struct

from . import WireError

SAMPLE_RATE_HZ = 16000
SAMPLES_PER_FRAME = 512
FRAME_MS = 32
HEADER_BYTES = 10
ADPCM_BYTES = SAMPLES_PER_FRAME // 2
FRAME_BYTES = HEADER_BYTES + ADPCM_BYTES

MAX_UTTERANCE_S = 30  # nobody asks longer with a finger on a button; more is a stuck button
MAX_UTTERANCE_FRAMES = (MAX_UTTERANCE_S * SAMPLE_RATE_HZ + SAMPLES_PER_FRAME - 1) // SAMPLES_PER_FRAME

KIND_ADPCM = 1
KIND_VOICE = 2
MAX_STEP_INDEX = 88

_HEADER = "<BBHIh"


def pack_header(frame, utt, seq, predictor, index, kind=KIND_ADPCM):
    """Writes the header into the first ten bytes of `frame` (a bytearray or memoryview)."""
    struct.pack_into(_HEADER, frame, 0, kind, index, seq, utt, predictor)


def unpack_header(frame, kind=KIND_ADPCM):
    """(utt, seq, predictor, index) of a whole frame of this kind. Raises WireError."""
    if len(frame) != FRAME_BYTES:
        raise WireError("bad_length", "audio frame: expected %d bytes, got %d" % (FRAME_BYTES, len(frame)))
    came, index, seq, utt, predictor = struct.unpack_from(_HEADER, frame, 0)
    if came != kind:
        raise WireError("unknown_type", "binary frame: expected kind %d, got %d" % (kind, came))
    if index > MAX_STEP_INDEX:
        raise WireError("out_of_range", "audio frame: step index 0 to %d, got %d" % (MAX_STEP_INDEX, index))
    if kind == KIND_ADPCM and seq >= MAX_UTTERANCE_FRAMES:
        raise WireError("out_of_range", "audio frame: number below %d, got %d" % (MAX_UTTERANCE_FRAMES, seq))
    return utt, seq, predictor, index
