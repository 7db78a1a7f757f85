"""Whatever is written is read, or reported: rows read + rows reported unreadable = rows written."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from open_thoughts_gen.tables import Reading, Table
from open_thoughts_gen.types import DropReason

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "gbk")
WRITTEN_OUT = {"utf-16-le", "utf-16-be", "cp1252", "gbk"}  # the reader is told these; short texts do not show them
LETTERS = "abcdefgh 0123456789.,;|\t\"'\\/{}[]:+-=%$"

texts = st.text(st.sampled_from(LETTERS), min_size=1, max_size=40)
cells = st.lists(st.one_of(texts, texts.map(lambda text: f"{text}\n{text}")), min_size=2, max_size=2)
values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts, st.lists(texts, max_size=3))
packs: dict[str, Any] = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress}


def read(folder: Path, name: str, content: bytes, reading: Reading) -> tuple[list[Any], int]:
    """Return the rows of a file that has this content, and the number of those reported unreadable."""
    (folder / name).write_bytes(content)
    rows = [row for _, row in Table(folder / name, reading).rows()]
    read_rows = [dict(row) for row in rows if not isinstance(row, DropReason)]
    return read_rows, len(rows) - len(read_rows)


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(cells, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(ENCODINGS),
    suffix=st.sampled_from(sorted(packs)),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_files_come_back_as_they_were_written(
    rows: list[list[str]], delimiter: str, encoding: str, suffix: str, quoting: Any, end: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(
        [["question", "answer"], *rows]
    )
    content = packs[suffix](text.getvalue().encode(encoding))
    reading = Reading(encoding=encoding if encoding in WRITTEN_OUT else None, trust_quotes=True)
    read_rows, num_unread = read(tmp_path_factory.mktemp("csv"), f"q.csv{suffix}", content, reading)
    assert num_unread == 0
    assert read_rows == [{"question": question, "answer": answer} for question, answer in rows]


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.fixed_dictionaries({"question": texts, "extra": values}), max_size=12),
    bad=st.lists(st.sampled_from(["{oops", "5", '{"a": 1,}', '"text"', "}"]), max_size=4),
    layout=st.sampled_from(["lines", "array", "pretty array"]),
    encoding=st.sampled_from(ENCODINGS),
    suffix=st.sampled_from(sorted(packs)),
)
def test_json_files_lose_no_row_in_silence(
    rows: list[dict[str, Any]], bad: list[str], layout: str, encoding: str, suffix: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:  # fmt: skip
    written = [json.dumps(row, indent=2 if layout == "pretty array" else None) for row in rows]
    if layout == "lines":
        text = "".join(f"{line}\n" for pair in zip([*written, *bad], [""] * 99, strict=False) for line in pair if line)
    else:
        bad = [each for each in bad if each in ("5", '{"a": 1,}', '"text"')]
        text = f"[{', '.join([*written, *bad])}]"
    content = packs[suffix](text.encode(encoding))
    reading = Reading(encoding=encoding if encoding in WRITTEN_OUT else None)
    read_rows, num_unread = read(tmp_path_factory.mktemp("json"), f"q.json{suffix}", content, reading)
    assert len(read_rows) + num_unread == len(rows) + len(bad)
    assert [row["question"] for row in read_rows] == [row["question"] for row in rows]


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(texts, min_size=1, max_size=30), stray=st.data())
def test_a_stray_quote_costs_no_other_row(
    rows: list[str], stray: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain = [row.replace('"', "").replace(",", "") or "x" for row in rows]
    at = stray.draw(st.integers(0, len(plain) - 1))
    lines = ["question,answer", *(f"{row},1" for row in plain)]
    lines[at + 1] = '"' + lines[at + 1]
    read_rows, num_unread = read(tmp_path_factory.mktemp("stray"), "q.csv", "\n".join(lines).encode(), Reading())
    assert num_unread == 1
    assert [row["question"] for row in read_rows] == [row for i, row in enumerate(plain) if i != at]
