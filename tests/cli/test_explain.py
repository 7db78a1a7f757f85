"""`explain` and `diff` from outside: a question's whole life, and why one run has what another has not."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen import cli
from open_thoughts_gen.cli.program import EXIT_USER_ERROR
from open_thoughts_gen.rejudge.difference import differing_settings
from tests.farm import FIRST, HOSTILE, REPEAT, SHEEP, SHORT, WRONG, row_id, write_farm


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return two run folders, the second with a stricter filter of length."""
    folder = tmp_path_factory.mktemp("runs")
    for name, least in (("first", 4), ("second", 18)):
        file = write_farm(folder, name, least)
        options = ("--out", folder / name, "--cache", folder / "responses.sqlite", "--workers", 1)
        assert cli.main(["run", str(file), *map(str, options)]) == 0
    return folder / "first", folder / "second"


def said(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> str:
    capsys.readouterr()
    assert cli.main([str(word) for word in words]) == code
    captured = capsys.readouterr()
    return captured.err if code else captured.out


def explained(capsys: pytest.CaptureFixture[str], question: str, *places: Path) -> list[dict[str, Any]]:
    return list(json.loads(said(capsys, "explain", row_id(question), *places, "--json")))


def test_a_published_row(runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "explain", row_id(FIRST)[:8], runs[0]).splitlines()
    assert lines[:2] == [f"{row_id(FIRST)} in {runs[0]}", "published"]
    assert "  source     files:rows.jsonl" in lines
    filters = lines[lines.index("question filters") + 1 :][:4]
    assert filters[:2] == ["  length: passed", "  length: not for this row"]
    assert filters[2].startswith("  readability: passed; question_reading_ease ")
    assert filters[3] == "  near_dedup: passed"
    assert "attempt 0: correct, published" in lines
    assert "  exact: correct: the answer is the reference" in lines
    assert lines[-2] == "neighbours"
    assert re.fullmatch(rf"  left out, for it repeats this one, 9\d\.\d % alike: {row_id(REPEAT)} .*", lines[-1])


def test_a_near_duplicate_names_what_it_repeats(runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    (history,) = explained(capsys, REPEAT, runs[0])
    assert history["end"] == "left out by question_filters, near_dedup: near duplicate"
    assert history["filters"][-1]["outcome"] == "dropped"
    assert history["attempts"] == []
    assert [(each["relation"], each["id"]) for each in history["neighbours"]] == [("it repeats", row_id(FIRST))]


def test_a_wrong_answer_was_left_out_after_its_filters(
    runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    (history,) = explained(capsys, WRONG, runs[0])
    assert history["end"].startswith("left out by sample_filters, verified: incorrect: exact: another text")
    assert [each["outcome"] for each in history["filters"]] == ["passed", "not for this row", "passed", "passed"]
    (attempt,) = history["attempts"]
    assert (attempt["outcome"], attempt["published"], attempt["answer"]) == ("incorrect", False, "31")
    assert attempt["filters"] == [
        {"filter": "verified", "outcome": "dropped", "reason": "incorrect", "measures": {}}
        | {"detail": "exact: another text: the answer is not the reference"}
    ]
    assert history["pass_rate"] == 0


def test_the_first_filter_that_drops_ends_a_life(runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    (history,) = explained(capsys, SHORT, runs[0])
    assert [(each["filter"], each["outcome"]) for each in history["filters"]] == [("length", "dropped")]
    assert history["neighbours"][0]["relation"] == "nearest of those published"


def test_two_runs_and_a_dataset_alone(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = explained(capsys, SHEEP.format(30, 37), *runs)
    assert (first["end"], second["end"].partition(": ")[0]) == ("published", "left out by question_filters, length")
    shutil.copytree(runs[0] / "dataset", tmp_path / "dataset")
    (alone,) = explained(capsys, FIRST, tmp_path / "dataset")
    assert alone["end"] == "published"
    assert "may be a row that was left out" in said(
        capsys, "explain", row_id(SHORT), tmp_path / "dataset", code=EXIT_USER_ERROR
    )


def test_the_runs_of_the_folder_are_searched(
    runs: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(runs[0].parent, tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    assert [each["run"] for each in explained(capsys, FIRST)] == ["runs/first", "runs/second"]
    assert "no run in runs/ has the row 00000" in said(capsys, "explain", "00000", code=EXIT_USER_ERROR)


def test_an_id_is_long_enough_and_there(runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert "is too short for an id; give at least 4" in said(capsys, "explain", "ab", runs[0], code=EXIT_USER_ERROR)
    assert "has no row with the id ffff0" in said(capsys, "explain", "ffff0", runs[0], code=EXIT_USER_ERROR)
    error = said(capsys, "explain", row_id(FIRST), "nowhere", code=EXIT_USER_ERROR)
    assert error.startswith("nowhere is neither a run folder nor a dataset; name")
    assert error.count("\n") == 1


def test_hostile_text_does_not_reach_the_terminal(runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    for options in ((), ("--json",)):
        printed = said(capsys, "explain", row_id(HOSTILE), runs[0], *options)
        assert "[red]" in printed
        assert not {"\x1b", "\u202e"} & set(printed)


def test_how_two_runs_differ_and_why(runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    lines = [" ".join(line.split()) for line in said(capsys, "diff", *runs, "--examples", 1).splitlines()]
    assert lines[:2] == [f"A {runs[0]}", f"B {runs[1]}"]
    assert "question_filters[length].min_question 4 18" in lines
    assert "rows 16 2" in lines
    assert "verified: incorrect 1 1" in lines
    assert "only in A: 14 questions" in lines
    assert lines[lines.index("only in A: 14 questions") + 1] == "14 in B: length: question too short"
    assert sum("17 words, at least 18 wanted" in line for line in lines) == 1
    assert "only in B: 0 questions" in lines


def test_without_its_record_a_run_is_read_as_its_dataset(
    runs: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for damage in (None, "{"):
        shutil.copytree(runs[0], tmp_path / "run", dirs_exist_ok=True)
        record = tmp_path / "run" / "run.json"
        record.write_text(damage) if damage else record.unlink()
        assert "in both: 16 questions" in said(capsys, "diff", tmp_path / "run", runs[0])


def test_the_difference_as_json(runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    compared = json.loads(said(capsys, "diff", *reversed(runs), "--json"))
    assert compared["settings"] == {"question_filters[length].min_question": [18, 4]}
    assert (compared["num_shared"], compared["overlap"], compared["num_changed"]) == (2, 2 / 16, 0)
    assert compared["a"]["only_here"] == []
    assert len(compared["b"]["only_here"]) == 14
    assert compared["b"]["why"] == [
        {"step": "question_filters", "plugin": "length", "reason": "question too short", "num": 14}
    ]
    assert compared["b"]["cost_usd"] == 0


def test_without_its_losses_a_run_says_that_it_does_not_know(
    runs: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    compared = json.loads(said(capsys, "diff", runs[0], runs[1] / "dataset", "--json"))
    assert [each["reason"] for each in compared["a"]["why"]] == ["not known: it has no dropped.parquet"]
    assert compared["b"]["cost_usd"] is None


def test_a_filter_put_before_others_is_one_difference() -> None:
    old: list[dict[str, Any]] = [{"use": "length", "min": 2}, {"use": "rules"}, {"use": "rules", "drop": "url"}]
    names = ["length", "rules", "rules"]
    compared = differing_settings({"seed": 1, "filters": old}, {"seed": 1, "filters": [{"use": "language"}, *old]})
    assert compared == {"filters": (names, ["language", *names])}
    changed = differing_settings({"filters": old}, {"filters": [*old[:2], {"use": "rules", "drop": "image"}]})
    assert changed == {"filters[rules#2].drop": ("url", "image")}
