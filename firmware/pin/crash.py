"""What ended the last runs, kept in the flash until the relay has it.

`keep` is called when everything has gone wrong: it raises nothing and needs little.
"""

import io
import sys

from pin import keep as file
from pin import log

PATH = "crashes.json"  # in the root of the flash, so that it outlives an update
MOST = 4  # the first ones: what broke first is the cause, and a loop of crashes must not wear the flash
TEXT_BYTES = 1200  # the wire's limit


def keep(exception, where="main"):
    """Keep the traceback of an exception for the relay."""
    keep_text("%s: %s" % (where, _trace(exception)))


def keep_text(text):
    """Keep a crash that has no exception, such as a watchdog's. The same text again is only counted."""
    text = _cut(text)
    try:
        crashes = _load()
        for crash in crashes:
            if crash["text"] == text:
                crash["times"] = min(crash["times"] + 1, 999)
                break
        else:
            if len(crashes) == MOST:
                log.error("crash", "not kept: %d are waiting for the relay" % MOST)
                return
            crashes.append({"text": text, "times": 1})
        file.save(PATH, crashes)
    except (OSError, MemoryError) as error:
        log.error("crash", "cannot be kept: %r" % error)


def next_text():
    """The oldest one as the wire takes it, or None."""
    crashes = _load()
    if not crashes:
        return None
    crash = crashes[0]
    return _cut(crash["text"] if crash["times"] == 1 else "%d times: %s" % (crash["times"], crash["text"]))


def sent():
    """The oldest one is with the relay."""
    try:
        file.save(PATH, _load()[1:])
    except OSError as error:  # it is sent once more after the next start
        log.error("crash", "cannot be removed: %r" % error)


def _load():
    crashes = file.load(PATH, [])
    if not isinstance(crashes, list):
        return []
    return [c for c in crashes if isinstance(c, dict) and isinstance(c.get("text"), str) and _count(c)][:MOST]


def _count(crash):
    return isinstance(crash.get("times"), int) and crash["times"] > 0


def _trace(exception):
    if hasattr(sys, "print_exception"):
        out = io.StringIO()
        sys.print_exception(exception, out)
        return out.getvalue()
    import traceback

    return "".join(traceback.format_exception(None, exception, exception.__traceback__))


def _cut(text):
    """The text; of a long one its head and more of its tail, where a traceback says what happened."""
    text = text.strip()
    data = text.encode()
    if len(data) <= TEXT_BYTES:
        return text
    head, tail = _whole(data[: TEXT_BYTES // 4]), _whole(data[-(TEXT_BYTES * 3 // 4 - 5) :])
    return head + "\n...\n" + tail


def _whole(data):
    """Text of UTF-8 bytes without the pieces of characters at its ends."""
    start, end = 0, len(data)
    while start < end and data[start] & 0xC0 == 0x80:
        start += 1
    for back in range(1, min(4, end - start) + 1):
        byte = data[end - back]
        if byte & 0xC0 != 0x80:
            need = 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            if need > back:
                end -= back
            break
    return data[start:end].decode()
