"""The notebooks run from the first cell to the last, without a key and without a network.

Where a reader has a key, a GPU or a token, a stand-in on this machine takes the place of what is asked: the loopback
endpoint, the toy vLLM, the loopback Hub.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nbclient
import nbformat
import pytest
import yaml

from tests.servers.chat_server import Body, ChatServer, completion
from tests.servers.hub_server import serving

ROOT = Path(__file__).parent.parent
NOTEBOOKS = {path.stem: path for path in (ROOT / "notebooks").glob("*.ipynb")}


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Let the kernel, which inherits it, see these variables and none of a developer's keys."""
    before = dict(os.environ)
    try:
        for name in [name for name in before if name.endswith(("_API_KEY", "_TOKEN"))]:
            del os.environ[name]
        os.environ |= values
        yield
    finally:
        os.environ.clear()
        os.environ |= before


def execute(name: str, folder: Path, also: Mapping[str, str] | None = None, path: str = "") -> str:
    """Run a notebook in a folder; return all that its cells printed."""
    book = nbformat.read(NOTEBOOKS[name], as_version=4)  # type: ignore[no-untyped-call]
    values = {
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), path))),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "OPEN_THOUGHTS_CACHE": str(folder / "responses.sqlite"),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HOME": str(folder / "hub"),
    }
    with environment(values | dict(also or {})):
        nbclient.NotebookClient(book, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    return "".join(str(output.get("text", "")) for output in outputs)


def answer_key() -> dict[str, str]:
    """Return the answers that stand in the notebook of one's own questions."""
    book = json.loads(NOTEBOOKS["api_distillation"].read_text("utf-8"))
    (cell,) = (cell["source"] for cell in book["cells"] if cell["source"][0].startswith("%%writefile questions"))
    rows = [json.loads(line) for line in cell[1:]]
    return {row["question"]: row["answer"] for row in rows}


@pytest.mark.parametrize("path", NOTEBOOKS.values(), ids=lambda path: path.stem)
def test_it_opens_in_colab_and_holds_no_outputs(path: Path) -> None:
    book = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    assert f"main/notebooks/{path.name}" in book.cells[0].source
    assert "colab.research.google.com" in book.cells[0].source
    assert not any(cell.get("outputs") for cell in book.cells), "outputs are committed"


@pytest.mark.filterwarnings("ignore")  # the kernel's own
class TestExecuted:
    def test_quickstart(self, tmp_path: Path) -> None:
        execute("quickstart", tmp_path)
        assert (tmp_path / "runs/colab-law/dataset/README.md").is_file()

    def test_nemotron(self, tmp_path: Path) -> None:
        execute("nemotron", tmp_path, {"NEMOTRON_TARGET": "40"})
        assert (tmp_path / "challenge_rows/train.jsonl").is_file()

    def test_api_distillation_with_an_endpoint(self, tmp_path: Path) -> None:
        answers = answer_key()

        def knows(body: Body) -> object:
            question = str(body["messages"][-1]["content"]).partition("\n\n")[0]
            return completion(f"I see.\n\nAnswer: {answers[question]}", reasoning_content="It follows from the text.")

        with ChatServer(answer=knows) as server:
            printed = execute("api_distillation", tmp_path, {"TEACHER": server.spec})
        assert "40 rows by domain" in printed
        assert len(server.asked) == 40, "what the estimate asked is not asked again"
        assert (tmp_path / "export/trl").is_dir()

    @pytest.mark.slow
    def test_api_distillation_without_a_key_is_a_rehearsal_and_says_so(self, tmp_path: Path) -> None:
        assert "DEEPSEEK_API_KEY is not set: this is a rehearsal" in execute("api_distillation", tmp_path)

    def test_gpu_distillation_with_the_toy_engine(self, tmp_path: Path) -> None:
        model = tmp_path / "toy-1b"
        model.mkdir()
        order = {"says": "Answer: no"}
        (model / "config.json").write_text(json.dumps({"name": "toy", "toy": order}), "utf-8")
        settings = {"MODEL": str(model), "TARGET": "2"}
        printed = execute("gpu_distillation", tmp_path, settings, path=str(ROOT / "tests" / "toy"))
        assert f"{model} is the teacher" in printed
        assert (tmp_path / "sft").is_dir()
        assert (tmp_path / "grpo").is_dir()

    def test_publish_to_a_hub(self, tmp_path: Path) -> None:
        with serving() as hub:
            printed = execute("publish", tmp_path, {**hub.env(), "TARGET": "120"})
        (repo,) = hub.repos.values()
        assert len(repo.commits) == 2, "the dry run pushed nothing"
        assert "rows in train" in printed
        assert b"reasoning-datasets-competition" in repo.files["README.md"]


def test_the_recipe_in_the_notebook_is_the_one_that_is_shipped() -> None:
    cells = nbformat.read(NOTEBOOKS["nemotron"], as_version=4)  # type: ignore[no-untyped-call]
    (text,) = (cell.source for cell in cells.cells if cell.source.startswith("%%writefile nemotron.yaml"))
    shown = yaml.safe_load(text.partition("\n")[2])
    shipped = yaml.safe_load((ROOT / "recipes" / "nemotron.yaml").read_text("utf-8"))
    keys = shipped.keys() - {"publish"}
    assert {key: shown[key] for key in keys} == {key: shipped[key] for key in keys}
