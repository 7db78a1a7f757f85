r"""Finds the equations that prose states, and recomputes them: `10 \times 12 - 5 = 115`, `5/12 = 41.67%`.

Only what can be read whole is ever called false. A formula of which a part stands outside (`x + 12 - 5 = 17`, `5% of
200 - 3 = 7`, `12 months * 5 = 60`) says nothing about the part inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from open_thoughts_gen.algebra import UnreadableError, read
from open_thoughts_gen.algebra.values import Scalar

_MAX_SIDE = 120
_MAX_DIGITS = 400  # nobody writes a figure of more, and Python reads none of 4,300
_SIGNS = (
    ("\\times", "*"), ("\\cdot", "*"), ("\\div", "/"), ("\\left", ""), ("\\right", ""), ("\\%", "%"), ("\\$", "$"),
    ("{,}", ","), ("\\,", " "), ("\\ ", " "), ("\\!", ""), ("×", "*"), ("·", "*"), ("⋅", "*"), ("÷", "/"), ("−", "-"),
    ("–", "-"), ("\u00a0", " "), ("\u202f", " "),
)  # fmt: skip
_FRACTION = re.compile(r"\\[dt]?frac\{ ?(\d{1,30}(?:[.,]\d{1,30})?) ?\}\{ ?(\d{1,30}(?:[.,]\d{1,30})?) ?\}")
_TIMES = re.compile(r"(?<=[\d)%]) ?[xX] ?(?=[\d($€£])")
_BOLD = re.compile(r"\*\*|(?<!\w)\*(?=[\d$(])(?=[^*\n]{1,120}\*(?!\w))")
_LEFT = re.compile(r"[\d\s,.()+\-*/%$€£]*$")
_RIGHT = re.compile(r"[ $€£]*(?P<formula>[\d(+\-][\d ,.()+\-*/%$€£]*)")
_RESULT = re.compile(r"[ $€£]*(?P<formula>-?[ $€£]*\d+(?:,\d{3})*(?:\.\d+)?%?)(?![\d%])(?! ?[-+*/]\s?[\d($€£])")
_PART_OUTSIDE = re.compile(r"(?:[^\s(\[:;,.\"'“‘$|>=—]|[\\^_{}~√<] ?|(?<![A-Za-z])[A-Za-z] )$")
_WORD_OUTSIDE = re.compile(
    r"\b(?:of|times|plus|minus|by|over|per|from|less|than|squared|cubed|and|root|remainder|mod"
    r"|Jan\w*|Feb\w*|Mar(?:ch)?|Apr\w*|May|June?|July?|Aug\w*|Sep\w*|Oct\w*|Nov\w*|Dec\w*)\.?\s{0,3}$",
    re.IGNORECASE,
)
_OPERATOR = re.compile(r"[\d)%]\s*[-+*/]\s*[($€£]*\s*\d")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{2,4}")
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")
_REMAINDER = re.compile(r"% ?[\d(]")


@dataclass(frozen=True, slots=True)
class WrittenEquation:
    """An equation that a text states: the numbers it starts from, its result, and whether it holds."""

    written: str
    start: tuple[Fraction, ...]
    result: Fraction
    holds: bool


def equations(prose: str) -> Iterator[WrittenEquation]:
    """Yield the equations of a text of which both sides can be worked out, and of which one is a single number."""
    plain = prose
    for sign, meant in _SIGNS:
        plain = plain.replace(sign, meant)
    plain = _BOLD.sub("", _TIMES.sub(" * ", _FRACTION.sub(r"(\1/\2)", plain)))
    position = plain.find("=")
    while position >= 0:
        equation = _equation_at(plain, position)
        if equation is not None:
            yield equation
        position = plain.find("=", position + 1)


def _equation_at(plain: str, position: int) -> WrittenEquation | None:
    """Return the equation whose sign stands at a position; None where a side cannot be read whole."""
    if plain[position - 1 : position] in {"<", ">", "!", ":", "="} or plain[position + 1 : position + 2] in {"=", ">"}:
        return None
    left, is_whole = _left_side(plain, position)
    result = _RESULT.match(plain, position + 1)
    right = result or _RIGHT.match(plain, position + 1, position + 1 + _MAX_SIDE)
    if not left or right is None or _DATE.match(plain, right.start("formula")):
        return None
    ends_in = _bare(right["formula"])
    written = " ".join(f"{plain[position - len(left) : position]} = {ends_in}".split())
    equation: WrittenEquation | None = None
    if _OPERATOR.search(left) and result:
        equation = _compared(left, ends_in, written)
    elif _OPERATOR.search(ends_in) and _NUMBER.fullmatch(_bare(left)):
        equation = _compared(ends_in, left, written)
    return equation if equation and (is_whole or equation.holds) else None


def _left_side(plain: str, position: int) -> tuple[str, bool]:
    """Return the formula before a sign of equality, and whether it is whole: no part of it stands before it."""
    start = max(0, position - _MAX_SIDE)
    match = _LEFT.search(plain[start:position])
    formula = match.group() if match else ""
    line = formula.rpartition("\n")[2]
    sentence = re.split(r"[.,] (?=[\d($€£])", line)[-1]  # what stands before a full stop or a comma is another matter
    before = plain[max(0, position - len(sentence) - _MAX_SIDE) : position - len(sentence)]
    bare = sentence.lstrip(" ,.$€£")
    if bare[:1] in {"+", "*", "/", ")", "-", "%"} or len(formula) >= _MAX_SIDE or _DATE.search(sentence):
        return "", False
    adjacent = before + sentence[: len(sentence) - len(bare)]
    return bare, not (_PART_OUTSIDE.search(adjacent) or _WORD_OUTSIDE.search(adjacent))


def _compared(formula: str, number: str, written: str) -> WrittenEquation | None:
    """Return the equation of a formula and a single number."""
    value, result = _value(formula), _value(_bare(number))
    if value is None or result is None:
        return None
    decimals = len(_bare(number).rstrip("%").partition(".")[2])
    percent = number.rstrip().endswith("%")
    if percent and abs(value - result) > 1 and "%" not in formula:
        value /= 100  # 5/12 * 100 = 41.67%
    places = decimals + 2 * percent
    is_rounded = bool(decimals) or percent
    holds = abs(value - result) <= Fraction(1, 2 * 10**places) if is_rounded else value == result
    start = tuple(number_of(each) for each in _NUMBER.findall(formula))
    digits = number_of(_NUMBER.findall(number)[0])
    return WrittenEquation(written, start, digits, holds)


def _bare(formula: str) -> str:
    """Return a formula without what ends the sentence around it."""
    formula = formula.strip().rstrip(" ,.+-*/($€£")
    return formula[:-1] if formula.count(")") == formula.count("(") + 1 and formula.endswith(")") else formula


def _value(formula: str) -> Fraction | None:
    plain = re.sub(r"[$€£]|(?<=\d),(?=\d{3})", "", formula)
    if _REMAINDER.search(plain) or len(plain) > 2 * _MAX_SIDE:
        return None
    try:
        value = read(_PERCENT.sub(r"(\1/100)", " ".join(plain.split())))
    except UnreadableError:
        return None
    return value.value if isinstance(value, Scalar) else None


def number_of(digits: str) -> Fraction:
    """Return the value of a figure; -1, which is nowhere in a text, for one too long to be read."""
    return Fraction(digits.replace(",", "")) if len(digits) <= _MAX_DIGITS else Fraction(-1)
