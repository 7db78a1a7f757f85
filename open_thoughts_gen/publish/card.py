"""The dataset card: the page by which a dataset is judged, and the first that its users read.

What the recipe's author writes (`publish.purpose` and so on) stays Markdown, short of what would break the page; what a
model or a source wrote is escaped; everything else is computed from the run. It holds no
date, timing or machine, so that two runs give the same bytes, and no address of a private network.
"""

from __future__ import annotations

from open_thoughts_gen.publish import contamination, evaluation, provenance
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


def card(facts: Facts) -> str:
    """Return the whole README.md, front matter included."""
    scope, method, examples, limits = SECTIONS
    samples = facts.finished.samples
    sections = (
        f"# {inline(facts.title)}",
        *first_screen(facts),
        loading(facts),
        f"## {scope}",
        *purpose(facts),
        "## Rows, whole",
        *(part for sample in chosen(samples)[1:] for part in folded(sample, "Another row")),
        "" if samples else "No row was accepted.",
        *minimal_pair(samples),
        *drawings(samples, facts.recipe.publish.drawings),
        f"## {method}",
        *creation(facts),
        "## Quality",
        table(("Measure", "Value", "How it is measured"), provenance.quality_rows(facts.quality, facts.remark)),
        *shortcut_section(samples),
        *nearness_section(samples),
        "## Contamination",
        *contamination.section(facts.recipe, facts.finished),
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
        fence(citation(facts.recipe, facts.quality.num_rows), "bibtex"),
    )
    body = "\n\n".join(filter(None, sections))
    return front_matter(facts.recipe, facts.configs) + "\n" + without_private_hosts(body) + "\n"
