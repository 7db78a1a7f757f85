"""The whole life of one question: where it comes from, which filters it passed, what was answered and judged, its end.

Everything is read from what the run left behind (`runs`). What is not on record is not guessed: a filter that may not
have been meant for the row says so, and without a `dropped.parquet` nobody knows what was left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.plugin.when import meets, read_when
from open_thoughts_gen.rejudge.runs import Row, SavedRun
from open_thoughts_gen.rejudge.saved import unpacked
from open_thoughts_gen.similar.indel import similarities
from open_thoughts_gen.text import num_words, shorten
from open_thoughts_gen.types import Question

MIN_PREFIX = 4  # digits of an id
MAX_NEIGHBOURS = 20
_PARENTS = ("parents", "twin_of", "pair")  # keys of a question's meta that name other questions
_MAX_SHOWN = 160


@dataclass(frozen=True, slots=True)
class FilterRecord:
    """What one filter did with a question or an attempt, and what it measured."""

    filter: str
    outcome: Literal["passed", "dropped", "not for this row", "passed, or not for this row"]
    reason: str = ""
    detail: str = ""
    measures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt of the teacher, its verdicts, the filters after it, and why it was left out, if it was."""

    attempt: int
    teacher: str
    outcome: str
    answer: str
    finish_reason: str
    reasoning_words: int
    response_words: int
    verdicts: Sequence[Mapping[str, str]]
    filters: Sequence[FilterRecord]
    published: bool
    dropped_by: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another question that this one has to do with; `score` is the similarity, 0..100, where it is known."""

    relation: str
    id: str
    question: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What became of a question in a run, from its source to its end."""

    run: str
    id: str
    question: str
    reference: str
    domain: str
    source: str
    license: str
    meta: Mapping[str, Any]
    end: str
    filters: Sequence[FilterRecord]
    attempts: Sequence[Attempt]
    neighbours: Sequence[Neighbour]
    reviews: Sequence[str]
    pass_rate: float | None


def history(run: SavedRun, row_id: str) -> History:
    """Return the history of the question with this id, or with the only id that begins so.

    Raises:
        UserError: the run has no such question, or several.

    """
    row_id = _whole_id(run, row_id)
    published, dropped = list(run.rows(id=row_id)), list(run.dropped(id=row_id))
    row = next(iter(published), None) or dropped[0]
    tried = [each for each in dropped if each.get("attempt") is not None]
    before = [] if published or tried else [each for each in dropped if each.get("attempt") is None]
    loss = before[0] if before else None
    meta = _meta_of(published, dropped)
    subject = Question(
        _text(row, "question"), domain=_text(row, "domain"), source=_text(row, "source"),
        license=_text(row, "license"), meta=meta,
    )  # fmt: skip
    attempts = [_attempt(run, subject, each, is_published=True) for each in published]
    attempts += [_attempt(run, subject, each, is_published=False) for each in tried]
    rates = (each["pass_rate"] for each in (*published, *tried) if each.get("pass_rate") is not None)
    return History(
        run=run.where,
        id=row_id,
        question=subject.prompt,
        reference=_text(row, "reference"),
        domain=subject.domain,
        source=subject.source,
        license=subject.license,
        meta=meta,
        end=_end(published, tried, loss),
        filters=_records(
            run, "question_filters", subject, row, loss if _stopped_in(loss, "question_filters") else None
        ),
        attempts=sorted(attempts, key=lambda each: each.attempt),
        neighbours=list(_neighbours(run, subject, row_id, loss)),
        reviews=[f"{each['plugin']}: {_why(each)}" for each in run.reviews(id=row_id)],
        pass_rate=next(rates, None),
    )


def _whole_id(run: SavedRun, prefix: str) -> str:
    """Return the only id of the run that begins like this."""
    if len(prefix) < MIN_PREFIX:
        raise UserError(Fault(f"{prefix!r} is too short for an id", hint=f"give at least {MIN_PREFIX} of its digits"))
    rows = (*run.rows(["id"]), *run.dropped(["id"]))
    ids = {str(row["id"]) for row in rows if str(row.get("id")).startswith(prefix)}
    if len(ids) > 1 and prefix not in ids:
        some = ", ".join(sorted(ids)[:4])
        raise UserError(Fault(f"{run.where}: {len(ids)} ids begin with {prefix} ({some})", hint="give more digits"))
    if not ids:
        hint = "" if run.knows_dropped else "; it has no dropped.parquet, so this may be a row that was left out"
        raise UserError(Fault(f"{run.where} has no row with the id {shorten(prefix, 40)}{hint}"))
    return prefix if prefix in ids else next(iter(ids))


def _end(published: Sequence[Row], tried: Sequence[Row], loss: Row | None) -> str:
    if published:
        rest = f", {len(tried)} left out" if tried else ""
        return f"published: {len(published)} of its attempts{rest}" if tried or len(published) > 1 else "published"
    return f"left out by {_dropper(loss or tried[0])}: {_why(loss or tried[0])}"


def _dropper(row: Row) -> str:
    step, plugin = _text(row, "step"), _text(row, "plugin")
    return step if plugin in ("", step) else f"{step}, {plugin}"


def _stopped_in(row: Row | None, step: str) -> bool:
    return row is not None and row.get("step") == step


def _why(row: Row) -> str:
    return ": ".join(filter(None, (_text(row, "reason"), _text(row, "detail")))) or "no reason given"


def _attempt(run: SavedRun, subject: Question, row: Row, *, is_published: bool) -> Attempt:
    has_reached_filters = is_published or row.get("step") in ("sample_filters", "target")
    loss = row if _stopped_in(row, "sample_filters") else None
    return Attempt(
        attempt=int(row.get("attempt") or 0),
        teacher=_text(row, "teacher"),
        outcome=_text(row, "outcome") or "not judged",
        answer=_text(row, "answer"),
        finish_reason=_text(row, "finish_reason"),
        reasoning_words=num_words(_text(row, "reasoning")),
        response_words=num_words(_text(row, "response")),
        verdicts=[{key: str(value or "") for key, value in each.items()} for each in row.get("verdicts") or ()],
        filters=_records(run, "sample_filters", subject, row, loss) if has_reached_filters else (),
        published=is_published,
        dropped_by="" if is_published else _dropper(row),
        why="" if is_published else _why(row),
    )


def _records(run: SavedRun, step: str, subject: Question, row: Row, loss: Row | None) -> list[FilterRecord]:
    """Return what each filter of a step did, as far as the row got; `loss` is the record of its being left out."""
    measured: dict[str, dict[str, Any]] = {}
    for each in row.get("measures") or ():
        measured.setdefault(str(each.get("by")), {})[str(each.get("name"))] = _measure(each.get("value"))
    dropper = loss and _text(loss, "plugin")
    records: list[FilterRecord] = []
    parts = run.recipe.get(step)
    for part in parts if isinstance(parts, list) else ():
        name = str(part.get("use") if isinstance(part, Mapping) else part)
        measures = next((values for by, values in measured.items() if by.partition(" ")[0] == name), {})
        applies = _applies(part, subject)
        if loss is not None and name == dropper and applies is not False:
            records.append(FilterRecord(name, "dropped", _text(loss, "reason"), _text(loss, "detail"), measures))
            return records
        unsure: Literal["passed", "passed, or not for this row"] = (
            "passed" if applies else "passed, or not for this row"
        )
        records.append(FilterRecord(name, "not for this row" if applies is False else unsure, measures=measures))
    return records


def _applies(part: object, subject: Question) -> bool | None:
    """Return whether a filter is for this question; None where the row does not have what that depends on."""
    when = part.get("when") if isinstance(part, Mapping) else None
    if not isinstance(when, Mapping):
        return True
    try:
        conditions = read_when(dict(when))
    except ValueError:
        return None
    is_known = all(subject.trait(key) is not None for key in conditions)
    return meets(subject, conditions) if is_known else None


def _meta_of(published: Sequence[Row], dropped: Sequence[Row]) -> Mapping[str, Any]:
    """Return what is known of a question beyond its standard columns: its meta if it is on record, else its columns."""
    metas = [meta for each in dropped if isinstance(meta := unpacked(each.get("meta")), Mapping)]
    standard = {*History.__slots__, *Attempt.__slots__, "reasoning", "response", "teacher_license", "measures"}
    columns = (
        {} if not published else {key: unpacked(cell) for key, cell in published[0].items() if key not in standard}
    )
    return {key: value for key, value in {**columns, **(metas[0] if metas else {})}.items() if value is not None}


def _neighbours(run: SavedRun, subject: Question, row_id: str, loss: Row | None) -> Iterator[Neighbour]:
    """Yield the questions that it came from, that it repeats, and that repeat it; else the nearest published one."""
    related: dict[str, tuple[str, float | None]] = {}
    for key in _PARENTS:
        value = subject.meta.get(key)
        for parent in value if isinstance(value, list) else [value]:
            if isinstance(parent, str) and parent != row_id:
                related.setdefault(parent, ({"parents": "parent", "pair": "minimal pair"}.get(key, "twin of"), None))
    if loss is not None and loss.get("twin") and loss["twin"] != row_id:
        related[str(loss["twin"])] = ("it repeats", loss.get("score"))
    if related:
        prompts = {str(row["id"]): _text(row, "question") for row in _prompts(run) if str(row.get("id")) in related}
        for other, (relation, score) in related.items():
            yield Neighbour(relation, other, prompts.get(other, "(not in this run)"), score)
    repeats = [row for row in run.dropped(twin=row_id) if row is not loss]
    for row in repeats[:MAX_NEIGHBOURS]:
        relation = "the same again, left out" if row["id"] == row_id else "left out, for it repeats this one"
        yield Neighbour(relation, str(row["id"]), _text(row, "question"), row.get("score"))
    if not repeats and not any(relation == "it repeats" for relation, _ in related.values()):
        yield from _nearest(run, subject.prompt, row_id)


def _prompts(run: SavedRun) -> Iterator[Row]:
    yield from run.rows(["id", "question"])
    yield from run.dropped(["id", "question"])


def _nearest(run: SavedRun, prompt: str, row_id: str) -> Iterator[Neighbour]:
    """Yield the published question that is most like this one."""
    best: tuple[float, str, str] = (0.0, "", "")
    others = ((str(row["id"]), _text(row, "question")) for row in run.rows(["id", "question"]) if row["id"] != row_id)
    while some := list(islice(others, 1024)):
        scores = similarities([prompt] * len(some), [text for _, text in some], best[0])
        at = int(scores.argmax())
        best = max(best, (float(scores[at]), *some[at]))
    if best[1]:
        yield Neighbour("nearest of those published", best[1], best[2], best[0])


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value)


def _measure(value: object) -> Any:  # noqa: ANN401  (JSON)
    """Return what was measured, of which a row holds the JSON."""
    try:
        return json.loads(str(value))
    except (ValueError, RecursionError):
        return value
