"""What the release before the great renaming wrote still serves: its cache, its recipes, its run folder.

`golden/before/` was written by that release's own code: `recipe.yaml` asked 10 questions twice of a loopback endpoint,
which was the judge as well, and filled `responses.sqlite` and `run/`; `settings.yaml` names every setting that a recipe
could have. It is never written again. Nobody listens at the endpoint's address (port 1 is reserved), so a run succeeds
only if the cache answers every call, and an audit hook counts the connections that are tried.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from open_thoughts_gen.cli import main
from open_thoughts_gen.publish.hub import push
from open_thoughts_gen.recipe import load_recipe
from tests.servers.hub_server import serving

GOLDEN = Path(__file__).parent / "golden"
ENDPOINT = ("127.0.0.1", 1)
MODEL = "http://127.0.0.1:1/v1#teacher"
RECIPES: list[Mapping[str, Any]] = list(yaml.safe_load_all((GOLDEN / "before" / "settings.yaml").read_text("utf-8")))
NEW_COLUMNS = {"teacher_license"}
JUDGED = ("verifier", "outcome", "answer")

connections: list[object] = []
sys.addaudithook(lambda event, args: connections.append(args[1]) if event == "socket.connect" else None)


def num_calls() -> int:
    return sum(address == ENDPOINT for address in connections)


def rows_of(run: Path) -> list[dict[str, Any]]:
    """Return a run's rows; of the verdicts what they say, but not in which words."""
    rows = pq.read_table(run / "dataset" / "data").to_pylist()
    return [row | {"verdicts": [[verdict[key] for key in JUDGED] for verdict in row["verdicts"]]} for row in rows]


def rows_before(run: Path) -> list[dict[str, Any]]:
    """Return the golden rows as they are published since: a teacher's address is left out, its model's name stays."""
    rows = rows_of(run)
    assert all("#" in row["teacher"] for row in rows)
    return [row | {"teacher": row["teacher"].rpartition("#")[2]} for row in rows]


def without_new_columns(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows without the columns that were added since; each row has all of them."""
    return [{name: row[name] for name in row if name not in NEW_COLUMNS} for row in rows if row.keys() >= NEW_COLUMNS]


def drops_of(run: Path) -> list[tuple[str, ...]]:
    dropped = pq.read_table(run / "dropped.parquet").to_pylist()
    return [(row["step"], row["plugin"], row["id"], row["twin"]) for row in dropped]


def num_responses(cache: Path) -> int:
    with sqlite3.connect(cache) as database:
        return int(database.execute("SELECT COUNT(*) FROM responses").fetchone()[0])


@pytest.fixture
def before(tmp_path: Path) -> Iterator[Path]:
    """A copy of the golden folder, to run in."""
    shutil.copytree(GOLDEN / "before", tmp_path / "before")
    num = num_calls()
    yield tmp_path / "before"
    assert num_calls() == num, "the endpoint was called"


def run(folder: Path) -> Path:
    paths = ["--out", str(folder / "again"), "--cache", str(folder / "responses.sqlite"), "--workers", "1"]
    assert main(["run", str(folder / "recipe.yaml"), *paths]) == 0
    return folder / "again"


def test_the_recipe_is_answered_by_the_cache_alone_and_makes_the_same_rows(before: Path) -> None:
    again = run(before)
    assert without_new_columns(rows_of(again)) == rows_before(before / "run")
    assert drops_of(again) == drops_of(before / "run")
    assert num_responses(before / "responses.sqlite") == 30


@pytest.mark.parametrize(
    "teacher",
    [{"use": "pool", "members": [{"model": MODEL}]}, {"use": "openai_batch", "model": MODEL}],
    ids=lambda teacher: teacher["use"],
)
def test_other_teachers_of_the_same_model_find_its_answers(before: Path, teacher: Mapping[str, Any]) -> None:
    recipe: dict[str, Any] = yaml.safe_load((before / "recipe.yaml").read_text("utf-8"))
    sampling = {key: recipe["teacher"][key] for key in ("system", "prompt", "temperature", "max_tokens")}
    recipe["teacher"] = {**teacher, **sampling}
    (before / "recipe.yaml").write_text(yaml.safe_dump(recipe), "utf-8")
    again = run(before)
    assert [row["response"] for row in rows_of(again)] == [row["response"] for row in rows_of(before / "run")]


def test_a_call_that_the_cache_lacks_is_seen_by_the_count(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "before", tmp_path / "before")
    num = num_calls()
    assert main(["run", str(tmp_path / "before" / "recipe.yaml"), "--out", str(tmp_path / "again"),
                 "--cache", str(tmp_path / "empty.sqlite"), "--workers", "1"]) != 0  # fmt: skip
    assert num_calls() > num


@pytest.mark.parametrize("settings", RECIPES, ids=lambda settings: settings["name"])
def test_a_recipe_with_every_setting_is_accepted(
    settings: Mapping[str, Any], before: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("static_model", "toy_model"):
        shutil.copytree(GOLDEN / folder, before.parent / folder)
    shutil.copy(GOLDEN / "cassette.jsonl", before.parent)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    recipe = before / "one.yaml"
    recipe.write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")
    assert load_recipe(recipe).name == settings["name"]


def test_the_resolved_recipe_of_the_run_folder_is_accepted(before: Path) -> None:
    shutil.copy(before / "run" / "recipe.yaml", before / "recipe.yaml")
    assert without_new_columns(rows_of(run(before))) == rows_before(before / "run")


def test_verify_reads_the_run_folder(before: Path) -> None:
    cache = ["--cache", str(before / "responses.sqlite"), "--workers", "1"]
    assert main(["verify", str(before / "run"), *cache, "--out", str(before / "verified")]) == 0
    verdicts = pq.read_table(before / "verified" / "verdicts.parquet").to_pylist()
    assert len(verdicts) == 14
    assert {verdict["outcome"] for verdict in verdicts} == {"correct"}


def test_push_reads_the_run_folder(before: Path) -> None:
    with serving(lfs=False) as hub:
        push(before / "run", env=hub.env())
        (repo,) = hub.repos.values()
    assert (
        repo.files["data/train-00000-of-00001.parquet"]
        == (before / "run" / "dataset" / "data" / "train-00000-of-00001.parquet").read_bytes()
    )
