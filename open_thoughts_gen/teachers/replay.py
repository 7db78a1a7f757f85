"""A cassette: traces recorded in a file, so that a recipe is tested with no model, no key and no network.

    python -m open_thoughts_gen cassette recipe.yaml -n 5 --out tests/cassette.jsonl
    python -m open_thoughts_gen run recipe.yaml --teacher replay --set teacher.file=tests/cassette.jsonl

One JSON object to a line, written and read here: the question's id (the hash of its prompt), the attempt, and the
trace. Only the offset of each trace in the file is held in memory, and the trace is read when it is asked for. A
question that the cassette does not hold is a failed trace that says so, so that a changed prompt shows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from pydantic import Field, PrivateAttr, TypeAdapter, ValidationError

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.plugin import Teacher
from open_thoughts_gen.types import Request, Trace

_TRACE = TypeAdapter(Trace)
_AGAIN = "record the cassette again"


class Replay(Teacher):
    """Reads the traces from a cassette."""

    file: str = Field(min_length=1, description="path of the cassette, relative to the recipe's folder")

    _offsets: dict[tuple[str, int], int] = PrivateAttr(default_factory=dict)

    @property
    def cost_usd(self) -> float:
        """Nobody is asked, so nothing is paid."""
        return 0.0

    @property
    def _path(self) -> Path:
        return self._context.folder / Path(self.file).expanduser()

    def start(self) -> None:
        """Note where each trace of the cassette begins.

        Raises:
            UserError: there is no cassette, or a line of it is not a trace.

        """
        self._offsets = {(trace.question_id, trace.attempt): offset for offset, trace in _read(self._path)}

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        """Yield one trace per request, in order."""
        with self._path.open("rb") as cassette:
            for request in requests:
                key = request.question.id, request.attempt
                if key in self._offsets:
                    cassette.seek(self._offsets[key])
                    yield _TRACE.validate_json(cassette.readline())
                else:
                    missing = f"the cassette holds no trace of {key[0]}, attempt {key[1]}"
                    yield Trace(*key, self.label, "", "", "error", missing)


def read_cassette(path: Path) -> Iterator[Trace]:
    """Yield the traces of a cassette.

    Raises:
        UserError: there is no such file, or a line of it is not a trace.

    """
    return (trace for _, trace in _read(path))


def _read(path: Path) -> Iterator[tuple[int, Trace]]:
    """Yield the traces, each with the offset of its line in bytes."""
    offset = 0
    try:
        with path.open("rb") as cassette:
            for number, line in enumerate(cassette, start=1):
                if line.strip():
                    yield offset, _trace(line, f"{path}:{number}")
                offset += len(line)
    except OSError as error:
        message = f"the cassette cannot be read: {error.strerror}"
        raise UserError(Fault(message, where=str(path), hint="record one: `cassette RECIPE --out FILE`")) from error


def _trace(line: bytes, where: str) -> Trace:
    try:
        return _TRACE.validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        message = ": ".join(filter(None, ("this is not a trace", field, first["msg"])))
        raise UserError(Fault(message, where=where, hint=_AGAIN)) from error


def write_cassette(path: Path, traces: Iterable[Trace]) -> int:
    """Write traces as a cassette, sorted and each once, and return how many."""
    sound = {(trace.question_id, trace.attempt): trace for trace in traces if trace.finish_reason != "error"}
    lines = [json.dumps(asdict(sound[key]), ensure_ascii=True) + "\n" for key in sorted(sound)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines), encoding="ascii")
    except OSError as error:
        raise UserError(Fault(f"the cassette cannot be written: {error.strerror}", where=str(path))) from error
    return len(lines)
