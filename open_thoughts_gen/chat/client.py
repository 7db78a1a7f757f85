"""Calls to a model behind the chat-completions protocol: teachers, judges and question writers use `Chat.replies`.

Calls in, replies out, streaming and in any order, under the ledger (`ledger`): every reply comes from the response
cache, so that a run that is stopped in any way, and started again, pays for nothing twice. The stream is bounded: its
input is read only as places become free.

aiohttp is imported by `wire`, when the first call is really sent.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, TypeVar

from open_thoughts_gen.cache import AskAgain, ResponseCache
from open_thoughts_gen.chat.books import Books
from open_thoughts_gen.chat.completion import Call, Progress, Reply
from open_thoughts_gen.chat.contrast import FIRST_ROWS
from open_thoughts_gen.chat.endpoints import Endpoint, Limits, Patience
from open_thoughts_gen.chat.flow import Flow
from open_thoughts_gen.chat.ledger import Again, Ledger
from open_thoughts_gen.chat.rehearsed import RehearsedTransport
from open_thoughts_gen.chat.transport import Transport
from open_thoughts_gen.money.budget import Meter

Tag = TypeVar("Tag")
DEFAULT_PATIENCE = Patience()


def room_for(concurrency: int) -> int:
    """Return how many calls a stream holds at once: as many may stand ready as are on the wire.

    There is room for the first rows, so that they can all be held back where all are refused.
    """
    return max(2 * concurrency, FIRST_ROWS + 2)


class Chat:
    """Calls to one model at one endpoint, up to `concurrency` at a time. Holds nothing open between streams.

    `stream` receives answers in pieces, for generations that outlast what proxies let a silent connection live. `run`
    is the name under which the cache notes what was used; `meter` counts every answer, also those that `again`
    replaces; `ask_again` says which stored answers do not count.

    Raises:
        UserError: the endpoint needs a key and there is none.

    """

    def __init__(  # noqa: PLR0913
        self, endpoint: Endpoint, cache: ResponseCache, *, concurrency: int = 64, patience: Patience = DEFAULT_PATIENCE,
        progress: Progress | None = None, limits: Limits | None = None, stream: bool = False, run: str = "",
        meter: Meter | None = None, ask_again: AskAgain | None = None,
    ) -> None:  # fmt: skip
        self.endpoint = endpoint
        self.books = Books(cache, progress or Progress(), run, meter, ask_again or AskAgain())
        self._stream = stream
        self._ledgers: set[Ledger[Any]] = set()
        self.flow = Flow(concurrency, limits=limits, patience=patience, name=endpoint.label)
        endpoint.authorization()  # a missing key is reported now, not with the first call

    @property
    def progress(self) -> Progress:
        """Live counters of its calls."""
        return self.books.progress

    def key(self, call: Call) -> bytes:
        """Return the key under which the response to a call is stored."""
        return self.endpoint.served.key(call)

    def replies(
        self, calls: Iterable[tuple[Tag, Call]], *, again: Again | None = None
    ) -> Generator[tuple[Tag, Reply], None, None]:
        """Yield one reply per call with the tag it came with, in any order. Equal calls are asked once.

        `again` may answer a reply with another call in its place, whose reply is then yielded instead. Closing the
        stream, or any exception in its reader, ends what is on the wire at once.

        Raises:
            ProviderError: the endpoint refused for good, or cannot be reached.
            UserError: the cache cannot be read or written, or its disk is full.
            KeyboardInterrupt: Ctrl-C, once what was on the wire is stored (`interrupts`).

        """
        ledger = self.ledger(again=again)
        self._ledgers.add(ledger)
        try:
            yield from ledger.replies(calls)
        finally:
            self._ledgers.discard(ledger)

    def ledger(self, *, again: Again | None = None) -> Ledger[Any]:
        """Return the ledger of one stream of calls: as many may stand ready as are on the wire."""
        return Ledger(self.endpoint.served, self.books, self._wire, room=room_for(self.flow.concurrency), again=again)

    def stop(self) -> None:
        """End every stream, from another thread than those that read them: they raise `StoppedError`."""
        for ledger in list(self._ledgers):
            ledger.end(StoppedError())

    def _wire(self, ledger: Ledger[Any]) -> Transport:
        if self.endpoint.is_rehearsed:
            return RehearsedTransport(self.endpoint.model)
        from open_thoughts_gen.chat.wire import Wire

        wire = Wire(self.endpoint, self.flow, ledger, stream=self._stream)
        wire.start()
        return wire


class StoppedError(Exception):
    """A stream was stopped from outside."""
