"""Files of exported rows: JSON lines, a JSON array, or Parquet, each whole or not at all.

In JSON, U+2028, U+2029 and U+0085 are escaped: they may stand in a string, but a reader that splits a file at what
Python calls lines, as NeMo Automodel does, would tear the row apart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_LINE_ENDS = re.compile("[\x85\u2028\u2029]")


def json_line(value: object) -> str:
    """Return a value as JSON on one line, by whatever rule lines are told apart."""
    text = json.dumps(value, ensure_ascii=False)
    return _LINE_ENDS.sub(lambda match: f"\\u{ord(match.group()):04x}", text).encode("utf-8", "replace").decode("utf-8")


def write_rows(rows: Iterable[Mapping[str, Any]], file: Path) -> Path:
    """Write rows to a file, in the format that its name ends with: `.jsonl`, `.json` or `.parquet`; return the file."""
    partial = file.with_name(f".{file.name}.partial")
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.suffix == ".parquet":
        import pyarrow as pa

        from open_thoughts_gen.publish.parquet import write_parquet

        plain = json.loads(json.dumps(list(rows)).encode("utf-8", "replace"))
        write_parquet(partial, plain, pa.Table.from_pylist(plain).schema)
    else:
        start, between, end = ("[\n", ",\n", "\n]\n") if file.suffix == ".json" else ("", "\n", "\n")
        with partial.open("w", encoding="utf-8", newline="\n") as lines:
            lines.write(start)
            for i, row in enumerate(rows):
                lines.write(f"{between if i else ''}{json_line(row)}")
            lines.write(end)
    partial.replace(file)
    return file
