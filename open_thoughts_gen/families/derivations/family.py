"""Derivations: the first wrong step of somebody else's reasoning, of which kind it is, and what should stand there.

A pupil's script, a trainee's memo, a model's answer: each working is that of a case of another family, loaded by name
and never imported, and right but for one planted error, or right altogether. The reader goes through it line by line,
as a marker does. Two schemes have small worlds of their own: findings that rest on each other, and proofs with named
rules.

It does not cover errors that models really make (they are planted here), nor style: a line may be clumsy and right.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import ClassVar

from open_thoughts_gen.families.derivations import hosts, schemes
from open_thoughts_gen.families.kit.family import SchemeFamily
from open_thoughts_gen.plugin import Problem
from open_thoughts_gen.types import Step, Verdict


class Derivations(SchemeFamily):
    """Workings to be gone through line by line: the first that is wrong, its kind, what is right instead."""

    domain: ClassVar[str] = "meta"
    license: ClassVar[str] = "cc0-1.0"
    home: ClassVar[ModuleType] = schemes

    def notes(self, problem: Problem) -> Sequence[Step]:
        """Return nothing: to go through the lines one by one is the derivation itself."""
        return ()

    def read_back(self, problem: Problem, answer: str | None = None) -> Verdict | None:
        """Read the prompt back; the file that it quotes has to state its own case, by the reader of its own family."""
        facts = problem.spec["facts"]
        if "host" in facts:
            quoted = hosts.quoted_verdict(facts["host"], hosts.opened(facts["host"]).prompt)
            if quoted is not None and quoted.outcome != "correct":
                return quoted
        return super().read_back(problem, answer)
