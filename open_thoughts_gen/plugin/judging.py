"""Verdicts on rows, where a fault of a verifier costs the row that it happened on, and nothing else.

A verifier is code that meets hostile text, and may come from a third party. What it raises on a row makes that row's
verdict undecided, with the cause `verifier fault`; the traceback goes with the verdict to whoever counts faults
(`Faults`) and is written beside the run. A `UserError` is not a fault of that kind (a missing key, a spent budget, an
endpoint that is gone): it passes through. Too many faults are an error of their own, which names the verifier.

All judging (a run, `verify`, rewards, worker processes, a cluster, one verifier inside another) goes through `judge`,
so a verdict is the same everywhere.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.plugin.contracts import Verifier
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import Question, Trace, Verdict, VerifierFault

Pairs = Sequence[tuple[Question, Trace]]

VERIFIER_FAULT = "verifier fault"
FIRST_ROWS, MIN_FAULTS, MAX_SHARE = 20, 10, 0.01
_MAX_ERROR, _MAX_TRACEBACK = 200, 20_000


@dataclass(frozen=True, slots=True)
class FaultyVerdict(Verdict):
    """A verdict on its way to whoever counts faults: with what verifiers raised before it was reached."""

    faults: tuple[VerifierFault, ...] = ()


class FaultyVerifierError(UserError):
    """A verifier raised on too many rows for its verdicts to be worth anything; `faults` of rows are in `raised`."""

    def __init__(self, *faults: Fault | str, raised: Sequence[VerifierFault] = ()) -> None:
        """Take the one fault to show, and what was raised."""
        super().__init__(*faults)
        self.raised = tuple(raised)


@dataclass(frozen=True, slots=True)
class Judging:
    """`judge` by one verifier, as a function of rows that an engine can send to other processes."""

    verifier: Verifier

    def __call__(self, pairs: Pairs) -> Iterator[Verdict]:
        """Yield one verdict a pair, in order."""
        return judge(self.verifier, pairs)

    def died(self, pair: tuple[Question, Trace]) -> Verdict:
        """Return the verdict on a row that ended the process in which it was judged, each time."""
        return _fault(self.verifier, *pair, RuntimeError("the process that judged this row died of it"))


def judge(verifier: Verifier, pairs: Pairs) -> Iterator[Verdict]:
    """Yield one verdict a pair, in order; a `FaultyVerdict` where something was raised.

    Where a verifier judges many rows at once, the row that it raised on is found by halving.

    Raises:
        UserError: the verifier cannot work at all.
        RuntimeError: it gave more or fewer verdicts than there are pairs, so that nobody knows whose they are.

    """
    if verifier.sees_attempts:
        yield from _by_questions(verifier, pairs)
        return
    is_row_by_row = type(verifier).verdicts is Verifier.verdicts
    waiting = [range(len(pairs))]
    while waiting:
        rows = waiting.pop()
        num = 0
        try:
            for verdict in _verdicts(verifier, pairs if len(rows) == len(pairs) else [pairs[i] for i in rows]):
                num += 1
                yield verdict
        except (UserError, _MiscountError):
            raise
        except Exception as error:
            rest = rows[num:]
            if not rest:
                raise
            if is_row_by_row or len(rest) == 1:
                yield _fault(verifier, *pairs[rest[0]], error)
                waiting.append(rest[1:])
            else:
                middle = len(rest) // 2
                waiting += [rest[middle:], rest[:middle]]


class _MiscountError(RuntimeError):
    """There are more or fewer verdicts than pairs."""


def _verdicts(verifier: Verifier, pairs: Pairs) -> Iterator[Verdict]:
    num = 0
    for verdict in verifier.verdicts(pairs) if pairs else ():
        num += 1
        if num > len(pairs):
            break
        if not isinstance(verdict, Verdict):
            raise TypeError(f"{type(verifier).__name__} returned {type(verdict).__name__} in place of a Verdict")
        yield verdict
    if num != len(pairs):
        raise _MiscountError(f"the verifier {verifier.label!r} gave {num} verdicts on {len(pairs)} rows")


def _by_questions(verifier: Verifier, pairs: Pairs) -> list[Verdict]:
    """Judge attempts beside each other: all at once, or after a fault each question by itself."""
    try:
        return list(_verdicts(verifier, pairs))
    except (UserError, _MiscountError):
        raise
    except Exception:  # noqa: BLE001  (raised again below for the question that it belongs to)
        questions: dict[str, list[int]] = {}
        for row, (question, _) in enumerate(pairs):
            questions.setdefault(question.id, []).append(row)
        verdicts: dict[int, Verdict] = {}
        for rows in questions.values():
            verdicts.update(zip(rows, _of_one_question(verifier, [pairs[row] for row in rows]), strict=True))
        return [verdicts[row] for row in range(len(pairs))]


def _of_one_question(verifier: Verifier, pairs: Pairs) -> list[Verdict]:
    try:
        return list(_verdicts(verifier, pairs))
    except (UserError, _MiscountError):
        raise
    except Exception as error:  # noqa: BLE001  (a verifier may raise anything)
        return [_fault(verifier, question, trace, error) for question, trace in pairs]


def _fault(verifier: Verifier, question: Question, trace: Trace, error: Exception) -> FaultyVerdict:
    written = "".join(traceback.format_exception(error))
    if len(written) > _MAX_TRACEBACK:
        written = f"{written[: _MAX_TRACEBACK // 2]}\n...\n{written[-_MAX_TRACEBACK // 2 :]}"
    line = shorten(f"{type(error).__name__}: {error}", _MAX_ERROR)
    fault = VerifierFault(verifier.label, question.id, trace.attempt, line, written)
    return FaultyVerdict(verifier.label, "undecided", None, line, VERIFIER_FAULT, faults=(fault,))


def with_faults(verdict: Verdict, reached_by: Iterable[Verdict]) -> Verdict:
    """Return a verdict with the faults of the verdicts that it was reached by, so that they are counted too."""
    faults = tuple(fault for one in reached_by if isinstance(one, FaultyVerdict) for fault in one.faults)
    return FaultyVerdict(**_fields(verdict), faults=faults) if faults else verdict


def _fields(verdict: Verdict) -> dict[str, Any]:
    return {field.name: getattr(verdict, field.name) for field in fields(Verdict)}


class Faults:
    """What the verifiers of a run raised, and when that is too much."""

    def __init__(self, *, open_ended: bool = False) -> None:
        """Begin with none; `open_ended` where nobody knows how many rows will come, as in training."""
        self._open_ended = open_ended
        self.raised: list[VerifierFault] = []
        self._num_judged: dict[str, int] = {}
        self._num_faulty: dict[str, int] = {}

    def count(self, verifier: str, verdicts: Iterable[Verdict], num_rows: int) -> Iterator[Verdict]:
        """Yield the verdicts of a verifier on `num_rows` rows as plain ones, and count the faults on the way.

        Raises:
            FaultyVerifierError: every one of the first 20 rows was a fault; or, but for open ends, more than 10 rows
                and over 1 % of all were.

        """
        total = self._num_judged.get(verifier, 0) + num_rows
        for verdict in verdicts:
            self._num_judged[verifier] = self._num_judged.get(verifier, 0) + 1
            if isinstance(verdict, FaultyVerdict):
                self.raised += verdict.faults
                self._num_faulty[verifier] = self._num_faulty.get(verifier, 0) + 1
                num, judged = self._num_faulty[verifier], self._num_judged[verifier]
                too_many = not self._open_ended and num > max(MIN_FAULTS, MAX_SHARE * total)
                if too_many or num == judged == FIRST_ROWS:
                    last = verdict.faults[0]
                    message = f"the verifier {last.verifier!r} failed on {num:,} of {judged:,} rows, the last time on "
                    message += f"question {last.question_id}: {last.error}"
                    hint = "the verifier has a bug: fix it, or take it out of the recipe"
                    raise FaultyVerifierError(Fault(message, hint=hint), raised=self.raised)
                yield Verdict(**_fields(verdict))
            else:
                yield verdict
