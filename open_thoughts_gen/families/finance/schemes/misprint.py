"""One figure of three statements was retyped wrong: which one, and what it should read, if any is.

A wrong figure spoils every sum that it stands in and no other, so it is found where the sums that fail meet and none
that holds passes through. The traps: to blame the total in which the break shows; to stop at the first sum that fails.
Where totals were cut off, the sums that test the rest have to be built first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.finance.scheme import FinanceScheme, Reckoning
from open_thoughts_gen.families.finance.schemes import _books as books
from open_thoughts_gen.families.finance.schemes.statements import equations
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import Form
from open_thoughts_gen.families.kit.kinds import Kind, OneOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import UnprovedError, only
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

TWICE = (
    "profit",
    "flow_profit",
    "depreciation",
    "flow_depreciation",
    "total_assets",
    "total_claims",
)  # seen at a glance
TOTALS = ("total_assets", "total_assets_then", "total_claims", "total_claims_then")
STATEMENTS = {1: ("income",), 2: ("income", "flow"), 3: tuple(books.STATEMENTS), 4: tuple(books.STATEMENTS)}


class Audit(Reckoning):
    """The sums that the printed figures have to satisfy, gone through one by one."""

    @property
    def shown(self) -> books.Cells:
        """The printed cells."""
        return books.cells_of(self.facts["rows"])

    @property
    def identities(self) -> list[books.Identity]:
        """The sums between printed cells; the totals that were cut off are replaced by what they are the sums of."""
        shown = self.shown
        whole = books.without(tuple(cell for cell in TOTALS if cell not in shown))
        return [identity for identity in whole if all(cell in shown for cell in identity.cells)]

    def check(self, identity: books.Identity) -> books.Number:
        """Say whether a sum holds, and return by how much it does not."""
        shown = self.shown
        left, right = ([sign * shown[cell] for cell, sign in side.items()] for side in (identity.left, identity.right))
        computed, printed = self.total(right), self.total(left)
        gap = self.work("computed - printed", computed=computed, printed=printed)
        bank = "holds" if gap == 0 else "fails"
        bank += ".copy" if len(right) == len(left) == 1 else ".both" if len(left) > 1 else ""
        sums = {"sum": tuple(right), "other_sum": tuple(left), "computed": computed, "printed": printed}
        self.say(bank, rule=identity.name, gap=abs(gap), **sums)
        return gap

    def suspects(self) -> tuple[list[books.Identity], dict[str, books.Number]]:
        """Return the sums that fail, and each cell whose change alone would make all sums hold, with its value."""
        failing = [identity for identity in self.identities if self.gap(identity)]
        repairs: dict[str, books.Number] = {}
        for cell in failing[0].cells if failing else ():
            value = sum(failing[0].terms(cell, self.shown))
            repaired = {**self.shown, cell: value}
            if not any(self.gap(identity, repaired) for identity in self.identities if cell in identity.cells) and all(
                cell in identity.cells for identity in failing
            ):
                repairs[cell] = value
        return failing, repairs

    def gap(self, identity: books.Identity, cells: books.Cells | None = None) -> books.Number:
        """Return by how much a sum does not hold, without a word."""
        known = self.shown if cells is None else cells
        signed = [*identity.right.items(), *((cell, -sign) for cell, sign in identity.left.items())]
        return sum(sign * known[cell] for cell, sign in signed)


class Misprint(FinanceScheme):
    """Three statements of one firm, with at most one figure that is not what the ledger says."""

    name: ClassVar[str] = "misprint"
    more_words: ClassVar[Sequence[Path]] = (books.WORD_FILE,)
    amounts: ClassVar[str] = "now then amount computed printed gap"
    asks: ClassVar[Mapping[str, Ask]] = {
        "where": Ask(OneOf(()), "where", coin="agree", outcomes=(False,)),
        "right": Ask(Amount(), "right", coin="agree", outcomes=(False,)),
        "agree": Ask(YesNo(), "agree", coin="agree"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact, and each value of a trace, is written."""
        self.forms: Mapping[str, Form[Any]] = {**self.shared_forms(), **books.forms(self.words.lists)}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question; where the fault is, is one of the printed cells."""
        if case.asks != "where":
            return super().kind_of(case)
        shown = books.cells_of(case.facts["rows"])
        return OneOf(tuple(self.cell_name(cell, case.facts["year"]) for cell in shown))

    def cell_name(self, cell: str, year: int) -> str:
        """Return a cell as an answer names it."""
        return self.forms["cell"].write(books.named_cell(cell, year), "name", None)  # type: ignore[arg-type]

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw books, cut off totals, and spoil one cell, or none."""
        cells = books.drawn_books(rng)
        if cells is None:
            return None
        year = rng.randint(2028, 2039)
        shown = books.cells_of(books.rows_of(cells, STATEMENTS[level]))
        shown = {cell: value for cell, value in shown.items() if level < 4 or cell not in TOTALS}
        if rng.random() < 0.7:
            cell = rng.choice([cell for cell in shown if cell.removesuffix(books.THEN) not in TWICE])
            shown[cell] = slipped(shown[cell], rng)
        facts = {"currency": rng.choice(("EUR", "SEK", "NOK", "CHF", "GBP", "DKK")), "year": year}
        if "balance" in STATEMENTS[level]:
            facts["prior"] = year - 1
        return {**facts, "rows": books.rows_of(shown, STATEMENTS[level])}

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return whether all sums hold, and else the one figure that spoils them."""
        failing, repairs = Audit(facts, Work(is_quiet=True)).suspects()
        if not failing:
            return {"agree": True, "where": None, "right": None}
        if len(repairs) != 1:
            return {"agree": None, "where": None, "right": None}
        ((cell, value),) = repairs.items()
        return {"agree": False, "where": self.cell_name(cell, facts["year"]), "right": value}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the frame, the three statements, the conventions and the question."""
        values = {**case.facts, **case.cast}
        middle = [page.say("prompt/conventions")] if "prior" in values else []
        middle += [page.say("prompt/cut")] if case.level == 4 else []
        middle.append(page.say("prompt/colour"))
        asked = page.say(f"prompt/ask.{case.asks}", **values)
        return "\n\n".join((page.say("prompt/opening", **values), *books.tables(page, values), " ".join(middle), asked))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the sums that fail, what the others clear, and what the figure that is left should read."""
        audit = Audit(case.facts, narrative.work, narrative)
        failing, repairs = audit.suspects()
        if case.asks == "agree":
            for identity in audit.identities:
                if audit.check(identity):
                    narrative.answer("answer.no", narrative.work.settle(False, True), rule=identity.name)
                    return
            narrative.answer("answer.yes", narrative.work.settle(not failing))
            return
        year = case.facts["year"]
        for identity in failing:
            audit.check(identity)
        (culprit,) = repairs
        self.clear(audit, failing, culprit)
        named = books.named_cell(culprit, year)
        others = [cell for cell in failing[0].cells if cell != culprit]
        terms = failing[0].terms(culprit, audit.shown)
        amount = audit.total(terms)
        audit.say("left", cell=named)
        audit.say("repair", rule=failing[0].name, cell=named, sum=tuple(terms), amount=amount)
        for identity in failing[1:]:
            again = identity.terms(culprit, audit.shown)
            audit.total(again)
            audit.say("again", rule=identity.name, cell=named, other_sum=tuple(again), amount=amount)
        shown = {"cell": named, "amount": amount, "currency": case.facts["currency"]}
        if case.asks == "right":
            narrative.answer("answer.right", amount, **shown)
        else:
            settled = narrative.work.settle(culprit, *others[:1])
            narrative.answer("answer.where", self.cell_name(settled, year), **shown)

    def clear(self, audit: Audit, failing: Sequence[books.Identity], culprit: str) -> None:
        """Say which sums that hold clear the other figures of those that fail."""
        suspects = [
            cell for cell in failing[0].cells if cell != culprit and all(cell in identity.cells for identity in failing)
        ]
        if len(failing) > 1:
            year = audit.facts["year"]
            every = [cell for cell in failing[0].cells if cell in (*suspects, culprit)]
            audit.say("meet" if suspects else "meet.one", names=self.listed(every, year))
        for identity in audit.identities:
            cleared = [cell for cell in suspects if cell in identity.cells]
            if cleared and identity not in failing:
                audit.check(identity)
                audit.say("cleared", names=self.listed(cleared, audit.facts["year"]))
                suspects = [cell for cell in suspects if cell not in cleared]

    def listed(self, cells: Sequence[str], year: int) -> str:
        """Return cells as a sentence lists them."""
        form = self.forms["cell"]
        names = [form.write(books.named_cell(cell, year), "", None) for cell in cells]  # type: ignore[arg-type]
        return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the books put right, or spoilt in another cell."""
        audit = Audit(case.facts, Work(is_quiet=True))
        failing, repairs = audit.suspects()
        right, statements = {**audit.shown, **repairs}, STATEMENTS[case.level]
        if failing and case.asks == "agree":
            yield Change({"rows": books.rows_of(right, statements)})
            return
        for cell in rng.sample(list(right), min(12, len(right))):
            if cell.removesuffix(books.THEN) not in TWICE and cell not in repairs:
                rows = books.rows_of({**right, cell: slipped(right[cell], rng)}, statements)
                if self.assess({**case.facts, "rows": rows})["agree"] is False:
                    yield Change({"rows": rows})

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Try every printed cell, for one value of it that makes all relations hold."""
        shown = books.cells_of(facts["rows"])
        relations = printed_relations(frozenset(shown))
        gaps = [sum(sign * shown[cell] for cell, sign in relation.items()) for relation in relations]
        if not any(gaps):
            return {"agree": True}

        def shift(cell: str) -> books.Number | None:
            """Return the one number that a cell has to be changed by; None where no number will do."""
            shifts = {
                Fraction(-gap) / relation[cell] if cell in relation else None
                for relation, gap in zip(relations, gaps, strict=True)
                if gap or cell in relation
            }
            return shifts.pop() if len(shifts) == 1 else None

        cell = only(shown, lambda cell: shift(cell) is not None)
        by = shift(cell)
        if by is None:
            raise UnprovedError("no figure makes the sums hold")
        return {"agree": False, "where": self.cell_name(cell, facts["year"]), "right": shown[cell] + by}


def slipped(value: books.Number, rng: Random) -> books.Number:
    """Return a figure as a typist gets it wrong: two digits exchanged, or one of them another."""
    digits = list(str(abs(value)))
    swaps = [
        index for index in range(len(digits) - 1) if digits[index] != digits[index + 1] and digits[index + 1] != "0"
    ]
    if swaps and rng.random() < 0.8:
        index = rng.choice(swaps)
        digits[index], digits[index + 1] = digits[index + 1], digits[index]
    else:
        index = rng.randrange(len(digits))
        digits[index] = str(int(digits[index]) % 9 + 1)
    return int("".join(digits)) * (-1 if value < 0 else 1)


@lru_cache(maxsize=64)
def printed_relations(shown: frozenset[str]) -> list[dict[str, int]]:
    """Return what ties the printed cells: the relations, with the cells that are not printed eliminated."""
    relations = [dict(signs) for signs, _ in equations()]
    for cell in sorted({cell for relation in relations for cell in relation} - shown):
        pivot = next((relation for relation in relations if cell in relation), {})
        relations = [relation for relation in relations if relation is not pivot]
        for relation in relations:
            factor = relation.get(cell, 0) * pivot.get(cell, 0)
            for other, sign in pivot.items() if factor else ():
                relation[other] = relation.get(other, 0) - factor * sign
                if not relation[other]:
                    del relation[other]
    return relations


SCHEME = Misprint()
