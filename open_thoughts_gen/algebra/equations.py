"""Equations, inequalities and names: x = 5, f(x) = 2x, P(X=4) = 5/8, -1 < x < 3, (x, y) = (1, 2)."""

from __future__ import annotations

import cmath
from itertools import pairwise

from open_thoughts_gen.algebra import arithmetic, relations, scalars
from open_thoughts_gen.algebra.brackets import CLOSING, NUMBER_SETS, OPENING
from open_thoughts_gen.algebra.conditions import Conditions
from open_thoughts_gen.algebra.measures import ORDER
from open_thoughts_gen.algebra.tokens import WORD, UnreadableError
from open_thoughts_gen.algebra.values import Absurd, Interval, Many, Measured, Relation, Scalar, Value


class Equations(Conditions):
    """Reads values, equations and inequalities."""

    def _named(self) -> list[Value] | None:
        """Read what gives a value to a name that is not an expression: f(x) = 2x, P(X=4) = 5/8, dy/dx = 2x."""
        if self._opens_point():
            name = self.next.lower() if self._is_folded else self.next
            self.at += 1
            return [Relation("=", arithmetic.letter(name), self._union(), name)]
        sign = self._sign_of_name()
        if sign is None:
            return None
        left = self.tokens[self.at : sign]
        if any(symbol[:1] == "▦" for symbol in left):
            raise UnreadableError("an equation of matrices")
        bare = [symbol for symbol in left if symbol not in {"{", "}"}]
        dummy, name = "", "".join(bare)
        if len(left) == 4 and left[1] == "(" and left[3] == ")" and left[0].isalpha() and left[2].islower():
            dummy, name = left[2], f"{left[0]}(·)"
        elif len(bare) == 3 and bare[1] == "_" and bare[2].isalpha() and len(bare[0]) == len(bare[2]) == 1:
            dummy, name = bare[2], f"{left[0]}_·"
        elif not (len(left) > 1 and all(symbol.isupper() or symbol == "|" for symbol in left)) and self._is_expression(
            sign
        ):
            return None
        self.at = sign + 1
        start = self.at
        rights = self._plain()
        right = rights[0] if len(rights) == 1 else Many("set", tuple(rights))
        if isinstance(right, Relation) and right.sign == "=" and right.name is None:
            right = right.right  # of a chain of equal values the last
        if dummy and dummy not in self.tokens[start : self.at] and bare[1] == "_":
            dummy, name = "", "".join(bare)  # an index that the right side does not depend on
        general = self._generalised(self.tokens[start : self.at], dummy) if dummy else None
        return [Relation("=", arithmetic.letter(name), right, name.lower() if self._is_folded else name, general)]

    def _opens_point(self) -> bool:
        """Return whether a point comes with its letter, and another does too: A(1,2), B(3,4)."""
        if self.tokens[self.at + 1] != "(" or not ("A" <= self.tokens[self.at] <= "Z" and len(self.next) == 1):
            return False
        letters = {
            symbol
            for symbol, after in pairwise(self.tokens)
            if after == "(" and len(symbol) == 1 and "A" <= symbol <= "Z"
        }
        if len(letters) < 2:
            return False
        self.at += 1
        holds_list = self.opens_several()
        self.at -= 1
        return holds_list

    def _sign_of_name(self) -> int | None:
        """Return where the first equals sign outside brackets stands in this part of a list."""
        if "=" not in self.tokens:
            return None
        depth = 0
        for at in range(self.at, len(self.tokens)):
            symbol = self.tokens[at]
            depth += (symbol in OPENING) - (symbol in CLOSING)
            if depth == 0 and (not symbol or symbol in {",", ";"} or symbol in ORDER or symbol[:1] == WORD):
                return None
            if depth == 0 and symbol == "=":
                return at if at > self.at + 1 and not self.opens_several() else None
        return None

    def _is_expression(self, end: int) -> bool:
        start = self.at
        try:
            self.several()
            return self.at == end
        except (UnreadableError, ArithmeticError):
            return False
        finally:
            self.at = start

    def _plain(self) -> list[Value]:
        """Read a value, an equation or an inequality."""
        if self._opens_set():
            return [self._point(self._union())]
        left = self._measured_ones()
        if len(left) == 1 and self.next == ":" and isinstance(left[0], Scalar):
            members: list[Value] = [left[0]]
            while self.take(":"):
                members.append(self.expression())
            return [Many("ratio", tuple(members))]
        if (
            self.next[:1] == WORD
            and self.next[1:].casefold() in {"is", "equals"}
            and self.tokens[self.at + 1][:1] != WORD
        ):
            self.tokens[self.at] = "="
        sign = self.take("=", "!=", "in", "≈", *ORDER)
        if sign is None:
            return left
        first = left[0]
        if len(left) > 1 or not isinstance(first, Scalar):
            rights = self._measured_ones()  # 2 h = 120 min
            if sign != "=" or len(left) != len(rights) != 1 or self.next in ORDER | {"="}:
                raise UnreadableError("an equation of what is not an expression")
            return rights[:1]
        return self._equation(first, sign)

    def _equation(self, left: Scalar, sign: str) -> list[Value]:
        name = self.lone_letter(left)
        if sign == "in" or (sign == "=" and self._opens_set()):
            return self._membership(left, name, sign)
        if sign in ORDER:
            return [self._order(left, sign)]
        rights = self._measured_ones()
        if sign == "≈":
            if name:
                return [Relation("=", left, rights[0], name)]
            _check_near(left, rights)
            return [left]
        if sign == "!=":
            return [relations.as_interval(Relation("!=", left, _scalar(rights), None))]
        return self._equal(left, name, rights)

    def _equal(self, left: Scalar, name: str | None, rights: list[Value]) -> list[Value]:
        """Read the rest of a chain of equal values: of 3 + 4 = 7 the last counts, unless two of them differ."""
        chain: list[Value] = [left] if name is None else []
        while self.next in {"=", "≈"} and len(rights) == 1:
            if self.take("≈"):
                _check_near(rights[0], self._measured_ones())
                break
            self.at += 1
            chain += rights
            rights = self._measured_ones()
        right = rights[0]
        is_turned = len(chain) == 1 and not left.free and (not isinstance(right, Scalar) or right.free)
        is_chain = not is_turned and len(chain) > (name is None and left.free) and len(rights) == 1
        if is_chain and _contradicts([*chain, right]):
            return [Absurd("two sides that differ")]
        if name is None and not left.free:
            if not isinstance(right, Scalar) or not right.free:
                return rights  # where both sides are numbers the right one is the answer
            letter = self.lone_letter(right)  # 5 = x says that x = 5
            return [Relation("=", right, left, letter) if letter else Relation("=", left, right)]
        if name is None and len(rights) > 1:
            raise UnreadableError("an expression that is plus or minus another")
        return [Relation("=", left, right, name) for right in rights]

    def _membership(self, left: Scalar, name: str | None, sign: str) -> list[Value]:
        letters = left.free and sign == "in" and self.next in NUMBER_SETS and self.tokens[self.at + 1] in {"", ",", ";"}
        if letters:
            self._state({NUMBER_SETS[self.next]}, {name} if name else set())
            self.at += 1
            return []
        if name is None or not self._opens_set():
            raise UnreadableError("membership in what is not a set, or of what is not a letter")
        return [Relation("=", left, self._union(), name)]

    def _point(self, left: Value) -> Value:
        """Read on where letters in brackets are given values: (x, y) = (1, 2)."""
        letters = [*left.members] if isinstance(left, Many) and left.kind == "tuple" else []
        names = [self.lone_letter(each) if isinstance(each, Scalar) else None for each in letters]
        if not letters or None in names or not self.take("=", "in"):
            return left
        name = ",".join(map(str, names))
        points = [self._union()]
        at = self.at
        while self._link() and self.next == "(" and self.opens_several():
            points.append(self._union())
            at = self.at
        self.at = at
        right = points[0] if len(points) == 1 else Many("set", tuple(points))
        return Relation("=", arithmetic.letter(name), right, name)

    def _order(self, left: Scalar, sign: str) -> Relation:
        """Read an inequality; with one letter alone on a side it is an interval."""
        middle = self.bound() if "∞" in self.tokens[self.at : self.at + 2] else self._unmeasured()
        second = self.take(*ORDER)
        if second is None:
            ordered = Relation(sign.replace(">", "<"), *((middle, left) if ">" in sign else (left, middle)))
            return relations.as_interval(ordered)
        right = self.bound() if "∞" in self.tokens[self.at : self.at + 2] else self._unmeasured()
        name = self.lone_letter(middle)
        if second[0] != sign[0]:
            raise UnreadableError("a chain of inequalities")
        ends = [(left, "=" in sign), (right, "=" in second)]
        (low, with_low), (high, with_high) = ends if sign[0] == "<" else ends[::-1]
        if name is None or low.free or high.free or not low.real < high.real:
            raise UnreadableError("a chain of inequalities")
        return Relation("=", middle, Interval(low, high, (with_low, with_high)), name)

    def _unmeasured(self) -> Scalar:
        value = self._after(self.expression())
        return value.value if isinstance(value, Measured) else _scalar([value])


def _scalar(values: list[Value]) -> Scalar:
    if len(values) != 1 or not isinstance(values[0], Scalar):
        raise UnreadableError("more than one plain value where one belongs")
    return values[0]


def _check_near(exact: Value, about: list[Value]) -> None:
    """Refuse what follows a wavy sign and cannot be what stands before it, rounded."""
    one, other = (each.value if isinstance(each, Measured) else each for each in (exact, about[0]))
    if not isinstance(one, Scalar) or not isinstance(other, Scalar) or one.free or other.free:
        return
    unit = 10.0 ** -(other.places or 0)
    if abs(one.approx - other.approx) > max(unit, 0.005 * abs(one.approx) if other.places is None else 0.0):
        raise UnreadableError("what is said to be about the same is not")


def _contradicts(chain: list[Value]) -> bool:
    """Return whether two that are said to be equal are not; refuse a chain of which it cannot be seen."""
    links = [(a, b) for a, b in pairwise(chain) if isinstance(a, Scalar) and isinstance(b, Scalar)]
    for one, other in links:
        if arithmetic.letters(one) != arithmetic.letters(other):
            raise UnreadableError("a chain of equations between different letters")
        if cmath.isnan(one.approx) or cmath.isnan(other.approx):
            raise UnreadableError("an equation with a side that has no value")
    return any(scalars.same(one, other) is False for one, other in links)
