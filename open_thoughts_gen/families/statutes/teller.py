"""Tells a case of law with all that is known so far, or decides it by the same function without a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work


class Silent(Narrative):
    """A narrative that writes nothing: so that the function that tells a derivation can also just decide the case."""

    def __init__(self, work: Work) -> None:
        """Take the work that computes its values."""
        self.work = work

    def step(self, bank: str, *, point: int | None = None, **values: Any) -> None:  # noqa: ANN401  (as its form has it)
        """Write nothing."""

    def has_turned(self) -> bool:
        """Return True, so that nothing is tried."""
        return True


@dataclass(slots=True)
class Teller:
    """Tells steps with all that is known so far: what the case states, and what steps before have worked out."""

    narrative: Narrative
    known: dict[str, Any]

    @classmethod
    def quiet(cls, facts: Mapping[str, Any], work: Work | None = None) -> Teller:
        """Return a teller that writes nothing; `work` computes the values, so that a later step can state them."""
        return cls(Silent(work or Work(is_quiet=True)), dict(facts))

    @property
    def work(self) -> Work:
        """Computes and claims."""
        return self.narrative.work

    def reaches(self, part: Fraction, number: int, whole: int) -> bool:
        """Return whether a number is at least this part of a whole, by multiplying both."""
        left = int(self.work("den * number", den=part.denominator, number=number))
        right = whole if part.numerator == 1 else int(self.work("num * whole", num=part.numerator, whole=whole))
        self.known |= {"num": part.numerator, "den": part.denominator, "left": left, "right": right}
        return not self.work.exceeds(right, left)

    def step(self, bank: str, **values: Any) -> None:  # noqa: ANN401
        """Tell a step with these values, which are known from here on."""
        self.known.update(values)
        if not isinstance(self.narrative, Silent):
            self.narrative.step(bank, **self.known)

    def turn(self, bank: str, **values: Any) -> None:  # noqa: ANN401
        """Tell a wrong reading that a reader would try, and at once what refutes it."""
        self.step(f"turn.{bank}", **values)
        self.step(f"refute.{bank}")

    def answer(self, bank: str, result: object, **values: Any) -> None:  # noqa: ANN401
        """Tell the decisive reason, and what the derivation comes to."""
        self.narrative.answer(bank, result, **{**self.known, **values})
