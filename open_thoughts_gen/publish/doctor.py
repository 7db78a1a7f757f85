"""What is wrong with a dataset before it is pushed: its card against its files, its files against the Hub's limits.

Everything is read from the folder as it would be pushed, so that a dataset of any make can be examined, and so that a
card edited by hand is held to the files beside it. Each check yields faults of one line with a fix; `CHECKS` names
them. The limits are those of the Hub's documents and of its viewer (huggingface/dataset-viewer).

Not examined: whether answers are right (`verify`), duplicates and benchmarks (`contamination`), the Croissant file.
"""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.publish import viewer
from open_thoughts_gen.publish.hub_rules import FRONT_MATTER, card_faults, size_category
from open_thoughts_gen.publish.leaks import Leak, LeakFinder
from open_thoughts_gen.publish.licence import OVERRIDDEN
from open_thoughts_gen.publish.question_files import FOLDER as QUESTIONS
from open_thoughts_gen.recipe import Publish
from open_thoughts_gen.recipe.hub_terms import TASK_IDS
from open_thoughts_gen.recipe.licensing import asks_of, license_of, source_material, teacher_license, teacher_material

CARD = "README.md"
_TEXTS = (CARD, "recipe.yaml")
MIN_ROWS = 100
MAX_GROUP_BYTES = 100_000_000
MAX_COLUMNS, MAX_NAME = 1_000, 500
_NEVER_NULL = ("id", "question", "prompt", "messages")
_MAY_BE_EMPTY = ("reference", "pass_rate", "teacher_license")  # known of no row, in datasets that have no such thing
_REHEARSED = {"teacher": re.compile(r"rehearsal($|/)"), "source": re.compile(r"stand_in:"),
              "writer": re.compile(r"rehearsal/")}  # fmt: skip
_CONFIG = "`configs:` in the front matter"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What one check found wrong."""

    check: str
    fault: Fault

    def __str__(self) -> str:
        """Return it on one line."""
        return f"{self.check}: {self.fault}"


@dataclass(frozen=True)
class Dataset:
    """A dataset's folder, as it would be pushed."""

    folder: Path

    @cached_property
    def card(self) -> str:
        """The text of the card, empty if there is none."""
        path = self.folder / CARD
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    @cached_property
    def head(self) -> Mapping[str, Any]:
        """The front matter, empty if it cannot be read; `card_faults` says why."""
        match = FRONT_MATTER.match(self.card)
        try:
            head = yaml.safe_load(match[3]) if match else None
        except yaml.YAMLError:
            head = None
        return head if isinstance(head, dict) else {}

    @cached_property
    def configs(self) -> Mapping[str, Mapping[str, Sequence[Path]]]:
        """The Parquet files of each config and split, by the front matter; all files are one config without it."""
        configs: dict[str, dict[str, list[Path]]] = {}
        for entry in _mappings(self.head.get("configs")):
            splits = configs.setdefault(str(entry.get("config_name")), {})
            for split in _mappings(entry.get("data_files")):
                paths = split.get("path")
                for pattern in [paths] if isinstance(paths, str) else paths or ():
                    splits.setdefault(str(split.get("split")), []).extend(sorted(self.folder.glob(str(pattern))))
        return configs or {"default": {"train": sorted(self.folder.rglob("*.parquet"))}}

    @cached_property
    def readable(self) -> Mapping[Path, pq.FileMetaData]:
        """What the footer of each file says; files that cannot be read are missing."""
        footers = {}
        for file in sorted({file for config in self.configs for file in self.files(config)}):
            try:
                footers[file] = pq.read_metadata(file)
            except (pa.ArrowException, OSError):
                continue
        return footers

    def name(self, file: Path) -> str:
        """Return what messages call a file."""
        return file.relative_to(self.folder).as_posix()

    def files(self, config: str) -> list[Path]:
        """Return the files of all splits of a config."""
        return [file for files in self.configs[config].values() for file in files]

    def num_rows(self, files: Sequence[Path]) -> int | None:
        """Return how many rows files have; None if one of them cannot be read."""
        return sum(self.readable[file].num_rows for file in files) if set(files) <= self.readable.keys() else None

    def batches(self, files: Sequence[Path], columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows of files, a few at a time; of files that lack a column, nothing."""
        for file in files:
            if file in self.readable and set(columns or ()) <= set(self.readable[file].schema.to_arrow_schema().names):
                with pq.ParquetFile(file) as opened:
                    for group in range(opened.num_row_groups):  # one alone, or all of them stay in memory
                        names = list(columns) if columns else None
                        yield from opened.iter_batches(1024, [group], names, use_threads=False)

    @cached_property
    def leaks(self) -> Mapping[tuple[str, Leak], Sequence[int]]:
        """What it leaks: by where that stands and what it is (with row 0), the numbers of the rows."""
        finder = LeakFinder(os.environ)
        leaks: dict[tuple[str, Leak], list[int]] = defaultdict(list)
        questions = sorted(file for file in (self.folder / QUESTIONS).glob("*") if file.is_file())
        for path in (*(self.folder / name for name in _TEXTS), *questions):
            name = self.name(path)
            for leak in finder.in_text(path.read_text("utf-8", "replace") if path.is_file() else ""):
                leaks[name, leak].append(0)
        for file in self.readable:
            start = 0
            for batch in self.batches([file]):
                for name, column in zip(batch.schema.names, batch.columns, strict=True):
                    for leak in finder.in_column(column, start):
                        leaks[f"{self.name(file)}, column {name}", leak._replace(row=0)].append(leak.row)
                start += len(batch)
        return leaks


def examine(folder: Path) -> list[Complaint]:
    """Return what is wrong with a dataset, the checks in their order.

    Raises:
        UserError: there is no dataset in the folder.

    """
    dataset = Dataset(folder)
    if not dataset.card and not any(folder.rglob("*.parquet")):
        hint = "name a run folder, or a folder with README.md and Parquet files"
        raise UserError(Fault(f"{folder} is not a dataset", hint=hint))
    return [Complaint(name, fault) for name, check in CHECKS.items() for fault in check(dataset)]


def dataset_folder(path: Path) -> Path:
    """Return the folder of the dataset that is meant: of a run, the one that is pushed."""
    return path / "dataset" if (path / "dataset" / CARD).is_file() else path


def check_card(dataset: Dataset) -> Iterator[Fault]:
    """Yield what `hub_rules` finds wrong with the card."""
    if not dataset.card:
        yield Fault("there is no card", CARD, "write README.md, with YAML front matter and the sections of a card")
        return
    yield from card_faults(dataset.card)


def check_tasks(dataset: Dataset) -> Iterator[Fault]:
    """Yield task ids that the Hub does not know."""
    for task in dataset.head.get("task_ids") or ():
        if task not in TASK_IDS:
            yield Fault(f"the Hub does not know the task id {task!r}", CARD, did_you_mean(str(task), TASK_IDS))


def check_size(dataset: Dataset) -> Iterator[Fault]:
    """Yield that the size bucket is not that of the rows."""
    num = dataset.num_rows(dataset.files(next(iter(dataset.configs))))
    bucket, stated = size_category(num or 0), dataset.head.get("size_categories")
    if dataset.card and num is not None and stated not in (bucket, [bucket]):
        yield Fault(f"the card says size_categories {stated}, and the rows make {bucket}", CARD, f"write `- {bucket}`")


def check_files(dataset: Dataset) -> Iterator[Fault]:
    """Yield what the card says of its files and they do not."""
    infos = dataset.head.get("dataset_info")
    stated = {str(info.get("config_name", "default")): info for info in _mappings(infos)}
    for config, splits in dataset.configs.items():
        if not any(splits.values()):
            yield Fault(f"config {config!r} has no files", CARD, f"name its files under {_CONFIG}, or leave it out")
        for split, files in splits.items():
            for file in files:
                if file not in dataset.readable:
                    yield Fault("this is not a Parquet file", dataset.name(file), "write it again")
            num = dataset.num_rows(files)
            entries = _mappings(stated.get(config, {}).get("splits"))
            said = next((entry.get("num_examples") for entry in entries if entry.get("name") == split), None)
            if config in stated and num is not None and said != num:
                message = (
                    f"dataset_info says that split {split!r} of {config!r} has {said} rows, and the files have {num}"
                )
                yield Fault(message, CARD, f"write `num_examples: {num}`")
        features = [feature.get("name") for feature in _mappings(stated.get(config, {}).get("features"))]
        first = [file for files in splits.values() for file in files if file in dataset.readable][:1]
        columns = [name for file in first for name in dataset.readable[file].schema.to_arrow_schema().names]
        if features and first and features != columns:
            differing = ", ".join(sorted(set(map(str, features)) ^ set(columns))[:5]) or "their order"
            message = f"dataset_info has other columns for {config!r} than its files: {differing}"
            yield Fault(message, CARD, "list the columns of the files, in their order")


def check_schema(dataset: Dataset) -> Iterator[Fault]:
    """Yield what the Hub and `datasets` cannot read, or read otherwise than it is meant."""
    for config in dataset.configs:
        files = [file for file in dataset.files(config) if file in dataset.readable]
        schemas = {file: dataset.readable[file].schema.to_arrow_schema() for file in files}
        for file in files[1:]:
            if not schemas[file].equals(schemas[files[0]]):
                message = f"its columns differ from those of {dataset.name(files[0])}, of the same config {config!r}"
                yield Fault(message, dataset.name(file), "write all files of a config with one schema")
        for field in schemas[files[0]] if files else ():
            where = f"{dataset.name(files[0])}, column {field.name[:MAX_NAME]}"
            if _holds(field.type, pa.types.is_null):
                yield Fault("the column has no type, being empty", where, "give it a type, or leave it out")
            if pa.types.is_list(field.type) and pa.types.is_float32(field.type.value_type) and "emb" not in field.name:
                yield Fault("the viewer takes lists of float32 for time series", where, "use float64")
            if len(field.name) > MAX_NAME:
                yield Fault(f"its name is longer than {MAX_NAME} characters", where, "shorten it")
        if files and len(schemas[files[0]]) > MAX_COLUMNS:
            message = f"config {config!r} has more than {MAX_COLUMNS:,} columns, which the viewer refuses"
            yield Fault(message, hint="put them together, as JSON")


def check_nulls(dataset: Dataset) -> Iterator[Fault]:
    """Yield columns that hold nothing, and rows that lack what every row must have."""
    for config in dataset.configs:
        nulls: Counter[str] = Counter()
        num_rows, files = 0, dataset.files(config)
        for batch in dataset.batches(files):
            num_rows += len(batch)
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                empty = column.null_count
                if name in _NEVER_NULL:
                    empty += pc.sum(pc.equal(_length(column), 0)).as_py() or 0
                nulls[name] += empty
        for name, num in nulls.items():
            if name in _NEVER_NULL and num:
                hint = "leave these rows out"
                yield Fault(f"config {config!r}: {name} is null or empty in {num:,} of {num_rows:,} rows", hint=hint)
            elif num and num == dataset.num_rows(files) and name not in _MAY_BE_EMPTY:
                hint = f"leave it out: `{name}` under `publish: columns`"
                yield Fault(f"config {config!r}: {name} is null in every row", hint=hint)


def check_row_groups(dataset: Dataset) -> Iterator[Fault]:
    """Yield row groups and files of which the viewer cannot open any page."""
    for file, footer in dataset.readable.items():
        sizes = [footer.row_group(i).total_byte_size for i in range(footer.num_row_groups)]
        if max(sizes, default=0) > MAX_GROUP_BYTES:
            message = f"a row group has {max(sizes):,} bytes, more than the viewer's {MAX_GROUP_BYTES:,}"
            yield Fault(
                message, dataset.name(file), "write it with smaller row groups: pq.write_table(row_group_size=...)"
            )
        indexed = all(
            footer.row_group(i).column(j).has_offset_index
            for i in range(footer.num_row_groups)
            for j in range(footer.num_columns)
            if footer.row_group(i).num_rows
        )
        if not indexed:
            hint = "write it with pq.write_table(write_page_index=True)"
            yield Fault("it has no page index, by which the viewer opens any page", dataset.name(file), hint)


def check_viewer(dataset: Dataset) -> Iterator[Fault]:
    """Yield that the viewer shows fewer than the first hundred rows, or cuts their cells."""
    for config, splits in dataset.configs.items():
        rows: list[dict[str, Any]] = []
        files = next(iter(splits.values()), [])
        for batch in dataset.batches(files):
            rows += batch.slice(0, viewer.MAX_ROWS - len(rows)).to_pylist()
            if len(rows) >= viewer.MAX_ROWS:
                break
        num_rows = dataset.num_rows(files)
        if num_rows is not None and (remark := viewer.first_rows(rows).remark(num_rows)):
            hint = "put shorter rows first, or leave out a long column"
            yield Fault(f"config {config!r}: {remark}", hint=hint)


def check_rows(dataset: Dataset) -> Iterator[Fault]:
    """Yield that there are fewer rows than competitions ask for."""
    num = dataset.num_rows(dataset.files(next(iter(dataset.configs))))
    if num is not None and num < MIN_ROWS:
        hint = "raise the recipe's target, or add questions"
        yield Fault(f"it has {num:,} rows; competitions ask for at least {MIN_ROWS}", hint=hint)


def check_rehearsal(dataset: Dataset) -> Iterator[Fault]:
    """Yield that the rows are of a rehearsal: nobody answered them, or nobody asked them."""
    signs: Counter[str] = Counter()
    files = dataset.files(next(iter(dataset.configs)))
    for column, is_sign in _REHEARSED.items():
        for batch in dataset.batches(files, [column]):
            signs[column] += sum(bool(is_sign.match(value or "")) for value in batch.column(column).to_pylist())
    num = max(signs.values(), default=0)
    if num:
        message = f"{num:,} rows are of a rehearsal: made up in this process, with no model and no real question"
        yield Fault(message, hint="run the recipe without --rehearse, and with a teacher that reasons")


def check_leaks(check: str) -> Callable[[Dataset], Iterator[Fault]]:
    """Return the check for what one kind of leak is in the texts of the rows and of the card."""

    def faults(dataset: Dataset) -> Iterator[Fault]:
        for (where, what), rows in dataset.leaks.items():
            if what.check == check:
                first = f"row {rows[0]:,}" if where not in _TEXTS else "the text"
                more = f"; {len(rows):,} places in all" if len(rows) > 1 else ""
                hint = "leave these rows out" if where not in _TEXTS else "take it out of the recipe's text"
                yield Fault(f"{first} holds what looks like {what.what}{more}", where, hint)

    return faults


def check_license(dataset: Dataset) -> Iterator[Fault]:
    """Yield the licences of rows that the card's does not satisfy, unless the card says why."""
    stated = dataset.head.get("license")
    if not isinstance(stated, str) or asks_of(stated) is None or OVERRIDDEN in dataset.card:
        return
    columns = ("source", "license", "teacher", "teacher_license")
    files = dataset.files(next(iter(dataset.configs)))
    questions: Counter[tuple[str, str]] = Counter()
    teachers: Counter[tuple[str, str]] = Counter()
    for batch in dataset.batches(files, columns):
        for row in batch.to_pylist():
            questions[row["source"] or "", row["license"] or ""] += 1
            teachers[row["teacher"] or "", row["teacher_license"] or ""] += 1
    materials = [source_material(source, name, num) for (source, name), num in questions.items()]
    # What the table says of a teacher holds; a row that says otherwise was written with `publish.teacher_license`.
    materials += [
        teacher_material(teacher, "" if name in ("", teacher_license(teacher)) else name, num)
        for (teacher, name), num in teachers.items()
    ]
    licensing = license_of(Publish.model_validate({"license": stated}), materials)
    for conflict in licensing.conflicts:
        yield Fault(conflict, CARD, licensing.hint)


CHECKS: Mapping[str, Callable[[Dataset], Iterator[Fault]]] = {
    "card": check_card,
    "size": check_size,
    "tasks": check_tasks,
    "files": check_files,
    "schema": check_schema,
    "nulls": check_nulls,
    "row-groups": check_row_groups,
    "viewer": check_viewer,
    "rows": check_rows,
    "license": check_license,
    "secrets": check_leaks("secrets"),
    "emails": check_leaks("emails"),
    "rehearsal": check_rehearsal,
}
NEVER_ACCEPTED = ("rehearsal",)  # what is made up is not pushed at all


def _mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the mappings in what YAML holds: a list of them, or one alone."""
    listed = value if isinstance(value, list) else [value]
    return [entry for entry in listed if isinstance(entry, dict)]


def _holds(type_: pa.DataType, is_kind: Callable[[pa.DataType], bool]) -> bool:
    """Return whether a type is of a kind, or has a member that is."""
    members = [type_.field(i).type for i in range(type_.num_fields)]
    return is_kind(type_) or any(_holds(member, is_kind) for member in members)


def _length(column: pa.Array) -> pa.Array:
    """Return how long each value of a column is: letters of a text, members of a list; 1 of anything else."""
    if pa.types.is_string(column.type):
        return pc.utf8_length(pc.utf8_trim_whitespace(column))
    return pc.list_value_length(column) if pa.types.is_list(column.type) else pa.array([1] * len(column))
