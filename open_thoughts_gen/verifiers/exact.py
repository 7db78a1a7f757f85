"""Judge answers that have one right wording: a name, a word, a code, yes or no.

The final answer of the response is compared with the reference after both are brought to a normal form; `fold` says
which differences do not count. It is strict on purpose: a right answer worded otherwise is judged incorrect, so use it
where the prompt fixes the form of the answer, and `math` for values.

What counts as the answer is what the response marks, or the whole of a one-line response. A response that marks none is
undecided, never incorrect: it may well be right. So is a sentence with the reference in it.
"""

from __future__ import annotations

from pydantic import Field

from open_thoughts_gen import text
from open_thoughts_gen.text import Fold
from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers._answers import ReadsAnswers

_MAX_MARKED_WORDS = 2  # around the reference, in an answer with a mark
_MAX_WORDS = 6  # of a line without a mark, beyond those of the reference
_WITHOUT_SIGNS = str.maketrans(dict.fromkeys(".,;:!?", " "))


class Exact(ReadsAnswers):
    """Checks that the final answer equals the reference, apart from the differences named by `fold`."""

    fold: tuple[Fold, ...] = Field(
        default=("case", "unicode", "space", "punctuation"),
        description="differences that do not count: case, unicode (full-width and composed forms, invisible "
        "characters), space, punctuation (quotes and hyphens, what wraps the answer, a full stop after it)",
    )

    @property
    def reads_reference(self) -> bool:
        """True."""
        return True

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """No key: this verifier reads no meta."""
        return ()

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Compare in normal form; undecided without a reference, or without an answer."""
        reference = text.normalise(question.reference or "", self.fold)
        if not reference.strip():
            return self.undecided("no reference", "nothing to compare with")
        answer = self.stated_answer(trace.response)
        if answer is None:
            return self.unanswered(trace)
        normal = text.normalise(answer, self.fold)
        if normal == reference:
            return self.judged(answer, "correct", "the answer is the reference")
        extra = text.num_words(normal) - text.num_words(reference)
        is_inside = f" {reference} " in f" {normal.translate(_WITHOUT_SIGNS)} "
        limit = 0 if answer == trace.response.strip() else _MAX_MARKED_WORDS
        if (extra > limit and is_inside) or (not limit and extra > _MAX_WORDS):
            return self.undecided("prose", "a sentence, not an answer", answer=answer)
        return self.judged(answer, "incorrect", "the answer is not the reference", "another text")
