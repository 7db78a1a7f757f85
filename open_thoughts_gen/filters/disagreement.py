"""Drop samples on which two verifiers disagree, or keep only those.

Where a program and a judge contradict each other, one of them is wrong, and a dataset is better without the row until
somebody has looked: `disagreeing: drop`. With `disagreeing: keep` only those rows are left, to be looked at. To
disagree, both have to decide: what one of them left undecided says nothing against the other, and the filter `verified`
decides what happens to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, field_validator

from open_thoughts_gen.errors import Fault, did_you_mean
from open_thoughts_gen.plugin import Filter, RecipeView, names
from open_thoughts_gen.types import DropReason, Sample


class Disagreement(Filter):
    """Drops, or keeps alone, samples that one of two verifiers calls correct and the other incorrect."""

    between: tuple[str, str] = Field(description="names of the two verifiers, as in the dataset's column `verdicts`")
    disagreeing: Literal["drop", "keep"] = Field(
        description="what to do with samples on which they disagree; keep: all others are dropped"
    )

    @field_validator("between")
    @classmethod
    def _differ(cls, between: tuple[str, str]) -> tuple[str, str]:
        if between[0] == between[1]:
            raise ValueError("two different verifiers are expected")
        return between

    def check_recipe(self, recipe: RecipeView) -> Iterator[Fault]:
        """Yield that there are no verdicts to compare, or that `between` names a verifier that the recipe lacks."""
        if recipe.step == "question_filters":
            yield Fault("before the teacher nothing has been verified", hint="move it to sample_filters")
        elif recipe.judges_nothing:
            yield Fault(
                "`disagreement` compares two verifiers, and the recipe names none",
                hint=f"add `verifiers:`, two of {', '.join(names('verifier'))}",
            )
        elif recipe.verifiers is not None:
            labels = {verifier.label for verifier in recipe.verifiers}
            for index, name in enumerate(self.between):
                if name not in labels:
                    message = f"no verifier of this recipe is named {name!r}"
                    yield Fault(message, where=f"between.{index}", hint=did_you_mean(name, labels))

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Return whether the two verdicts agree, where that is a reason to drop the sample."""
        by_name = {
            name: next((verdict.outcome for verdict in sample.verdicts if verdict.verifier == name), None)
            for name in self.between
        }
        detail = "; ".join(f"{name}: {outcome or 'no verdict'}" for name, outcome in by_name.items())
        outcomes = set(by_name.values())
        if outcomes == {"correct", "incorrect"}:
            return DropReason("verifiers disagree", detail) if self.disagreeing == "drop" else None
        if self.disagreeing == "drop":
            return None
        agree = outcomes in ({"correct"}, {"incorrect"})
        return DropReason("verifiers agree" if agree else "not decided by both", detail)
