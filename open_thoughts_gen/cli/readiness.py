"""What can be known about a recipe before it runs, without a call to a model.

Sources are opened and read for a short while, so that the first question is seen as it was understood, rows that cannot
be read are counted, and settings that match nothing are found: a `when` on a key that no question has, a column that no
question fills. What was not read to its end cannot be known to lack something, so there it is a note and not a fault.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.pipeline.advice import why_no_question
from open_thoughts_gen.plugin import Context, Source
from open_thoughts_gen.plugin.when import meets
from open_thoughts_gen.recipe import Part, Recipe
from open_thoughts_gen.recipe.licensing import Material, license_of, source_material, teacher_material
from open_thoughts_gen.tables.template import names_in
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import DropReason, Question

_MAX_EXAMPLE = 200
MAX_READ, MAX_READ_S = 100_000, 2.0
CONDITIONAL = ("verifiers", "question_filters", "sample_filters")
TRAITS = ("domain", "source", "license")


@dataclass(slots=True)
class SourceSample:
    """What a source showed in a short while: its first question, and counts of the rest.

    `unread` counts rows by the reason why they cannot be used, with the first example of each; `matches` counts the
    questions that meet each `when` of the recipe, by its place there; `licenses` counts them by source and
    license; `num_copies` are the questions that repeat another; `detected` is what the source says of its input;
    `seeds` are the sources that a model writes it from.
    """

    title: str
    first: Question | None = None
    num_questions: int = 0
    num_copies: int = 0
    unread: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    has_ended: bool = False
    meta_keys: set[str] = field(default_factory=set)
    matches: Counter[tuple[str, int]] = field(default_factory=Counter)
    licenses: Counter[tuple[str, str]] = field(default_factory=Counter)
    detected: Sequence[str] = ()
    seeds: list[SourceSample] = field(default_factory=list)


@dataclass(slots=True)
class Findings:
    """What is wrong, and what is only worth knowing."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)


def read_sources(recipe: Recipe, context: Context) -> tuple[list[SourceSample], list[Fault]]:
    """Return a sample of each source, and the faults of the sources that cannot be opened or read."""
    samples: list[SourceSample] = []
    faults: list[Fault] = []
    conditions = list(_conditions(recipe))
    for index, part in enumerate(recipe.sources):
        sample = SourceSample(f"sources[{index}], {part.plugin.plugin_name()}")
        try:
            _read(part, context, sample, conditions)
        except UserError as error:
            faults += [fault if fault.where else _at(recipe, ("sources", index), fault) for fault in error.faults]
        samples.append(sample)
    for index, sample in enumerate(samples):
        for seeds in sample.seeds:
            if seeds.has_ended and not seeds.num_questions:
                why = next(iter(seeds.unread), "the source of the seeds has no rows")
                faults.append(recipe.fault_at(("sources", index), "there is nothing to write questions from", why))
    if samples and not faults and all(sample.has_ended and not sample.num_questions for sample in samples):
        unread = sum((sample.unread for sample in samples), Counter[str]())
        why = why_no_question(recipe, context)
        for reason, num in unread.most_common(1):
            example = next(sample.examples[reason] for sample in samples if reason in sample.examples)
            rows = "1 row could not be read" if num == 1 else f"{num:,} rows could not be read"
            why = f"{rows}: {reason}" + (f" ({shorten(example, _MAX_EXAMPLE)})" if example else "")
        faults.append(recipe.fault_at(("sources",), "no source gives a usable question", why))
    return samples, faults


def _read(part: Part, context: Context, sample: SourceSample, conditions: Sequence[tuple[str, int, Part]]) -> None:
    source = part.plugin.fresh(context)
    sample.detected = source.notes()
    if source.models:
        writers = " and ".join(source.models)
        sample.detected = [*sample.detected, f"its questions are written by {writers}, which was not asked"]
        for seeds in _without_models(source):
            sample.seeds.append(SourceSample(f"{sample.title} from {seeds.plugin_name()}"))
            _read_rows(seeds, sample.seeds[-1], ())
        return
    _read_rows(source, sample, conditions)


def _without_models(source: Source) -> Iterator[Source]:
    """Yield the sources inside one, however deep, that can be read without asking a model."""
    for inner in source.sources:
        yield from _without_models(inner) if inner.models else (inner,)


def _read_rows(source: Source, sample: SourceSample, conditions: Sequence[tuple[str, int, Part]]) -> None:
    until = time.monotonic() + MAX_READ_S
    for item in source.questions():
        if isinstance(item, DropReason):
            sample.unread[item.reason] += 1
            sample.examples.setdefault(item.reason, item.detail)
        else:
            sample.first = sample.first or item
            sample.num_questions += 1
            sample.num_copies += item.copy > 0
            sample.meta_keys |= item.meta.keys()
            sample.licenses[item.source, item.license] += 1
            sample.matches.update((key, index) for key, index, one in conditions if meets(item, one.when))
        if sample.num_questions >= MAX_READ or time.monotonic() > until:
            return
    sample.has_ended = True


def _conditions(recipe: Recipe) -> Iterator[tuple[str, int, Part]]:
    for key in CONDITIONAL:
        yield from ((key, index, part) for index, part in enumerate(getattr(recipe, key)) if part.when)


def check_recipe(recipe: Recipe, samples: Sequence[SourceSample], *, pushed: bool = False) -> Findings:
    """Return what is wrong with a recipe whose sources showed this; `pushed`: if its dataset is to be published."""
    from open_thoughts_gen.publish.columns import STANDARD

    findings = Findings()
    columns = {column.name for column in STANDARD}
    for name in recipe.publish.columns:
        if name in columns:
            message, hint = f"every dataset has a column {name!r} already", "leave it out, or rename it in the source"
            findings.faults.append(recipe.fault_at(("publish", "columns", name), message, hint))
    if not recipe.publish.purpose.strip():
        message = "`purpose` is missing: the dataset card (README.md) has to say what the dataset is for"
        hint = "add `purpose: ...` under `publish:`"
        findings.faults.append(recipe.fault_at(("publish", "purpose"), message, hint))
    if any(sample.num_questions for sample in samples):
        _check_matches(recipe, samples, findings)
    for index, sample in enumerate(samples):
        findings.notes += [recipe.fault_at(("sources", index), message) for message in sample.detected]
    _check_copies(recipe, samples, findings)
    _check_template(recipe, findings)
    _check_form(recipe, findings)
    _check_prices(recipe, findings)
    _check_license(recipe, samples, findings, needed=pushed)
    return findings


def _check_matches(recipe: Recipe, samples: Sequence[SourceSample], findings: Findings) -> None:
    """Find settings that match no question that was read."""
    unmatched = findings.faults if all(sample.has_ended for sample in samples) else findings.notes
    meta_keys = set().union(*(sample.meta_keys for sample in samples))
    for key, index, part in _conditions(recipe):
        known = (*TRAITS, *meta_keys, *_measures_before(recipe, key, index))
        unknown = [name for name in part.when if name not in known]
        for name in unknown:
            message = f"no question has {name!r}, so that this is never used"
            hint = did_you_mean(name, known)
            unmatched.append(recipe.fault_at((key, index, "when", name), message, hint))
        by_meta_alone = all(name in (*TRAITS, *meta_keys) for name in part.when)
        if by_meta_alone and not sum(sample.matches[key, index] for sample in samples):
            ended = all(sample.has_ended for sample in samples)
            message = "no question meets this" + ("" if ended else " among those that were read")
            where = findings.faults if ended else findings.notes
            where.append(recipe.fault_at((key, index, "when"), message, "see the first question above"))
    for name in recipe.publish.columns:
        if name not in meta_keys and name not in _measures_before(recipe):
            hint = did_you_mean(name, meta_keys) or "the questions have no meta"
            message = f"no question has {name!r} in its meta, so this column would be empty"
            unmatched.append(recipe.fault_at(("publish", "columns", name), message, hint))
    if meta_keys and not recipe.publish.columns:  # who names some has chosen
        message = f"the rows will not have what the questions' meta holds: {', '.join(sorted(meta_keys))}"
        hint = "to publish a key of it, write `columns: {KEY: string}` under `publish:`, with the type of its values"
        findings.notes.append(recipe.fault_at(("publish", "columns"), message, hint))


def _check_copies(recipe: Recipe, samples: Sequence[SourceSample], findings: Findings) -> None:
    """Find copies of questions that will not get an answer of their own."""
    if not any(sample.num_copies for sample in samples):
        return
    for index, part in enumerate(recipe.question_filters):
        if part.plugin.drops_repeats:
            message, hint = "this leaves out every copy of a question that a source repeats", "leave one of the two out"
            findings.notes.append(recipe.fault_at(("question_filters", index), message, hint))
    if not recipe.teacher.plugin.answers_copies:
        message = "this teacher has no further answer to a question: copies that a source repeats share the answers"
        findings.notes.append(recipe.fault_at(("teacher",), message))


def _measures_before(recipe: Recipe, key: str = "", index: int = 0) -> list[str]:
    """Return the names of what filters measure before one part of a recipe, or at all."""
    parts = list(recipe.question_filters[: index if key == "question_filters" else None])
    if key != "question_filters":
        parts += recipe.sample_filters[: index if key == "sample_filters" else None]
    return [] if key == "verifiers" else [name for part in parts for name in part.plugin.measure_names]


def _check_template(recipe: Recipe, findings: Findings) -> None:
    """Find text of `teacher.prompt` that is missing from the published chat, which holds the question's prompt."""
    template = getattr(recipe.teacher.plugin, "prompt", "")
    if not template or "".join(template.split()) == "{{prompt}}":
        return
    by_row = sorted(names_in(template) - {"prompt"})
    if by_row:
        message = f"the model sees each question's {', '.join(by_row)}, but the published chat does not contain it"
        hint = "build the prompt in the source, with `fields: {prompt: ...}`; keep here only what all rows share"
    elif not recipe.publish.system:
        message = "the published chat does not contain the text that this adds to the question"
        hint = "repeat it in `publish: system`, if a model that is trained on the chats should see it"
    else:
        return
    findings.notes.append(recipe.fault_at(("teacher", "prompt"), message, hint))


def _check_form(recipe: Recipe, findings: Findings) -> None:
    """Find verifiers that hold against an answer what the teacher is asked for."""
    teacher = recipe.teacher.plugin
    texts = [getattr(teacher, name, "") for name in ("system", "prompt", "prefix")]
    sent = "\n".join([*texts, *getattr(teacher, "prefixes", {}).values()])
    for index, part in enumerate(recipe.verifiers):
        for fault in part.plugin.check_teacher(sent):
            findings.notes.append(recipe.fault_at(("verifiers", index), fault.message, fault.hint))


def _check_license(recipe: Recipe, samples: Sequence[SourceSample], findings: Findings, *, needed: bool) -> None:
    """Find that the dataset's license is not one that sources and teacher allow; that there is none may be a note."""
    materials = [
        source_material(source, license_id, num)
        for sample in samples
        for (source, license_id), num in sample.licenses.items()
    ]
    materials += _teacher_materials(recipe)
    licensing = license_of(recipe.publish, materials)
    undecided = not needed and not licensing.is_stated and any(material.asks is None for material in materials)
    reported = findings.notes if undecided else findings.faults
    reported += [recipe.fault_at(("publish", "license"), message, licensing.hint) for message in licensing.faults]


def license_faults(recipe: Recipe, context: Context) -> list[Fault]:
    """Return the conflicts of licenses that are known before a question is drawn; opens the sources."""
    sources = [part.plugin.fresh(context) for part in recipe.sources]
    # Where a column holds the license of each row, the usual one need not be any row's.
    usual = [source for source in sources if not getattr(getattr(source, "fields", None), "license", None)]
    materials = [source_material(source.plugin_name(), source.usual_license) for source in usual]
    materials += _teacher_materials(recipe)
    licensing = license_of(recipe.publish, [material for material in materials if material.asks is not None])
    return [recipe.fault_at(("publish", "license"), message, licensing.hint) for message in licensing.faults]


def _teacher_materials(recipe: Recipe) -> list[Material]:
    return [teacher_material(model, recipe.publish.teacher_license) for model in recipe.teacher.plugin.models]


def _check_prices(recipe: Recipe, findings: Findings) -> None:
    """Find models whose price is not known: a note, or a fault where the budget limits money."""
    teacher = recipe.teacher.plugin
    paid: list[tuple[tuple[str | int, ...], str]] = []
    paid += [(("teacher",), model) for model in teacher.models if teacher.cost_usd is None]
    paid += [
        (("verifiers", index), model) for index, part in enumerate(recipe.verifiers) for model in part.plugin.models
    ]
    for key in ("sources", "question_filters", "sample_filters"):
        paid += [
            ((key, index), model) for index, part in enumerate(getattr(recipe, key)) for model in part.plugin.models
        ]
    for path, model in paid:
        if model in recipe.known_prices:
            continue
        hint = f"add `prices: {{{model}: {{input: ..., output: ...}}}}` at the top level, in USD per million tokens"
        if recipe.budget is not None and recipe.budget.usd is not None:
            message = f"`budget: usd` needs the price of {model}, which is not known"
            findings.faults.append(recipe.fault_at(("budget", "usd"), message, hint))
        else:
            findings.notes.append(recipe.fault_at(path, f"the price of {model} is not known", f"optional: {hint}"))


def start_parts(recipe: Recipe, context: Context) -> Iterator[Fault]:
    """Start every plug-in but the sources, as a run does, and yield what they lack: keys, files, packages, a cache."""
    paths: list[tuple[tuple[str | int, ...], Part]] = [(("teacher",), recipe.teacher)]
    for key in CONDITIONAL:
        paths += [((key, index), part) for index, part in enumerate(getattr(recipe, key))]
    for path, part in paths:
        try:
            plugin = part.plugin.fresh(context)
        except UserError as error:
            yield from (fault if fault.where else _at(recipe, path, fault) for fault in error.faults)
        else:
            lacks: Any = getattr(plugin, "lacks", tuple)  # of a teacher
            yield from (_at(recipe, path, fault) for fault in lacks())
            close: Any = getattr(plugin, "close", None)
            if close is not None:
                close()


def check_token() -> Iterator[Fault]:
    """Yield the fault that there is no token to push with."""
    import os

    from open_thoughts_gen.publish.hub import token_from

    try:
        token_from(os.environ)
    except UserError as error:
        yield from error.faults


def _at(recipe: Recipe, path: tuple[str | int, ...], fault: Fault) -> Fault:
    return recipe.fault_at(path, fault.message, fault.hint)
