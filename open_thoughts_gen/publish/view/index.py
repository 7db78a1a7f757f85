"""The index of a table of rows: the columns that rows are listed, filtered and counted by, without the long texts.

It is a table of DuckDB in a file of its own, which is read in milliseconds where the Parquet files, of which it is made
once, would take a second for each question. What can be filtered by is decided here, by looking at the columns:

    values   words and small numbers that repeat: outcome, domain, split, level, the outcome of each verifier
    range    other numbers: pass rates, lengths of texts, what filters measured

A column that is the same in all rows, or different in nearly all of them, is not a facet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import duckdb

from open_thoughts_gen.publish.view.contents import SplitFile
from open_thoughts_gen.publish.view.facets import (
    LABEL,
    LENGTHS,
    MAX_NUMBERS,
    MAX_WORD,
    NO_FACETS,
    in_order,
    max_words,
    nice_step,
)

TEXTS = ("question", "reasoning", "response", "answer", "reference", "reason", "detail")
QUESTIONS = ("question", "prompt", "problem", "instruction", "input", "text")
NOTE = "note"
HEAD = 300  # characters of the question in the list
_SAMPLE = 5_000  # rows by which it is decided what may be a facet
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "FLOAT", "DOUBLE")


class Facet(NamedTuple):
    """What rows can be filtered by: its name for people, its column in the index, and of a range the width of a bar."""

    name: str
    column: str
    kind: Literal["values", "range"]
    step: float = 0


@dataclass(frozen=True, slots=True)
class Index:
    """A table of rows: its files, the name of its index in the database, the facets, and the texts to search."""

    files: Sequence[SplitFile]
    table: str
    facets: Mapping[str, Facet]
    texts: Sequence[str]

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return sum(file.num_rows for file in self.files)


def quoted(name: str) -> str:
    """Return a name of a column as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def exact(path: str) -> str:
    """Return a path as DuckDB reads it, which takes `*`, `?` and `[` in a path for a pattern."""
    return re.sub(r"[*?[]", lambda sign: f"[{sign[0]}]", path)


def files_sql(files: Sequence[SplitFile]) -> str:
    """Return the rows of files as SQL reads them."""
    return f"read_parquet([{', '.join(literal(exact(str(file.path))) for file in files)}])"


def number_sql(files: Sequence[SplitFile]) -> str:
    """Return the number of a row among those of all files, from 0, as SQL over `files_sql` computes it."""
    starts = [sum(file.num_rows for file in files[:i]) for i in range(len(files))]
    return f"([{', '.join(map(str, starts))}][file_index::BIGINT + 1] + file_row_number)"


def build(connection: duckdb.DuckDBPyConnection, table: str, files: Sequence[SplitFile]) -> Index:
    """Read the files once and write their index."""
    source = files_sql(files)
    types = {
        str(name): str(kind) for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    }
    words = [name for name, kind in types.items() if kind == "VARCHAR"]
    question = next((name for name in QUESTIONS if name in words), words[0] if words else "")
    head = quoted(question) if question else "''"
    standard = {
        "n": number_sql(files),
        "id": quoted("id") if "id" in words else f"sha256({head})[:16]",
        "attempt": f"{quoted('attempt')}::BIGINT" if types.get("attempt") in _NUMBERS else "NULL::BIGINT",
        "twin": next((quoted(name) for name in ("twin_of", "twin") if name in words), "NULL::VARCHAR"),
        "head": f"left({head}, {HEAD})",
        **dict.fromkeys((LABEL, NOTE), "NULL::VARCHAR"),
    }
    expressions = dict(_expressions(connection, files, types))
    columns = {f"c{i}": expression for i, expression in enumerate(expressions.values())}
    chosen = ", ".join(f"{expression} AS {name}" for name, expression in (standard | columns).items())
    connection.execute(f"CREATE TABLE {table} AS SELECT {chosen} FROM {source}")
    facets = _facets(connection, table, dict(zip(expressions, columns, strict=True)))
    texts = [name for name in words if name in TEXTS] or words
    return Index(files, table, facets, texts)


def _expressions(
    connection: duckdb.DuckDBPyConnection, files: Sequence[SplitFile], types: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Yield the name and the expression of all that may be a facet."""
    sample = f"(SELECT * FROM {files_sql(files)} LIMIT {_SAMPLE})"
    if len({file.split for file in files}) > 1:
        names = ", ".join(literal(file.split) for file in files)
        yield "split", f"[{names}][file_index::BIGINT + 1]"
    for name, kind in types.items():
        column = quoted(name)
        if kind in _NUMBERS or kind == "BOOLEAN":
            yield name, column
        elif kind == "VARCHAR" and name not in NO_FACETS:
            question = f"SELECT count(DISTINCT {column}), coalesce(max(length({column})), 0), count(*) FROM {sample}"
            [(num, longest, num_rows)] = connection.execute(question).fetchall()
            if num <= max_words(num_rows) and longest <= MAX_WORD:
                yield name, f"left({column}, {MAX_WORD})"
        elif name == "verdicts" and "verifier" in kind and "outcome" in kind:
            for verifier in _names(connection, f"unnest({column}).verifier", sample):
                match = f"list_filter({column}, lambda v: v.verifier = {literal(verifier)})[1]"
                yield f"verdict of {verifier}", f"{match}.outcome"
        elif name == "measures" and "name" in kind and "value" in kind:
            for measure in _names(connection, f"unnest({column}).name", sample):
                match = f"list_filter({column}, lambda v: v.name = {literal(measure)})[1].value"
                yield measure if measure not in types else f"{measure} (measured)", f"left({match}, {MAX_WORD})"
    for name in LENGTHS:
        if types.get(name) == "VARCHAR":
            yield f"length of {name}", f"length({quoted(name)})::BIGINT"


def _names(connection: duckdb.DuckDBPyConnection, expression: str, sample: str) -> list[str]:
    rows = connection.execute(f"SELECT DISTINCT {expression} AS name FROM {sample} ORDER BY name LIMIT 40").fetchall()
    return [name for (name,) in rows if name is not None]


def _facets(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, str]) -> dict[str, Facet]:
    """Return what is worth filtering by, what people look for first at the top."""
    facets = {LABEL: Facet(LABEL, LABEL, "values")}
    for name in in_order(columns):
        column = columns[name]
        counts = f"approx_count_distinct({column}), count({column}), count(*), any_value(typeof({column}))"
        [(num_values, num, num_rows, kind)] = connection.execute(f"SELECT {counts} FROM {table}").fetchall()
        if not num or (num_values == 1 and num == num_rows):
            continue
        number = f"TRY_CAST({column} AS DOUBLE)" if kind == "VARCHAR" else column
        if num_values > MAX_NUMBERS and kind != "BOOLEAN":
            question = f"SELECT count({number}), min({number}), max({number}) FROM {table}"
            [(num_numbers, least, most)] = connection.execute(question).fetchall()
            if num_numbers == num:
                facets[name] = Facet(name, number, "range", nice_step(least, most))
                continue
        if num_values <= max_words(num_rows):
            facets[name] = Facet(name, column, "values")
    return facets
