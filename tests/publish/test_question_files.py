"""Files of questions go along where licence and size allow it; then the published recipe makes the rows again alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from open_thoughts_gen.cli.main import main
from open_thoughts_gen.publish.doctor import examine
from open_thoughts_gen.publish.question_files import MAX_BYTES, question_files
from open_thoughts_gen.recipe import load_recipe

RECIPE = """
name: asked
source: {use: files, path: %s, license: %s, fields: {prompt: question, reference: answer}}
teacher: rehearsal
decontaminate: false
publish: {license: cc-by-4.0, question_files: %s}
"""


def written(folder: Path, path: str = "mine.jsonl", license: str = "cc-by-4.0", push: str = "true") -> Path:
    rows = [{"question": f"What is {i} plus {i * i}?", "answer": str(i + i * i)} for i in range(30)]
    (folder / "mine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (folder / "asked.yaml").write_text(RECIPE % (path, license, push), "utf-8")
    return folder / "asked.yaml"


def test_a_published_file_of_questions_makes_the_same_rows_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(written(tmp_path)), "--out", "once", "--cache", "c.sqlite"]) == 0
    dataset = tmp_path / "once" / "dataset"
    assert (dataset / "questions" / "mine.jsonl").read_bytes() == (tmp_path / "mine.jsonl").read_bytes()
    card = (dataset / "README.md").read_text("utf-8")
    assert "is part of the dataset, and so are the files of questions that it reads." in card
    assert "It also needs what is not part of the dataset: the stored answers of the models" in card
    assert not [fault for fault in examine(dataset) if fault.check in ("secrets", "emails")]
    (dataset / "questions" / "mine.jsonl").write_text('{"question": "Write to jane.roe@example-mail.net."}\n', "utf-8")
    assert "questions/mine.jsonl" in str([fault for fault in examine(dataset) if fault.check == "emails"])
    shutil.copyfile(tmp_path / "mine.jsonl", dataset / "questions" / "mine.jsonl")
    alone = tmp_path / "alone"
    shutil.copytree(dataset, alone)
    (tmp_path / "mine.jsonl").unlink()
    assert main(["run", str(alone / "recipe.yaml"), "--out", "again", "--cache", "c.sqlite"]) == 0
    for file in (*dataset.rglob("*.parquet"), dataset / "recipe.yaml", dataset / "questions" / "mine.jsonl"):
        assert (tmp_path / "again" / "dataset" / file.relative_to(dataset)).read_bytes() == file.read_bytes()


@pytest.mark.parametrize(
    ("path", "license", "push", "why"),
    [
        ("mine.jsonl", "unknown", "true", "mine.jsonl (its licence is not stated)"),
        ("m*.jsonl", "cc-by-4.0", "true", "m*.jsonl (several files, or an address)"),
        ("mine.jsonl", "cc-by-4.0", "false", "mine.jsonl (kept back by its author)"),
        ("large.jsonl", "cc-by-4.0", "true", "large.jsonl (over 5 MB)"),
        ("mine.parquet", "cc-by-4.0", "true", "mine.parquet (not a plain text file)"),
    ],
)
def test_what_is_not_published_is_said_with_the_reason(
    tmp_path: Path, path: str, license: str, push: str, why: str
) -> None:
    recipe = load_recipe(written(tmp_path, path, license, push))
    for name in ("large.jsonl", "mine.parquet"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(MAX_BYTES + 1)
    asked = question_files(recipe)
    assert (asked.recipe, asked.published, asked.withheld) == (recipe, [], [why])
