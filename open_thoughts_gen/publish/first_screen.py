"""The top of the card, which is all that most readers see: pitch, badges, counts and proof, the best model, one row.

Badges are pictures of shields.io, made of nothing but counts and names of licences.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from open_thoughts_gen.publish.before_run import how_to_make, notice
from open_thoughts_gen.publish.evaluation import best_line
from open_thoughts_gen.publish.examples import folded
from open_thoughts_gen.publish.front_matter import taught_by_curator
from open_thoughts_gen.publish.markdown import authored, code, inline, table
from open_thoughts_gen.publish.quality import Quality
from open_thoughts_gen.publish.rates import percent
from open_thoughts_gen.publish.sections import Facts
from open_thoughts_gen.types import Sample

GENERATOR = "https://github.com/open-thoughts-gen/open_thoughts_gen"
_CURATOR = "https://github.com/bespokelabsai/curator"
_BADGE = "https://img.shields.io/badge/"


def first_screen(facts: Facts, whole: Sequence[Sample]) -> list[str]:
    """Return what stands between the title and the code that loads the dataset; `whole` are the rows that it shows."""
    return [
        rehearsed(facts),
        *notice(facts),
        authored(facts.recipe.publish.pitch),
        badges(facts),
        *facts.after_run(
            "In a sentence or two how many rows and questions there are, and how many are verified correct, by what.",
            lead(facts),
        ),
        best_line(facts.evaluation),
        at_a_glance(facts),
        *facts.after_run(
            "One row, whole: a short one, folded away.",
            *(part for sample in whole for part in folded(sample, "One row, whole")),
        ),
        *how_to_make(facts),
    ]


def badges(facts: Facts) -> str:
    """Return the row of badges: rows, what is verified, the licence, and what made the dataset."""
    quality, publish = facts.quality, facts.recipe.publish
    shown = [
        _badge("rows", f"{quality.num_rows:,}", "0072B2") if facts.has_run else "",
        _badge("verified correct", percent(quality.correct_rate), "009E73") if quality.verified_by else "",
        _badge("licence", facts.licensing.license, "555555") if facts.knows_license else "",
        f"[{_badge('made with', 'open_thoughts_gen', 'D55E00')}]({GENERATOR})",
        f"[{_badge('made with', 'curator', 'E69F00')}]({_CURATOR})" if taught_by_curator(facts.recipe) else "",
        f"[{_badge('homepage', 'open', '555555')}]({publish.homepage})" if publish.homepage else "",
    ]
    return " ".join(filter(None, shown))


def _badge(label: str, value: str, colour: str) -> str:
    parts = (quote(text.replace("-", "--").replace("_", "__").replace(" ", "_"), safe="") for text in (label, value))
    return f"![{inline(f'{label}: {value}')}]({_BADGE}{'-'.join(parts)}-{colour})"


def lead(facts: Facts) -> str:
    """Return the sentence on top: how many rows, what they have, how many verified, and by what."""
    quality, recipe = facts.quality, facts.recipe
    judged = " None of them is verified correct." if recipe.verifiers and quality.num_rows else ""
    if quality.verified_by:
        judges = ", ".join(map(code, quality.verified_by))
        judged = f" {percent(quality.correct_rate)} of them are verified correct by {judges}."
    if quality.num_agreed:
        rows = "1 row gives" if quality.num_agreed == 1 else f"{quality.num_agreed:,} rows give"
        judged += f" {rows} the commonest answer of the attempts at the question: consensus, not verification."
    if quality.num_in_form:
        rows = "1 row was" if quality.num_in_form == 1 else f"{quality.num_in_form:,} rows were"
        judged += f" {rows} judged in form only."
    if quality.num_copies:
        rows = "1 row is" if quality.num_copies == 1 else f"{quality.num_copies:,} rows are"
        shared = "further attempts" if recipe.teacher.plugin.answers_copies else "the answers of the first once more"
        judged += f" {rows} on questions that were repeated for want of others, with {shared}."
    for num, verb in ((quality.num_cut, "cut off before the end"), (quality.num_refused, "refused")):
        if num:
            judged += f" {num:,} answers were {verb}." if num > 1 else f" 1 answer was {verb}."
    pairs = f" {quality.num_twins:,} minimal pairs change one fact and with it the answer." if quality.num_twins else ""
    return f"**{_counted(quality)}.**{judged}{pairs} Every figure about them was computed from the run that made them."


def _counted(quality: Quality) -> str:
    """Return how many rows and questions there are, and how many have reasoning and an answer."""
    rows = f"{quality.num_questions:,} questions"
    if quality.num_questions != quality.num_rows:
        rows = f"{quality.num_rows:,} rows on {rows}"
    lacking = {"reasoning": quality.num_reasoned, "an answer": quality.num_answered}
    if set(lacking.values()) == {quality.num_rows}:
        return f"{rows} with reasoning and answer"
    parts = [f"{num:,} row{'s' if num != 1 else ''} with {what}" for what, num in lacking.items()]
    return f"{rows}, {', '.join(parts)}"


def rehearsed(facts: Facts) -> str:
    """Return the warning that no model answered, empty where one did."""
    warning = "**This is a rehearsal, not a dataset to train on.**"
    sources = sorted({sample.question.source for sample in facts.finished.samples})
    stand_ins = [code(source.removeprefix("stand_in:")) for source in sources if source.startswith("stand_in:")]
    invented = getattr(facts.recipe.teacher.plugin, "invents", False)
    if invented:
        warning += (
            " No model answered: the reasoning is filler, and the right answers are the questions' own references."
        )
    if stand_ins:
        warning += f" The questions stand in for those of {', '.join(stand_ins)}, and hold nothing of them."
    return warning if invented or stand_ins else ""


def at_a_glance(facts: Facts) -> str:
    """Return the table of key figures."""
    quality = facts.quality
    columns = {
        "Rows": f"{quality.num_rows:,}",
        **({"Questions": f"{quality.num_questions:,}"} if quality.num_questions != quality.num_rows else {}),
        "Verified correct": percent(quality.correct_rate),
        "Near-duplicates": percent(quality.near_duplicate_rate),
        **({"Minimal pairs": f"{quality.num_twins:,}"} if quality.num_twins else {}),
        "Question, median": f"{quality.question_words:,.0f} words",
        "Reasoning, median": f"{quality.reasoning_words:,.0f} words",
    }
    license_ = inline(facts.licensing.license)
    shown = [*map(facts.cell, columns.values()), license_ if facts.knows_license else facts.cell(license_)]
    return table([*columns, "Licence"], [shown])
