"""How far verifiers agree: of what both decided, with Wilson's interval."""

from __future__ import annotations

from dataclasses import replace

import pytest

from open_thoughts_gen.publish.agreement import agreement, agreement_table
from open_thoughts_gen.publish.rates import wilson
from open_thoughts_gen.types import Dropped, DropReason, Verdict
from tests.publish.finished import finished, sample


def test_wilsons_interval_is_his() -> None:
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # as R. Newcombe (1998) works it out
    assert wilson(1.0, 20) == pytest.approx((20 / (20 + 1.959964**2), 1.0))


def test_rows_that_both_decided_count_published_or_left_out() -> None:
    one, same, other = Verdict("a", "correct"), Verdict("b", "correct"), Verdict("b", "incorrect")
    formal, unsure = Verdict("form", "correct", form_only=True), Verdict("b", "undecided")
    rows = [replace(sample(f"Why {i}?"), verdicts=(one, same, formal)) for i in range(20)]
    rows.append(replace(sample("Why now?"), verdicts=(one, unsure)))
    run = finished(tuple(rows), left_out=0)
    lost = replace(sample("Why not?"), verdicts=(one, other))
    run = replace(run, dropped=(*run.dropped, Dropped("sample_filters", "verified", DropReason("incorrect"), lost)))
    ((pair, share),) = agreement(run).items()
    assert (pair, share.num_questions, share.value) == (("a", "b"), 21, 20 / 21)
    assert "| `a`, `b` | 21 | 95.2 % (77.3 to 99.2) |" in agreement_table(run)[1]
    assert agreement_table(finished(tuple(replace(row, verdicts=(one,)) for row in rows), left_out=0)) == []
