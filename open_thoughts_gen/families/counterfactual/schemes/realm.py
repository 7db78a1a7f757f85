"""A charter of succession and its annals: one life is longer, or shorter, and the crown goes another way, or does not.

The charter looks at who is living when the crown falls vacant, never at who wore it before. So a change may be absorbed,
and two histories that parted may meet again. The traps: to think that everything after the change is different; to
crown somebody who is not yet born, too young, or under vows; to forget that whoever was set aside once is not for that
reason set aside the next time.

The first implementation goes from death to death along the line; the second is an answer set program in which any two
people are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase, Reckoning, nudged
from open_thoughts_gen.families.kit.framing import PartedScheme
from open_thoughts_gen.families.kit.kinds import InOrder, InYear, OneOf, YesNo
from open_thoughts_gen.families.kit.proof import answer_set, named

Person = Mapping[str, Any]
Reign = tuple[str, int]  # who, and from which year on
KIN = ("son", "daughter")
LIVING = 9999  # the year of a death that the annals do not reach
NUM_CHILDREN = {1: (2, 1), 2: (3, 1), 3: (3, 2), 4: (3, 2)}  # of the founder, and at most of each of these
SPAN = {1: (32, 42), 2: (45, 60), 3: (55, 75), 4: (60, 80)}  # years that the annals tell of


class Realm(PartedScheme):
    """A crown that passes along a line, and one death in another year."""

    name: ClassVar[str] = "realm"
    named: ClassVar[str] = "people.who"
    has_fractions: ClassVar[bool] = True  # so that checks print years without a mark for the thousand
    labels: ClassVar[Sequence[str]] = ("line", "pass", "vows", "minor")
    label_styles: ClassVar[Sequence[str]] = ("§ {}", "Article {}", "Section {}", "Chapter {}", "Clause {}")
    asks: ClassVar[Mapping[str, Ask]] = {
        "holder": Ask(OneOf(()), "holder", needs=("year",), coin="otherwise"),
        "ever": Ask(YesNo(), "ever", needs=("person",), coin="asked", outcomes=tuple(product((True, False), repeat=2))),
        "order": Ask(InOrder(()), "order", coin="moved", outcomes=(True, True, False)),
        "lost": Ask(OneOf(()), "lost"),
        "meets": Ask(InYear(), "meets", level=3, coin="late", outcomes=(True, True, False)),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a family that never dies out, and a death in another year."""
        lists, start = self.words.lists, rng.randint(1110, 1420)
        facts: dict[str, Any] = {"founder": rng.choice(list(lists["founder"])), "start": start}
        facts["end"] = start + rng.randint(*SPAN[level])
        facts |= {"sons": True} if level > 1 and rng.random() < 0.5 else {}
        facts |= {"age": rng.choice((12, 14, 15, 16, 18, 21))} if level > 2 else {}
        people = _family(rng, facts, level, {kin: rng.sample(list(lists[kin]), len(lists[kin])) for kin in KIN})
        if not people:
            return None
        facts["people"], person = people, rng.choice(people)
        born, dead = person["born"], person.get("died", LIVING)
        years = range(max(dead, start) + 1, min(dead + 40, facts["end"], born + 86))
        if level == 4 and rng.random() < 0.6:
            years = range(born + 15, min(dead, start + 45))
        facts |= {"victim": person["who"], "lives": rng.choice(years) if years else born}
        if facts["lives"] in _years(facts):
            return None
        facts["year"] = rng.randint(min(dead, facts["lives"]), facts["end"] - 1)
        results = self.assess(facts)
        names = results["differ"] if results["differ"] and rng.random() < 0.5 else [one["who"] for one in people]
        return {**facts, "person": rng.choice(names)} if results["order"] is not None else None

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Go from death to death in both worlds, and compare."""
        real = Succession(facts).reigns()
        return compared(facts, real, Succession(facts).reigns(real))

    def rules(self, case: ProblemCase, page: Page) -> Sequence[str]:
        """Return the charter."""
        rules = ["line.sons" if "sons" in case.facts else "line", "pass"]
        rules += ["vows"] * any("vows" in person for person in case.facts["people"]) + ["minor"] * ("age" in case.facts)
        return [*map(self.said(case, page), rules)]

    def data(self, case: ProblemCase, page: Page) -> str:
        """Return the annals."""
        style, said = case.pen("annals").pick("style", "prose", "prose", "roll", "table"), self.said(case, page)
        entries = [said("annals"), *([said("person.table.head")] if style == "table" else [])]
        for person in case.facts["people"]:
            kind = ".vows" * ("vows" in person) + ".living" * ("died" not in person)
            entries.append(page.say(f"prompt/person.{style}{kind}", **person))
        return (" " if style == "prose" else "\n").join((*entries, said("end")))

    def asked(self, case: ProblemCase, page: Page) -> str:
        """Return what is supposed, and the question."""
        is_longer = case.facts["lives"] > died(case.facts["people"], case.facts["victim"])
        return f"{self.said(case, page)('longer' if is_longer else 'shorter')} {super().asked(case, page)}"

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell both histories, the second only for as long as it can differ, and compare them."""
        facts, asks, tale = case.facts, case.asks, Succession(case.facts, narrative.work, narrative)
        tale.say("hold", died=facts["lives"])
        line = ", ".join(person["who"] for person in heirs(facts, facts["people"], facts["founder"]))
        tale.say("line.sons" if "sons" in facts else "line", line=line)
        narrative.point = 1
        tale.say("fact")
        real = tale.reigns()
        narrative.point = 2
        tale.say("then")
        for person in facts["people"]:
            if person["who"] not in {other["who"] for other in changed(facts)}:
                tale.say("unborn", **person)
        other = tale.reigns(real)
        narrative.point = 3
        results = compared(facts, real, other)
        in_fact, then = (", ".join(f"{name} ({since})" for name, since in crown) or "none" for crown in (real, other))
        tale.say("compare.same" if in_fact == then else "compare", order=in_fact, then=then)
        tale.answer(f"answer.{asks}", results.get(asks), **{**results, "order": ", ".join(results["order"] or ())})

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Ask the answer set program."""
        proved = named(answer_set(self.word_file.with_suffix(".lp"), facts))
        results = {key: proved[key] for key in ("holder", "lost", "meets", "ever") if key in proved}
        return results | {"order": tuple(proved[key] for key in sorted(proved) if key.startswith("reign"))}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the death, or another one, in another year again, and another age, if the crown never lacks a wearer."""
        facts, end = case.facts, case.facts["end"]
        victim = next(person for person in facts["people"] if person["who"] == facts["victim"])
        born, in_fact = victim["born"], victim.get("died", LIVING)
        is_longer = facts["lives"] > in_fact
        years = range(in_fact + 1, min(born + 86, end)) if is_longer else range(born + 15, min(in_fact, end))
        patches = [{"lives": year} for year in years if year != facts["lives"]]
        steps = {"age": (-2, -1, 1, 2), "year": (-9, -6, -3), "people.died": (2, 7, 13)}
        for patch in [*patches, *(change.patch for change in nudged(facts, steps))]:
            other, dated = {**facts, **patch}, _years({**facts, **patch})
            is_apart = len(dated) == len(_years(facts)) and other["lives"] not in dated and max(dated) <= end
            if is_apart and self.assess(other)["order"] is not None:
                yield Change(patch)


def _family(rng: Random, facts: Facts, level: int, names: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    """Return a family of at most three generations, with no two births, deaths or vows in one year."""
    people, used = list[dict[str, Any]](), {facts["start"]}
    num_first, num_next = NUM_CHILDREN[level]

    def fresh(first: int, last: int) -> int:
        year = rng.choice([year for year in range(first, last) if year not in used] or [0])
        used.add(year)
        return year

    parents = [(facts["founder"], facts["start"] - 42, facts["start"] - 12, num_first)]
    for parent, first, last, num in parents:
        for _ in range(num):
            born, kin = fresh(first, last), rng.choice(KIN)
            died = fresh(born + 26, born + 45) if rng.random() < 0.45 else fresh(born + 45, born + 79)
            if not 0 < born < facts["end"] or not died:
                continue
            vows = fresh(born + 17, min(born + 40, died)) if level > 1 and rng.random() < 0.2 else 0
            dates = {"born": born, "died": died, "vows": vows}
            dates = {key: year for key, year in dates.items() if 0 < year <= facts["end"]}
            people.append({"who": names[kin].pop(), "parent": parent, "kin": kin, **dates})
            num_own = rng.randint(1, num_next) if parent == facts["founder"] else int(level > 2 and rng.random() < 0.4)
            parents.append((people[-1]["who"], born + 19, min(born + 36, died, vows or LIVING), num_own))
    return rng.sample(people, len(people))


def _years(facts: Facts) -> set[int]:
    """Return the years in which something happens."""
    dated = {person[key] for person in facts["people"] for key in ("born", "died", "vows") if key in person}
    return dated | {facts["start"]}


def changed(facts: Facts) -> list[Person]:
    """Return the people of the other world: one dies in another year, and later children and their issue are not."""
    gone: set[str] = set()
    people: list[Person] = []
    for person in sorted(facts["people"], key=lambda person: int(person["born"])):
        unborn = person["parent"] == facts["victim"] and person["born"] > facts["lives"]
        if unborn or person["parent"] in gone:
            gone.add(person["who"])
        else:
            people.append({**person, "died": facts["lives"]} if person["who"] == facts["victim"] else person)
    return people


def heirs(facts: Facts, people: Sequence[Person], parent: str) -> list[Person]:
    """Return the line: each child and that child's issue, in the order of the charter."""
    children = sorted((person for person in people if person["parent"] == parent), key=lambda person: person["born"])
    if "sons" in facts:
        children.sort(key=lambda person: person["kin"] == "daughter")
    return [heir for child in children for heir in (child, *heirs(facts, people, child["who"]))]


@dataclass(slots=True)
class Succession(Reckoning):
    """The first implementation: from one vacancy to the next, as it was or in the other world."""

    def reigns(self, real: Sequence[Reign] | None = None) -> list[Reign]:
        """Return who wears the crown; in the other world, if it is given who wore it in fact."""
        facts, people = self.facts, self.facts["people"] if real is None else changed(self.facts)
        line = heirs(facts, people, facts["founder"])
        parting = min(facts["lives"], died(facts["people"], facts["victim"]))
        crown = [reign for reign in real or () if reign[1] < parting]
        ruler, when = facts["founder"], facts["start"]
        if crown:
            self.say("until", ruler=crown[-1][0], when=crown[-1][1])
            ruler, when = crown[-1][0], died(people, crown[-1][0])
        while when <= facts["end"]:
            rest = [reign for reign in real or () if reign[1] >= when]
            if rest and rest[0][1] == when and still_to_die(people, when) == still_to_die(facts["people"], when):
                self.say("same", when=when, ruler=ruler, rest=", ".join(f"{name} ({since})" for name, since in rest))
                return crown + rest
            heir = self.crowned(line, ruler, when)
            if heir is None or died(people, heir) <= when:  # the latter only where an error is planted
                return crown
            taker = next(person for person in people if person["who"] == heir)
            if when < taker.get("vows", when) < died(people, heir):
                self.say("keeps.vows", **taker)
            crown.append((heir, when))
            ruler, when = heir, died(people, heir)
        return crown

    def crowned(self, line: Sequence[Person], ruler: str, when: int) -> str | None:
        """Return who takes the crown when it falls vacant, and say why those before that one do not."""
        minors, absent, heir = list[str](), list[str](), ""
        is_short = not (self.has("age") or any("vows" in person for person in self.facts["people"]))
        if not is_short:
            self.say("vacant", ruler=ruler, when=when)
        for person in line:
            name, why = str(person["who"]), self._bar(person, when)
            if not why:
                heir = name
                break
            if why in ("vows", "minor"):
                self.say(f"skip.{why}", **person, when=when)
                minors += [name] * (why == "minor")
            elif why != str(when):  # whoever dies in that year has just been named
                absent.append(f"{name} ({why})")
        bank = "short" if is_short else "minor" if not heir else "grown" if self.has("age") else "only"
        heir = heir or next(iter(minors), "")
        if heir:
            shown = {"who": heir, "ruler": ruler, "when": when, "absent": ", ".join(absent)}
            self.say(f"crowned.{bank}{'.absent' if absent else ''}", **shown)
        return heir or None

    def _bar(self, person: Person, when: int) -> str:
        """Return why somebody cannot take the crown in a year: the year of death or birth, `vows`, `minor`, or nothing."""
        if self.work.settle(person.get("died", LIVING) <= when):
            return str(person.get("died", when))
        if self.work.settle(person["born"] >= when):
            return f"born {person['born']}"
        if "vows" in person and self.work.settle(person["vows"] <= when):
            return "vows"
        if self.has("age"):
            self.find("old", "when - born", when=when, born=person["born"])
        return "minor" if self.has("age") and self.exceeds("age", "old") else ""


def died(people: Sequence[Person], who: str) -> int:
    """Return the year in which somebody dies."""
    return next((int(person.get("died", LIVING)) for person in people if person["who"] == who), 0)


def still_to_die(people: Sequence[Person], when: int) -> set[tuple[str, int]]:
    """Return who is not dead after a year, and when each of them dies."""
    return {(person["who"], year) for person in people if (year := person.get("died", LIVING)) > when}


def compared(facts: Facts, real: Sequence[Reign], other: Sequence[Reign]) -> dict[str, Any]:
    """Return every result, of the crown in both worlds."""

    def at(crown: Sequence[Reign], year: int) -> str | None:
        return next((name for name, since in reversed(crown) if since <= year), None)

    now, then = (tuple(dict.fromkeys(name for name, _ in crown)) for crown in (real, other))
    worlds = ((facts["people"], real), (changed(facts), other))
    full = all(at(crown, facts["start"]) and died(people, crown[-1][0]) > facts["end"] for people, crown in worlds)
    lost = [name for name in now if name not in then]
    years = sorted({since for crown in (real, other) for _, since in crown})
    parted = [year for year in years if at(real, year) != at(other, year)]
    results: dict[str, Any] = {"order": then if full else None, "lost": lost[0] if len(lost) == 1 else None}
    results |= {"moved": list(real) != list(other), "differ": sorted(set(now) ^ set(then))}
    meets = next((year for year in years if parted and year > parted[-1]), None)
    results |= {"meets": meets, "head": meets and at(real, meets)}
    results |= {"late": meets not in (facts["lives"], died(facts["people"], facts["victim"]))}
    if "year" in facts:
        results["holder"] = at(other, facts["year"])
        results["otherwise"] = results["holder"] != at(real, facts["year"])
    if "person" in facts:
        results["ever"] = facts["person"] in then
        results["asked"] = facts["person"] == facts["victim"], results["ever"]
    return results


SCHEME = Realm()
