"""How a question is worded for the model: a template over the question's fields.

    prompt: |
      {{ prompt }}
      {% if reference is defined %}The answer is {{ reference }}; explain how to reach it.{% endif %}

Jinja2 and not `str.format`, because questions are full of braces. The sandbox, because templates travel with recipes.
Every undefined name is a fault: a misspelt field when the recipe is loaded, a key that only this row's `meta` lacks
when the row is asked, which then costs its trace and no call. A reference that is None is undefined, so that no model
is ever told that the answer is "None".
"""

from __future__ import annotations

from typing import Any

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.tables import template as templates
from open_thoughts_gen.types import Question

FIELDS = ("prompt", "reference", "domain", "source", "license", "meta")


class UnfitQuestionError(Exception):
    """A template needs what this question does not have."""


def check_template(template: str) -> None:
    """Check a template before anything is asked.

    Raises:
        UserError: it is not Jinja2, or names what no question has.

    """
    faults = []
    for name in sorted(templates.names_in(template) - set(FIELDS)):
        near = did_you_mean(name, FIELDS)
        hint = near if near.startswith("did") else f"{near}; other columns of a row are meta.NAME, here meta.{name}"
        faults.append(Fault(f"the template names {name!r}, which no question has", hint=hint))
    if faults:
        raise UserError(*faults)


def render(template: str, question: Question) -> str:
    """Return what a template makes of a question.

    Raises:
        UnfitQuestionError: it needs what this question lacks, or fails on what it has.

    """
    fields: dict[str, Any] = {name: getattr(question, name) for name in FIELDS}
    try:
        return templates.render(template, {name: value for name, value in fields.items() if value is not None})
    except templates.UnfitValuesError as error:
        raise UnfitQuestionError(f"the prompt's template: {error}") from error
