"""The README shows what the program prints, names files that are there, and has exactly two set-up commands."""

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from open_thoughts_gen.cli import main
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


def test_ci_and_the_release_run_a_recipe_from_the_wheel() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    assert '"$work/installed/bin/pip" install "$work"/dist/*.whl' in script
    assert '"$work/installed/bin/open_thoughts_gen" init legal\n' in script
    assert '"$work/installed/bin/open_thoughts_gen" run legal ' in script
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text("utf-8"))["jobs"]
    assert any('open_thoughts_gen" run legal' in step.get("run", "") for step in jobs["build"]["steps"])
    assert jobs["publish"]["needs"] == "build"
    assert jobs["publish"]["permissions"] == {"id-token": "write"}  # and no token anywhere
    assert "secrets." not in str(jobs)


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
    tree = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split("<!-- tree -->")[1].split("\n## ")[0]
    for folder in sorted((ROOT / "open_thoughts_gen").iterdir()):
        if folder.is_dir() and folder.name != "__pycache__":
            assert f"  {folder.name}/" in tree, folder.name
    named = re.findall(r"^([\w.]+/?)  ", tree, re.MULTILINE)
    assert all(Path(ROOT / name).exists() for name in named), named


def test_the_plug_in_of_the_page_works_beside_a_recipe(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    code, filters = (re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)[0] for language in ("python", "yaml"))
    (tmp_path / "polite.py").write_text(code, "utf-8")
    rows = [{"question": f"How many is {i} and {i}?", "reference": str(2 * i)} for i in range(1, 4)]
    answers = ("Thank you. Answer: 2", "Answer: 4", "Answer: 6")
    lines = (json.dumps({**row, "response": said}) for row, said in zip(rows, answers, strict=True))
    (tmp_path / "rows.jsonl").write_text("\n".join(lines), "utf-8")
    recipe = "name: sums\nseed: 1\nsource: {use: files, path: rows.jsonl, fields: {prompt: question}}\n"
    recipe += "teacher: {use: recorded, response: response}\nverifiers: [exact]\n"
    ending = "decontaminate: off\npublish: {license: cc0-1.0}\n"
    (tmp_path / "sums.yaml").write_text(recipe + filters + ending, "utf-8")
    words = ["run", str(tmp_path / "sums.yaml"), "--out", str(tmp_path / "out"), "--cache", str(tmp_path / "c.sqlite")]
    assert main(words) == 0
    assert pq.read_table(tmp_path / "out/dropped.parquet").column("reason").to_pylist() == ["too polite"]
    assert pq.read_table(tmp_path / "out/dataset/data").num_rows == 2
