"""Compares lists, sets, tuples, intervals, matrices and ratios."""

from __future__ import annotations

import math
from collections.abc import Sequence

from open_thoughts_gen.algebra import arithmetic, sets
from open_thoughts_gen.algebra.comparison import Comparing, every, is_number
from open_thoughts_gen.algebra.values import Interval, Many, Measured, Relation, Scalar, Union, Value

_MAX_PAIRS = 2500


class ComparesLists(Comparing):
    """Compares what has members or ends."""

    def _sets_of_reals(self, known: Value, answer: Value) -> bool | None:
        first, second = sets.pieces(known), sets.pieces(answer)
        if first is None or second is None:
            return False if isinstance(known, Scalar) and isinstance(answer, Union) and not known.free else None
        if len(first) != len(second):
            return False
        return every(self._intervals(left, right) for left, right in zip(first, second, strict=True))

    def _intervals(self, known: Interval, answer: Interval) -> bool | None:
        ends = (self._scalars(known.low, answer.low), self._scalars(known.high, answer.high))
        return False if known.closed != answer.closed and None not in ends else every(ends)

    def _several(self, known: Value, answer: Value) -> bool | None:
        kinds = {each.kind for each in (known, answer) if isinstance(each, Many)}
        if "matrix" in kinds or "ratio" in kinds:
            return self._matrices(known, answer) if "matrix" in kinds else self._ratios(known, answer)
        first, second = _members(known), _members(answer)
        if names_of(first) or names_of(second):
            return self._parts(first, second)
        if _is_set(known):
            return self._matched(first, second, once=isinstance(known, Many) and known.in_braces)
        if len(first) != len(second):
            return False if isinstance(answer, Many) and answer.kind == "tuple" else None
        return every(self.same(left, right) for left, right in zip(first, second, strict=True))

    def _interval_and_other(self, known: Value, answer: Value) -> bool | None:
        """Compare an interval with another, a pair, which may be written alike, a set, or a number, which it is not."""
        if isinstance(known, Interval) and isinstance(answer, Interval):
            return self._intervals(known, answer)
        interval, other = (known, answer) if isinstance(known, Interval) else (answer, known)
        assert isinstance(interval, Interval)
        finite = math.isfinite(interval.low.real) and math.isfinite(interval.high.real)
        if isinstance(other, Many) and other.kind in {"tuple", "set", "matrix"}:
            if finite and interval.closed in {(False, False), (True, True)}:
                pair = Many("tuple", (interval.low, interval.high))
                outcome = self._several(pair, answer) if interval is known else self._several(known, pair)
                return outcome if interval.closed == (False, False) else (outcome or None)
            return False if other.kind == "set" and all(is_number(each) for each in other.members) else None
        return False if is_number(other) else None

    def _matrices(self, known: Value, answer: Value) -> bool | None:
        if not (isinstance(known, Many) and isinstance(answer, Many)):
            return None
        shapes = [(each.width, len(each.members)) if each.kind == "matrix" else None for each in (known, answer)]
        if None in shapes:
            line = known if known.kind == "matrix" else answer
            other = answer if line is known else known
            if other.kind != "tuple" or (line.width != 1 and line.width != len(line.members)):
                return None
            shapes = [(1, len(known.members)), (1, len(answer.members))]
        if shapes[0] != shapes[1]:
            return False
        return every(self.same(left, right) for left, right in zip(known.members, answer.members, strict=True))

    def _ratios(self, known: Value, answer: Value) -> bool | None:
        if isinstance(known, Scalar) or isinstance(answer, Scalar):
            quotients: list[Scalar] = []
            for each in (known, answer):
                terms = _terms(each)
                if isinstance(each, Scalar):
                    quotients.append(each)
                elif terms and len(terms) == 2 and terms[1].value != 0:  # the number that a ratio of two is
                    quotients.append(arithmetic.over(*terms))
            return self._scalars(*quotients) if len(quotients) == 2 else None
        first, second = (_terms(each) for each in (known, answer))
        if first is None or second is None or len(first) != len(second):
            return False if first and second else None
        return every(
            self._scalars(arithmetic.times(left, second[0]), arithmetic.times(right, first[0]))
            for left, right in zip(first[1:], second[1:], strict=True)
        )

    def _parts(self, known: Sequence[Value], answer: Sequence[Value]) -> bool | None:
        """Compare lists in which parts have names: by name, or in order where only one of the two has names."""
        first, second = names_of(known), names_of(answer)
        if first and second:
            if set(first) != set(second) or len(set(first)) != len(first):
                letters = all(len(name) == 1 for name in first + second)
                return False if letters and set(first) != set(second) and len(first) == len(second) else None
            by_name = dict(zip(second, answer, strict=False))
            return every(self.same(part, by_name[name]) for name, part in zip(first, known, strict=False))
        if len(known) != len(answer):
            return self._matched(_flat(known), _flat(answer)) or None
        pairs = [(_bare(left), _bare(right)) for left, right in zip(known, answer, strict=True)]
        outcome = every(self.same(left, right) for left, right in pairs)
        if outcome is False and self._matched([left for left, _ in pairs], [right for _, right in pairs]) is not False:
            return None  # the same values in another order
        return outcome

    def _matched(self, known: Sequence[Value], answer: Sequence[Value], *, once: bool = False) -> bool | None:
        """Compare sets: each member of either must have its like in the other; in a list, as often unless `once`."""
        if len(known) * len(answer) > _MAX_PAIRS:
            return None
        nouns = [{each.noun for each in side if isinstance(each, Measured) and each.noun} for side in (known, answer)]
        if not all(nouns) and max(map(len, nouns)) > 1:  # one counts different things, the other only gives numbers
            return None if len(known) != len(answer) else self._in_order(known, answer)
        table = [[self.same(one, other) for other in answer] for one in known]
        columns = list(zip(*table, strict=True)) if table else [() for _ in answer]
        if all(True in row for row in table) and all(True in column for column in columns):
            often = [1] if once else [sum(self.same(one, other) is True for other in known) for one in known]
            return max(often, default=1) == 1 or often == [row.count(True) for row in table]
        missing = any(all(each is False for each in row) for row in [*table, *columns])
        return False if missing else None

    def _in_order(self, known: Sequence[Value], answer: Sequence[Value]) -> bool | None:
        """Compare counts with bare numbers: in their order, since 4 goats and 7 hens are not 7 and 4."""
        outcome = every(self.same(left, right) for left, right in zip(known, answer, strict=True))
        if outcome is not False:
            return outcome
        first, second = (
            [each.value if isinstance(each, Measured) else each for each in side] for side in (known, answer)
        )
        return False if self._matched(first, second) is False else None


def _terms(value: Value) -> list[Scalar] | None:
    """Return the terms of a ratio."""
    if not isinstance(value, Many) or value.kind != "ratio":
        return None
    return [member for member in value.members if isinstance(member, Scalar)]


def _members(value: Value) -> list[Value]:
    """Return the members of a set or a tuple; anything else is a set of one."""
    return list(value.members) if isinstance(value, Many) and value.kind != "matrix" else [value]


def _is_set(value: Value) -> bool:
    return not isinstance(value, Many) or value.kind == "set"


def _bare(value: Value) -> Value:
    return value.right if isinstance(value, Relation) and value.name else value


def _flat(members: Sequence[Value]) -> list[Value]:
    """Return bare values, with sets among them taken apart."""
    bare = [_bare(member) for member in members]
    return [each for value in bare for each in (_members(value) if _is_set(value) else [value])]


def names_of(members: Sequence[Value]) -> list[str]:
    """Return the names of parts; nothing unless each has one."""
    names = [member.name for member in members if isinstance(member, Relation) and member.name]
    return names if len(names) == len(members) and names else []
