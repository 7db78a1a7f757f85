from __future__ import annotations

import pytest

from open_thoughts_gen.types import Outcome, Question, Trace
from open_thoughts_gen.verifiers.exact import Exact


def judge(response: str, reference: str | None, verifier: Exact = Exact()) -> tuple[Outcome, str | None, str]:  # noqa: B008
    verdict = verifier.verdict(Question("Who?", reference), Trace("q", 0, "t", "", response))
    return verdict.outcome, verdict.answer, verdict.why


@pytest.mark.parametrize(
    "response",
    ["Ada Lovelace", r"\boxed{Ada  Lovelace}", "because.\nAnswer: ada lovelace.", "**Ada Lovelace**", "Ａda Lovelace"],
)
def test_the_reference_in_other_dress_is_correct(response: str) -> None:
    assert judge(response, "Ada Lovelace")[0] == "correct"


@pytest.mark.parametrize(
    ("response", "reference"),
    [("Ada", "Ada Lovelace"), ("-5", "5"), ("2²", "22"), ("5!", "5"), (".5", "5"), ("[B]", "B")],
)
def test_another_answer_is_incorrect(response: str, reference: str) -> None:
    assert judge(response, reference)[0] == "incorrect"


@pytest.mark.parametrize("reference", [None, "", "  ", "$$"])
def test_without_a_reference_nothing_is_decided(reference: str | None) -> None:
    assert judge("", reference)[0] == "undecided"


def test_without_an_answer_nothing_is_decided() -> None:
    assert judge("first\nsecond", "first") == ("undecided", None, "no answer: the response marks none")


@pytest.mark.parametrize(("finish_reason", "cause"), [("length", "truncated"), ("error", "the call failed")])
def test_a_trace_that_ended_early_says_so(finish_reason: str, cause: str) -> None:
    trace = Trace("q", 0, "t", "thinking", "", finish_reason)  # type: ignore[arg-type]
    verdict = Exact().verdict(Question("Who?", "Ada"), trace)
    assert (verdict.outcome, verdict.cause, verdict.explanation) == ("undecided", "no answer", cause)


def test_the_settings_say_what_counts() -> None:
    assert judge("ADA", "Ada", Exact(fold=("space",)))[0] == "incorrect"
    assert judge("ADA", "Ada", Exact(fold=("case",)))[0] == "correct"


def test_the_extracted_answer_is_told() -> None:
    assert judge("so\nAnswer: **Bob**", "Ada") == ("incorrect", "Bob", "another text: the answer is not the reference")
