"""Schedules: when it is done, which tasks have time in hand, and by how much several delays together move the end.

A task waits for all that it stands after. The derivation goes forward task by task, and where time in hand is asked for
back from the end (J. Kelley and M. Walker, Critical-path planning and scheduling, 1959). The second implementation lists
every chain of tasks and measures it. The traps: to add up delays, and to give each of two tasks in one chain the whole
of the time that they share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.diagrams.scheme import DiagramScheme, redrawn
from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, ProblemCase, Work, replaced
from open_thoughts_gen.families.kit.graphs import in_turn, reached
from open_thoughts_gen.families.kit.kinds import HowMuch, KeyedNames, Kind, OnDay, YesNo
from open_thoughts_gen.families.kit.reckoning import summed
from open_thoughts_gen.families.kit.sheets import Rows
from open_thoughts_gen.families.kit.telling import teller

NUM_TASKS = {1: (3, 3), 2: (4, 5), 3: (6, 7), 4: (9, 11)}
NUM_SLIPS = {1: 1, 2: 2, 3: 2, 4: 3}
SOME = (True, True, True, False)
Ends = dict[str, int]


class Charted(DiagramScheme):
    """Tasks that wait for each other, and delays."""

    name: ClassVar[str] = "gantt"
    notations: ClassVar[Sequence[str]] = ("gantt", "gantt", "table", "lines")
    mermaid: ClassVar[Mapping[str, Sequence[str]]] = {"gantt": ("gantt", "    dateFormat YYYY-MM-DD")}
    said: ClassVar[str] = "{0} {1} {2} d, {3}"
    details: ClassVar[Mapping[str, str]] = {"slip": "slips"}
    answers = staticmethod(lambda chart: [row[1] for row in in_turn(chart, waits_of)])
    asks: ClassVar[Mapping[str, Ask]] = {
        "finish": Ask(OnDay(), "finish"),
        "critical": Ask(KeyedNames(()), "critical"),
        "moved": Ask(HowMuch("days"), "moved", 2, ("slips",), "moves", SOME),
        "holds": Ask(YesNo(), "holds", 2, ("slips", "deadline"), "holds"),
    }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw tasks, the last of which waits for all that nobody else waits for, and some delays."""
        num, (*names, last) = rng.randint(*NUM_TASKS[level]), self.drawn_world(rng)["names"].split("|")
        begin = date(2031, 1, 1) + timedelta(days=rng.randrange(900))
        picked = [names[index] for index in sorted(rng.sample(range(len(names)), num - 1))]
        letters = rng.choice(("abc", "tuv", "pqr", "s"))
        keys = [f"{rng.choice(letters)}{number}" for number in rng.sample(range(1, 30), num)]
        after = [sorted(rng.sample(range(at), min(at, rng.choice((0, 1, 1, 1, 2, 2))))) for at in range(num - 1)]
        after.append([index for index in range(num - 1) if not any(index in before for before in after)])
        starts = [" ".join(["after", *(keys[one] for one in before)]) if before else f"{begin}" for before in after]
        lengths = [str(rng.randint(2, 12)) for _ in keys]
        rows = list(zip(keys, [*picked, last], lengths, starts, strict=True))
        num_first, num_joins = sum("-" in row[3] for row in rows), sum(len(before) > 1 for before in after)
        if len(after[-1]) > 3 or not num_joins or num_first > max(2, num // 2):
            return None  # a mere chain, or too much side by side
        slips = [{"task": row[1], "by": rng.randint(2, 7)} for row in rng.sample(rows[:-1], NUM_SLIPS[level])]
        facts: dict[str, Any] = {"chart": tuple(rng.sample(rows, num)), "slips": slips}
        late = self.assess(facts | {"deadline": begin})["late"]
        return facts | {"deadline": late + timedelta(days=rng.choice((-4, -2, -1, -1, 0, 0, 1, 2, 5)))}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind; a task may be called by its key as well."""
        kind, keys = super().kind_of(case), {row[0]: row[1] for row in case.facts["chart"]}
        return replace(kind, keys=keys) if isinstance(kind, KeyedNames) else kind

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Go through the tasks in order, as drawn and with the delays."""
        chart = facts["chart"]
        begin, ends = first_day(chart), ends_of(chart)
        total = max(ends.values())
        results: dict[str, Any] = {"finish": begin + timedelta(days=total - 1)}
        results["critical"] = frozenset(row[1] for row in chart if row[0] in back(chart, ends))
        if "slips" in facts:
            moved = max(ends_of(slipped(chart, facts["slips"])).values()) - total
            late = results["finish"] + timedelta(days=moved)
            results |= {"moved": moved, "moves": moved > 0, "late": late, "holds": late <= facts.get("deadline", late)}
        return results

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Go forward task by task; then back, or forward again with the delays, or to the calendar."""
        facts, asks, work = case.facts, case.asks, narrative.work
        chart = facts["chart"]
        narrative.step(f"issue.{asks}", **facts)
        narrative.point = 1
        ends = ends_of(chart, narrative)
        total = max(ends.values())
        last = next(row[1] for row in chart if ends[row[0]] == total)
        narrative.step("total", total=total, name=last)
        narrative.point = 2
        if asks == "critical":
            names = tell_critical(narrative, chart, ends)
            quoted = [f'"{name}"' for name in self.answers(chart) if name in names]
            narrative.answer("answer.critical", frozenset(names), names=quoted)
            return
        if asks != "finish":
            moved, total = self._tell_moved(narrative, facts, ends)
            if asks == "moved":
                narrative.answer("answer.moved" if moved else "answer.moved.not", moved, moved=moved)
                return
            narrative.point = 3
        begin, more = first_day(chart), int(work("a - 1", a=total))
        day = work.after(begin, more)
        narrative.step("day", begin=begin, total=total, more=more, day=day)
        result = not work.is_later(day, facts["deadline"]) if asks == "holds" else day
        narrative.answer(f"answer.{asks}", result, day=day, name=last, deadline=facts.get("deadline"))

    def _tell_moved(self, narrative: Narrative, facts: Mapping[str, Any], ends: Ends) -> tuple[int, int]:
        """Go forward again with the delays; return by how much they move the end, and to which day."""
        work, slips = narrative.work, facts["slips"]
        later = ends_of(slipped(facts["chart"], slips, narrative), narrative, ends)
        was, total, terms = max(ends.values()), max(later.values()), [entry["by"] for entry in slips]
        is_tempting = len(slips) > 1 and sum(terms) > total - was >= 0
        if is_tempting:
            narrative.step("turn.added", terms=terms, sum=summed(work, terms))
        moved = int(work("a - b", a=total, b=was))
        if is_tempting:
            narrative.step("turn.refuted" if moved else "turn.refuted.none", was=was, total=total, moved=moved)
        narrative.step("moved" if moved else "moved.not", was=was, total=total, moved=moved)
        return moved, total

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """List every chain of tasks and measure it, as drawn and with the delays."""
        rows = {row[0]: row for row in facts["chart"]}
        chains = [[key] for key, row in rows.items() if "-" in row[3]]
        for chain in chains:  # it grows while it is gone through
            chains += [[*chain, key] for key, row in rows.items() if chain[-1] in row[3].split()[1:]]
        late = {entry["task"]: entry["by"] for entry in facts.get("slips", ())}
        lengths = [sum(int(rows[key][2]) for key in chain) for chain in chains]
        longest = max(lengths)
        slow = max(sum(int(rows[key][2]) + late.get(rows[key][1], 0) for key in chain) for chain in chains)
        start = min(date.fromisoformat(row[3]) for row in rows.values() if "-" in row[3])
        on = (chain for chain, length in zip(chains, lengths, strict=True) if length == longest)
        critical = frozenset(rows[key][1] for chain in on for key in chain)
        proved: dict[str, Any] = {"finish": start + timedelta(longest - 1), "critical": critical}
        if "slips" in facts:
            end = start + timedelta(slow - 1)
            proved |= {"moved": slow - longest, "late": end, "holds": end <= facts.get("deadline", end)}
        return proved

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a task that takes more or less, a larger or smaller delay."""
        chart = case.facts["chart"]
        for index, (key, name, days, after) in enumerate(chart):
            lengths = [int(days) + by for by in (-2, -1, 1, 2, 3) if int(days) + by > 0]
            yield from (redrawn(chart, index, (key, name, str(length), after)) for length in lengths)
        slips = case.facts.get("slips", [])
        for index, entry in enumerate(slips):
            late = (by for by in (entry["by"] - 1, entry["by"] + 2) if by > 1)
            yield from (Change({"slips": replaced(slips, index, {"by": by})}) for by in late)


def waits_of(row: Sequence[str]) -> list[str]:
    """Return the keys of what a task begins after; none for one that begins on a day."""
    return row[3].split()[1:]


def first_day(chart: Rows) -> date:
    """Return the day on which it all begins."""
    return min(date.fromisoformat(row[3]) for row in chart if "-" in row[3])


def slipped(chart: Rows, slips: Sequence[Mapping[str, Any]], narrative: Narrative | None = None) -> Rows:
    """Return the tasks with the delays in their lengths, and tell each."""
    work, rows = narrative.work if narrative else Work(is_quiet=True), {row[1]: row for row in chart}
    for entry in slips:
        key, name, days, after = rows[entry["task"]]
        length = int(work("a + b", a=int(days), b=entry["by"]))
        rows[name] = (key, name, str(length), after)
        teller(narrative)("slip", **entry, days=int(days), length=length)
    return tuple(rows.values())


def ends_of(chart: Rows, narrative: Narrative | None = None, known: Mapping[str, int] | None = None) -> Ends:
    """Return after how many days each task is done, and tell it; of what is `known`, only what may differ."""
    ends: Ends = {}
    names = {row[0]: f'"{row[1]}"' for row in chart}
    for row in in_turn(chart, waits_of):
        key, days, waits = row[0], int(row[2]), [one for one in waits_of(row) if one in ends]
        start = max((ends[one] for one in waits), default=0)
        is_new = known is None or known[key] != start + days
        work = narrative.work if narrative is not None and is_new else Work(is_quiet=True)
        ends[key] = int(work("a + b", a=start, b=days)) if waits else work.settle(days, days + 1)
        bank = ("first", "next")[len(waits)] if len(waits) < 2 else "joins"
        bank += "" if known is None else ".again" if is_new else ".still"
        if known is None or is_new or any(ends[one] != known[one] for one in waits):
            shown = [names[one] + f" ({ends[one]})" * (len(waits) > 1) for one in waits]
            teller(narrative)(bank, name=row[1], days=days, end=ends[key], start=start, waits=shown)
    return ends


def back(chart: Rows, ends: Ends) -> dict[str, list[str]]:
    """Return the tasks without time in hand, from the last one back, each with those that end just when it begins."""
    starts = {row[0]: ends[row[0]] - int(row[2]) for row in chart}
    tight = {row[0]: [one for one in waits_of(row) if ends.get(one) == starts[row[0]]] for row in chart}
    return {key: tight[key] for key in reached(max(ends, key=lambda key: ends[key]), lambda key: tight[key])}


def tell_critical(narrative: Narrative, chart: Rows, ends: Ends) -> set[str]:
    """Tell the way back along what leaves no gap; return the names of those tasks."""
    rows, chain = {row[0]: row for row in chart}, back(chart, ends)
    for key, tight in chain.items():
        _, name, days, _ = rows[key]
        start = int(narrative.work("a - b", a=ends[key], b=int(days)))
        waits = [f'"{rows[one][1]}"' for one in tight]
        others = [f'"{rows[one][1]}"' for one in waits_of(rows[key]) if one not in tight]
        bank = "back.begin" if not tight else "back.loose" if others else "back"
        narrative.step(bank, name=name, end=ends[key], days=int(days), start=start, waits=waits, others=others)
    return {rows[key][1] for key in chain}


SCHEME = Charted()
