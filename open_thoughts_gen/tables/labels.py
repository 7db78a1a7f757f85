"""Labels and notes that people give to rows, a line of JSON for each: the viewer writes them, a filter reads them.

    {"id": "2722c93d69775da1", "attempt": 0, "label": "bad", "note": "the date is wrong"}

`id` and `attempt` are the row's columns. A file is only ever added to, so that nothing is lost where two write at once
or one is killed: of lines on the same row the last counts, and one without label and note takes both away.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from open_thoughts_gen.errors import Fault, UserError

Label = Literal["good", "bad", "unsure"]
LABELS: tuple[Label, ...] = get_args(Label)
MAX_NOTE = 10_000


class RowKey(NamedTuple):
    """Which row: the id of the question, and the attempt at it (None where rows have none)."""

    id: str
    attempt: int | None


class Labelled(BaseModel):
    """What somebody says of one row."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    id: str = Field(min_length=1, max_length=200)
    attempt: int | None = None
    label: Label | None = None
    note: str = Field(default="", max_length=MAX_NOTE)

    @property
    def key(self) -> RowKey:
        """The row that is meant."""
        return RowKey(self.id, self.attempt)


def read_labels(file: Path) -> Mapping[RowKey, Labelled]:
    """Return what stands of each row in a file of labels.

    Raises:
        UserError: the file cannot be read, or a line is not a label; each such line is a fault.

    """
    try:
        lines = file.read_bytes().split(b"\n")
    except OSError as error:
        raise UserError(Fault(f"the labels cannot be read: {error.strerror}", where=str(file))) from error
    labels: dict[RowKey, Labelled] = {}
    faults = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            labelled = Labelled.model_validate_json(line)
        except ValidationError as error:
            first = error.errors()[0]
            about = f"{'.'.join(map(str, first['loc']))}: " if first["loc"] else ""
            hint = f"write id, attempt, label ({', '.join(LABELS)}) and note"
            faults.append(Fault(f"not a label: {about}{first['msg']}", where=f"{file}:{number}", hint=hint))
            continue
        labels.pop(labelled.key, None)
        if labelled.label or labelled.note:
            labels[labelled.key] = labelled
    if faults:
        raise UserError(*faults)
    return labels


def add_label(file: Path, labelled: Labelled) -> None:
    """Add a line to a file of labels, which is made if it is missing."""
    line = json.dumps(labelled.model_dump(), ensure_ascii=False) + "\n"
    with file.open("ab") as opened:
        opened.write(line.encode("utf-8", "replace"))
