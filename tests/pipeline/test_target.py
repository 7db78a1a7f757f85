"""The decisions over the whole set: how far to draw, which samples make the dataset, in which order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.filters.length import Length
from open_thoughts_gen.filters.per_group import PerGroup
from open_thoughts_gen.filters.verified import Verified
from open_thoughts_gen.pipeline.advice import advice_on
from open_thoughts_gen.pipeline.order import FIRST_PAGE, arranged
from open_thoughts_gen.pipeline.target import BUDGET_HINT, DrawPlan, DrawTo, Stop, shortfall, within_target
from open_thoughts_gen.sources.write import Write
from open_thoughts_gen.types import Counts, Question, Sample, Trace
from tests.pipeline.test_line import part, recipe_of


def rounds(target: int, accepted_of: dict[int, int] | float, **limits: int) -> tuple[list[int], str]:
    """Play a run whose accept rate is given, and return how far it drew in each round, and why it stopped."""
    plan = DrawPlan(target, limits.get("limit"), limits.get("attempts", 1))
    step: DrawTo | Stop = plan.first()
    drawn: list[int] = []
    while isinstance(step, DrawTo):
        assert step.num is not None
        num = min(step.num, limits.get("available", step.num))
        drawn.append(num)
        accepted = int(num * accepted_of) if isinstance(accepted_of, float) else accepted_of.get(num, 0)
        step = plan.next(num, accepted, ended=num == limits.get("available"))
    return drawn, step.why


def test_one_round_is_enough_where_everything_is_accepted() -> None:
    assert rounds(500, 1.0) == ([500], "")
    assert rounds(500, 4.0, attempts=4) == ([125], "")


def test_the_accept_rate_so_far_decides_how_much_more_is_drawn() -> None:
    drawn, why = rounds(500, 0.8)
    assert (drawn, why) == ([500, 639], "")


@given(target=st.integers(1, 2000), rate=st.floats(0.06, 1.0))
def test_the_target_is_reached_in_few_rounds_at_any_steady_rate(target: int, rate: float) -> None:
    drawn, why = rounds(target, rate)
    assert why == "" or target < 10  # of very few, the rounding down of this test may take all
    assert len(drawn) <= 12
    assert drawn == sorted(set(drawn))


@pytest.mark.parametrize(
    ("limits", "rate", "last", "why"),
    [
        ({"limit": 150}, 0.5, 150, "no more than 150 may be drawn"),
        ({"available": 120}, 0.5, 120, "the sources have no more questions"),
        ({}, 0.0, 100, "the last 100 questions gave no accepted sample"),
        ({"limit": 2000}, 0.04, 2000, "no more than 2,000 may be drawn"),
    ],
)
def test_why_it_stops_short(limits: dict[str, int], rate: float, last: int, why: str) -> None:
    drawn, reason = rounds(100, rate, **limits)
    assert (drawn[-1], reason) == (last, why)


def test_it_stops_when_more_questions_bring_no_more_samples() -> None:
    plan = DrawPlan(100, None)
    step: DrawTo | Stop = plan.first()
    while isinstance(step, DrawTo):
        assert step.num is not None
        assert step.num < 400
        step = plan.next(step.num, 60, ended=False)
    assert "gave no accepted sample" in step.why


@pytest.mark.parametrize(
    ("target", "accepted", "step"),
    [
        (10, 10, Stop()),
        (10, 4, Stop("the budget is spent", BUDGET_HINT)),
        (None, 4, Stop("the budget is spent", BUDGET_HINT)),
    ],
)
def test_a_spent_budget_ends_the_run_unless_the_target_is_reached(
    target: int | None, accepted: int, step: Stop
) -> None:
    assert DrawPlan(target, None).next(20, accepted, ended=False, over_budget="the budget is spent") == step


def samples_of(*pairs: str) -> list[Sample]:
    return [Sample(Question(f"q{i}", meta={"pair": pair} if pair else {})) for i, pair in enumerate(pairs)]


@given(
    pairs=st.lists(st.sampled_from(["", "", "a", "b", "c", "d"]), max_size=30),
    target=st.one_of(st.none(), st.integers(0, 30)),
)
def test_within_target_keeps_exactly_the_target_in_order(pairs: list[str], target: int | None) -> None:
    samples = samples_of(*pairs)
    kept, surplus = within_target(samples, target)
    assert len(kept) == (len(samples) if target is None else min(target, len(samples)))
    places = {sample.question.id: i for i, sample in enumerate(samples)}
    for half in (kept, surplus):
        assert half == sorted(half, key=lambda sample: places[sample.question.id])
    assert len(kept) + len(surplus) == len(samples)


def test_a_pair_is_left_out_together_where_another_sample_can_take_its_place() -> None:
    kept, surplus = within_target(samples_of("", "", "p", "p", ""), 3)
    assert [sample.question.prompt for sample in kept] == ["q0", "q1", "q4"]
    assert [sample.question.prompt for sample in surplus] == ["q2", "q3"]


def test_a_pair_is_split_only_where_nothing_else_is_left() -> None:
    kept, _ = within_target(samples_of("p", "p", "r", "r"), 3)
    assert [sample.question.prompt for sample in kept] == ["q0", "q1", "q2"]


@given(lengths=st.lists(st.integers(0, 500), max_size=250), seed=st.integers(0, 9))
def test_arranged_loses_nothing_and_opens_with_no_long_sample(lengths: list[int], seed: int) -> None:
    samples = [Sample(Question(f"q{i}"), Trace("", 0, "t", "x" * n, "")) for i, n in enumerate(lengths)]
    order = arranged(samples, seed)
    assert sorted(order, key=samples.index) == samples
    assert arranged(samples[::-1], seed) == order  # whatever order they came in
    cut = sorted(lengths)[3 * len(lengths) // 4] + 2 + len(str(len(lengths))) if lengths else 0
    page = order[: min(FIRST_PAGE, len(lengths) * 3 // 4)]
    assert all(len(sample.trace.reasoning) <= cut for sample in page if sample.trace)


def test_arranged_follows_the_seed_and_is_no_longer_in_the_order_of_the_sources() -> None:
    samples = samples_of(*[""] * 50)
    assert arranged(samples, 1) != arranged(samples, 2)
    assert arranged(samples, 1) != samples


def advice(step: str, plugin: str, reason: str) -> str:
    return f"look at {plugin}" if step != "budget" else ""


def test_a_shortfall_says_how_many_where_they_went_and_what_to_do() -> None:
    losses = {("sample_filters", "verified", "incorrect"): 30, ("sources", "files", "bad line"): 2}
    counts = Counts(drawn=40, kept=8, dropped=losses)
    stop = Stop("no more than 40 may be drawn", "set `max_questions:` above 40")
    assert shortfall(counts, stop, target=20, advice=advice) == (
        "8 of the 20 samples asked for accepted out of 40 questions drawn: no more than 40 may be drawn. "
        "30 left out by sample_filters / verified: incorrect. 2 left out by sources / files: bad line. "
        "What to do: look at verified; or set `max_questions:` above 40; or lower `target:`."
    )


def test_no_advice_is_given_twice() -> None:
    counts = Counts(drawn=9, dropped={("teacher", "openai", "truncated"): 9})
    message = shortfall(counts, Stop("why", "look at openai"), target=20, advice=advice)
    assert message.endswith("What to do: look at openai.")


def test_nothing_accepted_and_no_target() -> None:
    assert shortfall(Counts(), Stop(), target=None, advice=advice) == "no sample accepted out of 0 questions drawn."


@pytest.mark.parametrize(
    ("loss", "wanted"),
    [
        (("teacher", "openai", "teacher error"), "no answer is paid for twice"),
        (("teacher", "openai", "truncated"), "`truncated: escalate`"),
        (("sample_filters", "verified", "undecided: no answer"), "have the teacher mark its answer"),
        (("sample_filters", "verified", "truncated"), "raise the teacher's `max_tokens:`"),
        (("sample_filters", "verified", "incorrect"), "`attempts:`"),
        (("sample_filters", "verified", "undecided: timeout"), "`undecided: keep`"),
        (("sample_filters", "length", "reasoning too short"), "lower `min_reasoning:` of length"),
        (("question_filters", "per_group", "group is full"), "loosen per_group under `question_filters:`"),
        (("sources", "files", "bad line"), "fix what the source files could not read"),
        (("sources", "write", "repeats a written question"), "more `seeds:` or a higher `temperature:`"),
        (("sources", "write", "page cannot be read"), "fix what the source write could not read"),
    ],
)
def test_the_advice_fits_the_loss(loss: tuple[str, str, str], wanted: str) -> None:
    recipe = recipe_of(
        sample_filters=(part(Verified(undecided="drop")), part(Length(min_reasoning=40))),
        question_filters=(part(PerGroup(by="domain", k=2)),),
        sources=(
            part(
                Write.model_validate({"how": "harder", "model": "ollama/m", "seeds": {"use": "hub", "dataset": "o/n"}})
            ),
        ),
    )
    assert wanted in advice_on(recipe, *loss)


@pytest.mark.parametrize("loss", [("budget", "budget", "not asked"), ("verifiers", "budget", "not judged"),
                                  ("target", "target", "beyond the target")])  # fmt: skip
def test_there_is_no_advice_where_the_recipe_cannot_help(loss: tuple[str, str, str]) -> None:
    assert advice_on(recipe_of(), *loss) == ""
