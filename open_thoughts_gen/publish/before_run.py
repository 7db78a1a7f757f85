"""The card before its run: what a recipe alone says of its dataset, and how the dataset is made.

`facts_before_run` hands `card` a run of nothing; for all that only a run can tell a place is left (`Facts.after_run`).
No source is opened, no key is looked for, and nothing is asked.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from open_thoughts_gen.chat.endpoints import resolve
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.split import Split as SplitFilter
from open_thoughts_gen.plugin import Source
from open_thoughts_gen.publish import contamination
from open_thoughts_gen.publish.columns import CHAT_CONFIGS, RL, Column, chat_columns, columns_of
from open_thoughts_gen.publish.front_matter import Config, Split, as_yaml, recipe_head
from open_thoughts_gen.publish.hub_rules import BEFORE_RUN
from open_thoughts_gen.publish.markdown import code, fence
from open_thoughts_gen.publish.quality import measure
from open_thoughts_gen.publish.question_files import QuestionFiles
from open_thoughts_gen.publish.rows import TRAIN
from open_thoughts_gen.publish.schemas import SchemaRows
from open_thoughts_gen.publish.sections import Facts
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.recipe.licensing import Material, license_of, source_material, teacher_material
from open_thoughts_gen.types import Counts, Finished


def facts_before_run(recipe: Recipe, command: str) -> Facts:
    """Return what is known of a dataset before its run, which `command` is.

    Raises:
        UserError: a column of the recipe is a standard one, or it names a schema that does not exist.

    """
    licensing = license_of(recipe.publish, _materials(recipe))
    publish = recipe.publish.model_copy(update={"license": licensing.license})
    recipe = recipe.model_copy(update={"publish": publish})
    nothing = Finished(samples=(), dropped=(), counts=Counts())
    splits = tuple(Split(name, 0, 0) for name in _splits(recipe))
    configs = [Config(name, name, columns, splits, 0) for name, columns in _configs(recipe)]
    asked = QuestionFiles(recipe, (), ())
    return Facts(recipe, nothing, configs, measure(nothing), (), command, licensing, asked, has_run=False)


def _materials(recipe: Recipe) -> Iterator[Material]:
    """Yield what the rows will come from: sources, those that stand inside others too, and the models that write."""
    sources = list(_without_wrapping(part.plugin for part in recipe.sources))
    for name, license_ in dict.fromkeys((source.source_name, source.usual_license) for source in sources):
        yield source_material(name, license_)
    writers = (model for source in sources for model in source.models)
    for model in dict.fromkeys([*recipe.teacher.plugin.models, *writers]):
        yield teacher_material(model, recipe.publish.teacher_license)


def _without_wrapping(sources: Iterable[Source]) -> Iterator[Source]:
    for source in sources:
        if source.passes_on:
            yield from _without_wrapping(source.passes_on)
        else:
            yield source


def _splits(recipe: Recipe) -> list[str]:
    filters = (part.plugin for part in (*recipe.question_filters, *recipe.sample_filters))
    parting = next((each for each in filters if isinstance(each, SplitFilter)), None)
    if parting is None:
        return [TRAIN]
    return [TRAIN, *(["validation"] if parting.validation_rate else []), "test"]


def _configs(recipe: Recipe) -> Iterator[tuple[str, tuple[Column, ...]]]:
    """Yield the configs with their columns; there will be reasoning."""
    publish = recipe.publish
    filters = (*recipe.question_filters, *recipe.sample_filters)
    default = columns_of(recipe, measured=any(part.plugin.measure_names for part in filters))
    yield "default", default
    yield from ((name, chat_columns(style, default, publish.columns)) for style, name in CHAT_CONFIGS.items())
    if publish.rl:
        yield "rl", RL
    yield from ((name, SchemaRows(name, system=publish.system).columns) for name in publish.schemas)


def notice(facts: Facts) -> list[str]:
    """Return the sentences that say what a card before the run is; nothing for any other."""
    said = (
        f"**{BEFORE_RUN}: nothing has been drawn, asked or counted yet.** All of it comes from the recipe. What only a "
        "run can tell has an empty place, marked *after the run*, which says what will stand there."
    )
    return [] if facts.has_run else [said]


def how_to_make(facts: Facts) -> list[str]:
    """Return what a run needs, where it stops, and the commands up to it; nothing if it has been made."""
    if facts.has_run:
        return []
    recipe, models = facts.recipe, list(dict.fromkeys(facts.recipe.paid_models))
    sources = [material.of for material in facts.licensing.materials if material.what == "questions"]
    keys = list(dict.fromkeys(key for model in models for key in _key_of(model)))
    asked = f"It asks {_listed(models)}" if models else "It asks no model"
    stops = [f"at {recipe.target:,} accepted rows"] if recipe.target else []
    stops += [f"when answers have cost ${recipe.budget.usd:,g}"] if recipe.budget and recipe.budget.usd else []
    sentences = [
        f"A run draws its questions from {_listed(sources)}.",
        f"{asked}, and needs {_listed(keys)} for it." if keys else f"{asked}.",
        f"It stops {', or '.join(stops)}." if stops else "",
    ]
    commands = fence("\n".join(_commands(facts, bool(models))), "sh")
    return ["## Make it", " ".join(filter(None, sentences)), commands, "Then it loads like this:"]


def _commands(facts: Facts, asks: bool) -> list[str]:
    words = shlex.split(facts.command)
    index = words.index("run")
    before, after = words[:index], words[index + 1 :]
    steps = {
        ("run", *after, "--rehearse"): "stand-in questions: no key, no network, a minute",
        ("contamination", "fetch"): "once: the benchmarks to compare with",
        ("check", *after): "what is missing, and the first question",
        ("estimate", *after): "pays for 20 answers, then says what all will cost",
        ("run", *after): "goes on after a stop; nothing is paid twice",
    }
    if not contamination.plan(facts.recipe):
        del steps["contamination", "fetch"]
    if not asks:
        del steps["estimate", *after]
        if facts.recipe.rehearsal_scale is None:  # a rehearsal would be the same
            del steps["run", *after, "--rehearse"]
    lines = {shlex.join([*before, *step]): why for step, why in steps.items()}
    width = max(map(len, lines))
    return [f"{line:{width}}  # {why}" for line, why in lines.items()]


def _key_of(model: str) -> Iterator[str]:
    """Yield the variable that holds the key of a model, if it needs one."""
    with suppress(UserError):  # a model that is called in another way
        endpoint = resolve(model)
        if endpoint.needs_key:
            yield endpoint.key_variable


def _listed(names: Sequence[str]) -> str:
    *others, last = map(code, names)
    return f"{', '.join(others)} and {last}" if others else last


def unfilled_head(facts: Facts) -> list[str]:
    """Return the section that shows as much of the front matter as the recipe decides."""
    head = recipe_head(facts.recipe)
    if not facts.knows_license:
        del head["license"]
    said = "The front matter, as far as the recipe decides it."
    more = "Its `size_categories`, `configs` and `dataset_info`: files, splits, features, rows and bytes."
    return ["## What the Hub reads", said, fence(as_yaml(head).rstrip("\n"), "yaml"), *facts.after_run(more)]
