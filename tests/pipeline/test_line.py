"""The line on a toy world: what reaches whom, in which order, and that every row is accounted for."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from open_thoughts_gen import plugin
from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import Part, Recipe, Until
from open_thoughts_gen.sources.family import Family as FamilySource
from open_thoughts_gen.sources.mix import Mix
from open_thoughts_gen.types import DropReason, Finished, Outcome, Question, Request, Sample, Trace, Verdict
from open_thoughts_gen.verifiers.family import Family as FamilyVerifier
from tests.toy.sums import Adder, Listed, Nothing, Odd, Once, Proved, Says

SUMS = "tests.toy.sums:Sums"


def part(plugin_: plugin.Plugin, **when: Any) -> Part:
    return Part(use=plugin_.plugin_name(), plugin=plugin_, when=when)


def recipe_of(**changes: Any) -> Recipe:
    line: dict[str, Any] = {
        "name": "sums",
        "sources": (part(FamilySource(family=SUMS)),),
        "teacher": part(Adder()),
        "verifiers": (part(FamilyVerifier()),),
        "sample_filters": (part(Proved()),),
    }
    return Recipe(**{**line, **changes})


def run(recipe: Recipe, **options: Any) -> Finished:
    return run_line(recipe, context=Context(seed=recipe.seed), **options)


def listed(*rows: tuple[str, str, str] | None) -> tuple[Part, ...]:
    return (part(Listed(rows=rows)),)


def prompts(samples: Iterable[Sample]) -> list[str]:
    return sorted(sample.question.prompt for sample in samples)


def assert_adds_up(finished: Finished, attempts: int = 1) -> None:
    counts = finished.counts
    assert dict(counts.dropped) == Counter((d.step, d.plugin, d.why.reason) for d in finished.dropped)
    assert all(drop.why.reason for drop in finished.dropped)
    before = sum(num for (step, _, _), num in counts.dropped.items() if step in ("sources", "question_filters"))
    after = sum(counts.dropped.values()) - before
    assert counts.drawn == before + counts.asked
    assert counts.traces == counts.asked * attempts == after + counts.kept
    assert counts.kept == len(finished.samples)


class Watching:
    """A progress that writes down what it is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.rows: Counter[str] = Counter()

    def begin(self, step: str, total: int | None = None, done: int = 0) -> None:
        self.steps.append(step)

    def note(self, message: str) -> None:
        """Note nothing."""

    def show(self, state: Callable[[], str]) -> None:
        assert isinstance(state(), str)

    def answered(self, sample: Sample) -> None:
        """Note nothing."""

    def advance(self, num: int = 1) -> None:
        self.rows[self.steps[-1]] += num


def test_the_target_is_kept_exactly_and_surplus_is_told() -> None:
    finished = run(recipe_of(target=40, teacher=part(Adder(wrong_every=4))))
    assert len(finished.samples) == 40
    assert finished.shortfall == ""
    assert {sample.outcome for sample in finished.samples} == {"correct"}
    assert finished.counts.drawn > 40
    assert finished.counts.dropped["target", "target", "beyond the target"] > 0
    assert_adds_up(finished)


def test_nothing_is_asked_or_judged_twice_when_more_is_drawn(tmp_path: Path) -> None:
    log = tmp_path / "asked"
    watching = Watching()
    finished = run(recipe_of(target=60, teacher=part(Adder(wrong_every=3, log=str(log)))), progress=watching)
    asked = log.read_text().splitlines()
    assert watching.steps.count("teacher") > 1
    assert len(asked) == len(set(asked)) == finished.counts.asked
    assert watching.rows["teacher"] == watching.rows["verifiers: family"] == finished.counts.asked


def test_two_runs_are_equal_and_so_are_any_numbers_of_workers() -> None:
    recipe = recipe_of(
        target=120,
        seed=3,
        sources=(part(FamilySource(family=SUMS, twins=0.3)),),
        verifiers=(part(FamilyVerifier()), part(Says(pause_s=0.02))),
        question_filters=(part(Once()),),
    )
    with Local(1) as one, Local(2) as two:
        first, second = run(recipe, engine=one), run(recipe, engine=two)
    assert told(first) == told(second)
    assert len({v.explanation for s in second.samples for v in s.verdicts}) > 1  # workers did judge


def told(finished: Finished) -> list[Any]:
    """Return a run without what tells the process that judged."""
    rows = [(s.question, s.trace, [(v.verifier, v.outcome) for v in s.verdicts], s.pass_rate) for s in finished.samples]
    return [rows, finished.counts, [(d.step, d.plugin, d.why) for d in finished.dropped]]


def test_a_larger_target_keeps_the_samples_of_a_smaller_one() -> None:
    few, many = (run(recipe_of(target=target)) for target in (20, 30))
    assert set(prompts(few.samples)) < set(prompts(many.samples))


@pytest.mark.parametrize("target", [1, 2, 7, 10])
def test_pairs_are_kept_or_left_together(target: int) -> None:
    finished = run(recipe_of(target=target, sources=(part(FamilySource(family=SUMS, twins=1.0)),)))
    pairs = Counter(sample.question.meta["pair"] for sample in finished.samples)
    assert sum(pairs.values()) == target
    assert [num for num in pairs.values() if num == 1] == [1] * (target % 2)


def test_the_file_is_not_in_the_order_of_the_sources_and_the_seed_decides() -> None:
    rows = tuple((f"q{i:02}", "1", "general") for i in range(40))
    orders = {}
    for seed in (1, 2):
        recipe = recipe_of(sources=listed(*rows), verifiers=(part(Says()),), seed=seed)
        orders[seed] = [sample.question.prompt for sample in run(recipe).samples]
    assert sorted(orders[1]) == sorted(orders[2]) == [row[0] for row in rows]
    assert len({tuple(orders[1]), tuple(orders[2]), tuple(sorted(orders[1]))}) == 3


def test_sources_take_turns() -> None:
    recipe = recipe_of(
        max_questions=6,
        sources=(
            *listed(("a1", "1", "a"), None, ("a2", "1", "a")),
            *listed(*((f"b{i}", "1", "b") for i in range(9))),
        ),
        verifiers=(part(Says()),),
    )
    finished = run(recipe)
    assert prompts(finished.samples) == ["a1", "a2", "b0", "b1", "b2", "b3"]
    assert finished.counts.dropped == {("sources", "tests.toy.sums:Listed", "no question"): 1}
    assert finished.dropped[0].why.detail == "line 2"
    assert_adds_up(finished)


def test_when_sends_each_row_to_its_own_verifier_and_filter() -> None:
    recipe = recipe_of(
        sources=listed(("m1", "1", "math"), ("m2", "2", "math"), ("l1", "3", "law"), ("l2", "4", "law")),
        question_filters=(part(Odd(), domain="math"),),
        verifiers=(part(Says(outcome="incorrect"), domain="math"), part(Says(), domain=["law", "chess"])),
    )
    finished = run(recipe)
    assert prompts(finished.samples) == ["l1", "l2"]
    assert all(len(sample.verdicts) == 1 for sample in finished.samples)
    fates = {d.sample.question.prompt: (d.step, d.why.reason) for d in finished.dropped if d.sample}
    assert fates == {"m1": ("question_filters", "odd"), "m2": ("sample_filters", "judged incorrect")}


def test_a_row_that_no_verifier_is_for_is_undecided() -> None:
    finished = run(recipe_of(sources=listed(("x", "1", "art")), verifiers=(part(Says(), domain="math"),)))
    assert [drop.why.reason for drop in finished.dropped] == ["judged undecided"]
    assert finished.counts.outcomes == {"undecided": 1}


def test_whole_set_filters_see_all_of_their_rows_again_at_each_look() -> None:
    rows = [(f"q{i}", str(i % 30), "general") for i in range(90)]
    recipe = recipe_of(
        target=25, sources=listed(*rows), question_filters=(part(Odd()), part(Once())), verifiers=(part(Says()),)
    )
    finished = run(recipe)
    assert len(finished.samples) == 15  # the even numbers below 30, each once
    assert {d.why.twin is not None for d in finished.dropped if d.why.reason == "seen before"} == {True}
    assert "the sources have no more questions" in finished.shortfall
    assert_adds_up(finished)


def test_filters_work_on_what_the_ones_before_them_kept() -> None:
    recipe = recipe_of(
        sources=listed(*((f"q{i}", str(i), "general") for i in range(4))),
        question_filters=(part(Odd()), part(Nothing())),
    )
    finished = run(recipe)
    assert Counter(d.why.reason for d in finished.dropped) == {"odd": 2, "on principle": 2}
    assert finished.samples == ()
    assert "no sample accepted out of 4 questions drawn" in finished.shortfall


def test_a_failed_call_is_dropped_at_the_teacher_and_not_judged() -> None:
    finished = run(recipe_of(target=30, teacher=part(Adder(fail_every=3))))
    failed = [drop for drop in finished.dropped if drop.step == "teacher"]
    assert failed
    assert {(d.plugin, d.why.reason, d.why.detail) for d in failed} == {
        ("tests.toy.sums:Adder", "teacher error", "HTTP 500: out of chalk")
    }
    assert all(drop.sample and drop.sample.verdicts == () for drop in failed)
    assert len(finished.samples) == 30
    assert sum(finished.counts.outcomes.values()) == finished.counts.traces - len(failed)
    assert_adds_up(finished)


def test_attempts_give_several_samples_with_one_pass_rate() -> None:
    finished = run(recipe_of(attempts=3, max_questions=20, teacher=part(Adder(wrong_every=4, fail_every=5))))
    assert_adds_up(finished, attempts=3)
    by_question: dict[str, list[Sample]] = {}
    for sample in [*finished.samples, *(drop.sample for drop in finished.dropped if drop.sample)]:
        by_question.setdefault(sample.question.id, []).append(sample)
    assert len(by_question) == 20
    for samples in by_question.values():
        assert sorted(sample.trace.attempt for sample in samples if sample.trace) == [0, 1, 2]
        outcomes = [sample.outcome for sample in samples if sample.outcome != "undecided"]
        expected = outcomes.count("correct") / len(outcomes) if outcomes else None
        assert {sample.pass_rate for sample in samples} == {expected}


def test_a_question_drawn_twice_is_asked_once(tmp_path: Path) -> None:
    log = tmp_path / "asked"
    rows = [("same", "1", "general"), ("same", "1", "general"), ("same", "2", "general")]
    recipe = recipe_of(sources=listed(*rows), teacher=part(Adder(log=str(log))), verifiers=(part(Says()),), attempts=2)
    finished = run(recipe)
    assert len(finished.samples) == 6
    assert len(log.read_text().splitlines()) == 4  # the reference 2 makes it another question, with a trace of its own
    for sample in finished.samples:
        assert sample.trace is not None
        assert sample.trace.response.endswith(f"Answer: {sample.question.reference}")


class Reader(Adder):
    """Has an answer or two to each question, and no more."""

    @property
    def answers_copies(self) -> bool:
        return False


def repeated(folder: Path, num: int) -> tuple[Part, ...]:
    """Return a source of `num` questions, of which two are questions and the others their copies."""
    rows = [{"prompt": f"q{i}", "reference": str(i)} for i in range(2)]
    (folder / "q.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    of = [{"use": "files", "path": str(folder / "q.jsonl")}]
    return (part(Mix.model_validate({"of": of, "num": num, "short": "repeat"})),)


@pytest.mark.parametrize("teacher", [Adder, Reader])
@pytest.mark.parametrize("how", [{"attempts": 3}, {"until": Until(accepted=3, max_attempts=3)}])
def test_copies_of_a_question_have_attempts_of_their_own_where_the_teacher_has_any(
    tmp_path: Path, teacher: type[Adder], how: dict[str, Any]
) -> None:
    log = tmp_path / "asked"
    finished = run(
        recipe_of(sources=repeated(tmp_path, 6), verifiers=(part(Says()),), teacher=part(teacher(log=str(log))), **how)
    )
    assert_adds_up(finished, attempts=3)
    rows = [(s.question.prompt, s.question.copy, s.trace.attempt) for s in finished.samples if s.trace]
    assert sorted(rows) == [(f"q{i}", copy, 3 * copy + n) for i in range(2) for copy in range(3) for n in range(3)]
    asked = [int(line.split()[1]) for line in log.read_text().splitlines()]
    assert sorted(asked) == sorted(2 * [*range(9)] if teacher is Adder else 6 * [*range(3)])


def test_copies_that_are_drawn_later_are_compared_with_the_question_s_other_attempts(tmp_path: Path) -> None:
    CALLS.clear()
    sample_filters = (part(Proved()),)  # of each question the first two attempts
    finished = run(
        recipe_of(target=4, sources=repeated(tmp_path, 6), verifiers=(part(Gathered()),), sample_filters=sample_filters)
    )
    assert len(CALLS) == 1
    (tmp_path / "more").mkdir()
    CALLS.clear()
    longer = run(
        recipe_of(
            target=5,
            sources=repeated(tmp_path / "more", 12),
            verifiers=(part(Gathered()),),
            sample_filters=sample_filters,
        )
    )
    assert len(CALLS) > 1
    assert len(finished.samples) == len(longer.samples) == 4
    assert {s.verdicts[0].explanation for s in longer.samples} == {"6 together"}


def test_shortfall_tells_what_was_drawn_where_it_went_and_what_to_do() -> None:
    recipe = recipe_of(target=50, max_questions=55, teacher=part(Adder(wrong_every=2)))
    finished = run(recipe)
    assert 0 < len(finished.samples) < 50
    assert f"{len(finished.samples)} of the 50 samples asked for" in finished.shortfall
    assert "55 questions drawn: no more than 55 may be drawn" in finished.shortfall
    assert "judged incorrect" in finished.shortfall
    assert "What to do: loosen" in finished.shortfall


def test_an_endless_source_with_no_end_in_sight_is_a_fault() -> None:
    with pytest.raises(UserError, match="never ends; set `target:` or `max_questions:`"):
        run(recipe_of())


def test_it_gives_up_where_nothing_is_ever_accepted() -> None:
    finished = run(recipe_of(target=3, sample_filters=(part(Nothing()),)))
    assert finished.samples == ()
    assert finished.counts.drawn < 300
    assert "gave no accepted sample" in finished.shortfall


def test_tokens_are_counted_and_an_unknown_price_is_unknown() -> None:
    counts = run(recipe_of(target=10)).counts
    assert (counts.prompt_tokens, counts.completion_tokens, counts.cost_usd) == (100, 200, None)


class Deaf(Adder):
    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        return iter(list(super().traces(requests))[1:])


class Stammering(Adder):
    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        for trace in super().traces(requests):
            yield trace
            yield trace


@pytest.mark.parametrize(("teacher", "told_"), [(Deaf(), "gave no trace for 1 of 5"), (Stammering(), "gave it twice")])
def test_a_teacher_that_loses_or_repeats_traces_is_a_bug(teacher: Adder, told_: str) -> None:
    with pytest.raises(RuntimeError, match=told_):
        run(recipe_of(target=5, teacher=part(teacher)))


class Counting(plugin.Filter):
    """Drops all but the first few, by a count that a run must not inherit from the one before."""

    _num: int = 0

    def start(self) -> None:
        self._num = 0

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        for _ in samples:
            self._num += 1
            yield None if self._num <= 5 else DropReason("too many")


def test_plugins_are_made_fresh_for_each_run_and_look() -> None:
    recipe = recipe_of(target=8, max_questions=30, sample_filters=(part(Counting()),))
    assert len(run(recipe).samples) == len(run(recipe).samples) == 5


rows_ = st.lists(
    st.one_of(
        st.none(),
        st.tuples(st.sampled_from("abcde"), st.sampled_from("1234"), st.sampled_from(["math", "law"])),
    ),
    min_size=1,
    max_size=30,
)


@hypothesis_settings(max_examples=60)
@given(
    rows=rows_,
    target=st.one_of(st.none(), st.integers(1, 20)),
    attempts=st.integers(1, 3),
    wrong_every=st.integers(0, 4),
    fail_every=st.integers(0, 4),
)
def test_every_row_is_kept_or_has_its_reason(
    rows: list[tuple[str, str, str] | None], target: int | None, attempts: int, wrong_every: int, fail_every: int
) -> None:
    recipe = recipe_of(
        target=target,
        attempts=attempts,
        sources=listed(*rows),
        question_filters=(part(Odd(), domain="math"), part(Once())),
        teacher=part(Adder(wrong_every=wrong_every, fail_every=fail_every)),
        verifiers=(part(Says(), domain="math"), part(Says(outcome="incorrect"), domain="law", source="listed")),
    )
    finished = run(recipe)
    assert_adds_up(finished, attempts)
    assert bool(finished.shortfall) == (len(finished.samples) < (target or 1))
    assert run(recipe) == finished


def test_questions_are_not_changed_on_the_way() -> None:
    question = Question("q", "1", "general", source="listed")
    (sample,) = run(recipe_of(sources=listed(("q", "1", "general")), verifiers=(part(Says()),))).samples
    assert sample.question == question


class Gathered(plugin.Verifier):
    """Judges by how many attempts came together, and notes each call."""

    @property
    def sees_attempts(self) -> bool:
        return True

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        return next(self.verdicts([(question, trace)]))

    def verdicts(self, pairs: Sequence[tuple[Question, Trace]]) -> Iterator[Verdict]:
        CALLS.append(Counter(question.id for question, _ in pairs))
        for question, trace in pairs:
            outcome: Outcome = "correct" if trace.attempt < 2 else "incorrect"
            yield Verdict("gathered", outcome, explanation=f"{CALLS[-1][question.id]} together")


CALLS: list[Counter[str]] = []


def test_a_verifier_that_sees_attempts_gets_those_of_a_question_together_also_when_more_are_drawn() -> None:
    CALLS.clear()
    verifiers = (part(FamilyVerifier()), part(Gathered()), part(Says(outcome="correct")))
    finished = run(recipe_of(target=40, attempts=3, verifiers=verifiers, teacher=part(Adder(wrong_every=5))))
    assert len(CALLS) > 1
    assert {num for call in CALLS for num in call.values()} == {3}
    judged = Counter(question for call in CALLS for question in call)
    assert set(judged.values()) == {1}, "attempts of a question that has no new one are judged once"
    for sample in finished.samples:
        assert [verdict.verifier for verdict in sample.verdicts] == ["family", "gathered", "says"]
        assert sample.verdicts[1].explanation == "3 together"


def test_attempts_that_come_in_waves_are_judged_together_too() -> None:
    CALLS.clear()
    until = Until(accepted=2, max_attempts=6)
    verifiers = (part(FamilyVerifier()), part(Gathered()))
    finished = run(
        recipe_of(
            max_questions=20, until=until, verifiers=verifiers, sample_filters=(), teacher=part(Adder(wrong_every=3))
        )
    )
    asked = Counter(sample.question.id for sample in finished.samples)
    assert len(set(asked.values())) > 1
    for sample in finished.samples:
        assert sample.verdicts[1].explanation == f"{asked[sample.question.id]} together"
