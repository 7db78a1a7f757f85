"""What the code on a card asks of TRL, in a few lines: chats are rendered with a real template, rewards are called.

It is put into `sys.modules` as `trl`, so the code runs without torch. As TRL does, the trainer of fine-tuning reads
the column `messages`, renders each chat by the model's template and cuts it at `max_length`; GRPO calls the reward with
completions and with every column of the rows as a list.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from open_thoughts_gen.export.templates import load_template

TEMPLATE = Path(__file__).parents[1] / "export" / "templates" / "qwen3.jinja"
DEFAULT_LENGTH, DEFAULT_COMPLETION = 1_024, 512
rendered: list[str] = []
rewards: list[float] = []
lengths: list[int] = []


class SFTConfig:
    def __init__(self, *, max_length: int | None = DEFAULT_LENGTH) -> None:
        self.max_length = max_length


class SFTTrainer:
    def __init__(self, model: str, *, train_dataset: Any, args: SFTConfig) -> None:
        assert model
        self._rows, self._max_length = train_dataset, args.max_length

    def train(self) -> None:
        template = load_template(str(TEMPLATE))
        for row in self._rows:
            text = template.render(row["messages"]).text
            rendered.append(text if self._max_length is None else " ".join(text.split(" ")[: self._max_length]))


class GRPOConfig:
    def __init__(self, *, max_completion_length: int = DEFAULT_COMPLETION) -> None:
        lengths.append(max_completion_length)


class GRPOTrainer:
    answer: Callable[[str], str] = staticmethod(lambda prompt: "")

    def __init__(self, model: str, *, reward_funcs: Callable[..., Any], train_dataset: Any, args: GRPOConfig) -> None:
        assert model and args  # noqa: PT018
        self._reward, self._rows = reward_funcs, train_dataset

    def train(self) -> None:
        rows = list(self._rows)
        completions = [
            [{"role": "assistant", "content": type(self).answer(row["prompt"][-1]["content"])}] for row in rows
        ]
        columns = {name: [row[name] for row in rows] for name in rows[0] if name != "prompt"}
        prompts = [row["prompt"] for row in rows]
        rewards.extend(
            self._reward(prompts=prompts, completions=completions, completion_ids=[[]] * len(rows), **columns)
        )


@contextmanager
def as_trl(answer: Callable[[str], str]) -> Iterator[None]:
    """Stand in for TRL; `answer` is what the model of GRPO says to a prompt."""
    module = ModuleType("trl")
    for name in ("SFTConfig", "SFTTrainer", "GRPOConfig", "GRPOTrainer"):
        setattr(module, name, globals()[name])
    GRPOTrainer.answer = staticmethod(answer)
    before = sys.modules.get("trl")
    sys.modules["trl"] = module
    for outcome in (rendered, rewards, lengths):
        outcome.clear()
    try:
        yield
    finally:
        del sys.modules["trl"]
        if before is not None:
            sys.modules["trl"] = before
