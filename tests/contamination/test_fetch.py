"""Benchmarks are fetched from a loopback Hub, through `datasets` itself, by the command that users type."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.tables.hub import is_unreachable
from tests.servers.hub_server import Hub, Repo, serving

MATH = b'{"problem": "What is 2+2?", "answer": "4"}\n{"problem": "What is 3+3?", "answer": "6"}\n'
FETCHED = ("math500", "gsm8k", "legalbench", "livecodebench_v6")
GSM_CARD = b"---\nconfigs:\n- config_name: main\n  data_files:\n  - {split: test, path: main/test-*}\n---\n"


def parquet(*rows: dict[str, str]) -> bytes:
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), content)
    return content.getvalue()


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    with serving(lfs=False) as hub:
        held = {
            "HuggingFaceH4/MATH-500": {"test.jsonl": MATH},
            "openai/gsm8k": {"README.md": GSM_CARD, "main/test-0.parquet": parquet({"question": "How many?"})},
            "nguha/legalbench": {
                "data/hearsay/test.tsv": b'index\ttext\tanswer\n0\t"Is ""this""\nhearsay?"\tNo\n',
                "data/rules/test.tsv": b"contract\tquestion\nThe seller shall deliver.\tWho delivers?\n",
                "data/rules/train.tsv": b"text\nNot for testing.\n",
                "legalbench.py": b"raise SystemExit('loading scripts are not run')",
            },
            "lighteval/code_generation_lite": {
                "v5/test-00000-of-00001.parquet": parquet({"question_content": "Of another version."}),
                "v6/test-00000-of-00002.parquet": parquet({"question_content": "Sort them.", "tests": "[1]"}),
                "v6/test-00001-of-00002.parquet": parquet({"question_content": "Count them.", "tests": "[2]"}),
            },
            "Qwen/CodeElo": {"test.jsonl": b'{"title": "no description"}\n'},
        }
        for name, files in held.items():
            hub.repos[name] = Repo(files=dict(files))
            hub.repos[name].commit()
        yield hub


def command(hub: Hub | None, folder: Path, *words: str) -> tuple[int, str, str]:
    nowhere = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_ETAG_TIMEOUT": "1"}
    env = {
        **os.environ,
        **(hub.env() if hub else nowhere),
        "HF_HOME": str(folder / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    line = [sys.executable, "-m", "open_thoughts_gen", "contamination", *words, "--cache", str(folder / "r.sqlite")]
    ran = subprocess.run(line, env=env, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture(scope="module")
def fetched(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, tuple[int, str, str]]:
    folder = tmp_path_factory.mktemp("fetched")
    return folder, command(hub, folder, "fetch", *FETCHED, "codeelo", "hle", "aime25")


def test_each_benchmark_is_fetched_or_told_why_not(fetched: tuple[Path, tuple[int, str, str]]) -> None:
    _, (code, told, faults) = fetched
    assert code == 2
    lines = dict(line.split(": ") for line in told.splitlines())
    assert [lines[name].partition(" at ")[0] for name in FETCHED] == ["2 items", "1 items", "2 items", "2 items"]
    assert [lines[name] for name in ("codeelo", "hle", "aime25")] == ["not fetched"] * 3
    assert "hle: cais/hle is gated" in faults
    assert "accept its terms at https://huggingface.co/datasets/cais/hle and export HF_TOKEN" in faults
    assert "aime25: yentinglin/aime_2025 is not there" in faults
    assert "codeelo: Qwen/CodeElo has no question in a column description" in faults
    assert "Traceback" not in faults


def test_it_is_kept_by_commit_and_used_with_no_network(hub: Hub, fetched: tuple[Path, tuple[int, str, str]]) -> None:
    folder, _ = fetched
    (commit,) = hub.repos["HuggingFaceH4/MATH-500"].commits
    kept = (folder / "benchmarks" / "math500" / f"{commit}.jsonl").read_text().splitlines()
    assert [json.loads(line)["question"] for line in kept[1:]] == ["What is 2+2?", "What is 3+3?"]
    questions = folder / "questions.jsonl"
    questions.write_text('{"question": "what is  2 + 2"}\n{"question": "Who delivers?"}\n{"question": "New?"}\n')
    code, told, _ = command(None, folder, "check", str(questions))
    assert code == 1
    assert "questions.jsonl, row 1: contaminated: math500, item math500/0, score 100" in told
    assert "3 questions: 1 contaminated: legalbench, 1 contaminated: math500" in " ".join(told.split())
    assert "could not be checked: aime24" in told
    code, told, _ = command(None, folder, "list")
    assert f"fetched at {commit[:12]}" in " ".join(told.split())
    assert "gated, not fetched" in " ".join(told.split())


def test_a_dataset_on_the_hub_is_checked(hub: Hub, fetched: tuple[Path, tuple[int, str, str]]) -> None:
    folder, _ = fetched
    code, told, faults = command(hub, folder, "openai/gsm8k", "--against", "gsm8k")
    assert (code, faults) == (1, "")
    assert "1 contaminated: gsm8k" in told


@pytest.mark.parametrize(
    ("told", "is_down"),
    [
        ("Couldn't reach 'o/connect4' on the Hub (LocalEntryNotFoundError)", True),
        ("[Errno 111] Connection refused", True),
        ("Dataset 'o/connect4' doesn't exist on the Hub or cannot be accessed.", False),
        ("404 Client Error: Repository Not Found for url", False),
    ],
)
def test_a_network_that_is_down_is_no_dataset_that_is_not_there(told: str, is_down: bool) -> None:
    assert is_unreachable(OSError(told), "o/connect4") is is_down


def test_without_a_network_it_says_so_once(tmp_path: Path) -> None:
    code, told, faults = command(None, tmp_path, "fetch")
    assert code == 2
    assert told == "aime24: not fetched\n"
    assert "aime24: Maxwell-Jia/AIME_2024 cannot be reached; try again with a network" in faults
    code, _, faults = command(None, tmp_path, "check", "tests/golden/questions.jsonl")
    assert code == 2
    assert "no benchmark has been fetched, so nothing could be checked" in faults


@pytest.mark.parametrize(
    ("name", "questions"),
    [("legalbench", ['Is "this"\nhearsay?', "Who delivers?"]), ("livecodebench_v6", ["Sort them.", "Count them."])],
)
def test_what_has_a_loading_script_is_read_from_its_files(
    fetched: tuple[Path, tuple[int, str, str]], name: str, questions: list[str]
) -> None:
    (kept,) = (fetched[0] / "benchmarks" / name).glob("*.jsonl")
    assert [json.loads(line)["question"] for line in kept.read_text("utf-8").splitlines()[1:]] == questions
