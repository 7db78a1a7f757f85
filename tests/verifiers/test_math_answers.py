from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Trace
from open_thoughts_gen.verifiers.math import Math, Rounded
from tests.algebra.answers_generator import KINDS, Variant, dressings, mutations, references

GOLDEN = Path(__file__).parent.parent / "golden"
GRADERS: list[dict[str, Any]] = yaml.safe_load((GOLDEN / "answers.yaml").read_text(encoding="utf-8"))
CASES: list[tuple[str, str, str]] = yaml.safe_load((GOLDEN / "math_cases.yaml").read_text(encoding="utf-8"))
NUM_EACH = 12


@pytest.fixture(scope="module")
def verifier() -> Iterator[Math]:
    math = Math(timeout_s=20, num_workers=1).fresh(Context())
    yield math
    math.close()


def outcomes(verifier: Math, pairs: list[tuple[str, str]]) -> list[str]:
    rows = [(Question("?", reference), Trace("q", 0, "t", "", boxed(answer))) for reference, answer in pairs]
    return [verdict.outcome for verdict in verifier.verdicts(rows)]


def boxed(answer: str) -> str:
    return answer if "\\boxed" in answer else rf"\boxed{{{answer}}}"


@pytest.mark.parametrize("grader", GRADERS, ids=lambda grader: grader["grader"])
def test_the_vectors_of_public_graders_are_judged_as_argued(verifier: Math, grader: dict[str, Any]) -> None:
    vectors = [entry["vector"] for entry in grader["vectors"]]
    judged = outcomes(verifier, [(reference, answer) for reference, answer, *_ in vectors])
    differing = [(*vector[:3], said) for vector, said in zip(vectors, judged, strict=True) if said != vector[2]]
    assert differing == []


def test_there_are_a_thousand_vectors_and_each_disagreement_is_argued() -> None:
    entries = [entry for grader in GRADERS for entry in grader["vectors"]]
    assert len(entries) >= 1000
    assert [entry for entry in entries if "theirs" in entry and len(entry.get("why", "")) < 20] == []
    assert [entry for entry in entries if entry.get("theirs") == entry["vector"][2]] == []


def test_five_graders_have_a_hundred_vectors_each() -> None:
    num_vectors = Counter({grader["grader"]: len(grader["vectors"]) for grader in GRADERS})
    assert len([name for name, count in num_vectors.items() if count >= 100]) >= 5, num_vectors


@pytest.mark.parametrize("setting", ["undecided", "correct"])
def test_a_rounded_answer_is_what_the_recipe_says(setting: Rounded) -> None:
    math = Math(num_workers=1, rounded=setting).fresh(Context())
    assert outcomes(math, [("1/3", "0.3333333333")]) == [setting]
    math.close()


def test_each_kind_that_was_judged_wrongly_is_judged_rightly(verifier: Math) -> None:
    judged = outcomes(verifier, [(reference, answer) for reference, answer, _ in CASES])
    assert [(*case, said) for case, said in zip(CASES, judged, strict=True) if said != case[2]] == []


@pytest.fixture(scope="module")
def variants(verifier: Math) -> list[tuple[Variant, str]]:
    """Answers to references of every kind, with what is said of them."""
    made = [variant for reference in references(NUM_EACH, seed=1) for variant in _variants(reference)]
    return list(zip(made, outcomes(verifier, [(each.reference, each.answer) for each in made]), strict=True))


def _variants(reference: Any) -> list[Variant]:
    rng = Random(reference.text)
    itself = Variant(reference.text, reference.text, "itself", is_same=True)
    return [itself, *mutations(reference, rng), *dressings(reference, rng)]


def test_no_answer_that_was_changed_in_one_place_is_correct(variants: list[tuple[Variant, str]]) -> None:
    changed = [(variant, said) for variant, said in variants if not variant.is_same]
    assert len(KINDS) >= 30
    assert len(changed) > 5 * NUM_EACH * 5
    assert [variant for variant, said in changed if said == "correct"] == []


def test_answers_that_are_only_written_otherwise_are_correct(variants: list[tuple[Variant, str]]) -> None:
    same = [(variant, said) for variant, said in variants if variant.is_same]
    assert [variant for variant, said in same if said == "incorrect"] == []
    assert Counter(said for _, said in same)["correct"] >= 0.995 * len(same)


def test_a_reference_is_its_own_answer(variants: list[tuple[Variant, str]]) -> None:
    assert [variant for variant, said in variants if variant.how == "itself" and said != "correct"] == []
