"""A project: tasks that wait for others, and one thing that only one of them can have at a time.

How soon it is finished, whether by a given day, whether a second crane would help, what a delay costs, which task is
where the project can't lose a day. The trap is the critical path: it knows nothing of the crane. That the best plan
can't be beaten follows from the tasks that share it: what comes before the first, their days, what comes after the last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form
from open_thoughts_gen.families.kit.kinds import HowMuch, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import UnprovedError, least_cost
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.scheduling.forms import CountedForm, SeriesForm, TraceForm, joined
from open_thoughts_gen.families.scheduling.scheme import SchedulingScheme, summed

PROGRAM = Path(__file__).with_suffix(".lp")
SIZES = {1: (4, 0), 2: (5, 3), 3: (7, 3), 4: (8, 4)}  # tasks, and how many of them need the one thing
Tasks = tuple[tuple[int, bool, tuple[int, ...]], ...]  # of each task its days, whether it needs it, what it waits for


class ChainForm(TraceForm):
    """Tasks one after another, `the footings, then the walls`, or when each is done: `the walls on days 4 to 6`."""

    styles: ClassVar[Sequence[str]] = ("", "then")

    def __init__(self, names: Mapping[str, Mapping[str, str]]) -> None:
        """Take the names of the tasks."""
        self._names = names

    def write(self, value: Sequence[Any], style: str, seen: object) -> str:
        """Return the tasks; those with days have them."""
        if value and isinstance(value[0], str):
            names = [f"the {self._names[task]['']}" for task in value]
            return ", then ".join(names) if style == "then" else joined(names)
        spans = [
            (self._names[task][""], f"{first} to {last}" if last > first else first) for task, first, last in value
        ]
        return joined([f"the {name} on day{'s' * isinstance(span, str)} {span}" for name, span in spans])


class Project(SchedulingScheme):
    """Tasks, what they wait for, and one crane."""

    name: ClassVar[str] = "project"
    asks: ClassVar[Mapping[str, Ask]] = {
        "least": Ask(HowMuch("days"), "least"),
        "ready": Ask(YesNo(), "ready", needs=("by",), coin="ready"),
        "late": Ask(HowMuch("days"), "late", level=3, needs=("slow", "more")),
        "second": Ask(HowMuch("days"), "second", level=2),
        "slack": Ask(YesNo(), "slack", level=3, needs=("slow", "more"), coin="slack"),
    }

    def __init__(self) -> None:
        """Say how each fact is written and read."""
        task, whole, chain = EntryForm(self.words.lists["task"]), CountedForm(), ChainForm(self.words.lists["task"])
        self.forms: Mapping[str, Form[Any]] = {
            **self.frame_forms(),
            **dict.fromkeys("days by more least head load tail bound late second end".split(), whole),
            **dict.fromkeys(("task", "after", "also", "slow"), task),
            "tool": EntryForm(self.words.lists["tool"]),
            **dict.fromkeys(("path", "shared", "plan", "first"), chain),
            "parts": SeriesForm(),
        }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw tasks whose least time is that of a path, or of those that share the one thing."""
        num_tasks, num_shared = SIZES[level]
        world = rng.choice(list(self.words.lists["world"]))
        names = rng.sample(self.words.lists["world"][world]["tasks"].split(), num_tasks)
        sharing = rng.sample(range(num_tasks), num_shared)
        rows: list[dict[str, Any]] = []
        for index, name in enumerate(names):
            before = rng.sample(range(index), min(index, rng.choice((0, 1, 1, 2)))) if index else []
            waits = dict(zip(("after", "also"), (names[other] for other in sorted(before)), strict=False))
            rows.append({"task": name, "days": rng.randint(1, 7), "shares": index in sharing, **waits})
        facts: dict[str, Any] = {"world": world, "tasks": rows if level < 3 else rng.sample(rows, num_tasks)}
        if num_shared:
            facts["tool"] = self.words.lists["world"][world]["tool"]
        tasks = numbered(facts["tasks"])
        path, least = longest_path(tasks)[1], best_project(tasks)[0]
        if not 8 <= least <= 26 or (level > 2 and least <= path) or bound_of(tasks)[0] != least:
            return None
        slow = rng.choice(facts["tasks"])["task"]
        return facts | {"by": least + rng.choice((-1, 0, 0, 1, -2)), "slow": slow, "more": rng.randint(1, 4)}

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Search for the best plan; a result counts where a bound shows that nothing beats it."""
        tasks = numbered(facts["tasks"])
        least = best_project(tasks)[0]
        is_proved = bound_of(tasks)[0] == least
        results: dict[str, Any] = {"least": least if is_proved else None, "ready": None, "slack": None}
        if is_proved and "by" in facts:
            results["ready"] = least <= facts["by"]
        if is_proved and "slow" in facts:
            later = numbered(slowed(facts))
            longer = best_project(later)[0]
            if bound_of(later)[0] == longer:
                results |= {"late": longer - least, "slack": longer == least}
        if is_proved and any(shares for _, shares, _ in tasks):
            results["second"] = longest_path(tasks)[1]
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the tasks, the rules and the question."""
        facts, pen = case.facts, case.pen("data")
        style = pen.pick("style", "table", "line", "prose")
        rows = (
            [page.say("prompt/table.head" if "tool" in facts else "prompt/table.head.plain")]
            if style == "table"
            else []
        )
        for row in facts["tasks"]:
            waits = "also" if "also" in row else "after" if "after" in row else "free"
            kind = "" if "tool" not in facts else ".shares" if row["shares"] else ".own"
            rows.append(
                page.say(
                    f"prompt/{style}.{waits}{kind if style == 'table' else kind.replace('.own', '')}",
                    **row,
                    tool=facts.get("tool"),
                )
            )
        rules = [page.say(f"prompt/rule.{key}") for key in pen.order("rules", ("whole", "hands", "from"))]
        if "tool" in facts:
            rules.insert(0, page.say("prompt/rule.tool", tool=facts["tool"]))
        needed = {key: facts[key] for key in self.asks[case.asks].needs} | (
            {"tool": facts["tool"]} if case.asks == "second" else {}
        )
        return self.framed(
            case,
            page,
            scene=page.say(f"prompt/scene.{facts['world']}"),
            rules=rules,
            data=("\n" if style != "prose" else " ").join(rows),
            asked=page.say(f"prompt/ask.{case.asks}", **needed),
        )

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the longest path, what the shared thing adds, and a plan that attains the bound."""
        facts, asks, work = case.facts, case.asks, narrative.work
        needed = {key: facts[key] for key in self.asks[asks].needs} | (
            {"tool": facts["tool"]} if asks == "second" else {}
        )
        narrative.step(f"issue.{asks}", **needed)
        narrative.point = 1
        if asks == "second":
            narrative.step("second.free", tool=facts["tool"])
            second = told_least(narrative, facts, [{**row, "shares": False} for row in facts["tasks"]])
            narrative.answer("answer.second", second, second=second, tool=facts["tool"])
            return
        least = told_least(narrative, facts, facts["tasks"])
        if asks == "least":
            narrative.answer("answer.least", least, least=least)
        elif asks == "ready":
            is_late = work.exceeds(least, facts["by"])
            bank = "no" if is_late else "yes" if least < facts["by"] else "just"
            narrative.answer(f"answer.ready.{bank}", not is_late, by=facts["by"], least=least)
        else:
            narrative.point += 1
            narrative.step("slow", slow=facts["slow"], more=facts["more"])
            longer = told_least(narrative, facts, slowed(facts))
            late = int(work("longer - least", longer=longer, least=least))
            if asks == "late":
                narrative.answer("answer.late" if late else "answer.late.none", late, late=late, slow=facts["slow"])
            else:
                is_late = work.exceeds(late, 0)
                narrative.answer(
                    f"answer.slack.{'no' if is_late else 'yes'}", not is_late, slow=facts["slow"], more=facts["more"]
                )

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program: of the case, of the slower task, and of as many cranes as there are tasks."""
        least = shortest(facts, "")
        results: dict[str, Any] = {"least": least}
        if "by" in facts:
            results["ready"] = facts["by"] >= least
        if "slow" in facts:
            late = shortest(facts, facts["slow"]) - least
            results |= {"late": late, "slack": not late}
        if "tool" in facts:
            results["second"] = shortest({**facts, "tasks": [{**row, "shares": False} for row in facts["tasks"]]}, "")
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a task that takes longer or shorter, or that waits for nothing; the day that is asked about moved."""
        rows = case.facts["tasks"]
        for index, row in enumerate(rows):
            patches = [{"days": row["days"] + step} for step in (-2, -1, 1, 2) if row["days"] + step > 0]
            yield from (Change({"tasks": [*rows[:index], {**row, **patch}, *rows[index + 1 :]]}) for patch in patches)
        if "by" in case.facts:
            yield from (Change({"by": case.facts["by"] + step}) for step in (-1, 1))
        if "more" in case.facts:
            yield from (
                Change({"more": case.facts["more"] + step}) for step in (-1, 1, 2) if case.facts["more"] + step > 0
            )


def numbered(rows: Sequence[Mapping[str, Any]]) -> Tasks:
    """Return the tasks by number."""
    names = [row["task"] for row in rows]
    return tuple(
        (row["days"], row["shares"], tuple(names.index(row[key]) for key in ("after", "also") if key in row))
        for row in rows
    )


def slowed(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tasks with the slower one."""
    return [{**row, "days": row["days"] + facts["more"] * (row["task"] == facts["slow"])} for row in facts["tasks"]]


def heads(tasks: Tasks) -> list[tuple[int, ...]]:
    """Return for each task the path that ends before it, the longest in days."""
    paths: dict[int, tuple[int, ...]] = {}

    def path(task: int) -> tuple[int, ...]:
        if task not in paths:
            options = [(*path(other), other) for other in tasks[task][2]]
            paths[task] = max(options, key=lambda option: length(tasks, option), default=())
        return paths[task]

    return [path(task) for task in range(len(tasks))]


def tails(tasks: Tasks) -> list[tuple[int, ...]]:
    """Return for each task the longest path that begins after it."""
    follows = [
        tuple(other for other, (_, _, before) in enumerate(tasks) if task in before) for task in range(len(tasks))
    ]
    backwards = heads(tuple((days, shares, follows[task]) for task, (days, shares, _) in enumerate(tasks)))
    return [path[::-1] for path in backwards]


def length(tasks: Tasks, path: Sequence[int]) -> int:
    """Return the days of tasks taken together."""
    return sum(tasks[task][0] for task in path)


def longest_path(tasks: Tasks) -> tuple[tuple[int, ...], int]:
    """Return the longest path and its days."""
    path = max(((*head, task) for task, head in enumerate(heads(tasks))), key=lambda path: length(tasks, path))
    return path, length(tasks, path)


@lru_cache(maxsize=256)
def bound_of(tasks: Tasks) -> tuple[int, tuple[int, ...]]:
    """Return the largest bound: of the longest path (no tasks), or of tasks that share, with what lies around them."""
    best: tuple[int, tuple[int, ...]] = (longest_path(tasks)[1], ())
    before, after = heads(tasks), tails(tasks)
    sharing = [task for task, (_, shares, _) in enumerate(tasks) if shares]
    for size in range(2, len(sharing) + 1):
        for group in combinations(sharing, size):
            head = min(length(tasks, before[task]) for task in group)
            tail = min(length(tasks, after[task]) for task in group)
            best = max(best, (head + length(tasks, group) + tail, group), key=lambda bound: bound[0])
    return best


@lru_cache(maxsize=256)
def best_project(tasks: Tasks) -> tuple[int, tuple[int, ...]]:
    """Return the least time, and the starts of a plan that attains it: every order in which tasks can be put in."""
    after, bound = tails(tasks), bound_of(tasks)[0]
    best: list[Any] = [length(tasks, range(len(tasks))) + 1, ()]

    def extend(starts: dict[int, int], free: int) -> None:
        ends = {task: start + tasks[task][0] for task, start in starts.items()}
        if len(starts) == len(tasks):
            best[:] = min((best[0], best[1]), (max(ends.values()), tuple(starts[task] for task in range(len(tasks)))))
            return
        ready = [
            task for task in range(len(tasks)) if task not in starts and all(other in ends for other in tasks[task][2])
        ]
        begins = {task: max((ends[other] for other in tasks[task][2]), default=0) for task in ready}
        own = [task for task in ready if not tasks[task][1]]
        for task in own[:1] or ready:  # what needs nothing that is shared begins as soon as it can
            start = begins[task] if not tasks[task][1] else max(begins[task], free)
            if best[0] > bound and start + tasks[task][0] + length(tasks, after[task]) < best[0]:
                extend({**starts, task: start}, start + tasks[task][0] if tasks[task][1] else free)

    extend({}, 0)
    return best[0], best[1]


def told_path(narrative: Narrative, rows: Sequence[Mapping[str, Any]]) -> int:
    """Tell the longest path; return its days."""
    tasks = numbered(rows)
    path, _ = longest_path(tasks)
    parts = tuple(tasks[task][0] for task in path)
    bound = summed(narrative.work, parts)
    narrative.step("path", path=tuple(rows[task]["task"] for task in path), parts=parts, bound=bound)
    return bound


def told_bound(narrative: Narrative, facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], path: int) -> int:
    """Tell the bound of those that share, where it is more than the path; return the larger."""
    tasks = numbered(rows)
    _, group = bound_of(tasks)
    if not group:
        if any(shares for _, shares, _ in tasks):
            narrative.step("bound.path", tool=facts["tool"], bound=path)
        return path
    first = min(group, key=lambda task: length(tasks, heads(tasks)[task]))
    last = min(group, key=lambda task: length(tasks, tails(tasks)[task]))
    days = tuple(tasks[task][0] for task in group)
    load = summed(narrative.work, days)
    narrative.step(
        "shared", tool=facts["tool"], shared=tuple(rows[task]["task"] for task in group), parts=days, load=load
    )
    head, tail = length(tasks, heads(tasks)[first]), length(tasks, tails(tasks)[last])
    if head:
        narrative.step(
            "shared.head",
            head=head,
            tool=facts["tool"],
            first=tuple(rows[task]["task"] for task in heads(tasks)[first]),
        )
    if tail:
        narrative.step(
            "shared.tail", tail=tail, tool=facts["tool"], first=tuple(rows[task]["task"] for task in tails(tasks)[last])
        )
    parts = tuple(part for part in (head, load, tail) if part)
    bound = summed(narrative.work, parts)
    if narrative.work.exceeds(bound, path):
        narrative.step("bound.shared" if len(parts) > 1 else "bound.alone", bound=bound, parts=parts)
        return bound
    return path


def told_least(narrative: Narrative, facts: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> int:
    """Tell the bound and a plan that attains it; return the least time."""
    bound = told_bound(narrative, facts, rows, told_path(narrative, rows))
    tasks = numbered(rows)
    _, starts = best_project(tasks)
    order = sorted(range(len(rows)), key=lambda task: (starts[task], task))
    narrative.step(
        "plan",
        plan=tuple((rows[task]["task"], starts[task] + 1, starts[task] + tasks[task][0]) for task in order),
        end=bound,
    )
    return bound


# The second implementation.
def shortest(facts: Mapping[str, Any], slow: str) -> int:
    """Return the least time by the answer set program, with one task slower if it is named."""
    atoms: dict[str, object] = {"tasks": facts["tasks"], "slow": slow, "more": facts.get("more", 0)}
    least = least_cost(PROGRAM, atoms)
    if least is None:
        raise UnprovedError("no plan")
    return least


SCHEME = Project()
