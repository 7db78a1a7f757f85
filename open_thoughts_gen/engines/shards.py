"""A teacher asked from every node of a Ray cluster: one actor a node, each with a shard of the questions.

The budget and the cache stay on the driver, the process of the run. It gives out requests one by one, to whichever
shard has room, so that a budget caps all shards together; what each answer cost comes back with its trace. The limits
of a recipe (`concurrency`, requests and tokens per minute) are those of all shards together. No shard opens the cache:
each reads and writes through `CacheActor`, an actor on the driver's node that owns the file. So an answer is on that
disk before its trace is used, the file has one writer, no file system has to be shared, and no two shards ask the same.

Ctrl-C at the driver stops all shards: they ask no more, wait for what is in flight, and then the run ends as
interrupted.

A shard that dies is replaced by another one, on another node if its own is gone, which gets the requests that the dead
one had not answered. What that one had stored is in the cache and is not paid for again; its calls in flight are asked
again, once.

API keys go to the actors in a call, from the environment of the run, and are in no log and no table of the cluster.
"""

from __future__ import annotations

import logging
import os
import pickle
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from types import ModuleType
from typing import Any

from open_thoughts_gen import plugin
from open_thoughts_gen.cache import AskAgain, Claimed, Limited, Owner, Reserve, Response, ResponseCache, Stored
from open_thoughts_gen.chat import resolve
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.money.budget import TEACHER, Spending
from open_thoughts_gen.plugin import Context, Teacher, interrupts
from open_thoughts_gen.types import Request, Trace, Usage

_log = logging.getLogger("open_thoughts_gen.chat")

POLL_S = 0.2  # how long an exchange waits for a trace
MAX_DEATHS = 3  # for each shard there may be
FORGET_S = 10.0

Answered = tuple[str, Usage | None, bytes, bool | None, float | None]


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What a shard gives back: traces, what answers cost, and whether it has ended, or the error that ended it."""

    traces: list[Trace]
    answers: list[Answered]
    is_over: bool = False
    error: BaseException | None = None


class CacheActor:
    """The response cache of a run, for the shards on other nodes. A Ray actor."""

    def __init__(self, path: Path) -> None:
        self._cache = ResponseCache(path)
        self._owners: dict[int, dict[bytes, Owner]] = {}

    def do(self, shard: int, name: str, *args: Any, **kwargs: Any) -> tuple[Any, UserError | None]:  # noqa: ANN401
        """Call a method of the cache for a shard; return what it returns, or the fault."""
        # An owner is one object from call to call: it remembers when it last saw signs of others. It counts as a
        # process of this node: whether one of another node is alive cannot be seen from here.
        arguments = [
            self._owners.setdefault(shard, {}).setdefault(each.id, Owner(each.id)) if isinstance(each, Owner) else each
            for each in args
        ]
        try:
            return getattr(self._cache, name)(*arguments, **kwargs), None
        except UserError as error:
            return None, error

    def forget(self, shard: int) -> None:
        """Give up the claims of a shard that is gone."""
        for owner in self._owners.pop(shard, {}).values():
            self._cache.leave(owner)


class RemoteCache(ResponseCache):
    """The response cache as a shard sees it: every call goes to the `CacheActor`."""

    def __init__(self, path: Path, call: Callable[..., tuple[Any, UserError | None]]) -> None:
        self.path = path
        self._call = call

    def close(self) -> None:
        """Leave the file to its actor."""

    def get(self, key: bytes) -> bytes | None:
        """Return the raw response under a key."""
        payload: bytes | None = self._asked("get", key)
        return payload

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the raw responses under some keys."""
        payloads: dict[bytes, bytes] = self._asked("get_many", list(keys))
        return payloads

    def put_many(self, responses: Sequence[Response]) -> list[Stored]:
        """Write responses, and return what is now stored under their keys."""
        stored: list[Stored] = self._asked("put_many", responses)
        # Ray calls again where the actor died: what it had written by then is ours all the same.
        return [
            each._replace(is_ours=each.is_ours or each.payload == response.payload)
            for each, response in zip(stored, responses, strict=True)
        ]

    def claim(
        self, keys: Sequence[bytes], owner: Owner, *, release: Iterable[bytes] = (), asked_again: Collection[bytes] = ()
    ) -> Claimed:
        """Claim keys."""
        claimed: Claimed = self._asked("claim", keys, owner, release=list(release), asked_again=set(asked_again))
        return claimed

    def beat(self, owner: Owner) -> None:
        """Keep the owner's claims for another while."""
        self._asked("beat", owner)

    def leave(self, owner: Owner) -> None:
        """Give up all claims of an owner."""
        self._asked("leave", owner)

    def note_use(self, run: str, keys: Iterable[bytes]) -> None:
        """Note that a run used these responses."""
        self._asked("note_use", run, list(keys))

    def under_other_limits(self, request: bytes) -> list[tuple[int, bytes, bytes]]:
        """Return the raw responses to a request apart from its limit."""
        stored: list[tuple[int, bytes, bytes]] = self._asked("under_other_limits", request)
        return stored

    def lacks_limits(self) -> bool:
        """Return whether it is not known of some responses with which limit of tokens they were asked."""
        return bool(self._asked("lacks_limits"))

    def note_limits(self, limits: Iterable[tuple[Limited, bytes]]) -> None:
        """Note under which limits of tokens requests were asked."""
        self._asked("note_limits", list(limits))

    def reserve(self, num_bytes: int) -> Reserve:
        """Reserve nothing: the disk that may be full is the actor's."""
        return Reserve(Path(tempfile.gettempdir()), 0)

    def _asked(self, name: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        value, error = self._call(name, *args, **kwargs)
        if error is not None:
            raise error
        return value


class SpendingLog(Spending):
    """Notes what answers cost, for the budget on the driver."""

    __slots__ = ("noted",)

    def __init__(self) -> None:
        super().__init__()
        self.noted: SimpleQueue[Answered] = SimpleQueue()

    def count(
        self, role: str, model: str, usage: Usage | None, *, key: bytes = b"", cached: bool | None = None,
        took_s: float | None = None,
    ) -> None:  # fmt: skip
        """Note one answer."""
        self.noted.put((model, usage, key, cached, took_s))

    def count_lost(self, role: str, model: str, usage: Usage) -> None:
        """Note an answer that is not stored, and so has no key."""
        self.noted.put((model, usage, b"", False, None))


class Shard:
    """A teacher on one node, and the requests that it was given. A Ray actor."""

    _requests: SimpleQueue[Request | None]
    _traces: SimpleQueue[Trace | BaseException | None]
    _costs: SpendingLog

    def start(self, packed: bytes, number: int, cache: Any, keys: dict[str, str]) -> None:  # noqa: ANN401
        """Begin to ask; `keys` are the variables of the environment that hold the API keys."""
        import ray

        self._requests, self._traces, self._costs = SimpleQueue(), SimpleQueue(), SpendingLog()

        def call(name: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            return ray.get(cache.do.remote(number, name, *args, **kwargs))

        os.environ.update(keys)
        folders, pickled, path, run, reasons = pickle.loads(packed)  # noqa: S301  (the run packed it)
        for folder in folders:
            plugin.look_in(folder)
        context = Context(
            cache=path,
            run=run,
            spending=self._costs,
            open_cache=lambda: RemoteCache(path, call),
            ask_again=AskAgain(reasons),
        )
        threading.Thread(target=self._ask, args=(pickled, context), daemon=True).start()

    def stop(self) -> None:
        """Ask no more: what is in flight is waited for, then the teacher raises a KeyboardInterrupt."""
        if interrupts.stop_all():
            self._requests.put(None)
        else:
            self._traces.put(KeyboardInterrupt())

    def exchange(self, requests: Sequence[Request], *, is_last: bool) -> Exchanged:
        """Take requests, and give the traces that there are."""
        for request in requests:
            self._requests.put(request)
        if is_last:
            self._requests.put(None)
        outcomes: list[Trace | BaseException | None] = []
        with suppress(Empty):
            outcomes.append(self._traces.get(timeout=POLL_S))
            while True:
                outcomes.append(self._traces.get_nowait())
        traces = [each for each in outcomes if isinstance(each, Trace)]
        error = next((each for each in outcomes if isinstance(each, BaseException)), None)
        answers: list[Answered] = []
        with suppress(Empty):
            while True:
                answers.append(self._costs.noted.get_nowait())
        return Exchanged(traces, answers, is_over=None in outcomes, error=error)

    def _ask(self, pickled: bytes, context: Context) -> None:
        try:
            teacher: Teacher = pickle.loads(pickled).fresh(context)  # noqa: S301
            for trace in teacher.traces(iter(self._requests.get, None)):
                self._traces.put(trace)
            self._traces.put(None)
        except BaseException as error:  # noqa: BLE001  (it is raised where the run is)
            self._traces.put(error)


@dataclass(eq=False)
class _ShardHandle:
    """The driver's side of one shard."""

    number: int
    teacher: Teacher
    room: int
    actor: Any = None
    outstanding: dict[tuple[str, int], Request] = field(default_factory=dict)
    has_last: bool = False


@dataclass(frozen=True, eq=False)
class Actors:
    """The actors of this process on the cluster: those of caches, and shards that have ended."""

    ray: ModuleType
    idle: list[Any] = field(default_factory=list)
    caches: dict[Path, Any] = field(default_factory=dict)

    def cache(self, path: Path) -> Any:  # noqa: ANN401
        """Return the actor of a cache, on this node."""
        if path not in self.caches:
            here = self.ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
                self.ray.get_runtime_context().get_node_id(), soft=False
            )
            options = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1, "max_concurrency": 16}
            self.caches[path] = self.ray.remote(CacheActor).options(scheduling_strategy=here, **options).remote(path)
        return self.caches[path]

    def shard(self) -> Any:  # noqa: ANN401
        """Return an idle shard, or a new one on a node that has few."""
        if self.idle:
            return self.idle.pop()
        return self.ray.remote(Shard).options(num_cpus=0, scheduling_strategy="SPREAD").remote()


class Shards:
    """One stream of requests, shared out."""

    def __init__(self, actors: Actors, teacher: Teacher) -> None:
        """Take the teacher of a run, whose budget and cache all shards use."""
        self._actors, self._ray, self._context = actors, actors.ray, teacher._context
        self._cache = actors.cache(self._context.cache.resolve())
        num = sum(bool(node["Alive"]) for node in self._ray.nodes())
        self._shares = list(teacher.shares(num))
        self._most = len(self._shares)
        self._meter = self._context.meter(TEACHER)
        variables = {resolve(model).key_variable for model in teacher.models}
        self._keys = {name: os.environ[name] for name in variables if name in os.environ}
        self._handles: list[_ShardHandle] = []
        self._pending: dict[Any, _ShardHandle] = {}
        self._deaths = 0
        self._numbers = 0
        self._stopped = self._has_said = False  # by Ctrl-C; and whether the shards know

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        """Yield a trace per request, in any order.

        Raises:
            UserError: what the teacher raises, or shards that die again and again.
            KeyboardInterrupt: Ctrl-C, once what was in flight is stored.

        """
        self._source, self._ended = iter(requests), False
        interrupts.OPEN.add(self)
        try:
            self._widen()
            while self._pending:
                if self._stopped and not self._has_said:
                    self._ended = self._has_said = True  # no request is handed out any more
                    num = sum(len(handle.outstanding) for handle in self._handles)
                    _log.warning(
                        "no more is asked; waiting for up to %d answers already paid for; Ctrl-C again gives them up",
                        num,
                    )
                    for handle in self._handles:
                        handle.actor.stop.remote()
                ready, _ = self._ray.wait(list(self._pending), num_returns=1)
                yield from self._taken(self._pending.pop(ready[0]), ready[0])
            if self._stopped:
                raise KeyboardInterrupt
        finally:
            interrupts.OPEN.discard(self)
            for handle in self._handles:  # of a stream that was broken off
                self._ray.kill(handle.actor)
            with suppress(self._ray.exceptions.RayError):  # no claim is left that others would wait for
                self._ray.get([self._cache.forget.remote(handle.number) for handle in self._handles], timeout=FORGET_S)

    def stop(self) -> bool:
        """Ask no more, from a signal handler; return whether there is anything to wait for."""
        self._stopped = True
        return bool(self._pending)

    def _widen(self) -> None:
        """Let one more shard begin, if there may be one and there is anything left to ask."""
        first = None if self._ended or not self._shares else next(self._source, None)
        if first is None:
            self._ended = self._ended or bool(self._shares)
            return
        teacher, room = self._shares.pop()
        handle = _ShardHandle(
            len(self._handles), teacher, room, outstanding={(first.question.id, first.attempt): first}
        )
        self._handles.append(handle)
        self._begin(handle)

    def _begin(self, handle: _ShardHandle) -> None:
        """Start the actor of a shard, and give it what it, or the one before it, has not answered."""
        self._numbers += 1
        handle.number, handle.has_last = self._numbers, False
        handle.actor = self._actors.shard()
        pickled = self._ray.cloudpickle.dumps(handle.teacher)
        reasons = self._context.ask_again.reasons if self._context.ask_again else ()
        packed = pickle.dumps((plugin.looked_in(), pickled, self._context.cache.resolve(), self._context.run, reasons))
        handle.actor.start.remote(packed, handle.number, self._cache, self._keys)
        self._exchange(handle, list(handle.outstanding.values()))

    def _exchange(self, handle: _ShardHandle, handed_out: list[Request]) -> None:
        while not self._ended and len(handle.outstanding) < handle.room:
            request = next(self._source, None)
            if request is None:
                self._ended = True
            else:
                handle.outstanding[request.question.id, request.attempt] = request
                handed_out.append(request)
        is_last = self._ended and not handle.has_last
        handle.has_last = handle.has_last or is_last
        self._pending[handle.actor.exchange.remote(handed_out, is_last=is_last)] = handle

    def _taken(self, handle: _ShardHandle, reference: object) -> Iterator[Trace]:
        """Yield the traces that a shard gives back, and give it more requests."""
        try:
            exchanged: Exchanged = self._ray.get(reference)
        except (self._ray.exceptions.RayActorError, self._ray.exceptions.ObjectLostError) as error:
            self._ray.kill(handle.actor)  # it may live, and what it handed over be lost with another node
            self._replace(handle, error)
            return
        for model, usage, key, cached, took_s in exchanged.answers:
            if self._meter is not None and (key or usage is None):
                self._meter.spending.count(TEACHER, model, usage, key=key, cached=cached, took_s=took_s)
            elif self._meter is not None and usage is not None:
                self._meter.count_lost(model, usage)
        for trace in exchanged.traces:
            handle.outstanding.pop((trace.question_id, trace.attempt), None)
            yield trace
        if isinstance(exchanged.error, KeyboardInterrupt) and self._stopped:
            self._ray.kill(handle.actor)
            self._handles.remove(handle)
            return
        if exchanged.error is not None:
            raise exchanged.error
        if exchanged.is_over:
            self._actors.idle.append(handle.actor)
            self._handles.remove(handle)
        else:
            self._exchange(handle, [])
        if len(handle.outstanding) >= handle.room:
            self._widen()

    def _replace(self, handle: _ShardHandle, error: BaseException) -> None:
        self._deaths += 1
        if self._deaths > MAX_DEATHS * self._most:
            why = str(error).strip().splitlines()
            fault = f"the processes that ask the teacher died {self._deaths} times: {why[0] if why else error!r}"
            raise UserError(
                Fault(fault, hint="check that the nodes have memory; all answers so far are stored")
            ) from error
        self._cache.forget.remote(handle.number)
        self._begin(handle)
