"""What all schemes of ethics share: a story and the framework that is applied to it, as parts of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import ClassVar

from open_thoughts_gen.families.kit.authoring import Page, ProblemCase, Work
from open_thoughts_gen.families.kit.genre import ReckonedScheme


class EthicsScheme(ReckonedScheme):
    """A scheme whose prompt is a story and the framework that is applied to it, in one of several genres."""

    more_words: ClassVar[Sequence[Path]] = (Path(__file__).parent / "words" / "frame.yaml",)
    label_styles: ClassVar[Sequence[str]] = ("§ {}", "Clause {}", "Rule {}", "Section {}", "Article {}")

    def laid_out(self, case: ProblemCase, page: Page, rules: Mapping[str, str], *story: str) -> str:
        """Return the whole prompt of its story and its rules: banks, each with the fact that it needs."""
        printed = [page.say(f"prompt/{bank}", **case.facts) for bank, fact in rules.items() if fact in case.facts]
        return self.framed(case, page, rules="\n".join(printed), story="\n\n".join(story))

    def coloured(self, case: ProblemCase, page: Page) -> str:
        """Return one or two sentences that decide nothing."""
        return " ".join(page.say("prompt/colour") for _ in range(1 + case.pen("colour").chance("more", 0.6)))


def is_more(work: Work, one: int | Fraction, other: int | Fraction) -> bool:
    """Return whether a number is larger than another, and claim it if it is: what does not exceed goes unsaid."""
    return work.exceeds(one, other) if one > other else bool(work.settle(one > other))
