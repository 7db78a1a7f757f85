"""The card's section on the licence: what the dataset is made of, under which licences, and what the author overrides.

Which licence follows from them is decided in `recipe.licensing`.
"""

from __future__ import annotations

from collections.abc import Callable

from open_thoughts_gen.publish.markdown import awaited, code, inline, public_name, table
from open_thoughts_gen.publish.sections import Facts
from open_thoughts_gen.recipe.licensing import Material

OVERRIDDEN = "Overridden by the author:"  # what a card says of a conflict of licences that is on purpose
_MAX_MATERIALS = 20  # rows of the table


def licence(facts: Facts) -> list[str]:
    """Return the licence of the dataset, what it is made of and under which, and the author's word on a conflict."""
    licensing = facts.licensing
    if not facts.knows_license:
        released = awaited("The licence that follows from what the dataset is made of.")
    elif licensing.conflicts and not licensing.is_stated:
        why = "; ".join(licensing.conflicts)
        released = f"**Without a licence:** {inline(why)}."
    else:
        how = "as its author states" if licensing.is_stated else "which follows from what it is made of"
        released = f"The dataset is released under {code(licensing.license)}, {how}."
    teacher = facts.recipe.publish.teacher_name
    against = licensing.conflicts if licensing.is_stated else ()
    lines = [f"- {inline(conflict)}" for conflict in against]
    return [
        released,
        table(
            ("Made of", "Licence or terms", "Asks for", "Rows"),
            [_material(material, teacher, facts.cell) for material in licensing.materials[:_MAX_MATERIALS]],
            numbers=(3,),
        )
        if licensing.materials
        else "",
        *facts.after_run(
            "The rows of each; of a dataset on the Hub also the licence on its card, and the commit that was read."
        ),
        "\n".join(["The licence does not satisfy all of these:", "", *lines]) if lines else "",
        f"{OVERRIDDEN} {inline(licensing.override)}" if lines and licensing.override else "",
    ]


def _material(material: Material, teacher_name: str, cell: Callable[[str], str]) -> tuple[str, str, str, str]:
    """Return a row of the table of what a dataset is made of; `cell` shows what only a run can tell."""
    what, of = "questions of", material.of
    if material.what != "questions":
        what, of = "reasoning and responses of", public_name(material.of, teacher_name)
    unknown = cell("unknown") if material.what == "questions" else "unknown"
    terms = code(material.license) if material.license else unknown
    if material.terms.link:
        terms += f" ({inline(material.terms.link)})"
    asked = unknown if material.asks is None else ", ".join(sorted(material.asks)) or "nothing"
    about = f": {inline(material.terms.about)}" if material.terms.about and material.asks else ""
    return f"{what} {code(of or 'unnamed')}", terms, f"{asked}{about}", cell(f"{material.num_rows:,}")
