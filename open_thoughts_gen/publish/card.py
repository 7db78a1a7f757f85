"""The dataset card: the page by which a dataset is judged, and the first that its users read.

What the recipe's author writes (`publish.purpose` and so on) stays Markdown, short of what would break the page; what a
model or a source wrote is escaped; everything else is computed from the run. It holds no
date, timing or machine, so that two runs give the same bytes, and no address of a private network.
"""

from __future__ import annotations

import re

from open_thoughts_gen.publish import contamination, provenance
from open_thoughts_gen.publish.citation import citation
from open_thoughts_gen.publish.examples import minimal_pair, one_row
from open_thoughts_gen.publish.front_matter import front_matter
from open_thoughts_gen.publish.hub_rules import SECTIONS
from open_thoughts_gen.publish.markdown import fence, inline, table
from open_thoughts_gen.publish.sections import (
    Facts,
    at_a_glance,
    creation,
    fields,
    lead,
    licence,
    limitations,
    loading,
    purpose,
    reproduction,
    uses,
)

_PRIVATE_HOST = re.compile(
    r"(https?\\?://)(?:localhost|[\w-]+(?:\.local|\.internal|\.lan)?(?=[:/])|127(?:\.\d+){3}|10(?:\.\d+){3}|0\.0\.0\.0"
    r"|192\.168(?:\.\d+){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d+){2}|169\.254(?:\.\d+){2}|\\?\[[0-9a-fA-F:]+\\?\])(?::\d+)?(?=[/#\s`'\"]|$)"
)


def card(facts: Facts) -> str:
    """Return the whole README.md, front matter included."""
    scope, method, examples, limits = SECTIONS
    sections = (
        f"# {inline(facts.title)}",
        lead(facts),
        at_a_glance(facts),
        loading(facts),
        f"## {scope}",
        *purpose(facts),
        "## One row, whole",
        *one_row(facts.finished.samples),
        *minimal_pair(facts.finished.samples),
        f"## {method}",
        *creation(facts),
        "## Quality",
        table(("Measure", "Value", "How it is measured"), provenance.quality_rows(facts.quality, facts.remark)),
        "## Contamination",
        *contamination.section(facts.recipe, facts.finished),
        "## Fields",
        *fields(facts),
        f"## {examples}",
        *uses(facts),
        f"## {limits}",
        *limitations(facts),
        "## Reproduce it",
        *reproduction(facts),
        "## Licence",
        licence(facts),
        "## Citation",
        fence(citation(facts.recipe, facts.quality.num_rows), "bibtex"),
    )
    body = "\n\n".join(filter(None, sections))
    return front_matter(facts.recipe, facts.configs) + "\n" + without_private_hosts(body) + "\n"


def without_private_hosts(markdown: str) -> str:
    """Return a page that names no endpoint of a private network; quoted rows stay as they are."""
    lines = markdown.split("\n")
    return "\n".join(line if line.startswith(">") else _PRIVATE_HOST.sub(r"\1HOST", line) for line in lines)
