"""What stands in brackets: intervals, points, sets, matrices, and sets by what is true of their members."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from itertools import product
from math import isfinite

from open_thoughts_gen.algebra import arithmetic, sets
from open_thoughts_gen.algebra.measures import Measures
from open_thoughts_gen.algebra.tokens import UnreadableError
from open_thoughts_gen.algebra.values import Either, Interval, Many, Relation, Scalar, Union, Value, Word

MAX_MEMBERS = 100
NUMBER_SETS = {"ℝ": "real", "ℤ": "integer", "ℕ": "natural", "ℚ": "rational", "ℂ": "complex"}
OPENING, CLOSING = {"(", "[", "{", "\\{", "⟨"}, {")", "]", "}", "\\}", "⟩"}


class Brackets(Measures):
    """Reads what stands in brackets."""

    def __init__(self, tokens: list[str], matrices: list[Many], *, is_folded: bool) -> None:
        super().__init__(tokens, is_folded=is_folded)
        self._matrices = matrices

    @abstractmethod
    def _element(self) -> list[Value]:
        """Read one element of a list."""

    @abstractmethod
    def _listed(self) -> Value:
        """Read a list as one value."""

    def opens_several(self) -> bool:
        """Return whether a bracket opens here that holds a list, or a set."""
        if self.next in {"\\{", "⟨"}:
            return True
        return self.next in {"(", "[", "{"} and self._holds_list()

    def _opens_set(self) -> bool:
        in_brackets = self.next in {"(", "["} and self.tokens[self.at + 1][:1] == "▦"
        return self.opens_several() or in_brackets or self.next[:1] in {"▦", "∅"} or self.next in NUMBER_SETS

    def _union(self) -> Value:
        parts = [self._several()]
        while self.take("union"):
            parts.append(self._several())
        if self.take("setminus", "\\backslash", "-"):
            excluded, difference = self._several(), None
            if len(parts) == 1 and isinstance(parts[0], Interval) and isinstance(excluded, Many):
                difference = sets.without(parts[0], excluded.members)
            if difference is None:
                raise UnreadableError("a difference of sets")
            return difference
        if len(parts) == 1:
            return parts[0]
        if any(
            not isinstance(part, Interval) and not (isinstance(part, Many) and part.kind == "set") for part in parts
        ):
            raise UnreadableError("a union of what is not a set")
        return Union(tuple(part for part in parts if isinstance(part, (Interval, Many))))

    def _several(self) -> Value:
        """Read what stands in brackets with commas: a set, a tuple, an interval; or the sign of a set."""
        sign = self.take("∅", *NUMBER_SETS)
        if sign is not None:
            return Many("set", ()) if sign == "∅" else sets.REALS if sign == "ℝ" else Word(NUMBER_SETS[sign])
        if self.next[:1] == "▦" or self.tokens[self.at + 1][:1] == "▦":
            return self._matrix()
        described = self._described()
        if described is not None:
            return described
        opening = self.take(*OPENING) or ""
        is_empty = "{" in opening and self.next in {"}", "\\}"}
        members = [] if is_empty else self._members(opening)
        closing = self.take(*CLOSING) or ""
        return _bracketed(opening, members, closing)

    def _members(self, opening: str) -> list[list[Value]]:
        members: list[list[Value]] = []
        num_angles = 0
        while True:
            if self._opens_set():
                members.append([self._union()])
            elif "{" in opening:
                members.append(self._element())
            else:
                self.has_degrees = False
                numbers = [self.bound()] if "∞" in self.tokens[self.at : self.at + 2] else self.several()
                num_angles += self.has_degrees
                is_percent = self.take("%") is not None
                members.append([replace(each, percent=True) for each in numbers] if is_percent else [*numbers])
            if not self.take(",", ";"):
                if 0 < num_angles < len(members):
                    raise UnreadableError("an angle beside other numbers may be in degrees or in radians")
                return members
            if len(members) > MAX_MEMBERS:
                raise UnreadableError("the list is too long")

    def _matrix(self) -> Many:
        bracket = self.take("(", "[")
        index = int(self.next[1:])
        if index >= len(self._matrices):
            raise UnreadableError("the sign for a matrix, without the matrix")
        matrix = self._matrices[index]
        self.at += 1
        if bracket and not self.take(")", "]"):
            raise UnreadableError("a matrix in brackets that do not match")
        while self.next in {"+", "-"} and self.tokens[self.at + 1][:1] == "▦":
            sign, other = self.take("+", "-"), self._matrix()
            if (matrix.width, len(matrix.members)) != (other.width, len(other.members)):
                raise UnreadableError("matrices of different shapes")
            cells = []
            for cell, addend in zip(matrix.members, other.members, strict=True):
                if not isinstance(cell, Scalar) or not isinstance(addend, Scalar):
                    raise UnreadableError("matrices of what is not a number")
                cells.append(arithmetic.plus(cell, addend if sign == "+" else arithmetic.minus(addend)))
            matrix = Many("matrix", tuple(cells), matrix.width)
        return matrix

    def _described(self) -> Value | None:
        """Read a set by what is true of its members: { x | -1 < x < 1 }; None where none begins."""
        if self.next != "\\{":
            return None
        letter, *after = self.tokens[self.at + 1 : self.at + 5]
        if not (len(letter) == 1 and letter.isalpha()):
            return None
        if after[0] not in {"|", ":"} and not (after[:2] == ["in", "ℝ"] and after[2] in {"|", ":", ","}):
            return None
        self.at += 3 if after[0] in {"|", ":"} else 5
        bounded = self._listed()
        if not self.take("\\}"):
            raise UnreadableError("a set that is not closed")
        if not isinstance(bounded, Relation) or bounded.name != (letter.lower() if self._is_folded else letter):
            raise UnreadableError("a set of what is not bounded")
        right = bounded.right
        return Many("set", (right,)) if isinstance(right, Scalar) else right


def _bracketed(opening: str, members: list[list[Value]], closing: str) -> Value:
    """Return what brackets and their members are."""
    if "{" in opening and closing in {"}", "\\}"}:
        return Many("set", tuple(each for member in members for each in member), in_braces=True)
    if (opening, closing) == ("⟨", "⟩"):
        return _tuples(members)
    is_round, is_square = (opening, closing) == ("(", ")"), (opening, closing) == ("[", "]")
    if "{" in opening or closing not in {")", "]"} or (len(members) != 2 and not is_round and not is_square):
        raise UnreadableError("brackets that do not match")
    first = [member[0] for member in members]
    if len(members) == 2 and all(len(member) == 1 for member in members):
        low, high = first
        if isinstance(low, Scalar) and isinstance(high, Scalar):
            if not (low.free or high.free) and low.real < high.real:
                holds_ends = (opening == "[" and isfinite(low.real), closing == "]" and isfinite(high.real))
                return Interval(low, high, holds_ends)
            if (opening == "[") != (closing == "]"):
                raise UnreadableError("an interval that does not go up")
            return Many("tuple", (low, high))
    if not (is_round or is_square) or arithmetic.INFINITY in first:
        raise UnreadableError("brackets that do not match")
    return _tuples(members)


def _tuples(members: list[list[Value]]) -> Value:
    """Return a tuple; a set of them where members say plus or minus: in every combination, or together."""
    forks = sum(len(member) > 1 for member in members)
    if not forks:
        return Many("tuple", tuple(member[0] for member in members))
    if forks > 4:
        raise UnreadableError("plus or minus, too often")
    every = Many("set", tuple(Many("tuple", each) for each in product(*members)))
    if forks == 1:
        return every
    together = tuple(Many("tuple", tuple(member[-1 if minus else 0] for member in members)) for minus in (False, True))
    return Either((every, Many("set", together)))
