"""Runs on MicroPython: random cards through everything that goes wrong; writes all samples sent.

    micropython random_light.py SEED FILE CARDS

Each record is X word, Y word, LASER_ARM. At the end it prints how often each thing happened.
"""

import random
import sys
from array import array

from dma_rig import DmaRig


def text():
    lines = []
    for _ in range(random.randrange(1, 4)):
        lines.append("".join([chr(random.randrange(32, 384)) for _ in range(random.randrange(13))]))
    return lines


def corrupt(rig):
    """The next frame gets some bits flipped, or a stretch of one value, before the guard reads it."""
    planner = rig.scanner._planner
    plan = planner.plan

    def damaged(path, frame):
        samples = plan(path, frame)
        start = random.randrange(samples)
        kind = random.randrange(3)
        for k in range(start, min(samples, start + random.randrange(1, 400))):
            if kind == 0:
                frame[2 * k] ^= 1 << random.randrange(31)
            elif kind == 1:
                frame[2 * k] = frame[2 * start] & ~2 | (k & 1) << 1
                frame[2 * k + 1] = frame[2 * start + 1]
            else:
                frame[2 * k] |= 0x78
                frame[2 * k] &= ~4
        return samples

    planner.plan = damaged
    return lambda: setattr(planner, "plan", plan)


def main(seed, path, cards):
    random.seed(seed)
    rig = DmaRig()
    happened = {}
    with open(path, "wb") as file:
        for _ in range(cards):
            what = random.choice(("", "", "corrupt", "stall", "palm", "frozen", "hang", "dark", "battery"))
            happened[what] = happened.get(what, 0) + 1
            rig.out = []
            rig.guard.user_action()
            repair = corrupt(rig) if what == "corrupt" else None
            rig.projector.show(text(), random.choice((None, "Title")))
            if repair:
                repair()
            rig.run(random.randrange(1, 40) * 1000)
            if what == "stall":
                rig.blocked_until_us = rig.us + random.randrange(1, 120) * 1000
            elif what == "palm":
                rig.hand.present = False
            elif what == "frozen":
                rig.hand.frozen_us = rig.us - 201_000
            elif what == "hang":
                rig.app_runs = False
            elif what == "dark":
                rig.projector.dark()
            elif what == "battery":
                rig.guard.set_battery_low(True)
            rig.run(random.randrange(1, 60) * 1000)
            rig.hand.present = True
            rig.hand.frozen_us = None
            rig.app_runs = True
            rig.guard.set_battery_low(False)
            record = array("i")
            for x, y, arm in rig.out:
                record.extend(array("i", (signed(x), signed(y), arm)))
            file.write(record)
    print(sorted(happened.items()), rig.scanner.underruns, sorted(rig.guard.counts.items()))


def signed(word):
    return word - (1 << 32) if word >= 1 << 31 else word


main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
