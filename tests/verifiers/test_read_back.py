"""The verifier `read_back`: the printed text alone states the facts of the case, and the answer follows from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.family import Family
from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers.read_back import ReadBack
from tests.contract_examples import DAYBOOK


@pytest.fixture(scope="module")
def verifier() -> Iterator[ReadBack]:
    read_back = ReadBack(num_workers=1).fresh(Context())
    yield read_back
    read_back.close()


def verdict_on(verifier: ReadBack, question: Question, answer: str | None = None) -> Verdict:
    response = f"Answer: {answer or question.reference}"
    return verifier.verdict(question, Trace(question.id, 0, "t", "because", response))


def test_a_prompt_that_states_the_case_and_an_answer_that_follows_are_correct(verifier: ReadBack) -> None:
    verdict = verdict_on(verifier, DAYBOOK)
    assert verdict == Verdict("read_back", "correct", DAYBOOK.reference, "what the prompt states agrees")


@pytest.mark.parametrize(
    ("pattern", "replacement", "cause"),
    [
        (r"\| (\w+) \| (\d+) \|", r"| \1 | 1\2 |", "the prompt states other facts"),
        (r"\| (\w+) \| (\d+) \|", r"| Zebedee | \2 |", "the prompt states other facts"),
        (r"\bafter\b", "something", "the prompt cannot be read"),
        (r"Answer:", "Reply:", "the prompt cannot be read"),
        (r"$", " Good luck!", "the prompt cannot be read"),
    ],
)
def test_a_prompt_that_states_something_else_is_incorrect_whatever_the_answer(
    verifier: ReadBack, pattern: str, replacement: str, cause: str
) -> None:
    prompt = re.sub(pattern, replacement, DAYBOOK.prompt, count=1)
    assert prompt != DAYBOOK.prompt
    verdict = verdict_on(verifier, replace(DAYBOOK, prompt=prompt))
    assert (verdict.outcome, verdict.cause) == ("incorrect", cause)


def test_another_answer_does_not_follow(verifier: ReadBack) -> None:
    unit = str(DAYBOOK.reference).split()[-1]
    verdict = verdict_on(verifier, DAYBOOK, f"9999 {unit}")
    assert (verdict.outcome, verdict.cause) == ("incorrect", "another answer")
    assert verdict_on(verifier, DAYBOOK, f"many {unit}").cause == "unreadable answer"


def test_a_family_without_a_reader_and_a_question_of_none_are_undecided(verifier: ReadBack) -> None:
    (question,) = Family(family="tests.toy.sums:Sums", limit=1).fresh(Context()).questions()
    assert isinstance(question, Question)
    assert verdict_on(verifier, question).cause == "no reader"
    assert verdict_on(verifier, Question("2 + 2?", "4")).cause == "no family"


def test_it_rules_rows_out_and_makes_none_correct(verifier: ReadBack) -> None:
    assert verifier.judges_form(DAYBOOK)
