"""Random and mutated frames against the pin's websocket client: only the documented exceptions."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pin.handshake import HandshakeError, Upgrade
from pin.websocket import BINARY, CLOSE, NOTHING, PING, PONG, TEXT, TOO_BIG, Frame, Protocol, ProtocolError

LIMIT = 600  # largest message here: small enough that random lengths often pass it


def server_frame(first: int, payload: bytes) -> bytes:
    if len(payload) < 126:
        return bytes([first, len(payload)]) + payload
    return bytes([first, 126]) + len(payload).to_bytes(2, "big") + payload


def random_frames(rng: random.Random, count: int) -> bytes:
    """Frames that are mostly right, then a few bytes changed, dropped or put in."""
    data = bytearray()
    for _ in range(count):
        opcode = rng.choice((0, 0, 1, 1, 2, 2, 8, 9, 10, rng.randrange(16)))
        length = rng.choice((0, 1, 2, rng.randrange(126), rng.randrange(700)))
        payload = rng.randbytes(length) if rng.random() < 0.5 else ("aé€😀" * 200).encode()[:length]
        data += server_frame(rng.choice((0x80, 0x80, 0x80, 0)) | opcode, payload)
    for _ in range(rng.choice((0, 0, 1, 3))):
        at = rng.randrange(len(data) + 1)
        data[at : at + rng.randrange(2)] = rng.randbytes(rng.randrange(2))
    return bytes(data)


def drive(protocol: Protocol, data: bytes, step: int) -> list[object]:
    """Feed all of it; the events. Checks what must hold at every moment."""
    seen: list[object] = []
    at = 0
    while at < len(data):
        end = min(len(data), at + step)
        while at < end:
            try:
                now = protocol.feed(data, at, end)
            except ProtocolError as error:
                assert error.code in (1002, 1007, 1009)
                assert protocol.failed and protocol.close_sent and protocol.closing.pending()
                return [*seen, error.code]
            assert at < now <= end
            at = now
            event = protocol.event
            assert event in (NOTHING, TEXT, BINARY, PING, PONG, CLOSE)
            if event == TEXT:
                seen.append(protocol.text())
            elif event == BINARY:
                seen.append(bytes(protocol.message()))
            elif event != NOTHING:
                seen.append((event, protocol.close_code))
            if event in (TEXT, BINARY):
                assert len(protocol.message()) <= LIMIT
            protocol.pong.start = protocol.pong.end
    return seen


def fuzz(seed: int, frames: int) -> None:
    rng = random.Random(seed)
    protocol = Protocol(LIMIT)
    outcomes = set()
    done = 0
    while done < frames:
        data = random_frames(rng, rng.randrange(1, 8))
        protocol.reset()
        seen = drive(protocol, data, rng.choice((1, 2, 7, 64, len(data))))
        done += len(seen)  # at least so many frames were parsed: fragments give no event of their own
        outcomes.update(type(event) if not isinstance(event, int) else event for event in seen)
    assert outcomes >= {str, bytes, tuple, 1002, 1007, 1009}  # the frames were not all alike


def test_random_frames() -> None:
    fuzz(1, 5000)


@pytest.mark.full
def test_a_million_random_frames() -> None:
    for seed in range(10):
        fuzz(seed, 100_000)


@given(st.binary(max_size=300), st.integers(1, 300))
def test_any_bytes(data: bytes, step: int) -> None:
    drive(Protocol(LIMIT), data, step)


@given(st.binary(max_size=400), st.integers(1, 400))
def test_how_bytes_are_cut_does_not_matter(data: bytes, step: int) -> None:
    frames = random_frames(random.Random(data), 4)
    assert drive(Protocol(LIMIT), frames, step) == drive(Protocol(LIMIT), frames, len(frames))


@given(st.text(max_size=150), st.integers(1, 20))
def test_any_text_in_any_fragments(text: str, size: int) -> None:
    data = text.encode()
    pieces = [data[i : i + size] for i in range(0, len(data), size)] or [b""]
    last = len(pieces) - 1
    wire = b"".join(
        server_frame((0x80 if i == last else 0) | (0 if i else 1), p) for i, p in enumerate(pieces)
    )
    assert drive(Protocol(LIMIT), wire, 5) == [text]


@given(st.binary(max_size=LIMIT))
def test_utf8_is_what_cpython_says(data: bytes) -> None:
    try:
        expected: list[object] = [data.decode()]
    except UnicodeDecodeError:
        expected = [1007]
    assert drive(Protocol(LIMIT), server_frame(0x81, data), 64) == expected


@given(st.binary(max_size=LIMIT))
def test_what_one_end_masks_the_other_reads(data: bytes) -> None:
    frame = Frame(LIMIT)
    frame.payload[: len(data)] = data
    Protocol().seal(frame, BINARY, len(data))
    wire = bytes(frame.buffer[frame.start : frame.end])
    key, masked = wire[-len(data) - 4 :][:4], wire[len(wire) - len(data) :]
    assert bytes(b ^ key[i % 4] for i, b in enumerate(masked)) == data


@given(st.integers(LIMIT + 1, 2**63 - 1))
def test_too_big_by_any_length(length: int) -> None:
    size = 2 if length < 65536 else 8
    header = bytes([0x82, 126 if size == 2 else 127]) + length.to_bytes(size, "big")
    assert drive(Protocol(LIMIT), header, 1) == [TOO_BIG]


@settings(max_examples=300)
@given(st.binary(max_size=200), st.integers(0, 130), st.integers(1, 50))
def test_any_answer_to_the_upgrade(noise: bytes, at: int, step: int) -> None:
    upgrade = Upgrade("host")
    good = b"HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n"
    data = good[:at] + noise + good[at:]
    try:
        for i in range(0, len(data), step):
            upgrade.feed(data, i, min(len(data), i + step))
    except HandshakeError:
        pass
    assert not upgrade.done  # nobody guesses the accept value
