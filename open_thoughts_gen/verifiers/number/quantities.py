r"""Reads a quantity: a number as people write it, what it is scaled by, its currency and its unit.

Read are separators of thousands of other countries (`1.234,50`, `1'234.50`, `12,34,567`, `1 234`), powers of ten
(`6.02 \times 10^{23}`), accounting signs (`(30)` is -30), scales (`$1.2M`, `2.5bn`, `50k`, `5 lakh`), percent and basis
points, currencies before and after the number, and what has a value without being written as a number (`3/4`,
`\sqrt{2}`).

Some notations have two readings: `5.000` may be five or five thousand, `50K` kelvin or thousands. Then all of them are
returned; one that is merely possible is marked, and can make an answer undecided but never correct.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from math import isfinite, log10
from typing import NamedTuple

from open_thoughts_gen import algebra, text
from open_thoughts_gen.algebra import units
from open_thoughts_gen.algebra.values import Scalar
from open_thoughts_gen.verifiers.number import money
from open_thoughts_gen.verifiers.number.money import Currency

_MAX_LENGTH = 200
_MAX_EXPONENT = 308  # of floating-point numbers; what is beyond is not a quantity
_LATEX = (
    ("{,}", ","), ("\\$", "$"), ("\\%", "%"), ("\\!", ""), ("\\,", " "), ("\\;", " "), ("\\:", " "), ("\\ ", " "),
    ("~", " "), ("\\approx", "≈"), ("\\left", ""), ("\\right", ""), ("\\text{ }", " "), ("’", "'"), ("\u2032", "'"),
)  # fmt: skip
_BRACED_POWER = re.compile(r"\^\s?\{\s?([+-]?\d{3,4})\s?\}")  # units.plain reads shorter ones
_ABOUT = re.compile(r"(?:≈|~|(?:about|approximately|approx\.?|roughly|around|circa|ca\.|nearly)\s)\s?", re.IGNORECASE)
_NAMED = re.compile(
    r"(?:\\?[A-Za-zΔμρσλθηΩφ][\w\\{}()/ Δ°']{0,24}\s?(?:[=≈]|:(?= ))|pH(?: of| is|:)?(?=[ \d]))\s?(?=[^=]+$)"
)
_WORD_SIGN = re.compile(r"(?:minus|negative)\s(?=\S)", re.IGNORECASE)
_SIGN = re.compile(r"([+-]) ?(?=[\d.,$€£¥₹(A-Z])")
_ACCOUNTING = re.compile(r"\(([^()]{1,60})\)(?=$|[ %A-Za-z€£¥₹$])")
_ACCOUNTED = re.compile(r"[\d.,' ]{1,40}[%A-Za-z€£¥₹$ ]{0,12}")
_PLAIN = re.compile(r"\d{1,100}(?:\.\d{0,100})?|\.\d{1,100}")
# A pattern for each way to set thousands apart, then the sign of the decimals. The first that fits, counts.
_GROUPED = (
    (re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d{1,40})?(?![\d,])"), "."),
    (re.compile(r"\d{1,3}(?:\.\d{3})+,\d{1,40}(?![\d.,])|\d{1,3}(?:\.\d{3}){2,}(?![\d.,])"), ","),
    (re.compile(r"\d{1,3}(?:[ '\u202f\u2009]\d{3})+(?:\.\d{1,40})?(?![\d',])"), "."),
    (re.compile(r"\d{1,3}(?:[ '\u202f\u2009]\d{3})+,\d{1,40}(?![\d'])"), ","),
    (re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d{1,40})?(?![\d,])"), "."),
    (re.compile(r"\d{1,40},(?:\d{1,2}|\d{4,40})(?![\d,.])"), ","),
)
_EITHER = re.compile(r"[1-9]\d{0,2}[.,]\d{3}(?![\d.,])")  # thousands or three decimals
_EXPONENT = re.compile(r"[eE]([+-]?\d{1,4})(?![\d.])| ?[*×x·] ?10 ?\^ ?([+-]?\d{1,4})(?![\d.])")
_SCALES = {
    "hundred": 2, "thousand": 3, "thousands": 3, "million": 6, "millions": 6, "billion": 9, "billions": 9,
    "trillion": 12, "trillions": 12, "quadrillion": 15, "lakh": 5, "lakhs": 5, "crore": 7, "crores": 7,
    "k": 3, "mn": 6, "mln": 6, "mio": 6, "Mio": 6, "bn": 9, "Bn": 9, "BN": 9, "bln": 9, "mrd": 9, "Mrd": 9, "tn": 12,
    "trn": 12, "тыс": 3, "млн": 6, "млрд": 9, "万": 4, "萬": 4, "亿": 8, "億": 8,
}  # fmt: skip
_LONG = "|".join(
    sorted((name for name in _SCALES if len(name) >= len("lakh") and name.isascii()), key=len, reverse=True)
)
_SHORT = "|".join(sorted((name for name in _SCALES if name not in _LONG.split("|")), key=len, reverse=True))
_SCALE = re.compile(rf" ?((?i:{_LONG})|{_SHORT})(?![A-Za-zа-я])\.? ?")
_DOZEN = re.compile(r" ?dozens?(?![A-Za-z]) ?")
_LETTER_SCALES = {"K": 3, "M": 6, "MM": 6, "mm": 6, "m": 6, "B": 9, "b": 9, "T": 12}
_LETTER_SCALE = re.compile(r"( ?)(MM|mm|[KMmBbT])(?![A-Za-z/^²³*])")
_PERCENTS = {
    "%": "%", "percent": "%", "per cent": "%", "pct": "%", "percentage points": "%", "percentage point": "%",
    "pp": "%", "bps": "bps", "bp": "bps", "basis points": "bps", "basis point": "bps", "‰": "‰", "per mille": "‰",
}  # fmt: skip
_YEARLY = re.compile(r"(?<=%) ?(?:p\.? ?a\.?|per annum|per year|a year|annually)$", re.IGNORECASE)
_MULTIPLES = {"x": "x", "*": "x", "times": "x"}
_RANGE = re.compile(r"[\d.,]{1,40} ?- ?\d")
_UNIT = re.compile(r"[A-Za-zµμΩΩÅ°℃℉%‰'$€£/(¢][^=<>;:?!,\n]{0,60}")
_UNIT_AFTER = re.compile(r"(?<=[\d)}])\s?((?:[A-Za-zµΩ°%]+(?:\^-?\d)?[ */])*[A-Za-zµΩ°%]+(?:\^-?\d)?)$")
_POWER = re.compile(r"\^-?\d(?!\^)")
_LETTERS = re.compile(r"(?<![\\A-Za-z])(?!pi\b|sqrt\b)[A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit and currency, each empty without one; `is_likely` where it was surely meant so.

    `worth` is what one of the currency's name is: 1/100 for cents. `step` is what one in the last digit counts.
    """

    value: Fraction
    unit: str = ""
    currency: Currency | None = None
    worth: Fraction = Fraction(1)
    step: Fraction = Fraction(0)
    is_likely: bool = True


@lru_cache(maxsize=4096)
def quantities(answer: str) -> tuple[Quantity, ...]:
    """Return the readings of the one quantity that a text states; none where it states none, several, or other things.

    The likeliest come first; a unit is as it was written, and may be unknown.
    """
    plain = text.unwrap(text.normalise(answer, ("unicode", "space")))
    if len(plain) > _MAX_LENGTH:
        return ()
    for latex, sign in _LATEX:
        plain = plain.replace(latex, sign)
    plain = units.plain(_BRACED_POWER.sub(r"^\1", plain)).replace(" ^", "^").strip()
    if plain.endswith(".") and not plain.endswith((" a.", "p.a.", "..")):
        plain = plain[:-1].rstrip()
    written = _ABOUT.sub("", _NAMED.sub("", plain, count=1), count=1)  # what says nothing of the number is left out
    if not written:
        return ()
    readings = list(_signed(written)) or ([] if _RANGE.match(written) else list(_worked_out(written)))
    return tuple(sorted(readings, key=lambda reading: not reading.is_likely))


def _signed(written: str) -> Iterator[Quantity]:
    """Read a sign, or brackets that stand for one, and the currency on either side of it."""
    rest, factor = _WORD_SIGN.sub("-", written), Fraction(1)
    worth, currency = Fraction(1), None
    for _ in range(2):
        sign = _SIGN.match(rest)
        if sign and factor == 1:
            factor, rest = Fraction(-1 if sign[1] == "-" else 1), rest[sign.end() :]
        before = money.leading(rest) if currency is None else None
        if before:
            (worth, currency), rest = before[:2], rest[before[2] :]
    accounting = _ACCOUNTING.match(rest)
    if accounting and factor == 1:
        inside = accounting[1]
        inner = money.leading(inside) if currency is None else None
        if inner:
            (worth, currency), inside = inner[:2], inside[inner[2] :]
        if not _ACCOUNTED.fullmatch(inside) or _GROUPED[-1][0].match(inside):
            return
        factor, rest = Fraction(-1), f"{inside}{rest[accounting.end() :]}"
    for number in _numbers(rest):
        unscaled = Quantity(number.value * factor, "", currency, worth, number.step)
        for quantity in _scaled(unscaled, rest[number.end :]):
            yield quantity if number.is_likely else replace(quantity, is_likely=False)


class _Number(NamedTuple):
    """The value of a number, what one in its last digit counts, where it ends, and whether it was likely meant so."""

    value: Fraction
    step: Fraction
    end: int
    is_likely: bool


def _numbers(rest: str) -> Iterator[_Number]:
    """Yield what the number at the start of a text may be."""
    either = _EITHER.match(rest)
    if either:
        is_comma = "," in either.group()
        whole, decimals = re.sub("[.,]", "", either.group()), either.group().replace(",", ".")
        yield from _raised(whole if is_comma else decimals, rest, either.end(), is_likely=True)
        yield from _raised(decimals if is_comma else whole, rest, either.end(), is_likely=False)
        return
    for pattern, decimal in _GROUPED:
        match = pattern.match(rest)
        if match:
            digits = re.sub(rf"[^\d{decimal}]", "", match.group()).replace(decimal, ".")
            yield from _raised(digits, rest, match.end(), is_likely=True)
            return
    match = _PLAIN.match(rest)
    if match:
        yield from _raised(match.group().removesuffix("."), rest, match.end(), is_likely=True)


def _raised(digits: str, rest: str, end: int, *, is_likely: bool) -> Iterator[_Number]:
    """Yield a number with the power of ten after it, if that is not beyond all range."""
    power = _EXPONENT.match(rest, end)
    exponent = int(power[1] or power[2]) if power else 0
    if abs(exponent) <= _MAX_EXPONENT:
        scale = Fraction(10) ** exponent if exponent else 1
        zeros = 0 if "." in digits else len(digits) - len(digits.rstrip("0"))
        places = len(digits.partition(".")[2])
        step = Fraction(10**zeros, 10**places)
        yield _Number(Fraction(digits) * scale, step * scale, power.end() if power else end, is_likely)


def _scaled(number: Quantity, rest: str) -> Iterator[Quantity]:
    """Read what a number is scaled by: a word, or a letter that may also be a unit."""
    letter = _LETTER_SCALE.match(rest)
    is_money = number.currency is not None
    is_money = is_money or (letter is not None and money.leading(rest[letter.end() :].lstrip()) is not None)
    if letter and (is_money or not letter[1] or letter[2] not in {"m", "b", "mm"}):
        is_unit = not is_money and (letter[2] in {"m", "b", "mm"} or bool(letter[1]))
        for quantity in _with_unit(_times(number, _LETTER_SCALES[letter[2]]), rest[letter.end() :]):
            yield replace(quantity, is_likely=not is_unit or quantity.currency is not None)
        if is_money:
            return
    for _ in range(2):
        scale = _SCALE.match(rest)
        if scale:
            power = _SCALES.get(scale[1], _SCALES.get(scale[1].casefold(), 0))
            number, rest = _times(number, power), rest[scale.end() :]
    dozen = _DOZEN.match(rest)
    if dozen:
        number, rest = replace(number, value=12 * number.value), rest[dozen.end() :]
    yield from _with_unit(number, rest)


def _times(number: Quantity, power: int) -> Quantity:
    return replace(number, value=number.value * 10**power, step=number.step * 10**power)


def _with_unit(number: Quantity, rest: str) -> Iterator[Quantity]:
    """Read a currency after the number, percent and the unit."""
    if not rest:
        yield number
        return
    rest = rest.strip().removeprefix("of ")
    after = money.leading(rest)
    if after:
        worth, currency, end = after
        if number.currency is not None and number.currency.is_same(currency) is False:
            return
        rest = rest[end:]
        if number.currency is None or currency.usual:
            number = replace(number, currency=currency, worth=worth)
    elif number.currency is None and rest == "p":
        number, rest = replace(number, currency=money.POUND, worth=Fraction(1, 100)), ""
    elif number.currency is None and rest.casefold() in {"pound", "pounds"}:
        yield replace(number, currency=money.POUND)
    if number.currency is not None and rest.casefold() in {"each", "in total", "total", "only"}:
        rest = ""
    rest = _YEARLY.sub("", rest)
    unit = _PERCENTS.get(rest.casefold()) or _MULTIPLES.get(rest.casefold(), rest)
    letters = _POWER.sub("", unit)
    if not unit or (_UNIT.fullmatch(unit) and "^" not in letters and not any(map(str.isdigit, letters))):
        yield replace(number, unit=unit)


def _worked_out(written: str) -> Iterator[Quantity]:
    """Read what has a value without being a plain number: a fraction, a root, a multiple of pi; a unit may follow."""
    before = money.leading(written)
    currency, number = (before[1], written[before[2] :]) if before else (None, written)
    after = _UNIT_AFTER.search(number)
    for formula, unit in ((number, ""), *(((number[: after.start()], after[1]),) if after else ())):
        if _LETTERS.search(formula):
            continue
        try:
            value = algebra.read(formula.strip())
        except algebra.UnreadableError:
            continue
        if isinstance(value, Scalar) and not value.free and not value.percent:
            if value.value is None and not isfinite(value.real):
                continue
            exact = value.value if value.value is not None else Fraction(value.real)
            order = (exact.numerator.bit_length() - exact.denominator.bit_length()) * log10(2)  # 1000 is of about 3
            if exact == 0 or -_MAX_EXPONENT <= order <= _MAX_EXPONENT:
                yield Quantity(exact, _PERCENTS.get(unit, unit), currency)
            return
