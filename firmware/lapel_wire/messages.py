"""The control messages: JSON objects in websocket text frames, described by two tables.

`UP` is what a pin may say, `DOWN` what a relay may say. A message is a dict whose `t` names its type;
fields that the tables do not know are dropped, so that a newer peer may say more than an older one hears.
"""

import json

from . import MAX_MESSAGE_BYTES, WireError
from .audio import MAX_UTTERANCE_FRAMES, SAMPLES_PER_FRAME
from .rules import BOOL, check_fields, hex_, id_, integer, list_, map_, quote, text, word

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
CHOICES = 3  # what a tilted hand finds without counting
GLYPHS_A_MESSAGE = 32  # about 14 hanzi fill a message, or 30 letters of a simpler script
GLYPH_TEXT_BYTES = 640  # 480 of a glyph in base64; the busiest hanzi has 225

_HEX32 = hex_(64)  # 32 bytes: a nonce or a SHA-256 MAC
_UTT = integer(0, NUMBER_MAX)  # number of an utterance, chosen by the pin, growing
_CARD = integer(0, NUMBER_MAX)
_MS = integer(0, TIME_MAX_MS)
_PERCENT = integer(0, 100)
_REQUEST = integer(0, NUMBER_MAX)
_ERROR = {"code": text(32), "text": text(240), "utt?": _UTT}

UP = {
    # Who is there, and what it can show. `display.kind` says how cards are laid out.
    "hello": {
        "v": integer(0, 65535),
        "pin": id_(32),
        "nonce": _HEX32,
        "firmware": text(24),
        "board": text(24),
        "display": map_({"kind": text(12), "cols": integer(4, 80), "lines": integer(1, 8)}),
    },
    "proof": {"mac": _HEX32},
    # A spoken question: start, audio frames (binary), end. `samples` counts real samples, without
    # the padding of the last frame; `dropped` those that the microphone lost.
    "utterance_start": {"utt": _UTT},
    "utterance_end": {
        "utt": _UTT,
        "frames": integer(0, MAX_UTTERANCE_FRAMES),
        "samples": integer(0, MAX_UTTERANCE_FRAMES * SAMPLES_PER_FRAME),
        "dropped?": integer(0, NUMBER_MAX),
    },
    "utterance_cancel": {"utt": _UTT},
    # A typed question.
    "ask": {"utt": _UTT, "text": text(1000)},
    # What happened to a card. `pin_ms` is the pin's own clock, for measuring only.
    "event": {
        "name": word("shown", "page", "dismissed", "chosen", "level"),
        "card": _CARD,
        "page?": integer(0, 255),
        "choice?": id_(24),
        "level?": _PERCENT,
        "by?": word("wearer", "press", "timeout"),
        "pin_ms?": _MS,
    },
    # The wearer opened a view of the menu that only the relay can fill.
    "open": {"view": id_(24)},
    # What became of an alarm, timer or reminder that the pin rang by its own clock.
    "alarm": {"id": id_(24), "what": word("rang", "snoozed", "stopped"), "unix_ms?": _MS},
    # How the pin is: now and then, and when something changes.
    "status": {
        "battery_percent?": _PERCENT,
        "battery_mv?": integer(0, 10000),
        "charging?": BOOL,
        "rssi_dbm?": integer(-128, 0),
        "heap_free": integer(0, NUMBER_MAX),
        "uptime_s": integer(0, NUMBER_MAX),
        "resets": integer(0, NUMBER_MAX),
        "cause?": text(24),
        "dropped": integer(0, NUMBER_MAX),
        "slot?": text(12),
        "state?": text(16),
    },
    "crash": {"text": text(1200)},
    "settings_done": {"request": _REQUEST, "error?": text(240)},
    # The new key is kept: an HMAC made with it, as in the challenge.
    "rekeyed": {"mac": _HEX32},
    # The next bytes of an update: of its manifest (file 0) or of the manifest's file of that number.
    "update_want": {"update": _HEX32, "file": integer(0, 255), "offset": integer(0, NUMBER_MAX)},
    "update_state": {
        "update": _HEX32,
        "phase": word("receiving", "verified", "switched", "good", "refused", "reverted"),
        "percent?": _PERCENT,
        "text?": text(240),
    },
    # Whether a spoken answer would be played: there is a speaker that nobody silenced. Unsaid is no.
    "voice": {"plays": BOOL},
    # Frames of this spoken answer below this number were played; if `over`, none will be any more.
    "voice_played": {"voice": _UTT, "frames": integer(0, NUMBER_MAX), "over?": BOOL},
    "time": {"pin_ms": _MS},
    "error": _ERROR,
}

DOWN = {
    "challenge": {"nonce": _HEX32, "mac": _HEX32},
    "welcome": {"session": text(32), "unix_ms": _MS},
    # Every frame of this utterance numbered below `next` has arrived.
    "ack": {"utt": _UTT, "next": integer(0, MAX_UTTERANCE_FRAMES)},
    "partial": {"utt": _UTT, "text": text(1000)},
    "final": {"utt": _UTT, "text": text(1000)},
    # Pages of lines that fit this pin's display. The same `card` with a higher `rev` replaces it
    # while it grows; `more` says that it still does.
    "card": {
        "card": _CARD,
        "rev": integer(0, NUMBER_MAX),
        "kind": word("answer", "notice", "error", "choice", "confirm", "menu", "player"),
        "pages": list_(32, list_(8, text(LINE_BYTES))),
        "more": BOOL,
        "utt?": _UTT,
        "title?": text(48),
        "choices?": list_(CHOICES, map_({"id": id_(24), "label": text(24)})),
        "focus?": integer(0, CHOICES - 1),
        # What a swipe chooses, and what rolling the wrist turns.
        "swipe?": map_({"next?": id_(24), "previous?": id_(24)}),
        "level?": _PERCENT,
        # In large figures instead of lines: a text, or what is left until then.
        "big?": text(12),
        "ends_ms?": _MS,
        # A card that nobody asked for: how much it may disturb.
        "alert?": word("quiet", "normal", "urgent"),
    },
    # Letters that the pin's font lacks, before the card that needs them: packed strokes (`glyphs`) as base64.
    "glyphs": {
        "glyphs": list_(
            GLYPHS_A_MESSAGE, map_({"code": integer(0x20, 0x10FFFF), "strokes": text(GLYPH_TEXT_BYTES)})
        )
    },
    # What the pin's own home view shows of the house.
    "home": {
        "next?": text(LINE_BYTES),
        "unread": integer(0, 999),
        "playing?": text(LINE_BYTES),
        "utc_offset_min?": integer(-840, 840),  # of local time: the pin's clock is UTC
    },
    # Everything that is to ring, soonest first: it replaces what was sent before.
    "alarms": {
        "alarms": list_(
            8,
            map_(
                {"id": id_(24), "unix_ms": _MS, "label": text(48), "kind": word("timer", "alarm", "reminder")}
            ),
        )
    },
    "ring": {"seconds": integer(0, 60)},
    "settings": {
        "request": _REQUEST,
        "volume?": _PERCENT,
        "brightness?": _PERCENT,
        "silent?": BOOL,
        "standby?": word("reachable", "saver"),
        "look_minutes?": integer(0, 240),
        "networks?": list_(4, map_({"ssid": text(32), "password": text(64), "hidden": BOOL})),
        "relays?": list_(4, map_({"host": id_(64), "port": integer(1, 65535)})),
    },
    "rekey": {"key": _HEX32},
    # A signed update is there; the pin asks for its bytes when it is idle.
    "update": {
        "update": _HEX32,
        "version": text(24),
        "manifest_bytes": integer(1, NUMBER_MAX),
        "total_bytes": integer(0, NUMBER_MAX),
    },
    # The answer spoken: audio frames (binary) between these two. `cut`: what is not played yet is dropped.
    "voice_start": {"voice": _UTT, "card?": _CARD},
    "voice_end": {"voice": _UTT, "frames": integer(0, NUMBER_MAX), "cut?": BOOL},
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
        raise WireError("not_json", "expected one JSON object, got: %s" % quote(text)) from None
    if size > MAX_MESSAGE_BYTES:
        raise WireError("too_long", "expected at most %d bytes, got %d" % (MAX_MESSAGE_BYTES, size))
    if not isinstance(message, dict):
        raise WireError("not_json", "expected one JSON object, got: %s" % quote(text))
    return check(table, message)


def check(table, message):
    """`message` with only the fields that `table` knows, each checked. Raises WireError."""
    t = message.get("t")
    if not isinstance(t, str) or t not in table:
        raise WireError("unknown_type", "expected one of %s, got %s" % (", ".join(sorted(table)), quote(t)))
    checked = check_fields(t, table[t], message)
    checked["t"] = t
    return checked
