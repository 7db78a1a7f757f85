"""Verifiers inside verifiers: which are asked, what they come to, how a recipe writes them, and its faults."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from itertools import permutations, product
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context, Verifier
from open_thoughts_gen.plugin.nested import Nested, Pairs, keys_read
from open_thoughts_gen.plugin.when import meets
from open_thoughts_gen.recipe import Recipe, json_schema, load_recipe
from open_thoughts_gen.types import Outcome, Question, Trace, Verdict
from open_thoughts_gen.verifiers._combined import Combined
from open_thoughts_gen.verifiers.all_of import AllOf
from open_thoughts_gen.verifiers.any_of import AnyOf
from open_thoughts_gen.verifiers.first_decided import FirstDecided
from tests.toy.sums import Says

HERE = "tests.plugins_for_tests"
OUTCOMES: tuple[Outcome, ...] = ("correct", "incorrect", "undecided")
HEAD = f"name: toy\ntarget: 2\nsource: {HERE}:ToySource\nteacher: {{use: '{HERE}:ToyTeacher', model: m}}\nverifiers:\n"
SECRET = "sk-nested-0123456789"


class Heard(Verifier):
    """Says what the prompt says for its place, and remembers what it was asked."""

    place: int = 0
    all_attempts: bool = False

    @property
    def sees_attempts(self) -> bool:
        return self.all_attempts

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        ASKED.append((self.place, question.prompt))
        outcome = {"c": "correct", "i": "incorrect", "u": "undecided"}[trace.response[self.place]]
        told = "timeout: too slow" if outcome == "undecided" else f"because {outcome}"
        return Verdict(f"heard{self.place}", outcome, f"answer {self.place}", told)  # type: ignore[arg-type]


ASKED: list[tuple[int, str]] = []


@pytest.fixture(autouse=True)
def forget() -> None:
    ASKED.clear()


def pair(response: str, prompt: str = "?", **fields: Any) -> tuple[Question, Trace]:
    question = Question(prompt, **fields)
    return question, Trace(question.id, 0, "t", "", response)


def of(kind: type[Combined], *verifiers: Nested | Verifier) -> Combined:
    return kind.model_validate({"of": verifiers}).fresh(Context())


def verdicts(kind: type[Combined], *responses: str) -> list[Verdict]:
    made = of(kind, *(Heard(place=place) for place in range(len(responses[0]))))
    return list(made.verdicts([pair(response, response) for response in responses]))


@pytest.mark.parametrize(("kind", "wins", "loses"), [(AllOf, "i", "c"), (AnyOf, "c", "i")])
def test_kleenes_tables_hold_whatever_the_order(kind: type[Combined], wins: str, loses: str) -> None:
    for marks in product("ciu", repeat=3):
        expected = wins if wins in marks else "u" if "u" in marks else loses
        found = {verdict.outcome[0] for verdict in verdicts(kind, *map("".join, permutations(marks)))}
        assert found == {expected}, marks


def test_de_morgan() -> None:
    turned = str.maketrans("ci", "ic")
    for marks in product("ciu", repeat=3):
        (all_of,), (any_of,) = verdicts(AllOf, "".join(marks)), verdicts(AnyOf, "".join(marks).translate(turned))
        assert all_of.outcome[0] == any_of.outcome[0].translate(turned)


def test_the_first_that_decides_counts() -> None:
    for marks in product("ciu", repeat=3):
        (verdict,) = verdicts(FirstDecided, "".join(marks))
        assert verdict.outcome[0] == next((mark for mark in marks if mark != "u"), "u")


@pytest.mark.parametrize(
    ("kind", "response", "num_asked"),
    [(AllOf, "ciu", 2), (AllOf, "uci", 3), (AnyOf, "icu", 2), (AnyOf, "uui", 3), (FirstDecided, "uic", 2)],
)
def test_the_next_is_asked_only_while_it_can_change_the_outcome(
    kind: type[Combined], response: str, num_asked: int
) -> None:
    verdicts(kind, response)
    assert [place for place, _ in ASKED] == list(range(num_asked))


def test_verdicts_explain_themselves() -> None:
    assert verdicts(AllOf, "ci", "cu") == [
        Verdict(
            "all_of", "incorrect", "answer 1", "heard0: correct, because correct; heard1: incorrect, because incorrect"
        ),
        Verdict(
            "all_of",
            "undecided",
            "answer 1",
            "heard0: correct, because correct; heard1: undecided, timeout: too slow",
            "timeout",
        ),
    ]


def test_each_is_asked_for_its_own_rows_only() -> None:
    made = of(AllOf, Nested(Heard(place=0), when={"domain": "math"}), Nested(Heard(place=1), when={"level": (1, 2)}))
    rows = [
        pair("ic", "a", domain="math"),
        pair("ci", "b", meta={"level": 2}),
        pair("ci", "c", domain="math", meta={"level": 1}),
        pair("cc", "d"),
    ]
    found = list(made.verdicts(rows))
    assert [verdict.outcome for verdict in found] == ["incorrect", "incorrect", "incorrect", "undecided"]
    assert found[-1].cause == "no verifier"
    assert sorted(ASKED) == [(0, "a"), (0, "c"), (1, "b"), (1, "c")]


def test_one_that_sees_attempts_is_given_the_settled_ones_too() -> None:
    made = of(FirstDecided, Heard(place=0), Heard(place=1, all_attempts=True))
    assert made.sees_attempts
    found = list(made.verdicts([pair("ci", "q"), pair("ui", "q")]))
    assert [verdict.outcome for verdict in found] == ["correct", "incorrect"]
    assert ASKED == [(0, "q"), (0, "q"), (1, "q"), (1, "q")]


def test_each_is_made_fresh_for_the_run(tmp_path: Path) -> None:
    class Placed(Says):
        """Says where the cache is."""

        def verdict(self, question: Question, trace: Trace) -> Verdict:
            return Verdict("placed", "correct", str(self._context.cache))

    made = AllOf(of=(Nested(Placed()),)).fresh(Context(cache=tmp_path / "here"))
    assert made.verdict(*pair("")).answer == str(tmp_path / "here")


def test_it_knows_which_keys_of_meta_are_read() -> None:
    class Reads(Says):
        """Reads one key."""

        key: str

        @property
        def meta_keys(self) -> tuple[str, ...]:
            return (self.key,)

    nested = [Nested(Reads(key="tests")), Nested(Reads(key="spec"), when={"level": 3, "domain": "x"})]
    assert AnyOf(of=tuple(nested)).meta_keys == {"tests", "spec", "level"}
    assert AnyOf(of=(*nested, Nested(Says()))).meta_keys is None
    assert keys_read([], [{"kind": "a", "source": "b"}]) == {"kind"}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, True),
        ({"domain": "math"}, True),
        ({"domain": ("law", "math"), "level": 1}, True),
        ({"level": True}, False),
        ({"no_such": "x"}, False),
    ],
)
def test_when(when: dict[str, Any], expected: bool) -> None:
    assert meets(Question("?", domain="math", meta={"level": 1}), when) is expected


def load(folder: Path, verifiers: str) -> Recipe:
    (folder / "toy.yaml").write_text(HEAD + verifiers)
    return load_recipe(folder / "toy.yaml")


def faults(folder: Path, verifiers: str) -> list[str]:
    with pytest.raises(UserError) as caught:
        load(folder, verifiers)
    return [line.replace(f"{folder}/", "") for line in str(caught.value).split("\n")]


NESTED = """\
  - use: first_decided
    of:
      - exact
      - use: all_of
        when: {domain: [math, law]}
        of: [choice, {use: math, timeout_s: 2.5}]
"""


def test_a_recipe_writes_them_out_and_reads_them_again(tmp_path: Path) -> None:
    recipe = load(tmp_path, NESTED)
    written = recipe.to_yaml()
    assert "timeout_s: 2.5" in written
    assert "memory_gb: 2.0" in written
    (tmp_path / "again.yaml").write_text(written)
    again = load_recipe(tmp_path / "again.yaml")
    assert again == recipe
    assert again.to_yaml() == written
    assert pickle.loads(pickle.dumps(recipe)).to_yaml() == written
    inner = recipe.verifiers[0].plugin.of[1]
    assert (inner.use, inner.when) == ("all_of", {"domain": ("math", "law")})


@pytest.mark.parametrize(
    ("verifiers", "told"),
    [
        ("  - use: all_of\n", ["6: verifiers[0].of: this setting is missing; add `of: ...`"]),
        ("  - use: all_of\n    of: []\n", ["7: verifiers[0].of: at least one verifier is expected"]),
        ("  - use: all_of\n    of: exact\n", ["7: verifiers[0].of: a list is expected, not 'exact'; write ['exact']"]),
        (
            "  - use: all_of\n    of:\n      - exat\n      - use: math\n        timeout: 3\n",
            [
                "8: verifiers[0].of[0]: there is no verifier 'exat'; did you mean 'exact'?",
                "10: verifiers[0].of[1].timeout: this setting is not known; did you mean 'timeout_s'?",
            ],
        ),
        (
            "  - use: any_of\n    of:\n    - use: all_of\n      of:\n      - {use: exact,\n         fold: [spice]}\n",
            ["11: verifiers[0].of[0].of[0].fold[0]: 'spice' is not allowed"],
        ),
        (
            "  - use: any_of\n    of:\n      - {use: exact, when: 3}\n      - 7\n",
            [
                "8: verifiers[0].of[0].when: a mapping is expected, not 3",
                "9: verifiers[0].of[1]: one verifier is expected, not 7",
            ],
        ),
        (
            f"  - use: majority\n    by: {{use: exact, when: {{domain: x}}}}\n    extra: '{SECRET}'\n",
            [
                "7: verifiers[0].by: `by` compares all answers",
                "8: verifiers[0].extra: this setting is not known",
            ],
        ),
    ],
)
def test_each_fault_has_its_line(tmp_path: Path, verifiers: str, told: list[str]) -> None:
    found = faults(tmp_path, verifiers)
    assert len(found) == len(told)
    for line, expected in zip(found, told, strict=True):
        assert line.startswith(f"toy.yaml:{expected}")


def test_secrets_inside_are_looked_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_KEY", SECRET)
    recipe = load(tmp_path, f"  - use: all_of\n    of: [{{use: '{HERE}:ToyVerifier', api_key: '${{TOY_KEY}}'}}]\n")
    assert recipe.verifiers[0].plugin.of[0].verifier.api_key == SECRET
    assert SECRET not in repr(recipe) + recipe.to_yaml()
    assert "api_key: ${TOY_KEY}" in recipe.to_yaml()
    (line,) = faults(tmp_path, f"  - use: all_of\n    of: [{{use: '{HERE}:ToyVerifier', api_key: {SECRET}}}]\n")
    assert "a secret must not be written in a recipe" in line
    assert SECRET not in line


def test_the_schema_for_editors_knows_them(tmp_path: Path) -> None:
    schema = pytest.importorskip("jsonschema").Draft202012Validator(json_schema())
    good = load(tmp_path, NESTED).resolved()
    assert list(schema.iter_errors(good)) == []
    good["verifiers"][0]["of"][1]["of"][1]["timeout_s"] = "soon"
    assert list(schema.iter_errors(good)) != []


def test_settings_made_in_python_are_checked_too() -> None:
    wrongs: list[Any] = [(), ({"use": "math", "when": 3},), ({"use": "a:b:c"},), ({"math": {}},), (3,)]
    for wrong in wrongs:
        with pytest.raises(ValueError, match=r"verifier|when|class"):
            AllOf.model_validate({"of": wrong})


def test_no_pairs_no_verdicts() -> None:
    def nothing(kind: type[Combined], pairs: Pairs = ()) -> Sequence[Verdict]:
        found: Iterator[Verdict] = of(kind, Says()).verdicts(pairs)
        return list(found)

    assert nothing(AllOf) == nothing(AnyOf) == nothing(FirstDecided) == []
