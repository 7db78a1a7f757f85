"""Sixty faults of twelve kinds in copies of word files: what rows can show they show, the rest is caught at build time.

The faults stand in `word_faults.yaml`, with those that escape.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from open_thoughts_gen.families.counterfactual.schemes import daybook, three_rungs
from open_thoughts_gen.families.kit import gloss
from open_thoughts_gen.families.kit.drawing import drawn, written
from open_thoughts_gen.families.kit.family import fault_of_prompt
from open_thoughts_gen.families.kit.scheme import ProblemScheme
from open_thoughts_gen.families.kit.words import load
from tests.families.beside import ferry

SCHEMES: dict[str, ProblemScheme] = {module.SCHEME.name: module.SCHEME for module in (daybook, three_rungs, ferry)}
FAULTS: dict[str, list[list[str]]] = yaml.safe_load(Path(__file__).with_name("word_faults.yaml").read_text("utf-8"))
PLANTED = [(kind, *fault) for kind, faults in FAULTS.items() for fault in faults]
NUM = 4  # rows of each question


def scheme_with(folder: Path, name: str, old: str, new: str) -> ProblemScheme:
    scheme = SCHEMES[name]
    text = scheme.word_file.read_text("utf-8")
    assert old in text
    path = folder / scheme.word_file.name
    path.write_text(text.replace(old, new), "utf-8")
    load.cache_clear()

    class Changed(type(scheme)):  # type: ignore[misc]
        word_file = path

    changed: ProblemScheme = Changed()
    return changed


def rows_fail(scheme: ProblemScheme) -> bool:
    """Return whether some row cannot be written, or is not read back to the facts that it was made from."""
    for ask in scheme.asks:
        for index in range(NUM):
            rng, level = Random(f"{ask}/{index}"), max(scheme.asks[ask].level, 1 + index)
            case = next(case for _ in range(50) if (case := drawn(scheme, ask, level, rng)) is not None)
            try:
                if fault_of_prompt(scheme, case, written(scheme, case)):
                    return True
            except (LookupError, ValueError):
                return True
    return False


def build_fails(scheme: ProblemScheme) -> bool:
    """Return whether the check of single alternatives has anything to say."""
    phrases = gloss.load(SCHEMES[scheme.name].word_file.with_suffix(".phrases.yaml"))
    own = load(scheme.word_file)  # not what it shares with other schemes
    return any(gloss.faults(own, own.under("prompt/"), phrases)) or any(gloss.uncited(scheme.words.under("steps/")))


@pytest.mark.parametrize("name", SCHEMES)
def test_the_words_as_they_are_have_no_fault(name: str) -> None:
    assert not rows_fail(SCHEMES[name])
    assert not build_fails(SCHEMES[name])


def test_there_are_five_faults_of_each_of_twelve_kinds() -> None:
    assert Counter(kind for kind, *_ in PLANTED) == dict.fromkeys(FAULTS, 5)
    assert len(PLANTED) == 60


@pytest.mark.parametrize(("kind", "name", "by", "old", "new"), PLANTED)
def test_a_planted_fault_is_caught_as_the_table_says(
    kind: str, name: str, by: str, old: str, new: str, tmp_path: Path
) -> None:
    scheme = scheme_with(tmp_path, name, old, new)
    if by == "rows":
        assert rows_fail(scheme), kind
    else:
        assert build_fails(scheme) == (by == "build"), kind


def test_at_most_one_in_seven_escapes_of_what_rows_cannot_show() -> None:
    hidden: Counter[Any] = Counter(by for _, _, by, *_ in PLANTED if by != "rows")
    assert hidden["build"] >= 0.85 * hidden.total()
