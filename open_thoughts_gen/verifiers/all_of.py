"""Judge by several verifiers that must all agree: correct only if each says so.

Kleene's "and": one that says incorrect settles it, whatever the others could not decide; otherwise one that could not
decide leaves it undecided. The next verifier is not asked once one has said incorrect, so put cheap ones first.
"""

from __future__ import annotations

from collections.abc import Sequence

from open_thoughts_gen.types import Outcome
from open_thoughts_gen.verifiers._combined import Combined


class AllOf(Combined):
    """Correct if all its verifiers say correct, incorrect if any says incorrect, otherwise undecided."""

    def together(self, outcomes: Sequence[Outcome]) -> Outcome:
        """Return the conjunction."""
        if "incorrect" in outcomes:
            return "incorrect"
        return "undecided" if "undecided" in outcomes else "correct"

    def is_settled(self, outcomes: Sequence[Outcome]) -> bool:
        """One that says incorrect is enough."""
        return "incorrect" in outcomes
