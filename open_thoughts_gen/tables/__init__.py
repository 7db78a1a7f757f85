"""Rows of the user's files: JSON, CSV, TSV and Parquet, each row with its line, one at a time."""

from open_thoughts_gen.tables.cells import Row as Row
from open_thoughts_gen.tables.cells import RowCells as RowCells
from open_thoughts_gen.tables.cells import as_json as as_json
from open_thoughts_gen.tables.cells import cell as cell
from open_thoughts_gen.tables.opening import Format as Format
from open_thoughts_gen.tables.opening import Reading as Reading
from open_thoughts_gen.tables.table import SUFFIXES as SUFFIXES
from open_thoughts_gen.tables.table import Table as Table
from open_thoughts_gen.tables.table import format_of as format_of
from open_thoughts_gen.tables.table import rows as rows
