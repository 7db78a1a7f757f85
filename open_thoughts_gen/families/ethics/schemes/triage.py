"""A protocol for who is seen next: classes, time spent waiting, and what decides among equals.

People come in one after another, and one at a time is seen, at fixed times. The highest class goes first; whoever has
waited long enough counts one class higher, but perhaps not into the highest; among equals a small child goes first, or
simply who came first. The rule about waiting is then taken away, to see whom it moves.

The traps: a wait that is a minute short; a step up that is shut; whoever comes in a minute after the call; to carry a
place in the queue over, where each call asks anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.scheme import EthicsScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Page, ProblemCase, Reckoning, column, patched
from open_thoughts_gen.families.kit.clock import HOUR, TimeOfDay, clock, passed
from open_thoughts_gen.families.kit.kinds import Flip, InOrder, OneOf, SomeOf, YesNo
from open_thoughts_gen.families.kit.proof.answer_sets import answer_set, named

CLASSES = ("A", "B", "C")
NUM_PEOPLE = {1: 4, 2: 5, 3: 6, 4: 8}
NEARLY = 4  # minutes that a wait lacks, up to which that is said
Person = Mapping[str, Any]


class Triage(EthicsScheme):
    """Who is seen when, by a protocol of classes and waiting."""

    name: ClassVar[str] = "triage"
    labels: ClassVar[Sequence[str]] = ("classes", "waiting", "shut", "equals")
    extra: ClassVar[str] = "wait"
    named: ClassVar[str] = "people.name"
    asks: ClassVar[Mapping[str, Ask]] = {
        "who": Ask(OneOf(()), "who", needs=("call",), until=3),
        "time": Ask(TimeOfDay(), "time", needs=("asked",), until=2),
        "order": Ask(InOrder(()), "order"),
        "same": Ask(YesNo(), "same", level=2, needs=("asked",), coin="same"),
        "moved": Ask(SomeOf(()), "moved", level=3, coin="moves", outcomes=(True, True, True, False)),
        "turns": Ask(Flip(), "who", level=3, needs=("call",)),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw arrivals so that somebody is waiting at every call."""
        every, start = rng.choice((10, 12, 15, 20)), HOUR * rng.randint(7, 19) + rng.choice((0, 10, 15, 30, 40))
        number = NUM_PEOPLE[level]
        times = sorted(rng.sample(range(start - 35, start + every * (number - 2)), number))
        if any(at > start + every * index for index, at in enumerate(times)):
            return None
        weights = (1, 3, 3) if level > 1 else (1, 1, 1)
        ranks, names = rng.choices(CLASSES, weights, k=number), rng.sample(self.pool("names"), number)
        people = [
            {"name": name, "at": at, "rank": rank, "child": "yes" if rng.random() < 0.35 else "no"}
            for name, at, rank in zip(names, times, ranks, strict=True)
        ]
        facts: dict[str, Any] = {"setting": rng.choice(list(self.words.lists["setting"])), "start": start}
        facts |= {"every": every, "people": people, "ties": "child" if level > 2 else "first"}
        facts |= {"wait": rng.choice((20, 25, 30, 35, 40))} if level > 1 else {}
        facts |= {"shut": True} if level > 3 else {}
        call = start + every * rng.randrange(1, number - (level < 3))
        return {**facts, "call": call, "asked": rng.choice(names)}

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Run the calls with the rule about waiting and without it."""
        seen, bare = calls(Reckoning(facts)), calls(Reckoning({**facts, "wait": None}))
        moved, asked = frozenset(name for call, name in seen.items() if bare[call] != name), facts.get("asked")
        results: dict[str, Any] = {"order": tuple(seen.values()), "who": seen.get(facts.get("call", 0)), "moved": moved}
        results |= {"moves": bool(moved), "same": asked not in moved if moved and asked else None}
        return results | {"time": next((call for call, name in seen.items() if name == asked), None)}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print who came when, the protocol and the question."""
        facts = case.facts
        story = [page.say("prompt/opening", **facts)]
        story.append(self.listed(case, page, (("person", person) for person in facts["people"])))
        printed = {"classes": "people", "waiting": "wait", "shut": "shut", f"equals.{facts['ties']}": "ties"}
        return self.laid_out(case, page, printed, *story, self.coloured(case, page))

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Go from call to call, and then once more without the rule about waiting."""
        facts, asked = reckoning.facts, reckoning.facts.get("asked", "")
        if "call" in facts:
            _try_queue(reckoning)
            seen = calls(reckoning, until=facts["call"])
            reckoning.answer("answer.who", seen[facts["call"]], seen=seen[facts["call"]])
            return
        seen = calls(reckoning, find=asked if asks == "time" else "")
        first = {name: call for call, name in seen.items()}
        now = first.get(asked)
        if asks in ("order", "time"):
            told = tuple(f"{name} ({reckoning.known[f'class {call}']}, {clock(call)})" for name, call in first.items())
            reckoning.answer(f"answer.{asks}", tuple(first) if asks == "order" else now, calls=told, now=now)
            return
        reckoning.part(2)
        reckoning.say("again")
        other = {**facts, "wait": None}
        apart = [call for call, name in calls(Reckoning(other)).items() if seen.get(call) != name]
        bare = calls(Reckoning(other, reckoning.work, reckoning.narrative), only=apart)
        reckoning.say("apart" if apart else "alike", num=len(seen) - len(apart))
        then = {name: call for call, name in bare.items()}
        if asks == "moved":
            moved = {who: f"{who} ({clock(at)} and {clock(then[who])})" for who, at in first.items() if then[who] != at}
            reckoning.answer("answer.moved", frozenset(moved), names=tuple(moved.values()))
            return
        reckoning.answer("answer.same", now == then[asked], now=now, then=then[asked])

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Ask the answer set program, call by call; an order comes as digits."""
        names = column(facts, self.named)
        proved = answer_set(self.word_file.with_suffix(".lp"), facts, num_steps=len(names))
        results = named(proved, moved=names)
        results["order"] = tuple(names[int(digit) - 1] for digit in str(results["order"]))
        return results | ({"same": facts["asked"] not in results["moved"]} if "asked" in facts else {})

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one person of another class, or who came some minutes sooner or later, and another time of waiting."""
        facts, offered = case.facts, case.asks == "turns"
        times = [facts["people"][0]["at"] - 12, *column(facts, "people.at"), facts["people"][-1]["at"] + 12]
        for index, person in enumerate(facts["people"]):
            ranks = [{"rank": rank} for rank in CLASSES if rank != person["rank"]]
            until = min(int(times[index + 2]), facts["start"] + facts["every"] * index + 1)
            arrivals = [{"at": at} for at in range(int(times[index]) + 1, until) if at != person["at"]]
            for option, patches in (("rank", ranks), ("at", arrivals)):
                for patch in patches:
                    yield Change({"name": person["name"], **patch}, option=option if offered else "")
        if "wait" in facts and not offered:
            yield from (Change({"wait": facts["wait"] + by}) for by in (-10, -5, 5, 10))

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Write another class or another time beside a person."""
        return patched(facts, "people", patch, "name") if "name" in patch else {**facts, **patch}


def calls(
    reckoning: Reckoning, *, until: int = 0, find: str = "", only: Collection[int] | None = None
) -> dict[int, str]:
    """Return who is seen at each call, up to a time or to a person; `only` these calls are told."""
    facts, seen = reckoning.facts, dict[int, str]()
    for index in range(len(facts["people"])):
        now = facts["start"] + facts["every"] * index
        waiting = [person for person in facts["people"] if person["at"] <= now and person["name"] not in seen.values()]
        if not waiting:
            break
        ranks = {person["name"]: _rank_at(reckoning, person, now) for person in waiting}
        is_told = only is None or now in only
        seen[now] = _first(reckoning if is_told else Reckoning(facts, reckoning.work), waiting, ranks, now)
        if now == until or seen[now] == find:
            break
    return seen


def _rank_at(reckoning: Reckoning, person: Person, now: int) -> str:
    """Return the class in which a person counts at a call; what it is that changes it is said once."""
    facts, rank = reckoning.facts, str(person["rank"])
    if not facts.get("wait") or rank == "A":
        return rank
    waited = passed(person["at"], now, reckoning.work)
    is_short, higher = reckoning.work.exceeds(facts["wait"], waited), CLASSES[CLASSES.index(rank) - 1]
    bank = "short" if is_short else "shut" if "shut" in facts and higher == "A" else "up"
    told = f"{bank} {person['name']}"
    if facts["wait"] - waited <= NEARLY if is_short else told not in reckoning.known:
        reckoning.say(bank, **person, now=now, waited=waited, higher=higher)
    reckoning.known[told] = True
    return higher if bank == "up" else rank


def _first(reckoning: Reckoning, waiting: Sequence[Person], ranks: Mapping[str, str], now: int) -> str:
    """Return who is first among those who wait."""
    best = min(ranks.values())
    equals = [person for person in waiting if ranks[person["name"]] == best]
    children = [person for person in equals if person["child"] == "yes" and reckoning.facts["ties"] == "child"]
    first = min(children or equals, key=lambda person: int(person["at"]))
    name = str(first["name"])
    if len(waiting) > 1:
        name = reckoning.work.settle(name, *(person["name"] for person in waiting if person is not first))
    bank = "only" if len(waiting) == 1 else "class" if len(equals) == 1 else "child" if len(children) == 1 else "came"
    bank = "child.came" if bank == "came" and children and len(children) < len(equals) else bank
    rivals = tuple(person["name"] for person in equals if person["name"] != name)
    queue = tuple(f"{person['name']} ({ranks[person['name']]})" for person in waiting)
    reckoning.know(f"class {now}", best, f"call.{bank}", now=now, seen=name, queue=queue, rivals=rivals, higher=best)
    return name


def _try_queue(reckoning: Reckoning) -> None:
    """Tell the wrong turn of a plain queue, in which the one who has been there longest would be next."""
    facts = reckoning.facts
    *before, seen = calls(Reckoning(facts), until=facts["call"]).values()
    first = next(name for name in column(facts, "people.name") if name not in before)
    if first != seen:
        reckoning.say("turn.queue", name=first)
        reckoning.say("refute.queue")


SCHEME = Triage()
