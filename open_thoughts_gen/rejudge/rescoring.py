"""Saved traces judged again by other verifiers, and how two verifiers agree. No teacher is asked, only judges ask.

A verifier is worth what it gets right, and the traces to try it on are there already: those of every run, and of every
dataset that publishes its reasoning. Verdicts are those of the line itself: a verifier sees the rows that its `when`
meets, one that compares a question's attempts sees them together. Where only accepted traces were saved, a consensus is
one of survivors.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from open_thoughts_gen.cache.file import default_place
from open_thoughts_gen.engines import Engine
from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.pipeline.progress import Watcher
from open_thoughts_gen.pipeline.spool import Spool
from open_thoughts_gen.pipeline.verdicts import assigned, judged
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.plugin.judging import Faults
from open_thoughts_gen.recipe import Part
from open_thoughts_gen.types import DropReason, Outcome, Sample, Verdict

OUTCOMES: tuple[Outcome, ...] = ("correct", "incorrect", "undecided")
Verdicts = Sequence[Verdict | None]  # one for each sample; None where the verifier was not meant for it


@dataclass(frozen=True, slots=True)
class Saved:
    """The samples of a place, in order, and how many of its rows were left out, by reason, with an example of each."""

    samples: Sequence[Sample]
    left_out: Mapping[str, int]
    examples: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OutcomePairs:
    """How often two verifiers said what, by (first outcome, second outcome), and the places of the samples of each."""

    places: Mapping[tuple[Outcome, Outcome], Sequence[int]]

    def num(self, first: Outcome, second: Outcome) -> int:
        """Return how often the first said this and the second that."""
        return len(self.places.get((first, second), ()))

    @property
    def num_decided(self) -> int:
        """How many samples both have decided."""
        return sum(self.num(one, other) for one in OUTCOMES[:2] for other in OUTCOMES[:2])

    @property
    def num_agreeing(self) -> int:
        """On how many of these they agree."""
        return self.num("correct", "correct") + self.num("incorrect", "incorrect")


def gather(rows: Iterable[Sample | DropReason], path: str) -> Saved:
    """Return all rows of a path; the texts of many traces wait on disk, beside the response cache.

    Raises:
        UserError: no row of it can be used.

    """
    samples: list[Sample] = []
    spool = Spool(default_place().parent)
    left_out: Counter[str] = Counter()
    examples: dict[str, str] = {}
    for row in rows:
        if isinstance(row, Sample):
            samples.append(replace(row, trace=row.trace and spool.stored(row.trace)))
        else:
            left_out[row.reason] += 1
            examples.setdefault(row.reason, row.detail)
    if not samples:
        reasons = "; ".join(f"{num} x {reason}, as {examples[reason]}" for reason, num in left_out.most_common(3))
        raise UserError(Fault(f"{path} holds no trace that can be judged{': ' if reasons else ''}{reasons}"))
    return Saved(samples, left_out, examples)


def judge(
    samples: Sequence[Sample], parts: Sequence[Part], *, context: Context, engine: Engine, progress: Watcher,
    faults: Faults | None = None,
) -> dict[str, Verdicts]:  # fmt: skip
    """Return the verdicts of each verifier by its name, in the order of the samples; `faults` counts what was raised.

    Raises:
        UserError: a verifier cannot work, or failed on too many rows.

    """
    assignments = assigned(parts, context)
    by_number: list[list[Verdict | None]] = [[None] * len(samples) for _ in assignments]
    for i, number, verdict in judged(engine, assignments, samples, progress=progress, faults=faults):
        by_number[number][i] = verdict
    by_name: dict[str, Verdicts] = {}
    for assignment, verdicts in zip(assignments, by_number, strict=True):
        label = assignment.verifier.label
        names = [label, *(f"{label}#{number}" for number in range(2, len(by_name) + 2))]
        by_name[next(name for name in names if name not in by_name)] = verdicts
    return by_name


def carried(samples: Sequence[Sample]) -> dict[str, Verdicts]:
    """Return the verdicts that the rows carry, by the name of the verifier."""
    names = dict.fromkeys(verdict.verifier for sample in samples for verdict in sample.verdicts)
    return {
        name: [next((verdict for verdict in sample.verdicts if verdict.verifier == name), None) for sample in samples]
        for name in names
    }


def carried_by(samples: Sequence[Sample], name: str) -> Verdicts:
    """Return the carried verdicts of one verifier.

    Raises:
        UserError: no row carries one.

    """
    verdicts = carried(samples)
    if name not in verdicts:
        raise UserError(Fault(f"no row carries a verdict of {name!r}", hint=did_you_mean(name, verdicts)))
    return verdicts[name]


def counts(verdicts: Verdicts) -> Counter[str]:
    """Count the outcomes; rows that the verifier was not meant for are `not asked`."""
    return Counter("not asked" if verdict is None else verdict.outcome for verdict in verdicts)


def compare(first: Verdicts, second: Verdicts) -> OutcomePairs:
    """Return how two verifiers compare on the samples that both were meant for."""
    indices: dict[tuple[Outcome, Outcome], list[int]] = {}
    for index, (one, other) in enumerate(zip(first, second, strict=True)):
        if one is not None and other is not None:
            indices.setdefault((one.outcome, other.outcome), []).append(index)
    return OutcomePairs(indices)


def write_verdicts(samples: Sequence[Sample], verdicts_by_name: Mapping[str, Verdicts], folder: Path) -> Path:
    """Write `verdicts.parquet`, a row for each sample and verifier, whole or not at all; return it."""
    import pyarrow as pa

    from open_thoughts_gen.publish.parquet import write_parquet
    from open_thoughts_gen.publish.rows import clean

    rows = (
        {
            "id": sample.question.id,
            "attempt": sample.trace.attempt if sample.trace else None,
            "row": number,
            "verifier": name,
            "outcome": verdict.outcome,
            "answer": clean(verdict.answer),
            "explanation": clean(verdict.why),
        }
        for name, verdicts in verdicts_by_name.items()
        for number, (sample, verdict) in enumerate(zip(samples, verdicts, strict=True))
        if verdict is not None
    )
    text = [(name, pa.string()) for name in ("verifier", "outcome", "answer", "explanation")]
    schema = pa.schema([("id", pa.string()), ("attempt", pa.int64()), ("row", pa.int64()), *text])
    folder.mkdir(parents=True, exist_ok=True)
    file, partial = folder / "verdicts.parquet", folder / f".verdicts.partial-{os.getpid()}"
    write_parquet(partial, rows, schema)
    partial.replace(file)
    return file
