"""What `export` writes for evaluation harnesses, loaded and run by the harnesses themselves where they are installed.

`.ci/run` installs them in an environment of their own.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from open_thoughts_gen import cli
from open_thoughts_gen.publish.evaluation import benchmark
from tests.export.torch_stand_in import stand_in

ANSWERS = {"What is 2 plus 2?": "<think>\nAnswer: 5?\n</think>\n\nAnswer: 4", "What is 3 plus 3?": "Answer: 7"}
MUTE = "Hm\nand so"
NUM = 3


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPEN_THOUGHTS_CACHE", str(tmp_path / "responses.sqlite"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    questions = ((f"What is {i} plus {i}?", str(2 * i)) for i in range(2, 2 + NUM))
    made = ({"question": asked, "reference": known, "response": f"Answer: {known}"} for asked, known in questions)
    Path("sums.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))
    yield Path("sums.jsonl")
    for name in ("utils", "task"):
        sys.modules.pop(name, None)


def exported(rows: Path, harness: str) -> Path:
    folder = Path("out") / harness
    words = ["export", rows, "--for", harness, "--verifier", "exact", "--out", folder]
    assert cli.main([str(word) for word in words]) == 0
    return folder


def module_of(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_functions_for_lm_eval_judge_by_the_rows_verifiers(rows: Path) -> None:
    folder = exported(rows, "lm-eval")
    utils = module_of(folder / "utils.py")
    lines = [json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()]
    judged = [utils.judged(row, [ANSWERS.get(utils.question(row), MUTE)]) for row in lines]
    assert [row["correct"] for row in judged] == [1.0, 0.0, 0.0]
    assert [row["undecided"] for row in judged] == [0.0, 0.0, 1.0]
    assert utils.reference(lines[0]) == "4"
    assert "!function utils.judged" in (folder / "sums_jsonl.yaml").read_text()


def test_lm_eval_loads_and_runs_its_task(rows: Path) -> None:
    pytest.importorskip("lm_eval")
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.tasks import TaskManager

    class Parrot(LM):  # type: ignore[misc, unused-ignore]
        def generate_until(self, requests: list[Any], disable_tqdm: bool = False) -> list[str]:
            assert all(request.args[1]["max_gen_toks"] == 32768 for request in requests)
            return [ANSWERS.get(request.args[0], MUTE) for request in requests]

        def loglikelihood(self, requests: list[Any]) -> list[tuple[float, bool]]:
            raise NotImplementedError

        def loglikelihood_rolling(self, requests: list[Any]) -> list[float]:
            raise NotImplementedError

    folder = exported(rows, "lm-eval")
    manager = TaskManager(include_path=str(folder), include_defaults=False)
    results = simple_evaluate(model=Parrot(), tasks=["sums_jsonl"], task_manager=manager, bootstrap_iters=0)
    assert results is not None
    scores = results["results"]["sums_jsonl"]
    assert scores["correct,none"] == pytest.approx(1 / NUM)
    assert scores["undecided,none"] == pytest.approx(1 / NUM)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
def test_inspect_loads_and_runs_its_task_and_reads_eval_yaml(rows: Path) -> None:
    pytest.importorskip("inspect_ai")
    from inspect_ai import eval as inspect_eval
    from inspect_ai._eval.task.hf import HFTask
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    folder = exported(rows, "inspect")
    said = [ModelOutput.from_content("mockllm", text) for text in (*ANSWERS.values(), MUTE)]
    for output in said:
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # else it fetches a tokenizer
    model = get_model("mockllm/model", custom_outputs=said)
    (log,) = inspect_eval(
        str(folder / "task.py"), model=model, log_dir="logs", display="none", max_samples=1, max_connections=1
    )
    assert log.status == "success", log.error
    assert log.samples is not None
    values = {str(sample.input): sample.scores["verified"].value for sample in log.samples if sample.scores}
    assert values == {"What is 2 plus 2?": "C", "What is 3 plus 3?": "I", "What is 4 plus 4?": "N"}
    assert log.results is not None
    assert log.results.scores[0].metrics["accuracy"].value == pytest.approx(1 / NUM)
    for references in (["4", "1,000.5"], ["yes"]):
        registration = benchmark('Sums: a "test"', "test", references, NUM)
        assert registration is not None
        (task,) = yaml.safe_load(yaml.safe_dump(registration))["tasks"]
        read = HFTask.model_validate(task)
        assert (read.field_spec.input, read.field_spec.target, read.split) == ("question", "reference", "test")


def test_lighteval_loads_its_task_and_scores_by_it(rows: Path) -> None:
    if importlib.util.find_spec("lighteval") is None:
        pytest.skip("lighteval is not installed")
    if importlib.util.find_spec("torch") is None:
        stand_in()
    from lighteval.models.model_output import ModelResponse
    from lighteval.tasks.lighteval_task import LightevalTask
    from lighteval.tasks.registry import Registry

    folder = exported(rows, "lighteval")
    # As the registry does it; the registry itself also imports the built-in tasks, one of which downloads a file.
    configs = Registry._extract_configs(Registry.create_custom_tasks_module(str(folder / "task.py")))
    task = LightevalTask(configs["sums_jsonl"])
    LightevalTask.load_datasets({"sums_jsonl": task})
    docs = task.eval_docs()
    (metric,) = task.metrics
    scores = [
        metric.compute_sample(doc=doc, model_response=ModelResponse(text=[ANSWERS.get(doc.query, MUTE), "Answer: 4"]))
        for doc in docs
    ]
    assert [score["verified"] for score in scores] == [1.0, 0.0, 0.0]
    assert metric.get_corpus_aggregations()["verified"]([1.0, 0.0]) == 0.5
