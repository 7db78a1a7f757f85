"""Equations and inequalities put together: as intervals, as the values of one letter, as named parts."""

from __future__ import annotations

from dataclasses import replace

from open_thoughts_gen.algebra import arithmetic, polynomials, sets
from open_thoughts_gen.algebra.tokens import UnreadableError
from open_thoughts_gen.algebra.values import Interval, Many, Relation, Scalar, Union, Value


def as_interval(relation: Relation) -> Relation:
    """Return an inequality of the first degree in one letter as the interval that it is."""
    right = relation.right
    if not isinstance(right, Scalar):
        return relation
    solved = _solved(relation.left, right)
    if solved is None:
        return relation
    name, bound, rises = solved
    letter = arithmetic.letter(name)
    if relation.sign == "!=":
        outside = (Interval(sets.LOWEST, bound, (False, False)), Interval(bound, sets.HIGHEST, (False, False)))
        return Relation("=", letter, Union(outside), name)
    with_bound = "=" in relation.sign
    if rises:
        return Relation("=", letter, Interval(sets.LOWEST, bound, (False, with_bound)), name)
    return Relation("=", letter, Interval(bound, sets.HIGHEST, (with_bound, False)), name)


def _solved(left: Scalar, right: Scalar) -> tuple[str, Scalar, bool] | None:
    """Return the letter, where left equals right, and whether left less right grows with it; None if not linear."""
    for letter, bound, rises in ((left, right, True), (right, left, False)):
        if letter.free and letter.tree[0] == "x" and not bound.free:
            return str(letter.tree[1]), bound, rises
    difference = arithmetic.plus(left, arithmetic.minus(right))
    if difference.exact is None or difference.exact[1] is not polynomials.ONE:
        return None
    terms = [term for term in difference.exact[0].items() if any(name not in "πei" for name, _ in term[0][1])]
    if len(terms) != 1 or terms[0][0][0] != 1 or [power for _, power in terms[0][0][1]] != [1]:
        return None
    ((_, ((name, _),)), factor) = terms[0]
    if not name.isalpha():
        return None
    rest = arithmetic.minus(
        arithmetic.plus(
            difference, arithmetic.minus(arithmetic.times(arithmetic.rational(factor), arithmetic.letter(name)))
        )
    )
    bound = arithmetic.over(rest, arithmetic.rational(factor))
    return name, replace(bound, free=False), factor > 0


def together(elements: list[Value], links: list[str]) -> Value:
    """Return x = 1, 2 and x = 1, x = 2 as x in {1, 2}; inequalities as a set; x = 1, y = 2 as they are."""
    first, *rest = elements
    if isinstance(first, Relation) and first.name and not any(isinstance(each, Relation) for each in rest):
        members = (*_flat(first.right), *rest)
        return replace(first, right=Many("set", members), general=None)
    relations = [element for element in elements if isinstance(element, Relation)]
    names = {relation.name for relation in relations}
    if len(relations) != len(elements):
        return _grouped(elements)
    if len(names) == 1 and None not in names:
        general = [each.general for each in relations if each.general is not None]
        return replace(
            relations[0],
            right=_combined([each.right for each in relations], links),
            general=Many("set", tuple(general)) if len(general) == len(relations) else None,
        )
    return Many("set", tuple(relations))


def _flat(value: Value) -> tuple[Value, ...]:
    return value.members if isinstance(value, Many) and value.kind == "set" else (value,)


def _grouped(elements: list[Value]) -> Value:
    """Return A: 1, 2; B: 3, 4: what follows a name without one of its own belongs to it."""
    groups: list[Relation] = []
    for element in elements:
        if isinstance(element, Relation):
            groups.append(element)
        elif groups:
            groups[-1] = replace(groups[-1], right=Many("set", (*_flat(groups[-1].right), element)))
        else:
            raise UnreadableError("a list of values and equations")
    return Many("set", tuple(groups))


def _combined(rights: list[Value], links: list[str]) -> Value:
    """Return the values of one letter together: numbers as a set, intervals as a union or what they share."""
    if not any(isinstance(right, (Interval, Union)) for right in rights):
        return Many("set", tuple(each for right in rights for each in _flat(right)))
    parts: list[Interval | Many] = []
    for right in rights:
        if isinstance(right, Union):
            parts += right.parts
        elif isinstance(right, (Interval, Many)):
            parts.append(right)
        elif isinstance(right, Scalar):
            parts.append(Many("set", (right,)))
        else:
            raise UnreadableError("a list of values and intervals")
    intervals = [part for part in parts if isinstance(part, Interval)]
    if "or" not in links and len(parts) == 2 == len(intervals):
        shared = sets.intersection(*intervals)
        if shared is not None:
            return shared
        if "and" in links:
            raise UnreadableError("two conditions that exclude each other")
    if "and" in links or ("or" not in links and any(isinstance(right, Union) for right in rights)):
        raise UnreadableError("several conditions at once")
    return Union(tuple(parts))
