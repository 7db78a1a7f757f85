"""The wire, the ledger's transport over HTTP: an event loop in a thread of its own, so that callers stay synchronous.

It is a module of its own because it imports aiohttp, which checking a recipe need not spend time on. One queue
holds what is to be asked: first attempts, and retries with the time at which they are due, so that neither waits for
the other. Whatever happens (a call added, ended, a timer) leads to `_pump`, which sends as many calls as `flow` lets
go. What `connection` makes of a call decides its way:

    answered           stored durably, several at a time in one transaction, then handed on
    throttled          back into the queue, as often as it takes: never counted as an attempt
    failed             back into the queue with full jitter up to `max_retries` times; then a failure
    unreachable        back into the queue, not counted: the endpoint is down, not the row
    delivered twice    likewise, at once
    rejected           a failure once any call is answered under the same settings: then it is this row's; before, it is
                       held back, and asked once more. Where nothing is answered, the first rows all meet it: the run's
    refused for good   the stream ends with a ProviderError

When a stream ends early (refused for good, the disk is full, Ctrl-C), nothing more is sent, and the calls in flight are
waited for and stored, because they are paid for. Only a reader who leaves cancels them. For a full disk there is space
reserved, enough for the calls in flight.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import heapq
import itertools
import json
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from open_thoughts_gen.chat.completion import Call, read_kept
from open_thoughts_gen.chat.connection import (
    Connection,
    RejectedError,
    RepeatedError,
    ThrottledError,
    UnansweredError,
    UnreachableError,
)
from open_thoughts_gen.chat.contrast import Contrast
from open_thoughts_gen.chat.endpoints import Endpoint
from open_thoughts_gen.chat.flow import Flow, in_words, jitter_s
from open_thoughts_gen.chat.keeping import Keeping
from open_thoughts_gen.chat.ledger import LOOK_AGAIN_S, Ledger
from open_thoughts_gen.chat.transport import Failed
from open_thoughts_gen.errors import Fault, ProviderError
from open_thoughts_gen.types import ErrorKind

_TELL_AGAIN_S = 1.0
_BYTES_PER_TOKEN = 4.0
_WORTH_TELLING_S = 1.0

_log = logging.getLogger("open_thoughts_gen.chat")


class _InterruptedError(Exception):
    """Ctrl-C; asyncio gives a KeyboardInterrupt a meaning of its own."""


@dataclass(slots=True, eq=False)
class _QueuedCall:
    """One call on its way, and how often it has failed."""

    number: int
    key: bytes
    content: bytes
    num_failures: int = 0

    @property
    def num_tokens(self) -> float:
        return len(self.content) / _BYTES_PER_TOKEN


class Wire(threading.Thread):
    """Carries the calls of one ledger, and hands it what comes of them.

    A program that dies with a stream half read must not wait half an hour for what is on the wire: hence a daemon,
    which `atexit` closes.

    Raises:
        UserError: no room can be set aside on the cache's disk for the answers.

    """

    def __init__(self, endpoint: Endpoint, flow: Flow, ledger: Ledger[Any], *, stream: bool = False) -> None:
        super().__init__(name=f"wire to {endpoint.label}", daemon=True)
        self._keeping = Keeping(ledger.books.cache, flow.concurrency, on_full=self._end_after)
        self._keeping.open()  # before anything is claimed or asked
        self._endpoint, self._flow, self._ledger = endpoint, flow, ledger
        self._patience, self._progress = flow.patience, ledger.books.progress
        self._connection = Connection(endpoint, concurrency=flow.concurrency, timeout_s=flow.patience.timeout_s)
        self._streamed = {"stream": True, "stream_options": {"include_usage": True}} if stream else {}
        self._numbers = itertools.count()
        self._has_answer = False
        self._added: deque[_QueuedCall] = deque()
        self._is_told = threading.Event()  # whether the loop knows that something was added
        self._ready: deque[_QueuedCall] = deque()
        self._due: list[tuple[float, int, _QueuedCall]] = []
        self._refused: Contrast[_QueuedCall] = Contrast(self._others_pass)
        self._timer: asyncio.TimerHandle | None = None
        self._calls: asyncio.TaskGroup | None = None
        self._closing = False
        self._ending: Exception | None = None  # why no more is sent
        self._loop = asyncio.new_event_loop()
        self._end: asyncio.Future[None] = self._loop.create_future()
        self._closed = asyncio.Event()
        atexit.register(self.abort)

    def add(self, key: bytes, call: Call) -> None:
        """Send a call as soon as it may go."""
        # ASCII: escapes carry what UTF-8 cannot, such as the lone surrogates of broken datasets.
        content = json.dumps({**self._endpoint.body(call), **self._streamed}, allow_nan=False).encode("ascii")
        self._added.append(_QueuedCall(next(self._numbers), key, content))
        if not self._is_told.is_set():
            self._is_told.set()
            self._tell_loop(self._take)

    def stop(self, error: Exception | None = None) -> bool:
        """Send no more, wait for what was sent, then end with the error, or as interrupted; return whether it waits."""
        waits = self._ending is None and not self._end.done() and self._flow.num_sent + self._keeping.num > 0
        self._tell_loop(self._end_after, error or _InterruptedError())
        return waits

    def abort(self) -> None:
        """End every call at once, store what has arrived, close all connections."""
        if self.is_alive():
            self._tell_loop(self._close)
            self.join()
        atexit.unregister(self.abort)

    def _tell_loop(self, what: Callable[..., None], *args: Any) -> None:  # noqa: ANN401
        with contextlib.suppress(RuntimeError):  # the loop has just ended by itself
            self._loop.call_soon_threadsafe(what, *args)

    def _take(self) -> None:
        self._is_told.clear()
        while self._added:
            self._ready.append(self._added.popleft())
        self._pump()

    def _close(self) -> None:
        self._closing = True
        self._closed.set()

    def run(self) -> None:
        """Serve until closed."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        talk = asyncio.create_task(self._talk())
        await asyncio.wait([talk])
        self._progress.endpoint = ""
        if not talk.cancelled():
            error = talk.exception()
            while isinstance(error, BaseExceptionGroup):  # of the calls, of which the first counts
                error = error.exceptions[0]
            error = error or RuntimeError("the wire ended without being closed")
            self._ledger.end(KeyboardInterrupt() if isinstance(error, _InterruptedError) else error)
        await self._closed.wait()  # by a reader who is about to learn of the error

    async def _talk(self) -> None:
        async def end_when_closed() -> None:
            await self._closed.wait()
            self._end.cancel()  # and so the group, and every call

        closing = asyncio.create_task(end_when_closed())
        try:
            async with self._connection, asyncio.TaskGroup() as self._calls:
                self._calls.create_task(self._store())
                self._pump()
                await self._end
        finally:
            closing.cancel()
            self._end.cancel()
            if self._timer is not None:
                self._timer.cancel()
            self._keeping.close()  # answered is paid for, whatever ended the stream

    async def _store(self) -> None:
        """Hand on what is stored."""
        async for batch in self._keeping.batches():
            for response, reply, stored in batch:
                self._progress.note_done(reply.usage)
                # Where another run was quicker, its answer is the one that counts.
                self._ledger.hand_on(response.key, reply if stored.is_ours else read_kept(stored.payload))
            if self._ending is not None:
                self._loop.call_soon(self._pump)

    def _end_after(self, error: Exception) -> None:
        """Send no more, and end with an error once what was sent is stored."""
        if self._ending is None:
            self._ending = error
            # Others that are refused too come back at once: that is not worth a line.
            patience_s = 0.0 if isinstance(error, _InterruptedError) else _WORTH_TELLING_S
            self._loop.call_later(patience_s, self._tell_waiting)
        self._pump()

    def _tell_waiting(self) -> None:
        if self._flow.num_sent:
            again = " again" if isinstance(self._ending, _InterruptedError) else ""
            most = in_words(self._patience.timeout_s)
            _log.warning("%s, at most %s; Ctrl-C%s drops them", self._waiting(), most, again)

    def _waiting(self) -> str:
        num = self._flow.num_sent
        answers = "1 answer that is" if num == 1 else f"{num:,} answers that are"
        return f"no more is asked; waiting for {answers} already paid for"

    def _pump(self) -> None:
        """Send what may go now, and come back when more may."""
        if self._calls is None or self._end.done() or self._closing:
            return
        now = self._loop.time()
        if self._ending is None and self._flow.is_lost(now):
            self._ending = self._lost()
        if self._ending is not None:
            self._progress.endpoint = self._waiting() if self._flow.num_sent else ""
            if not self._flow.num_sent + self._keeping.num:
                self._end.set_exception(self._ending)
            return
        if self._refused.is_full and not self._others_pass():
            if not self._flow.in_flight:
                self._end_after(self._refused.fault)
            return
        while self._due and self._due[0][0] <= now:
            self._ready.append(heapq.heappop(self._due)[2])
        wait_s: float | None = None
        while self._ready:
            wait_s = self._flow.wait_s(now, self._ready[0].num_tokens)
            if wait_s != 0:
                break
            call = self._ready.popleft()
            self._flow.sent(now, call.num_tokens)
            self._progress.in_flight += 1
            self._calls.create_task(self._ask(call, now))
        self._progress.endpoint = self._flow.state(now)
        is_refused = self._end_if_all_are_refused()
        times = [now + wait_s] if self._ready and wait_s is not None else []
        times += [self._due[0][0]] if self._due else []
        times += [now + _TELL_AGAIN_S] if self._progress.endpoint else []  # it says seconds, which pass
        times += [now + LOOK_AGAIN_S] if is_refused else []
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(min(times), self._pump) if times else None

    async def _ask(self, call: _QueuedCall, sent_at: float) -> None:
        try:
            try:
                payload, reply, pause_s = await self._connection.ask(call.content)
            finally:
                self._flow.ended()
                self._progress.in_flight -= 1
        except RejectedError as error:
            self._flow.answered(self._loop.time())
            self._reject(call, error)
        except UnansweredError as error:
            self._again(call, error, sent_at)
        except ProviderError as error:
            self._end_after(error)
        else:
            usage = reply.usage
            self._flow.answered(self._loop.time(), usage.completion_tokens if usage else None, pause_s=pause_s)
            response = self._ledger.response(call.key, payload)
            self._keeping.add(response, replace(reply, took_s=self._loop.time() - sent_at))
            self._has_answer = True
            self._ready.extend(self._refused.release())
        self._pump()

    def _reject(self, call: _QueuedCall, error: RejectedError) -> None:
        """Hand on what is this row's fault; hold back what may be the fault of all."""
        if not self._refused.holds_back(call, error.fault, of_row=error.is_of_row):
            self._ledger.hand_on(call.key, Failed("rejected", str(error), error_kind="prompt rejected"))

    def _others_pass(self) -> bool:
        """Return whether any call was answered under these settings.

        What an earlier run was answered counts: rows that are refused are not stored, and are all that is left to ask.
        """
        return self._has_answer or bool(self._progress.done or self._progress.cached)

    def _end_if_all_are_refused(self) -> bool:
        """End where every call that there is was refused; return whether there are such calls, and no others."""
        if not self._refused or self._ready or self._due or self._flow.in_flight or self._keeping.num:
            return False
        if self._others_pass():
            self._ready.extend(self._refused.release())
        elif self._ledger.has_all_calls and len(self._refused) == self._ledger.num_out:  # none is still to be added
            self._end_after(self._refused.fault)
        return True

    def _again(self, call: _QueuedCall, error: UnansweredError, sent_at: float) -> None:
        """Put a call back into the queue with the time at which it is due, or give it up."""
        now = self._loop.time()
        if isinstance(error, ThrottledError):
            self._progress.throttled += 1
            self._flow.throttled(now, sent_at, error.wait_s)
            self._ready.appendleft(call)
            return
        if isinstance(error, RepeatedError):
            self._progress.retried += 1
            self._flow.reached()
            self._ready.appendleft(call)
            return
        self._ledger.books.count_lost(self._ledger.served, error.lost)
        unreachable = isinstance(error, UnreachableError)
        self._flow.failed(now, call.number, str(error), unreachable=unreachable)
        if unreachable:
            if not self._flow.is_lost(now):
                self._progress.retried += 1
            self._ready.append(call)
            return
        self._flow.reached()
        call.num_failures += 1
        if call.num_failures > self._patience.max_retries:
            kind: ErrorKind = "empty answer" if error.kind == "empty answer" else ""
            self._ledger.hand_on(call.key, Failed(error.kind, str(error), error_kind=kind))
            return
        self._progress.retried += 1
        told_s = error.wait_s
        wait_s = jitter_s(call.num_failures, self._patience)
        heapq.heappush(self._due, (now + (wait_s if told_s is None else told_s), call.number, call))

    def _lost(self) -> ProviderError:
        down = f"{self._endpoint.address} cannot be reached: {self._flow.why}"
        hint = (
            "start the server, or check the address and the network; then run the same command again; all answers so "
            "far are stored"
        )
        return ProviderError(Fault(down, hint=hint))
