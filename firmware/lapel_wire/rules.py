"""What a field of a message may hold: the words that `messages`' tables are written in, and their check."""

from . import WireError


def integer(lowest, highest):
    """A whole number, limits inclusive."""
    return ("int", lowest, highest)


def text(most_bytes):
    """At most so many bytes of UTF-8."""
    return ("text", most_bytes)


def id_(most_bytes):
    """ASCII without spaces and line breaks: it goes into logs and into the challenge."""
    return ("id", most_bytes)


def hex_(digits):
    """Exactly so many lower-case hex digits."""
    return ("hex", digits)


def word(*allowed):
    """One of these."""
    return ("word", allowed)


def list_(most_items, item):
    """At most so many of them."""
    return ("list", most_items, item)


def map_(fields):
    """An object of these; one whose name ends in "?" may be left out."""
    return ("map", fields)


BOOL = ("bool",)


def check_fields(where, fields, value):
    """`value` with only the `fields` of its table, each checked. Raises WireError."""
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
        return check_fields(where, rule[1], value)
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
            raise WireError("out_of_range", "%s: expected one of %s, got %s" % (where, allowed, quote(value)))
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
    return WireError("wrong_type", "%s: expected %s, got %s" % (where, expected, quote(value)))


def quote(value):
    """A peer's value, short and in one line, for an error message."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"  # its repr could nest too deeply for the stack
    return repr(value)[:40]
