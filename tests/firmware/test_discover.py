"""Finding the relay: what a responder says is understood, and nothing that anybody sends does harm."""

import random
import struct

from pin.discover import MAX_RELAYS, PACKET_BYTES, parse, question

ON_MICROPYTHON = True

SERVICE = ("_lapel", "_tcp", "local")
SENDER = "10.0.0.9"
FUZZED = 20_000


def name(*parts):
    return b"".join([bytes([len(part)]) + part.encode() for part in parts]) + b"\0"


def record(owner, kind, data, klass=0x8001):
    return owner + struct.pack(">HHIH", kind, klass, 120, len(data)) + data


def answer(*records, flags=0x8400, questions=()):
    head = struct.pack(">HHHHHH", 0, flags, len(questions), len(records), 0, 0)
    return head + b"".join(questions) + b"".join(records)


def relay(instance="home", host="lapel", address=(192, 168, 1, 5), port=5273):
    return [
        record(name(*SERVICE), 12, name(instance, *SERVICE), 1),
        record(name(instance, *SERVICE), 33, struct.pack(">HHH", 0, 0, port) + name(host, "local")),
        record(name(host, "local"), 1, bytes(address)),
    ]


def test_the_question():
    asked = question()
    assert asked[:12] == bytes([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0])
    assert asked[12:-4] == name(*SERVICE)
    assert asked[-4:] == b"\x00\x0c\x80\x01", "PTR, with the bit that asks for a unicast answer"
    assert parse(asked, SENDER) == []


def test_an_answer():
    assert parse(answer(*relay()), SENDER) == [("192.168.1.5", 5273)]
    echoed = answer(*relay(), questions=[name(*SERVICE) + b"\x00\x0c\x00\x01"])
    assert parse(echoed, SENDER) == [("192.168.1.5", 5273)]
    upper = answer(*[r.replace(b"_lapel", b"_LAPEL") for r in relay()])
    assert parse(upper, SENDER) == [("192.168.1.5", 5273)]
    two = answer(*(relay() + relay("other", "there", (10, 1, 2, 3), 1)))
    assert parse(two, SENDER) == [("192.168.1.5", 5273), ("10.1.2.3", 1)]


def test_names_that_point_back():
    packet = bytearray(answer())
    struct.pack_into(">HH", packet, 6, 3, 0)
    service = len(packet)
    packet += name(*SERVICE)
    instance_at = len(packet) + 10
    packet += struct.pack(">HHIH", 12, 1, 120, 7) + b"\x04home" + struct.pack(">H", 0xC000 | service)
    packet += struct.pack(">H", 0xC000 | instance_at)
    host_at = len(packet) + 16
    data = struct.pack(">HHH", 0, 0, 5273) + b"\x05lapel" + struct.pack(">H", 0xC000 | (service + 12))
    packet += struct.pack(">HHIH", 33, 0x8001, 120, len(data)) + data
    packet += (
        struct.pack(">H", 0xC000 | host_at) + struct.pack(">HHIH", 1, 0x8001, 120, 4) + bytes([1, 2, 3, 4])
    )
    assert packet[service + 12 : service + 18] == b"\x05local"
    assert parse(packet, SENDER) == [("1.2.3.4", 5273)]


def test_an_answer_without_an_address_is_the_senders():
    assert parse(answer(*relay()[:2]), SENDER) == [(SENDER, 5273)]


def test_what_is_no_answer():
    for packet in (
        answer(*relay(), flags=0), answer(*relay(), flags=0x8403), answer(*relay()[1:]),
        answer(*relay()[::2]), answer(), answer(*relay(port=0)),
        answer(*relay()[:1], record(name("x", "local"), 33, bytes(6) + name("a"))),
        answer(record(name("_http", "_tcp", "local"), 12, name("home", *SERVICE), 1), *relay()[1:]),
        answer(record(name(*SERVICE), 12, name("home", "_http", "_tcp", "local"), 1),
               record(name("home", "_http", "_tcp", "local"), 33, struct.pack(">HHH", 0, 0, 1) + name("h"))),
        answer(record(name(*SERVICE), 12, name("home", *SERVICE), 3), *relay()[1:]),
    ):  # fmt: skip
        assert parse(packet, SENDER) == [], packet


def understood(packet):
    """What was read, None if it is no packet."""
    try:
        return parse(packet, SENDER)
    except ValueError:
        return None


def test_names_that_lead_in_circles_or_too_far():
    start = answer()[:6] + b"\x00\x01\x00\x00\x00\x00"
    for owner in (
        b"\xc0\x0c", b"\xc0\x0e\xc0\x0c", b"\x01a\xc0\x0c", b"\xc0\xff", b"\xc0", b"\xff\xff", b"\x40",
        b"\x80", b"\x01a" * 40 + b"\0", (b"\x3f" + b"x" * 63) * 4 + b"\0", b"\x05abc", b"\x01",
        b"\x00" + bytes(10) + b"\xc0\x19", b"",
    ):  # fmt: skip
        packet = start + owner + struct.pack(">HHIH", 12, 1, 0, 2) + b"\xc0\x0c"
        assert not understood(packet), owner
    for packet in (b"", b"\0" * 11, answer()[:4] + b"\xff\xff" * 4, answer(*relay())[:-1]):
        assert understood(packet) is None, packet


def test_a_chain_of_pointers_ends():
    # The longest one: each pointer leads to the one before.
    chain = b"\x01a\0"
    for i in range(600):
        chain += struct.pack(">H", 0xC000 | (12 if i < 2 else 12 + 3 + 2 * (i - 1)))
    packet = struct.pack(">HHHHHH", 0, 0x8400, 32, 0, 0, 0) + chain
    assert not understood(packet[:PACKET_BYTES])


def test_many_relays_are_too_many():
    records = []
    for i in range(10):
        records += relay("home%d" % i, "h%d" % i, (10, 0, 0, i))
    assert len(parse(answer(*records), SENDER)) == MAX_RELAYS
    try:
        parse(answer(*(records + records)), SENDER)
        raise AssertionError("more records than there may be")
    except ValueError:
        pass


def test_noise():
    random.seed(6762)
    good = answer(*relay())
    for i in range(FUZZED):
        packet = bytearray(good)
        for _ in range(1 + random.getrandbits(2)):
            at = random.getrandbits(16) % len(packet)
            packet[at] = random.getrandbits(8)
        if i % 3 == 0:
            packet = packet[: random.getrandbits(16) % len(packet)]
        elif i % 7 == 0:
            packet = bytearray([random.getrandbits(8) for _ in range(random.getrandbits(6))])
        found = understood(packet)
        assert found is None or len(found) <= MAX_RELAYS
        for address, port in found or ():
            assert 0 < port < 65536 and len(address.split(".")) == 4
