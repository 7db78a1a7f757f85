"""Converts between units: by the project's own table, and by pint (https://pint.readthedocs.io) what that has not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import pint

from open_thoughts_gen.algebra import units
from open_thoughts_gen.verifiers.number.quantities import Quantity

_SHARES = {"%": Fraction(1, 100), "bps": Fraction(1, 10_000), "‰": Fraction(1, 1000), "ppm": Fraction(1, 10**6)}
_PINT_NAMES = {"°C": "degC", "°F": "degF", "°": "degree", "Ω": "ohm", "Å": "angstrom"}
_NAME = re.compile(r"[A-Za-zµΩÅ°]{2,20}(?:[ */^-]{1,3}[A-Za-zµΩÅ°\d]{1,20}){0,5}")
_PER = re.compile(r"\bper\b")
_COUNTED = re.compile(r"[A-Za-z]{2,20}(?:[ -][A-Za-z]{2,20}){0,2}")
# Not plural in form, though they are counted.
_COUNT_NOUNS = {"people", "men", "women", "children", "sheep", "fish", "mice", "feet", "teeth", "geese", "each"}
_NOT_COUNTED = {
    "is", "are", "was", "not", "or", "and", "if", "but", "minus", "plus", "times", "less", "more", "than", "least",
    "most", "about", "to", "from", "ago", "am", "pm", "bc", "ad", "no", "false", "wrong", "hundredths", "thousandths",
    "tenths", "thirds", "halves", "quarters", "fifths", "squares", "degrees", "radians", "pairs", "dozens", "hundreds",
    "thousands", "north", "south", "east", "west", "loss", "losses", "vs", "versus", "this", "minutes", "seconds",
}  # fmt: skip
# What pint is known to raise on names that are not units.
_REFUSALS = (
    pint.PintError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)


class UnknownUnitError(ValueError):
    """A unit that is not known, or that has no value in another."""


def values_in(answer: Quantity, known: Quantity) -> Sequence[Fraction]:
    """Return what the value of an answer may be in the unit of the reference; nothing if it is of another dimension.

    Raises:
        UnknownUnitError: a unit is not known.

    """
    is_money, wants_money = answer.currency is not None, known.currency is not None
    if answer.unit in _SHARES or known.unit in _SHARES:
        return _shares(answer, known)
    if not _has_unit(known):
        return [answer.value, answer.value * answer.worth] if is_money else _without_reference_unit(answer)
    if not _has_unit(answer):
        return [answer.value, answer.value / known.worth]
    if is_money != wants_money:
        _check_known(answer.unit)
        _check_known(known.unit)
        return []
    rate = answer.worth / known.worth
    is_left_out = is_money and not (answer.unit and known.unit)
    # Units that no table has may be the same words: `per share`, `/shares`.
    nouns = [_PER.sub("/", unit.casefold()).replace(" ", "").removesuffix("s") for unit in (answer.unit, known.unit)]
    is_same_noun = nouns[0] == nouns[1] and len(nouns[0]) >= len("cat")
    if answer.unit == known.unit or is_left_out or is_same_noun:
        return [answer.value * rate]
    return [value * rate for value in _converted(answer, known)]


def _has_unit(quantity: Quantity) -> bool:
    return bool(quantity.unit or quantity.currency)


def _shares(answer: Quantity, known: Quantity) -> Sequence[Fraction]:
    """Return shares in the reference's form: half of something is 0.5, 50 % and, where that is understood, 50."""
    if (answer.unit and answer.unit not in _SHARES) or (known.unit and known.unit not in _SHARES):
        _check_known(answer.unit or known.unit)
        return []
    if bool(answer.currency) != bool(known.currency):
        return []
    target = _SHARES.get(known.unit)
    if answer.unit in _SHARES:
        share = answer.value * _SHARES[answer.unit]
        if target is not None:
            return [share / target]
        return [share, answer.value] if abs(known.value) >= 1 else [share]
    return [answer.value, answer.value / target] if target is not None else [answer.value]


def _without_reference_unit(answer: Quantity) -> Sequence[Fraction]:
    """Return the value of an answer whose unit the reference leaves out; an unknown unit has to be a noun."""
    unit = units.read(answer.unit) if answer.unit else units.NOTHING
    if unit is not None:
        return [answer.value * unit.factor] if not unit.dimensions else [answer.value]
    words = answer.unit.casefold().split()
    is_noun = _COUNTED.fullmatch(answer.unit) and not _NOT_COUNTED & set(words)
    if is_noun and (words[-1].endswith("s") or words[-1] in _COUNT_NOUNS or answer.value == 1):
        return [answer.value]
    _check_known(answer.unit)
    return [answer.value]


def _converted(answer: Quantity, known: Quantity) -> Sequence[Fraction]:
    source, target = (units.read(each.unit) if each.unit else units.NOTHING for each in (answer, known))
    if source is not None and target is not None:
        value = source.converted(answer.value, target)
        return [] if value is None else [value]
    if answer.currency or known.currency:
        raise UnknownUnitError(f"{answer.unit or known.unit} is not known")
    try:
        magnitude = (
            _registry().Quantity(float(answer.value), _pint_unit(answer.unit)).to(_pint_unit(known.unit)).magnitude
        )
        return [Fraction(float(magnitude))]
    except pint.DimensionalityError:
        return []
    except _REFUSALS as error:
        raise UnknownUnitError(f"{answer.unit} cannot be converted to {known.unit}") from error


def _check_known(unit: str) -> None:
    """Raise UnknownUnitError for what is not a unit."""
    if unit and unit not in _SHARES and units.read(unit) is None:
        _pint_unit(unit)


@lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[float]:
    return pint.UnitRegistry()


@lru_cache(maxsize=1024)
def _pint_unit(name: str) -> pint.Unit:
    if not _NAME.fullmatch(name):
        raise UnknownUnitError(f"{name} is not known")
    for sign, plain in _PINT_NAMES.items():
        name = re.sub(rf"(?<![A-Za-z]){re.escape(sign)}(?![A-Za-z])", plain, name)
    spelt = re.sub(r"(?<=\w) (?=\w)", "*", re.sub(r"\bper\b", "/", name).replace("^", "**"))
    try:
        return _registry().parse_units(re.sub(r"\*?/\*?", "/", spelt))
    except _REFUSALS as error:
        raise UnknownUnitError(f"{name} is not known") from error
