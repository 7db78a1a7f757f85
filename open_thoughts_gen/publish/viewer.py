"""Which of the first rows the Hub's viewer will show, and which cells it will cut.

The viewer answers `/first-rows` with at most 100 rows and 1,000,000 bytes of JSON. It takes 10 rows in any case; if
those are already too many bytes it cuts their cells to 100 bytes each, from the last row backwards, until the rest
fits. Else it adds rows while they fit. This is the rule of huggingface/dataset-viewer (`viewer_utils/truncate_rows.py`)
for columns without media; it is simulated here because the judges of a dataset see these rows first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_ROWS = 100
MIN_ROWS = 10
MAX_BYTES = 1_000_000
CELL_BYTES = 100


@dataclass(frozen=True, slots=True)
class FirstRows:
    """What the viewer shows: how many rows, which cells (row, column) it cuts, and bytes of JSON by column."""

    num_rows: int
    cut_cells: tuple[tuple[int, str], ...]
    bytes_by_column: Mapping[str, int]

    def remark(self, num_rows: int) -> str:
        """Return one line on what a dataset of `num_rows` will not show, or nothing."""
        wanted = min(num_rows, MAX_ROWS)
        if self.num_rows == wanted and not self.cut_cells:
            return ""
        largest = sorted(self.bytes_by_column, key=lambda name: -self.bytes_by_column[name])[:3]
        sizes = ", ".join(f"{name} ({self.bytes_by_column[name]:,} bytes)" for name in largest)
        return (
            f"the Hub's viewer will show {self.num_rows} of the first {wanted} rows and cut {len(self.cut_cells)} "
            f"cells; the largest columns of these rows are {sizes}"
        )


def first_rows(rows: Sequence[Mapping[str, Any]]) -> FirstRows:
    """Simulate the viewer on the first hundred rows of a dataset; it shows no others."""
    rows = rows[:MAX_ROWS]
    by_column: dict[str, int] = {}
    for row in rows:
        for name, cell in row.items():
            by_column[name] = by_column.get(name, 0) + _num_bytes(cell)
    sizes = [_num_bytes({"row_idx": i, "row": row, "truncated_cells": []}) + 1 for i, row in enumerate(rows)]
    total = 2 + sum(sizes[:MIN_ROWS])
    if total >= MAX_BYTES:
        cut: list[tuple[int, str]] = []
        for i in reversed(range(len(rows[:MIN_ROWS]))):
            cells = rows[i].items() if total >= MAX_BYTES else ()
            for name, size in ((name, _num_bytes(cell)) for name, cell in cells):
                if size > CELL_BYTES:
                    total -= size - CELL_BYTES
                    cut.append((i, name))
        return FirstRows(len(rows[:MIN_ROWS]), tuple(cut), by_column)
    num_rows = len(sizes[:MIN_ROWS])
    for size in sizes[MIN_ROWS:]:
        total += size
        if total >= MAX_BYTES:
            break
        num_rows += 1
    return FirstRows(num_rows, (), by_column)


def _num_bytes(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))
