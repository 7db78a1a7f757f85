"""Templates over the columns of a row or the fields of a question (Jinja2).

Jinja2 and not `str.format`, because questions are full of braces. The sandbox, because templates travel with recipes.
Every undefined name is a fault. Besides the filters of Jinja2 there is `final_answer`: `{{ solution | final_answer }}`
is what a worked solution comes to (what is boxed, or stands behind "Answer:"), empty where it says nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.text import final_answer, shorten

# What is made is plain text for a model, never markup, so nothing is escaped.
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True)
_ENVIRONMENT.filters["final_answer"] = lambda solution: final_answer(str(solution)) or ""


class UnfitValuesError(Exception):
    """A template needs what these values lack, or fails on what they are."""


def is_template(text: str) -> bool:
    """Return whether a setting is a template rather than a name."""
    return "{{" in text or "{%" in text


def names_in(template: str) -> set[str]:
    """Return the names that a template asks for.

    Raises:
        UserError: it is not Jinja2.

    """
    try:
        parsed = _ENVIRONMENT.parse(template)
        _compiled(template)
    except TemplateSyntaxError as error:
        message = f"line {error.lineno} of the template: {shorten(error.message or 'it is not Jinja2', 200)}"
        raise UserError(Fault(message, hint="see the Jinja2 documentation on templates")) from error
    return meta.find_undeclared_variables(parsed)


def render(template: str, values: Mapping[str, object]) -> str:
    """Return what a template makes of values.

    Raises:
        UnfitValuesError: it needs what they lack, or fails on what they are.

    """
    try:
        return _compiled(template).render(values)
    except (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UnfitValuesError(shorten(str(error), 200)) from error


@functools.lru_cache(maxsize=64)
def _compiled(template: str) -> Template:
    return _ENVIRONMENT.from_string(template)
