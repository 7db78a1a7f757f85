"""Verdicts on traces: each verifier judges the rows that it is meant for.

Runs, `verify` and rewards all judge here, so that a trace gets the same verdicts wherever it is judged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from open_thoughts_gen.engines import Engine, verdicts
from open_thoughts_gen.pipeline.progress import Unwatched, Watcher
from open_thoughts_gen.plugin import Context, Verifier
from open_thoughts_gen.plugin.judging import Faults
from open_thoughts_gen.plugin.when import Wanted, meets
from open_thoughts_gen.recipe import Part
from open_thoughts_gen.types import Sample, Verdict


@dataclass(frozen=True, slots=True)
class Assignment:
    """A verifier started for one run, and the condition `when` that a question must meet to be judged by it."""

    verifier: Verifier
    when: Mapping[str, Wanted] = field(default_factory=dict)


def assigned(parts: Iterable[Part], context: Context) -> list[Assignment]:
    """Return the verifiers of a recipe, made fresh for a run."""
    return [Assignment(part.plugin.fresh(context), part.when) for part in parts]


def judged(
    engine: Engine,
    assignments: Sequence[Assignment],
    samples: Sequence[Sample],
    *,
    seen: Mapping[int, Collection[int]] = MappingProxyType({}),
    progress: Watcher | None = None,
    spent: Callable[[], str] = str,
    faults: Faults | None = None,
) -> Iterator[tuple[int, int, Verdict]]:
    """Yield verdicts as they come: the index of the sample, the index of the verifier, the verdict.

    Calls that failed are not judged. `seen` are, for the index of a sample, the verifiers that have judged it: such a
    one judges it again only if it compares the attempts at a question. `spent` says what the run has spent, for the
    screen; `faults` counts what verifiers raise.

    Raises:
        UserError: a verifier cannot work, or raised on too many rows.

    """
    faults = faults or Faults()
    watcher = progress or Unwatched()
    for number, assignment in enumerate(assignments):
        verifier = assignment.verifier
        meant = {
            i: (sample.question, sample.trace)
            for i, sample in enumerate(samples)
            if sample.trace is not None and sample.trace.finish_reason != "error"
            if meets(sample.question, assignment.when)
        }
        indices = [i for i in meant if verifier.sees_attempts or number not in seen.get(i, ())]
        watcher.begin(f"verifiers: {verifier.label}", len(meant), len(meant) - len(indices))
        if verifier.models:
            watcher.show(lambda judge=verifier: " · ".join(filter(None, (judge.state(), spent()))))  # type: ignore[misc]
        verdicts_of = verdicts(engine, verifier, [meant[i] for i in indices], faults=faults)
        for i, verdict in zip(indices, verdicts_of, strict=True):
            form_only = verdict.form_only or verifier.judges_form(samples[i].question)
            yield i, number, replace(verdict, form_only=True) if form_only else verdict
            watcher.advance()
