"""Every shipped recipe, run whole as a user runs it: its dataset, its card in the gallery, and the same bytes again."""

import functools
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import datasets
import mlcroissant
import pyarrow.parquet as pq
import pytest
import yaml
from huggingface_hub import DatasetCard

from open_thoughts_gen.cli import main
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.publish.card import unfilled_card
from open_thoughts_gen.publish.doctor import examine
from open_thoughts_gen.publish.hub_rules import card_faults
from open_thoughts_gen.publish.viewer import first_rows
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.types import Question
from tests.publish.test_hub import client
from tests.servers.hub_server import serving

ROOT = Path(__file__).parent.parent
SHIPPED = sorted((ROOT / "recipes").glob("*.yaml"))
# Started from a small process: what a process starts with counts as its peak, and pytest may be large by now.
MEASURED = """
import os, subprocess, sys
running = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(running.pid, 0)
open(sys.argv[1], "w").write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""
SMALL = 100  # rows: as many where not the whole is wanted
QUICK = "legal"  # the one that is run whole here
VERSIONS = re.compile(r"\| Package \| Version \|\n.*?\n\n", re.DOTALL)  # of the environment, not of the recipe


def runs_anywhere(recipe: Path) -> bool:
    teacher = yaml.safe_load(recipe.read_text("utf-8"))["teacher"]
    return bool((teacher["use"] if isinstance(teacher, dict) else teacher) == "solver")


RECIPES = [recipe for recipe in SHIPPED if runs_anywhere(recipe)]
# These need a key, a network or files, so that the gallery has no card of theirs; they are rehearsed.
REHEARSED = [recipe for recipe in SHIPPED if recipe not in RECIPES]
BRIEF = ("my_files", "my_documents", "my_topics", "openthoughts_114k", "rl")  # the slow tests rehearse the others
KEYED = [recipe for recipe in REHEARSED if recipe.stem == "reasoning_gym"]  # they draw their questions here


BESIDE = ("finance", "mix")  # of the others, those that are made here in part; the rest by the slow tests
IN_PART = (*BESIDE, "nemotron")  # only their cards want the whole
LONG = [pytest.mark.slow, pytest.mark.timeout(7200)]  # whichever test of a run comes first waits for the whole of it


def with_tests_of(recipes: list[Path], *, quick: tuple[str, ...]) -> list[Any]:
    """Return these recipes as parameters: the tests of one run in one process, and all but the quick ones are slow."""
    return [
        pytest.param(
            each,
            id=each.stem,
            marks=[pytest.mark.xdist_group(each.stem), *([] if each.stem in quick else LONG)],
        )
        for each in recipes
    ]


@pytest.fixture(scope="session")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Return what runs a recipe when its run is first wanted: the tests of one recipe share a process, and its run."""

    @functools.cache
    def made(recipe: Path) -> Path:
        return run_recipe(recipe, tmp_path_factory.mktemp(recipe.stem), whole=recipe.stem not in IN_PART)

    return made


@pytest.fixture(params=with_tests_of(RECIPES, quick=(QUICK, *BESIDE)))
def run(request: pytest.FixtureRequest, run_of: Callable[[Path], Path]) -> Path:
    return run_of(request.param)


def run_recipe(recipe: Path, place: Path, *, whole: bool) -> Path:
    """Run a recipe in a process of its own and return its run folder; the process's peak memory lies beside it."""
    small = [] if whole else ["--target", str(SMALL)]
    words = [
        "run",
        str(recipe.relative_to(ROOT)),
        "--out",
        str(place / recipe.stem),
        "--cache",
        str(place / "cache.sqlite"),
        *small,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1", "PYTHONHASHSEED": "random"}
    command = [
        sys.executable,
        "-c",
        MEASURED,
        str(place / "peak_kib"),
        sys.executable,
        "-m",
        "open_thoughts_gen",
        *words,
    ]
    ran = subprocess.run(command, cwd=ROOT, env=environment, text=True, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return place / recipe.stem


def bytes_of(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_target_is_reached(run: Path) -> None:
    target = yaml.safe_load((run / "recipe.yaml").read_text("utf-8"))["target"]
    rows = pq.read_table(run / "dataset" / "data").to_pylist()
    assert len(rows) == target >= 100
    assert {row["outcome"] for row in rows} == {"correct"}
    assert len({row["id"] for row in rows}) == target
    assert all(row["question"] and row["reasoning"] and row["response"] and row["answer"] for row in rows)


@pytest.mark.parametrize("recipe", with_tests_of(RECIPES, quick=(QUICK,)))
def test_the_same_bytes_again(recipe: Path, tmp_path: Path) -> None:
    once, again = (run_recipe(recipe, tmp_path / name, whole=False) for name in ("once", "again"))
    assert bytes_of(again / "dataset") == bytes_of(once / "dataset")


WHOLE = [path for path in RECIPES if path.stem not in IN_PART]


@pytest.mark.parametrize("run", with_tests_of(WHOLE, quick=(QUICK,)), indirect=True)
def test_the_card_in_the_gallery_is_what_the_run_writes(run: Path) -> None:
    check_card(run)


@pytest.mark.parametrize("recipe", with_tests_of([path for path in RECIPES if path not in WHOLE], quick=()))
def test_the_card_in_the_gallery_is_what_the_whole_run_writes(recipe: Path, tmp_path: Path) -> None:
    check_card(run_recipe(recipe, tmp_path, whole=True))


def check_card(run: Path) -> None:
    written = (run / "dataset" / "README.md").read_text("utf-8")
    shown = (ROOT / "cards" / f"{run.name}.md").read_text("utf-8")
    hint = (
        f"cp runs/{run.name}/dataset/README.md cards/{run.name}.md; cp runs/{run.name}/dataset/assets/* cards/assets/"
    )
    assert VERSIONS.sub("", shown) == VERSIONS.sub("", written), hint
    for picture in re.findall(r'(?:\]\(|srcset=")(assets/[^)"]+)', shown):
        assert (ROOT / "cards" / picture).is_file(), hint


def test_the_card_is_fit_for_the_hub(run: Path) -> None:
    card = DatasetCard.load(run / "dataset" / "README.md")
    assert card_faults((run / "dataset" / "README.md").read_text("utf-8")) == []
    assert {"reasoning-datasets-competition", "synthetic"} <= set(card.data.tags)
    for heading in ("Purpose and scope", "Creation method", "Example uses", "Limitations and biases"):
        assert f"\n## {heading}\n" in card.content


def test_the_viewer_cuts_no_cell(run: Path) -> None:
    rows = pq.read_table(run / "dataset" / "data").to_pylist()
    shown = first_rows(rows)
    assert shown.num_rows == min(100, len(rows))
    assert not shown.cut_cells


def test_the_doctor_finds_nothing(run: Path) -> None:
    assert [str(complaint) for complaint in examine(run / "dataset")] == []


def test_it_loads(run: Path, tmp_path: Path) -> None:
    rows = datasets.load_dataset(str(run / "dataset"), split="train", cache_dir=str(tmp_path))
    chats = datasets.load_dataset(str(run / "dataset"), "messages", split="train", cache_dir=str(tmp_path))
    assert rows["id"] == chats["id"]


@pytest.mark.slow
def test_the_hub_gives_the_same_rows(run: Path, tmp_path: Path) -> None:
    num_rows = pq.read_table(run / "dataset" / "data" / "train-00000-of-00001.parquet").num_rows
    with serving() as hub:
        done = client(run, tmp_path, **hub.env())
    assert done.returncode == 0, done.stderr
    _, changed_again, num_loaded, is_same = json.loads(done.stdout)
    assert (changed_again, num_loaded, is_same) == (0, num_rows, True)


def test_its_rows_are_read_by_its_croissant(run: Path) -> None:
    described = mlcroissant.Dataset(run / "dataset" / "croissant.json")
    assert not described.metadata.ctx.issues.errors
    name = described.metadata.record_sets[0].name
    read = [row[f"{name}/id"].decode() for row in described.records(name)]
    assert read == pq.read_table(run / "dataset" / "data" / "train-00000-of-00001.parquet").column("id").to_pylist()


def test_a_run_takes_less_than_400_megabytes(run: Path) -> None:
    assert int((run.parent / "peak_kib").read_text()) < 400 * 1024


@pytest.mark.parametrize("recipe", KEYED, ids=lambda path: path.stem)
def test_a_recipe_that_needs_a_key_says_so_in_one_line(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    assert main(["run", str(recipe), "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache.sqlite")]) == 2
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1
    assert "needs a key, and DEEPSEEK_API_KEY is not set" in said


@pytest.mark.parametrize("recipe", REHEARSED, ids=lambda path: path.stem)
def test_each_source_of_its_rehearsal_has_questions(recipe: Path, tmp_path: Path) -> None:
    rehearsed = load_recipe(recipe, rehearsed=True)
    context = Context(seed=rehearsed.seed, folder=rehearsed.folder, cache=tmp_path / "cache.sqlite")
    for part in rehearsed.sources:
        drawn = islice(part.plugin.fresh(context).questions(), 3)
        assert any(isinstance(each, Question) for each in drawn)


@pytest.mark.parametrize("recipe", with_tests_of(REHEARSED, quick=BRIEF))
def test_its_rehearsal_needs_nothing_and_says_everywhere_that_it_is_one(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in [name for name in os.environ if name.endswith(("_KEY", "_TOKEN"))]:
        monkeypatch.delenv(variable)
    out = tmp_path / "run"
    words = ["--rehearse", "--out", str(out), "--cache", str(tmp_path / "cache.sqlite"), "--workers", "1"]
    assert main(["run", str(recipe), *words]) == 0
    rows = pq.read_table(out / "dataset" / "data").to_pylist()
    assert len(rows) >= 20
    assert all(row["teacher"].startswith("rehearsal") or row["source"].startswith("stand_in:") for row in rows)
    dropped = pq.read_table(out / "dropped.parquet").to_pylist()
    assert not [row for row in dropped if row["reason"] in ("cannot be drawn", "template", "no prompt", "wrong type")]
    card = (out / "dataset" / "README.md").read_text("utf-8")
    assert card_faults(card) == []
    assert "**This is a rehearsal, not a dataset to train on.**" in card
    before = unfilled_card(load_recipe(recipe, rehearsed=True), "python -m open_thoughts_gen run it")
    known = [line for line in before.splitlines() if re.match(r"## |\| `|- config ", line)]
    added = {"## Make it", "## What the Hub reads"}
    assert [line for line in known if line not in added] == [
        line for line in card.splitlines() if re.match(r"## |\| `|- config ", line) and line in known
    ]
    head = "".join(recipe.read_text("utf-8").splitlines(keepends=True)[:12])
    assert "--rehearse" in head
    assert re.search(r"Needs (a key|keys|a network)", head)
    capsys.readouterr()
    assert main(["push", str(out)]) == 2
    assert "a rehearsal is not published" in capsys.readouterr().err
