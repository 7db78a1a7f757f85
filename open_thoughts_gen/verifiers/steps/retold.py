"""Derives a case again and reads a trace against it, in a worker process: the case may be anybody's."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from open_thoughts_gen import plugin, text
from open_thoughts_gen.narration.alignment import Alignment, alignment
from open_thoughts_gen.narration.plan import phrases
from open_thoughts_gen.plugin import Problem
from open_thoughts_gen.types import Derivation, Trace
from open_thoughts_gen.verifiers._case import REFUSALS
from open_thoughts_gen.verifiers._killable import Finding

_MAX_SHOWN = 300


def is_in_its_form(trace: Trace) -> bool:
    """Return whether a trace has the form of a telling, whoever wrote it: its end and its response say the answer."""
    answer = trace.response.rpartition("\n")[2].removeprefix("Answer: ")
    last = trace.reasoning.rpartition("\n")[2]
    return bool(answer) and any(phrase.replace("{answer}", answer) == last for phrase in phrases()["close"])


def judge(task: Mapping[str, Any]) -> Finding:
    """Compare a trace with what its family derives, without any limit: for worker processes only."""
    try:
        family = plugin.load_family(task["family"], json.dumps(task["settings"] or {}, sort_keys=True))
        problem = Problem(task["prompt"], task["spec"])
        derivation = family.derive(problem)
        if not _is_derivation_of(task["derivation"], derivation):
            return "undecided", "the row's is not what the family derives from its case", "derivation"
        retraced = family.retrace(problem, task["reasoning"], task["answer"])
        if retraced is not None:
            return retraced.outcome, text.shorten(retraced.explanation, _MAX_SHOWN), retraced.cause
        aligned = alignment(derivation, lambda: family.notes(problem), task["reasoning"], task["response"])
        return _judged(task, derivation, aligned)
    except REFUSALS as error:
        return "undecided", text.shorten(f"it cannot be read ({type(error).__name__}: {error})", _MAX_SHOWN), "case"


def _judged(task: Mapping[str, Any], derivation: Derivation, aligned: Alignment) -> Finding:
    """Return what an alignment says of the trace; undecided where the row's spans are not those of the trace."""
    row = task["derivation"]
    if aligned.fault is None:
        if not _spans(row, len(derivation.steps)) <= {(*astuple(span)[:3], span.step) for span in aligned.passages}:
            return "undecided", "its spans are not where the trace says its steps", "derivation"
        num = sum(span.step is not None for span in aligned.passages)
        return "correct", f"{num} steps are as derived, and nothing else"
    if _has_other_words(task, derivation):
        return "undecided", "it was told in the words of another version", "other words"
    return "incorrect", text.shorten(aligned.fault.explanation, _MAX_SHOWN), aligned.fault.cause


def _spans(row: Sequence[Mapping[str, Any]], num_steps: int) -> set[tuple[Any, ...]]:
    """Return the spans of a published derivation: part, start, end, and the index of the step."""
    return {
        (entry.get("part", "reasoning"), *map(int, entry["span"]), index if index < num_steps else entry.get("step"))
        for index, entry in enumerate(row)
        if "span" in entry
    }


def _is_derivation_of(row: Sequence[Mapping[str, Any]], derivation: Derivation) -> bool:
    """Return whether a row's derivation has the steps of this one; what follows in it are passages that repeat."""
    num_steps = len(derivation.steps)
    is_published = any("span" in entry for entry in row)  # its steps that are not said are without what they cite
    return (
        len(row) >= num_steps
        and all("span" in entry for entry in row[num_steps:])
        and all(
            entry.get("kind") == step.kind
            and list(entry.get("claims", ())) == list(step.claims)
            and (list(entry.get("cites", ())) == list(step.cites) or (is_published and "span" not in entry))
            for entry, step in zip(row, derivation.steps, strict=False)
        )
    )


def _has_other_words(task: Mapping[str, Any], derivation: Derivation) -> bool:
    """Return whether a published row says by itself where each step is said, in words that are not of this version."""
    marked = [entry for entry in task["derivation"] if "span" in entry]
    for entry in marked:
        start, end = entry["span"]
        said = task[entry.get("part", "reasoning")][start:end]
        if said != entry.get("text", said):
            return False
    steps = zip(task["derivation"], derivation.steps, strict=False)
    return bool(marked) and any("text" in entry and entry["text"] not in step.texts for entry, step in steps)
