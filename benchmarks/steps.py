"""What `steps` finds in the solver's traces: untouched ones, and with one thing in them changed.

    python -m benchmarks.steps                                 # law, 2,000 untouched traces and 200 of each mutation
    python -m benchmarks.steps --family counterfactual --narration deliberate --rows 200 --mutations 50

Each mutation changes one thing in one sentence, or the place of one, of a trace that is right; `mutations` says how. A
mutation is caught if the verdict is `incorrect`. The time is processor time of the verdicts, workers included.
"""

from __future__ import annotations

import argparse
import re
import resource
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from random import Random

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.family import Family
from open_thoughts_gen.teachers.solver import Solver
from open_thoughts_gen.types import Question, Request, Trace
from open_thoughts_gen.verifiers.steps import Steps

SEED = 31
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_DATE = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(_MONTHS)})\b")
_WEEKDAY = re.compile("|".join(_DAYS))
_CITE = re.compile(r"(?:§§? ?|\b(?:Section|Article|Art\.|Rule|Clause|Chapter) )\d+(?:\(\d+\)|\.\d+)*")
_FIGURE = re.compile(r"(?<![\d(.,/])\d+(?:,\d{3})*(?![\d,.]*\d|[)/]|th|st|nd|rd)")
_NAME = re.compile(r"\b[A-Z][a-zà-ÿ]{2,}\b")
_COMPARED = {
    "before": "after", "after": "before", "more": "less", "less": "more", "later": "earlier", "earlier": "later",
    "over": "under", "under": "over", "above": "below", "below": "above", "at least": "at most", "too late": "in time",
    "in time": "too late", "late": "early", "exceeds": "does not exceed", "larger": "smaller", "first": "last",
    "last": "first", "within": "outside", "higher": "lower", "inside": "outside",
}  # fmt: skip
_COMPARISON = re.compile(rf"\b({'|'.join(sorted(_COMPARED, key=len, reverse=True))})\b")
_NEGATION = re.compile(r"\b(is|are|was|were|has|had|may|must|can|does|did|would|will)( not)?\b(?! not)")
Mutation = Callable[[Question, Trace, Random], Trace | None]


def _swapped(pattern: re.Pattern[str], other: Callable[[re.Match[str], str, Random], str | None]) -> Mutation:
    """Return the mutation that puts something else in place of one match of a pattern in the reasoning."""

    def mutation(question: Question, trace: Trace, rng: Random) -> Trace | None:
        matches = list(pattern.finditer(trace.reasoning))
        for match in rng.sample(matches, len(matches)):
            new = other(match, f"{question.prompt}\n{trace.reasoning}", rng)
            if new is not None and new != match.group():
                text = trace.reasoning
                return replace(trace, reasoning=f"{text[: match.start()]}{new}{text[match.end() :]}")
        return None

    return mutation


def _another(pattern: re.Pattern[str]) -> Callable[[re.Match[str], str, Random], str | None]:
    """Return what takes another match of the pattern, from the question or the trace itself."""

    def other(match: re.Match[str], text: str, rng: Random) -> str | None:
        others = sorted({each.group() for each in pattern.finditer(text)} - {match.group()})
        return rng.choice(others) if others else None

    return other


def _party(question: Question, trace: Trace, rng: Random) -> Trace | None:
    """Put another name of the case for one in the reasoning."""
    sentences = re.findall(r"(?<=[a-z,] )[A-Z][a-zà-ÿ]{2,}\b", question.prompt)
    names = {name for name, count in Counter(sentences).items() if count > 1} - {*_MONTHS, *_DAYS}
    names -= {"Section", "Article", "Art", "Rule", "Clause", "Chapter", "Answer", "Yes"}
    present = [match for match in _NAME.finditer(trace.reasoning) if match.group() in names]
    if not present or len(names) < 2:
        return None
    match = rng.choice(present)
    new = rng.choice(sorted(names - {match.group()}))
    text = trace.reasoning
    return replace(trace, reasoning=f"{text[: match.start()]}{new}{text[match.end() :]}")


def _steps(trace: Trace) -> list[tuple[int, int]]:
    spans = [(each.start, each.end) for each in trace.passages if each.part == "reasoning" and each.step is not None]
    return spans or [match.span() for match in re.finditer(r"[^\n]+", trace.reasoning)]


def _deleted(_: Question, trace: Trace, rng: Random) -> Trace | None:
    """Leave a step out, with the space before it."""
    start, end = rng.choice(_steps(trace))
    return replace(trace, reasoning=(trace.reasoning[:start].rstrip() + trace.reasoning[end:]).lstrip())


def _moved(_: Question, trace: Trace, rng: Random) -> Trace | None:
    """Exchange two steps of different words."""
    spans, text = _steps(trace), trace.reasoning
    step_at = {(each.start, each.end): each.step for each in trace.passages if each.part == "reasoning"}
    pairs = [
        (one, other)
        for one in spans
        for other in spans
        if one < other and text[slice(*one)] != text[slice(*other)] and step_at.get(one) != step_at.get(other)
    ]
    if not pairs:
        return None
    (start, end), (later, last) = rng.choice(pairs)
    moved = text[:start] + text[later:last] + text[end:later] + text[start:end] + text[last:]
    return replace(trace, reasoning=moved)


def _opposite(answer: str, rng: Random) -> str | None:
    """Return another answer of the same kind."""
    if answer in ("Yes", "No"):
        return {"Yes": "No", "No": "Yes"}[answer]
    if re.fullmatch("[A-H]", answer):
        return rng.choice([letter for letter in "ABCD" if letter != answer])
    figures = list(re.finditer(r"\d+", answer))
    if not figures:
        return None
    match = figures[0]
    return f"{answer[: match.start()]}{int(match.group()) + rng.randint(1, 9)}{answer[match.end() :]}"


def _concluded(question: Question, trace: Trace, rng: Random) -> Trace | None:
    """Let the reasoning end on another answer than the response."""
    answer = question.reference or ""
    other = _opposite(answer, rng)
    before, _, last = trace.reasoning.rpartition("\n")
    return replace(trace, reasoning=f"{before}\n{last.replace(answer, other)}") if other else None


def _answered(question: Question, trace: Trace, rng: Random) -> Trace | None:
    """Leave out the last line of the reasoning, say more after it, or answer otherwise in the response."""
    other = _opposite(question.reference or "", rng)
    changed = [
        replace(trace, reasoning=trace.reasoning.rpartition("\n")[0].rstrip()),
        replace(trace, reasoning=f"{trace.reasoning}\n\nLet me look at it once more."),
        *([replace(trace, response=f"{trace.response.rpartition(' ')[0]} {other}")] if other else []),
    ]
    return rng.choice(changed)


def _one_more(match: re.Match[str], _: str, rng: Random) -> str:
    return f"{int(match.group().replace(',', '')) + rng.choice((1, 2, 10)):,}"


MUTATIONS: Mapping[str, Mutation] = {
    "a figure is 1, 2 or 10 more": _swapped(_FIGURE, _one_more),
    "a figure is another of the row's": _swapped(_FIGURE, _another(_FIGURE)),
    "a date is another of the row's": _swapped(_DATE, _another(_DATE)),
    "a date is a day later": _swapped(_DATE, lambda match, *_: f"{int(match[1]) % 28 + 1} {match[2]}"),
    "another weekday": _swapped(_WEEKDAY, lambda match, _, rng: rng.choice(sorted({*_DAYS} - {match.group()}))),
    "another party": _party,
    "another citation of the row's": _swapped(_CITE, _another(_CITE)),
    "a comparison reversed": _swapped(_COMPARISON, lambda match, *_: _COMPARED[match.group()]),
    "a negation put in or left out": _swapped(
        _NEGATION, lambda match, *_: match[1] if match[2] else f"{match[1]} not"
    ),
    "a step left out": _deleted,
    "two steps exchanged": _moved,
    "a conclusion opposite to the response": _concluded,
    "the answer's line": _answered,
}  # fmt: skip


def rows(family: str, narration: str, num: int, seed: int = SEED) -> list[tuple[Question, Trace]]:
    """Return questions of a family with the solver's traces."""
    drawn = Family(family=family, twins=0.2).fresh(Context(seed=seed)).questions()
    questions = [question for question in islice(drawn, num) if isinstance(question, Question)]
    traces = Solver.model_validate({"narration": narration}).traces(Request(question) for question in questions)
    return list(zip(questions, traces, strict=True))


def mutated(
    pairs: list[tuple[Question, Trace]], mutation: Mutation, num: int, seed: int = SEED
) -> Iterator[tuple[Question, Trace]]:
    """Yield at most `num` traces with the mutation in them, one for each row that has what it changes."""
    changed = ((question, mutation(question, trace, Random(f"{seed}/{question.id}"))) for question, trace in pairs)
    yield from islice(((question, trace) for question, trace in changed if trace is not None), num)


def main() -> None:
    """Print the verdicts on untouched traces, and the share of each mutation that is caught."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", default="statutes")
    parser.add_argument("--narration", default="normal")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--mutations", type=int, default=200)
    parser.add_argument("--teacher", default="solver", help="whom the traces are ascribed to: another is a model")
    args = parser.parse_args()
    pairs = rows(args.family, args.narration, args.rows)
    pairs = [(question, replace(trace, teacher=args.teacher)) for question, trace in pairs]
    steps = Steps(num_workers=1)
    list(steps.verdicts(pairs[:5]))  # its worker starts
    before = _seconds()
    verdicts = list(steps.verdicts(pairs))
    print(f"untouched: {dict(Counter(verdict.outcome for verdict in verdicts))} of {len(pairs)}")
    print(f"in this process: {1000 * (_seconds() - before) / len(pairs):.2f} ms of processor time a row")
    for name, mutation in MUTATIONS.items():
        outcomes = Counter(each.outcome for each in steps.verdicts(list(mutated(pairs, mutation, args.mutations))))
        num = outcomes.total()
        print(f"{name:40} {outcomes['incorrect'] / max(num, 1):7.1%} of {num}", dict(outcomes))
    steps.close()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"workers: {children.ru_utime + children.ru_stime:.1f} s of processor time in all")


def _seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
