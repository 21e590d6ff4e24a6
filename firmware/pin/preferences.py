"""What the wearer set on the pin: volume, brightness, silence. Kept in the flash, soon after a change."""

from pin import keep, log
from pin.clock import Deadline

PATH = "preferences.json"
SAVE_MS = 3000  # a wrist that turns the volume makes one write, not ten: flash wears out

# Lowest, highest and at first; percent.
LEVELS = {
    "volume": (0, 100, 60),
    "brightness": (10, 100, 100),  # below it a card cannot be read and so not be set back
}


class Preferences:
    """`levels` by name, and `silent`. `on_change`, if set, is called with a name when that changed."""

    def __init__(self, path=PATH):
        self._path = path
        self._save = Deadline()
        self.on_change = None
        self.silent = False
        self.levels = {name: LEVELS[name][2] for name in LEVELS}
        kept = keep.load(path, {})
        if isinstance(kept, dict):
            self.silent = kept.get("silent") is True
            for name in LEVELS:
                value = kept.get(name)
                if isinstance(value, int) and not isinstance(value, bool):
                    self.levels[name] = _bounded(name, value)

    def set_level(self, name, percent, now_ms):
        """`percent` within its bounds; returns what it is now."""
        self.levels[name] = _bounded(name, percent)
        self._changed(name, now_ms)
        return self.levels[name]

    def set_silent(self, silent, now_ms):
        self.silent = silent
        self._changed("silent", now_ms)

    def apply(self, values, now_ms):
        """What the relay's `settings` has of them."""
        for name in LEVELS:
            if name in values:
                self.set_level(name, values[name], now_ms)
        if "silent" in values:
            self.set_silent(values["silent"], now_ms)

    def _changed(self, name, now_ms):
        self._save.after(SAVE_MS, now_ms)
        if self.on_change is not None:
            self.on_change(name)

    def poll(self, now_ms):
        """Saves what has settled."""
        if self._save.passed(now_ms):
            self.save()

    def save(self):
        """Now, if there is anything to save: before the power goes."""
        if not self._save.set:
            return
        self._save.clear()
        try:
            keep.save(self._path, dict(self.levels, silent=self.silent))
        except OSError as error:
            log.warning("preferences", "not kept: %r" % error)


def _bounded(name, percent):
    low, high, _ = LEVELS[name]
    return max(low, min(high, percent))
