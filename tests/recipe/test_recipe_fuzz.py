"""Recipes nobody wrote: whatever becomes of a good one's text, it loads or its faults are told; what loads lasts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.recipe import Part, Publish, Recipe, load_recipe
from open_thoughts_gen.recipe.yaml_lines import read
from tests.plugins_for_tests import HERE, Rule, ToyFilter, ToySource, ToyTeacher, ToyVerifier

GOOD = f"""\
# Toys for everybody.
name: toy
seed: 7
target: 20
max_questions: 500
attempts: 2
sources:
  - use: {HERE}:ToySource
    count: 5
    ratio: 0.25
    shuffled: true
    text: "for ${{HOME:-nobody}}, $${{5}}"
    mode: nested
    since: "2024-01-01"
    labels: [a, &b b, *b]
    rules:
      - name: first
        weight: 2
    mapping: {{x: 1, y: two}}
question_filters:
  - exact_dedup
  - {{use: "{HERE}:ToyFilter", least: 1, when: {{domain: law}}}}
teacher:
  use: {HERE}:ToyTeacher
  model: small
  api_key: ${{TOY_KEY}}
verifiers:
  - exact
  - use: {HERE}:ToyVerifier
    threshold: 0.9
    when: {{domain: [math, law], level: 3}}
sample_filters:
  - use: {HERE}:ToyFilter
    least: 2
publish:
  title: Toys
  license: mit
  language: en
  purpose: |
    Toys: all
    of them.
  columns: {{level: int}}
"""
SECRET = "sk-live-abcdef123456"

WORDS = r"""
    ~ 0 -1 1.5 1e400 .nan .inf yes no 012 0x1F 1:30 2024-01-01 99999999999999999999999999 banana '' ' " [ ] { } [] {}
    [[[]]] [1,a,~] {a:1} {[a]:b} ? &x *x *b &a[*a] <<:*b !!binary !!set{a} ${ ${} ${NO_SUCH_THING} ${TOY_KEY} $${x} | >-
    ${HOME:-${HOME}} |2 # - : --- ... %YAML use when exact verified no.such:Thing a:b:c "\x00" "\ud800" tests.toy:X
"""
CHARACTERS = ["", "\t", "\x00", "\x07", "\x85", "\u2028", "\ufeff", "\ud800"]
PHRASES = [
    "# note",
    "- x",
    "a: b",
    "&a [*a]",
    "? x",
    "!!int x",
    "<<: *b",
    "{a: 1}",
    "%YAML 1.1",
    "!!python/name:os.system x",
]
JUNK = st.sampled_from([*WORDS.split(), *CHARACTERS, *PHRASES, f"{HERE}:Unfinished", f"{HERE}:Toy"])
KEYS = "name use when licence source publish count 1 no << '' {} é folder teacher".split()


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """Return the good recipe after one to four accidents."""
    lines = GOOD.split("\n")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        lines[at : at + 1] = draw(st.sampled_from(ACCIDENTS))(draw, lines, at)
        lines = lines or [""]
    return "\n".join(lines)


def _value(draw: st.DrawFn, lines: list[str], at: int) -> list[str]:
    head, colon, _ = lines[at].partition(": ")
    return [f"{head}{colon or ': '}{draw(JUNK)}"]


def _key(draw: st.DrawFn, lines: list[str], at: int) -> list[str]:
    head, colon, tail = lines[at].partition(":")
    indent = head[: len(head) - len(head.lstrip(" -"))]
    return [f"{indent}{draw(st.sampled_from(KEYS))}{colon}{tail}"]


def _insert(draw: st.DrawFn, lines: list[str], at: int) -> list[str]:
    column = draw(st.integers(0, len(lines[at])))
    return [lines[at][:column] + draw(JUNK | st.text(max_size=3)) + lines[at][column:]]


def _cut(draw: st.DrawFn, lines: list[str], at: int) -> list[str]:
    start = draw(st.integers(0, len(lines[at])))
    return [lines[at][:start] + lines[at][draw(st.integers(start, len(lines[at]))) :]]


def _indent(draw: st.DrawFn, lines: list[str], at: int) -> list[str]:
    return [" " * draw(st.integers(0, 9)) + lines[at].lstrip()]


def _swap(draw: st.DrawFn, lines: list[str], at: int) -> list[str]:
    other = draw(st.integers(0, len(lines) - 1))
    here, lines[other] = lines[other], lines[at]
    return [here]


ACCIDENTS: list[Any] = [
    lambda draw, lines, at: [],
    lambda draw, lines, at: [lines[at], lines[at]],
    lambda draw, lines, at: [lines[at], draw(JUNK)],
    _value,
    _value,
    _key,
    _insert,
    _cut,
    _indent,
    _swap,
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recipes")


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_KEY", SECRET)


EVERY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def loaded(folder: Path, text: str, **options: Any) -> Recipe | None:
    """Return the recipe, or None after a look at its faults."""
    file = folder / "toy.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return load_recipe(file, **options)
    except UserError as error:
        faults = error.faults
    assert faults
    for fault in faults:
        line = str(fault)
        assert fault.message
        assert fault.where.startswith((str(file), "--"))
        assert line.isprintable(), line
        assert SECRET not in line
        assert len(line) < 2000 + len(str(file))
    return None


def round_trips(folder: Path, recipe: Recipe) -> None:
    assert SECRET not in recipe.to_yaml() + repr(recipe)
    for text in (recipe.to_yaml(), yaml.safe_dump(recipe.resolved(), sort_keys=False)):
        again = loaded(folder, text)
        assert again == recipe
        assert again.to_yaml() == recipe.to_yaml()


def test_the_good_recipe_is_good(folder: Path) -> None:
    recipe = loaded(folder, GOOD)
    assert recipe is not None
    round_trips(folder, recipe)


@given(text=mutants())
@settings(EVERY, max_examples=300)
def test_mutated_recipes_load_or_tell(folder: Path, text: str) -> None:
    recipe = loaded(folder, text)
    if recipe is not None:
        nan = ".nan" in recipe.to_yaml()  # the one value that does not equal itself
        round_trips(folder, recipe) if not nan else None


@given(text=st.text(max_size=60) | st.lists(JUNK, max_size=6).map(" ".join) | st.lists(JUNK, max_size=6).map("\n".join))
@settings(EVERY, max_examples=300)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        root, faults = read(text, "toy.yaml")
    except UserError as error:
        faults = list(error.faults)
    else:
        assert root is None or all(leaf.where.startswith("toy.yaml:") for _, leaf in root.leaves())
    assert all(fault.where.startswith("toy.yaml:") for fault in faults)


@given(content=st.binary(max_size=40))
@settings(EVERY, max_examples=50)
def test_any_bytes_are_no_traceback(folder: Path, content: bytes) -> None:
    (folder / "bytes.yaml").write_bytes(content)
    with pytest.raises(UserError):
        load_recipe(folder / "bytes.yaml")


PATHS = st.sampled_from(
    ["name", "target", "publish.title", "publish.tags", "sources[0].count", "verifiers.0", "teacher"]
)
OPTIONS = st.builds("{}={}".format, PATHS | st.text(alphabet="ab.[]01", max_size=8), JUNK | st.text(max_size=8))


@given(option=OPTIONS | st.text(max_size=12), teacher=st.none() | JUNK | st.text(max_size=8))
@settings(EVERY, max_examples=200)
def test_any_option_loads_or_tells(folder: Path, option: str, teacher: str | None) -> None:
    loaded(folder, GOOD, overrides=[option], teacher=teacher)


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t ${}:#'\"|-"), max_size=20)
SOURCES = st.builds(
    ToySource,
    count=st.integers(1, 100),
    ratio=st.floats(allow_nan=False),
    text=TEXT,
    mode=st.sampled_from(["plain", "nested"]),
    file=st.none() | st.sampled_from([Path("a/b"), Path("/c.csv")]),
    since=st.none() | st.dates(),
    labels=st.lists(TEXT, max_size=3).map(tuple),
    rules=st.lists(st.builds(Rule, name=TEXT, weight=st.floats(allow_nan=False)), max_size=2).map(tuple),
    mapping=st.dictionaries(TEXT, TEXT | st.integers(-(2**63) + 1, 2**63 - 1), max_size=3),
    either=st.integers(-(2**63) + 1, 2**63 - 1) | TEXT,
)
WANTED = TEXT | st.integers(-99, 99) | st.booleans() | st.floats(allow_nan=False)
WHENS = st.dictionaries(TEXT, WANTED | st.lists(WANTED, min_size=1, max_size=3).map(tuple), max_size=3)
RECIPES = st.builds(
    Recipe,
    name=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,9}", fullmatch=True),
    seed=st.integers(0, 2**63 - 1),
    target=st.none() | st.integers(1, 999),
    decontaminate=st.just(False),  # a recipe that is loaded and does not say so has the filter
    sources=st.lists(st.builds(Part, use=st.just(f"{HERE}:ToySource"), plugin=SOURCES), min_size=1, max_size=2).map(
        tuple
    ),
    teacher=st.builds(Part, use=st.just(f"{HERE}:ToyTeacher"), plugin=st.builds(ToyTeacher, model=TEXT)),
    verifiers=st.lists(
        st.builds(Part, use=st.just(f"{HERE}:ToyVerifier"), plugin=st.builds(ToyVerifier), when=WHENS), max_size=2
    ).map(tuple),
    sample_filters=st.lists(
        st.builds(Part, use=st.just(f"{HERE}:ToyFilter"), plugin=st.builds(ToyFilter, least=st.integers(0, 9))),
        max_size=2,
    ).map(tuple),
    publish=st.builds(
        Publish,
        title=TEXT.filter(str.strip),
        tags=st.lists(TEXT, max_size=2).map(tuple),
        purpose=TEXT,
        limitations=TEXT,
    ),
)


@given(recipe=RECIPES)
@settings(EVERY, max_examples=150)
def test_every_recipe_survives_being_written(folder: Path, recipe: Recipe) -> None:
    assert "TOY_KEY" in os.environ
    round_trips(folder, recipe)
