"""The code on a card that rewards a model: it has to call the dataset's own answers right, or it is not printed.

With a config `rl`, its rows have what judges them. Without one the verifiers are written into the code, if they need
nothing but the question and its reference; else the code compares a final answer with the one that the row has. Which
of them holds is tried on the first rows, before it is printed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.publish.rows import answer_of
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.rewards import outcomes, reward_row
from open_thoughts_gen.types import Sample

_NUM_TRIED = 8
_EXACT = json.dumps([{"use": "exact"}])


def reward_code(recipe: Recipe, samples: Sequence[Sample], where: str, has_rl: bool, split: str = "train") -> str:
    """Return code that rewards `my_model` by the dataset at `where`, a Python string; empty if no such code holds.

    `split` is the one to measure with.
    """
    if has_rl:
        return (
            "from open_thoughts_gen.rewards import reward\n\n"
            f'for row in load_dataset({where}, "rl", split="{split}"):\n'
            '    score = reward(my_model(row["prompt"]), row)  # 1.0 correct, else 0.0'
        )
    tried = list(islice((sample for sample in samples if sample.trace and sample.outcome == "correct"), _NUM_TRIED))
    written = {verifiers for sample in tried for verifiers in [_self_contained(recipe, sample)]}
    ways: list[tuple[str, str, Callable[[Sample], str | None]]] = [("answer", _EXACT, answer_of)]
    if len(written) == 1 and (verifiers := written.pop()):
        ways.insert(0, ("reference", verifiers, lambda sample: sample.question.reference))
    for column, verifiers, reference in ways:
        rows = [{"prompt": s.question.prompt, "reference": reference(s), "verifiers": verifiers} for s in tried]
        if tried and _holds(tried, rows):
            return (
                "from open_thoughts_gen.rewards import reward\n\n"
                f"verifiers = {verifiers!r}\n"
                f'for row in load_dataset({where}, split="{split}"):\n'
                f'    judged = {{"prompt": row["question"], "reference": row["{column}"], "verifiers": verifiers}}\n'
                '    score = reward(my_model(row["question"]), judged)  # 1.0 correct, else 0.0'
            )
    return ""


def _self_contained(recipe: Recipe, sample: Sample) -> str:
    """Return the verifiers of a question as rows have them; empty if they need more than question and reference."""
    if any(part.plugin.risks or part.holds_secrets for part in recipe.verifiers):
        return ""
    row = reward_row(sample.question, recipe.verifiers)
    return row["verifiers"] if row is not None and row["meta"] == "{}" else ""


def _holds(samples: Sequence[Sample], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether each sample's own completion, alone, is right by its row."""
    try:
        return all(
            outcomes([f"<think>\n{s.trace.reasoning}\n</think>\n\n{s.trace.response}"], [row]) == ["correct"]
            for s, row in zip(samples, rows, strict=True)
            if s.trace
        )
    except UserError:  # a verifier that no row may name
        return False
