"""The layouts of published datasets are read right, and what has two readings is asked about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.rejudge.layouts import LAYOUTS, layout_of
from open_thoughts_gen.rejudge.saved import samples
from open_thoughts_gen.types import DropReason, Sample

ROOT = Path(__file__).parent.parent.parent
FIELD = ROOT / "tests" / "golden" / "field"
ASK, BOX, THINK = "Compute 2^7.", "\\boxed{128}", "<think>hm</think>\\boxed{128}"


def read(place: Path, **options: Any) -> list[tuple[str, str, str, str | None] | str]:
    """Return question, reasoning, response and reference of each trace, or why a row has none."""
    rows = samples(str(place), **options)
    return [row.reason if isinstance(row, DropReason) else _texts(row) for row in rows]


def _texts(sample: Sample) -> tuple[str, str, str, str | None]:
    assert sample.trace is not None
    return sample.question.prompt, sample.trace.reasoning, sample.trace.response, sample.question.reference


@pytest.mark.parametrize(
    ("name", "traces"),
    [
        ("s1k", [(ASK, "2^7 is 128", "The answer is $\\boxed{128}$.", "128")]),
        ("v_limo", [(ASK, "", "Okay ... **Final Answer**\n\\boxed{128}", "128")]),
        ("v_nemotron_pt", [(ASK, "hm", BOX, None)]),
        ("v_openr1", [(ASK, "hm", BOX, "128"), (ASK, "loop loop", "", "128")]),
        ("openr1", [(ASK, "hm", BOX, "128"), (ASK, "loop loop", "", "128")]),
        ("v_numina", [(ASK, "", "We get $\\boxed{128}$", None)]),
        ("v_codeforces", [("Solve in C++", "hm", "```cpp\nint main(){}\n```", None)]),
        ("v_distilabel", [(ASK, "hm", BOX, None)]),
        ("v_nemoskills", [(ASK, "", BOX, "128")]),
        ("v_ot114k", [(f"{ASK} Return your final response within \\boxed{{}}.", "hm", "It is \\boxed{128}", None)]),
        ("v_ot3", [(ASK, "hm", BOX, None)]),
        ("v_prompt_completion", [(ASK, "hm", BOX, "128")]),
        ("v_reasoning_content", [(ASK, "hm", BOX, "128")]),
        ("v_thinking_key", [(ASK, "hm", BOX, "128")]),
        ("v_small", [(ASK, "hm", BOX, "128")]),
        ("v_tooluse", [(ASK, "", BOX, "128")]),
        ("sharegpt", [("What is 1+1?", "easy", "2", None)]),
        ("messages_str", [("What is 1+1?", "", "2", None)]),
        (
            "v_think_variants",
            [(ASK, "hm \\boxed{5}", BOX, "128"), (ASK, "hm", "<answer>128</answer>", "128"), (ASK, "hm", BOX, "128")],
        ),
    ],
)
def test_published_rows_are_read_right(name: str, traces: list[Any]) -> None:
    assert read(FIELD / f"{name}.jsonl") == traces


CHAT = [{"role": "system", "content": "s"}, {"role": "user", "content": ASK}]
MORE: list[tuple[str, Mapping[str, Any], tuple[str, str, str, str | None]]] = [
    (
        "s1K-1.1",
        {"question": ASK, "solution": "128", "deepseek_thinking_trajectory": "hm", "deepseek_attempt": BOX,
         "gemini_thinking_trajectory": "no", "gemini_attempt": "no"},
        (ASK, "hm", BOX, "128"),
    ),
    (
        "OpenMathReasoning",
        {"problem": ASK, "generated_solution": THINK, "expected_answer": "128", "generation_model": "R1"},
        (ASK, "hm", BOX, "128"),
    ),
    (
        "AM-DeepSeek-R1-Distilled",
        {"messages": [
            {"role": "user", "content": ASK, "info": {"reference_answer": "128", "source": "x"}},
            {"role": "assistant", "content": THINK, "info": {"think_content": "hm"}},
        ]},
        (ASK, "hm", BOX, "128"),
    ),
    ("Dolphin-R1", {"messages": CHAT, "reasoning": "hm", "answer": BOX, "model": "R1"}, (ASK, "hm", BOX, None)),
    (
        "NuminaMath-1.5",
        {"problem": ASK, "solution": BOX, "answer": "128", "problem_type": "Algebra", "question_type": "x"},
        (ASK, "", BOX, "128"),
    ),
    (
        "OpenThoughts-114k, metadata",
        {"problem": ASK, "deepseek_reasoning": "hm", "deepseek_solution": BOX, "ground_truth_solution": "128"},
        (ASK, "hm", BOX, "128"),
    ),
    (
        "verl",
        {"data_source": "x", "prompt": CHAT, "reward_model": {"ground_truth": "128"}, "responses": [THINK]},
        (ASK, "hm", BOX, "128"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "trace"), MORE, ids=[name for name, _, _ in MORE])
def test_a_layout_is_known_by_its_columns(
    name: str, row: Mapping[str, Any], trace: tuple[str, str, str, str | None], tmp_path: Path
) -> None:
    layout = layout_of(row)
    assert layout is not None
    assert layout.name == name
    (tmp_path / "rows.jsonl").write_text(json.dumps(row), encoding="utf-8")
    assert read(tmp_path / "rows.jsonl") == [trace]


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"prompt": ASK, "chosen": BOX, "rejected": "1", "answer": "128"}, "chosen or rejected"),
        ({"problem": ASK, "solution": BOX, "answer": "128", "level": 5}, "answer or solution"),
    ],
)
def test_where_two_readings_are_possible_the_user_is_asked(row: dict[str, Any], named: str, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(UserError, match=f"several columns may hold the trace: {named}, of the columns .*; name "):
        read(tmp_path / "rows.jsonl")


def test_preference_pairs_are_asked_about() -> None:
    with pytest.raises(UserError, match="several columns may hold the trace: chosen or rejected"):
        read(FIELD / "v_dpo.jsonl")


def test_the_columns_taken_are_said() -> None:
    lines: list[str] = []
    read(FIELD / "v_limo.jsonl", show=lines.append)
    assert lines == ["question: question, reasoning: in the response, response: solution, reference: answer"]


def test_every_layout_is_in_the_documentation() -> None:
    page = (ROOT / "docs" / "layouts.md").read_text(encoding="utf-8")
    assert [layout.name for layout in LAYOUTS if layout.name not in page] == []
