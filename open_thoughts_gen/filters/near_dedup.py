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
their figures, and all but the first of each pair left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, model_validator

from open_thoughts_gen.similar.dedup import Dedup, Distinct

if TYPE_CHECKING:
    from open_thoughts_gen.similar.pairs import Twins

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

    @model_validator(mode="before")
    @classmethod
    def _settings_of_rule(cls, settings: object) -> object:
        """Fill in what the rule says and the recipe does not."""
        if isinstance(settings, dict) and settings.get("rule") == "openthoughts":
            return {**OPENTHOUGHTS, **settings}
        return settings

    def find(self, distinct: Distinct) -> Twins:
        """Return for each question the earliest before it that is its near-duplicate."""
        from open_thoughts_gen.similar.pairs import near_duplicates
        from open_thoughts_gen.similar.rule import Rule

        rule = Rule(self.threshold, as_it_stands=self.rule == "openthoughts")
        questions, texts, guard = distinct.questions, distinct.texts, distinct.guard
        return near_duplicates(questions, texts, rule, guard, spill=distinct.spill, spread=distinct.spread)

    def rule_facts(self) -> dict[str, Any]:
        """Return the settings that decide which prompts are near-duplicates, for `run.json` and the card."""
        return {
            "threshold": self.threshold,
            "numbers_guard": self.numbers_guard,
            "as_it_stands": self.rule == "openthoughts",
        }
