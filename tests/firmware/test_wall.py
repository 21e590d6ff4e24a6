"""Dates and the clock that may not know the time."""

from pin.wall import DRIFT_PERCENT, LEAST_MARGIN_MS, Wall, date, margin_ms, unix_ms

ON_MICROPYTHON = True


class Rtc:
    """A machine.RTC that stands still."""

    def __init__(self):
        self.value = (2000, 1, 1, 5, 0, 0, 7, 0)

    def datetime(self, value=None):
        if value is None:
            return self.value
        self.value = value
        return None


def test_known_moments():
    assert unix_ms(1970, 1, 1, 0, 0, 0) == 0
    assert unix_ms(2000, 1, 1, 0, 0, 0) == 946_684_800_000
    assert unix_ms(2000, 2, 29, 12, 0, 0) == 951_825_600_000
    assert unix_ms(2026, 11, 22, 13, 52, 13, 250_000) == 1_795_355_533_250
    assert unix_ms(2038, 1, 19, 3, 14, 8) == 2**31 * 1000


def test_there_and_back_over_a_century():
    ms = unix_ms(1999, 12, 31, 23, 59, 59)
    while ms < unix_ms(2101, 1, 1, 0, 0, 0):
        assert unix_ms(*date(ms)) == ms, ms
        ms += 86_400_000 * 3 + 12_345_678


def test_every_day_of_a_leap_year_follows_the_one_before():
    ms = unix_ms(2024, 1, 1, 0, 0, 0)
    days = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    for month in range(12):
        for day in range(days[month]):
            assert date(ms)[:3] == (2024, month + 1, day + 1)
            ms += 86_400_000


def test_a_clock_of_the_year_2000_knows_nothing():
    wall = Wall(Rtc())
    assert wall.now_ms() is None and not wall.asked
    wall.set(unix_ms(2026, 3, 1, 8, 30, 0, 125_000))
    assert wall.now_ms() == unix_ms(2026, 3, 1, 8, 30, 0, 125_000)
    assert wall.asked


def test_the_margin_grows_with_the_sleep():
    assert margin_ms(1000) == LEAST_MARGIN_MS
    assert margin_ms(3_600_000) == 3_600_000 * DRIFT_PERCENT // 100
