"""Books that articulate: an income statement, two balance sheets and a cash flow, with every sum that ties them.

A cell is an item, and for the balance sheet at the end of the year before, the item with `_then`. An identity says that
the cells on its left come to those on its right.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from random import Random
from typing import Any

from open_thoughts_gen.families.finance.scheme import WORDS
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm, PrintedSoFar, WholeForm
from open_thoughts_gen.families.kit.page import Page

WORD_FILE = WORDS / "books.yaml"
INCOME = ("revenue", "cost", "gross", "wages", "depreciation", "operating", "interest", "pretax", "tax", "profit")
BALANCE = (
    *("plant", "stock", "receivables", "cash", "total_assets", "capital", "retained", "loans", "payables"),
    "total_claims",
)
FLOW = (
    *("flow_profit", "flow_depreciation", "flow_stock", "flow_receivables", "flow_payables", "operations", "purchases"),
    *("new_loans", "shares", "dividends", "financing", "change"),
)
STATEMENTS = {"income": INCOME, "balance": BALANCE, "flow": FLOW}
THEN = "_then"
CELLS = (*INCOME, *BALANCE, *(item + THEN for item in BALANCE), *FLOW)
Number = int | Fraction
Cells = Mapping[str, Number]
Cell = tuple[str, int | None]  # an item, with its year if it stands in the balance sheet


@dataclass(frozen=True, slots=True)
class Identity:
    """What the cells on the left come to, those on the right come to as well; each with its sign."""

    name: str
    left: Mapping[str, int]
    right: Mapping[str, int]
    cells: tuple[str, ...]  # those that it ties

    def terms(self, cell: str, cells: Cells) -> list[Number]:
        """Return the terms that a cell is the sum of."""
        same, other = (self.left, self.right) if cell in self.left else (self.right, self.left)
        sign = same[cell]
        terms = [sign * factor * cells[name] for name, factor in other.items()]
        return terms + [-sign * factor * cells[name] for name, factor in same.items() if name != cell]


def _identity(name: str, left: str, *right: str) -> Identity:
    """Return an identity; a cell with a minus before it is deducted."""
    signed = {cell.lstrip("-"): -1 if cell[0] == "-" else 1 for cell in right}
    return Identity(name, {left: 1}, signed, (left, *signed))


def _at_both_ends(name: str, *cells: str) -> Iterator[Identity]:
    for tail in ("", THEN):
        yield _identity(name + tail, *(cell + tail for cell in cells))


IDENTITIES = (
    _identity("gross", "gross", "revenue", "cost"),
    _identity("operating", "operating", "gross", "wages", "depreciation"),
    _identity("pretax", "pretax", "operating", "interest"),
    _identity("profit", "profit", "pretax", "tax"),
    *_at_both_ends("assets", "total_assets", "plant", "stock", "receivables", "cash"),
    *_at_both_ends("claims", "total_claims", "capital", "retained", "loans", "payables"),
    *_at_both_ends("balance", "total_assets", "total_claims"),
    _identity("flow_profit", "flow_profit", "profit"),
    _identity("flow_depreciation", "flow_depreciation", "-depreciation"),
    _identity("flow_stock", "flow_stock", "stock_then", "-stock"),
    _identity("flow_receivables", "flow_receivables", "receivables_then", "-receivables"),
    _identity("flow_payables", "flow_payables", "payables", "-payables_then"),
    _identity("operations", "operations", *FLOW[:5]),
    _identity("plant", "plant", "plant_then", "-purchases", "-flow_depreciation"),
    _identity("loans", "loans", "loans_then", "new_loans"),
    _identity("capital", "capital", "capital_then", "shares"),
    _identity("retained", "retained", "retained_then", "profit", "dividends"),
    _identity("financing", "financing", "new_loans", "shares", "dividends"),
    _identity("change", "change", "operations", "purchases", "financing"),
    _identity("cash", "cash", "cash_then", "change"),
)


def drawn_books(rng: Random) -> dict[str, Number] | None:
    """Draw all cells of a firm that earns something; None where a figure is out of proportion."""
    size = rng.randint(8, 60)  # thousands of revenue, in thousands
    then = {
        "plant": rng.randint(250, 420) * size,
        "stock": rng.randint(80, 160) * size,
        "receivables": rng.randint(70, 140) * size,
        "cash": rng.randint(30, 70) * size,
        "capital": 100 * rng.randint(size, 2 * size),
        "payables": rng.randint(60, 110) * size,
    }
    total = sum(then[key] for key in BALANCE[:4])
    then["loans"] = 10 * round(total * rng.randint(22, 38) / 1000)
    then["retained"] = total - then["capital"] - then["payables"] - then["loans"]
    cells: dict[str, Number] = {"revenue": rng.randint(900, 1_100) * size, "depreciation": -rng.randint(25, 55) * size}
    cells["cost"] = -round(cells["revenue"] * rng.randint(560, 680) / 1000)
    cells["wages"] = -round(cells["revenue"] * rng.randint(160, 230) / 1000)
    cells["interest"] = -round(then["loans"] * rng.randint(40, 70) / 1000)
    cells |= {key + THEN: value for key, value in then.items()}
    for key, most in (("stock", 14), ("receivables", 12), ("payables", 10)):
        cells[key] = then[key] + rng.choice((-1, 1)) * rng.randint(2 * size, most * size)
    cells["purchases"] = -rng.randint(25, 70) * size
    cells["new_loans"] = 10 * rng.choice((-1, 1)) * rng.randint(size // 2, 3 * size)
    cells["shares"] = 50 * rng.randint(1, size)
    profit = sum(cells[key] for key in ("revenue", "cost", "wages", "depreciation", "interest"))
    cells["tax"] = -round(profit * rng.randint(200, 290) / 1000)
    cells["dividends"] = -10 * round((profit + cells["tax"]) * rng.randint(15, 55) / 1000)
    books = settled(cells)
    is_sound = len(books) == len(CELLS) and books["profit"] > 0 and books["cash"] > 0 and then["retained"] > 0
    return books if is_sound and all(books.values()) else None


TIES: Mapping[str, Sequence[Identity]] = {
    cell: [identity for identity in IDENTITIES if cell in identity.cells] for cell in CELLS
}


def reasons_for(blanks: Collection[str]) -> dict[str, Identity]:
    """Return by which identity each blank cell follows from cells that are known by then, in the order of following."""
    num_open: dict[str, int] = Counter([identity.name for cell in blanks for identity in TIES[cell]])
    reasons: dict[str, Identity] = {}
    ready = [identity for identity in IDENTITIES if num_open.get(identity.name) == 1]
    for identity in ready:  # which grows
        cell = next((cell for cell in identity.cells if cell in blanks and cell not in reasons), None)
        if cell is None:
            continue
        reasons[cell] = identity
        for tied in TIES[cell]:
            num_open[tied.name] -= 1
            if num_open[tied.name] == 1:
                ready.append(tied)
    return reasons


@lru_cache(maxsize=64)
def without(blanks: tuple[str, ...]) -> list[Identity]:
    """Return the identities with some totals replaced by what they are the sums of."""
    identities = list(IDENTITIES)
    for cell in blanks:
        pivot = next(identity for identity in identities if list(identity.left) == [cell])
        identities.remove(pivot)
        for index, identity in enumerate(identities):
            left, right = (
                {
                    part: sign * factor
                    for name, sign in side.items()
                    for part, factor in (pivot.right.items() if name == cell else ((name, 1),))
                }
                for side in (identity.left, identity.right)
            )
            identities[index] = Identity(identity.name, left, right, (*left, *right))
    return identities


def settled(cells: Cells) -> dict[str, Number]:
    """Return all cells that follow one by one, those that are given included."""
    known = dict(cells)
    for cell, identity in reasons_for([cell for cell in CELLS if cell not in cells]).items():
        known[cell] = sum(identity.terms(cell, known))
    return known


def path_to(target: str, reasons: Mapping[str, Identity]) -> list[str]:
    """Return the blank cells that have to be worked out for a target, in order, the target last."""
    needed: list[str] = []

    def add(cell: str) -> None:
        if cell in reasons and cell not in needed:
            for part in reasons[cell].cells:
                if part != cell:
                    add(part)
            needed.append(cell)

    add(target)
    return needed


def swayed(target: str, blanks: Collection[str]) -> dict[str, tuple[int, str]] | None:
    """Return how far blank cells move if the target moves by one and every identity is to hold; None if none can.

    Each comes with the name of the identity that makes it move.
    """

    def extended(moves: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]] | None:
        for identity in IDENTITIES:
            free = [cell for cell in identity.cells if cell in blanks and cell not in moves]
            signed = {**identity.left, **{cell: -sign for cell, sign in identity.right.items()}}
            rest = sum(sign * moves.get(cell, (0, ""))[0] for cell, sign in signed.items())
            if rest and not free:
                return None
            if rest:
                options = (extended({**moves, cell: (-rest * signed[cell], identity.name)}) for cell in free)
                return next((option for option in options if option is not None), None)
        return moves

    return extended({target: (1, "")})


def rows_of(cells: Cells, statements: Sequence[str] = tuple(STATEMENTS)) -> list[dict[str, Any]]:
    """Return the rows of these statements, each with the cells that are printed."""
    rows = []
    for item in (item for name in statements for item in STATEMENTS[name]):
        columns = (("now", item), ("then", item + THEN))
        rows.append({"item": item, **{column: cells[cell] for column, cell in columns if cell in cells}})
    return rows


def cells_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Number]:
    """Return the printed cells of rows."""
    cells = {row["item"]: row["now"] for row in rows if "now" in row}
    return cells | {row["item"] + THEN: row["then"] for row in rows if "then" in row}


def cell_key(cell: Cell, year: int) -> str:
    """Return the key of a cell."""
    item, of_year = cell
    return item if of_year in (None, year) else item + THEN


def named_cell(key: str, year: int) -> Cell:
    """Return an item with the year of its column, if it stands in the balance sheet."""
    item = key.removesuffix(THEN)
    if item not in BALANCE:
        return item, None
    return item, year - 1 if key.endswith(THEN) else year


class CellForm(Form[Cell]):
    """A cell: `trade receivables at the end of 2031`, or `gross profit`; `name` as an answer has it, `Cash 2031`."""

    styles = ("", "name")

    def __init__(self, items: Mapping[str, Mapping[str, str]]) -> None:
        """Take the items, each as the table has it and as a sentence has it (`low`)."""
        self._items = items

    def write(self, value: Cell, style: str, seen: PrintedSoFar) -> str:
        """Return the cell."""
        item, year = value
        if style == "name":
            return self._items[item][""] + (f" {year}" if year else "")
        return self._items[item]["low"] + (f" at the end of {year}" if year else "")

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield each cell that is named here."""
        for item, forms in self._items.items():
            words = forms["low"]
            if style or not text.startswith(words, start):
                continue
            end = start + len(words)
            tail = " at the end of "
            if item not in BALANCE:
                yield end, (item, None)
            elif text.startswith(tail, end) and text[end + len(tail) : end + len(tail) + 4].isdigit():
                year_at = end + len(tail)
                yield year_at + 4, (item, int(text[year_at : year_at + 4]))

    def unpack(self, packed: Any) -> Cell:  # noqa: ANN401  (JSON)
        """Return the cell."""
        item, year = packed
        return item, year


def forms(lists: Mapping[str, Mapping[str, Mapping[str, str]]]) -> dict[str, Form[Any]]:
    """Return how items, rules and cells are written, of the lists of the word file."""
    return {
        "prior": WholeForm(),
        "item": EntryForm(lists["items"]),
        "rule": EntryForm(lists["rules"]),
        **dict.fromkeys(("target", "cell", "other"), CellForm(lists["items"])),
        "names": NameForm(),
    }


def tables(page: Page, facts: Mapping[str, Any]) -> list[str]:
    """Return the statements of which there are rows, as tables or as lists."""
    rows = {row["item"]: row for row in facts["rows"]}
    head, line = page.pen.pick("tables", ("head", ""), ("listed", "listed."))
    printed = []
    for name, items in STATEMENTS.items():
        if items[0] not in rows:
            continue
        lines = [page.say(f"prompt/{head}.{name}", **facts)]
        for item in items:
            shown = "".join(f".{column}" for column in ("now", "then") if column in rows[item]) or ".blank"
            lines.append(page.say(f"prompt/{line}{'two' if name == 'balance' else 'one'}{shown}", **rows[item]))
        printed.append("\n".join(lines))
    return printed
