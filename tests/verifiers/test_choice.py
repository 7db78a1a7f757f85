from __future__ import annotations

import pytest

from open_thoughts_gen.types import Outcome, Question, Trace
from open_thoughts_gen.verifiers.choice import Choice


def judge(response: str, reference: str | None = "B") -> tuple[Outcome, str | None, str]:
    verdict = Choice().verdict(Question("Which?", reference), Trace("q", 0, "t", "", response))
    return verdict.outcome, verdict.answer, verdict.cause or verdict.explanation


@pytest.mark.parametrize(
    "answer",
    [
        "B",
        "b",
        "(B)",
        "[B]",
        "B.",
        "B)",
        "B) Paris",
        "(B) Paris",
        "B. Paris",
        "B: Paris",
        "option B",
        "Option (B)",
        "The answer is B.",
        "the answer is **B**",
        "I think the correct choice is option B",
        "B) f(a) = 3",
        r"\text{B}",
        r"\textbf{(B)}\ 12",
        r"\mathrm{(B)}",
        "**B**",
        "$B$",
        "**B.** Paris",
        "option b",
        "B (Paris)",
        "B – Paris",
        "b - Paris",
        "'B'",
        "“B”",
        "B.Paris",
        "B、巴黎",
        "选B",
        "the correct option is b",
        r"\textbf{(B)}\ Paris",
        r"\text{(B) Paris}",
        "Option **B**: Paris",
        "【B】",
        "Ｂ",
        "B. It is not possible",
    ],
)
@pytest.mark.parametrize("form", ["{}", "Because.\nAnswer: {}", "So \\boxed{{{}}}"])
def test_the_letter_is_found(answer: str, form: str) -> None:
    assert judge(form.format(answer))[:2] == ("correct", "B")


@pytest.mark.parametrize(
    "reference",
    ["B", "b", "(B)", "B. Paris", r"\text{B}"],
)
def test_the_reference_is_read_alike(reference: str) -> None:
    assert judge("B", reference)[0] == "correct"
    assert judge("C", reference) == ("incorrect", "C", "another option")


@pytest.mark.parametrize("answer", ["A or B", "A, B", "(A) and (B)", "options B and C", "B) as in option A"])
def test_two_letters_decide_nothing(answer: str) -> None:
    assert judge(answer)[::2] == ("undecided", "several options")


@pytest.mark.parametrize(
    "answer",
    [
        "Paris",
        "I do not know",
        "a cat",
        "K",
        "Both",
        "42",
        "e.g. this",
        "not (B)",
        "(B) is wrong",
        "A.M. radio",
        "the answer is a cat",
    ],
)
def test_an_answer_without_a_letter_decides_nothing(answer: str) -> None:
    assert judge(answer)[::2] == ("undecided", "no option")


@pytest.mark.parametrize(
    ("reference", "cause"),
    [
        (None, "no reference"),
        (" ", "no reference"),
        ("Paris", "unreadable reference"),
        ("A, B", "unreadable reference"),
    ],
)
def test_a_reference_that_names_no_one_option_decides_nothing(reference: str | None, cause: str) -> None:
    assert judge("B", reference)[::2] == ("undecided", cause)


def test_fewer_letters_can_be_asked_for() -> None:
    verdict = Choice(letters="AB").verdict(Question("Which?", "A"), Trace("q", 0, "t", "", "C"))
    assert verdict.outcome == "undecided"
