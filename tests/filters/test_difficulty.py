"""How hard a question is, by the rubric of its domain, asked of a model on the loopback server."""

from __future__ import annotations

from pathlib import Path

from open_thoughts_gen.filters.difficulty import Difficulty, rubrics
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Sample
from tests.pipeline.test_line import listed, part, recipe_of
from tests.servers.chat_server import ChatServer
from tests.servers.judging import grading
from tests.toy.sums import Says


def test_the_rubric_of_difficulty_is_that_of_the_domain(tmp_path: Path) -> None:
    samples = [Sample(Question("Sum, at level 3?", domain=domain)) for domain in ("Math", "law", "cooking")]
    with ChatServer(answer=grading) as server:
        asking = Difficulty(model=server.spec).fresh(Context(cache=tmp_path / "c.sqlite"))
        assert [each["difficulty"] for each in asking.measures(samples)] == [3, 3, 3]
        shown = [each.body["messages"][0]["content"] for each in server.asked]
    for domain in ("math", "law", "other"):
        assert sum(rubrics()[domain] in each for each in shown) == 1
    own = Difficulty(model="ollama/m", rubric="As a cook sees it.")
    assert own.rubric_for("math") == "As a cook sees it."


def test_a_run_keeps_grade_and_grader_and_counts_what_was_spent(tmp_path: Path) -> None:
    rows = tuple((f"Question {i}, at level {i}.", "1", "general") for i in range(1, 7))
    with ChatServer(answer=grading) as server:
        recipe = recipe_of(
            sources=listed(*rows),
            verifiers=(part(Says()),),
            question_filters=(part(Difficulty(model=server.spec, min=4)),),
            sample_filters=(),
        )
        finished = run_line(recipe, context=Context(cache=tmp_path / "c.sqlite"))
    assert sorted(sample.measures["difficulty"].value for sample in finished.samples) == [4, 5, 6]
    assert {sample.measures["difficulty"].by for sample in finished.samples} == {"difficulty (m)"}
    assert finished.counts.dropped["question_filters", "difficulty", "difficulty below the minimum"] == 3
    assert finished.counts.spent["filter"].answers == 6
