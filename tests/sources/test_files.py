from __future__ import annotations

import datetime
import decimal
import json
import pickle
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from pydantic import ValidationError

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.files import Files
from open_thoughts_gen.types import DropReason, Question


def draw(folder: Path, settings: Mapping[str, Any], seed: int = 0) -> list[Question | DropReason]:
    source = Files.model_validate_json(json.dumps({"path": "questions.jsonl", **settings}), strict=True)
    return list(source.fresh(Context(seed=seed, folder=folder)).questions())


def write(folder: Path, content: bytes | str, name: str = "questions.jsonl") -> None:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)


def prompts(drawn: list[Question | DropReason]) -> list[str]:
    return [question.prompt for question in drawn if isinstance(question, Question)]


def test_fields_are_mapped_and_the_rest_is_meta(tmp_path: Path) -> None:
    write(tmp_path, '{"q": "1+1?", "a": 2, "field": "maths", "level": 3, "tags": ["x", null]}\n{"q": "Who?"}\n')
    settings = {"fields": {"prompt": "q", "reference": "a", "domain": "field"}, "license": "mit", "domain": "misc"}
    source = "files:questions.jsonl"
    assert draw(tmp_path, settings) == [
        Question("1+1?", "2", "maths", source, "mit", {"level": 3, "tags": ["x", None]}),
        Question("Who?", None, "misc", source, "mit"),
    ]


def test_meta_may_be_chosen(tmp_path: Path) -> None:
    write(tmp_path, '{"prompt": "1?", "level": 3, "secret": 4}\n{"prompt": "2?", "secret": 5}')
    drawn = draw(tmp_path, {"meta": ["level"]})
    assert [question.meta for question in drawn if isinstance(question, Question)] == [{"level": 3}, {}]


@pytest.mark.parametrize(
    ("line", "reason", "why"),
    [
        (b'{"prompt": ', "unreadable line", "not JSON: "),
        (b"null", "not an object", "not a JSON object"),
        (b'["prompt"]', "not an object", "not a JSON object"),
        (b'{"prompt": "\xff"}', "unreadable line", "not UTF-8"),
        (b'{"prompt": "\xed\xa0\x80"}', "unreadable line", "not UTF-8"),
        (b'{"prompt": "\\ud800"}', "unreadable cell", "the column 'prompt' holds half of a surrogate pair"),
        (b'{"prompt": "x", "a": "1", "a": "2"}', "unreadable line", "not JSON: two values under the key 'a'"),
        (b'{"prompt": "x", "n": ' + b"9" * 5000 + b"}", "unreadable line", "not JSON: "),
        (b'{"prompt": "x", "deep": ' + b"[" * 100_000, "unreadable line", "n"),
        (b"{}", "no prompt", "the column 'prompt' is missing or blank"),
        (b'{"prompt": null}', "no prompt", "the column 'prompt' is missing or blank"),
        (b'{"prompt": " \\n"}', "no prompt", "the column 'prompt' is missing or blank"),
        (b'{"prompt": " \\u200b\\ufeff"}', "no prompt", "the column 'prompt' is missing or blank"),
        (b'{"prompt": 5}', "wrong type", "the column 'prompt' contains neither text nor a chat"),
    ],
)
def test_a_bad_line_is_left_out_with_its_place(tmp_path: Path, line: bytes, reason: str, why: str) -> None:
    write(tmp_path, b'{"prompt": "1?", "a": "1"}\n\n' + line + b'\r\n{"prompt": "2?"}\n')
    before, bad, after = draw(tmp_path, {"fields": {"reference": "a"}})
    assert prompts([before, after]) == ["1?", "2?"]
    assert isinstance(bad, DropReason)
    assert bad.reason == reason
    assert bad.detail.startswith(f"questions.jsonl:3: {why}")


def test_only_newline_bytes_end_a_line(tmp_path: Path) -> None:
    odd = "a\u2028b\u2029c\u0085d\x0b\x0c\x1c"
    lines = [json.dumps({"prompt": odd}, ensure_ascii=False), json.dumps({"prompt": "x" * 2_000_000})]
    write(tmp_path, "\ufeff" + "\r\n".join(lines))
    assert prompts(draw(tmp_path, {})) == [odd, "x" * 2_000_000]


@pytest.mark.parametrize(
    ("value", "reference"),
    [
        ("2", "2"),
        ('"2"', "2"),
        ("2.0", "2"),
        ("0.5", "0.5"),
        ('""', None),
        ("null", None),
        ("true", "true"),
        ("[]", None),
        ("[2.0]", "2"),
        ('["4", 5]', "4, 5"),
        ('{"x": 1}', '{"x": 1}'),
        ("NaN", None),
    ],
)
def test_a_reference_is_text(tmp_path: Path, value: str, reference: str | None) -> None:
    write(tmp_path, f'{{"prompt": "?", "a": {value}}}')
    (question,) = draw(tmp_path, {"fields": {"reference": "a"}})
    assert isinstance(question, Question)
    assert question.reference == reference


def test_csv(tmp_path: Path) -> None:
    content = '\ufeffprompt,a,level\r\n"two\nlines, ""quoted""",1,easy\r\n\r\nshort,1\r\n"' + "x" * 200_000 + '",,\r\n'
    write(tmp_path, content.encode() + b"bad \xff,1,2\r\nlast,2,hard\r\n", "q.csv")
    first, short, huge, bad, last = draw(tmp_path, {"path": "q.csv", "fields": {"reference": "a"}})
    assert first == Question('two\nlines, "quoted"', "1", "general", "files:q.csv", meta={"level": "easy"})
    assert short == DropReason("unreadable line", "q.csv:5: 2 cells under 3 columns")
    assert huge == Question("x" * 200_000, None, "general", "files:q.csv", meta={"level": ""})
    assert bad == DropReason("unreadable line", "q.csv:7: not UTF-8, or not in the `encoding:` that is set")
    assert last == Question("last", "2", "general", "files:q.csv", meta={"level": "hard"})


def test_tsv(tmp_path: Path) -> None:
    write(tmp_path, "prompt\ta\n1, 2 or 3?\t2\n", "q.tsv")
    assert draw(tmp_path, {"path": "q.tsv"}) == [Question("1, 2 or 3?", source="files:q.tsv", meta={"a": "2"})]


def test_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "prompt": ["1?", None, "3?", "4?"],
            "a": [1.0, 2.0, float("nan"), 4.5],
            "when": [datetime.date(2024, 2, 29)] * 4,
            "sum": [decimal.Decimal("1.50")] * 4,
            "nested": [{"x": [1.0, float("nan")]}, None, None, {"x": [float("inf")]}],
        }
    )
    parquet.write_table(table, tmp_path / "q.parquet")
    first, second, third, fourth = draw(tmp_path, {"path": "q.parquet", "fields": {"reference": "a"}})
    meta = {"when": "2024-02-29", "sum": "1.50", "nested": {"x": [1.0, None]}}
    assert first == Question("1?", "1", "general", "files:q.parquet", meta=meta)
    assert second == DropReason("no prompt", "q.parquet:2: the column 'prompt' is missing or blank")
    assert third == Question("3?", None, "general", "files:q.parquet", meta=meta | {"nested": None})
    assert fourth == Question("4?", "4.5", "general", "files:q.parquet", meta=meta | {"nested": {"x": [None]}})


def test_a_column_without_a_form_in_json_costs_no_row_that_does_not_need_it(tmp_path: Path) -> None:
    table = pa.table({"prompt": ["1?"], "image": [b"\xff\xd8"], "text": [b"4"]})
    parquet.write_table(table, tmp_path / "q.parquet")
    assert draw(tmp_path, {"path": "q.parquet"}) == [Question("1?", source="files:q.parquet", meta={"text": "4"})]
    (bad,) = draw(tmp_path, {"path": "q.parquet", "fields": {"prompt": "image"}})
    assert bad == DropReason("unreadable cell", "q.parquet:1: the column 'image' holds bytes that are not UTF-8 text")


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl", "c.txt"):
        write(tmp_path, f'{{"prompt": "{name}"}}\n', name)
    (tmp_path / "d.jsonl").mkdir()
    assert prompts(draw(tmp_path, {"path": "*.jsonl"})) == ["a.jsonl", "b.jsonl"]
    source = Files(path="*.jsonl").fresh(Context(folder=tmp_path))
    assert source.inputs == (tmp_path / "a.jsonl", tmp_path / "b.jsonl")


def test_brackets_in_a_name_are_no_pattern(tmp_path: Path) -> None:
    write(tmp_path, '{"prompt": "1?"}', "q[1].jsonl")
    assert prompts(draw(tmp_path, {"path": "q[1].jsonl"})) == ["1?"]


def test_limit_counts_questions(tmp_path: Path) -> None:
    write(tmp_path, 'x\n{"prompt": "1?"}\nx\n{"prompt": "2?"}\n{"prompt": "3?"}\n')
    assert prompts(draw(tmp_path, {"limit": 2})) == ["1?", "2?"]


def test_shuffling_follows_the_seed(tmp_path: Path) -> None:
    write(tmp_path, "".join(f'{{"prompt": "{i}"}}\n' for i in range(50)))
    one, again, other = (draw(tmp_path, {"shuffle": True}, seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one != other
    assert sorted(prompts(one)) == sorted(prompts(other)) == sorted(map(str, range(50)))


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ({"path": "question.jsonl"}, "there is no file 'question.jsonl'", "did you mean 'questions.jsonl'?"),
        (
            {"path": "nowhere/*.csv"},
            "there is no file 'nowhere/*.csv'",
            "a relative path starts at the recipe's folder",
        ),
        ({"path": "notes.txt"}, "the name of notes.txt does not say which format it has", "set `format:` to one of"),
        ({"fields": {"prompt": "promt"}}, "no row of questions.jsonl has a column 'promt'", "did you mean 'prompt'?"),
        ({"fields": {"reference": "b"}}, "no row of questions.jsonl has a column 'b'", "known: a, prompt"),
        ({"meta": ["level"]}, "no row of questions.jsonl has a column 'level'", "known: a, prompt"),
        ({"path": "ab.csv"}, "no row of ab.csv has a column 'prompt'", "write which column holds the question"),
        ({"path": "broken.parquet"}, "not a Parquet file", ""),
        ({"path": "twice.csv"}, "two columns are named 'a'", "rename one of them"),
    ],
)
def test_mistakes_are_told_before_the_first_row(
    tmp_path: Path, settings: Mapping[str, Any], message: str, hint: str
) -> None:
    write(tmp_path, '{"prompt": "1?"}\nbad\n{"prompt": "2?", "a": 1}\n')
    write(tmp_path, "", "notes.txt")
    write(tmp_path, "PAR1 or not", "broken.parquet")
    write(tmp_path, "a,a,prompt\n", "twice.csv")
    write(tmp_path, "a,b\n1,2\n", "ab.csv")
    with pytest.raises(UserError) as caught:
        draw(tmp_path, settings)
    (fault,) = caught.value.faults
    assert fault.message.startswith(message)
    assert fault.hint.startswith(hint)


def test_all_missing_columns_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, '{"question": "1?"}\n')
    with pytest.raises(UserError) as caught:
        draw(tmp_path, {"fields": {"reference": "answer"}})
    assert [fault.message[-8:] for fault in caught.value.faults] == ["'answer'", "'prompt'"]


def test_a_file_in_which_no_line_can_be_read_says_so_line_by_line(tmp_path: Path) -> None:
    write(tmp_path, "one\ntwo\n")
    assert [why.detail.partition(" ")[0] for why in draw(tmp_path, {}) if isinstance(why, DropReason)] == [
        "questions.jsonl:1:",
        "questions.jsonl:2:",
    ]


@pytest.mark.parametrize("name", ["questions.jsonl", "questions.csv"])
def test_an_empty_file_has_no_questions(name: str, tmp_path: Path) -> None:
    write(tmp_path, "", name)
    source = Files(path=name, fields={"prompt": "question"}).fresh(Context(folder=tmp_path))
    assert list(source.questions()) == []


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="answer"):
        Files.model_validate({"path": "x.jsonl", "fields": {"answer": "a"}})


def test_it_is_picklable(tmp_path: Path) -> None:
    write(tmp_path, '{"prompt": "1?"}\n')
    source = Files(path="questions.jsonl").fresh(Context(folder=tmp_path))
    assert prompts(list(pickle.loads(pickle.dumps(source)).questions())) == ["1?"]


@given(content=st.binary(max_size=200), kind=st.sampled_from(["jsonl", "csv", "tsv"]))
def test_no_bytes_break_it(tmp_path_factory: pytest.TempPathFactory, content: bytes, kind: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    write(folder, b"prompt\n" + content if kind != "jsonl" else content, f"q.{kind}")
    drawn: list[Question | DropReason] = []
    with suppress(UserError):  # the file as a whole may be unreadable, which is said in one line
        drawn = draw(folder, {"path": f"q.{kind}"})
    for found in drawn:
        if isinstance(found, Question):
            json.dumps([found.prompt, found.meta], allow_nan=False, ensure_ascii=False).encode("utf-8")
        else:
            assert found.detail.startswith(f"q.{kind}:")


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("folder", r"'folder' is a folder; name its files: folder/\*\.jsonl"),
        ("n" * 5000, "cannot be read: File name too long|there is no file"),
        (f"{'n' * 300}.jsonl", "cannot be read: File name too long|there is no file"),
    ],
)
def test_a_path_that_is_no_file_is_told_in_one_line(path: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match=why) as caught:
        draw(tmp_path, {"path": path})
    assert len(str(caught.value)) < 400


def test_files_of_text_are_a_question_each(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Why?\n\nBecause of what?")
    (tmp_path / "b.txt").write_bytes(b"caf\xe9?")
    (tmp_path / "c.txt").write_text(" ")
    drawn = list(Files(path="*.txt", format="text").fresh(Context(folder=tmp_path)).questions())
    first, *others = drawn
    assert isinstance(first, Question)
    assert (first.prompt, first.meta, first.source) == ("Why?\n\nBecause of what?", {"file": "a.txt"}, "files:a.txt")
    assert [each.reason for each in others if isinstance(each, DropReason)] == ["unreadable line", "no prompt"]
    with pytest.raises(UserError, match="does not say which format"):
        Files(path="*.txt").fresh(Context(folder=tmp_path))
