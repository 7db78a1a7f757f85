"""What an evaluation found: its record beside a run, its section of the card, its `eval.yaml`.

    runs/NAME/
      evaluation.json    the record (`EvaluationRecord`), written by the command `evaluate`
      disputed.parquet   questions on which strong models agree against the reference, where there are any
      dataset/README.md  with the section "Evaluation", between two marked lines
      dataset/eval.yaml  the dataset as a benchmark of the Hub

A record is of certain questions with certain references, whose `digest` it has. A later run of the recipe keeps the
record, and writes it into its card as long as the dataset still has these questions; else the card says nothing of it.

`eval.yaml` is the Hub's registration of benchmarks (https://huggingface.co/docs/hub/eval-results). Its scorers compare
texts, for the Hub knows no others; the dataset's own verifiers come with `export --for inspect`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from open_thoughts_gen.publish.croissant import sha256
from open_thoughts_gen.publish.hub_rules import FRONT_MATTER
from open_thoughts_gen.publish.markdown import code, inline, table, without_private_hosts
from open_thoughts_gen.publish.rates import percent

RECORD, DISPUTED, BENCHMARK = "evaluation.json", "disputed.parquet", "eval.yaml"
BEGIN, END = "<!-- evaluation: begin -->", "<!-- evaluation: end -->"
_WITH_MARGINS = re.compile(rf"\n*{BEGIN}.*?{END}\n*", re.DOTALL)
_WRITTEN = re.compile(rf"^{BEGIN}$.*?^{END}$", re.MULTILINE | re.DOTALL)
_NEXT_SECTION = "\n\n## Fields\n\n- config "
_BEST = "<!-- evaluation: best -->"  # at the end of its line: after it a line is not read as Markdown
_BEST_LINE = re.compile(rf"\n\n[^\n]*{_BEST}(?=\n)")
_AFTER_BEST = "\n\n| Rows | "  # the table of key figures
_MAX_GROUPS = 20  # of one trait, on the card; the record has all


class RecordPart(BaseModel):
    """A part of the record."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ShareWithin(RecordPart):
    """A share, 0 to 1, or a difference of two, -1 to 1, with its 95 % interval and the questions that it is of."""

    value: float
    low: float
    high: float
    num_questions: int


class GroupResult(RecordPart):
    """How a model did on some questions.

    `pass_at` is of decided samples, by k; `at_least` is pass@1 if every undecided sample, and every call that failed,
    counts as incorrect.
    """

    name: str
    num_questions: int
    correct: int
    incorrect: int
    undecided: int
    failed: int
    pass_at: Mapping[int, ShareWithin]
    at_least: ShareWithin | None


class ModelResult(RecordPart):
    """How a model did. `num_asked` of `num_samples` were asked; `shortfall` says why not all, empty if all were."""

    model: str
    settings: Mapping[str, Any]
    num_samples: int
    num_asked: int
    shortfall: str
    overall: GroupResult
    groups: Mapping[str, Sequence[GroupResult]]
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None


class ModelDifference(RecordPart):
    """By how much the first model's pass@1 is above the second's, on the questions that both were judged on."""

    first: str
    second: str
    by: ShareWithin


class EvaluationRecord(RecordPart):
    """The record of an evaluation.

    `unjudged` are questions that no verifier is meant for; `unaccepted` references that their own verifiers do not
    accept.
    """

    dataset: str
    split: str
    digest: str
    chosen: str
    num_rows: int
    num_questions: int
    unjudged: int
    unaccepted: int
    samples: int
    verifiers: Sequence[str]
    models: Sequence[ModelResult]
    differences: Sequence[ModelDifference]
    num_disputed: int
    benchmark: Mapping[str, Any] | None


def digest_of(questions: Iterable[tuple[str, str | None]]) -> str:
    """Return a hash of questions, by id and reference, in whatever order."""
    lines = sorted({json.dumps(each) for each in questions})
    return hashlib.sha256("\n".join(lines).encode("utf-8", "replace")).hexdigest()


def read_evaluation(run_folder: Path) -> EvaluationRecord | None:
    """Return the record of a run, None if there is none that can be read."""
    try:
        return EvaluationRecord.model_validate_json((run_folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError, ValidationError):
        return None


def benchmark(title: str, split: str, references: Sequence[str | None], num_questions: int) -> dict[str, Any] | None:
    """Return what `eval.yaml` says; None where a question has no reference, since the Hub's scorers need one."""
    if not references or not all(references):
        return None
    numeric = all(re.fullmatch(r"-?\d[\d,]*(\.\d+)?", str(reference)) for reference in references)
    task_id = re.sub(r"\W+", "_", title.lower(), flags=re.ASCII).strip("_") or "dataset"
    return {
        "name": title,
        "description": f"{title}: {num_questions:,} questions with references, of the split {split}.",
        "evaluation_framework": "inspect-ai",
        "tasks": [
            {
                "id": task_id,
                "config": "default",
                "split": split,
                "field_spec": {"input": "question", "target": "reference"},
                "solvers": [{"name": "generate"}],
                "scorers": [{"name": "match", **({"args": {"numeric": True}} if numeric else {})}],
            }
        ],
    }


def benchmark_text(evaluation: EvaluationRecord) -> str:
    """Return `eval.yaml`, empty if there is none."""
    if evaluation.benchmark is None:
        return ""
    return yaml.safe_dump(dict(evaluation.benchmark), sort_keys=False, allow_unicode=True)


def title_of(card: str) -> str:
    """Return the title that a card's front matter has, empty if it has none."""
    match = FRONT_MATTER.match(card)
    try:
        head = yaml.safe_load(match[3]) if match else None
    except yaml.YAMLError:
        return ""
    return str(head.get("pretty_name") or "") if isinstance(head, dict) else ""


def section(evaluation: EvaluationRecord | None) -> str:
    """Return the section of the card with its marked lines; empty without an evaluation."""
    if evaluation is None:
        return ""
    each = f"{evaluation.samples} samples each" if evaluation.samples > 1 else "one sample each"
    judges = ", ".join(map(code, evaluation.verifiers))
    questions = f"{evaluation.num_questions:,} questions of the split {code(evaluation.split)}"
    lines = [
        BEGIN,
        "## Evaluation",
        f"{_models(evaluation)} answered {questions}{_chosen(evaluation)}, {each}, judged by {judges}. Undecided "
        "answers, and calls that failed, count neither as right nor as wrong in pass@k (the unbiased estimator of Chen "
        "et al., 2021); the column *at least* counts them as wrong. Intervals are at 95 %, with the question as the "
        "unit.",
        _overall_table(evaluation),
        *_group_tables(evaluation),
        *_difference_table(evaluation),
        *_remarks(evaluation),
        END,
    ]
    return "\n\n".join(lines)


def best_line(evaluation: EvaluationRecord | None) -> str:
    """Return the line for the top of the card: which model does best; empty where none was judged."""
    if evaluation is None:
        return ""
    judged = {each.model: each.overall.pass_at[1] for each in evaluation.models if 1 in each.overall.pass_at}
    if not judged:
        return ""
    model = max(judged, key=lambda name: judged[name].value)
    share, of = judged[model], f" of {len(judged)} models" if len(judged) > 1 else ""
    questions = f"{share.num_questions:,} questions of the split {code(evaluation.split)}"
    best = f"The best{of} we asked" if of else "The model we asked"
    return (
        f"{best}, {code(public_names(evaluation.models)[model])}, is right on **{shown(share)}** of {questions} "
        f"(pass@1, with its 95 % interval). {_BEST}"
    )


def _models(evaluation: EvaluationRecord) -> str:
    return "1 model" if len(evaluation.models) == 1 else f"{len(evaluation.models)} models"


def _chosen(evaluation: EvaluationRecord) -> str:
    return f" ({inline(evaluation.chosen)})" if evaluation.chosen else ""


def shown(rate: ShareWithin | None, digits: int = 1) -> str:
    """Return a share with its interval, for people."""
    if rate is None:
        return "–"
    return f"{percent(rate.value)} ({100 * rate.low:.{digits}f} to {100 * rate.high:.{digits}f})"


def public_names(models: Sequence[ModelResult]) -> dict[str, str]:
    """Return how the card names models: those on a server of one's own by their names there, without the address."""
    return _apart(
        {
            each.model: each.model.rpartition("#")[2] if each.model.startswith(("http://", "https://")) else each.model
            for each in models
        }
    )


def short_names(models: Sequence[ModelResult]) -> dict[str, str]:
    """Return how a narrow table names models: by the last part of their names."""
    return _apart({each.model: each.model.rpartition("#")[2].rpartition("/")[2] for each in models})


def _apart(names: Mapping[str, str]) -> dict[str, str]:
    """Return the names with a number behind those that are not the first of their kind."""
    listed = list(names.values())
    numbers = (listed[: i + 1].count(name) for i, name in enumerate(listed))
    return {key: name if i == 1 else f"{name} ({i})" for (key, name), i in zip(names.items(), numbers, strict=True)}


def points(rate: ShareWithin) -> str:
    """Return a difference with its interval, in percentage points."""
    return f"{100 * rate.value:+.1f} points ({100 * rate.low:+.1f} to {100 * rate.high:+.1f})"


def _overall_table(evaluation: EvaluationRecord) -> str:
    ks = sorted({k for result in evaluation.models for k in result.overall.pass_at})
    head = ["Model", "Settings", "Answers", *(f"pass@{k}" for k in ks), "At least", "Undecided", "Failed"]
    rows, names = [], public_names(evaluation.models)
    for result in evaluation.models:
        group = result.overall
        settings = ", ".join(f"{name} {value}" for name, value in result.settings.items())
        rates = (shown(group.pass_at.get(k)) for k in ks)
        answers = f"{group.correct + group.incorrect + group.undecided:,}"
        counts = (f"{group.undecided:,}", f"{group.failed:,}")
        rows.append(
            (code(names[result.model]), inline(settings) or "–", answers, *rates, shown(group.at_least), *counts)
        )
    return table(head, rows, numbers=range(2, len(head)))


def _group_tables(evaluation: EvaluationRecord) -> list[str]:
    parts: list[str] = []
    traits = dict.fromkeys(trait for result in evaluation.models for trait in result.groups)
    for trait in traits:
        by_model = [{group.name: group for group in result.groups.get(trait, ())} for result in evaluation.models]
        names = list(dict.fromkeys(name for groups in by_model for name in groups))
        if not 1 < len(names) <= _MAX_GROUPS:
            continue
        head = (
            trait.capitalize(),
            "Questions",
            *(f"pass@1, {code(name)}" for name in public_names(evaluation.models).values()),
        )
        rows = []
        for name in names:
            groups = [groups.get(name) for groups in by_model]
            num = max(group.num_questions for group in groups if group)
            rows.append(
                (inline(name), f"{num:,}", *(shown(group.pass_at.get(1) if group else None) for group in groups))
            )
        parts.append(table(head, rows, numbers=range(1, len(head))))
    return parts


def _difference_table(evaluation: EvaluationRecord) -> list[str]:
    if not evaluation.differences:
        return []
    names = public_names(evaluation.models)
    rows = [
        (code(names[each.first]), code(names[each.second]), points(each.by), f"{each.by.num_questions:,}")
        for each in evaluation.differences
    ]
    return [table(("Model", "against", "pass@1 is higher by", "Questions of both"), rows, numbers=(2, 3))]


def _remarks(evaluation: EvaluationRecord) -> list[str]:
    names = public_names(evaluation.models)
    points = [
        f"{code(names[result.model])} was asked {result.num_asked:,} of {result.num_samples:,} samples: "
        f"{inline(result.shortfall)}. Its figures are of these."
        for result in evaluation.models
        if result.shortfall
    ]
    if evaluation.num_disputed:
        rows = "1 question is" if evaluation.num_disputed == 1 else f"{evaluation.num_disputed:,} questions are"
        points.append(f"{rows} disputed: strong models agree on an answer that the reference contradicts.")
    if evaluation.unjudged:
        points.append(f"{evaluation.unjudged:,} questions were left out: no verifier judges them.")
    return ["\n".join(f"- {point}" for point in points)] if points else []


def with_section(card: str, evaluation: EvaluationRecord) -> str:
    """Return a card with the section put in place of an earlier one, else before the fields, else at its end.

    The line on the best model stands before the table of key figures, where the card has one.
    """
    written, line = (without_private_hosts(text) for text in (section(evaluation), best_line(evaluation)))
    card = _BEST_LINE.sub("", card)
    card = card.replace(_AFTER_BEST, f"\n\n{line}{_AFTER_BEST}", 1) if line else card
    earlier = [*_WRITTEN.finditer(card)]
    if earlier:
        return card[: earlier[-1].start()] + written + card[earlier[-1].end() :]
    where = card.rfind(_NEXT_SECTION)
    if where < 0:
        return f"{card.rstrip()}\n\n{written}\n"
    return f"{card[:where]}\n\n{written}{card[where:]}"


def without_section(card: str) -> str:
    """Return a card as it is before an evaluation."""
    return _WITH_MARGINS.sub("\n\n", _BEST_LINE.sub("", card))


def write_evaluation(
    evaluation: EvaluationRecord, disputed: Sequence[Mapping[str, Any]], folder: Path, *, of_run: bool
) -> list[Path]:
    """Write the record into a folder, with the disputed questions; `of_run` if it is of that run, into its card too.

    Each file is written whole or not at all, the record last. The files are returned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [_write_disputed(disputed, folder)] if disputed else []
    if not disputed:
        (folder / DISPUTED).unlink(missing_ok=True)
    if of_run:
        card, benchmark_file = folder / "dataset" / "README.md", folder / "dataset" / BENCHMARK
        files.append(_replace(card, with_section(card.read_text("utf-8"), evaluation)))
        if evaluation.benchmark:
            files.append(_replace(benchmark_file, benchmark_text(evaluation)))
        else:
            benchmark_file.unlink(missing_ok=True)
    files.append(_replace(folder / RECORD, evaluation.model_dump_json(indent=2) + "\n"))
    if of_run:
        _note_outputs(folder, files)
    return files


def keep_evaluation(earlier: Path, folder: Path) -> EvaluationRecord | None:
    """Copy an earlier run's record, with its disputed questions, into the folder of the new one; return it."""
    for name in (RECORD, DISPUTED):
        if (earlier / name).is_file():
            shutil.copyfile(earlier / name, folder / name)
    return read_evaluation(folder)


def _write_disputed(disputed: Sequence[Mapping[str, Any]], folder: Path) -> Path:
    import pyarrow as pa

    from open_thoughts_gen.publish.parquet import write_parquet
    from open_thoughts_gen.publish.rows import clean

    names = ("id", "question", "reference", "answer")
    schema = pa.schema([*((name, pa.string()) for name in names), ("models", pa.list_(pa.string()))])
    rows = ({**each, **{name: clean(each[name]) for name in names}} for each in disputed)
    partial = folder / f".{DISPUTED}.partial-{os.getpid()}"
    write_parquet(partial, rows, schema)
    return partial.replace(folder / DISPUTED)


def _replace(file: Path, text: str) -> Path:
    partial = file.with_name(f".{file.name}.partial-{os.getpid()}")
    partial.write_bytes(text.encode("utf-8", "replace"))
    return partial.replace(file)


def _note_outputs(folder: Path, files: Sequence[Path]) -> None:
    """Put the hashes of what was written into the run's account of its outputs."""
    account = json.loads((folder / "run.json").read_text("utf-8"))
    outputs = {name: value for name, value in account["outputs"].items() if (folder / name).is_file()}
    changed = {str(file.relative_to(folder)): sha256(file) for file in files}
    account["outputs"] = dict(sorted({**outputs, **changed}.items()))
    _replace(folder / "run.json", json.dumps(account, ensure_ascii=False, indent=2) + "\n")
