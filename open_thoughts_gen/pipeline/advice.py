"""What to do about samples that a run lost: the advice follows the step, the plug-in and the reason."""

from __future__ import annotations

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import Part, Recipe

_RERUN = "check the teacher's errors and run the same command again (no answer is paid for twice)"
_LONGER = "raise the teacher's `max_tokens:`, or set `truncated: escalate` there"
_OTHER_MODEL = "look at the answers in dropped.parquet, and change the prompt or the model"
_ADVISED = ("sources", "question_filters", "sample_filters")
_TEACHER = {
    "teacher error": _RERUN,
    "truncated": _LONGER,
    "length": _LONGER,
    "prompt rejected": "look in dropped.parquet for what the provider refused, and leave such questions out",
}


def advice_on(recipe: Recipe, step: str, plugin: str, reason: str) -> str:
    """Return what to do about a loss; empty if the recipe cannot change it, as for a budget that is spent."""
    if "budget" in (step, plugin) or step == "target":
        return ""
    if step == "teacher":
        return _TEACHER.get(reason, _OTHER_MODEL)
    if reason == "truncated":
        return _LONGER
    parts: tuple[Part, ...] = getattr(recipe, step) if step in _ADVISED else ()
    plugins = (part.plugin for part in parts if part.plugin.plugin_name() == plugin)
    advice = next((each.advice(reason) for each in plugins), "")
    unread = f"fix what the source {plugin} could not read"
    return advice or (unread if step == "sources" else f"loosen {plugin} under `{step}:`")


def why_no_question(recipe: Recipe, context: Context) -> str:
    """Return why the sources of a recipe give nothing at all: which of their files is empty, if one is."""
    files = [file for part in recipe.sources for file in part.plugin.fresh(context).inputs]
    empty = [file.name for file in files if file.stat().st_size == 0]
    return f"{empty[0]} is empty" if empty else "the sources have no rows"
