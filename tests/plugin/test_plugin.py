"""Strangers' plug-ins: found beside the recipe, and told by file and line where they cannot be imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from open_thoughts_gen import plugin
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.recipe import load_recipe

ROOT = Path(__file__).parents[2]
FILTER = """\
from open_thoughts_gen.plugin import Filter
class Mine(Filter):
    '''Mine.'''
"""
RECIPE = """\
name: mine
colour: red
source: {{use: family, family: "tests.toy.sums:Sums", limit: 2}}
teacher: "tests.toy.sums:Adder"
sample_filters: ["{use}"]
"""


def faults(folder: Path, use: str) -> list[str]:
    (folder / "mine.yaml").write_text(RECIPE.format(use=use))
    with pytest.raises(UserError) as caught:
        load_recipe(folder / "mine.yaml")
    return [str(fault) for fault in caught.value.faults]


def test_a_module_beside_the_recipe_is_found_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "beside_it.py").write_text(FILTER)
    (tmp_path / "json.py").write_text("raise SystemExit('this hides the standard library')\n")
    recipe = RECIPE.replace("colour: red\n", "").format(use="beside_it:Mine")
    (tmp_path / "mine.yaml").write_text(recipe)
    start = "from open_thoughts_gen.cli import main; sys.exit(main(sys.argv[1:]))"
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {start}"
    words = [sys.executable, "-P", "-c", code, "check", "--file-only", str(tmp_path / "mine.yaml")]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_module_that_nobody_knows_is_told_with_the_places_that_were_searched(tmp_path: Path) -> None:
    _, told = sorted(faults(tmp_path, "no_such_package.part:Mine"), key=lambda fault: "no_such" in fault)
    assert "there is no no_such_package.py in" in told
    assert str(tmp_path) in told
    assert "pip install" not in told


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("raises_it", "x = 1\nint('x')\n", "raises_it.py:2: ValueError: invalid literal"),
        ("misspelt", "def f(:\n", "misspelt.py:1: SyntaxError: invalid syntax"),
        ("leaves", "import sys\n\nsys.exit(3)\n", "leaves.py:3: SystemExit: 3"),
        ("needs", "import no_such_module\n", "needs.py:1: ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_beside_the_other_faults(
    name: str, text: str, why: str, tmp_path: Path
) -> None:
    (tmp_path / f"{name}.py").write_text(text)
    found = faults(tmp_path, f"{name}:Mine")
    assert len(found) == 2
    assert any("colour" in fault for fault in found)
    assert any(f"mine.yaml:5: sample_filters[0]: filter '{name}:Mine' cannot be imported at" in f for f in found)
    assert any(why in fault for fault in found)


def test_the_class_must_be_of_its_kind(tmp_path: Path) -> None:
    (tmp_path / "of_kind.py").write_text(FILTER)
    plugin.look_in(tmp_path)
    assert plugin.load("filter", "of_kind:Mine").plugin_name() == "of_kind:Mine"
    with pytest.raises(UserError, match="has no verifier class 'Mine'"):
        plugin.load("verifier", "of_kind:Mine")


def test_a_seed_beyond_64_bits_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(RECIPE.replace("colour: red\n", "").format(use="length"))
    with pytest.raises(UserError, match="seed"):
        load_recipe(tmp_path / "mine.yaml", seed=2**63)
