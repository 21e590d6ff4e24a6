"""Sums as they are said, and units."""

from __future__ import annotations

import datetime as dt

import pytest
from lapel.skills.units import Amount
from lapel.spoken.sums import NoSum, compute, say_number
from lapel.spoken.units import UNITS, convert, find_unit

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("said", "result"),
    [
        ("2+2", 4),
        ("two plus two", 4),
        ("12 times 7", 84),
        ("twelve multiplied by seven", 84),
        ("15 percent of 80", 12),
        ("fifteen percent of eighty", 12),
        ("15% of 80", 12),
        ("fifteen per cent of eighty", 12),
        ("100 divided by 8", 12.5),
        ("144 divided by 12 plus 1", 13),
        ("the square root of 144", 12),
        ("square root of two hundred and fifty six", 16),
        ("2 to the power of 10", 1024),
        ("2^10", 1024),
        ("nine squared", 81),
        ("half of 50", 25),
        ("a quarter of 200", 50),
        ("(3+4)*2", 14),
        ("1,250 + 750", 2000),
        ("three point five times two", 7),
        ("minus 5 plus 2", -3),
        ("7 x 8", 56),
        ("divide 144 by 12", 12),
        ("the square of 12", 144),
        ("subtract five from twenty", 15),
        ("add 5 and 7", 12),
        ("十二乘以七", 84),
        ("二十加三十等于多少", 50),
        ("八十的百分之十五", 12),
        ("一百除以四", 25),
        ("九的平方", 81),
        ("一百减去一", 99),
    ],
)
def test_sums(said: str, result: float) -> None:
    assert compute(said) == pytest.approx(result)


@pytest.mark.parametrize(
    "said",
    [
        "", "the moon", "42", "time", "love", "2 +", "__import__('os')", "9**9**9**9",
        "the time in 5 minutes",
        "print(1)", "1 if 1 else 2", "a" * 500, "(" * 100 + "1" + ")" * 100, "five miles", "x", "1 2 3",
    ],
)  # fmt: skip
def test_what_is_no_sum(said: str) -> None:
    with pytest.raises(NoSum):
        compute(said)


@pytest.mark.parametrize(
    ("said", "reason"),
    [("5 divided by 0", "zero"), ("999999999999 * 999999999999", "large")],
)
def test_a_sum_without_a_result_says_why(said: str, reason: str) -> None:
    with pytest.raises(NoSum, match=reason):
        compute(said)


def test_numbers_are_short() -> None:
    shown = [say_number(value) for value in (12.0, 1234567.0, 1 / 3, 0.1 + 0.2, 1234.56789, -2.5, 0.00001234)]
    assert shown == ["12", "1,234,567", "0.333333", "0.3", "1,234.57", "-2.5", "1.234e-05"]


@pytest.mark.parametrize(
    ("said", "target", "result"),
    [
        ("5 miles", "kilometers", 8.04672),
        ("ten kilometres", "miles", 6.21371),
        ("two and a half pounds", "kg", 1.13398),
        ("180 degrees celsius", "fahrenheit", 356),
        ("98.6 fahrenheit", "celsius", 37),
        ("100 f", "c", 37.7778),
        ("a cup", "ml", 236.588),
        ("six feet", "cm", 182.88),
        ("three tablespoons", "teaspoons", 9),
        ("60 miles per hour", "kilometers per hour", 96.5606),
        ("one acre", "square meters", 4046.856),
        ("5公里", "英里", 3.10686),
        ("十斤", "公斤", 5),
        ("一百华氏度", "摄氏度", 37.7778),
    ],
)
def test_units(said: str, target: str, result: float) -> None:
    amount, wanted = Amount.from_words(said, NOW), find_unit(target)
    assert amount is not None and wanted is not None
    assert convert(amount.value, amount.unit, wanted) == pytest.approx(result, rel=1e-5)


@pytest.mark.parametrize("said", ["five", "miles", "five wishes", "the mile", "", "ten miles high"])
def test_what_is_no_amount(said: str) -> None:
    assert Amount.from_words(said, NOW) is None


def test_different_things_are_not_converted() -> None:
    assert convert(1, UNITS["mile"], UNITS["kg"]) is None
