"""A rehearsed recipe names nothing that needs a key, a network or files; a scaled one makes a share of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from open_thoughts_gen.recipe import Recipe, load_recipe

WHOLE = """
name: whole_1.2m
target: 1000
rehearsal_scale: 0.1
sources:
  - {use: hub, dataset: owner/name, fields: {prompt: problem}, limit: 500, weight: 2}
  - {use: files, path: mine.jsonl, fields: {prompt: q}}
  - use: write
    how: harder
    model: openai/gpt-5
    seeds: {use: hub, dataset: owner/seeds}
question_filters:
  - {use: difficulty, model: "http://10.0.0.1:8000/v1#q/small"}
  - {use: top_k, by: difficulty, k: 55}
  - {use: random_subset, num: 3}
teacher: {use: curator, model: deepseek/deepseek-flash}
verifiers:
  - {use: first_decided, of: [math, {use: judge, model: openai/gpt-5}]}
sample_filters: [{use: verified, undecided: drop}]
"""


def loaded(tmp_path: Path, text: str = WHOLE, **options: Any) -> Recipe:
    path = tmp_path / "recipe.yaml"
    path.write_text(text, "utf-8")
    return load_recipe(path, **options)


def test_stand_ins_take_the_place_of_all_that_is_not_here(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, rehearsed=True)
    said = recipe.resolved()
    assert (said["name"], said["teacher"]["use"]) == ("whole_1.2m-rehearsal", "rehearsal")
    assert [source["use"] for source in said["sources"]] == ["stand_in", "stand_in", "write"]
    assert [said["sources"][i]["dataset"] for i in (0, 1)] == ["owner/name", "mine.jsonl"]
    assert said["sources"][0]["weight"] == 2
    assert said["sources"][2]["seeds"]["use"] == "stand_in"
    assert said["sources"][2]["model"] == "rehearsal/openai/gpt-5"
    assert said["question_filters"][0]["model"] == "rehearsal/q/small"
    assert said["verifiers"][0]["of"][1]["model"] == "rehearsal/openai/gpt-5"
    assert "stand_in" in said["question_filters"][-1]["files"]


def test_files_that_are_here_are_read_in_a_rehearsal_too(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text('{"q": "Why?"}\n', "utf-8")
    assert loaded(tmp_path, rehearsed=True).resolved()["sources"][1]["use"] == "files"


@pytest.mark.parametrize(("name", "use"), [("here.jsonl", "files"), ("gone.jsonl", "stand_in")])
def test_a_file_named_by_its_whole_path_is_looked_for_as_well(tmp_path: Path, name: str, use: str) -> None:
    (tmp_path / "here.jsonl").write_text('{"q": "Why?"}\n', "utf-8")
    text = WHOLE.replace("mine.jsonl", str(tmp_path / name))
    assert loaded(tmp_path, text, rehearsed=True).resolved()["sources"][1]["use"] == use


def test_an_option_goes_before_the_rehearsal(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, rehearsed=True, overrides=["teacher.correct_rate=1", "scale=1"], target=7)
    assert (recipe.teacher.plugin.correct_rate, recipe.target, recipe.scale) == (1, 7, 1)
    assert recipe.sources[0].plugin.scale == 1


@pytest.mark.parametrize(
    ("written", "overrides", "target"),
    [
        ("", [], 100),
        ("scale: 0.5", [], 100),  # what a recipe says of its rehearsal goes before what it says of itself
        ("", ["scale=0.3"], 300),
        ("", ["rehearsal_scale=0.2"], 200),
        ("scale: 0.5", ["scale=1"], 1000),
        ("", ["rehearsal_scale=0.2", "scale=0.3"], 300),
        ("", ["rehearsal_scale=null"], 1000),
    ],
)
def test_the_size_of_a_rehearsal_is_that_of_the_option_or_of_the_recipe(
    tmp_path: Path, written: str, overrides: list[str], target: int
) -> None:
    assert loaded(tmp_path, f"{WHOLE}{written}\n", rehearsed=True, overrides=overrides).target == target


def test_a_rehearsal_without_a_size_of_its_own_has_the_recipe_s(tmp_path: Path) -> None:
    text = WHOLE.replace("rehearsal_scale", "scale")
    assert loaded(tmp_path, text, rehearsed=True).target == loaded(tmp_path, text).target == 100
    assert loaded(tmp_path, text, rehearsed=True, overrides=["rehearsal_scale=0.5"]).target == 500


@pytest.mark.parametrize("scale", ["0.5", "1"])
def test_a_recipe_that_a_run_has_written_is_rehearsed_at_the_same_size(tmp_path: Path, scale: str) -> None:
    said = loaded(tmp_path, overrides=[f"scale={scale}"]).to_yaml()
    assert loaded(tmp_path, said).target == 1000 * float(scale)
    rehearsal = loaded(tmp_path, said, rehearsed=True)
    assert (rehearsal.target, rehearsal.sources[0].plugin.limit) == (100, 50)
    assert loaded(tmp_path, rehearsal.to_yaml(), rehearsed=True).target == 100


def test_the_stand_in_of_a_benchmark_is_named_by_its_place_in_the_package(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, rehearsed=True)
    assert recipe.resolved()["question_filters"][-1]["files"] == {
        "stand_in": "open_thoughts_gen/sources/stand_in_benchmark.jsonl"
    }


@pytest.mark.parametrize("rehearsed", [True, False])
def test_what_counts_questions_is_scaled_and_the_rest_is_not(tmp_path: Path, rehearsed: bool) -> None:
    options = [] if rehearsed else ["scale=0.1"]
    recipe = loaded(tmp_path, rehearsed=rehearsed, overrides=options)
    assert (recipe.target, recipe.scale, recipe.sources[0].plugin.limit) == (100, 1, 50)
    assert recipe.question_filters[1].plugin.k == 6
    assert recipe.question_filters[2].plugin.num == 1
    assert recipe.question_filters[0].plugin.scale == (1, 10)


def test_a_target_on_the_command_line_is_meant_as_it_stands(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, rehearsed=True, target=15)
    assert (recipe.target, recipe.sources[0].plugin.limit) == (15, 50)
    assert loaded(tmp_path, overrides=["scale=0.01"], target=15).target == 15


def test_the_resolved_recipe_of_a_rehearsal_loads_back_to_the_same(tmp_path: Path) -> None:
    recipe = loaded(tmp_path, rehearsed=True)
    assert loaded(tmp_path, recipe.to_yaml()) == recipe
    assert yaml.safe_load(recipe.to_yaml())["scale"] == 1
