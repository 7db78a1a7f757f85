"""One figure of three statements was retyped wrong: which one, and what it should read, if any is.

A wrong figure spoils every sum that it stands in and no other, so it is found where the sums that fail meet and none
that holds passes through. The traps: to blame the total in which the break shows; to stop at the first sum that fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.finance.schemes import _books as books
from open_thoughts_gen.families.finance.schemes.statements import equations
from open_thoughts_gen.families.kit.authoring import Ask, Change, Figures, OneOf, ProblemCase, YesNo
from open_thoughts_gen.families.kit.proof import only

AT_A_GLANCE = {"profit", "flow_profit", "depreciation", "flow_depreciation", "total_assets", "total_claims"}
NUM_PRINTED = {1: (1, 2, 2), 2: (2,), 3: (3,), 4: (3,)}  # statements
NUM_HOLDING = {1: (0, 2), 2: (2, 5), 3: (5, 9), 4: (10, 24)}  # sums that hold before the first that fails


class Audit(Figures):
    """The sums that the printed figures have to satisfy, gone through one by one."""

    @property
    def shown(self) -> books.Cells:
        """The printed cells."""
        return books.cells_of(self.facts["rows"])

    @property
    def identities(self) -> list[books.Identity]:
        """The sums between printed cells, in the order in which what they come to is printed."""
        shown, items = self.shown, [row["item"] for row in self.facts["rows"]]
        sums = [identity for identity in books.identities() if shown.keys() >= identity.signs.keys()]
        return sorted(sums, key=lambda identity: items.index(next(iter(identity.signs)).removesuffix(books.THEN)))

    def check(self, identity: books.Identity) -> books.Number:
        """Say whether a sum holds, and return by how much it does not."""
        left = next(iter(identity.signs))
        terms, printed = identity.terms(left, self.shown), self.shown[left]
        computed = self.total(terms)
        gap = self.work("computed - printed", computed=computed, printed=printed)
        bank = f"{'fails' if gap else 'holds'}{'.copy' * (len(terms) == 1)}"
        self.say(bank, rule=identity.name, gap=abs(gap), sum=tuple(terms), computed=computed, printed=printed)
        return gap

    def suspects(self) -> tuple[list[books.Identity], dict[str, books.Number]]:
        """Return the sums that fail, and each cell whose change alone would make all sums hold, with its value."""
        shown, sums = self.shown, self.identities
        failing = [identity for identity in sums if identity.gap(shown)]
        repairs: dict[str, books.Number] = {}
        for cell in failing[0].signs if failing else ():
            value = sum(failing[0].terms(cell, shown))
            if not any(identity.gap({**shown, cell: value}) for identity in sums):
                repairs[cell] = value
        return failing, repairs


class Misprint(books.BookScheme):
    """Statements of one firm, with at most one figure that is not what the ledger says."""

    name: ClassVar[str] = "misprint"
    reckoning: ClassVar[type[Figures]] = Audit
    asks: ClassVar[Mapping[str, Ask]] = {
        "where": Ask(OneOf(()), "where", coin="agree", outcomes=(False,)),
        "right": Ask(Amount(), "right", coin="agree", outcomes=(False,)),
        "agree": Ask(YesNo(), "agree", coin="agree"),
    }

    def names_of(self, case: ProblemCase) -> Sequence[str]:
        """Return the printed cells."""
        return [self.cell_name(cell, case.facts["year"]) for cell in books.cells_of(case.facts["rows"])]

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw books, and spoil one cell; put it right in some, so that where it stands tells nothing."""
        cells, items = books.drawn_books(rng), books.drawn_order(rng, rng.choice(NUM_PRINTED[level]))
        right = books.cells_of(books.rows_of(cells, items))
        cell = rng.choice([cell for cell in right if cell.removesuffix(books.THEN) not in AT_A_GLANCE])
        audit = Audit(self.printed(rng, {**right, cell: slipped(right[cell], rng)}, items))
        failing, repairs = audit.suspects()
        least, most = NUM_HOLDING[level]
        is_fit = len(repairs) == 1 and least <= audit.identities.index(failing[0]) <= most
        rows = books.rows_of(right, items) if rng.random() < 0.4 else audit.facts["rows"]
        return {**audit.facts, "rows": rows} if is_fit else None

    def walk(self, story: Audit, asks: str) -> object:
        """Return whether all sums hold, and else the one figure that spoils them, or what it should read."""
        failing, repairs = story.suspects()
        if len(repairs) != bool(failing) or (asks != "agree" and not failing):
            return None
        broken = next((identity for identity in story.identities if story.check(identity)), None)
        story.know("rule", broken.name if broken else "")
        if asks == "agree":
            return story.work.settle(not broken, bool(broken))
        (culprit,) = repairs
        for identity in failing[1:]:
            story.check(identity)
        suspects = [cell for cell in failing[0].signs if all(cell in identity.signs for identity in failing)]
        if len(failing) > 1:
            story.say("meet" if len(suspects) > 1 else "meet.one", names=self.listed_cells(suspects))
        left, has_failed = {*suspects} - {culprit}, False
        for identity in story.identities:
            has_failed |= identity in failing
            names = [cell for cell in suspects if cell in left & identity.signs.keys()]
            if names and identity not in failing:
                if has_failed:
                    story.check(identity)
                story.say(
                    "cleared" if has_failed else "cleared.before", names=self.listed_cells(names), rule=identity.name
                )
                left -= {*names}
        story.know("cell", culprit, "left" if len(suspects) > 1 else "")
        terms = failing[0].terms(culprit, story.shown)
        amount = story.know("amount", story.total(terms), "repair", rule=failing[0].name, sum=tuple(terms))
        for identity in failing[1:]:
            again = identity.terms(culprit, story.shown)
            story.total(again)
            story.say("again", rule=identity.name, other_sum=tuple(again))
        if asks == "right":
            return amount
        others = [cell for cell in failing[0].signs if cell != culprit]
        return self.cell_name(story.work.settle(culprit, *others[:1]), story.facts["year"])

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the books put right, or spoilt in another cell."""
        _, repairs = Audit(case.facts).suspects()
        right, items = {**books.cells_of(case.facts["rows"]), **repairs}, [row["item"] for row in case.facts["rows"]]
        yield Change({"rows": books.rows_of(right, items)})
        for cell in rng.sample(list(right), min(12, len(right))):
            if cell.removesuffix(books.THEN) not in AT_A_GLANCE and cell not in repairs:
                yield Change({"rows": books.rows_of({**right, cell: slipped(right[cell], rng)}, items)})

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Try every printed cell, for one number that it can be changed by so that all relations hold."""
        shown = books.cells_of(facts["rows"])
        relations = [signs for signs, _ in equations() if signs.keys() <= shown.keys()]
        gaps = [Fraction(-sum(sign * shown[cell] for cell, sign in signs.items())) for signs in relations]
        if not any(gaps):
            return {"agree": True}

        def shift_of(cell: str) -> Fraction | None:
            """Return what all relations ask a cell to be changed by; None where they differ or it can do nothing."""
            pairs = zip(relations, gaps, strict=True)
            shifts = {gap / signs[cell] if cell in signs else None for signs, gap in pairs if gap or cell in signs}
            return shifts.pop() if len(shifts) == 1 else None

        cell = only(shown, lambda cell: shift_of(cell) is not None)
        right = shown[cell] + (shift_of(cell) or 0)
        return {"agree": False, "where": self.cell_name(cell, facts["year"]), "right": right}


def slipped(value: books.Number, rng: Random) -> books.Number:
    """Return a figure as a typist gets it wrong: two digits exchanged, or one of them another."""
    digits = str(abs(value))
    pairs = [index for index in range(len(digits) - 1) if digits[index] != digits[index + 1] != "0"]
    swapped = [f"{digits[:at]}{digits[at + 1]}{digits[at]}{digits[at + 2 :]}" for at in pairs]
    at = rng.randrange(len(digits))
    other = f"{digits[:at]}{int(digits[at]) % 9 + 1}{digits[at + 1 :]}"
    return int(rng.choice(swapped) if swapped and rng.random() < 0.8 else other) * (-1 if value < 0 else 1)


SCHEME = Misprint()
