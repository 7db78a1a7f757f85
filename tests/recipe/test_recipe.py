"""Recipes: every fault is told with its line and its hint, all in one run; secrets stay secret; what loads lasts."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr, ValidationError

from open_thoughts_gen import plugin
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.recipe import Part, Publish, Recipe, json_schema, load_recipe
from open_thoughts_gen.types import Question
from tests.plugins_for_tests import HERE, ToySource, ToyTeacher, ToyVerifier

GOOD = f"""\
name: toy
target: 20
sources:
  - use: {HERE}:ToySource
    count: 5
    labels: [a, b]
teacher: {{use: "{HERE}:ToyTeacher", model: small}}
verifiers:
  - {HERE}:ToyVerifier
  - use: {HERE}:ToyVerifier
    threshold: 0.9
    when: {{domain: [math, law], level: 3}}
sample_filters:
  - use: {HERE}:ToyFilter
    least: 2
publish:
  title: Toys
  license: mit
  columns: {{level: int}}
"""


def load(folder: Path, text: str | bytes, **options: Any) -> Recipe:
    file = folder / "toy.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return load_recipe(file, **options)


def faults(folder: Path, text: str | bytes, **options: Any) -> list[str]:
    """Return the faults, each as its one line, with the file's folder left out."""
    with pytest.raises(UserError) as caught:
        load(folder, text, **options)
    lines = str(caught.value).split("\n")
    assert len(lines) == len(caught.value.faults)
    assert all(fault.where for fault in caught.value.faults)
    assert caught.value.__context__ is None  # what pydantic raised carries the values
    return [line.replace(f"{folder}/", "") for line in lines]


def with_source(settings: str) -> str:
    return f"name: toy\nteacher: {{use: '{HERE}:ToyTeacher', model: m}}\nsource:\n  use: {HERE}:ToySource\n{settings}"


def with_verifier(settings: str) -> str:
    return f"{with_source('')}verifiers:\n  - use: {HERE}:ToyVerifier\n{settings}"


def test_a_good_recipe_loads(tmp_path: Path) -> None:
    recipe = load(tmp_path, GOOD)
    assert (recipe.name, recipe.target, recipe.seed, recipe.attempts) == ("toy", 20, 0, 1)
    assert recipe.sources[0].plugin == ToySource(count=5, labels=("a", "b"))
    assert recipe.teacher.plugin.model == "small"
    assert [part.use for part in recipe.verifiers] == [f"{HERE}:ToyVerifier"] * 2
    assert recipe.verifiers[1].when == {"domain": ("math", "law"), "level": 3}
    assert recipe.publish == Publish(title="Toys", license="mit", columns={"level": "int"})
    assert recipe.folder == tmp_path
    assert "folder" not in recipe.to_yaml()


def test_source_alone_is_sources_of_one(tmp_path: Path) -> None:
    assert load(tmp_path, with_source("  count: 7\n")).sources[0].plugin.count == 7


def test_anchors_and_merge_keys_are_yaml(tmp_path: Path) -> None:
    text = with_source(
        f"verifiers:\n  - &v {{use: '{HERE}:ToyVerifier', threshold: 0.1}}\n  - <<: *v\n    threshold: 0.2\n"
    )
    assert [part.plugin.threshold for part in load(tmp_path, text).verifiers] == [0.1, 0.2]


def test_empty_lists_may_be_left_blank(tmp_path: Path) -> None:
    recipe = load(tmp_path, with_source("verifiers:\nsample_filters: []\npublish:\n"))
    assert (recipe.verifiers, recipe.sample_filters, recipe.publish) == ((), (), Publish(title="toy"))


@pytest.mark.parametrize(
    ("target", "most", "limit"), [(None, None, None), (5, None, 1000), (500, None, 5000), (5, 9, 9)]
)
def test_how_many_questions_may_be_drawn(
    tmp_path: Path, target: int | None, most: int | None, limit: int | None
) -> None:
    recipe = load(tmp_path, GOOD).model_copy(update={"target": target, "max_questions": most})
    assert recipe.question_limit == limit


# What is not a recipe at all


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "toy.yaml: the recipe is empty; begin with `name: ...`"),
        ("# nothing\n", "toy.yaml: the recipe is empty; begin with `name: ...`"),
        ("\n- a\n- b\n", "toy.yaml:2: a recipe is a mapping, not a list; begin with `name: ...`"),
        ("just text", "toy.yaml:1: a recipe is a mapping, not 'just text'; begin with `name: ...`"),
        (
            "name: x\n\tseed: 1\n",
            "toy.yaml:2: not YAML: found character '\\t' that cannot start any token; indent with spaces",
        ),
        (
            "name: x\nseed: a: b\n",
            "toy.yaml:2: not YAML: mapping values are not allowed here; "
            "quote a value that holds `: `, and check the indentation",
        ),
        ("name: a\nseed: *b\n", "toy.yaml:2: not YAML: found undefined alias 'b'; an alias `*x` needs an anchor `&x`"),
        ("name: 'a\n", "toy.yaml:2: not YAML: the file ends inside quotes; close the bracket or the quote"),
        ("name: a\n---\nname: b\n", "toy.yaml:2: not YAML: but found another document; keep one recipe"),
        ("name: a\nseed: \x07\n", "toy.yaml:2: the character U+0007 is not allowed in YAML"),
        ('name: "\\UFFFFFFFF"\n', "toy.yaml:1: not YAML: a number or escape out of range"),
        (b"name: a\ntitle: caf\xe9\n", "toy.yaml:2: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        ("name: a\nx: &x [*x]\n", "toy.yaml:2: nested too deep"),
        ("name: a\nx: &x {<<: *x}\n", "toy.yaml:2: nested too deep"),
        ("name: a\nx:\n  " + "[" * 5000, "toy.yaml:3: not YAML: nested too deep"),
        ("x: " + "a" * 300_000, "toy.yaml: more than 256 KiB of YAML"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, text: str | bytes, told: str) -> None:
    (line,) = faults(tmp_path, text)
    assert line.startswith(told)


def test_alias_bombs_are_defused(tmp_path: Path) -> None:
    levels = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 12)]
    assert "more than" in faults(tmp_path, "\n".join(["a0: &a0 x", *levels]))[0]
    chain = [f"b{level}: &b{level} [*b{level - 1}]" for level in range(1, 500)]
    assert "nested too deep" in faults(tmp_path, "\n".join(["b0: &b0 x", *chain]))[0]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    (tmp_path / "legal.yaml").touch()
    told = {}
    for name in ("leagl.yaml", "nowhere/else.yaml", ".", "legal.yaml/x", "a\0b"):
        with pytest.raises(UserError) as caught:
            load_recipe(tmp_path / name)
        told[name] = str(caught.value).replace(f"{tmp_path}/", "")
    assert told["leagl.yaml"] == "leagl.yaml: there is no such file; did you mean legal.yaml?"
    assert "there is no such file" in told["nowhere/else.yaml"]
    assert "this is a folder" in told["."]
    assert "Not a directory" in told["legal.yaml/x"]
    assert "cannot be read" in told["a\0b"]


# One fault at a time


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("  count: banana\n", "5: source.count: a whole number is expected, not 'banana'"),
        ("  count: 2.0\n", "5: source.count: a whole number is expected, not 2.0"),
        ("  count: yes\n", "5: source.count: a whole number is expected, not yes"),
        ("  count: '2'\n", "5: source.count: a whole number is expected, not '2'; write 2 without quotes or variables"),
        ("  count:\n", "5: source.count: a whole number is expected, not nothing"),
        ("  count: 0\n", "5: source.count: must be at least 1, not 0"),
        ("  count: 999\n", "5: source.count: must be at most 100, not 999"),
        ("  count: 99999999999999999999\n", "5: source.count: the number is too big; write one of at most 18 digits"),
        ("  count: 012\n", '5: source.count: YAML reads 012 as the number 10; write 10, or quote it: "012"'),
        ("  text: 12:30\n", '5: source.text: YAML reads 12:30 as the number 750; write 750, or quote it: "12:30"'),
        ("  text: 2024-01-01\n", '5: source.text: YAML reads 2024-01-01 as a date; quote it: "2024-01-01"'),
        ("  text: no\n", '5: source.text: text is expected, not no; quote it: "no"'),
        ("  text: 1.10\n", '5: source.text: text is expected, not 1.10; quote it: "1.10"'),
        ("  text: [a]\n", "5: source.text: text is expected, not a list"),
        ('  text: "a\\x07b"\n', "5: source.text: the character U+0007 is not allowed in a recipe; delete it"),
        ('  text: "\\ud800"\n', "5: source.text: the character U+D800 is not allowed in a recipe; delete it"),
        ("  text: !!python/name:os.system\n", "5: source.text: the tag tag:yaml.org,2002:python/name:os.system is not"),
        ("  text: !!int x\n", "5: source.text: 'x' is not a number; quote it: \"x\""),
        (
            "  ratio: 1e-5\n",
            "5: source.ratio: a number is expected, not '1e-5'; YAML reads this as text",
        ),
        ("  ratio: true\n", "5: source.ratio: a number is expected, not true"),
        ("  shuffled: 1\n", "5: source.shuffled: true or false is expected, not 1"),
        ("  mode: plian\n", "5: source.mode: 'plian' is not allowed; did you mean 'plain'?"),
        ("  mode: 7\n", "5: source.mode: 7 is not allowed; choose nested, plain"),
        ("  since: soon\n", "5: source.since: a date in quotes is expected, not 'soon'"),
        ("  levels: [1, 9]\n", "5: source.levels[1]: 9 is not allowed; choose 1, 2"),
        ("  levels: []\n", "5: source.levels: must not be empty: at least 1"),
        ("  labels: a\n", "5: source.labels: a list is expected, not 'a'; write ['a']"),
        ("  labels: [a, 1]\n", '5: source.labels[1]: text is expected, not 1; quote it: "1"'),
        ("  mapping: {a: [1]}\n", "5: source.mapping.a: a whole number or text is expected, not a list"),
        ("  mapping: x\n", "5: source.mapping: a mapping is expected, not 'x'"),
        ("  either: {}\n", "5: source.either: a whole number or text is expected, not a mapping"),
        ("  rules: [{weight: 2}]\n", "5: source.rules[0].name: this setting is missing; add `name: ...`"),
        ("  rules:\n    - name: a\n      wait: 2\n", "7: source.rules[0].wait: this setting is not known"),
        ("  cuont: 5\n", "5: source.cuont: this setting is not known; did you mean 'count'?"),
        ("  count: 5\n  count: 6\n", "6: source.count: the key occurs twice, first in line 5; keep one of them"),
        ("  on: 5\n", "5: source.on: this key is not text for YAML; quote it"),
        ("  [a]: 5\n", "5: a key must be plain text"),
        ("  when: {domain: law}\n", "5: source.when: a source takes no `when`; only verifiers and filters do"),
        (
            "  weight: 0\n",
            "5: source.weight: a positive number is expected, not 0; write `weight: 2` for twice as many",
        ),
        (
            "  text: ${NO_SUCH_THING}\n",
            "5: source.text: the environment variable NO_SUCH_THING is not set; export NO_SUCH_THING=...",
        ),
        ("  text: ${x\n", "5: source.text: `${` without a variable; write ${NAME}, ${NAME:-default}, or $${"),
        (
            f"sources: ['{HERE}:ToySource']\n",
            "3: source: `source` and `sources` are both set; keep one of them",
        ),
        ("licence: mit\n", "5: licence: this setting is not known; write `license:` under `publish:`"),
        ("title: x\n", "5: title: this setting is not known; write `title:` under `publish:`"),
        ("verifers: []\n", "5: verifers: this setting is not known; did you mean 'verifiers'?"),
        ("folder: /etc\n", "5: folder: this setting is not known"),
        ("target: 0\n", "5: target: must be at least 1, not 0"),
        ("attempts: 1.0\n", "5: attempts: a whole number is expected, not 1.0"),
        (
            "verifiers: [exact]\nuntil: {accepted: 5, max_attempts: 2}\n",
            "6: until: accepted 5 is above max_attempts 2",
        ),
        ("seed: -1\n", "5: seed: must be at least 0, not -1"),
        ("target: 10\nmax_questions: 2\n", "6: max_questions: 2 questions with 1 attempt each cannot give 10 samples"),
        (
            "verifiers: math\n",
            "5: verifiers: a list of plug-ins is expected, not 'math'; begin each verifier with `- `",
        ),
        ("verifiers: [7]\n", "5: verifiers[0]: one verifier is expected, not 7; write `use: ...`, known: "),
        ("verifiers: [{use: 7}]\n", "5: verifiers[0].use: the name of a verifier is expected, not 7; known: "),
        (
            "verifiers: [{math: {}}]\n",
            "5: verifiers[0]: this does not name a verifier; write `use: math` with its settings",
        ),
        ("verifiers: [{}]\n", "5: verifiers[0]: this does not name a verifier; add `use: NAME`; known: "),
        ("verifiers: [mth]\n", "5: verifiers[0]: there is no verifier 'mth'; did you mean 'math'?"),
        ("verifiers:\n  - use: mth\n", "6: verifiers[0].use: there is no verifier 'mth'; did you mean 'math'?"),
        ("verifiers: ['..:x']\n", "5: verifiers[0]: '..:x' is not the name of a class; write their_package"),
        ("verifiers: ['no_such.thing:X']\n", "5: verifiers[0]: verifier 'no_such.thing:X': there is no no_such.py in"),
        (
            "verifiers: ['open_thoughts_gen.x:X']\n",
            "5: verifiers[0]: verifier 'open_thoughts_gen.x:X': there is no open_thoughts_gen/x.py in",
        ),
        (f"verifiers: ['{HERE}:ToySource']\n", f"5: verifiers[0]: {HERE} has no verifier class 'ToySource'"),
        (f"sample_filters: ['{HERE}:Unfinished']\n", f"5: sample_filters[0]: '{HERE}:Unfinished' is abstract"),
        (f"sample_filters: ['{HERE}:ToyFilter']\n", "5: sample_filters[0].least: this setting is missing; add `least"),
        (
            "sample_filters: [{use: verified, undecided: drop}]\n",
            "5: sample_filters[0]: `verified` needs a verifier",
        ),
        (
            "question_filters: [{use: verified, undecided: drop}]\n",
            "5: question_filters[0]: before the teacher nothing has been verified; move it",
        ),
        ("publish: [x]\n", "5: publish: a mapping is expected, not a list"),
        ("publish:\n  licence: mit\n", "6: publish.licence: this setting is not known; did you mean 'license'?"),
        (
            "publish:\n  license: mti\n",
            "6: publish.license: 'mti' is not allowed; did you mean 'mit'?",
        ),
        ("publish:\n  title: ''\n", "6: publish.title: the title is empty: write one, or leave the line out"),
        ("publish: {title: ' '}\n", "5: publish.title: the title is empty: write one, or leave the line out"),
        ("publish: {license: 4.0}\n", "5: publish.license: 4.0 is not allowed; the nearest are "),
        ("publish: {language: [no]}\n", '5: publish.language[0]: text is expected, not no; quote it: "no"'),
        ("publish: {columns: {a: integer}}\n", "5: publish.columns.a: 'integer' is not allowed"),
        ("publish: {repo: a/b/c}\n", "5: publish.repo: 'a/b/c' is not allowed"),
        (
            "publish:\n  columns: {level: int}\n  figure_by: [domain, levle]\n",
            "7: publish.figure_by[1]: there is no column 'levle' to group by; did you mean 'level'?",
        ),
        ("publish: {figure_by: kind}\n", "5: publish.figure_by: there is no column 'kind' to group by; known: "),
        (
            "publish:\n  task_categories:\n    - text2text-generation\n",
            "7: publish.task_categories[0]: 'text2text-generation' is not allowed; did you mean 'text-generation'?",
        ),
    ],
)
def test_one_fault(tmp_path: Path, settings: str, told: str) -> None:
    (line,) = faults(tmp_path, with_source(settings))
    assert line.startswith(f"toy.yaml:{told}")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("    word: value error\n", ["7: verifiers[0].word: 'value error' is no word"]),
        (
            "    word: chained\n",
            ["7: verifiers[0].word: the word is chained; break the chain", "7: verifiers[0].word: and heavy"],
        ),
        (
            "    word: user error\n",
            ["6: verifiers[0]: and nothing else will", "7: verifiers[0].word: this word will not do; use another"],
        ),
        ("    word: whole\n", ["6: verifiers[0]: the key and the word do not go together"]),
        (
            "    nested:\n      weight: much\n      wieght: 1\n",
            [
                "8: verifiers[0].nested.weight: a number is expected, not 'much'",
                "9: verifiers[0].nested.wieght: this setting is not known",
            ],
        ),
        ("    when: math\n", ["7: verifiers[0].when: a mapping is expected, not 'math'; write {domain: math}"]),
        (
            "    when: {domain: , level: [], kind: [[]]}\n",
            [
                "7: verifiers[0].when.domain: a value or a list of values is expected, not nothing",
                "7: verifiers[0].when.level: a value or a list of values is expected, not a list",
                "7: verifiers[0].when.kind: a value or a list of values is expected, not a list",
            ],
        ),
    ],
)
def test_faults_of_a_plugins_own(tmp_path: Path, settings: str, told: list[str]) -> None:
    assert faults(tmp_path, with_verifier(settings)) == [f"toy.yaml:{line}" for line in told]


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = f"""\
name: Not A Name
target: many
licence: mit
seed: 010
sources:
  - use: {HERE}:ToySource
    count: banana
    mode: plian
    text: ${{NO_SUCH_THING}}
  - use: famly
teacher:
  use: {HERE}:ToyTeacher
  when: {{domain: law}}
verifiers:
  - use: {HERE}:ToyVerifier
    threshold: 7
    threshold: 8
    api_key: sk-live-1234567
  - exactt
sample_filters:
  - use: {HERE}:ToyFilter
publish:
  license: mti
  tags: [2024-01-01]
  colums: {{}}
"""
    told = faults(tmp_path, text, overrides=["attempts=x", "nothing"], target=None, teacher=None)
    places = [line.split(": ")[0] + " " + line.split(": ")[1] for line in told]
    assert sorted(places) == sorted(
        [
            "toy.yaml:1 name",
            "toy.yaml:2 target",
            "toy.yaml:3 licence",
            "toy.yaml:4 seed",
            "toy.yaml:7 sources[0].count",
            "toy.yaml:8 sources[0].mode",
            "toy.yaml:9 sources[0].text",
            "toy.yaml:10 sources[1].use",
            "toy.yaml:11 teacher.model",
            "toy.yaml:13 teacher.when",
            "toy.yaml:16 verifiers[0].threshold",
            "toy.yaml:17 verifiers[0].threshold",
            "toy.yaml:18 verifiers[0].api_key",
            "toy.yaml:19 verifiers[1]",
            "toy.yaml:21 sample_filters[0].least",
            "toy.yaml:23 publish.license",
            "toy.yaml:24 publish.tags[0]",
            "toy.yaml:25 publish.colums",
            "--set attempts a whole number is expected, not 'x'",
            "--set nothing this names no setting or no value; write --set key.path=value",
        ]
    )
    lines = [int(place.split()[0].partition(":")[2] or 0) for place in places]
    assert lines == sorted(lines)


def test_what_is_missing_is_told_at_the_top(tmp_path: Path) -> None:
    assert faults(tmp_path, "seed: 1\n") == [
        "toy.yaml:1: name: this setting is missing; add `name: ...`",
        "toy.yaml:1: sources: this setting is missing; add `sources: ...`",
        "toy.yaml:1: teacher: this setting is missing; add `teacher: ...`",
    ]
    assert "toy.yaml:2: sources: must not be empty: at least 1" in faults(tmp_path, "name: a\nsources:\n")
    assert "toy.yaml:2: sources: must not be empty: at least 1" in faults(tmp_path, "name: a\nsource:\n")


# What a filter finds wrong with the recipe that names it


@pytest.mark.parametrize(
    ("settings", "messages"),
    [
        (
            f"sample_filters: ['{HERE}:Choosy']\n",
            ["8: sample_filters[0]: nothing is judged before sample_filters; move it"],
        ),
        (
            f"question_filters: [{{use: '{HERE}:Choosy', wanted: []}}]\nverifiers: ['{HERE}:ToyVerifier']\n",
            ["8: question_filters[0]: nothing is judged before question_filters; move it"],
        ),
        (
            f"verifiers: ['{HERE}:ToyVerifier']\nsample_filters:\n"
            f"  - exact_dedup\n  - use: '{HERE}:Choosy'\n    wanted:\n      - 0.5\n      - 0.7\n",
            ["14: sample_filters[1].wanted[1]: no verifier has 0.7; add one"],
        ),
        (
            f"verifiers: [{{use: '{HERE}:ToyVerifier', threshold: 9}}]\nsample_filters: ['{HERE}:Choosy']\n",
            ["8: verifiers[0].threshold: must be at most 1.0, not 9"],
        ),
    ],
)
def test_a_filter_checks_the_recipe_that_names_it(tmp_path: Path, settings: str, messages: list[str]) -> None:
    text = with_source("  count: 1\n  ratio: 0.5\n  text: x\n" + settings)
    assert faults(tmp_path, text) == [f"toy.yaml:{message}" for message in messages]


# Settings by their former names


def test_a_renamed_setting_is_accepted_with_a_note_that_names_the_new_one(tmp_path: Path) -> None:
    recipe = load(tmp_path, with_verifier("    limit: 0.25\n"))
    assert recipe.verifiers[0].plugin.threshold == 0.25
    assert [str(note).replace(f"{tmp_path}/", "") for note in recipe.notes] == [
        "toy.yaml:7: verifiers[0].limit: this setting is now called `threshold`; write `threshold:`"
    ]
    assert recipe == load(tmp_path, recipe.to_yaml())
    assert load(tmp_path, recipe.to_yaml()).notes == ()


def test_a_renamed_setting_is_accepted_inside_another_verifier(tmp_path: Path) -> None:
    nested = f"verifiers:\n  - use: any_of\n    of: [exact, {{use: '{HERE}:ToyVerifier', limit: 0.25}}]\n"
    recipe = load(tmp_path, with_source(nested))
    assert recipe.verifiers[0].plugin.of[1].verifier.threshold == 0.25
    assert "of[1].limit: this setting is now called `threshold`" in str(recipe.notes[0])


def test_a_setting_under_both_its_names_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path, with_verifier("    limit: 0.25\n    threshold: 0.5\n")) == [
        "toy.yaml:7: verifiers[0].limit: this is the former name of `threshold`, which is set too; keep one of them"
    ]
    (line,) = faults(tmp_path, with_verifier("    limit: high\n"))
    assert line.startswith("toy.yaml:7: verifiers[0].limit: a number is expected, not 'high'")


# When


@pytest.mark.parametrize(
    ("when", "question", "applies"),
    [
        ({}, Question("p"), True),
        ({"domain": "math"}, Question("p", domain="math"), True),
        ({"domain": "math"}, Question("p", domain="law"), False),
        ({"domain": ("math", "law")}, Question("p", domain="law"), True),
        ({"source": "x", "license": "mit"}, Question("p", source="x", license="mit"), True),
        ({"source": "x", "license": "mit"}, Question("p", source="x"), False),
        ({"level": 3}, Question("p", meta={"level": 3}), True),
        ({"level": 3}, Question("p", meta={"level": "3"}), False),
        ({"level": 1}, Question("p", meta={"level": True}), False),
        ({"level": (1, 2)}, Question("p"), False),
        ({"domain": "math"}, Question("p", domain="law", meta={"domain": "math"}), False),
    ],
)
def test_when_chooses_rows(when: dict[str, Any], question: Question, applies: bool) -> None:
    assert Part(use="toy", plugin=ToyVerifier(), when=when).applies_to(question) is applies


# Variables and secrets

SECRET = "sk-live-abcdef123456"


def test_variables_are_put_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "Ruritania")
    monkeypatch.delenv("NOWHERE", raising=False)
    monkeypatch.setenv("BLANK", "")
    text = "in ${PLACE}, ${NOWHERE:-Utopia}, ${BLANK:-nowhere}${BLANK}, $${PLACE}, $5, $x, $$${PLACE}"
    recipe = load(tmp_path, with_source(f"  text: '{text}'\n"))
    assert recipe.sources[0].plugin.text == "in Ruritania, Utopia, nowhere, ${PLACE}, $5, $x, $${PLACE}"
    assert load(tmp_path, recipe.to_yaml()) == recipe


def test_a_variable_is_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNT", "5")
    monkeypatch.setenv("BAD", "a\x1bb")
    told = faults(tmp_path, with_source("  count: ${COUNT}\n  text: ${BAD}\n"))
    assert told[1].startswith("toy.yaml:6: source.text: BAD holds a control character")
    assert told[0].endswith("not '5'; write 5 without quotes or variables")


@pytest.mark.parametrize(
    "setting",
    [
        "api_key: ${TOY_KEY}",
        "api_key: ${PLAIN}",
        "login: ${PLAIN}",
        "model: gpt-${TOY_KEY}",
        "stop_token: ${PLAIN}",
        "headers: {Authorization: 'Bearer ${PLAIN}'}",
        "headers: {x: 'Bearer ${TOY_KEY}'}",
        f"api_key: ${{UNSET_KEY:-{SECRET}}}",
    ],
)
def test_secrets_are_used_but_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv("TOY_KEY", SECRET)
    monkeypatch.setenv("PLAIN", SECRET)
    model = "" if setting.startswith("model") else "  model: m\n"
    text = f"name: toy\nsource: {HERE}:ToySource\nteacher:\n  use: {HERE}:ToyTeacher\n{model}  {setting}\n"
    recipe = load(tmp_path, text)
    teacher: ToyTeacher = recipe.teacher.plugin
    login = teacher.login.get_secret_value()
    assert (
        SECRET in f"{teacher.api_key} {teacher.model} {login} {teacher.stop_token} {''.join(teacher.headers.values())}"
    )
    for shown in (repr(recipe), str(recipe), repr(recipe.teacher), repr(teacher), f"{teacher}"):
        assert SECRET not in shown
    assert "${" + setting.partition("${")[2].rstrip("'}") in recipe.to_yaml()
    assert SECRET not in recipe.to_yaml().replace(f":-{SECRET}", "")  # a fallback is the recipe's own text
    assert load(tmp_path, recipe.to_yaml()) == recipe
    assert pickle.loads(pickle.dumps(recipe)) == recipe


@pytest.mark.parametrize("setting", ["api_key: {}", "login: '{}'", "headers: {{Authorization: 'Bearer {}'}}"])
def test_a_secret_in_the_recipe_itself_is_refused(tmp_path: Path, setting: str) -> None:
    text = f"name: toy\nsource: {HERE}:ToySource\nteacher:\n  use: {HERE}:ToyTeacher\n  model: m\n  "
    (line,) = faults(tmp_path, text + setting.format(SECRET))
    name = setting.split(":", maxsplit=1)[0]
    assert "toy.yaml:6: teacher." in line
    assert "a secret must not be written in a recipe, which is published; write ${" in line
    assert name.upper() in line or "AUTHORIZATION" in line
    assert SECRET not in line
    option = f"teacher.{name}={SECRET}" if name != "headers" else f"teacher.headers.api_key={SECRET}"
    (line,) = faults(tmp_path, text, overrides=[option])
    assert line.startswith("--set teacher.")
    assert SECRET not in line


def test_a_stop_token_is_no_secret(tmp_path: Path) -> None:
    text = f"name: toy\nsource: {HERE}:ToySource\nteacher: {{use: '{HERE}:ToyTeacher', model: m, stop_token: <end>}}\n"
    assert "stop_token: <end>" in load(tmp_path, text).to_yaml()


def test_no_fault_shows_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_KEY", SECRET)
    text = f"""\
name: ${{TOY_KEY}}
seed: ${{TOY_KEY}}
source: {{use: "{HERE}:ToySource", count: "${{TOY_KEY}}", mode: "${{TOY_KEY}}", labels: "${{TOY_KEY}}"}}
teacher: {{use: "${{TOY_KEY}}"}}
verifiers:
  - {{use: "{HERE}:ToyVerifier", word: whole, api_key: "${{TOY_KEY}}"}}
  - {{use: "{HERE}:ToyVerifier", threshold: "${{TOY_KEY}}", api_key: 123456789012}}
  - {{use: "{HERE}:ToyVerifier", when: "${{TOY_KEY}}", nested: {{weight: "${{TOY_KEY}}"}}}}
publish: {{title: "${{TOY_KEY}}", license: "${{TOY_KEY}}", columns: {{a: "${{TOY_KEY}}"}}}}
"""
    told = faults(tmp_path, text)
    assert len(told) >= 12
    assert not [line for line in told if SECRET in line or "123456789012" in line]
    assert "toy.yaml:1: name: the secret ${TOY_KEY} would be published; leave it out" in told
    assert "toy.yaml:6: verifiers[0]: the key ********** and the word do not go together" in told


# Options


@pytest.mark.parametrize(
    ("override", "found"),
    [
        ("target=7", lambda recipe: recipe.target == 7),
        ("target=null", lambda recipe: recipe.target is None),
        ("target=", lambda recipe: recipe.target is None),
        ("publish.title=Law: a primer", lambda recipe: recipe.publish.title == "Law: a primer"),
        ("publish.title=2024-01-01", lambda recipe: recipe.publish.title == "2024-01-01"),
        ("publish.title=# one", lambda recipe: recipe.publish.title == "# one"),
        ("publish.title='7'", lambda recipe: recipe.publish.title == "7"),
        ("publish.title=a = b", lambda recipe: recipe.publish.title == "a = b"),
        ("publish.tags=[a, b]", lambda recipe: recipe.publish.tags == ("a", "b")),
        ("publish.tags[0]=c", None),
        ("publish.columns.kind=string", lambda recipe: recipe.publish.columns == {"level": "int", "kind": "string"}),
        ("verifiers[0].threshold=0.25", lambda recipe: recipe.verifiers[0].plugin.threshold == 0.25),
        ("verifiers.1.threshold=0.25", lambda recipe: recipe.verifiers[1].plugin.threshold == 0.25),
        ("sources[0].text=${HOME:-x}", lambda recipe: "$" not in recipe.sources[0].plugin.text),
        ("source.count=9", lambda recipe: recipe.sources[0].plugin.count == 9),
        (f"sources=[{{use: '{HERE}:ToySource', count: 8}}]", lambda recipe: recipe.sources[0].plugin.count == 8),
    ],
)
def test_set_changes_a_value(tmp_path: Path, override: str, found: Any) -> None:
    if found is None:
        faults(tmp_path, GOOD, overrides=[override])
    else:
        assert found(load(tmp_path, GOOD, overrides=[override]))


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("target=0", "--set target: must be at least 1, not 0"),
        ("publish.titel=x", "--set publish.titel: this setting is not known; did you mean 'title'?"),
        ("verifiers[0].threshold=high", "--set verifiers[0].threshold: a number is expected, not 'high'"),
        (
            "verifiers[7].threshold=1",
            "--set verifiers[7].threshold: there is no [7], the list has 2; positions begin at 0",
        ),
        ("name.x=1", "--set name.x: name holds no settings; name a setting"),
        ("publish.title.x=1", "--set publish.title.x: publish.title holds no settings; name a setting"),
        ("verifiers.first.x=1", "--set verifiers.first.x: verifiers is a list; name one of its items, such as"),
        ("publihs.title=x", "--set publihs.title: publihs: this setting is not known; did you mean 'publish'?"),
        ("publish.tags=[a", "--set publish.tags: not YAML: "),
        ("=3", "--set : this names no setting or no value; write --set key.path=value"),
        ("seed=012", "--set seed: YAML reads 012 as the number 10; write 10"),
        ("publish.title=a\x07", "--set publish.title: the character U+0007 is not allowed in YAML"),
    ],
)
def test_faults_of_options(tmp_path: Path, override: str, told: str) -> None:
    assert faults(tmp_path, GOOD, overrides=[override])[0].startswith(told)


def test_target_and_seed_are_options(tmp_path: Path) -> None:
    recipe = load(tmp_path, GOOD, target=3, seed=9)
    assert (recipe.target, recipe.seed) == (3, 9)
    assert faults(tmp_path, GOOD, target=0) == ["--target: target: must be at least 1, not 0"]


def test_teacher_by_name_and_by_model(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD, teacher="solver").resolved()["teacher"]["use"] == "solver"
    assert load(tmp_path, GOOD, teacher="together/some/model").resolved()["teacher"]["model"] == "together/some/model"
    own = GOOD.replace(f'{{use: "{HERE}:ToyTeacher", model: small}}', "{use: openai, model: openai/a, max_tokens: 77}")
    changed = load(tmp_path, own, teacher="deepseek/b").resolved()["teacher"]
    assert (changed["model"], changed["max_tokens"]) == ("deepseek/b", 77)
    assert load(tmp_path, own, teacher="openai") == load(tmp_path, own)
    through = load(tmp_path, own, teacher="curator/deepseek/b").resolved()["teacher"]
    assert (through["use"], through["model"], through["max_tokens"]) == ("curator", "deepseek/b", None)
    assert load(tmp_path, own, teacher="openai/b").resolved()["teacher"]["model"] == "openai/b"
    assert load(tmp_path, GOOD, teacher=f"{HERE}:ToyTeacher") == load(tmp_path, GOOD)
    (line,) = faults(tmp_path, GOOD, teacher="solvr")
    assert line == "--teacher: 'solvr' is not a teacher; did you mean 'solver'?"
    (line,) = faults(tmp_path, GOOD, teacher="gpt5")
    assert line.startswith("--teacher: 'gpt5' is not a teacher; write PROVIDER/MODEL, such as openai/gpt5")


def test_a_teacher_named_beside_its_settings_takes_them(tmp_path: Path) -> None:
    settings = ["teacher.model=owner/model", "teacher.concurrency=7"]
    teacher = load(tmp_path, GOOD, overrides=settings, teacher="vllm").resolved()["teacher"]
    assert (teacher["use"], teacher["model"], teacher["concurrency"]) == ("vllm", "owner/model", 7)


# The resolved form


def test_resolved_writes_every_default(tmp_path: Path) -> None:
    recipe = load(tmp_path, GOOD)
    resolved = recipe.resolved()
    assert list(resolved) == list(Recipe.model_fields)
    assert resolved["sources"][0] == {
        "use": f"{HERE}:ToySource",
        "count": 5,
        "ratio": 0.5,
        "shuffled": False,
        "text": "",
        "mode": "plain",
        "file": None,
        "since": None,
        "labels": ["a", "b"],
        "levels": [1],
        "rules": [],
        "mapping": {},
        "either": 0,
    }
    assert "login" not in resolved["teacher"]  # a secret that is the plug-in's own default goes without saying
    assert resolved["verifiers"][1]["when"] == {"domain": ["math", "law"], "level": 3}
    again = load(tmp_path, yaml.safe_dump(resolved, sort_keys=False))
    assert again == recipe
    assert again.to_yaml() == recipe.to_yaml()
    assert yaml.safe_load(recipe.to_yaml()) == resolved


def test_where_a_recipe_lies_does_not_matter_to_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    assert load(tmp_path, GOOD) == load(tmp_path / "elsewhere", GOOD)


def test_lines_of_text_stay_lines(tmp_path: Path) -> None:
    recipe = load(tmp_path, GOOD + "  purpose: |\n    One.\n\n    Two: ${HOME:-x}\n")
    assert "purpose: |\n    One.\n\n    Two" in recipe.to_yaml()


def test_recipes_can_be_made_in_python() -> None:
    part = Part(use="toy", plugin=ToyTeacher(model="m", login=SecretStr(SECRET)))
    recipe = Recipe(name="x", sources=(Part(use="toy", plugin=ToySource()),), teacher=part)
    assert recipe.folder == Path()
    assert SECRET not in repr(recipe) + recipe.to_yaml()
    with pytest.raises(ValidationError):
        Recipe(name="Not A Name", sources=(), teacher=part)


# The schema


def test_the_schema_knows_every_plugin() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) == {*Recipe.model_fields, "source"}
    assert all("description" in found for found in schema["properties"].values())
    definitions = schema["$defs"]
    for kind in ("source", "filter", "teacher", "verifier"):
        references = [choice.get("$ref") for choice in definitions[kind]["anyOf"]]
        for name in plugin.names(kind):
            assert f"#/$defs/{kind}.{name}" in references
            assert definitions[f"{kind}.{name}"]["properties"]["use"] == {"const": name}
    assert "when" in definitions["verifier.exact"]["properties"]
    assert "when" not in definitions["source.family"]["properties"]
    assert {reference for reference in _references(schema)} <= {f"#/$defs/{name}" for name in definitions}


def test_the_schema_takes_good_recipes_and_refuses_bad_ones(tmp_path: Path) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    checker = jsonschema.Draft202012Validator(json_schema())
    checker.check_schema(checker.schema)
    for good in (
        GOOD,
        load(tmp_path, GOOD).to_yaml(),
        with_source("verifiers: [math, {use: exact}]\nsample_filters:\n"),
    ):
        assert checker.is_valid(yaml.safe_load(good)), good
    for bad in ("target: 0", "colour: red", "publish: {license: mti}", "verifiers: [{use: math, timeout_s: x}]"):
        assert not checker.is_valid(yaml.safe_load(with_source(bad))), bad


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(_references, value.values()))
    return set().union(*map(_references, value)) if isinstance(value, list) else set()


def test_loading_a_recipe_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "toy.yaml").write_text(GOOD, encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from open_thoughts_gen.recipe import load_recipe\n"
        f"load_recipe(Path({str(tmp_path / 'toy.yaml')!r}))\n"
        "heavy = {'datasets', 'pyarrow', 'matplotlib', 'openai', 'math_verify', 'huggingface_hub', 'pandas', 'numpy'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
