"""A verifier that raises on a row costs that row, and nothing else; one that raises on too many stops the run."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context, Verifier
from open_thoughts_gen.plugin.judging import VERIFIER_FAULT, Faults, FaultyVerdict, FaultyVerifierError, Judging, judge
from open_thoughts_gen.plugin.nested import Nested
from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers.exact import Exact
from open_thoughts_gen.verifiers.first_decided import FirstDecided
from open_thoughts_gen.verifiers.majority import Majority

Pairs = Sequence[tuple[Question, Trace]]


class Fragile(Verifier):
    """Correct, but for responses that say what it is to raise."""

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Judge one, or raise."""
        if trace.response == "recursion":
            return self.verdict(question, trace)
        if trace.response == "no key":
            raise UserError("there is no key")
        if trace.response == "nothing":
            return None  # type: ignore[return-value]
        if "bug" in trace.response:
            raise ValueError(f"cannot read {trace.response!r}")
        return Verdict(self.label, "correct", trace.response)


class Streaming(Fragile):
    """The same, all rows looked at before the first verdict."""

    def verdicts(self, pairs: Pairs) -> Iterator[Verdict]:
        """Judge many."""
        return iter([self.verdict(question, trace) for question, trace in pairs])


class BesideEachOther(Streaming):
    """The same, with the attempts at a question judged together."""

    @property
    def sees_attempts(self) -> bool:
        """True."""
        return True


class Forgetful(Fragile):
    """Gives no verdict on its last row."""

    def verdicts(self, pairs: Pairs) -> Iterator[Verdict]:
        """Judge all but one."""
        return super().verdicts(pairs[:-1])


def pairs_of(*responses: str) -> list[tuple[Question, Trace]]:
    return [
        (Question(f"question {number}", reference="4"), Trace(f"id {number}", 0, "teacher", "", response))
        for number, response in enumerate(responses)
    ]


def outcomes(verifier: Verifier, *responses: str) -> list[str]:
    return [verdict.outcome for verdict in judge(verifier, pairs_of(*responses))]


@pytest.mark.parametrize("verifier", [Fragile(), Streaming(), BesideEachOther()])
@pytest.mark.parametrize("fault", ["bug", "recursion", "nothing"])
def test_a_row_on_which_a_verifier_raises_is_undecided_and_the_others_are_judged(
    verifier: Verifier, fault: str
) -> None:
    for where in range(7):
        responses = ["4"] * 7
        responses[where] = fault
        responses[3] = fault
        expected = ["undecided" if response == fault else "correct" for response in responses]
        assert outcomes(verifier, *responses) == expected


def test_the_verdict_names_its_cause_and_carries_the_traceback() -> None:
    (verdict,) = judge(Fragile(), pairs_of("a bug"))
    assert (verdict.cause, verdict.explanation) == (VERIFIER_FAULT, "ValueError: cannot read 'a bug'")
    assert isinstance(verdict, FaultyVerdict)
    (fault,) = pickle.loads(pickle.dumps(verdict)).faults
    assert fault.question_id == pairs_of("a bug")[0][0].id
    assert "Traceback" in fault.traceback
    assert "test_judging.py" in fault.traceback


def test_attempts_at_other_questions_are_still_judged_beside_each_other() -> None:
    question, other = Question("one"), Question("two")
    pairs = [
        (which, Trace(which.id, number, "teacher", "", response))
        for number, (which, response) in enumerate([(question, "4"), (other, "4"), (question, "bug"), (other, "4")])
    ]
    assert [verdict.outcome for verdict in judge(BesideEachOther(), pairs)] == [
        "undecided", "correct", "undecided", "correct",
    ]  # fmt: skip


@pytest.mark.parametrize("verifier", [Fragile(), Streaming(), BesideEachOther()])
def test_what_the_user_can_fix_is_raised(verifier: Verifier) -> None:
    with pytest.raises(UserError, match="there is no key"):
        outcomes(verifier, "4", "no key", "4")


def test_verdicts_that_belong_to_no_row_are_a_bug_of_the_verifier() -> None:
    with pytest.raises(RuntimeError, match="gave 1 verdicts on 2 rows"):
        outcomes(Forgetful(), "4", "4")


def test_a_verifier_inside_another_leaves_the_row_to_the_next() -> None:
    verifier = FirstDecided(of=(Nested(Fragile()), Nested(Exact()))).fresh(Context())
    faults = Faults()
    verdicts = list(faults.count("first_decided", judge(verifier, pairs_of("Answer: 4", "Answer: bug")), 2))
    assert [verdict.outcome for verdict in verdicts] == ["correct", "incorrect"]
    (fault,) = faults.raised
    assert fault.verifier == Fragile().label


def test_a_comparison_that_raises_is_counted_once_for_all_attempts() -> None:
    question = Question("one")
    pairs = [(question, Trace(question.id, i, "t", "", f"Answer: {said}")) for i, said in enumerate(["bug", "4", "4"])]
    faults = Faults()
    verifier = Majority(by=Nested(Fragile())).fresh(Context())
    assert {type(verdict) for verdict in faults.count("majority", judge(verifier, pairs), 3)} == {Verdict}
    assert len(faults.raised) >= 1


def count(num_faulty: int, num_rows: int, *, first: bool = False) -> Faults:
    """Count faults among rows, at the end of them unless they come first."""
    faulty, sound = ["bug"] * num_faulty, ["4"] * (num_rows - num_faulty)
    faults = Faults()
    pairs = pairs_of(*(faulty + sound if first else sound + faulty))
    assert len(list(faults.count("fragile", judge(Fragile(), pairs), num_rows))) == num_rows
    return faults


def test_one_row_in_a_hundred_may_fail() -> None:
    assert len(count(20, 2000).raised) == 20
    assert len(count(10, 20, first=False).raised) == 10


def test_more_than_one_row_in_a_hundred_and_more_than_ten_stop_the_run() -> None:
    with pytest.raises(FaultyVerifierError, match=r"Fragile' failed on 21 of 2,000 rows.*cannot read 'bug'"):
        count(21, 2000)
    with pytest.raises(FaultyVerifierError, match="failed on 11 of "):
        count(11, 30)


def test_a_verifier_that_fails_on_each_of_the_first_rows_stops_the_run() -> None:
    assert len(count(19, 19_000, first=True).raised) == 19
    with pytest.raises(FaultyVerifierError, match="failed on 20 of 20 rows") as error:
        count(20, 20_000, first=True)
    assert len(error.value.raised) == 20


def test_rows_of_earlier_calls_count_as_well() -> None:
    faults = Faults()
    list(faults.count("fragile", judge(Fragile(), pairs_of(*["4"] * 2000)), 2000))
    list(faults.count("fragile", judge(Fragile(), pairs_of(*["bug"] * 15)), 15))
    assert len(faults.raised) == 15


def test_a_function_of_rows_can_be_sent_to_another_process() -> None:
    again: Judging = pickle.loads(pickle.dumps(Judging(Exact())))
    assert [verdict.outcome for verdict in again(pairs_of("Answer: 4"))] == ["correct"]
