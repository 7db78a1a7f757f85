"""A scheme that decides a case and tells it by one walk, in silence or aloud.

The walk of a question works out its result with a reckoning, which says each step if there is a narrative. What
`assess` returns is what all walks come to, and `tell` is one of them, closed by the bank `answer.RESULT` (or
`answer.RESULT.yes`, where a value has words of its own).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.formulas import Figures
from open_thoughts_gen.families.kit.scheme import ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative


class WalkingScheme(ProblemScheme):
    """A scheme whose first implementation is a walk for each question, with a reckoning of the class it names."""

    reckoning: ClassVar[type[Figures]] = Figures

    @abstractmethod
    def walk(self, story: Any, asks: str) -> object:  # noqa: ANN401  (the reckoning of the scheme)
        """Return the result of a question; None where it has no single one."""

    def story(self, facts: Mapping[str, Any], narrative: Narrative | None = None) -> Any:  # noqa: ANN401  (as `walk`)
        """Return a reckoning of these facts, which tells what it finds if there is a narrative."""
        teller = () if narrative is None else (narrative.work, narrative)
        return self.reckoning(facts, *teller, **self.tools(facts))

    def tools(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the reckoning is made with, beside the facts: the formulas of the word file, if it has any."""
        return {"formulas": self.words.all_lists.get("formulas", {})}

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what every question comes to, without a word; those left out that need facts which are not there."""
        story = self.story(facts)
        asked = {name: ask for name, ask in self.asks.items() if facts.keys() >= {*ask.needs}}
        return {ask.result: self.walk(story, name) for name, ask in asked.items()}

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the walk of the question that is asked."""
        story = self.story(case.facts, narrative)
        story.answer(f"answer.{self.asks[case.asks].result}", self.walk(story, case.asks))
