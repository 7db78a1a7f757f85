"""Books that articulate: an income statement, two balance sheets and a cash flow, with every sum that ties them.

A cell is an item, and for the balance sheet at the end of the year before, the item with `_then`. An identity says that
the cells on its left come to those on its right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import CURRENCIES
from open_thoughts_gen.families.finance.scheme import FRAME, WORDS, FinanceScheme
from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, PrintedSoFar
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.traces import joined

WORD_FILE = WORDS / "books.yaml"
# The items of each statement, as the word file lists them.
STATEMENTS = {name: tuple(entry[""].split()) for name, entry in words.load(WORD_FILE).lists["statements"].items()}
INCOME, BALANCE, FLOW = STATEMENTS.values()
TABLES = "table listed dotted first equals starred csv worded entry prose prose2 prose3 mail bold arrow tex".split()
THEN = "_then"
CELLS = (*INCOME, *BALANCE, *(item + THEN for item in BALANCE), *FLOW)
Number = int | Fraction
Cells = Mapping[str, Number]
# In thousandths of sales, about; then by how much at most what moves is moved.
RANGES = {"plant": (250, 420), "stock": (80, 160), "receivables": (70, 140), "cash": (30, 70), "payables": (60, 110)}
MOVES = {"stock": 14, "receivables": 12, "payables": 10}


@dataclass(frozen=True, slots=True)
class Identity:
    """Cells that come to nothing with these signs: that on the left of the sum, with -1, and those on its right."""

    name: str
    signs: Mapping[str, int]

    def gap(self, cells: Cells) -> Number:
        """Return by how much the right is more than the left."""
        return sum(sign * cells[cell] for cell, sign in self.signs.items())

    def terms(self, cell: str, cells: Cells) -> list[Number]:
        """Return the terms that a cell is the sum of."""
        return [-self.signs[cell] * sign * cells[name] for name, sign in self.signs.items() if name != cell]


@cache
def identities() -> tuple[Identity, ...]:
    """Return the sums that tie the cells, as the word file lists them: `flow_stock = stock_then - stock`."""
    found = []
    for name, entry in words.load(WORD_FILE).lists["sums"].items():
        left, right = entry[""].split(" = ")
        signed = re.findall(r"(-?) ?\b(\w+)", right)
        found.append(Identity(name, {left: -1, **{cell: -1 if sign else 1 for sign, cell in signed}}))
    return tuple(found)


def drawn_books(rng: Random) -> dict[str, Number]:
    """Draw all cells of a firm that earns something, until no figure is out of proportion."""
    size = rng.randint(8, 60)
    then = {key: rng.randint(*bounds) * size for key, bounds in RANGES.items()}
    then["capital"] = 100 * rng.randint(size, 2 * size)
    total = sum(then[key] for key in BALANCE[:4])
    then["loans"] = 10 * round(total * rng.randint(22, 38) / 1000)
    then["retained"] = total - then["capital"] - then["payables"] - then["loans"]
    cells: dict[str, Number] = {"revenue": rng.randint(900, 1_100) * size, "depreciation": -rng.randint(25, 55) * size}
    cells["cost"] = -round(cells["revenue"] * rng.randint(560, 680) / 1000)
    cells["wages"] = -round(cells["revenue"] * rng.randint(160, 230) / 1000)
    cells["interest"] = -round(then["loans"] * rng.randint(40, 70) / 1000)
    cells |= {key + THEN: value for key, value in then.items()}
    cells |= {key: then[key] + rng.choice((-1, 1)) * rng.randint(2 * size, by * size) for key, by in MOVES.items()}
    cells["purchases"] = -rng.randint(25, 70) * size
    cells["new_loans"] = 10 * rng.choice((-1, 1)) * rng.randint(size // 2, 3 * size)
    cells["shares"] = 50 * rng.randint(1, size)
    profit = sum(cells[key] for key in ("revenue", "cost", "wages", "depreciation", "interest"))
    cells["tax"] = -round(profit * rng.randint(200, 290) / 1000)
    cells["dividends"] = -10 * round((profit + cells["tax"]) * rng.randint(15, 55) / 1000)
    books = settled(cells)
    is_sound = len(books) == len(CELLS) and books["profit"] > 0 and books["cash"] > 0 and then["retained"] > 0
    return books if is_sound and all(books.values()) else drawn_books(rng)


def paths_for(blanks: Collection[str]) -> dict[str, dict[str, Identity]]:
    """Return for each blank cell that follows what has to be worked out for it, itself last, each by which identity.

    A cell that follows in several ways has the shortest path of those that come up first.
    """
    gaps = [(identity, identity.signs.keys() & {*blanks}) for identity in identities()]
    paths: dict[str, dict[str, Identity]] = {}
    while ready := [(cell, identity) for identity, cells in gaps if len(cells) == 1 for cell in cells]:
        for cell, identity in ready:
            path: dict[str, Identity] = {}
            for other in identity.signs:  # in their order, which no hash decides
                path |= paths.get(other, {}) if other != cell else {}
            if cell not in paths or len(path) < len(paths[cell]) - 1:
                paths[cell] = path | {cell: identity}
        for _, cells in gaps:
            cells.difference_update(paths)
    return paths


def settled(cells: Cells) -> dict[str, Number]:
    """Return all cells that follow one by one, those that are given included."""
    known = dict(cells)
    for cell, path in paths_for([cell for cell in CELLS if cell not in cells]).items():
        known[cell] = sum(path[cell].terms(cell, known))
    return known


def swayed(target: str, blanks: Collection[str]) -> dict[str, tuple[int, str]] | None:
    """Return how far blank cells move if the target moves by one and every identity is to hold; None if none can.

    Each comes with the name of the identity that makes it move.
    """

    def extended(moves: dict[str, tuple[int, str]]) -> dict[str, tuple[int, str]] | None:
        for identity in identities():
            free = [cell for cell in identity.signs if cell in blanks and cell not in moves]
            rest = sum(sign * moves.get(cell, (0, ""))[0] for cell, sign in identity.signs.items())
            if rest and not free:
                return None
            if rest:
                options = (extended({**moves, cell: (-rest * identity.signs[cell], identity.name)}) for cell in free)
                return next((option for option in options if option is not None), None)
        return moves

    return extended({target: (1, "")})


def drawn_order(rng: Random, num: int) -> list[str]:
    """Draw which statements are printed, and the order of their lines as far as houses differ in it."""
    assets, claims, flows = (rng.sample(lines, len(lines)) for lines in (BALANCE[:4], BALANCE[5:9], FLOW[1:5]))
    one, other = rng.sample(([*assets, BALANCE[4]], [*claims, BALANCE[9]]), 2)
    first, second = rng.sample(([FLOW[6]], [*rng.sample(FLOW[7:10], 3), FLOW[10]]), 2)
    orders = {"income": [*INCOME[:3], *rng.sample(INCOME[3:5], 2), *INCOME[5:]], "balance": [*one, *other]}
    orders["flow"] = [FLOW[0], *flows, FLOW[5], *first, *second, FLOW[11]]
    return [item for name in rng.sample(list(orders), num) for item in orders[name]]


def rows_of(cells: Cells, items: Sequence[str]) -> list[dict[str, Any]]:
    """Return the rows of these items, each with the cells that are printed."""
    columns = {"now": "", "then": THEN}.items()
    shown = ({name: cells[item + tail] for name, tail in columns if item + tail in cells} for item in items)
    return [{"item": item, **each} for item, each in zip(items, shown, strict=True)]


def cells_on(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the cells that printed rows have, blank or not."""
    items = {row["item"] for row in rows}
    return [cell for cell in CELLS if cell.removesuffix(THEN) in items]


def cells_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Number]:
    """Return the printed cells of rows."""
    cells = {row["item"]: row["now"] for row in rows if "now" in row}
    return cells | {row["item"] + THEN: row["then"] for row in rows if "then" in row}


class BookScheme(FinanceScheme):
    """A scheme whose data are statements of one firm."""

    more_words: ClassVar[Sequence[Path]] = (WORD_FILE, FRAME)
    labels: ClassVar[Sequence[str]] = ("moves",)

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of figures, and of cells."""
        cells = {item: entry["low"] for item, entry in self.words.lists["items"].items()}
        balance = {item: f"{cells[item]} at the end of the year" for item in BALANCE}
        cells |= balance | {item + THEN: f"{text} before" for item, text in balance.items()}
        return {**super().own_forms(), "cell": EntryForm({key: {"": text} for key, text in cells.items()})}

    def printed(self, rng: Random, cells: Cells, items: Sequence[str]) -> dict[str, Any]:
        """Return the facts of statements that print these cells of these lines, with a currency and a year drawn."""
        year = rng.randint(2028, 2039)
        prior = {"prior": year - 1} if "cash" in items else {}
        return {"currency": rng.choice(CURRENCIES), "year": year, **prior, "rows": rows_of(cells, items)}

    def cell_name(self, key: str, year: int) -> str:
        """Return a cell as an answer names it, `Cash 2031`."""
        item = key.removesuffix(THEN)
        return self.words.lists["items"][item][""] + (f" {year - (item != key)}" if item in BALANCE else "")

    def listed_cells(self, keys: Sequence[str]) -> str:
        """Return cells as a sentence lists them."""
        return joined([self.forms["cell"].write(key, "", PrintedSoFar()) for key in keys])

    def data(self, case: ProblemCase, page: Page) -> str:
        """Return the statements of which there are rows, in a layout that the page draws."""
        style, printed = page.pen.pick("tables", *TABLES), []
        of = {item: name for name, items in STATEMENTS.items() for item in items}
        for name, rows in groupby(case.facts["rows"], key=lambda row: of[row["item"]]):
            lines = [page.say(f"prompt/{style}.{name}", **case.facts)]
            for row in rows:
                shown = "".join(f".{column}" for column in ("now", "then") if column in row) or ".blank"
                lines.append(page.say(f"prompt/{style}.{'two' if name == 'balance' else 'one'}{shown}", **row))
            printed.append((" " if style.startswith("prose") else "\n").join(lines))
        return "\n\n".join(printed)
