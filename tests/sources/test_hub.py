"""Questions from the Hub: files and splits, one commit, its license, without a network, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.hub import Hub
from open_thoughts_gen.tables.hub import HubUnreachableError
from open_thoughts_gen.types import Question
from tests.servers import hub_server
from tests.servers.hub_server import Repo, pointed_at, serving

CARD = """---
license: mit
configs:
- config_name: main
  default: true
  data_files:
  - {split: train, path: ["data/a.jsonl", "data/b.jsonl"]}
  - {split: test, path: data/test.jsonl}
- config_name: other
  data_files: other.jsonl
---
# Sums
"""


def lines(*rows: dict[str, Any]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.fixture
def hub() -> Iterator[hub_server.Hub]:
    with serving(lfs=False) as server, pointed_at(server):
        repo = server.repos["tester/sums"] = Repo(
            files={
                "README.md": CARD.encode(),
                "data/a.jsonl": lines({"question": "1+1?", "answer": 2}, {"question": "1+2?", "answer": 3}),
                "data/b.jsonl": lines({"question": "2+2?", "answer": 4}),
                "data/test.jsonl": lines({"question": "3+3?", "answer": 6}),
                "other.jsonl": lines({"question": "9?", "answer": 9}),
            }
        )
        repo.commit()
        yield server


def source(folder: Path, **settings: Any) -> Hub:
    fields = {"prompt": "question", "reference": "answer"}
    made = Hub.model_validate({"dataset": "tester/sums", "fields": fields, **settings})
    return made.fresh(Context(seed=1, cache=folder / "responses.sqlite"))


def rows(found: Hub) -> list[tuple[str, str | None]]:
    drawn = list(found.questions())
    assert all(isinstance(each, Question) for each in drawn)
    return [(each.prompt, each.reference) for each in drawn if isinstance(each, Question)]


TRAIN = [("1+1?", "2"), ("1+2?", "3"), ("2+2?", "4")]


def test_a_split_is_read_file_by_file_and_every_row_names_commit_and_license(
    tmp_path: Path, hub: hub_server.Hub
) -> None:
    found = source(tmp_path)
    assert rows(found) == TRAIN
    (commit,) = hub.repos["tester/sums"].commits
    first = next(iter(found.questions()))
    assert isinstance(first, Question)
    assert (first.source, first.license) == (f"hub:tester/sums@{commit[:12]}", "mit")
    assert found.notes() == [f"tester/sums at commit {commit} (mit)"]
    assert [path.name for path in found.inputs] == ["a.jsonl", "b.jsonl"]
    assert all(commit in path.parts for path in found.inputs)


def test_other_splits_and_configs(tmp_path: Path, hub: hub_server.Hub) -> None:
    assert rows(source(tmp_path, split="test")) == [("3+3?", "6")]
    assert rows(source(tmp_path, split="all")) == [*TRAIN, ("3+3?", "6")]
    assert rows(source(tmp_path, config="other")) == [("9?", "9")]


def test_a_limit_fetches_no_file_that_it_does_not_need(tmp_path: Path, hub: hub_server.Hub) -> None:
    assert rows(source(tmp_path, limit=2)) == TRAIN[:2]
    assert not [path for path in hub.asked if path.endswith("b.jsonl")]


def test_what_was_read_once_is_read_again_without_a_network(tmp_path: Path, hub: hub_server.Hub) -> None:
    assert rows(source(tmp_path)) == TRAIN
    hub.faults[""] = [503] * 1000
    again = source(tmp_path)
    assert rows(again) == TRAIN
    assert again.notes()[1].startswith("the Hub cannot be reached: read as of ")


def test_a_pinned_commit_that_is_here_asks_nothing(tmp_path: Path, hub: hub_server.Hub) -> None:
    (commit,) = hub.repos["tester/sums"].commits
    assert rows(source(tmp_path, revision=commit)) == TRAIN
    num = hub.asked.total()
    assert rows(source(tmp_path, revision=commit)) == TRAIN
    assert hub.asked.total() == num


def test_a_branch_that_moved_is_told_and_the_former_commit_can_be_pinned(tmp_path: Path, hub: hub_server.Hub) -> None:
    assert rows(source(tmp_path)) == TRAIN
    repo = hub.repos["tester/sums"]
    repo.files["data/b.jsonl"] = lines({"question": "5+5?", "answer": 10})
    repo.commit()
    before, now = repo.commits
    moved = source(tmp_path)
    assert rows(moved) == [*TRAIN[:2], ("5+5?", "10")]
    assert moved.notes()[1] == (
        f"main has moved since the last run, from {before} to {now}; to stay with the former, set `revision: {before}`"
    )
    assert len(source(tmp_path).notes()) == 1


def test_a_server_that_stumbles_is_asked_again(tmp_path: Path, hub: hub_server.Hub) -> None:
    found = source(tmp_path)
    hub.faults["b.jsonl"] = [503, 503]
    assert rows(found) == TRAIN


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"dataset": "tester/none"},
            "tester/none is not there, or has no such file; export HF_TOKEN if it is private; if it",
        ),
        ({"split": "tset"}, "tester/sums has no split 'tset'; did you mean 'test'?; it has train, test"),
        ({"config": "sums"}, "tester/sums: ValueError: BuilderConfig 'sums' not found."),
        ({"fields": {"prompt": "qestion"}}, "no row of tester/sums has a column 'qestion'; did you mean 'question'?"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, hub: hub_server.Hub, settings: Any, message: str) -> None:
    with pytest.raises(UserError) as caught:
        source(tmp_path, **settings)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(message)


def test_without_a_network_and_never_read_before_it_is_one_line(tmp_path: Path, hub: hub_server.Hub) -> None:
    hub.faults[""] = [503] * 1000
    with pytest.raises(HubUnreachableError, match="tester/sums cannot be reached"):
        source(tmp_path)


def test_a_row_that_cannot_be_read_costs_that_row(tmp_path: Path, hub: hub_server.Hub) -> None:
    repo = hub.repos["tester/sums"]
    repo.files["data/a.jsonl"] += b"{not json\n"
    repo.commit()
    dropped = [each for each in source(tmp_path).questions() if not isinstance(each, Question)]
    assert [each.detail.partition(": ")[0] for each in dropped] == ["tester/sums/a.jsonl:3"]


def test_a_dataset_that_is_made_by_a_script_says_where_its_rows_may_be(tmp_path: Path, hub: hub_server.Hub) -> None:
    repo = hub.repos["tester/scripted"] = Repo(files={"scripted.py": b"raise SystemExit", "README.md": b"# A script"})
    repo.commit()
    with pytest.raises(UserError, match="made by a script") as caught:
        source(tmp_path, dataset="tester/scripted")
    assert "refs/convert/parquet" in str(caught.value)
