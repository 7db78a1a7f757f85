"""How many questions to draw, which accepted samples make the dataset, and what to say if there are too few.

These are the decisions of a run that are taken over the whole set. Each is a pure function of its arguments, so that a
run which is repeated, or resumed, decides the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from open_thoughts_gen.types import Counts, Sample

MARGIN = 1.1  # draw a tenth more than the accept rate so far asks for: another round costs more than a few questions
BARREN = 64  # this many new questions without one more accepted sample: the sources or the filters have run dry
BUDGET_HINT = "raise `budget:` and run again (all answers so far are stored)"


@dataclass(frozen=True, slots=True)
class DrawTo:
    """The decision to go on: draw questions until `num` have been drawn in all (None: all that the sources have)."""

    num: int | None


@dataclass(frozen=True, slots=True)
class Stop:
    """The decision to end the run; `why` and `hint` say why the target was not reached, and are empty if it was."""

    why: str = ""
    hint: str = ""


class DrawPlan:
    """How far to draw, round by round, until the target is reached or no further sample can be hoped for."""

    def __init__(self, target: int | None, limit: int | None, attempts: int = 1) -> None:
        """Plan for `target` accepted samples, at most `limit` questions, and `attempts` traces for each question.

        Without a target there is one round.
        """
        self._target, self._limit, self._attempts = target, limit, attempts
        self._num = self._accepted = 0

    def first(self) -> DrawTo:
        """Return how far to draw in the first round."""
        if self._target is None:
            return DrawTo(self._limit)
        return self._within(math.ceil(self._target / self._attempts))

    def next(self, num: int, accepted: int, *, ended: bool, over_budget: str = "") -> DrawTo | Stop:
        """Return what to do after a round.

        `num` questions have been drawn in all, of which `accepted` samples were accepted; `ended` if the sources have
        no more questions; `over_budget` says why the budget left something unasked, empty if it did not.
        """
        new, gained = num - self._num, accepted - self._accepted
        self._num, self._accepted = num, accepted
        if self._target is not None and accepted >= self._target:
            return Stop()
        if over_budget:
            return Stop(over_budget, BUDGET_HINT)
        if self._target is None:
            return Stop()
        stop = self._run_dry(num, new, gained, ended=ended)
        if stop is not None:
            return stop
        missing = self._target - accepted
        more = max(2 * new, missing)
        if gained > 0:
            rate = min(accepted / num, gained / new)
            # A rate measured on few questions may be far off: never more than triple what has been drawn.
            more = min(math.ceil(missing / rate * MARGIN) + 1, 2 * num)
        return self._within(num + more)

    def _run_dry(self, num: int, new: int, gained: int, *, ended: bool) -> Stop | None:
        """Return why no further sample can be hoped for, None if one can."""
        if ended:
            return Stop("the sources have no more questions", "add more questions to the sources")
        if self._limit is not None and num >= self._limit:
            return Stop(f"no more than {num:,} may be drawn", f"set `max_questions:` above {num}")
        if gained <= 0 and new >= BARREN:
            hint = "use other sources"
            return Stop(f"the last {new:,} questions gave no accepted sample", hint)
        return None

    def _within(self, num: int) -> DrawTo:
        return DrawTo(num if self._limit is None else min(num, self._limit))


def within_target(accepted: Sequence[Sample], target: int | None) -> tuple[list[Sample], list[Sample]]:
    """Split the accepted samples into the first `target` and the surplus, both in order.

    Samples whose questions share `meta["pair"]` (a minimal pair) stay together wherever others can fill the gap.
    """
    if target is None or len(accepted) <= target:
        return list(accepted), []
    groups: dict[str | int, list[int]] = {}
    for i, sample in enumerate(accepted):
        pair = sample.question.trait("pair")
        groups.setdefault(pair if isinstance(pair, str) else i, []).append(i)
    chosen: set[int] = set()
    for indices in groups.values():
        if len(chosen) + len(indices) <= target:
            chosen.update(indices)
    others = (i for i in range(len(accepted)) if i not in chosen)
    chosen.update(i for i, _ in zip(others, range(target - len(chosen)), strict=False))
    samples_kept = [sample for i, sample in enumerate(accepted) if i in chosen]
    return samples_kept, [sample for i, sample in enumerate(accepted) if i not in chosen]


Advice = Callable[[str, str, str], str]  # what to do about a loss, by its step, plug-in and reason; empty for nothing


def shortfall(counts: Counts, stop: Stop, *, target: int | None, advice: Advice) -> str:
    """Return why a run has fewer samples than it should: how many, where the others went, what to do.

    The first advice is about the reason that lost most.
    """
    wanted = f" of the {target:,} samples asked for" if target is not None else ""
    outcome = f"{counts.kept:,}{wanted} accepted" if counts.kept or wanted else "no sample accepted"
    sentences = [f"{outcome} out of {counts.drawn:,} questions drawn" + (f": {stop.why}." if stop.why else ".")]
    losses = sorted(counts.dropped.items(), key=lambda loss: (-loss[1], loss[0]))
    sentences += [f"{num:,} left out by {step} / {plugin}: {reason}." for (step, plugin, reason), num in losses]
    lower = "lower `target:`" if counts.kept and target is not None else ""
    steps = [*(advice(*loss) for loss, _ in losses[:1]), stop.hint, lower]
    to_do = "; or ".join(dict.fromkeys(filter(None, steps)))
    return " ".join(sentences) + (f" What to do: {to_do}." if to_do else "")
