"""One model at several endpoints, which share the questions and take over from each other.

    teacher:
      use: pool
      members:
        - {model: deepseek/deepseek-flash, weight: 2}
        - {model: together/deepseek-ai/DeepSeek-V4.1-Flash}
      temperature: 0.6

An endpoint takes the next question whenever one of its calls has ended, so a slow one takes fewer; `weight` is its
share of the calls made at once. The questions of one that refuses, cannot be reached, or fails several questions in a
row go to the others, and the run stops only when none is left. Each trace names the endpoint that wrote it, whose price
counts.

Which endpoint asks must not change a run, so before a question is asked the response cache is searched for the answer
of *any* member: what one of them was paid for is never asked of another. And it is claimed for the pool as a whole, so
that two runs at once do not ask two members the same.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from queue import SimpleQueue
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from open_thoughts_gen.cache import Limited, Owner, ResponseCache
from open_thoughts_gen.cache.claims import BEAT_EVERY_S
from open_thoughts_gen.chat import Call, Chat, EndpointSpec, Limits, Progress, Reply, StoppedError, resolve
from open_thoughts_gen.chat.client import room_for
from open_thoughts_gen.chat.completion import why_not_whole
from open_thoughts_gen.chat.ledger import LOOK_AGAIN_S, Again
from open_thoughts_gen.errors import Fault, ProviderError, UserError
from open_thoughts_gen.money.budget import TEACHER
from open_thoughts_gen.teachers._asking import NetworkTeacher
from open_thoughts_gen.types import Request

MAX_FAILURES = 3  # questions in a row that an endpoint fails for good before the others do without it
MAX_WAITING = 256  # traces for a reader who is slower than the cache
_LOOK_AGAIN_S = 0.01
_Asked = tuple[Request, Call, frozenset[int]]  # with the numbers of the endpoints that have failed it


class Member(BaseModel):
    """One endpoint, and its share of the calls."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: EndpointSpec = Field(description="provider/model, or http://host:port/v1#model")
    weight: float = Field(1.0, gt=0, description="share of the calls made at once, relative to the other members")


class Pool(NetworkTeacher):
    """Shares the questions out among several endpoints that serve the same model."""

    members: tuple[Member, ...] = Field(min_length=1, description="the endpoints, each with its weight")
    max_retries: int = Field(
        3, ge=0, description="how often to retry a failed call at one endpoint before another one is asked"
    )
    outage_s: float = Field(
        30.0, gt=0, description="how long to wait for an endpoint that has answered before and stopped, seconds"
    )
    contact_s: float = Field(5.0, gt=0, description="how long to wait for the first connection, seconds")

    _counters: list[Progress] = PrivateAttr(default_factory=list)

    @property
    def label(self) -> str:
        """All endpoints; a trace names the one that answered."""
        return " + ".join(resolve(member.model).label for member in self.members)

    @property
    def models(self) -> Sequence[str]:
        """Every endpoint, as prices know it."""
        return [resolve(member.model).label for member in self.members]

    def shares(self, num: int) -> Sequence[tuple[Self, int]]:
        """Return up to `num` pools that share the concurrency and the limits per minute; each asks all endpoints."""
        num = max(1, min(num, self.concurrency // len(self.members)))
        shares = [len(range(i, self.concurrency, num)) for i in range(num)]
        limits = {"rpm": self.rpm and self.rpm / num, "tpm": self.tpm and self.tpm / num}
        # Each endpoint makes at least one call, and has taken one request more; as many may be asked by another run.
        spare = (4 + room_for(1)) * len(self.members)
        return [(self.model_copy(update={"concurrency": each, **limits}), 3 * each + spare) for each in shares]

    def state(self) -> str:
        """Return one line on how the calls are going at each endpoint."""
        return "; ".join(
            f"{model}: {progress.line()}" for model, progress in zip(self.models, self._counters, strict=False)
        )

    def start(self) -> None:
        """Check the API key and the response cache, so that a run fails at its start rather than later.

        Raises:
            UserError: no key is set, or the cache cannot be written.

        """
        super().start()
        self._counters = [Progress() for _ in self.members]
        for member in self.members:
            resolve(member.model).authorization()

    def replies(
        self, cache: ResponseCache, calls: Iterable[tuple[Request, Call]]
    ) -> Generator[tuple[Request, Reply, str], None, None]:
        """Yield one reply per call with its request and the endpoint that gave it, in the order in which they come.

        Raises:
            UserError: no endpoint is left.

        """
        with closing(_Shift(self._chats(cache), iter(calls), self.enlarged)) as shift:
            yield from shift.replies()

    def note_discarded(self, reply: Reply, label: str) -> None:
        """Count an answer that was paid for and is not used; `label` names the endpoint."""
        self._counters[self.models.index(label)].note_discarded(reply)

    def _chats(self, cache: ResponseCache) -> list[Chat]:
        whole = sum(member.weight for member in self.members)
        meter = self._context.meter(TEACHER)
        shares = [member.weight / whole for member in self.members]
        return [
            Chat(
                resolve(member.model), cache, concurrency=max(1, round(self.concurrency * share)),
                patience=self.patience, progress=progress, run=self._context.run, meter=meter,
                limits=Limits(self.rpm and self.rpm * share, self.tpm and self.tpm * share),
                ask_again=self._context.ask_again,
            )
            for member, share, progress in zip(self.members, shares, self._counters, strict=True)
        ]  # fmt: skip


class _Shift:
    """One stream of questions and the endpoints that work through it, each in a thread of its own."""

    def __init__(self, chats: list[Chat], calls: Iterator[tuple[Request, Call]], again: Again) -> None:
        self._chats, self._again = chats, again
        self._calls = calls
        self._lock = threading.Lock()
        self._out: SimpleQueue[tuple[Request, Reply, str] | BaseException | None] = SimpleQueue()
        self._returned: deque[_Asked] = deque()
        self._down: dict[int, UserError] = {}
        self._num_failed = [0] * len(chats)
        self._used: list[bytes] = []  # what the cache had
        self._limits: list[tuple[Limited, bytes]] = []
        self._owner, self._looked_s = Owner(), 0.0
        self._held: list[_Asked] = []  # by another run
        self._most_held = sum(chat.flow.concurrency for chat in chats)
        self._released: list[bytes] = []  # claims to give up
        self._closed = False
        self._interrupted: KeyboardInterrupt | None = None
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._beat, name="pool", daemon=True)]
        self._threads[0].start()

    def replies(self) -> Iterator[tuple[Request, Reply, str]]:
        """Yield every reply; where endpoints handed questions back, the others go on with them."""
        while True:
            working = [i for i in range(len(self._chats)) if i not in self._down]
            if not working:
                raise self._down[max(self._down)]
            for i in working:
                thread = threading.Thread(target=self._work, args=(i,), name=f"pool {i}", daemon=True)
                self._threads.append(thread)
                thread.start()
            yield from self._until_over(len(working))
            if self._interrupted is not None:
                raise self._interrupted
            while self._held and not self._returned:
                time.sleep(LOOK_AGAIN_S)
                self._look_at_held()
                yield from self._until_over(0)
            if not self._returned:
                return

    def _until_over(self, num: int) -> Iterator[tuple[Request, Reply, str]]:
        """Yield what comes until all endpoints have ended, and what is there already."""
        while num or not self._out.empty():
            outcome = self._out.get()
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome is None:
                num -= 1
            else:
                yield outcome

    def close(self) -> None:
        """Hand out no more, end what is on the wire, and leave no thread that could still use the cache."""
        self._closed = True
        self._is_over.set()
        for chat in self._chats:
            chat.stop()
        for thread in self._threads:
            thread.join()
        books = self._chats[0].books
        with suppress(UserError):  # what cannot be given up ends with this process, or its lease
            books.cache.leave(self._owner)
        if self._used:
            books.note_uses(self._used, self._limits)

    def _work(self, i: int) -> None:
        chat, outstanding = self._chats[i], dict[tuple[str, int], _Asked]()
        try:
            with closing(chat.replies(self._taken(i, outstanding), again=self._again)) as replies:
                for request, reply in replies:
                    asked = outstanding.pop((request.question.id, request.attempt))
                    self._settle(i, asked, reply)
                    if self._closed:
                        break
        except StoppedError:
            pass  # by the reader, who has left
        except UserError as error:
            with self._lock:
                self._down[i] = error
                self._returned += outstanding.values()
        except KeyboardInterrupt as error:  # not before the other endpoints, too, have brought what was on the wire
            self._interrupted = error
        except BaseException as error:  # noqa: BLE001  (a bug: it is raised where the stream is read)
            self._out.put(error)
        self._out.put(None)

    def _beat(self) -> None:
        """Give a sign of life for the claims of the pool."""
        while not self._is_over.wait(BEAT_EVERY_S):
            try:
                self._chats[0].books.cache.beat(self._owner)
            except UserError as error:
                self._out.put(error)
                return

    def _settle(self, i: int, asked: _Asked, reply: Reply) -> None:
        request, call, failed = asked
        failed |= {i}
        unanswered = reply.finish_reason == "error" and reply.usage is None
        if reply.error_kind != "prompt rejected":  # which says nothing of the endpoint
            self._num_failed[i] = self._num_failed[i] + 1 if unanswered else 0
        with self._lock:
            passed_on = unanswered and bool(set(range(len(self._chats))) - failed - self._down.keys())
            if passed_on:
                self._returned.append((request, call, failed))
            else:
                self._released.append(self._claim_key(call))
        label = self._chats[i].endpoint.label
        if not passed_on:
            self._out.put((request, reply, label))
        elif self._num_failed[i] >= MAX_FAILURES:
            raise ProviderError(
                Fault(f"{label} failed {MAX_FAILURES} questions in a row, the last one by {reply.error}")
            )

    def _taken(self, i: int, outstanding: dict[tuple[str, int], _Asked]) -> Iterator[tuple[Request, Call]]:
        """Yield what this endpoint is to ask, one whenever it can make a call."""
        while not self._closed:
            with self._lock:
                self._look_at_held()
                asked = self._next(i)
            if asked is None:
                return
            request, call, failed = asked
            another = self._ask_cache(request, call, failed)
            if another is None:
                continue
            with self._lock:
                if not self._claim(another):
                    self._held.append((request, another, failed))
                    continue
            claimed, another = another, self._ask_cache(request, another, failed)
            if another is None:  # another run was answered between the first look and the claim
                with self._lock:
                    self._released.append(self._claim_key(claimed))
                continue
            outstanding[request.question.id, request.attempt] = request, another, failed
            yield request, another

    def _next(self, i: int) -> _Asked | None:
        for _ in range(len(self._returned)):
            failed = self._returned[0][2]
            # Where the others are down, it is left to those that failed it.
            if i not in failed or len(failed | self._down.keys()) == len(self._chats):
                return self._returned.popleft()
            self._returned.rotate(-1)
        while len(self._held) >= self._most_held and not self._closed:
            time.sleep(LOOK_AGAIN_S)
            self._look_at_held()
            if self._returned:
                return self._next(i)
        asked = next(self._calls, None)
        return None if asked is None else (*asked, frozenset())

    def _claim_key(self, call: Call) -> bytes:
        """Return the key under which all pools with these endpoints claim a question."""
        return hashlib.sha256(b"pool" + min(chat.key(call) for chat in self._chats)).digest()

    def _claim(self, call: Call) -> bool:
        """Claim a question for this run, and give up the claims to those that are settled."""
        key = self._claim_key(call)
        release, self._released = self._released, []
        return key in self._chats[0].books.cache.claim([key], self._owner, release=release).ours

    def _look_at_held(self) -> None:
        """Check from time to time whether another run has answered what it was asking, or has left it to us."""
        if not self._held or time.monotonic() - self._looked_s < LOOK_AGAIN_S:
            return
        self._looked_s = time.monotonic()
        held, self._held = self._held, []
        for request, call, failed in held:
            another = self._ask_cache(request, call, failed)
            if another is not None and self._claim(another):
                self._returned.append((request, another, failed))
            elif another is not None:
                self._held.append((request, another, failed))
        for chat in self._chats:
            chat.progress.held = len(self._held)

    def _ask_cache(self, request: Request, call: Call, failed: frozenset[int] = frozenset()) -> Call | None:
        """Hand on the answer that the cache has from any endpoint; return the call that is left to make, if one is.

        If the answer is to be asked for again, the endpoint that gave it is asked.
        """
        for i, chat in enumerate(self._chats):
            books, stored = chat.books, chat.books.look_up(chat.endpoint.served, chat.key(call), call)
            if stored is None:
                continue
            key, reply = stored
            another = self._again(call, reply)
            if another is None and books.ask_again.is_due(chat.key(call), why_not_whole(reply)):
                others = frozenset(range(len(self._chats))) - {i}
                if failed or not others:
                    return call
                self._returned.append((request, call, others))
                return None
            books.progress.cached += 1
            books.progress.note_unusable(reply)
            books.count(chat.endpoint.served, key, reply)
            self._used.append(key)
            if key == chat.key(call) and books.lacks_limits():
                self._limits.append((chat.endpoint.served.limited(call), key))
            if another is not None:
                books.progress.note_discarded(reply)
                return self._ask_cache(request, another)
            while self._out.qsize() >= MAX_WAITING and not self._closed:
                time.sleep(_LOOK_AGAIN_S)
            self._out.put((request, reply, chat.endpoint.label))
            return None
        return call
