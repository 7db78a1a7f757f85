"""A telegram that one person read, a week of visits, and what people did: what had each been given to believe.

Everybody has made known what he or she would do for which belief; so acts show beliefs, and beliefs show who had talked
(abduction: D. Poole, 1989, on explaining observations by a theory and hypotheses). Open people pass on what they
believe, contrary people its opposite, close people nothing; the first word is believed. The question is who read the
telegram, whose words somebody acted on, who was misled, and what a silence would have changed.

The traps: a second tale that comes too late; a lie about a lie, which is the truth again; a belief read off from the
telegram instead of from what reached the person.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Page, ProblemCase, Reckoning, replaced
from open_thoughts_gen.families.kit.kinds import Both, OneOf, SomeOf
from open_thoughts_gen.families.literary.scheme import ROLE_OF, LiteraryScheme, once, people

NUM_PEOPLE = {1: 4, 2: 4, 3: 5, 4: 6}
NUM_READERS = {1: 2, 2: 3, 3: 3, 4: 4}
NUM_VISITS = {1: 4, 2: 5, 3: 7, 4: 9}
DAYS = ("Tuesday", "Wednesday", "Thursday", "Friday")
MANNERS = ("open", "open", "contrary", "contrary", "close")
OTHER = {"good": "bad", "bad": "good"}


@dataclass(slots=True)
class Week:
    """What everybody believes at the end of a week, and from which visit."""

    belief: dict[str, str] = field(default_factory=dict)
    visit: dict[str, Mapping[str, Any]] = field(default_factory=dict)


class Why(LiteraryScheme):
    """News that travels by visits, and acts that have reasons."""

    name: ClassVar[str] = "why"
    asks: ClassVar[Mapping[str, Ask]] = {
        "source": Ask(OneOf(()), "source"),
        "misled": Ask(SomeOf(()), "misled", coin="any_misled", outcomes=(True, True, True, False)),
        "from": Ask(Both(OneOf(()), OneOf(DAYS), "closing/from"), "from", level=2, needs=("asked",)),
        "hush": Ask(SomeOf(()), "hush", level=3, needs=("asked",), coin="any_hush", outcomes=(True, True, True, False)),
    }
    among: ClassVar[Mapping[str, str]] = dict.fromkeys(asks, "people.who")
    pairs: ClassVar[Mapping[str, tuple[str, str]]] = {"from": ("who", "day")}
    turns: ClassVar[Sequence[tuple[str, Sequence[str]]]] = (
        ("manners.manner", ("open", "contrary", "close")),
        ("acts.did", ("good", "bad", "none")),
    )

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw people with their ways, a week of visits, a reader, and as many acts as show who it was."""
        names = people(rng, NUM_PEOPLE[level])
        days = sorted((rng.choice(DAYS) for _ in range(NUM_VISITS[level])), key=DAYS.index)
        visits: list[dict[str, Any]] = []
        for day in days:
            who, whom = rng.sample(names, 2)
            visits.append({"day": day, "who": who, "whom": whom})
        if any(visits.count(visit) > 1 for visit in visits):
            return None
        readers = rng.sample(names, NUM_READERS[level])
        facts: dict[str, Any] = {
            "news": rng.choice(list(self.words.lists["news"])),
            "truth": rng.choice(("good", "bad")),
            "candidates": tuple(readers),
            "people": [{"who": name, "deed": ROLE_OF[name]} for name in rng.sample(names, len(names))],
            "manners": [{"who": name, "manner": rng.choice(MANNERS)} for name in names],
            "visits": visits,
            "acts": [],
        }
        weeks = {reader: run(Reckoning(facts), reader).belief for reader in readers}
        belief = weeks[rng.choice(readers)]
        for name in rng.sample(names, len(names)):
            facts["acts"].append({"who": name, "deed": ROLE_OF[name], "did": belief.get(name, "none")})
            shown = [act["who"] for act in facts["acts"]]
            if sum(all(week.get(who) == belief.get(who) for who in shown) for week in weeks.values()) == 1:
                break
        else:
            return None
        return {**facts, "asked": rng.choice([name for name in names if name not in shown] or names)}

    def walk(self, case: Reckoning, asks: str) -> object:
        """Let the week run for each possible reader, and look at the one that fits."""
        readers = once(case, fitting)
        if len(readers) != 1:
            return None
        ((reader, week),) = readers.items()
        case.know("reader", reader)
        case.part(len(case.facts["candidates"]) + 1)
        if asks == "source":
            return reader
        if asks == "from":
            visit = week.visit.get(case.facts["asked"])
            return (case.know("who", visit["who"]), case.know("day", visit["day"])) if visit else None
        if asks == "misled":
            other = {name: case.facts["truth"] for name in week.belief}
        else:
            case.say("silent")
            other = run(case, reader, silent=case.facts["asked"]).belief
        names = [entry["who"] for entry in case.facts["people"]]
        return frozenset(case.know("group", tuple(name for name in names if week.belief.get(name) != other.get(name))))

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, the people, the week and the question."""
        facts, pen, news = case.facts, case.pen("layout"), {"news": case.facts["news"]}
        note = " ".join(pen.order("note", [page.say("prompt/rule"), page.say("prompt/manners")]))
        start = [page.say(f"prompt/wire.{facts['truth']}", **news)]
        start.append(page.say("prompt/reader", candidates=facts["candidates"]))
        resolves = [page.say("prompt/resolve", **entry, **news) for entry in facts["people"]]
        manners = [page.say(f"prompt/manner.{entry['manner']}", **entry) for entry in facts["manners"]]
        week = groupby(facts["visits"], itemgetter("day"))
        days = [" ".join(page.say("prompt/visit", **visit) for visit in visits) for _, visits in week]
        acts = [page.say(f"prompt/act.{act['did']}", **act) for act in facts["acts"]] + [page.say("prompt/others")]
        persons = pen.order("persons", [" ".join(resolves), " ".join(manners)])
        ways = pen.pick("order", [start, persons], [persons, start])
        parts = [*(" ".join(part) if part is start else "\n\n".join(part) for part in ways), *days, " ".join(acts)]
        return self.framed(case, page, note=note, story="\n\n".join(parts))

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another way with news, another act, and a visit that goes the other way."""
        yield from super().changes(case, rng)
        visits = case.facts["visits"]
        for index, visit in enumerate(visits):
            yield Change({"visits": replaced(visits, index, {"who": visit["whom"], "whom": visit["who"]})})


def run(case: Reckoning, reader: str, silent: str = "") -> Week:
    """Return what everybody believes after the visits, if `reader` read the telegram and `silent` said nothing."""
    facts = case.facts
    manners = {entry["who"]: entry["manner"] for entry in facts["manners"]}
    week = Week({reader: facts["truth"]})
    for visit in facts["visits"]:
        who, whom, belief = visit["who"], visit["whom"], week.belief.get(visit["who"])
        if belief is None:
            continue
        manner = "hushed" if who == silent else manners[who]
        bank, word = manner, OTHER[belief] if manner == "contrary" else belief
        if manner in ("open", "contrary"):
            if case.work.settle(whom in week.belief, whom not in week.belief):
                bank = "late"
            else:
                week.belief[whom], week.visit[whom] = word, visit
                bank = f"{manner}.{word}"
        case.say(bank, **visit)
    return week


def fitting(case: Reckoning) -> dict[str, Week]:
    """Return the candidates with whom all that was done on Saturday had its reason, each with the week as it was then."""
    readers: dict[str, Week] = {}
    for point, reader in enumerate(case.facts["candidates"], start=1):
        case.part(point)
        case.say(f"suppose.{case.facts['truth']}", reader=reader)
        week = run(case, reader)
        wrong = next((act for act in case.facts["acts"] if week.belief.get(act["who"], "none") != act["did"]), None)
        if case.work.settle(wrong is None, wrong is not None):
            readers[reader] = week
        case.say(f"misfit.{wrong['did']}" if wrong else "fits", **(wrong or {}), reader=reader)
    return readers


SCHEME = Why()
