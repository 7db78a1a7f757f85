"""Statements with gaps: what a blank must be, or whether the figures that are printed settle it at all.

The statements articulate: profit goes into retained earnings and the cash flow, plant moves by purchases and
depreciation, and both balance sheets balance. The traps: the sign of a change in stock; dividends taken out of profit;
what was bought against what the plant has grown by. Where a figure is not settled, the trace shows how it could be
another with every sum still right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.finance.schemes import _books as books
from open_thoughts_gen.families.kit.authoring import Ask, Change, Figures, ProblemCase, YesNo
from open_thoughts_gen.families.kit.proof import solved

STEPS_WANTED = {1: (1, 1), 2: (2, 3), 3: (3, 5), 4: (5, 12)}
NUM_BLANKS = {1: (5, 7), 2: (6, 9), 3: (7, 11), 4: (9, 13)}
NUM_PRINTED = {1: (1, 2, 3), 2: (2, 2, 3), 3: (3,), 4: (3,)}  # statements
CELLS_MOVED = {1: (2, 4), 2: (2, 5), 3: (3, 9), 4: (4, 18)}  # that show how a target could be another
MOVED = Fraction(100)


class Statements(Figures):
    """The blanks that follow, one by one, along the shortest way to the target."""

    def worked_out(self, target: str) -> books.Number | None:
        """Return what a blank must be, said step by step; None where it is not settled."""
        known = books.cells_of(self.facts["rows"])
        paths = books.paths_for([cell for cell in books.CELLS if cell not in known])
        for cell, identity in paths.get(target, {}).items():
            terms = identity.terms(cell, known)
            known[cell] = self.know("amount", self.total(terms))
            self.say("solve" if len(terms) > 1 else "copy", rule=identity.name, sum=tuple(terms), cell=cell)
        return known.get(target)

    def sway(self, target: str) -> bool:
        """Say how a blank could be another with every sum still right; return whether it could."""
        shown = books.cells_of(self.facts["rows"])
        moves = books.swayed(target, [cell for cell in books.CELLS if cell not in shown])
        self.know("amount", MOVED, "sway", cell=target)
        for cell, (move, rule) in (moves or {}).items():
            if cell != target:
                self.say("sway.more" if move > 0 else "sway.less", rule=rule, other=cell)
        self.say("sway.holds", cell=target)
        return moves is not None


class MissingLines(books.BookScheme):
    """Three statements of one firm, with blanks."""

    name: ClassVar[str] = "statements"
    reckoning: ClassVar[type[Figures]] = Statements
    asks: ClassVar[Mapping[str, Ask]] = {
        "missing": Ask(Amount(), "missing", needs=("target",), coin="settled", outcomes=(True,)),
        "settled": Ask(YesNo(), "settled", needs=("target",), coin="settled"),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw books, hide cells, and ask about one that takes as many steps as the level has, or is not settled."""
        printed = books.drawn_order(rng, rng.choice(NUM_PRINTED[level]))
        sheet = books.cells_on(books.rows_of({}, printed))
        blanks = {*rng.sample(sheet, rng.randint(*NUM_BLANKS[level]) * len(sheet) // len(books.CELLS) + 1)}
        hidden = {*books.CELLS} - {*sheet} | blanks
        paths, is_open = books.paths_for(hidden), rng.random() < 0.5
        least, most = (CELLS_MOVED if is_open else STEPS_WANTED)[level]
        targets = [cell for cell in sheet if cell in blanks and is_open != (cell in paths)]
        ways = [books.swayed(cell, hidden) or () if is_open else paths[cell] for cell in targets]
        fitting = [cell for cell, way in zip(targets, ways, strict=True) if least <= len(way) <= most]
        if not fitting:
            return None
        shown = {cell: value for cell, value in books.drawn_books(rng).items() if cell not in blanks}
        return {**self.printed(rng, shown, printed), "target": rng.choice(fitting)}

    def walk(self, story: Statements, asks: str) -> object:
        """Return what the target must be, or whether it is settled; None where only several sums at once settle it."""
        target = story.facts["target"]
        story.say("goal")
        value = story.worked_out(target)
        if asks == "missing" or value is not None:
            return value if asks == "missing" else story.work.settle(True, False)
        story.say("stuck")
        return story.work.settle(False, True) if story.sway(target) else None

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another target among the blanks, and cells hidden or shown."""
        facts = case.facts
        shown, printed = books.cells_of(facts["rows"]), [row["item"] for row in facts["rows"]]
        values = books.settled(shown)
        for key in books.cells_on(facts["rows"]):
            if key not in shown:
                yield Change({"target": key})
            if key in values and key != facts["target"]:
                other = {cell: value for cell, value in values.items() if (cell in shown) != (cell == key)}
                yield Change({"rows": books.rows_of(other, printed)})

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Solve all relations between the printed cells at once."""
        known = solved([*equations(), *(({key: 1}, value) for key, value in books.cells_of(facts["rows"]).items())])
        return {"settled": facts["target"] in known, "missing": known.get(facts["target"])}


# The second implementation: what ties the cells, put down again in the word file, line by line.
def equations() -> Iterator[tuple[dict[str, int], int]]:
    """Yield what ties the cells, each as the signs of cells that come to nothing."""
    for relation in SCHEME.words.lists["relations"]:
        tokens = f"+ {relation}".split()
        yield {cell: 1 if sign == "+" else -1 for sign, cell in zip(tokens[::2], tokens[1::2], strict=True)}, 0


SCHEME = MissingLines()
