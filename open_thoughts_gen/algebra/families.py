"""Compares the sets of numbers that two formulas name, where their one letter stands for every whole number."""

from __future__ import annotations

from open_thoughts_gen.algebra import polynomials
from open_thoughts_gen.algebra.polynomials import Polynomial, Ratio
from open_thoughts_gen.algebra.values import Relation, Scalar, Value

DUMMY = "ж"


def same(first: Value, second: Value) -> bool | None:
    """Return whether two formulas of the first degree in the dummy letter name the same numbers; None for others."""
    one, other = _line(first), _line(second)
    if one is None or other is None:
        return None
    (step, start), (other_step, other_start) = one, other
    quotients = [
        polynomials.number(polynomials.divide(above, step))
        for above in (other_step, polynomials.add(start, polynomials.negate(other_start)))
    ]
    return quotients[0] in {1, -1} and quotients[1] is not None and quotients[1].denominator == 1


def _line(formula: Value) -> tuple[Ratio, Ratio] | None:
    """Return the factor of the dummy letter and what is added to it; None if it is not of the first degree."""
    value = formula.right if isinstance(formula, Relation) and formula.name else formula
    exact = value.exact if isinstance(value, Scalar) else None
    if exact is None or exact[1] is not polynomials.ONE:
        return None
    step: Polynomial = {}
    start: Polynomial = {}
    for (root, letters), factor in exact[0].items():
        powers = dict(letters)
        power = powers.pop(DUMMY, 0)
        if power not in {0, 1} or any(DUMMY in name or name != "π" for name in powers):
            return None
        (step if power else start)[(root, tuple(sorted(powers.items())))] = factor
    # With a step of several terms a quotient need not come out as a number even where it is one.
    return ((step, polynomials.ONE), (start, polynomials.ONE)) if len(step) == 1 else None
