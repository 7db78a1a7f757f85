"""The notebooks run from the first cell to the last, without a key and without a network."""

import os
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest
import yaml

ROOT = Path(__file__).parent.parent
NEEDED = {  # what a notebook leaves behind, and its rows where it would make thousands
    "quickstart": ("runs/colab-law/dataset/README.md", {}),
    "nemotron": ("challenge_rows/train.jsonl", {"NEMOTRON_TARGET": "40"}),
}
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("ignore")  # the kernel's own
def test_it_runs(notebook: Path, tmp_path: Path) -> None:
    cells = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    keys = {name: os.environ.pop(name) for name in ("DEEPSEEK_API_KEY", "HF_TOKEN") if name in os.environ}
    output, settings = NEEDED[notebook.stem]
    before = {name: os.environ.get(name) for name in ("PYTHONPATH", "PATH", "OPEN_THOUGHTS_CACHE", *settings)}
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    cache = str(tmp_path / "responses.sqlite")
    os.environ |= {"PYTHONPATH": str(ROOT), "PATH": here, "OPEN_THOUGHTS_CACHE": cache} | settings
    try:
        nbclient.NotebookClient(cells, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    finally:
        os.environ |= keys
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
    assert "colab.research.google.com" in cells.cells[0].source
    assert (tmp_path / output).is_file()
    assert '"outputs": [{' not in notebook.read_text("utf-8").replace("\n", ""), "outputs are committed"


def test_the_recipe_in_the_notebook_is_the_one_that_is_shipped() -> None:
    cells = nbformat.read(ROOT / "notebooks" / "nemotron.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    (text,) = (cell.source for cell in cells.cells if cell.source.startswith("%%writefile nemotron.yaml"))
    shown = yaml.safe_load(text.partition("\n")[2])
    shipped = yaml.safe_load((ROOT / "recipes" / "nemotron.yaml").read_text("utf-8"))
    keys = shipped.keys() - {"publish"}
    assert {key: shown[key] for key in keys} == {key: shipped[key] for key in keys}
