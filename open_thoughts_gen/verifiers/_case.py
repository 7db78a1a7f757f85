"""The case of a question that a family made, as verifiers that ask the family pass it to their workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from open_thoughts_gen import plugin, text
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.types import Question, Trace

# What families and their solvers raise on a case that is not one; anything else ends the worker.
REFUSALS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    UserError,
    ValueError,
)


def case_of(question: Question) -> dict[str, Any]:
    """Return family, prompt, settings and spec of a question."""
    meta = question.meta
    return {
        "family": meta.get("family"),
        "prompt": question.prompt,
        "settings": meta.get("settings"),
        "spec": meta.get("spec"),
    }


def answer_to(question: Question, trace: Trace, marks: Sequence[str]) -> str | None:
    """Return the answer that a trace states, as the question's family reads it; None if there is none."""
    use = plugin.family_of(question)
    if use is None or ":" in use:  # code of a third party is loaded in workers only
        return text.final_answer(trace.response, marks)
    try:
        family = plugin.load("family", use)
    except UserError:  # it is reported where the case is judged
        return text.final_answer(trace.response, marks)
    return family.final_answer(trace.response, marks)  # type: ignore[attr-defined, no-any-return]
