"""A narrator who has lied, says how often, and does not say where; beside the statements lie papers that are true.

Each way of placing the lies is tried, and its consequences are followed through the papers until something clashes or
nothing does (unit propagation: M. Davis, G. Logemann and D. Loveland, 1962; papers are clauses of one or two literals,
for which it is complete). What cannot be spared among the papers is asked for as evidence: that single paper without
which another placing of the lies would be possible.

The traps: a paper that speaks of the thing and decides nothing; "if" read backwards; a thing that stays open although
all lies are found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Page, ProblemCase, Reckoning
from open_thoughts_gen.families.kit.kinds import Both, OneOf, SomeOf
from open_thoughts_gen.families.literary.scheme import LiteraryScheme

NUM_STATEMENTS = {1: 3, 2: 4, 3: 4, 4: 5}
NUM_LIES = {1: 1, 2: 1, 3: 2, 4: 2}
MAX_PAPERS = {1: 3, 2: 5, 3: 7, 4: 9}
MAX_TRIED = 6  # placings that are tried without looking at single statements first
LETTERS = "ABCDEFGHI"
OTHER = {"yes": "no", "no": "yes"}
STATES = ("yes", "no", "open")
Paper = Mapping[str, Any]


@dataclass(slots=True)
class Course:
    """What follows from a start: the value of each thing, and its reason, a paper and the thing that it leads on from.

    A clash is a thing, the value that a paper demands against the one it has, and the reason.
    """

    truth: dict[str, str]
    reasons: dict[str, tuple[str, str]] = field(default_factory=dict)
    clash: tuple[str, str, tuple[str, str]] | None = None


class Liar(LiteraryScheme):
    """Statements of which a known number is false, and papers."""

    name: ClassVar[str] = "liar"
    asks: ClassVar[Mapping[str, Ask]] = {
        "which": Ask(SomeOf((), "closing/which"), "which"),
        "was": Ask(OneOf(STATES, "closing/was"), "was", needs=("asked",), coin="was", outcomes=STATES),
        "proof": Ask(Both(SomeOf(()), OneOf(()), "closing/proof"), "proof", level=2),
    }
    among: ClassVar[Mapping[str, str]] = {"which": "statements.num", "proof": "statements.num papers.letter"}
    pairs: ClassVar[Mapping[str, tuple[str, str]]] = {"proof": ("which", "only")}
    turns: ClassVar[Sequence[tuple[str, Sequence[str]]]] = tuple(
        (path, STATES[:2]) for path in ("statements.says", "papers.value", "papers.then")
    )

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw what was so, statements with their lies, and papers until the lies are found."""
        setting, things = self.drawn_setting(rng, "thing")
        world = {thing: rng.choice(STATES[:2]) for thing in things}
        spoken = things[: NUM_STATEMENTS[level]]
        lies = set(rng.sample(spoken, NUM_LIES[level]))
        statements = [
            {"num": num, "says": OTHER[world[thing]] if thing in lies else world[thing], "thing": thing}
            for num, thing in enumerate(spoken, start=1)
        ]
        facts: dict[str, Any] = {"setting": setting, "count": str(NUM_LIES[level]), "statements": statements}
        papers: list[dict[str, Any]] = []
        possible = sets_of(facts)
        while len(papers) < MAX_PAPERS[level] and len(possible) > 1:
            paper = drawn_paper(rng, world, rate=0.15 if level > 1 else 0.35)
            if {paper["one"], paper.get("two")} not in [{p["one"], p.get("two")} for p in papers]:
                papers.append({"letter": LETTERS[len(papers)], **paper})
                possible = [lies for lies in possible if not follow(assumed(facts, lies), papers).clash]
        facts["papers"] = [{**p, "letter": LETTERS[i]} for i, p in enumerate(rng.sample(papers, len(papers)))]
        if len(papers) < 2 or len(possible) != 1:
            return None
        plain = {paper["one"] for paper in papers if paper["rel"] == "is"}
        named = [t for t in things if t not in plain and any(t in (p["one"], p.get("two")) for p in papers)]
        return {**facts, "asked": rng.choice(named)} if named else None

    def walk(self, case: Reckoning, asks: str) -> object:
        """Try the placings one by one, then take papers away, or follow the truth to the thing that is asked about."""
        facts, possible = case.facts, case.once(placings)
        if len(possible) != 1:
            return None
        lies = possible[0]
        case.know("lies", named(lies), "only")
        if asks == "which":
            return frozenset(lies)
        if asks == "was":
            state = case.work.settle(state_of(facts, lies), "open", "yes")
            case.say(f"known.{state}")
            return state
        needed = list[str]()
        for paper in facts["papers"]:
            left = [other for other in facts["papers"] if other != paper]
            others = [other for other in placings(Reckoning({**facts, "papers": left})) if other != lies]
            needed += [paper["letter"]] if others else []
            bank, others_named = ("open", named(others[0])) if others else ("same", ())
            case.say(f"without.{bank}", letter=paper["letter"], lies=others_named)
        return (frozenset(lies), case.know("letter", needed[0])) if len(needed) == 1 else None

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the note, the statements, the papers and the question."""
        facts, pen = case.facts, case.pen("layout")
        note = " ".join(pen.order("note", [page.say("prompt/papers"), page.say("prompt/meaning")]))
        told = [page.say("prompt/confession", setting=facts["setting"], count=facts["count"])]
        statements = [page.say(f"prompt/state.{entry['says']}", **entry) for entry in facts["statements"]]
        papers = []
        for paper in facts["papers"]:
            bank = f"{paper['value']}_{paper['then']}" if paper["rel"] == "if" else paper["value"]
            papers.append(page.say(f"prompt/paper.{bank}", **paper))
        if pen.chance("heard", 0.5):  # by somebody who asks on
            statements = [f"{statement}\n{page.say('prompt/heard')}" for statement in statements[:-1]] + statements[-1:]
        told += [page.say("prompt/lead.statements"), "\n".join(statements)]
        told += [page.say("prompt/lead.papers"), "\n".join(papers)]
        return self.framed(case, page, note=note, story="\n\n".join(told))


def named(lies: Sequence[str]) -> tuple[str, ...]:
    """Return statements as a sentence names them."""
    return tuple(f"({number})" for number in lies)


def sets_of(facts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return every set of statements, by their numbers, of as many as are false."""
    return list(combinations([str(entry["num"]) for entry in facts["statements"]], int(facts["count"])))


def drawn_paper(rng: Random, world: Mapping[str, str], rate: float) -> dict[str, Any]:
    """Return a paper that is true in a world: a plain fact in `rate` of the cases, else a condition."""
    one, two = rng.sample(list(world), 2)
    if rng.random() < rate:
        return {"rel": "is", "one": one, "value": world[one]}
    value = rng.choice(STATES[:2])
    then = world[two] if world[one] == value else rng.choice(STATES[:2])
    return {"rel": "if", "one": one, "value": value, "two": two, "then": then}


def placings(case: Reckoning) -> list[tuple[str, ...]]:
    """Return every set of statements, of the size that is known, that may be the false ones."""
    facts, possible = case.facts, list[tuple[str, ...]]()
    sets = sets_of(facts)
    if len(sets) > MAX_TRIED:
        certain = alone(case)
        sets = [lies for lies in sets if all((num in lies) == is_lie for num, is_lie in certain.items())]
        case.say("left.some" if certain else "left.all")
    for part, lies in enumerate(sets, start=2):
        case.part(part)
        case.say("suppose", lies=named(lies))
        course = follow(assumed(facts, lies), facts["papers"])
        if case.work.settle(not course.clash, bool(course.clash)):
            possible.append(lies)
        tell(case, course)
    case.part(len(sets) + 2)
    return possible


def alone(case: Reckoning) -> dict[str, bool]:
    """Return of statements that clash with the papers by themselves, taken as true or as false, whether they are lies."""
    certain: dict[str, bool] = {}
    case.part(1)
    for entry, word in ((entry, word) for entry in case.facts["statements"] for word in ("true", "false")):
        says = entry["says"] if word == "true" else OTHER[entry["says"]]
        course = follow({entry["thing"]: says}, case.facts["papers"])
        if course.clash and case.work.settle(True):
            case.say(f"alone.{word}", lies=named([str(entry["num"])]))
            tell(case, course)
            case.say(f"must.{word}")
            certain[str(entry["num"])] = word == "true"
    return certain


def assumed(facts: Mapping[str, Any], lies: Sequence[str]) -> dict[str, str]:
    """Return what was so, as far as statements go, if just these are lies."""
    return {
        entry["thing"]: OTHER[entry["says"]] if str(entry["num"]) in lies else entry["says"]
        for entry in facts["statements"]
    }


def follow(start: Mapping[str, str], papers: Sequence[Paper]) -> Course:
    """Return all that follows from a start, up to the first clash."""
    course, is_new = Course(dict(start)), True
    demands = [(paper["letter"], *demand) for paper in papers for demand in demands_of(paper)]
    while is_new:
        is_new = False
        for letter, thing, value, source, needed in demands:
            held = course.truth.get(thing)
            if held == value or course.truth.get(source, "") != needed:
                continue
            if held is not None:
                course.clash = (thing, value, (letter, source))
                return course
            course.truth[thing], course.reasons[thing], is_new = value, (letter, source), True
    return course


def demands_of(paper: Paper) -> list[tuple[str, str, str, str]]:
    """Return what a paper demands: that a thing has a value, if another one has the value that stands after it."""
    if paper["rel"] == "is":
        return [(paper["one"], paper["value"], "", "")]
    one, value, two, then = (paper[key] for key in ("one", "value", "two", "then"))
    return [(two, then, one, value), (one, OTHER[value], two, OTHER[then])]


def tell(case: Reckoning, course: Course) -> None:
    """Tell what leads to a clash, from both sides, in full only once; without one, why no paper objects."""
    leading, ends = set[str](), [course.clash[0], course.clash[2][1]] if course.clash else list(course.reasons)
    while ends:
        if (end := ends.pop()) in course.reasons:
            leading.add(end)
            ends.append(course.reasons[end][1])  # from each thing to the one that it follows from
    chain = [(thing, course.truth[thing], course.reasons[thing][0]) for thing in course.reasons if thing in leading]
    clashes = case.known.setdefault("clashes", [])
    is_again = (course.clash, chain) in clashes
    for thing, value, letter in [] if is_again else chain:
        case.say(f"chain.{value}", thing=thing, letter=letter)
    if course.clash:
        clashes.append((course.clash, chain))
        thing, value, (letter, *_) = course.clash
        case.say(f"{'again' if is_again else 'clash'}.{value}", thing=thing, letter=letter)
        return
    letters = {reason[0] for reason in course.reasons.values()}
    for paper in (paper for paper in case.facts["papers"] if paper["letter"] not in letters):
        thing, value, *_ = demands_of(paper)[0]
        bank = f"agrees.{value}"
        if course.truth.get(thing) != value:
            thing = paper["one"]
            bank = f"idle.{course.truth[thing]}" if thing in course.truth else "silent"
        case.say(bank, thing=thing, letter=paper["letter"])
    case.say("stands")


def state_of(facts: Mapping[str, Any], lies: Sequence[str]) -> str:
    """Return whether the thing asked about was so, was not, or is left open, once the lies are known."""
    truth, thing = assumed(facts, lies), facts["asked"]
    values = [truth[thing]] if thing in truth else STATES[:2]
    possible = [value for value in values if not follow({**truth, thing: value}, facts["papers"]).clash]
    return possible[0] if len(possible) == 1 else "open"


SCHEME = Liar()
