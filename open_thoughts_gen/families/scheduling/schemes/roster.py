"""A roster of day and night shifts: who may stand which, by rules of leave, licence, rest and fairness.

Who must stand a shift, whether somebody can, whether the roster can be filled at all, and which rule is in the way. The
traps: to stop at those whom the list lets stand a shift; to overlook that one shift given away uses somebody up for
another. What is forced is deduced shift by shift; draws in which that takes more than a page are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import WEEKDAYS, EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import Kind, OneOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import least_cost
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.scheduling.forms import SeriesForm, TraceForm, joined
from open_thoughts_gen.families.scheduling.kinds import WhichRule
from open_thoughts_gen.families.scheduling.scheme import STAFF, SchedulingScheme

PROGRAM = Path(__file__).with_suffix(".lp")
CODES = {"away": "", "licence": "licence", "has_night": "one", "has_day": "one"}
CODES |= {"after": "rest", "before": "rest", "full": "most"}  # the rule behind each reason
SIZES = {1: (3, 3), 2: (4, 4), 3: (4, 4), 4: (5, 5)}  # days and people
DEPTHS = {1: (1, 2), 2: (2, 4), 3: (4, 7), 4: (6, 10)}  # deductions of what is forced, and of why there is no roster
MAX_STEPS = 10  # of an argument
MAX_ROSTERS = 60
RULES = ("licence", "one", "rest", "most")
Shift = tuple[int, bool]  # the number of the day, and whether it is the night


@dataclass(frozen=True, slots=True)
class Deduction:
    """`only` one is left for a shift, or `none`; somebody has stood all they may (`full`); a `pair` shares a day."""

    kind: str
    who: tuple[str, ...] = ()
    shift: Shift = (0, False)
    out: tuple[tuple[str, str], ...] = ()  # who is out of the question, and why
    turns: tuple[tuple[int, bool | None], ...] = ()
    parents: tuple[int, ...] = ()


class ReasonsForm(TraceForm):
    """Why people are out of the question: `Ada and Ben are away, Cora has the night before`."""

    def __init__(self, reasons: Mapping[str, Mapping[str, str]]) -> None:
        """Take how each reason is put, of one person and of several."""
        self._reasons = reasons

    def write(self, value: Sequence[tuple[str, str]], style: str, seen: object) -> str:
        """Return the reasons, those alike taken together."""
        texts = []
        for code in dict.fromkeys(code for _, code in value):
            people = [who for who, reason in value if reason == code]
            texts.append(f"{joined(people)} {self._reasons[code]['one' if len(people) == 1 else 'many']}")
        return joined(texts)


class Roster(SchedulingScheme):
    """Day and night shifts among a few people."""

    name: ClassVar[str] = "roster"
    labels: ClassVar[Sequence[str]] = RULES
    label_styles: ClassVar[Sequence[str]] = ("Rule {}", "§ {}", "Article {}", "Point {}", "Paragraph {}")
    asks: ClassVar[Mapping[str, Ask]] = {
        "who": Ask(OneOf(()), "who", needs=("shift",)),
        "can": Ask(YesNo(), "can", level=2, needs=("shift", "person"), coin="can"),
        "covered": Ask(YesNo(), "covered", level=2, coin="covered"),
        "rule": Ask(OneOf(()), "rule", level=3, coin="rule", outcomes=("one", "most")),
    }

    def __init__(self) -> None:
        """Say how each fact is written and read."""
        days = {str(number): {"": name} for number, name in enumerate(WEEKDAYS)}
        shifts = {
            f"{number}{'dn'[night]}": {"": f"{name} {part}", "of": f"the {part} shift of {name}", "short": f"{name}'s {part} shift"}
            for number, name in enumerate(WEEKDAYS)
            for night, part in enumerate(("day", "night"))
        }  # fmt: skip
        self.forms: Mapping[str, Form[Any]] = {
            **self.frame_forms(),
            **dict.fromkeys(("first_day", "last_day", "day"), EntryForm(days)),
            "shift": EntryForm(shifts),
            **dict.fromkeys(("who", "person", "other"), NameForm()),
            **dict.fromkeys(("most", "num"), WholeForm()),
            **dict.fromkeys(("able", "turns", "lines"), SeriesForm()),
            "out": ReasonsForm(self.words.lists["reason"]),
        }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw leave and licences tightly, so that something is forced."""
        num_days, num_people = SIZES[level]
        first, names = rng.randrange(7 - num_days + 1), rng.sample(STAFF, num_people)
        shares = [2 * num_days // num_people + (index < 2 * num_days % num_people) for index in range(num_people)]
        spare = rng.randrange(num_people)
        people: list[dict[str, Any]] = [
            {"who": name, "night": rng.random() < 0.55}
            | ({"most": shares[index] + (index == spare)} if level > 2 else {})
            for index, name in enumerate(names)
        ]
        days = range(first, first + num_days)
        rate = 0.3 if level > 1 else 0.4
        away = [{"who": name, "day": str(day)} for name in names for day in days if rng.random() < rate]
        facts: dict[str, Any] = {"first_day": str(first), "last_day": str(days[-1]), "people": people, "away": away}
        facts |= {"rest": True} if level > 1 else {}
        able = {shift: able_people(facts, shift) for shift in shifts_of(facts)}
        if not away or any(not any(name in each for each in able.values()) for name in names):
            return None
        if sum(person["night"] for person in people) < 2 or not all(able.values()):
            return None
        deducing = Deducing(facts, rules_of(facts))
        last, (few, many) = deducing.run(None, None), DEPTHS[level]
        if last is not None and not level // 3 < len(needed(deducing.marks, last)) <= many:
            return None
        forced = [
            mark.shift
            for index, mark in enumerate(deducing.marks)
            if mark.kind == "only" and len(able[mark.shift]) > 1 and few <= len(needed(deducing.marks, index)) <= many
        ]
        if last is None and not forced:
            return None
        shift = rng.choice(forced or list(able))
        return facts | {"shift": named(shift), "person": rng.choice(able[shift])}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind with the names, or the labels, of this case."""
        if case.asks == "who":
            return OneOf(tuple(person["who"] for person in case.facts["people"]))
        return WhichRule(self.labels_of(case)) if case.asks == "rule" else super().kind_of(case)

    def labels_of(self, case: ProblemCase) -> dict[str, str]:
        """Return the labels of the rules that the case has, in an order of its own."""
        labels = list(super().labels_of(case).values())
        order = case.pen("rules").order("order", RULES)
        return dict(zip([key for key in order if key in rules_of(case.facts)], labels, strict=False))

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Fill rosters until it is clear who can stand what; a no counts where it can be deduced."""
        rules = rules_of(facts)
        if argument(facts) is not None:
            held = {rule: argument(facts, lifted=rule) is not None for rule in rules}
            free = [rule for rule in rules if not held[rule]]
            is_one = len(free) == 1 and next(filled(facts, rules - set(free), 1), None) is not None
            return {"covered": False, "can": None, "rule": free[0] if is_one else None}
        rosters = list(filled(facts, rules, MAX_ROSTERS + 1))
        results: dict[str, Any] = {"covered": bool(rosters) or None, "can": None, "rule": None}
        if "shift" in facts and 0 < len(rosters) <= MAX_ROSTERS:
            shift, person = shift_of(facts["shift"]), facts.get("person", "")
            able = {roster[shift] for roster in rosters}
            if len(able) == 1 and argument(facts, target=shift) is not None:
                results["who"] = able.pop()
                able = {results["who"]}
            if person in able or (person and argument(facts, given=(shift, person)) is not None):
                results["can"] = person in able
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the people, who is away, the rules and the question."""
        facts, pen = case.facts, case.pen("data")
        style, most = pen.pick("style", "table", "line", "line"), ".most" if "most" in facts["people"][0] else ""
        rows = [page.say(f"prompt/table.head{most}")] if style == "table" else []
        rows += [
            page.say(f"prompt/{style}.{'night' if one['night'] else 'day'}{most}", **one) for one in facts["people"]
        ]
        away = " ".join(page.say("prompt/away", **entry) for entry in facts["away"])
        rules = [
            page.say("prompt/fill", first_day=facts["first_day"], last_day=facts["last_day"]),
            page.say("prompt/edge"),
        ]
        rules = pen.order("fill", rules) + [page.say(f"prompt/rule.{key}") for key in self.labels_of(case)]
        needed = {key: facts[key] for key in self.asks[case.asks].needs}
        return self.framed(
            case,
            page,
            scene=page.say("prompt/scene"),
            rules=rules,
            data="\n\n".join(pen.order("parts", ("\n".join(rows), away))),
            asked=page.say(f"prompt/ask.{case.asks}", **needed),
        )

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell what is forced, in the order in which it follows, and show a roster where there is one."""
        facts, asks = case.facts, case.asks
        needed = {key: facts[key] for key in self.asks[asks].needs}
        shift = shift_of(facts["shift"]) if "shift" in facts else None
        narrative.step(f"issue.{asks}", **needed)
        if shift is not None:
            narrative.step("survey.able", **{"shift": facts["shift"], "able": able_people(facts, shift)})
        narrative.point = 1
        if asks == "who":
            who = tell_all(narrative, argument(facts, target=shift) or ())
            narrative.answer("answer.who", who, who=who, shift=facts["shift"])
        elif asks == "can":
            is_out = argument(facts, given=(shift, facts["person"])) if shift else None
            narrative.step("suppose", **needed)
            if is_out is None and shift:
                is_shown = show(narrative, facts, rules_of(facts), {shift: facts["person"]})
                narrative.answer(f"answer.can.{'yes' if is_shown else 'no'}", is_shown, **needed)
            else:
                can = tell_all(narrative, is_out or ()) != ""
                narrative.answer(f"answer.can.{'yes' if can else 'no'}", can, **needed)
        elif asks == "covered":
            proof = argument(facts)
            can = show(narrative, facts, rules_of(facts), {}) if proof is None else tell_all(narrative, proof) != ""
            narrative.answer(f"answer.covered.{'yes' if can else 'no'}", can)
        else:
            self._tell_rule(facts, narrative)

    def _tell_rule(self, facts: Mapping[str, Any], narrative: Narrative) -> None:
        """Tell why the roster can't be filled, that it stays so without each of the other rules, and what helps."""
        proof, rules = argument(facts) or (), rules_of(facts)
        is_out = tell_all(narrative, proof) == ""
        helpful = self.assess(facts)["rule"]
        used = {CODES[code] for each in proof for _, code in each.out} | {
            "one" for each in proof if each.kind == "pair"
        }
        narrative.point += 1
        for rule in sorted(rules - {helpful} - used):
            narrative.step(f"unused.{rule}")
        for rule in sorted((rules - {helpful}) & used):
            narrative.point += 1
            narrative.step(f"without.{rule}")
            is_out &= tell_all(narrative, argument(facts, lifted=rule) or ()) == ""
        narrative.point += 1
        narrative.step(f"without.{helpful}")
        is_out &= show(narrative, facts, rules - {helpful}, {})
        narrative.answer(f"answer.rule.{helpful}", helpful if is_out else None)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program which rosters there are, with a shift given away or a rule lifted."""
        rules = [
            rule
            for rule in RULES
            if rule in ("licence", "one") or (rule == "most" and "most" in facts["people"][0]) or facts.get(rule)
        ]
        results: dict[str, Any] = {"covered": is_possible(facts)}
        if results["covered"] and "shift" in facts:
            able = [person["who"] for person in facts["people"] if is_possible(facts, who=person["who"])]
            results["can"] = facts.get("person") in able
            if len(able) == 1:
                results["who"] = able[0]
        if not results["covered"]:
            lifted = [rule for rule in rules if is_possible(facts, lifted=rule)]
            if len(lifted) == 1:
                results["rule"] = lifted[0]
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a day of leave more or less, a licence more or less, one turn more or less."""
        away, people = case.facts["away"], case.facts["people"]
        yield from (
            Change({"away": [*away[:index], *away[index + 1 :]]}) for index in range(len(away)) if len(away) > 1
        )
        days = range(int(case.facts["first_day"]), int(case.facts["last_day"]) + 1)
        entries = [{"who": person["who"], "day": str(day)} for person in people for day in days]
        yield from (Change({"away": [*away, entry]}) for entry in entries if entry not in away)
        for index, person in enumerate(people):
            patches = [
                {"night": not person["night"]},
                *({"most": person["most"] + step} for step in (-1, 1) if person.get("most", 0) > 1),
            ]
            yield from (
                Change({"people": [*people[:index], {**person, **patch}, *people[index + 1 :]]}) for patch in patches
            )


def shifts_of(facts: Mapping[str, Any]) -> list[Shift]:
    """Return the shifts in their order."""
    days = range(int(facts["first_day"]), int(facts["last_day"]) + 1)
    return [(day, night) for day in days for night in (False, True)]


def named(shift: Shift) -> str:
    """Return a shift as a case has it: `0d`, `0n`."""
    return f"{shift[0]}{'dn'[shift[1]]}"


def shift_of(text: str) -> Shift:
    """Return the shift that a case names."""
    return int(text[0]), text[1] == "n"


def rules_of(facts: Mapping[str, Any]) -> frozenset[str]:
    """Return the rules that a case has."""
    more = (("rest", facts.get("rest")), ("most", "most" in facts["people"][0]))
    return frozenset(("licence", "one", *(rule for rule, is_there in more if is_there)))


def able_people(facts: Mapping[str, Any], shift: Shift) -> tuple[str, ...]:
    """Return who could stand a shift by leave and licence alone."""
    out = reasons(facts, shift, frozenset(("licence",)))
    return tuple(person["who"] for person in facts["people"] if person["who"] not in out)


def reasons(facts: Mapping[str, Any], shift: Shift, rules: Collection[str]) -> dict[str, tuple[str, int]]:
    """Return who is out of the question for a shift from the start, and why."""
    gone = {entry["who"] for entry in facts["away"] if int(entry["day"]) == shift[0]}
    out = {person["who"]: ("away", -1) for person in facts["people"] if person["who"] in gone}
    if shift[1] and "licence" in rules:
        out |= {one["who"]: ("licence", -1) for one in facts["people"] if not one["night"] and one["who"] not in gone}
    return out


def barred(shift: Shift, rules: Collection[str]) -> Iterator[tuple[Shift, str]]:
    """Yield the shifts that whoever stands this one can't stand, and why."""
    day, night = shift
    if "one" in rules:
        yield (day, not night), "has_night" if night else "has_day"
    if "rest" in rules:
        yield ((day + 1, False), "after") if night else ((day - 1, True), "before")


def filled(
    facts: Mapping[str, Any], rules: Collection[str], limit: int, given: Mapping[Shift, str] | None = None
) -> Iterator[dict[Shift, str]]:
    """Yield rosters that keep the rules, at most `limit` of them."""
    shifts, num = shifts_of(facts), 0
    able = {
        shift: [one for one in facts["people"] if one["who"] not in reasons(facts, shift, rules)] for shift in shifts
    }

    def extend(roster: dict[Shift, str]) -> Iterator[dict[Shift, str]]:
        if len(roster) == len(shifts):
            yield roster
            return
        shift = shifts[len(roster)]
        clashes = [roster[other] for other, _ in barred(shift, rules) if other in roster]
        for one in able[shift]:
            who = one["who"]
            is_spent = "most" in rules and list(roster.values()).count(who) >= one["most"]
            if who not in clashes and not is_spent and (given or {}).get(shift, who) == who:
                yield from extend({**roster, shift: who})

    for num, roster in enumerate(extend({}), start=1):
        yield roster
        if num == limit:
            return


def argument(
    facts: Mapping[str, Any], *, target: Shift | None = None, given: tuple[Shift, str] | None = None, lifted: str = ""
) -> tuple[Deduction, ...] | None:
    """Return why a shift is somebody's, or why there is no roster; None where no short argument is at hand."""
    deducing = Deducing(facts, rules_of(facts) - {lifted})
    last = deducing.run(target, given)
    if last is None:
        return None
    chosen = needed(deducing.marks, last)
    return chosen if len(chosen) <= MAX_STEPS else None


def needed(marks: Sequence[Deduction], last: int) -> tuple[Deduction, ...]:
    """Return a deduction and those that it rests on, in order."""
    chosen, waiting = set[int](), [last]
    while waiting:
        index = waiting.pop()
        if index not in chosen and index >= 0:
            chosen.add(index)
            waiting += marks[index].parents
    return tuple(marks[index] for index in sorted(chosen) if marks[index].kind != "given")


@dataclass(slots=True)
class Deducing:
    """What follows, one thing at a time, as somebody with a pencil would go on."""

    facts: Mapping[str, Any]
    rules: Collection[str]
    marks: list[Deduction] = field(default_factory=list)
    out: dict[Shift, dict[str, tuple[str, int]]] = field(default_factory=dict)
    turns: dict[str, list[tuple[Shift | int, int]]] = field(default_factory=dict)
    held: dict[Shift, str] = field(default_factory=dict)

    def run(self, target: Shift | None, given: tuple[Shift, str] | None) -> int | None:
        """Return the number of the mark that settles the target, or shows that there is no roster."""
        self.out = {shift: reasons(self.facts, shift, self.rules) for shift in shifts_of(self.facts)}
        if given:
            self._hold(*given, self._add(Deduction("given")))
        shared = set[int]()
        while True:
            shift = min(
                (shift for shift in self.out if shift not in self.held),
                key=lambda each: len(self._able(each)),
                default=None,
            )
            if shift is None or len(self._able(shift)) > 1:
                day = next((day for day in self._shared_days() if day not in shared), None)
                if day is None:
                    return None
                shared.add(day)
                self._share(day)
                continue
            able, out = self._able(shift), self.out[shift]
            reasons_of = tuple((who, code) for who, (code, _) in out.items())
            mark = Deduction(
                "only" if able else "none", able, shift, reasons_of, parents=tuple(at for _, at in out.values())
            )
            number = self._add(mark)
            if not able or shift == target:
                return number
            self._hold(shift, able[0], number)

    def _able(self, shift: Shift) -> tuple[str, ...]:
        return tuple(one["who"] for one in self.facts["people"] if one["who"] not in self.out[shift])

    def _shared_days(self) -> Iterator[int]:
        """Yield the days on which just two people are left for both shifts."""
        for day in dict.fromkeys(day for day, _ in self.out) if {"one", "most"} <= set(self.rules) else ():
            both = (day, False), (day, True)
            if not any(shift in self.held for shift in both) and len({*self._able(both[0]), *self._able(both[1])}) == 2:
                yield day

    def _share(self, day: int) -> None:
        both = (day, False), (day, True)
        parents = tuple(at for shift in both for _, at in self.out[shift].values())
        pair = tuple(dict.fromkeys((*self._able(both[0]), *self._able(both[1]))))
        number = self._add(Deduction("pair", pair, both[0], parents=parents))
        for who in pair:
            self._count(who, day, number)

    def _hold(self, shift: Shift, who: str, number: int) -> None:
        self.held[shift] = who
        for other, code in barred(shift, self.rules):
            if other in self.out and other not in self.held:
                self.out[other].setdefault(who, (code, number))
        if not any(turn == shift[0] for turn, _ in self.turns.get(who, ())):
            self._count(who, shift, number)

    def _count(self, who: str, turn: Shift | int, number: int) -> None:
        """Count a turn; whoever has stood all they may is out of all other shifts."""
        self.turns.setdefault(who, []).append((turn, number))
        most = next(one.get("most") for one in self.facts["people"] if one["who"] == who)
        if "most" not in self.rules or len(self.turns[who]) != most:
            return
        turns = tuple(turn if isinstance(turn, tuple) else (turn, None) for turn, _ in self.turns[who])
        full = self._add(Deduction("full", (who,), turns=turns, parents=tuple(at for _, at in self.turns[who])))
        for other in self.out:
            if other not in self.held and (other[0], None) not in turns:
                self.out[other].setdefault(who, ("full", full))

    def _add(self, mark: Deduction) -> int:
        self.marks.append(mark)
        return len(self.marks) - 1


def tell_all(narrative: Narrative, marks: Sequence[Deduction]) -> str:
    """Tell deductions; return who is left for the last shift, nobody (empty) or somebody nobody knows (`?`)."""
    who = ""
    for mark in marks:
        if mark.kind == "only":
            who = narrative.work.settle(mark.who[0], *(name for name, _ in mark.out))
            narrative.step("only", shift=named(mark.shift), who=who, out=mark.out)
        elif mark.kind == "none":
            is_empty = narrative.work.settle(True, False)
            narrative.step("none" if is_empty else "none.but", shift=named(mark.shift), out=mark.out)
            who = "" if is_empty else "?"
        elif mark.kind == "pair":
            narrative.step("pair", day=str(mark.shift[0]), who=mark.who[0], other=mark.who[-1])
        else:
            turns = tuple(spoken(day, night) for day, night in mark.turns)
            narrative.step("full", who=mark.who[0], turns=turns, num=len(turns))
    return who


def spoken(day: int, night: bool | None) -> str:
    """Return a turn in words; of a day that two people share nobody knows yet which."""
    return f"one on {WEEKDAYS[day]}" if night is None else f"{WEEKDAYS[day]} {('day', 'night')[night]}"


def show(narrative: Narrative, facts: Mapping[str, Any], rules: Collection[str], given: Mapping[Shift, str]) -> bool:
    """Tell a roster day by day; return False where an error makes it none."""
    roster = next(filled(facts, rules, 1, given))
    for day in dict.fromkeys(day for day, _ in roster):
        bank = "roster.both" if roster[day, False] == roster[day, True] else "roster.day"
        narrative.step(bank, day=str(day), who=roster[day, False], other=roster[day, True])
    is_kept = narrative.work.settle(True, False)
    key = "most" if "most" in rules else "rest" if "rest" in rules else "plain"
    narrative.step(f"roster.check.{key}" if is_kept else "roster.broken")
    return is_kept


# The second implementation.
def is_possible(facts: Mapping[str, Any], *, who: str = "", lifted: str = "") -> bool:
    """Return whether there is a roster, with somebody on the shift that is asked about, or with a rule lifted."""
    atoms: dict[str, object] = {"first": int(facts["first_day"]), "last": int(facts["last_day"])}
    atoms |= {"people": facts["people"], "away": [{**entry, "day": int(entry["day"])} for entry in facts["away"]]}
    atoms |= {"rest": bool(facts.get("rest")), "lifted": lifted}
    if who:
        day, part = facts["shift"]
        atoms |= {"given_day": int(day), "given_part": part, "given_who": who}
    return least_cost(PROGRAM, atoms) is not None


SCHEME = Roster()
