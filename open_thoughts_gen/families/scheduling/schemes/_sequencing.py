"""Tasks that wait for each other and share tools: how soon all can be done, and why no sooner.

Three reasons that nothing is faster, in the order in which a person would try them: the longest chain of tasks that wait
for each other; tasks that share a tool, with what must come before the first and after the last of them; and two tasks
of which neither can have the tool first, since either way some chain would be longer than is allowed. A plan that is as
good is found by a branch and bound over active schedules (B. Giffler and G. Thompson, 1960).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, pairwise
from typing import Any

from open_thoughts_gen.families.kit.formulas import Figures
from open_thoughts_gen.families.kit.graphs import reached
from open_thoughts_gen.families.kit.reckoning import summed

MAX_ORDERS = 4  # that one argument has to settle


@dataclass(frozen=True, slots=True)
class Task:
    """One task: its hours (or days), the tool that only one task can have at a time, and what it waits for."""

    hours: int
    tool: str
    waits: tuple[int, ...]


Tasks = tuple[Task, ...]
Path = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """The first of two tasks must have their tool first: the other way round there is a `chain` that takes too long.

    With two chains neither of them can go first. `rests` are the numbers of the orders that the chains pass through.
    """

    first: int
    second: int
    chains: tuple[Path, ...]
    rests: tuple[int, ...]


def length(tasks: Tasks, path: Iterable[int]) -> int:
    """Return the hours of tasks taken together."""
    return sum(tasks[task].hours for task in path)


def heads(tasks: Tasks, arcs: Iterable[tuple[int, int]] = ()) -> list[Path]:
    """Return the longest chain that ends before each task; in each of `arcs` the second waits for the first, too."""
    links = [[*task.waits, *(one for one, other in arcs if other == number)] for number, task in enumerate(tasks)]

    @cache
    def path(task: int) -> Path:
        chains = ((*path(other), other) for other in links[task])
        return max(chains, key=lambda chain: length(tasks, chain), default=())

    return [path(task) for task in range(len(tasks))]


def tails(tasks: Tasks, arcs: Iterable[tuple[int, int]] = ()) -> list[Path]:
    """Return the longest chain that begins after each task."""
    follows = [tuple(other for other, each in enumerate(tasks) if number in each.waits) for number in range(len(tasks))]
    reversed_ = tuple(Task(task.hours, task.tool, waits) for task, waits in zip(tasks, follows, strict=True))
    return [path[::-1] for path in heads(reversed_, [(second, first) for first, second in arcs])]


def longest(tasks: Tasks) -> Path:
    """Return the longest chain."""
    return max(((*head, task) for task, head in enumerate(heads(tasks))), key=lambda path: length(tasks, path))


def glance(tasks: Tasks) -> int:
    """Return what a glance tells: the longest chain, or the most hours that one tool is needed."""
    loads = (sum(task.hours for task in tasks if task.tool == each.tool != "") for each in tasks)
    return max(length(tasks, longest(tasks)), *loads)


@lru_cache(maxsize=512)
def bound_of(tasks: Tasks, *, in_parts: bool = False) -> tuple[int, Path]:
    """Return the largest bound: of the longest chain, or of all (`in_parts`: of some) that share a tool, which it names."""
    best: tuple[int, Path] = (length(tasks, longest(tasks)), ())
    before, after = ([length(tasks, path) for path in paths] for paths in (heads(tasks), tails(tasks)))
    for tool in dict.fromkeys(task.tool for task in tasks if task.tool):
        sharing = [number for number, task in enumerate(tasks) if task.tool == tool]
        for size in range(2 if in_parts else len(sharing), len(sharing) + 1):
            for group in combinations(sharing, size):
                around = min(before[task] for task in group) + min(after[task] for task in group)
                best = max(best, (around + length(tasks, group), group), key=lambda bound: bound[0])
    return best


@lru_cache(maxsize=512)
def best_plan(tasks: Tasks) -> tuple[int, Path]:
    """Return the least time, and the starts of a plan that attains it."""
    after, bound = [length(tasks, path) for path in tails(tasks)], bound_of(tasks, in_parts=True)[0]
    best: list[Any] = [length(tasks, range(len(tasks))) + 1, ()]

    def extend(starts: Mapping[int, int], free: Mapping[str, int]) -> None:
        ends = {task: start + tasks[task].hours for task, start in starts.items()}
        if len(starts) == len(tasks):
            best[:] = min((best[0], best[1]), (max(ends.values()), tuple(starts[task] for task in range(len(tasks)))))
            return
        ready = [task for task in range(len(tasks)) if task not in starts and ends.keys() >= set(tasks[task].waits)]
        begins = {
            task: max([free.get(tasks[task].tool, 0), *(ends[other] for other in tasks[task].waits)]) for task in ready
        }
        soonest = min(ready, key=lambda task: begins[task] + tasks[task].hours)
        rivals = [task for task in ready if task == soonest or "" != tasks[task].tool == tasks[soonest].tool]
        least = min(begins[task] for task in rivals) + length(tasks, rivals) + min(after[task] for task in rivals)
        if max(least, *(begins[task] + tasks[task].hours + after[task] for task in ready)) >= best[0]:
            return
        for task in sorted(rivals, key=lambda task: -tasks[task].hours - after[task]):
            end = begins[task] + tasks[task].hours
            if best[0] > bound and begins[task] < begins[soonest] + tasks[soonest].hours:
                extend({**starts, task: begins[task]}, {**free, tasks[task].tool: end} if tasks[task].tool else free)

    extend({}, {})
    return best[0], best[1]


@lru_cache(maxsize=512)
def orders(tasks: Tasks, limit: int) -> tuple[Order, ...]:
    """Return which tasks must go first on a tool for all to be done within `limit`; a clash, if there is one, is last."""
    arcs: dict[tuple[int, int], int] = {}  # each with the number of its order
    found: list[Order] = []
    while fresh := list(_new_orders(tasks, limit, arcs)):
        for order in sorted(fresh, key=lambda order: len(order.chains), reverse=True):
            found.append(order)
            if len(order.chains) > 1:
                return tuple(found)
            arcs[order.first, order.second] = len(found) - 1
    return tuple(found)


def _new_orders(tasks: Tasks, limit: int, arcs: Mapping[tuple[int, int], int]) -> Iterator[Order]:
    """Yield what follows for each two tasks on a tool from the orders that are known."""
    before, after = heads(tasks, arcs), tails(tasks, arcs)
    for one, two in combinations(range(len(tasks)), 2):
        if not tasks[one].tool or tasks[one].tool != tasks[two].tool or {(one, two), (two, one)} & arcs.keys():
            continue
        chains = [(*before[first], first, second, *after[second]) for first, second in ((one, two), (two, one))]
        is_long = [length(tasks, chain) > limit for chain in chains]
        if any(is_long):
            too_long = tuple(chain for chain, flag in zip(chains, is_long, strict=True) if flag)
            steps = {pair for chain in too_long for pair in pairwise(chain)}
            rests = tuple(number for pair, number in arcs.items() if pair in steps)
            yield Order(*((one, two) if is_long[1] else (two, one)), too_long, rests)


def argument(tasks: Tasks, limit: int) -> tuple[Order, ...] | None:
    """Return why all can't be done within `limit`: nothing where a bound says it; None where no argument is short."""
    if bound_of(tasks)[0] > limit:
        return ()
    found = orders(tasks, limit)
    if not found or len(found[-1].chains) < 2:
        return None
    reason = tuple(found[number] for number in sorted(reached(len(found) - 1, lambda number: found[number].rests)))
    is_round = any(len(set(chain)) < len(chain) for order in reason for chain in order.chains)
    return None if is_round or len(reason) > MAX_ORDERS else reason


@dataclass(slots=True, kw_only=True)
class Bounds(Figures, ABC):
    """Tells the bounds of tasks; a scheme says how tasks are named."""

    tasks: Tasks = ()

    @abstractmethod
    def named(self, path: Path) -> Sequence[str]:
        """Return a chain of tasks in words."""

    def chain(self, path: Path) -> str:
        """Return tasks one after another: `the footings, then the walls`."""
        return ", then ".join(self.named(path))

    def bound(self, group: Path, **shown: object) -> int:
        """Tell the longest chain and, where there is one, the group whose bound is larger; return the bound."""
        path = longest(self.tasks)
        parts = self.hours(path)
        bound = self.know("bound", summed(self.work, parts), "path", path=self.chain(path), parts=parts)
        if not group:
            return bound
        parts = self.hours(group)
        load = self.know("load", summed(self.work, parts), "shared", shared=self.named(group), parts=parts, **shown)
        first, last = (
            min((paths[task] for task in group), key=lambda path: length(self.tasks, path))
            for paths in (heads(self.tasks), tails(self.tasks))
        )
        head, tail = (summed(self.work, self.hours(path)) for path in (first, last))
        parts = tuple(part for part in (head, load, tail) if part)
        larger = summed(self.work, parts)
        if not self.work.exceeds(larger, bound):
            return bound
        bank = f"around{'.head' * bool(head)}{'.tail' * bool(tail)}"
        around = {"first": self.chain(first), "last": self.chain(last), "head": head, "tail": tail, "parts": parts}
        around |= {"ahead": self.hours(first), "behind": self.hours(last)}
        return self.know("bound", larger, bank, **around, **shown)

    def hours(self, path: Path) -> tuple[int, ...]:
        """Return the hours of tasks, one after another."""
        return tuple(self.tasks[task].hours for task in path)
