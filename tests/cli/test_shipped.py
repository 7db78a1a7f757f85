"""Shipped recipes: in the wheel, found by name, written out, and no file of the user's replaced."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from open_thoughts_gen.cli.main import main
from open_thoughts_gen.cli.program import EXIT_USER_ERROR
from open_thoughts_gen.cli.shipped import installed_recipes, recipe_file, shipped_recipes
from open_thoughts_gen.errors import UserError

ROOT = Path(__file__).parents[2]
RECIPES = sorted((ROOT / "recipes").glob("*.yaml"))


def test_a_checkout_reads_its_own_recipes() -> None:
    assert list(shipped_recipes().values()) == RECIPES
    assert list(shipped_recipes()) == [path.stem for path in RECIPES]


def test_a_file_goes_before_a_shipped_recipe_and_a_folder_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert recipe_file("legal") == ROOT / "recipes" / "legal.yaml"
    (tmp_path / "legal").mkdir()
    assert recipe_file("legal") == ROOT / "recipes" / "legal.yaml"
    (tmp_path / "ethics").write_text("name: mine\n")
    assert recipe_file("ethics") == Path("ethics")


@pytest.mark.parametrize("word", ["legal.yaml", "a/legal", "recipes/legal.yaml", "/tmp/legal"])
def test_what_looks_like_a_path_is_one(word: str) -> None:
    assert recipe_file(word) == Path(word)


def test_a_misspelt_name_is_a_fault_with_the_nearest() -> None:
    with pytest.raises(UserError, match=r"there is no shipped recipe 'legl', .*; did you mean 'legal'\?"):
        recipe_file("legl")


def test_a_recipe_is_checked_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "legal", "--file-only"]) == 0
    assert capsys.readouterr().out == "legal: ok, the recipe 'legal' has no faults\n"


def test_init_writes_a_recipe_and_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "legal"]) == 0
    written = tmp_path / "legal.yaml"
    assert written.read_bytes() == (ROOT / "recipes" / "legal.yaml").read_bytes()
    assert "python -m open_thoughts_gen run legal.yaml" in capsys.readouterr().out
    written.write_text("mine")
    assert main(["init", "legal"]) == EXIT_USER_ERROR
    assert capsys.readouterr().err == "legal.yaml exists already; replace it with --force, or move it away\n"
    assert written.read_text() == "mine"
    assert main(["init", "legal.yaml", "--force"]) == 0
    assert written.read_bytes() == (ROOT / "recipes" / "legal.yaml").read_bytes()


def test_init_says_what_it_cannot_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["init", "legl"]) == EXIT_USER_ERROR
    assert "did you mean 'legal'?" in capsys.readouterr().err
    (tmp_path / "legal.yaml").mkdir()
    assert main(["init", "legal", "--force"]) == EXIT_USER_ERROR
    assert capsys.readouterr().err.startswith("legal.yaml cannot be written: ")
    assert list(tmp_path.iterdir()) == [tmp_path / "legal.yaml"]


def test_recipes_of_a_distribution_are_found_by_its_list_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, shared = tmp_path / "lib" / "site", tmp_path / "share" / "open_thoughts_gen" / "recipes"
    information = site / "some_dist-1.dist-info"
    for folder in (information, shared):
        folder.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: some-dist\nVersion: 1\n")
    relative = "../../share/open_thoughts_gen/recipes"
    (information / "RECORD").write_text(f"{relative}/b.yaml,,\n{relative}/a.yaml,,\nsome/c.yaml,,\n")
    for name in "ab":
        (shared / f"{name}.yaml").write_text(f"name: {name}\n")
    monkeypatch.syspath_prepend(str(site))
    assert installed_recipes("some-dist") == [shared / "a.yaml", shared / "b.yaml"]
    assert installed_recipes("no-such-distribution") == []


@pytest.mark.slow
def test_a_wheel_has_them_and_finds_them_where_it_is_installed(tmp_path: Path) -> None:
    source, dist, target = tmp_path / "source", tmp_path / "dist", tmp_path / "env"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(dist), str(source)]
    if subprocess.run([*pip, *build], check=False).returncode:
        pytest.skip("setuptools is not at hand")
    (wheel,) = dist.iterdir()
    carried = {Path(name).name for name in zipfile.ZipFile(wheel).namelist() if "/recipes/" in name}
    assert carried == {path.name for path in RECIPES}
    venv.create(target)
    python = target / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", str(wheel)], check=True)
    code = "from open_thoughts_gen.cli.shipped import shipped_recipes; print(*shipped_recipes().values(), sep='\\n')"
    ran = subprocess.run([str(python), "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = [Path(line) for line in ran.stdout.splitlines()]
    assert [path.name for path in found] == [path.name for path in RECIPES]
    assert [path.read_bytes() for path in found] == [path.read_bytes() for path in RECIPES]
    assert all(path.is_relative_to(target) for path in found)
