"""Going through logs: every line that is written follows, and a line that was changed, moved or left out is found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from random import Random

import pytest

from open_thoughts_gen.families.wonderland import Wonderland
from open_thoughts_gen.families.wonderland import family as wonderland
from open_thoughts_gen.families.wonderland.blind.solving import SOLVERS
from open_thoughts_gen.families.wonderland.logs.writing import DESIGNS, write_log
from open_thoughts_gen.families.wonderland.retrace.lines import DoesNotFollowError
from open_thoughts_gen.families.wonderland.retrace.retracing import retrace
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.family import Family as Source
from open_thoughts_gen.teachers.solver import Solver
from open_thoughts_gen.types import Question, Request, Trace
from open_thoughts_gen.verifiers.steps import Steps

EVERY_DESIGN = [(scheme, design) for scheme in SOLVERS for design in DESIGNS.get(scheme, ("",))]
MAX_LINES = 250  # longer ones say nothing else, and take longer


@cache
def logs(scheme: str, design: str, num: int) -> list[tuple[str, str, str]]:
    """Return prompts with their logs and answers."""
    drawn = (wonderland.draw(scheme, Random(f"retrace {index}")).prompt for index in range(2 * num))
    written = ((prompt, write_log(scheme, prompt, design)) for prompt in drawn)
    short = [
        (prompt, log.text, log.answer)
        for prompt, log in written
        if log.answer is not None and log.text.count("\n") < MAX_LINES
    ]
    return short[:num]


def mutants(log: str, answer: str, rng: Random) -> Iterator[tuple[str, str]]:
    """Yield logs with one thing wrong: a figure, a letter or sign, a line left out or moved, the answer too early."""
    lines = log.split("\n")
    figures = [match.span() for match in re.finditer(r"\d", log)]
    if figures:
        start, end = rng.choice(figures)
        yield "figure", log[:start] + rng.choice("0123456789".replace(log[start], "")) + log[end:]
    start, end = rng.choice([match.span() for match in re.finditer(r"[^\s\d]", log)])
    others = [sign for sign in set(log) if not sign.isspace() and not sign.isdigit() and sign != log[start]]
    yield "symbol", log[:start] + rng.choice(sorted(others)) + log[end:]
    at = rng.randrange(len(lines))
    yield "left out", "\n".join(lines[:at] + lines[at + 1 :])
    first = rng.randrange(len(lines) - 1)
    exchanged = [*lines[:first], lines[first + 1], lines[first], *lines[first + 2 :]]
    if exchanged != lines:
        yield "exchanged", "\n".join(exchanged)
    at = rng.randrange(1, len(lines) - 1)
    yield "early", "\n".join([*lines[:at], lines[-1], *lines[at:]])
    yield "answered", "\n".join([*lines[:at], lines[-1]])


@pytest.mark.parametrize(("scheme", "design"), EVERY_DESIGN)
def test_every_line_that_is_written_follows(scheme: str, design: str) -> None:
    num = 25 if scheme == "symbols" else 100
    for prompt, log, answer in logs(scheme, design, num):
        assert retrace(prompt, log) == answer


@pytest.mark.parametrize(("scheme", "design"), EVERY_DESIGN)
def test_a_log_with_one_thing_wrong_is_found_out(scheme: str, design: str) -> None:
    num_mutants, missed = 0, []
    for prompt, log, answer in logs(scheme, design, 25 if scheme == "symbols" else 100)[:25]:
        for kind, mutant in mutants(log, answer, Random(prompt)):
            num_mutants += 1
            try:
                retrace(prompt, mutant)
            except DoesNotFollowError:
                continue
            missed.append((kind, prompt, mutant))
    assert num_mutants > 100
    assert len(missed) <= 0.01 * num_mutants, missed[0]


def test_a_line_that_knows_more_than_has_been_said_is_named() -> None:
    prompt, log, _ = next(each for each in logs("symbols", "compact", 25) if "\nback " in each[1])
    lines = log.split("\n")
    at = next(number for number, line in enumerate(lines) if line.startswith("back "))
    with pytest.raises(DoesNotFollowError, match=f"line {at}:"):  # the way that fails is passed over
        retrace(prompt, "\n".join(lines[: at - 1] + lines[at:]))


def test_the_verifier_steps_goes_through_the_logs_of_the_solver() -> None:
    source = Source(family="wonderland", settings={"max_log_tokens": 2500}).fresh(Context())
    solver, steps = Solver(narration="log"), Steps(num_workers=1)
    questions = [question for question, _ in zip(source.questions(), range(12), strict=False)]
    for question in questions:
        assert isinstance(question, Question)
        (trace,) = solver.traces([Request(question, 0)])
        verdict = steps.verdict(question, trace)
        assert verdict.outcome == "correct", verdict
        lines = trace.reasoning.split("\n")
        shorter = Trace(question.id, 0, trace.teacher, "\n".join(lines[:-2] + lines[-1:]), trace.response)
        verdict = steps.verdict(question, shorter)
        assert (verdict.outcome, verdict.cause) == ("incorrect", "a line does not follow")
        assert "line " in verdict.explanation
        other = Trace(question.id, 0, trace.teacher, trace.reasoning, "\\boxed{another}")
        assert steps.verdict(question, other).cause == "another conclusion"
    steps.close()


def test_a_text_that_is_not_a_log_is_left_to_others() -> None:
    family = Wonderland().fresh(Context())
    problem = family.problem(Random(1))
    assert family.retrace(problem, "We first look at the examples.", "1") is None
    with pytest.raises(ValueError, match="not a puzzle"):
        retrace("What is 2 + 2?", "4")
