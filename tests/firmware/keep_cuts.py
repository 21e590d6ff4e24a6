"""As power_cuts.py, for what `pin.keep` keeps: alarms, crashes and the count of resets. Prints the points."""

import sys

from pin import alarms, crash, keep, log
from power_cuts import Story

NOW = 1_795_000_000_000


class Wall:
    def now_ms(self):
        return NOW


def pin_alarms():
    return alarms.Alarms(Wall(), lambda: None)


def look():
    """What a pin that starts now finds."""
    found = pin_alarms()
    return repr(found._list), repr(found._events), crash.next_text(), keep.load("resets.json", 0)


def replace(count):
    def action():
        pin_alarms().replace(
            [
                {"id": "a%d" % i, "unix_ms": NOW + 1000 * i, "label": "label " * 6, "kind": "timer"}
                for i in range(count)
            ]
        )

    return action


def ring():
    assert pin_alarms().poll(0)


def told():
    pin_alarms().event_sent()


log.level = log.ERROR
story = Story(lambda: None)
story.step(replace(1), look)
story.step(replace(8), look)
story.step(ring, look)
story.step(told, look)
story.step(lambda: crash.keep_text("first " * 100), look)
story.step(lambda: crash.keep_text("second " * 100), look)
story.step(lambda: crash.keep_text("second " * 100), look)
story.step(crash.sent, look)
story.step(lambda: keep.save("resets.json", 1), look)
story.step(lambda: keep.save("resets.json", 2), look)
story.step(replace(0), look)
print(story.replay(look, int(sys.argv[1])))
