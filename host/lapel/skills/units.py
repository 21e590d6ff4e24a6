"""Units of measurement: miles in kilometres, cups in millilitres, Fahrenheit in Celsius."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from ..spoken.number_words import number
from ..spoken.sums import say_number
from ..spoken.units import Unit, convert, find_unit
from . import Context, SkillError, tool


@dataclass(frozen=True)
class Measure:
    """A unit as it was named."""

    unit: Unit

    expected = "a unit, such as miles, kilograms, cups, fahrenheit"

    @classmethod
    def from_words(cls, text: str, now: dt.datetime) -> Measure | None:
        unit = find_unit(text)
        return cls(unit) if unit else None


@dataclass(frozen=True)
class Amount:
    """A number with its unit."""

    value: float
    unit: Unit

    expected = "a number with its unit, such as 5 miles or 180 fahrenheit"

    @classmethod
    def from_words(cls, text: str, now: dt.datetime) -> Amount | None:
        """ "two and a half miles", "a cup", 5公里: the longest unit at the end, a number before it."""
        text = text.strip().lower()
        for at in range(1, len(text) + 1):
            unit = find_unit(text[at:]) if at < len(text) else None
            if unit is None or (text[at - 1].isalpha() and text[at].isalpha() and text[at].isascii()):
                continue
            before = text[:at].removesuffix("degrees ").strip(" °")
            value = number(re.sub(r"(?<=half|rter|ters|hird|irds)(?: of)? an?$", "", before))  # half a pound
            if value is not None:
                return cls(value, unit)
        return None


@tool
async def convert_units(context: Context, amount: Amount, target: Measure) -> str:
    """Convert an amount into another unit of measurement.

    amount: how much of what
    target: the unit that is wanted
    """
    value = convert(amount.value, amount.unit, target.unit)
    if value is None:
        raise SkillError(
            context.say(
                en=f"{amount.unit.symbol} cannot be turned into {target.unit.symbol}.",
                zh=f"{amount.unit.symbol}不能换算成{target.unit.symbol}。",
            )
        )
    return f"{say_number(value, 4)} {target.unit.symbol}"
