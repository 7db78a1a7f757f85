"""What two verifiers judge differently: left out, or all that is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.disagreement import Disagreement
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.types import Outcome, Question, Sample, Verdict

CASES: list[tuple[Outcome | None, Outcome | None, str | None, str | None]] = [
    ("correct", "correct", None, "verifiers agree"),
    ("incorrect", "incorrect", None, "verifiers agree"),
    ("correct", "incorrect", "verifiers disagree", None),
    ("incorrect", "correct", "verifiers disagree", None),
    ("undecided", "incorrect", None, "not decided by both"),
    ("undecided", "undecided", None, "not decided by both"),
    ("correct", None, None, "not decided by both"),
    (None, None, None, "not decided by both"),
]


@pytest.mark.parametrize(("first", "second", "dropped", "left_out"), CASES)
def test_both_have_to_decide(
    first: Outcome | None, second: Outcome | None, dropped: str | None, left_out: str | None
) -> None:
    given = [("exact", "incorrect"), ("math", first), ("judge", second)]
    verdicts = tuple(Verdict(name, outcome) for name, outcome in given if outcome is not None)
    sample = Sample(Question("?"), verdicts=verdicts)
    for disagreeing, expected in (("drop", dropped), ("keep", left_out)):
        one = Disagreement.model_validate({"between": ("math", "judge"), "disagreeing": disagreeing})
        why = one.drop_reason(sample)
        assert (why and why.reason) == expected
        if why is not None:
            assert why.detail == f"math: {first or 'no verdict'}; judge: {second or 'no verdict'}"


@pytest.mark.parametrize(
    ("verifiers", "told"),
    [
        (
            "[exact, {use: judge, model: ollama/m, name: strict}]",
            "between[1]: no verifier of this recipe is named 'judge'",
        ),
        ("[]", "`disagreement` compares two verifiers, and the recipe names none"),
    ],
)
def test_a_recipe_has_to_have_both_verifiers(tmp_path: Path, verifiers: str, told: str) -> None:
    recipe = "name: x\nsource: {use: files, path: q.jsonl}\nteacher: solver\n" + f"verifiers: {verifiers}\n"
    recipe += "sample_filters: [{use: disagreement, between: [exact, judge], disagreeing: drop}]\n"
    (tmp_path / "x.yaml").write_text(recipe)
    with pytest.raises(UserError) as caught:
        load_recipe(tmp_path / "x.yaml")
    assert told in str(caught.value)
    assert "x.yaml:5" in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [{"between": ("math", "math"), "disagreeing": "drop"}, {"between": ("math", "judge")}, {"between": ("math",)}],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Disagreement.model_validate(settings)
