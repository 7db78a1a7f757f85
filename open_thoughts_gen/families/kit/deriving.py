"""From a case to its derivation: what the scheme tells, its options tried one by one, and what a slow reader adds.

Each derivation is written once, with the steps of every narration in it; each step says from which narration on it is
shown, and the teacher `solver` chooses.
"""

from __future__ import annotations

from dataclasses import replace

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.drawing import page, picked
from open_thoughts_gen.families.kit.kinds import OptionKind
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.rechecking import rechecked
from open_thoughts_gen.families.kit.scheme import ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative, stated_values
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.types import Derivation, Step


def derived(scheme: ProblemScheme, case: ProblemCase, work: Work, sheet: Page | None = None) -> Derivation:
    """Return the derivation of a case; `work` computes its values, and may have a flaw; `sheet` takes the words."""
    kind = scheme.kind_of(case)
    narrative = _narrative(scheme, case, work, sheet or page(scheme, case, "trace"))
    scheme.tell(case, narrative)
    checks = [] if work.flaw else rechecked(narrative)
    answer = narrative.result
    if isinstance(kind, OptionKind):
        answer = _tried(scheme, case, narrative, kind)
    steps = narrative.steps
    end = next(index for index, step in enumerate(steps) if step.kind in ("trial", "answer"))
    return Derivation(kind.canonical(answer), (*steps[:end], *checks, *steps[end:]))


def _narrative(scheme: ProblemScheme, case: ProblemCase, work: Work, sheet: Page) -> Narrative:
    return Narrative(
        sheet,
        work,
        stated_values(case.facts, case.cast),
        asks_for_options=isinstance(scheme.kind_of(case), OptionKind),
        has_fractions=scheme.has_fractions,
    )


def _tried(scheme: ProblemScheme, case: ProblemCase, narrative: Narrative, kind: OptionKind) -> list[str]:
    """Try each option in turn, and close with those that are right; return their letters."""
    result, results, reasons = narrative.result, dict[str, object](), dict[str, Step]()
    for option in case.options:
        letter, patch = option["letter"], option["patch"]
        if not kind.changes_facts:
            (results[letter],) = patch.values()
            continue
        changed = case.with_facts(scheme.applied(case.facts, patch))
        with narrative.option(stated_values(changed.facts, case.cast, {"letter": letter})):
            results[letter] = scheme.trial(changed, letter, narrative)
        reasons[letter] = narrative.steps[-1]
    letters = picked(kind, result, results)
    narrative.asks_for_options = False
    if len(letters) == 1 and letters[0] in reasons:  # why it is right closes the response
        narrative.steps.append(replace(reasons[letters[0]], kind="answer"))
    else:
        bank = "answer.options" if kind.changes_facts else "answer.choice"
        narrative.answer(bank, letters, letters=kind.canonical(letters))
    return letters
