"""Minutes of a debate with numbered points, each raised against another: which stand, which fall, which stay open.

Two standing orders count the same points (P. M. Dung, On the acceptability of arguments, 1995). The cautious one lets a
point stand once everything against it has fallen; the bold one looks at every full position that could be held. They
part where two points exclude each other and a third is answered by either. From level 4 on a point from memory does not
count against a point on paper (preference among arguments).

The traps: to judge a point by how many points are against it; to let a point that is out go on striking; to argue "in
either case" under an order that has no room for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.forms import PointsForm
from open_thoughts_gen.families.ethics.scheme import EthicsScheme, patch_of
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import Flip, Kind, OneOf, SomeOf
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

FATES = ("stands", "falls", "open")
LAYOUTS = ("plain", "dash", "bracket", "spoken")
SPEAKERS = (
    *("Abara", "Bloom", "Castell", "Drake", "Engel", "Falk", "Garner", "Hollis", "Ibsen", "Joss", "Keller", "Lund"),
    *("Mercer", "Noor", "Ostrow", "Pell", "Rasmus", "Stern", "Tighe", "Vance", "Wynn"),
)
# What each part of a topic is said against: the motion, two lines of objection and reply, one reply to both, and an
# objection that is met in two ways which exclude each other.
AGAINST: Mapping[str, Sequence[str]] = {
    "root": (),
    **{"a1": ("root",), "a2": ("a1",), "a3": ("a2",), "a4": ("a3",)},
    **{"b1": ("root",), "b2": ("b1",), "b3": ("b2",), "x1": ("a1", "b1")},
    **{"c1": ("root",), "m1": ("c1", "m2"), "m2": ("c1", "m1"), "n1": ("m1",)},
}
OBJECTIONS = ("a1", "a3", "b1", "b3", "c1", "n1")  # what is said by those who are against the motion
Attacks = Mapping[int, Sequence[int]]  # what is raised against each point


class Debate(EthicsScheme):
    """Points of a debate under a cautious order and a bold one."""

    name: ClassVar[str] = "debate"
    labels: ClassVar[Sequence[str]] = ("order", "bold", "paper")
    label_styles: ClassVar[Sequence[str]] = ("Order {}", "Rule {}", "§ {}", "Article {}")
    word_file = Path(__file__).with_suffix(".yaml")
    asks: ClassVar[Mapping[str, Ask]] = {
        "fate": Ask(
            OneOf(FATES, "closing/fate"),
            "fate",
            needs=("asked",),
            coin="fate",
            outcomes=("stands", "falls"),
            outcomes_at=dict.fromkeys((3, 4), FATES),
        ),
        "standing": Ask(SomeOf(()), "standing"),
        "turns": Ask(Flip(), "fate", level=2, needs=("asked",), coin="fate", outcomes=("stands", "falls")),
        "full": Ask(
            OneOf(FATES, "closing/fate"),
            "bold",
            level=3,
            needs=("asked", "bold"),
            coin="bold",
            outcomes=("stands", "falls", "open", "stands", "falls"),
        ),
        "part": Ask(SomeOf(()), "part", level=3, needs=("bold",), coin="parted", outcomes=(True, True, False)),
    }

    def __init__(self) -> None:
        """Say how each fact is written."""
        lists, points = self.words.lists, PointsForm()
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys(("num", "asked", "out", "size", "target"), WholeForm()),
            **dict.fromkeys(("against", "by", "pick", "members", "rest", "opened", "standing"), points),
            "topic": EntryForm(lists["topic"]),
            "claim": EntryForm(lists["claim"]),
            "mark": EntryForm(lists["mark"]),
            "who": NameForm(),
            "fate": EntryForm(lists["fate"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw which parts of a topic were said, in an order in which each could be."""
        keys = ["root", *[f"a{index}" for index in range(1, rng.randint(2, 4) + 1)]]
        keys += [f"b{index}" for index in range(1, rng.randint(1, 3) + 1 if level > 1 else rng.choice((1, 1, 2)))]
        if level > 1 and rng.random() < 0.35:
            keys.append("x1")
        if level > 2:
            keys += ["c1", "m1", "m2", *(["n1"] if rng.random() < 0.25 else [])]
        order: list[str] = []
        while len(order) < len(keys):
            ready = [key for key in keys if key not in order and (not AGAINST[key] or AGAINST[key][0] in order)]
            order.append(rng.choice(ready))
        numbers = {key: number for number, key in enumerate(order, start=1)}
        topic, speakers = rng.choice(list(self.words.lists["topic"])), _speakers(rng)
        withdrawn = rng.choice(order[1:]) if level > 1 and rng.random() < 0.4 else ""
        points: list[dict[str, Any]] = []
        for key in order:
            against = tuple(sorted(numbers[other] for other in AGAINST[key] if other in numbers))
            mark = "out" if key == withdrawn else rng.choice(("paper", "memory")) if level > 3 else "plain"
            side = speakers[key in OBJECTIONS]
            taken = {entry["who"] for entry in points if entry["num"] in against}  # nobody answers a point of their own
            who = rng.choice([name for name in side if name not in taken] or side)
            entry = {"num": numbers[key], "claim": f"{topic}.{key}", "mark": mark, "who": who}
            points.append(entry if key == "root" else {**entry, "against": against})
        facts: dict[str, Any] = {"topic": topic, "points": points, "bold": True}
        if level > 3:
            facts["paper"] = True
        alive = [entry["num"] for entry in points if entry["mark"] != "out"]
        return {**facts, "asked": 1 if rng.random() < 0.15 * level else rng.choice(alive)}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question; where points are named, those of the case."""
        kind = super().kind_of(case)
        return SomeOf(tuple(f"P{entry['num']}" for entry in case.facts["points"])) if isinstance(kind, SomeOf) else kind

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Settle the points by both orders."""
        work = Work(is_quiet=True)
        attacks = counted(facts, work)
        fates = settled(attacks, work)
        bold = by_positions(fates, positions(attacks, fates))
        results: dict[str, Any] = {
            "standing": frozenset(f"P{number}" for number, fate in fates.items() if fate == "stands"),
            "part": frozenset(f"P{number}" for number in fates if fates[number] != bold[number]),
        }
        results["parted"] = bool(results["part"])
        if facts.get("asked") in fates:
            results |= {"fate": fates[facts["asked"]], "bold": bold[facts["asked"]]}
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the topic, the points, the orders and the question."""
        facts, layout = case.facts, case.pen("layout").pick("points", *LAYOUTS)
        opening = page.say("prompt/topic", topic=facts["topic"])
        points = [
            page.say(f"prompt/point.{layout}" if "against" in entry else f"prompt/motion.{layout}", **entry)
            for entry in facts["points"]
        ]
        story = "\n\n".join((f"{opening} {page.say('prompt/numbered')}", "\n".join(points), page.say("prompt/colour")))
        rules = [page.say("prompt/order")]
        rules += [page.say(f"prompt/{key}") for key in ("bold", "paper") if key in facts]
        needed = {"asked": facts["asked"]} if "asked" in facts else {}
        ask = page.say(f"prompt/ask.{case.asks}", **needed)
        return self.framed(case, page, rules="\n".join(rules), story=story, ask=ask)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Settle the points one after another, then, if it is asked for, look at the full positions."""
        facts, work, asks = case.facts, narrative.work, case.asks
        narrative.step(f"issue.{asks}", **({"asked": facts["asked"]} if "asked" in facts else {}))
        attacks = counted(facts, work, narrative)
        if asks == "fate":
            _try_heads(narrative, facts)
        narrative.point = 1
        fates = settled(attacks, work, narrative, facts)
        if asks in ("full", "part"):
            narrative.point = 2
            bold = _tell_positions(narrative, attacks, fates)
            narrative.point = 3
            if asks == "full":
                fate = bold[facts["asked"]]
                narrative.answer("answer.full", fate, asked=facts["asked"], fate=fate)
                return
            part = tuple(number for number in sorted(fates) if fates[number] != bold[number])
            bank = "answer.part" if part else "answer.part.none"
            narrative.answer(bank, frozenset(f"P{number}" for number in part), members=part)
        elif asks == "standing":
            standing = tuple(number for number in sorted(fates) if fates[number] == "stands")
            bank = "answer.standing" if standing else "answer.standing.none"
            narrative.answer(bank, frozenset(f"P{number}" for number in standing), standing=standing)
        else:
            fate = fates[facts["asked"]]
            if fate == "open" and by_positions(fates, positions(attacks, fates))[facts["asked"]] != "open":
                narrative.step("either", asked=facts["asked"])
            narrative.answer(f"answer.fate.{fate}", fate, asked=facts["asked"])

    def trial(self, case: ProblemCase, letter: str, narrative: Narrative) -> object:
        """Settle the points once more without the one that is withdrawn."""
        facts, asked, work = case.facts, case.facts["asked"], Work(is_quiet=True)
        gone = patch_of(case, letter)["out"]
        fates = settled(counted(facts, work), work)
        back = [{**entry, "mark": "plain"} if entry["num"] == gone else entry for entry in facts["points"]]
        before = settled(counted({**facts, "points": back}, work), work)
        fate = narrative.work.settle(fates[asked], *(each for each in FATES if each != fates[asked]))
        moved = tuple(number for number in sorted(fates) if number != asked and fates[number] != before[number])
        bank = "turned" if fate != before[asked] else "moved" if moved else "still"
        narrative.step(f"trial.{bank}", letter=letter, asked=asked, out=gone, members=moved, fate=fate)
        return fate

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program; sets come as sums of powers of two."""
        raised = [{"by": entry["num"], "on": on} for entry in facts["points"] for on in entry.get("against", ())]
        points = [{"num": entry["num"], "mark": entry["mark"]} for entry in facts["points"]]
        known = {key: facts[key] for key in ("asked", "paper") if key in facts}
        proved = answer_set(Path(__file__).with_suffix(".lp"), {**known, "points": points, "raised": raised})
        results: dict[str, Any] = dict(proved)
        for key in ("standing", "part"):
            results[key] = frozenset(f"P{number}" for number in range(1, 20) if int(results[key]) >> number & 1)
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the withdrawal of each point, and a point on paper in place of one from memory."""
        for entry in case.facts["points"]:
            if entry["num"] in (1, case.facts.get("asked")) or entry["mark"] == "out":
                continue
            yield Change({"out": entry["num"]}, option="out" if case.asks == "turns" else "")
            if "paper" in case.facts and case.asks != "turns":
                yield Change({"moved": entry["num"]})

    def applied(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Withdraw a point, or let it rest on the other ground."""
        swapped = {"paper": "memory", "memory": "paper"}
        points = []
        for entry in facts["points"]:
            if entry["num"] == patch.get("out"):
                points.append({**entry, "mark": "out"})
            elif entry["num"] == patch.get("moved"):
                points.append({**entry, "mark": swapped[entry["mark"]]})
            else:
                points.append(entry)
        return {**facts, "points": points}


def _speakers(rng: Random) -> tuple[list[str], list[str]]:
    """Return who speaks for the motion, and who against it."""
    names = [f"{rng.choice(('Mr', 'Ms', 'Ms', 'Dr'))} {name}" for name in rng.sample(SPEAKERS, 5)]
    return names[:3], names[3:]


def bearing_on(facts: Mapping[str, Any]) -> set[int]:
    """Return the points that can matter to the one that is asked about; all of them if none is."""
    against = {entry["num"]: entry.get("against", ()) for entry in facts["points"]}
    if "asked" not in facts or "bold" in facts:
        return set(against)
    found, fresh = set[int](), {facts["asked"]}
    while fresh:
        found |= fresh
        fresh = {number for number, targets in against.items() if set(targets) & found} - found
    return found


def counted(facts: Mapping[str, Any], work: Work, narrative: Narrative | None = None) -> dict[int, list[int]]:
    """Return for each point that was not withdrawn what is raised against it and counts."""
    near = bearing_on(facts)
    marks = {entry["num"]: entry["mark"] for entry in facts["points"]}
    attacks: dict[int, list[int]] = {number: [] for number, mark in marks.items() if mark != "out"}
    for entry in facts["points"]:
        number = entry["num"]
        if number not in attacks:
            if narrative is not None and number in near:
                narrative.step("withdrawn", num=number, claim=entry["claim"], against=entry["against"])
            continue
        for other in entry.get("against", ()):
            if other not in attacks:
                continue
            weak = "paper" in facts and (marks[number], marks[other]) == ("memory", "paper")
            if weak and work.settle(True, False):
                if narrative is not None and other in near:
                    narrative.step("weak", num=number, target=other)
            else:
                attacks[other].append(number)
    return attacks


def settled(
    attacks: Attacks, work: Work, narrative: Narrative | None = None, facts: Mapping[str, Any] | None = None
) -> dict[int, str]:
    """Return what becomes of each point by the cautious order, each line followed to its end."""
    fates, last = dict[int, str](), 0
    claims = {entry["num"]: entry["claim"] for entry in facts["points"]} if facts else {}
    near = bearing_on(facts) if facts else set()
    while True:
        ready = [number for number in attacks if number not in fates and _is_ready(attacks[number], fates)]
        if not ready:
            break
        number = next((each for each in ready if last in attacks[each]), ready[-1])
        striking = [other for other in attacks[number] if fates.get(other) == "stands"]
        fates[number] = work.settle("falls", "stands") if striking else work.settle("stands", "falls")
        if narrative is not None and number in near:
            by = tuple(striking[:1] or attacks[number])
            bank = "struck" if striking else "answered" if len(by) == 1 else "answered.all" if by else "free"
            narrative.step(bank, num=number, claim=claims[number], by=by, fate=fates[number])
        last = number
    left = [number for number in attacks if number not in fates]
    if narrative is not None and near & set(left):
        _tell_open(narrative, attacks, [number for number in left if number in near])
    return fates | dict.fromkeys(left, "open")


def _is_ready(attackers: Sequence[int], fates: Mapping[int, str]) -> bool:
    known = [fates.get(other) for other in attackers]
    return "stands" in known or all(fate == "falls" for fate in known)


def _tell_open(narrative: Narrative, attacks: Attacks, left: Sequence[int]) -> None:
    """Tell which points the cautious order never gets hold of: the pair first, then what hangs on it."""
    told = sorted({number for pair in pairs_of(attacks, left) for number in pair})
    for pair in pairs_of(attacks, left):
        narrative.step("pair", pick=pair, opened=pair)
    rest = [number for number in left if number not in told]
    while rest:
        number = next((each for each in rest if set(attacks[each]) & set(told)), rest[0])
        by = tuple(other for other in attacks[number] if other in left)
        narrative.step("hangs" if len(by) == 1 else "hangs.all", num=number, by=by)
        told.append(number)
        rest.remove(number)


def pairs_of(attacks: Attacks, left: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs of open points that are raised against each other."""
    return [
        (one, other) for one, other in combinations(sorted(left), 2) if one in attacks[other] and other in attacks[one]
    ]


def positions(attacks: Attacks, fates: Mapping[int, str]) -> list[tuple[int, ...]]:
    """Return the full positions: what stands anyhow, with as many open points as can be held together."""
    left = [number for number, fate in fates.items() if fate == "open"]
    base = {number for number, fate in fates.items() if fate == "stands"}
    found: list[set[int]] = []
    for size in range(len(left), -1, -1):
        for chosen in map(set, combinations(left, size)):
            held = base | chosen
            if not any(chosen <= other for other in found) and all(_is_safe(attacks, held, each) for each in chosen):
                found.append(chosen)
    return [tuple(sorted(base | chosen)) for chosen in sorted(found, key=sorted)]


def _is_safe(attacks: Attacks, held: set[int], number: int) -> bool:
    """Return whether nothing held is against a point, and something held is against whatever is."""
    return all(other not in held and held & set(attacks[other]) for other in attacks[number])


def by_positions(fates: Mapping[int, str], full: Sequence[Sequence[int]]) -> dict[int, str]:
    """Return what becomes of each point by the bold order."""
    held = {number: sum(number in position for position in full) for number in fates}
    return {
        number: "stands" if num == len(full) else "open" if num else "falls" for number, num in sorted(held.items())
    }


def _tell_positions(narrative: Narrative, attacks: Attacks, fates: Mapping[int, str]) -> dict[int, str]:
    """Tell the full positions, and what becomes of each open point by them."""
    left = tuple(sorted(number for number, fate in fates.items() if fate == "open"))
    full = positions(attacks, fates)
    bold = by_positions(fates, full)
    if not left:
        narrative.step("single", members=full[0] if full else ())
        return bold
    couples = {number for pair in pairs_of(attacks, left) for number in pair}
    narrative.step("choice", opened=left, pick=tuple(sorted(couples)))
    for position in full:
        pick = tuple(number for number in position if number in couples)
        rest = tuple(number for number in position if number in left and number not in couples)
        narrative.step("position" if rest else "position.alone", pick=pick, rest=rest, members=position)
    narrative.step("fuller", size=len(full))
    for number in left:
        bold[number] = narrative.work.settle(bold[number], *(fate for fate in FATES if fate != bold[number]))
        narrative.step(f"bold.{bold[number]}", num=number)
    return bold


def _try_heads(narrative: Narrative, facts: Mapping[str, Any]) -> None:
    """Tell the wrong turn of judging a point by how many points are against it."""
    by = tuple(entry["num"] for entry in facts["points"] if facts["asked"] in entry.get("against", ()))
    if by:
        narrative.step("turn.heads" if len(by) > 1 else "turn.head", asked=facts["asked"], by=by)
        narrative.step("refute.heads", asked=facts["asked"])


SCHEME = Debate()
