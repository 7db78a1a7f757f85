"""The run folder: whole or not at all, the same dataset byte for byte, and nobody's own files overwritten."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.publish.folder import check_place, files_of, read_run, recover, replacing, write_run
from open_thoughts_gen.types import DropReason, FilterReport
from tests.publish.finished import finished, recipe, samples

COMMAND = "python -m open_thoughts_gen run recipes/cases.yaml"
FACTS = {"rule": "default", "checked": [], "not_checked": {}, "num_for_review": 1}
DEAD = 2**22 + 1  # above the highest process id


def write(place: Path, num: int = 30) -> str:
    return write_run(recipe(), finished(samples(num)), place, command=COMMAND, timings={"teacher": 1.23456})


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in files_of(folder)}


def test_the_dataset_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    assert write(tmp_path / "a") == write(tmp_path / "b") == ""
    first = contents(tmp_path / "a" / "dataset")
    assert first == contents(tmp_path / "b" / "dataset")
    assert sorted(first) == [
        "README.md",
        "assets/cases-funnel-dark.png",
        "assets/cases-funnel.png",
        "assets/cases-lengths-dark.png",
        "assets/cases-lengths.png",
        "assets/cases-makeup-dark.png",
        "assets/cases-makeup.png",
        "croissant.json",
        "data/train-00000-of-00001.parquet",
        "messages/train-00000-of-00001.parquet",
        "reasoning_content/train-00000-of-00001.parquet",
        "recipe.yaml",
    ]


def test_the_run_folder_gives_an_account(tmp_path: Path) -> None:
    mine = tmp_path / "mine.jsonl"
    mine.write_text("{}\n")
    run = finished(samples(30))
    write_run(recipe(), run, tmp_path / "a", command=COMMAND, timings={"teacher": 1.23456}, inputs=[mine])
    account = read_run(tmp_path / "a")
    assert account
    assert (account["name"], account["seed"], account["counts"]["kept"]) == ("cases", 7, 30)
    assert {"step": "sources", "plugin": "cases", "reason": "not JSON", "num": 1} in account["counts"]["dropped"]
    assert account["timings_s"] == {"teacher": 1.235}
    assert set(account["outputs"]) == set(contents(tmp_path / "a")) - {"run.json"}
    assert list(account["inputs"]) == [str(mine)]
    assert account["versions"]["python"].startswith("3.")
    assert (tmp_path / "a" / "recipe.yaml").read_text() == recipe().to_yaml()
    assert pq.read_table(tmp_path / "a" / "dropped.parquet").num_rows == 10
    assert "s3cret" not in json.dumps(account) + recipe().to_yaml()


def test_a_run_replaces_the_one_before_and_leaves_nothing_beside(tmp_path: Path) -> None:
    write(tmp_path / "a", 20)
    (tmp_path / "a" / "old.txt").write_text("of the run before")
    write(tmp_path / "a", 30)
    account = read_run(tmp_path / "a")
    assert account
    assert account["counts"]["kept"] == 30
    assert os.listdir(tmp_path) == ["a"]
    assert not (tmp_path / "a" / "old.txt").exists()


@pytest.mark.parametrize("what", ["file", "folder", "other run.json"])
def test_what_is_no_run_folder_is_not_overwritten(what: str, tmp_path: Path) -> None:
    place = tmp_path / "a"
    if what == "file":
        place.write_text("mine")
    else:
        place.mkdir()
        (place / ("run.json" if what == "other run.json" else "mine.txt")).write_text('{"made_by": "me"}')
    before = contents(tmp_path)
    with pytest.raises(UserError, match="exists and is not a run folder; choose another folder"):
        write(place)
    assert contents(tmp_path) == before


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "a").symlink_to(tmp_path / "disk", target_is_directory=True)
    write(tmp_path / "a", 20)
    write(tmp_path / "a", 30)
    account = read_run(tmp_path / "disk")
    assert account
    assert account["counts"]["kept"] == 30
    assert (tmp_path / "a").is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["a", "disk"]


def test_a_link_that_was_left_aside_goes_and_not_what_it_leads_to(tmp_path: Path) -> None:
    write(tmp_path / "a")
    (tmp_path / "thesis").mkdir()
    (tmp_path / f".a.aside-{DEAD}").symlink_to(tmp_path / "thesis", target_is_directory=True)
    recover(tmp_path / "a")
    assert sorted(os.listdir(tmp_path)) == ["a", "thesis"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("file/a", "cannot be written"),
        ("n" * 250, "File name too long.*shorter name"),
        ("nowhere", "is a link to nothing"),
        ("loop", "is a link to nothing"),
        (os.fsdecode(b"caf\xe9"), "not UTF-8"),
        ("/proc/a", "cannot be written"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_before_the_run(name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "nowhere").symlink_to(tmp_path / "absent" / "b")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(UserError, match=why) as caught:
        check_place(tmp_path / name)
    assert len(caught.value.faults) == 1
    assert sorted(os.listdir(tmp_path)) == before


def test_a_place_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    check_place(tmp_path / "b" / "c" / "a")
    assert os.listdir(tmp_path) == []


def test_what_the_disk_refuses_while_writing_is_a_fault_and_says_that_nothing_is_lost(tmp_path: Path) -> None:
    gone = tmp_path / "gone.jsonl"
    with pytest.raises(UserError, match=r"cannot be written: No such file.*nothing paid for is lost"):
        write_run(recipe(), finished(samples(3)), tmp_path / "a", command=COMMAND, timings={}, inputs=[gone])
    assert os.listdir(tmp_path) == []


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    write(tmp_path / "a")
    assert read_run(tmp_path / "a")


def test_an_error_leaves_the_old_folder_and_no_trace_of_the_new(tmp_path: Path) -> None:
    write(tmp_path / "a")
    before = contents(tmp_path)
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "a") as folder:
        (folder / "half" / "absent").write_text("half")
    assert contents(tmp_path) == before


def test_what_a_killed_run_left_is_repaired(tmp_path: Path) -> None:
    write(tmp_path / "a")
    whole = contents(tmp_path / "a")
    (tmp_path / "a").rename(tmp_path / f".a.aside-{DEAD}")
    (tmp_path / f".a.partial-{DEAD}").mkdir()
    (tmp_path / ".a.partial-mine").mkdir()
    (tmp_path / f".a.partial-{os.getppid()}").mkdir()
    recover(tmp_path / "a")
    assert sorted(os.listdir(tmp_path)) == sorted([".a.partial-mine", f".a.partial-{os.getppid()}", "a"])
    assert contents(tmp_path / "a") == whole


def test_an_old_folder_that_was_not_deleted_in_time_goes(tmp_path: Path) -> None:
    write(tmp_path / "a")
    (tmp_path / f".a.aside-{DEAD}").mkdir()
    recover(tmp_path / "a")
    assert os.listdir(tmp_path) == ["a"]


KILLED = """
import sys
from pathlib import Path
from tests.publish.test_folder import write
while True:
    write(Path(sys.argv[1]))
    print("written", flush=True)
"""


def test_a_kill_at_any_moment_leaves_a_whole_folder_or_one_rename_away(tmp_path: Path) -> None:
    place = tmp_path / "a"
    write(place)
    whole = contents(place / "dataset")
    with subprocess.Popen([sys.executable, "-c", KILLED, str(place)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        for pause in (0.05, 0.11, 0.23, 0.31):
            time.sleep(pause)
            process.send_signal(signal.SIGSTOP)  # as good as dead: nothing more happens until it goes on
            os.waitpid(process.pid, os.WUNTRACED)
            aside = [path for path in tmp_path.iterdir() if ".aside-" in path.name]
            stood = place if place.exists() else aside[0]
            assert contents(stood / "dataset") == whole
            process.send_signal(signal.SIGCONT)
        process.kill()
    recover(place)
    assert os.listdir(tmp_path) == ["a"]
    assert contents(place / "dataset") == whole


def test_splits_become_files_of_their_own(tmp_path: Path) -> None:
    run = finished(samples(30))
    splits = {sample.question.id: "test" for sample in run.samples[:6]}
    reports = (FilterReport("sample_filters", "split", {"num_test": 6}, splits=splits),)
    write_run(recipe(), replace(run, reports=reports), tmp_path / "a", command=COMMAND, timings={})
    dataset = tmp_path / "a" / "dataset"
    files = {str(file.relative_to(dataset)): pq.read_table(file) for file in dataset.rglob("*.parquet")}
    assert {name: table.num_rows for name, table in files.items()} == {
        "data/train-00000-of-00001.parquet": 24,
        "data/test-00000-of-00001.parquet": 6,
        "messages/train-00000-of-00001.parquet": 24,
        "messages/test-00000-of-00001.parquet": 6,
        "reasoning_content/train-00000-of-00001.parquet": 24,
        "reasoning_content/test-00000-of-00001.parquet": 6,
    }
    assert set(files["data/test-00000-of-00001.parquet"]["id"].to_pylist()) == set(splits)
    told = (dataset / "README.md").read_text()
    assert "  - split: test\n    path: data/test-*\n" in told
    assert 'test = load_dataset("runs/cases/dataset", split="test")  # 6 rows, none like train' in told
    assert "Config `messages`, split `train`, 24 rows; split `test`, 6 rows:" in told
    assert "test-00000-of-00001.parquet" in (dataset / "croissant.json").read_text()
    account = read_run(tmp_path / "a")
    assert account
    assert account["filters"] == [{"step": "sample_filters", "plugin": "split", "num_test": 6}]


def test_what_is_for_review_lies_beside_what_was_dropped(tmp_path: Path) -> None:
    run = finished(samples(5))
    why = DropReason("near: gsm8k", "alike but for the figures", twin="gsm8k/3", score=81.0)
    reports = (FilterReport("question_filters", "decontaminate", FACTS, ((run.samples[0], why),)),)
    write_run(recipe(), replace(run, reports=reports), tmp_path / "a", command=COMMAND, timings={})
    (row,) = pq.read_table(tmp_path / "a" / "review.parquet").to_pylist()
    assert (row["reason"], row["twin"], row["id"]) == ("near: gsm8k", "gsm8k/3", run.samples[0].question.id)
    write(tmp_path / "b", 5)
    assert not (tmp_path / "b" / "review.parquet").exists()
