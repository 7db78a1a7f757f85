"""What all comparisons of values share: the rules, and how two numbers or expressions are compared."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from open_thoughts_gen.algebra import scalars
from open_thoughts_gen.algebra.values import Measured, Scalar, Value

UnitRule = Literal["optional", "required", "ignored"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What is asked of an answer besides its value."""

    unit: UnitRule = "optional"
    strict_percent: bool = False
    accepts_rounded: bool = False


@dataclass(frozen=True)
class Comparing(ABC):
    """Compares values; calls `undecided` with two scalars if it is not certain whether they are equal."""

    rules: Rules = Rules()
    undecided: Callable[[Scalar, Scalar], bool | None] | None = None

    @abstractmethod
    def same(self, known: Value, answer: Value) -> bool | None:
        """Return whether what is given is what is known to be right; None where that is not certain."""

    def _scalars(self, known: Scalar, answer: Scalar) -> bool | None:
        outcome = scalars.same(
            known,
            answer,
            strict_percent=self.rules.strict_percent,
            accepts_rounded=self.rules.accepts_rounded,
        )
        if outcome is not None or self.undecided is None or known.percent or answer.percent:
            return outcome
        return self.undecided(known, answer)


def is_number(value: Value) -> bool:
    """Return whether a value is a number without letters, with or without a unit."""
    if isinstance(value, Measured):
        return not value.value.free
    return isinstance(value, Scalar) and not value.free


def every(outcome: Iterable[bool | None]) -> bool | None:
    """Return False if one is False, else None if one is None, else True."""
    together = list(outcome)
    return False if False in together else None if None in together else True
