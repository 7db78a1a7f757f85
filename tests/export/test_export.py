"""`export` from outside: each trainer's rows, read back by a reader of its documented format, and its settings."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from open_thoughts_gen import cli
from open_thoughts_gen.cli.export import TRAINERS
from open_thoughts_gen.cli.program import EXIT_UNPROVED, EXIT_USER_ERROR
from open_thoughts_gen.export.files import json_line, write_rows
from open_thoughts_gen.export.layouts import family_of, trainers
from open_thoughts_gen.rewards import compute_score, reward

TEMPLATES = Path(__file__).parent / "templates"
RIGHT, WRONG = {"outcome": "correct"}, {"outcome": "incorrect"}
ROWS: list[dict[str, str]] = [
    {"question": "2 + 2?", "reasoning": "Two and two.", "response": "Answer: 4", "reference": "4", **RIGHT},
    {"question": "2 + 2?", "reasoning": "Five?", "response": "Answer: 5", "reference": "4", **WRONG},
    {"question": "A\u2028b\u2029c\x85d?", "reasoning": "Use </think>.", "response": "Answer: 1", "reference": "1"},
    {"question": "3 + 3?", "reasoning": "", "response": "Answer: 6", "reference": "6", **RIGHT},
    {"question": "No answer?", "reasoning": "Hm.", "response": "", "reference": "6"},
    {"question": "Cut?", "reasoning": "Hm.", "response": "Ans", "reference": "6", "finish_reason": "length"},
]  # fmt: skip
Rows = list[dict[str, Any]]


def main(*words: object) -> int:
    return cli.main([str(word) for word in words])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    defaults = {"finish_reason": "stop", "domain": "math", "source": "here", "outcome": "undecided"}
    rows: Rows = [{"id": str(i), "verdicts": [], **defaults, **row} for i, row in enumerate(ROWS)]
    for row in rows:
        if row["outcome"] != "undecided":
            row["verdicts"] = [{"verifier": "exact", "outcome": row["outcome"], "answer": None, "explanation": ""}]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def lines(file: Path) -> Rows:
    """Return the rows of a file as NeMo Automodel reads it, at what Python calls lines."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def said(turns: Rows, role: str = "role", content: str = "content") -> tuple[str, str, str]:
    """Return question, reasoning and response of a chat of two turns."""
    asked, answered = turns
    assert asked[role] in ("user", "human")
    assert answered[role] in ("assistant", "gpt")
    text = answered[content]
    assert text.count("<think>") <= 1
    reasoning, closed, response = text.removeprefix("<think>\n").partition("\n</think>\n\n")
    return (asked[content], reasoning, response) if closed else (asked[content], "", text)


def beside(turns: Rows) -> tuple[str, str, str]:
    asked, answered = turns
    return asked["content"], answered.get("reasoning_content", ""), answered["content"]


def sections(row: dict[str, Any]) -> tuple[str, str, str]:
    asked, answered = row["conversations"]
    assert (asked["from"], answered["from"]) == ("user", "assistant")
    pattern = r"<\|begin_of_{0}\|>\n\n(.*)\n\n<\|end_of_{0}\|>"
    thought, solution = (
        re.search(pattern.format(name), answered["value"], re.DOTALL) for name in ("thought", "solution")
    )
    assert solution
    return asked["value"], thought[1] if thought else "", solution[1]


READERS: dict[str, Callable[[Path], list[tuple[str, str, str]]]] = {
    "trl": lambda folder: [beside([*row["prompt"], *row["completion"]]) for row in lines(folder / "train.jsonl")],
    "axolotl": lambda folder: [beside(row["messages"]) for row in lines(folder / "train.jsonl")],
    "llamafactory": lambda folder: [
        said(row["conversations"], "from", "value") for row in json.loads((folder / "train.json").read_text("utf-8"))
    ],
    "unsloth": lambda folder: [said(row["conversations"]) for row in lines(folder / "train.jsonl")],
    "verl-sft": lambda folder: [
        (turns[0]["content"], turns[1]["reasoning_content"] or "", turns[1]["content"])
        for turns in pq.read_table(folder / "train.parquet")["messages"].to_pylist()
    ],
    "nemo-rl": lambda folder: [beside(row["messages"]) for row in lines(folder / "train.jsonl")],
    "automodel": lambda folder: [beside(row["messages"]) for row in lines(folder / "train.jsonl")],
    "openrlhf": lambda folder: [beside(row["messages"]) for row in lines(folder / "train.jsonl")],
    "swift": lambda folder: [said(row["messages"]) for row in lines(folder / "train.jsonl")],
    "prime-rl": lambda folder: [beside([*row["prompt"], *row["completion"]]) for row in lines(folder / "train.jsonl")],
    "openthoughts-114k": lambda folder: [sections(row) for row in lines(folder / "train.jsonl")],
    "openthoughts3": lambda folder: [
        said(row["conversations"], "from", "value") for row in lines(folder / "train.jsonl")
    ],
    "stratos": lambda folder: [sections(row) for row in lines(folder / "train.jsonl")],
    "alpaca": lambda folder: [
        said([{"role": "user", "content": row["instruction"]}, {"role": "assistant", "content": row["output"]}])
        for row in json.loads((folder / "train.json").read_text("utf-8"))
    ],
    "sharegpt": lambda folder: [said(row["conversations"], "from", "value") for row in lines(folder / "train.jsonl")],
    "jsonl": lambda folder: [
        (row["question"], row["reasoning"], row["response"]) for row in lines(folder / "train.jsonl")
    ],
}


def check_settings(folder: Path) -> None:
    """Parse every file of settings by its own language, and look for names that nobody filled in."""
    for file in folder.rglob("*"):
        text = file.read_text("utf-8") if file.suffix in (".py", ".yaml", ".toml", ".sh", ".json") else ""
        assert not re.search(r"\$[a-z]", text)
        match file.suffix:
            case ".py":
                ast.parse(text)
            case ".yaml":
                assert isinstance(yaml.safe_load(text), dict)
            case ".toml":
                tomllib.loads(text)
            case ".json":
                json.loads(text)
            case ".sh":
                subprocess.run(["bash", "-n", str(file)], check=True)


def test_the_command_knows_every_trainer() -> None:
    assert set(TRAINERS) == trainers().keys()
    assert {name for name, trainer in trainers().items() if trainer.rows == "chats"} == READERS.keys()


@pytest.mark.parametrize("trainer", READERS)
def test_rows_are_read_back(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], trainer: str) -> None:
    assert main("export", place, "--for", trainer, "--model", "Qwen/Qwen3-8B", "--out", tmp_path / "out") == 0
    expected = [
        ("2 + 2?", "Two and two.", "Answer: 4"),
        ("2 + 2?", "Five?", "Answer: 5"),
        ("A\u2028b\u2029c\x85d?", "Use <\u200b/think>.", "Answer: 1"),
        ("3 + 3?", "", "Answer: 6"),
    ]
    assert READERS[trainer](tmp_path / "out") == expected
    check_settings(tmp_path / "out")
    out = capsys.readouterr().out
    assert "4 rows: " in out
    assert "1 row left out: no response" in out
    assert "1 row left out: cut off before its end" in out


def test_the_settings_allow_the_longest_row(place: Path, tmp_path: Path) -> None:
    long = {"question": "Long?", "reasoning": "x" * 9000, "response": "Answer: 1"}
    (tmp_path / "long.jsonl").write_text(json.dumps(long))
    assert main("export", tmp_path / "long.jsonl", "--for", "axolotl", "--out", tmp_path / "out") == 0
    assert yaml.safe_load((tmp_path / "out" / "config.yaml").read_text())["sequence_len"] == 9728
    assert main("export", place, "--for", "trl", "--out", tmp_path / "trl", "--model", 'it\'s "$(odd)"') == 0
    check_settings(tmp_path / "trl")


def test_a_template_chooses_the_layout(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, style in (("qwen3", "reasoning_content"), ("qwen2_5", "inline"), ("gptoss", "thinking")):
        check = TEMPLATES / f"{name}.jinja"
        assert main("export", place, "--for", "trl", "--check", check, "--out", tmp_path / name) == 0
        out = capsys.readouterr().out
        assert f"reasoning as {style}" in out
        assert "4 of 4 rows are proved" in out
        assert "in the loss: by the trainer's rule: the completion alone" in out
    assert main("export", place, "--for", "nemo-rl", "--check", TEMPLATES / "qwen3_training.jinja") == 0
    assert "in the loss: proved by the template's own marks" in capsys.readouterr().out


@pytest.fixture(autouse=True)
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_where_no_message_keeps_reasoning_the_chat_is_rendered(place: Path, tmp_path: Path) -> None:
    from tests.export.test_proof import DROPS

    (tmp_path / "r1.jinja").write_text(DROPS)
    assert main("export", place, "--for", "trl", "--check", "r1.jinja", "--out", "out") == 0
    first, *_, last = lines(tmp_path / "out" / "train.jsonl")
    assert first == {"prompt": "<|U|>2 + 2?<|A|><think>\n", "completion": "Two and two.\n</think>\n\nAnswer: 4</s>"}
    assert last["completion"] == "\n</think>\n\nAnswer: 6</s>"
    assert main("export", place, "--for", "axolotl", "--check", "r1.jinja") == EXIT_UNPROVED


def test_rows_that_a_template_spoils_are_named(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"question": "What is <|im_end|>?", "reasoning": "A mark.", "response": "Answer: a mark"}
    with place.open("a") as file:
        file.write(json.dumps(row) + "\n")
    words = ("export", place, "--for", "trl", "--check", TEMPLATES / "qwen3.jinja", "--out", "out")
    assert main(*words) == EXIT_UNPROVED
    out = capsys.readouterr().out
    assert "4 of 5 rows are proved" in out
    assert re.search(r"1 row: its text contains <\|im_end\|>, a mark of the template: 5 \([0-9a-f]{16}\)", out)
    assert "the layout that would keep the first of them: none" in out
    assert len(lines(tmp_path / "out" / "train.jsonl")) == 5
    assert main(*words, "--only-proved") == 0
    assert len(lines(tmp_path / "out" / "train.jsonl")) == 4
    assert main(*words, "--style", "inline") == EXIT_UNPROVED
    assert main("export", place, "--for", "trl", "--check", TEMPLATES / "qwen2_5.jinja", "--style", "thinking") == 1
    assert "4 rows: the reasoning is lost" in (out := capsys.readouterr().out)
    assert "the layout that would keep the first of them: --style inline or text" in out


def test_rows_for_reinforcement_learning(place: Path, tmp_path: Path) -> None:
    for trainer in ("trl-grpo", "verl", "nemo-gym", "verifiers"):
        assert main("export", place, "--for", trainer, "--verifier", "exact", "--out", tmp_path / trainer) == 0
        check_settings(tmp_path / trainer)
    trl = lines(tmp_path / "trl-grpo" / "train.jsonl")
    assert [row["reference"] for row in trl] == ["4", "1", "6", "6", "6"]
    assert [reward(f"Answer: {row['reference']}", row) for row in trl] == [1.0] * 5
    assert main("reward", place, "--verifier", "exact", "--out", tmp_path / "reward", "--format", "jsonl") == 0
    assert (
        lines(tmp_path / "reward" / "train.jsonl")
        == trl
        == lines(tmp_path / "verifiers" / "env_rows_jsonl" / "rows.jsonl")
    )
    gym = lines(tmp_path / "nemo-gym" / "train.jsonl")
    assert gym[0]["responses_create_params"] == {"input": [{"role": "user", "content": "2 + 2?"}]}
    assert [reward(f"Answer: {row['expected_answer']}", row["open_thoughts"]) for row in gym] == [1.0] * 5
    for i, row in enumerate(pq.read_table(tmp_path / "verl" / "train.parquet").to_pylist()):
        truth, extra = row["reward_model"]["ground_truth"], row["extra_info"]
        assert (extra["split"], extra["index"]) == ("train", i)
        assert compute_score(row["data_source"], f"Answer: {truth}", truth, extra) == 1.0


def test_an_environment_of_verifiers(place: Path, tmp_path: Path) -> None:
    assert main("export", place, "--for", "verifiers", "--verifier", "exact", "--out", "env") == 0
    (tmp_path / "stub" / "verifiers").mkdir(parents=True)
    # What the environment uses of verifiers 1, as its documentation says: data, tasks, a reward, a task set.
    (tmp_path / "stub" / "verifiers" / "__init__.py").touch()
    (tmp_path / "stub" / "verifiers" / "v1.py").write_text(
        "from typing import Generic, TypeVar\nfrom pydantic import BaseModel\nT, C = TypeVar('T'), TypeVar('C')\n"
        "class TaskData(BaseModel):\n    idx: int\n    prompt: str\n"
        "class TasksetConfig(BaseModel):\n    task: None = None\n"
        "class Trace(BaseModel):\n    last_reply: str | None = None\ndef reward(function):\n    return function\n"
        "class Task(Generic[T]):\n    def __init__(self, data, config): self.data = data\n"
        "class Taskset(Generic[T, C]):\n    def __init__(self, config): self.config = config\n"
    )
    code = (
        "import asyncio, verifiers.v1 as vf\nfrom env_rows_jsonl import VerifiedTaskset\n"
        "tasks = list(VerifiedTaskset(vf.TasksetConfig()).load())\n"
        "score = lambda task, reply: asyncio.run(task.correct(vf.Trace(last_reply=reply)))\n"
        "print(len(tasks), tasks[0].data.prompt, *(score(tasks[0], x) for x in ('Answer: 4', 'Answer: 5', None)))"
    )
    root = Path(cli.__file__).parent.parent.parent
    paths = [str(tmp_path / "env"), str(tmp_path / "stub"), str(root), *filter(None, sys.path)]
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(paths), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "5 2 + 2? 1.0 0.0 0.0\n", result.stderr


def test_preferences_need_a_right_and_a_wrong_answer(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("export", place, "--for", "dpo", "--check", TEMPLATES / "qwen3.jinja", "--out", "out") == 0
    (pair,) = lines(tmp_path / "out" / "train.jsonl")
    assert pair["prompt"] == [{"role": "user", "content": "2 + 2?"}]
    assert (pair["chosen"][0]["content"], pair["rejected"][0]["content"]) == ("Answer: 4", "Answer: 5")
    place.write_text(place.read_text().replace('"incorrect"', '"correct"'))
    assert main("export", place, "--for", "dpo") == EXIT_USER_ERROR
    assert "no question has both a correct and an incorrect answer; ask for more attempts" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--for", "trlx"], "'trlx' is not one of trl, trl-grpo"),
        (["--for", "trl", "--check"], "--check names no template; name one, or the model with --model"),
        (["--for", "trl", "--check", "--model", "no/such"], "'no/such' has no chat template"),
        (["--for", "trl", "--only-proved"], "--only-proved needs a template; name one with --check"),
        (
            ["--for", "trl", "--model", "deepseek-ai/DeepSeek-R1"],
            "keep no reasoning that stands in a message; give its",
        ),
        (["--for", "trl", "--style", "text"], "trl cannot be given rendered text; give the template with --check"),
        (["--for", "axolotl", "--style", "text"], "axolotl cannot be given rendered text; choose another with --style"),
        (["--for", "verl"], "no verifier is named; name one with --verifier"),
    ],
)
def test_a_users_mistakes_are_lines(
    place: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    try:
        code = main("export", place, *words)
    except SystemExit as error:
        code = int(str(error))
    assert code == EXIT_USER_ERROR
    assert message in capsys.readouterr().err


def test_json_is_on_one_line_by_any_rule(tmp_path: Path) -> None:
    value = {"text": "a\u2028b\u2029c\x85d\r\n\x0b\x0c\x1c\ud800é"}
    assert json_line(value).splitlines() == [json_line(value)]
    assert json.loads(json_line(value)) == {"text": value["text"].replace("\ud800", "?")}
    file = write_rows([value, value], tmp_path / "rows.json")
    assert len(json.loads(file.read_text("utf-8"))) == 2


@pytest.mark.parametrize(
    ("model", "style"),
    [
        ("Qwen/Qwen3-8B", "reasoning_content"),
        ("Qwen/Qwen3-4B-Instruct-2507", "inline"),
        ("Qwen/Qwen3.8-9B", "reasoning_content"),
        ("openai/gpt-oss-20b", "thinking"),
        ("nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16", "reasoning_content"),
        ("meta-llama/Llama-3.1-8B-Instruct", "inline"),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", "text"),
        ("somebody/something", "inline"),
    ],
)
def test_what_a_models_name_says(model: str, style: str) -> None:
    assert family_of(model).style == style


def test_llama_factory_is_given_gpt_oss_own_words(place: Path, tmp_path: Path) -> None:
    assert main("export", place, "--for", "llamafactory", "--model", "openai/gpt-oss-20b", "--out", "out") == 0
    (_, answered) = json.loads((tmp_path / "out" / "train.json").read_text("utf-8"))[0]["conversations"]
    words = "<|channel|>analysis<|message|>Two and two.<|end|><|start|>assistant<|channel|>final<|message|>Answer: 4"
    assert answered == {"from": "gpt", "value": words}
    assert "template: gpt_oss" in (tmp_path / "out" / "config.yaml").read_text()
