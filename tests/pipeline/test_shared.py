"""Runs that share work work nothing out twice, and make what each makes alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import PrivateAttr

from open_thoughts_gen import plugin
from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.filters.top_k import TopK
from open_thoughts_gen.pipeline.draw import Draw, DrawAgain
from open_thoughts_gen.pipeline.line import run_line
from open_thoughts_gen.pipeline.progress import Unwatched
from open_thoughts_gen.pipeline.shared import SharedWork
from open_thoughts_gen.pipeline.spool import Spool
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import Part, Recipe
from open_thoughts_gen.types import DropReason, FilterReport, Finished, Question, Request, Sample, Trace, Verdict

DONE: Counter[str] = Counter()


class Numbers(plugin.Source):
    """Numbers from 0, with a row in five that cannot be used."""

    num: int = 40

    def questions(self) -> Iterator[Question | DropReason]:
        for number in range(self.num):
            DONE["drawn"] += 1
            yield DropReason("unreadable", str(number)) if number % 5 == 4 else Question(f"Is {number} even?", "yes")


class Parity(plugin.Teacher):
    """Knows."""

    free: bool = True

    @property
    def cost_usd(self) -> float | None:
        return 0.0 if self.free else None

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        for request in requests:
            DONE["asked"] += 1
            number = int(request.question.prompt.split()[1])
            yield Trace(request.question.id, request.attempt, "parity", "", "yes" if number % 2 == 0 else "no")


class Same(plugin.Verifier):
    """Compares."""

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        DONE["judged"] += 1
        return Verdict("same", "correct" if trace.response == question.reference else "incorrect")


class AsksElsewhere(plugin.Verifier):
    """Stands for one that asks a model: its verdicts come from the response cache, which counts them."""

    @property
    def runs_anywhere(self) -> bool:
        return False

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        DONE["judged elsewhere"] += 1
        return Verdict("elsewhere", "correct")


class Below(plugin.Filter):
    """Keeps small numbers."""

    limit: int = 30

    def drop_reason(self, sample: Sample) -> DropReason | None:
        DONE["filtered"] += 1
        return DropReason("large") if int(sample.question.prompt.split()[1]) >= self.limit else None


class Tens(plugin.Filter):
    """Measures how many tens a number has; one that `asks` stands for a filter that asks a model."""

    asks: bool = False

    @property
    def models(self) -> Sequence[str]:
        return ["grader"] if self.asks else []

    @property
    def measure_names(self) -> tuple[str, ...]:
        return ("tens",)

    def measure(self, sample: Sample) -> Mapping[str, int]:
        DONE["graded" if self.asks else "measured"] += 1
        return {"tens": int(sample.question.prompt.split()[1]) // 10}

    def drop_reason(self, sample: Sample) -> DropReason | None:
        return DropReason("zero") if sample.question.prompt.split()[1] == "0" else None


class Third(plugin.Filter):
    """Leaves out every third of those that it sees, and reports how many it saw."""

    _num_seen: int = PrivateAttr(default=0)

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        self._num_seen = len(samples)
        DONE["counted"] += len(samples)
        return iter([DropReason("a third", str(i)) if i % 3 == 0 else None for i in range(len(samples))])

    def report(self) -> FilterReport:
        return FilterReport("", "third", {"seen": self._num_seen})


def part(cls: type[Any], **settings: Any) -> Part:
    return Part(use=f"{cls.__module__}:{cls.__name__}", plugin=cls(**settings))


def recipe(
    *, limit: int = 30, last: int = 30, free: bool = True, target: int | None = None, verifiers: Sequence[Part] = ()
) -> Recipe:
    return Recipe(
        name="numbers",
        target=target,
        sources=(part(Numbers),),
        question_filters=(part(Below, limit=limit),),
        teacher=part(Parity, free=free),
        verifiers=tuple(verifiers) or (part(Same),),
        sample_filters=(part(Below, limit=last),),
    )


def finished(one: Recipe, folder: Path, shared: SharedWork | None = None) -> Finished:
    with Local(1) as engine:
        return run_line(one, context=Context(cache=folder / "responses.sqlite"), engine=engine, shared=shared)


@pytest.fixture
def shared(tmp_path: Path) -> SharedWork:
    return SharedWork(Spool(tmp_path))


def work(one: Recipe, folder: Path, shared: SharedWork) -> Counter[str]:
    DONE.clear()
    assert finished(one, folder, shared) == finished_alone(one, folder)
    return DONE


def finished_alone(one: Recipe, folder: Path) -> Finished:
    before = DONE.copy()
    alone = finished(one, folder)
    DONE.clear()
    DONE.update(before)
    return alone


def test_what_comes_before_the_stage_that_differs_is_worked_out_once(tmp_path: Path, shared: SharedWork) -> None:
    assert work(recipe(), tmp_path, shared) == {"drawn": 40, "filtered": 32 + 24, "asked": 24, "judged": 24}
    assert work(recipe(last=20), tmp_path, shared) == {"filtered": 24}
    assert work(recipe(limit=40), tmp_path, shared) == {"filtered": 32 + 8, "asked": 8, "judged": 8}


def test_a_paid_teacher_is_asked_again_for_its_answers_are_counted(tmp_path: Path, shared: SharedWork) -> None:
    work(recipe(free=False), tmp_path, shared)
    assert work(recipe(free=False, last=20), tmp_path, shared) == {"filtered": 24, "asked": 24}


def test_a_verdict_is_shared_whatever_other_verifiers_a_recipe_has(tmp_path: Path, shared: SharedWork) -> None:
    two = recipe(verifiers=(part(AsksElsewhere), part(Same)))
    assert work(two, tmp_path, shared)["judged"] == 24
    assert work(recipe(last=20, verifiers=two.verifiers), tmp_path, shared) == {"filtered": 24, "judged elsewhere": 24}
    assert work(recipe(last=10), tmp_path, shared)["judged"] == 0


def filtered(*filters: Part, target: int | None = None) -> Recipe:
    return recipe(target=target).model_copy(update={"question_filters": filters, "sample_filters": ()})


MOST = part(TopK, by="tens", k=2, per=("tens",), order="lowest")


def test_the_filters_before_the_first_that_differs_leave_what_they_left_and_measured(
    tmp_path: Path, shared: SharedWork
) -> None:
    first = filtered(part(Tens), part(Third), MOST, part(Below, limit=25))
    assert work(first, tmp_path, shared).items() >= {"measured": 32, "counted": 31, "filtered": 8}.items()
    other = filtered(*first.question_filters[:3], part(Below, limit=15))
    assert work(other, tmp_path, shared) == {"filtered": 8}
    longer = filtered(*other.question_filters, part(Below, limit=5))
    assert work(longer, tmp_path, shared)["filtered"] == 4
    assert work(filtered(*first.question_filters[:2]), tmp_path, shared)["counted"] == 0
    swapped = filtered(part(Third), *first.question_filters[:1], *first.question_filters[2:])
    assert {"measured", "counted"} <= work(swapped, tmp_path, shared).keys()


def test_a_filter_that_asks_a_model_asks_again_and_those_behind_it_do_not_work_again(
    tmp_path: Path, shared: SharedWork
) -> None:
    first = filtered(part(Below), part(Tens, asks=True), part(Third), MOST)
    assert work(first, tmp_path, shared).items() >= {"filtered": 32, "graded": 24, "counted": 23}.items()
    other = first.model_copy(update={"sample_filters": (part(Below, limit=20),)})
    assert work(other, tmp_path, shared) == {"graded": 24, "filtered": 6}


def test_of_more_questions_the_first_filters_see_the_new_ones_only(tmp_path: Path, shared: SharedWork) -> None:
    filters = (part(Below), part(Tens), part(Third))
    few = work(filtered(*filters, target=6), tmp_path, shared).copy()
    assert 6 < few["measured"] < 24
    assert few["filtered"] == few["measured"]
    more = work(filtered(*filters, MOST, target=99), tmp_path, shared)
    assert (more["filtered"], more["measured"]) == (32 - few["filtered"], 24 - few["measured"])
    assert work(filtered(*filters, MOST, target=5), tmp_path, shared)["filtered"] == 0


def test_targets_that_differ(tmp_path: Path, shared: SharedWork) -> None:
    for target in (3, 8, 2, 99, 15, 8):
        work(recipe(target=target), tmp_path, shared)
    assert DONE["drawn"] == 0


@pytest.mark.parametrize("nums", [(3, 32, 40), (None,), (32, None), (40, 8, 1), (0, 4, 5)])
def test_a_draw_again_is_the_draw(tmp_path: Path, nums: tuple[int | None, ...]) -> None:
    one, first = recipe(), Draw(recipe().sources, Context(), Spool(tmp_path))
    first.until(6, Unwatched())
    for num in nums:
        again, alone = DrawAgain(first), Draw(one.sources, Context(), Spool(tmp_path))
        for step in (2, num):
            again.until(step, Unwatched())
            alone.until(step, Unwatched())
            for name in ("questions", "dropped", "first_like", "ended", "endless"):
                assert getattr(again, name) == getattr(alone, name), (name, num, step)
