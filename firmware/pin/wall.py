"""The time of day by the pin's own clock, and whether it is known at all.

The chip's clock runs on through sleep and every reset but loses the time with the power: it then begins in
2000, and what it says counts for nothing until the relay was asked. In sleep it runs on an oscillator that
strays with temperature, so whoever sleeps towards a moment wakes `margin_ms` before it and asks the relay.
"""

FIRST_YEAR = 2025  # a clock that says less was never set
DRIFT_PERCENT = (
    5  # of a sleep: the 136 kHz RC oscillator, calibrated at its begin (estimate; not measured here)
)
LEAST_MARGIN_MS = 8000  # Wi-Fi, TLS and the relay's answer take about 4 s
_DAY_MS = 86_400_000


def unix_ms(year, month, day, hour, minute, second, micro=0):
    """Milliseconds since 1970 of a Gregorian UTC date (days from civil, after H. Hinnant, chrono 2013)."""
    if month <= 2:
        year -= 1
        month += 12
    days = year * 365 + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719469
    return days * _DAY_MS + ((hour * 60 + minute) * 60 + second) * 1000 + micro // 1000


def date(ms):
    """(year, month, day, hour, minute, second, micro) UTC: the inverse of `unix_ms`."""
    days, rest = divmod(ms, _DAY_MS)
    days += 719468  # since the first of March of the year 0
    era, day = divmod(days, 146097)
    year = (day - day // 1460 + day // 36524 - day // 146096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    year += era * 400 + (1 if month > 9 else 0)
    month += 3 if month < 10 else -9
    second, rest = divmod(rest, 1000)
    return year, month, day + 1, second // 3600, second // 60 % 60, second % 60, rest * 1000


def margin_ms(left_ms):
    """How long before the end of a sleep of `left_ms` to wake, so that it cannot be overslept."""
    return max(LEAST_MARGIN_MS, left_ms * DRIFT_PERCENT // 100)


class Wall:
    """`rtc` is a machine.RTC, in UTC."""

    def __init__(self, rtc):
        self._rtc = rtc
        self.asked = False  # the relay told the time since this start

    def now_ms(self):
        """Unix time, or None while it is unknown. Allocates."""
        year, month, day, _, hour, minute, second, micro = self._rtc.datetime()
        if year < FIRST_YEAR:
            return None
        return unix_ms(year, month, day, hour, minute, second, micro)

    def set(self, ms):
        """The relay said what time it is."""
        year, month, day, hour, minute, second, micro = date(ms)
        self._rtc.datetime((year, month, day, 0, hour, minute, second, micro))
        self.asked = True
