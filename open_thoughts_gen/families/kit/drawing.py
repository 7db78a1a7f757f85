"""From a scheme to a case: facts that fit the coin, the options of a question, and the prompt that prints them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.kinds import LETTERS, Letters, OptionKind
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Change, ProblemScheme
from open_thoughts_gen.families.kit.trying import OPTION

MAX_FACTS = 200
Decide = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def drawn(scheme: ProblemScheme, ask: str, level: int, rng: Random) -> ProblemCase | None:
    """Draw a case of a question: first its outcome, by a fair coin, then facts that have it. None where none come."""
    asked = scheme.asks[ask]
    outcome, wording = rng.choice(asked.outcomes_at.get(level, asked.outcomes)), rng.getrandbits(32)
    for _ in range(MAX_FACTS):
        facts = scheme.draw(rng, level)
        if facts is None:
            continue
        results = scheme.assess(facts)
        settled = tuple({**facts, **results}[name] for name in asked.coin.split())
        is_fair = not settled or outcome in (settled, *settled)
        if not is_fair or results.get(asked.result) is None:
            continue
        facts = printed(scheme, ask, facts)
        case = ProblemCase(scheme.name, ask, level, wording, facts, scheme.cast(rng, facts))
        offered = with_options(scheme, case, rng)
        if offered is not None:
            return offered
    return None


def with_options(scheme: ProblemScheme, case: ProblemCase, rng: Random) -> ProblemCase | None:
    """Return the case with the options that its question offers, if it does; None where there are not enough."""
    asked = scheme.asks[case.asks]
    kind = asked.kind
    if not isinstance(kind, OptionKind):
        return case
    result = scheme.assess(case.facts)[asked.result]
    right, wrong = list[Change](), list[Change]()
    for change in scheme.changes(case, rng) if kind.changes_facts else scheme.candidates(case, rng):
        comes_to = option_result(scheme, case, change.patch, scheme.assess)
        if change.option and comes_to is not None and change.patch not in [known.patch for known in right + wrong]:
            (right if kind.is_right(result, comes_to) else wrong).append(change)
    num_right = rng.randint(0, kind.num_options) if kind.any_number else 1
    num_wrong = kind.num_options - num_right
    if len(right) < num_right or len(wrong) < num_wrong:
        return None
    chosen = rng.sample(right, num_right) + rng.sample(wrong, num_wrong)
    options = [
        {"letter": letter, "option": change.option, "patch": dict(change.patch)}
        for letter, change in zip(LETTERS, rng.sample(chosen, len(chosen)), strict=False)
    ]
    return case.with_options(options)


def option_result(scheme: ProblemScheme, case: ProblemCase, patch: Mapping[str, Any], decide: Decide) -> object:
    """Return what an option comes to: the result of the changed case, or the value that is offered as an answer."""
    asked = scheme.asks[case.asks]
    if isinstance(asked.kind, OptionKind) and not asked.kind.changes_facts:
        (value,) = patch.values()
        return value
    return decide(scheme.applied(case.facts, patch)).get(asked.result)


def result_of(scheme: ProblemScheme, case: ProblemCase, decide: Decide) -> object:
    """Return the answer to a case's question by one of its implementations; None where it has no single one.

    Raises:
        UnprovedError: the second implementation finds no unique answer.

    """
    asked = scheme.asks[case.asks]
    kind, result = asked.kind, decide(case.facts).get(asked.result)
    if result is None or not isinstance(kind, OptionKind):
        return result
    results = {option["letter"]: option_result(scheme, case, option["patch"], decide) for option in case.options}
    if None in results.values():
        return None
    letters = picked(kind, result, results)
    if isinstance(kind, Letters):
        return letters
    return letters[0] if len(letters) == 1 else None


def picked(kind: OptionKind, result: object, results: Mapping[str, object]) -> list[str]:
    """Return the letters of the options that are right, of what each comes to."""
    return [letter for letter, comes_to in results.items() if kind.is_right(result, comes_to)]


def printed(scheme: ProblemScheme, ask: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that a case prints: without those that only other questions need."""
    others = {key for name, asked in scheme.asks.items() if name != ask for key in asked.needs}
    return {key: value for key, value in facts.items() if key not in others - set(scheme.asks[ask].needs)}


def page(scheme: ProblemScheme, case: ProblemCase, part: str) -> Page:
    """Return an empty page for one part of a case; provisions are labelled the same on all of them."""
    return Page(scheme.words, scheme.known_forms, case.pen(part), scheme.labels_of(case))


def write_on(sheet: Page, scheme: ProblemScheme, case: ProblemCase) -> str:
    """Return the whole prompt, written on an empty page."""
    body = scheme.write(case, sheet)
    options = [
        sheet.say(f"{OPTION}{option['option']}", letter=option["letter"], **option["patch"]) for option in case.options
    ]
    parts = [body, *(["\n".join(options)] if options else []), sheet.say(scheme.kind_of(case).closing)]
    return "\n\n".join(parts)


def written(scheme: ProblemScheme, case: ProblemCase) -> str:
    """Return the whole prompt."""
    return write_on(page(scheme, case, "prompt"), scheme, case)
