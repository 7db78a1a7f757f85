"""What a raw question takes of memory in a run: a bound, so that runs of millions stay possible."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Mapping
from pathlib import Path

from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.filters.exact_dedup import ExactDedup
from open_thoughts_gen.filters.top_k import TopK
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.pipeline.spool import Spool
from open_thoughts_gen.plugin import Context, Filter, Source
from open_thoughts_gen.teachers.rehearsal import Rehearsal
from open_thoughts_gen.types import DropReason, Question, Sample
from tests.pipeline.test_line import part, recipe_of

FEW, MANY = 1_000, 9_000
MOST_BYTES = 250  # of a raw question at the peak; plain objects took 2,400


class Counted(Source):
    """So many questions, one in four of which repeats another."""

    num: int

    def questions(self) -> Iterator[Question | DropReason]:
        """Yield them."""
        for number in range(self.num):
            meta = {"origin": "counted", "level": number % 7}
            prompt = f"What is {number // 4 * 3 + number % 4 % 3} plus one? {'word ' * 40}"
            yield Question(prompt, str(number), meta=meta)


class Graded(Filter):
    """Measures a grade."""

    @property
    def measure_names(self) -> tuple[str, ...]:
        """The name of the grade."""
        return ("grade",)

    def measure(self, sample: Sample) -> Mapping[str, float]:
        """Return the grade."""
        return {"grade": float(len(sample.question.reference or "") % 10)}

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Drop nothing."""
        return None


def peak_of(num: int, folder: Path) -> int:
    """Return the most bytes that a run held, which leaves out all but twenty of so many questions."""
    recipe = recipe_of(
        sources=(part(Counted(num=num)),),
        question_filters=(part(Graded()), part(ExactDedup(fold=())), part(TopK(k=20, by="grade"))),
        verifiers=(),
        sample_filters=(),
        teacher=part(Rehearsal()),
    )
    tracemalloc.start()
    try:
        with Local(1) as engine:
            finished = run_line(recipe, context=Context(), engine=engine, spool=Spool(folder, max_held=0))
        assert sum(finished.counts.dropped.values()) == num - 20
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_question_that_is_left_out_takes_few_bytes(tmp_path: Path) -> None:
    peak_of(100, tmp_path)  # imports
    few, many = peak_of(FEW, tmp_path), peak_of(MANY, tmp_path)
    assert (many - few) / (MANY - FEW) < MOST_BYTES
