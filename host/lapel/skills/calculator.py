"""Sums."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ..spoken.sums import NoSum, compute, say_number
from . import tool


@dataclass(frozen=True)
class Sum:
    """What is to be computed, and what comes of it."""

    text: str
    result: str

    copied = False  # "four of us paid 80" is 80 / 4: a model puts it into signs
    expected = "a sum as it was said or written, such as 15 percent of 80, or (3+4)*2"

    @classmethod
    def from_words(cls, text: str, now: dt.datetime) -> Sum | None:
        try:
            return cls(text, say_number(compute(text)))
        except NoSum as reason:
            return cls(text, str(reason)) if str(reason) else None


@tool
async def calculate(sum: Sum) -> str:
    """Compute a sum: plus, minus, times, divided by, percent, powers, roots.

    sum: what to compute
    """
    return sum.result
