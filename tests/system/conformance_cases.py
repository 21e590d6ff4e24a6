"""247 cases for websocket clients in the Autobahn suite's numbering, made from the RFC.

Groups 1 framing, 2 pings, 3 reserved bits, 4 opcodes, 5 fragmentation, 6 UTF-8, 7 close handshake and 10
automatic fragmentation. A case is data: what is sent, which answers are right, who has to close and with
which code.
"""

import struct
from dataclasses import dataclass, field

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

GREEK = "κ\u1f79σμε".encode()  # the word of the UTF-8 test file, with its three-byte letter

# Who ends a case: we after the answer, the client, or a close frame among what we sent.
ANSWER, FAIL, DONE = "answer", "fail", "done"


def frame(opcode: int, payload: bytes = b"", fin: bool = True, rsv: int = 0) -> bytes:
    """One unmasked frame (RFC 6455 section 5.2); nothing is checked, for wrong ones are wanted too."""
    first = fin << 7 | rsv << 4 | opcode
    if len(payload) < 126:
        return bytes([first, len(payload)]) + payload
    if len(payload) < 65536:
        return struct.pack(">BBH", first, 126, len(payload)) + payload
    return struct.pack(">BBQ", first, 127, len(payload)) + payload


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack(">H", code) + reason)


@dataclass
class Send:
    data: bytes
    chop: int = 0  # octets a write, 0 for one write


@dataclass
class Pause:
    """Wait; the client must still be there afterwards."""


@dataclass
class FailHere:
    """Wait; a client that has failed the connection by now is strict, one that does later is not."""


@dataclass
class Case:
    id: str
    steps: list[Send | Pause | FailHere]
    expected: list[tuple[str, bytes]] = field(default_factory=list)
    end: str = ANSWER
    codes: tuple[int | None, ...] = (1000,)
    lenient: list[tuple[str, bytes]] | None = None  # answers that are not strict, but no failure
    informational: bool = False


def fragments(data: bytes, size: int, opcode: int = TEXT) -> bytes:
    """A message in frames of `size` bytes."""
    pieces = [data[i : i + size] for i in range(0, len(data), size)] or [b""]
    last = len(pieces) - 1
    return b"".join(frame(0 if i else opcode, piece, i == last) for i, piece in enumerate(pieces))


def text(data: bytes) -> tuple[str, bytes]:
    return "text", data


def pong(data: bytes) -> tuple[str, bytes]:
    return "pong", data


def utf8_sequences() -> list[list[bytes]]:
    """Groups 6.5 to 6.23, after Markus Kuhn's UTF-8 decoder stress test; validity is what CPython says."""
    lonely = [range(0xC0, 0xE0), range(0xE0, 0xF0), range(0xF0, 0xF8), range(0xF8, 0xFC), range(0xFC, 0xFE)]
    cut = [b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xf8\x80\x80\x80", b"\xfc\x80\x80\x80\x80"]
    cut += [b"\xdf", b"\xef\xbf", b"\xf7\xbf\xbf", b"\xfb\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf"]
    surrogates = [0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF]
    pairs = [(a, b) for a in (0xD800, 0xDB7F, 0xDB80, 0xDBFF) for b in (0xDC00, 0xDFFF)]

    def raw(*codes: int) -> bytes:
        return "".join(map(chr, codes)).encode("utf-8", "surrogatepass")

    return [
        [b"hello$world", "hello¢world".encode(), "hello€world".encode(), "hello𤭢world".encode(), GREEK],
        [GREEK[:i] for i in range(1, len(GREEK) + 1)],
        [b"\x00", b"\xc2\x80", b"\xe0\xa0\x80", b"\xf0\x90\x80\x80"],
        [b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80"],
        [b"\x7f", b"\xdf\xbf", b"\xef\xbf\xbf", b"\xf4\x8f\xbf\xbf"],
        [b"\xf7\xbf\xbf\xbf", b"\xfb\xbf\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf\xbf"],
        [b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xef\xbf\xbd", b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80"],
        [b"\x80", b"\xbf", *((b"\x80\xbf" * 3)[:n] for n in range(2, 7)), bytes(range(0x80, 0xC0))],
        [b"".join(bytes([c, 0x20]) for c in starts) for starts in lonely],
        cut,
        [b"".join(cut)],
        [b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"],
        [
            b"\xc0\xaf",
            b"\xe0\x80\xaf",
            b"\xf0\x80\x80\xaf",
            b"\xf8\x80\x80\x80\xaf",
            b"\xfc\x80\x80\x80\x80\xaf",
        ],
        [
            b"\xc1\xbf",
            b"\xe0\x9f\xbf",
            b"\xf0\x8f\xbf\xbf",
            b"\xf8\x87\xbf\xbf\xbf",
            b"\xfc\x83\xbf\xbf\xbf\xbf",
        ],
        [
            b"\xc0\x80",
            b"\xe0\x80\x80",
            b"\xf0\x80\x80\x80",
            b"\xf8\x80\x80\x80\x80",
            b"\xfc\x80\x80\x80\x80\x80",
        ],
        [raw(code) for code in surrogates],
        [raw(high, low) for high, low in pairs],
        [raw(plane << 16 | low) for plane in range(17) for low in (0xFFFE, 0xFFFF)],
        [raw(code) for code in range(0xFFF9, 0x10000)],
    ]


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def framing_cases() -> list[Case]:
    cases = []
    for group, opcode, octet, kind in ((1, TEXT, b"*", "text"), (2, BINARY, b"\xfe", "binary")):
        for n, length in enumerate((0, 125, 126, 127, 128, 65535, 65536, 65536), 1):
            sent = Send(frame(opcode, octet * length), 997 if n == 8 else 0)
            cases.append(Case(f"1.{group}.{n}", [sent], [(kind, octet * length)]))
    return cases


def ping_cases() -> list[Case]:
    small, odd, full = b"Hello, world!", bytes.fromhex("00fffefdfcfb00ff"), b"\xfe" * 125
    many = [b"payload-%d" % n for n in range(10)]
    pings, answers = b"".join(frame(PING, p) for p in many), [pong(p) for p in many]
    return [
        Case("2.1", [Send(frame(PING))], [pong(b"")]),
        Case("2.2", [Send(frame(PING, small))], [pong(small)]),
        Case("2.3", [Send(frame(PING, odd))], [pong(odd)]),
        Case("2.4", [Send(frame(PING, full))], [pong(full)]),
        Case("2.5", [Send(frame(PING, full + b"\xfe"))], end=FAIL, codes=(1002,)),
        Case("2.6", [Send(frame(PING, full), 1)], [pong(full)]),
        Case("2.7", [Send(frame(PONG))]),
        Case("2.8", [Send(frame(PONG, b"unsolicited pong payload"))]),
        Case(
            "2.9", [Send(frame(PONG, b"unsolicited") + frame(PING, b"ping payload"))], [pong(b"ping payload")]
        ),
        Case("2.10", [Send(pings)], answers),
        Case("2.11", [Send(pings, 1)], answers),
    ]


def reserved_cases() -> list[Case]:
    """Groups 3 and 4: a wrong frame alone, or after a good message, which must still be answered."""
    hello = b"Hello, world!"
    good = frame(TEXT, hello)

    def alone(id: str, bad: bytes) -> Case:
        return Case(id, [Send(bad)], end=FAIL, codes=(1002,))

    def after(id: str, bad: bytes, chop: int = 0) -> Case:
        data = good + bad + frame(PING)
        return Case(id, [Send(data, chop)], [text(hello)], FAIL, (1002,), lenient=[])

    cases = [
        alone("3.1", frame(TEXT, hello, rsv=1)),
        after("3.2", frame(TEXT, hello, rsv=2)),
        after("3.3", frame(TEXT, hello, rsv=3), len(good)),
        after("3.4", frame(TEXT, hello, rsv=4), 1),
        alone("3.5", frame(BINARY, b"\x00\xff\xfe\xfd", rsv=5)),
        alone("3.6", frame(PING, hello, rsv=6)),
        alone("3.7", frame(CLOSE, rsv=7)),
    ]
    for group, first in ((1, 3), (2, 11)):
        cases += [
            alone(f"4.{group}.1", frame(first)),
            alone(f"4.{group}.2", frame(first + 1, b"reserved opcode payload")),
            after(f"4.{group}.3", frame(first + 2)),
            after(f"4.{group}.4", frame(first + 3, hello)),
            after(f"4.{group}.5", frame(first + 4, hello), 1),
        ]
    return cases


def fragmentation_cases() -> list[Case]:
    one, two = b"fragment1", b"fragment2"
    start, last = frame(TEXT, one, False), frame(0, two)
    ping, whole = frame(PING, b"ping payload"), text(one + two)
    stray, stray_open = frame(0, b"nothing to continue"), frame(0, b"nothing to continue", False)
    hello = frame(TEXT, b"Hello, world!")
    cases = [
        Case("5.1", [Send(frame(PING, one, False) + last)], end=FAIL, codes=(1002,)),
        Case("5.2", [Send(frame(PONG, one, False) + last)], end=FAIL, codes=(1002,)),
    ]
    for n, chop in enumerate((0, len(start), 1)):
        cases.append(Case(f"5.{3 + n}", [Send(start + last, chop)], [whole]))
        cases.append(Case(f"5.{6 + n}", [Send(start + ping + last, chop)], [pong(b"ping payload"), whole]))
        cases.append(Case(f"5.{9 + n}", [Send(stray + hello, chop)], end=FAIL, codes=(1002,)))
        cases.append(Case(f"5.{12 + n}", [Send(stray_open + hello, chop)], end=FAIL, codes=(1002,)))
    message_then_stray = start + last + stray_open + hello
    parts = [b"fragment%d" % n for n in range(1, 6)]
    frames = [frame(TEXT if n == 0 else 0, part, n == 4) for n, part in enumerate(parts)]
    first_half = frames[0] + frames[1] + frame(PING, b"ping 1")
    second_half = frames[2] + frames[3] + frame(PING, b"ping 2") + frames[4]
    answers = [pong(b"ping 1"), pong(b"ping 2"), text(b"".join(parts))]
    return [
        *cases,
        Case("5.15", [Send(message_then_stray)], [whole], FAIL, (1002,), lenient=[]),
        Case("5.16", [Send((stray_open + start + last) * 2)], end=FAIL, codes=(1002,)),
        Case("5.17", [Send((stray + start + last) * 2)], end=FAIL, codes=(1002,)),
        Case("5.18", [Send(start + frame(TEXT, two))], end=FAIL, codes=(1002,)),
        Case("5.19", [Send(first_half), Pause(), Send(second_half)], answers),
        Case(
            "5.20", [Send(first_half), Pause(), Send(frames[2]), Send(second_half[len(frames[2]) :])], answers
        ),
    ]


def utf8_cases() -> list[Case]:
    umlauts, greek = "Hello-µ@ßöäüàá-UTF-8!!".encode(), GREEK
    bad = greek + b"\xed\xa0\x80" + b"edited"
    middle = b"middle frame payload"
    nothing = frame(TEXT, fin=False)

    def valid(id: str, data: bytes, payload: bytes) -> Case:
        return Case(id, [Send(data)], [text(payload)])

    def refused(id: str, *steps: Send | Pause | FailHere) -> Case:
        return Case(id, list(steps), end=FAIL, codes=(1007,))

    def fail_fast(id: str, one: bytes, two: bytes, three: bytes, in_frames: bool) -> Case:
        if in_frames:
            sends = [Send(frame(TEXT, one, False)), Send(frame(0, two, False)), Send(frame(0, three))]
        else:
            header = frame(TEXT, one + two + three)[:2]
            sends = [Send(header + one), Send(two), Send(three)]
        return refused(id, sends[0], Pause(), sends[1], FailHere(), sends[2])

    surrogate = (greek + b"\xf4\x90\x80\x80", b"edited")
    cases = [
        valid("6.1.1", frame(TEXT), b""),
        valid("6.1.2", nothing + frame(0, fin=False) + frame(0), b""),
        valid("6.1.3", nothing + frame(0, middle, False) + frame(0), middle),
        valid("6.2.1", frame(TEXT, umlauts), umlauts),
        valid("6.2.2", frame(TEXT, umlauts[:12], False) + frame(0, umlauts[12:]), umlauts),
        valid("6.2.3", fragments(umlauts, 1), umlauts),
        valid("6.2.4", fragments(greek, 1), greek),
        refused("6.3.1", Send(frame(TEXT, bad))),
        refused("6.3.2", Send(fragments(bad, 1))),
        fail_fast("6.4.1", greek, surrogate[0][len(greek) :], surrogate[1], True),
        fail_fast("6.4.2", greek + b"\xf4", b"\x90", b"\x80\x80edited", True),
        fail_fast("6.4.3", greek, surrogate[0][len(greek) :], surrogate[1], False),
        fail_fast("6.4.4", greek + b"\xf4", b"\x90", b"\x80\x80edited", False),
    ]
    for group, sequences in enumerate(utf8_sequences(), 5):
        for n, data in enumerate(sequences, 1):
            id, sent = f"6.{group}.{n}", frame(TEXT, data)
            cases.append(valid(id, sent, data) if is_utf8(data) else refused(id, Send(sent)))
    return cases


def close_cases() -> list[Case]:
    hello, normal = b"Hello World!", close_frame(1000)
    large = b"BAsd7&jh23" * 26215  # 256 KB

    def ending(id: str, data: bytes, *codes: int | None) -> Case:
        return Case(id, [Send(data)], end=DONE, codes=codes or (1000,))

    cases = [
        Case("7.1.1", [Send(frame(TEXT, hello))], [text(hello)]),
        ending("7.1.2", normal * 2),
        ending("7.1.3", normal + frame(PING)),
        ending("7.1.4", normal + frame(TEXT, hello)),
        ending("7.1.5", frame(TEXT, b"fragment1", False) + normal + frame(0, b"fragment2")),
        ending("7.1.6", frame(TEXT, large) + frame(TEXT, hello) + normal + frame(PING)),
        ending("7.3.1", frame(CLOSE), 1000, None),
        ending("7.3.2", frame(CLOSE, b"a"), 1002),
        ending("7.3.3", normal),
        ending("7.3.4", close_frame(1000, hello)),
        ending("7.3.5", close_frame(1000, b"*" * 123)),
        ending("7.3.6", close_frame(1000, b"*" * 124), 1002),
        ending("7.5.1", close_frame(1000, GREEK + b"\xed\xa0\x80edited"), 1007),
    ]
    cases[5].informational = True  # whether the echoes still come is up to the client
    usable = (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999)
    unusable = (0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999)
    cases += [ending(f"7.7.{n}", close_frame(code), 1000, code) for n, code in enumerate(usable, 1)]
    cases += [ending(f"7.9.{n}", close_frame(code), 1002) for n, code in enumerate(unusable, 1)]
    for n, code in enumerate((5000, 65535), 1):
        cases.append(ending(f"7.13.{n}", close_frame(code), 1002))
        cases[-1].informational = True  # section 7.4.2 leaves these undefined
    return cases


def all_cases() -> list[Case]:
    long = b"*" * 65536
    groups = (
        framing_cases()
        + ping_cases()
        + reserved_cases()
        + fragmentation_cases()
        + utf8_cases()
        + close_cases()
    )
    groups.append(Case("10.1.1", [Send(fragments(long, 1300))], [text(long)]))
    return sorted(groups, key=lambda case: [int(part) for part in case.id.split(".")])
