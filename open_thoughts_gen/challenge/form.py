r"""A row as the challenge's chat template renders it, and what a completion has to keep to.

The template emits an empty system block, the puzzle with the challenge's suffix, and opens the thought itself:

    <|im_start|>system\n<|im_end|>\n<|im_start|>user\n{prompt}{suffix}<|im_end|>\n<|im_start|>assistant\n<think>\n

So a completion begins inside the thought: `{log}\n</think>\n\boxed{ANSWER}<|im_end|>`, and the loss is on it alone. A
message without `<think>` would be rendered otherwise than at inference; strings are rendered by nobody.

The metric takes the last box up to the last closing brace, so nothing may stand between the answer and the end mark.
"""

from __future__ import annotations

from dataclasses import dataclass

from open_thoughts_gen.text.challenge_metric import extracted, same

SUFFIX = "\nPlease put your final answer inside `\\boxed{}`. For example: `\\boxed{your answer}`"
END = "<|im_end|>"
MARKS = ("<|im_start|>", END, "<think>", "</think>")
BASE_MODEL = "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16"
MAX_COMPLETION, MAX_TOTAL = 7680, 8192  # tokens: of what a model may write, and with the prompt


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A row of a dataset that the challenge can read: `log` is the reasoning, `scheme` the kind of puzzle."""

    id: str
    question: str
    log: str
    answer: str
    scheme: str = ""

    @property
    def prompt(self) -> str:
        """What the model is given."""
        asked = f"<|im_start|>user\n{self.question}{SUFFIX}{END}\n"
        return f"<|im_start|>system\n{END}\n{asked}<|im_start|>assistant\n<think>\n"

    @property
    def completion(self) -> str:
        """What the model is to write."""
        return f"{self.log}\n</think>\n\\boxed{{{self.answer}}}{END}"

    def fault(self) -> str:
        """Return why the row must not be trained on, empty if it may be."""
        text = self.question + self.log + self.answer
        mark = next((mark for mark in MARKS if mark in text), "")
        if mark:
            return f"it contains {mark}, a mark of the template"
        if not self.log.strip():
            return "it has no reasoning"
        if "\\boxed{" in self.log:
            return "its reasoning has a box of its own"
        if not same(self.answer, extracted(self.completion.removesuffix(END))):
            return "the metric reads another answer in it"
        return ""
