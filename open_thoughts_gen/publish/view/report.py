"""One page that holds its rows: a file to open, to send or to put on the web, which loads nothing from elsewhere.

It is the viewer's own page with its style and its module written into it and the rows beside them as JSON, so that both
show rows alike. Its content security policy names the hashes of these two and allows nothing else: no other script, no
request. Every run folder has such a page of its first rows (`report.html`), so it is kept small: long cells are cut,
and rows are added until there are enough or the page is large enough. It needs neither a server nor DuckDB.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from open_thoughts_gen.publish.pictures import light_pictures
from open_thoughts_gen.publish.view.facets import (
    LENGTHS,
    MAX_NUMBERS,
    MAX_WORD,
    NO_FACETS,
    in_order,
    max_words,
    nice_step,
)
from open_thoughts_gen.publish.view.plain import plain

PAGE = files("open_thoughts_gen.publish.view") / "page"
EMBEDDED = "embedded-rows"
META = '<meta http-equiv="Content-Security-Policy" content="{}">'
MAX_CELL = 20_000  # characters
NUM_ROWS = 50
_FEW = 20  # rows that are read at once
MAX_BYTES = 600_000  # of the rows of a table
Row = dict[str, Any]


def run_report(title: str, folder: Path, counts: Mapping[str, Any]) -> str:
    """Return the page of a run folder, whose other files are written by now."""
    data = sorted(
        (folder / "dataset" / "data").glob("*.parquet"), key=lambda file: (file.name[:5] != "train", file.name)
    )
    beside = {name: [folder / f"{name}.parquet"] for name in ("dropped", "review")}
    tables = {"rows": data, **{name: files for name, files in beside.items() if files[0].is_file()}}
    return report(title, tables, counts=counts, figures=light_pictures(folder / "dataset"))


def report(
    title: str,
    tables: Mapping[str, Sequence[Path]],
    *,
    num_rows: int = NUM_ROWS,
    max_bytes: int = MAX_BYTES,
    counts: Mapping[str, Any] | None = None,
    figures: Sequence[Path] = (),
) -> str:
    """Return the page of the first rows of each table, given as Parquet files."""
    totals = {name: sum(pq.read_metadata(file).num_rows for file in paths) for name, paths in tables.items()}
    rows = {name: _first_rows(paths, num_rows, max_bytes) for name, paths in tables.items()}
    rows = {name: some for name, some in rows.items() if some or name == next(iter(tables))}
    shown = [
        f"the first {len(some):,} of {totals[name]:,} {name}" for name, some in rows.items() if len(some) < totals[name]
    ]
    page = {
        "title": title,
        "remark": f"This page holds {' and '.join(shown)}." if shown else "",
        "tables": rows,
        "facets": {name: list(_facets(some)) for name, some in rows.items()},
        "account": {"counts": counts} if counts else {},
        "figures": [{"source": _data_url(file), "alt": f"Figure: {file.stem}"} for file in figures],
    }
    return _with_everything(json.dumps(page, ensure_ascii=False, separators=(",", ":")))


def _first_rows(paths: Iterable[Path], num_rows: int, max_bytes: int) -> list[Row]:
    rows: list[Row] = []
    for path in paths:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_FEW):
                for row in batch.to_pylist():
                    cells = {name: _cut(plain(cell)) for name, cell in row.items() if cell is not None}
                    max_bytes -= len(json.dumps(cells, ensure_ascii=False))
                    if len(rows) >= num_rows or (rows and max_bytes < 0):
                        return rows
                    rows.append(cells)
    return rows


def _cut(cell: object) -> object:
    if isinstance(cell, str) and len(cell) > MAX_CELL:
        return f"{cell[:MAX_CELL]} … (cut: {len(cell):,} characters)"
    return [_cut(each) for each in cell] if isinstance(cell, list) else cell


def _facets(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Yield what these rows can be filtered by."""
    values: dict[str, list[Any]] = {}
    for row in rows:
        traits = {
            name: cell for name, cell in row.items() if isinstance(cell, str | int | float) and name not in NO_FACETS
        }
        traits |= {f"verdict of {each['verifier']}": each["outcome"] for each in row.get("verdicts") or ()}
        traits |= {f"length of {name}": len(row[name]) for name in LENGTHS if isinstance(row.get(name), str)}
        for name, cell in traits.items():
            values.setdefault(name, []).append(cell)
    for name in in_order(values):
        cells = values[name]
        num = len(set(cells))
        if num > MAX_NUMBERS and {type(cell) for cell in cells} <= {int, float}:
            yield {"name": name, "kind": "range", "step": nice_step(min(cells), max(cells))}
        elif (
            num + (len(cells) < len(rows)) > 1
            and num <= max_words(len(rows))
            and max(map(len, map(str, cells))) <= MAX_WORD
        ):
            yield {"name": name, "kind": "values", "step": 0}


def _data_url(file: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"


def _with_everything(rows: str) -> str:
    """Return the page with its style, its module and the rows in it."""
    style, module = ((PAGE / name).read_text("utf-8") for name in ("view.css", "view.js"))
    policy = (
        f"default-src 'none'; script-src '{_hash(module)}'; style-src '{_hash(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    # In JSON `<` stands in strings alone, where it may be written so; nothing in the rows can end the element.
    rows = rows.replace("<", r"\u003c")
    data = f'<script type="application/json" id="{EMBEDDED}">{rows}</script>'
    parts = {
        '<meta charset="utf-8">': f'<meta charset="utf-8">\n{META.format(policy)}',
        '<link rel="stylesheet" href="view.css">': f"<style>{style}</style>",
        '<script type="module" src="view.js"></script>': f'{data}\n<script type="module">{module}</script>',
    }
    head, end, rest = (PAGE / "index.html").read_text("utf-8").partition("</head>")
    for part, instead in parts.items():
        head = head.replace(part, instead)
    return head + end + rest


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
