"""Small things that outlive a reset: one JSON value a file; a cut of power leaves the old one or the new.

For what may be lost without harm to the pin's identity: alarms, crashes. The settings have their own store.
"""

import json
import os

MOST_BYTES = 8192  # eight alarms take 1.5 kB, four crashes 5 kB


def load(path, default):
    """The value in `path`, or `default` where there is none that can be read."""
    try:
        with open(path) as file:
            text = file.read(MOST_BYTES + 1)
        return json.loads(text) if len(text) <= MOST_BYTES else default
    except (OSError, ValueError):  # ValueError: no JSON, or no UTF-8
        return default


def save(path, value):
    """Writes `value` beside the old file, then renames it: one step on LittleFS. Raises OSError."""
    temporary = path + ".new"
    with open(temporary, "w") as file:
        file.write(json.dumps(value))
    if hasattr(os, "sync"):
        os.sync()  # the text before the name; LittleFS has done so at close
    os.rename(temporary, path)
