"""What a narration of a derivation holds: its steps in paragraphs, and the phrases that may stand before each.

A derivation holds the steps of every narration, each with several tellings (`types.Step`). The narration chooses among
them, and a step that is shown brings those whose values it uses. A phrase of the banks of `discourse.yaml` stands only
before a step that it fits by that step's kind and claims.

The teacher draws one plan of those that a narration admits; a reader of its text has to try them all (`plans`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Literal
from zlib import crc32

import yaml

from open_thoughts_gen.types import Derivation, Step

Narration = Literal["brief", "normal", "deliberate"]
NARRATIONS: tuple[Narration, ...] = ("brief", "normal", "deliberate")
# From which narration on a step is shown that does not say so itself; kinds that are not here are always told, and so
# is a trap that settles a value.
SHOWN_FROM = {
    **dict.fromkeys(("issue", "survey", "trap", "check"), "normal"),
    **dict.fromkeys(("note", "turn", "refute"), "deliberate"),
}
# How likely a phrase is to be drawn before a step of a kind, beside the others that would fit somewhere.
WEIGHTS = {"exception": 2.0, "trap": 2.0, "turn": 4.0, "refute": 3.0}
NUM_PHRASES: Mapping[Narration, Sequence[int]] = {"brief": (0,), "normal": (0, 0, 0, 1, 2), "deliberate": (1, 2, 2)}
OPENED_BY = {
    "notes": "opening/note",
    "recap": "recap",
    "again": "again",
    "checks": "lead/check",
    "trials": "lead/trial",
    "changes": "lead/change",
}
SAID_AGAIN = frozenset(("rule", "fact", "compute", "exception", "trap", "finding"))
ASIDES = frozenset(("survey", "note", "trap", "turn", "refute", "check"))
MIN_FINDINGS, MAX_CHECKS = 2, 4  # that are said again at least; of one paragraph at most
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TIMES = re.compile(r"(?=.*\d\d).* [*/] ")  # of numbers that are not small
_COUNTS = re.compile(r"\+ -?\d+ [a-z]")  # days, from a day on


@cache
def phrases() -> Mapping[str, Sequence[str]]:
    """Return the banks of phrases by name."""
    text = Path(__file__).with_name("discourse.yaml").read_text("utf-8")
    # Text only, by design. The loader in C takes a tenth of the time, where PyYAML has it.
    banks: Mapping[str, Sequence[str]] = yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506
    return banks


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Steps that are said together; `part` is what they are of the whole.

    `recap` says findings once more, `changes` tries single facts; `again` says all that was worked out in other words,
    where there is no change to try; `more` goes on with what fills more than one paragraph.
    """

    part: Literal["notes", "first", "body", "recap", "again", "checks", "trials", "changes", "more", "reason"]
    steps: Sequence[Step]

    def phrases_before(self, index: int, *, is_first: bool) -> Iterator[tuple[str, float]]:
        """Yield the banks of phrases that fit before a step, each with its weight; `is_first` of all paragraphs."""
        step = self.steps[index]
        if self.part not in ("first", "body"):  # announced once, for all of them
            if index == 0 and self.part in OPENED_BY:
                yield OPENED_BY[self.part], 5.0
        elif is_first and index == 0:
            yield f"opening/{'issue' if step.kind == 'issue' else 'any'}", 2.0
        elif step.kind in WEIGHTS and (step.kind != "exception" or self._is_the_exception(index)):
            yield f"lead/{step.kind}", WEIGHTS[step.kind]
        elif (announced := self._reckoning_at(index)) is not None:
            yield announced, 1.0
        elif index == 0 and self.part == "body":
            yield "turn", 1.5

    def _is_the_exception(self, index: int) -> bool:
        """Return whether a step is the only exception to what stands before it, made by a provision."""
        is_one = [step.kind for step in self.steps].count("exception") == 1
        return is_one and index > 0 and bool(self.steps[index].cites)

    def _reckoning_at(self, index: int) -> str | None:
        """Return the bank that announces a computation where one begins: nothing is computed right before it."""
        step = self.steps[index]
        if step.kind != "compute" or not step.claims or (index and self.steps[index - 1].kind == "compute"):
            return None
        return _reckoning(step.claims)


@dataclass(frozen=True, slots=True)
class NarrationPlan:
    """The paragraphs of one narration. `joins` says the first point with the second, `recaps` repeats findings."""

    derivation: Derivation
    narration: Narration = "normal"
    notes: Sequence[Step] = ()
    joins: bool = False
    recaps: bool = False

    def paragraphs(self) -> Iterator[Paragraph]:
        """Yield the body point by point, perhaps its findings once more, then what tests it."""
        steps = self._steps()
        body = [step for step in steps if step.kind not in ("trial", "check")]
        issues, points = self._points(body)
        yield from [Paragraph("body", issues)] if issues else []
        for _, notes in groupby((step for step in self.notes if step.kind == "note"), key=lambda step: step.point):
            yield Paragraph("notes", list(notes))
        if self.joins:
            points[:2] = [points[0] + points[1]]
        goes_on = False  # before the first result there is nothing to go on from
        for point in points:
            yield Paragraph("body" if goes_on else "first", point)
            goes_on = goes_on or any(step.kind in SAID_AGAIN for step in point)
        again = self._again(body)
        if again and self.narration == "deliberate" and not any(s.kind == "trial" for s in (*steps, *self.notes)):
            yield Paragraph("again", again)
        elif again and self.recaps:
            yield Paragraph("recap", again)
        tested = {"checks": (steps, "check"), "changes": (self.notes, "trial"), "trials": (steps, "trial")}
        for part, (among, kind) in tested.items():
            chosen = [step for step in among if step.kind == kind]
            size = MAX_CHECKS if part == "checks" else len(chosen) or 1
            for start in range(0, len(chosen), size):
                yield Paragraph("more" if start else part, chosen[start : start + size])  # type: ignore[arg-type]
        yield from self._closing(body, steps)

    def _closing(self, body: Sequence[Step], steps: Sequence[Step]) -> Iterator[Paragraph]:
        """Yield the decisive reason where it would be new or comes long after the argument, and no option gives it."""
        reasons = [step for step in self.derivation.steps if step.kind == "answer" and len(step.texts) > 1]
        if not reasons or self.narration == "brief" or any(step.kind == "trial" for step in steps):
            return
        answer = self.derivation.answer  # a figure or a day has been found right before; a verdict needs its ground
        is_verdict = answer in ("Yes", "No") or any(cite in answer for cite in reasons[0].cites)
        if self.narration == "deliberate" or (is_verdict and not concludes(body, reasons[0])):
            yield Paragraph("reason", reasons)

    @property
    def may_join(self) -> bool:
        """Whether the first point is a single step that can be said with the second."""
        _, points = self._points([step for step in self._steps() if step.kind not in ("trial", "check")])
        return not self.notes and len(points) > 1 and len(points[0]) == 1

    @property
    def may_recap(self) -> bool:
        """Whether there are findings that can be said once more."""
        body = [step for step in self._steps() if step.kind not in ("trial", "check")]
        return self.narration == "normal" and bool(self._again(body))

    def _steps(self) -> list[Step]:
        return list(shown(self.derivation.steps, self.narration))

    def _points(self, body: Sequence[Step]) -> tuple[list[Step], list[list[Step]]]:
        """Return the issues that stand before the notes, if there are notes, and the other steps by their points."""
        num_issues = next((index for index, step in enumerate(body) if step.kind != "issue"), 0) if self.notes else 0
        points = [list(point) for _, point in groupby(body[num_issues:], key=lambda step: step.point)]
        return list(body[:num_issues]), points

    def _again(self, body: Sequence[Step]) -> list[Step]:
        """Return what can be said once more, in other words: deliberately, all that was worked out.

        Else the findings, without those of the last point, which have only just been said.
        """
        is_long = self.narration == "deliberate"
        again = [
            step
            for step in body
            if len(step.texts) > 1
            and (step.kind in SAID_AGAIN if is_long else step.kind == "finding" and step.point != body[-1].point)
        ]
        if len(again) < MIN_FINDINGS:
            return []
        return again if is_long else again[-3:]


def concludes(steps: Sequence[Step], reason: Step) -> bool:
    """Return whether steps already end on what the decisive reason says.

    They do if the last is a finding that cites nothing, or some of what the reason cites; or if one of the last two
    cites all of it.
    """
    last = [step for step in steps if step.kind not in ASIDES][-2:]
    cited = set(reason.cites)
    is_found = bool(last) and last[-1].kind == "finding" and (not last[-1].cites or bool(cited & set(last[-1].cites)))
    return is_found or (bool(cited) and any(cited <= set(step.cites) for step in last))


def shown(steps: Sequence[Step], narration: Narration) -> Iterator[Step]:
    """Yield the steps that a narration tells, in order: those shown from it on, and what these rest on."""
    limit = NARRATIONS.index(narration)
    needed: set[str] = set()
    chosen: list[Step] = []
    for step in reversed(steps):
        by_kind = "brief" if step.settles and step.kind == "trap" else SHOWN_FROM.get(step.kind, "brief")
        is_shown = NARRATIONS.index(step.shown or by_kind) <= limit
        settles = set(step.settles) if step.kind != "turn" else set()  # what a wrong turn settles is forgotten after it
        if step.kind == "answer" or is_shown or needed & settles:
            needed = (needed - settles) | set(step.uses)
            if step.kind != "answer":
                chosen.append(step)
    return reversed(chosen)


def plans(derivation: Derivation, narration: Narration, notes: Sequence[Step] = ()) -> Iterator[NarrationPlan]:
    """Yield every plan that a narration admits."""
    plan = NarrationPlan(derivation, narration, notes)
    for joins in (False, True)[: 1 + plan.may_join]:
        for recaps in (False, True)[: 1 + plan.may_recap]:
            yield NarrationPlan(derivation, narration, notes, joins=joins, recaps=recaps)


def unused(texts: Sequence[str], used: Collection[str]) -> Sequence[str]:
    """Return the tellings that have not been used, or all where none is left."""
    return [text for text in texts if text not in used] or list(texts)


def briefest(texts: Sequence[str], used: Collection[str]) -> str:
    """Return the telling that a brief narration takes: one of the shorter half, drawn from the words themselves."""
    short = sorted(unused(texts, used), key=len)[: max(1, len(texts) // 2)]
    return short[crc32("".join(short).encode()) % len(short)]


def _reckoning(claims: Sequence[str]) -> str | None:
    """Return the bank that announces a computation, by what it is of; None where it is too simple for that."""
    if not any(_DAY.search(claim) for claim in claims):
        return "lead/sum" if any(" = " in claim and _TIMES.match(claim) for claim in claims) else None
    if not all(_DAY.search(claim) for claim in claims):
        return None
    return "lead/order" if " = " not in claims[0] else "lead/days" if _COUNTS.search(claims[0]) else None


def listed(words: Sequence[str]) -> str:
    """Return "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
