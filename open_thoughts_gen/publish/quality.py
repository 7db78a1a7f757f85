"""The quality figures that the card prints: computed from the samples, none typed by hand.

Near-duplicates are measured by the rule of the filter that removes them (`filters.near_dedup`), with its settings where
the recipe has it: a row counts if its prompt repeats an earlier one. Rows that are twins on purpose are compared with
all others but not with each other. A baseline that guesses answers from surface features is not here; it belongs to the
tests of a family.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import median

from open_thoughts_gen.filters.complete import Complete
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
_MEMORY_GB = 0.1  # for the search of near-duplicates, beside a whole run
_TOKEN = re.compile(r"[^\W\d]+|\d|[^\w\s]")
_REFUSAL = Complete(checks=("refusal",))
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
    """How many words each row's question has, and each trace's reasoning; and about how many tokens all of each row."""

    question: Sequence[int]
    reasoning: Sequence[int]
    tokens: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Quality:
    """What can be said of the accepted rows in figures; rates are 0..1.

    `num_copies` are the rows on copies of a question, which a source has repeated for want of others.
    `num_reasoned` and `num_answered` are the rows that have reasoning, and an answer; `num_cut` those that break off at
    the teacher's limit, `num_refused` those that refuse, as far as the filter `complete` knows a refusal. `verified_by`
    are the verifiers, by their labels, that found rows correct. Not counted in `correct_rate` are `num_agreed`, the
    rows that are right by the consensus of the question's attempts alone, and `num_in_form`, those of which none but
    verifiers of form said so. `num_disagreements` are verdicts that call the reference itself, as an answer, incorrect.
    """

    num_rows: int
    num_questions: int
    num_copies: int
    num_reasoned: int
    num_answered: int
    num_cut: int
    num_refused: int
    correct_rate: float
    verified_by: tuple[str, ...]
    num_agreed: int
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


def measure(finished: Finished, *, consensus: Collection[str] = ()) -> Quality:
    """Measure a finished run; `consensus` are the labels of verifiers that compare a question's own attempts."""
    samples = finished.samples
    correct = [sample for sample in samples if sample.outcome == "correct"]
    judges = [[v.verifier for v in s.verdicts if v.outcome == "correct" and not v.form_only] for s in correct]
    proved = [[label for label in labels if label not in consensus] for labels in judges]
    num_agreed = sum(bool(labels) and not rest for labels, rest in zip(judges, proved, strict=True))
    num_verdicts, num_disagreements = _verdicts(finished)
    filtered = next((report.facts for report in reversed(finished.reports) if report.plugin == FILTER), {})
    near_rule = NearRule(**filtered["rule"]) if "rule" in filtered else NearRule()
    return Quality(
        num_rows=len(samples),
        num_questions=len({sample.question.id for sample in samples}),
        num_copies=sum(sample.question.copy > 0 for sample in samples),
        num_reasoned=sum(bool(sample.trace and sample.trace.reasoning.strip()) for sample in samples),
        num_answered=sum(bool((answer_of(sample) or "").strip()) for sample in samples),
        num_cut=sum(bool(sample.trace and sample.trace.finish_reason == "length") for sample in samples),
        num_refused=sum(sample.outcome != "correct" and _REFUSAL.drop_reason(sample) is not None for sample in samples),
        correct_rate=_share(len(correct) - num_agreed, len(samples)),
        verified_by=tuple(dict.fromkeys(label for labels in proved for label in labels)),
        num_agreed=num_agreed,
        num_in_form=sum(sample.is_right_in_form_only for sample in samples),
        num_verdicts=num_verdicts,
        num_disagreements=num_disagreements,
        near_duplicate_rate=_share(len(repeating(samples, near_rule)), len(samples)),
        near_rule=near_rule,
        num_twins=sum(1 for _ in twins(samples)),
        num_answers=len({normalise(answer_of(sample) or "") for sample in samples}),
        balance=_balance(samples),
        words=WordCounts(
            [len(sample.question.prompt.split()) for sample in samples],
            [len(sample.trace.reasoning.split()) if sample.trace else 0 for sample in samples],
            [_num_tokens(sample) for sample in samples],
        ),
    )


def _num_tokens(sample: Sample) -> float:
    """Return about how many tokens a row has: one for each word, digit and sign, or for four characters if more."""
    texts = (sample.question.prompt, *((sample.trace.reasoning, sample.trace.response) if sample.trace else ()))
    return max(sum(1 for text in texts for _ in _TOKEN.finditer(text)), sample.num_characters / 4)


def _verdicts(finished: Finished) -> tuple[int, int]:
    """Return how many verdicts there are, and how many call the reference itself, as an answer, incorrect."""
    num = num_disagreements = 0
    dropped = (drop.sample for drop in finished.dropped)
    for sample in (each for each in chain(finished.samples, dropped) if each is not None):
        num += len(sample.verdicts)
        num_disagreements += sum(
            verdict.outcome == "incorrect" and normalise(verdict.answer) == normalise(sample.question.reference)
            for verdict in sample.verdicts
            if verdict.answer is not None and sample.question.reference is not None
        )
    return num, num_disagreements


def repeating(samples: Sequence[Sample], rule: NearRule) -> set[int]:
    """Return the places of the samples whose prompt is a near-duplicate of an earlier one.

    Minimal pairs, and attempts at one question, are not duplicates of each other.
    """
    with Spill(_MEMORY_GB) as spill:
        texts = Texts(spill)
        questions = Questions(samples, seen=texts.add)
        guard = Guard(questions, texts, rule.numbers_guard)
        near = near_duplicates(questions, texts, Rule(rule.threshold, rule.as_it_stands), guard, spill=spill)
    return {i for i, index in enumerate(questions.place_of.tolist()) if near.places[index] >= 0}


def twins(samples: Sequence[Sample]) -> list[tuple[Sample, Sample]]:
    """Return the minimal pairs: each row that says whose twin it is, after the row that it is a twin of."""
    by_id = {sample.question.id: sample for sample in samples}
    pairs = ((by_id.get(sample.question.case, sample), sample) for sample in by_id.values())
    return [(original, sample) for original, sample in pairs if original is not sample]


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
