"""What people labelled as bad is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.labels import Labels
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.tables.labels import Label, Labelled, add_label
from open_thoughts_gen.types import Question, Sample, Trace

GOOD, BAD, UNSURE, NONE = (Question(prompt) for prompt in ("good?", "bad?", "unsure?", "none?"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    given: list[tuple[Question, Label]] = [(GOOD, "good"), (BAD, "bad"), (UNSURE, "unsure")]
    for question, label in given:
        add_label(
            tmp_path / "run.labels.jsonl", Labelled(id=question.id, attempt=1, label=label, note=f"{label} it is")
        )
    return tmp_path


def reasons(folder: Path, attempt: int | None, **settings: object) -> list[tuple[str, str] | None]:
    labels = Labels.model_validate({"file": "run.labels.jsonl"} | settings).fresh(Context(folder=folder))
    traces = [
        (each, None if attempt is None else Trace(each.id, attempt, "t", "", "")) for each in (GOOD, BAD, UNSURE, NONE)
    ]
    drops = labels.drop_reasons([Sample(question, trace) for question, trace in traces])
    return [(why.reason, why.detail) if why else None for why in drops]


def test_a_label_is_of_one_attempt(folder: Path) -> None:
    assert reasons(folder, 1) == [None, ("labelled bad", "bad it is"), None, None]
    assert reasons(folder, 0) == [None] * 4


def test_before_the_teacher_the_labels_of_all_attempts_count(folder: Path) -> None:
    assert reasons(folder, None) == [None, ("labelled bad", "bad it is"), None, None]


def test_only_what_is_labelled_may_be_kept(folder: Path) -> None:
    dropped, missing = ("labelled bad", "bad it is"), ("not labelled good", "")
    assert reasons(folder, 1, keep=["good"]) == [None, dropped, missing, missing]


def test_mistakes_are_reported(folder: Path) -> None:
    with pytest.raises(ValidationError, match="bad: in `drop` and in `keep`"):
        Labels(file=Path("x"), keep=("bad",))
    with pytest.raises(UserError, match="the labels cannot be read: No such file"):
        reasons(folder, 1, file="absent.jsonl")
