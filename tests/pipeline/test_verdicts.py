"""Judging, written once: who judges what, what is judged again, and what a verdict on form is worth."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.pipeline.verdicts import Assignment, assigned, judged
from open_thoughts_gen.plugin import Context, Filter, Verifier
from open_thoughts_gen.types import Account, DropReason, FilterReport, Question, Sample, Trace, Verdict
from open_thoughts_gen.verifiers.exact import Exact
from open_thoughts_gen.verifiers.format import Format
from open_thoughts_gen.verifiers.majority import Majority
from tests.pipeline.test_line import listed, part, recipe_of
from tests.toy.sums import Says


def sample(prompt: str, response: str = "Answer: 4", attempt: int = 0, error: str | None = None) -> Sample:
    question = Question(prompt, "4")
    finish = "error" if error else "stop"
    return Sample(question, Trace(question.id, attempt, "t", "Hm.", response, finish, error))  # type: ignore[arg-type]


def verdicts(
    assignments: Sequence[Assignment], samples: Sequence[Sample], seen: Mapping[int, Collection[int]] | None = None
) -> list[tuple[int, int]]:
    with Local(1) as engine:
        return [(i, number) for i, number, _ in judged(engine, assignments, samples, seen=seen or {})]


def test_each_verifier_judges_the_answered_rows_that_it_is_meant_for() -> None:
    assignments = [Assignment(Says(), {"domain": "law"}), Assignment(Says())]
    rows = [sample("a"), sample("b", error="HTTP 500"), Sample(Question("c", domain="law"), sample("c").trace)]
    assert verdicts(assignments, rows) == [(2, 0), (0, 1), (2, 1)]


def test_only_a_verifier_that_compares_attempts_judges_again_what_was_seen() -> None:
    majority = Majority.model_validate({"by": "exact"})
    rows = [sample("a"), sample("a", attempt=1)]
    assignments = assigned([part(Says()), part(majority)], Context())
    assert verdicts(assignments, rows, seen={0: (0, 1)}) == [(1, 0), (0, 1), (1, 1)]


def test_a_verdict_on_form_alone_is_marked_and_makes_nothing_correct() -> None:
    with Local(1) as engine:
        ((_, _, verdict),) = judged(engine, [Assignment(Format())], [sample("a")])
    assert (verdict.outcome, verdict.form_only) == ("correct", True)
    in_form = Sample(Question("a"), None, (verdict,))
    assert (in_form.outcome, in_form.is_right_in_form_only) == ("undecided", True)
    beside = Sample(Question("a"), None, (verdict, Verdict("math", "correct")))
    assert (beside.outcome, beside.is_right_in_form_only) == ("correct", False)
    refused = Sample(Question("a"), None, (Verdict("format", "incorrect", form_only=True), Verdict("math", "correct")))
    assert (refused.outcome, refused.is_right_in_form_only) == ("incorrect", False)


def test_counts_and_pass_rates_of_a_run_agree_that_form_is_not_enough() -> None:
    rows = (("q", "1", "general"),)
    recipe = recipe_of(sources=listed(*rows), verifiers=(part(Format()),), sample_filters=())
    finished = run_line(recipe, context=Context())
    (kept,) = finished.samples
    assert (finished.counts.outcomes, kept.outcome, kept.pass_rate) == ({"undecided": 1}, "undecided", None)
    both = recipe_of(sources=listed(*rows), verifiers=(part(Format()), part(Exact())), sample_filters=())
    assert run_line(both, context=Context()).counts.outcomes == {"correct": 1}


class OldVerifier(Verifier):
    """Says where it may run by the former name."""

    @property
    def is_apart(self) -> bool:
        return False

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        return Verdict("old", "undecided", None, "unreadable: so it is said before `cause`")


class OldFilter(Filter):
    """Reports by the former name."""

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        return iter([None] * len(samples))

    def account(self) -> FilterReport:
        return Account("", "old", {"num": 1})


def test_plugins_written_for_the_former_names_work() -> None:
    assert not OldVerifier().runs_anywhere
    assert Says().runs_anywhere
    recipe = recipe_of(
        sources=listed(("q", "1", "general")), verifiers=(part(OldVerifier()),), sample_filters=(part(OldFilter()),)
    )
    finished = run_line(recipe, context=Context())
    assert [(report.step, report.facts) for report in finished.reports] == [("sample_filters", {"num": 1})]
    ((verdict,),) = [kept.verdicts for kept in finished.samples]
    assert verdict.reason == "unreadable"
