"""Curator as the ledger's transport: what is asked together, what is asked again, and what an earlier run has left.

Curator takes whole sets of calls, so they go to it in waves, and the next wave begins when the slowest call of the one
before is over. Nothing here imports curator: a run whose answers are all in the cache never starts it.

    throttled            into the next wave, after a wait, as often as it takes
    failed, temporary    into the next wave, after a random, growing wait, up to `max_retries` times
    unreachable          likewise, and not counted, for `contact_s` or, once something was answered, `outage_s`
    refused              a failure of its row once another call has passed; before, it is held back (`chat.contrast`)
    failed otherwise     a failure
    refused              the stream stops with a ProviderError, once what is in flight is stored

The files of a wave for a batch interface are in a folder beside the cache, named after its calls, while it is under
way. A run that was stopped finds them there, and curator goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from open_thoughts_gen.chat import Call, Patience
from open_thoughts_gen.chat.flow import in_words, jitter_s
from open_thoughts_gen.chat.ledger import Ledger
from open_thoughts_gen.chat.transport import Answered, Failed
from open_thoughts_gen.errors import Fault, ProviderError
from open_thoughts_gen.teachers.curator.answers import error_of, is_unreachable, kind_of, payload_of
from open_thoughts_gen.teachers.curator.process import CuratorProcess, Line, Row, RunningWave
from open_thoughts_gen.text import shorten

Outcome = tuple[bytes, Answered | Failed]
_STATUS: Final = re.compile(r"^API Error: (\d+) -")
# What curator says when it has ended without an answer; after anything else a batch may still be under way.
_OVER: Final = ("ValueError: All requests failed", "RuntimeError: None of the submitted batches")
_MAX_WAIT_UNSEEN_S: Final = 2.0
_log = logging.getLogger("open_thoughts_gen.chat")


@dataclass(frozen=True, slots=True)
class WaveSettings:
    """How curator is started, how a call is written for it, and how many go over at once.

    The first wave is a small one: what calls cost is not known before it. `folder` holds the files of waves for a batch
    interface, and is None for calls that are asked live.
    """

    start: Callable[[], CuratorProcess]
    row: Callable[[Call], Row]
    patience: Patience
    num_first: int
    num_calls: int
    folder: Path | None = None


@dataclass(slots=True)
class _Wave:
    """A wave that is being asked: the keys of its calls in order, and those without an outcome yet."""

    wave: RunningWave
    keys: Sequence[bytes]
    silent: set[bytes]
    folder: Path | None
    has_trouble: bool = False


class Waves:
    """Hands calls to curator, wave by wave."""

    def __init__(self, ledger: Ledger[Any], settings: WaveSettings) -> None:
        self._ledger, self._settings, self._progress = ledger, settings, ledger.books.progress
        self._added: dict[bytes, Call] = {}
        self._process: CuratorProcess | None = None
        self._wave: _Wave | None = None
        self._num_troubled = 0  # waves in a row in which something failed temporarily
        self._unreachable_since_s: float | None = None
        self._error: ProviderError | None = None  # to be raised once what came before it is stored
        self._ending: BaseException | None = None  # why no more is sent
        self._has_said = False

    def add(self, key: bytes, call: Call) -> None:
        """Take a call for the next wave."""
        self._added[key] = call

    def answers(self) -> list[Outcome]:
        """Look at the wave that is being asked, or begin the next one.

        Raises:
            ProviderError: the provider refused for good or cannot be reached, or curator failed.
            BaseException: what `stop` was given, once nothing is in flight any more.

        """
        if self._error is not None and self._ending is None:
            raise self._error
        outcomes: list[Outcome] = []
        if self._wave is None:
            if self._ending is not None:
                raise self._ending
            outcomes = self._begin()
        if self._wave is not None:
            self._say_waiting()
            if self._wave.wave.error is None:
                outcomes += self._read(self._wave, self._wave.wave.look())
            if self._wave.wave.error is not None:
                outcomes += self._finish(self._wave)
        return outcomes

    def stop(self, error: Exception | None = None) -> bool:
        """Have curator send no more; return whether paid calls are in flight. A batch goes on by itself."""
        if self._wave is None or self._process is None or self._settings.folder is not None:
            return False
        self._ending = self._ending or error or KeyboardInterrupt()
        self._process.send_no_more()
        return True

    def abort(self) -> None:
        """End what is in flight; store what has come of it."""
        if self._process is None:
            return
        try:
            if self._wave is not None:
                wave, self._wave = self._wave, None
                self._ledger.keep(self._read(wave, wave.wave.end()))
                self._forget(wave)
        finally:
            self._process.close()

    def _begin(self) -> list[Outcome]:
        """Begin a wave: first of all what an earlier run has left under way. Return the calls that cannot be sent."""
        unsendable = [key for key, call in self._added.items() if not _is_sendable(call)]
        for key in unsendable:
            del self._added[key]
        if self._ending is None and self._added:
            keys = sorted(list(self._added)[: self._settings.num_calls])
            rows = [self._settings.row(self._added[key]) for key in keys]
            name = hashlib.sha256(b"".join(keys)).hexdigest()[:16]
            folder = self._settings.folder and self._settings.folder / name
            folder, keys, rows = next(self._left_behind(), (folder, keys, rows))
            if self._process is None:
                self._process = self._settings.start()
            for key in keys:
                self._added.pop(key, None)
            begun = self._process.begin(rows, folder, keys if folder else ())
            self._wave = _Wave(begun, keys, set(keys), folder)
        why = "curator cannot send a text with lone surrogates"
        return [(key, Failed("unsendable", why)) for key in unsendable]

    def _left_behind(self) -> Iterator[tuple[Path, list[bytes], list[Row]]]:
        """Yield the folders of earlier runs' batches that hold what is missing, with keys and calls in order."""
        for path in sorted(self._settings.folder.glob("*/keys.json")) if self._settings.folder else ():
            with contextlib.suppress(FileNotFoundError):  # another run has read it to its end, and deletes it
                keys = [bytes.fromhex(key) for key in json.loads(path.read_text("ascii"))]
                if self._added.keys().isdisjoint(keys):
                    continue
                lines = path.with_name("wave.jsonl").read_text("ascii").split("\n")
                rows = [json.loads(line) for line in lines if line]
                if rows and self._ledger.claim_all(keys):
                    yield path.parent, keys, rows

    def _read(self, wave: _Wave, lines: Iterable[Line]) -> list[Outcome]:
        """Return the outcomes that lines of curator's responses mean, and note whether the endpoint answers."""
        outcomes: list[Outcome] = []
        for line in lines:
            key = wave.keys[int(line["generic_request"]["original_row_idx"])]
            wave.silent.discard(key)
            payload = payload_of(line.get("raw_response"))
            if payload is None:
                outcomes += self._fail(wave, key, error_of(line))
            else:
                self._unreachable_since_s, self._progress.endpoint = None, ""
                outcomes.append((key, Answered(payload, _took_s(line))))
        return outcomes

    def _fail(self, wave: _Wave, key: bytes, error: str) -> Iterator[Outcome]:
        """Yield what a failure means for its call; one that ends the run is raised by the next look."""
        kind, why = kind_of(error), shorten(_STATUS.sub(r"HTTP \1:", error), 300)
        label = self._ledger.served.label
        hint = "check the key, the model's name, the address and the credit"
        refused = ProviderError(Fault(f"{label} refused the call, {why}", hint=hint))
        if kind == "refused":
            self._error = self._error or refused
            return
        wave.has_trouble |= kind in ("throttled", "transient")
        if is_unreachable(error):
            self._note_unreachable(why)
            yield key, Failed("no connection", why, "free")
        elif kind == "throttled":
            yield key, Failed("HTTP 429", why, "free")
        elif kind == "transient":
            yield key, Failed(kind, why, "counted")
        elif kind in ("rejected", "unclear"):
            fault = refused if kind == "unclear" else None
            yield key, Failed("rejected", why, error_kind="prompt rejected", fault=fault)
        else:
            yield key, Failed(kind, why)

    def _finish(self, wave: _Wave) -> list[Outcome]:
        """Return the last outcomes of a wave that is over, and those of calls without a response."""
        self._wave = None
        outcomes = self._read(wave, wave.wave.end())
        self._forget(wave)
        self._ledger.room = self._settings.num_calls
        error = wave.wave.error or ""
        if wave.silent and error and not error.startswith(_OVER):
            batch = f", and the batch in {wave.folder}" if wave.folder else ""
            hint = f"run the same command again; all answers so far are stored{batch}"
            fault = Fault(f"curator failed: {shorten(error, 300)}", hint=hint)
            self._error = self._error or ProviderError(fault)
            return outcomes
        why = f"curator brought no answer{': ' if error else ''}{error}"
        for key in sorted(wave.silent):
            outcomes += self._fail(wave, key, why)
        self._num_troubled = self._num_troubled + 1 if wave.has_trouble else 0
        if wave.has_trouble and self._ending is None:  # wait before it is asked again
            wait_s = jitter_s(self._num_troubled, self._settings.patience)
            is_new = self._unreachable_since_s is not None and not self._progress.done
            time.sleep(min(wait_s, _MAX_WAIT_UNSEEN_S) if is_new else wait_s)
        return outcomes

    def _forget(self, wave: _Wave) -> None:
        """Delete the files of a wave, unless its batch may still be under way."""
        if wave.folder is None or wave.wave.error == "" or (wave.wave.error or "").startswith(_OVER):
            wave.wave.forget()

    def _note_unreachable(self, why: str) -> None:
        now_s, patience = time.monotonic(), self._settings.patience
        if self._unreachable_since_s is None:
            self._unreachable_since_s = now_s
        label = self._ledger.served.label
        self._progress.endpoint = f"{label} cannot be reached"
        most_s = patience.outage_s if self._progress.done else patience.contact_s
        if now_s - self._unreachable_since_s >= most_s:
            hint = (
                "start the server, or check the address and the network; then run the same command again; all answers "
                "so far are stored"
            )
            self._error = self._error or ProviderError(Fault(f"{label} cannot be reached: {why}", hint=hint))

    def _say_waiting(self) -> None:
        """Say once that the calls in flight are waited for."""
        if self._ending is not None and not self._has_said:
            self._has_said = True
            num = min(len(self._wave.silent) if self._wave else 0, self._settings.num_first)
            most = in_words(self._settings.patience.timeout_s)
            asked = "no more is asked; waiting for up to %d answers already paid for, at most %s; Ctrl-C drops them"
            _log.warning(asked, num, most)


def _took_s(line: Line) -> float | None:
    """Return how long an answer took by curator's clock, None if it does not say."""
    try:
        times = [datetime.fromisoformat(line[name]) for name in ("created_at", "finished_at")]
    except (KeyError, TypeError, ValueError):
        return None
    return max(0.0, (times[1] - times[0]).total_seconds())


def _is_sendable(call: Call) -> bool:
    """Return whether curator can read the call from its file: a lone surrogate ends its whole wave."""
    try:
        json.dumps([*call.messages, call.settings], ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
