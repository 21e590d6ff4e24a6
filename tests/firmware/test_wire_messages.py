"""Every field of every message: what is allowed passes, anything else has its named error."""

import json
import random

from lapel_wire import MAX_MESSAGE_BYTES, WireError, messages

ON_MICROPYTHON = True

TABLES = (messages.UP, messages.DOWN)


def good(rule, most=False):
    """A value that `rule` allows: its smallest, or its largest."""
    kind = rule[0]
    if kind == "int":
        return rule[2] if most else rule[1]
    if kind == "bool":
        return most
    if kind == "text":
        return "x" * rule[1] if most else ""
    if kind == "id":
        return "~" * rule[1] if most else "!"
    if kind == "word":
        return rule[1][-1 if most else 0]
    if kind == "hex":
        return ("f" if most else "0") * rule[1]
    if kind == "list":
        return [good(rule[2], most)] * (min(rule[1], 3) if most else 0)
    assert kind == "map", kind
    return good_fields(rule[1], most)


def good_fields(fields, most=False):
    return {key.rstrip("?"): good(fields[key], most) for key in fields if most or not key.endswith("?")}


def good_message(table, t, most=False):
    message = good_fields(table[t], most)
    message["t"] = t
    return message


def bad(rule):
    """Values that `rule` forbids, each with the code of its error."""
    kind = rule[0]
    others = {
        "int": (True, False, 1.0, 1.5, "1", [], {}, [1]),
        "bool": (0, 1, "true", 1.0, [], {}),
        "list": ("x", 1, True, {}, 1.5),
        "map": ("x", 1, True, [], 1.5),
    }
    for value in others.get(kind, (0, 1, True, 1.5, [], {}, ["x"], {"x": "x"})):
        yield value, "wrong_type"
    if kind == "int":
        for value in (rule[1] - 1, rule[2] + 1, -(1 << 40), 1 << 60, 1 << 100):
            yield value, "out_of_range"
    elif kind in ("text", "id"):
        yield "x" * (rule[1] + 1), "too_long"
        yield "\u00e9" * (rule[1] // 2 + 1), "too_long"  # fewer characters than bytes
        yield "\u5b57" * (rule[1] // 3 + 1), "too_long"
        if kind == "id":
            for value in ("a b", "a\nb", "\x00", "\x7f", "\u00e9", "\t"):
                yield value, "out_of_range"
    elif kind == "word":
        for value in ("", "x", rule[1][0] + " ", rule[1][0].upper()):
            yield value, "out_of_range"
    elif kind == "hex":
        for value in (
            "",
            "0" * (rule[1] - 1),
            "0" * (rule[1] + 1),
            "g" * rule[1],
            "A" * rule[1],
            "0" * 63 + "\n",
        ):
            yield value, "out_of_range"
    elif kind == "list":
        yield [good(rule[2])] * (rule[1] + 1), "too_long"
        for value, code in bad(rule[2]):
            yield [good(rule[2]), value], code
    elif kind == "map":
        for changed, code in bad_fields(rule[1]):
            yield changed, code


def bad_fields(fields):
    """All `fields` right but one: what is in it, or that it is not there, and the code of the error."""
    for key in fields:
        name = key.rstrip("?")
        for value, code in bad(fields[key]):
            changed = good_fields(fields, True)
            changed[name] = value
            yield changed, code
        if name == key:
            for missing in (False, True):
                changed = good_fields(fields, True)
                if missing:
                    del changed[name]
                else:
                    changed[name] = None
                yield changed, "missing_field"


def refused(call, *args, **kwargs):
    """Code of the WireError that the call must raise."""
    try:
        passed = call(*args, **kwargs)
    except WireError as error:
        assert error.code in WireError.CODES, error.code
        assert error.text and "\n" not in error.text
        return error.code
    raise AssertionError("passed: %r" % (passed,))


def test_smallest_and_largest_of_every_message_come_back():
    for table in TABLES:
        for t in table:
            for most in (False, True):
                message = good_message(table, t, most)
                fields = dict(message)
                del fields["t"]
                text = messages.encode(table, t, **fields)
                assert len(text.encode()) <= MAX_MESSAGE_BYTES
                assert messages.decode(table, text) == message, t
                assert messages.decode(table, text.encode()) == message, t


def test_every_wrong_field_has_its_named_error():
    count = 0
    for table in TABLES:
        for t in table:
            for fields, code in bad_fields(table[t]):
                fields["t"] = t
                assert refused(messages.check, table, fields) == code, (t, fields, code)
                text = json.dumps(fields)
                if len(text) <= MAX_MESSAGE_BYTES:
                    assert refused(messages.decode, table, text) == code, (text, code)
                count += 1
    assert count > 400


def test_unknown_types():
    for table in TABLES:
        other = messages.DOWN if table is messages.UP else messages.UP
        for t in ["", "x", "HELLO", "hello "] + [name for name in other if name not in table]:
            assert refused(messages.check, table, {"t": t}) == "unknown_type"
            assert refused(messages.encode, table, t) == "unknown_type"
        for t in (None, 1, True, 1.5, [], {}, ["hello"], {"t": "hello"}):
            assert refused(messages.check, table, {"t": t}) == "unknown_type"
        assert refused(messages.decode, table, "{}") == "unknown_type"


def test_unknown_fields_are_dropped_at_every_depth():
    message = good_message(messages.UP, "hello")
    message["later"] = {"a": [1]}
    message["display"]["colour"] = "green"
    checked = messages.decode(messages.UP, json.dumps(message))
    assert checked == good_message(messages.UP, "hello")


def test_null_is_an_absent_field():
    message = good_message(messages.UP, "event")
    message["page"] = None
    assert "page" not in messages.decode(messages.UP, json.dumps(message))
    assert messages.encode(messages.UP, "time", pin_ms=1) == messages.encode(
        messages.UP, "time", pin_ms=1, x=None
    )


def test_what_is_not_one_object():
    for text in (
        "",
        " ",
        "[]",
        "1",
        "null",
        "true",
        '"hello"',
        "{",
        '{"t"',
        "nonsense",
        '{"t":"time"',
        "[" * 2000,
    ):
        assert refused(messages.decode, messages.UP, text) == "not_json", text
    for data in (b"", b"\xff\xfe", b'{"t":"ask","utt":1,"text":"\xff"}', None, 5):
        assert refused(messages.decode, messages.UP, data) == "not_json", data


def test_size_counts_bytes():
    text = '{"t":"time","pin_ms":1,"x":"%s"}'
    room = MAX_MESSAGE_BYTES - len(text % "")
    assert messages.decode(messages.UP, text % ("x" * room))["pin_ms"] == 1
    assert refused(messages.decode, messages.UP, text % ("x" * (room + 1))) == "too_long"
    assert refused(messages.decode, messages.UP, text % ("\u5b57" * (room // 3 + 1))) == "too_long"
    assert refused(messages.decode, messages.UP, "x" * 100000) == "too_long"


def test_nothing_too_large_is_encoded():
    page = ["x" * 96] * 8
    for fitting, pages in ((True, [page, page]), (False, [page, page, page])):
        fields = {"card": 1, "rev": 0, "kind": "answer", "pages": pages, "more": False}
        if fitting:
            assert (
                messages.decode(messages.DOWN, messages.encode(messages.DOWN, "card", **fields))["pages"]
                == pages
            )
        else:
            assert refused(messages.encode, messages.DOWN, "card", **fields) == "too_long"


def test_half_of_a_surrogate_pair_is_no_text():
    for half in ("\\ud800", "\\udbff", "\\udc00", "\\udfff", "a\\ud83d", "\\ude00 \\ud83d"):
        assert (
            refused(messages.decode, messages.UP, '{"t":"ask","utt":1,"text":"%s"}' % half) == "wrong_type"
        ), half
    # Hangul's code points begin with the same byte as surrogates and are text.
    assert messages.decode(messages.UP, '{"t":"ask","utt":1,"text":"\ud55c\ud7a3"}')["text"] == "\ud55c\ud7a3"


def test_deep_nesting_is_refused_at_every_depth():
    # The depth at which the parser gives up and the one at which printing would must not leave a gap.
    for depth in list(range(1, 60)) + list(range(900, 1012)):
        nested = "[" * depth + "]" * depth
        assert refused(messages.decode, messages.UP, '{"t":"time","pin_ms":%s}' % nested) in (
            "wrong_type",
            "not_json",
        )
        assert refused(messages.decode, messages.UP, '{"t":%s}' % nested) in ("unknown_type", "not_json")
        assert refused(messages.decode, messages.UP, nested) == "not_json"


def malformed(rng, count):
    """Right messages with bytes changed, dropped, repeated or put in, and pieces of JSON in any order."""
    whole = [
        json.dumps(good_message(table, t, most)).encode()
        for table in TABLES
        for t in table
        for most in (False, True)
    ]
    whole = [text for text in whole if len(text) < 600]  # most time would go into the longest
    pieces = (
        b"{", b"}", b"[", b"]", b":", b",", b'"', b'"t":', b'"time"', b'"pin_ms":', b'"ask"', b'"text":',
        b'"utt":', b"1", b"-", b"1e9", b"1e999", b"null", b"true", b"NaN", b"-Infinity", b"0x1", b"1_0",
        b"99999999999999999999999", b"\\u", b"\\ud83d", b"\\uzz~~", b"\xff", b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80", b"\x00", b"\n",
    )  # fmt: skip
    for _ in range(count):
        if rng.getrandbits(2):
            data = bytearray(rng.choice(whole))
            for _ in range(1 + rng.randrange(3)):
                at = rng.randrange(len(data) + 1)
                kind = rng.randrange(4)
                if kind == 0:
                    data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
                elif kind == 1:
                    data = data[:at] + rng.choice(pieces) + data[at:]
                elif kind == 2:
                    data = data[:at] + data[at + rng.randrange(8) :]
                else:
                    data = data[:at] + data[rng.randrange(len(data) + 1) :]
        else:
            data = b"".join([rng.choice(pieces) for _ in range(rng.randrange(14))])
        yield bytes(data)


def allowed(rule, value):
    """Whether `value` is what `rule` says, decided without the code under test."""
    kind = rule[0]
    if kind == "int":
        return type(value) is int and rule[1] <= value <= rule[2]
    if kind == "bool":
        return value is True or value is False
    if kind == "list":
        return (
            type(value) is list and len(value) <= rule[1] and all([allowed(rule[2], item) for item in value])
        )
    if kind == "map":
        return allowed_fields(rule[1], value)
    if type(value) is not str:
        return False
    if kind == "word":
        return value in rule[1]
    if kind == "hex":
        return len(value) == rule[1] and not value.strip("0123456789abcdef")
    if kind == "id" and not all([32 < ord(c) < 127 for c in value]):
        return False
    return len(value.encode()) <= rule[1]


def allowed_fields(fields, value):
    names = [key.rstrip("?") for key in fields]
    return (
        type(value) is dict
        and all([name in names for name in value])
        and all([key.endswith("?") or key in value for key in fields])
        and all([allowed(fields[key], value[key.rstrip("?")]) for key in fields if key.rstrip("?") in value])
    )


def fuzz(seed, count):
    random.seed(seed)
    passed = 0
    for data in malformed(random, count):
        for table in TABLES:
            try:
                message = messages.decode(table, data)
            except WireError as error:
                assert error.code in WireError.CODES
                continue
            passed += 1
            t = message.pop("t")
            assert allowed_fields(table[t], message), (data, message)
    return passed


def test_malformed_messages_raise_wire_errors_only():
    fuzz(7, 1500)
