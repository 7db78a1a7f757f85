"""From a case to its derivation: what the scheme tells, its options tried one by one, and what a slow reader adds.

Each derivation is written once, with the steps of every narration in it; each step says from which narration on it is
shown, and the teacher `solver` chooses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle, zip_longest
from operator import itemgetter

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.drawing import option_result, page, picked
from open_thoughts_gen.families.kit.kinds import LETTERS, OptionKind, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.rechecking import rechecked
from open_thoughts_gen.families.kit.scheme import Change, ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative, stated_values
from open_thoughts_gen.families.kit.trying import otherwise, tried
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.types import Derivation, Step

MIN_TRIALS, MIN_WORDS, MAX_IDLE = 3, 900, 4  # of changes that no option offers; idle ones touch no step
ASIDE = "steps/aside"  # what a wrong answer among the options is about, where a scheme says so
UNCHANGED = "steps/unchanged"  # what a response puts between the finding and the change to it, where a scheme says so
NUM_DRAWS = 3  # changes are drawn at random, so several times


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


def varied(scheme: ProblemScheme, case: ProblemCase, notes: Sequence[Step]) -> list[Step]:
    """Return trials of changes that no option offers, for a reader who asks how much hangs on a single fact.

    There are a few of them, and more where the case is short: `notes` are what such a reader has said before.
    """
    kind, work = scheme.kind_of(case), Work(has_fractions=scheme.has_fractions)
    is_option = isinstance(kind, OptionKind)
    narrative = _narrative(scheme, case, work, page(scheme, case, "trace"))
    scheme.tell(case, narrative)
    if is_option and not isinstance(narrative.result, bool):
        return []
    said = derived(scheme, case, Work()).steps if is_option else (*narrative.steps, *rechecked(narrative))
    num_words, idle, trials = sum(map(_num_words, (*notes, *said))), set[str](), list[Step]()
    for change in _tested(scheme, case, narrative.result):
        if len(trials) >= (0 if is_option else MIN_TRIALS) and num_words >= MIN_WORDS:
            break
        changed = case.with_facts(scheme.applied(case.facts, change.patch))
        other = narrative.beside(stated_values(changed.facts, case.cast))
        scheme.tell(changed, other)
        if not otherwise(narrative, other):
            if change.option in idle or len(idle) == MAX_IDLE:
                continue
            idle.add(change.option)
        option = {"letter": LETTERS[0], "option": change.option, "patch": change.patch}
        kinds = (YesNo(), YesNo()) if is_option else (scheme.kind_of(changed), kind)
        values = {"answer": kinds[0].canonical(other.result), "former": kinds[1].canonical(narrative.result)}
        trials.append(replace(tried(narrative, other, option, "change", **values), point=len(trials)))
        num_words += _num_words(trials[-1])
    return trials


def _num_words(step: Step) -> int:
    return sum(len(text.split()) for text in step.texts) // len(step.texts)


def _tested(scheme: ProblemScheme, case: ProblemCase, result: object) -> list[Change]:
    """Return changes to try: in turn with another answer and with the same, and of different facts first."""
    rng, patches = case.pen("changes").rng("tested"), [option["patch"] for option in case.options]
    changes = [change for _ in range(NUM_DRAWS) for change in scheme.changes(case, rng) if change.option]
    chosen: dict[bool, list[Change]] = {True: [], False: []}
    for change in rng.sample(changes, len(changes)):
        comes_to = option_result(scheme, case, change.patch, scheme.assess)
        if comes_to is not None and change.patch not in patches:
            chosen[comes_to != result].append(change)
            patches.append(change.patch)
    in_turn = [change for pair in zip_longest(chosen[True], chosen[False]) for change in pair if change is not None]
    num_before = [[other.option for other in in_turn[:index]].count(one.option) for index, one in enumerate(in_turn)]
    return [change for _, change in sorted(zip(num_before, in_turn, strict=True), key=itemgetter(0))]


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
    finding = narrative.steps[-1]
    for option in case.options:
        letter, patch = option["letter"], option["patch"]
        if not kind.changes_facts:
            (results[letter],) = patch.values()
            if results[letter] != result and ASIDE in scheme.words.banks:
                narrative.step("aside", **{**case.facts, **patch, "letter": letter})
            continue
        changed = case.with_facts(scheme.applied(case.facts, patch))
        with narrative.option(stated_values(changed.facts, case.cast, {"letter": letter})):
            results[letter] = scheme.trial(changed, letter, narrative)
        reasons[letter] = narrative.steps[-1]
    letters = picked(kind, result, results)
    narrative.asks_for_options = False
    if len(letters) == 1 and letters[0] in reasons:  # why it is right closes the response
        reason = replace(reasons[letters[0]], kind="answer")
        if UNCHANGED in scheme.words.banks:
            texts = zip(cycle(narrative.page.tell(UNCHANGED)), reason.texts)
            reason = replace(reason, grounds=(finding,), texts=tuple(map(" ".join, texts)))
        narrative.steps.append(reason)
    elif kind.changes_facts:
        narrative.answer("answer.options", letters, letters=kind.canonical(letters))
    else:
        narrative.answer("answer.choice", letters, letters=kind.canonical(letters))
        narrative.steps[-1] = replace(narrative.steps[-1], grounds=(*finding.grounds, finding))
    return letters
