"""Compares quantities with their units, counted nouns, times of day, numerals and residues."""

from __future__ import annotations

import math

from open_thoughts_gen.algebra import arithmetic, units, vocabulary
from open_thoughts_gen.algebra.comparison import Comparing, is_number
from open_thoughts_gen.algebra.values import Clock, Interval, Many, Measured, Numeral, Residue, Scalar, Value

_MAX_MODULUS = 10_000


class ComparesMeasures(Comparing):
    """Compares quantities and numbers in special notations."""

    def _measured(self, known: Value, answer: Value) -> bool | None:
        if not isinstance(known, (Measured, Scalar)) or not isinstance(answer, (Measured, Scalar)):
            return self._measured_and_other(known, answer)
        first, second = (each if isinstance(each, Measured) else Measured(each) for each in (known, answer))
        if self.rules.unit == "ignored" or (first.unit is None and second.unit is None):
            return self._counted(first, second)
        if first.unit is None or second.unit is None:
            return self._without_unit(first, second)
        if first.unit.dimensions != second.unit.dimensions:
            if not units.may_be_one(first.unit, second.unit):
                return False
            return None if self._scalars(first.value, second.value) else False
        return (
            self._scalars(_in_base(first), _in_base(second))
            if first.unit != second.unit
            else self._scalars(first.value, second.value)
        )

    def _measured_and_other(self, known: Value, answer: Value) -> bool | None:
        other = answer if isinstance(known, Measured) else known
        if isinstance(other, Many) and other.kind in {"set", "tuple"} and all(map(is_number, other.members)):
            if len(other.members) == 1:
                return self.same(other.members[0], answer) if other is known else self.same(known, other.members[0])
            return False
        return False if isinstance(other, (Interval, Residue)) else None

    def _counted(self, known: Measured, answer: Measured) -> bool | None:
        outcome = self._scalars(known.value, answer.value)
        if self.rules.unit == "ignored" or known.noun == answer.noun or not outcome:
            return outcome
        if self.rules.unit == "required" and known.noun and not answer.noun:
            return False
        if known.noun and answer.noun:
            if vocabulary.are_different_things(known.noun, answer.noun):
                return False
            one, other = known.noun, answer.noun
            return outcome if one.endswith(f" {other}") or other.endswith(f" {one}") else None  # goats, stuffed goats
        return None if answer.noun in vocabulary.MULTIPLES else outcome

    def _without_unit(self, known: Measured, answer: Measured) -> bool | None:
        """Compare where one has a unit and the other none, or a noun."""
        if known.unit is not None and not answer.noun and self.rules.unit == "required":
            return False
        if answer.value.free != known.value.free:
            return None
        outcome = self._scalars(known.value, answer.value)
        return None if outcome and (known.noun or answer.noun) else outcome

    def _clocks(self, known: Value, answer: Value) -> bool | None:
        if not (isinstance(known, Clock) and isinstance(answer, Clock)):
            return None
        if known.seconds == answer.seconds:
            return True if bool(known.half) == bool(answer.half) or known.seconds >= 13 * 3600 else None
        twelve = 12 * 3600
        if bool(known.half) != bool(answer.half) and known.seconds % twelve == answer.seconds % twelve:
            return None
        return False

    def _numerals(self, known: Value, answer: Value) -> bool | None:
        if isinstance(known, Numeral) and isinstance(answer, Numeral):
            if known.base == answer.base:
                return known.digits == answer.digits
            if known.value != answer.value:
                return False
            return True if 10 in {known.base, answer.base} and known.digits != answer.digits else None
        numeral, other = (known, answer) if isinstance(known, Numeral) else (answer, known)
        assert isinstance(numeral, Numeral)
        value = other.value if isinstance(other, Scalar) else None
        if value is None:
            return None
        if numeral is known and numeral.value == value and numeral.digits != str(value):
            return True
        return False if numeral.value != value and (numeral is answer or numeral.digits != str(value)) else None

    def _residues(self, known: Value, answer: Value) -> bool | None:
        if isinstance(known, Residue) and isinstance(answer, Residue):
            common = math.lcm(known.modulus, answer.modulus)
            if common > _MAX_MODULUS:
                return None if known.modulus != answer.modulus else known.residues == answer.residues
            first, second = (
                {residue + step for residue in each.residues for step in range(0, common, each.modulus)}
                for each in (known, answer)
            )
            return first == second
        if isinstance(known, Scalar) and isinstance(answer, Residue):
            return False if known.value is not None else None
        return None


def _in_base(measured: Measured) -> Scalar:
    """Return a quantity in base units."""
    unit = measured.unit
    if unit is None:
        return measured.value
    value = arithmetic.times(measured.value, arithmetic.rational(unit.factor))
    if unit.offset:
        value = arithmetic.plus(value, arithmetic.rational(unit.offset))
    if measured.value.places is None:
        return value
    scale = math.log10(unit.factor) if unit.factor > 0 else 0.0
    places = measured.value.places - round(scale)
    return Scalar(value.exact, value.approx, value.error, value.tree, value.free, value.decimal, places=max(places, 0))
