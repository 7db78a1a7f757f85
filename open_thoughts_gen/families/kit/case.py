"""A case: the facts that everything is computed from, and the number that its wording is drawn by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from open_thoughts_gen.families.kit.forms import Form
from open_thoughts_gen.families.kit.pen import Pen


@dataclass(frozen=True, slots=True)
class ProblemCase:
    """One case of a scheme.

    `facts` are what the prompt states and both implementations decide by; `asks` is the name of the question that is
    asked; `cast` holds what is printed and decides nothing (names, trades), `options` what a question offers.
    """

    scheme: str
    asks: str
    level: int
    wording: int
    facts: Mapping[str, Any]
    cast: Mapping[str, Any] = field(default_factory=dict)
    options: Sequence[Mapping[str, Any]] = ()

    def pen(self, label: str) -> Pen:
        """Return the pen for one part of the case: `labels`, `story`, `trace`."""
        return Pen(f"{self.wording}/{label}")

    def with_facts(self, facts: Mapping[str, Any]) -> ProblemCase:
        """Return the case with other facts and nothing else changed: not a word, where the facts are the same."""
        return replace(self, facts=facts)

    def with_options(self, options: Sequence[Mapping[str, Any]]) -> ProblemCase:
        """Return the case with the options that its question offers."""
        return replace(self, options=options)

    def spec(self, forms: Mapping[str, Form[Any]]) -> dict[str, Any]:
        """Return the case as JSON."""
        return {
            "scheme": self.scheme,
            "asks": self.asks,
            "level": self.level,
            "wording": self.wording,
            "facts": packed(self.facts, forms),
            "cast": dict(self.cast),
            "options": [{**option, "patch": packed(option.get("patch", {}), forms)} for option in self.options],
        }

    @classmethod
    def of(cls, spec: Mapping[str, Any], forms: Mapping[str, Form[Any]]) -> ProblemCase:
        """Return the case that a spec describes."""
        options = [{**option, "patch": unpacked(option["patch"], forms)} for option in spec["options"]]
        return cls(**{**spec, "facts": unpacked(spec["facts"], forms), "options": options})


def packed(facts: Mapping[str, Any], forms: Mapping[str, Form[Any]]) -> dict[str, Any]:
    """Return facts as JSON; what has no form is JSON already."""
    return {
        key: forms[key].pack(value)
        if key in forms and value is not None
        else [packed(entry, forms) for entry in value]
        if isinstance(value, list)
        else value
        for key, value in facts.items()
    }


def unpacked(facts: Mapping[str, Any], forms: Mapping[str, Form[Any]]) -> dict[str, Any]:
    """Return the facts that `packed` made JSON of."""
    return {
        key: forms[key].unpack(value)
        if key in forms and value is not None
        else [unpacked(entry, forms) for entry in value]
        if isinstance(value, list)
        else value
        for key, value in facts.items()
    }
