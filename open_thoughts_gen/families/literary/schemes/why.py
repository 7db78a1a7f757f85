"""A telegram that one person read, a week of visits, and what people did: what had each been given to believe.

Everybody has made known what he or she would do for which belief; so acts show beliefs, and beliefs show who had talked
(abduction: D. Poole, 1989, on explaining observations by a theory and hypotheses). Open people pass on what they
believe, contrary people its opposite, close people nothing; the first word is believed. The question is who read the
telegram, whose words somebody acted on, who was misled, and what a silence would have changed.

The traps: a second tale that comes too late; a lie about a lie, which is the truth; a belief read off from the telegram
instead of from what was heard. No candidate stands out before the week has been gone through.
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
from open_thoughts_gen.families.literary.scheme import ROLE_OF, LiteraryScheme, people

NUM_PEOPLE = {1: 4, 2: 5, 3: 6, 4: 7}
NUM_READERS = {1: 2, 2: 2, 3: 3, 4: 4}
NUM_VISITS = {1: 3, 2: 5, 3: 9, 4: 12}
DAYS = ("Tuesday", "Wednesday", "Thursday", "Friday")
MANNERS = ("open", "open", "contrary", "contrary", "close")
OTHER = {"good": "bad", "bad": "good"}
Visit = Mapping[str, Any]


@dataclass(slots=True)
class Week:
    """What everybody believes at the end of a week, and from which visit; what came of each visit, by its bank."""

    belief: dict[str, str] = field(default_factory=dict)
    visit: dict[str, Visit] = field(default_factory=dict)
    calls: list[tuple[str, Visit]] = field(default_factory=list)


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
        visits = [{"day": day, **dict(zip(("who", "whom"), rng.sample(names, 2), strict=True))} for day in days]
        readers = rng.sample(names, NUM_READERS[level])
        deeds = {name: ROLE_OF[name] + rng.choice(("", " b")) for name in names}
        facts: dict[str, Any] = {
            "news": rng.choice(list(self.words.lists["news"])),
            "truth": rng.choice(("good", "bad")),
            "candidates": tuple(readers),
            "people": [{"who": name, "deed": deeds[name]} for name in rng.sample(names, len(names))],
            "manners": [{"who": name, "manner": rng.choice(MANNERS)} for name in names],
            "visits": visits,
        }
        weeks = {reader: run(Reckoning(facts), reader).belief for reader in readers}
        reader = rng.choice(readers)
        belief = weeks[reader]
        others = [name for name in names if name not in readers]
        shown = others[: rng.randint(2, len(others))]
        seen = [tuple(week.get(name) for name in shown) for week in weeks.values()]
        shown_belief = tuple(belief.get(name) for name in shown)
        is_clear = {*readers} <= {visit["who"] for visit in visits} and seen.count(shown_belief) == 1
        if not is_clear or not any(shown_belief) or sum(map(any, seen)) < 2 or any(visits.count(v) > 1 for v in visits):
            return None
        hosts = {name: [visit["whom"] for visit in visits if visit["who"] == name] for name in readers}
        calls = {name: sum(1 if belief.get(host) else -1 for host in hosts[name] if host in shown) for name in readers}
        rate = 0.1 * (reader == next(visit["who"] for visit in visits if visit["who"] in readers))
        rate += 0.07 * (len(readers) - 1) * ({"who": reader, "manner": "contrary"} in facts["manners"])
        if rng.random() < (1 - 1 / (len(readers) + 2) if calls[reader] == max(calls.values()) else 0) + rate:
            return None  # or most readers would be contrary, or have called early, or on the people who acted
        facts["acts"] = [{"who": name, "deed": deeds[name], "did": belief.get(name, "none")} for name in shown]
        return {**facts, "asked": rng.choice([name for name in names if name not in shown])}

    def walk(self, case: Reckoning, asks: str) -> object:
        """Let the week run for each possible reader, and look at the one that fits."""
        weeks, fits = case.once(fitting)
        if len(fits) != 1:
            return None
        reader = case.work.settle(*fits, *(name for name in weeks if name not in fits))
        week = weeks[case.know("reader", reader, "" if asks == "source" else "only")]
        if asks == "source":
            return reader
        if asks == "from":
            visit = week.visit.get(case.facts["asked"])
            return (case.know("who", visit["who"]), case.know("day", visit["day"])) if visit else None
        other = dict.fromkeys(week.belief, case.facts["truth"])
        if asks == "hush":
            case.say("silent")
            changed = run(case, reader, silent=case.facts["asked"])
            other = changed.belief
            for bank, visit in (call for call in changed.calls if call not in week.calls):
                case.say(bank, **visit)
        names = self.choices(case.facts, "people.who")
        group = tuple(name for name in names if week.belief.get(name) != other.get(name))
        for name in group if asks == "misled" else ():
            case.say("wrong", **week.visit[name])
        return frozenset(case.know("group", group, asks if group else f"{asks}.none"))

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, the people, the week and the question."""
        facts, pen, news = case.facts, case.pen("layout"), {"news": case.facts["news"]}
        note = " ".join(pen.order("note", [page.say("prompt/rule"), page.say("prompt/manners")]))
        start = [page.say(f"prompt/wire.{facts['truth']}", **news), page.say("prompt/reader", **facts)]
        resolves = [page.say("prompt/resolve", **entry, **news) for entry in facts["people"]]
        manners = [page.say(f"prompt/manner.{entry['manner']}", **entry) for entry in facts["manners"]]
        week = groupby(facts["visits"], itemgetter("day"))
        days = [" ".join(page.say("prompt/visit", **visit) for visit in visits) for _, visits in week]
        acts = [page.say(f"prompt/act.{act['did']}", **act) for act in facts["acts"]]
        acts = [page.say("prompt/saturday"), *acts, page.say("prompt/others")]
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
    manners = {entry["who"]: entry["manner"] for entry in case.facts["manners"]} | {silent: "hushed"}
    week = Week({reader: case.facts["truth"]})
    for visit in case.facts["visits"]:
        who, whom, belief = visit["who"], visit["whom"], week.belief.get(visit["who"], "")
        word = {"open": belief, "contrary": OTHER.get(belief, "")}.get(manners[who])
        bank = manners[who] if belief else "empty"
        if word and case.work.settle(whom in week.belief):
            bank = "late"
        elif word:
            week.belief[whom], week.visit[whom] = word, visit
            bank += f".{word}"
        week.calls.append((bank, visit))
    return week


def leading(week: Week, whom: str) -> list[tuple[str, Visit]]:
    """Return the calls that bear on what one person believes; of those that bring no news, the ones on that person."""
    minds, calls = {whom}, list[tuple[str, Visit]]()
    for bank, visit in reversed(week.calls):
        if visit["whom"] in minds and (bank != "empty" or visit["whom"] == whom):
            minds.add(visit["who"])
            calls.insert(0, (bank, visit))
    return calls


def fitting(case: Reckoning) -> tuple[dict[str, Week], list[str]]:
    """Return the week of each candidate, and those with whom all that was done on Saturday had its reason."""
    weeks, fits, acts = dict[str, Week](), list[str](), case.facts["acts"]
    for point, reader in enumerate(case.facts["candidates"], start=1):
        week = weeks[reader] = run(case, reader)
        wrong = [act for act in acts if case.work.settle(week.belief.get(act["who"], "none") != act["did"])][:1]
        fits += [] if wrong else [reader]
        case.part(point)
        case.say(f"suppose.{case.facts['truth']}", reader=reader)
        bearing = [call for act in wrong or acts for call in leading(week, act["who"])]
        for bank, visit in week.calls:
            if (bank, visit) in bearing or (not wrong and bank != "empty"):
                case.say(bank, **visit)
        for act in wrong or acts:
            belief, visit = week.belief.get(act["who"], "none"), week.visit.get(act["who"], {})
            case.say(f"expected.{belief}", **{**act, "by": visit.get("who"), "day": visit.get("day")})
        case.say(f"misfit.{wrong[0]['did']}" if wrong else "fits", **(wrong or [{}])[0], reader=reader)
    case.part(len(weeks) + 1)
    return weeks, fits


SCHEME = Why()
