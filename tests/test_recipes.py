"""Every shipped recipe, run whole as a user runs it: its dataset, its card in the gallery, and the same bytes again."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import datasets
import pyarrow.parquet as pq
import pytest
import yaml
from huggingface_hub import DatasetCard

from open_thoughts_gen.publish.hub_rules import card_faults
from open_thoughts_gen.publish.viewer import first_rows

ROOT = Path(__file__).parent.parent
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))
# Started from a small process: what a process starts with counts as its peak, and pytest may be large by now.
MEASURED = """
import os, subprocess, sys
running = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(running.pid, 0)
open(sys.argv[1], "w").write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
"""
SMALL = 100  # rows: of a recipe that makes thousands, as many are made here, and all of them by the tests that are slow
VERSIONS = re.compile(r"\| Package \| Version \|\n.*?\n\n", re.DOTALL)  # of the environment, not of the recipe


@pytest.fixture(scope="module", params=RECIPES, ids=lambda path: path.stem)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_recipe(request.param, tmp_path_factory.mktemp(request.param.stem))


def is_large(recipe: Path) -> bool:
    return int(yaml.safe_load(recipe.read_text("utf-8"))["target"]) > 1000


def run_recipe(recipe: Path, place: Path, *, whole: bool = False) -> Path:
    """Run a recipe in a process of its own and return its run folder; the process's peak memory lies beside it."""
    small = ["--target", str(SMALL)] if is_large(recipe) and not whole else []
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


def test_the_same_bytes_again(run: Path, tmp_path: Path) -> None:
    again = run_recipe(ROOT / "recipes" / f"{run.name}.yaml", tmp_path)
    assert bytes_of(again / "dataset") == bytes_of(run / "dataset")


@pytest.mark.parametrize(
    "run", [path for path in RECIPES if not is_large(path)], indirect=True, ids=lambda path: path.stem
)
def test_the_card_in_the_gallery_is_what_the_run_writes(run: Path) -> None:
    check_card(run)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("recipe", [path for path in RECIPES if is_large(path)], ids=lambda path: path.stem)
def test_the_card_in_the_gallery_is_what_a_run_of_thousands_writes(recipe: Path, tmp_path: Path) -> None:
    check_card(run_recipe(recipe, tmp_path, whole=True))


def check_card(run: Path) -> None:
    written = (run / "dataset" / "README.md").read_text("utf-8")
    shown = (ROOT / "cards" / f"{run.name}.md").read_text("utf-8")
    hint = (
        f"cp runs/{run.name}/dataset/README.md cards/{run.name}.md; cp runs/{run.name}/dataset/assets/* cards/assets/"
    )
    assert VERSIONS.sub("", shown) == VERSIONS.sub("", written), hint
    for picture in re.findall(r"\]\((assets/[^)]+)\)", shown):
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


def test_it_loads(run: Path, tmp_path: Path) -> None:
    rows = datasets.load_dataset(str(run / "dataset"), split="train", cache_dir=str(tmp_path))
    chats = datasets.load_dataset(str(run / "dataset"), "messages", split="train", cache_dir=str(tmp_path))
    assert rows["id"] == chats["id"]


def test_a_run_takes_less_than_400_megabytes(run: Path) -> None:
    assert int((run.parent / "peak_kib").read_text()) < 400 * 1024
