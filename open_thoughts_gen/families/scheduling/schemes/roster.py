"""A roster of day and night shifts: who may stand which, by rules of leave, licence, rest and fairness.

Who must stand a shift, and whether the roster can be filled at all. The traps: to stop at those whom the list lets
stand a shift; to overlook that one shift given away uses somebody up for another. What is forced is deduced shift by
shift, and a whole roster shows that the rest can be filled; draws in which that takes more than a page are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Figures, Page, ProblemCase, nudged, replaced
from open_thoughts_gen.families.kit.graphs import reached
from open_thoughts_gen.families.kit.kinds import OneOf, YesNo
from open_thoughts_gen.families.kit.traces import joined
from open_thoughts_gen.families.kit.walking import WalkingScheme
from open_thoughts_gen.families.scheduling.scheme import SchedulingScheme

SIZES = {1: (3, 3, 2), 2: (4, 4, 3), 3: (5, 4, 3), 4: (6, 5, 3)}  # days, people, and how many of these have a licence
DEPTHS = {1: (1, 2), 2: (3, 5), 3: (5, 8), 4: (8, 11)}  # deductions of what is forced, and of why there is no roster
NUM_AWAY = {1: (2, 3), 2: (8,), 3: (7, 8), 4: (11, 12, 13)}  # days of leave: too few choices to say anything
MAX_AWAY = 4  # days of leave of one person, who would be no help
PLAIN = {1: 0.003, 2: 0.45, 3: 0.5, 4: 0.14}  # how often one is kept whose answer stands out at a glance
MAX_STEPS = 11  # of an argument
Reason = tuple[str, int]  # why somebody is out of the question, and by which mark (-1: from the start)


class Deducing:
    """The shifts one after another, those first for which the fewest are left, as somebody with a pencil would go on.

    Shifts are named `0d`, `0n`. Each of the `marks` is a deduction: for a shift `only` one person is left, or `none`, or
    somebody has stood all they may (`full`). `out` says who can't have a shift, and `turns` which shifts somebody has.
    """

    def __init__(self, facts: Mapping[str, Any], given: Mapping[str, str] | None = None) -> None:
        """Begin with leave and licences, and with shifts that are given away."""
        self.facts, self.people = facts, {one["who"]: one for one in facts["people"]}
        self.marks, self.held = list[tuple[str, str]](), dict[str, str]()
        self.turns: dict[str, dict[str, int]] = {who: {} for who in self.people}
        days, self.out = range(int(facts["first_day"]), int(facts["last_day"]) + 1), dict[str, dict[str, Reason]]()
        for shift in (f"{day}{part}" for day in days for part in "dn"):
            gone = {entry["who"] for entry in facts["away"] if entry["day"] == shift[0]}
            barred = {who for who, one in self.people.items() if shift[1] == "n" and not one["night"]}
            people = (who for who in self.people if who in gone | barred)
            self.out[shift] = {who: ("away" if who in gone else "licence", -1) for who in people}
        for shift, who in (given or {}).items():
            self._hold(shift, who, -1)

    def run(self, target: str = "") -> int | None:
        """Return the number of the mark that settles the target, or shows that there is no roster."""
        while (shift := self.tightest()) is not None and len(able := self.able(shift)) < 2:
            self.marks.append(("only" if able else "none", shift))
            if not able or shift == target:
                return len(self.marks) - 1
            self._hold(shift, able[0], len(self.marks) - 1)
        return None

    def tightest(self) -> str | None:
        """Return the shift for which the fewest people are left."""
        left = (shift for shift in self.out if shift not in self.held)
        return min(left, key=lambda shift: len(self.able(shift)), default=None)

    def able(self, shift: str) -> list[str]:
        """Return who is left for a shift."""
        return [who for who in self.people if who not in self.out[shift]]

    def needed(self, last: int) -> list[int]:
        """Return the numbers of a mark and of those that it rests on, in order."""

        def rests(number: int) -> set[int]:
            kind, of = self.marks[number]
            return {*(self.turns[of].values() if kind == "full" else (by for _, by in self.out[of].values()))} - {-1}

        return sorted(reached(last, rests))

    def _hold(self, shift: str, who: str, number: int) -> None:
        """Give somebody a shift; that day's other one, and the one too close to it, are closed to them."""
        day, night, self.held[shift] = int(shift[0]), shift[1] == "n", who
        closed = {f"{day}{'nd'[night]}": "has_night" if night else "has_day"}
        closed |= {f"{day + 1}d": "after"} if night else {f"{day - 1}n": "before"}
        self.turns[who][shift] = number
        self._close(closed, who, number)
        if len(self.turns[who]) == self.people[who].get("most"):
            self.marks.append(("full", who))
            self._close(dict.fromkeys(self.out, "full"), who, len(self.marks) - 1)

    def _close(self, codes: Mapping[str, str], who: str, number: int) -> None:
        for shift, code in codes.items():
            if shift in self.out and shift not in self.held:
                self.out[shift].setdefault(who, (code, number))


def completed(facts: Mapping[str, Any], given: Mapping[str, str]) -> Mapping[str, str] | None:
    """Return a roster with shifts that are given away; None where there is none."""
    deducing = Deducing(facts, given)
    if deducing.run() is not None:
        return None
    shift = deducing.tightest()
    if shift is None:
        return deducing.held
    rosters = (completed(facts, {**deducing.held, shift: who}) for who in deducing.able(shift))
    return next(filter(None, rosters), None)


class Duty(Figures):
    """Tells of one roster."""

    def deduce(self, deducing: Deducing, numbers: Sequence[int]) -> str:
        """Tell deductions; return who is left for the last shift, nobody (empty) or somebody nobody knows (`?`)."""
        who, words = "", SCHEME.words.lists
        for kind, of in (deducing.marks[number] for number in numbers):
            if kind == "full":
                turns = [words["shift"][shift]["of"] for shift in deducing.turns[of]]
                self.say("full", who=of, turns=turns, num=len(turns))
                continue
            reasons = dict[str, list[str]]()
            for name, (code, _) in deducing.out[of].items():
                reasons.setdefault(code, []).append(name)
            out = [
                f"{joined(names)} {words['reason'][code]['one' if len(names) == 1 else 'many']}"
                for code, names in reasons.items()
            ]
            if kind == "only":
                who = self.work.settle(*deducing.able(of), *deducing.out[of])
            else:
                who = self.work.settle("", "?")
            self.say("none.but" if who == "?" else kind, shift=of, who=who, out=out)
        return who

    def show(self, roster: Mapping[str, str]) -> bool:
        """Tell a roster day by day; return False where an error makes it none."""
        self.say("roster")
        for day in sorted({shift[0] for shift in roster}):
            self.say("roster.day", day=day, who=roster[f"{day}d"], other=roster[f"{day}n"])
        is_kept = self.work.settle(True, False)
        most = ".most" if "most" in self.facts["people"][0] else ""
        self.say(f"roster.check{most}" if is_kept else "roster.broken")
        return is_kept


class Roster(WalkingScheme, SchedulingScheme):
    """Day and night shifts among a few people."""

    name: ClassVar[str] = "roster"
    named: ClassVar[str] = "people.who"
    reckoning: ClassVar[type[Figures]] = Duty
    labels: ClassVar[Sequence[str]] = ("licence", "one", "rest", "most")
    label_styles: ClassVar[Sequence[str]] = ("Rule {}", "§ {}", "Article {}", "Point {}", "Paragraph {}")
    asks: ClassVar[Mapping[str, Ask]] = {
        "who": Ask(OneOf(()), "who", needs=("shift",)),
        "covered": Ask(YesNo(), "covered", level=3, coin="covered"),
    }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw leave and licences tightly, so that something is forced."""
        num_days, num_people, num_licensed = SIZES[level]
        first, names = rng.randrange(7 - num_days + 1), rng.sample(self.pool("staff"), num_people)
        days, licensed = range(first, first + num_days), rng.sample(names, num_licensed)
        people: list[dict[str, Any]] = [{"who": name, "night": name in licensed} for name in names]
        for index, person in enumerate(rng.sample(people, num_people) if level > 2 else ()):
            person["most"] = 2 * num_days // num_people + (index <= 2 * num_days % num_people)
        cells = [{"who": name, "day": str(day)} for name in names for day in days]
        away = [cells[at] for at in sorted(rng.sample(range(len(cells)), rng.choice(NUM_AWAY[level])))]
        facts: dict[str, Any] = {"first_day": str(first), "last_day": str(days[-1]), "rest": True}
        facts |= {"people": people, "away": away}
        deducing, (few, many) = Deducing(facts), DEPTHS[level]
        able = {shift: deducing.able(shift) for shift in deducing.out}
        free = Counter(entry["who"] for entry in away)
        if not all(able.values()) or max(free.values()) > MAX_AWAY:
            return None
        last = deducing.run()
        if last is not None:  # there is no roster, and it is only asked whether there is one
            return facts | {"shift": rng.choice(list(able))} if few <= len(deducing.needed(last)) <= many else None
        forced = [
            of
            for number, (kind, of) in enumerate(deducing.marks)
            if kind == "only" and len(able[of]) > 1 and few <= len(deducing.needed(number)) <= many
        ]

        def is_kept(of: str) -> bool:  # seldom, where a glance at licences, leave and limits, or at who is free, tells
            order, most = rng.sample(able[of], len(able[of])), {one["who"]: one.get("most", 0) for one in people}
            tight = {who: sum(1 / len(able[at]) for at in able if at != of and who in able[at]) for who in order}
            plain = min(order, key=lambda who: (who in licensed, -free[who]))
            spare = [pick(order, key=lambda who: most[who] - tight[who]) for pick in (min, max)]
            glances = {1: [plain], 2: spare[:1]}.get(level, [plain, spare[1], max(order, key=lambda who: most[who])])
            return rng.random() < PLAIN[level] ** glances.count(deducing.held[of])

        chosen = [*filter(is_kept, forced)]
        return facts | {"shift": rng.choice(chosen)} if chosen else None

    def rules(self, case: ProblemCase, page: Page) -> Sequence[str]:
        """Print what is to be filled, and by which rules."""
        facts = case.facts
        keys = self.labels if "most" in facts["people"][0] else self.labels[:-1]
        fill = [page.say("prompt/fill", **facts), page.say("prompt/edge")]
        return [*case.pen("data").order("fill", fill), *(page.say(f"prompt/rule.{key}") for key in keys)]

    def data(self, case: ProblemCase, page: Page) -> str:
        """Print the people, and who is away."""
        pen, people = case.pen("data"), case.facts["people"]
        style, most = pen.pick("style", "table", "line", "line"), ".most" if "most" in people[0] else ""
        rows = [page.say(f"prompt/table.head{most}")] if style == "table" else []
        rows += [page.say(f"prompt/{style}.{'night' if one['night'] else 'day'}{most}", **one) for one in people]
        away = " ".join(page.say("prompt/away", **entry) for entry in case.facts["away"])
        return "\n\n".join(pen.order("parts", ("\n".join(rows), away)))

    def walk(self, story: Duty, asks: str) -> object:
        """Deduce what is forced, in the order in which it follows, and show a roster; a no counts where it is deduced."""
        facts, roster, deducing = story.facts, completed(story.facts, {}), Deducing(story.facts)
        last = deducing.run(facts["shift"] if asks == "who" else "")
        numbers = range(len(deducing.marks)) if last is None else deducing.needed(last)
        is_told = roster is not None or (asks == "covered" and last is not None)
        if not is_told or (asks == "who" and last is None) or (last is not None and len(numbers) > MAX_STEPS):
            return None
        story.say(f"issue.{asks}")
        if asks == "who":
            story.say("survey.able", able=Deducing(facts).able(facts["shift"]))
        story.part(1)
        who = story.deduce(deducing, numbers)
        if roster is None:
            return who != ""
        story.part(2)
        is_kept = story.show(roster)
        return is_kept if asks == "covered" else story.know("who", who) if is_kept else None

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program which rosters there are, with a shift given away."""
        known: dict[str, object] = {"first": int(facts["first_day"]), "last": int(facts["last_day"]), "rest": True}
        known |= {"people": facts["people"], "away": [{**entry, "day": int(entry["day"])} for entry in facts["away"]]}
        results: dict[str, Any] = {"covered": self.can(**known)}
        if results["covered"] and "shift" in facts:
            known |= {"given_day": int(facts["shift"][0]), "given_part": facts["shift"][1]}
            able = [one["who"] for one in facts["people"] if self.can(**known, given_who=one["who"])]
            results |= {"who": able[0]} if len(able) == 1 else {}
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a day of leave more or less, a licence more or less, one turn more or less."""
        away, people = case.facts["away"], case.facts["people"]
        fewer = [[*away[:index], *away[index + 1 :]] for index in range(len(away)) if len(away) > 1]
        days = range(int(case.facts["first_day"]), int(case.facts["last_day"]) + 1)
        entries = [{"who": person["who"], "day": str(day)} for person in people for day in days]
        more = [[*away, entry] for entry in entries if entry not in away]
        yield from (Change({"away": changed}) for changed in (*fewer, *more))
        for index, person in enumerate(people):
            yield Change({"people": replaced(people, index, {"night": not person["night"]})})
        yield from nudged(case.facts, {"people.most": (-1, 1)})


SCHEME = Roster()
