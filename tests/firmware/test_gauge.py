"""The fuel gauge's registers, and what the charge means."""

from pin.battery import (
    DARK_OVER_PERCENT,
    DARK_PERCENT,
    EMPTY,
    EMPTY_MV,
    LOW,
    LOW_OVER_PERCENT,
    LOW_PERCENT,
    READ_MS,
    Battery,
)
from pin.gauge import ADDRESS, Gauge

ON_MICROPYTHON = True


class Bus:
    """The MAX17048's words by register, as its datasheet numbers them."""

    def __init__(self, version=0x0012):
        self.words = {0x02: 0xC000, 0x04: 0x3280, 0x08: version, 0x16: 0}
        self.dead = False

    def readfrom_mem_into(self, address, register, buffer):
        assert address == ADDRESS and len(buffer) == 2
        if self.dead:
            raise OSError(19)
        word = self.words[register]
        buffer[0], buffer[1] = word >> 8, word & 255


class Cell:
    """A gauge that says what the test wants."""

    def __init__(self, percent=50, millivolts=3800, rate=0.0, answers=True):
        self.percent, self.millivolts, self.percent_an_hour = percent, millivolts, rate
        self.answers = answers

    def read(self):
        return self.answers


def test_registers_of_the_datasheet():
    gauge = Gauge(Bus())
    assert gauge.read()
    assert gauge.millivolts == 3840  # 0xC000 * 78.125 uV
    assert gauge.percent == 50  # 0x3280 / 256 = 50.5
    assert gauge.percent_an_hour == 0


def test_rate_is_signed():
    bus = Bus()
    gauge = Gauge(bus)
    bus.words[0x16] = 0xFFF6
    gauge.read()
    assert abs(gauge.percent_an_hour + 2.08) < 0.001
    bus.words[0x16] = 0x0064
    gauge.read()
    assert abs(gauge.percent_an_hour - 20.8) < 0.001


def test_overfull_is_full():
    bus = Bus()
    gauge = Gauge(bus)
    bus.words[0x04] = 0x6580  # 101.5 %
    gauge.read()
    assert gauge.percent == 100


def test_another_chip_is_refused():
    try:
        Gauge(Bus(version=0x0100))
    except OSError as error:
        assert "0x0100" in str(error)
    else:
        raise AssertionError("taken for a MAX17048")


def test_a_bus_that_fails_is_an_unknown_charge_and_comes_back():
    bus = Bus()
    gauge = Gauge(bus)
    assert gauge.read()
    bus.dead = True
    assert not gauge.read()
    assert gauge.percent is None and gauge.millivolts is None
    bus.dead = False
    assert gauge.read() and gauge.percent == 50


def walk(battery, cell, percents):
    """What it said at each percentage, one look apiece."""
    said = []
    for i, percent in enumerate(percents):
        cell.percent = percent
        sentence = battery.poll(i * READ_MS)
        if sentence:
            said.append((percent, sentence))
    return said


def test_low_is_said_once_and_again_only_after_a_charge():
    cell = Cell()
    battery = Battery(cell)
    down = [LOW_PERCENT + 1, LOW_PERCENT, LOW_PERCENT + 1, LOW_PERCENT, LOW_PERCENT - 1]
    assert walk(battery, cell, down) == [(LOW_PERCENT, LOW % LOW_PERCENT)]
    assert battery.low
    battery = Battery(cell)
    again = [LOW_PERCENT, LOW_OVER_PERCENT - 1, LOW_PERCENT, LOW_OVER_PERCENT, LOW_PERCENT]
    assert [at for at, _ in walk(battery, cell, again)] == [LOW_PERCENT, LOW_PERCENT]


def test_between_two_looks_nothing_is_read():
    cell = Cell(percent=50)
    battery = Battery(cell)
    battery.poll(0)
    cell.percent = 3
    assert battery.poll(READ_MS - 1) is None and not battery.dark
    assert battery.poll(READ_MS) == LOW % 3 and battery.dark


def test_light_is_refused_near_empty_with_a_band():
    cell = Cell()
    battery = Battery(cell)
    dark = []
    for i, percent in enumerate([6, DARK_PERCENT, 6, 7, DARK_OVER_PERCENT, 7, 6, DARK_PERCENT]):
        cell.percent = percent
        battery.poll(i * READ_MS)
        dark.append(battery.dark)
    assert dark == [False, True, True, True, False, False, False, True]


def test_empty_by_percent_or_by_voltage_but_not_on_a_charger():
    cell = Cell(percent=2)
    battery = Battery(cell)
    assert battery.poll(0) == EMPTY and battery.empty
    assert battery.poll(READ_MS) is None and battery.empty  # said once
    cell = Cell(percent=40, millivolts=EMPTY_MV - 1)
    battery = Battery(cell)
    assert battery.poll(0) == EMPTY
    battery = Battery(cell, vbus=lambda: True)
    assert battery.poll(0) is None and not battery.empty and battery.charging


def test_charging_is_told_by_the_board_or_by_the_gauge_or_not_at_all():
    cell = Cell(rate=5.0)
    battery = Battery(cell)
    battery.poll(0)
    assert battery.charging is True
    cell.percent_an_hour = -3.0
    battery.poll(READ_MS)
    assert battery.charging is False
    battery = Battery(None)
    battery.poll(0)
    assert battery.charging is None and battery.percent is None


def test_an_unknown_charge_forbids_nothing():
    cell = Cell(percent=1)
    battery = Battery(cell)
    battery.poll(0)
    assert battery.dark and battery.empty
    cell.answers = False
    assert battery.poll(READ_MS) is None
    assert not battery.dark and not battery.empty and battery.percent is None
