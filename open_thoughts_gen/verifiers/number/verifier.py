r"""Judge numbers within a tolerance, with their units: `9.81 m/s^2` is `981 cm/s²`.

For quantities that were measured or rounded, where `math` would want the exact value. The number of the answer may
differ from the reference by `absolute`, or by `relative` of the reference, whichever allows more. Units are converted;
an answer without a unit is taken to be in the reference's, unless `unit` is required, and one of another dimension is
incorrect. Temperatures are converted with their zero points. `quantities` lists the notations, those of finance among
them: `(30)` is -30, `$1.2M`, `100 bps`; amounts of different currencies are never equal, for no rate of exchange is
known.

The text comes from a model: numbers are read by a grammar, units are names with small powers and nothing else, and
nothing is evaluated. Undecided: an answer in which no number can be read, or two; a unit that is not known; a notation
of which one reading is right and another wrong; numbers beyond 1e308. The same text is correct, readable or not. Not
covered: intervals (`5 ± 1`), rates of exchange.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from pydantic import Field

from open_thoughts_gen.types import Outcome, Verdict
from open_thoughts_gen.verifiers._answers import ComparesAnswers
from open_thoughts_gen.verifiers.number.conversion import UnknownUnitError, values_in
from open_thoughts_gen.verifiers.number.quantities import Quantity, quantities

_ROUNDED = Fraction(1, 100)  # the most that a rounded reference in another unit is off
_ROUNDING = Fraction(1, 10**9)  # what a root or a decimal fraction loses in binary does not decide


class _PairResult(NamedTuple):
    """How one reading of the answer compares with one of the reference."""

    outcome: Outcome
    explanation: str
    cause: str = ""
    is_likely: bool = True
    is_whole: bool = False  # both have a unit or neither has


class Number(ComparesAnswers):
    """Checks that the answer is the same number as the reference, within a tolerance; units are converted."""

    relative: float = Field(
        default=1e-3, ge=0, lt=1, description="by how much the answer may differ, as a share of the reference"
    )
    absolute: float = Field(default=0.0, ge=0, description="by how much the answer may differ, in the reference's unit")
    unit: Literal["optional", "required", "ignored"] = Field(
        default="optional",
        description="whether an answer must name its unit if the reference does; ignored: units are not compared",
    )

    def compared(self, reference: str, answer: str) -> Verdict:
        """Compare; undecided unless both are one number, with a unit that is known if any."""
        known, readings = quantities(reference), quantities(answer)
        if not known:
            return self.unread("unreadable reference", "it is not one number", reference=reference, answer=answer)
        if not readings:
            return self.unread("unreadable answer", "it is not one number", reference=reference, answer=answer)
        comparisons = []
        for one, other in itertools.product(known, readings):
            comparisons.append(self._pair(one, other)._replace(is_likely=one.is_likely and other.is_likely))
        outcome, explanation, cause = _together(comparisons)
        if outcome == "undecided":
            return self.unread(cause, explanation, reference=reference, answer=answer)
        return self.judged(answer, outcome, explanation, cause)

    def _pair(self, known: Quantity, answer: Quantity) -> _PairResult:
        """Compare one reading of the answer with one of the reference, in the reference's unit."""
        if self.unit == "ignored":
            return self._in_one_unit(known, [answer.value], is_converted=False)._replace(is_whole=True)
        if self.unit == "required" and _has_unit(known) and not _has_unit(answer):
            return _PairResult("incorrect", f"the reference has one: {_named(known)}", "no unit")
        is_same = known.currency.is_same(answer.currency) if known.currency and answer.currency else True
        if is_same is None:
            return _PairResult("undecided", f"{_named(answer)}: a name of several currencies", "ambiguous currency")
        try:
            values = values_in(answer, known) if is_same else ()
        except UnknownUnitError as error:
            return _PairResult("undecided", str(error), "unknown unit")
        if not values:
            explanation = f"{_named(answer)} instead of {_named(known)}"
            return _PairResult("incorrect", explanation, "another unit" if is_same else "another currency")
        is_whole = _has_unit(known) == _has_unit(answer)
        compared = self._in_one_unit(known, values, is_converted=is_whole and answer.value not in values)
        return compared._replace(is_whole=is_whole)

    def _in_one_unit(self, quantity: Quantity, values: Sequence[Fraction], *, is_converted: bool) -> _PairResult:
        known = quantity.value
        value = min(values, key=lambda each: abs(each - known))
        gap = abs(value - known)
        allowed = max(Fraction(self.absolute), Fraction(self.relative) * abs(known)) * (1 + _ROUNDING)
        if is_converted and self.relative:  # a rounded reference, met by an exact value in another unit
            allowed = max(allowed, min(quantity.step / 2, _ROUNDED * abs(known)))
        if gap <= allowed + Fraction(1, 10**12) * abs(known):
            explanation = f"{_shown(value)} is within {_shown(allowed, 3)} of {_shown(known)}"
            return _PairResult("correct", explanation)
        return _PairResult("incorrect", f"{_shown(value)} is {_shown(gap, 3)} from {_shown(known)}", "another value")


def _together(comparisons: Sequence[_PairResult]) -> tuple[Outcome, str, str]:
    """Return one verdict for the several ways to read an answer: correct only if no likely way makes it wrong."""
    likely = [each for each in comparisons if each.is_likely]
    right = [each for each in likely if each.outcome == "correct"]
    if right and (len(right) == len(likely) or any(each.is_whole for each in right)):
        return "correct", right[0].explanation, ""
    if any(each.outcome == "correct" for each in comparisons):
        return "undecided", "one reading is right and another is not", "ambiguous notation"
    first = next((each for each in comparisons if each.outcome == "undecided"), comparisons[0])
    return first.outcome, first.explanation, first.cause


def _has_unit(quantity: Quantity) -> bool:
    return bool(quantity.unit or quantity.currency)


def _named(quantity: Quantity) -> str:
    codes = sorted(quantity.currency.codes) if quantity.currency else []
    return " ".join(filter(None, (" or ".join(codes[:3]), quantity.unit))) or "no unit"


def _shown(value: Fraction, digits: int = 10) -> str:
    try:
        return f"{float(value):.{digits}g}"
    except OverflowError:
        return "a number beyond 1e308"
