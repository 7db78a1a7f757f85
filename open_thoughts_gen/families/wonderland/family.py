"""Puzzles in the form of the NVIDIA Nemotron Model Reasoning Challenge (Kaggle, 2026), each forced to one answer.

Seven schemes draw puzzles as that challenge's are distributed. A puzzle is published only if a blind solver, which
reads its text and nothing else and shares no code with the scheme, is forced to its answer: every rule of the language
that agrees with the examples gives it.

The language is an assumption: it was read off the challenge's public training rows, all of which it explains. The
challenge's own puzzles are not part of this package.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, ClassVar, Literal, Protocol

from pydantic import Field, field_validator

from open_thoughts_gen import plugin
from open_thoughts_gen.errors import did_you_mean
from open_thoughts_gen.families.wonderland.blind.solving import solve, stripped
from open_thoughts_gen.families.wonderland.logs.writing import DESIGNS, Log, write_log
from open_thoughts_gen.families.wonderland.retrace.lines import DoesNotFollowError
from open_thoughts_gen.families.wonderland.retrace.retracing import retrace
from open_thoughts_gen.families.wonderland.schemes import bits, cipher, digits, gravity, numeral, symbols, unit
from open_thoughts_gen.families.wonderland.schemes._puzzle import Puzzle
from open_thoughts_gen.plugin import Problem, Solution, UnreadablePuzzleError
from open_thoughts_gen.text.challenge_metric import extracted, same
from open_thoughts_gen.types import Derivation, Step, Verdict


class Scheme(Protocol):
    """A module that draws puzzles."""

    def draw(self, rng: Random, /) -> Puzzle:
        """Draw a puzzle, forced or not."""


SCHEMES: Mapping[str, Scheme] = {
    "bits": bits,
    "gravity": gravity,
    "unit": unit,
    "numeral": numeral,
    "cipher": cipher,
    "digits": digits,
    "symbols": symbols,
}
MAX_DRAWS = 200
# More of what is hard: the challenge has each of the seven about as often, the two kinds of equations half so.
DEFAULT_MIX = {"bits": 3.0, "gravity": 1.0, "unit": 1.0, "numeral": 0.5, "cipher": 1.5, "digits": 2.0, "symbols": 3.0}


class Wonderland(plugin.Family):
    """Bits, falls, units, numerals, ciphers and equations with secret rules, solved blind before they are published."""

    domain: ClassVar[str] = "puzzles"

    mix: Mapping[str, float] = Field(
        default_factory=lambda: dict(DEFAULT_MIX), description="how often each scheme is drawn, as weights"
    )

    language: Literal["decoded", "agnostic"] = Field(
        "decoded",
        description="the rules under which a puzzle has to have one answer. decoded: those read off the challenge's "
        "public rows; agnostic: also bits by any function of three shifted or rotated bytes, equations with any number "
        "of alterations, and ciphers without the list of words, so that fewer puzzles are forced",
    )
    logs: Mapping[str, str] = Field(
        default_factory=dict,
        description="how the logs of a scheme are written. bits: operands, or results (a gate's operands are left out)"
        "; digits: size first (only the tests that a result's length allows), or every test; symbols: compact, "
        "explicit (shows the tries that clash and the digits that are left), or one world (one more and less apart)",
    )
    max_log_tokens: int = Field(
        6900,
        ge=100,
        description="draw again where the log is longer, in tokens counted as words, digits, signs and lines; the "
        "challenge stops a model at 7,680",
    )

    @field_validator("mix")
    @classmethod
    def _name_schemes(cls, mix: Mapping[str, float]) -> Mapping[str, float]:
        for name, weight in mix.items():
            if name not in SCHEMES:
                raise ValueError(f"there is no scheme {name!r}; {did_you_mean(name, SCHEMES)}")
            if weight < 0:
                raise ValueError(f"the weight of {name!r} is negative; leave the scheme out instead")
        if not sum(mix.values()):
            raise ValueError("no scheme has a weight above 0")
        return mix

    @field_validator("logs")
    @classmethod
    def _name_designs(cls, logs: Mapping[str, str]) -> Mapping[str, str]:
        for name, design in logs.items():
            if name not in DESIGNS:
                raise ValueError(f"there is one way to write the logs of {name!r}; {did_you_mean(name, DESIGNS)}")
            if design not in DESIGNS[name]:
                raise ValueError(f"logs of {name} are not written as {design!r}; {did_you_mean(design, DESIGNS[name])}")
        return logs

    def problem(self, rng: Random) -> Problem:
        """Draw puzzles of one scheme until one is forced."""
        scheme = rng.choices(list(self.mix), list(self.mix.values()))[0]
        for _ in range(MAX_DRAWS):
            puzzle = draw(scheme, rng)
            solved = solve(puzzle.prompt, self.language)
            if not solved.is_forced:
                continue
            if solved.best is None or not same(puzzle.answer, solved.best):
                raise RuntimeError(f"the blind solver is forced to {solved.best!r}, not {puzzle.answer!r}: {puzzle}")
            log = self._log(scheme, puzzle.prompt)
            if log.answer is None or log.num_tokens > self.max_log_tokens:
                continue
            if not same(puzzle.answer, log.answer):
                continue
            spec = {
                "scheme": scheme,
                "answer": puzzle.answer,
                "rule": dict(puzzle.rule),
                "structure": puzzle.structure,
                "n_worlds": solved.num_worlds,
                "n_answers": len(solved.answers),
            }
            return Problem(puzzle.prompt, spec)
        raise ValueError(f"no puzzle of {scheme} was forced in {MAX_DRAWS} draws")

    def derive(self, problem: Problem) -> Derivation:
        """Return the log as one step, and the answer that it comes to, which the metric counts as the drawn one."""
        log = self._log(problem.spec["scheme"], problem.prompt)
        return Derivation(log.answer or problem.spec["answer"], (Step("log", (log.text,)),))

    def _log(self, scheme: str, prompt: str) -> Log:
        return write_log(scheme, prompt, self.logs.get(scheme, ""))

    def check(self, problem: Problem, answer: str) -> Verdict:
        """Judge an answer by the blind solver, as the challenge's metric compares."""
        try:
            solved = solve(problem.prompt, self.language)
        except UnreadablePuzzleError as error:
            return Verdict("family", "undecided", answer, str(error), cause="unreadable puzzle")
        if not solved.is_forced or solved.best is None:
            explanation = f"{solved.num_worlds} rules fit the examples, with {len(solved.answers)} different answers"
            return Verdict("family", "undecided", answer, explanation, cause="not forced")
        if same(solved.best, answer):
            return Verdict("family", "correct", answer, "the blind solver is forced to it")
        return Verdict("family", "incorrect", answer, "the blind solver is forced to another", cause="another answer")

    def solve(self, prompt: str) -> Solution:
        """Return every answer that the language of rules admits for the text of a puzzle.

        Raises:
            UnreadablePuzzleError: the text is not a puzzle of a known form.

        """
        return solve(prompt, self.language)

    def explain(self, prompt: str) -> Derivation | None:
        """Return the log of a puzzle, forced or not; None where it comes to no answer, or is too long.

        Raises:
            UnreadablePuzzleError: the text is not a puzzle of a known form.

        """
        solved = self.solve(prompt)
        try:
            log = None if solved.best is None else self._log(solved.scheme, stripped(prompt))
        except ValueError:  # of more symbols than there are digits
            log = None
        if log is None or log.answer is None or log.num_tokens > self.max_log_tokens:
            return None
        return Derivation(log.answer, (Step("log", (log.text,)),))

    def retrace(self, problem: Problem, reasoning: str, answer: str | None) -> Verdict | None:
        """Go through a log line by line; None for a text whose first line is not that of a log."""
        try:
            result = retrace(problem.prompt, reasoning)
        except DoesNotFollowError as error:
            if error.number == 1:
                return None
            return Verdict("family", "incorrect", answer, str(error), cause="a line does not follow")
        if result != answer:
            explanation = f"the log comes to {result!r}"
            return Verdict("family", "incorrect", answer, explanation, cause="another conclusion")
        num_lines = reasoning.count("\n") + 1
        return Verdict(
            "family", "correct", answer, f"each of {num_lines} lines follows from those before and the prompt"
        )

    def agrees(self, reference: str, answer: str) -> bool:
        """Compare as the challenge's metric does: numbers within one percent, bits as text."""
        return same(reference, answer)

    @classmethod
    def final_answer(cls, response: str, marks: Sequence[str] = ()) -> str | None:
        """Return what the challenge's metric takes for the answer: it may hold braces of its own."""
        answer = super().final_answer(response, marks) if marks else None
        return answer or (extracted(response) if response.strip() else None)

    def traits(self, problem: Problem) -> Mapping[str, Any]:
        """Return the scheme, the language of rules, how many of these agree with the examples, and what the rule is."""
        spec = problem.spec
        names = {key: spec["rule"][key] for key in ("gate", "query_operator_shown") if key in spec["rule"]}
        if "alterations" in spec["rule"]:
            names["alterations"] = "+".join(spec["rule"]["alterations"])
        if spec.get("structure"):
            names["structure"] = spec["structure"]
        names |= {"scheme": spec["scheme"], "language": self.language}
        return {**names, "n_worlds": spec["n_worlds"], "n_answers": spec["n_answers"]}


def draw(scheme: str, rng: Random) -> Puzzle:
    """Draw one puzzle of a scheme, forced or not."""
    return SCHEMES[scheme].draw(rng)
