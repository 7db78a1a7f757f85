"""The pages of the documentation site: all there, every plug-in and command described, every link leading somewhere."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml

from open_thoughts_gen.cli.main import COMMANDS
from open_thoughts_gen.plugin import FOLDERS, Kind, names
from open_thoughts_gen.recipe import Recipe
from tests import site
from tests.readme import output

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("site")
    site.write(folder)
    return folder


def listed(entries: object) -> Iterator[str]:
    """Yield the pages of the navigation."""
    if isinstance(entries, str):
        yield entries
    elif isinstance(entries, dict):
        yield from (page for inside in entries.values() for page in listed(inside))
    elif isinstance(entries, list):
        yield from (page for inside in entries for page in listed(inside))


def test_every_page_is_in_the_navigation_once(folder: Path) -> None:
    nav = list(listed(tomllib.loads((folder / "zensical.toml").read_text("utf-8"))["project"]["nav"]))
    pages = [page.relative_to(folder / "docs").as_posix() for page in (folder / "docs").rglob("*.md")]
    assert sorted(nav) == sorted(pages)
    assert nav[:2] == ["index.md", "tutorial.md"]


def test_every_link_leads_to_a_page_of_the_site_or_to_a_file_of_the_repository(folder: Path) -> None:
    repository = f"]({site.REPOSITORY}/"
    for page in (folder / "docs").rglob("*.md"):
        text = page.read_text("utf-8")
        for found in site.LINK.finditer(text):
            target = page.parent / found[2].partition("#")[0]
            assert Path(os.path.normpath(target)).exists(), f"{page.name} links to {found[2]}"
        for path in re.findall(re.escape(repository) + r"(?:blob|tree)/main/([^)#]+)", text):
            assert (ROOT / path).exists(), f"{page.name} links to {path}"


def test_every_command_key_and_plug_in_has_its_heading(folder: Path) -> None:
    reference = folder / "docs" / "reference"
    headings = {
        page.stem: re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE) for page in reference.iterdir()
    }
    assert headings["commands"] == [command.name for command in COMMANDS]
    keys = (reference / "recipe.md").read_text("utf-8")
    assert all(f"| `{key}` |" in keys for key in Recipe.model_fields)
    for kind in get_args(Kind):
        assert headings[FOLDERS[kind]] == list(names(kind))


def test_the_tutorial_s_recipe_has_no_fault(tmp_path: Path) -> None:
    tutorial = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    questions, recipe = (re.search(rf"```{kind}\n(.*?)```", tutorial, re.DOTALL) for kind in ("json", "yaml"))
    assert questions
    assert recipe
    (tmp_path / "questions.jsonl").write_text(questions[1], "utf-8")
    (tmp_path / "everyday.yaml").write_text(recipe[1], "utf-8")
    free = "--teacher rehearsal"  # the model of the tutorial needs a key
    assert output(f"python -m open_thoughts_gen check {tmp_path / 'everyday.yaml'} {free}").endswith("has no faults")


def test_the_workflow_builds_what_is_tested() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "docs.yml").read_text("utf-8"))["jobs"]["site"]["steps"]
    assert any("zensical build --strict" in step.get("run", "") for step in steps)
    assert 'zensical" build --strict' in script.replace('bin/zensical"', 'zensical"')
