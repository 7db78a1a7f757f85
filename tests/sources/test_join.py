"""Joining references to questions by their wording."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.join import Join
from open_thoughts_gen.types import DropReason, Question

ASKED = ["Box it. What is 1 + 1?", "what is  2 + 2?", "What is 3 + 3?", "What is 4 + 4?"]
KNOWN: list[dict[str, Any]] = [
    {"prompt": "What is 1 + 1?", "answer": "2", "topic": "sums"},
    {"prompt": "What is 2 + 2?", "answer": "4", "topic": "sums"},
    {"prompt": "What is 2 + 2? ", "answer": "4", "topic": "more sums"},
    {"prompt": "What is 3 + 3?", "answer": "6", "topic": "sums"},
    {"prompt": "What is 3 + 3?", "answer": "7", "topic": "sums"},
]


def joined(folder: Path, asked: list[dict[str, Any]], **settings: Any) -> list[Question | DropReason]:
    for name, rows in (("asked", asked), ("known", KNOWN)):
        (folder / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    of = {"use": "files", "path": "asked.jsonl", "fields": {"prompt": "prompt", "reference": "answer"}, "meta": []}
    references = {"use": "files", "path": "known.jsonl", "fields": {"prompt": "prompt", "reference": "answer"}}
    join = Join.model_validate({"of": of, "references": references, "prefixes": ["Box it. "], **settings})
    return list(join.fresh(Context(folder=folder)).questions())


def test_each_question_has_the_reference_of_its_wording(tmp_path: Path) -> None:
    rows = joined(tmp_path, [{"prompt": each, "answer": None} for each in ASKED], meta=["topic"])
    assert [
        (each.reference, each.meta["joined"], each.meta.get("topic")) for each in rows if isinstance(each, Question)
    ] == [("2", "matched", "sums"), ("4", "matched", None), (None, "ambiguous", "sums"), (None, "unmatched", None)]
    assert [each.prompt for each in rows if isinstance(each, Question)] == ASKED


def test_what_finds_none_may_be_dropped_and_a_reference_stays(tmp_path: Path) -> None:
    rows = [{"prompt": each, "answer": "its own" if "3" in each else None} for each in ASKED]
    drawn = joined(tmp_path, rows, unmatched="drop", fold=["case"])
    assert [each.reason if isinstance(each, DropReason) else each.reference for each in drawn] == [
        "2", "no reference for this wording", "its own", "no reference for this wording",
    ]  # fmt: skip
    ambiguous = joined(tmp_path, [{"prompt": ASKED[2], "answer": None}], unmatched="drop")
    assert ambiguous == [DropReason("several references for this wording", ASKED[2])]
