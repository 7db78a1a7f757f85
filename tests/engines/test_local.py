"""The local engine: in order, the same for any number of workers, and honest about workers that die."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from open_thoughts_gen import engines
from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.engines.trial import Trial
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin.judging import VERIFIER_FAULT, Faults
from open_thoughts_gen.types import Question, Trace, Verdict
from tests import interruptible
from tests.toy.sums import Says


def slow_squares(pause_s: float, numbers: Sequence[int]) -> Iterator[int]:
    for number in numbers:
        time.sleep(pause_s)
        yield number * number


def pairs_of(*prompts: str) -> list[tuple[Question, Trace]]:
    return [(q := Question(prompt), Trace(q.id, 0, "t", "", prompt)) for prompt in prompts]


class Streaming(Says):
    def verdicts(self, pairs: Sequence[tuple[Question, Trace]]) -> Iterator[Verdict]:
        for question, _ in pairs:
            yield Verdict("streaming", "correct", answer=question.prompt, explanation=str(os.getpid()))


def test_little_work_stays_in_this_process() -> None:
    with Local() as engine:
        verdicts = list(engines.verdicts(engine, Says(), pairs_of("a", "b", "c")))
    assert [verdict.answer for verdict in verdicts] == ["a", "b", "c"]
    assert {verdict.explanation for verdict in verdicts} == {str(os.getpid())}


def test_much_work_is_spread_and_stays_in_order() -> None:
    prompts = [f"q{i}" for i in range(60)]
    with Local(workers=2) as engine:
        verdicts = list(engines.verdicts(engine, Says(pause_s=0.05), pairs_of(*prompts)))
    assert [verdict.answer for verdict in verdicts] == prompts
    assert len({verdict.explanation for verdict in verdicts} - {str(os.getpid())}) in (1, 2)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_do_not_depend_on_the_number_of_workers(workers: int) -> None:
    with Local(workers) as engine:
        assert list(engine.map(partial(slow_squares, 0.04), range(70))) == [i * i for i in range(70)]
        assert list(engine.map(partial(slow_squares, 0.0), range(5))) == [0, 1, 4, 9, 16]


def test_a_stream_form_is_called_in_this_process() -> None:
    with Local(workers=2) as engine:
        verdicts = list(engines.verdicts(engine, Streaming(), pairs_of("a", "b")))
    assert {verdict.explanation for verdict in verdicts} == {str(os.getpid())}


def test_the_batch_of_a_worker_that_died_is_done_again(tmp_path: Path) -> None:
    prompts = [f"q{i}" for i in range(40)] + ["die"] + [f"r{i}" for i in range(30)]
    says = Says(pause_s=0.05, die_once=str(tmp_path / "died"))
    with Local(workers=2) as engine:
        verdicts = list(engines.verdicts(engine, says, pairs_of(*prompts)))
    assert [verdict.answer for verdict in verdicts] == prompts
    assert (tmp_path / "died").exists()


def test_a_row_that_ends_each_process_that_judges_it_is_undecided_and_the_others_are_judged() -> None:
    prompts = [f"q{i}" for i in range(60)] + ["fatal"] + [f"r{i}" for i in range(9)]
    faults = Faults()
    with Local(workers=2) as engine:
        says = Says(pause_s=0.05, die_on="fatal")
        verdicts = list(engines.verdicts(engine, says, pairs_of(*prompts), faults=faults))
    assert [verdict.answer for verdict in verdicts if verdict.cause == ""] == [p for p in prompts if p != "fatal"]
    assert [verdict.outcome for verdict in verdicts if verdict.cause == VERIFIER_FAULT] == ["undecided"]
    assert "died of it" in faults.raised[0].error


def die_on_sixty(rows: Sequence[int]) -> Iterator[int]:
    for row in rows:
        time.sleep(0.05)
        if row == 60:
            os._exit(9)
        yield row


def test_a_second_death_on_the_same_rows_of_anything_else_is_told() -> None:
    with Local(workers=2) as engine, pytest.raises(UserError, match="died twice on the same"):
        list(engine.map(die_on_sixty, range(70)))


def test_a_stream_goes_on_where_another_has_ended_the_workers_that_they_share() -> None:
    with Local(2) as engine:
        results = engine.map(partial(slow_squares, 0.04), range(200))
        first = [next(results) for _ in range(30)]
        assert engine._pool is not None
        engine.close()
        assert first + list(results) == [i * i for i in range(200)]


def looked_up(table: Sequence[int], rows: Sequence[int]) -> Iterator[int]:
    for row in rows:
        yield table[row]


def test_a_function_of_many_megabytes_is_sent_once() -> None:
    table = tuple(range(10**9, 10**9 + 300_000))
    with Local(2, Trial(trial_s=0.0, worth_s=-math.inf, batch_s=1e-5)) as engine:
        assert list(engine.map(partial(looked_up, table), range(100))) == list(table[:100])


def test_a_bug_of_a_verifier_in_a_worker_costs_its_row_and_is_counted_here() -> None:
    prompts = [f"q{i}" for i in range(60)] + ["bug"]
    faults = Faults()
    with Local(workers=2) as engine:
        verdicts = list(engines.verdicts(engine, Says(pause_s=0.05), pairs_of(*prompts), faults=faults))
    assert [verdict.cause for verdict in verdicts] == [""] * 60 + [VERIFIER_FAULT]
    (fault,) = faults.raised
    assert fault.error == "ZeroDivisionError: a bug of the verifier"
    assert "tests/toy/sums.py" in fault.traceback


def raise_on_bug(rows: Sequence[str]) -> Iterator[str]:
    for row in rows:
        time.sleep(0.05)
        if row == "bug":
            raise ZeroDivisionError(row)
        yield row


def test_a_bug_in_a_worker_is_raised_here() -> None:
    with Local(workers=2) as engine, pytest.raises(ZeroDivisionError, match="bug"):
        list(engine.map(raise_on_bug, [f"q{i}" for i in range(60)] + ["bug"]))


SLOW_RUN = """
import time
from functools import partial
from open_thoughts_gen.engines.local import Local
from tests.engines.test_local import slow_squares
if __name__ == "__main__":
    with Local(2) as engine:
        for number in engine.map(partial(slow_squares, 0.05), range(100_000)):
            if number == 400:  # the 20th: the workers are on their way
                print("spread", flush=True)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_their_parent(tmp_path: Path, how: signal.Signals) -> None:
    script = tmp_path / "slow_run.py"
    script.write_text(SLOW_RUN)
    root = Path(__file__).parents[2]
    run = subprocess.Popen(
        interruptible.python(str(script)),
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == b"spread\n"
    run.send_signal(how)
    # The workers hold the other end of the pipe for as long as they live.
    rest, _ = run.communicate(timeout=30)
    assert rest == b""
