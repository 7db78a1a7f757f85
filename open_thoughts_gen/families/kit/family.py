"""A family of schemes: draws cases, writes their prompts, derives, proves, and reads its own prompts back.

A family is a folder with a file `schemes/NAME.py` a scheme (its instance `SCHEME`), the words of each in
`schemes/NAME.yaml`, and a class of its own:

    class Counterfactual(SchemeFamily):
        domain = "counterfactual"
        home = schemes

What stands here is the same for all families: the coin, levels, minimal pairs, the two implementations beside each
other, and the third proof, that the printed text states just the facts that were decided (`read_back`).
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from functools import cached_property
from random import Random
from types import ModuleType
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from open_thoughts_gen import plugin
from open_thoughts_gen.errors import did_you_mean
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.deriving import derived, varied
from open_thoughts_gen.families.kit.drawing import drawn, result_of, written
from open_thoughts_gen.families.kit.kinds import OptionKind
from open_thoughts_gen.families.kit.noting import noted
from open_thoughts_gen.families.kit.proof import UnprovedError
from open_thoughts_gen.families.kit.reading import UnreadError
from open_thoughts_gen.families.kit.scheme import ProblemScheme
from open_thoughts_gen.families.kit.work import Flaw, Work
from open_thoughts_gen.plugin import Problem
from open_thoughts_gen.types import Derivation, Step, Verdict

MAX_DRAWS = 40


@functools.cache
def schemes_of(home: ModuleType) -> dict[str, ProblemScheme]:
    """Return the schemes of a family by name: each module of its folder that is not shared (`_name`).

    A module that is not a package is itself the one scheme of its family.
    """
    if not hasattr(home, "__path__"):
        return {home.SCHEME.name: home.SCHEME}
    names = [module.name for module in pkgutil.iter_modules(home.__path__) if not module.name.startswith("_")]
    return {name: importlib.import_module(f"{home.__name__}.{name}").SCHEME for name in names}


class SchemeFamily(plugin.Family):
    """A family whose problems come from schemes."""

    home: ClassVar[ModuleType]

    levels: tuple[Literal[1, 2, 3, 4], ...] = Field(
        (1, 2, 3, 4), min_length=1, description="levels of difficulty to draw from"
    )
    asks: tuple[str, ...] = Field((), description="questions to draw from, by name; empty means all")
    schemes: tuple[str, ...] = Field((), description="schemes to draw from; empty means all")

    _last: tuple[Problem, Derivation] | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _admit_a_case(self) -> Self:
        known = schemes_of(self.home)
        for name in self.schemes:
            if name not in known:
                raise ValueError(f"there is no scheme {name!r}; {did_you_mean(name, known)}")
        if not self._choices:
            raise ValueError(f"no scheme has a question {', '.join(self.wanted_asks())} at level {self.levels}")
        return self

    def wanted_asks(self) -> tuple[str, ...]:
        """Return the questions to draw from, by name; empty means all."""
        return self.asks

    @cached_property
    def _choices(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """Return the schemes to draw from, each with its questions and their levels."""
        known = schemes_of(self.home)
        choices: list[tuple[str, list[tuple[str, int]]]] = []
        for name in self.schemes or known:
            asks = known[name].asks
            pairs: list[tuple[str, int]] = [
                (ask, level)
                for ask, asked in asks.items()
                for level in self.levels
                if asked.level <= level <= asked.until and ask in (self.wanted_asks() or asks)
            ]
            choices.append((name, pairs))
        return [choice for choice in choices if choice[1]]

    def problem(self, rng: Random) -> Problem:
        """Draw a case whose outcome was settled by a fair coin before its facts were drawn."""
        for _ in range(MAX_DRAWS):
            name, pairs = rng.choice(self._choices)
            scheme = schemes_of(self.home)[name]
            ask, level = rng.choice(pairs)
            case = drawn(scheme, ask, level, rng)
            if case is not None:
                return Problem(written(scheme, case), case.spec(scheme.known_forms))
        raise ValueError(f"no case after {MAX_DRAWS} draws: the settings {self!r} admit none")

    def derive(self, problem: Problem, flaw: Flaw | None = None) -> Derivation:
        """Decide the case by the first implementation, step by step, with an error planted if there is a `flaw`.

        Raises:
            NoResultError: with that error there is no answer.

        """
        if flaw is None and self._last is not None and self._last[0] is problem:
            return self._last[1]  # a row is derived to be told, and to be grouped by what it comes to
        scheme, case = self._case(problem.spec)
        derivation = derived(scheme, case, Work(flaw, scheme.has_fractions))
        self._last = (problem, derivation) if flaw is None else self._last
        return derivation

    def notes(self, problem: Problem) -> Sequence[Step]:
        """Return what each sentence of the prompt states, and what a few changes would do."""
        scheme, case = self._case(problem.spec)
        notes = noted(scheme, case)
        return [*notes, *varied(scheme, case, notes)]

    def check(self, problem: Problem, answer: str) -> Verdict:
        """Judge an answer by the second implementation."""
        scheme, case = self._case(problem.spec)
        try:
            value = result_of(scheme, case, scheme.prove)
        except UnprovedError as error:
            return Verdict("family", "undecided", answer, str(error), cause="no unique proof")
        if value is None:
            return Verdict("family", "undecided", answer, "the result has no single value", cause="no unique proof")
        return judged("family", scheme.kind_of(case).agrees(value, answer), answer, by="the second implementation")

    def read_back(self, problem: Problem, answer: str | None = None) -> Verdict | None:
        """Read the prompt alone and compare what it states with the facts; judge an answer by what they come to."""
        scheme, case = self._case(problem.spec)
        fault = fault_of_prompt(scheme, case, problem.prompt)
        if fault:
            cause, _, explanation = fault.partition(": ")
            return Verdict("read_back", "incorrect", answer, explanation, cause)
        if answer is None:
            return Verdict("read_back", "correct", None, "the prompt states the facts that were decided")
        agrees = scheme.kind_of(case).agrees(result_of(scheme, case, scheme.assess), answer)
        return judged("read_back", agrees, answer, by="what the prompt states")

    def twin(self, problem: Problem, rng: Random) -> Problem | None:
        """Return the case with one fact changed so that its answer changes."""
        scheme, case = self._case(problem.spec)
        asked, answer = scheme.asks[case.asks], result_of(scheme, case, scheme.assess)
        changes = list(scheme.changes(case, rng))
        offered = case.options if isinstance(asked.kind, OptionKind) and asked.kind.changes_facts else ()
        for change in rng.sample(changes, len(changes)):
            other = case.with_facts(scheme.applied(case.facts, change.patch))
            is_other = result_of(scheme, other, scheme.assess) not in (answer, None)
            is_real = all(scheme.applied(other.facts, option["patch"]) != other.facts for option in offered)
            if is_other and is_real and asked.fits(scheme.assess(other.facts)):
                prompt = written(scheme, other)
                if prompt != problem.prompt:
                    return Problem(prompt, other.spec(scheme.known_forms))
        return None

    def traits(self, problem: Problem) -> Mapping[str, Any]:
        """Return scheme, question and level, and what the scheme adds."""
        scheme, case = self._case(problem.spec)
        return {"scheme": case.scheme, "asks": case.asks, "level": case.level, **scheme.traits(case.facts)}

    def _case(self, spec: Mapping[str, Any]) -> tuple[ProblemScheme, ProblemCase]:
        scheme = schemes_of(self.home)[spec["scheme"]]
        return scheme, ProblemCase.of(spec, scheme.known_forms)


def judged(verifier: str, agrees: bool | None, answer: str, *, by: str) -> Verdict:
    """Return the verdict on an answer that agrees with what it is judged by, or not, or cannot be read (None)."""
    if agrees is None:
        return Verdict(verifier, "undecided", answer, "it is not of the kind that is asked for", "unreadable answer")
    if agrees:
        return Verdict(verifier, "correct", answer, f"{by} agrees")
    return Verdict(verifier, "incorrect", answer, f"{by} disagrees", "another answer")


def fault_of_prompt(scheme: ProblemScheme, case: ProblemCase, prompt: str) -> str:
    """Return why a prompt does not state a case correctly, as "CAUSE: DETAILS"; empty if it does."""
    try:
        stated = scheme.reader().facts(prompt)
    except UnreadError as error:
        return f"the prompt cannot be read: {error}"
    expected = {**scheme.printed_facts(case.facts), **case.cast, "asks": case.asks}
    if case.options:
        expected["options"] = [{"letter": option["letter"], **option["patch"]} for option in case.options]
    different = sorted(key for key in expected.keys() | stated.keys() if expected.get(key) != stated.get(key))
    details = "; ".join(f"{key}: {stated.get(key)!r}, not {expected.get(key)!r}" for key in different)
    return f"the prompt states other facts: {details}" if different else ""
