"""The control messages: JSON objects in websocket text frames, described by two tables.

`UP` is what a pin may say, `DOWN` what a relay may say. A message is a dict whose `t` names its type;
fields that the tables do not know are dropped, so that a newer peer may say more than an older one hears.
"""

import json

from . import MAX_MESSAGE_BYTES, WireError
from .audio import MAX_UTTERANCE_FRAMES, SAMPLES_PER_FRAME

_DUMPS = {"separators": (",", ":")}
try:
    json.dumps("", ensure_ascii=False)
    _DUMPS["ensure_ascii"] = False  # UTF-8 as it is, or hanzi cost twice the bytes
except TypeError:
    pass  # MicroPython never escapes

# What a field may hold. Limits are in UTF-8 bytes, items, or the number itself. An id goes into logs and into
# the challenge, so it is ASCII without spaces and line breaks.
NUMBER_MAX = (1 << 30) - 1  # a MicroPython small integer on a 32-bit chip: no allocation
TIME_MAX_MS = (1 << 53) - 1  # exact in every JSON implementation
LINE_BYTES = 96  # 32 hanzi: more than a palm is wide
GLYPHS_A_MESSAGE = 32  # about 14 hanzi fill a message, or 30 letters of a simpler script
GLYPH_TEXT_BYTES = 640  # 480 of a glyph in base64; the busiest hanzi has 225


def _int(lowest, highest):
    return ("int", lowest, highest)


def _text(most_bytes):
    return ("text", most_bytes)


def _id(most_bytes):
    return ("id", most_bytes)


def _word(*allowed):
    return ("word", allowed)


def _list(most_items, item):
    return ("list", most_items, item)


def _map(**fields):
    return ("map", fields)


_HEX32 = ("hex", 64)  # 32 bytes: a nonce or a SHA-256 MAC
_UTT = _int(0, NUMBER_MAX)  # number of an utterance, chosen by the pin, growing
_CARD = _int(0, NUMBER_MAX)
_BOOL = ("bool",)
_MS = _int(0, TIME_MAX_MS)
_ERROR = {"code": _text(32), "text": _text(240), "utt?": _UTT}

UP = {
    # Who is there, and what it can show. `display.kind` says how cards are laid out.
    "hello": {
        "v": _int(0, 65535),
        "pin": _id(32),
        "nonce": _HEX32,
        "firmware": _text(24),
        "board": _text(24),
        "display": _map(kind=_text(12), cols=_int(4, 80), lines=_int(1, 8)),
    },
    "proof": {"mac": _HEX32},
    # A spoken question: start, audio frames (binary), end. `samples` counts real samples, without
    # the padding of the last frame; `dropped` those that the microphone lost.
    "utterance_start": {"utt": _UTT},
    "utterance_end": {
        "utt": _UTT,
        "frames": _int(0, MAX_UTTERANCE_FRAMES),
        "samples": _int(0, MAX_UTTERANCE_FRAMES * SAMPLES_PER_FRAME),
        "dropped?": _int(0, NUMBER_MAX),
    },
    "utterance_cancel": {"utt": _UTT},
    # A typed question.
    "ask": {"utt": _UTT, "text": _text(1000)},
    # What happened on the pin. `pin_ms` is its own clock, for measuring only.
    "event": {
        "name": _word("shown", "page", "dismissed", "chosen"),
        "card": _CARD,
        "page?": _int(0, 255),
        "choice?": _id(24),
        "pin_ms?": _MS,
    },
    "time": {"pin_ms": _MS},
    "error": _ERROR,
}

DOWN = {
    "challenge": {"nonce": _HEX32, "mac": _HEX32},
    "welcome": {"session": _text(32), "unix_ms": _MS},
    # Every frame of this utterance numbered below `next` has arrived.
    "ack": {"utt": _UTT, "next": _int(0, MAX_UTTERANCE_FRAMES)},
    "partial": {"utt": _UTT, "text": _text(1000)},
    "final": {"utt": _UTT, "text": _text(1000)},
    # Pages of lines that fit this pin's display. The same `card` with a higher `rev` replaces it
    # while it grows; `more` says that it still does.
    "card": {
        "card": _CARD,
        "rev": _int(0, NUMBER_MAX),
        "kind": _word("answer", "notice", "error", "choice"),
        "pages": _list(32, _list(8, _text(LINE_BYTES))),
        "more": _BOOL,
        "utt?": _UTT,
        "title?": _text(48),
        "choices?": _list(3, _map(id=_id(24), label=_text(24))),
    },
    # Letters that the pin's font lacks, before the card that needs them: packed strokes (`glyphs`) as base64.
    "glyphs": {
        "glyphs": _list(GLYPHS_A_MESSAGE, _map(code=_int(0x20, 0x10FFFF), strokes=_text(GLYPH_TEXT_BYTES)))
    },
    "time": {"pin_ms": _MS, "unix_ms": _MS},
    "error": _ERROR,
}


def encode(table, t, **fields):
    """JSON text of message `t` of `table`. Raises WireError if it breaks the table or is too large.

    A field given as None is left out.
    """
    message = {"t": t}
    for name in fields:
        if fields[name] is not None:
            message[name] = fields[name]
    checked = check(table, message)
    text = json.dumps(checked, **_DUMPS)
    if len(text.encode()) > MAX_MESSAGE_BYTES:
        raise WireError("too_long", "message %s: at most %d bytes" % (t, MAX_MESSAGE_BYTES))
    return text


def decode(table, text):
    """The checked message in `text` as a dict with only known fields. Raises WireError."""
    try:
        size = len(text.encode()) if isinstance(text, str) else len(text)
        message = json.loads(text) if size <= MAX_MESSAGE_BYTES else None
    except (ValueError, TypeError, RuntimeError):
        # RuntimeError: nested too deeply, on either interpreter. TypeError: MicroPython takes {[]: 1} so far.
        raise WireError("not_json", "expected one JSON object, got: %s" % _quote(text)) from None
    if size > MAX_MESSAGE_BYTES:
        raise WireError("too_long", "expected at most %d bytes, got %d" % (MAX_MESSAGE_BYTES, size))
    if not isinstance(message, dict):
        raise WireError("not_json", "expected one JSON object, got: %s" % _quote(text))
    return check(table, message)


def check(table, message):
    """`message` with only the fields that `table` knows, each checked. Raises WireError."""
    t = message.get("t")
    if not isinstance(t, str) or t not in table:
        raise WireError("unknown_type", "expected one of %s, got %s" % (", ".join(sorted(table)), _quote(t)))
    checked = _check_fields(t, table[t], message)
    checked["t"] = t
    return checked


def _check_fields(where, fields, value):
    checked = {}
    for key in fields:
        name = key[:-1] if key.endswith("?") else key
        if value.get(name) is not None:
            checked[name] = _check_value(where + "." + name, fields[key], value[name])
        elif name == key:
            raise WireError("missing_field", "%s.%s is missing" % (where, name))
    return checked


def _check_value(where, rule, value):
    kind = rule[0]
    if kind == "int":
        if not isinstance(value, int) or isinstance(value, bool):
            raise _wrong_type(where, "a whole number", value)
        if not rule[1] <= value <= rule[2]:
            raise WireError(
                "out_of_range", "%s: expected %d to %d, got %d" % (where, rule[1], rule[2], value)
            )
    elif kind == "bool":
        if not isinstance(value, bool):
            raise _wrong_type(where, "true or false", value)
    elif kind == "list":
        if not isinstance(value, list):
            raise _wrong_type(where, "a list", value)
        if len(value) > rule[1]:
            raise WireError("too_long", "%s: at most %d items, got %d" % (where, rule[1], len(value)))
        return [_check_value(where, rule[2], item) for item in value]
    elif kind == "map":
        if not isinstance(value, dict):
            raise _wrong_type(where, "an object", value)
        return _check_fields(where, rule[1], value)
    else:
        _check_text(where, rule, value)
    return value


def _check_text(where, rule, value):
    if not isinstance(value, str):
        raise _wrong_type(where, "a text", value)
    try:
        utf8 = value.encode()
    except ValueError:  # half of a surrogate pair: CPython's JSON lets it in, UTF-8 does not
        utf8 = b"\xed\xa0"
    if 0xED in utf8 and _has_surrogate(utf8):
        raise WireError("wrong_type", "%s: expected Unicode text, got half a surrogate pair" % where)
    size = len(utf8)
    if rule[0] == "word":
        if value not in rule[1]:
            allowed = ", ".join(rule[1])
            raise WireError(
                "out_of_range", "%s: expected one of %s, got %s" % (where, allowed, _quote(value))
            )
    elif rule[0] == "hex":
        if size != rule[1]:
            raise WireError("out_of_range", "%s: expected %d hex digits, got %d" % (where, rule[1], size))
        for c in value:
            if c not in "0123456789abcdef":
                raise WireError("out_of_range", "%s: expected lower-case hex digits" % where)
    elif size > rule[1]:
        raise WireError("too_long", "%s: at most %d bytes, got %d" % (where, rule[1], size))
    elif rule[0] == "id":
        for c in utf8:
            if not 0x20 < c < 0x7F:
                raise WireError("out_of_range", "%s: expected ASCII without spaces" % where)


def _has_surrogate(utf8):
    """Whether U+D800 to U+DFFF is in it, which MicroPython encodes where CPython raises."""
    return any(utf8[i] == 0xED and utf8[i + 1] >= 0xA0 for i in range(len(utf8) - 1))


def _wrong_type(where, expected, value):
    return WireError("wrong_type", "%s: expected %s, got %s" % (where, expected, _quote(value)))


def _quote(value):
    """A peer's value, short and in one line, for an error message."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"  # its repr could nest too deeply for the stack
    return repr(value)[:40]
