"""Framing, masking, UTF-8 and closing of the pin's websocket client; frames are written out by hand."""

import sys

from pin.utf8 import utf8_valid
from pin.websocket import (
    BINARY,
    CLOSE,
    CONTINUATION,
    NOTHING,
    PING,
    PONG,
    TEXT,
    Frame,
    Protocol,
    ProtocolError,
    mask,
)

ON_MICROPYTHON = True


def events(data, step=None, protocol=None, message_bytes=8192):
    """Feed `data` in pieces of `step` bytes; what came out, errors as ("error", code)."""
    protocol = protocol or Protocol(message_bytes)
    out = []
    at = 0
    while at < len(data):
        end = min(len(data), at + (step or len(data)))
        while at < end:
            try:
                at = protocol.feed(data, at, end)
            except ProtocolError as error:
                out.append(("error", error.code))
                return out
            if protocol.event == TEXT:
                out.append(protocol.text())
            elif protocol.event == BINARY:
                out.append(bytes(protocol.message()))
            elif protocol.event == PING:
                out.append(("ping", unmasked(protocol.pong)[1]))
                protocol.pong.start = protocol.pong.end
            elif protocol.event == PONG:
                out.append("pong")
            elif protocol.event == CLOSE:
                out.append(("close", protocol.close_code, protocol.close_reason))
    return out


def unmasked(frame):
    """(first byte, payload) of a sealed client frame, read as a server would, a byte at a time."""
    wire = bytes(frame.buffer[frame.start : frame.end])
    assert wire[1] & 0x80
    length, at = wire[1] & 0x7F, 2
    if length > 125:
        size = 2 if length == 126 else 8
        length, at = int.from_bytes(wire[2 : 2 + size], "big"), 2 + size
        assert length >= (126 if size == 2 else 65536)
    key = wire[at : at + 4]
    payload = wire[at + 4 :]
    assert len(payload) == length
    return wire[0], bytes([b ^ key[i % 4] for i, b in enumerate(payload)])


def sealed(opcode, payload, capacity=None, fin=True):
    frame = Frame(capacity or len(payload))
    frame.payload[: len(payload)] = payload
    Protocol().seal(frame, opcode, len(payload), fin)
    return frame


def raises(error, function, *args):
    try:
        function(*args)
    except error as caught:
        return caught
    raise AssertionError(f"no {error.__name__}")


def pattern(length):
    return bytes([(i * 7 + 3) & 0xFF for i in range(length)])


# sending


def test_lengths_are_in_their_shortest_form_and_unmask_to_the_payload():
    for length in (0, 1, 2, 3, 4, 5, 125, 126, 127, 266, 2047, 2048, 65535, 65536, 65537):
        assert unmasked(sealed(BINARY, pattern(length))) == (0x82, pattern(length))


def test_header_sizes():
    assert [sealed(BINARY, bytes(n)).start for n in (0, 125, 126, 65535, 65536)] == [10, 10, 8, 8, 2]
    assert sealed(TEXT, b"x", fin=False).buffer[10] == 0x01


def test_an_audio_second_stays_below_its_budget():
    frame = sealed(BINARY, bytes(266))
    assert (frame.end - frame.start) * 31.25 <= 8700


def test_masking_leaves_the_next_words_alone():
    frame = Frame(16)
    for i in range(16):
        frame.payload[i] = 0x55
    Protocol().seal(frame, BINARY, 5)  # masks two words, of which the frame has five bytes
    assert bytes(frame.payload[8:]) == b"\x55" * 8


def test_mask_is_right_with_every_bit_of_the_key_set():
    frame = Frame(8)
    for key in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", b"\x80\x00\x00\x00", b"\x00\x00\x00\x00"):
        frame.buffer[12:16] = key
        frame.payload[:] = b"\x00\xff\x7f\x80\x01\x02\x03\xfe"
        mask(frame.words, 4, 6)
        assert bytes(frame.payload) == bytes(
            [b ^ key[i % 4] for i, b in enumerate(b"\x00\xff\x7f\x80\x01\x02\x03\xfe")]
        )


def test_key_stream():
    first, second = Protocol(), Protocol()
    keys = []
    for protocol in (first, second):
        frame = Frame(4)
        for _ in range(500):
            protocol.seal(frame, BINARY, 0)
            keys.append(bytes(frame.buffer[12:16]))
            frame.start = frame.end
    assert len(set(keys)) > 995  # two seeds, no short cycle
    ones = sum([bin(byte).count("1") for key in keys for byte in key])
    assert 15200 < ones < 16800  # of 32,000 bits


def test_the_key_generator_is_the_published_one():
    """The same recurrence, written here again over plain integers, from a known seed."""
    protocol, frame = Protocol(), Frame(4)
    protocol._x, protocol._y = x, y = 0xBEEF, 0xFFFF
    for _ in range(300):
        protocol.seal(frame, BINARY, 0)
        frame.start = frame.end
        for at in (12, 14):
            t = (x ^ (x << 5)) & 0xFFFF
            x, y = y, (y ^ (y >> 1)) ^ (t ^ (t >> 3))
            assert frame.buffer[at] | frame.buffer[at + 1] << 8 == y


def test_sealing_allocates_nothing():
    if sys.implementation.name != "micropython":
        return  # CPython has no heap counter; the other run has
    import gc

    protocol, frame = Protocol(), Frame(266)
    protocol.seal(frame, BINARY, 266)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(100):
        frame.start = frame.end
        protocol.seal(frame, BINARY, 266)
    used = gc.mem_alloc() - before
    gc.enable()
    assert used == 0, used


def test_refuses_to_seal_wrongly():
    protocol, frame = Protocol(), Frame(10)
    raises(ValueError, protocol.seal, frame, BINARY, 11)
    protocol.seal(frame, BINARY, 10)
    assert frame.pending()
    raises(ValueError, protocol.seal, frame, BINARY, 10)
    protocol.close()
    raises(ProtocolError, protocol.seal, Frame(1), BINARY, 0)


# receiving


def test_messages_whole_and_in_pieces_of_every_size():
    data = b"\x81\x05hello" + b"\x82\x03\x00\xff\x80"
    data += b"\x01\x03\xc3\xa4\xe2" + b"\x89\x01p" + b"\x00\x01\x82" + b"\x8a\x00" + b"\x80\x01\xac"
    data += b"\x81\x00"
    expected = ["hello", b"\x00\xff\x80", ("ping", b"p"), "pong", "ä€", ""]
    for step in range(1, len(data) + 1):
        assert events(data, step) == expected, step


def test_longer_lengths():
    assert events(b"\x82\x7e\x00\x7e" + pattern(126), 50) == [pattern(126)]
    wide = b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + pattern(65536)
    assert events(wide, 1000, message_bytes=65536) == [pattern(65536)]


def test_protocol_errors():
    for data in (
        b"\xc1\x00",  # reserved bits
        b"\xa1\x00",
        b"\x91\x00",
        b"\x83\x00",  # reserved opcodes
        b"\x8b\x00",
        b"\x81\x80\x00\x00\x00\x00",  # masked by a server
        b"\x09\x00",  # fragmented control frame
        b"\x89\x7e\x00\x7e",  # control frame over 125 bytes
        b"\x80\x00",  # nothing to continue
        b"\x01\x01a\x81\x01b",  # a message inside a message
        b"\x82\x7e\x00\x7d",  # not the shortest form
        b"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
        b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00",  # top bit
        b"\x88\x01\x03",  # half a close code
        b"\x88\x02\x03\xed",  # 1005
        b"\x88\x02\x03\xe7",  # 999
        b"\x88\x02\x13\x88",  # 5000
    ):
        for step in (None, 1):
            assert events(data, step) == [("error", 1002)], data


def test_a_reserved_opcode_is_refused_by_its_first_byte():
    assert events(b"\x83") == [("error", 1002)]


def test_too_big_is_refused_before_its_body():
    assert events(b"\x82\x04", message_bytes=3) == [("error", 1009)]
    assert events(b"\x82\x03abc", message_bytes=3) == [b"abc"]
    assert events(b"\x02\x02ab\x80\x02", message_bytes=3) == [("error", 1009)]
    assert events(b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff") == [("error", 1009)]


def test_an_error_seals_its_close_frame_and_ends_all():
    protocol = Protocol(3)
    raises(ProtocolError, protocol.feed, b"\x82\x04", 0, 2)
    first, payload = unmasked(protocol.closing)
    assert first == 0x88 and payload[:2] == b"\x03\xf1" and payload[2:]
    assert protocol.failed and protocol.close_sent
    assert protocol.feed(b"\x81\x01a", 0, 3) == 3 and protocol.event == NOTHING


def test_the_peers_close_is_answered_with_its_code():
    for wire, code, reason, answer in (
        (b"\x88\x00", 1005, "", b""),
        (b"\x88\x02\x03\xe8", 1000, "", b"\x03\xe8"),
        (b"\x88\x06\x0f\xa0gr\xc3\xbc", 4000, "grü", b"\x0f\xa0"),
    ):
        protocol = Protocol()
        assert events(wire + b"\x81\x01x", protocol=protocol) == [("close", code, reason)]
        assert unmasked(protocol.closing) == (0x88, answer)


def test_a_close_reason_is_utf8():
    assert events(b"\x88\x04\x03\xe8\xc0\x80") == [("error", 1007)]
    assert events(b"\x88\x03\x03\xe8\xc3") == [("error", 1007)]


def test_closing_first():
    protocol = Protocol()
    protocol.close(1001, "tschüß")
    assert unmasked(protocol.closing) == (0x88, b"\x03\xe9" + "tschüß".encode())
    sent = bytes(protocol.closing.buffer)
    protocol.close(1000)  # once is enough
    assert bytes(protocol.closing.buffer) == sent
    assert events(b"\x81\x01x", protocol=protocol) == ["x"]  # what was under way still comes
    assert protocol.feed(b"\x89\x00", 0, 2) == 2 and protocol.event == PING
    assert not protocol.pong.pending()  # but nothing goes out after the close frame
    assert events(b"\x88\x02\x03\xe9", protocol=protocol) == [("close", 1001, "")]


def test_close_refuses_what_may_not_be_sent():
    for code in (0, 999, 1004, 1006, 1015, 1016, 2999, 5000):
        raises(ValueError, Protocol().close, code)
    raises(ValueError, Protocol().close, 1000, "x" * 124)
    raises(ValueError, Protocol().close, 1005, "a reason without a code")
    Protocol().close(1000, "x" * 123)


def test_reset_forgets_everything():
    protocol = Protocol()
    events(b"\x01\x02\xc3", protocol=protocol)
    protocol.close()
    protocol.reset()
    assert not protocol.close_sent and not protocol.closing.pending()
    assert events(b"\x81\x01x", protocol=protocol) == ["x"]


def test_opcode_names():
    assert (CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG) == (0, 1, 2, 8, 9, 10)


# UTF-8


def utf8(data, step):
    state = bytearray(3)
    for at in range(0, len(data), step):
        if not utf8_valid(state, data, at, min(len(data), at + step)):
            return False
    return state[0] == 0


def test_every_character_boundary():
    for code in (
        0,
        0x7F,
        0x80,
        0x7FF,
        0x800,
        0xD7FF,
        0xE000,
        0xFFFD,
        0xFFFF,
        0x10000,
        0x3FFFF,
        0x40000,
        0x10FFFF,
    ):
        data = b"a" + chr(code).encode() + b"z"
        for step in (1, 2, 3, 9):
            assert utf8(data, step), code


def test_what_is_not_utf8():
    stray = "80 bf fe ff f5808080 f888808080"
    overlong = "c080 c1bf e08080 e09fbf f0808080 f08fbfbf"
    beyond = "eda080 edbfbf f4908080"
    cut = "c3 e282 f09080 c361 e28261 f0908061 c3c3"
    for digits in (stray + " " + overlong + " " + beyond + " " + cut).split():
        data = bytes.fromhex(digits)
        for step in (1, 2, 9):
            assert not utf8(b"ok" + data, step), data


def test_a_text_is_refused_at_its_first_wrong_byte():
    assert events(b"\x01\x04ab\xf4\x90") == [("error", 1007)]
    assert events(b"\x81\x7e\x10\x00a\xff") == [("error", 1007)]  # 4094 bytes before its end
    assert events(b"\x81\x01\xc3") == [("error", 1007)]
    assert events(b"\x82\x01\xc3") == [b"\xc3"]
