"""The whole program on an endpoint that shows every fault in a tenth of the calls: the dataset's bytes stay the same.

The questions hold some of one another twice, in another order, and characters that files and formats trip over; so do
the answers.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.cli import main
from tests.chat.test_faults import FAULTS, STRANGE, one_in
from tests.killing import bytes_of
from tests.servers.chat_server import ChatServer, Fault, completion

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
NUM, NUM_REPEATED = 2000, 200
RECIPE = """\
name: faults
source: {use: files, path: questions.jsonl, fields: {prompt: question}}
question_filters: [exact_dedup]
teacher: {use: openai, model: MODEL, concurrency: 64, timeout_s: 2, max_retries: 60, truncated: drop}
sample_filters: [exact_dedup]
publish: {title: Faults}
"""
KNOWN = STRANGE.replace("\ud800", "")  # no file of questions may hold half a character


def prompt_of(number: int) -> str:
    return f"q{number} {KNOWN}"


def answer(body: Mapping[str, Any]) -> object:
    prompt = body["messages"][-1]["content"]
    return completion(f"you said: {prompt} {STRANGE}", reasoning_content=f"they said: {STRANGE}")


def run(folder: Path, name: str) -> dict[str, str]:
    place = ["--out", str(folder / name), "--cache", str(folder / f"{name}.sqlite"), "--workers", "1"]
    assert main(["run", str(folder / "recipe.yaml"), *place]) == 0
    return bytes_of(folder / name / "dataset")


def test_every_fault_in_a_tenth_of_the_calls_changes_no_byte(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(5)
    numbers = [*range(NUM), *rng.sample(range(NUM), NUM_REPEATED)]
    rng.shuffle(numbers)
    lines = (json.dumps({"question": prompt_of(number)}) + "\n" for number in numbers)
    (tmp_path / "questions.jsonl").write_text("".join(lines))
    faults = [one_in(0.0, []), one_in(0.1, [fault for name, fault in FAULTS.items() if name != "silent"])]

    def fault(prompt: str, nth: int) -> Fault | None:
        return faults[0](prompt, nth)

    with ChatServer(answer=answer, fault=fault) as server:
        (tmp_path / "recipe.yaml").write_text(RECIPE.replace("MODEL", f'"{server.spec}"'))
        whole = run(tmp_path, "whole")
        assert sorted(server.prompts) == sorted(map(prompt_of, range(NUM)))
        server.asked.clear()
        faults.pop(0)
        faulty = run(tmp_path, "faulty")
        answered = {asked.prompt for asked in server.asked if asked.answered}
        num_asked = len(server.asked)
        assert run(tmp_path, "faulty") == faulty
        assert len(server.asked) == num_asked
    assert faulty == whole
    assert answered == set(map(prompt_of, range(NUM)))
    assert num_asked > 1.05 * NUM
    assert "Traceback" not in capsys.readouterr().err

    (file,) = (tmp_path / "faulty" / "dataset" / "data").rglob("*.parquet")
    rows = pq.read_table(file).to_pylist()
    repaired = STRANGE.replace("\ud800", "?")  # the one thing that UTF-8 cannot hold
    assert {row["question"] for row in rows} == set(map(prompt_of, range(NUM)))
    for row in rows:
        assert (row["reasoning"], row["response"]) == (
            f"they said: {repaired}",
            f"you said: {row['question']} {repaired}",
        )
    card = (tmp_path / "faulty" / "dataset" / "README.md").read_text("utf-8")
    assert not any(character in card for character in "\x00\u0085\u2028")
