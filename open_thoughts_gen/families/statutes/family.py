"""Law: invented codes of invented states, cases that arise under them, and answers proved twice.

Never real law: each case comes with the whole of its statute, so that nothing but reading and reasoning is needed. The
statutes are closed, and a scheme is a space of laws: provisions are there or not, in one order or another, and what a
word means is defined now so, now otherwise.

It does not cover discretion: nothing here turns on what is reasonable, fair or likely.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar, Literal

from pydantic import Field

from open_thoughts_gen.families.kit.family import SchemeFamily, schemes_of
from open_thoughts_gen.families.statutes import schemes
from open_thoughts_gen.families.statutes.law import LawScheme
from open_thoughts_gen.plugin import Problem

KindName = Literal["allowed", "amount", "date", "prevails", "flip"]


class Statutes(SchemeFamily):
    """Cases under invented statutes: is it allowed, how much, by when, who prevails, what would flip it."""

    domain: ClassVar[str] = "law"
    license: ClassVar[str] = "cc0-1.0"
    home: ClassVar[ModuleType] = schemes

    kinds: tuple[KindName, ...] = Field((), description="kinds of question to draw from; empty means all")

    def wanted_asks(self) -> tuple[str, ...]:
        """Return the kinds of question to draw from; empty means all."""
        return self.kinds or self.asks

    def traits(self, problem: Problem) -> Mapping[str, Any]:
        """Return scheme, field of law, kind of question and level."""
        spec = problem.spec
        scheme = schemes_of(self.home)[spec["scheme"]]
        assert isinstance(scheme, LawScheme)
        return {"scheme": scheme.name, "field": scheme.field, "kind": spec["asks"], "level": spec["level"]}
