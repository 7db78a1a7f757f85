"""The dataset card: the page by which a dataset is judged, and the first that its users read.

What the recipe's author writes (`publish.purpose` and so on) stays Markdown, short of what would break the page; what a
model or a source wrote is escaped; everything else is computed from the run. It holds no
date, timing or machine, so that two runs give the same bytes, and no address of a private network.
"""

from __future__ import annotations

from open_thoughts_gen.publish import contamination, evaluation, provenance
from open_thoughts_gen.publish.before_run import facts_before_run, unfilled_head
from open_thoughts_gen.publish.citation import citation
from open_thoughts_gen.publish.examples import chosen, drawings, folded, minimal_pair
from open_thoughts_gen.publish.first_screen import first_screen
from open_thoughts_gen.publish.front_matter import front_matter
from open_thoughts_gen.publish.hub_rules import SECTIONS
from open_thoughts_gen.publish.licence import licence
from open_thoughts_gen.publish.markdown import fence, inline, table, without_private_hosts
from open_thoughts_gen.publish.nearness import nearness_section
from open_thoughts_gen.publish.sections import (
    Facts,
    creation,
    fields,
    limitations,
    loading,
    purpose,
    reproduction,
    uses,
)
from open_thoughts_gen.publish.shortcuts import shortcut_section
from open_thoughts_gen.recipe import Recipe


def card(facts: Facts) -> str:
    """Return the whole README.md, front matter included; before a run with a place for all that is not known yet."""
    scope, method, examples, limits = SECTIONS
    samples, planned = facts.finished.samples, contamination.plan(facts.recipe)
    whole = chosen(samples)
    measured = list(provenance.quality_rows(facts.quality, facts.remark))
    compared = contamination.section(facts.recipe, facts.finished)
    sections = (
        f"# {inline(facts.title)}",
        *first_screen(facts, whole[:1]),
        loading(facts),
        f"## {scope}",
        *purpose(facts),
        "## Rows, whole",
        *facts.after_run(
            "Two more rows: the one that differs most from the first, and a hard one; a minimal pair, if there is one.",
            *(part for sample in whole[1:] for part in folded(sample, "Another row")),
            "" if samples else "No row was accepted.",
            *minimal_pair(samples),
            *drawings(samples, facts.recipe.publish.drawings),
        ),
        f"## {method}",
        *creation(facts),
        "## Quality",
        *facts.after_run(
            f"A table of measures, and how each is measured: {', '.join(name.lower() for name, *_ in measured)}. Then "
            "whether answers can be guessed from the wording of a question, and how alike the questions are.",
            table(("Measure", "Value", "How it is measured"), measured),
            *shortcut_section(samples),
            *nearness_section(samples),
        ),
        "## Contamination",
        *(facts.after_run(planned, *compared) if planned else compared),
        evaluation.section(facts.evaluation),
        "## Fields",
        *fields(facts),
        f"## {examples}",
        *uses(facts),
        f"## {limits}",
        *limitations(facts),
        "## Reproduce it",
        *reproduction(facts),
        "## Licence",
        *licence(facts),
        "## Citation",
        fence(citation(facts.recipe, facts.quality.num_rows if facts.has_run else None), "bibtex"),
        *([] if facts.has_run else unfilled_head(facts)),
    )
    head = front_matter(facts.recipe, facts.configs) + "\n" if facts.has_run else ""
    return head + without_private_hosts("\n\n".join(filter(None, sections))) + "\n"


def unfilled_card(recipe: Recipe, command: str) -> str:
    """Return the card of a recipe before its run, which `command` is: what is known, and a place for what is not.

    It has no front matter, which a section shows instead: so nobody can publish it for a card.
    """
    return card(facts_before_run(recipe, command))
