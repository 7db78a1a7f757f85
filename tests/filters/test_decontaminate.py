"""The filter: benchmarks that are kept are checked, the others told, and every recipe has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.contamination.registry import benchmarks, store
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.decontaminate import Decontaminate
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.sources.stand_in import BENCHMARK
from open_thoughts_gen.types import DropReason, FilterReport, Question, Sample

ITEM = "A robe takes 2 bolts of blue fiber and half that much white fiber. How many bolts in total does it take?"
SECRET = "Which of the following particles is emitted when a nucleus of bismuth turns into one of polonium?"
RECIPE = """\
name: toy
source: {use: files, path: questions.jsonl}
teacher: solver
"""


@pytest.fixture
def context(tmp_path: Path) -> Context:
    store(benchmarks()["gsm8k"], tmp_path, "abc", ["What is what?", ITEM])
    store(benchmarks()["gpqa_diamond"], tmp_path, "def", [SECRET])
    return Context(folder=tmp_path, cache=tmp_path / "responses.sqlite")


def run(context: Context, prompts: list[str], **settings: Any) -> tuple[list[DropReason | None], FilterReport]:
    one = Decontaminate.model_validate(settings).fresh(context)
    fates = list(one.drop_reasons([Sample(Question(prompt)) for prompt in prompts]))
    report = one.report()
    assert report is not None
    return fates, report


def test_a_drop_names_item_check_span_and_score(context: Context) -> None:
    (why, none), report = run(context, [f"Please solve: {ITEM.upper()}", "How tall is the tower?"])
    assert none is None
    assert why is not None
    assert (why.reason, why.twin, why.score) == ("contaminated: gsm8k", "gsm8k/1", 100.0)
    assert why.detail.startswith("containment, characters 14 to 117: 'A ROBE TAKES 2 BOLTS")
    (first, *_) = report.facts["checked"]
    assert first == {
        "benchmark": "gsm8k",
        "id": "openai/gsm8k",
        "revision": "abc",
        "num_items": 2,
        "num_dropped": 1,
    }


def test_a_file_of_the_package_is_named_from_the_package_s_folder(context: Context) -> None:
    path = "open_thoughts_gen/sources/stand_in_benchmark.jsonl"
    prompt = json.loads(BENCHMARK.read_text("utf-8").splitlines()[0])["question"]
    (why, none), report = run(context, [prompt, ITEM], files={"ours": path}, benchmarks=["math500"])
    assert why is not None
    assert (why.reason, none) == ("contaminated: ours", None)
    assert report.facts["checked"][-1]["id"] == "stand_in_benchmark.jsonl"
    here = context.folder / path  # the reader's own file of that name goes first
    here.parent.mkdir(parents=True)
    here.write_text(json.dumps({"question": ITEM}), "utf-8")
    (none, why), _ = run(context, [prompt, ITEM], files={"ours": path}, benchmarks=["math500"])
    assert why is not None
    assert (why.reason, none) == ("contaminated: ours", None)


def test_what_could_not_be_checked_is_told(context: Context) -> None:
    _, report = run(context, [ITEM])
    missing = report.facts["not_checked"]
    assert missing.keys() == benchmarks().keys() - {"gsm8k", "gpqa_diamond"}
    assert (missing["aime24"], missing["hle"]) == ("not fetched", "gated, and not fetched")
    _, report = run(context, [ITEM], benchmarks=("gsm8k",))
    assert report.facts["not_checked"] == {}


def test_a_withheld_benchmark_is_named_and_not_quoted(context: Context) -> None:
    (why,), _ = run(context, [SECRET])
    assert why is not None
    assert why.reason == "contaminated: gpqa_diamond"
    assert why.detail.endswith(": not quoted")


def test_a_near_miss_is_kept_for_review(context: Context) -> None:
    prompt = ITEM.replace("2", "7").replace("half", "3 times")
    (none,), report = run(context, [prompt])
    assert none is None
    ((sample, why),) = report.reviews
    assert sample.question.prompt == prompt
    assert (why.reason, why.twin) == ("near: gsm8k", "gsm8k/1")
    assert why.detail.endswith("alike but for the figures")
    assert report.facts["num_for_review"] == 1


def test_require_makes_it_a_fault_before_anything_is_paid_for(context: Context) -> None:
    Decontaminate(require=True, benchmarks=("gsm8k",)).fresh(context)
    with pytest.raises(UserError, match="`require` is set, but 1 benchmarks have not been fetched: aime24; fetch them"):
        Decontaminate(require=True, benchmarks=("gsm8k", "aime24")).fresh(context)
    with pytest.raises(UserError, match="there is no benchmark 'gsm9k'"):
        Decontaminate(benchmarks=("gsm9k",)).fresh(context)


def test_a_commit_can_be_pinned(context: Context, tmp_path: Path) -> None:
    store(benchmarks()["gsm8k"], tmp_path, "newer", ["Something else?"])
    assert run(context, [ITEM], benchmarks=("gsm8k",))[0] == [None]
    (why,), _ = run(context, [ITEM], benchmarks=("gsm8k",), revisions={"gsm8k": "abc"})
    assert why is not None


@pytest.mark.parametrize(
    ("rule", "prompt", "accused"),
    [
        ("openthoughts-114k", ITEM, True),
        ("openthoughts-114k", ITEM.lower(), True),
        ("openthoughts-114k", f"Please solve: {ITEM}", False),
        ("openthoughts2", f"Please: {ITEM}", True),
        ("open-r1", "half that much white fiber. How many bolts in total has she?", True),
        ("s1", "half that much white fiber. How many bolts in total has she?", False),
        ("default", "half that much white fiber. How many bolts in total has she?", False),
    ],
)
def test_published_rules_by_name(context: Context, rule: str, prompt: str, accused: bool) -> None:
    (why,), _ = run(context, [prompt], rule=rule, benchmarks=["gsm8k"])
    assert (why is not None) is accused


def test_settings_go_before_the_rule_and_must_make_sense() -> None:
    assert Decontaminate.model_validate({"rule": "openthoughts2", "indel": 80.0}).indel == 80
    with pytest.raises(ValueError, match="`token_ngram` needs `tokenizer`"):
        Decontaminate.model_validate({"rule": "openthoughts3"})
    with pytest.raises(ValueError, match="every check is off"):
        Decontaminate(whole=False, containment=None)


def test_it_gives_the_same_twice_and_for_equal_prompts(context: Context) -> None:
    samples = [Sample(Question(ITEM)), Sample(Question("New?")), Sample(Question(ITEM))]
    one = Decontaminate().fresh(context)
    first = list(one.drop_reasons(samples))
    assert first[0] == first[2]
    assert list(one.drop_reasons(samples)) == first
    (checked, *_) = (one.report() or FilterReport("", "")).facts["checked"]
    assert checked["num_dropped"] == 2


def written(tmp_path: Path, text: str, **options: Any) -> list[str]:
    file = tmp_path / "toy.yaml"
    file.write_text(text)
    recipe = load_recipe(file, **options)
    file.write_text(recipe.to_yaml())
    assert load_recipe(file) == recipe
    return [part.use for part in recipe.question_filters]


def test_every_recipe_has_it_at_the_end_unless_it_says_no(tmp_path: Path) -> None:
    assert written(tmp_path, RECIPE) == ["decontaminate"]
    assert written(tmp_path, RECIPE + "question_filters: [exact_dedup]\n") == ["exact_dedup", "decontaminate"]
    own = "question_filters: [decontaminate, exact_dedup]\n"
    assert written(tmp_path, RECIPE + own) == ["decontaminate", "exact_dedup"]
    assert written(tmp_path, RECIPE + "decontaminate: off\n") == []
    assert written(tmp_path, RECIPE, overrides=["decontaminate=false"]) == []


def test_its_settings_may_stand_at_the_top(tmp_path: Path) -> None:
    file = tmp_path / "toy.yaml"
    file.write_text(RECIPE + "decontaminate: {rule: open-r1, benchmarks: [gsm8k]}\n")
    (part,) = load_recipe(file).question_filters
    assert (part.plugin.word_ngram, part.plugin.benchmarks) == (8, ("gsm8k",))
    file.write_text(RECIPE + "decontaminate:\n  rule: open-r2\n")
    with pytest.raises(UserError, match=r"toy\.yaml:5: decontaminate\.rule"):
        load_recipe(file)
    file.write_text(RECIPE + "question_filters: [decontaminate]\ndecontaminate: off\n")
    with pytest.raises(UserError, match=r"toy\.yaml:5: decontaminate: it is off, and the filter is listed as well"):
        load_recipe(file)
    file.write_text(RECIPE + "decontaminate: maybe\n")
    with pytest.raises(UserError, match=r"toy\.yaml:4: decontaminate"):
        load_recipe(file)
