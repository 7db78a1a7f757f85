"""The README shows what the program prints, names files that are there, and has exactly two set-up commands."""

import re
from pathlib import Path

import pytest

from tests.readme import COMMAND, OUTPUT, README, ROOT, command, output, row


def test_there_are_two_set_up_commands() -> None:
    assert [number for number, _ in COMMAND.findall(README.read_text("utf-8"))] == ["1", "2"]
    assert command(1).endswith("python -m open_thoughts_gen run recipes/legal.yaml")
    assert command(2).endswith("pytest")


def test_ci_runs_both() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert 'make_dataset="$(python3 tests/readme.py command 1)"' in script
    assert 'run_tests="$(python3 tests/readme.py command 2)"' in script
    assert 'eval "$run_tests"\n' in script
    assert script.rstrip().endswith("pytest -m slow -n 2")


def test_every_block_of_output_is_what_is_printed() -> None:
    blocks = OUTPUT.findall(README.read_text("utf-8"))
    assert blocks
    for _, shown, printed, _ in blocks:
        assert output(shown) == printed.rstrip("\n"), f"python tests/readme.py write  # {shown}"


@pytest.mark.slow
def test_every_block_of_output_in_the_write_up_is_what_is_printed() -> None:
    pytest.importorskip("mistral_common")
    blocks = OUTPUT.findall((ROOT / "docs" / "nemotron.md").read_text("utf-8"))
    assert len(blocks) == 4
    for _, shown, printed, _ in blocks:
        assert output(shown) == printed.rstrip("\n"), "python tests/readme.py write docs/nemotron.md"


def test_the_row_is_the_card_s() -> None:
    assert f"<!-- row -->\n{row()}\n<!-- /row -->" in README.read_text("utf-8"), "python tests/readme.py write"


def test_every_link_leads_to_a_file() -> None:
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_tree_names_every_folder() -> None:
    tree = README.read_text("utf-8").split("<!-- tree -->")[1]
    for folder in sorted((ROOT / "open_thoughts_gen").iterdir()):
        if folder.is_dir() and folder.name != "__pycache__":
            assert f"  {folder.name}/" in tree, folder.name
    named = re.findall(r"^([\w.]+/?)  ", tree, re.MULTILINE)
    assert all(Path(ROOT / name).exists() for name in named), named
