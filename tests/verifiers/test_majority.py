"""The consensus of a question's attempts: what counts as the same answer, what as a vote, and when there is none."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import FinishReason, Question, Trace, Verdict
from open_thoughts_gen.verifiers.majority import Majority

QUESTION = Question("How much?")
MATH = {"use": "math", "num_workers": 1, "timeout_s": 5}


def majority(**settings: Any) -> Majority:
    return Majority.model_validate({"by": "exact", **settings}).fresh(Context())


def pairs(
    answers: Sequence[str | None], question: Question = QUESTION, finish_reason: FinishReason = "stop"
) -> list[tuple[Question, Trace]]:
    responses = ["I do\nnot say" if answer is None else f"So.\n\nAnswer: {answer}" for answer in answers]
    return [(question, Trace(question.id, i, "t", "", response, finish_reason)) for i, response in enumerate(responses)]


def judged(answers: Sequence[str | None], **settings: Any) -> list[Verdict]:
    return list(majority(**settings).verdicts(pairs(answers)))


def letters(verdicts: Sequence[Verdict]) -> str:
    return "".join(verdict.outcome[0] for verdict in verdicts)


def test_answers_that_are_the_same_by_value_vote_together() -> None:
    verdicts = judged(["1/2", "0.5", r"\frac12", "2", "3/7"], by=MATH)
    assert letters(verdicts) == "cccii"
    assert verdicts[0].why == "3 of 5 attempts (share 0.60) answer 0.5"
    assert [verdict.answer for verdict in verdicts] == ["1/2", "0.5", r"\frac12", "2", "3/7"]
    assert letters(judged(["1/2", "0.5", r"\frac12", "2", "2"])) == "uuuuu"  # not the same, word for word


@pytest.mark.parametrize(
    ("answers", "settings", "expected", "why"),
    [
        (["a", "a", "b"], {}, "cci", "2 of 3 attempts (share 0.67) answer a"),
        (["a", "a", "b", "b"], {}, "uuuu", "tie: 2 answers with 2 of 4 attempts each"),
        (["a", "a", "b", "c", "d"], {}, "uuuuu", "no consensus: the most frequent answer has 2 of 5 attempts"),
        (["a", "a", "b", "c", "d"], {"share": 0.4}, "cciii", "2 of 5 attempts (share 0.40) answer a"),
        (["a", "a", "b"], {"share": 0.7}, "uuu", "no consensus: the most frequent answer has 2 of 3 attempts"),
        (["a", "a", "b"], {"min_votes": 3}, "uuu", "no consensus: the most frequent answer has 2 of 3 attempts"),
        (["a"], {}, "u", "too few attempts: 1, where 2 have to agree"),
        (["a", "b"], {}, "uu", "no consensus: the most frequent answer has 1 of 2 attempts"),
        (["a", "a", None], {}, "ccu", "2 of 3 attempts (share 0.67) answer a"),
        (["a", "a", None, None, None], {}, "uuuuu", "no consensus: the most frequent answer has 2 of 5 attempts"),
    ],
)
def test_when_there_is_a_consensus(
    answers: list[str | None], settings: dict[str, Any], expected: str, why: str
) -> None:
    verdicts = judged(answers, **settings)
    assert letters(verdicts) == expected
    assert verdicts[0].why == why


def test_silence_is_no_vote_however_many_keep_it() -> None:
    verdicts = judged(["I don't know.", "i don’t know", "I DON'T KNOW", "...", "a", "a"], share=0.3)
    assert letters(verdicts) == "iiiicc"
    assert letters(judged(["I don't know"] * 4)) == "uuuu"
    assert letters(judged(["pass", "pass", "a"], no_votes=("pass",))) == "uuu"


def test_what_the_verifier_cannot_read_is_no_vote() -> None:
    verdicts = judged(["neither", "neither", "neither", "B", "(B)"], by="choice", share=0.4)
    assert letters(verdicts) == "uuucc"
    assert verdicts[0].why == "no option: it names no option; 2 of 5 attempts (share 0.40) answer (B)"


def test_a_reference_is_not_looked_at() -> None:
    question = Question("How much?", reference="b")
    assert letters(list(majority().verdicts(pairs(["a", "a", "b"], question)))) == "cci"


def test_no_answer_says_why() -> None:
    (verdict,) = majority().verdicts(pairs([None], finish_reason="length"))
    assert verdict == Verdict("majority", "undecided", None, "truncated", "no answer")


def test_each_question_has_its_own_consensus_wherever_its_attempts_stand() -> None:
    first, second, same_prompt = Question("1?"), Question("2?"), Question("1?", domain="law")
    rows = [
        *pairs(["a", "b", "a"], first),
        *pairs(["b", "a", "b"], second),
        *pairs(["c", "c", "a"], same_prompt),
    ]
    expected = dict(zip([id(trace) for _, trace in rows], "cicciccci", strict=True))
    Random(1).shuffle(rows)
    assert letters(list(majority().verdicts(rows))) == "".join(expected[id(trace)] for _, trace in rows)


@given(st.lists(st.sampled_from(["a", "A", "b", "c", None]), max_size=8), st.randoms(use_true_random=False))
def test_verdicts_do_not_depend_on_the_order_of_attempts(answers: list[str | None], random: Random) -> None:
    rows = pairs(answers)
    before = {trace.attempt: verdict for (_, trace), verdict in zip(rows, majority().verdicts(rows), strict=True)}
    random.shuffle(rows)
    assert {trace.attempt: v for (_, trace), v in zip(rows, majority().verdicts(rows), strict=True)} == before


@given(st.lists(st.sampled_from(["a", "b", "c"]), min_size=2, max_size=9))
def test_more_than_half_is_always_a_consensus_and_its_answers_are_right(answers: list[str]) -> None:
    most = max(set(answers), key=answers.count)
    verdicts = judged(list(answers))
    if answers.count(most) > len(answers) / 2:
        assert letters(verdicts) == "".join("c" if answer == most else "i" for answer in answers)
    correct = {verdict.answer for verdict in verdicts if verdict.outcome == "correct"}
    assert len(correct) <= 1


def test_comparisons_are_few_where_attempts_agree() -> None:
    class Counting(Majority):
        """Counts what it asks the other verifier."""

        def _compared(self, asked: Any) -> list[list[Verdict]]:
            num_asked.append(sum(map(len, asked)))
            return super()._compared(asked)

    num_asked: list[int] = []
    one = Counting.model_validate({"by": "exact"}).fresh(Context())
    list(one.verdicts(pairs(["a"] * 14 + ["b", "c"])))
    assert sum(num_asked) == 3 + 2  # a, b and c with a; then b and c against the consensus


@pytest.mark.parametrize(
    "settings", [{"by": "nobody"}, {}, {"by": {"use": "exact", "when": {"domain": "x"}}}, {"by": "exact", "share": 0}]
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Majority.model_validate(settings)
