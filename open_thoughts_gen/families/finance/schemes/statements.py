"""Statements with gaps: what a blank must be, or whether the figures that are printed settle it at all.

The statements articulate: profit goes into retained earnings and the cash flow, plant moves by purchases and
depreciation, and both balance sheets balance. The traps: the sign of a change in stock; dividends taken out of profit;
what was bought against what the plant has grown by. Where a figure is not settled, the trace shows how it could be
another with every sum still right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.finance.scheme import FinanceScheme, Reckoning
from open_thoughts_gen.families.finance.schemes import _books as books
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import Form
from open_thoughts_gen.families.kit.kinds import Kind, SomeOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import solved
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative

STEPS_WANTED = {1: (1, 1), 2: (2, 2), 3: (3, 3), 4: (4, 6)}
NUM_BLANKS = {1: (5, 7), 2: (6, 9), 3: (7, 11), 4: (9, 13)}
MOVED = Fraction(100)


@dataclass(slots=True)
class Statements(Reckoning):
    """The blanks that follow, one by one, along the shortest way to the target."""

    def worked_out(self, target: str) -> books.Number | None:
        """Return what a blank must be, said step by step; None where it is not settled."""
        known = books.cells_of(self.facts["rows"])
        reasons = books.reasons_for([cell for cell in books.CELLS if cell not in known])
        if target not in reasons:
            return None
        for cell in books.path_to(target, reasons):
            terms = reasons[cell].terms(cell, known)
            known[cell] = self.total(terms)
            self.say(
                "solve" if len(terms) > 1 else "copy",
                rule=reasons[cell].name,
                sum=tuple(terms),
                cell=books.named_cell(cell, self.facts["year"]),
                amount=known[cell],
            )
        return known[target]

    def sway(self, target: str, blanks: Collection[str]) -> Collection[str]:
        """Say how a blank could be another with every sum still right, and return the blanks that move with it."""
        moves = books.swayed(target, blanks)
        assert moves is not None
        year = self.facts["year"]
        self.say("sway", cell=books.named_cell(target, year), amount=MOVED)
        for cell, (move, rule) in moves.items():
            if cell != target:
                bank = "sway.more" if move > 0 else "sway.less"
                self.say(bank, rule=rule, other=books.named_cell(cell, year), amount=MOVED)
        self.say("sway.holds", cell=books.named_cell(target, year))
        return moves


class MissingLines(FinanceScheme):
    """Three statements of one firm, with blanks."""

    name: ClassVar[str] = "statements"
    more_words: ClassVar[Sequence[Path]] = (books.WORD_FILE,)
    amounts: ClassVar[str] = "now then amount"
    asks: ClassVar[Mapping[str, Ask]] = {
        "missing": Ask(Amount(), "missing", needs=("target",), coin="settled", outcomes=(True,)),
        "settled": Ask(YesNo(), "settled", needs=("target",), coin="settled"),
        "open": Ask(SomeOf(()), "open", level=2, coin="settled", outcomes=(False, False, False, True)),
    }

    def __init__(self) -> None:
        """Set the form in which each fact, and each value of a trace, is written."""
        self.forms: Mapping[str, Form[Any]] = {**self.shared_forms(), **books.forms(self.words.lists)}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question; a set is of the blanks."""
        return SomeOf(self.blank_names(case.facts)) if case.asks == "open" else super().kind_of(case)

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw books, and hide cells until the target takes as many steps as the level asks for, or is not settled."""
        cells = books.drawn_books(rng)
        if cells is None:
            return None
        target = rng.choice(books.CELLS)
        blanks, (least, most) = {target}, STEPS_WANTED[level]
        is_open = rng.random() < 0.5
        for _ in range(40):
            reasons = books.reasons_for(blanks)
            path = books.path_to(target, reasons)
            if not path if is_open else len(path) >= least:
                break
            used = [cell for step in path for cell in reasons[step].cells if cell not in blanks]
            more = blanks | {rng.choice(used)}
            if is_open or target in books.reasons_for(more):
                blanks = more
        if not is_open and not least <= len(path) <= most:
            return None
        num_blanks = rng.randint(*NUM_BLANKS[level])  # as many whether the target is settled or not
        for cell in rng.sample(books.CELLS, len(books.CELLS)):
            if len(blanks) >= num_blanks:
                break
            if cell not in blanks and books.path_to(target, books.reasons_for(blanks | {cell})) == path:
                blanks.add(cell)
        if len(blanks) != num_blanks:
            return None
        year = rng.randint(2028, 2039)
        shown = {cell: value for cell, value in cells.items() if cell not in blanks}
        return {
            "currency": rng.choice(("EUR", "SEK", "NOK", "CHF", "GBP", "DKK")),
            "year": year,
            "prior": year - 1,
            "rows": books.rows_of(shown),
            "target": books.named_cell(target, year),
        }

    def blank_names(self, facts: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the blank cells as an answer names them, in printed order."""
        shown = books.cells_of(facts["rows"])
        cell = self.forms["cell"]
        named = (books.named_cell(key, facts["year"]) for key in books.CELLS if key not in shown)
        return tuple(cell.write(value, "name", None) for value in named)  # type: ignore[arg-type]

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the target must be, whether it is settled, and which blanks are not."""
        shown = books.cells_of(facts["rows"])
        blanks = [key for key in books.CELLS if key not in shown]
        values = books.settled(shown)
        is_open = [key for key in blanks if key not in values and books.swayed(key, blanks) is not None]
        if len(is_open) + sum(key in values for key in blanks) < len(blanks):  # settled only by several sums at once
            return {"missing": None, "settled": None, "open": None}
        names = dict(zip(blanks, self.blank_names(facts), strict=True))
        results: dict[str, Any] = {"open": frozenset(names[key] for key in is_open), "missing": None, "settled": True}
        if "target" in facts:
            target = books.cell_key(facts["target"], facts["year"])
            results |= {"missing": values.get(target), "settled": target in values}
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the frame, the three statements, the conventions and the question."""
        values = {**case.facts, **case.cast}
        asked = page.say(f"prompt/ask.{case.asks}", **values)
        middle = [page.say("prompt/conventions"), page.say("prompt/colour")]
        return "\n\n".join((page.say("prompt/opening", **values), *books.tables(page, values), " ".join(middle), asked))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the way to the target; of a blank that is not settled, how it could be another."""
        facts, results = case.facts, self.assess(case.facts)
        story = Statements(facts, narrative.work, narrative)
        if case.asks == "open":
            self.tell_open(story, narrative)
            return
        target = books.cell_key(facts["target"], facts["year"])
        narrative.step("goal", target=facts["target"])
        value = story.worked_out(target)
        shown = {"target": facts["target"], "currency": facts["currency"]}
        if case.asks == "missing":
            narrative.answer("answer.missing", value, amount=value, **shown)
        elif value is not None:
            narrative.answer("answer.settled", narrative.work.settle(results["settled"]), amount=value, **shown)
        else:
            narrative.step("stuck", target=facts["target"])
            story.sway(target, [key for key in books.CELLS if key not in books.cells_of(facts["rows"])])
            narrative.answer("answer.open", narrative.work.settle(results["settled"]), target=facts["target"])

    def tell_open(self, story: Statements, narrative: Narrative) -> None:
        """Tell of each blank how it follows, or how it could be another."""
        year = story.facts["year"]
        shown = books.cells_of(story.facts["rows"])
        blanks = [key for key in books.CELLS if key not in shown]
        reasons = books.reasons_for(blanks)
        known = dict(shown)
        for cell, identity in reasons.items():
            terms = identity.terms(cell, known)
            known[cell] = story.total(terms)
            named = books.named_cell(cell, year)
            bank = "solve" if len(terms) > 1 else "copy"
            story.say(bank, rule=identity.name, sum=tuple(terms), cell=named, amount=known[cell])
        names = dict(zip(blanks, self.blank_names(story.facts), strict=True))
        is_open = [key for key in blanks if key not in reasons]
        swayed: set[str] = set()
        for key in is_open:
            if key not in swayed:
                swayed |= set(story.sway(key, blanks))
        answer = narrative.work.settle(frozenset(names[key] for key in is_open), frozenset())
        shown_names = SomeOf(self.blank_names(story.facts)).canonical(answer)
        narrative.answer("answer.some" if answer else "answer.none", answer, names=shown_names)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another target among the blanks, and cells hidden or shown."""
        facts = case.facts
        shown = books.cells_of(facts["rows"])
        values = books.settled(shown)
        for key in books.CELLS:
            if case.asks == "missing" and key not in shown and key in values:
                yield Change({"target": books.named_cell(key, facts["year"])})
            elif case.asks != "missing" and key in values:
                other = {cell: value for cell, value in shown.items() if cell != key}
                yield Change({"rows": books.rows_of(other if key in shown else {**shown, key: values[key]})})

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Solve all relations between the printed cells at once."""
        shown = books.cells_of(facts["rows"])
        known = solved([*equations(), *(({key: 1}, value) for key, value in shown.items())])
        blanks = [key for key in books.CELLS if key not in shown]
        names = dict(zip(blanks, self.blank_names(facts), strict=True))
        results: dict[str, Any] = {"open": frozenset(names[key] for key in blanks if key not in known)}
        if "target" in facts:
            target = books.cell_key(facts["target"], facts["year"])
            results |= {"settled": target in known, "missing": known.get(target)}
        return results


# The second implementation: what ties the cells, put down again as equations that come to nothing.
RELATIONS = """
revenue + cost - gross; gross + wages + depreciation - operating; operating + interest - pretax; pretax + tax - profit
plant + stock + receivables + cash - total_assets; capital + retained + loans + payables - total_claims
plant_then + stock_then + receivables_then + cash_then - total_assets_then
capital_then + retained_then + loans_then + payables_then - total_claims_then
total_assets - total_claims; total_assets_then - total_claims_then; profit - flow_profit
depreciation + flow_depreciation; stock - stock_then + flow_stock; receivables - receivables_then + flow_receivables
payables - payables_then - flow_payables
flow_profit + flow_depreciation + flow_stock + flow_receivables + flow_payables - operations
plant_then - plant - purchases - flow_depreciation; loans_then + new_loans - loans; capital_then + shares - capital
retained_then + profit + dividends - retained; new_loans + shares + dividends - financing
operations + purchases + financing - change; cash_then + change - cash
"""


def equations() -> Iterator[tuple[dict[str, int], int]]:
    """Yield what ties the cells, each as the signs of cells that come to nothing."""
    for relation in RELATIONS.replace("\n", ";").split(";"):
        tokens = f"+ {relation.strip()}".split()
        signs = {cell: 1 if sign == "+" else -1 for sign, cell in zip(tokens[::2], tokens[1::2], strict=False)}
        if signs:
            yield signs, 0


SCHEME = MissingLines()
