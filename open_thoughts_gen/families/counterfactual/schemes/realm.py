"""A charter of succession and its annals: one life is longer, or shorter, and the crown goes another way, or does not.

The charter looks at who is living when the crown falls vacant, never at who wore it before. So a change may be absorbed,
and two histories that parted may meet again. The traps: to think that everything after the change is different; to
crown somebody who is not yet born, too young, or under vows; to forget that whoever was set aside once is not for that
reason set aside the next time.

The first implementation goes from death to death along the line; the second goes year by year, and ranks people by the
births of their forebears.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import InOrder, InYear, Kind, OneOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import UnprovedError
from open_thoughts_gen.families.kit.scheme import Ask, Change, ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

Person = Mapping[str, Any]
NAMES = {
    "son": (
        *("Alaric", "Bertran", "Conrad", "Drogo", "Edmund", "Fulk", "Giles", "Hamo", "Ivo", "Jocelin", "Lambert"),
        *("Manfred", "Odo", "Piers", "Ranulf", "Simon", "Theobald", "Walter"),
    ),
    "daughter": (
        *("Aldith", "Beatrix", "Cecily", "Denise", "Emma", "Felice", "Gisela", "Hawise", "Ida", "Joan", "Kunigund"),
        *("Mabel", "Nest", "Odila", "Petronilla", "Rohese", "Sibyl", "Ysolde"),
    ),
}
FOUNDERS = ("Osric", "Wolfram", "Leofric", "Gundolf", "Sigebert", "Thorold")
TOWNS = ("Hallow", "Merrow", "Caldmoor", "Stavely", "Vennholt", "Ostermark", "Lynhurst", "Brannoc")
LIVING = 9999  # the year of a death that the annals do not reach
NUM_CHILDREN = {1: (2, 1), 2: (3, 1), 3: (3, 2), 4: (3, 2)}  # of the founder, and at most of each of these
COIN = tuple((one, other) for one in (True, False) for other in (True, False))  # wears the crown in fact, and then


class Realm(ProblemScheme):
    """A crown that passes along a line, and one death in another year."""

    name: ClassVar[str] = "realm"
    has_fractions: ClassVar[bool] = True  # so that checks print years without a mark for the thousand
    labels: ClassVar[Sequence[str]] = ("line", "pass", "vows", "minor")
    label_styles: ClassVar[Sequence[str]] = ("§ {}", "Article {}", "Section {}", "Chapter {}", "Head {}")
    asks: ClassVar[Mapping[str, Ask]] = {
        "holder": Ask(OneOf(()), "holder", needs=("year",), coin="otherwise"),
        "ever": Ask(YesNo(), "ever", needs=("person",), coin="both", outcomes=COIN),
        "order": Ask(InOrder(()), "order", coin="moved", outcomes=(True, True, False)),
        "lost": Ask(OneOf(()), "lost"),
        "meets": Ask(InYear(), "meets", level=2),
    }

    def __init__(self) -> None:
        """Say how each fact is written."""
        name = NameForm()
        names = ("founder", "town", "who", "parent", "victim", "person", "line", "dead", "ruler", "holder")
        years = ("start", "end", "born", "died", "vows", "lives", "year", "age", "when", "old", "meets")
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys((*names, "order", "then", "rest"), name),
            **dict.fromkeys(years, YearForm()),
            "kin": EntryForm({"son": {"": "son"}, "daughter": {"": "daughter"}}),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a family that never dies out, and a death in another year."""
        start = rng.randint(1110, 1420)
        facts: dict[str, Any] = {"founder": rng.choice(FOUNDERS), "start": start, "end": start + rng.randint(55, 75)}
        if level > 1 and rng.random() < 0.5:
            facts["sons"] = True
        if level > 2:
            facts["age"] = rng.choice((12, 14, 15, 16, 18, 21))
        people = _family(rng, facts, level)
        facts["people"] = people if level < 3 else rng.sample(people, len(people))
        if not people:
            return None
        person = rng.choice(people)
        facts["victim"], died = person["who"], person.get("died", LIVING)
        if level == 4 and rng.random() < 0.6:
            born = [child["born"] for child in people if child["parent"] == person["who"]]
            facts["lives"] = rng.choice(born) - rng.randint(1, 4) if born else 0
            if facts["lives"] < person["born"] + 15:
                return None
        elif died < facts["end"]:
            facts["lives"] = rng.randint(
                max(died, start) + 1, min(died + 40, facts["end"] - 1, person["born"] + 85) + 1
            )
        if not person["born"] < facts.get("lives", 0) != died or facts["lives"] in _years(facts):
            return None
        facts["year"] = rng.randint(start + 3, facts["end"] - 3)
        results = self.assess(facts)
        if results["order"] is None:
            return None
        names = results["differ"] if results["differ"] and rng.random() < 0.5 else [one["who"] for one in people]
        return {**facts, "person": rng.choice(names)}

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw where it was."""
        return {"town": rng.choice(TOWNS)}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind with the names of this family."""
        kind = self.asks[case.asks].kind
        names = tuple(person["who"] for person in case.facts["people"])
        return type(kind)(names) if isinstance(kind, OneOf | InOrder) else kind

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Go from death to death in both worlds, and compare."""
        work = Work(is_quiet=True)
        real = reigns(facts, work)
        return compared(facts, real, reigns(facts, work, real=real))

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the charter, the annals, what is supposed and the question."""
        facts, pen = case.facts, case.pen("order")
        charter = [page.say("prompt/charter", **case.cast)]
        charter.append(page.say("prompt/line.sons" if "sons" in facts else "prompt/line", founder=facts["founder"]))
        charter.append(page.say("prompt/pass"))
        if any("vows" in person for person in facts["people"]):
            charter.append(page.say("prompt/vows"))
        if "age" in facts:
            charter.append(page.say("prompt/minor", age=facts["age"]))
        annals = [page.say("prompt/annals", founder=facts["founder"], start=facts["start"])]
        colours = pen.some("colour", range(len(facts["people"])), 1 + case.level // 2)
        for index, person in enumerate(facts["people"]):
            bank = "vowed" if "vows" in person else "person"
            annals.append(page.say(f"prompt/{bank}{'' if 'died' in person else '.living'}", **person))
            annals += [page.say("prompt/colour")] if index in colours else []
        annals.append(page.say("prompt/end", end=facts["end"]))
        died = _died(facts)
        supposed = page.say(
            f"prompt/{'longer' if facts['lives'] > died else 'shorter'}", victim=facts["victim"], lives=facts["lives"]
        )
        asked = page.say(f"prompt/ask.{case.asks}", **{key: facts[key] for key in self.asks[case.asks].needs})
        return "\n\n".join(("\n".join(charter), " ".join(annals), f"{supposed} {asked}"))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell both histories, the second only for as long as it can differ, and compare them."""
        facts, victim = case.facts, case.facts["victim"]
        narrative.step("hold", victim=victim, lives=facts["lives"], died=facts["lives"])
        line = heirs(facts, facts["people"], facts["founder"])
        narrative.step(
            "line.sons" if "sons" in facts else "line", line=", ".join(person["who"] for person in line), point=0
        )
        narrative.point = 1
        narrative.step("fact", start=facts["start"])
        real = reigns(facts, narrative.work, narrative)
        narrative.point = 2
        narrative.step("then", victim=victim, lives=facts["lives"])
        for person in facts["people"]:
            if person not in changed(facts) and person["who"] != victim:
                narrative.step("unborn", who=person["who"], born=person["born"], victim=victim, lives=facts["lives"])
        other = reigns(facts, narrative.work, narrative, real)
        narrative.point = 3
        results = compared(facts, real, other)
        in_fact, then = (", ".join(dict.fromkeys(name for name, _ in crown)) or "none" for crown in (real, other))
        narrative.step("compare.same" if in_fact == then else "compare", order=in_fact, then=then)
        values = {key: facts[key] for key in self.asks[case.asks].needs}
        values |= {"order": ", ".join(results["order"] or ()), "holder": results["holder"], "meets": results["meets"]}
        bank = {True: ".yes", False: ".no"}[results["ever"]] if case.asks == "ever" else ""
        if case.asks == "lost":
            values["who"] = results["lost"]
        if case.asks in ("holder", "meets") and results[case.asks] is not None:
            year = results["meets"] if case.asks == "meets" else facts["year"]
            holder, when = next(reign for reign in reversed(other) if reign[1] <= year)
            narrative.step(f"found.{case.asks}", **{**values, "holder": holder, "when": when})
        narrative.answer(f"answer.{case.asks}{bank}", results[self.asks[case.asks].result], **values)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Go through the years one by one in both worlds."""
        real, other = by_year(facts, {}), by_year(facts, {facts["victim"]: facts["lives"]})
        then, years = set(other.values()), range(facts["start"], facts["end"] + 1)
        results: dict[str, Any] = {"order": tuple(dict.fromkeys(other.values()))}
        gone = [name for name in dict.fromkeys(real.values()) if name not in then]
        results["lost"] = gone[0] if len(gone) == 1 else None
        parted = [year for year in years if real[year] != other[year]]
        results["meets"] = parted[-1] + 1 if parted and parted[-1] < facts["end"] else None
        if "year" in facts:
            results["holder"] = other[facts["year"]]
        if "person" in facts:
            results["ever"] = facts["person"] in then
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the death in another year again, another age, another question of the same kind."""
        facts = case.facts
        born = next(person["born"] for person in facts["people"] if person["who"] == facts["victim"])
        died, taken = _died(facts), _years(facts)
        first = died + 1 if facts["lives"] > died else born + 15
        for lives in range(max(first, facts["lives"] - 12), min(facts["lives"] + 12, facts["end"])):
            if lives not in taken and lives != facts["lives"] and (lives > died) == (facts["lives"] > died):
                yield from self._kept(facts, {"lives": lives})
        for step in (-2, -1, 1, 2):
            if "age" in facts:
                yield from self._kept(facts, {"age": facts["age"] + step})

    def _kept(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> Iterator[Change]:
        """Yield a change if the crown is never without a wearer after it, and the year asked about stays plain."""
        changed_facts = {**facts, **patch}
        if self.assess(changed_facts)["order"] is not None and facts.get("year") != patch.get("lives"):
            yield Change(patch)


class YearForm(WholeForm):
    """A year or an age: without marks for thousands."""

    def write(self, value: int, style: str, seen: Any) -> str:  # noqa: ANN401
        """Return the digits."""
        return str(value)


def _family(rng: Random, facts: Mapping[str, Any], level: int) -> list[dict[str, Any]]:
    """Return a family of three generations, with no two births or deaths in one year."""
    names = {kin: rng.sample(pool, len(pool)) for kin, pool in NAMES.items()}
    num_first, num_next = NUM_CHILDREN[level]
    people: list[dict[str, Any]] = []
    used: set[int] = {facts["start"]}

    def child(parent: str, earliest: int, latest: int) -> dict[str, Any] | None:
        years = [year for year in range(earliest, latest) if year not in used]
        kin = rng.choice(("son", "daughter"))
        if not years:
            return None
        born = rng.choice(years)
        died = born + (rng.randint(26, 44) if rng.random() < 0.45 else rng.randint(45, 78))
        if died in used:
            return None
        used.update((born, died))
        person: dict[str, Any] = {"who": names[kin].pop(), "parent": parent, "kin": kin, "born": born}
        if died <= facts["end"]:
            person["died"] = died
        vows = [year for year in range(born + 17, min(born + 40, died)) if year not in used]
        if level > 1 and rng.random() < 0.2 and vows:
            person["vows"] = rng.choice(vows)
            used.add(person["vows"])
        people.append(person)
        return person

    firsts = [child(facts["founder"], facts["start"] - 42, facts["start"] - 12) for _ in range(num_first)]
    for first in [person for person in firsts if person]:
        for _ in range(rng.randint(1, num_next)):
            latest = min(first["born"] + 36, first.get("died", LIVING), first.get("vows", LIVING))
            second = child(first["who"], first["born"] + 19, latest)
            if second and level > 2 and rng.random() < 0.4:
                latest = min(second["born"] + 34, second.get("died", LIVING), second.get("vows", LIVING))
                child(second["who"], second["born"] + 19, latest)
    return sorted(people, key=lambda person: person["born"])


def _years(facts: Mapping[str, Any]) -> set[int]:
    """Return the years in which something happens."""
    dated = {person[key] for person in facts["people"] for key in ("born", "died", "vows") if key in person}
    return dated | {facts["start"]}


def changed(facts: Mapping[str, Any]) -> list[Person]:
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


def heirs(facts: Mapping[str, Any], people: Sequence[Person], parent: str) -> list[Person]:
    """Return the line: each child and that child's issue, in the order of the charter."""
    children = sorted((person for person in people if person["parent"] == parent), key=lambda person: person["born"])
    if "sons" in facts:
        children.sort(key=lambda person: person["kin"] == "daughter")
    return [heir for child in children for heir in (child, *heirs(facts, people, child["who"]))]


Reign = tuple[str, int]  # who, and from which year on


def reigns(
    facts: Mapping[str, Any],
    work: Work,
    narrative: Narrative | None = None,
    real: Sequence[Reign] | None = None,
) -> list[Reign]:
    """Return who wears the crown, and tell it: in fact, or in the other world if it is given who wore it in fact."""
    people = facts["people"] if real is None else changed(facts)
    line = heirs(facts, people, facts["founder"])
    crown = [] if real is None else [reign for reign in real if reign[1] < min(facts["lives"], _died(facts))]
    ruler, when = facts["founder"], facts["start"]
    if crown:
        ruler = crown[-1][0]
        when = next(int(person.get("died", LIVING)) for person in people if person["who"] == ruler)
        if narrative:
            narrative.step("until", ruler=ruler, when=crown[-1][1])
    while when <= facts["end"]:
        rest = [reign for reign in real or () if reign[1] >= when]
        if rest and rest[0][1] == when and _to_come(people, when) == _to_come(facts["people"], when):
            if narrative:
                follow = ", ".join(f"{name} ({since})" for name, since in rest)
                narrative.step("same", when=when, ruler=ruler, rest=follow)
            return crown + rest
        if narrative:
            narrative.step("vacant", when=when, ruler=ruler)
        heir = crowned(facts, line, when, work, narrative)
        if heir is None or heir.get("died", LIVING) <= when:  # the latter only where an error is planted
            return crown
        crown.append((heir["who"], when))
        ruler, when = heir["who"], heir.get("died", LIVING)
    return crown


def _died(facts: Mapping[str, Any]) -> int:
    """Return the year in which the one whose death is moved died in fact."""
    return next(int(person.get("died", LIVING)) for person in facts["people"] if person["who"] == facts["victim"])


def _to_come(people: Sequence[Person], when: int) -> set[tuple[str, int]]:
    """Return who is not dead after a year, and when each of them dies."""
    return {(person["who"], died) for person in people if (died := person.get("died", LIVING)) > when}


def crowned(
    facts: Mapping[str, Any], line: Sequence[Person], when: int, work: Work, narrative: Narrative | None
) -> Person | None:
    """Return who takes the crown when it falls vacant, and tell why those before that one do not."""
    minors, dead = list[Person](), list[str]()
    for person in line:
        reason, values = _reason(person, when, work), {"who": person["who"], "when": when}
        if not reason and "age" in facts:
            values["old"] = int(work("when - born", when=when, born=person["born"]))
            if work.exceeds(facts["age"], values["old"]):
                reason = "minor"
                minors.append(person)
        if not reason or (reason == "dead" and person.get("died", when) < when):
            dead += [f"{person['who']} ({person['died']})"] if reason else []
        elif narrative and reason != "dead":
            values |= {key: person[key] for key in ("born", "vows") if key in person} | {"age": facts.get("age")}
            narrative.step(f"skip.{reason}", **values)
        if not reason:
            return _take(person, when, dead, narrative, "crowned")
    return _take(minors[0], when, dead, narrative, "crowned.minor") if minors else None


def _take(person: Person, when: int, dead: Sequence[str], narrative: Narrative | None, bank: str) -> Person:
    """Return who takes the crown, and tell who is dead before that one in the line."""
    if narrative and dead:
        narrative.step("skip.dead", dead=", ".join(dead))
    if narrative:
        narrative.step(bank, who=person["who"], when=when)
    return person


def _reason(person: Person, when: int, work: Work) -> str:
    """Return why somebody cannot take the crown in a year, whatever the age; empty if nothing stands in the way."""
    if work.settle(person.get("died", LIVING) <= when):
        return "dead"
    if work.settle(person["born"] >= when):
        return "unborn"
    return "vows" if "vows" in person and work.settle(person["vows"] <= when) else ""


def compared(facts: Mapping[str, Any], real: Sequence[Reign], other: Sequence[Reign]) -> dict[str, Any]:
    """Return every result, of the crown in both worlds."""

    def at(crown: Sequence[Reign], year: int) -> str | None:
        return next((name for name, since in reversed(crown) if since <= year), None)

    now, then = ({name for name, _ in crown} for crown in (real, other))
    full = all(at(crown, facts["start"]) and _is_worn(facts, crown) for crown in (real, other))
    lost = [name for name, _ in real if name not in then]
    years = sorted({since for crown in (real, other) for _, since in crown})
    parted = [year for year in years if at(real, year) != at(other, year)]
    met = next((year for year in years if parted and year > parted[-1]), None)
    results: dict[str, Any] = {
        "order": tuple(dict.fromkeys(name for name, _ in other)) if full else None,
        "lost": lost[0] if len(set(lost)) == 1 else None,
        "moved": list(real) != list(other),
        "differ": sorted(now ^ then),
        "meets": met,
        "holder": None,
        "ever": None,
    }
    if "year" in facts:
        results["holder"] = at(other, facts["year"])
        results["otherwise"] = results["holder"] != at(real, facts["year"])
    if "person" in facts:
        results |= {"ever": facts["person"] in then, "both": (facts["person"] in now, facts["person"] in then)}
    return results


def _is_worn(facts: Mapping[str, Any], crown: Sequence[Reign]) -> bool:
    """Return whether the last wearer lives to the end of the annals."""
    people = {person["who"]: person for world in (facts["people"], changed(facts)) for person in world}
    return bool(people[crown[-1][0]].get("died", LIVING) > facts["end"])


# The second implementation.
def by_year(facts: Mapping[str, Any], deaths: Mapping[str, int]) -> dict[int, str]:
    """Return who wears the crown at the end of each year, where some die in other years than in fact."""
    records = {person["who"]: person for person in facts["people"]}
    ends = {name: deaths.get(name, record.get("died", LIVING)) for name, record in records.items()}

    def rank(name: str) -> tuple[tuple[bool, int], ...]:
        if name not in records:
            return ()
        record = records[name]
        return (*rank(record["parent"]), (bool(facts.get("sons")) and record["kin"] == "daughter", record["born"]))

    def exists(name: str) -> bool:
        if name not in records:
            return True
        parent, born = records[name]["parent"], records[name]["born"]
        return exists(parent) and int(born) < deaths.get(parent, LIVING)

    holder, held = "", dict[int, str]()
    for year in range(facts["start"], facts["end"] + 1):
        if not holder or ends[holder] == year:
            able = [
                name
                for name, record in records.items()
                if exists(name) and record["born"] < year < ends[name] and record.get("vows", year + 1) > year
            ]
            grown = [name for name in able if year - records[name]["born"] >= facts.get("age", 0)]
            if not able:
                raise UnprovedError(f"nobody is left in {year}")
            holder = min(grown or able, key=rank)
        held[year] = holder
    return held


SCHEME = Realm()
