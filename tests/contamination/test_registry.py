"""The registry, and what is kept of benchmarks beside the response cache."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from open_thoughts_gen.contamination.registry import (
    Benchmark,
    benchmarks,
    chosen,
    items_in_file,
    items_of,
    question_in,
    store,
    stored,
)
from open_thoughts_gen.errors import UserError

MATH = Benchmark("math500", "HuggingFaceH4/MATH-500")


def test_the_benchmarks_that_matter_are_known() -> None:
    known = benchmarks()
    wanted = "aime24 aime25 amc23 math500 gsm8k gpqa_diamond jeebench mmlu_pro hle codeelo codeforces humaneval mbpp"
    assert set(f"{wanted} legalbench finqa livecodebench_v5".split()) <= known.keys()
    assert known["gpqa_diamond"].gated
    assert all("/" in one.id and one.columns and (one.split or one.files) for one in known.values())


def test_names_are_chosen_and_all_versions_of_one_by_its_stem() -> None:
    assert [one.name for one in chosen(("gsm8k", "aime24"))] == ["gsm8k", "aime24"]
    assert [one.name for one in chosen(("livecodebench",))] == [f"livecodebench_v{i}" for i in range(1, 7)]
    assert len(chosen(())) == len(benchmarks())
    with pytest.raises(UserError, match=r"there is no benchmark 'math50'; did you mean 'math500'\?"):
        chosen(("math50",))


def test_what_is_kept_is_found_again_by_its_commit(tmp_path: Path) -> None:
    assert stored(MATH, tmp_path) is None
    store(MATH, tmp_path, "aaa", ["What is 1+1?", "a\u2028b \ud83d"])
    store(MATH, tmp_path, "bbb", ["What is 2+2?"])
    newest = stored(MATH, tmp_path)
    assert newest is not None
    assert (newest.revision, [item.prompt for item in items_of(newest)]) == ("bbb", ["What is 2+2?"])
    older = stored(MATH, tmp_path, "aaa")
    assert older is not None
    assert [(item.id, item.prompt) for item in items_of(older)] == [
        ("math500/0", "What is 1+1?"),
        ("math500/1", "a\u2028b \ud83d"),
    ]
    assert stored(MATH, tmp_path, "ccc") is None
    assert stored(MATH, tmp_path, "../../secret") is None


@pytest.mark.parametrize("damage", ["", "not JSON\n", '{"num_items": 2}\n{"question": "one"}\n', "[]\n"])
def test_a_damaged_file_is_told_and_not_half_read(tmp_path: Path, damage: str) -> None:
    found = store(MATH, tmp_path, "aaa", ["one", "two"])
    found.file.write_text(damage)
    with pytest.raises(UserError, match="damaged; fetch it again: contamination fetch math500"):
        items_of(found)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    rows = [{"problem": "One?"}, {"messages": [{"role": "user", "content": "Two?"}]}, {"answer": "three"}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert [(item.id, item.prompt) for item in items_in_file("mine", file)] == [("mine/0", "One?"), ("mine/1", "Two?")]
    with pytest.raises(UserError, match="there is no file of questions"):
        items_in_file("mine", tmp_path / "nowhere.jsonl")
    file.write_text('{"answer": "three"}\n')
    with pytest.raises(UserError, match="no column holds questions"):
        items_in_file("mine", file)


def test_the_question_of_a_row() -> None:
    assert question_in({"prompt": "p", "question": "q"}) == "q"
    assert question_in({"text": "t", "mine": "m"}, ("mine",)) == "m"
    assert question_in({"conversations": [{"from": "system"}, {"from": "human", "value": "h"}]}) == "h"
    assert question_in({"question": 3, "messages": "none"}) is None
