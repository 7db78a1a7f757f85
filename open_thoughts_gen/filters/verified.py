"""Keep what was verified as correct.

"Could not decide" is neither right nor wrong, and silently treating it as either is how datasets go bad. So `undecided`
has no default: the recipe says whether such samples are kept. Verifiers of form (`format`, `json_schema` without a
reference) cannot say that an answer is right; samples that only they have accepted are kept with `form_only: keep`. A
failed call and a response that was cut off before its answer are dropped whatever the recipe says of undecided samples.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from open_thoughts_gen import text
from open_thoughts_gen.errors import Fault
from open_thoughts_gen.plugin import Filter, RecipeView, names
from open_thoughts_gen.types import DropReason, Question, Sample

_MAX_CAUSE = 40


class Verified(Filter):
    """Keeps samples that their verdicts together say are correct; undecided ones as the recipe says."""

    undecided: Literal["drop", "keep"] = Field(description="what to do with samples that no verifier could decide")
    form_only: Literal["drop", "keep"] | None = Field(
        default=None,
        description="what to do with samples whose verifiers judged only the form, and found it right; null: as "
        "`undecided` says",
    )

    @property
    def _drops_form(self) -> bool:
        return (self.form_only or self.undecided) == "drop"

    def check_recipe(self, recipe: RecipeView) -> Iterator[Fault]:
        """Yield that no sample is judged before this filter, or that it would drop every one."""
        if recipe.step == "question_filters":
            yield Fault("before the teacher nothing has been verified", hint="move it to sample_filters")
        elif recipe.judges_nothing:
            hint = f"add `verifiers:`, known: {', '.join(names('verifier'))}"
            yield Fault("`verified` needs a verifier", hint=hint)
        elif (
            self._drops_form
            and recipe.verifiers
            and all(each.judges_form(Question("?", answer)) for each in recipe.verifiers for answer in (None, "1"))
        ):
            labels = " and ".join(f"`{verifier.label}`" for verifier in recipe.verifiers)
            hint = "add a verifier that judges answers, or set `form_only: keep`"
            yield Fault(f"`verified` would drop every sample: only their form is judged, by {labels}", hint=hint)

    def advice(self, reason: str) -> str:
        """Return what gets more samples past this filter."""
        if reason == "undecided: no answer":
            return "have the teacher mark its answer (its `prompt:`), or say how it does (`answer_marks:`)"
        if reason.startswith("undecided"):
            return "add a verifier that can decide these, or set `undecided: keep`"
        if reason == "incorrect":
            return "raise `attempts:`, or ask a stronger teacher"
        by_reason = {"only the form was judged": "set `form_only: keep`", "no verdict": "add a verifier for these rows"}
        return by_reason.get(reason, "")

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Return why the sample is not known to be correct, or None."""
        if sample.outcome == "correct":
            return None
        if sample.trace and sample.trace.finish_reason == "error":
            return DropReason("teacher error", sample.trace.error or "")
        if sample.trace and sample.trace.finish_reason != "stop":
            return DropReason("truncated", "the response was cut off at its limit")
        return self._why_not_correct(sample)

    def _why_not_correct(self, sample: Sample) -> DropReason | None:
        """Return why the verdicts on a complete response do not say correct; None if it is kept all the same."""
        deciding = [verdict for verdict in sample.verdicts if verdict.outcome == sample.outcome]
        detail = "; ".join(f"{verdict.verifier}: {verdict.why}" for verdict in deciding)
        if sample.outcome == "incorrect":
            return DropReason("incorrect", detail)
        if sample.is_right_in_form_only and not deciding:
            return DropReason("only the form was judged") if self._drops_form else None
        if self.undecided == "keep":
            return None
        if not deciding:
            return DropReason("no verdict", "no verifier applies to this question")
        cause = text.shorten(deciding[0].reason, _MAX_CAUSE)
        return DropReason(f"undecided: {cause}" if cause else "undecided", detail)
