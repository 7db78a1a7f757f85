"""Things that have to share vans or sessions: how few are enough, and why one fewer is not.

Each thing has a weight, each place takes so much, and some things must be kept apart. That a number of places is too
small is shown by the weight, by things of which no two go together, or by giving each of these a place of its own and
seeing where the others can still go; at one point both possibilities may have to be tried.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import combinations, islice
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.formulas import Figures
from open_thoughts_gen.families.kit.reckoning import summed
from open_thoughts_gen.families.kit.walking import WalkingScheme
from open_thoughts_gen.families.scheduling.scheme import SchedulingScheme

MAX_FACTS, MAX_CLIQUES, MAX_TRIED = 9, 6, 4
Some = tuple[int, ...]
Places = tuple[Some, ...]
Out = tuple[int, int, Some]  # whose place, the thing in it that must be kept apart (or -1), all weights there


@dataclass(frozen=True, slots=True)
class Sharing:
    """Weights of things, what a place takes, and the pairs that must be kept apart, the smaller number first."""

    weights: tuple[int, ...]
    capacity: int
    apart: frozenset[tuple[int, int]]

    def is_apart(self, one: int, other: int) -> bool:
        """Return whether two things must be kept apart."""
        return (min(one, other), max(one, other)) in self.apart

    def clash(self, one: int, other: int) -> bool:
        """Return whether two things can't share a place."""
        return self.is_apart(one, other) or self.weights[one] + self.weights[other] > self.capacity

    @property
    def things(self) -> list[int]:
        """The things that are there: one that is left out keeps its number, and weighs nothing."""
        return [thing for thing, weight in enumerate(self.weights) if weight]


@dataclass(frozen=True, slots=True)
class Fact:
    """One step of an argument.

    `weight`: all of it is too much; `clique`: no two of these go together; `only`: a thing has one place left, that of
    `owner`; `case`: one of two is tried; `none`: a thing has no place left. `out` says why the other places are closed.
    """

    kind: str
    things: tuple[int, ...]
    owner: int = -1
    out: tuple[Out, ...] = ()
    rests: frozenset[int] = frozenset()  # the things whose places it rests on

    def pairs(self) -> Iterator[tuple[int, int]]:
        """Yield the pairs of things that it looks at, the smaller number first."""
        yield from combinations(sorted(self.things), 2)
        yield from ((min(self.things[0], other), max(self.things[0], other)) for _, other, _ in self.out)


@lru_cache(maxsize=512)
def arranged(sharing: Sharing, num: int) -> Places | None:
    """Return the things in each of `num` places; None where they are too few. The heaviest are put in first."""
    order = sorted(sharing.things, key=lambda thing: -sharing.weights[thing])

    def extend(places: Places, index: int) -> Places | None:
        if index == len(order):
            return places
        fillings = (
            (*places[:place], (*places[place], order[index]), *places[place + 1 :])
            for place in range(num)
            if () not in places[:place] and closed_by(sharing, places[place], order[index]) is None
        )
        return next(filter(None, (extend(filling, index + 1) for filling in fillings)), None)

    return extend(((),) * num, 0)


def fewest(sharing: Sharing) -> int:
    """Return how many places are needed."""
    least = max(1, -(-sum(sharing.weights) // sharing.capacity))  # by weight
    return next(num for num in range(least, len(sharing.weights) + 1) if arranged(sharing, num) is not None)


@lru_cache(maxsize=512)
def argument(sharing: Sharing, num: int) -> tuple[Fact, ...] | None:
    """Return why `num` places are too few; None where no short argument is at hand."""
    if sum(sharing.weights) > num * sharing.capacity:
        return (Fact("weight", tuple(sharing.things)),)
    if clique := next(cliques(sharing, num + 1), None):
        return (Fact("clique", clique),)
    pinned = islice(cliques(sharing, num), MAX_CLIQUES)
    closed = ((clique, close(sharing, {thing: (thing,) for thing in clique})) for clique in pinned)
    arguments = [(Fact("clique", clique), *facts) for clique, facts in closed if facts is not None]
    best = min(arguments, key=len, default=None)
    return best if best is not None and len(best) <= MAX_FACTS else None


def cliques(sharing: Sharing, size: int) -> Iterator[tuple[int, ...]]:
    """Yield sets of things of which no two go together."""
    for group in combinations(sharing.things, size):
        if all(sharing.clash(one, other) for one, other in combinations(group, 2)):
            yield group


def close(sharing: Sharing, places: Mapping[int, tuple[int, ...]], depth: int = 1) -> list[Fact] | None:
    """Put the others in, tightest first, until one has no place, which rests on all that is returned; None if none does.

    Where a thing has two places left, both are tried, `depth` times within each other.
    """
    held = {thing for members in places.values() for thing in members}
    left = [thing for thing in sharing.things if thing not in held]
    if not left:
        return None
    closed = {thing: {owner: closed_by(sharing, places[owner], thing) for owner in places} for thing in left}
    thing = min(left, key=lambda each: sum(reason is None for reason in closed[each].values()))
    reasons = {owner: reason for owner, reason in closed[thing].items() if reason is not None}
    owners = [owner for owner in places if owner not in reasons]
    out = tuple((owner, other, parts) for owner, (other, parts, _) in reasons.items())
    rests = frozenset(member for *_, members in reasons.values() for member in members)
    if not owners:
        return [Fact("none", (thing,), -1, out, rests)]
    if len(owners) > 1 + bool(depth):
        return None
    facts, kind = list[Fact](), "only" if len(owners) == 1 else "case"
    for owner in owners:
        rest = close(sharing, {**places, owner: (*places[owner], thing)}, depth - (kind == "case"))
        if rest is None:
            return None
        is_needed = kind == "case" or any(thing in fact.rests for fact in rest)
        facts += [Fact(kind, (thing,), owner, out, rests), *rest] if is_needed else rest
    return facts


def closed_by(sharing: Sharing, members: Some, thing: int) -> tuple[int, Some, Some] | None:
    """Return why a thing can't go to these: one of them (or -1), all weights, and whose places that rests on."""
    parts = tuple(sharing.weights[other] for other in (*members, thing))
    other = next((other for other in members if sharing.is_apart(thing, other)), None)
    if other is not None:
        return other, parts, (other,)
    return (-1, parts, members) if sum(parts) > sharing.capacity else None


@dataclass(slots=True, kw_only=True)
class Packing(Figures):
    """Tells arguments and arrangements. `names` are those of the things, `notes` say of a pair why it is kept apart.

    `closed` has the words for why a place is closed: by somebody's own (`own`), by another's thing (`apart`), by weight.
    """

    sharing: Sharing
    names: Sequence[str]
    closed: Mapping[str, Mapping[str, str]]
    notes: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def rule_out(self, num: int) -> bool:
        """Say why this number of places is too few; return False where an error lets them seem enough."""
        is_out = True
        self.know("num", num)
        self.know("limit", self.sharing.capacity)
        for fact in argument(self.sharing, num) or ():
            if fact.kind in ("weight", "clique"):
                is_out &= self.weigh() if fact.kind == "weight" else self.part_all(fact.things, num)
                continue
            is_right = fact.kind != "none" or self.work.settle(True, False)
            bank = f"{fact.kind}{'.free' * (fact.kind == 'case' and not fact.out)}{'.but' * (not is_right)}"
            thing, owner = self.names[fact.things[0]], self.names[fact.owner]
            self.say(bank, thing=thing, owner=owner, out=[*map(self.reason, fact.out)])
            is_out &= is_right
        return is_out

    def reason(self, out: Out) -> str:
        """Return why a place is closed to a thing."""
        owner, other, parts = out
        kind = "heavy" if other < 0 else "own" if owner == other else "apart"
        values = {"owner": self.names[owner], "other": self.names[other], "load": f"{sum(parts):,}"}
        return self.closed[kind][""].format(**values, terms=" + ".join(f"{part:,}" for part in parts))

    def weigh(self) -> bool:
        """Tell whether all of it is too much."""
        weights = tuple(weight for weight in self.sharing.weights if weight)
        self.know("total", summed(self.work, weights))
        self.find("room", "num * limit")
        is_out = self.exceeds("total", "room")
        self.say("weight" if is_out else "weight.fits", parts=weights)
        return is_out

    def part_all(self, things: Sequence[int], num: int) -> bool:
        """Tell why no two of these go together, by what keeps them apart or by their weights."""
        sharing, both = self.sharing, list(combinations(sorted(things), 2))
        pairs, heavy = ([pair for pair in both if sharing.is_apart(*pair) is apart] for apart in (True, False))
        named = [f"{self.names[one]} and {self.names[other]}{self.notes.get((one, other), '')}" for one, other in pairs]
        shown: dict[str, Any] = {"things": [self.names[thing] for thing in things], "pairs": named}
        if heavy:
            one, other = min(heavy, key=lambda pair: sharing.weights[pair[0]] + sharing.weights[pair[1]])
            self.know("load", summed(self.work, (sharing.weights[one], sharing.weights[other])))
            is_out = self.exceeds("load", "limit")
            shown |= {"lightest": self.names[one], "second": self.names[other]}
        else:
            is_out = self.work.settle(True, False)
        bank = "mixed" if heavy and pairs else "heavy" if heavy else "apart.two" if len(things) == 2 else "apart"
        self.say(f"clique.{bank}" if is_out else "clique.fits", **shown, num=len(things))
        self.say("clique.full" if len(things) > num else "clique.pin", **shown)
        return is_out

    def show(self, num: int) -> None:
        """Tell an arrangement, place by place."""
        for members in filter(None, arranged(self.sharing, num) or ()):
            named, parts = zip(
                *((self.names[thing], self.sharing.weights[thing]) for thing in sorted(members)), strict=True
            )
            self.know("load", summed(self.work, parts))
            self.say("place" if len(parts) > 1 else "place.one", things=named, parts=parts)
        self.say(f"place.check{'.free' * (not self.sharing.apart)}", limit=self.sharing.capacity)


Way = tuple[str, Sharing, bool]  # what is left out, what then is to be shared, and whether that fits


class SharingScheme(WalkingScheme, SchedulingScheme):
    """A scheme of things that share places: how few are enough, whether a number is, what would have to go.

    `places` is the fact that says of how many places is asked, `relief` the question which one thing to leave out, and
    `article` stands before the names of things in a trace.
    """

    places: ClassVar[str]
    relief: ClassVar[str]
    article: ClassVar[str] = ""
    reckoning: ClassVar[type[Figures]] = Packing

    def tools(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is shared, and how it is put that a place is closed."""
        return {"sharing": self.sharing_of(facts), "closed": self.words.lists["closed"]}

    @abstractmethod
    def sharing_of(self, facts: Mapping[str, Any]) -> Sharing:
        """Return what is to be shared."""

    @abstractmethod
    def ways(self, facts: Mapping[str, Any], num: int) -> Sequence[Way]:
        """Return what might be left out, so that `num` places are enough: those that have to be tried."""

    @abstractmethod
    def survey(self, story: Packing) -> None:
        """Tell what is plain from the start."""

    def walk(self, story: Packing, asks: str) -> object:
        """Tell which things need places of their own, where the others go, and an arrangement; a no has an argument."""
        sharing, least = story.sharing, fewest(story.sharing)
        num = least - 1 if asks == "least" else story.facts[self.places]
        story.say(f"issue.{asks}")
        self.survey(story)
        story.part(1)
        if num >= least:
            story.show(num)
            return story.work.settle(True, False) if asks == "fits" else None
        if argument(sharing, num) is None:
            return None
        is_out = story.rule_out(num)
        if asks == self.relief:
            return self.relieved(story, num) if is_out else None
        if asks == "least" and is_out:
            story.find("num", "num + 1")
            story.part(2)
            story.show(least)
        return int(story.known["num"]) if asks == "least" else not is_out

    def relieved(self, story: Packing, num: int) -> str | None:
        """Tell which one of several ways lets everything fit; None where it is not just one, or cannot be told."""
        ways = self.ways(story.facts, num)
        is_told = all(fits or argument(rest, num) is not None for _, rest, fits in ways)
        if not is_told or len(ways) > MAX_TRIED or sum(fits for *_, fits in ways) != 1:
            return None
        excess, helpful = sum(story.sharing.weights) - num * story.sharing.capacity, ""
        story.say("leave", load=excess, things=[f"{self.article}{name}" for name, _, _ in ways])
        for point, (name, rest, fits) in enumerate(ways, start=2):
            story.part(point)
            story.say("leave.try", thing=f"{self.article}{name}")
            other = replace(story, sharing=rest)
            if fits:
                other.show(num)
                helpful = story.work.settle(name, "")
            elif not other.rule_out(num):
                return None
        story.know("thing", f"{self.article}{helpful}")
        return helpful or None

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program for more and more places, then for the lightest thing without which all fits."""
        known, (key, _, name) = {**facts, "without": ""}, self.named.partition(".")
        numbers = (num for num in range(1, 12) if self.can(**{**known, self.places: num}))
        results: dict[str, Any] = {"least": next(numbers)}
        if self.places in facts:
            results["fits"] = facts[self.places] >= results["least"]
            able = [one for one in facts[key] if not results["fits"] and self.can(**{**known, "without": one[name]})]
            least = min((one.get("kg", 0) for one in able), default=0)
            names = [one[name] for one in able if one.get("kg", 0) == least]
            results |= {self.relief: names[0]} if len(names) == 1 else {}
        return results
