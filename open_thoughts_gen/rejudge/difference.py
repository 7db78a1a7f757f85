"""How two runs differ: their recipes' settings, their figures, and which questions only one of them has, and why.

Parts of a recipe are compared by their names, so that a filter put before others is one difference and not one in each
setting after it. A question that only one run has published was left out of the other by a filter, which its
`dropped.parquet` names, or was never drawn there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from open_thoughts_gen.rejudge.runs import SavedRun
from open_thoughts_gen.rejudge.summary import Loss, Summary, overlap, summarize

NOT_DRAWN: Loss = ("sources", "", "not drawn")
NOT_KNOWN: Loss = ("", "", "not known: it has no dropped.parquet")
ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class Missing:
    """A question that one run has published and the other has not: what became of it there."""

    id: str
    question: str
    loss: Loss
    detail: str = ""
    twin: str = ""


@dataclass(frozen=True, slots=True)
class RunDifference:
    """How two runs differ. `settings` maps a key path to both values; `only` has what each alone has published."""

    runs: tuple[str, str]
    settings: Mapping[str, tuple[Any, Any]]
    summaries: tuple[Summary, Summary]
    num_shared: int
    overlap: float | None
    num_changed: int
    only: tuple[Sequence[Missing], Sequence[Missing]]

    @property
    def reasons(self) -> tuple[Mapping[Loss, int], Mapping[Loss, int]]:
        """How often each loss in the other run is why a question stands in one alone, the most frequent first."""
        first, second = (dict(Counter(each.loss for each in missing).most_common()) for missing in self.only)
        return first, second


def difference(first: SavedRun, second: SavedRun) -> RunDifference:
    """Return how two runs differ."""
    one, other = summarize(first), summarize(second)
    shared = one.rows.keys() & other.rows.keys()
    return RunDifference(
        runs=(first.where, second.where),
        settings=differing_settings(first.recipe, second.recipe),
        summaries=(one, other),
        num_shared=len(one.ids & other.ids),
        overlap=overlap(one, other),
        num_changed=sum(one.rows[key] != other.rows[key] for key in shared),
        only=(_missing(first, one.ids - other.ids, second), _missing(second, other.ids - one.ids, first)),
    )


def differing_settings(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Return the settings in which two resolved recipes differ, by key path, in the order of the recipe."""
    first, second = dict(_flat(one)), dict(_flat(other))
    paths = dict.fromkeys((*first, *second))
    return {
        path: (first.get(path, ABSENT), second.get(path, ABSENT))
        for path in paths
        if first.get(path, ABSENT) != second.get(path, ABSENT)
    }


def _flat(value: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every setting by its key path; a plug-in in a list stands under its name: `question_filters[length]`."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value and all(isinstance(each, Mapping) and "use" in each for each in value):
        seen: Counter[str] = Counter()
        yield path, [each["use"] for each in value]
        for each in value:
            seen[each["use"]] += 1
            number = f"#{seen[each['use']]}" if seen[each["use"]] > 1 else ""
            for key, inner in each.items():
                if key != "use":
                    yield from _flat(inner, f"{path}[{each['use']}{number}].{key}")
    else:
        yield path, value


def _missing(run: SavedRun, ids: frozenset[str], other: SavedRun) -> list[Missing]:
    """Return the questions of a run that the other has not published, each with what became of it there."""
    losses: dict[str, tuple[Loss, str, str]] = {}
    for row in other.dropped(["id", "step", "plugin", "reason", "detail", "twin"]):
        if row.get("id") in ids:  # of several attempts that were left out, the first counts
            loss = (row["step"] or "", row["plugin"] or "", row["reason"] or "no reason given")
            losses.setdefault(row["id"], (loss, row.get("detail") or "", row.get("twin") or ""))
    otherwise = (NOT_DRAWN if other.knows_dropped else NOT_KNOWN, "", "")
    missing: dict[str, Missing] = {}
    for row in run.rows(["id", "question"]) if ids else ():
        if row["id"] in ids and row["id"] not in missing:
            missing[row["id"]] = Missing(row["id"], row.get("question") or "", *losses.get(row["id"], otherwise))
    return list(missing.values())
