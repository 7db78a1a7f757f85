from __future__ import annotations

from pathlib import Path

import pytest

from open_thoughts_gen.cli import main
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.teachers.replay import Replay, read_cassette, write_cassette
from open_thoughts_gen.types import Question, Request, Trace, Usage

TRACES = [
    Trace(Question("1?").id, 0, "m", "Hm.\u2028\x85", "One.", usage=Usage(1, 2, 3)),
    Trace(Question("1?").id, 1, "m", "", "Two.", "length"),
]
RECIPE = """\
name: sums
source: {use: files, path: questions.jsonl}
teacher: rehearsal
verifiers: [exact]
"""


def test_what_was_written_is_given_back(tmp_path: Path) -> None:
    failed = Trace("0" * 16, 0, "m", "", "", "error", "HTTP 500")
    assert write_cassette(tmp_path / "a" / "c.jsonl", [*TRACES[::-1], failed, TRACES[0]]) == 2
    assert list(read_cassette(tmp_path / "a" / "c.jsonl")) == TRACES
    teacher = Replay(file="a/c.jsonl").fresh(Context(folder=tmp_path))
    asked = [Request(Question("1?")), Request(Question("1?"), 1), Request(Question("2?"))]
    *found, missing = teacher.traces(asked)
    assert found == TRACES
    assert "holds no trace of" in str(missing.error)


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"question_id": 1}', '{"question_id": "a", "attempt": "x"}'])
def test_a_line_that_is_no_trace_is_told_with_its_place(tmp_path: Path, line: str) -> None:
    (tmp_path / "c.jsonl").write_text(f"{line}\n")
    with pytest.raises(UserError, match=r"c\.jsonl:1: .*record the cassette again"):
        Replay(file="c.jsonl").fresh(Context(folder=tmp_path))


def test_no_cassette_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        Replay(file="c.jsonl").fresh(Context(folder=tmp_path))


def test_a_recipe_is_recorded_and_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "questions.jsonl").write_text("".join(f'{{"prompt": "{i}?"}}\n' for i in range(5)))
    recipe = tmp_path / "r.yaml"
    recipe.write_text(RECIPE)
    cassette = tmp_path / "c.jsonl"
    assert main(["cassette", str(recipe), "-n", "3", "--out", str(cassette), "--cache", str(tmp_path / "c")]) == 0
    assert "3 traces" in capsys.readouterr().out
    assert [trace.teacher for trace in read_cassette(cassette)] == ["rehearsal"] * 3
    teacher = "teacher={use: replay, file: c.jsonl}"
    assert main(["preview", str(recipe), "--set", teacher, "--cache", str(tmp_path / "c")]) == 0
    assert "It comes to this" in capsys.readouterr().out
