"""What the filters that leave out similar questions have in common: all but how they find the pairs.

A question is left out if it repeats an earlier one, whether that one was kept or not, and names the earliest such one.
So what becomes of a question depends on it and on those before it, and on nothing that is added later.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, PrivateAttr

from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.plugin.spread import Spread
from open_thoughts_gen.similar.settings import Keep, Numbers
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import DropReason, FilterReport, Sample

if TYPE_CHECKING:  # what imports numpy is imported when a set is looked at: a recipe is read without
    from open_thoughts_gen.similar.guard import Guard
    from open_thoughts_gen.similar.pairs import Twins
    from open_thoughts_gen.similar.questions import Questions
    from open_thoughts_gen.similar.spill import Spill, Texts

MANY = 1 / 3  # of the questions: more left out deserves a look
NUM_EXAMPLES = 3
EXAMPLE_LENGTH = 160  # characters


@dataclass(frozen=True, slots=True)
class Distinct:
    """The distinct questions of a set, their prompts by the same places, what holds them apart, disk and engine.

    The first `num_known` are known to repeat none.
    """

    questions: Questions
    texts: Texts
    guard: Guard
    spill: Spill
    spread: Spread
    num_known: int = 0


class Dedup(Filter):
    """Of questions that are near-duplicates, the first is kept."""

    drops_repeats: ClassVar[bool] = True
    reason: ClassVar[str] = "near duplicate"

    keep: Keep = Field(
        default="first",
        description="which of two near-duplicates is kept. first: the first in the run; longest: the one with the "
        "longest prompt; best_verified: the one with the best verdicts; of equals, the first in the run",
    )
    numbers_guard: Numbers = Field(
        default="answers",
        description=(
            "when to keep both of two near-duplicates whose numbers or formulas differ, since they may be different "
            "problems. true: always; false: never; families: if a family generated both; answers: if a family "
            "generated both, if their references differ, or if one has no reference"
        ),
    )
    memory_gb: float | None = Field(
        default=None,
        gt=0,
        description="memory for texts and tables, in GB; the rest goes to disk; null: half of the machine's memory",
    )

    _facts: dict[str, Any] = PrivateAttr(default_factory=dict)
    _num_known: int = PrivateAttr(default=0)

    @abstractmethod
    def find(self, distinct: Distinct) -> Twins:
        """Return for each question the earliest before it that it repeats."""

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield the reason with the twin and the score, or None, per sample. Goes through the samples once."""
        from open_thoughts_gen.similar.guard import Guard
        from open_thoughts_gen.similar.questions import Questions
        from open_thoughts_gen.similar.spill import Spill, Texts

        with Spill(self.memory_gb) as spill:
            texts = Texts(spill)
            questions = Questions(samples, self.keep, seen=texts.add)
            texts.ready()
            guard = Guard(questions, texts, self.numbers_guard)
            twins = self.find(Distinct(questions, texts, guard, spill, self._context.spread, self._num_known))
            self._facts = self._summary(questions, texts, twins)
            yield from self._reasons(questions, twins)

    def repeats(self, known: Sequence[Sample], new: Sequence[Sample]) -> list[DropReason | None]:
        """Return for each of the new samples why it is left out, None if it repeats neither known nor new ones.

        `known` are samples of distinct questions of which none was left out: they are not compared with each other.
        """
        self._num_known = len(known)
        reasons = list(self.drop_reasons([*known, *new]))[len(known) :]
        self._num_known = 0
        return reasons

    def rule_facts(self) -> dict[str, Any]:
        """Return by which rule questions are compared, for `run.json` and the card."""
        return {"numbers_guard": self.numbers_guard}

    def report(self) -> FilterReport | None:
        """Return by what rule questions were compared, how many were left out, and examples."""
        if not self._facts:
            return None
        return FilterReport("", self.plugin_name(), self._facts, warning=self.warning())

    def warning(self) -> str:
        """Return examples and what would keep them if more than a third were left out, else nothing."""
        examples = self._facts.get("examples", ())
        if not examples:
            return ""
        num, total = self._facts["num_dropped"], self._facts["num_questions"]
        pairs = [f"  {each['score']:g}: {each['dropped']!r} repeats {each['repeats']!r}" for each in examples]
        return "\n".join([f"{num:,} of {total:,} questions left out; {self._facts['keep_them']}", *pairs])

    def _reasons(self, questions: Questions, twins: Twins) -> Iterator[DropReason | None]:
        places = zip(questions.place_of.tolist(), questions.repeated.tolist(), strict=True)
        for index, repeated in places:
            twin = int(twins.places[index])
            if repeated:
                yield DropReason(self.reason, twin=questions.id(index), score=100.0)
            elif twin < 0:
                yield None
            else:
                yield DropReason(self.reason, twin=questions.id(twin), score=round(float(twins.scores[index]), 2))

    def _summary(self, questions: Questions, texts: Texts, twins: Twins) -> dict[str, Any]:
        """Return the rule, how many were left out, and the first few of them with their twins."""
        (dropped,) = (twins.places >= 0).nonzero()
        facts: dict[str, Any] = {"rule": self.rule_facts(), "num_questions": len(questions)}
        facts["num_dropped"] = int(dropped.size)
        if dropped.size > MANY * len(questions):
            facts["examples"] = [
                {
                    "dropped": shorten(texts[index], EXAMPLE_LENGTH),
                    "repeats": shorten(texts[int(twins.places[index])], EXAMPLE_LENGTH),
                    "score": round(float(twins.scores[index]), 2),
                }
                for index in dropped[:NUM_EXAMPLES].tolist()
            ]
            facts["keep_them"] = self.keep_hint()
        return facts

    def keep_hint(self) -> str:
        """Return which setting would keep what was left out."""
        hint = "raise `threshold`"
        return (
            hint
            if self.numbers_guard is True
            else f"set `numbers_guard: true` if they differ in their figures, or {hint}"
        )
