"""Sums as they are said: "15 percent of 80", "the square root of 144", 十二乘以七.

The words become signs, the signs a syntax tree, and only arithmetic in it is computed.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from typing import Any

from .numbers import as_digits

_MOST_CHARACTERS = 120
_LARGEST = 1e15  # beyond it whole numbers are no longer exact in a float
_MOST_POWER = 400

_NUMBER = r"(\d+(?:\.\d+)?)"
_WORDS: tuple[tuple[str, str], ...] = (
    (r"(?<=\d)点(?=\d)", "."),
    (r"(?<=\d)[块元](\d)(?!\d)毛?", r".\1"),  # 六十四块五
    (r"[$€£¥]|\b(?:dollars?|euros?|pounds?|bucks?|yuan)\b|(?<=\d)(?:块钱?|元钱?)", " "),
    (r"^(?:an? |the )?(.+?(?:%|percent|per cent)) (?:tip|tax|discount|share) (?:on|of|for|from) ", r"\1 of "),
    (r"^(.+?) split " + _NUMBER + r" ways?$", r"(\1) / \2"),
    (
        r"^(?:split|share|divide) (.+) (?:between|among|amongst|by|into|in) " + _NUMBER + r"(?: \w+)?$",
        r"(\1) / \2",
    ),
    (r"\b(?:double|twice)(?: of)?(?= \d)", "2 *"),
    (r"\btriple(?: of)?(?= \d)", "3 *"),
    (r"^" + _NUMBER + r" (?:raised )?to the power of " + _NUMBER, r"\1 ** \2"),
    (r"\bdivided (?:between|among|amongst)\b", "/"),
    (r"^" + _NUMBER + r" take away " + _NUMBER, r"\1 - \2"),
    (r"\b(?:the )?square of " + _NUMBER, r"\1 ** 2"),
    (r"\b(?:the )?cube of " + _NUMBER, r"\1 ** 3"),
    (r"^divide (.+) by (.+)$", r"(\1) / (\2)"),
    (r"^multiply (.+) (?:by|with|and) (.+)$", r"(\1) * (\2)"),
    (r"^(?:subtract|take) (.+) from (.+)$", r"(\2) - (\1)"),
    (r"^(?:add|sum) (.+) (?:and|to) (.+)$", r"(\1) + (\2)"),
    (r"(?<=\d),(?=\d{3}\b)", ""),
    (r"[×xX](?=\s*[\d(])", "*"),
    (r"÷", "/"),
    (r"\bpoint\b", "."),
    (r"\bone half of\b|\bhalf of\b|\bhalf\b(?= \d)|的一半$", "0.5 *"),
    (r"\b(?:a )?quarter of\b", "0.25 *"),
    (r"\b(?:a )?third of\b", "(1/3) *"),
    (r"(?:百|100)分之" + _NUMBER, r"(\1/100)"),
    (_NUMBER + r"\s*(?:%|percent|per cent)", r"(\1/100)"),
    (r"\b(?:to the power of|to the power|to the)\b|\*\*|\^", "**"),
    (r"\bsquared\b|的?平方(?!根)", "**2"),
    (r"\bcubed\b|的?立方(?!根)", "**3"),
    (r"\b(?:the )?(?:square )?root(?: of)?(?= )|根号", "sqrt"),
    (_NUMBER + r"的?平方根", r"sqrt \1"),
    (r"\bof\b|的", "*"),
    (r"\bplus\b|\band\b|加上?", "+"),
    (r"\bminus\b|\bless\b|减去?|负", "-"),
    (r"\b(?:times|multiplied by)\b|乘以?", "*"),
    (r"\b(?:divided by|over)\b|除以", "/"),
    (r"\b(?:modulo|mod)\b", "%"),
    (r"\bpi\b|圆周率", str(math.pi)),
    (r"(?:等于|是|得)?(?:多少|几)$|^(?:计算|算一下|算)", ""),
    (r"=\s*$|=\s*\?$|\bequals?$|等于$", ""),
    (r"sqrt\s*(\d+(?:\.\d+)?)", r"sqrt(\1)"),
)
_OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}


class NoSum(ValueError):
    """The text is no sum; or it has no result, and then the text says why."""


def compute(said: str) -> float:
    """The result. Raises NoSum, with a reason for the wearer if it was a sum ("divided by zero")."""
    if len(said) > _MOST_CHARACTERS:
        raise NoSum
    text = as_digits(said).strip(" ?？。.")
    for pattern, sign in _WORDS:
        text = re.sub(pattern, sign, text)
    if not re.fullmatch(r"(?:[\d.\s()+\-*/%]|sqrt)+", text) or not re.search(r"[+\-*/%]|sqrt", text):
        raise NoSum
    try:
        tree = ast.parse(text.strip(), mode="eval")
        result = _value(tree.body)
    except (SyntaxError, RecursionError, MemoryError):
        raise NoSum from None
    except ZeroDivisionError:
        raise NoSum("Nothing can be divided by zero.") from None
    except OverflowError:
        raise NoSum("That is too large.") from None
    if abs(result) > _LARGEST:
        raise NoSum("That is too large.")
    return result


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        return float(_OPERATORS[type(node.op)](_value(node.operand)))
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left), _value(node.right)
        if isinstance(node.op, ast.Pow):
            if abs(right) > _MOST_POWER or (left < 0 and right != int(right)):
                raise NoSum("That has no result.")
            return math.pow(left, right) if left or right >= 0 else 1 / left
        if type(node.op) in _OPERATORS:
            return float(_OPERATORS[type(node.op)](left, right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sqrt":
        value = _value(node.args[0])
        if value < 0:
            raise NoSum("A negative number has no square root.")
        return math.sqrt(value)
    raise NoSum


def say_number(value: float, digits: int = 6) -> str:
    """At most so many significant digits, thousands apart, no zeros at the end: 1,234.5."""
    if value == int(value) and abs(value) < _LARGEST:
        return f"{int(value):,}"
    rounded = float(f"{value:.{digits}g}")
    if rounded == int(rounded):
        return f"{int(rounded):,}"
    if abs(rounded) < 1e-4:
        return f"{rounded:g}"
    return f"{rounded:,.10f}".rstrip("0")
