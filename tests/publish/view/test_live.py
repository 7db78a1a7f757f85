"""Answers can be seen while a run goes on; what is live lies beside the cache and goes with the run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.publish.view.contents import contents_of
from open_thoughts_gen.publish.view.follow import Newest
from open_thoughts_gen.publish.view.live import LEAST_S, LiveRows
from open_thoughts_gen.publish.view.query import RowQuery
from open_thoughts_gen.types import Outcome, Question, Sample, Trace, Verdict

DEAD = 2**22 + 1  # above the highest process id


def answer(i: int) -> Sample:
    question = Question(f"What is {i} plus {i}?", str(2 * i))
    return Sample(question, Trace(question.id, 0, "toy", "so", f"Answer: {2 * i}"))


def test_answers_are_added_in_whole_files_and_go_at_the_end(tmp_path: Path) -> None:
    (tmp_path / f"killed-{DEAD}").mkdir()
    now = [0.0]
    with LiveRows(tmp_path / "toy-1", clock=lambda: now[0]) as live:
        for i in range(1000):
            now[0] += LEAST_S / 4
            live.add(answer(i))
        files = sorted(live.folder.iterdir())
        assert [path.name for path in tmp_path.iterdir()] == ["toy-1"]
        assert {path.suffix for path in files} == {".parquet"}
        assert len(files) < 220
        written = [row for file in files for row in pq.read_table(file).to_pylist()]
        assert [row["id"] for row in written] == [answer(i).question.id for i in range(len(written))]
        assert len(written) > 980
        assert {row["outcome"] for row in written} == {None}
    assert list(tmp_path.iterdir()) == []


def test_rows_are_read_again_when_there_are_more(tmp_path: Path) -> None:
    now = [0.0]
    (tmp_path / "index").mkdir()
    with LiveRows(tmp_path / "live" / "toy-1", clock=lambda: now[0]) as live:
        newest = Newest(contents_of(live.folder), tmp_path / "index", lambda: contents_of(live.folder))
        assert newest.look().tables == {"rows": 0}
        now[0] += LEAST_S
        live.add(answer(1))
        before = newest.rows
        while newest.look() is before:
            time.sleep(0.01)
        assert newest.rows.tables == {"rows": 1}
        assert newest.rows.row(newest.rows.cursor(), "rows", 0)["question"] == "What is 1 plus 1?"
        newest.rows.close()


def test_verdicts_come_into_the_rows_that_are_there(tmp_path: Path) -> None:
    now = [0.0]
    (tmp_path / "index").mkdir()
    with LiveRows(tmp_path / "live" / "toy-1", clock=lambda: now[0]) as live:
        for i in range(6):
            now[0] += LEAST_S
            live.add(answer(i))
        newest = Newest(contents_of(live.folder), tmp_path / "index", lambda: contents_of(live.folder))
        before = newest.rows
        outcomes: tuple[Outcome, ...] = ("correct", "incorrect", "undecided")
        for i, outcome in enumerate(outcomes):
            verdicts = (
                Verdict("exact", outcome, str(2 * i), "as it stands"),
                Verdict("form", "correct", form_only=True),
            )
            live.add(replace(answer(i), verdicts=verdicts[:1]))
            now[0] += LEAST_S
            live.add(replace(answer(i), verdicts=verdicts))
        number, row = 1, before.row(before.cursor(), "rows", 1)
        assert row["question"] == "What is 1 plus 1?", "what an older index says of a row's place stays right"
        now[0] += LEAST_S
        live.add(answer(6))
        while newest.look() is before:
            time.sleep(0.01)
        shown = newest.rows.row(newest.rows.cursor(), "rows", number)
        assert (shown["question"], shown["outcome"]) == ("What is 1 plus 1?", "incorrect")
        assert [each["verifier"] for each in shown["verdicts"]] == ["exact", "form"]
        facets = {
            facet["name"]: facet["bars"] for facet in newest.rows.facets(newest.rows.cursor(), RowQuery(table="rows"))
        }
        assert {bar["value"]: bar["num"] for bar in facets["outcome"]} == {
            "correct": 1, "incorrect": 1, "undecided": 1, None: 4
        }  # fmt: skip
        before.close()
        newest.rows.close()


RECIPE = """
name: slow
source: {use: files, path: questions.jsonl, fields: {prompt: question, reference: answer}, license: cc0-1.0}
teacher: {use: tests.publish.view.slow:Slow}
verifiers: [{use: exact}]
publish: {license: cc0-1.0}
"""


def ask(address: str, token: str, name: str, question: object) -> Any:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/{name}", json.dumps(question).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answered:
        return json.load(answered)


@pytest.mark.slow
def test_a_run_is_watched(tmp_path: Path) -> None:
    (tmp_path / "slow.yaml").write_text(RECIPE)
    lines = [json.dumps({"question": f"What is {i} plus {i}?", "answer": str(2 * i)}) for i in range(4)]
    (tmp_path / "questions.jsonl").write_text("\n".join(lines))
    go = tmp_path / "go"
    words = ["run", "slow.yaml", "--watch", "--cache", str(tmp_path / "cache.sqlite"), "--out", str(tmp_path / "out")]
    command = [sys.executable, "-m", "open_thoughts_gen", *words]
    environment = {**os.environ, "GO": str(go), "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        match = None
        while not match:
            line = process.stderr.readline()
            assert line, "the run has ended"
            match = re.search(r"(http://\S+)/#token=(\S+)", line)
        address, token = match.groups()
        while ask(address, token, "overview", {})["tables"] != {"rows": 1}:
            time.sleep(0.1)
        assert ask(address, token, "page", {"table": "rows"})["rows"][0]["head"].startswith("What is")
        assert not (tmp_path / "out").exists()
        go.touch()
        process.communicate(timeout=120)
    assert process.returncode == 0
    assert (tmp_path / "out" / "run.json").is_file()
    assert list((tmp_path / "cache.sqlite.live").iterdir()) == []
