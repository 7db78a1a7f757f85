"""From a finished run to the run folder, complete or not at all.

    runs/NAME/
      recipe.yaml       the recipe as it was resolved
      run.json          versions, seed, counts, cost, timings, hashes of inputs and outputs
      dropped.parquet   what was left out, by which step, and why
      verifier_faults.jsonl   what verifiers raised, where any did: the row, the error and its traceback
      review.parquet    what was kept and should be looked at, where there is any
      evaluation.json   how often models are right on it, where the command `evaluate` asked them (`evaluation`)
      report.html       the first rows, the figures and the counts, on one page to open in a browser
      dataset/          exactly what is pushed: README.md, recipe.yaml, data/, messages/, reasoning_content/, rl/,
                        assets/, croissant.json, and questions/ where files of questions may be published

`dataset/` depends on the recipe, the samples and an evaluation of them alone: on no time and no machine. The run folder
is written beside its path under a hidden name, flushed to disk, and renamed; the one that was there is renamed first
and deleted last. A crash at any point leaves either the old folder or the new one complete, under its name or one
rename away from it, which the next run does. A link is followed once, at the start:
what it leads to is replaced, and the link stays.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from open_thoughts_gen.cache.claims import process_lives
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.publish import faults, rows, viewer
from open_thoughts_gen.publish.card import card
from open_thoughts_gen.publish.columns import (
    CHAT_CONFIGS,
    MEASURES,
    RL,
    Column,
    arrow_schema,
    chat_columns,
    columns_of,
)
from open_thoughts_gen.publish.croissant import croissant, sha256
from open_thoughts_gen.publish.evaluation import (
    BENCHMARK,
    EvaluationRecord,
    benchmark_text,
    digest_of,
    keep_evaluation,
)
from open_thoughts_gen.publish.front_matter import Config, Split
from open_thoughts_gen.publish.markdown import without_private_hosts
from open_thoughts_gen.publish.parquet import SplitFiles
from open_thoughts_gen.publish.pictures import ASSETS, Drawn
from open_thoughts_gen.publish.provenance import versions
from open_thoughts_gen.publish.quality import WordCounts, measure
from open_thoughts_gen.publish.question_files import question_files
from open_thoughts_gen.publish.schemas import SchemaRows
from open_thoughts_gen.publish.sections import Facts
from open_thoughts_gen.publish.view.report import run_report
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.recipe.licensing import license_of, materials_of
from open_thoughts_gen.rewards import reward_rows
from open_thoughts_gen.text.turns import Style
from open_thoughts_gen.types import Counts, Dropped, Finished, Sample, VerifierFault

MADE_BY = "open_thoughts_gen"
PULLED = "pulled"  # key of the `run.json` of a dataset that came from the Hub
_FULL, _FORBIDDEN = (errno.ENOSPC, errno.EDQUOT), (errno.EACCES, errno.EPERM, errno.EROFS)


def write_dataset(
    recipe: Recipe,
    finished: Finished,
    folder: Path,
    *,
    command: str,
    descriptions: Mapping[str, str] | None = None,
    evaluation: EvaluationRecord | None = None,
) -> str:
    """Write the dataset into an empty or absent folder; return what the Hub's viewer will not show, or nothing.

    `command` is the one that makes it again; `descriptions` say what columns mean, where the standard words do not;
    `evaluation` is that of an earlier run, which counts if it is of the same questions.

    Raises:
        UserError: a column of the recipe is a standard one, or a value does not fit its column.

    """
    samples, publish, asked = finished.samples, recipe.publish, question_files(recipe)
    recipe = asked.recipe
    written_recipe = recipe.to_yaml()
    licensing = license_of(publish, materials_of(samples, publish.teacher_license))
    publish = publish.model_copy(update={"license": licensing.license})
    recipe = recipe.model_copy(update={"publish": publish})
    measured = any(sample.measures for sample in samples)
    columns = columns_of(recipe, measured=measured, descriptions=descriptions)
    parts: dict[str, list[Sample]] = {rows.TRAIN: []}  # train first; all are train where no filter has split the set
    split_of = finished.splits
    for sample in samples:
        parts.setdefault(split_of.get(sample.question.id, rows.TRAIN), []).append(sample)
    order = [rows.TRAIN, *sorted(parts.keys() - {rows.TRAIN}, reverse=True)]  # train, validation, test
    splits = {name: parts[name] for name in order if parts[name] or len(parts) == 1}
    written = [*_write_rows(recipe, splits, columns, folder), *write_schemas(recipe, splits, folder)]
    default_rows, first = _default_rows(recipe, columns), next(iter(splits.values()))
    remark = viewer.first_rows([default_rows.row(sample) for sample in first[: viewer.MAX_ROWS]]).remark(len(first))
    quality = measure(finished, consensus=[part.plugin.label for part in recipe.verifiers if part.plugin.sees_attempts])
    drawn = _draw(recipe, finished, folder / ASSETS, words=quality.words)
    configs = [config for config, _ in written]
    evaluation = _of_these(evaluation, splits)
    facts = Facts(recipe, finished, configs, quality, drawn, command, licensing, asked, remark, evaluation)
    _write(folder / "README.md", card(facts))
    if evaluation and evaluation.benchmark:
        _write(folder / BENCHMARK, benchmark_text(evaluation))
    _write(folder / "recipe.yaml", without_private_hosts(written_recipe))
    asked.copy_to(folder)
    _write(folder / "croissant.json", croissant(recipe, columns, written[0][1], num_rows=len(samples)))
    return remark


def _draw(recipe: Recipe, finished: Finished, folder: Path, *, words: WordCounts) -> tuple[Drawn, ...]:
    if not finished.samples:
        return ()
    from open_thoughts_gen.publish import figures  # imports matplotlib, which takes a third of a small run

    return figures.draw(recipe, finished, folder, words=words)


def _of_these(evaluation: EvaluationRecord | None, splits: Mapping[str, Sequence[Sample]]) -> EvaluationRecord | None:
    """Return an earlier evaluation if it is of the questions that its split has now."""
    samples = splits.get(evaluation.split, ()) if evaluation else ()
    digest = digest_of((sample.question.id, rows.clean(sample.question.reference)) for sample in samples)
    return evaluation if evaluation and evaluation.digest == digest else None


def _write_rows(
    recipe: Recipe, splits: Mapping[str, Sequence[Sample]], columns: tuple[Column, ...], folder: Path
) -> list[tuple[Config, list[Path]]]:
    """Write all configs, a sample at a time, and return them with their files."""
    default_rows, publish = _default_rows(recipe, columns), recipe.publish
    reasons = any(sample.trace and sample.trace.reasoning for samples in splits.values() for sample in samples)
    layouts = {
        style: (name, chat_columns(style, columns, publish.columns))
        for style, name in CHAT_CONFIGS.items()
        if reasons or style == "inline"
    }
    data: dict[str, SplitFiles] = {}
    rl: dict[str, SplitFiles] = {}
    chats: dict[Style, dict[str, SplitFiles]] = {style: {} for style in layouts}
    for split, samples in splits.items():
        with ExitStack() as files:
            data[split] = files.enter_context(SplitFiles(folder / "data", split, arrow_schema(columns)))
            for style, (name, chat) in layouts.items():
                chats[style][split] = files.enter_context(SplitFiles(folder / name, split, arrow_schema(chat)))
            for sample in samples:
                whole = replace(sample, trace=copy(sample.trace))  # its texts are read once for all configs
                row = default_rows.row(whole)
                data[split].add(row)
                for style, (_, chat) in layouts.items():
                    messages = rows.chat_of_row(whole, system=publish.system, style=style)
                    cells = {column.name: row.get(column.name) for column in chat}
                    chats[style][split].add(cells | {"messages": messages})
        if publish.rl:
            rl[split] = SplitFiles(folder / "rl", split, arrow_schema(RL))
            with rl[split]:
                for reward_row in reward_rows(samples, recipe.verifiers, correct_only=True):
                    rl[split].add(reward_row)
    default_rows.check()
    written = [_config("default", "data", columns, data)]
    written += [_config(name, name, chat, chats[style]) for style, (name, chat) in layouts.items()]
    return [*written, *([_config("rl", "rl", RL, rl)] if rl else [])]


def write_schemas(
    recipe: Recipe, splits: Mapping[str, Sequence[Sample]], folder: Path
) -> Iterator[tuple[Config, list[Path]]]:
    """Write the rows in the columns of published sets too, a config for each, and yield these with their files.

    Raises:
        UserError: there is no such schema, or a row does not have its structure.

    """
    for schema in [SchemaRows(name, system=recipe.publish.system) for name in recipe.publish.schemas]:
        shards: dict[str, SplitFiles] = {}
        for split, samples in splits.items():
            shards[split] = SplitFiles(folder / schema.name, split, arrow_schema(schema.columns))
            with shards[split]:
                for sample in samples:
                    shards[split].add(schema.row(replace(sample, trace=copy(sample.trace))))
        yield _config(schema.name, schema.name, schema.columns, shards)


def _default_rows(recipe: Recipe, columns: Sequence[Column]) -> rows.DefaultRows:
    return rows.DefaultRows(recipe.publish, measured=MEASURES in columns)


def _config(
    name: str, folder: str, columns: tuple[Column, ...], shards: Mapping[str, SplitFiles]
) -> tuple[Config, list[Path]]:
    files = [file for each in shards.values() for file in each.files]
    splits = tuple(Split(split, each.num_rows, each.num_bytes) for split, each in shards.items())
    return Config(name, folder, columns, splits, sum(file.stat().st_size for file in files)), files


def write_run(
    recipe: Recipe,
    finished: Finished,
    run_folder: Path,
    *,
    command: str,
    timings: Mapping[str, float],
    inputs: Sequence[Path] = (),
    descriptions: Mapping[str, str] | None = None,
) -> str:
    """Write the run folder, in place of an older one; return what the Hub's viewer will not show, or nothing.

    `timings` are seconds by step; `inputs` the user's own files that the sources read.

    Raises:
        UserError: something else than a run folder stands there, it cannot be written, or as `write_dataset`.

    """
    resume = "; then run the same command again: nothing paid for is lost"
    with file_errors_as_faults(run_folder, resume), replacing(run_folder) as folder:
        earlier = keep_evaluation(run_folder, folder)
        remark = write_dataset(
            recipe, finished, folder / "dataset", command=command, descriptions=descriptions, evaluation=earlier
        )
        _write_beside_dataset(finished, folder)
        _write(folder / "recipe.yaml", recipe.to_yaml())
        counts = _counts(finished.counts)
        _write(folder / "report.html", run_report(recipe.name, folder, counts))
        account = {
            "made_by": MADE_BY,
            "name": recipe.name,
            "command": command,
            "repo": recipe.publish.repo,
            "seed": recipe.seed,
            "target": recipe.target,
            "shortfall": finished.shortfall,
            "remark": remark,
            "counts": counts,
            "verifier_faults": faults.summary(finished.faults),
            "unaccepted_references": faults.unaccepted(finished.unaccepted),
            "filters": [{"step": report.step, "plugin": report.plugin, **report.facts} for report in finished.reports],
            "versions": versions(),
            "timings_s": {step: round(seconds, 3) for step, seconds in timings.items()},
            "inputs": {str(file): sha256(file) for file in inputs},
            "outputs": {str(file.relative_to(folder)): sha256(file) for file in files_of(folder)},
        }
        _write(folder / "run.json", json.dumps(account, ensure_ascii=False, indent=2) + "\n")
    return remark


def _write_beside_dataset(finished: Finished, folder: Path) -> None:
    """Write what was left out, what should be looked at, and what verifiers raised."""
    rows.write_dropped(folder / "dropped.parquet", finished.dropped)
    faults.write_faults(finished.faults, folder / faults.FAULTS_FILE)
    reviews = [Dropped(a.step, a.plugin, why, sample) for a in finished.reports for sample, why in a.reviews]
    if reviews:
        rows.write_dropped(folder / "review.parquet", reviews)


def read_run(run_folder: Path) -> dict[str, Any] | None:
    """Return the `run.json` of a run folder, or None if the folder is not one of ours."""
    try:
        account = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return account if isinstance(account, dict) and account.get("made_by") == MADE_BY else None


def files_of(folder: Path) -> list[Path]:
    """Return all files below a folder, in a fixed order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def write_losses(finished: Finished, run_folder: Path) -> Path:
    """Write what a run that accepted nothing left out, beside the folder that it does not get; return the file.

    Raises:
        UserError: it cannot be written.

    """
    path = run_folder.with_name(f"{run_folder.name}.dropped.parquet")
    with file_errors_as_faults(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.write_dropped(path, finished.dropped)
    write_run_faults(finished.faults, run_folder)
    return path


def write_run_faults(raised: Sequence[VerifierFault], run_folder: Path) -> Path | None:
    """Write what verifiers raised in a run that gets no folder, beside it; return the file, None if nothing was.

    Raises:
        UserError: it cannot be written.

    """
    path = run_folder.with_name(f"{run_folder.name}.{faults.FAULTS_FILE}")
    with file_errors_as_faults(path):
        return faults.write_faults(raised, path)


def check_place(path: Path) -> None:
    """Refuse what a run must not replace and what it could not write; to be asked before a teacher is paid.

    Raises:
        UserError: `path` is neither free, nor empty, nor a run folder; or nothing can be written beside it.

    """
    with file_errors_as_faults(path):
        recover(path)
        if os.path.lexists(path) and not (path.is_dir() and (read_run(path) or not any(path.iterdir()))):
            what = "exists and is not a run folder" if path.exists() else "is a link to nothing"
            hint = "choose another folder with --out, or move it away"
            raise UserError(Fault(f"{path} {what}", hint=hint))
        _probe(_real(path))


def _probe(path: Path) -> None:
    """Make a folder beside `path` as a run would, and remove it again."""
    try:
        str(path).encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(Fault(f"the name {path} is not UTF-8", hint="choose another folder with --out")) from None
    missing = [folder for folder in path.parents if not folder.exists()]
    probe = _beside(path, "partial", os.getpid())
    folders = [probe, *missing]
    try:
        probe.mkdir(parents=True, exist_ok=True)
    finally:
        for folder in folders:
            with suppress(OSError):  # it was not made, or another run uses it by now
                folder.rmdir()


@contextmanager
def file_errors_as_faults(path: Path, resume: str = "") -> Iterator[None]:
    """Report what the file system refuses as a fault; `resume` ends the hint."""
    try:
        yield
    except OSError as error:
        hint = "choose another folder with --out"
        if error.errno in _FULL:
            hint = f"free some space, or {hint}"
        elif error.errno in _FORBIDDEN:
            hint = "choose a folder that you may write to, with --out"
        elif error.errno == errno.ENAMETOOLONG:
            hint = "choose a shorter name with --out"
        why = error.strerror or str(error) or type(error).__name__
        about = f" ({error.filename})" if isinstance(error.filename, str) and error.filename != str(path) else ""
        raise UserError(Fault(f"{path} cannot be written: {why}{about}", hint=f"{hint}{resume}")) from error


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path`, and move it there when the block ends without an error; else remove it.

    Raises:
        UserError: `path` is neither free, nor empty, nor a run folder; or nothing can be written beside it.

    """
    check_place(path)
    path = _real(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _beside(path, "partial", os.getpid())
    partial.mkdir()
    try:
        yield partial
        for written in [*partial.rglob("*"), partial]:
            _sync(written)
        aside = _beside(path, "aside", os.getpid())
        if path.exists():
            path.rename(aside)
        try:
            partial.rename(path)
        except OSError:
            if aside.exists() and not path.exists():
                aside.rename(path)
            raise
        _sync(path.parent)
        shutil.rmtree(aside, ignore_errors=True)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def recover(path: Path) -> None:
    """Finish what a killed run left beside `path`: put back what it had moved aside, delete what it had begun.

    Raises:
        UserError: the file system refuses it.

    """
    with file_errors_as_faults(path):
        path = _real(path)
        for aside in _left_behind(path, "aside"):
            if path.exists():
                _remove(aside)
            else:
                aside.rename(path)
        for partial in _left_behind(path, "partial"):
            _remove(partial)


def _real(path: Path) -> Path:
    """Return the path that a link leads to; renaming moves the link itself, not the folder."""
    return Path(os.path.realpath(path))


def _remove(path: Path) -> None:
    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path)


def _beside(path: Path, what: str, pid: int) -> Path:
    return path.with_name(f".{path.name}.{what}-{pid}")


def _left_behind(path: Path, what: str) -> list[Path]:
    """Return the folders that processes which no longer run have left beside `path`."""
    start = f".{path.name}.{what}-"
    beside = sorted(path.parent.iterdir()) if path.parent.is_dir() else []
    candidates = [path for path in beside if path.name.startswith(start)]
    pids = ((path, path.name.removeprefix(start)) for path in candidates)
    numbers = [(path, int(pid)) for path, pid in pids if pid.isascii() and pid.isdigit()]
    # One with our own number was left by an earlier process that had it.
    return [path for path, pid in numbers if pid == os.getpid() or not process_lives(pid)]


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(file: Path, text: str) -> None:
    file.write_bytes(text.encode("utf-8", "replace"))


def _counts(counts: Counts) -> dict[str, Any]:
    record = {field.name: getattr(counts, field.name) for field in fields(counts)}
    record["spent"] = {role: asdict(spent) for role, spent in counts.spent.items()}
    record["dropped"] = [
        {"step": step, "plugin": plugin, "reason": reason, "num": num}
        for (step, plugin, reason), num in sorted(counts.dropped.items())
    ]
    return record
