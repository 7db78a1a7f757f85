"""Figures by formulas: what a figure rests on is worked out before it, and said in that order.

A scheme whose rules are sums, products and limits has them in its word file, beside the steps that say them:

    lists:
      formulas:
        net: {counter: "gross - counter: net", plain: gross}
        added: "room < claimed: capped | uncapped"
        with_none: "net * spot: none"

A figure has one formula, or several by the condition under which each holds: a fact that the case has (`counter`), one
that it must not have (`-counter`), a fact of some value (`side=in`), one that is more than another (`year>step_year`),
or several of these; `plain` is the last resort. Behind the colon stands the step that says it, or several with commas
between them. The lesser of two figures is `one < other`, the greater `one > other`, and there are steps for either
(`|`): those of the first where it is smaller, or greater, and not the same. A name is a fact of the case, or a figure
with a formula.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from open_thoughts_gen.families.kit.reckoning import Reckoning

_NAME = re.compile(r"[a-z_]+")
_SUM = re.compile(r"[a-z_]+(?: [+-] [a-z_]+)+")
_SIGNED = re.compile(r"(-?) ?\b([a-z_]+)")


@dataclass(slots=True, kw_only=True)
class Figures(Reckoning):
    """A reckoning by formulas, those of each figure by condition."""

    formulas: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def figure(self, name: str) -> Fraction:
        """Return a figure; unless it is stated or known, it is worked out and said, and before it what it rests on.

        What says a sum may print its signed terms as `sum`.
        """
        if name in self.known or name in self.facts:
            return Fraction(self.known[name] if name in self.known else self.facts[name])
        texts = self.formulas[name].items()
        expression, _, banks = next(text for condition, text in texts if self.fits(condition)).partition(": ")
        terms = {term: self.figure(term) for term in _NAME.findall(expression)}
        shown: dict[str, object] = {}
        if expression in terms:
            value = terms[expression]
        elif "<" in expression or ">" in expression:
            value, banks = self.chosen(expression, terms, banks)
        else:
            value = self.work(expression, **terms)
        if _SUM.fullmatch(expression):
            shown["sum"] = tuple(-terms[term] if sign else terms[term] for sign, term in _SIGNED.findall(expression))
        return self.know(name, value, banks, **shown)

    def chosen(self, expression: str, terms: Mapping[str, Fraction], banks: str) -> tuple[Fraction, str]:
        """Return the lesser or the greater of two figures, and what says that it is that one."""
        one, sign, other = expression.split()
        pair = (terms[one], terms[other]) if sign == ">" else (terms[other], terms[one])
        first, _, second = banks.partition(" | ")
        return (terms[one], first) if self.work.exceeds(*pair) else (terms[other], second)

    def fits(self, condition: str) -> bool:
        """Return whether the case meets the condition of a formula."""
        return condition in ("", "plain") or all(
            self.exceeds(*word.split(">"))
            if ">" in word
            else holds(self.facts, word.removeprefix("-")) is not word.startswith("-")
            for word in condition.split()
        )


def holds(facts: Mapping[str, Any], word: str) -> bool:
    """Return whether a case has a fact that is not False, or of the value behind `=`."""
    name, _, value = word.partition("=")
    return facts.get(name, False) is not False and value in ("", facts[name])
