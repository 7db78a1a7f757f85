"""A workshop: jobs that pass from bench to bench in a fixed order, each bench taking one at a time.

How soon all of it can be ready, whether by a given hour, who has to go first, what an hour more would cost. The traps:
to add up the longest job and think that it settles the matter; to keep every bench busy, where the best plan lets one
stand idle. An hour less than the best is ruled out by the load of one bench, or by trying which of two jobs goes first;
draws for which that takes more than a page are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, WholeForm
from open_thoughts_gen.families.kit.kinds import HowMuch, Kind, OneOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import UnprovedError, least_cost
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.scheduling.forms import HOUR, ClockForm, SeriesForm, TraceForm, joined
from open_thoughts_gen.families.scheduling.kinds import TimeOfDay
from open_thoughts_gen.families.scheduling.scheme import SchedulingScheme, summed

PROGRAM = Path(__file__).with_suffix(".lp")
SIZES = {1: (3, 2), 2: (3, 3), 3: (3, 3), 4: (4, 3)}  # jobs and benches
MAX_STEPS = 9  # of an argument by the order of two jobs
ORDINARY = 4  # a job that takes this much longer than the best plan allows is not worth a word
Op = tuple[int, int]  # a job and the number of its step
Instance = tuple[tuple[tuple[str, int], ...], ...]  # of each job its steps, of each its bench and its hours
Arc = tuple[Op, Op]  # the first goes before the second on their bench


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing that follows if all is to be ready by some hour.

    `reach`: a step cannot begin before `value`; `due`: it must begin by then; `order`: the step goes before `other` on
    their bench; `clash`: it can begin no time at all. `parts` are the hours that `value` is the sum or the rest of.
    """

    kind: str
    op: Op
    value: int = 0
    other: Op | None = None
    parts: tuple[int, ...] = ()
    parents: tuple[int, ...] = ()


class PlanForm(TraceForm):
    """What a bench does in turn: `the keel from 0 to 3, then the mast from 3 to 7`."""

    styles: ClassVar[Sequence[str]] = ("", "short")

    def __init__(self, names: Mapping[str, Mapping[str, str]]) -> None:
        """Take the names of the jobs."""
        self._names = names

    def write(self, value: Sequence[tuple[str, int, int]], style: str, seen: object) -> str:
        """Return the jobs, each with its hours."""
        names = [(self._names[job][""], start, end) for job, start, end in value]
        if style == "short":
            return joined([f"{name} {start}–{end}" for name, start, end in names])
        return ", then ".join(f"the {name} from {start} to {end}" for name, start, end in names)


class Shop(SchedulingScheme):
    """A job shop: when is everything ready, and what has to go first."""

    name: ClassVar[str] = "shop"
    word_file = Path(__file__).with_suffix(".yaml")
    asks: ClassVar[Mapping[str, Ask]] = {
        "least": Ask(HowMuch("hours"), "least"),
        "clock": Ask(TimeOfDay(), "clock"),
        "ready": Ask(YesNo(), "ready", needs=("by",), coin="ready"),
        "slip": Ask(YesNo(), "slip", level=2, needs=("late_job", "late_bench"), coin="slip"),
        "first": Ask(OneOf(()), "first", level=3, needs=("bench", "one", "two")),
    }

    def __init__(self) -> None:
        """Say how each fact is written and read."""
        lists = self.words.lists
        bench, job, hours = EntryForm(lists["bench"]), EntryForm(lists["job"]), WholeForm()
        numbers = "d1 d2 d3 length load bound limit reach due end need hours gap tail least value late_end".split()
        self.forms: Mapping[str, Form[Any]] = {
            **self.frame_forms(),
            **dict.fromkeys(numbers, hours),
            **dict.fromkeys(("m1", "m2", "m3", "bench", "late_bench"), bench),
            **dict.fromkeys(("job", "other", "one", "two", "late_job", "third"), job),
            **dict.fromkeys(("start", "by", "clock"), ClockForm()),
            **dict.fromkeys(("parts", "loads"), SeriesForm()),
            "plan": PlanForm(lists["job"]),
        }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw jobs whose best plan is proved by a bound up to level 2, and by the order of two jobs from there on."""
        world = rng.choice(list(self.words.lists["world"]))
        num_jobs, num_benches = SIZES[level]
        benches = rng.sample(self._of(world, "benches"), num_benches)
        jobs: list[dict[str, Any]] = []
        for job in rng.sample(self._of(world, "jobs"), num_jobs):
            route = benches if level == 1 else rng.sample(benches, num_benches)
            hours = [rng.randint(1, 6) for _ in route]
            benches_by_step = {f"m{number}": bench for number, bench in enumerate(route, 1)}
            jobs.append({"job": job, **benches_by_step, **{f"d{n}": spent for n, spent in enumerate(hours, 1)}})
        facts: dict[str, Any] = {"world": world, "jobs": jobs}
        instance = instance_of(jobs)
        bound, _ = best_bound(instance)
        if level > 2 and followed(instance, bound)[1] is None:  # a quick look before the search
            return None
        least, _ = best_plan(instance)
        if not 6 <= least <= 17 or (bound == least) is not (level < 3):
            return None
        if level == 2 and least == max(sum(hours for _, hours in job) for job in instance) and rng.random() < 0.7:
            return None
        facts["start"] = rng.randint(4, 22 - least) * HOUR
        facts["by"] = facts["start"] + HOUR * (least + rng.choice((-1, -1, 0, 0, 1)))
        late = rng.choice(jobs)
        facts |= {"late_job": late["job"], "late_bench": late[f"m{rng.randint(1, num_benches)}"]}
        pairs = forced_pairs(instance, least) if level > 2 else []
        if pairs:
            bench, *both = rng.choice(pairs)
            one, two = (jobs[job]["job"] for job in rng.sample(both, 2))
            facts |= {"bench": bench, "one": one, "two": two}
        return facts

    def _of(self, world: str, style: str) -> list[str]:
        return self.words.lists["world"][world][style].split()

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind with the names of this case."""
        if case.asks == "first":
            return OneOf(tuple(self._name(case.facts[key]) for key in ("one", "two")))
        return super().kind_of(case)

    def _name(self, job: str) -> str:
        return self.words.lists["job"][job][""]

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Find the best plan, and an argument that an hour less cannot be."""
        instance = instance_of(facts["jobs"])
        least, _ = best_plan(instance)
        is_proved = argument(instance, least - 1) is not None
        results: dict[str, Any] = {"least": least, "clock": facts["start"] + HOUR * least} if is_proved else {}
        if "by" in facts:
            allowed = (facts["by"] - facts["start"]) // HOUR
            results["ready"] = True if allowed >= least else False if argument(instance, allowed) is not None else None
        if "late_job" in facts:
            later = instance_of(delayed(facts))
            is_slower = best_plan(later)[0] > least
            results["slip"] = is_slower if not is_slower or argument(later, least) is not None else None
        if "bench" in facts:
            results["first"] = next((self._name(job) for job in self._first(facts, instance, least)), None)
        return results

    def _first(self, facts: Mapping[str, Any], instance: Instance, least: int) -> Iterator[str]:
        """Yield which of the two that are asked about has to go first."""
        names = [job["job"] for job in facts["jobs"]]
        for bench, first, second in forced_pairs(instance, least):
            if bench == facts["bench"] and {names[first], names[second]} == {facts["one"], facts["two"]}:
                yield names[first]

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, the jobs and the question."""
        facts, pen = case.facts, case.pen("data")
        style = pen.pick("style", "table", "table", "line", "prose")
        size = len(best_route(facts["jobs"][0]))
        rows = [page.say(f"prompt/{style}.{size}", **job) for job in facts["jobs"]]
        if style == "table":
            rows.insert(0, page.say(f"prompt/table.head.{size}"))
        rules = [page.say("prompt/start", start=facts["start"])]
        rules += [page.say(f"prompt/rule.{key}") for key in pen.order("rules", ("one", "whole", "order", "carry"))]
        needed = {key: facts[key] for key in self.asks[case.asks].needs}
        return self.framed(
            case,
            page,
            scene=page.say(f"prompt/scene.{facts['world']}"),
            rules=rules,
            data=("\n" if style != "prose" else " ").join(rows),
            asked=page.say(f"prompt/ask.{case.asks}", **needed),
        )

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell what bounds the work, why an hour less cannot be, and the plan that attains it."""
        facts, asks = case.facts, case.asks
        needed = {key: facts[key] for key in self.asks[asks].needs}
        narrative.step(f"issue.{asks}", **needed)
        instance = instance_of(facts["jobs"])
        least, plan = best_plan(instance)
        teller = Teller(facts["jobs"], instance, narrative)
        teller.survey()
        narrative.point = 1
        if asks == "first":
            teller.tell_first(facts, least)
        elif asks == "slip":
            teller.tell_slip(facts, least)
        elif asks == "ready":
            allowed = int(narrative.work("(by - start) / 60", by=facts["by"], start=facts["start"]))
            narrative.step("allowed", hours=allowed, by=facts["by"], start=facts["start"])
            if allowed < least:
                is_out = teller.rule_out(least - 1)
                narrative.answer("answer.ready.no" if is_out else "answer.ready.yes", not is_out, by=facts["by"])
            else:
                end = teller.show(plan)
                is_late = narrative.work.exceeds(end, allowed)
                narrative.answer("answer.ready.no" if is_late else "answer.ready.yes", not is_late, by=facts["by"])
        else:
            is_out = teller.rule_out(least - 1)
            narrative.point += 1
            end = teller.show(plan) if is_out else least - 1
            teller.tempt(end)
            if asks == "least":
                narrative.answer("answer.least", end, least=end)
            else:
                clock = int(narrative.work("start + 60 * end", start=facts["start"], end=end))
                narrative.answer("answer.clock", clock, clock=clock, start=facts["start"], least=end)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program for the least time, of the case and of what is asked about."""
        least = shortest(facts["jobs"])
        results: dict[str, Any] = {"least": least, "clock": facts["start"] + HOUR * least}
        if "by" in facts:
            results["ready"] = facts["start"] + HOUR * least <= facts["by"]
        if "late_job" in facts:
            changed = [
                {**job, **{f"d{n}": job[f"d{n}"] + 1 for n in "123" if job.get(f"m{n}") == facts["late_bench"]}}
                if job["job"] == facts["late_job"]
                else job
                for job in facts["jobs"]
            ]
            results["slip"] = shortest(changed) > least
        if "bench" in facts:
            pair = facts["one"], facts["two"]
            able = [
                first
                for first, second in (pair, pair[::-1])
                if shortest(facts["jobs"], facts["bench"], first, second) == least
            ]
            if len(able) == 1:
                results["first"] = self._name(able[0])
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield each duration an hour longer or shorter, and the hour that is asked about moved by one."""
        facts = case.facts
        for index, job in enumerate(facts["jobs"]):
            for key in [key for key in job if key[0] == "d"]:
                for step in (-1, 1):
                    if job[key] + step > 0:
                        jobs = [*facts["jobs"][:index], {**job, key: job[key] + step}, *facts["jobs"][index + 1 :]]
                        yield Change({"jobs": jobs})
        if "by" in facts:
            yield from (
                Change({"by": facts["by"] + step * HOUR}) for step in (-1, 1) if facts["by"] + step * HOUR < 24 * HOUR
            )


def best_route(job: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the steps of a job: bench and hours."""
    return [(job[f"m{n}"], job[f"d{n}"]) for n in "123" if f"m{n}" in job]


def instance_of(jobs: Sequence[Mapping[str, Any]]) -> Instance:
    """Return the jobs by number."""
    return tuple(tuple(best_route(job)) for job in jobs)


def delayed(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs with one hour more on the step that is asked about."""
    jobs = []
    for job in facts["jobs"]:
        numbers = [n for n in "123" if job["job"] == facts["late_job"] and job.get(f"m{n}") == facts["late_bench"]]
        jobs.append({**job, **{f"d{n}": job[f"d{n}"] + 1 for n in numbers}})
    return jobs


@lru_cache(maxsize=256)
def best_plan(instance: Instance) -> tuple[int, tuple[tuple[int, ...], ...]]:
    """Return the least time and the starts of a plan that attains it (B. Giffler and G. Thompson, 1960)."""
    tails = [[sum(hours for _, hours in job[step:]) for step in range(len(job) + 1)] for job in instance]
    best: list[Any] = [sum(job[0] for job in tails) + 1, ()]
    bound, _ = best_bound(instance)

    def extend(starts: tuple[tuple[int, ...], ...], ready: tuple[int, ...], free: Mapping[str, int]) -> None:
        waiting = [job for job, done in enumerate(starts) if len(done) < len(instance[job])]
        if not waiting:
            best[:] = min((max(ready), starts), (best[0], best[1]))
            return
        steps = {job: len(starts[job]) for job in waiting}
        begins = {job: max(ready[job], free.get(instance[job][steps[job]][0], 0)) for job in waiting}
        if best[0] == bound or max(begins[job] + tails[job][steps[job]] for job in waiting) >= best[0]:
            return
        soonest = min(waiting, key=lambda job: begins[job] + instance[job][steps[job]][1])
        bench, hours = instance[soonest][steps[soonest]]
        rivals = [job for job in waiting if instance[job][steps[job]][0] == bench]
        load = sum(instance[job][steps[job]][1] for job in rivals)
        if min(begins[job] for job in rivals) + load + min(tails[job][steps[job] + 1] for job in rivals) >= best[0]:
            return
        for job in sorted(rivals, key=lambda job: -tails[job][steps[job]]):
            if begins[job] < begins[soonest] + hours:
                end = begins[job] + instance[job][steps[job]][1]
                started = (*starts[:job], (*starts[job], begins[job]), *starts[job + 1 :])
                extend(started, (*ready[:job], end, *ready[job + 1 :]), {**free, bench: end})

    extend(((),) * len(instance), (0,) * len(instance), {})
    return best[0], best[1]


def best_bound(instance: Instance) -> tuple[int, str]:
    """Return the largest of the plain bounds: of a job (`""`), or of a bench with what comes before and after it."""
    bounds = [(max(sum(hours for _, hours in job) for job in instance), "")]
    for bench in {bench: None for job in instance for bench, _ in job}:
        head, load, tail = around(instance, bench)
        bounds.append((head + load + tail, bench))
    return max(bounds, key=lambda bound: bound[0])


def around(instance: Instance, bench: str) -> tuple[int, int, int]:
    """Return the least time before a bench, its load, and the least time after it."""
    heads, loads, tails = [], [], []
    for job in instance:
        index = [name for name, _ in job].index(bench)
        heads.append(sum(hours for _, hours in job[:index]))
        loads.append(job[index][1])
        tails.append(sum(hours for _, hours in job[index + 1 :]))
    return min(heads), sum(loads), min(tails)


@lru_cache(maxsize=256)
def argument(instance: Instance, limit: int) -> tuple[Mark, ...] | None:
    """Return why all cannot be ready by `limit`: nothing but a bound (empty), or marks; None where none is short."""
    if best_bound(instance)[0] > limit:
        return ()
    marks, clash = followed(instance, limit)
    chosen = needed_marks(marks, clash) if clash is not None else None
    return tuple(chosen) if chosen is not None and len(chosen) <= MAX_STEPS else None


def forced_pairs(instance: Instance, least: int) -> list[tuple[str, int, int]]:
    """Return which job must pass a bench before which other, where showing it takes at least two marks."""
    marks, _ = followed(instance, least)
    pairs = []
    for index, mark in enumerate(marks):
        if mark.kind == "order" and 2 < len(needed_marks(marks, index)) <= MAX_STEPS and mark.other:
            pairs.append((instance[mark.op[0]][mark.op[1]][0], mark.op[0], mark.other[0]))
    return pairs


def needed_marks(marks: Sequence[Mark], last: int) -> list[Mark]:
    """Return the marks that one rests on, and itself, in order."""
    needed, waiting = set[int](), [last]
    while waiting:
        index = waiting.pop()
        if index not in needed:
            needed.add(index)
            waiting += marks[index].parents
    return [marks[index] for index in sorted(needed) if marks[index].kind in ("order", "clash") or marks[index].parts]


def followed(instance: Instance, limit: int) -> tuple[list[Mark], int | None]:
    """Return what follows from the wish to be ready by `limit`, and the number of the mark that clashes."""
    return Following(instance, limit).run()


class Following:
    """What follows, mark by mark: earliest and latest starts, and the orders that they force."""

    def __init__(self, instance: Instance, limit: int) -> None:
        """Begin with what each job by itself allows."""
        self.instance, self.marks = instance, list[Mark]()
        self.reach, self.due = dict[Op, int](), dict[Op, int]()  # of each step the number of its mark
        for number, job in enumerate(instance):
            hours = [spent for _, spent in job]
            for step in range(len(job)):
                op, before, after = (number, step), tuple(hours[:step]), tuple(hours[step:])
                self.reach[op] = self._add(Mark("reach", op, sum(before), parts=before))
                self.due[op] = self._add(Mark("due", op, limit - sum(after), parts=(limit, *after)))
        self.pairs = [
            (one, two)
            for one in self.reach
            for two in self.reach
            if one[0] != two[0] and self._bench(one) == self._bench(two)
        ]

    def run(self) -> tuple[list[Mark], int | None]:
        """Follow up until nothing new comes, or there is a clash."""
        ordered = set[Arc]()
        is_new = True
        while is_new:
            is_new = False
            for one, two in self.pairs:
                if (two, one) in ordered or not self._is_too_late(one, two):
                    continue
                parents: tuple[int, ...] = (self.reach[one], self.due[two])
                if self._is_too_late(two, one):
                    parents += (self.reach[two], self.due[one])
                    return self.marks, self._add(Mark("clash", one, other=two, parents=parents))
                ordered.add((two, one))
                is_new = True
                self._order(two, one, self._add(Mark("order", two, other=one, parents=parents)))
                for op in self.reach:
                    if self._value(self.reach[op]) > self._value(self.due[op]):
                        return self.marks, self._add(Mark("clash", op, parents=(self.reach[op], self.due[op])))
        return self.marks, None

    def _order(self, first: Op, second: Op, order: int) -> None:
        """Draw the consequences of one step going before another, for both jobs."""
        begin = self._value(self.reach[first]) + self._hours(first)
        parents: tuple[int, ...] = (order, self.reach[first])
        parts = (self._value(self.reach[first]), self._hours(first))
        for op in self._steps(second, 1):
            if begin <= self._value(self.reach[op]):
                break
            self.reach[op] = self._add(Mark("reach", op, begin, first if op == second else None, parts, parents))
            parts, parents = (begin, self._hours(op)), (self.reach[op],)
            begin += self._hours(op)
        begin = self._value(self.due[second]) - self._hours(first)
        parents, parts = (order, self.due[second]), (self._value(self.due[second]), self._hours(first))
        for op in self._steps(first, -1):
            if begin >= self._value(self.due[op]):
                break
            self.due[op] = self._add(Mark("due", op, begin, second if op == first else None, parts, parents))
            before = (op[0], op[1] - 1)
            if before[1] >= 0:
                parts, parents = (begin, self._hours(before)), (self.due[op],)
                begin -= self._hours(before)

    def _steps(self, op: Op, direction: int) -> list[Op]:
        last = len(self.instance[op[0]]) if direction > 0 else -1
        return [(op[0], step) for step in range(op[1], last, direction)]

    def _is_too_late(self, one: Op, two: Op) -> bool:
        """Return whether the second could not begin in time if the first went before it."""
        return self._value(self.reach[one]) + self._hours(one) > self._value(self.due[two])

    def _add(self, mark: Mark) -> int:
        self.marks.append(mark)
        return len(self.marks) - 1

    def _value(self, mark: int) -> int:
        return self.marks[mark].value

    def _bench(self, op: Op) -> str:
        return self.instance[op[0]][op[1]][0]

    def _hours(self, op: Op) -> int:
        return self.instance[op[0]][op[1]][1]


@dataclass(slots=True)
class Teller:
    """Tells of one workshop: `jobs` as the case has them, `instance` the same by number."""

    jobs: Sequence[Mapping[str, Any]]
    instance: Instance
    narrative: Narrative

    def survey(self) -> None:
        """Tell the longest job and the busiest bench."""
        work = self.narrative.work
        job = max(range(len(self.instance)), key=lambda job: sum(hours for _, hours in self.instance[job]))
        hours = tuple(spent for _, spent in self.instance[job])
        length = summed(self.narrative.work, hours)
        self.narrative.step("survey.job", job=self._job(job), parts=hours, length=length)
        benches = list(dict.fromkeys(bench for job_ in self.instance for bench, _ in job_))
        bench = max(benches, key=lambda bench: around(self.instance, bench)[1])
        loads = tuple(spent for job_ in self.instance for name, spent in job_ if name == bench)
        load = summed(self.narrative.work, loads)
        bank = "survey.bench.more" if work.exceeds(load, length) else "survey.bench"
        self.narrative.step(bank, bench=bench, loads=loads, load=load)

    def rule_out(self, limit: int) -> bool:
        """Tell why all cannot be ready within `limit` hours; return False where an error lets it seem possible."""
        marks = argument(self.instance, limit)
        if not marks:
            return self._bound(limit)
        self.narrative.step("assume", limit=limit)
        return self.follow(marks, limit)

    def _bound(self, limit: int) -> bool:
        """Tell the plain bound: one job, or one bench with what comes before and after."""
        work, narrative = self.narrative.work, self.narrative
        bound, bench = best_bound(self.instance)
        if not bench:
            narrative.step("bound.job", bound=bound)
        else:
            head, load, tail = around(self.instance, bench)
            parts = tuple(part for part in (head, load, tail) if part)
            bound = summed(self.narrative.work, parts)
            ends = "both" if head and tail else "head" if head else "tail" if tail else "none"
            narrative.step(f"bound.{ends}", bench=bench, reach=head, load=load, tail=tail, bound=bound, parts=parts)
        is_out = work.exceeds(bound, limit)
        if is_out:
            narrative.step("bound.so", limit=limit)
        return is_out

    def follow(self, marks: Sequence[Mark], limit: int) -> bool:
        """Tell marks one by one; return False where an error stops them."""
        narrative, values = self.narrative, dict[tuple[str, Op], int]()
        for mark in marks:
            job, bench = self._job(mark.op[0]), self._bench(mark.op)
            names: dict[str, Any] = {"job": job, "bench": bench} | (
                {"other": self._job(mark.other[0])} if mark.other else {}
            )
            if mark.kind in ("reach", "due"):
                self._tell_time(mark, names, values, limit)
            elif mark.other is None:
                reach, due = values["reach", mark.op], values["due", mark.op]
                if not narrative.work.exceeds(reach, due):
                    return False
                narrative.step("clash.late", **names, reach=reach, due=due)
                return True
            else:
                pairs = [(mark.other, mark.op), (mark.op, mark.other)][: 1 + (mark.kind == "clash")]
                if not all(self._is_too_late(values, one, two) for one, two in pairs):
                    return False
                narrative.step("order" if mark.kind == "order" else "clash.pair", **names)
        return True

    def _tell_time(self, mark: Mark, names: dict[str, Any], values: dict[tuple[str, Op], int], limit: int) -> None:
        """Tell from when on, or by when, a step can begin; `values` are those that have been told."""
        parts, direction = mark.parts, -1 if mark.kind == "reach" else 1
        if mark.parents:
            source = mark.other or (mark.op[0], mark.op[1] + direction)
            parts = (values.get((mark.kind, source), parts[0]), *parts[1:])
        value = summed(self.narrative.work, parts) if mark.kind == "reach" else summed(self.narrative.work, parts, "-")
        values[mark.kind, mark.op] = value
        bank = f"{mark.kind}.{'wait' if mark.other else 'chain' if mark.parents else 'plain'}"
        shown: dict[str, Any] = {"parts": parts[mark.kind == "due" :], "hours": sum(parts[1:]), "limit": limit}
        self.narrative.step(bank, value=value, **shown, **names)

    def _is_too_late(self, values: Mapping[tuple[str, Op], int], one: Op, two: Op) -> bool:
        """Tell that one job before another on a bench would make the other late."""
        reach, due = values.get(("reach", one), 0), values["due", two]
        hours = self.instance[one[0]][one[1]][1]
        end = int(self.narrative.work("reach + hours", reach=reach, hours=hours)) if reach else hours
        is_late = self.narrative.work.exceeds(end, due)
        names: dict[str, Any] = {"job": self._job(one[0]), "other": self._job(two[0]), "bench": self._bench(one)}
        self.narrative.step("late" if is_late else "fits", end=end, due=due, **names)
        return is_late

    def tell_first(self, facts: Mapping[str, Any], least: int) -> None:
        """Tell which of two jobs goes first in every best plan."""
        narrative = self.narrative
        marks, _ = followed(self.instance, least)
        names = [job["job"] for job in self.jobs]
        last = next(
            index
            for index, mark in enumerate(marks)
            if mark.kind == "order"
            and mark.other
            and self._bench(mark.op) == facts["bench"]
            and {names[mark.op[0]], names[mark.other[0]]} == {facts["one"], facts["two"]}
        )
        _, plan = best_plan(self.instance)
        narrative.step("first.best", least=least)
        self.show(plan)
        narrative.point += 1
        narrative.step("assume", limit=least)
        chosen = needed_marks(marks, last)
        is_forced = self.follow(chosen, least)
        first, second = self._job(marks[last].op[0]), self._job(marks[last].other[0])  # type: ignore[index]
        if not is_forced:
            first, second = second, first
        name = SCHEME.words.lists["job"][first][""]
        narrative.answer(
            "answer.first", name, one=facts["one"], two=facts["two"], job=first, other=second, bench=facts["bench"]
        )

    def tell_slip(self, facts: Mapping[str, Any], least: int) -> None:
        """Tell whether one hour more makes the whole later."""
        narrative = self.narrative
        _, plan = best_plan(self.instance)
        narrative.step("slip.before", least=least)
        end = self.show(plan)
        narrative.point += 1
        later = Teller(delayed(facts), instance_of(delayed(facts)), narrative)
        longer, new_plan = best_plan(later.instance)
        asked = {key: facts[key] for key in ("late_job", "late_bench")}
        narrative.step("slip.then", **asked)
        if longer > least:
            is_out = later.rule_out(least)
            narrative.answer("answer.slip.yes" if is_out else "answer.slip.no", is_out, **asked)
        else:
            late_end = later.show(new_plan)
            is_later = narrative.work.exceeds(late_end, end)
            narrative.answer("answer.slip.yes" if is_later else "answer.slip.no", is_later, **asked)

    def show(self, plan: Sequence[Sequence[int]]) -> int:
        """Tell a plan bench by bench; return when the last job is ready."""
        narrative, work, ends = self.narrative, self.narrative.work, list[int]()
        for bench in dict.fromkeys(bench for job in self.instance for bench, _ in job):
            steps = []
            for job, starts in enumerate(plan):
                step = [name for name, _ in self.instance[job]].index(bench)
                steps.append((starts[step], job, step))
            lines = []
            for start, job, step in sorted(steps):
                hours = self.instance[job][step][1]
                end = int(work("start + hours", start=start, hours=hours)) if start else hours
                lines.append((self._job(job), start, end))
                if step == len(self.instance[job]) - 1:
                    ends.append(end)
            narrative.step("plan", bench=bench, plan=tuple(lines))
        end = max(ends)
        narrative.step("plan.end", end=end)
        return end

    def tempt(self, least: int) -> None:
        """Tell what becomes of the plan that puts the longest job first where it has to wait."""
        for bench in dict.fromkeys(bench for job in self.instance for bench, _ in job):
            steps = [(job, [name for name, _ in route].index(bench)) for job, route in enumerate(self.instance)]
            one = max(steps, key=lambda op: self.instance[op[0]][op[1]][1])
            for two in steps:
                head = tuple(hours for _, hours in self.instance[one[0]][: one[1] + 1])
                tail = tuple(hours for _, hours in self.instance[two[0]][two[1] :])
                if one != two and least < sum(head) + sum(tail) <= least + ORDINARY:
                    parts = (*head, *tail)
                    end = summed(self.narrative.work, parts)
                    gap = int(self.narrative.work("end - least", end=end, least=least))
                    names: dict[str, Any] = {"job": self._job(one[0]), "other": self._job(two[0]), "bench": bench}
                    self.narrative.step("tempting", parts=parts, late_end=end, gap=gap, **names)
                    return

    def _job(self, job: int) -> str:
        return str(self.jobs[job]["job"])

    def _bench(self, op: Op) -> str:
        return self.instance[op[0]][op[1]][0]


# The second implementation.
def shortest(jobs: Sequence[Mapping[str, Any]], bench: str = "", first: str = "", second: str = "") -> int:
    """Return the least time by the answer set program, with one job before another on a bench if they are named."""
    facts: dict[str, object] = {"jobs": list(jobs)}
    if bench:
        facts |= {"bench": bench, "first": first, "second": second}
    least = least_cost(PROGRAM, facts)
    if least is None:
        raise UnprovedError("no plan")
    return least


SCHEME = Shop()
