"""The parts of the card that say how the dataset came about and what it cost, and how to make it again.

Every figure is computed. What is unknown says so: a price nobody knows is not 0. Settings are shown as the resolved
recipe shows them, without secrets.
"""

from __future__ import annotations

import functools
import json
import platform
import re
from collections.abc import Collection, Iterator, Mapping
from importlib import metadata
from statistics import median

from open_thoughts_gen.publish.funnel import is_flat, stages
from open_thoughts_gen.publish.markdown import MAX_CELL, clip, code, inline, table
from open_thoughts_gen.publish.quality import Quality
from open_thoughts_gen.publish.rates import percent
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.types import Counts, Outcome

# What the bytes of a dataset can depend on, besides the recipe and the responses: `run.json` has them all.
_PACKAGES = """
    open-thoughts-gen bespokelabs-curator clingo math-verify matplotlib openai pyarrow pydantic rapidfuzz vllm
""".split()
# Of a card: what writes the rows, and what decides them, by the plug-in that it serves; the first that the recipe has.
_WRITER = "pyarrow"
_DECIDERS = {
    "curator": "bespokelabs-curator",
    "vllm": "vllm",
    "openai": "openai",
    "family": "clingo",
    "math": "math-verify",
    "near_dedup": "rapidfuzz",
}
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


def versions_table(recipe: Recipe) -> str:
    """Return the versions that matter most: of this package, of what writes the rows, and of what decides them."""
    parts = (recipe.teacher, *recipe.verifiers, *recipe.question_filters, *recipe.sample_filters)
    used = [package for name, package in _DECIDERS.items() if any(part.use == name for part in parts)]
    installed = versions()
    shown = [name for name in ("open-thoughts-gen", _WRITER, *used[:1]) if name in installed]
    return table(("Package", "Version"), [(code(name), code(installed[name])) for name in shown])


def steps_table(recipe: Recipe, *, idle: Collection[str] = ()) -> str:
    """Return the line as it was run: each step's plug-in, its settings, the rows that it is for.

    `idle` are plug-ins that had nothing to work with; their settings would only suggest that they had.
    """
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
        said = "had nothing to compare with" if part.use in idle else _settings(settings, otherwise="none")
        rows.append((step, code(part.use), said, _settings(part.when, otherwise="all")))
    return table(("Step", "Plug-in", "Settings", "For rows"), rows)


def funnel_table(recipe: Recipe, counts: Counts) -> str:
    """Return what was drawn, what was left out and why, what is left; a sentence where nothing was left out."""
    steps = stages(recipe, counts)
    if is_flat(steps):
        return f"Nothing was left out: each of the {counts.drawn:,} questions drawn became one of the rows."
    rows = [
        ("", f"left out by {code(stage.name)}: {inline(stage.reason)}", f"−{stage.lost:,}", f"{stage.left:,}")
        if stage.is_loss
        else (f"**{stage.name}**", "", "", f"**{stage.left:,}**")
        for stage in steps
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


def quality_rows(quality: Quality, remark: str) -> Iterator[tuple[str, str, str]]:
    """Yield the quality figures: each measure, its value and how it is measured.

    `remark` is what the Hub's viewer will not show, empty if it shows all.
    """
    yield "Rows", f"{quality.num_rows:,}", "accepted by every filter"
    yield "Questions", f"{quality.num_questions:,}", "distinct prompts; each has one `id`"
    if repeated := quality.num_rows - quality.num_questions:
        how = "rows with the prompt, and so the `id`, of a row before them: further attempts at its question"
        yield "Rows that repeat a question", f"{repeated:,}", how
    yield "Verified correct", percent(quality.correct_rate), "at least one verifier says correct, none incorrect"
    if quality.num_agreed:
        how = "rows that only the consensus of the question's attempts calls correct: not counted as verified"
        yield "Agreed on by attempts", f"{quality.num_agreed:,}", how
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
    if tokens := quality.words.tokens:
        how = (
            "median of question, reasoning and response together: estimated at a token for each word, digit and sign, "
            "or for each four characters where that is more; a trainer's maximal length has to hold the longest"
        )
        yield "Tokens of a row, about", f"{_rounded(median(tokens))}, longest {_rounded(max(tokens))}", how
    viewer = inline(remark) if remark else "the first 100 rows pass the Hub viewer's limits with no cell cut"
    yield "Viewer", "cut" if remark else "whole", viewer


def _rounded(number: float) -> str:
    """Return an estimate in two figures."""
    return f"{float(f'{number:.2g}'):,.0f}"


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
