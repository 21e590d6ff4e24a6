"""Runs in MicroPython: how long a card takes from text to its first lit sample, and what the heap pays."""

import gc
import time

from pin.projector import Projector, font, guard, scanner, speed

RUNS = 30
LINES = ["Hello world!"]
OTHER = ["Quick answer"]


class Port:
    """Stands for the I2S transmitter: takes what it is given at once."""

    def __init__(self):
        self.handler = None

    def irq(self, handler):
        self.handler = handler

    def write(self, buffer):
        return len(buffer)


class Arm:
    def __call__(self, level):
        pass


class Hand:
    """Stands for the palm sensor."""

    present = True

    def age_ms(self):
        return 0


def make():
    mirror = speed.Mirror()
    port = Port()
    vector = scanner.VectorScanner(port, mirror)
    gate = guard.Guard(Arm(), Hand(), mirror)
    gate.user_action()
    projector = Projector(vector, gate, font.load())
    return port, projector


def first_light_us(port, projector, lines):
    """From the text to the first lit sample in the port's hands."""
    gc.collect()
    began = time.ticks_us()
    if not projector.show(lines):
        raise RuntimeError(projector.reason)
    while projector.first_lit_ms is None:
        port.handler(port)
    took = time.ticks_diff(time.ticks_us(), began)
    projector.dark()
    projector.guard.user_action()
    return took


def measure():
    port, projector = make()
    first = first_light_us(port, projector, LINES)  # every buffer is made or grown here
    times = sorted([first_light_us(port, projector, LINES) for _ in range(RUNS)])
    projector.show(OTHER)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    projector.show(LINES)
    allocated = gc.mem_alloc() - before
    gc.enable()
    print("light", times[RUNS // 2], first, allocated)


measure()
