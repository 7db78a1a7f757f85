"""Traces that were saved, as samples again: run folders, published datasets, files, and datasets on the Hub.

Whatever was once answered can be judged again without asking a model. Rows come in a few shapes: the columns that this
package publishes; a question beside a response, with or without a column for the reasoning; a chat. Which one it is, is
seen from the names of the columns (`layouts`), or named by the user: `{"prompt": "problem", "response": "generations",
"reference": "answer"}`. How a trace stands in its column is for the teacher `recorded` to say.

Rows are hostile, and third-party rows more so: a row may name the family that it was drawn from, and with it code to
load. Only a run folder of one's own may name a family of another package; elsewhere such a row is from no family.
Not covered: chats of several questions, which are left out with their reason.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from open_thoughts_gen import tables
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.publish.folder import PULLED, read_run
from open_thoughts_gen.rejudge.layouts import Columns, columns_of
from open_thoughts_gen.tables import Row, RowCells, cell
from open_thoughts_gen.tables.chats import ASKERS, chat_of, role_of, said_in
from open_thoughts_gen.teachers.recorded import Recorded
from open_thoughts_gen.types import DropReason, Question, Request, Sample, Verdict

_COMPUTED = frozenset({"id", "answer", "outcome", "pass_rate"})  # columns of ours that follow from the others
_OURS = {name: name for name in ("response", "reasoning", "reference")} | {"prompt": "question"}
_LEFT_OUT = frozenset({"step", "plugin", "reason", "detail", "meta"})  # columns of dropped.parquet and review.parquet
_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


def samples(
    where: str,
    *,
    columns: Mapping[str, str] | None = None,
    show: Callable[[str], object] | None = None,
    split: str = "train",
    config: str | None = None,
    limit: int | None = None,
) -> Iterator[Sample | DropReason]:
    """Yield the saved traces, in their order, each with the verdicts that it carries; a bad row is its reason.

    `where` is a run folder, a folder or file of rows, or `owner/name` on the Hub, of which `split` and `config` are
    taken; `limit` is how many rows are read at most. `show` gets a line that says which columns are read as what, where
    they are not those that this package publishes.

    Raises:
        UserError: there is no such place, or its columns tell no trace.

    """
    check_place(where)
    trusts = is_trusted(where)
    seen: Counter[str] = Counter()
    shape: Columns | None = None
    for num, (line, row) in enumerate(rows_of(where, split, config)):
        if num == limit:
            return
        if isinstance(row, DropReason):
            yield replace(row, detail=f"{line}: {row.detail}")
            continue
        if shape is None:
            shape = columns_of(row, columns or {})
            if show is not None and shape != Columns(**_OURS):
                show(str(shape))
        for outcome in _traces(row, shape, trusts=trusts):
            if isinstance(outcome, DropReason):
                yield replace(outcome, detail=f"{line}: {outcome.detail}")
                continue
            attempt = row.get(shape.attempt)
            is_number = isinstance(attempt, int) and not isinstance(attempt, bool) and attempt >= 0
            number = int(attempt or 0) if is_number else seen[outcome.question.id]
            yield replace(outcome, trace=outcome.trace and replace(outcome.trace, attempt=number))
            seen[outcome.question.id] += 1


def is_run_folder(where: str) -> bool:
    """Return whether a place is a run folder of this package."""
    return read_run(Path(where)) is not None


def is_trusted(where: str) -> bool:
    """Return whether a place is a run folder made here, whose rows and recipe may name code of other packages."""
    record = read_run(Path(where))
    return record is not None and PULLED not in record


def check_place(where: str) -> None:
    """Refuse a place that can be none, before anything is read.

    Raises:
        UserError: it is neither here nor the name of a dataset on the Hub.

    """
    if not Path(where).exists() and not _HUB_NAME.fullmatch(where):
        hint = "name a run folder, a file of rows, or owner/name on the Hub"
        raise UserError(Fault(f"{where!r} does not exist", hint=hint))


def rows_of(
    where: str, split: str, config: str | None, files: Sequence[Path] | None = None
) -> Iterator[tuple[str, Row | DropReason]]:
    """Yield the rows of a place, each with its line; of what is here those of `files`, by default of all splits.

    Raises:
        UserError: there are none, or the Hub does not give them.

    """
    path = Path(where)
    if not path.exists():
        for num, row in enumerate(_hub_rows(where, split, config), start=1):
            yield f"{where}:{num}", row
        return
    files = files_of_rows(path) if files is None else files
    if not files:
        raise UserError(Fault(f"{path} holds no rows", hint=f"rows are read from {', '.join(tables.SUFFIXES)}"))
    for file in files:
        for line, row in tables.Table(file).rows():
            yield f"{file.name}:{line}", row


def files_of_rows(path: Path, config: str = "data", split: str = "") -> list[Path]:
    """Return the files of rows at a path: itself, or those of a config in a run folder or a dataset's folder."""
    files = [path] if path.is_file() else []
    for folder in (path / "dataset" / config, path / config, *([path] if config == "data" else [])):
        files = files or sorted(file for file in folder.glob("*") if tables.format_of(file) is not None)
    return [file for file in files if not split or file.name.startswith(f"{split}-")]


def _hub_rows(name: str, split: str, config: str | None) -> Iterator[Row | DropReason]:
    import datasets
    from datasets.exceptions import DatasetsError
    from huggingface_hub.errors import HfHubHTTPError

    from open_thoughts_gen.tables.hub import is_unreachable

    try:
        rows = datasets.load_dataset(name, config, split=split, streaming=True)
        for row in rows:
            yield RowCells(row.items())
    except (DatasetsError, HfHubHTTPError, OSError, ValueError) as error:
        if is_unreachable(error, name):
            raise UserError(Fault(f"{name} cannot be reached on the Hub", hint="try again with a network")) from error
        reason = str(error).partition("\n")[0]
        hint = "check the name, --config and --split, and HF_TOKEN where it is private"
        raise UserError(Fault(f"{name} cannot be read from the Hub: {reason}", hint=hint)) from error


def _traces(row: Row, columns: Columns, *, trusts: bool) -> Iterator[Sample | DropReason]:
    """Yield the samples of a row: one, or one for each attempt where its column is a list of them."""
    prompt = prompt_of(row, columns)
    if isinstance(prompt, DropReason):
        yield prompt
        return
    question = question_of(row, columns, prompt, trusts=trusts)
    teacher = cell(row, columns.teacher)
    reader = Recorded(
        response=columns.response or None,
        reasoning=columns.reasoning or None,
        messages=columns.messages or None,
        finish_reason=columns.finish_reason,
        teacher=teacher if isinstance(teacher, str) and teacher else "recorded",
    )
    value = cell(row, columns.response or columns.messages)
    has_several = isinstance(value, list) and bool(value) and isinstance(value[0], str if columns.response else list)
    saved = cell(row, columns.verdicts)
    verdicts = tuple(
        Verdict(
            str(each.get("verifier")), each["outcome"], _text(each.get("answer")), str(each.get("explanation") or "")
        )
        for each in (saved if isinstance(saved, list) else ())
        if isinstance(each, Mapping) and each.get("outcome") in ("correct", "incorrect", "undecided")
    )
    carried = replace(question, meta=row)
    requests = [Request(carried, number) for number in range(len(value) if has_several else 1)]
    for trace in reader.traces(requests):
        yield (
            DropReason("no trace", trace.error or "")
            if trace.finish_reason == "error"
            else Sample(question, replace(trace, question_id=question.id), verdicts)
        )


def prompt_of(row: Row, columns: Columns) -> str | DropReason:
    """Return the question's prompt, or why the row has none."""
    value = cell(row, columns.prompt or columns.messages)
    chat = chat_of(value)
    if chat is not None:
        questions = [said_in(turn) for turn in chat if role_of(turn) in ASKERS]
        if len(questions) > 1:
            return DropReason("several questions", f"the chat has {len(questions)} turns of the asker")
        value = questions[0] if questions else None
    if not isinstance(value, str) or not value.strip():
        return DropReason("no prompt", f"{columns.prompt or columns.messages!r} holds no text")
    return value


def question_of(row: Row, columns: Columns, prompt: str, *, trusts: bool) -> Question:
    """Return the question of a row; `trusts` if it may name a family of another package."""
    source = _text(cell(row, columns.source)) or ""
    used = columns.names | (_COMPUTED if columns.verdicts in row else set())
    meta = {name: unpacked(value) for name, value in row.items() if name not in used}
    if meta.keys() >= _LEFT_OUT and isinstance(meta["meta"], dict):
        meta = meta["meta"]
    family = source.removeprefix("family:") if source.startswith("family:") else ""
    if family and (trusts or ":" not in family):
        meta.setdefault("family", family)
    elif family:
        source = f"saved {source}"  # code of another package, named by rows of who knows whom
    return Question(
        prompt,
        reference=_text(cell(row, columns.reference)) if columns.reference else None,
        domain=_text(cell(row, columns.domain)) or "general",
        source=source,
        license=_text(cell(row, columns.license)) or "",
        meta={name: value for name, value in meta.items() if value is not None},
    )


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def unpacked(value: object) -> Any:  # noqa: ANN401  (what JSON can say)
    """Return what a cell says: a column of JSON holds it as text, and text that was JSON before as text of that."""
    if isinstance(value, str) and value[:2] in ('"{', '"['):
        with suppress(ValueError, RecursionError):
            inner = json.loads(value)
            json.loads(inner)
            return inner
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
