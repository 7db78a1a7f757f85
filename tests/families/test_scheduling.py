"""The family of scheduling: times and kinds of its own, and a third proof of its schemes by CP-SAT."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import combinations, pairwise
from random import Random
from typing import Any, Literal

import pytest

from open_thoughts_gen.families.kit.clock import ClockForm, TimeOfDay
from open_thoughts_gen.families.kit.family import schemes_of
from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.proof import least_cost
from open_thoughts_gen.families.scheduling import Scheduling, schemes
from open_thoughts_gen.families.scheduling.schemes import exams, shop, slots
from open_thoughts_gen.families.scheduling.schemes._sequencing import Task, argument, best_plan, bound_of, orders
from open_thoughts_gen.families.scheduling.schemes._sharing import cliques, fewest
from open_thoughts_gen.plugin import Context

cp_model = pytest.importorskip("ortools.sat.python.cp_model")
NUM = 12


def cases(scheme: str, ask: str, num: int = NUM) -> list[tuple[Mapping[str, Any], str]]:
    """Return the facts of cases that are asked one question, each with its answer."""
    family = Scheduling(schemes=(scheme,), asks=(ask,)).fresh(Context())
    problems = [family.problem(Random(f"{scheme}/{index}")) for index in range(num)]
    known = schemes_of(schemes)[scheme].known_forms
    return [(family._case(problem.spec)[1].facts, family.derive(problem).answer) for problem in problems if known]


def least(model: Any, objective: Any) -> int:
    """Return the least value of an objective, proved: OPTIMAL, and the bound is what was attained."""
    model.minimize(objective)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model) == cp_model.OPTIMAL
    assert solver.best_objective_bound == solver.objective_value
    return int(solver.objective_value)


def is_feasible(model: Any) -> bool:
    """Return whether there is a solution; CP-SAT has to be sure of it either way."""
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    status = solver.solve(model)
    assert status in (cp_model.OPTIMAL, cp_model.INFEASIBLE)
    return bool(status == cp_model.OPTIMAL)


def test_cp_sat_finds_the_same_least_time_of_a_shop() -> None:
    for facts, answer in cases("shop", "least"):
        model, ends, busy = cp_model.CpModel(), [], dict[str, list[Any]]()
        horizon = sum(value for job in facts["jobs"] for key, value in job.items() if key[0] == "d")
        for job in facts["jobs"]:
            before: Any = 0
            for number in "123":
                if f"m{number}" in job:
                    start, hours = model.new_int_var(0, horizon, ""), job[f"d{number}"]
                    model.add(start >= before)
                    before = start + hours
                    busy.setdefault(job[f"m{number}"], []).append(model.new_interval_var(start, hours, before, ""))
            ends.append(before)
        for intervals in busy.values():
            model.add_no_overlap(intervals)
        last = model.new_int_var(0, horizon, "")
        model.add_max_equality(last, ends)
        assert answer == f"{least(model, last)} hours"


def roster_model(facts: Mapping[str, Any], who: str) -> Any:
    """Return a model of a roster with somebody on the shift that is asked about."""
    model, first, last = cp_model.CpModel(), int(facts["first_day"]), int(facts["last_day"])
    stands = {
        (person["who"], day, part): model.new_bool_var("")
        for person in facts["people"]
        for day in range(first, last + 1)
        for part in "dn"
    }
    for day in range(first, last + 1):
        for part in "dn":
            model.add_exactly_one(stands[person["who"], day, part] for person in facts["people"])
        for person in facts["people"]:
            name = person["who"]
            model.add_at_most_one(stands[name, day, "d"], stands[name, day, "n"])
            if not person["night"]:
                model.add(stands[name, day, "n"] == 0)
            if facts.get("rest") and day < last:
                model.add_at_most_one(stands[name, day, "n"], stands[name, day + 1, "d"])
    for person in facts["people"]:
        if "most" in person:
            model.add(sum(var for (name, _, _), var in stands.items() if name == person["who"]) <= person["most"])
    for entry in facts["away"]:
        model.add(stands[entry["who"], int(entry["day"]), "d"] + stands[entry["who"], int(entry["day"]), "n"] == 0)
    model.add(stands[who, int(facts["shift"][0]), facts["shift"][1]] == 1)
    return model


def test_cp_sat_leaves_the_same_one_person_for_a_shift() -> None:
    for facts, answer in cases("roster", "who"):
        able = [person["who"] for person in facts["people"] if is_feasible(roster_model(facts, person["who"]))]
        assert able == [answer]


def test_cp_sat_finds_the_same_least_time_of_a_project() -> None:
    for facts, answer in cases("project", "least"):
        model, ends, shared = cp_model.CpModel(), dict[str, Any](), list[Any]()
        horizon = sum(row["days"] for row in facts["tasks"])
        starts = {row["task"]: model.new_int_var(0, horizon, "") for row in facts["tasks"]}
        for row in facts["tasks"]:
            ends[row["task"]] = starts[row["task"]] + row["days"]
            if row["shares"]:
                shared.append(model.new_interval_var(starts[row["task"]], row["days"], ends[row["task"]], ""))
        for row in facts["tasks"]:
            for key in ("after", "also"):
                if key in row:
                    model.add(starts[row["task"]] >= ends[row[key]])
        model.add_no_overlap(shared)
        last = model.new_int_var(0, horizon, "")
        model.add_max_equality(last, list(ends.values()))
        assert answer == f"{least(model, last)} days"


def fewest_places(weights: Mapping[str, int], capacity: int, apart: Collection[tuple[str, str]]) -> int:
    """Return how few places hold these weights, with some kept apart."""
    model, places = cp_model.CpModel(), range(len(weights))
    inside = {(name, place): model.new_bool_var("") for name in weights for place in places}
    used = [model.new_bool_var("") for _ in places]
    for name in weights:
        model.add_exactly_one(inside[name, place] for place in places)
    for place in places:
        model.add(sum(weight * inside[name, place] for name, weight in weights.items()) <= capacity * used[place])
        for one, other in apart:
            model.add_at_most_one(inside[one, place], inside[other, place])
    return least(model, sum(used))


def test_cp_sat_needs_as_few_vans() -> None:
    for facts, answer in cases("loading", "least"):
        apart = [(pair["one"], pair["other"]) for pair in facts.get("apart", ())]
        num = fewest_places({entry["item"]: entry["kg"] for entry in facts["items"]}, facts["capacity"], apart)
        assert answer == f"{num} vans"


def test_cp_sat_needs_as_few_sessions() -> None:
    for facts, answer in cases("exams", "least"):
        choices = [exams.chosen_by(person) for person in facts["people"]]
        apart = {pair for chosen in choices for pair in combinations(sorted(chosen), 2)}
        weights = {subject: 1 for chosen in choices for subject in chosen}
        assert answer == f"{fewest_places(weights, facts['rooms'], apart)} sessions"


@pytest.mark.parametrize("level", [3, 4])
def test_some_examinations_need_more_sessions_than_any_group_of_subjects_forces(level: Literal[3, 4]) -> None:
    family = Scheduling(schemes=("exams",), levels=(level,)).fresh(Context())
    above = 0
    for index in range(20):
        sharing = exams.SCHEME.sharing_of(family._case(family.problem(Random(index)).spec)[1].facts)
        num = fewest(sharing)
        above += next(cliques(sharing, num), None) is None and num * sharing.capacity > len(sharing.weights)
    assert above >= 8


def test_the_first_beginning_of_a_meeting_is_free_for_all_and_no_earlier_one_is() -> None:
    for facts, answer in cases("slots", "first"):
        offset = slots.Diary(facts).offset
        hours, minutes = map(int, answer.split(":"))
        clocks = {person["who"]: person for person in facts["people"]}

        def is_free(start: int, facts: Mapping[str, Any] = facts, clocks: Any = clocks) -> bool:
            span = range(start, start + facts["length"])
            at_work = all(
                person["opens"] <= at + person["offset"] < person["closes"] for person in clocks.values() for at in span
            )
            return at_work and not any(
                entry["start"] <= at + clocks[entry["who"]]["offset"] < entry["end"]
                for entry in facts["busy"]
                for at in span
            )

        start = hours * 60 + minutes - offset
        assert is_free(start)
        assert not any(is_free(at) for at in range(-300, start, 15))


def test_an_argument_of_a_shop_ends_in_a_clash_and_none_exists_for_the_least_time() -> None:
    for facts, answer in cases("shop", "least"):
        tasks, hours = shop.tasks_of(facts["jobs"]), int(answer.split()[0])
        reason = argument(tasks, hours - 1)
        assert reason is not None
        assert len(reason[-1].chains) == 2 if reason else bound_of(tasks)[0] == hours
        assert argument(tasks, hours) is None


def test_each_chain_of_an_argument_takes_too_long_and_passes_only_through_orders_that_are_settled() -> None:
    for facts, answer in cases("shop", "least"):
        tasks = shop.tasks_of(facts["jobs"])
        least, known = best_plan(tasks)[0], set[tuple[int, int]]()
        for order in orders(tasks, least):
            for chain in order.chains:
                assert sum(tasks[task].hours for task in chain) > least
                links = set(pairwise(chain)) - known
                links -= {(order.first, order.second), (order.second, order.first)}
                assert all(one in tasks[two].waits for one, two in links)
            known.add((order.first, order.second))
        assert answer


def test_a_best_plan_keeps_what_waits_and_what_is_shared() -> None:
    for index in range(60):
        rng = Random(index)
        tasks = tuple(
            Task(rng.randint(1, 5), rng.choice("ab "), tuple(rng.sample(range(number), min(number, rng.randint(0, 2)))))
            for number in range(6)
        )
        tasks = tuple(Task(task.hours, task.tool.strip(), task.waits) for task in tasks)
        least, starts = best_plan(tasks)
        ends = [start + task.hours for start, task in zip(starts, tasks, strict=True)]
        assert max(ends) == least >= bound_of(tasks, in_parts=True)[0]
        assert all(ends[other] <= starts[number] for number, task in enumerate(tasks) for other in task.waits)
        for one, two in combinations(range(6), 2):
            if tasks[one].tool and tasks[one].tool == tasks[two].tool:
                assert ends[one] <= starts[two] or ends[two] <= starts[one]


def test_least_cost_is_none_without_an_answer_set_and_zero_without_an_objective(tmp_path: Any) -> None:
    program = tmp_path / "p.lp"
    program.write_text("{ a; b }. :- not a, not b. #minimize { 2, a : a; 3, b : b }.")
    assert least_cost(program, {}) == 2
    other = tmp_path / "q.lp"
    other.write_text("{ a }. :- fact(never).")
    assert least_cost(other, {}) == 0
    assert least_cost(other, {"never": True}) is None


def test_the_coin_is_fair() -> None:
    family = Scheduling(asks=("covered", "ready")).fresh(Context())
    answers = Counter(family.derive(family.problem(Random(index))).answer for index in range(120))
    assert 40 <= answers["Yes"] <= 80


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [
        ("22:00", True),
        ("10 p.m.", True),
        ("10.00 pm", True),
        ("at 22:00 sharp", True),
        ("10:00", False),
        ("22:30", False),
        ("22", None),
        ("22:00 or 23:00", None),
    ],
)
def test_a_time_of_day_is_read_in_either_clock(answer: str, agrees: bool | None) -> None:
    assert TimeOfDay().agrees(22 * 60, answer) is agrees


@pytest.mark.parametrize("minutes", [0, 30, 11 * 60 + 59, 12 * 60, 12 * 60 + 30, 23 * 60 + 30])
@pytest.mark.parametrize("style", ClockForm.styles)
def test_a_time_is_read_as_it_is_printed(minutes: int, style: str) -> None:
    text = ClockForm().write(minutes, style, PrintedSoFar())
    assert (len(text), minutes) in list(ClockForm().read(f"{text},", 0, style))
