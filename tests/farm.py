"""A few rows of a farm with recorded answers, right and wrong, and the recipe that reads them: a run in a second."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

TRAIN = "How far does a train go that runs for {} hours at {} miles an hour, without a stop?"
SHEEP = "A farmer sells {} sheep for {} crowns each; what does she get for all of them?"
RECIPE = """\
name: farm
source: {use: files, path: rows.jsonl, fields: {prompt: question, reference: reference}}
question_filters:
  - {use: length, min_question: LEAST}
  - {use: length, max_question: 900, when: {domain: law}}
  - readability
  - near_dedup
decontaminate: false
teacher: {use: recorded, response: response, teacher: farmer}
verifiers: [exact]
sample_filters: [{use: verified, undecided: drop}]
publish: {license: cc0-1.0}
"""
FIRST = TRAIN.format(20, 75)
REPEAT = FIRST.replace("without a", "with no")
WRONG = TRAIN.format(6, 5)
HOSTILE = SHEEP.format(3, 9) + " \x1b[2J [red]\u202e"
SHORT = "Short?"


def row_id(question: str) -> str:
    return hashlib.sha256(question.encode()).hexdigest()[:16]


def write_farm(folder: Path, name: str = "farm", least: int = 4) -> Path:
    """Write the rows and a recipe into a folder; return the recipe's file."""
    rows = [(FIRST, 1500, 1500), (WRONG, 30, 31), (REPEAT, 1500, 1500), (HOSTILE, 27, 27), (SHORT, 1, 1)]
    rows += [(SHEEP.format(n, n + 7), n * (n + 7), n * (n + 7)) for n in range(30, 44)]
    rows += [rows[-1]]
    texts = ({"question": q, "reference": str(right), "response": f"So.\nAnswer: {said}"} for q, right, said in rows)
    (folder / "rows.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    file = folder / f"{name}.yaml"
    file.write_text(RECIPE.replace("LEAST", str(least)))
    return file
