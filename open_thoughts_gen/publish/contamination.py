"""What a run has to say about benchmarks: which it was checked against, what was found, and what could not be checked.

The account comes from the filter `decontaminate`. The card shows it in full, the closing table in a line or two. A
benchmark that could not be checked is named: silence would read as "clean".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from open_thoughts_gen.contamination.registry import chosen
from open_thoughts_gen.filters.decontaminate import Decontaminate
from open_thoughts_gen.publish.markdown import code, inline, table
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import Finished

PLUGIN = "decontaminate"
FETCH = "python -m open_thoughts_gen contamination fetch"
MAX_SHOWN = 5  # matches shown on the card
MAX_NAMED = 12  # benchmarks that a plan names
_MAX_DETAIL = 240


def plan(recipe: Recipe) -> str:
    """Return what a run will say of benchmarks, in a sentence; empty where the recipe compares with none."""
    for part in recipe.question_filters:
        if isinstance(part.plugin, Decontaminate):
            names = [benchmark.name for benchmark in chosen(part.plugin.benchmarks)]
            shown = ", ".join(map(code, names[:MAX_NAMED]))
            rest = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
            return (
                f"With which commit of each benchmark every question was compared ({shown}{rest}, as far as they were "
                "fetched), how many questions were left out, and what matched."
            )
    return ""


def section(recipe: Recipe, finished: Finished) -> list[str]:
    """Return the card's section, in Markdown."""
    facts = _facts(finished)
    if not facts:
        off = "" if recipe.decontaminate else " (`decontaminate: off`)"
        return [f"The questions were not compared with any benchmark{off}."]
    dropped = [drop for drop in finished.dropped if drop.plugin == PLUGIN]
    rows = [
        (code(drop.why.twin or ""), f"{drop.why.score or 0:.0f}", inline(shorten(drop.why.detail, _MAX_DETAIL)))
        for drop in sorted(dropped, key=lambda drop: (drop.why.twin or "", -(drop.why.score or 0)))[:MAX_SHOWN]
    ]
    shown = table(("Item", "Score", "What matched"), rows, numbers=(1,))
    matches = [f"Of {len(dropped):,} that were left out:", shown] if dropped else []
    by_reason: dict[str, list[str]] = {}
    for name, why in facts["not_checked"].items():
        by_reason.setdefault(why, []).append(code(name))
    missing = "; ".join(f"{', '.join(names)} ({inline(why)})" for why, names in by_reason.items())
    not_checked = f"**Not compared** with: {missing}." if missing else ""
    num = facts["num_for_review"]
    comes = "question comes" if num == 1 else "questions come"
    for_review = f"{num:,} {comes} near to an item, and stayed; the run folder lists them." if num else ""
    return [_checked(facts), *matches, not_checked, for_review]


def limitation(recipe: Recipe, finished: Finished) -> str:
    """Return what a reader must not take for granted, in a sentence; nothing where all was checked."""
    facts = _facts(finished)
    if not facts:
        return "The questions were not compared with any benchmark."
    missing = ", ".join(facts["not_checked"])
    if not facts["checked"]:
        return "No benchmark was at hand to compare the questions with; see Contamination."
    return f"Not compared with the benchmarks {missing}." if missing else ""


def remarks(finished: Finished) -> list[str]:
    """Return the same for the closing table: one line each."""
    facts = _facts(finished)
    if not facts:
        return []
    lines = []
    missing = facts["not_checked"]
    if missing:
        num = len(missing) + len(facts["checked"])
        some = shorten(", ".join(missing), 120)
        lacking = f"{len(missing)} of {num} benchmarks ({some}) could not be compared with"
        if not facts["checked"] and all(why.endswith("not fetched") for why in missing.values()):
            lacking = f"none of the {num} benchmarks is on this machine yet, so none was compared with"
        lines.append(f"decontaminate: {lacking}; to fetch them: {FETCH}")
    if facts["num_for_review"]:
        num = facts["num_for_review"]
        lines.append(f"decontaminate has {num:,} question{'s' if num != 1 else ''} for review: review.parquet")
    return lines


def compared_nothing(finished: Finished) -> bool:
    """Return whether decontamination was asked for and no benchmark was at hand."""
    facts = _facts(finished)
    return bool(facts) and not facts["checked"]


def _facts(finished: Finished) -> Mapping[str, Any]:
    reports = [report.facts for report in finished.reports if report.plugin == PLUGIN]
    return reports[-1] if reports else {}


def _checked(facts: Mapping[str, Any]) -> str:
    if not facts["checked"]:
        return "Compared with no benchmark: none was at hand where this dataset was made."
    rows = [
        (
            code(one["benchmark"]),
            code(one["id"]),
            code(one["revision"][:12]) if one.get("revision") else "",
            f"{one['num_items']:,}",
            f"{one['num_dropped']:,}",
        )
        for one in facts["checked"]
    ]
    heads = ("Benchmark", "Dataset", "Commit", "Items", "Questions left out")
    intro = f"Every question was compared with the items of these benchmarks, by the rule {code(facts['rule'])}:"
    return f"{intro}\n\n{table(heads, rows, numbers=(3, 4))}"
