"""`contamination check` on what a run wrote."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from open_thoughts_gen.cli import main
from open_thoughts_gen.cli.program import EXIT_LEAKS

ITEM = "A farmer sells nine baskets of pears on Monday and twice as many on Friday: how many baskets are sold in all?"
QUESTIONS = ["What is the colour of a ripe lemon in the shade of an old tree at noon?", ITEM, "Why do ships float?"]
RECIPE = """\
name: pears
source: {use: files, path: rows.jsonl}
decontaminate: {files: {held: benchmark.jsonl}}
teacher: {use: "tests.toy.sums:Adder"}
publish: {purpose: To test.}
"""


def test_of_a_run_folder_the_dataset_is_read_and_not_what_was_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    benchmark, cache, out = (str(tmp_path / name) for name in ("benchmark.jsonl", "c.sqlite", "out"))
    Path(benchmark).write_text(json.dumps({"question": ITEM}) + "\n")
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps({"prompt": text}) + "\n" for text in QUESTIONS))
    (tmp_path / "pears.yaml").write_text(RECIPE)
    assert main(["run", str(tmp_path / "pears.yaml"), "--cache", cache, "--out", out]) == 0
    capsys.readouterr()
    assert main(["contamination", "check", out, "--file", benchmark, "--cache", cache]) == 0
    assert "2 questions: no leak found" in capsys.readouterr().out
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "q.jsonl.gz").write_bytes(gzip.compress((tmp_path / "rows.jsonl").read_bytes()))
    (tmp_path / "held.csv.gz").write_bytes(gzip.compress(f'question\n"{ITEM}"\n'.encode()))
    for dataset in (tmp_path / "packed", tmp_path / "packed" / "q.jsonl.gz"):
        against = ["--file", str(tmp_path / "held.csv.gz"), "--column", "prompt", "--cache", cache]
        assert main(["contamination", "check", str(dataset), *against]) == EXIT_LEAKS
    dropped = str(Path(out) / "dropped.parquet")
    assert main(["contamination", "check", dropped, "--file", benchmark, "--cache", cache]) == EXIT_LEAKS
