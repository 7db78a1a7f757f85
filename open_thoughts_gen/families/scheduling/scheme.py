"""What all schemes of scheduling share: the genres of the kit, forms, rows of a list, and the answer set program."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.clock import HOUR
from open_thoughts_gen.families.kit.forms import CountedForm, Form, PrintedSoFar
from open_thoughts_gen.families.kit.framing import PartedScheme
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import UnprovedError, least_cost
from open_thoughts_gen.families.kit.scheme import PatientScheme

Version = Callable[[Mapping[str, Any]], str]
_OFFSET = re.compile(r"UTC(?:([+-])(\d{1,2})(?::([0-5]\d))?)?(?![\d:])")


class OffsetForm(Form[int]):
    """How many minutes a clock is ahead of UTC: `UTC+5:30`, `UTC-3`, `UTC`."""

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return the offset."""
        hours, minutes = divmod(abs(value), HOUR)
        rest = f":{minutes:02}" if minutes else ""
        return f"UTC{'-' if value < 0 else '+'}{hours}{rest}" if value else "UTC"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the offset that stands here."""
        if match := _OFFSET.match(text, start):
            minutes = int(match[2] or 0) * HOUR + int(match[3] or 0)
            yield match.end(), -minutes if match[1] == "-" else minutes


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


def grounds(last: int, rests: Callable[[int], Iterable[int]]) -> list[int]:
    """Return the number of a conclusion and of all that it rests on, in order."""
    chosen, waiting = set[int](), [last]
    while waiting:
        number = waiting.pop()
        waiting += rests(number) if number not in chosen else ()
        chosen.add(number)
    return sorted(chosen)
