"""Answers questions about rows: a page of them, counts by facet, one whole row, and what belongs to it.

A client never sends SQL: it names a table, facets and values (`RowQuery`), and whatever it sends is a parameter of a
statement written here. Once the index is there, DuckDB may read the rows' files and nothing else, and no setting of it
can be changed. A search reads the texts of all rows, once: the numbers of the rows that match are kept for the next
pages. It can be interrupted at any moment, since every question is asked through a cursor of its own.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any

import duckdb
from pydantic import BaseModel, ConfigDict, Field

from open_thoughts_gen.publish.view.contents import Contents
from open_thoughts_gen.publish.view.facets import LABEL
from open_thoughts_gen.publish.view.index import NOTE, Facet, Index, build, exact, files_sql, number_sql, quoted
from open_thoughts_gen.publish.view.plain import plain
from open_thoughts_gen.tables.labels import Labelled, RowKey

MAX_PAGE = 200
MAX_RELATED = 50
_MAX_SEARCHES = 8
_SIGN, _ESCAPED = re.compile(r"[!-/:-@\[-`{-~]"), r"\\\g<0>"  # what RE2 may read as more than itself
_MEMORY = "96MB"
BADGES = ("outcome", "reason", "level", "domain")
Cursor = duckdb.DuckDBPyConnection


class Strict(BaseModel):
    """What a client sends: nothing that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Chosen(Strict):
    """Of a facet, the values that rows may have (None: no value), or the range that their numbers must be in."""

    values: Annotated[list[str | None], Field(max_length=1000)] | None = None
    least: float | None = None
    most: float | None = None


class RowQuery(Strict):
    """Which rows: of a table, those that all facets let through and whose texts hold `search`, whatever the case."""

    table: str
    filters: dict[str, Chosen] = {}
    search: str = Field(default="", max_length=1000)


class PageQuery(RowQuery):
    """Which of these rows to list, and in which order: that of the files, or by a facet."""

    order: str = ""
    descending: bool = False
    offset: int = Field(default=0, ge=0)
    limit: int = Field(default=50, ge=1, le=MAX_PAGE)


class UnknownNameError(Exception):
    """A client named a table, a facet or a row that is not there."""


class Rows:
    """The tables of a run or a dataset, with the labels of their rows."""

    def __init__(self, contents: Contents, labels: Mapping[RowKey, Labelled], folder: Path) -> None:
        """Read the tables once; the index is written to `folder`, which is empty and of nobody else."""
        config: dict[str, Any] = {"memory_limit": _MEMORY, "threads": 2, "temp_directory": str(folder / "spill")}
        self._connection = duckdb.connect(folder / "index.duckdb", config=config)
        self._indexes = {
            name: build(self._connection, f"index_{i}", files)
            for i, (name, files) in enumerate(contents.tables.items())
        }
        self._searches: dict[tuple[str, str], str] = {}
        self._num_searches = 0
        self._searching = threading.Lock()
        for labelled in labels.values():
            self.label(self._connection, labelled)
        paths = [str(file.path) for index in self._indexes.values() for file in index.files]
        allowed = [*paths, *map(exact, paths)]
        self._connection.execute("SET allowed_paths = $paths", {"paths": allowed})
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def cursor(self) -> Cursor:
        """Return what one question is asked through; `interrupt()` ends the question."""
        return self._connection.cursor()

    @property
    def tables(self) -> dict[str, int]:
        """How many rows each table has."""
        return {name: index.num_rows for name, index in self._indexes.items()}

    @property
    def facet_names(self) -> dict[str, list[dict[str, str]]]:
        """What rows of each table can be filtered and sorted by."""
        return {name: [{"name": facet} for facet in index.facets] for name, index in self._indexes.items()}

    def page(self, cursor: Cursor, query: PageQuery) -> dict[str, Any]:
        """Return how many rows there are, and some of them as the list shows them."""
        index = self._index(query.table)
        where, values = self._where(cursor, index, query)
        [(total,)] = cursor.execute(f"SELECT count(*) {where}", values).fetchall()
        order = ""
        if query.order:
            direction = "DESC" if query.descending else "ASC"
            order = f"ORDER BY {self._facet(index, query.order).column} {direction} NULLS LAST, n"
        statement = f"SELECT n {where} {order} LIMIT {query.limit} OFFSET {query.offset}"
        numbers = [n for (n,) in cursor.execute(statement, values).fetchall()]
        badges = {name: index.facets[name].column for name in BADGES if name in index.facets}
        names = ["n", "id", "attempt", "head", LABEL, *badges]
        columns = ", ".join([*names[:5], *badges.values()])
        statement = f"SELECT {columns} FROM {index.table} WHERE n IN (SELECT unnest($n))"
        cells = {row[0]: row for row in cursor.execute(statement, {"n": numbers}).fetchall()}
        rows = [dict(zip(names, map(plain, cells[n]), strict=True)) for n in numbers]
        return {"total": total, "rows": rows}

    def facets(self, cursor: Cursor, query: RowQuery) -> list[dict[str, Any]]:
        """Return each facet with counts of the rows that all other facets let through."""
        index = self._index(query.table)
        counts = []
        for name, facet in index.facets.items():
            others = {other: chosen for other, chosen in query.filters.items() if other != name}
            where, values = self._where(cursor, index, query.model_copy(update={"filters": others}))
            value = facet.column if facet.kind == "values" else f"floor({facet.column} / {facet.step}) * {facet.step}"
            order = "num DESC, value" if facet.kind == "values" else "value"
            statement = f"SELECT {value} AS value, count(*) AS num {where} GROUP BY value ORDER BY {order} LIMIT 1000"
            rows = cursor.execute(statement, values).fetchall()
            bars = [
                {"value": _word(value) if facet.kind == "values" else plain(value), "num": num} for value, num in rows
            ]
            counts.append({"name": name, "kind": facet.kind, "step": facet.step, "bars": bars})
        return counts

    def row(self, cursor: Cursor, table: str, number: int) -> dict[str, Any]:
        """Return all cells of one row."""
        files = self._index(table).files
        starts = list(accumulate((file.num_rows for file in files), initial=0))
        if not 0 <= number < starts[-1]:
            raise UnknownNameError(f"there is no row {number}")
        which = bisect_right(starts, number) - 1
        statement = f"SELECT * FROM {files_sql(files[which : which + 1])} WHERE file_row_number = $row"
        [cells] = cursor.execute(statement, {"row": number - starts[which]}).fetchall()
        names = [name for name, *_ in cursor.description or ()]
        return dict(zip(names, map(plain, cells), strict=True))

    def related(self, cursor: Cursor, table: str, number: int) -> list[dict[str, Any]]:
        """Return what belongs to a row, in all tables: other attempts at its question, and twins."""
        statement = f"SELECT id, twin FROM {self._index(table).table} WHERE n = $n"
        keys = cursor.execute(statement, {"n": number}).fetchall()
        if not keys:
            raise UnknownNameError(f"there is no row {number}")
        related: list[dict[str, Any]] = []
        for name, index in self._indexes.items():
            outcome = index.facets["outcome"].column if "outcome" in index.facets else "NULL"
            statement = (
                f"SELECT n, id, attempt, {outcome}, id = $id FROM {index.table} "
                f"WHERE id = $id OR id = $twin OR twin = $id LIMIT {MAX_RELATED}"
            )
            for n, key, attempt, result, same in cursor.execute(
                statement, dict(zip(("id", "twin"), keys[0], strict=True))
            ).fetchall():
                relation = "attempt" if same else "twin"
                related.append(
                    {"table": name, "n": n, "id": key, "attempt": attempt, "outcome": result, "relation": relation}
                )
        return [each for each in related if (each["table"], each["n"]) != (table, number)]

    def number_of(self, cursor: Cursor, table: str, key: RowKey) -> int:
        """Return the number of a row; without an attempt, the first of that id."""
        statement = (
            f"SELECT n FROM {self._index(table).table} WHERE id = $id AND ($attempt IS NULL OR attempt = $attempt)"
        )
        rows = cursor.execute(f"{statement} LIMIT 1", {"id": key.id, "attempt": key.attempt}).fetchall()
        if not rows:
            raise UnknownNameError(f"there is no row with the id {key.id}")
        return int(rows[0][0])

    def label_of(self, cursor: Cursor, table: str, number: int) -> dict[str, Any]:
        """Return the label and the note of a row."""
        statement = f"SELECT id, attempt, label, note FROM {self._index(table).table} WHERE n = $n"
        [cells] = cursor.execute(statement, {"n": number}).fetchall()
        return dict(zip(("id", "attempt", LABEL, NOTE), cells, strict=True))

    def label(self, cursor: Cursor, labelled: Labelled) -> None:
        """Remember what somebody says of a row, in place of what was said before."""
        for index in self._indexes.values():
            where = "WHERE id = $id AND attempt IS NOT DISTINCT FROM $attempt"
            cursor.execute(f"UPDATE {index.table} SET label = $label, note = $note {where}", labelled.model_dump())

    def _index(self, table: str) -> Index:
        if table not in self._indexes:
            raise UnknownNameError(f"there is no table {table!r}")
        return self._indexes[table]

    def _facet(self, index: Index, name: str) -> Facet:
        if name not in index.facets:
            raise UnknownNameError(f"there is no facet {name!r}")
        return index.facets[name]

    def _where(self, cursor: Cursor, index: Index, query: RowQuery) -> tuple[str, dict[str, Any]]:
        """Return the FROM and WHERE of a query, and the parameters."""
        conditions: list[str] = []
        values: dict[str, Any] = {}
        for name, chosen in query.filters.items():
            facet = self._facet(index, name)
            if chosen.values is not None:
                values[f"p{len(values)}"] = [value for value in chosen.values if value is not None]
                condition = f"{facet.column}::VARCHAR IN (SELECT unnest($p{len(values) - 1}::VARCHAR[]))"
                conditions.append(f"({condition} OR {facet.column} IS NULL)" if None in chosen.values else condition)
            for limit, sign in ((chosen.least, ">="), (chosen.most, "<=")):
                if limit is not None:
                    values[f"p{len(values)}"] = limit
                    conditions.append(f"TRY_CAST({facet.column} AS DOUBLE) {sign} $p{len(values) - 1}")
        if query.search:
            conditions.append(f"n IN (SELECT n FROM {self._matches(cursor, index, query.search)})")
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        return f"FROM {index.table} {where}", values

    def _matches(self, cursor: Cursor, index: Index, text: str) -> str:
        """Return the table of the numbers of rows whose texts hold a text; the last searches are remembered."""
        with self._searching:
            key = (index.table, text)
            if key not in self._searches:
                if len(self._searches) >= _MAX_SEARCHES:
                    cursor.execute(f"DROP TABLE {self._searches.pop(next(iter(self._searches)))}")
                self._num_searches += 1
                table = f"search_{self._num_searches}"
                holds = " OR ".join(f"regexp_matches({quoted(name)}, $pattern)" for name in index.texts) or "false"
                statement = f"SELECT {number_sql(index.files)} AS n FROM {files_sql(index.files)} WHERE {holds}"
                cursor.execute(f"CREATE TABLE {table} AS {statement}", {"pattern": f"(?i){_SIGN.sub(_ESCAPED, text)}"})
                self._searches[key] = table
            self._searches[key] = self._searches.pop(key)  # the one that was asked for last is dropped last
            return self._searches[key]


def _word(value: object) -> str | None:
    """Return a value of a facet as text, as DuckDB writes it."""
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
