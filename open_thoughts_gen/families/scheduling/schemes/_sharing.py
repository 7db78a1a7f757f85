"""Things that have to share vans or sessions: how few are enough, and why one fewer is not.

Each thing has a weight, each place takes so much, and some things must be kept apart. That a number of places is too
small is shown by the weight, by things of which no two go together, or by giving each of these a place of its own and
seeing where the others can still go; at one point both possibilities may have to be tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations, islice
from typing import Any

from open_thoughts_gen.families.kit.forms import Form
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.scheduling.forms import CountedForm, SeriesForm, TraceForm, joined
from open_thoughts_gen.families.scheduling.scheme import summed

MAX_FACTS, MAX_CLIQUES = 9, 6
Out = tuple[int, int, int]  # whose place, the thing in it that must be kept apart (or -1), the load with it


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

    def without(self, thing: int) -> Sharing:
        """Return the same without one thing, which keeps its number and weighs nothing."""
        weights = tuple(0 if index == thing else weight for index, weight in enumerate(self.weights))
        return Sharing(weights, self.capacity, frozenset(pair for pair in self.apart if thing not in pair))


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


@lru_cache(maxsize=512)
def arranged(sharing: Sharing, num: int) -> tuple[int, ...] | None:
    """Return for each thing the number of its place, with `num` places; None where they are too few."""
    order = sorted(range(len(sharing.weights)), key=lambda thing: -sharing.weights[thing])

    def extend(index: int, places: dict[int, int], loads: tuple[int, ...]) -> dict[int, int] | None:
        if index == len(order):
            return places
        thing = order[index]
        for place in range(min(len(loads) + 1, num)):
            load = loads[place] if place < len(loads) else 0
            is_free = not any(at == place and sharing.is_apart(thing, other) for other, at in places.items())
            if is_free and load + sharing.weights[thing] <= sharing.capacity:
                filled = (*loads[:place], load + sharing.weights[thing], *loads[place + 1 :])
                if (found_places := extend(index + 1, {**places, thing: place}, filled)) is not None:
                    return found_places
        return None

    places = extend(0, {}, ())
    return None if places is None else tuple(places[thing] for thing in range(len(order)))


def fewest(sharing: Sharing) -> int:
    """Return how many places are needed."""
    return next(num for num in range(1, len(sharing.weights) + 1) if arranged(sharing, num) is not None)


@lru_cache(maxsize=512)
def argument(sharing: Sharing, num: int) -> tuple[Fact, ...] | None:
    """Return why `num` places are too few; None where no short argument is at hand."""
    everything = tuple(thing for thing, weight in enumerate(sharing.weights) if weight)
    if sum(sharing.weights) > num * sharing.capacity:
        return (Fact("weight", everything),)
    if clique := next(cliques(sharing, num + 1), None):
        return (Fact("clique", clique),)
    arguments = []
    for clique in islice(cliques(sharing, num), MAX_CLIQUES):
        closed = close(sharing, {thing: (thing,) for thing in clique}, can_split=True)
        if closed is not None:
            arguments.append((Fact("clique", clique), *needed(closed)))
    best = min(arguments, key=len, default=None)
    return best if best is not None and len(best) <= MAX_FACTS else None


def cliques(sharing: Sharing, size: int) -> Iterator[tuple[int, ...]]:
    """Yield sets of things of which no two go together."""
    things = [thing for thing, weight in enumerate(sharing.weights) if weight]
    for group in combinations(things, size):
        if all(sharing.clash(one, other) for one, other in combinations(group, 2)):
            yield group


def close(sharing: Sharing, places: dict[int, tuple[int, ...]], *, can_split: bool) -> list[Fact] | None:
    """Put the others in, those first that have the fewest places left, until one has none; None if that never comes."""
    facts: list[Fact] = []
    while True:
        held = {thing for members in places.values() for thing in members}
        left = [thing for thing, weight in enumerate(sharing.weights) if weight and thing not in held]
        if not left:
            return None
        closed = {thing: {owner: closed_by(sharing, places[owner], thing) for owner in places} for thing in left}
        options = {thing: [owner for owner, reason in closed[thing].items() if reason is None] for thing in left}
        thing = min(left, key=lambda each: len(options[each]))
        reasons = {owner: reason for owner, reason in closed[thing].items() if reason is not None}
        out = tuple((owner, other, load) for owner, (other, load, _) in reasons.items())
        rests = frozenset(member for *_, members in reasons.values() for member in members)
        if len(options[thing]) > 1:
            case = Fact("case", (thing,), out=out, rests=rests)
            cases = split(sharing, places, case, options[thing]) if can_split else None
            return None if cases is None else [*facts, *cases]
        owner = options[thing][0] if options[thing] else -1
        facts.append(Fact("only" if options[thing] else "none", (thing,), owner, out, rests))
        if owner < 0:
            return facts
        places = {**places, owner: (*places[owner], thing)}


def split(
    sharing: Sharing, places: dict[int, tuple[int, ...]], case: Fact, options: Sequence[int]
) -> list[Fact] | None:
    """Try both places of a thing; None where it has more than two, or one of them works out."""
    facts: list[Fact] = []
    for owner in options if len(options) == 2 else ():
        closed = close(sharing, {**places, owner: (*places[owner], *case.things)}, can_split=False)
        if closed is None:
            return None
        facts += [replace(case, owner=owner), *closed]
    return facts or None


def closed_by(sharing: Sharing, members: tuple[int, ...], thing: int) -> tuple[int, int, tuple[int, ...]] | None:
    """Return why a thing can't go to these: one of them (or -1), the load, and whose places that rests on."""
    load = sharing.weights[thing] + sum(sharing.weights[other] for other in members)
    other = next((other for other in members if sharing.is_apart(thing, other)), None)
    if other is not None:
        return other, load, (other,)
    return (-1, load, members) if load > sharing.capacity else None


def needed(facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts that the end rests on."""
    kept: list[Fact] = []
    used = set[int]()
    for fact in reversed(facts):
        if fact.kind != "only" or fact.things[0] in used:
            kept.append(fact)
            used |= fact.rests
    return kept[::-1]


class TextForm(TraceForm):
    """A thing by its name, in a trace."""

    def write(self, value: str, style: str, seen: object) -> str:
        """Return the name."""
        return value


class ClosedForm(TraceForm):
    """Why the other places are closed: `not with the glass, where the acid is`; `patterns` say how that is put."""

    def __init__(self, patterns: Mapping[str, Mapping[str, str]]) -> None:
        """Take the patterns by reason."""
        self._patterns = patterns

    def write(self, value: Sequence[tuple[str, str, int]], style: str, seen: object) -> str:
        """Return the reasons."""
        texts = []
        for owner, other, load in value:
            reason = "heavy" if not other else "own" if owner == other else "apart"
            texts.append(self._patterns[reason][""].format(owner=owner, other=other, load=load))
        return joined(texts)


def sharing_forms(patterns: Mapping[str, Mapping[str, str]]) -> dict[str, Form[Any]]:
    """Return the forms of what an argument prints."""
    return {
        **dict.fromkeys(("thing", "owner", "lightest", "second"), TextForm()),
        **dict.fromkeys(("things", "pairs", "parts"), SeriesForm()),
        **dict.fromkeys(("total", "room", "limit", "load", "num", "least"), CountedForm()),
        "out": ClosedForm(patterns),
    }


@dataclass(slots=True)
class Teller:
    """Tells arguments and arrangements. `names` are those of the things, `notes` say of a pair why it is kept apart."""

    narrative: Narrative
    sharing: Sharing
    names: Sequence[str]
    notes: Mapping[tuple[int, int], str]

    def rule_out(self, num: int) -> bool:
        """Say why this number of places is too few; return False where an error lets them seem enough."""
        narrative, is_out = self.narrative, True
        for fact in argument(self.sharing, num) or ():
            thing = self.names[fact.things[0]]
            if fact.kind == "weight":
                is_out &= self._weigh(num)
            elif fact.kind == "clique":
                is_out &= self._clique(fact.things, num)
            else:
                out = tuple(
                    (self.names[owner], self.names[other] if other >= 0 else "", load)
                    for owner, other, load in fact.out
                )
                owner = self.names[fact.owner] if fact.owner >= 0 else ""
                is_right = narrative.work.settle(True, False) if fact.kind == "none" else True
                bank = fact.kind if is_right else "none.but"
                narrative.step(
                    f"{bank}.free" if bank == "case" and not out else bank, thing=thing, owner=owner, out=out
                )
                is_out &= is_right
        return is_out

    def _weigh(self, num: int) -> bool:
        weights = tuple(weight for weight in self.sharing.weights if weight)
        total = summed(self.narrative.work, weights)
        room = int(self.narrative.work("num * capacity", num=num, capacity=self.sharing.capacity))
        is_out = self.narrative.work.exceeds(total, room)
        self.narrative.step("weight" if is_out else "weight.fits", parts=weights, total=total, num=num, room=room)
        return is_out

    def _clique(self, things: Sequence[int], num: int) -> bool:
        """Tell why no two of these go together, by what keeps them apart or by their weights."""
        sharing, narrative = self.sharing, self.narrative
        pairs = [pair for pair in combinations(sorted(things), 2) if sharing.is_apart(*pair)]
        heavy = [pair for pair in combinations(sorted(things), 2) if not sharing.is_apart(*pair)]
        shown: dict[str, Any] = {
            "things": [self.names[thing] for thing in things],
            "num": len(things),
            "limit": sharing.capacity,
        }
        shown["pairs"] = [
            f"{self.names[one]} and {self.names[other]}{self.notes.get((one, other), '')}" for one, other in pairs
        ]
        is_out = True
        if heavy:
            one, other = min(heavy, key=lambda pair: sharing.weights[pair[0]] + sharing.weights[pair[1]])
            load = summed(self.narrative.work, (sharing.weights[one], sharing.weights[other]))
            is_out = narrative.work.exceeds(load, sharing.capacity)
            shown |= {"lightest": self.names[one], "second": self.names[other], "load": load}
        else:
            is_out = narrative.work.settle(True, False)
        bank = "mixed" if heavy and pairs else "heavy" if heavy else "apart"
        bank += ".two" if len(things) == 2 and bank == "apart" else ""
        narrative.step(f"clique.{bank}" if is_out else "clique.fits", **shown)
        narrative.step("clique.full" if len(things) > num else "clique.pin", num=num, things=shown["things"])
        return is_out

    def show(self, num: int) -> None:
        """Tell an arrangement, place by place."""
        places = arranged(self.sharing, num) or ()
        for place in range(num):
            things = [thing for thing, at in enumerate(places) if at == place and self.sharing.weights[thing]]
            if things:
                parts = tuple(self.sharing.weights[thing] for thing in things)
                bank = "place" if len(things) > 1 else "place.one"
                shown = [self.names[thing] for thing in things]
                self.narrative.step(bank, things=shown, parts=parts, load=summed(self.narrative.work, parts))
        self.narrative.step("place.check", limit=self.sharing.capacity)

    def least(self) -> int:
        """Tell how few places are enough, and why one fewer is not; return their number."""
        num = fewest(self.sharing) - 1
        if not self.rule_out(num):
            return num
        least = int(self.narrative.work("num + 1", num=num))
        self.narrative.point += 1
        self.show(num + 1)
        return least


def told_leaving(teller: Teller, num: int, ways: Sequence[tuple[str, Sharing, bool]], lead: str) -> str | None:
    """Tell which one of several reliefs lets everything fit; return its name.

    `ways` are those that have to be tried, which the step `lead` says: each with its name, what is left to share, and
    whether that fits.
    """
    narrative = teller.narrative
    if not teller.rule_out(num):
        return None
    sharing = teller.sharing
    excess = sum(sharing.weights) - num * sharing.capacity
    narrative.step(lead, load=excess, things=[name for name, _, _ in ways])
    helpful = None
    for name, rest, fits in ways:
        narrative.point += 1
        narrative.step("leave.try", thing=name)
        other = replace(teller, sharing=rest)
        if fits:
            other.show(num)
            helpful = narrative.work.settle(name, "")
        elif not other.rule_out(num):
            return None
    return helpful or None
