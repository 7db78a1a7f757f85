"""`reward` from outside: rows that TRL and verl load, in both formats, and a check that references are accepted."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from open_thoughts_gen import cli
from open_thoughts_gen.cli.program import EXIT_USER_ERROR
from open_thoughts_gen.rewards import compute_score, reward, reward_func

SUMS = """\
name: sums
target: 8
source: {use: family, family: "tests.toy.sums:Sums"}
question_filters: []
teacher: "tests.toy.sums:Adder"
verifiers:
  - {use: family, when: {domain: [math, general]}}
publish: {columns: {spec: json}}
"""


def main(*words: object) -> int:
    return cli.main([str(word) for word in words])


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    (tmp_path / "sums.yaml").write_text(SUMS)
    assert main("run", tmp_path / "sums.yaml", "--out", tmp_path / "run") == 0
    capsys.readouterr()
    return tmp_path / "run"


def test_a_run_becomes_rows_for_trl(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("reward", run, "--out", tmp_path / "rl") == 0
    out = capsys.readouterr().out
    assert f"8 rows: {tmp_path / 'rl' / 'train.parquet'}" in out
    assert "8 of 8 references are accepted by the verifiers that use them" in out
    rows = pq.read_table(tmp_path / "rl" / "train.parquet").to_pylist()
    assert reward(f"Answer: {rows[0]['reference']}", rows[0], trusted=("tests",)) == 1.0
    assert reward(f"Answer: {rows[0]['reference']}1", rows[0], trusted=("tests",)) == 0.0
    assert [path.name for path in (tmp_path / "rl").iterdir()] == ["train.parquet"]


def test_rows_for_verl_as_json_lines(run: Path, tmp_path: Path) -> None:
    options = ("--verifier", "exact", "--layout", "verl", "--format", "jsonl")
    assert main("reward", run, "--out", tmp_path, *options) == 0
    rows = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text().splitlines()]
    assert len(rows) == 8
    for row in rows:
        truth = row["reward_model"]["ground_truth"]
        asked = {"data_source": row["data_source"], "ground_truth": truth, "extra_info": row["extra_info"]}
        assert compute_score(solution_str=f"\\boxed{{{truth}}}", **asked) == 1.0
        assert row["prompt"] == [{"role": "user", "content": row["extra_info"]["prompt"]}]


def test_attempts_of_a_question_are_one_row_and_references_that_fail_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("Which?", "B", "B"), ("Which?", "B", "C"), ("Who?", "Ada", "x")]
    lines = (json.dumps({"question": q, "reference": known, "response": said}) for q, known, said in rows)
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    assert main("reward", tmp_path / "rows.jsonl", "--verifier", "choice", "--out", tmp_path / "rl") == 0
    assert "1 of 2 references are accepted by the verifiers that use them" in capsys.readouterr().out
    table = pq.read_table(tmp_path / "rl" / "train.parquet").to_pydict()
    prompts, completions = table.pop("prompt"), ["Answer: B", "Answer: B"]
    assert reward_func(prompts=prompts, completions=completions, **table) == [1.0, 0.0]


def test_a_judge_is_not_tried_and_has_to_be_trusted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps({"question": "?", "reference": "a", "response": "b"}))
    words = ("reward", tmp_path / "rows.jsonl", "--verifier", "judge:{model: ollama/m}", "--out", tmp_path / "rl")
    assert main(*words) == 0
    assert "the references were not tested" in capsys.readouterr().out


def test_questions_that_no_verifier_is_meant_for_are_told(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(SUMS.replace("[math, general]", "law"))
    assert main("reward", run, "--with", other, "--out", tmp_path / "rl") == EXIT_USER_ERROR
    assert "no verifier applies to any of the questions" in capsys.readouterr().err
    assert not (tmp_path / "rl").exists()


def test_the_audit_lists_references_that_their_own_verifier_does_not_accept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("How many?", "42", "x"), ("How much?", "a lot of them", "x"), ("And?", "7 kg", "x"), ("None?", None, "x")]
    lines = (json.dumps({"question": q, "reference": known, "response": said}) for q, known, said in rows)
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    assert main("reward", tmp_path / "rows.jsonl", "--verifier", "number", "--audit") == 0
    out = capsys.readouterr().out
    assert "number: undecided" in out
    assert "reference: a lot of them" in out
    assert "reference: 42" not in out
    assert "2 of 3 references are accepted by the verifiers that use them" in out
    assert [path.name for path in tmp_path.iterdir()] == ["rows.jsonl"]
    assert main("reward", tmp_path / "rows.jsonl", "--verifier", "number") == EXIT_USER_ERROR
    assert "--audit" in capsys.readouterr().err


def test_a_run_reports_references_that_its_verifiers_do_not_accept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("How many?", "42", "Answer: 42"), ("How much?", "a lot", "Answer: 3"), ("And?", "5", "Answer: 6")]
    lines = (json.dumps({"prompt": q, "reference": known, "response": said}) for q, known, said in rows)
    (tmp_path / "rows.jsonl").write_text("\n".join(lines))
    (tmp_path / "recipe.yaml").write_text(
        "name: audit\nsource: {use: files, path: rows.jsonl, fields: {prompt: prompt, reference: reference}}\n"
        "teacher: {use: recorded, response: response}\nverifiers: [number]\npublish: {license: cc0-1.0}\n"
    )
    assert main("run", tmp_path / "recipe.yaml", "--out", tmp_path / "run") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "1 references cannot be read, or are not accepted" in out
    assert "'a lot' is undecided" in out
    account = json.loads((tmp_path / "run" / "run.json").read_text())["unaccepted_references"]
    assert (account["num"], account["by_verifier"], account["first"][0]["reference"]) == (1, {"number": 1}, "a lot")
