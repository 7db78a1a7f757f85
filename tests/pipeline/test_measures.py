"""What a filter measures stays on the row: from question to sample, once for each, and into the dataset."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pyarrow.parquet as pq

from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.filters.top_k import TopK
from open_thoughts_gen.filters.within import Within
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.publish.folder import write_dataset
from open_thoughts_gen.recipe import Publish
from open_thoughts_gen.types import DropReason, Measure, Sample
from tests.pipeline.test_line import listed, part, recipe_of, run
from tests.toy.sums import Says

ROWS = tuple((f"question {'x' * i}", "1", "general") for i in range(30))


class Digits(Filter):
    """Measures how long a prompt is; where `log` is set, each time it does goes there."""

    log: str = ""
    name: str = "size"

    @property
    def label(self) -> str:
        return "digits"

    @property
    def measure_names(self) -> tuple[str, ...]:
        return (self.name,)

    def measure(self, sample: Sample) -> Mapping[str, int]:
        if self.log:
            with Path(self.log).open("a", encoding="utf-8") as log:
                log.write(f"{sample.question.prompt} {sample.trace.attempt if sample.trace else ''}\n")
        return {self.name: len(sample.question.prompt)}

    def drop_reason(self, sample: Sample) -> DropReason | None:
        return None


class InAStream(Filter):
    """Measures all samples in one call, as one that waits on a model does."""

    calls: ClassVar[list[int]] = []

    @property
    def measure_names(self) -> tuple[str, ...]:
        return ("grade",)

    def measures(self, samples: Sequence[Sample]) -> Iterator[Mapping[str, Any]]:
        self.calls.append(len(samples))
        return iter([{"grade": 7}] * len(samples))

    def drop_reason(self, sample: Sample) -> DropReason | None:
        return None


def test_a_measure_of_a_question_is_on_its_samples_and_later_filters_choose_by_it() -> None:
    filters = (part(Digits()), part(Within(by="size", min=15)), part(TopK(k=10, by="size", order="lowest")))
    finished = run(
        recipe_of(sources=listed(*ROWS), verifiers=(part(Says()),), question_filters=filters, sample_filters=())
    )
    assert sorted(sample.measures["size"].value for sample in finished.samples) == list(range(15, 25))
    assert {sample.measures["size"].by for sample in finished.samples} == {"digits"}
    dropped = [drop.sample.measures["size"] for drop in finished.dropped if drop.sample]
    assert Measure(9, "digits") in dropped


def test_nothing_is_measured_twice_when_more_is_drawn(tmp_path: Path) -> None:
    log = tmp_path / "log"
    stages = {"question_filters": (part(Digits(log=str(log))),), "sample_filters": (part(Digits(log=str(log))),)}
    with Local(1) as engine:
        finished = run(
            recipe_of(sources=listed(*ROWS), target=20, verifiers=(part(Says()),), attempts=2, **stages), engine=engine
        )
    lines = Counter(log.read_text("utf-8").splitlines())
    assert len(finished.samples) == 20
    assert set(lines.values()) == {1}


def test_a_stream_is_one_call_and_a_condition_may_name_a_measure() -> None:
    InAStream.calls.clear()
    conditional = part(Within(by="size", max=0), size=9)
    filters = (part(Digits()), part(InAStream()), conditional)
    finished = run(
        recipe_of(sources=listed(*ROWS), verifiers=(part(Says()),), question_filters=filters, sample_filters=())
    )
    assert InAStream.calls == [30]
    assert len(finished.samples) == 29
    assert all(sample.measures["grade"] == Measure(7, InAStream.plugin_name()) for sample in finished.samples)


def test_measures_are_published_and_may_be_columns(tmp_path: Path) -> None:
    recipe = recipe_of(
        sources=listed(*ROWS),
        verifiers=(part(Says()),),
        question_filters=(part(Digits()),),
        sample_filters=(),
        publish=Publish(columns={"size": "int"}, figure_by=("size",)),
    )
    write_dataset(recipe, run(recipe), tmp_path, command="run")
    rows = pq.read_table(next((tmp_path / "data").glob("*.parquet"))).to_pylist()
    assert sorted(row["size"] for row in rows) == list(range(9, 39))
    assert all(json.loads(row["measures"][0]["value"]) == row["size"] for row in rows)
    assert {(row["measures"][0]["name"], row["measures"][0]["by"]) for row in rows} == {("size", "digits")}
    card = (tmp_path / "README.md").read_text("utf-8")
    assert "| size | digits | 30 | 9 to 38, median 23.5 |" in card
    assert "measures" in card.split("---")[1]


def test_a_dataset_without_measures_has_no_column_for_them(tmp_path: Path) -> None:
    recipe = recipe_of(sources=listed(*ROWS[:3]), verifiers=(part(Says()),), question_filters=(), sample_filters=())
    write_dataset(recipe, run(recipe), tmp_path, command="run")
    assert "measures" not in pq.read_table(next((tmp_path / "data").glob("*.parquet"))).column_names
