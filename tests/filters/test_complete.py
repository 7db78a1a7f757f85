"""Answers that are cut off, empty, left open or refused."""

from __future__ import annotations

import pytest

from open_thoughts_gen.filters.complete import Complete
from open_thoughts_gen.types import Question, Sample, Trace


def reason(
    response: str = "Answer: 4", reasoning: str = "2 + 2.", checks: tuple[str, ...] = (), **of_trace: str
) -> str:
    trace = Trace("q", 0, "t", reasoning, response, **of_trace)  # type: ignore[arg-type]
    settings = {"checks": checks} if checks else {}
    why = Complete.model_validate(settings).drop_reason(Sample(Question("?"), trace))
    return why.reason if why else ""


def test_a_complete_answer_is_kept() -> None:
    assert reason() == ""
    assert Complete().drop_reason(Sample(Question("?"))) is None


def test_each_fault_has_its_reason() -> None:
    assert reason(finish_reason="length") == "cut off"
    assert reason("", "") == "empty response"
    assert reason(reasoning="\n") == "empty reasoning"
    assert reason("So it is 4.</think>\nAnswer: 4") == "reasoning tags not closed"


@pytest.mark.parametrize(
    "response",
    [
        "I'm sorry, but I can't help with that.",
        "I cannot assist with this request.",
        "I won’t provide instructions for that.",
        "As an AI language model, I am unable to answer that.",
        "Sorry, we are not able to comply.",
        "Unfortunately, I'm unable to help.",
    ],
)
def test_refusals(response: str) -> None:
    assert reason(response) == "refusal"


@pytest.mark.parametrize(
    "response",
    [
        "I cannot be in two places at once, so the answer is B.",
        "Sorry, the total is 12.",
        "The clerk said: I'm sorry, I can't help. Answer: B",
        "We can help by noting that 4 = 2 + 2.",
        "I can't help noticing that the sum is even. " + "It is. " * 100,
    ],
)
def test_answers_that_sound_like_refusals(response: str) -> None:
    assert reason(response) == ""


def test_a_check_that_is_not_wanted_is_left_out() -> None:
    assert reason(reasoning="", checks=("ended", "refusal")) == ""
