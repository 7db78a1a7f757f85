"""Leave out what people have labelled as bad: reads the file of labels that the viewer writes.

    use: labels
    file: runs/legal.labels.jsonl
    drop: [bad, unsure]

A sample is looked up by its question and its attempt. Before the teacher there is no attempt yet, so as a filter of
questions it reads the labels of all attempts at a question: one that is to be dropped drops it. Labels are kept by the
id of the question, which is a hash of its prompt: they hold for as long as the prompt stays as it is.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Self

from pydantic import Field, PrivateAttr, model_validator

from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.tables.labels import Label, Labelled, RowKey, read_labels
from open_thoughts_gen.types import DropReason, Sample


class Labels(Filter):
    """Leaves out samples by the labels that people gave them in `view`."""

    file: Path = Field(description="the file of labels, such as runs/legal.labels.jsonl; relative to the recipe")
    drop: tuple[Label, ...] = Field(default=("bad",), description="samples with these labels are left out")
    keep: tuple[Label, ...] = Field(
        default=(), description="if set, samples without one of these labels are left out as well"
    )

    _by_key: dict[RowKey, Labelled] = PrivateAttr(default_factory=dict)
    _by_id: dict[str, list[Labelled]] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _each_label_once(self) -> Self:
        if both := set(self.drop) & set(self.keep):
            raise ValueError(f"{', '.join(sorted(both))}: in `drop` and in `keep`")
        if not self.drop and not self.keep:
            raise ValueError("set `drop:` or `keep:`")
        return self

    def start(self) -> None:
        """Read the labels.

        Raises:
            UserError: the file cannot be read, or a line of it is not a label.

        """
        self._by_key = dict(read_labels(self._context.folder / self.file))
        self._by_id = defaultdict(list)
        for labelled in self._by_key.values():
            self._by_id[labelled.id].append(labelled)

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Return "labelled bad" with the note, "not labelled good", or None."""
        key = RowKey(sample.question.id, sample.trace.attempt if sample.trace else None)
        exact = [self._by_key[key]] if key in self._by_key else []
        labels = exact if sample.trace else self._by_id.get(key.id, [])
        for labelled in labels:
            if labelled.label in self.drop:
                return DropReason(f"labelled {labelled.label}", labelled.note)
        if self.keep and not any(labelled.label in self.keep for labelled in labels):
            return DropReason(f"not labelled {' or '.join(self.keep)}")
        return None
