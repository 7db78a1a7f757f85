"""What the card and the closing table say of benchmarks: which were compared, what was found, what was not compared."""

from __future__ import annotations

from dataclasses import replace

from open_thoughts_gen.publish.contamination import limitation, remarks, section
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.types import Dropped, DropReason, FilterReport, Finished
from tests.publish.finished import finished, recipe, samples

CHECKED = {"benchmark": "gsm8k", "id": "openai/gsm8k", "revision": "0123456789abcdef", "num_items": 1319}


def run(*, dropped: int = 0, reviews: int = 0, missing: tuple[str, ...] = (), checked: bool = True) -> Finished:
    kept = samples(5)
    facts = {
        "rule": "default",
        "checked": [{**CHECKED, "num_dropped": dropped}] if checked else [],
        "not_checked": dict.fromkeys(missing, "not fetched"),
        "num_for_review": reviews,
    }
    why = DropReason("contaminated: gsm8k", "whole, characters 0 to 9: '<b>|text'", twin="gsm8k/7", score=100.0)
    left_out = tuple(Dropped("question_filters", "decontaminate", why, kept[0]) for _ in range(dropped))
    report = FilterReport("question_filters", "decontaminate", facts)
    return replace(finished(kept), dropped=left_out, reports=(report,))


def told(finished_run: Finished, of: Recipe | None = None) -> str:
    return "\n\n".join(filter(None, section(of or recipe(), finished_run)))


def test_what_was_compared_with_its_commit_and_its_count() -> None:
    page = told(run(dropped=2))
    assert "by the rule `default`" in page
    assert "| `gsm8k` | `openai/gsm8k` | `0123456789ab` | 1,319 | 2 |" in page
    assert "Of 2 that were left out:" in page
    assert "| `gsm8k/7` | 100 | whole, characters 0 to 9: '&lt;b&gt;\\|text' |" in page
    assert remarks(run(dropped=2)) == []
    assert limitation(recipe(), run(dropped=2)) == ""


def test_what_could_not_be_compared_is_named_everywhere() -> None:
    some = run(missing=("aime24", "hle"), reviews=3)
    assert "**Not compared** with: `aime24`, `hle` (not fetched)." in told(some)
    assert "3 questions come near to an item, and stayed" in told(some)
    assert limitation(recipe(), some) == "Not compared with the benchmarks aime24, hle."
    first, second = remarks(some)
    assert first.startswith(
        "decontaminate: 2 of 3 benchmarks (aime24, hle) could not be compared with; to fetch them: "
    )
    assert second == "decontaminate has 3 questions for review: review.parquet"


def test_no_benchmark_at_hand_is_said_in_so_many_words() -> None:
    none = run(checked=False, missing=("aime24",))
    assert told(none).startswith("Compared with no benchmark: none was at hand where this dataset was made.")
    assert limitation(recipe(), none).startswith("No benchmark was at hand")
    (remark,) = remarks(none)
    assert remark.startswith(
        "decontaminate: none of the 1 benchmarks is on this machine yet, so none was compared with"
    )
    assert remark.endswith("contamination fetch")


def test_off_is_said_too() -> None:
    plain = finished(samples(5))
    off = recipe().model_copy(update={"decontaminate": False})
    assert told(plain, off) == "The questions were not compared with any benchmark (`decontaminate: off`)."
    assert limitation(off, plain) == "The questions were not compared with any benchmark."
    assert remarks(plain) == []
