"""Alarms, timers and reminders by the pin's own clock, whether or not there is a relay.

The relay sends the whole list (`alarms`); it lies in the flash. What the wearer did to one goes up (`alarm`)
when there is a link, and until the relay's list agrees the pin's own word counts: what was stopped does not
ring again because an older list came late.
"""

from pin import keep, log
from pin.clock import Deadline

PATH = "alarms.json"  # in the root of the flash, so that an update leaves them alone
MOST = 8  # the wire's limit
RING_MS = 60_000  # then nobody is there: it snoozes by itself
BUZZ_MS = 2000  # from one buzz to the next
SNOOZE_MS = 300_000
SNOOZES = 3  # by itself; then it stops and says so
LATE_MS = 60_000  # rung later than this the card says that it was missed
STALE_MS = 12 * 3_600_000  # a pin that was off so long does not ring for yesterday
CHECK_MS = 250  # how late a ring may be

RANG, SNOOZED, STOPPED = "rang", "snoozed", "stopped"


class Alarms:
    """`wall` is the clock; `buzz()` is called for each buzz. `ringing` is the alarm that rings, or None."""

    def __init__(self, wall, buzz, path=PATH):
        self._wall = wall
        self._buzz = buzz
        self._path = path
        self._check, self._end, self._again = Deadline(), Deadline(), Deadline()
        self.ringing = None
        self.changed = False  # the card of what rings must be drawn anew
        stored = keep.load(path, {})
        self._list = [a for a in _items(stored, "alarms") if _is_alarm(a)][:MOST]
        self._events = [e for e in _items(stored, "events") if _is_event(e)][:MOST]  # for the relay
        self._done = [d for d in _items(stored, "done") if isinstance(d, list) and len(d) == 2][:MOST]

    def __len__(self):
        return len(self._list)

    # from the relay, and to it

    def replace(self, alarms):
        """The relay's list takes the place of the old one."""
        mine = {a["id"]: a for a in self._list}
        self._list = [a for a in [self._merged(alarm, mine.get(alarm["id"])) for alarm in alarms[:MOST]] if a]
        if self.ringing is not None and not any([a is self.ringing for a in self._list]):
            log.info("alarms", "the relay ended what rings")
            self._silence()
        self._save()

    def _merged(self, theirs, mine):
        """What to keep of the relay's alarm and of ours with the same id, or None."""
        if [theirs["id"], theirs["unix_ms"]] in self._done:
            return (
                mine  # the relay has not heard yet: a snoozed one keeps its new time, a stopped one is over
            )
        if mine is not None and mine["unix_ms"] == theirs["unix_ms"]:
            return mine
        return {name: theirs[name] for name in ("id", "unix_ms", "label", "kind")} | {"snoozes": 0}

    def next_event(self):
        """Fields of the oldest `alarm` message that the relay has not had, or None."""
        return self._events[0] if self._events else None

    def event_sent(self):
        """It went out."""
        self._events.pop(0)
        self._save()

    # the clock

    def next_ms(self):
        """Milliseconds until the next one rings; None if there is none or the time is unknown."""
        now = self._wall.now_ms() if self._list else None
        if now is None:
            return None
        return max(0, min([a["unix_ms"] for a in self._list]) - now)

    @property
    def waiting_for_time(self):
        """There are some, but the clock does not know when that is: the relay must be asked."""
        return bool(self._list) and self._wall.now_ms() is None

    def poll(self, now_ms):
        """The heartbeat. True when one begins to ring."""
        if self.ringing is not None:
            self._ring_on(now_ms)
            return False
        if self._check.set and not self._check.passed(now_ms):
            return False
        self._check.after(CHECK_MS, now_ms)
        wall_ms = self._wall.now_ms() if self._list else None
        if wall_ms is None:
            return False
        due = min(self._list, key=_when)
        if due["unix_ms"] > wall_ms:
            return False
        if wall_ms - due["unix_ms"] > STALE_MS:
            log.warning(
                "alarms", "%s was due %d s ago: not rung" % (due["id"], (wall_ms - due["unix_ms"]) // 1000)
            )
            self._finish(due, STOPPED)
            return False
        self.ringing = due
        self.changed = True
        self._tell(RANG, due, due["unix_ms"])
        self._end.after(RING_MS, now_ms)
        self._again.after(BUZZ_MS, now_ms)
        self._buzz()
        self._save()
        return True

    def _ring_on(self, now_ms):
        if self._end.passed(now_ms):
            if self.ringing["snoozes"] >= SNOOZES:
                log.warning("alarms", "nobody came: %s is over" % self.ringing["id"])
                self.stop()
            else:
                self.snooze()
        elif self._again.passed(now_ms):
            self._again.after(BUZZ_MS, now_ms)
            self._buzz()

    # the wearer

    def snooze(self):
        """Later. Nothing without a ring."""
        alarm = self.ringing
        if alarm is None:
            return
        now = self._wall.now_ms()
        later = (alarm["unix_ms"] if now is None else now) + SNOOZE_MS
        self._note_done(alarm)
        alarm["unix_ms"] = later
        alarm["snoozes"] += 1
        self._tell(SNOOZED, alarm, later)
        self._silence()
        self._save()

    def stop(self):
        """Over. Nothing without a ring."""
        if self.ringing is not None:
            self._finish(self.ringing, STOPPED)

    def card(self):
        """The card of what rings, in the words of the wire."""
        alarm = self.ringing
        now = self._wall.now_ms()
        label = alarm["label"] or alarm["kind"]
        late_ms = 0 if now is None else now - alarm["unix_ms"]
        if late_ms > LATE_MS and not alarm["snoozes"]:
            label = "Missed: " + label
        return {
            "t": "card",
            "card": None,  # the pin's own: the relay hears of it by `alarm`
            "rev": 0,
            "kind": "notice",
            "pages": [[label]],
            "more": False,
            "big": "0:00",
            "ends_ms": alarm["unix_ms"],
            "alert": "urgent",
            "raw": True,  # whoever shows it is told of taps and gestures
            "public": True,  # a lock must not keep it from being silenced
            "view": "ring",
        }

    def _finish(self, alarm, what):
        self._list = [a for a in self._list if a is not alarm]
        self._note_done(alarm)
        self._tell(what, alarm, alarm["unix_ms"])
        self._silence()
        self._save()

    def _silence(self):
        self.ringing = None
        self.changed = True

    def _tell(self, what, alarm, unix_ms):
        if len(self._events) == MOST:
            self._events.pop(0)  # the relay rang it itself by now
        self._events.append({"id": alarm["id"], "what": what, "unix_ms": unix_ms})

    def _note_done(self, alarm):
        # The last eight: a relay's list has no more.
        self._done = self._done[1 - MOST :] + [[alarm["id"], alarm["unix_ms"]]]

    def _save(self):
        try:
            keep.save(self._path, {"alarms": self._list, "events": self._events, "done": self._done})
        except OSError as error:  # it rings all the same, until the next reset
            log.error("alarms", "cannot be kept: %r" % error)


def countdown(left_ms):
    """Big figures: 1:05:00, 4:59, 0:07; after the moment how long ago, +0:07."""
    seconds = (left_ms + 999) // 1000 if left_ms >= 0 else -left_ms // 1000
    sign = "" if left_ms >= 0 else "+"
    hours, minutes = seconds // 3600, seconds // 60 % 60
    if hours:
        return "%s%d:%02d:%02d" % (sign, hours, minutes, seconds % 60)
    return "%s%d:%02d" % (sign, minutes, seconds % 60)


def _when(alarm):
    return alarm["unix_ms"]


def _items(stored, name):
    found = stored.get(name) if isinstance(stored, dict) else None
    return found if isinstance(found, list) else []


def _is_alarm(item):
    return (
        isinstance(item, dict)
        and isinstance(item.get("unix_ms"), int)
        and isinstance(item.get("snoozes"), int)
        and all([isinstance(item.get(name), str) for name in ("id", "label", "kind")])
    )


def _is_event(item):
    return (
        isinstance(item, dict)
        and isinstance(item.get("unix_ms"), int)
        and item.get("what") in (RANG, SNOOZED, STOPPED)
        and isinstance(item.get("id"), str)
    )
