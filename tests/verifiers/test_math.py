from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import FinishReason, Outcome, Question, Trace, Verdict
from open_thoughts_gen.verifiers.math import Math, quickly
from tests.verifiers.math_pairs import pairs as mixed_pairs

GOLDEN = Path(__file__).parent.parent / "golden"
VECTORS: list[dict[str, Any]] = yaml.safe_load((GOLDEN / "math_vectors.yaml").read_text(encoding="utf-8"))
DIFFERENCES: list[dict[str, Any]] = yaml.safe_load((GOLDEN / "math_differences.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def verifier() -> Iterator[Math]:
    math = Math(timeout_s=3, num_workers=1).fresh(Context())
    yield math
    math.close()


def pair(reference: str | None, response: str, finish_reason: FinishReason = "stop") -> tuple[Question, Trace]:
    return Question("What?", reference), Trace("q", 0, "t", "", response, finish_reason)


# The first is for exact arithmetic, the second for evaluation.
CORRECT = [("1/2", "0.5"), ("|x-1|", "|1-x|")]
INCORRECT = [("1/2", "0.6"), ("|x-1|", "x+1")]
HOSTILE = [
    "9^{9^{9^{9}}}",
    "100000000!",
    r"\binom{1000000000}{500000000}",
    r"\boxed{" + "{" * 1_000_000 + "}" * 1_000_000 + "}",
    "(" * 4000 + "1" + ")" * 4000,
    r"\boxed{\sum_{i=1}^{10^{12}} i^{i}}",
    r"\prod_{i=1}^{10000000} i",
    "(x+1)^{100000}",
    "2" * 9000,
    "1+" * 3000 + "1",
    "+-" * 4000,
]


@pytest.mark.parametrize("outcome", ["correct", "incorrect"])
@pytest.mark.parametrize("group", VECTORS, ids=lambda group: group["why"])
def test_vectors(verifier: Math, group: dict[str, Any], outcome: Outcome) -> None:
    pairs = group.get(outcome, [])
    verdicts = verifier.verdicts([pair(reference, rf"So \boxed{{{answer}}}") for reference, answer in pairs])
    assert [(*each, verdict.outcome) for each, verdict in zip(pairs, verdicts, strict=True)] == [
        (*each, outcome) for each in pairs
    ]


def test_vectors_that_are_undecided_say_why(verifier: Math) -> None:
    for group in VECTORS:
        for reference, answer, cause in group.get("undecided", []):
            verdict = verifier.verdict(*pair(reference, rf"So \boxed{{{answer}}}"))
            assert (answer, verdict.outcome, verdict.cause) == (answer, "undecided", cause)


def test_responses_mark_their_answer(verifier: Math) -> None:
    for group in VECTORS:
        for reference, response, outcome in group.get("responses", []):
            assert (response, verifier.verdict(*pair(reference, response)).outcome) == (response, outcome)


@pytest.mark.parametrize(
    ("reference", "response", "cause"),
    [
        (None, "42", "no reference"),
        (" ", "42", "no reference"),
        ("42", "first\nsecond", "no answer"),
        ("42", "", "no answer"),
    ],
)
def test_without_two_answers_nothing_is_compared(
    verifier: Math, reference: str | None, response: str, cause: str
) -> None:
    verdict = verifier.verdict(*pair(reference, response))
    assert (verdict.outcome, verdict.cause) == ("undecided", cause)


@pytest.mark.parametrize("group", DIFFERENCES, ids=lambda group: group["class"])
def test_where_math_verify_is_mistaken(group: dict[str, Any]) -> None:
    for reference, answer, is_same in group["examples"]:
        assert (reference, answer, outcome(reference, answer)) == (
            reference,
            answer,
            "correct" if is_same else "incorrect",
        )


def outcome(reference: str, answer: str) -> Outcome:
    """Return what is said without asking a worker."""
    finding = quickly(reference, answer)
    return "undecided" if finding is None else finding[0]


def test_exact_arithmetic_agrees_with_the_truth_and_decides_most() -> None:
    judged = [(each, outcome(each.reference, each.answer)) for each in mixed_pairs(4000, seed=1)]
    assert [each for each, said in judged if said == ("incorrect" if each.is_same else "correct")] == []
    assert sum(said != "undecided" for _, said in judged) > 0.95 * len(judged)


@settings(max_examples=150)
@given(st.text(alphabet=r"\{}()[]^_+-*/=<>,.;!|&%$0123456789xyzeidt abfrcsqtpi", max_size=60))
def test_any_text_is_read_or_refused_and_is_itself(text: str) -> None:
    assert outcome(text, text) == ("correct" if text.strip() else "undecided")


@pytest.mark.parametrize(("finish_reason", "cause"), [("length", "truncated"), ("error", "the call failed")])
def test_a_trace_that_ended_early_says_so(verifier: Math, finish_reason: FinishReason, cause: str) -> None:
    verdict = verifier.verdict(*pair("42", "", finish_reason))
    assert (verdict.outcome, verdict.cause, verdict.explanation) == ("undecided", "no answer", cause)


def test_hostile_answers_are_not_correct_and_the_next_is_judged() -> None:
    verifier = Math(timeout_s=3, num_workers=2).fresh(Context())
    pairs = [each for answer in HOSTILE for each in (pair("7", answer), pair("x", r"\boxed{x}"))]
    outcomes = [verdict.outcome for verdict in verifier.verdicts(pairs)]
    assert "correct" not in outcomes[::2]
    assert outcomes[1::2] == ["correct"] * len(HOSTILE)
    verifier.close()


def test_a_time_out_is_told() -> None:
    slow = Math(timeout_s=0.5, num_workers=1)
    sum_of_many = r"\sum_{i=1}^{1000000} \frac{1}{i^i+i}"
    verdict = slow.verdict(*pair("7", rf"\boxed{{{sum_of_many}}}"))
    slow.close()
    assert (verdict.cause, verdict.explanation) == ("timeout", "the comparison took longer than its limit")
    assert verdict.answer == sum_of_many


def test_the_order_of_a_list_is_for_the_reference_to_say(verifier: Math) -> None:
    assert verifier.verdict(*pair(r"\{1,2\}", "(2,1)")).outcome == "correct"
    assert verifier.verdict(*pair("(2,1)", r"\{1,2\}")).outcome == "incorrect"


def test_verdicts_do_not_depend_on_company_or_on_worker_count(verifier: Math) -> None:
    pairs = [pair(*each) for each in CORRECT + INCORRECT]
    together = list(verifier.verdicts(pairs))
    two = Math(timeout_s=3, num_workers=2)
    assert list(two.verdicts(pairs[::-1]))[::-1] == together
    assert [verifier.verdict(*each) for each in pairs] == together
    two.close()


def test_it_is_picklable_while_it_runs(verifier: Math) -> None:
    ask = pair("|x-1|", "|1-x|")
    here = verifier.verdict(*ask)
    copy = pickle.loads(pickle.dumps(verifier))
    assert copy == verifier
    assert copy.verdict(*ask) == here == Verdict("math", "correct", "|1-x|", "the same value")
    copy.close()
