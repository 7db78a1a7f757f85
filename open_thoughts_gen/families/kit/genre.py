"""Pages in genres: a memo, a letter, minutes, a chat, each with orders of its parts in the words of a family.

The list `genre` has the orders of each genre. What leads in a part stands in `prompt/GENRE.PART`, or for all genres in
`prompt/lead.PART`, which is said more often than not; `prompt/GENRE.open` says which genre it is (`sets`). A part that
a scheme does not hand over (a scene, some colour) is said by the bank of its name. `framing` has genres of its own, in
which parts share a paragraph; here every part is one.

What such schemes do alike stands here as well: who is named, in what an answer set program numbers its sets, and rows
that are printed as a table, as a list or as prose.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cached_property
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import Form, NameForm
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import answer_set, named
from open_thoughts_gen.families.kit.rechecking import FigureForm
from open_thoughts_gen.families.kit.reckoning import Reckoning
from open_thoughts_gen.families.kit.scheme import ProblemScheme, column
from open_thoughts_gen.families.kit.telling import Narrative

Facts = Mapping[str, Any]
LEAD_RATE = 0.6


class GenreScheme(ProblemScheme):
    """A scheme whose prompts are pages in genres.

    `speakers` are people that its own banks name, beside who writes and who reads. `sets` says what a set among the
    results of its answer set program is numbered by, as `named` says names.
    """

    speakers: ClassVar[Sequence[str]] = ()
    sets: ClassVar[Mapping[str, str]] = {}

    @cached_property
    def known_forms(self) -> Mapping[str, Form[Any]]:
        """How every field is written, those of the frame included."""
        return {**super().known_forms, **dict.fromkeys(("writer", "reader", *self.speakers), NameForm())}

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of figures in a trace, in decimals where they end or always as fractions."""
        return {"figure": FigureForm(), "over": FigureForm(is_over=True)}

    def cast(self, rng: Random, facts: Facts) -> dict[str, Any]:
        """Draw the genre, who writes, who reads if somebody is addressed, and who else is named."""
        genre = rng.choice(list(self.words.lists["genre"]))
        printed = {name for bank in self.words.under(f"prompt/{genre}.") for name in self.words.printed(bank.name)}
        people = [*(name for name in ("writer", "reader") if name in printed), *self.speakers]
        first, last = (rng.sample(self.pool(name, within="people"), len(people)) for name in ("given", "family"))
        return {"genre": genre, **dict(zip(people, map(" ".join, zip(first, last, strict=True)), strict=True))}

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Return what the answer set program beside the scheme comes to."""
        sets = {result: column(facts, names) for result, names in self.sets.items()}
        return named(answer_set(self.word_file.with_suffix(".lp"), facts), **sets)

    def listed(
        self, case: ProblemCase, page: Page, rows: Iterable[tuple[str, Mapping[str, Any]]], head: str = "head"
    ) -> str:
        """Print rows, each by its bank, in a table, in prose or as a list: `BANK.table`, `BANK.prose`, `BANK.list`."""
        style = case.pen("layout").pick("style", "table", "prose", "list")
        lines = [f"prompt/{head}.table", f"prompt/{head}"] if style == "table" else []
        lines = [page.say(bank, **case.facts) for bank in lines if bank in self.words.banks]
        lines += [page.say(f"prompt/{bank}.{style}", **{**case.facts, **row}) for bank, row in rows]
        return (" " if style == "prose" else "\n").join(lines)

    def framed(self, case: ProblemCase, page: Page, **parts: str) -> str:
        """Return the whole prompt: its parts and the question in an order of the genre, with what leads them in."""
        banks, pen, genre = self.words.banks, case.pen("frame"), case.cast["genre"]
        parts = {"ask": page.say(f"prompt/ask.{case.asks}", **case.cast, **case.facts), **parts}
        orders = [order for name, order in self.words.lists["genre"][genre].items() if name]
        pieces: list[str] = []
        for part in pen.pick("order", *orders).split():
            if part in parts and not parts[part]:
                continue
            if f"prompt/{genre}.{part}" in banks:
                pieces.append(page.say(f"prompt/{genre}.{part}", **case.cast))
            elif f"prompt/lead.{part}" in banks and pen.chance(f"lead {part}", LEAD_RATE):
                pieces.append(page.say(f"prompt/lead.{part}"))
            if part in parts:
                pieces.append(parts[part])
            elif f"prompt/{part}" in banks:
                pieces.append(page.say(f"prompt/{part}", **self.printed_facts(case.facts)))
        return "\n\n".join(pieces)


class ReckonedScheme(GenreScheme):
    """A scheme whose derivation says what is asked (`steps/issue.QUESTION`) and is one reckoning from there.

    `extra` is the fact of a rule beside the main one: without it, what is asked is said by `issue.QUESTION.bare`.
    """

    extra: ClassVar[str] = ""

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Say what is asked, and reckon; days are read in the year of the first one."""
        narrative.year = next((value.year for value in case.facts.values() if isinstance(value, date)), None)
        reckoning = Reckoning(case.facts, narrative.work, narrative)
        reckoning.say(f"issue.{case.asks}{self.variant(case.facts)}")
        narrative.point = 1
        self.reckon(case.asks, reckoning)

    def variant(self, facts: Facts) -> str:
        """Return what the name of the step that says what is asked ends in."""
        return ".bare" if self.extra and self.extra not in facts else ""

    @abstractmethod
    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Come to the answer of a question, and say how."""


def patched(facts: Facts, key: str, patch: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return facts with those entries of a list changed that have the values of a patch in these fields."""
    entries = [{**each, **patch} if all(each[name] == patch[name] for name in names) else each for each in facts[key]]
    return {**facts, key: entries}
