"""The parts of the card that say how the dataset came about and what it cost, and how to make it again.

Every figure is computed. What is unknown says so: a price nobody knows is not 0. Settings are shown as the resolved
recipe shows them, without secrets.
"""

from __future__ import annotations

import functools
import json
import platform
import re
from collections.abc import Iterator, Mapping
from importlib import metadata

from open_thoughts_gen.publish.funnel import stages
from open_thoughts_gen.publish.markdown import MAX_CELL, clip, code, inline, table
from open_thoughts_gen.publish.quality import Quality
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.types import Counts, Outcome

# What the bytes of a dataset can depend on, besides the recipe and the responses.
_PACKAGES = ("open-thoughts-gen", "clingo", "math-verify", "matplotlib", "openai", "pyarrow", "pydantic", "rapidfuzz")
_MAX_VALUE = 300  # characters of one setting
_OUTCOMES: tuple[Outcome, ...] = ("correct", "incorrect", "undecided")


@functools.cache
def versions() -> Mapping[str, str]:
    """Return the versions of Python and of the installed packages that matter."""
    installed = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            distribution = metadata.distribution(package)
        except metadata.PackageNotFoundError:
            continue
        # `distribution.version` parses all that the metadata says, which is often a whole README.
        line = re.search(r"^Version: *(\S+)", distribution.read_text("METADATA") or "", re.MULTILINE)
        installed[package] = line[1] if line else distribution.version
    return installed


def steps_table(recipe: Recipe) -> str:
    """Return the line as it was run: each step's plug-in, its settings, the rows that it is for."""
    steps = (
        *(("source", part) for part in recipe.sources),
        *(("question filter", part) for part in recipe.question_filters),
        ("teacher", recipe.teacher),
        *(("verifier", part) for part in recipe.verifiers),
        *(("sample filter", part) for part in recipe.sample_filters),
    )
    rows = []
    for step, part in steps:
        settings = {
            name: value
            for name, value in part.resolved().items()
            if name not in ("use", "when") and value not in (None, {}, [], "")
        }
        rows.append(
            (step, code(part.use), _settings(settings, otherwise="none"), _settings(part.when, otherwise="all"))
        )
    return table(("Step", "Plug-in", "Settings", "For rows"), rows)


def funnel_table(recipe: Recipe, counts: Counts) -> str:
    """Return what was drawn, what was left out and why, what is left."""
    rows = [
        ("", f"left out by {code(stage.name)}: {inline(stage.reason)}", f"−{stage.lost:,}", f"{stage.left:,}")
        if stage.is_loss
        else (f"**{stage.name}**", "", "", f"**{stage.left:,}**")
        for stage in stages(recipe, counts)
    ]
    return table(("Stage", "Reason", "Left out", "Left"), rows, numbers=(2, 3))


def verdict_table(verdicts: Mapping[str, Mapping[str, int]]) -> str:
    """Return the published rows' verdicts, counted by verifier and outcome."""
    rows = [
        (code(verifier), *(f"{outcomes.get(outcome, 0):,}" for outcome in _OUTCOMES))
        for verifier, outcomes in verdicts.items()
    ]
    return table(("Verifier", *_OUTCOMES), rows, numbers=(1, 2, 3))


def cost_line(counts: Counts) -> str:
    """Return what the responses cost, as far as it is known."""
    num = counts.prompt_tokens + counts.completion_tokens
    if not num and counts.cost_usd == 0:
        return "Tokens: none, no language model was called. Cost: $0."
    tokens = f"{counts.prompt_tokens:,} of prompts, {counts.completion_tokens:,} of completions" if num else "unknown"
    roles = [
        f"{role} {spent.prompt_tokens:,} + {spent.completion_tokens:,} tokens, {_usd(spent.cost_usd)}"
        for role, spent in counts.spent.items()
    ]
    by_role = f" ({'; '.join(roles)})" if len(roles) > 1 else ""
    saved = f" Attempts that were allowed and not needed: {counts.calls_saved:,}." if counts.calls_saved else ""
    whose = " for all answers, whichever run paid for them" if counts.cost_usd else ""
    return f"Tokens: {tokens}. Cost: {_usd(counts.cost_usd)}{whose}{by_role}.{saved}"


def _usd(usd: float | None) -> str:
    return "unknown" if usd is None else f"${usd:,.2f}"


# Which prompts are not near-duplicates because their figures differ, by the numbers guard.
_GUARDS: dict[bool | str, str] = {
    True: " and the same figures in the same order",
    False: "",
    "families": "; of generated problems also the same figures in the same order",
    "answers": " and the same figures in the same order, or else the same reference",
}


def percent(rate: float) -> str:
    """Return a rate (0..1) in percent; only what is exactly none or all prints as 0 % or 100 %."""
    if rate in (0, 1):
        return f"{rate:.0%}".replace("%", " %")
    return f"{min(max(rate * 100, 0.1), 99.9):.1f} %"


def quality_rows(quality: Quality, remark: str) -> Iterator[tuple[str, str, str]]:
    """Yield the quality figures: each measure, its value and how it is measured.

    `remark` is what the Hub's viewer will not show, empty if it shows all.
    """
    yield "Rows", f"{quality.num_rows:,}", "accepted by every filter"
    yield "Verified correct", percent(quality.correct_rate), "at least one verifier says correct, none incorrect"
    if quality.num_in_form:
        how = "rows of which none but verifiers of form say correct: not counted as verified"
        yield "Judged in form only", f"{quality.num_in_form:,}", how
    yield (
        "Verdicts against the reference",
        f"{quality.num_disagreements:,}",
        f"those of {quality.num_verdicts:,} verdicts, on published and left-out rows, that call the known-right answer "
        "wrong",
    )
    rule = quality.near_rule
    yield (
        "Near-duplicate rows",
        percent(quality.near_duplicate_rate),
        f"prompts that repeat an earlier one of the {quality.num_rows:,} rows: Indel similarity of at least "
        f"{rule.threshold:g} %{_GUARDS[rule.numbers_guard]}, minimal pairs aside",
    )
    if quality.num_twins:
        yield "Minimal pairs", f"{quality.num_twins:,}", "pairs of rows that differ in one fact and in the answer"
    yield "Distinct answers", f"{quality.num_answers:,}", "case and white space folded"
    for kind, balance in quality.balance.items():
        how = f"commonest answer of the {balance.num_rows:,} yes/no questions of kind {code(kind)}"
        yield f"Answer balance, {inline(kind)}", f"{percent(balance.share)} {inline(balance.answer)}", how
    yield "Words of question", f"{quality.question_words:,.0f}", "median"
    yield "Words of reasoning", f"{quality.reasoning_words:,.0f}", "median"
    viewer = inline(remark) if remark else "the first 100 rows pass the Hub viewer's limits with no cell cut"
    yield "Viewer", "cut" if remark else "whole", viewer


def _settings(settings: Mapping[str, object], *, otherwise: str) -> str:
    """Return settings as a table's cell, as many as it holds; `otherwise` if there are none."""
    shown: list[str] = []
    for name, value in settings.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        setting = code(f"{name}: {clip(text, _MAX_VALUE)}")
        if sum(map(len, shown)) + len(setting) > MAX_CELL - 200:
            shown.append(f"and {len(settings) - len(shown)} more")
            break
        shown.append(setting)
    return "<br>".join(shown) or otherwise
