r"""Reads numbers as people write them: `-0.5`, `3/4`, `1,000`, `25\,000`, `1e-3`, `2 1/2`."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from open_thoughts_gen.algebra import arithmetic
from open_thoughts_gen.algebra.values import Scalar

_NUMBER = re.compile(r"([+-]?)(\d{1,40})(\.\d{1,40})?", re.ASCII)
_RATIO = re.compile(r"([+-]?)(?:(\d{1,30})/(\d{1,30})|\\[dt]?frac\{(\d{1,30})\}\{(\d{1,30})\})", re.ASCII)
# 1,000 and 1{,}000; 1\,000 and 1 000 likewise. A number that starts with 0 is not meant so.
_GROUPED = re.compile(r"([+-]?[1-9]\d{0,2})((?:(?:,|\\,|\\ |~| )\d{3})+)(\.\d{1,40})?", re.ASCII)
_SCIENTIFIC = re.compile(r"([+-]?\d{1,20}(?:\.\d{1,20})?)[eE]([+-]?\d{1,3})", re.ASCII)
_MIXED = re.compile(r"([+-]?)(\d{1,20}) (\d{1,20})/(\d{1,20})", re.ASCII)
_REPEATING = re.compile(r"([+-]?\d{1,20})\.(\d{0,20})\\(?:overline|bar)\{(\d{1,20})\}", re.ASCII)
_PERCENT = re.compile(r"\s*%$")


def plain(text: str) -> Scalar | None:
    """Return an integer, a decimal or a fraction of integers, which most answers are."""
    number = _NUMBER.fullmatch(text)
    if number:
        return arithmetic.written(text)
    ratio = _RATIO.fullmatch(text)
    if ratio is None:
        return None
    sign, *parts = ratio.groups()
    above, below = (int(part) for part in parts if part is not None)
    return arithmetic.rational(Fraction(-above if sign == "-" else above, below)) if below else None


def grouped(text: str) -> Scalar | None:
    """Return a number whose thousands are set apart."""
    match = _GROUPED.fullmatch(text)
    if match is None:
        return None
    return arithmetic.written(match[1] + re.sub(r"\D", "", match[2]) + (match[3] or ""))


def marked(text: str) -> Scalar | None:
    """Return a number with an exponent, a period, a percent sign, or a proper fraction after it."""
    if text.endswith("%"):
        number = plain(_PERCENT.sub("", text))
        return None if number is None else replace(number, percent=True)
    match = _SCIENTIFIC.fullmatch(text)
    if match:
        return arithmetic.rational(Fraction(match[1]) * Fraction(10) ** int(match[2]))
    match = _MIXED.fullmatch(text)
    if match:
        whole, above, below = (int(part) for part in match.groups()[1:])
        mixed = whole + Fraction(above, below) if above < below else None
        return None if mixed is None else arithmetic.rational(-mixed if match[1] == "-" else mixed)
    match = _REPEATING.fullmatch(text)
    if match is None:
        return None
    before, between, again = match.groups()
    value, rest = (
        Fraction(f"{before}.{between or 0}"),
        Fraction(int(again), (10 ** len(again) - 1) * 10 ** len(between)),
    )
    return arithmetic.rational(value - rest if before.startswith("-") else value + rest)
