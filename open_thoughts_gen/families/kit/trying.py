"""Tries a change: the changed case is derived beside the case itself, and what differs is said.

A trial says the change in the words of its option, then every step of the derivation that comes out otherwise, as a
brief narration tells it, and what that does to the answer. Each of its tellings joins one alternative of each of these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.narration.plan import NARRATIONS, shown
from open_thoughts_gen.types import Step

OPTION, BANKS = "prompt/option.", "steps/try."
NUM_TELLINGS = 4
LEFT_OUT = ("issue", "check", "answer")
# With one of these at its beginning, the sentence of an option can stand after "that".
_MAY_BE_SMALL = re.compile(
    r"(?:The|It|What|There|In|On|Of|Nobody|Somebody|Whoever|No|A|An|Both|Neither|By|At|Such|Capital|Payment|Notice|Word|"
    r"Elsewhere|Compensation|After|Before|During|For|Up|Objections|Operating|Depreciation|Bank|Bonds|Lease|Trade|Cash|"
    r"Exactly|To)\b"
)


def tried(narrative: Narrative, other: Narrative, option: Mapping[str, Any], bank: str, **values: Any) -> Step:  # noqa: ANN401
    """Return the trial of an option as one step.

    `other` is the derivation of the changed case, and `bank` what the banks that begin and close such a trial are named
    after; `values` are what these print besides the change and its letter.
    """
    new = otherwise(narrative, other)
    page, letter, how = narrative.page, option["letter"], "same" if new else "idle"
    values = {**values, "letter": letter}
    changes = [
        text.removeprefix(f"{letter}. ").removesuffix(".")
        for text in page.tell(f"{OPTION}{option['option']}", letter=letter, **option["patch"])
    ]
    rng = page.pen.rng(f"trial {letter} {changes[0]}")
    leads = [
        text
        for change in changes
        for text in page.tell(f"{BANKS}{bank}", **values, change=in_a_sentence(change), full=change)
    ]
    closes = page.tell(f"{BANKS}{bank}.{'turned' if other.result != narrative.result else how}", **values)
    parts = [leads, *(brief(step.texts) for step in new), closes]
    texts = tuple(dict.fromkeys(" ".join(said) for said in zip(*(drawn(part, rng) for part in parts), strict=True)))
    settled = {name for step in new for name in step.settles}
    uses = {name for step in new for name in step.uses} - settled
    reasons = new or [step for step in other.steps if step.kind == "answer"]
    cites = tuple(dict.fromkeys(cite for step in reasons for cite in step.cites))
    claims = tuple(dict.fromkeys(claim for step in new for claim in step.claims))
    return Step("trial", texts, narrative.point, cites, claims, (), tuple(sorted(uses)))


def otherwise(narrative: Narrative, other: Narrative) -> list[Step]:
    """Return the steps of the changed case that are not those of the case, as briefly as there are any."""
    known = {step.texts for step in narrative.steps}
    for narration in NARRATIONS[:2]:
        steps = shown(other.steps, narration)
        if new := [step for step in steps if step.texts not in known and step.kind not in LEFT_OUT]:
            return new
    return []


def brief(texts: Sequence[str]) -> Sequence[str]:
    """Return the shorter tellings of a step."""
    return sorted(texts, key=len)[: max(2, 4 * len(texts) // 5)]


def drawn(texts: Sequence[str], rng: Random) -> list[str]:
    """Return as many tellings as a trial has, all different if there are as many."""
    order = rng.sample(texts, len(texts))
    return [order[index % len(order)] for index in range(NUM_TELLINGS)]


def in_a_sentence(change: str) -> str:
    """Return the sentence of an option with a small letter where its first word admits it."""
    return change[0].lower() + change[1:] if _MAY_BE_SMALL.match(change) else change
