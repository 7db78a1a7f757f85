"""The figures of one run that are worth comparing with another's: counts, cost, lengths, pass rates, its questions.

Lengths and pass rates are of the published rows, counts and cost of the whole run. What is not on record is None, never
0: a dataset alone has no counts, and where no verifier decided anything there is no pass rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, median

from open_thoughts_gen.rejudge.runs import Row, SavedRun
from open_thoughts_gen.text import num_words

Loss = tuple[str, str, str]  # step, plug-in, reason
_COUNTS = ("drawn", "asked", "traces", "kept")
_COLUMNS = ("id", "attempt", "question", "reasoning", "response", "outcome", "pass_rate", "teacher")


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to. `rows` are the published ones: a hash of each by its question's id and attempt.

    `pass_rate` is the mean over the published questions of the share of their attempts that is correct, `correct_rate`
    the share of all traces of the run, those left out included, that verifiers decided to be correct. Both are 0..1.
    """

    num_rows: int
    num_questions: int
    counts: Mapping[str, int]
    dropped: Mapping[Loss, int]
    outcomes: Mapping[str, int]
    cost_usd: float | None
    tokens: int | None
    words: Mapping[str, float]
    pass_rate: float | None
    correct_rate: float | None
    rows: Mapping[tuple[str, int], int]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the published questions."""
        return frozenset(row_id for row_id, _ in self.rows)


def summarize(run: SavedRun) -> Summary:
    """Read the figures of a run; of a dataset alone, those of its rows."""
    lengths: dict[str, list[int]] = {"question": [], "reasoning": [], "response": []}
    rates: dict[str, float] = {}
    outcomes: Counter[str] = Counter()
    rows: dict[tuple[str, int], int] = {}
    for row in run.rows(_COLUMNS):
        for part, words in lengths.items():
            words.append(num_words(str(row.get(part) or "")))
        row_id = str(row.get("id"))
        rows[row_id, int(row.get("attempt") or 0)] = _hash(row)
        outcomes[str(row.get("outcome"))] += 1
        if row.get("pass_rate") is not None:
            rates[row_id] = float(row["pass_rate"])
    counts = run.counts
    tokens = [counts[kind] for kind in ("prompt_tokens", "completion_tokens") if kind in counts]
    judged = counts.get("outcomes") or {}
    decided = judged.get("correct", 0) + judged.get("incorrect", 0)
    return Summary(
        num_rows=sum(outcomes.values()),
        num_questions=len({row_id for row_id, _ in rows}),
        counts={name: counts[name] for name in _COUNTS if name in counts},
        dropped={(each["step"], each["plugin"], each["reason"]): each["num"] for each in counts.get("dropped") or ()},
        outcomes=dict(sorted(outcomes.items())),
        cost_usd=counts.get("cost_usd"),
        tokens=sum(tokens) if tokens else None,
        words={part: median(words) for part, words in lengths.items() if any(words)},
        pass_rate=fmean(rates.values()) if rates else None,
        correct_rate=judged.get("correct", 0) / decided if decided else None,
        rows=rows,
    )


def overlap(one: Summary, other: Summary) -> float | None:
    """Return the share of both runs' questions that both have published, 0..1 (Jaccard); None where neither has any."""
    both = one.ids | other.ids
    return len(one.ids & other.ids) / len(both) if both else None


def figures_of(summary: Summary) -> dict[str, str]:
    """Return the figures of a run in words, by their names."""
    counts = summary.counts
    shown = {f"questions {name}": f"{counts[name]:,}" for name in ("drawn", "asked") if name in counts}
    shown |= {"traces": f"{counts['traces']:,}"} if "traces" in counts else {}
    shown |= {"rows": f"{summary.num_rows:,}", "questions in the rows": f"{summary.num_questions:,}"}
    unknown = "unknown, no price is known" if "drawn" in counts else "not known"
    shown["cost"] = unknown if summary.cost_usd is None else f"${summary.cost_usd:,.2f}"
    shown["tokens"] = "not known" if summary.tokens is None else f"{summary.tokens:,}"
    shown |= {f"words of {part} (median)": f"{num:,.0f}" for part, num in summary.words.items()}
    rates = {"pass rate of the rows' questions": summary.pass_rate, "share of traces correct": summary.correct_rate}
    return shown | {name: "not known" if rate is None else f"{100 * rate:.1f} %" for name, rate in rates.items()}


def _hash(row: Row) -> int:
    return hash(tuple(str(row.get(name) or "") for name in _COLUMNS))
