"""Moments as people say them, in English and Chinese, made exact, and said again. Pure functions."""

from .moments import When, parse_when, split_when
from .numbers import as_digits
from .saying import say_day, say_days, say_duration, say_moment, say_time

__all__ = [
    "When",
    "as_digits",
    "parse_when",
    "say_day",
    "say_days",
    "say_duration",
    "say_moment",
    "say_time",
    "split_when",
]
