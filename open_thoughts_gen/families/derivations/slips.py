"""Slips: how a working goes wrong in one place, of a known kind, and goes on from there.

Most come from a flaw at one move of the host's derivation: a figure or a day that is worked out wrongly, two of them
compared wrongly, another party, another provision, a conclusion turned round. All that follows is computed from it. A
misreading is the derivation of a case in which one fact is another, from the first line on that says so. (Leaps and
circles that come of what a line says it rests on are made in the scheme `lines`.)

A slip is used only if the line that it first shows in is wrong as it stands: it says what the right working says
nowhere, a claim of it is false or what it names is not what the file has, and the words of the line alone
(`text.differing`) leave no other kind that is offered.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any

from open_thoughts_gen.families.derivations.hosts import EXCEPTIONS, REFUSALS, Host, bank_of, telling
from open_thoughts_gen.families.kit.reworking import is_false, slipped
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.text.differing import Difference, difference, figures_of, is_nearer
from open_thoughts_gen.types import Step

# From which level on a kind is planted.
KINDS = {
    "arithmetic": 1, "misreading": 1, "comparison": 1, "swapped party": 2, "missed exception": 2, "wrong rule": 2,
    "unjustified leap": 2, "circularity": 3,
}  # fmt: skip
ALIKE = ("comparison", "wrong rule", "missed exception", "unjustified leap")  # one fault could be called either
MAX_CALLS, MAX_CHANGES = 14, 10
_SO = re.compile(r"\b[Ss]o\b|: |; ")
_IDLE = re.compile(r"\b(?:no|not|nothing|none|neither|nor|leaves?|without)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Slip:
    """A working that goes wrong at `index`, its lines as steps, and what it comes to."""

    kind: str
    index: int
    steps: Sequence[Step]
    answer: str
    says: str  # the line at `index`, in the host's hand
    difference: Difference
    value: object = None  # that came out wrongly
    other: int = 0  # the line that the wrong one names as its ground, where that is what is wrong with it

    @property
    def log(self) -> dict[str, Any]:
        """What is kept of a slip; `has` and `belongs` are the words that differ, where there is one of each."""
        is_single = self.difference.is_of_figures and len(self.difference.right) == len(self.difference.wrong) == 1
        has, belongs = (self.difference.wrong[0], self.difference.right[0]) if is_single else ("", "")
        known = {"kind": self.kind, "line": self.index + 1, "other": self.other, "has": has, "belongs": belongs}
        return {**known, "figure": "" if self.figure is None else str(self.figure)}

    @property
    def figure(self) -> Fraction | None:
        """The number that should stand in the line, where a single wrong number is all that is wrong with it."""
        is_value = isinstance(self.value, int | Fraction) and abs(self.value) == self.difference.figure
        return self.difference.figure if is_value or self.kind == "misreading" else None


def slips(host: Host, rng: Random, kind: str = "") -> Iterator[Slip]:
    """Yield slips of the host's working that are plain, of one kind or of all, one a move or fact that is tried."""
    misread, miscited, flawed = _misread(host, rng), _miscited(host, rng), _flawed(host, rng, kind)
    ways = {"misreading": [misread], "wrong rule": [miscited], "": rng.sample((misread, miscited, flawed), 3)}
    for slip in itertools.chain(*ways.get(kind, [flawed])):
        if kind in ("", slip.kind) and slip.kind in kinds_by_words(slip.says, slip.index, host):
            yield slip


def slip_of(host: Host, steps: Sequence[Step], answer: str, kind: str, value: object = None) -> Slip | None:
    """Return the slip that the steps of a working show, if its first wrong line is wrong wherever it stood."""
    index = first_apart(host.steps, steps)
    right_texts = {text for step in host.steps for text in step.texts}
    if not kind or index is None or len(steps) > len(host.steps) + 3:
        return None
    if any("\n" in text or text in right_texts for text in steps[index].texts):
        return None
    says = telling(steps[index].texts, index, host.hand)
    return Slip(kind, index, steps, answer, says, difference(says, host.steps[index].texts), value)


def first_apart(one: Sequence[Step], other: Sequence[Step]) -> int | None:
    """Return the index of the first step in which two workings differ; None if they do not, as far as both go."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a.texts != b.texts), None)


def _flawed(host: Host, rng: Random, kind: str) -> Iterator[Slip]:
    """Yield slips that come of a flaw at one move; moves that can show no slip of the wanted kind are not tried."""
    calls = [call for call, value in enumerate(host.moves) if not kind or is_number(value) == (kind == "arithmetic")]
    for call in rng.sample(calls, min(len(calls), MAX_CALLS)):
        derivation, value = host.flawed(call, slipped(rng)) or (host.right, None)
        steps = host.lines_of(derivation)
        index = first_apart(host.steps, steps)
        if index is None:
            continue
        kind_of = _kind_of(value, host.steps[index], steps[index])
        if bank_of(host.steps[index]) in EXCEPTIONS:
            left = itertools.dropwhile(lambda step: step.kind in ("exception", "trap"), steps[index:])
            steps = [*steps[:index], *left]
            kind_of = "missed exception" if len(steps) > index and not is_false(steps[index]) else ""
        slip = slip_of(host, steps, derivation.answer, kind_of, value)
        if slip is not None:
            yield slip


def _misread(host: Host, rng: Random) -> Iterator[Slip]:
    """Yield slips that come of one fact of the file taken otherwise; the second proof has to end where they do."""
    changes = list(host.scheme.changes(host.case, rng))
    for change in rng.sample(changes, min(len(changes), MAX_CHANGES)):
        try:
            case = host.case.with_facts(host.scheme.applied(host.case.facts, change.patch))
            derivation = host.derived(case, Work(has_fractions=host.scheme.has_fractions))
        except REFUSALS:
            continue
        slip = slip_of(host, host.lines_of(derivation), derivation.answer, "misreading")
        if slip is not None and is_misread(slip.difference, host.file) and host.proves(derivation.answer, case):
            yield slip


def _miscited(host: Host, rng: Random) -> Iterator[Slip]:
    """Yield slips in which a line decides by another provision of the file than the one that it goes by."""
    labels = sorted({label for label in host.scheme.labels_of(host.case).values() if whole(label).search(host.file)})
    for index in rng.sample(range(len(host.steps)), len(host.steps)):
        step = host.steps[index]
        others = [label for label in labels if not any(whole(label).search(text) for text in step.texts)]
        if len(step.cites) != 1 or not others:
            continue
        cited, other = whole(step.cites[0]), rng.choice(others)
        # That another provision does nothing may be true as well.
        texts = tuple(cited.sub(other, text) for text in step.texts if cited.search(text) and not _IDLE.search(text))
        if not texts:
            continue
        steps = [*host.steps[:index], replace(step, texts=texts, cites=(other,)), *host.steps[index + 1 :]]
        slip = slip_of(host, steps, host.right.answer, "wrong rule")
        if slip is not None:
            yield slip


@cache
def whole(label: str) -> re.Pattern[str]:
    """Return what finds a label of a provision, and not the beginning of a longer one."""
    return re.compile(rf"(?<!\w){re.escape(label)}(?![\w(]|\.\d)")


def is_number(value: object) -> bool:
    """Return whether a value can be worked out wrongly: a number or a day."""
    return isinstance(value, int | Fraction | date) and not isinstance(value, bool)


def is_misread(differs: Difference, file: str) -> bool:
    """Return whether nothing but figures differs, and the first is one of the file's for which the line has another."""
    known = figures_of(file)
    return differs.is_of_figures and differs.right[0] in known and differs.wrong[0] not in known


def _kind_of(value: object, right: Step, wrong: Step) -> str:
    """Return the kind of a fault, of the value that was changed and the line that shows it; empty where unclear."""
    is_same = (right.kind, right.settles, right.cites) == (wrong.kind, wrong.settles, wrong.cites)
    if is_false(wrong):
        return "comparison" if isinstance(value, bool) else "arithmetic" if is_same else ""
    if is_number(value):
        return ""
    differs = difference(wrong.texts[0], right.texts)
    if is_same and differs.is_of_names:
        return "swapped party"
    if right.kind == wrong.kind == "rule" and differs.is_of_cites:
        return "wrong rule"
    return "unjustified leap" if is_same and all(map(ends_otherwise, right.texts, wrong.texts)) else ""


def ends_otherwise(right: str, wrong: str) -> bool:
    """Return whether two lines part only in what they conclude, after the last "so" of them."""
    pairs = enumerate(zip(right, wrong, strict=False))
    same = next((index for index, (one, other) in pairs if one != other), len(wrong))
    return not _SO.search(wrong, same) and _SO.search(wrong[:same]) is not None


def kinds_by_words(says: str, index: int, host: Host) -> set[str]:
    """Return which kinds a faulty line can be called, of its words alone and of the right lines there and after it."""
    right, later = host.steps[index], host.steps[index + 1 :] if host.steps[index].kind == "exception" else ()
    differs = difference(says, right.texts)
    if later and is_nearer(says, [text for step in later for text in step.texts], right.texts):
        return {"missed exception"}
    if differs.is_of_figures:
        return {"misreading" if is_misread(differs, host.file) else "arithmetic"}
    if differs.is_of_names:
        return {"swapped party"}
    if differs.is_of_cites:
        return {"wrong rule"} | ({"comparison"} if right.claims and not differs.is_only_of_cites else set())
    return {"comparison" if right.claims else "unjustified leap"}
