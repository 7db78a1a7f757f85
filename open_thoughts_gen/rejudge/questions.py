"""The questions of a run or a dataset, to be asked again of other models, and the verifiers that judge the answers.

A run folder has its recipe, whose verifiers judge. A published dataset says itself who judges: the column `verifiers`
of its rows, its config `rl`, or else the recipe that was published with it. That is data, and may come from anybody, so
it may name no code of another package, no judge and no program to run unless the user trusts it (`rewards`).

Verifiers of the steps of a solution are left out where others judge the answer, as for rewards: another model goes
another way.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.recipe import Part
from open_thoughts_gen.rejudge.layouts import question_columns_of
from open_thoughts_gen.rejudge.saved import (
    files_of_rows,
    is_run_folder,
    prompt_of,
    question_of,
    rows_of,
    unpacked,
)
from open_thoughts_gen.rewards import written_verifiers
from open_thoughts_gen.tables import Row
from open_thoughts_gen.tables.hub import reported
from open_thoughts_gen.types import DropReason, Question

_JUDGED_BY = "judged_by"  # in the meta of a question: the number of the verifiers that its row names
_ANSWERS = frozenset({"response", "reasoning", "messages", "answer", "outcome", "verdicts", "verifiers", "meta"})


@dataclass(frozen=True, slots=True)
class Location:
    """Where questions are read: a run folder, a folder or file of rows, or a dataset on the Hub; and which of them."""

    where: str
    split: str = ""
    config: str | None = None
    columns: Mapping[str, str] | None = None

    @property
    def path(self) -> Path:
        """The location as a path, which need not exist."""
        return Path(self.where)

    def rows(self, config: str | None) -> Iterator[tuple[str, Row | DropReason]]:
        """Yield the rows of a config, None for the default one."""
        is_here = self.path.exists()
        files = (
            files_of_rows(self.path, config or "data", self.split if self.path.is_dir() else "") if is_here else None
        )
        if is_here and not files and self.split and files_of_rows(self.path, config or "data"):
            raise UserError(Fault(f"{self.where} has no split {self.split!r}", hint="name another with --split"))
        yield from rows_of(self.where, self.split, config, files)


@dataclass(frozen=True, slots=True)
class AskedQuestions:
    """The questions of a location, each once, with who judges them; and the rows that could not be read, by reason.

    `written` are the verifiers that the rows themselves name (JSON), by the question's id.
    """

    questions: Sequence[Question]
    written: Mapping[str, str]
    num_rows: int
    left_out: Mapping[str, int]
    examples: Mapping[str, str]


def split_of(location: Location) -> str:
    """Return the split to read: the one that is asked for, else `test` where there is one, else the first.

    Raises:
        UserError: the Hub does not say which there are.

    """
    if location.split or location.path.is_file():
        return location.split
    if location.path.is_dir():
        names = [file.name.partition("-")[0] for file in files_of_rows(location.path) if "-of-" in file.name]
    else:
        from datasets import get_dataset_split_names

        with reported(location.where):
            names = list(get_dataset_split_names(location.where, location.config))
    return next((name for name in ("test", *names) if name in names), "")


def read_questions(location: Location, show: Callable[[str], object] | None = None) -> AskedQuestions:
    """Return the questions of a location; `show` gets a line on which columns are read, where they are not our own.

    Raises:
        UserError: there is no such location, or none of its rows has a question.

    """
    questions: dict[str, Question] = {}
    written: dict[str, str] = {}
    left_out: Counter[str] = Counter()
    examples: dict[str, str] = {}
    num_rows = 0
    for line, read in _read(location, show):
        if isinstance(read, DropReason):
            left_out[read.reason] += 1
            examples.setdefault(read.reason, f"{line}: {read.detail}")
            continue
        num_rows += 1
        question, verifiers = read
        questions.setdefault(question.id, question)
        if verifiers:
            written.setdefault(question.id, verifiers)
    if not questions:
        reasons = "; ".join(f"{num} x {reason}, as {examples[reason]}" for reason, num in left_out.most_common(3))
        raise UserError(
            Fault(f"{location.where} holds no question that can be asked{': ' if reasons else ''}{reasons}")
        )
    return AskedQuestions(list(questions.values()), written, num_rows, left_out, examples)


def _read(
    location: Location, show: Callable[[str], object] | None
) -> Iterator[tuple[str, tuple[Question, str] | DropReason]]:
    """Yield the question of each row, with the verifiers that the row names, or why it has none; each with its line."""
    trusts, shape = is_run_folder(location.where), None
    for line, row in location.rows(location.config):
        if isinstance(row, DropReason):
            yield line, row
            continue
        if shape is None:
            shape = question_columns_of(row, location.columns or {})
            if show is not None and (shape.prompt, shape.reference) != ("question", "reference"):
                show(f"question: {shape.prompt or shape.messages}, reference: {shape.reference or 'none'}")
        prompt = prompt_of(row, shape)
        if isinstance(prompt, DropReason):
            yield line, prompt
        else:
            yield line, _with_own_meta(question_of(row, shape, prompt, trusts=trusts), row)


def _with_own_meta(question: Question, row: Row) -> tuple[Question, str]:
    """Return a question without what its row says of answers, and the verifiers that its row names, if it does."""
    verifiers, inner = row.get("verifiers"), unpacked(row.get("meta"))
    meta = {key: value for key, value in question.meta.items() if key not in _ANSWERS}
    if isinstance(inner, Mapping):
        meta |= inner
    return replace(question, meta=meta), verifiers if isinstance(verifiers, str) else ""


def own_verifiers(
    location: Location, asked: AskedQuestions, trusted: Collection[str]
) -> tuple[list[Question], list[Part]]:
    """Return the questions with the verifiers that the dataset itself names, each for the questions that are its own.

    Raises:
        UserError: it names none, or some that nobody trusts.

    """
    questions, written = list(asked.questions), dict(asked.written)
    if not written:
        metas: dict[str, Mapping[str, object]] = {}
        for _, row in _rl_rows(location):
            if isinstance(row, Mapping) and isinstance(row.get("id"), str) and isinstance(row.get("verifiers"), str):
                written.setdefault(row["id"], row["verifiers"])
                inner = unpacked(row.get("meta"))
                metas.setdefault(row["id"], inner if isinstance(inner, Mapping) else {})
        questions = [replace(each, meta={**each.meta, **metas.get(each.id, {})}) for each in questions]
    if not written and (published := _published_verifiers(location)):
        written = dict.fromkeys((question.id for question in questions), published)
    if not written:
        message = f"{location.where} names no verifier: it has no column `verifiers`, no config `rl` and no recipe.yaml"
        raise UserError(Fault(message, hint="name one with --verifier, or a recipe with --with"))
    number = {verifiers: i for i, verifiers in enumerate(dict.fromkeys(written.values()))}
    parts = [
        Part(use=one.use or one.verifier.plugin_name(), plugin=one.verifier, when={**one.when, _JUDGED_BY: i})
        for verifiers, i in number.items()
        for one in written_verifiers(verifiers, trusted)
    ]
    return [
        replace(each, meta={**each.meta, _JUDGED_BY: number[written[each.id]]}) if each.id in written else each
        for each in questions
    ], parts


def _rl_rows(location: Location) -> Iterator[tuple[str, Row | DropReason]]:
    """Yield the rows of the config `rl`, none where a dataset has no such config."""
    if location.path.exists():
        if files_of_rows(location.path, "rl", location.split) if location.path.is_dir() else ():
            yield from location.rows("rl")
        return
    from datasets import get_dataset_config_names

    with reported(location.where):
        names = get_dataset_config_names(location.where)
    if "rl" in names:
        yield from location.rows("rl")


def _published_verifiers(location: Location) -> str:
    """Return the verifiers of the recipe that was published with a dataset (JSON), empty if there is none."""
    files = [location.path / "recipe.yaml", location.path / "dataset" / "recipe.yaml"]
    if not location.path.exists():
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError

        with reported(location.where):
            try:
                files = [Path(hf_hub_download(location.where, "recipe.yaml", repo_type="dataset"))]
            except EntryNotFoundError:
                return ""
    text = next((file.read_text("utf-8", "replace") for file in files if file.is_file()), "")
    try:
        recipe = yaml.safe_load(text)
        verifiers = recipe.get("verifiers") if isinstance(recipe, dict) else None
        return json.dumps(verifiers) if verifiers and isinstance(verifiers, list) else ""
    except (yaml.YAMLError, TypeError, ValueError, RecursionError) as error:
        reason = str(error).partition("\n")[0]
        raise UserError(Fault(f"the recipe.yaml of {location.where} cannot be read: {reason}")) from error


def answer_verifiers(parts: Sequence[Part]) -> list[Part]:
    """Return the verifiers that judge answers, without those of the steps where others are left."""
    return [part for part in parts if not part.plugin.judges_steps] or list(parts)


def choose(questions: Sequence[Question], num: int | None) -> list[Question]:
    """Return `num` of the questions, chosen by a hash of their ids, in their order; None for all.

    Fewer are always among more, so that asking more of them later asks only the new ones.
    """
    by_hash = sorted(questions, key=lambda question: hashlib.sha256(question.id.encode()).digest())
    ids = {question.id for question in by_hash[:num]}
    return [question for question in questions if question.id in ids]
