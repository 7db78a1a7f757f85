"""What the card says of measures: for each its name, who measured it, and how its values are spread."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from open_thoughts_gen.publish.markdown import inline, table
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import Measure, Sample

_MAX_VALUES = 5


def measures_table(samples: Iterable[Sample]) -> str:
    """Return a row for each measure of the published rows; an empty text where nothing was measured."""
    by_name: dict[str, list[Measure]] = {}
    for sample in samples:
        for name, measure in sample.measures.items():
            by_name.setdefault(name, []).append(measure)
    rows = [
        [inline(name), inline(", ".join(sorted({each.by for each in measures}))), *_summary(measures)]
        for name, measures in sorted(by_name.items())
    ]
    return table(["Measure", "Measured by", "Rows", "Values"], rows) if rows else ""


def _summary(measures: Sequence[Measure]) -> tuple[str, str]:
    """Return how many rows have a value, and the values: least, median and greatest of numbers, else the commonest."""
    values = [each.value for each in measures if each.value is not None]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if values and len(numbers) == len(values):
        return f"{len(values):,}", f"{min(numbers):,.4g} to {max(numbers):,.4g}, median {median(numbers):,.4g}"
    counted = Counter(map(_named, values)).most_common()
    shown = [f"{inline(shorten(value, 30))} ({num:,})" for value, num in counted[:_MAX_VALUES]]
    others = [f"{len(counted) - _MAX_VALUES:,} others"] if len(counted) > _MAX_VALUES else []
    return f"{len(values):,}", ", ".join([*shown, *others])


def _named(value: Any) -> str:  # noqa: ANN401  (JSON)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
