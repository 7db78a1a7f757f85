"""The quality figures that the card prints: computed from the samples, none typed by hand.

Near-duplicates are measured by the rule of the filter that removes them (`filters.near_dedup`), with its settings where
the recipe has it: a row counts if its prompt repeats an earlier one. Rows that are twins on purpose are compared with
all others but not with each other. A baseline that guesses answers from surface features is not here; it belongs to the
tests of a family.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from open_thoughts_gen.publish.rows import answer_of
from open_thoughts_gen.similar.guard import Guard
from open_thoughts_gen.similar.pairs import near_duplicates
from open_thoughts_gen.similar.questions import Questions
from open_thoughts_gen.similar.rule import Rule
from open_thoughts_gen.similar.settings import Numbers
from open_thoughts_gen.similar.spill import Spill, Texts
from open_thoughts_gen.text import normalise
from open_thoughts_gen.types import Finished, Sample

FILTER = "near_dedup"
YES_NO = {"yes", "no", "true", "false"}


@dataclass(frozen=True, slots=True)
class Balance:
    """Among the questions of one kind, which are answered yes or no: the commonest answer and its share, 0..1."""

    answer: str
    share: float
    num_rows: int


@dataclass(frozen=True, slots=True)
class NearRule:
    """By which rule prompts are near-duplicates: the settings of `near_dedup`."""

    threshold: float = 90.0
    numbers_guard: Numbers = "answers"
    as_it_stands: bool = False


@dataclass(frozen=True, slots=True)
class WordCounts:
    """How many words each row's question has, and each trace's reasoning."""

    question: Sequence[int]
    reasoning: Sequence[int]


@dataclass(frozen=True, slots=True)
class Quality:
    """What can be said of the accepted rows in figures; rates are 0..1.

    `verified_by` are the verifiers, by their labels, that found rows correct; `num_in_form` are the rows of which none
    but verifiers of form did, which are not counted in `correct_rate`. `num_disagreements` are verdicts that call the
    reference itself, as an answer, incorrect.
    """

    num_rows: int
    correct_rate: float
    verified_by: tuple[str, ...]
    num_in_form: int
    num_verdicts: int
    num_disagreements: int
    near_duplicate_rate: float
    near_rule: NearRule
    num_twins: int
    num_answers: int
    balance: Mapping[str, Balance]
    words: WordCounts

    @property
    def question_words(self) -> float:
        """The median of the questions."""
        return median(self.words.question or [0])

    @property
    def reasoning_words(self) -> float:
        """The median of the reasoning."""
        return median(self.words.reasoning or [0])


def measure(finished: Finished) -> Quality:
    """Measure a finished run."""
    samples = finished.samples
    correct = [sample for sample in samples if sample.outcome == "correct"]
    verdicts = (verdict for sample in correct for verdict in sample.verdicts)
    verified_by = (each.verifier for each in verdicts if each.outcome == "correct" and not each.form_only)
    judged = [*samples, *(dropped.sample for dropped in finished.dropped if dropped.sample)]
    filtered = next((report.facts for report in reversed(finished.reports) if report.plugin == FILTER), {})
    near_rule = NearRule(**filtered["rule"]) if "rule" in filtered else NearRule()
    return Quality(
        num_rows=len(samples),
        correct_rate=_share(len(correct), len(samples)),
        verified_by=tuple(dict.fromkeys(verified_by)),
        num_in_form=sum(sample.is_right_in_form_only for sample in samples),
        num_verdicts=sum(len(sample.verdicts) for sample in judged),
        num_disagreements=sum(
            verdict.outcome == "incorrect" and normalise(verdict.answer) == normalise(sample.question.reference)
            for sample in judged
            for verdict in sample.verdicts
            if verdict.answer is not None and sample.question.reference is not None
        ),
        near_duplicate_rate=_share(len(repeating(samples, near_rule)), len(samples)),
        near_rule=near_rule,
        num_twins=sum(1 for _ in twins(samples)),
        num_answers=len({normalise(answer_of(sample) or "") for sample in samples}),
        balance=_balance(samples),
        words=WordCounts(
            [len(sample.question.prompt.split()) for sample in samples],
            [len(sample.trace.reasoning.split()) for sample in samples if sample.trace],
        ),
    )


def repeating(samples: Sequence[Sample], rule: NearRule) -> set[int]:
    """Return the places of the samples whose prompt is a near-duplicate of an earlier one.

    Minimal pairs, and attempts at one question, are not duplicates of each other.
    """
    with Spill() as spill:
        texts = Texts(spill)
        questions = Questions(samples, seen=texts.add)
        guard = Guard(questions, texts, rule.numbers_guard)
        near = near_duplicates(questions, texts, Rule(rule.threshold, rule.as_it_stands), guard, spill=spill)
    return {i for i, index in enumerate(questions.place_of.tolist()) if near.places[index] >= 0}


def twins(samples: Sequence[Sample]) -> list[tuple[Sample, Sample]]:
    """Return the minimal pairs: each row that says whose twin it is, after the row that it is a twin of."""
    by_id = {sample.question.id: sample for sample in samples}
    pairs = ((by_id.get(str(sample.question.trait("twin_of"))), sample) for sample in by_id.values())
    return [(original, sample) for original, sample in pairs if original]


def _balance(samples: Sequence[Sample]) -> dict[str, Balance]:
    answers: dict[str, Counter[str]] = {}
    for sample in samples:
        kind = str(sample.question.meta.get("kind", sample.question.domain))
        answer = sample.question.reference or answer_of(sample) or ""
        answers.setdefault(kind, Counter())[normalise(answer)] += 1
    balance = {}
    for kind, counter in sorted(answers.items()):
        if set(counter) <= YES_NO:
            answer, num_rows = counter.most_common(1)[0]
            balance[kind] = Balance(answer, num_rows / counter.total(), counter.total())
    return balance


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
