"""ADPCM encoder, audio frames and challenge, against references written from their standards."""

import binascii
import random
from array import array

from lapel_wire import WireError, adpcm, audio, challenge

ON_MICROPYTHON = True

STEPS = list(adpcm.TABLE[:89])


def reference(samples, predictor=0, index=0):
    """Codes of the IMA's 1992 recommendation, section 6, one list item a sample; and the state after them."""
    codes = []
    for sample in samples:
        step = STEPS[index]
        difference = sample - predictor
        code = 8 if difference < 0 else 0
        rest = abs(difference)
        change = step // 8
        for bit, part in ((4, step), (2, step // 2), (1, step // 4)):
            if rest >= part:
                code |= bit
                rest -= part
                change += part
        predictor = min(32767, max(-32768, predictor - change if code & 8 else predictor + change))
        index = min(88, max(0, index + (-1, -1, -1, -1, 2, 4, 6, 8)[code & 7]))
        codes.append(code)
    return codes, predictor, index


def encode(samples, state=None):
    """Bytes of the encoder under test."""
    state = adpcm.new_state() if state is None else state
    out = bytearray(len(samples) // 2)
    adpcm.encode(array("H", [sample & 0xFFFF for sample in samples]), out, state, len(samples))
    return bytes(out)


def shapes():
    """Names and samples of what a microphone and a broken microphone give."""
    rng = random
    rng.seed(1)
    yield "silence", [0] * 512
    yield "square", [32767, -32768] * 256
    yield "slow square", ([32767] * 16 + [-32768] * 16) * 16
    yield "lowest", [-32768] * 512
    yield "highest", [32767] * 512
    yield "steps", [(i // 64) * 8000 - 32000 for i in range(512)]
    yield "one bit", [i & 1 for i in range(512)]
    yield "ramp", [i * 128 - 32768 for i in range(512)]
    for loudness in (3, 100, 5000, 32768):
        yield "noise %d" % loudness, [rng.randrange(-loudness, loudness) for _ in range(2048)]


def test_encoder_is_the_recommendation():
    for name, samples in shapes():
        state = adpcm.new_state()
        codes, predictor, index = reference(samples)
        expected = bytes([codes[i] << 4 | codes[i + 1] for i in range(0, len(codes), 2)])
        assert encode(samples, state) == expected, name
        assert (state[0], state[1]) == (predictor, index), name


def test_encoder_from_every_corner_of_its_state():
    for predictor in (-32768, -1, 0, 1, 32767):
        for index in (0, 1, 44, 87, 88):
            for samples in ([-32768, 32767], [32767, -32768], [predictor, predictor], [0, 0]):
                state = array("i", (predictor, index))
                codes, last, step = reference(samples, predictor, index)
                assert encode(samples, state) == bytes([codes[0] << 4 | codes[1]])
                assert (state[0], state[1]) == (last, step)


def test_encoder_goes_on_where_it_stopped():
    for name, samples in shapes():
        state = adpcm.new_state()
        parts = [encode(samples[i : i + 128], state) for i in range(0, len(samples), 128)]
        assert b"".join(parts) == encode(samples), name


def test_encoder_writes_only_its_half_of_the_samples():
    out = bytearray(b"\xa5" * 10)
    adpcm.encode(array("H", [1000] * 16), out, adpcm.new_state(), 8)
    assert out[4:] == b"\xa5" * 6
    adpcm.encode(array("H", [1000] * 16), out, adpcm.new_state(), 0)
    assert out[4:] == b"\xa5" * 6


def test_header_comes_back():
    frame = bytearray(audio.FRAME_BYTES)
    for given in (
        (0, 0, 0, 0),
        (1, 2, -3, 4),
        (0xFFFFFFFF, audio.MAX_UTTERANCE_FRAMES - 1, -32768, 88),
        (0x01020304, 0x0102, 32767, 1),
    ):
        audio.pack_header(frame, *given)
        assert audio.unpack_header(frame) == given
        assert audio.unpack_header(bytes(frame)) == given
        assert audio.unpack_header(memoryview(frame)) == given


def test_header_bytes_are_those_of_the_protocol():
    frame = bytearray(audio.FRAME_BYTES)
    audio.pack_header(frame, 0x01020304, 0x0102, -2, 7)
    assert bytes(frame[:10]) == b"\x01\x07\x02\x01\x04\x03\x02\x01\xfe\xff"
    assert (audio.FRAME_BYTES, audio.MAX_UTTERANCE_FRAMES) == (266, 938)


def refused(call, *args):
    """Code of the WireError that the call must raise."""
    try:
        call(*args)
    except WireError as error:
        assert error.code in WireError.CODES
        assert error.text and str(error) == error.text
        return error.code
    raise AssertionError("nothing was raised")


def test_bad_frames_are_named():
    good = bytearray(audio.FRAME_BYTES)
    audio.pack_header(good, 1, 2, 3, 4)
    for length in (0, 1, 9, 10, audio.FRAME_BYTES - 1, audio.FRAME_BYTES + 1, 2048):
        assert refused(
            audio.unpack_header, bytes(good) + bytes(length) if length > 300 else bytes(length)
        ) == ("bad_length")
    for kind in (0, 2, 255):
        assert refused(audio.unpack_header, bytes([kind]) + bytes(good[1:])) == "unknown_type"
    for index in (89, 128, 255):
        assert refused(audio.unpack_header, b"\x01" + bytes([index]) + bytes(good[2:])) == "out_of_range"
    for seq in (audio.MAX_UTTERANCE_FRAMES, 0xFFFF):
        frame = bytearray(good)
        frame[2], frame[3] = seq & 255, seq >> 8
        assert refused(audio.unpack_header, frame) == "out_of_range"


def test_random_frames_raise_nothing_else():
    rng = random
    rng.seed(2)
    for _ in range(2000):
        frame = bytes([rng.randrange(256) for _ in range(10)]) + bytes(256)
        try:
            utt, seq, predictor, index = audio.unpack_header(frame)
        except WireError as error:
            assert error.code in ("unknown_type", "out_of_range")
        else:
            assert seq < audio.MAX_UTTERANCE_FRAMES and index <= 88
            assert -32768 <= predictor <= 32767 and 0 <= utt <= 0xFFFFFFFF


def test_mac_is_hmac_sha256():
    # RFC 4231's keys are of other lengths than ours; this digest is OpenSSL's for the same key and text.
    key = bytes(range(32))
    parts = (1, "pin-1", "00" * 32, "ff" * 32)
    text = "lapel pin\n1\npin-1\n" + "00" * 32 + "\n" + "ff" * 32
    inner = challenge.hashlib.sha256(bytes([b ^ 0x36 for b in key + bytes(32)]) + text.encode()).digest()
    outer = challenge.hashlib.sha256(bytes([b ^ 0x5C for b in key + bytes(32)]) + inner).digest()
    assert challenge.mac(key, "pin", *parts) == binascii.hexlify(outer).decode()
    assert (
        challenge.mac(key, "pin", *parts)
        == "308e297d6e0885542866a605d03a0d397896332e4b2d9721b97776cb17cee5d4"
    )


def test_mac_depends_on_everything_it_covers():
    covered = [bytes(range(32)), "pin", 1, "pin-1", "00" * 32, "ff" * 32]
    others = [bytes(32), "relay", 2, "pin-2", "01" * 32, "fe" * 32]
    macs = [challenge.mac(*covered)]
    for i in range(len(covered)):
        changed = list(covered)
        changed[i] = others[i]
        macs.append(challenge.mac(*changed))
    covered[4], covered[5] = covered[5], covered[4]
    macs.append(challenge.mac(*covered))
    assert len(set(macs)) == 8


def test_a_key_of_another_length_is_refused():
    for length in (0, 31, 33, 64):
        try:
            challenge.mac(bytes(length), "pin", 1, "a", "b", "c")
        except ValueError as error:
            assert "32 bytes" in str(error)
        else:
            raise AssertionError(length)


def test_same_compares_whole_texts():
    assert challenge.same("", "")
    assert challenge.same("abc", "abc")
    for one, other in (
        ("", "a"),
        ("abc", "ab"),
        ("ab", "abc"),
        ("abc", "abd"),
        ("abc", "bbc"),
        ("a" * 64, "a" * 63),
    ):
        assert not challenge.same(one, other)
        assert not challenge.same(other, one)
