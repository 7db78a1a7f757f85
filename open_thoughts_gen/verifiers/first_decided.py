"""Judge by the first of several verifiers that can decide: cheap and strict first, the last resort last.

    use: first_decided
    of: [math, {use: judge, model: deepseek/deepseek-flash}]

Only what `math` could not decide reaches the judge, so that a model is asked, and paid, for that alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from open_thoughts_gen.types import Outcome
from open_thoughts_gen.verifiers._combined import Combined


class FirstDecided(Combined):
    """Takes the first verdict that is correct or incorrect; undecided if no verifier decides."""

    def together(self, outcomes: Sequence[Outcome]) -> Outcome:
        """Return the first outcome that is one."""
        return next((outcome for outcome in outcomes if outcome != "undecided"), "undecided")

    def is_settled(self, outcomes: Sequence[Outcome]) -> bool:
        """One that decides is enough."""
        return any(outcome != "undecided" for outcome in outcomes)
