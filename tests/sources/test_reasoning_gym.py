"""Questions of reasoning-gym: any task, its weight, settings and level, judged by its own scoring."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import Any

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.reasoning_gym import ReasoningGym
from open_thoughts_gen.types import DropReason, Question, Trace
from open_thoughts_gen.verifiers.reasoning_gym import ReasoningGym as Verifier

SLOW_OR_LARGE = {"knight_swap", "arc_agi", "rearc", "codeio", "composite"}  # seconds a question, or megabytes of data


def source(**settings: Any) -> ReasoningGym:
    return ReasoningGym.model_validate(settings).fresh(Context(seed=3))


def drawn(num: int, **settings: Any) -> list[Question]:
    questions = list(islice(source(**settings).questions(), num))
    assert not [each for each in questions if isinstance(each, DropReason)]
    return [each for each in questions if isinstance(each, Question)]


def test_a_row_says_its_task_its_domain_and_what_the_scoring_needs() -> None:
    (row,) = drawn(1, tasks=["gcd"])
    assert row.prompt.startswith("Find the Greatest Common Divisor")
    assert (row.domain, row.source, row.license) == ("arithmetic", "reasoning_gym:gcd", "apache-2.0")
    assert row.meta["metadata"]["source_dataset"] == "gcd"
    assert row.reference == str(row.meta["metadata"]["result"])


def test_tasks_are_drawn_by_their_weights() -> None:
    tasks = Counter(row.meta["task"] for row in drawn(600, tasks={"gcd": 3, "lcm": {"weight": 1, "max_value": 20}}))
    assert 400 < tasks["gcd"] < 500


def test_a_setting_of_a_task_is_its_own() -> None:
    rows = drawn(30, tasks={"lcm": {"max_value": 20}})
    assert max(number for row in rows for number in row.meta["metadata"]["numbers"]) <= 20


def test_levels_take_turns_and_are_harder() -> None:
    rows = drawn(200, tasks=["gcd"], levels=[0, 3])
    assert [row.meta["level"] for row in rows[:4]] == [0, 3, 0, 3]
    easy, hard = (
        max(number for row in rows if row.meta["level"] == level for number in row.meta["metadata"]["numbers"])
        for level in (0, 3)
    )
    assert hard > 2 * easy


def test_a_row_depends_on_the_seed_and_its_number_alone() -> None:
    settings: dict[str, Any] = {"tasks": ["gcd", "lcm", "word_ladder", "acre"], "levels": [0, 1]}
    long = drawn(230, **settings)
    assert drawn(40, **settings) == long[:40]
    assert len({row.id for row in long}) > 200
    other = ReasoningGym.model_validate(settings).fresh(Context(seed=4))
    assert next(iter(other.questions())) != long[0]


@pytest.mark.slow
def test_every_task_is_drawn_and_its_own_answer_is_accepted() -> None:
    from reasoning_gym.factory import DATASETS

    rows = [row for name in sorted(DATASETS.keys() - SLOW_OR_LARGE) for row in drawn(3, tasks=[name])]
    stated = [row for row in rows if row.reference is not None]
    assert len(stated) > 270
    verifier = Verifier(num_workers=1).fresh(Context())
    traces = [Trace(row.id, 0, "t", "", f"<answer>{row.reference}</answer>") for row in stated]
    verdicts = verifier.verdicts(list(zip(stated, traces, strict=True)))
    refused = {row.source for row, verdict in zip(stated, verdicts, strict=True) if verdict.outcome == "incorrect"}
    verifier.close()
    assert not refused


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tasks": ["gdc"]}, "reasoning-gym has no task 'gdc'; did you mean 'gcd'?"),
        ({"tasks": {"gcd": {"no_such": 1}}}, "the task 'gcd' does not take these settings: "),
        ({"tasks": {"gcd": {"min_value": 9, "max_value": 1}}}, "the task 'gcd' does not take these settings: "),
    ],
)
def test_a_mistake_is_one_line(settings: Any, message: str) -> None:
    with pytest.raises(UserError) as caught:
        source(**settings)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value).splitlines()) == 1


def test_a_level_below_the_easiest_is_refused() -> None:
    with pytest.raises(ValueError, match="levels start at 0"):
        source(levels=[-1])


def test_a_task_that_always_fails_ends_the_run_instead_of_being_drawn_without_end() -> None:
    from reasoning_gym.arithmetic.gcd import GCDConfig, GCDDataset
    from reasoning_gym.factory import DATASETS, register_dataset

    class Broken(GCDDataset):  # type: ignore[misc]
        def __getitem__(self, index: int) -> None:
            raise LookupError("nothing here")

    register_dataset("broken", Broken, GCDConfig)
    try:
        with pytest.raises(UserError, match=r"100 draws of reasoning-gym failed one after another, .*nothing here"):
            list(source(tasks=["broken"]).questions())
        mixed = list(islice(source(tasks=["broken", "gcd"]).questions(), 300))
    finally:
        del DATASETS["broken"]
    assert {type(each) for each in mixed} == {Question, DropReason}
