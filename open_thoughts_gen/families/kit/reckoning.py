"""A reckoning: the first implementation of a scheme in one piece, told or in silence.

Deciding a case and telling it are the same walk through the same rules. A reckoning computes with `work` and says each
step if there is a narrative, so `assess` and `tell` of a scheme run one piece of code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeVar

from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

Value = TypeVar("Value")
_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def summed(work: Work, parts: Sequence[int], sign: str = "+") -> int:
    """Return a sum, or what is left of the first part, claimed as it is written out."""
    if len(parts) < 2:
        return sum(parts)
    names = "abcdefghijklmnop"[: len(parts)]
    return int(work(f" {sign} ".join(names), **dict(zip(names, parts, strict=True))))


@dataclass(slots=True)
class Reckoning:
    """The first implementation of a scheme: it computes with `work`, and says each step if there is a narrative.

    A step may print every fact of the case, and whatever has been found (`known`), without being handed it.
    """

    facts: Mapping[str, Any]
    work: Work = field(default_factory=lambda: Work(is_quiet=True))
    narrative: Narrative | None = None
    known: dict[str, Any] = field(default_factory=dict)

    def find(self, name: str, expression: str, bank: str = "", **values: Any) -> Fraction:  # noqa: ANN401
        """Return the value of an expression over facts, over what is known and `values`; claim it, and know it by name.

        It is said at once if a bank is given.
        """
        return self.know(name, self.work(expression, **self._terms(expression, values)), bank, **values)

    def know(self, name: str, value: Value, bank: str = "", **values: object) -> Value:
        """Return a value that is known by this name from here on, and say it if a bank is given, or several: `a, b`."""
        self.known[name] = value
        for each in filter(None, bank.split(", ")):
            self.say(each, **values)
        return value

    def exceeds(self, one: str, other: str, *, yes: str = "", no: str = "", **values: Any) -> bool:  # noqa: ANN401
        """Return whether one thing that is known is larger than another, and claim it; say it if banks are given."""
        terms = self._terms(f"{one} {other}", values)
        exceeds = self.work.exceeds(terms[one], terms[other])
        if yes or no:
            self.say(yes if exceeds else no, **values)
        return exceeds

    def _terms(self, expression: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the named terms of an expression."""
        names = dict.fromkeys(_NAME.findall(expression))
        return {
            name: values[name] if name in values else self.known[name] if name in self.known else self.facts[name]
            for name in names
        }

    def part(self, number: int) -> None:
        """Begin a part of what is said: the steps from here on belong to it."""
        if self.narrative is not None:
            self.narrative.point = number

    def once(self, find: Callable[[Reckoning], Value]) -> Value:
        """Return what a function finds in the case; asked for again, what it found, without another word."""
        name = find.__name__
        result: Value = self.known[name] if name in self.known else self.know(name, find(self))
        return result

    def has(self, *names: str) -> bool:
        """Return whether the case has all of these facts."""
        return all(name in self.facts for name in names)

    def say(self, bank: str, **values: object) -> None:
        """Say a step, if anything is said at all."""
        if self.narrative is not None:
            self.narrative.step(bank, **{**self.facts, **self.known, **values})

    def answer(self, bank: str, result: object, **values: object) -> None:
        """Say what the reckoning comes to, if anything is said at all."""
        if self.narrative is not None:
            self.narrative.answer(bank, result, **{**self.facts, **self.known, **values})

    def total(self, terms: Sequence[int | Fraction]) -> Fraction:
        """Return the sum of signed terms, claimed as it is written out."""
        if len(terms) == 1:
            return Fraction(terms[0])
        text, values = "", dict[str, int | Fraction]()
        for name, term in zip("abcdefghijkl", terms, strict=False):
            sign = (" - " if term < 0 else " + ") if text else ""
            text += f"{sign}{name}"
            values[name] = -term if sign and term < 0 else term
        return self.work(text, **values)
