"""What carries calls to a model, as the ledger sees it, and what may come of a call.

A transport comes in two forms. One that works by itself (`Transport`, live HTTP) hands what comes to the ledger,
whoever reads. One that works when it is asked to (`PolledTransport`: a batch interface, curator, an engine in this
process) is looked at by whoever reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from open_thoughts_gen.chat.completion import Call
from open_thoughts_gen.errors import ProviderError
from open_thoughts_gen.types import ErrorKind


@dataclass(frozen=True, slots=True)
class Failed:
    """Why a call brought no answer: `kind` in countable words, `why` in detail.

    `retry` says whether it may be asked again: "no", "counted" (up to the most retries of the ledger), or "free" (as
    often as it takes: the endpoint was busy, or down). `fault` is what the run ends with where all calls fail like
    this one; None where only this call can be to blame.
    """

    kind: str
    why: str
    retry: Literal["no", "counted", "free"] = "no"
    error_kind: ErrorKind = ""
    fault: ProviderError | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The raw bytes of a chat completion, and how many seconds it took; None where the time since `add` says it.

    `may_be_empty` says that an answer without a word is the model's own, and not a fault on the way.
    """

    payload: bytes
    took_s: float | None = None
    may_be_empty: bool = False


class Transport(Protocol):
    """What carries calls to a model. One that works by itself hands what comes to `Ledger.hand_on`."""

    def add(self, key: bytes, call: Call) -> None:
        """Take a call, from any thread, and return at once."""

    def stop(self, error: Exception | None = None) -> bool:
        """Send no more; return whether there is anything paid for to wait for.

        If so, its answers still come. One that works by itself then ends the ledger: with the error, or with a
        KeyboardInterrupt where there is none. Called by a signal handler too.
        """

    def abort(self) -> None:
        """Give up what has not been answered, and end."""


@runtime_checkable
class PolledTransport(Transport, Protocol):
    """A transport that works when it is asked to, in the thread of whoever reads."""

    def answers(self) -> Iterable[tuple[bytes, Answered | Failed]]:
        """Wait a moment, and return what has come. Asked only while calls are out.

        Raises:
            UserError: no call can be answered any more.
            BaseException: what `stop` was given (a KeyboardInterrupt for nothing), once nothing is in flight any more.

        """
