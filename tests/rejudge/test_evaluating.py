"""What a run of questions is counted as, when a reference is disputed, and how models share a budget."""

from __future__ import annotations

from pathlib import Path

import pytest

from open_thoughts_gen.money.budget import NOT_ASKED, Budget, Spending
from open_thoughts_gen.publish.evaluation import RECORD, read_evaluation
from open_thoughts_gen.recipe import Part
from open_thoughts_gen.rejudge.evaluating import (
    BudgetSpentError,
    ModelAnswers,
    answered,
    disputed,
    recipe_for,
    share_of,
)
from open_thoughts_gen.types import Counts, ErrorKind, Finished, Outcome, Question, Sample, Trace, Usage, Verdict
from open_thoughts_gen.verifiers.exact import Exact

QUESTIONS = [Question(f"Question {i}?", "right", "law", meta={"level": i}) for i in range(4)]


def sample(question: Question, attempt: int, answer: str, outcome: Outcome, cause: str = "") -> Sample:
    trace = Trace(question.id, attempt, "m", "", f"Answer: {answer}")
    return Sample(question, trace, (Verdict("exact", outcome, answer, cause=cause),))


def failed(question: Question, attempt: int, kind: ErrorKind) -> Sample:
    return Sample(question, Trace(question.id, attempt, "m", "", "", "error", "no", error_kind=kind))


def counted(*samples: Sample, num: int) -> ModelAnswers:
    parts = [Part(use="exact", plugin=Exact())]
    recipe = recipe_for("tests.toy.sums:Adder", QUESTIONS, parts, samples=num, settings=(), run=None)
    return answered(recipe, Finished(samples, (), Counts()), QUESTIONS, ["level"], "the budget is spent")


def wrong(num: int, *, of: int, answer: str = "other") -> list[Sample]:
    """Return the samples of a model that gives one wrong answer `num` times to question 0, and is right otherwise."""
    first = [
        sample(QUESTIONS[0], i, answer if i < num else "right", "incorrect" if i < num else "correct")
        for i in range(of)
    ]
    return [*first, *(sample(question, i, "right", "correct") for question in QUESTIONS[1:] for i in range(of))]


def test_what_is_no_answer_counts_neither_as_right_nor_as_wrong() -> None:
    result = counted(
        sample(QUESTIONS[0], 0, "right", "correct"),
        sample(QUESTIONS[0], 1, "other", "incorrect"),
        failed(QUESTIONS[1], 0, "refusal"),
        failed(QUESTIONS[1], 1, "teacher error"),
        sample(QUESTIONS[2], 0, "right", "undecided", NOT_ASKED),
        num=2,
    ).result
    overall = result.overall
    assert (overall.correct, overall.incorrect, overall.undecided, overall.failed) == (1, 1, 1, 1)
    assert (overall.pass_at[1].value, overall.pass_at[2].value) == (0.5, 1.0)
    assert overall.at_least is not None
    assert (overall.at_least.value, overall.num_questions) == (0.25, 2)
    assert (result.num_asked, result.num_samples, result.shortfall) == (4, 8, "the budget is spent")


@pytest.mark.parametrize(
    ("models", "is_disputed"),
    [
        ([(1, 1, "other"), (1, 1, "Other.")], True),
        ([(1, 1, "other"), (1, 1, "another")], False),
        ([(2, 3, "other"), (3, 3, "other")], True),
        ([(1, 3, "other"), (3, 3, "other")], False),  # most of the first one's samples are right
        ([(3, 3, "other")], True),
        ([(2, 2, "other")], False),  # too few of a single model
        ([(3, 4, "other")], False),
    ],
)
def test_a_reference_is_disputed_where_strong_models_agree_against_it(
    models: list[tuple[int, int, str]], is_disputed: bool
) -> None:
    answers = [counted(*wrong(num, of=of, answer=answer), num=of) for num, of, answer in models]
    assert [row["id"] for row in disputed(QUESTIONS, answers)] == ([QUESTIONS[0].id] if is_disputed else [])


def test_a_weak_model_disputes_nothing() -> None:
    weak = counted(*(sample(question, 0, "other", "incorrect") for question in QUESTIONS), num=1)
    assert disputed(QUESTIONS, [weak, weak]) == []


def test_models_share_what_those_before_them_have_left() -> None:
    spent = Spending()
    spent.count("teacher", "m", Usage(300, 100))
    share = share_of(Budget(tokens=1000, hours=1.0), [spent], 0.25, 3)
    assert share == Budget(tokens=200, hours=0.25)
    assert share_of(None, [spent], 0.0, 1) is None
    with pytest.raises(BudgetSpentError, match="the budget is spent"):
        share_of(Budget(tokens=400), [spent], 0.0, 1)


@pytest.mark.parametrize("text", ["", "[]", "null", '{"models": 1}'])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / RECORD).write_text(text)
    assert read_evaluation(tmp_path) is None
