"""A dataset that was made again from its published recipe, held against what is published: the same bytes, or why not.

Every file is compared by its bytes. Of the card only what a push writes counts: neither what a person wrote outside of
its marked lines, nor the line with the command that its maker ran. Nor does what `evaluate` added (its section and
`eval.yaml`), which no recipe makes. Where files differ, the likely reasons are named,
each from something that was seen: another version of this package or of the library that writes a file, a model that
was asked again, a source that reads what is not published.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Plugin
from open_thoughts_gen.publish.evaluation import BENCHMARK, without_section
from open_thoughts_gen.publish.folder import files_of, read_run
from open_thoughts_gen.publish.hub import as_published
from open_thoughts_gen.publish.push_plan import CARD, card_to_push
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.recipe.node import Node
from open_thoughts_gen.recipe.options import is_class_name
from open_thoughts_gen.rejudge.difference import difference
from open_thoughts_gen.rejudge.runs import SavedRun
from open_thoughts_gen.version import VERSION

State = Literal["same", "differs", "only published", "only rebuilt"]
_VARIABLE = re.compile(r"(?<!\$)\$\{([A-Za-z_]\w*)")
_COMMAND = re.compile(r"(?<=```sh\n)python -m open_thoughts_gen .*(?=\n```)")
_MADE_WITH = re.compile(r"open-thoughts-gen==([\w.+-]+)")


@dataclass(frozen=True, slots=True)
class Proof:
    """The state of every file by its path, and the likely reasons of what differs."""

    files: Mapping[str, State]
    reasons: tuple[str, ...] = ()

    @property
    def num_same(self) -> int:
        """How many files are the same."""
        return sum(state == "same" for state in self.files.values())

    @property
    def holds(self) -> bool:
        """Whether all files are the same."""
        return self.num_same == len(self.files)


def prove(published: Path, run_folder: Path, recipe: Recipe, *, repo: str) -> Proof:
    """Compare a published dataset with the run folder that was made from its recipe."""
    rebuilt = run_folder / "dataset"
    theirs, ours = (
        {file.relative_to(each).as_posix(): file for file in files_of(each)} for each in (published, rebuilt)
    )
    files: dict[str, State] = {}
    for path in sorted({*theirs, *ours} - {BENCHMARK}):
        if path not in ours or path not in theirs:
            files[path] = "only published" if path in theirs else "only rebuilt"
        elif path == CARD:
            files[path] = "same" if _is_same_card(theirs[path], run_folder, repo) else "differs"
        else:
            files[path] = "same" if theirs[path].read_bytes() == ours[path].read_bytes() else "differs"
    proof = Proof(files)
    return proof if proof.holds else Proof(files, tuple(_reasons(files, published, run_folder, recipe)))


def dangers(root: Node) -> list[str]:
    """Return what somebody else's recipe would do besides computing, seen before anything in it is loaded."""
    seen: dict[str, None] = {}
    for _, leaf in root.leaves():
        if not isinstance(leaf.content, str):
            continue
        seen |= {f"it reads the variable {name} of your environment": None for name in _VARIABLE.findall(leaf.content)}
        if is_class_name(leaf.content):
            seen[f"it loads code of another package: {leaf.content}"] = None
    return list(seen)


def asked_models(recipe: Recipe) -> list[str]:
    """Return the models that a recipe asks, which costs money or downloads weights."""
    parts = (*recipe.sources, *recipe.question_filters, *recipe.verifiers, *recipe.sample_filters)
    models = [model for part in parts for model in part.plugin.models]
    teacher = recipe.teacher.plugin
    if teacher.cost_usd is None or "model" in type(teacher).model_fields:
        models = [teacher.label, *models]
    return list(dict.fromkeys(models))


def _is_same_card(theirs: Path, run_folder: Path, repo: str) -> bool:
    """Return whether pushing the rebuilt card would leave the published one as it is, but for its maker's command."""
    published = without_section(theirs.read_text("utf-8", "replace"))
    card = as_published((run_folder / "dataset" / CARD).read_text("utf-8"), read_run(run_folder) or {}, repo)
    command = _COMMAND.search(published)
    card = _COMMAND.sub(lambda _: command[0], card, count=1) if command else card
    try:
        return card_to_push(card, published, repo=repo, replace=False) == published
    except UserError:  # a person wrote all of it
        return False


def _reasons(files: Mapping[str, State], published: Path, run_folder: Path, recipe: Recipe) -> Iterator[str]:
    card = published / CARD
    versions = _MADE_WITH.findall(card.read_text("utf-8", "replace")) if card.is_file() else []
    if versions and VERSION not in versions:
        yield f"version: it was made with open-thoughts-gen {versions[0]}, and this is {VERSION}"
    differing = [path for path, state in files.items() if state != "same"]
    if "recipe.yaml" in differing:
        yield "recipe: another version writes the settings of the same recipe otherwise, or the file was changed"
    rows = [path for path in differing if path.endswith(".parquet")]
    if rows and all(_have_same_rows(published / path, run_folder / "dataset" / path) for path in rows):
        yield "library: the rows are the same and their bytes are not: another version of pyarrow wrote them"
    elif rows:
        yield from _reasons_of_rows(published, run_folder, recipe)
    elif differing and all(path.startswith("assets/") for path in differing):
        yield "library: only figures differ: another version of matplotlib drew them"
    elif differing == [CARD]:
        yield "card: only the card differs: it was written by another version, or edited between its marked lines"


def _reasons_of_rows(published: Path, run_folder: Path, recipe: Recipe) -> Iterator[str]:
    compared = difference(SavedRun(published), SavedRun(run_folder))
    alone = [len(each) for each in compared.only]
    yield (
        f"rows: {compared.num_changed:,} rows of the same questions differ in text; {alone[0]:,} questions are only "
        f"published, {alone[1]:,} only rebuilt"
    )
    models = asked_models(recipe)
    if models:
        yield f"models: {', '.join(models)} answered again where the response cache did not have the published answers"
    for part in recipe.sources:
        plugin: Plugin = part.plugin
        if part.use == "hub" and not getattr(plugin, "revision", None):
            yield "source: a dataset on the Hub is read at its newest commit, for the recipe pins no `revision`"
        elif "path" in type(plugin).model_fields:
            yield f"source: {getattr(plugin, 'path', '')} was read here, and may not be the file that was read then"


def _have_same_rows(theirs: Path, ours: Path) -> bool:
    try:
        return theirs.is_file() and ours.is_file() and bool(pq.read_table(theirs).equals(pq.read_table(ours)))
    except (pa.ArrowException, OSError):
        return False
