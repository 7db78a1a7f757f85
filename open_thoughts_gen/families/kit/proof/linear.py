"""Proof by linear algebra: every relation that a prompt states is an equation, solved exactly in fractions.

The order in which a reader would use the relations is not known to it, so it shares nothing with a derivation that goes
along a path.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from open_thoughts_gen.families.kit.proof.results import UnprovedError

Number = int | Fraction
Equation = tuple[Mapping[str, Number], Number]  # coefficients by unknown, and the right-hand side
Row = dict[str, Fraction]
_CONSTANT = ""  # the key of a row under which the right-hand side stands


def solved(equations: Iterable[Equation]) -> dict[str, Fraction]:
    """Return the unknowns that have exactly one value.

    An equation is its coefficients by unknown and its right-hand side: `({"a": 2, "b": -1}, 5)` is 2a - b = 5.

    Raises:
        UnprovedError: the equations contradict each other.

    """
    pivots: dict[str, Row] = {}
    for coefficients, constant in equations:
        row = {name: Fraction(factor) for name, factor in coefficients.items() if factor}
        row[_CONSTANT] = Fraction(constant)
        for name in [name for name in row if name in pivots]:
            _subtract(row, pivots[name], name)
        pivot = next((name for name in row if name != _CONSTANT), None)
        if pivot is None:
            if row[_CONSTANT]:
                raise UnprovedError("the relations contradict each other")
            continue
        factor = row[pivot]
        row = {name: value / factor for name, value in row.items()}
        for other in pivots.values():
            if pivot in other:
                _subtract(other, row, pivot)
        pivots[pivot] = row
    return {name: row[_CONSTANT] for name, row in pivots.items() if row.keys() == {name, _CONSTANT}}


def _subtract(row: Row, pivot_row: Row, pivot: str) -> None:
    """Take that multiple of a pivot's row away which removes the pivot."""
    factor = row[pivot]
    for name, value in pivot_row.items():
        row[name] = row.get(name, Fraction(0)) - factor * value
        if not row[name] and name != _CONSTANT:
            del row[name]
