"""Judge by several verifiers of which one is enough: correct if any says so.

Kleene's "or": one that says correct settles it, whatever the others could not decide; incorrect only if each says so.
For answers that have several right forms, each with a verifier of its own. The next verifier is not asked once one has
said correct, so put cheap ones first.
"""

from __future__ import annotations

from collections.abc import Sequence

from open_thoughts_gen.types import Outcome
from open_thoughts_gen.verifiers._combined import Combined


class AnyOf(Combined):
    """Correct if any of its verifiers says correct, incorrect if all say incorrect, otherwise undecided."""

    def together(self, outcomes: Sequence[Outcome]) -> Outcome:
        """Return the disjunction."""
        if "correct" in outcomes:
            return "correct"
        return "undecided" if "undecided" in outcomes else "incorrect"

    def is_settled(self, outcomes: Sequence[Outcome]) -> bool:
        """One that says correct is enough."""
        return "correct" in outcomes
