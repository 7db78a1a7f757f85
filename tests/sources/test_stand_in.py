"""Stand-ins have the columns, groups and planted faults of what they stand in for, at any scale, and say so."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.stand_in import Group, Shape, StandIn, StandInTable
from open_thoughts_gen.types import Question


def drawn(**settings: Any) -> list[Question]:
    source = StandIn.model_validate({"dataset": "owner/unknown", **settings}).fresh(Context(seed=1))
    return [each for each in source.questions() if isinstance(each, Question)]


def rows(scale: float = 1.0, **group: Any) -> list[dict[str, Any]]:
    shape = Shape(
        columns={"problem": "question", "solution": "solution", "kind": "group"},
        groups={"a": Group.model_validate({"num": 200, **group}), "b": Group(num=100)},
    )
    from pathlib import Path

    table = StandInTable(Path("x"), name="x", shape=shape, seed=1, scale=scale)
    return [dict(row) for _, row in table.rows() if isinstance(row, dict)]


def test_an_unknown_dataset_has_the_columns_that_the_recipe_reads() -> None:
    fields = {"prompt": "{{ problem }} {{ hint }}", "reference": "answer", "domain": "field"}
    questions = drawn(fields=fields, limit=5)
    assert len(questions) == 5
    assert all(question.reference and question.reference.isdigit() for question in questions)
    assert all("(A stand-in for owner/unknown, whose answer is " in question.prompt for question in questions)
    assert {question.source for question in questions} == {"stand_in:owner/unknown"}
    assert {question.license for question in questions} == {"cc0-1.0"}


def test_a_longer_draw_begins_with_a_shorter_one() -> None:
    assert drawn(fields={"prompt": "q"}, limit=9)[:4] == drawn(fields={"prompt": "q"}, limit=4)


def test_a_known_dataset_lacks_what_it_lacks() -> None:
    with pytest.raises(UserError, match="no row of the stand-in for AI-MO/NuminaMath-CoT has a column 'answer'"):
        drawn(dataset="AI-MO/NuminaMath-CoT", fields={"prompt": "problem", "reference": "answer"})


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_faults_are_planted_by_number_and_scaled(scale: float) -> None:
    made = rows(scale, repeats=20, near=10, contaminated=4, unanswered=6, phrases={"See the figure.": 8})
    counts = Counter(row["kind"] for row in made)
    assert counts == {"a": 200 * scale, "b": 100 * scale}
    texts = [row["problem"] for row in made]
    assert len(texts) - len(set(texts)) == 20 * scale
    assert sum(text.startswith("Well: ") for text in texts) == 10 * scale
    assert sum(text.startswith("Stand-in benchmark question") for text in texts) == 4 * scale
    assert sum("See the figure." in text for text in set(texts)) >= 8 * scale - 1
    assert sum("boxed" not in row["solution"] for row in made if "Stand-in benchmark" not in row["problem"]) > 0


def test_every_stretch_holds_all_groups() -> None:
    kinds = [row["kind"] for row in rows()]
    assert all({"a", "b"} == set(kinds[start : start + 10]) for start in range(0, 300, 10))
