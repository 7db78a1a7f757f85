"""The hard cap on what a run may spend, and the account of what its models have cost.

    budget: {usd: 40, tokens: 20_000_000, hours: 6}

Every answer of a model counts, whoever asked: those of the teacher, those of judges, and those that were cut, thrown
away and asked again. Each is counted once, where it comes in (`Meter`), under its key in the response cache; a teacher
that does not ask through `chat` is counted by its traces.

Money and tokens are the dataset's: what its answers cost, whichever run paid for them. So a run that has spent its
budget and is started again asks nothing, and goes on once the budget is raised. What *this* run paid for stands beside
it. Hours are this run's. An answer that held nothing, was not stored and was asked again, is not the dataset's: it
counts for the cap, and for what this run paid.

The cap holds because a call is handed out only if what is spent, and the mean cost for every call on its way, leaves
room for one more. A question for the teacher must leave room as well for judging it, and all that is not judged yet:
money for answers that nobody can judge would be lost. So that these means are known, a capped run asks and judges
`PILOT` questions first. The cap can be exceeded by what was in flight, and no more.

An estimate and the run that it tells of share one account. What the estimate was answered, the run finds in the cache:
those calls cost nothing more, so they need no room and are not counted again, neither as calls nor as judged.

An answer that does not say its tokens counts as the mean of those that do; where none does, no cap can be kept, and the
run asks no further.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from open_thoughts_gen.money.prices import Price
from open_thoughts_gen.text.hashes import HashTable
from open_thoughts_gen.types import Spent, Trace, Usage

TEACHER, JUDGE, FILTER, WRITER = "teacher", "judge", "filter", "writer"
NOT_ASKED = "not asked, the budget is spent"
PILOT = 8
_MAX_ANSWERS = 1000  # those that an estimate looks at


class Budget(BaseModel):
    """The most that a run may spend."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    usd: float | None = Field(None, gt=0, description="the most US dollars that all answers of models may cost")
    tokens: int | None = Field(None, gt=0, description="the most tokens, of prompts and answers, for the whole dataset")
    hours: float | None = Field(None, gt=0, description="the most hours that one run may ask models")

    @model_validator(mode="after")
    def _caps_something(self) -> Self:
        if self.usd is None and self.tokens is None and self.hours is None:
            raise ValueError("set at least one of usd, tokens, hours")
        return self


class Paid(Protocol):
    """Who is paid in a role: a teacher, with its share of listed prices, or what it says that it cost."""

    @property
    def price_rate(self) -> float:
        """The share of a listed price."""

    @property
    def cost_usd(self) -> float | None:
        """What it has cost by its own account; None where tokens and prices say it."""


@dataclass(frozen=True, slots=True)
class AnswerCost:
    """One answer of a model: what it cost, and how long it took; None for what came from the cache, or is not known."""

    role: str
    tokens: int
    usd: float | None
    took_s: float | None = None


@dataclass(slots=True)
class _Role:
    """The account of one role. A call that is back need not be answered: it may have failed."""

    num_handed_out: int = 0
    num_back: int = 0
    num_answered: int = 0
    answers: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float | None = 0.0
    paid_usd: float | None = 0.0
    num_counted: int = 0  # answers that say their tokens
    num_priced: int = 0
    priced_usd: float = 0.0
    lost_tokens: int = 0  # of answers that held nothing and are not stored
    lost_usd: float = 0.0

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def num_on_their_way(self) -> int:
        return self.num_handed_out - self.num_back


@dataclass(slots=True)
class Spending:
    """What has been spent so far, by role. Money is None from the first answer on whose cost is unknown.

    `why` says why no more was asked. With `keeps_part`, a teacher's endpoint that fails for good ends the run as a
    spent budget does, with what was answered so far, where anything was.
    """

    budget: Budget | None = None
    prices: Mapping[str, Price] = field(default_factory=dict)
    teacher: Paid | None = None
    num_judged: int = 0
    answers: list[AnswerCost] = field(default_factory=list)  # the first of them
    why: str = ""
    keeps_part: bool = False
    teacher_is_lost: bool = False
    _roles: dict[str, _Role] = field(default_factory=dict)
    _metered: set[str] = field(default_factory=set)
    _seen: HashTable = field(default_factory=HashTable)  # answers that are counted
    _answered: set[tuple[str, int]] = field(default_factory=set)  # calls, the first of them
    _known: frozenset[tuple[str, int]] = frozenset()  # calls that an earlier run under this account was answered
    _began_s: float = field(default_factory=time.monotonic)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __reduce__(self) -> tuple[object, ...]:
        """Travel to other processes empty: what is spent there is for those who sent it to count."""
        return Spending, (self.budget, self.prices)

    def meter(self, role: str) -> Meter:
        """Return what counts the answers of a role where they come in."""
        self._metered.add(role)
        return Meter(self, role)

    def begin(self) -> None:
        """Note that a run begins: what was answered so far, it finds in the cache."""
        with self._lock:
            self._known = frozenset(self._answered)

    def knows(self, role: str, call: int | None) -> bool:
        """Return whether an earlier run under this account was answered this call."""
        return (role, call) in self._known

    def is_blind(self, role: str) -> bool:
        """Return whether there is a cap on money or tokens, and no answer yet that shows what a call costs."""
        budget = self.budget
        return budget is not None and (budget.usd or budget.tokens) is not None and not self._role(role).num_answered

    def end(self, why: str) -> None:
        """Let the teacher be asked nothing more; what it answered is still judged."""
        with self._lock:
            self.why, self.teacher_is_lost = why, True

    def hand_out(self, role: str = TEACHER, call: int | None = None) -> bool:
        """Return whether one more call may be made, and count it as on its way.

        `call` is what the call has in common with the same call of another run in this process, such as a hash.
        """
        if self.knows(role, call):
            return True
        with self._lock:
            why = self.why if self.teacher_is_lost and role == TEACHER else self._why_not(role)
            self.why = why or self.why
            self._role(role).num_handed_out += not why
            return not why

    def come_back(self, role: str, *, answered: bool, num: int = 1, call: int | None = None) -> None:
        """Note that calls which were handed out are not on their way any more."""
        if self.knows(role, call):
            return
        with self._lock:
            if call is not None and answered and len(self._answered) < _MAX_ANSWERS:
                self._answered.add((role, call))
            account = self._role(role)
            account.num_back += num
            account.num_answered += answered

    def take_in(self, trace: Trace) -> None:
        """Note that a trace came back; its answer is counted here where no meter has."""
        call = call_of(trace.question_id, trace.attempt)
        self.come_back(TEACHER, answered=trace.usage is not None, call=call)
        if TEACHER not in self._metered and (trace.usage is not None or trace.finish_reason != "error"):
            key = f"{trace.question_id}/{trace.attempt}/{hash((trace.reasoning, trace.response, trace.usage))}".encode()
            self.count(TEACHER, trace.teacher, trace.usage, key=hashlib.sha256(key).digest())

    def count(
        self, role: str, model: str, usage: Usage | None, *, key: bytes = b"", cached: bool | None = None,
        took_s: float | None = None,
    ) -> None:  # fmt: skip
        """Count an answer, once for each key; `cached` None if it is not known whether this run paid for it."""
        with self._lock:
            if key and not self._seen.add(int.from_bytes(key[:8])):
                return
            usd, account = self._price(role, model, usage), self._role(role)
            prompt, completion = (usage.prompt_tokens or 0, usage.completion_tokens or 0) if usage else (0, 0)
            account.answers += 1
            account.cached += bool(cached)
            account.prompt_tokens += prompt
            account.completion_tokens += completion
            account.usd = _sum(account.usd, usd)
            account.paid_usd = _sum(account.paid_usd, 0.0 if cached else usd if cached is not None else None)
            account.num_counted += usage is not None and None not in (usage.prompt_tokens, usage.completion_tokens)
            account.num_priced += usd is not None
            account.priced_usd += usd or 0.0
            if len(self.answers) < _MAX_ANSWERS:
                self.answers.append(AnswerCost(role, prompt + completion, usd, None if cached else took_s))

    def count_lost(self, role: str, model: str, usage: Usage) -> None:
        """Count an answer that was paid for although it is empty and is not stored."""
        with self._lock:
            usd, account = self._price(role, model, usage), self._role(role)
            account.lost_tokens += (usage.prompt_tokens or 0) + (usage.completion_tokens or 0)
            account.lost_usd += usd or 0.0
            account.paid_usd = _sum(account.paid_usd, usd)

    @property
    def spent(self) -> Mapping[str, Spent]:
        """The usage of each role's answers, in the order in which the roles were first paid."""
        with self._lock:
            spent = {}
            for role, account in self._roles.items():
                if account.answers:
                    usd, paid_usd = (None if cost is None else round(cost, 9) for cost in self._usd(role))
                    tokens = account.prompt_tokens, account.completion_tokens
                    spent[role] = Spent(account.answers, *tokens, usd, paid_usd, account.cached)
            return spent

    @property
    def cost_usd(self) -> float | None:
        """The cost of all answers; it does not depend on the order in which they came."""
        usd: float | None = 0.0
        for role in list(self._roles):
            usd = _sum(usd, self._usd(role)[0])
        return None if usd is None else round(usd, 9)

    @property
    def tokens(self) -> int:
        """Tokens of all answers, and of the prompts that they answer."""
        return sum(account.tokens for account in self._roles.values())

    def line(self) -> str:
        """Return in a few words what is spent; empty if that is nothing or not known."""
        usd, cap = self.cost_usd, self.budget.usd if self.budget else None
        amount = f"${usd:,.2f}" if usd else ""
        return f"{amount} of ${cap:,.2f} spent" if amount and cap else f"{amount} spent" if amount else ""

    def _role(self, role: str) -> _Role:
        return self._roles.setdefault(role, _Role())

    def _price(self, role: str, model: str, usage: Usage | None) -> float | None:
        if role == TEACHER and self.teacher is not None and self.teacher.cost_usd is not None:
            return 0.0  # it says itself what it costs
        price = self.prices.get(model)
        usd = price.cost_usd(usage) if price else None
        rate = self.teacher.price_rate if role == TEACHER and self.teacher else 1.0
        return None if usd is None else usd * rate

    def _usd(self, role: str) -> tuple[float | None, float | None]:
        """Return what a role cost in all, and what of it this run paid."""
        account = self._roles[role]
        price = self.teacher.cost_usd if role == TEACHER and self.teacher else None
        return (account.usd, account.paid_usd) if price is None else (price, price)

    def _why_not(self, role: str) -> str:
        """Return why no further call may be made, empty if one may."""
        budget = self.budget
        if budget is None:
            return ""
        costs = {name: self._likely_usd(name) for name in self._roles}
        tokens = self._likely_tokens()
        lost_usd = sum(each.lost_usd for each in self._roles.values())
        lost_tokens = sum(each.lost_tokens for each in self._roles.values())
        for name, each in self._roles.items():
            num = each.num_counted if budget.usd is None else each.num_priced
            if not num and each.answers >= PILOT and (budget.usd is not None or budget.tokens is not None):
                return f"the budget cannot be kept: the answers of the {name} do not say their tokens"
        if budget.usd is not None and self._is_over(role, costs, budget.usd - lost_usd):
            return f"the budget of ${budget.usd:,.2f} leaves no room for another call"
        if budget.tokens is not None and self._is_over(role, tokens, budget.tokens - lost_tokens):
            return f"the budget of {budget.tokens:,} tokens leaves no room for another call"
        if budget.hours is not None and time.monotonic() - self._began_s >= 3600 * budget.hours:
            return f"the budget of {budget.hours:g} hours is spent"
        return ""

    def wave_size(self, *, judged: bool) -> int | None:
        """Return how many calls of the teacher to make before looking at what they cost; None where no cap needs it.

        `PILOT` where nothing is known yet, then half of what there is room for: so the last waves are small, the cap is
        kept, and what is asked does not depend on which answers came first. `judged` if judges are paid for too.
        """
        budget = self.budget
        if budget is None or (budget.usd is None and budget.tokens is None):
            return None
        with self._lock:
            if not self._role(TEACHER).num_answered or (judged and not self.num_judged):
                return PILOT
            sizes = []
            if budget.usd is not None:
                sizes.append(self._half_of_room({name: self._likely_usd(name) for name in self._roles}, budget.usd))
            if budget.tokens is not None:
                sizes.append(self._half_of_room(self._likely_tokens(), budget.tokens))
            return min((size for size in sizes if size is not None), default=None)

    def _half_of_room(self, costs: Mapping[str, float], cap: float) -> int | None:
        """Return half the number of calls, with their judging, that a cap has room for; None if they cost nothing."""
        a_call = costs.get(TEACHER, 0.0) / max(1, self._role(TEACHER).num_answered)
        a_call += costs.get(JUDGE, 0.0) / self.num_judged if self.num_judged else 0.0
        return max(1, int((cap - sum(costs.values())) / a_call / 2)) if a_call else None

    def _likely_tokens(self) -> dict[str, float]:
        """Return the tokens of each role, where answers that do not say theirs had as many as those that do."""
        return {name: _scaled(each.tokens, each.num_counted, each.answers) for name, each in self._roles.items()}

    def _likely_usd(self, role: str) -> float:
        """Return what a role cost, where answers that do not say their tokens cost as much as those that do."""
        account = self._roles[role]
        price = self.teacher.cost_usd if role == TEACHER and self.teacher else None
        return price if price is not None else _scaled(account.priced_usd, account.num_priced, account.answers)

    def _is_over(self, role: str, costs: Mapping[str, float], most: float) -> bool:
        """Return whether what is spent, what is on its way, and one more call exceed the most."""
        spent = sum(costs.values())
        expected = 0.0
        for name, account in self._roles.items():
            num = account.num_on_their_way + (name == role)
            expected += num * costs[name] / account.num_answered if account.num_answered else 0.0
        if role == TEACHER and self.num_judged:
            unjudged = max(0, self._role(TEACHER).num_handed_out + 1 - self.num_judged)
            expected += unjudged * costs.get(JUDGE, 0.0) / self.num_judged
        return spent + expected > most * (1 + 1e-9) or spent >= most


@dataclass(frozen=True, slots=True)
class Meter:
    """Counts the answers of one role where they come in, and says whether it may ask further."""

    spending: Spending
    role: str

    def knows(self, call: int) -> bool:
        """Return whether an earlier run under this account was answered this call."""
        return self.spending.knows(self.role, call)

    @property
    def is_blind(self) -> bool:
        """Whether there is a cap, and nothing shows yet what a call of this role costs."""
        return self.spending.is_blind(self.role)

    def hand_out(self, call: int | None = None) -> bool:
        """Return whether one more call may be made, and count it as on its way."""
        return self.spending.hand_out(self.role, call)

    def come_back(self, *, answered: bool, num: int = 1, call: int | None = None) -> None:
        """Note that calls which were handed out are not on their way any more."""
        self.spending.come_back(self.role, answered=answered, num=num, call=call)

    def count(self, key: bytes, model: str, usage: Usage | None, *, cached: bool, took_s: float | None = None) -> None:
        """Count an answer, once for each key of the response cache."""
        self.spending.count(self.role, model, usage, key=key, cached=cached, took_s=took_s)

    def count_lost(self, model: str, usage: Usage) -> None:
        """Count an answer that was paid for although it is empty and is not stored."""
        self.spending.count_lost(self.role, model, usage)


def call_of(question_id: str, attempt: int) -> int:
    """Return the key of one of the teacher's calls, valid in this process only."""
    return hash((question_id, attempt))


def _scaled(known: float, num_known: int, num: int) -> float:
    return known * num / num_known if 0 < num_known < num else known


def _sum(total: float | None, usd: float | None) -> float | None:
    return None if total is None or usd is None else total + usd
