"""A third-party scheme beside a recipe works by the same kit as those of the package."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq

from open_thoughts_gen.cli.main import main
from tests.families.beside import ferry

RECIPE = """
name: boats
target: 14
source: {use: family, family: "ferry:Ferries", twins: 0.5}
teacher: {use: solver, narration: deliberate}
verifiers: [family, read_back]
sample_filters: [{use: verified, undecided: drop}]
decontaminate: false
publish: {columns: {scheme: string, asks: string, pair: string}}
"""


def test_a_scheme_beside_the_recipe_makes_proved_rows(tmp_path: Path) -> None:
    for name in ("ferry.py", "ferry.yaml"):
        shutil.copy(Path(ferry.__file__).with_name(name), tmp_path)
    (tmp_path / "boats.yaml").write_text(RECIPE, "utf-8")
    cache = str(tmp_path / "responses.sqlite")
    assert main(["run", str(tmp_path / "boats.yaml"), "--out", str(tmp_path / "run"), "--cache", cache]) == 0
    rows = pq.read_table(tmp_path / "run" / "dataset" / "data").to_pylist()
    assert len(rows) >= 14
    assert {row["scheme"] for row in rows} == {"ferry"}
    assert any(row["pair"] for row in rows)
    for row in rows:
        assert {verdict["verifier"]: verdict["outcome"] for verdict in row["verdicts"]} == {
            "family": "correct",
            "read_back": "correct",
        }
