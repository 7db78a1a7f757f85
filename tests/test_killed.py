"""The whole program, killed by SIGKILL at random moments: the same bytes, nothing paid twice, no half folder."""

from pathlib import Path

import pytest

from tests.cli.test_cli import SUMS
from tests.killing import KEY, WRITING, killed, killed_without_a_model

NUM_QUESTIONS, NUM_KILLS, CONCURRENCY = 300, 12, 8

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_killed_at_random_moments(tmp_path: Path) -> None:
    found = killed(tmp_path, num_questions=NUM_QUESTIONS, num_kills=NUM_KILLS, concurrency=CONCURRENCY)
    assert found.num_asked == NUM_QUESTIONS + found.num_in_flight + found.num_in_between
    assert found.num_asking > NUM_KILLS / 2  # most were killed with calls on the wire
    assert found.num_in_flight + found.num_in_between <= NUM_KILLS * 2 * CONCURRENCY
    assert found.bytes_killed == found.bytes_whole
    assert len(found.bytes_whole) > 3
    assert found.num_writing > 0  # lives that were ended while they wrote the run folder
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith(("whole.", "killed.", "questions."))}
    assert left == {"whole", "killed"}  # nothing of a folder that was half written
    assert KEY not in found.said
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path


def test_killed_while_a_model_writes_its_questions(tmp_path: Path) -> None:
    found = killed(tmp_path, WRITING, num_questions=60, num_kills=4, concurrency=CONCURRENCY)
    assert found.num_calls == 2 * 60  # each question is written by one call and answered by another
    assert found.num_asked == found.num_calls + found.num_in_flight + found.num_in_between
    assert found.num_asking > 1
    assert found.bytes_killed == found.bytes_whole
    assert len(found.bytes_whole) > 3


LARGE = """\
name: killed
sources:
  - {use: stand_in, dataset: ai2-adapt-dev/openmath-2-math, fields: {prompt: messages}, meta: [], scale: 0.001}
question_filters:
  - {use: probe, model: rehearsal/small}
  - {use: top_k, by: probe_words, k: 400}
  - {use: exact_dedup, fold: []}
teacher: rehearsal
attempts: 4
publish: {title: Killed, license: cc0-1.0}
"""


def test_killed_while_it_draws_thousands_filters_them_and_asks(tmp_path: Path) -> None:
    whole, *seen = killed_without_a_model(tmp_path, LARGE, num_kills=5)
    assert len(whole) > 3
    assert all(files in ({}, whole) for files in seen)
    assert seen[-1] == whole
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {"killed", "whole"}


def test_killed_while_it_makes_and_writes_the_rows(tmp_path: Path) -> None:
    whole, *seen = killed_without_a_model(tmp_path, SUMS, num_kills=6)
    assert len(whole) > 3
    assert all(files in ({}, whole) for files in seen)  # a run folder is there whole or not at all
    assert seen[-1] == whole
    left = sorted(path.name for path in tmp_path.iterdir() if path.suffix not in (".sqlite", ".txt"))
    assert left == ["killed", "killed.yaml", "whole"]
