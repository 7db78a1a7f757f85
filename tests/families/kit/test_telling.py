"""A reason rests on the steps that its bank names as its grounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.forms import Form, WholeForm
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.telling import MAX_GROUNDS, Narrative
from open_thoughts_gen.families.kit.words import WordsError

WORDS = """
banks:
  steps/tax.low: {say: ["Line {line} is taxed."], then: ["So line {line} is taxed."]}
  steps/fee: ["Line {line} has a fee."]
  steps/answer.last: {grounds: [tax], say: ["It is due."]}
  steps/answer.every: {grounds: [every tax, fee], say: ["It is due."]}
  steps/answer.one: {grounds: [tax of line=asked], say: ["Line {asked} is due."]}
"""


def narrative(folder: Path, text: str = WORDS) -> Narrative:
    path = folder / "due.yaml"
    path.write_text(text, "utf-8")
    forms: dict[str, Form[Any]] = {"line": WholeForm(), "asked": WholeForm()}
    return Narrative(Page(words.WordFile(path), forms, Pen("1")), stated={"line": range(99), "asked": range(99)})


@pytest.mark.parametrize(("bank", "grounds"), [("last", [3]), ("every", [0, 1, 2, 3]), ("one", [1])])
def test_the_grounds_of_a_reason_are_told_steps_in_their_order(bank: str, grounds: list[int], tmp_path: Path) -> None:
    telling = narrative(tmp_path)
    for step, line in (("tax.low", 1), ("tax.low", 2), ("fee", 3), ("tax.low", 4)):
        telling.step(step, line=line)
    telling.answer(f"answer.{bank}", True, asked=2)
    *steps, reason = telling.steps
    assert [steps.index(step) for step in reason.grounds] == grounds
    assert list(steps[1].alone) == ["Line 2 is taxed."]


def test_more_steps_than_a_response_has_room_for_are_no_grounds(tmp_path: Path) -> None:
    telling = narrative(tmp_path)
    for line in range(MAX_GROUNDS + 1):
        telling.step("tax.low", line=line)
    telling.answer("answer.every", True)
    assert telling.steps[-1].grounds == ()


def test_a_ground_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(WordsError, match="rests on 'toll'"):
        narrative(tmp_path, WORDS.replace("grounds: [tax]", "grounds: [toll]")).answer("answer.last", True)
