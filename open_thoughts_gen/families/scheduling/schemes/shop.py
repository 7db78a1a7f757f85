"""A workshop: jobs that pass from bench to bench in a fixed order, each bench taking one at a time.

How soon all of it can be ready, and whether by a given hour. The traps: to add up the longest job and think that it
settles the matter; to keep every bench busy, where the best plan lets one stand idle. An hour less than the best is
ruled out by the load of one bench, or by trying which of two jobs goes first; draws for which that takes more than a
page are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Figures, Page, ProblemCase, nudged
from open_thoughts_gen.families.kit.clock import HOUR, TimeOfDay
from open_thoughts_gen.families.kit.kinds import HowMuch, YesNo
from open_thoughts_gen.families.kit.reckoning import summed
from open_thoughts_gen.families.kit.traces import joined
from open_thoughts_gen.families.kit.walking import WalkingScheme
from open_thoughts_gen.families.scheduling.scheme import SchedulingScheme
from open_thoughts_gen.families.scheduling.schemes import _sequencing as sequencing

SIZES = {1: (2, 2), 2: (3, 3), 3: (3, 3), 4: (4, 3)}  # jobs and benches
MIN_ORDERS = {1: 0, 2: 0, 3: 1, 4: 2}  # that an argument has to settle


class Workshop(sequencing.Bounds):
    """Tells of one workshop."""

    def job(self, task: int) -> str:
        """Return whose step a task is."""
        return str([job["job"] for job in self.facts["jobs"] for n in "123" if f"m{n}" in job][task])

    def named(self, path: sequencing.Path) -> Sequence[str]:
        """Return a chain of steps in words, those of a job taken together."""
        jobs, benches = SCHEME.words.lists["job"], SCHEME.words.lists["bench"]
        return [
            f"the {jobs[job]['']} on the {joined([benches[self.tasks[task].tool][''] for task in steps])}"
            for job, steps in groupby(path, self.job)
        ]

    def rule_out(self, limit: int) -> bool:
        """Tell why all cannot be ready within `limit` hours; return False where an error lets it seem possible."""
        self.know("limit", limit)
        if reason := sequencing.argument(self.tasks, limit):
            self.say("assume")
            return all(self.follow(order) for order in reason)
        _, group = sequencing.bound_of(self.tasks)
        self.bound(group, **({"bench": self.tasks[group[0]].tool} if group else {}))
        is_out = self.exceeds("bound", "limit")
        if is_out:
            self.say(f"bound{'.job' * (not group)}")
        return is_out

    def follow(self, order: sequencing.Order) -> bool:
        """Tell what the other order of two jobs would cost, or either order; return False where an error stops it."""
        bench, both = self.tasks[order.first].tool, (order.first, order.second)
        for chain in order.chains:
            parts, (job, other) = self.hours(chain), (self.job(task) for task in chain if task in both)
            self.know("end", summed(self.work, parts))
            bank = ("late" if len(order.chains) > 1 else "order") if self.exceeds("end", "limit") else "fits"
            self.say(bank, path=self.chain(chain), parts=parts, job=job, other=other, bench=bench)
            if bank == "fits":
                return False
        if len(order.chains) > 1:
            job, other = map(self.job, both)
            self.say("clash", job=job, other=other, bench=bench)
        return True

    def show(self) -> int:
        """Tell the best plan bench by bench; return when the last job is ready."""
        starts, ends, jobs = sequencing.best_plan(self.tasks)[1], list[int](), SCHEME.words.lists["job"]
        for bench in dict.fromkeys(task.tool for task in self.tasks):
            lines, tasks = list[str](), [task for task, each in enumerate(self.tasks) if each.tool == bench]
            for start, task in sorted((starts[task], task) for task in tasks):
                ends.append(summed(self.work, tuple(filter(None, (start, self.tasks[task].hours)))))
                lines.append(f"the {jobs[self.job(task)]['']} from {start} to {ends[-1]}")
            self.say("plan", bench=bench, plan=", then ".join(lines))
        return self.know("end", max(ends), "plan.end")


class Shop(WalkingScheme, SchedulingScheme):
    """A job shop: when is everything ready, and what has to go first."""

    name: ClassVar[str] = "shop"
    reckoning: ClassVar[type[Figures]] = Workshop
    asks: ClassVar[Mapping[str, Ask]] = {
        "least": Ask(HowMuch("hours"), "least"),
        "clock": Ask(TimeOfDay(), "clock"),
        "ready": Ask(YesNo(), "ready", until=2, needs=("by",), coin="ready"),
    }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw jobs whose best plan is proved by a bound up to level 2, and by the order of two jobs from there on."""
        world = rng.choice(list(self.words.lists["world"]))
        num_jobs, num_benches = SIZES[level]
        pools = self.words.lists["world"][world]
        benches = rng.sample(pools["benches"].split(), num_benches)
        jobs: list[dict[str, Any]] = []
        for job in rng.sample(pools["jobs"].split(), num_jobs):
            route = benches if level == 1 else rng.sample(benches, num_benches)
            steps = [{f"m{n}": bench, f"d{n}": rng.randint(1, 6)} for n, bench in enumerate(route, 1)]
            jobs.append({"job": job, **{key: value for step in steps for key, value in step.items()}})
        bound = sequencing.bound_of(tasks := tasks_of(jobs))[0]
        if level > 2 and sequencing.argument(tasks, bound) is None:
            return None  # a quick look before the search
        least = sequencing.best_plan(tasks)[0]
        if not 5 <= least <= 17 or (bound == least) is not (level < 3):
            return None
        allowed, plain = least + rng.choice((-2, -1, -1, 0, 0, 0)), sequencing.glance(tasks) + (level == 1)
        if allowed < plain or len(sequencing.argument(tasks, least - 1) or ()) < MIN_ORDERS[level]:
            return None
        start = rng.randint(4, 22 - max(least, allowed + 1)) * HOUR
        return {"world": world, "jobs": jobs, "start": start, "by": start + HOUR * allowed}

    def tools(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the jobs as tasks."""
        return {"tasks": tasks_of(facts["jobs"])}

    def data(self, case: ProblemCase, page: Page) -> str:
        """Print the jobs, each with its steps."""
        jobs = case.facts["jobs"]
        return self.listed(page, "three" if "m3" in jobs[0] else "two", jobs)

    def walk(self, story: Workshop, asks: str) -> object:
        """Tell what bounds the work, why an hour less cannot be, and the plan that attains it."""
        least = sequencing.best_plan(story.tasks)[0]
        story.say(f"issue.{asks}")
        story.part(1)
        limit = int(story.find("hours", "(by - start) / 60", "allowed")) if asks == "ready" else least - 1
        if limit >= least:
            return not story.work.exceeds(story.show(), limit)
        if sequencing.argument(story.tasks, limit) is None:
            return None
        is_out = story.rule_out(limit)
        if asks == "ready":
            return not is_out
        story.part(2)
        end = story.know("least", story.show() if is_out else limit)
        return end if asks == "least" else story.know("clock", int(story.find("clock", "start + 60 * least")))

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program for the least time, of the case and of what is asked about."""
        least = self.least(jobs=facts["jobs"])
        clock = facts["start"] + HOUR * least
        return {"least": least, "clock": clock} | ({"ready": clock <= facts["by"]} if "by" in facts else {})

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield each duration an hour longer or shorter, and the hour that is asked about moved by one."""
        hours = (-HOUR, HOUR) if case.facts.get("by", 0) + HOUR < 24 * HOUR else (-HOUR,)
        yield from nudged(case.facts, {**{f"jobs.d{n}": (-1, 1) for n in "123"}, "by": hours})


def tasks_of(jobs: Sequence[Mapping[str, Any]]) -> sequencing.Tasks:
    """Return the steps of all jobs as tasks, each of which waits for the step before it."""
    steps = [(job[f"d{n}"], job[f"m{n}"], n) for job in jobs for n in "123" if f"m{n}" in job]
    return tuple(
        sequencing.Task(hours, bench, (number - 1,) if n > "1" else ())
        for number, (hours, bench, n) in enumerate(steps)
    )


SCHEME = Shop()
