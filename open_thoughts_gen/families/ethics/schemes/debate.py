"""Minutes of a debate with numbered points, each raised against another: which stand, which fall, which stay open.

Two standing orders count the same points (P. M. Dung, On the acceptability of arguments, 1995). The cautious one lets a
point stand once everything against it has fallen; the bold one looks at every full position that could be held. They
part where two points exclude each other and a third is answered by either. From level 4 on a point from memory does not
count against a point on paper (preference among arguments).

The traps: to judge a point by how many points are against it; to let a point that is out go on striking; to argue "in
either case" under an order that has no room for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.scheme import EthicsScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Form, Page, ProblemCase, Reckoning, replaced
from open_thoughts_gen.families.kit.forms import PrintedSoFar, TupleForm
from open_thoughts_gen.families.kit.kinds import Flip, OneOf, SomeOf
from open_thoughts_gen.families.kit.proof import answer_set, named
from open_thoughts_gen.families.kit.traces import joined

FATES = ("stands", "falls", "open")
DECIDED = FATES[:2]
# What each part of a topic is said against: the motion, two lines of objection and reply, one reply to both, and an
# objection that is met in two ways which exclude each other.
AGAINST: Mapping[str, Sequence[str]] = {
    "root": (),
    **{"a1": ("root",), "a2": ("a1",), "a3": ("a2",), "a4": ("a3",)},
    **{"b1": ("root",), "b2": ("b1",), "b3": ("b2",), "x1": ("a1", "b1")},
    **{"c1": ("root",), "m1": ("c1", "m2"), "m2": ("c1", "m1"), "n1": ("m1",)},
}
OBJECTIONS = ("a1", "a3", "b1", "b3", "c1", "n1")  # what is said by those who are against the motion
OTHER_MARK = {"paper": "memory", "memory": "paper"}
FATE, ASKED = OneOf(FATES, "closing/fate"), ("asked",)
Attacks = Mapping[int, Sequence[int]]  # what is raised against each point
_POINTS = re.compile(r"P\d{1,2}(?:(?:, | and )P\d{1,2})*(?!\d)")


class PointsForm(TupleForm[int]):
    """Points of a debate: `P4`, `P4, P6 and P9`."""

    def write(self, value: tuple[int, ...], style: str, seen: PrintedSoFar) -> str:
        """Return the points."""
        return joined([f"P{number}" for number in value])

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the points that stand here."""
        if match := _POINTS.match(text, start):
            yield match.end(), tuple(int(point.removeprefix("P")) for point in re.findall(r"P\d+", match.group()))


class Debate(EthicsScheme):
    """Points of a debate under a cautious order and a bold one."""

    name: ClassVar[str] = "debate"
    labels: ClassVar[Sequence[str]] = ("order", "bold", "paper")
    label_styles: ClassVar[Sequence[str]] = ("Order {}", "Rule {}", "§ {}", "Article {}")
    asks: ClassVar[Mapping[str, Ask]] = {
        "fate": Ask(FATE, "fate", needs=ASKED, coin="fate", outcomes=DECIDED, outcomes_at={3: FATES}, until=3),
        "standing": Ask(SomeOf(()), "standing"),
        "turns": Ask(Flip(), "fate", level=3, needs=ASKED, coin="fate", outcomes=DECIDED),
        "full": Ask(FATE, "bold", level=3, needs=("asked", "bold"), coin="bold", outcomes=(*DECIDED, *FATES)),
        "part": Ask(SomeOf(()), "part", level=3, needs=("bold",), coin="parted", outcomes=(True, True, False)),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the form of points."""
        return {**super().own_forms(), "points": PointsForm()}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw which parts of a topic were said, in an order in which each could be."""
        keys = ["root", *[f"a{index}" for index in range(1, rng.randint(2, 4) + 1)]]
        keys += [f"b{index}" for index in range(1, rng.randint(1, 3) + 1 if level > 1 else rng.choice((1, 1, 2)))]
        keys += ["x1"] * (level > 1 and rng.random() < 0.35)
        keys += ["c1", "m1", "m2", *["n1"] * (rng.random() < 0.25)] * (level > 2)
        order: list[str] = []
        while len(order) < len(keys):
            ready = [key for key in keys if key not in order and (not AGAINST[key] or AGAINST[key][0] in order)]
            order.append(rng.choice(ready))
        numbers = {key: number for number, key in enumerate(order, start=1)}
        topic, names = rng.choice(list(self.words.lists["topic"])), rng.sample(self.pool("speakers"), 5)
        speakers = [f"{rng.choice(('Mr', 'Ms', 'Ms', 'Dr'))} {name}" for name in names]
        withdrawn = rng.choice(order[1:]) if level > 1 and rng.random() < 0.4 else ""
        points: list[dict[str, Any]] = []
        for key, number in numbers.items():
            against = tuple(sorted(numbers[other] for other in AGAINST[key] if other in numbers))
            mark = "out" if key == withdrawn else rng.choice(("paper", "memory")) if level > 3 else "plain"
            side = speakers[3:] if key in OBJECTIONS else speakers[:3]
            taken = {entry["who"] for entry in points if entry["num"] in against}  # nobody answers a point of their own
            who = rng.choice([name for name in side if name not in taken] or side)
            entry = {"num": number, "claim": f"{topic}.{key}", "mark": mark, "who": who}
            points.append(entry if key == "root" else {**entry, "against": against})
        facts: dict[str, Any] = {"topic": topic, "points": points} | ({"paper": True} if level > 3 else {})
        alive = [entry["num"] for entry in points if entry["mark"] != "out"]
        deep = [number for number in alive if len(bearing_on({**facts, "asked": number})) > level] or alive
        asked = 1 if rng.random() < 0.15 * level else rng.choice(rng.choice((deep, deep, alive)))
        return {**facts, "bold": True, "asked": asked}

    def names_of(self, case: ProblemCase) -> Sequence[str]:
        """Return the points."""
        return labels_of(entry["num"] for entry in case.facts["points"])

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Settle the points by both orders."""
        reckoning = Reckoning(facts)
        attacks = counted(reckoning)
        fates = settled(reckoning, attacks)
        bold = by_positions(fates, positions(attacks, fates))
        part = frozenset(labels_of(number for number in fates if fates[number] != bold[number]))
        standing = frozenset(labels_of(number for number, fate in fates.items() if fate == "stands"))
        fate, by_bold = (each.get(facts.get("asked", 0)) for each in (fates, bold))
        return {"standing": standing, "part": part, "parted": bool(part), "fate": fate, "bold": by_bold}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the topic, the points, the orders and the question."""
        facts, layout = case.facts, case.pen("layout").pick("points", "plain", "dash", "bracket", "spoken")
        opening = f"{page.say('prompt/topic', **facts)} {page.say('prompt/numbered')}"
        sorts = {entry["num"]: "point" if "against" in entry else "motion" for entry in facts["points"]}
        points = [page.say(f"prompt/{sorts[entry['num']]}.{layout}", **entry) for entry in facts["points"]]
        rules = {"order": "points", "bold": "bold", "paper": "paper"}
        return self.laid_out(case, page, rules, opening, "\n".join(points), page.say("prompt/colour"))

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Settle the points one after another, then, if it is asked for, look at the full positions."""
        facts, asked = reckoning.facts, reckoning.facts.get("asked", 0)
        attacks = counted(reckoning)
        by = tuple(entry["num"] for entry in facts["points"] if asked in entry.get("against", ()))
        if asks == "fate" and by:  # the wrong turn of judging a point by how many points are against it
            reckoning.say("turn.heads" if len(by) > 1 else "turn.head", by=by)
            reckoning.say("refute.heads")
        fates = settled(reckoning, attacks)
        if asks in ("full", "part"):
            bold = self._tell_positions(reckoning, attacks, fates)
            reckoning.part(3)
            part = tuple(number for number in sorted(fates) if fates[number] != bold[number])
            result = bold[asked] if asks == "full" else frozenset(labels_of(part))
            reckoning.answer(f"answer.{asks}", result, fate=bold.get(asked), members=part)
        elif asks == "standing":
            standing = tuple(number for number in sorted(fates) if fates[number] == "stands")
            reckoning.answer("answer.standing", frozenset(labels_of(standing)), standing=standing)
        else:
            if fates[asked] == "open" and by_positions(fates, positions(attacks, fates))[asked] != "open":
                reckoning.say("either")
            reckoning.answer("answer.fate", fates[asked])

    def _tell_positions(self, reckoning: Reckoning, attacks: Attacks, fates: Mapping[int, str]) -> dict[int, str]:
        """Tell the full positions, and what becomes of each open point by them."""
        left = tuple(sorted(number for number, fate in fates.items() if fate == "open"))
        full = positions(attacks, fates)
        bold = by_positions(fates, full)
        reckoning.part(2)
        if not left:
            reckoning.say("single", members=full[0] if full else ())
            return bold
        couples = {number for pair in pairs_of(attacks, left) for number in pair}
        reckoning.say("choice", opened=left, pick=tuple(sorted(couples)))
        for position in full:
            pick = tuple(number for number in position if number in couples)
            rest = tuple(number for number in position if number in left and number not in couples)
            reckoning.say("position" if rest else "position.alone", pick=pick, rest=rest, members=position)
        reckoning.say("fuller", size=len(full))
        for number in left:
            bold[number] = reckoning.work.settle(bold[number], *(fate for fate in FATES if fate != bold[number]))
            reckoning.say(f"bold.{bold[number]}", num=number)
        return bold

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Ask the answer set program, which has one fact for each point that is raised against another."""
        points = [{"num": entry["num"], "mark": entry["mark"]} for entry in facts["points"]]
        raised = [{"by": entry["num"], "on": on} for entry in facts["points"] for on in entry.get("against", ())]
        names = labels_of(entry["num"] for entry in points)
        known = {**facts, "points": points, "raised": raised}
        return named(answer_set(self.word_file.with_suffix(".lp"), known), standing=names, part=names)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the withdrawal of each point, and a point on paper in place of one from memory."""
        for entry in case.facts["points"]:
            if entry["num"] in (1, case.facts.get("asked")) or entry["mark"] == "out":
                continue
            yield Change({"out": entry["num"]}, option="out" if case.asks == "turns" else "")
            if "paper" in case.facts and case.asks != "turns":
                yield Change({"moved": entry["num"]})

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Withdraw a point, or let it rest on the other ground."""
        ((what, number),) = patch.items()
        index = [entry["num"] for entry in facts["points"]].index(number)
        mark = OTHER_MARK[facts["points"][index]["mark"]] if what == "moved" else "out"
        return {**facts, "points": replaced(facts["points"], index, {"mark": mark})}


def labels_of(numbers: Iterable[int]) -> list[str]:
    """Return points as an answer has them."""
    return [f"P{number}" for number in numbers]


def bearing_on(facts: Facts) -> set[int]:
    """Return the points that can matter to the one that is asked about; all of them if none is."""
    against = {entry["num"]: entry.get("against", ()) for entry in facts["points"]}
    if "asked" not in facts or "bold" in facts:
        return set(against)
    found, fresh = set[int](), {facts["asked"]}
    while fresh:
        found |= fresh
        fresh = {number for number, targets in against.items() if set(targets) & found} - found
    return found


def counted(reckoning: Reckoning) -> dict[int, list[int]]:
    """Return for each point that was not withdrawn what is raised against it and counts."""
    facts = reckoning.facts
    near, marks = bearing_on(facts), {entry["num"]: entry["mark"] for entry in facts["points"]}
    attacks: dict[int, list[int]] = {number: [] for number, mark in marks.items() if mark != "out"}
    for entry in facts["points"]:
        number = entry["num"]
        if number not in attacks and number in near:
            reckoning.say("withdrawn", **entry)
        for other in entry.get("against", ()) if number in attacks else ():
            weak = "paper" in facts and (marks[number], marks[other]) == ("memory", "paper")
            if other in attacks and not (weak and reckoning.work.settle(True, False)):
                attacks[other].append(number)
            elif other in attacks and other in near:
                reckoning.say("weak", num=number, target=other)
    return attacks


def settled(reckoning: Reckoning, attacks: Attacks) -> dict[int, str]:
    """Return what becomes of each point by the cautious order, each line followed to its end."""
    fates, last, work = dict[int, str](), 0, reckoning.work
    claims, near = {entry["num"]: entry["claim"] for entry in reckoning.facts["points"]}, bearing_on(reckoning.facts)
    while ready := [number for number in attacks if number not in fates and _is_ready(attacks[number], fates)]:
        number = next((each for each in ready if last in attacks[each]), ready[-1])
        striking = [other for other in attacks[number] if fates.get(other) == "stands"]
        fates[number] = work.settle("falls", "stands") if striking else work.settle("stands", "falls")
        if number in near:
            by = tuple(striking[:1] or attacks[number])
            bank = "struck" if striking else "answered" if len(by) == 1 else "answered.all" if by else "free"
            reckoning.say(bank, num=number, claim=claims[number], by=by, fate=fates[number])
        last = number
    left = [number for number in attacks if number not in fates]
    _tell_open(reckoning, attacks, [number for number in left if number in near])
    return fates | dict.fromkeys(left, "open")


def _is_ready(attackers: Sequence[int], fates: Mapping[int, str]) -> bool:
    known = [fates.get(other) for other in attackers]
    return "stands" in known or all(fate == "falls" for fate in known)


def _tell_open(reckoning: Reckoning, attacks: Attacks, left: Sequence[int]) -> None:
    """Tell which points the cautious order never gets hold of: the pair first, then what hangs on it."""
    told = sorted({number for pair in pairs_of(attacks, left) for number in pair})
    for pair in pairs_of(attacks, left):
        reckoning.say("pair", pick=pair, opened=pair)
    while rest := [number for number in left if number not in told]:
        number = next((each for each in rest if set(attacks[each]) & set(told)), rest[0])
        by = tuple(other for other in attacks[number] if other in left)
        reckoning.say("hangs" if len(by) == 1 else "hangs.all", num=number, by=by)
        told.append(number)


def pairs_of(attacks: Attacks, left: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs of open points that are raised against each other."""
    pairs = combinations(sorted(left), 2)
    return [(one, other) for one, other in pairs if one in attacks[other] and other in attacks[one]]


def positions(attacks: Attacks, fates: Mapping[int, str]) -> list[tuple[int, ...]]:
    """Return the full positions: what stands anyhow, with as many open points as can be held together."""
    left = [number for number, fate in fates.items() if fate == "open"]
    base, found = {number for number, fate in fates.items() if fate == "stands"}, list[set[int]]()
    for chosen in (set(some) for size in range(len(left), -1, -1) for some in combinations(left, size)):
        held = base | chosen  # of which nothing is against another, and something is against whatever is against it
        is_safe = all(other not in held and held & set(attacks[other]) for each in chosen for other in attacks[each])
        if is_safe and not any(chosen <= other for other in found):
            found.append(chosen)
    return [tuple(sorted(base | chosen)) for chosen in sorted(found, key=sorted)]


def by_positions(fates: Mapping[int, str], full: Sequence[Sequence[int]]) -> dict[int, str]:
    """Return what becomes of each point by the bold order."""
    held = {number: sum(number in position for position in full) for number in sorted(fates)}
    return {number: "stands" if num == len(full) else "open" if num else "falls" for number, num in held.items()}


SCHEME = Debate()
