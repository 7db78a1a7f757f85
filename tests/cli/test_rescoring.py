"""`verify` and `compare` from outside: tables, files, the Hub, faults of one line, and that no teacher is asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from open_thoughts_gen import cli
from open_thoughts_gen.cli.program import EXIT_USER_ERROR
from open_thoughts_gen.publish.folder import write_run
from tests.publish.finished import finished, recipe, samples
from tests.servers.chat_server import ChatServer
from tests.servers.hub_server import Repo, serving
from tests.servers.judging import fair

ROOT = Path(__file__).parents[2]
ROWS = [
    ("1 + 1?", "2", "Answer: 2"),
    ("2 + 2?", "4", "Answer: 4.0"),
    ("3 + 3?", "6", "Answer: 7"),
    ("Why?", "1", "so\nso"),
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    rows = ({"question": question, "reference": known, "response": said} for question, known, said in ROWS)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "broken\n")
    return path


def main(*words: object) -> int:
    return cli.main([str(word) for word in words])


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines on standard output, with single spaces."""
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_verify_prints_outcomes_and_writes_verdicts(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--verifier", "exact", "--verifier", "math:{num_workers: 1}", "--out", tmp_path / "out")
    assert main("verify", file, *options) == 0
    lines = said(capsys)
    assert lines[0] == "verifier correct incorrect undecided not asked"
    assert "exact 1 2 1 0" in lines
    assert "math 2 1 1 0" in lines
    assert any("1 rows left out: unreadable line (rows.jsonl:5: not JSON" in line for line in lines)
    assert pq.read_table(tmp_path / "out" / "verdicts.parquet").num_rows == 8


def test_verify_takes_a_run_with_its_own_recipe_or_anothers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "name: {name}\nsource: {{use: family, family: 'tests.toy.sums:Sums'}}\ntarget: 6\n"
    text += "teacher: {{use: 'tests.toy.sums:Adder'}}\nverifiers: [{{use: {verifier}, when: {{domain: {domain}}}}}]\n"
    text += "question_filters: []\npublish: {{columns: {{spec: json}}}}\n"
    first, other = tmp_path / "mine.yaml", tmp_path / "other.yaml"
    first.write_text(text.format(name="mine", verifier="family", domain="[math, general]"))
    other.write_text(text.format(name="other", verifier="exact", domain="law"))
    assert main("run", first, "--out", tmp_path / "run") == 0
    capsys.readouterr()
    assert main("verify", tmp_path / "run") == 0
    assert [line for line in said(capsys) if "family" in line] == ["saved:family 6 0 0 0", "family 6 0 0 0"]
    assert main("verify", tmp_path / "run", "--with", other, "--verifier", "exact") == 0
    lines = said(capsys)
    assert "exact 0 0 0 6" in lines
    assert "exact#2 6 0 0 0" in lines


def test_only_a_judge_asks_a_model_and_nothing_twice(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(answer=fair) as server:
        judge = f"judge:{{model: '{server.spec}'}}"
        for _ in range(2):
            assert main("verify", file, "--verifier", judge, "--cache", tmp_path / "responses.sqlite") == 0
            assert "judge 1 3 0 0" in said(capsys)
        assert len(server.asked) == 4


def test_compare_prints_the_table_and_examples_of_each_disagreement(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("compare", file, "exact", "math:{num_workers: 1}") == 0
    lines = said(capsys)
    assert lines[:5] == [
        "exact \\ math correct incorrect undecided",
        "correct 1 0 0",
        "incorrect 1 1 0",
        "undecided 0 0 1",
        "they agree on 2 of the 3 rows that both decided",
    ]
    example = "\n".join(lines[6:])
    assert "exact: incorrect / math: correct" in example
    assert "2 + 2?" in example
    assert "answer: 4.0" in example
    assert "reference: 4" in example
    assert "the answer is not the reference" in example
    assert "3 + 3?" not in example


def test_compare_can_take_the_verdicts_that_rows_carry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_run(recipe(), finished(samples(12)), tmp_path / "cases", command="x", timings={})
    name = samples(1)[0].verdicts[0].verifier
    assert main("compare", tmp_path / "cases", f"saved:{name}", f"saved:{name}") == 0
    lines = said(capsys)
    assert lines[0].startswith(f"saved:{name} \\ saved:{name} (second)")
    assert any(line.startswith("they agree on ") for line in lines)


def test_hostile_text_does_not_reach_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"question": "\x1b[2J[bold red]\u202e?", "reference": "a", "response": "Answer: \x1b]0;x\x07 A"}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    assert main("compare", tmp_path / "rows.jsonl", "exact", "tests.toy.sums:Says") == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[bold red]" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("verify", "nowhere", "--verifier", "exact"), "'nowhere' does not exist"),
        (("verify", "{file}"), "no verifier is named; name one with --verifier, or a recipe with --with"),
        (("verify", "{file}", "--verifier", "exat"), "--verifier: there is no verifier 'exat'; did you mean 'exact'?"),
        (
            ("verify", "{file}", "--verifier", "exact", "--columns", "prompt"),
            "--fields: 'prompt' is not a list",
        ),
        (("verify", "{file}", "--verifier", "exact", "--columns", "prompt=no"), "holds no trace that can be judged"),
        (("compare", "{file}", "exact", "saved:math"), "no row carries a verdict of 'math'"),
    ],
)
def test_faults_are_one_line(
    file: Path, words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(*(word.format(file=file) for word in words)) == EXIT_USER_ERROR
    err = capsys.readouterr().err.strip().splitlines()
    assert message in err[-1]
    assert "Traceback" not in "".join(err)


def test_a_run_folder_that_is_not_there_is_reported_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs" / "guard").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert main("verify", "runs/gard") == EXIT_USER_ERROR
    message = "there is no run folder runs/gard (did you mean runs/guard?), and no verifier is named; name one with"
    assert message in " ".join(capsys.readouterr().err.split())
    assert main("verify", "some/where") == EXIT_USER_ERROR
    assert "there is no run folder some/where, and no verifier" in " ".join(capsys.readouterr().err.split())


def test_a_dataset_on_the_hub_is_read_from_there(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"problem": q, "answer": a, "generations": [r, r]}) + "\n" for q, a, r in ROWS)
    with serving(lfs=False) as hub:
        repo = hub.repos["tester/sums"] = Repo(files={"data/train.jsonl": rows.encode(), "README.md": b"# sums\n"})
        repo.commit()
        environment = {**os.environ, **hub.env(), "HF_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
        words = ["verify", "tester/sums", "--verifier", "exact", "--limit", "3"]
        ran = subprocess.run(
            [sys.executable, "-m", "open_thoughts_gen", *words],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        assert "exact 2 4 0 0" in " ".join(ran.stdout.split())
        missing = subprocess.run(
            [sys.executable, "-m", "open_thoughts_gen", "verify", "tester/nothing", "--verifier", "exact"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert missing.returncode == EXIT_USER_ERROR
    (line,) = missing.stderr.strip().splitlines()
    assert line.startswith("tester/nothing cannot be read from the Hub: ")
    assert "check the name, --config and --split" in line
