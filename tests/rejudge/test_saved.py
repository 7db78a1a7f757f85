"""Saved traces as samples again: every shape that rows come in, hostile rows, and what a place may be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.publish.folder import write_run
from open_thoughts_gen.publish.rows import write_dropped
from open_thoughts_gen.rejudge.layouts import Columns, columns_of
from open_thoughts_gen.rejudge.saved import samples
from open_thoughts_gen.types import Dropped, DropReason, Sample, Verdict
from tests.publish.finished import finished, recipe
from tests.publish.finished import sample as made
from tests.publish.finished import samples as made_samples

THOUGHT = "<|begin_of_thought|>\n\nhm\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\nso 4\n\n<|end_of_solution|>"
CHAT = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "<think>hm</think>so 4"}]
SHAREGPT = [
    {"from": "system", "value": "s"},
    {"from": "user", "value": "2+2?"},
    {"from": "assistant", "value": THOUGHT},
]


def read(folder: Path, *rows: Mapping[str, Any], **options: Any) -> list[Sample | DropReason]:
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return list(samples(str(file), **options))


def one(found: list[Sample | DropReason]) -> tuple[Sample, str, str]:
    (sample,) = found
    assert isinstance(sample, Sample)
    assert sample.trace is not None
    assert sample.trace.question_id == sample.question.id
    return sample, sample.trace.reasoning, sample.trace.response


@pytest.mark.parametrize(
    ("row", "reference"),
    [
        ({"messages": CHAT}, None),
        ({"messages": CHAT, "answer": "4"}, "4"),
        ({"conversations": SHAREGPT, "system": "s"}, None),
        ({"question": "2+2?", "answer": "<think>hm</think>so 4"}, None),
        ({"problem": "2+2?", "solution": "four", "answer": 4, "generations": ["<think>hm</think>so 4"]}, "4"),
        ({"prompt": "2+2?", "response": "so 4", "reasoning": "hm", "ground_truth": 4.0}, "4"),
        ({"prompt": CHAT[:1], "completion": "<think>hm</think>so 4", "expected_answer": "4"}, "4"),
        ({"instruction": "2+2?", "output": THOUGHT}, None),
        ({"messages": [CHAT], "reference": "4"}, "4"),
    ],
)
def test_shapes_are_seen_from_the_names_of_columns(tmp_path: Path, row: dict[str, Any], reference: str | None) -> None:
    sample, reasoning, response = one(read(tmp_path, row))
    assert (sample.question.prompt, reasoning, response) == ("2+2?", "hm", "so 4")
    assert sample.question.reference == reference


def test_columns_may_be_told_also_places_within_them(tmp_path: Path) -> None:
    row = {"a": {"q": "2+2?"}, "b": ["so 4", "so 5"], "c": ["hm", "well"], "gold": "4", "kind": "sum", "question": "no"}
    told = {"prompt": "a.q", "response": "b", "reasoning": "c", "reference": "gold", "domain": "kind"}
    first, second = read(tmp_path, row, columns=told)
    assert isinstance(first, Sample)
    assert isinstance(second, Sample)
    assert first.question == second.question
    assert (first.question.domain, first.question.reference, dict(first.question.meta)) == (
        "sum",
        "4",
        {"question": "no"},
    )
    traces = [sample.trace for sample in (first, second) if sample.trace]
    assert [(trace.attempt, trace.reasoning, trace.response) for trace in traces] == [
        (0, "hm", "so 4"),
        (1, "well", "so 5"),
    ]


def test_attempts_in_rows_of_their_own_are_counted(tmp_path: Path) -> None:
    found = read(tmp_path, *({"question": q, "response": r} for q, r in (("a", "1"), ("b", "1"), ("a", "2"))))
    assert [sample.trace and sample.trace.attempt for sample in found if isinstance(sample, Sample)] == [0, 0, 1]


def test_rows_that_hold_no_trace_are_left_out_with_their_place(tmp_path: Path) -> None:
    rows: list[Mapping[str, Any]] = [
        {"messages": CHAT},
        {"messages": CHAT[:1]},
        {"messages": [*CHAT, *CHAT]},
        {"messages": "2+2?"},
        {"messages": [{"role": "user", "content": None}]},
    ]
    good, *bad = read(tmp_path, *rows)
    assert isinstance(good, Sample)
    assert [(why.reason, why.detail.partition(":")[2][:2]) for why in bad if isinstance(why, DropReason)] == [
        ("no trace", "2:"),
        ("several questions", "3:"),
        ("no trace", "4:"),
        ("no prompt", "5:"),
    ]


def test_a_run_folder_gives_back_what_was_published(tmp_path: Path) -> None:
    before = made_samples(5)
    write_run(recipe(), finished(before), tmp_path / "cases", command="x", timings={})
    after = list(samples(str(tmp_path / "cases")))
    assert len(after) == len(before)
    by_id = {sample.question.id: sample for sample in before}
    for sample in after:
        assert isinstance(sample, Sample)
        known = by_id[sample.question.id]
        assert sample.trace is not None
        assert known.trace is not None
        assert sample.trace == replace(known.trace, usage=None, question_id=sample.question.id)
        assert sample.verdicts == known.verdicts
        assert sample.question.reference == known.question.reference
        assert sample.question.source == known.question.source
    assert list(samples(str(tmp_path / "cases" / "dataset"))) == after
    assert list(samples(str(tmp_path / "cases"), limit=2)) == after[:2]


def test_verdicts_are_carried_and_only_sound_ones(tmp_path: Path) -> None:
    row = {"question": "?", "response": "x", "verdicts": [
        {"verifier": "math", "outcome": "correct", "answer": "4", "explanation": None},
        {"verifier": "math", "outcome": "perhaps"}, "no verdict", {"outcome": "undecided"},
    ]}  # fmt: skip
    sample, _, _ = one(read(tmp_path, row))
    assert sample.verdicts == (Verdict("math", "correct", "4"), Verdict("None", "undecided"))


def test_meta_is_what_is_left_json_unpacked(tmp_path: Path) -> None:
    row = {"question": "?", "response": "x", "spec": '{"a": [1]}', "note": "[not json", "level": 3, "empty": None}
    sample, _, _ = one(read(tmp_path, row))
    assert sample.question.meta == {"spec": {"a": [1]}, "note": "[not json", "level": 3}


def test_text_that_was_json_before_comes_back_from_a_column_of_json_as_it_was(tmp_path: Path) -> None:
    tests = '[{"input": "1\\n", "output": "2\\n"}]'
    of = recipe(columns={"tests": "json", "said": "json"})
    write_run(of, finished((made("?", tests=tests, said='"[not json'),)), tmp_path / "a", command="x", timings={})
    (sample,) = samples(str(tmp_path / "a"))
    assert isinstance(sample, Sample)
    assert sample.question.meta["tests"] == tests
    kept, _, _ = one(read(tmp_path, {"question": "?", "response": "x", "note": '"[not json', "said": '"[sic]"'}))
    assert kept.question.meta == {"note": '"[not json', "said": '"[sic]"'}


@pytest.mark.parametrize(
    ("source", "kept", "family"),
    [("family:statutes", "family:statutes", "statutes"), ("family:os.path:X", "saved family:os.path:X", None)],
)
def test_a_strangers_row_names_no_code_to_load(tmp_path: Path, source: str, kept: str, family: str | None) -> None:
    sample, _, _ = one(read(tmp_path, {"question": "?", "response": "x", "source": source}))
    assert sample.question.source == kept
    assert sample.question.meta.get("family") == family


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda _: "nowhere", "'nowhere' does not exist"),
        (str, "holds no rows"),
        (lambda folder: str((folder / "notes.txt").absolute()), "does not say which format it has"),
    ],
)
def test_places_that_hold_nothing(tmp_path: Path, make: Any, told: str) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UserError, match=told):
        list(samples(make(tmp_path)))


@pytest.mark.parametrize(
    ("row", "columns", "told"),
    [
        ({"text": "x", "label": 1}, {}, "no column with a trace was recognised among label, text"),
        ({"question": "x"}, {"promt": "question"}, "did you mean 'prompt'"),
    ],
)
def test_columns_that_tell_nothing(tmp_path: Path, row: dict[str, Any], columns: dict[str, str], told: str) -> None:
    with pytest.raises(UserError, match=told):
        read(tmp_path, row, columns=columns)


def test_our_own_columns_are_the_defaults() -> None:
    row = dict.fromkeys(("id", "question", "reasoning", "response", "answer", "reference", "verdicts"))  # all null
    found = columns_of(row, {})
    assert found == Columns(prompt="question", response="response", reasoning="reasoning", reference="reference")


def test_what_a_run_left_out_can_be_verified(tmp_path: Path) -> None:
    before = made_samples(3)
    drops = [Dropped("sample_filters", "verified", DropReason("incorrect"), sample) for sample in before]
    bad_line = Dropped("sources", "files", DropReason("unreadable line", "q.jsonl:3: not JSON"))
    write_dropped(tmp_path / "dropped.parquet", [*drops, bad_line])
    *after, left_out = samples(str(tmp_path / "dropped.parquet"))
    assert isinstance(left_out, DropReason)
    read_back = [sample for sample in after if isinstance(sample, Sample)]
    for sample, again in zip(before, read_back, strict=True):
        assert (again.question.prompt, again.question.reference) == (sample.question.prompt, sample.question.reference)
        assert again.question.meta == {**sample.question.meta, "family": "cases"}
        assert again.trace
        assert again.trace == replace(sample.trace or again.trace, usage=None)
    assert [[verdict.outcome for verdict in one.verdicts] for one in read_back] == [
        [verdict.outcome for verdict in one.verdicts] for one in before
    ]
