"""Notes of a prompt: what each of its sentences states, for a narration that reads before it decides.

A bank may have a `note`, a few words, or an empty one if it decides nothing. Else a provision is put in the words of
another alternative, which says the same; and a sentence of the story is quoted, since the colour of its alternatives
may differ. What states nothing (headings, frames, the question, options, colour without a field) is left out.
"""

from __future__ import annotations

from typing import Any

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.drawing import page, write_on
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import ProblemScheme
from open_thoughts_gen.families.kit.words import Bank, Label, WordFile
from open_thoughts_gen.types import Step

RULES, STORY = -2, -1  # the points of notes: provisions are gone through first


class NotingPage(Page):
    """A page that takes a note of each sentence that states something."""

    notes: list[Step]
    is_colour: frozenset[str]

    def say(self, bank: str, **values: Any) -> str:  # noqa: ANN401  (as its form has it)
        """Return an alternative of a bank, and note it."""
        phrases = self.words.bank(bank)
        is_rule = any(isinstance(part, Label) for part in phrases.parts())
        texts = self.render(phrases, phrases.note or (phrases.say if is_rule else ()), values)
        said = super().say(bank, **values)
        if any(texts) if phrases.note else states(self.words, phrases, self.is_colour):
            others = tuple(text for text in texts if text != said) or (said,)
            self.notes.append(Step("note", others, RULES if is_rule else STORY))
        return said


def states(words: WordFile, bank: Bank, is_colour: frozenset[str]) -> bool:
    """Return whether a bank states a fact of the case: a provision, what it sets, what all its alternatives print.

    What decides nothing (`is_colour`) does not count, nor does the question.
    """
    if not bank.name.startswith("prompt/") or bank.list == "options" or "asks" in (bank.sets or {}):
        return False
    printed = frozenset.intersection(*(words.printed_by(template) for template in bank.say))
    return bool({*(bank.sets or ()), *printed} - is_colour) or any(isinstance(part, Label) for part in bank.parts())


def noted(scheme: ProblemScheme, case: ProblemCase) -> list[Step]:
    """Return the notes of a case's prompt, provisions first, in printed order."""
    sheet = page(scheme, case, "prompt")
    noting = NotingPage(sheet.words, sheet.forms, sheet.pen, sheet.labels)
    noting.notes, noting.is_colour = [], frozenset(case.cast)
    write_on(noting, scheme, case)
    return sorted(noting.notes, key=lambda step: step.point)
