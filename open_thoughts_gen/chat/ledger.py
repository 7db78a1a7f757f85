"""The ledger: how every teacher and judge asks a model, whatever carries the call.

Calls in, replies out, in any order. What the response cache holds needs no call. What it does not hold is claimed
there, so that two runs at once pay for nothing twice, and handed to a transport: HTTP, a batch interface, curator, an
engine in this process. An answer is on disk before anything uses it. Equal calls are asked once.

    answered    stored, counted, then handed on
    failed      handed to the transport again, where its failure allows that; else a failed reply, which is not stored,
                so that the next run asks again
    held        claimed by another run: its answer is waited for, and its death noticed
    refused     by one that is polled: whose fault it is, `contrast` decides; one that works by itself has decided
    asked again where the run says so: the new answer replaces the stored one, which stays if none comes

A transport that works by itself is handed calls from a thread of the ledger, and keeps answers as they come, whoever
reads. One that is polled has its calls claimed by whoever reads, so that what is asked together is claimed together.
The thread gives the sign of life that claims need, however slow the reader is.

When a stream ends before its time (refused for good, the disk is full, Ctrl-C), nothing more is sent, and what was sent
is waited for and stored, because it is paid for. Only a reader who leaves gives it up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Final, Generic, TypeVar

from open_thoughts_gen.cache import Limited, Owner, Response
from open_thoughts_gen.cache.claims import BEAT_EVERY_S
from open_thoughts_gen.chat.books import Books
from open_thoughts_gen.chat.completion import Call, EmptyError, Reply, read, read_kept, read_new, why_not_whole
from open_thoughts_gen.chat.contrast import Contrast
from open_thoughts_gen.chat.served import Served
from open_thoughts_gen.chat.transport import Answered, Failed, PolledTransport, Transport
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import interrupts

Tag = TypeVar("Tag")
Again = Callable[[Call, Reply], Call | None]
LOOK_AGAIN_S: Final = 0.25
_CLAIMS_AT_ONCE: Final = 1024
_USES_AT_ONCE: Final = 5000
_log = logging.getLogger("open_thoughts_gen.chat")
_MOST_HELD: Final = 8  # times the room for calls of our own


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Tag]):
    """Those who wait for the answer to a call, when it was handed to the transport, and how often it has failed."""

    asked: list[tuple[Tag, Call]]
    since_s: float = 0.0
    num_failures: int = 0


class Ledger(Generic[Tag]):
    """One stream of calls to one model; close it.

    `open_transport` is called when the first call has to be made: a run whose answers are all in the cache opens none.
    `room` is how many calls may wait for their answers at once; `again` may answer a reply with another call in its
    place, whose reply is then yielded instead.
    """

    def __init__(
        self,
        served: Served,
        books: Books,
        open_transport: Callable[[Ledger[Tag]], Transport],
        *,
        room: int,
        max_retries: int = 0,
        again: Again | None = None,
    ) -> None:
        self.served, self.books = served, books
        self.interrupted = False
        self.has_all_calls = False  # whether no call will be added, or none before one that waits is answered
        self.room, self._max_retries, self._again = room, max_retries, again
        self._open_transport = open_transport
        self._waiting: dict[bytes, _Waiting[Tag]] = {}
        self._asked_again: dict[bytes, Reply] = {}  # what is stored, and stays where no new answer comes
        self._new: deque[bytes] = deque()  # not claimed yet
        self._held: list[bytes] = []  # claimed by others
        self._released: deque[bytes] = deque()  # claims to give up
        self._sent: set[bytes] = set()  # with a polled transport
        self._arrived: SimpleQueue[tuple[bytes, Reply | Failed] | BaseException] = SimpleQueue()
        self._refused: Contrast[bytes] = Contrast(lambda: bool(books.progress.done or books.progress.cached))
        self._used: list[bytes] = []
        self._limits: list[tuple[Limited, bytes]] = []  # of what was stored already
        self._owner, self._looked_s, self._beat_s = Owner(), 0.0, time.monotonic()
        self._transport: Transport | None = None
        self._polled: PolledTransport | None = None
        self._num_waiting = 0  # calls; of equal ones each counts
        self._closed = self._has_compared = False
        self._ending: BaseException | None = None  # why no more is sent
        self._waits = True  # whether what was sent is waited for
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._attend, name=f"ledger of {served.label}", daemon=True)

    def replies(self, calls: Iterable[tuple[Tag, Call]]) -> Generator[tuple[Tag, Reply], None, None]:
        """Yield one reply per call with the tag it came with, in any order. The input is read as there is room.

        Raises:
            ProviderError: the model refused for good, or cannot be reached.
            UserError: the cache cannot be read or written, its disk is full, or the transport cannot be opened.
            KeyboardInterrupt: Ctrl-C, once what was paid for is stored (`interrupts`).

        """
        with closing(self):
            try:
                for tag, call in calls:
                    yield from self._ask(tag, call)
                    while self._is_full() or not self._arrived.empty():
                        self.has_all_calls = self._is_full()
                        yield from self._go_on()
                    self.has_all_calls = False
                self.has_all_calls = True
                while self._waiting:
                    yield from self._go_on()
            except UserError as error:  # a question that cannot be asked, a cache that cannot be read, an endpoint
                self._wait_for_sent(error)
                raise
        if self.interrupted:  # while the last answers came: whoever reads must not go on to ask others
            raise KeyboardInterrupt

    @property
    def num_out(self) -> int:
        """How many calls wait for an answer of this run's own, handed to the transport or about to be."""
        return len(self._waiting) - len(self._held)

    def hand_on(self, key: bytes, outcome: Reply | Failed) -> None:
        """Take a reply that is stored, or a failure, from any thread."""
        self._arrived.put((key, outcome))

    def end(self, error: BaseException) -> None:
        """End the stream: whoever reads is raised this error, after all that was handed on before."""
        self._arrived.put(error)

    def stop(self, error: Exception | None = None) -> bool:
        """Send no more, and return whether there is anything paid for to wait for; without an error, for Ctrl-C."""
        self.interrupted |= error is None
        self._ending = self._ending or error or KeyboardInterrupt()
        self._waits = self._transport is not None and self._transport.stop(error)
        return self._waits

    def close(self) -> None:
        """Give up what has not been answered, and all claims; note what was used."""
        interrupts.OPEN.discard(self)
        self._closed = True
        try:
            if self._transport is not None:
                self._wake.set()
                self._thread.join()
                self._transport.abort()
        finally:
            self.books.progress.in_flight = self.books.progress.held = 0
            if self._transport is not None:
                with suppress(UserError):  # what cannot be given up ends with this process, or its lease
                    self.books.cache.leave(self._owner)
            self._note_uses()

    def _is_full(self) -> bool:
        if self._polled is None:  # its input may wait for what it yields, so that what others hold counts too
            return self._num_waiting >= self.room
        return self._num_waiting - len(self._held) >= self.room or self._num_waiting >= _MOST_HELD * self.room

    def _ask(self, tag: Tag, call: Call) -> Iterator[tuple[Tag, Reply]]:
        """Yield the reply that the cache holds, or let the call wait for its answer."""
        key = self.served.key(call)
        if key in self._waiting:
            self._waiting[key].asked.append((tag, call))
            self._num_waiting += 1
            return
        stored = self._stored(key, call)
        if stored is not None:
            self.books.progress.cached += 1
            if stored[0] == key and self.books.lacks_limits():
                self._limits.append((self.served.limited(call, key), key))
            yield from self._settle(stored[0], [(tag, call)], stored[1])
            return
        self.books.ask_again.note_asked(key)
        self._waiting[key] = _Waiting([(tag, call)])
        self._num_waiting += 1
        self._new.append(key)
        self._open()
        if self._polled is None:
            self._wake.set()

    def _stored(self, key: bytes, call: Call) -> tuple[bytes, Reply] | None:
        """Return the reply that the cache holds with its key there, None where the call has to be made."""
        stored = self.books.look_up(self.served, key, call)
        if stored is None:
            return None
        # A cut answer that another call takes the place of is not what its row ended with.
        is_last = self._again is None or self._again(call, stored[1]) is None
        if is_last and self.books.ask_again.is_due(key, why_not_whole(stored[1])):
            self._asked_again[key] = stored[1]
            return None
        return stored

    def is_asked_again(self, key: bytes) -> bool:
        """Return whether there is a stored answer to a call that does not count any more."""
        return key in self._asked_again

    def response(self, key: bytes, payload: bytes) -> Response:
        """Return an answer as it is to be stored."""
        waiting = self._waiting.get(key)  # none, where a batch of an earlier run asked more than this one
        limited = self.served.limited(waiting.asked[0][1], key) if waiting else None
        address, model = self.served.address, self.served.model
        return Response(key, payload, address, model, replaces=self.is_asked_again(key), limited=limited)

    def _open(self) -> None:
        if self._transport is None:
            self._transport = self._open_transport(self)
            self._polled = self._transport if isinstance(self._transport, PolledTransport) else None
            interrupts.OPEN.add(self)
            self._thread.start()

    def _go_on(self) -> Iterator[tuple[Tag, Reply]]:
        """Wait until something has come, and yield what it leads to."""
        if self._polled is not None and self._arrived.empty():
            self._work(self._polled)
        with suppress(Empty):
            arrived = self._arrived.get(block=self._polled is None)
            while True:
                yield from self._come(arrived)
                arrived = self._arrived.get_nowait()

    def _work(self, polled: PolledTransport) -> None:
        """Have a polled transport asked what is new, and go on for a moment; store what comes of it."""
        if not self._refused.is_full:
            self._claim()
        if self._ending is not None and not (self._waits and self._sent):
            raise self._ending
        if self._sent:
            self.keep(polled.answers())
        elif self._refused and self._arrived.empty():
            raise self._refused.fault  # nothing else of our own is out, and nothing has passed
        elif self._held and self._arrived.empty():
            time.sleep(LOOK_AGAIN_S)
        self.books.progress.in_flight = len(self._sent)

    def keep(self, outcomes: Iterable[tuple[bytes, Answered | Failed]]) -> None:
        """Store what has been answered, all of it in one transaction, then hand it on with the failures."""
        responses: list[tuple[Response, Reply]] = []
        for key, outcome in outcomes:
            self._sent.discard(key)
            if isinstance(outcome, Failed):
                self.hand_on(key, outcome)
                continue
            try:
                reply = (read if outcome.may_be_empty else read_new)(outcome.payload)
            except EmptyError as error:
                self.books.count_lost(self.served, error.reply)
                self.hand_on(key, Failed("empty answer", str(error), "counted", "empty answer"))
            except ValueError as error:
                self.hand_on(key, Failed("broken off", str(error), "counted"))
            else:
                response = self.response(key, outcome.payload)
                took_s = outcome.took_s
                if took_s is None and key in self._waiting:
                    took_s = time.monotonic() - self._waiting[key].since_s
                responses.append((response, replace(reply, took_s=took_s)))
        stored = self.books.cache.put_many([response for response, _ in responses]) if responses else []
        for (response, reply), (payload, is_ours) in zip(responses, stored, strict=True):
            self.books.progress.note_done(reply.usage)
            # Where another run was quicker, its answer is the one that counts.
            self.hand_on(response.key, reply if is_ours else read_kept(payload))

    def claim_all(self, keys: Sequence[bytes]) -> bool:
        """Claim further keys than are waited for; return whether nobody else is asking any of them."""
        claimed = self.books.cache.claim(keys, self._owner, asked_again=self._asked_again.keys() & keys)
        return len(claimed.ours) + len(claimed.answered) == len(keys)

    def _come(self, arrived: tuple[bytes, Reply | Failed] | BaseException) -> Iterator[tuple[Tag, Reply]]:
        """Yield what an answer or a failure leads to."""
        if isinstance(arrived, BaseException):
            raise arrived
        key, outcome = arrived
        waiting = self._waiting.get(key)
        if waiting is None:
            return  # of a batch of an earlier run, which asked more than this one
        if isinstance(outcome, Failed):
            if self._ending is not None:
                return  # it may be that it was only not sent
            if self._is_retried(key, waiting, outcome):
                return
            if outcome.fault is not None and self._refused.holds_back(key, outcome.fault):
                return  # it waits for another call to pass
            self.books.progress.note_failed(outcome.kind)
            self._released.append(key)
            failed = Reply(finish_reason="error", error=outcome.why, error_kind=outcome.error_kind)
            outcome = self._asked_again.get(key, failed)
        else:
            for refused in self._refused.release():
                self._send(refused)
        self._asked_again.pop(key, None)
        del self._waiting[key]
        self._num_waiting -= len(waiting.asked)
        yield from self._settle(key, waiting.asked, outcome)

    def _is_retried(self, key: bytes, waiting: _Waiting[Tag], failed: Failed) -> bool:
        """Hand a call that failed to the transport again, and return True; False where that is enough."""
        if failed.retry == "no":
            return False
        waiting.num_failures += failed.retry == "counted"
        if waiting.num_failures > self._max_retries:
            return False
        if failed.retry == "counted":
            self.books.progress.retried += 1
        else:
            self.books.progress.throttled += 1
        self._send(key)
        return True

    def _settle(self, key: bytes, asked: Collection[tuple[Tag, Call]], reply: Reply) -> Iterator[tuple[Tag, Reply]]:
        """Count a reply, and yield it to all who wait for it, or ask what they want to ask in its place."""
        self._used.append(key)
        if len(self._used) >= _USES_AT_ONCE:
            self._note_uses()
        self.books.progress.note_unusable(reply)
        self._compare_model(reply)
        self.books.count(self.served, key, reply)
        for number, (tag, call) in enumerate(asked):
            another = self._again(call, reply) if self._again else None
            if another is None:
                yield tag, reply
                continue
            if not number:
                self.books.progress.note_discarded(reply)
            yield from self._ask(tag, another)

    def _compare_model(self, reply: Reply) -> None:
        """Say once that another model answered than was asked."""
        asked, answered = (name.lower().rpartition("/")[2] for name in (self.served.model, reply.model))
        if answered and not reply.cached and not self._has_compared:
            self._has_compared = True
            if not (asked.startswith(answered) or answered.startswith(asked)):
                _log.warning("%s was asked, and %r answered", self.served.label, reply.model[:100])

    def _claim(self) -> None:
        """Claim what is new, from time to time what others had claimed, and hand the transport what is ours."""
        now_s = time.monotonic()
        keys = [self._new.popleft() for _ in range(min(len(self._new), _CLAIMS_AT_ONCE))]
        if self._held and now_s - self._looked_s >= LOOK_AGAIN_S:
            keys, self._held = [*self._held, *keys], []
        release = [self._released.popleft() for _ in range(len(self._released))]
        if self._ending is not None or not (keys or release):
            return
        self._looked_s = self._beat_s = now_s
        asked_again = self._asked_again.keys() & keys
        claimed = self.books.cache.claim(keys, self._owner, release=release, asked_again=asked_again)
        for key in keys:
            if key in claimed.answered:
                self.books.progress.cached += 1
                self.hand_on(key, read_kept(claimed.answered[key]))
            elif key in claimed.ours:
                self._send(key)
            else:
                self._held.append(key)
        self.books.progress.held = len(self._held)
        if self._polled is not None and self._new:
            self._claim()

    def _send(self, key: bytes) -> None:
        waiting = self._waiting[key]
        waiting.since_s = time.monotonic()
        if self._polled is not None:
            self._sent.add(key)
        if self._transport is not None:
            self._transport.add(key, waiting.asked[0][1])

    def _attend(self) -> None:
        """Give a sign of life from time to time, and claim for a transport that works by itself."""
        while not self._closed:
            claims = self._polled is None
            self._wake.wait(LOOK_AGAIN_S if claims and self._held else BEAT_EVERY_S)
            self._wake.clear()
            if self._closed:
                return
            try:
                while claims and not self._closed:
                    self._claim()
                    if not self._new or self._ending is not None:
                        break
                if time.monotonic() - self._beat_s >= BEAT_EVERY_S:
                    self._beat_s = time.monotonic()
                    self.books.cache.beat(self._owner)
            except UserError as error:
                if not (self._polled is None and self.stop(error)):
                    self.end(error)
                return
            except BaseException as error:  # noqa: BLE001  (a bug: it is raised where the stream is read)
                self.end(error)
                return

    def _wait_for_sent(self, error: UserError) -> None:
        """Wait until what was sent is stored, unless the transport has ended by itself."""
        if self._transport is None or not self.stop(error):
            return
        with suppress(UserError):
            while self._polled is not None and self._sent:
                self.keep(self._polled.answers())
            while self._polled is None:
                arrived = self._arrived.get()
                if isinstance(arrived, BaseException):
                    raise arrived

    def _note_uses(self) -> None:
        used, limits = self._used, self._limits
        self._used, self._limits = [], []
        if used:
            self.books.note_uses(used, limits)
