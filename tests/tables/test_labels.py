"""Labels are only ever added to their file; the last line on a row counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.tables.labels import Labelled, RowKey, add_label, read_labels


def test_the_last_line_on_a_row_counts_and_an_empty_one_takes_it_back(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    for attempt, label, note in (
        (0, "bad", ""),
        (1, "good", "two\nlines\u2028"),
        (0, "unsure", "a"),
        (2, "bad", ""),
        (2, None, ""),
    ):
        add_label(file, Labelled.model_validate({"id": "q", "attempt": attempt, "label": label, "note": note}))
    labels = read_labels(file)
    assert {key: (each.label, each.note) for key, each in labels.items()} == {
        RowKey("q", 1): ("good", "two\nlines\u2028"),
        RowKey("q", 0): ("unsure", "a"),
    }
    assert len(file.read_bytes().splitlines()) == 5


def test_each_bad_line_is_a_fault_with_its_number(tmp_path: Path) -> None:
    file = tmp_path / "labels.jsonl"
    file.write_bytes(
        b'{"id": "a", "label": "good"}\n\nno\n{"id": "b", "label": "great"}\n{"id": 3}\n{"id": "a", "x": 1}\n\xff\n'
    )
    with pytest.raises(UserError) as caught:
        read_labels(file)
    assert [fault.where.rpartition(":")[2] for fault in caught.value.faults] == ["3", "4", "5", "6", "7"]
