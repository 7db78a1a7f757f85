"""A project: tasks that wait for others, and one thing that only one of them can have at a time.

How soon it is finished, whether by a given day, whether a second crane would help, what a delay costs. The trap is the
critical path: it knows nothing of the crane. That the best plan can't be beaten follows from the tasks that share it:
what comes before the first, their days, what comes after the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Figures, Page, ProblemCase, column
from open_thoughts_gen.families.kit.kinds import HowMuch, YesNo
from open_thoughts_gen.families.kit.walking import WalkingScheme
from open_thoughts_gen.families.scheduling.scheme import SchedulingScheme
from open_thoughts_gen.families.scheduling.schemes import _sequencing as sequencing

SIZES = {1: (4, 2), 2: (5, 3), 3: (7, 3), 4: (8, 4)}  # tasks, and how many of them need the one thing
PLAIN = 0.1  # how often one is kept whose least time, or delay, a glance at the chains and at the one thing tells
Rows = Sequence[Mapping[str, Any]]


class Plan(sequencing.Bounds):
    """Tells of one project."""

    def named(self, path: sequencing.Path) -> Sequence[str]:
        """Return tasks in words."""
        words = SCHEME.words.lists["task"]
        return [f"the {words[self.facts['tasks'][task]['task']]['']}" for task in path]

    def finish(self, rows: Rows) -> int:
        """Tell the bound and a plan that attains it; return the least time."""
        self.tasks = tasks_of(rows)
        tool = {"tool": self.facts["tool"]} if any(task.tool for task in self.tasks) else {}
        _, group = sequencing.bound_of(self.tasks, in_parts=True)
        self.bound(group, **tool)
        if tool and not group:
            self.say("bound.path")
        return self.show()

    def slowed(self) -> Rows:
        """Tell how long the slower task takes; return the tasks with it."""
        rows, slow = self.facts["tasks"], self.facts["slow"]
        days = next(row["days"] for row in rows if row["task"] == slow)
        longer = int(self.find("length", "days + more", "slow", days=days))
        return [{**row, "days": longer} if row["task"] == slow else row for row in rows]

    def show(self) -> int:
        """Tell the best plan, each task with what it has to wait for; return the day on which the last is done."""
        starts, names = sequencing.best_plan(self.tasks)[1], column(self.facts, "tasks.task")
        ends = {task: self.tasks[task].hours for task, start in enumerate(starts) if not start}
        self.say("plan.first", plan=self.named(tuple(ends)))
        for start, task in sorted((start, task) for task, start in enumerate(starts) if start):
            waits, tool = self.tasks[task].waits, self.tasks[task].tool
            done = [other for other in ends if starts[other] + self.tasks[other].hours == start]
            before = next(other for other in done if other in waits or tool == self.tasks[other].tool != "")
            ends[task] = int(self.work("start + days", start=ends[before], days=self.tasks[task].hours))
            self.say("plan.next", next=names[task], before=names[before], start=ends[before], end=ends[task])
        return self.know("end", max(ends.values()), "plan.end")


class Project(WalkingScheme, SchedulingScheme):
    """Tasks, what they wait for, and one crane."""

    name: ClassVar[str] = "project"
    reckoning: ClassVar[type[Figures]] = Plan
    nudges: ClassVar[Mapping[str, Sequence[int]]] = {"tasks.days": (-2, -1, 1, 2), "by": (-1, 1), "more": (-1, 1, 2)}
    asks: ClassVar[Mapping[str, Ask]] = {
        "least": Ask(HowMuch("days"), "least"),
        "ready": Ask(YesNo(), "ready", needs=("by",), coin="ready"),
        "late": Ask(HowMuch("days"), "late", level=3, needs=("slow", "more")),
        "second": Ask(HowMuch("days"), "second", level=2),
    }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw tasks whose least time is that of a chain, or of those that share the one thing."""
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
        facts["tool"] = self.words.lists["world"][world]["tool"]
        tasks = tasks_of(facts["tasks"])
        least, plain = sequencing.best_plan(tasks)[0], sequencing.glance(tasks)
        by, slow, more = least + rng.choice((-2, -1, -1, 0, 0, 0)), rng.randrange(num_tasks), rng.randint(1, 4)
        longer = (replace(task, hours=task.hours + more * (number == slow)) for number, task in enumerate(tasks))
        is_delay_plain = sequencing.best_plan((*longer,))[0] - least == more * bool(tasks[slow].tool)
        is_plain = least == plain or (level > 2 and is_delay_plain)
        if not 8 <= least <= 26 or by < plain or not is_proved(tasks) or (is_plain and rng.random() > PLAIN):
            return None
        return facts | {"by": by, "slow": facts["tasks"][slow]["task"], "more": more}

    def data(self, case: ProblemCase, page: Page) -> str:
        """Print the tasks, each with its days, what it waits for, and whether it needs the one thing."""
        waits, uses = ("free", "after", "also"), ("own", "shares")
        return self.rows(case, page, case.facts["tasks"], lambda row: f"{waits[len(row) - 3]}.{uses[row['shares']]}")

    def walk(self, story: Plan, asks: str) -> object:
        """Tell the longest chain, what the shared thing adds, and a plan that attains the bound."""
        rows = story.facts["tasks"]
        if not is_proved(tasks_of(rows)):
            return None
        story.say(f"issue.{asks}")
        story.part(1)
        if asks == "second":
            story.say("second.free")
            return story.know("second", story.finish([{**row, "shares": False} for row in rows]))
        least = story.know("least", story.finish(rows))
        if asks == "ready":
            return not story.exceeds("least", "by")
        if asks == "late":
            story.part(2)
            later = story.slowed()
            if not is_proved(tasks_of(later)):
                return None
            story.know("longer", story.finish(later))
            story.part(3)
            return int(story.find("late", "longer - least", "late"))
        return least

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program: of the case, of the slower task, and of as many cranes as there are tasks."""
        tasks, apiece = facts["tasks"], [{**row, "shares": False} for row in facts["tasks"]]
        results = {"least": self.least(tasks=tasks), "second": self.least(tasks=apiece)}
        if "by" in facts:
            results["ready"] = facts["by"] >= results["least"]
        if "slow" in facts:
            results["late"] = self.least(tasks=tasks, slow=facts["slow"], more=facts["more"]) - results["least"]
        return results


def tasks_of(rows: Rows) -> sequencing.Tasks:
    """Return the tasks by number; those that need the one thing share a tool."""
    names = [row["task"] for row in rows]
    waits = [tuple(names.index(row[key]) for key in ("after", "also") if key in row) for row in rows]
    return tuple(
        sequencing.Task(row["days"], "tool" if row["shares"] else "", before)
        for row, before in zip(rows, waits, strict=True)
    )


def is_proved(tasks: sequencing.Tasks) -> bool:
    """Return whether a bound shows that the best plan can't be beaten."""
    return sequencing.bound_of(tasks, in_parts=True)[0] == sequencing.best_plan(tasks)[0]


SCHEME = Project()
