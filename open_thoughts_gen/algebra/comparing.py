"""Returns whether two values are the same: True and False only where that is certain.

Each kind of value has its own comparison. What is given is not symmetric: the first is what was asked for. A set that
was asked for may be answered by a list in any order, and a named value by a bare one; a pair that was asked for must be
answered in its order. A difference between two kinds counts only where one cannot be the other: a number is neither an
interval nor a residue.
"""

from __future__ import annotations

from collections.abc import Callable

from open_thoughts_gen.algebra import arithmetic, curves, families, polynomials, vocabulary
from open_thoughts_gen.algebra.comparing_lists import ComparesLists, names_of
from open_thoughts_gen.algebra.comparing_measures import ComparesMeasures
from open_thoughts_gen.algebra.comparing_words import ComparesWords
from open_thoughts_gen.algebra.comparison import Rules, UnitRule, is_number
from open_thoughts_gen.algebra.polynomials import Ratio
from open_thoughts_gen.algebra.values import (
    Absurd,
    Clock,
    Either,
    Interval,
    Many,
    Measured,
    Numeral,
    Option,
    Phrase,
    Relation,
    Residue,
    Scalar,
    Union,
    Value,
    Where,
    Word,
)

__all__ = ["Comparison", "Rules", "UnitRule", "same"]

# As the name of a value: it may be another one.
_CHANGES_VALUE = vocabulary.OPPOSED | (vocabulary.SCALES.keys() - {"score", "gross"})
# A graph by its letter and by its function: y = 2x and f(x) = 2x.
_GRAPHS = tuple({"y", name} for name in ("f(·)", "g(·)", "h(·)", "y(·)"))
# Which comparison two values of different kinds are for: the first of these that is that of either.
_KINDS: tuple[tuple[type, str], ...] = (
    (Either, "_readings"), (Option, "_options"), (Phrase, "_phrases"), (Where, "_conditions"), (Relation, "_equations"),
    (Measured, "_measured"), (Clock, "_clocks"), (Numeral, "_numerals"), (Residue, "_residues"), (Word, "_words"),
    (Union, "_sets_of_reals"), (Interval, "_interval_and_other"),
)  # fmt: skip
_RANKS = {kind: rank for rank, (kind, _) in enumerate(_KINDS)}


class Comparison(ComparesWords, ComparesMeasures, ComparesLists):
    """Compares values by their kind."""

    def same(self, known: Value, answer: Value) -> bool | None:
        """Return whether what is given is what is known to be right; None where that is not certain."""
        if isinstance(known, Scalar) and isinstance(answer, Scalar):
            return self._scalars(known, answer)
        if isinstance(known, Absurd) or isinstance(answer, Absurd):
            return False if not isinstance(known, Absurd) else None
        kind = min(_RANKS.get(type(known), len(_KINDS)), _RANKS.get(type(answer), len(_KINDS)))
        name = _KINDS[kind][1] if kind < len(_KINDS) else "_several"
        compare: Callable[[Value, Value], bool | None] = getattr(self, name)
        return compare(known, answer)

    def _readings(self, known: Value, answer: Value) -> bool | None:
        either, other = (known, answer) if isinstance(known, Either) else (answer, known)
        assert isinstance(either, Either)
        outcome = [
            self.same(reading, other) if either is known else self.same(other, reading) for reading in either.readings
        ]
        if True in outcome:
            has_point = isinstance(other, Scalar) and other.places is not None
            unclear = either.kind == "all" and False in outcome
            unclear |= either.kind == "comma" and not outcome[0] and not has_point
            return None if unclear and not isinstance(other, Either) else True
        return False if all(each is False for each in outcome) else None

    def _conditions(self, known: Value, answer: Value) -> bool | None:
        """Compare where something is said of letters: the letter of a general solution has no name."""
        first, second = (each if isinstance(each, Where) else Where(each, "") for each in (known, answer))
        outcome = self.same(first.value, second.value)
        if first.general is not None and second.general is not None and outcome is not True:
            outcome = self.same(first.general, second.general) or None
            if outcome is None and {first.condition, second.condition} <= {"", "integer"}:
                # Two formulas for a whole number may name the same numbers: 2k+1 and 2k-1, but not 2k and k.
                outcome = families.same(first.general, second.general)
        if first.condition and second.condition and first.condition != second.condition:
            return False if outcome is False else None
        is_one_general = (first.general is None) != (second.general is None)
        return None if outcome is False and is_one_general else outcome

    def _equations(self, known: Value, answer: Value) -> bool | None:
        """Compare where one is an equation: for a name it says its value, an equation without a name is not a value."""
        if isinstance(known, Relation) and isinstance(answer, Relation):
            return self._relations(known, answer)
        relation, other = (known, answer) if isinstance(known, Relation) else (answer, known)
        assert isinstance(relation, Relation)
        if relation.name is None:
            monomials = [monomial for polynomial in _difference(relation) or () for monomial in polynomial]
            names = {name for _, letters in monomials for name, _ in letters if name not in "πei"}
            return False if is_number(other) and len(names) > 1 else None
        parts = names_of(other.members) if isinstance(other, Many) else []
        if parts and ",".join(parts) != relation.name:
            return None
        if relation is answer and set((relation.name or "").split()) & _CHANGES_VALUE:
            return None
        outcome = self.same(known, relation.right) if relation is answer else self.same(relation.right, answer)
        # After words that are not known, two numbers with a comma may be one.
        is_list = isinstance(relation.right, Many) and is_number(other)
        return None if outcome is False and is_list and len(relation.name) > 2 and relation.name.isalpha() else outcome

    def _relations(self, known: Relation, answer: Relation) -> bool | None:
        if known.name and answer.name:
            outcome = self._named(known, answer)
            if outcome is not None or known.name == answer.name or max(len(known.name), len(answer.name)) > 1:
                return outcome
        first, second = _difference(known), _difference(answer)
        if first is None or second is None:
            return None
        factor = polynomials.proportional(first, second) if known.sign == answer.sign else None
        if factor is not None and (factor > 0 or known.sign in {"=", "!="}):
            return True
        is_rounded = any(
            isinstance(side, Scalar) and side.decimal for each in (known, answer) for side in (each.left, each.right)
        )
        if known.sign == answer.sign == "=" and not is_rounded and curves.differ(first, second):
            return False
        orders = known.sign[0] == answer.sign[0] == "<"
        return False if orders and factor is not None else None

    def _named(self, known: Relation, answer: Relation) -> bool | None:
        if known.name == answer.name and known.general is not None and answer.general is not None:
            return self.same(known.general, answer.general)
        outcome = self.same(known.right, answer.right)
        if known.name == answer.name:
            return outcome
        if outcome is True:
            if {known.name, answer.name} in _GRAPHS:
                return True
            one, other = known.name or "", answer.name or ""
            is_other_case = "(" in one and one.partition("(")[0] == other.partition("(")[0] and "·" not in one + other
            return False if is_other_case else None  # P(X=4) is not P(X=8)
        if outcome is False and known.general is not None and answer.general is not None:
            return self.same(known.general, answer.general) and None
        letters = len(known.name or "") == len(answer.name or "") == 1
        return False if outcome is False and letters and is_number(known.right) and is_number(answer.right) else None


def same(known: Value, answer: Value, rules: Rules | None = None) -> bool | None:
    """Return whether what is given is what is known to be right; None where that is not certain."""
    return Comparison(rules or Rules()).same(known, answer)


def _difference(relation: Relation) -> Ratio | None:
    """Return left minus right, where that is exact."""
    if not isinstance(relation.right, Scalar):
        return None
    try:
        return arithmetic.plus(relation.left, arithmetic.minus(relation.right)).exact
    except ArithmeticError:
        return None
