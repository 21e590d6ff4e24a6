"""The viper functions stay within 32-bit integers: the unix port's are 64 bits wide and would hide it."""

import random
from array import array

import pytest
from pin.projector import font, guard, matrix, order, page, path, samples, speed

LOWEST, HIGHEST = -(1 << 31), (1 << 31) - 1


class Int32(int):
    """An integer that refuses to leave 32 bits, and division by nothing but a positive number."""


def _checked(name):
    plain = getattr(int, name)

    def operation(self, other):
        value = plain(self, other)
        if value is NotImplemented:
            return value
        if not LOWEST <= value <= HIGHEST:
            raise OverflowError(f"{int(self)} {name} {int(other)} = {value}")
        if name == "__floordiv__" and (int(other) <= 0 or int(self) == LOWEST):
            raise OverflowError(f"{int(self)} // {int(other)}")
        return Int32(value)

    return operation


for _name in ["add", "sub", "mul", "lshift", "rshift", "and", "or", "xor", "floordiv", "mod"]:
    setattr(Int32, f"__{_name}__", _checked(f"__{_name}__"))
    setattr(Int32, f"__r{_name}__", _checked(f"__r{_name}__"))


def _counted(*limits):
    return (Int32(i) for i in range(*limits))


@pytest.fixture
def narrow(monkeypatch):
    public = ("find_tips", "sample", "drive", "light", "write_dark")  # viper, and called from elsewhere
    for module in (guard, matrix, order, page, path, samples, speed):
        for name in dir(module):
            private = name.startswith("_") and not name.startswith("__")
            if (private or name in public) and callable(getattr(module, name)):
                function = getattr(module, name)
                if getattr(function, "__module__", "") == module.__name__:
                    space = dict(function.__globals__, int=Int32, range=_counted)
                    copy = type(function)(function.__code__, space, name, function.__defaults__)

                    def call(*args, copy=copy):
                        return copy(*(Int32(arg) if isinstance(arg, int) else arg for arg in args))

                    monkeypatch.setattr(module, name, call)


MIRRORS = [(1000, 0.7), (100, 0.7), (250, 1.0), (250, 0.1), (2500, 0.1), (2500, 1.0)]


@pytest.mark.parametrize(("hz", "damping"), MIRRORS)
@pytest.mark.parametrize("text", ["W", "10:42 AM", "....................", "|____________|", "@&%"])
def test_pages_of_all_sizes(narrow, text, hz, damping):
    mirror = speed.Mirror(hz, damping, 3)
    sheet = page.Page(font.load())
    sheet.lay_out([text], ("Yes", "No"), 1)
    way = path.Path()
    way.trace(sheet)
    frame = array("i", bytes(8 * speed.MAX_SAMPLES))
    samples = speed.Planner(mirror).plan(way, frame)
    assert guard._inspect(frame, samples, guard.model(mirror), 15) == 0


@pytest.mark.parametrize(("hz", "damping"), MIRRORS)
def test_noise_through_the_guard(narrow, hz, damping):
    rng = random.Random(hz)
    model = guard.model(speed.Mirror(hz, damping, 7))
    for swing in (8, 40, 200):
        frame = array("i", bytes(8 * 400))
        for k in range(400):
            for axis in range(2):
                # Full swings near the mirror's own period are the worst that a drive can do.
                level = rng.choice((-1, 1)) if swing == 8 else 1 if k // (swing // 2) % 2 else -1
                frame[2 * k + axis] = level * 0x7FFFF << 12
            frame[2 * k] |= speed.BLANK | (k & 1) << 1
        assert guard._inspect(frame, 400, model, 15) == 0  # dark: followed, never refused


def test_the_widest_strip(narrow):
    class Chip:
        pixels = bytearray(144)

        def show(self):
            pass

        def power(self, on):
            pass

    scanner = matrix.MatrixScanner(Chip(), clock_ms=lambda: 0)
    scanner.show(font.load(), ["|@" + "W" * 160], (), 0, None)
    scanner.start()
    assert scanner.frames == 1 and scanner.lit
