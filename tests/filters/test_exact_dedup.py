from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.filters.exact_dedup import ExactDedup
from open_thoughts_gen.text import Fold
from open_thoughts_gen.types import DropReason, Question, Sample, Trace


def asked(*prompts: str) -> list[Sample]:
    return [Sample(Question(prompt)) for prompt in prompts]


def attempted(*attempts: tuple[str, int]) -> list[Sample]:
    return [Sample(Question(prompt), Trace(Question(prompt).id, attempt, "t", "", "")) for prompt, attempt in attempts]


def reasons(samples: Sequence[Sample], *fold: Fold) -> list[DropReason | None]:
    plugin = ExactDedup(fold=fold) if fold else ExactDedup()
    return list(plugin.drop_reasons(samples))


def repeats(prompt: str) -> DropReason:
    return DropReason("exact duplicate", twin=Question(prompt).id, score=100.0)


def test_the_first_is_kept_and_named() -> None:
    assert reasons(asked("One?", "Two?", " one?\n", "Two?")) == [None, None, repeats("One?"), repeats("Two?")]


@pytest.mark.parametrize(
    ("fold", "other"), [("case", "ONE TWO"), ("space", "one\u00a0 two"), ("unicode", "ｏｎｅ two")]
)
def test_each_fold_folds_its_own(fold: Fold, other: str) -> None:
    assert reasons(asked("one two", other), fold) == [None, repeats("one two")]
    rest: list[Fold] = [each for each in ("case", "space", "unicode") if each != fold]
    assert reasons(asked("one two", other), *rest) == [None, None]


def test_attempts_at_one_question_are_no_duplicates() -> None:
    assert reasons(attempted(("One?", 0), ("One?", 1), ("one?", 0), ("One?", 1))) == [
        None,
        None,
        repeats("One?"),
        repeats("One?"),
    ]


def test_copies_of_a_question_are_repeats_before_the_teacher_and_after_it_if_their_answer_is() -> None:
    questions = [Question("Why?", meta={"copy": number} if number else {}) for number in range(3)]
    assert reasons([Sample(each) for each in questions]) == [None, repeats("Why?"), repeats("Why?")]
    said = ["Because.", "Because.", "Therefore.", "Because."]  # two attempts, then a copy's two
    samples = [
        Sample(questions[number // 2], Trace(questions[0].id, number, "t", "", text))
        for number, text in enumerate(said)
    ]
    assert reasons(samples) == [None, None, None, repeats("Why?")]


def test_a_lone_surrogate_is_text_like_any_other() -> None:
    assert reasons(asked("\ud800", "\ud800")) == [None, repeats("\ud800")]


@given(st.lists(st.text(alphabet="ab A\n", max_size=4)))
def test_what_is_kept_has_no_duplicate_and_nothing_is_lost(prompts: list[str]) -> None:
    samples = asked(*prompts)
    kept = [sample for sample, why in zip(samples, reasons(samples), strict=True) if why is None]
    assert reasons(kept) == [None] * len(kept)
    assert {" ".join(prompt.casefold().split()) for prompt in prompts} == {
        " ".join(sample.question.prompt.casefold().split()) for sample in kept
    }
