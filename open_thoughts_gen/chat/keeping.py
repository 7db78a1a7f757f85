"""Answers on their way to the disk: those that came since the last commit go into one transaction, beside the loop.

Between the moment in which an answer has come and the end of the next commit it is paid for and not yet kept. That is
as long as one commit, and never more answers than a stream may hold (twice its concurrency).

When the disk is full, the room that was set aside for what is on the wire is given back, the write is done again, and
senders are asked to send no more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from open_thoughts_gen.cache import DiskError, Reserve, Response, ResponseCache, Stored
from open_thoughts_gen.chat.completion import Reply

# An answer of 50,000 characters is stored in a third of this.
_RESERVED_BYTES_EACH, _MIN_RESERVED_BYTES = 65_536, 4_194_304

_log = logging.getLogger("open_thoughts_gen.chat")


class Keeping:
    """What a stream of `concurrency` calls at once has to keep; `num` came and are not yet handed on."""

    def __init__(self, cache: ResponseCache, concurrency: int, *, on_full: Callable[[DiskError], None]) -> None:
        self.num = 0
        self._cache, self._on_full = cache, on_full
        self._reserved_bytes = max(_MIN_RESERVED_BYTES, _RESERVED_BYTES_EACH * concurrency)
        self._reserve: Reserve | None = None
        self._arrived: asyncio.Queue[tuple[Response, Reply]] = asyncio.Queue()

    def open(self) -> None:
        """Set room aside.

        Raises:
            UserError: there is none.

        """
        self._reserve = self._cache.reserve(self._reserved_bytes)

    def add(self, response: Response, reply: Reply) -> None:
        """Take an answer that has come."""
        self.num += 1
        self._arrived.put_nowait((response, reply))

    async def batches(self) -> AsyncIterator[list[tuple[Response, Reply, Stored]]]:
        """Yield what is stored, each with what is now under its key."""
        while True:
            batch = [await self._arrived.get(), *self._all_arrived()]
            stored = await asyncio.to_thread(self._keep, batch, asyncio.get_running_loop())
            yield [(response, reply, one) for (response, reply), one in zip(batch, stored, strict=True)]
            self.num -= len(batch)

    def close(self) -> None:
        """Keep what has come at the last moment, and give the room back."""
        try:
            batch = self._all_arrived()
            if batch:
                self._keep(batch)
        finally:
            if self._reserve is not None:
                self._reserve.release()

    def _all_arrived(self) -> list[tuple[Response, Reply]]:
        arrived = []
        while not self._arrived.empty():
            arrived.append(self._arrived.get_nowait())
        return arrived

    def _keep(self, batch: list[tuple[Response, Reply]], loop: asyncio.AbstractEventLoop | None = None) -> list[Stored]:
        responses = [response for response, _ in batch]
        try:
            return self._cache.put_many(responses)
        except DiskError as error:
            if self._reserve is None or not self._reserve.release():
                _log.warning("%d answers could not be written, and will be asked again", len(batch))
                raise
            if loop is not None:
                loop.call_soon_threadsafe(self._on_full, error)
            return self._cache.put_many(responses)
