"""What all schemes of scheduling share: the genres of the kit, forms, rows of a list, and the answer set program."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.clock import OffsetForm
from open_thoughts_gen.families.kit.forms import CountedForm, Form
from open_thoughts_gen.families.kit.framing import PartedScheme
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import UnprovedError, least_cost
from open_thoughts_gen.families.kit.scheme import PatientScheme

Version = Callable[[Mapping[str, Any]], str]


class SchedulingScheme(PatientScheme, PartedScheme):
    """A scheme whose second implementation is the answer set program beside it."""

    more_words: ClassVar[Sequence[Path]] = (Path(__file__).parent / "words" / "common.yaml",)

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of scheduling."""
        return {"load": CountedForm("days", "hours", "vans", "sessions"), "offset": OffsetForm()}

    def rows(self, case: ProblemCase, page: Page, entries: Sequence[Mapping[str, Any]], version: Version) -> str:
        """Return entries as a table, as lines or as sentences, each by its bank `prompt/STYLE.VERSION`."""
        style = case.pen("data").pick("style", "table", "line", "prose")
        head = [page.say("prompt/table.head")] if style == "table" else []
        said = (page.say(f"prompt/{style}.{version(entry)}", **case.facts, **entry) for entry in entries)
        return (" " if style == "prose" else "\n").join([*head, *said])

    def least(self, **facts: object) -> int:
        """Return the least cost by the answer set program.

        Raises:
            UnprovedError: it has no answer set.

        """
        least = least_cost(self.word_file.with_suffix(".lp"), facts)
        if least is None:
            raise UnprovedError("no plan")
        return least

    def can(self, **facts: object) -> bool:
        """Return whether the answer set program has an answer set."""
        return least_cost(self.word_file.with_suffix(".lp"), facts) is not None
