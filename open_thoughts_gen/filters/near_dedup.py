"""Drop questions whose text is nearly the same as that of an earlier one.

Two prompts are near-duplicates if the Indel similarity of their normal forms (100 for equal, 0 for nothing in common;
insertions and deletions of characters, as rapidfuzz computes it) reaches `threshold`: 95 and 90 are what OpenThoughts
used for its two releases, 75 is broad. Long prompts must also share enough runs of words (`similar.rule`). Whether two
questions are near-duplicates depends on these two alone, and a question is left out if any earlier one is its
near-duplicate; it names the earliest. So with `keep: first`, questions added at the end change nothing before them, and
neither do the size of the set, the memory or the engine.

Problems that differ only in their figures or formulas are near-identical text and different problems. `numbers_guard`
keeps them where their answers can differ: unless both have the same reference. Minimal pairs (meta `pair`, `twin_of`)
are kept as well. Several attempts at one question are not duplicates of each other.

`rule: openthoughts` is what the code of OpenThoughts-114k does: similarity 95 of the prompts as they stand, whatever
their figures, and all but the first of each pair left out. `compat: limit_5` adds the defect of that code, with which
its result depends on the order of comparison (`similar.limited`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from open_thoughts_gen.similar.dedup import Dedup, Distinct
from open_thoughts_gen.types import FilterReport

if TYPE_CHECKING:
    from open_thoughts_gen.similar.pairs import Twins

SetOrder = Literal["rows", "reversed"] | int
OPENTHOUGHTS = {"threshold": 95.0, "numbers_guard": False}


class NearDedup(Dedup):
    """Keeps one of the prompts that are nearly the same text: the first, or the one that `keep` chooses."""

    threshold: float = Field(
        default=90.0,
        gt=0,
        le=100,
        description="two prompts are near-duplicates if their similarity is at least this: 100 is the same text, 0 "
        "nothing in common (Indel similarity: the percentage of the characters of both texts that stay when one is "
        "turned into the other by inserting and deleting characters)",
    )
    rule: Literal["default", "openthoughts"] = Field(
        default="default",
        description="what holds for the settings that the recipe leaves out. default: the defaults in this table; "
        "openthoughts: `threshold: 95`, `numbers_guard: false`, and prompts compared as they stand, as OpenThoughts "
        "did",
    )

    compat: Literal["limit_5"] | None = Field(
        default=None,
        description="limit_5, with `rule: openthoughts`: compare each prompt with the five most similar alone, as the "
        "code of OpenThoughts-114k does by mistake; to compare with its results only",
    )
    compat_order: SetOrder | None = Field(
        default=None,
        description="with `compat: limit_5`, the order of comparison, which is arbitrary in that code: rows, reversed, "
        "or the seed of a shuffle; null: rows",
    )

    @model_validator(mode="before")
    @classmethod
    def _settings_of_rule(cls, settings: object) -> object:
        """Fill in what the rule says and the recipe does not."""
        if isinstance(settings, dict) and settings.get("rule") == "openthoughts":
            return {**OPENTHOUGHTS, **settings}
        return settings

    @model_validator(mode="after")
    def _compat_is_of_the_rule(self) -> Self:
        if self.compat is not None and (self.rule != "openthoughts" or self.keep != "first"):
            raise ValueError("`compat: limit_5` goes with `rule: openthoughts` and `keep: first`")
        return self

    def find(self, distinct: Distinct) -> Twins:
        """Return for each question the earliest before it that is its near-duplicate."""
        from open_thoughts_gen.similar.limited import limited_pairs
        from open_thoughts_gen.similar.pairs import Twins, near_duplicates
        from open_thoughts_gen.similar.rule import Rule

        if self.compat == "limit_5":
            prompts = [distinct.texts[index] for index in range(len(distinct.texts))]
            return Twins.of_pairs(len(prompts), limited_pairs(prompts, self.threshold, self.set_order))
        rule = Rule(self.threshold, as_it_stands=self.rule == "openthoughts")
        questions, texts, guard = distinct.questions, distinct.texts, distinct.guard
        spill, spread = distinct.spill, distinct.spread
        return near_duplicates(questions, texts, rule, guard, spill=spill, spread=spread, num_known=distinct.num_known)

    @property
    def set_order(self) -> SetOrder:
        """The order in which `compat: limit_5` compares."""
        return "rows" if self.compat_order is None else self.compat_order

    def rule_facts(self) -> dict[str, Any]:
        """Return the settings that decide which prompts are near-duplicates, for `run.json` and the card."""
        return {
            "threshold": self.threshold,
            "numbers_guard": self.numbers_guard,
            "as_it_stands": self.rule == "openthoughts",
        }

    def report(self) -> FilterReport | None:
        """Return the same as without `compat`, and that it was set."""
        report = super().report()
        if report is None or self.compat is None:
            return report
        return replace(report, facts={**report.facts, "compat": self.compat, "compat_order": self.set_order})
