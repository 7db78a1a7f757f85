"""One way to tell one derivation: which of its steps, in which words, and what is said between them.

A derivation holds the steps of every narration, each with several tellings (`types.Step`). The narration chooses among
them, and a step that is shown brings those whose values it uses. What is added here is discourse, from the banks of
`discourse.yaml`: a phrase stands only before a step that it fits by that step's kind and claims, at most two stand in a
trace, never two in a row, and none before a telling that begins with "But". Each choice is drawn from the question's id
and the attempt, so a question gets the same reasoning in every run, and another attempt tells it differently.

Nothing here states a figure, a date or a citation: those come from the steps, whose claims can be recomputed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from open_thoughts_gen.narration.plan import (
    NUM_PHRASES,
    Narration,
    NarrationPlan,
    Paragraph,
    briefest,
    listed,
    phrases,
    unused,
)
from open_thoughts_gen.types import Derivation, Step

RECAP_RATE = 0.35
_TURNS = re.compile(
    r"(?:But|Yet|Still|Only|However|And|Nor)\b"
)  # the beginning of a telling that answers what stands before it
_ANNOUNCES = re.compile(
    r"(?:Now|Next|First|Then|Finally|Let|Turn|Look|On to|As to|So|One|With that|To (?:start|begin)|Before|"
    r"I (?:begin|start|go|turn|take|look|compare|count))\b|\(\d"
)
_ASKS = re.compile(r"[^.!?:;]*\?")


@dataclass(slots=True)
class Telling:
    """One way to tell one derivation."""

    derivation: Derivation
    rng: Random
    narration: Narration = "normal"
    notes: Sequence[Step] = ()
    used: set[str] = field(default_factory=set)
    marks: set[object] = field(default_factory=set)  # by which one hears that words come again, whatever stands in them

    def reasoning(self) -> str:
        """Return the reasoning: paragraphs, one or more to a point; the last is the answer."""
        parts = list(self.paragraphs())
        leads = self._leads(parts)
        texts = []
        for number, paragraph in enumerate(parts):
            joint = self.rng.choice(("\n", "\n", "\n\n")) if paragraph.part in ("trials", "changes") else " "
            said = [(leads.get((number, index), ""), self._say(step)) for index, step in enumerate(paragraph.steps)]
            if paragraph.part == "notes":  # what the text says, line by line
                lead, _ = said[0]
                texts.append("\n".join(filter(None, (lead, *(f"- {note}" for _, note in said)))))
            else:
                is_body = paragraph.part in ("first", "body")
                joined = [f"{lead} {text}" if leads_to(lead, text, is_body=is_body) else text for lead, text in said]
                texts.append(joint.join(joined))
        return "\n\n".join([*texts, self._phrase("close").replace("{answer}", self.derivation.answer)])

    def response(self) -> str:
        """Return the response: how the answer is reached, the decisive reason, and the answer on a line of its own."""
        last = next((step for step in self.derivation.steps if step.kind == "answer"), None)
        parts = [self._say(step, step.alone) for step in (last.grounds if last else ())]
        parts += [self._say(last, last.texts if parts else last.alone)] if last else []
        if last and last.cites and self.rng.random() < 0.4 and not any(cite in " ".join(parts) for cite in last.cites):
            parts.append(self._phrase("ground").replace("{cites}", listed(last.cites)))
        return " ".join(parts) + f"\n\nAnswer: {self.derivation.answer}"

    def paragraphs(self) -> Iterator[Paragraph]:
        """Yield the paragraphs of a plan that the narration admits."""
        plan = NarrationPlan(self.derivation, self.narration, self.notes)
        if plan.may_join:
            plan = replace(plan, joins=self.rng.random() < 0.5)
        if plan.may_recap:
            plan = replace(plan, recaps=self.rng.random() < RECAP_RATE)
        return plan.paragraphs()

    def _leads(self, paragraphs: Sequence[Paragraph]) -> Mapping[tuple[int, int], str]:
        """Draw which phrases stand where, by the index of the paragraph and of the step in it."""
        slots = [
            ((number, index), bank, weight)
            for number, paragraph in enumerate(paragraphs)
            for index in range(len(paragraph.steps))
            for bank, weight in paragraph.phrases_before(index, is_first=number == 0)
        ]
        leads: dict[tuple[int, int], str] = {}
        drawn = self.rng.choice(NUM_PHRASES[self.narration])
        needed = [slot for slot in slots if slot[1] in ("again", "recap")]  # else it would seem to be new
        for number in range(drawn if not needed else max(1, drawn)):
            if slots:
                left = needed if number == 0 and needed else slots
                position, bank, _ = self.rng.choices(left, [weight for *_, weight in left])[0]
                leads[position] = self._phrase(bank)
                slots = [slot for slot in slots if slot[0][0] != position[0] and slot[1] != bank]
        return leads

    def _say(self, step: Step, among: Sequence[str] = ()) -> str:
        """Return one telling of a step, of `among` if there are any.

        Said again, or of the same kind as one before, it is worded otherwise.
        """
        if self.narration == "brief":
            text = briefest(among or step.texts, self.used)
        else:
            marks = {text: _marks(step, way) for way, text in enumerate(step.texts)}
            heard = {text: len(marks[text] & self.marks) for text in unused(among or step.texts, self.used)}
            least = min(heard.values())
            text = self.rng.choice([text for text, count in heard.items() if count == least])
            self.marks |= marks[text]
        self.used.add(text)
        return text

    def _phrase(self, bank: str) -> str:
        return self.rng.choice(phrases()[bank])


def _marks(step: Step, way: int) -> set[object]:
    """Return how one of the tellings of a step is known again: which of its bank it is, how it begins and ends."""
    text = step.texts[way]
    return {
        (step.kind, step.cites, len(step.texts), way),
        tuple(text.split(None, 3)[:3]),
        tuple(text.rsplit(None, 3)[-3:]),
    }


def leads_to(phrase: str, text: str, *, is_body: bool) -> bool:
    """Return whether a phrase reads well before a telling: not where that says "but", nor question on question.

    In the body of an argument it would be too much before a telling that announces itself.
    """
    if not phrase or _TURNS.match(text) or (is_body and _ANNOUNCES.match(text)):
        return False
    return not (phrase.endswith("?") and _ASKS.match(text))
