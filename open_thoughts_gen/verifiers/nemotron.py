r"""Judge as the NVIDIA Nemotron Model Reasoning Challenge does (Kaggle, 2026): its metric, to the letter.

For runs that make training data for that competition, where a trace counts as correct if the competition's own metric
(version 15) would count it, and for no other use. What it looks at is the whole output, reasoning and response.

- The answer is what the last `\boxed{` that is not empty opens; it ends at the *last* closing brace before the next
  box or the end, so that answers may hold braces of their own; without such a brace it is all of that text. Without a
  box it is what follows "The final answer is:", "Final answer is:" or "Final answer:"; else the last number; else the
  last line.
- A reference of zeros and ones only is compared as text. Others are compared as numbers where both are, to a hundredth
  of the larger or 0.00001: "061" is 61. All else is compared as text without its case.

That decides always, so only a missing reference and a call that failed or was cut short before any response are
undecided. It takes the last number of running prose for an answer, and 100.9 for 100: use `exact` or `math` elsewhere.
"""

from __future__ import annotations

from open_thoughts_gen import text
from open_thoughts_gen.plugin import Verifier
from open_thoughts_gen.text.challenge_metric import extracted, same
from open_thoughts_gen.types import Question, Trace, Verdict


class Nemotron(Verifier):
    """Compares as the competition does: bits as text, numbers within one percent, all else regardless of case."""

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """No key: this verifier reads no meta."""
        return ()

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Extract and compare as the metric does."""
        name = self.plugin_name()
        reference = (question.reference or "").strip()
        if not reference:
            return Verdict(name, "undecided", None, "nothing to compare with", "no reference")
        if trace.finish_reason != "stop" and not trace.response.strip():
            cause, _, explanation = text.why_no_answer(trace.finish_reason).partition(": ")
            return Verdict(name, "undecided", None, explanation, cause)
        answer = extracted(f"{trace.reasoning}\n{trace.response}")
        if same(reference, answer):
            return Verdict(name, "correct", answer, "the metric counts it")
        return Verdict(name, "incorrect", answer, "the metric does not count it", "another answer")
