"""Files as users have them: what becomes of each row, and what is said where a file cannot be read."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import zstandard

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.files import Files
from open_thoughts_gen.types import DropReason, Question

FIELD = Path(__file__).parent.parent / "golden" / "field"
QA = {"prompt": "question", "reference": "answer"}


def source(name: str | Path, fields: Mapping[str, str] = QA, **settings: Any) -> Files:
    written = json.dumps({"path": str(name), "fields": fields, **settings})
    return Files.model_validate_json(written, strict=True).fresh(Context(folder=FIELD))


def draw(name: str | Path, fields: Mapping[str, str] = QA, **settings: Any) -> list[Question | DropReason]:
    return list(source(name, fields, **settings).questions())


def pairs(name: str | Path, fields: Mapping[str, str] = QA, **settings: Any) -> list[tuple[str, str | None] | str]:
    """Return question and reference of each row, or where it stands and why it is left out."""
    drawn = draw(name, fields, **settings)
    return [(row.prompt, row.reference) if isinstance(row, Question) else row.detail for row in drawn]


ONE_AND_ONE = ("What is 1+1?", "2")
Q1, Q2, Q2_OF_2 = ("q1?", "2"), ("q2?", "4"), ("q2?", "2")


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("array_per_line.json", [ONE_AND_ONE, ("What is 2+2?", "4"), ("What is 3+3?", "6")]),
        ("pretty.jsonl", [ONE_AND_ONE, ("What is 2+2?", "4")]),
        ("object_data.json", [ONE_AND_ONE]),
        ("bom.csv", [ONE_AND_ONE]),
        ("bom.jsonl", [ONE_AND_ONE, ("What is 2+2?", "4")]),
        ("cr.csv", [Q1, Q2]),
        ("crlf.csv", [Q1, Q2]),
        ("empty_lines.csv", [Q1]),
        ("tab_as.csv", [ONE_AND_ONE]),
        ("semicolon.csv", [ONE_AND_ONE, ("What is 2,5+2?", "4,5")]),
        ("sep_hint.csv", [ONE_AND_ONE]),
        ("utf16.csv", [("What is 1+1 é?", "2")]),
        ("utf16le_nobom.csv", [ONE_AND_ONE]),
        ("newline_in_cell.csv", [("line one\nline two\r\nline three", "2")]),
        ("nul.csv", [("q1\0?", "2"), Q2]),
        ("nul.jsonl", [("q1\0?", "2")]),
        ("nan.jsonl", [Q1, Q2]),
        ("inf.jsonl", [Q1, Q2]),
        ("none_str.jsonl", [("q1?", None), ("q2?", None), ("q3?", "None"), ("nan", "1")]),
        ("u2028.jsonl", [("a\u2028b\u0085c?", "2")]),
        ("pq_nan.parquet", [Q1, Q2]),
        ("pq_binary.parquet", [Q1, Q2]),
        ("pq_binary_q.parquet", [Q1, Q2]),
        ("pq_bool.parquet", [("q1?", "true"), ("q2?", "false")]),
        ("pq_brotli.parquet", [Q1, Q2]),
        ("pq_decimal.parquet", [("q1?", "100.00"), ("q2?", "2.50")]),
        ("pq_dict.parquet", [Q1, Q2]),
        ("pq_float_ref.parquet", [Q1, ("q2?", None)]),
        ("pq_float32_ref.parquet", [("q1?", "0.1"), Q2_OF_2]),
        ("pq_dur.parquet", [Q1, Q2]),
        ("pq_bigfloat.parquet", [("q1?", str(int(1e300))), ("q2?", "9007199254740992")]),
        (
            "nan_csv.csv",
            [("q1?", "nan"), ("q2?", "NaN"), ("q3?", None), ("q4?", "None"), ("q5?", "NULL"), ("q6?", "N/A")],
        ),
        ("pq_large.parquet", [Q1, Q2]),
        ("pq_listref.parquet", [Q1, ("q2?", "4, 5")]),
        ("pq_map.parquet", [Q1, Q2]),
        ("pq_null.parquet", [("q1?", None), ("q2?", None)]),
        ("pq_ref_ts.parquet", [("q1?", "2025-05-01"), ("q2?", "2025-05-02")]),
        ("pq_ts.parquet", [Q1, Q2]),
        ("pq_ts_ns.parquet", [Q1, Q2]),
        ("pq_uint64.parquet", [("q1?", "18446744073709551615"), ("q2?", "1")]),
        ("pq_view.parquet", [Q1, Q2]),
        (
            "badquote.csv",
            [
                ('He said "hi" to me?', "2"),
                "badquote.csv:3: a quote opens a cell and is never closed",
                ("q3?", "4"),
            ],
        ),
        (
            "ragged.csv",
            ["ragged.csv:2: 2 cells under 3 columns", Q2, "ragged.csv:4: 4 cells under 3 columns"],
        ),
        ("dup.jsonl", ["dup.jsonl:1: not JSON: two values under the key 'answer'"]),
        (
            "lone.jsonl",
            ["lone.jsonl:1: the column 'question' holds half of a surrogate pair is not a character", ("ok 😀?", "2")],
        ),
        (
            "cp1252.csv",
            ["cp1252.csv:2: not UTF-8, or not in the `encoding:` that is set", ("Plain?", "3")],
        ),
    ],
)
def test_every_row_is_read_or_reported(name: str, rows: list[Any]) -> None:
    assert pairs(name) == rows


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("pq_dup.parquet", "pq_dup.parquet: two columns are named 'answer'; rename one of them"),
        ("dup.csv", "dup.csv:1: two columns are named 'answer'; rename one of them"),
        ("dup_empty.csv", "dup_empty.csv:1: two columns are named ''; rename one of them"),
        ("header_space.csv", "no row of header_space.csv has a column 'answer'; did you mean ' answer'?"),
        ("header_case.csv", "no row of header_case.csv has a column 'answer'; did you mean 'Answer'?"),
        ("comment.csv", "no row of comment.csv has a column 'answer'; known: # exported by X"),
    ],
)
def test_a_file_that_cannot_be_read_rightly_is_refused(name: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        draw(name)
    assert str(caught.value.faults[0]) == message


def test_a_header_in_another_encoding_is_a_fault_that_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "excel.csv").write_bytes("Frage;Lösung\n1 + 1?;2\n".encode("cp1252"))
    settings = {"path": "excel.csv", "fields": {"prompt": "Frage", "reference": "Lösung"}}
    with pytest.raises(UserError, match=r"excel\.csv:1: the header is not UTF-8.*set `encoding:`"):
        Files.model_validate(settings).fresh(Context(folder=tmp_path))
    files = Files.model_validate({**settings, "encoding": "cp1252"}).fresh(Context(folder=tmp_path))
    assert [each.reference for each in files.questions() if isinstance(each, Question)] == ["2"]


def test_a_column_of_any_name_can_be_the_question() -> None:
    fields = {"prompt": "problem", "reference": "solution"}
    assert pairs("numina.jsonl", fields) == [("Compute 2^7.", "We get $\\boxed{128}$")]


ROW = '{"question": "1+1?", "answer": "2"}'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("commas.jsonl", f"{ROW},\n{ROW},\n"),
        ("one_line.jsonl", f"{ROW}{ROW}\n"),
        ("old_mac.jsonl", f"{ROW}\r{ROW}\r"),
        ("sequence.json", f"\x1e{ROW}\n\x1e{ROW}\n"),
        ("one_line.json", f"[{ROW},{ROW}]"),
        ("last_comma.json", f"[{ROW},\n{ROW},\n]"),
        ("validation.json", f'{{"version": 2, "questions": [{ROW}, {ROW}]}}'),
    ],
)
def test_objects_are_read_however_they_are_strung_together(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert pairs(tmp_path / name) == [("1+1?", "2")] * 2


def test_half_an_object_behind_a_whole_one_leaves_the_line_unread(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text(f"{ROW}{ROW[:20]}\n{ROW}\n1 2\n", encoding="utf-8")
    torn, whole, numbers = pairs(tmp_path / "q.jsonl")
    assert whole == ("1+1?", "2")
    assert "q.jsonl:1: not JSON" in str(torn)
    assert "q.jsonl:3: not JSON" in str(numbers)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("splits.json", f'{{"train": [{ROW}], "test": [{ROW}]}}'.encode(), "several lists of rows: train, test"),
        ("q.jsonl", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer, not the file"),
        ("q.parquet", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
        ("q.jsonl.bz2", bz2.compress(ROW.encode()), "compressed by bzip2 cannot be read"),
        ("q.jsonl.xz", lzma.compress(ROW.encode()), "compressed by xz cannot be read"),
        ("q.parquet", b"PAR1 and so on", "not a Parquet file"),
    ],
)
def test_what_would_lose_rows_or_is_another_file_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        draw(tmp_path / name)


def test_an_encoding_can_be_set() -> None:
    assert pairs("cp1252.csv", encoding="cp1252") == [("What\u2019s \u201c1+1\u201d?", "2"), ("Plain?", "3")]


def test_references_of_every_type_are_text() -> None:
    assert [row[1] if isinstance(row, tuple) else row for row in pairs("ref_types.jsonl")] == [
        "2", "2", "2.5", "true", "false", "2", "2, 3", None, '{"value": 2}', "0", "-1", "1" + "0" * 30,
        "1" + "0" * 22, "1e-07", "0.30000000000000004", "123456789.12345679",
    ]  # fmt: skip


def test_a_stray_quote_costs_its_own_line() -> None:
    rows = pairs("csv_stray_quote.csv")
    assert len(rows) == 1000
    assert len([row for row in rows if isinstance(row, str)]) == 1


def test_a_quote_that_swallows_rows_is_refused_and_can_be_trusted(tmp_path: Path) -> None:
    lines = ["question,answer", 'a board of 5",1', '"the screen is', *(f"q{i}?,{i}" for i in range(500)), 'of 7",2']
    file = tmp_path / "merge.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    message = "merge.csv: the quote on line 3 closes on line 504, and each line between looks like a row"
    with pytest.raises(UserError, match=message):
        draw(file)
    rows = pairs(file, trust_quotes=True)
    assert (rows[0], len(rows)) == (('a board of 5"', "1"), 2)


@pytest.mark.parametrize("name", ["alpaca_input.jsonl", "same_prompt_other_input.jsonl"])
def test_a_question_is_put_together_from_columns(name: str) -> None:
    template = "{{ instruction }}{% if input %}\n\n{{ input }}{% endif %}"
    first, second = draw(name, {"prompt": template, "reference": "output"})
    assert isinstance(first, Question)
    assert isinstance(second, Question)
    assert first.id != second.id
    assert second.prompt == "Compute the average of the presented numbers.\n\n1, 2, 3"
    assert second.meta == {"instruction": "Compute the average of the presented numbers.", "input": "1, 2, 3"}


def test_choices_are_part_of_the_question_and_an_index_is_a_letter() -> None:
    prompt = "{{ question }}\n{% for choice in choices %}{{ 'ABCD'[loop.index0] }}. {{ choice }}\n{% endfor %}"
    (question,) = pairs("mmlu.jsonl", {"prompt": prompt, "reference": "{{ 'ABCD'[answer] }}"})
    assert question == ("Which is the capital of France?\nA. Rome\nB. Paris\nC. Bonn\nD. Oslo\n", "B")


def test_a_row_that_a_template_does_not_fit_is_reported() -> None:
    (why,) = draw("mmlu.jsonl", {"prompt": "question", "reference": "{{ choices[answer].name }}"})
    assert isinstance(why, DropReason)
    assert (why.reason, why.detail.partition(" cannot")[0]) == (
        "template",
        "mmlu.jsonl:1: the column '{{ choices[answer].name }}'",
    )
    with pytest.raises(UserError, match="has a column 'chioces'; did you mean 'choices'"):
        draw("mmlu.jsonl", {"prompt": "{{ chioces }}"})


@pytest.mark.parametrize(("name", "column"), [("sharegpt.jsonl", "conversations"), ("messages_str.jsonl", "messages")])
def test_of_a_chat_the_last_question_is_asked(name: str, column: str) -> None:
    assert pairs(name, {"prompt": column}) == [("What is 1+1?", None)]


def test_a_whole_chat_can_be_the_question(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "1+1?"}]
    turns = [("system", "Be kind."), ("user", "Hi"), ("assistant", "Hello"), ("user", parts)]
    row = {"chat": [{"role": role, "content": content} for role, content in turns]}
    (tmp_path / "chat.jsonl").write_text(json.dumps(row), encoding="utf-8")
    assert pairs(tmp_path / "chat.jsonl", {"prompt": "chat"}) == [("1+1?", None)]
    whole = "System: Be kind.\n\nUser: Hi\n\nAssistant: Hello\n\nUser: 1+1?"
    assert pairs(tmp_path / "chat.jsonl", {"prompt": "chat"}, chats="whole") == [(whole, None)]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_compressed_files_are_read(suffix: str, tmp_path: Path) -> None:
    content = (FIELD / "semicolon.csv").read_bytes()
    pack = gzip.compress if suffix == ".gz" else zstandard.compress
    (tmp_path / f"q.csv{suffix}").write_bytes(pack(content))
    assert pairs(tmp_path / f"q.csv{suffix}") == pairs("semicolon.csv")
    (tmp_path / f"cut.csv{suffix}").write_bytes(pack(content * 1000)[:-20])
    with pytest.raises(UserError, match=r"cut.csv\.\w+: the compressed file is damaged"):
        draw(tmp_path / f"cut.csv{suffix}", max_unread=1.0)


def test_what_was_detected_is_said() -> None:
    assert source("semicolon.csv").notes() == ["semicolon.csv: cells separated by ';'"]
    assert source("utf16.csv").notes() == ["utf16.csv: read as utf-16"]
    assert source("bom.csv").notes() == []


def test_many_unreadable_rows_are_an_error_unless_they_are_allowed(tmp_path: Path) -> None:
    lines = [json.dumps({"question": f"q{i}?"}) if i % 50 else "{broken" for i in range(600)]
    (tmp_path / "q.jsonl").write_text("\n".join(lines), encoding="utf-8")
    fields = {"prompt": "question"}
    with pytest.raises(UserError, match=r"12 of 600 rows of .*q.jsonl cannot be read, first .*q.jsonl:1: not JSON"):
        draw(tmp_path / "q.jsonl", fields)
    assert len(draw(tmp_path / "q.jsonl", fields, max_unread=0.02)) == 600
    assert len(draw(tmp_path / "q.jsonl", fields, limit=300)) == 307  # ten are never too many


def test_an_array_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text('[{"question": "1?"},\n{"question": "2?"},\n{"quest', encoding="utf-8")
    with pytest.raises(UserError, match=r"cut\.json: the JSON from line 3 on is not closed"):
        draw(tmp_path / "cut.json", {"prompt": "question"})


def test_a_bad_element_of_an_array_costs_one_row(tmp_path: Path) -> None:
    text = '[\n{"question": "1?"},\n{"question": oops},\n 5,\n{"question": "a, [b] {c} \\" d"}\n]\n'
    (tmp_path / "q.json").write_text(text, encoding="utf-8")
    first, bad, five, last = pairs(tmp_path / "q.json", {"prompt": "question"})
    assert (first, last) == (("1?", None), ('a, [b] {c} " d', None))
    assert str(bad).startswith(f"{tmp_path}/q.json:3: not JSON")
    assert five == f"{tmp_path}/q.json:4: not a JSON object"
