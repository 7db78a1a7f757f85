"""Work: values that are computed and claimed in one move, so that a trace and its figures cannot part.

    total = work("a + b", a=260, b=150)          # 410, and the claim "260 + 150 = 410"
    last = work.after(ended, 30)                 # 2031-07-06, and the claim "2031-06-06 + 30 d = 2031-07-06"
    if work.exceeds(total, limit): ...           # and the claim "410 > 400", or "410 <= 400"

A claim can be recomputed by anyone, with nothing but its own text (`algebra.claimed`): numbers are exact, whole,
decimal (`3.25`) or fractions (`3/20`); days are ISO dates.

A `Flaw` makes one of these moves come out wrong: everything that follows is computed from the wrong value. So an error
(another figure or day, a condition dropped, parties exchanged) can be planted in the derivation of any scheme without a
line of the scheme knowing of it.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import TypeVar

from open_thoughts_gen.families.kit.forms import Money
from open_thoughts_gen.text.claimed import value_of

Number = int | Fraction
Value = TypeVar("Value")

_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def altered(value: object) -> object:
    """Return a value that a slip would give: the opposite, one more, the day after.

    Raises:
        TypeError: nobody can slip on a value of this type; say what else it could be (`Work.settle`).

    """
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | Fraction):
        return value + 1
    if isinstance(value, date):
        return value + timedelta(days=1)
    raise TypeError(f"there is no slip for {value!r}: let `settle` say what else it could be")


@dataclass(frozen=True, slots=True)
class Flaw:
    """An error to plant: at the `call`-th move (counted from 0) `change` makes another value of the right one."""

    call: int
    change: Callable[[object], object] = altered


@dataclass(slots=True)
class Work:
    """Computes and claims. `claims` are those made since they were last taken, in fractions if `has_fractions`.

    `values` are the right values of its moves so far. `slip` is what the flaw has made of what: the right value and the
    wrong one, once it has come into play. With `is_quiet` nothing is claimed: for deciding a case without a word, which
    is done for every draw.
    """

    flaw: Flaw | None = None
    has_fractions: bool = False
    is_quiet: bool = False
    values: list[object] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    slip: tuple[object, object] | None = None

    def __call__(self, expression: str, **values: Number | Money) -> Fraction:
        """Return the value of an expression over named numbers, and claim it."""
        numbers = {name: value.number if isinstance(value, Money) else value for name, value in values.items()}
        result = self._result(value_of(expression, numbers))
        if not self.is_quiet:
            stated = _NAME.sub(lambda name: self._written(numbers[name.group()]), expression)
            self.claims.append(f"{stated} = {self._written(result)}")
        return result

    def exceeds(self, one: Number, other: Number) -> bool:
        """Return whether one number is larger than another, and claim what it is."""
        larger = self._result(one > other)
        if not self.is_quiet:
            self.claims.append(f"{self._written(one)} {'>' if larger else '<='} {self._written(other)}")
        return larger

    def after(self, start: date, days: int) -> date:
        """Return the day that many days later, and claim it."""
        end = self._result(start + timedelta(days=days))
        self._claim(start, f"+ {days} d =", end)
        return end

    def months_after(self, start: date, months: int) -> date:
        """Return the day of the same number that many months later, or the last of a shorter month, and claim it."""
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        end = self._result(date(year, month + 1, min(start.day, last)))
        self._claim(start, f"+ {months} m =", end)
        return end

    def days_between(self, start: date, end: date) -> int:
        """Return how many days after `start` the day `end` is, and claim it."""
        days = self._result((end - start).days)
        self._claim(end, "-", start, f"= {days} d")
        return days

    def is_later(self, one: date, other: date) -> bool:
        """Return whether a day is later than another, and claim it."""
        later = self._result(one > other)
        self._claim(one, ">" if later else "<=", other)
        return later

    def _claim(self, *parts: date | str) -> None:
        """Claim what parts say together, days as ISO has them."""
        if not self.is_quiet:
            self.claims.append(" ".join(part if isinstance(part, str) else part.isoformat() for part in parts))

    def settle(self, value: Value, *others: Value) -> Value:
        """Return a value that a rule gives and nothing computes: a move that a flaw can change, and no claim.

        `others` are what else it could be (the other party, the other provision); a flaw takes the first of them.
        """
        return self._result(value, others)

    def take(self) -> tuple[str, ...]:
        """Return the claims made since they were last taken."""
        claims, self.claims = tuple(self.claims), []
        return claims

    def _written(self, value: Number) -> str:
        return f"({Fraction(value)})" if self.has_fractions and Fraction(value).denominator > 1 else written(value)

    def _result(self, right: Value, others: Sequence[Value] = ()) -> Value:
        self.values.append(right)
        if self.flaw is None or self.flaw.call != len(self.values) - 1:
            return right
        wrong: Value = others[0] if others else self.flaw.change(right)  # type: ignore[assignment]
        self.slip = right, wrong
        return wrong


def written(value: Number) -> str:
    """Return a number as claims have it: `1840`, `3.25`, `(10/3)`."""
    value = Fraction(value)
    if value.denominator == 1:
        return str(value.numerator) if value >= 0 else f"({value.numerator})"
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest > 1 or value.denominator > 10**9:
        return f"({value.numerator}/{value.denominator})"
    digits = next(digits for digits in range(1, 31) if (value * 10**digits).denominator == 1)
    scaled = abs(value.numerator) * 10**digits // value.denominator
    whole, tail = divmod(scaled, 10**digits)
    text = f"{whole}.{tail:0{digits}d}"
    return text if value > 0 else f"(-{text})"
