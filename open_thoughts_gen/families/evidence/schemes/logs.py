"""Logs that cannot all be right: who was seen where and when, by sources one of whose clocks may be wrong.

Whether all entries can be right as they stand, which two sources contradict each other, whose clock is wrong and by how
many minutes at least. The traps: to blame whichever source stands in the first contradiction; to mend one contradiction
and leave another; to overlook that a walk takes time. Walking times are the constraints of a simple temporal problem
(R. Dechter, I. Meiri and J. Pearl, Temporal constraint networks, 1991).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise, permutations, product
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.evidence.scheme import EvidenceScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Page, ProblemCase, Reckoning, column, patched
from open_thoughts_gen.families.kit.clock import HOUR, clock, passed
from open_thoughts_gen.families.kit.kinds import HowMuch, OneOf, SomeOf, YesNo
from open_thoughts_gen.families.kit.scheme import replaced
from open_thoughts_gen.families.kit.telling import NoResultError
from open_thoughts_gen.families.kit.work import Work

Seen = Mapping[str, Any]
SIZES = {1: (3, 1, 4, 4), 2: (4, 2, 7, 4), 3: (4, 2, 12, 5), 4: (4, 3, 18, 5)}  # sources, people, sightings, places
MAX_SHIFT = 60


class Logs(EvidenceScheme):
    """Sightings by several sources, walking times, and a clock that is wrong."""

    name: ClassVar[str] = "logs"
    sets: ClassVar[Mapping[str, str]] = {"pair": "seen.source"}
    asks: ClassVar[Mapping[str, Ask]] = {
        "agree": Ask(YesNo(), "agree", coin="agree"),
        "pair": Ask(SomeOf((), "closing/two"), "pair"),
        "wrong": Ask(OneOf((), "closing/source"), "wrong", level=2, needs=("way",)),
        "shift": Ask(HowMuch("minutes"), "shift", level=3, needs=("way",)),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw an evening in which all is right, and often put one clock wrong."""
        facts = self._evening(rng, level)
        if rng.random() < 0.2:
            return facts
        culprit, by = rng.choice(facts["seen"])["source"], rng.randint(2, 14)
        facts["way"] = rng.choice(("slow", "fast"))  # a clock that is put wrong one way is put right the other way
        opposite = {"fast": "slow", "slow": "fast"}[facts["way"]]
        facts["seen"] = shifted({**facts, "way": opposite}, culprit, by)["seen"]
        is_one_pair = len({frozenset((x["source"], y["source"])) for x, y in clashes(facts)}) == 1
        is_clear = level == 1 or culprit_of(facts) or (is_one_pair and rng.random() < 0.3)
        return facts if clashes(facts) and is_clear else None

    def _evening(self, rng: Random, level: int) -> dict[str, Any]:
        """Draw places, walking times and true sightings."""
        num_sources, num_people, num_seen, num_places = SIZES[level]
        lists = self.words.lists
        places = rng.sample(list(lists["place"]), num_places)
        times = {frozenset(pair): rng.randint(2, 9) for pair in combinations(places, 2)}
        for via, a, b in permutations(places, 3):
            detour = times[frozenset((a, via))] + times[frozenset((via, b))]
            times[frozenset((a, b))] = min(times[frozenset((a, b))], detour)
        walks = [{"a": a, "b": b, "minutes": times[frozenset((a, b))]} for a, b in combinations(places, 2)]
        sources, people = rng.sample(list(lists["source"]), num_sources), rng.sample(self.pool("names"), num_people)
        start, seen = HOUR * rng.randint(17, 21) + rng.randint(0, 50), list[dict[str, Any]]()
        for index, who in enumerate(people):
            where, at = rng.choice(places), start + rng.randint(0, 8)
            for _ in range(num_seen // num_people + (index < num_seen % num_people)):
                seen.append({"source": rng.choice(sources), "who": who, "where": where, "at": at})
                before, where = where, rng.choice([place for place in places if place != where])
                at += times[frozenset((before, where))] + rng.choice((0, 1, 1, 2, 3, 5))
        rng.shuffle(seen)
        if rng.random() < 0.5:
            seen.sort(key=lambda each: sources.index(each["source"]))
        return {"setting": self.one_of("setting", rng), "walks": walks, "seen": seen}

    def names_of(self, case: ProblemCase) -> Sequence[str]:
        """Return the sources of the case."""
        return list(dict.fromkeys(column(case.facts, "seen.source")))

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Go along with each person, and see which source is in all contradictions."""
        found, pairs = clashes(facts), pairs_of(all_clashes(facts))
        results: dict[str, Any] = {"agree": not found, **dict.fromkeys(("pair", "wrong", "shift"))}
        if len(pairs) == 1 and len(min(pairs)) == 2:
            results["pair"] = min(pairs)
        if "way" in facts and (culprit := culprit_of(facts)):
            shift = max(bound(facts, x, y, culprit, Work(is_quiet=True)) for x, y in found)
            is_enough = 0 < shift < MAX_SHIFT and not all_clashes(shifted(facts, culprit, shift))
            results |= {"wrong": culprit, "shift": shift if is_enough else None}
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print walking times, sightings, whether a clock is wrong, and the question."""
        facts, pen = case.facts, case.pen("layout")
        rules = ["prompt/walking", "prompt/exact", *([f"prompt/clock.{facts['way']}"] if "way" in facts else [])]
        said = " ".join(map(page.say, pen.order("rules", rules)))
        walks = f"{page.say('prompt/walks')}\n{' '.join(page.say('prompt/walk', **walk) for walk in facts['walks'])}"
        seen = self.listed(case, page, (("seen", each) for each in facts["seen"]))
        return self.framed(case, page, rules=said, data="\n\n".join(pen.order("data", [walks, seen])))

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Go along with each person, look at the walks, and see what the contradictions have in common."""
        facts = reckoning.facts
        found = tell_people(reckoning)
        reckoning.part(2)
        pairs = pairs_of(found)
        common = sorted(frozenset.intersection(*pairs)) if pairs else []
        if asks == "agree":
            reckoning.answer("answer.agree", not found)
        elif asks == "pair":
            two = min(pairs) if len(pairs) == 1 else None
            sources = sorted(two or (), key=column(facts, "seen.source").index)
            reckoning.answer("answer.pair", two, sources=[f"the {source}" for source in sources])
        elif len(common) != 1:
            raise NoResultError("no one source is in every contradiction")
        else:
            reckoning.know("culprit", common[0], "common")
            shift = reckoning.know("shift", tell_shift(reckoning, common[0], found))
            bank, result = ("wrong", common[0]) if asks == "wrong" else (f"shift.{facts['way']}", shift)
            reckoning.answer(f"answer.{bank}", result)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a walk that takes longer or shorter, or a sighting at another time."""
        facts = case.facts
        for walk in facts["walks"]:
            for by in (-2, -1, 1, 2):
                patch = {"a": walk["a"], "b": walk["b"], "minutes": walk["minutes"] + by}
                if walk["minutes"] + by > 1 and is_shortest(self.applied(facts, patch)):
                    yield Change(patch)
        for index, by in product(range(len(facts["seen"])), (-3, -1, 1, 3)):
            yield Change({"seen": replaced(facts["seen"], index, {"at": facts["seen"][index]["at"] + by})})

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts with another walking time, or as the patch has them."""
        return patched(facts, "walks", patch, "a", "b") if "minutes" in patch else {**facts, **patch}


def minutes(facts: Facts, a: str, b: str) -> int:
    """Return how long the walk is."""
    return next((int(walk["minutes"]) for walk in facts["walks"] if {walk["a"], walk["b"]} == {a, b}), 0)


def is_shortest(facts: Facts) -> bool:
    """Return whether no detour is quicker than a walk."""
    places = {walk[key] for walk in facts["walks"] for key in "ab"}
    ways = ((walk, via) for walk in facts["walks"] for via in places - {walk["a"], walk["b"]})
    return all(minutes(facts, w["a"], v) + minutes(facts, v, w["b"]) >= w["minutes"] for w, v in ways)


def stops_of(facts: Facts, who: str) -> list[Seen]:
    """Return the sightings of a person in the order of their times."""
    return sorted((each for each in facts["seen"] if each["who"] == who), key=lambda each: int(each["at"]))


def clashes(facts: Facts) -> list[tuple[Seen, Seen]]:
    """Return the sightings of a person, one right after the other, with too little time for the walk."""
    people = dict.fromkeys(each["who"] for each in facts["seen"])
    pairs = (pair for who in people for pair in pairwise(stops_of(facts, who)))
    return [(x, y) for x, y in pairs if y["at"] - x["at"] < minutes(facts, x["where"], y["where"])]


def all_clashes(facts: Facts) -> list[tuple[Seen, Seen]]:
    """Return all pairs of sightings of a person that contradict each other."""
    pairs = ((x, y) for x, y in combinations(facts["seen"], 2) if x["who"] == y["who"])
    return [(x, y) for x, y in pairs if abs(y["at"] - x["at"]) < minutes(facts, x["where"], y["where"])]


def pairs_of(found: Sequence[tuple[Seen, Seen]]) -> set[frozenset[str]]:
    """Return which sources contradict each other; one that contradicts itself stands alone."""
    return {frozenset((x["source"], y["source"])) for x, y in found}


def culprit_of(facts: Facts) -> str | None:
    """Return the one source without which all agrees, if the contradictions between neighbours show it."""
    near, far = pairs_of(clashes(facts)), pairs_of(all_clashes(facts))
    in_all = frozenset.intersection(*near) if near else frozenset()
    if len(in_all) != 1 or any(not in_all <= pair or len(pair) == 1 for pair in far):
        return None
    return min(in_all)


def shifted(facts: Facts, culprit: str, shift: int) -> dict[str, Any]:
    """Return the facts with a clock put right."""
    by = -shift if facts["way"] == "fast" else shift
    seen = [{**each, "at": each["at"] + by} if each["source"] == culprit else each for each in facts["seen"]]
    return {**facts, "seen": seen}


def bound(facts: Facts, x: Seen, y: Seen, culprit: str, work: Work) -> int:
    """Return by how many minutes a clock must be moved at least so that two sightings agree."""
    mine, theirs = (x, y) if x["source"] == culprit else (y, x)
    early, late = (mine["at"], theirs["at"]) if facts["way"] == "fast" else (theirs["at"], mine["at"])
    need, gap = minutes(facts, x["where"], y["where"]), passed(min(early, late), max(early, late), work)
    return int(work("n - g" if early <= late else "n + g", n=need, g=gap))


def tell_people(reckoning: Reckoning) -> list[tuple[Seen, Seen]]:
    """Tell each person's way and the walks for which there was too little time."""
    facts, work, found = reckoning.facts, reckoning.work, list[tuple[Seen, Seen]]()
    for who in dict.fromkeys(column(facts, "seen.who")):
        stops = stops_of(facts, who)
        reckoning.say("person", who=who, stops=shown_stops(stops))
        pairs = list(pairwise(stops))
        gaps = [passed(x["at"], y["at"], work) for x, y in pairs]
        needs = [minutes(facts, x["where"], y["where"]) for x, y in pairs]
        short = [work.exceeds(need, gap) for need, gap in zip(needs, gaps, strict=True)]
        reckoning.say("gaps", who=who, gaps=gaps, walks_needed=needs)
        for (x, y), gap, need, is_short in zip(pairs, gaps, needs, short, strict=True):
            if is_short:
                ends = {"a": x["where"], "b": y["where"], "then": y["at"], "other": y["source"]}
                reckoning.say("short", **x, **ends, gap=gap, minutes=need)
                found.append((x, y))
        if not any(short):
            reckoning.say("fine", who=who)
    return found


def tell_shift(reckoning: Reckoning, culprit: str, found: Sequence[tuple[Seen, Seen]]) -> int:
    """Tell how far a clock must be moved for each contradiction, and that no other comes of it; return how far."""
    facts, shift = reckoning.facts, 0
    for x, y in found:
        mine, theirs = (x, y) if x["source"] == culprit else (y, x)
        by, need = bound(facts, x, y, culprit, reckoning.work), minutes(facts, mine["where"], theirs["where"])
        ends = {"a": mine["where"], "b": theirs["where"], "then": theirs["at"]}
        reckoning.say(f"bound.{facts['way']}", **mine, **ends, minutes=need, shift=by)
        shift = max(shift, by)
    after = shifted(facts, culprit, shift)
    for who in dict.fromkeys(each["who"] for each in facts["seen"] if each["source"] == culprit):
        reckoning.say("again", who=who, stops=shown_stops(stops_of(after, who)), shift=shift)
    return shift


def shown_stops(stops: Sequence[Seen]) -> list[str]:
    """Return where somebody was seen when, as a trace has it."""
    return [f"{each['where']} {clock(each['at'])}" for each in stops]


SCHEME = Logs()
