"""Where answers are stored, found and counted: the response cache, the counters of a screen, what the run has spent.

A call is looked up under its own key first. Where nothing is stored there, a finished answer to the same request under
another `max_tokens` is taken: raising the limit asks only the rows that were cut. An answer under a higher limit serves
too if it is known to have taken fewer tokens. For this the cache notes under which limit each request was asked, when
its answer is stored; for answers that an earlier version stored, when they are next found under their own key. Until
then the usual limits are tried for those, and no longer than it helps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from open_thoughts_gen.cache import AskAgain, Limited, ResponseCache
from open_thoughts_gen.chat.completion import Call, Progress, Reply, read_kept, why_not_whole
from open_thoughts_gen.chat.served import Served
from open_thoughts_gen.money.budget import Meter

_USUAL_LIMITS: Final = (
    *(2**power for power in range(8, 19)),
    *(
        1000 * thousands
        for thousands in (*range(1, 11), 12, 14, 15, 16, 18, 20, 24, 25, 28, 30, 32, 35, 36, 40, 45, 48)
    ),
    *(1000 * thousands for thousands in (50, 60, 64, 65, 70, 80, 90, 96, 100, 120, 128, 200, 256)),
    *(50, 64, 100, 128, 200, 300, 400, 500, 600, 800, 1200, 1500, 2500),
    None,
)
_MANY_MISSES: Final = 64  # after which no usual limit is tried any more
# What a larger limit would not change.
_WHATEVER_THE_LIMIT: Final = frozenset({"", "refusal", "content filter", "tool call"})


@dataclass(slots=True)
class _Guesses:
    """Which limits an earlier version may have asked with; those that were right are all that is tried later."""

    limits: Sequence[int | None] = _USUAL_LIMITS
    num_misses: int = 0
    are_wanted: bool | None = None  # whether the cache has answers of an earlier version; None before that is asked

    def calls(self, call: Call) -> list[Call]:
        """Return a call under each of the limits that are worth trying."""
        rest = {name: value for name, value in call.settings.items() if name != "max_tokens"}
        limits = self.limits if self.num_misses < _MANY_MISSES else ()
        return [replace(call, settings=rest if limit is None else {**rest, "max_tokens": limit}) for limit in limits]

    def learn(self, limits: Collection[int | None]) -> None:
        """Note which limits an answer was found under."""
        if limits:
            self.limits = list(limits) if self.limits is _USUAL_LIMITS else list({*self.limits, *limits})
        else:
            self.num_misses += 1


@dataclass(frozen=True, slots=True)
class Books:
    """The books of one stream of calls; `ask_again` says which stored answers do not count, `run` is the run's name."""

    cache: ResponseCache
    progress: Progress = field(default_factory=Progress)
    run: str = ""
    meter: Meter | None = None
    ask_again: AskAgain = field(default_factory=AskAgain)
    _guesses: _Guesses = field(default_factory=_Guesses)

    def lacks_limits(self) -> bool:
        """Return whether the cache has answers of an earlier version, which did not note their limits."""
        if self._guesses.are_wanted is None:
            self._guesses.are_wanted = self.cache.lacks_limits()
        return self._guesses.are_wanted

    def look_up(self, served: Served, key: bytes, call: Call) -> tuple[bytes, Reply] | None:
        """Return the stored reply to a call, whose key is given, with the key that the reply has.

        None where the call has to be made.
        """
        payload = self.cache.get(key)
        return self._under_another_limit(served, key, call) if payload is None else (key, read_kept(payload))

    def _under_another_limit(self, served: Served, key: bytes, call: Call) -> tuple[bytes, Reply] | None:
        """Return the finished reply under the nearest other limit, a lower one if there is one."""
        request, most = served.limited(call, key)
        stored = self.cache.under_other_limits(request) or self._of_an_earlier_version(served, call)
        for limit, its_key, payload in sorted(stored, key=lambda each: (each[0] > most, abs(each[0] - most))):
            reply = read_kept(payload)
            taken = (reply.usage.completion_tokens if reply.usage else None) or 0
            is_whole = why_not_whole(reply) in _WHATEVER_THE_LIMIT and taken < limit
            if is_whole and (limit < most or 0 < taken <= most):
                return its_key, reply
        return None

    def _of_an_earlier_version(self, served: Served, call: Call) -> list[tuple[int, bytes, bytes]]:
        """Return the raw responses under usual limits, each with that limit and with its key."""
        guesses = self._guesses.calls(call) if self.lacks_limits() else ()
        calls = {served.key(each): each for each in guesses}
        stored = self.cache.get_many(list(calls)) if calls else {}
        self._guesses.learn({calls[key].settings.get("max_tokens") for key in stored})
        return [(served.limited(calls[key]).max_tokens, key, payload) for key, payload in stored.items()]

    def count(self, served: Served, key: bytes, reply: Reply) -> None:
        """Count an answer in what the run has spent, once for each key."""
        if self.meter is not None and (reply.usage is not None or reply.finish_reason != "error"):
            self.meter.count(key, served.label, reply.usage, cached=reply.cached, took_s=reply.took_s)

    def count_lost(self, served: Served, reply: Reply | None) -> None:
        """Count an answer that was paid for, holds nothing, and is not stored: the call is asked again."""
        if reply is None or reply.usage is None:
            return
        self.progress.note_discarded(reply)
        if self.meter is not None:
            self.meter.count_lost(served.label, reply.usage)

    def note_uses(self, keys: Iterable[bytes], limits: Iterable[tuple[Limited, bytes]]) -> None:
        """Note in the cache which responses a named run used, and under which limits their requests were asked."""
        if self.run:
            self.cache.note_use(self.run, keys)
            self.cache.note_limits(limits)
