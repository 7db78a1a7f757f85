"""Flow control for one model at one endpoint: how many calls may be in flight, and when the next one may go.

It has no call, no socket and no clock: it is given what happened and when (seconds of any steady clock), and returns
how long to wait. It controls by:

- concurrency, by additive increase and multiplicative decrease: a 429 halves it, once for all calls that were already
  in flight, and answers bring it back in about sixteen rounds;
- `rpm` and `tpm` as token buckets that hold one second's worth, so that a minute never starts with a burst;
- what the endpoint says itself: Retry-After, and the ratelimit headers once nothing remains;
- a circuit, which opens when the endpoint is down (no connection, or ten failures of several calls in a row): then one
  call at a time probes, less and less often, until one is answered. An endpoint that has answered before is waited for
  long, one that never has for seconds: its address is wrong, or it was not started. Both are reported when they begin.

A wait is a random time under a doubling limit (full jitter, as in "Exponential Backoff and Jitter", 2015).
"""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass

from open_thoughts_gen.chat.endpoints import Limits, Patience

FAILURES_IN_A_ROW, CALLS_IN_A_ROW = 10, 3
_ROUNDS_TO_RECOVER = 16
_FIRST_GUESS_TOKENS = 1000.0
_MAX_DOUBLINGS = 64
# A probe that finds no connection costs nothing: it need not wait as long as one that is refused.
_MAX_PROBE_WAIT_S, _MAX_CONTACT_WAIT_S = 15.0, 2.0

_log = logging.getLogger("open_thoughts_gen.chat")


class Bucket:
    """A token bucket: a number a minute, of which one second's worth, or one whole call, may go at once."""

    def __init__(self, per_minute: float) -> None:
        self._rate = per_minute / 60.0
        self._capacity = max(1.0, self._rate)
        self._level, self._at = self._capacity, 0.0

    def wait_s(self, now: float, cost: float) -> float:
        """Return how long to wait for a cost; one that is more than the bucket holds waits for a full bucket."""
        self._fill(now)
        return max(0.0, (min(cost, self._capacity) - self._level) / self._rate)

    def take(self, now: float, cost: float) -> None:
        """Take a cost, below zero if need be; a negative cost gives back."""
        self._fill(now)
        self._level -= cost

    def _fill(self, now: float) -> None:
        if self._at:
            self._level = min(self._capacity, self._level + (now - self._at) * self._rate)
        self._at = now


@dataclass(slots=True)
class _Circuit:
    """Whether the endpoint is up: `opened` is when it went down, None while it is up."""

    opened: float | None = None
    probe_at: float = 0.0
    probing: bool = False
    num_probes: int = 0
    unreachable: bool = False
    why: str = ""


class Flow:
    """The state of one endpoint and model; it may outlive a stream of calls, and serves one at a time."""

    def __init__(
        self, concurrency: int, *, limits: Limits | None = None, patience: Patience, name: str = "the endpoint"
    ) -> None:
        self._name = name
        limits = limits or Limits()
        self.limit, self.in_flight = float(concurrency), 0
        self.concurrency, self.patience = concurrency, patience
        self._requests = Bucket(limits.rpm) if limits.rpm else None
        self._tokens = Bucket(limits.tpm) if limits.tpm else None
        self._guess_tokens = _FIRST_GUESS_TOKENS
        self._paused_until = self._cut_at = 0.0
        self._num_cuts = 0
        self._circuit = _Circuit()
        self._reached = False
        self._failing: list[int] = []  # the calls that failed in a row

    def wait_s(self, now: float, num_prompt_tokens: float = 0.0) -> float | None:
        """Return 0 if a call may go now, else how long to wait; None if only the end of another call makes room."""
        circuit = self._circuit
        if circuit.opened is not None:
            return None if circuit.probing else max(0.0, circuit.probe_at - now)
        if self.in_flight >= int(self.limit):
            return None
        wait_s = max(0.0, self._paused_until - now)
        if self._requests:
            wait_s = max(wait_s, self._requests.wait_s(now, 1.0))
        if self._tokens:
            wait_s = max(wait_s, self._tokens.wait_s(now, num_prompt_tokens + self._guess_tokens))
        return wait_s

    def sent(self, now: float, num_prompt_tokens: float = 0.0) -> None:
        """Note that a call is sent."""
        self.in_flight += 1
        self._circuit.probing = self._circuit.opened is not None
        if self._requests:
            self._requests.take(now, 1.0)
        if self._tokens:
            self._tokens.take(now, num_prompt_tokens + self._guess_tokens)

    def ended(self) -> None:
        """Note that a call is no longer in flight; its outcome is reported next."""
        self.in_flight -= 1

    def answered(self, now: float, num_completion_tokens: int | None = None, *, pause_s: float = 0.0) -> None:
        """Note an answer; `pause_s` is what the ratelimit headers ask for where nothing remains."""
        self._is_up()
        self._num_cuts = 0
        step = max(1.0, self.concurrency / _ROUNDS_TO_RECOVER)
        self.limit = min(float(self.concurrency), self.limit + step / self.limit)
        self._paused_until = max(self._paused_until, now + pause_s) if pause_s else self._paused_until
        if self._tokens and num_completion_tokens is not None:
            self._tokens.take(now, num_completion_tokens - self._guess_tokens)
            self._guess_tokens += 0.1 * (num_completion_tokens - self._guess_tokens)

    def throttled(self, now: float, sent_at: float, told_s: float | None) -> None:
        """Note a 429: everybody waits as told, and fewer go at once."""
        self._is_up()
        if sent_at >= self._cut_at:
            self.limit = max(1.0, self.limit / 2)
            self._cut_at = now
            self._num_cuts += 1
            told_s = jitter_s(self._num_cuts, self.patience) if told_s is None else told_s
        self._paused_until = max(self._paused_until, now + (told_s or 0.0))

    def failed(self, now: float, call: int, why: str, *, unreachable: bool = False) -> None:
        """Note that a call failed for which the endpoint, or the way there, may be to blame."""
        circuit = self._circuit
        circuit.unreachable, circuit.why = unreachable, why
        if circuit.opened is not None:
            if circuit.probing:
                circuit.probing, circuit.num_probes = False, circuit.num_probes + 1
                circuit.probe_at = now + self._probe_wait_s(now)
            return
        self._failing.append(call)
        if unreachable or (
            len(self._failing) >= FAILURES_IN_A_ROW and len(set(self._failing)) >= min(CALLS_IN_A_ROW, self.concurrency)
        ):
            circuit.opened, circuit.num_probes = now, 0
            circuit.probe_at = now + self._probe_wait_s(now)
            self._tell_down()

    def is_lost(self, now: float) -> bool:
        """Return whether there is no hope of a connection: there has been none for too long."""
        circuit = self._circuit
        return circuit.opened is not None and circuit.unreachable and now - circuit.opened >= self._most_s

    def reached(self) -> None:
        """Note that the endpoint can be reached, whatever it says."""
        self._reached = True

    @property
    def num_sent(self) -> int:
        """How many calls the endpoint may be answering: none that looks for a connection which never was there."""
        return self.in_flight if self._reached or not self._circuit.unreachable else 0

    @property
    def why(self) -> str:
        """The last error of the endpoint, or of the connection to it."""
        return self._circuit.why

    def state(self, now: float) -> str:
        """Return a few words on the state of the endpoint; empty if all is well."""
        circuit = self._circuit
        if circuit.opened is not None:
            wait = "probing" if circuit.probing else f"next probe in {max(0.0, circuit.probe_at - now):.0f} s"
            return f"endpoint down for {now - circuit.opened:.0f} s ({circuit.why}), {wait}"
        if self._paused_until > now + 0.5:
            return f"waiting {self._paused_until - now:.0f} s as the endpoint asked"
        if int(self.limit) < self.concurrency:
            return f"throttled to {int(self.limit)} of {self.concurrency} at once"
        return ""

    @property
    def _most_s(self) -> float:
        """How long no connection is put up with."""
        return self.patience.outage_s if self._reached else self.patience.contact_s

    def _probe_wait_s(self, now: float) -> float:
        """Return the wait before the next probe; one that finds no connection comes in time to be the last."""
        circuit = self._circuit
        wait_s = jitter_s(1 + circuit.num_probes, self.patience)
        if not circuit.unreachable or circuit.opened is None:
            return wait_s
        left_s = max(0.0, circuit.opened + self._most_s - now)
        return min(wait_s, left_s, _MAX_PROBE_WAIT_S if self._reached else _MAX_CONTACT_WAIT_S)

    def _tell_down(self) -> None:
        circuit, most = self._circuit, in_words(self._most_s)
        if not circuit.unreachable:
            _log.warning("%s is down (%s); one call at a time probes until it is back", self._name, circuit.why)
        elif self._reached:
            _log.warning("%s is down (%s); waiting up to %s until it is back", self._name, circuit.why, most)
        else:
            _log.warning("%s cannot be reached (%s); trying for another %s", self._name, circuit.why, most)

    def _is_up(self) -> None:
        self._reached = True
        self._failing.clear()
        if self._circuit.opened is not None:
            _log.warning("%s is back", self._name)
            self._circuit = _Circuit()


def in_words(seconds: float) -> str:
    """Return a time as a person says it."""
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def jitter_s(num_failures: int, patience: Patience) -> float:
    """Return a random wait before retry number `num_failures`, counted from 1."""
    limit_s = patience.first_wait_s * 2.0 ** min(num_failures - 1, _MAX_DOUBLINGS)
    return random.uniform(0, min(limit_s, patience.max_wait_s))
