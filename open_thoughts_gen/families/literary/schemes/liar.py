"""A narrator who has lied, says how often, and does not say where; beside the statements lie papers that are true.

Each way of placing the lies is tried, and its consequences are followed through the papers until something clashes or
nothing does (unit propagation: M. Davis, G. Logemann and D. Loveland, 1962; papers are clauses of one or two literals,
for which it is complete). What cannot be spared among the papers is asked for as evidence: that single paper without
which another placing of the lies would be possible.

The traps: a paper that speaks of the thing and decides nothing; "if" read backwards; a thing that stays open although
all lies are found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.kinds import Both, Kind, OneOf, SomeOf
from open_thoughts_gen.families.kit.reckoning import Reckoning
from open_thoughts_gen.families.literary.scheme import LiteraryScheme

NUM_STATEMENTS = {1: 3, 2: 4, 3: 4, 4: 5}
NUM_LIES = {1: 1, 2: 1, 3: 2, 4: 2}
MAX_PAPERS = {1: 4, 2: 6, 3: 7, 4: 7}
MAX_TRIED = 6  # placings that are tried without looking at single statements first
LETTERS = "ABCDEFG"
OTHER = {"yes": "no", "no": "yes"}
STATES = ("yes", "no", "open")
Paper = Mapping[str, Any]
Reason = tuple[Paper, str]  # the paper, and the thing from which it leads on ("" if from none)


class Liar(LiteraryScheme):
    """Statements of which a known number is false, and papers."""

    name: ClassVar[str] = "liar"
    asks: ClassVar[Mapping[str, Ask]] = {
        "which": Ask(SomeOf((), "closing/which"), "which"),
        "was": Ask(OneOf(STATES, "closing/was"), "was", needs=("asked",), coin="was", outcomes=STATES),
        "proof": Ask(OneOf(()), "proof"),
    }
    sets: ClassVar[Mapping[str, str]] = {"which": "statements.label", "needed": "papers.letter"}
    pairs: ClassVar[Mapping[str, tuple[str, str]]] = {"proof": ("which", "only")}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw what was so, statements with their lies, and papers until the lies are found."""
        setting, things = self.drawn_setting(rng, "thing")
        world = {thing: rng.choice(STATES[:2]) for thing in things}
        spoken = rng.sample(things, NUM_STATEMENTS[level])
        lies = set(rng.sample(spoken, NUM_LIES[level]))
        statements = [
            {"num": num, "says": OTHER[world[thing]] if thing in lies else world[thing], "thing": thing}
            for num, thing in enumerate(spoken, start=1)
        ]
        facts: dict[str, Any] = {"setting": setting, "count": str(NUM_LIES[level]), "statements": statements}
        papers: list[dict[str, Any]] = []
        possible = list(combinations(numbers_of(facts), NUM_LIES[level]))
        while len(papers) < MAX_PAPERS[level] and len(possible) > 1:
            paper = drawn_paper(rng, world, rate=0.15 if level > 1 else 0.35)
            if {paper["one"], paper.get("two")} not in [{p["one"], p.get("two")} for p in papers]:
                papers.append(paper)
                possible = [lies for lies in possible if follow(assumed(facts, lies), papers)[2] is None]
        facts["papers"] = [{"letter": LETTERS[i], **p} for i, p in enumerate(rng.sample(papers, len(papers)))]
        if len(papers) < 2 or len(possible) != 1:
            return None
        plain = {paper["one"] for paper in papers if paper["rel"] == "is"}
        named = [t for t in things if t not in plain and any(t in (p["one"], p.get("two")) for p in papers)]
        return {**facts, "asked": rng.choice(named)} if named else None

    def kind_in(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the statements and papers of the case."""
        if case.asks != "proof":
            return super().kind_in(case)
        letters = tuple(entry["letter"] for entry in case.facts["papers"])
        return Both(SomeOf(tuple(self.names_of(case))), OneOf(letters), "closing/proof")

    def names_of(self, case: ProblemCase) -> list[str]:
        """Return the numbers of the statements."""
        return numbers_of(case.facts)

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Try every placing of the lies, with all papers and with each one missing."""
        possible = placings(Reckoning(facts))
        if len(possible) != 1:
            return {"was": None}
        lies, needed = frozenset(possible[0]), [letter for letter, others in without(facts, possible[0]) if others]
        state = state_of(facts, possible[0], facts["asked"]) if "asked" in facts else None
        proof = (lies, needed[0]) if len(needed) == 1 else None
        return {"which": lies, "needed": frozenset(needed), "proof": proof, "was": state}

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
        told += [page.say("prompt/lead.statements"), pen.pick("statements", " ", "\n").join(statements)]
        told += [page.say("prompt/lead.papers"), "\n".join(papers)]
        return self.framed(case, page, note=note, story="\n\n".join(told))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Try the placings one by one, then take papers away, or follow the truth to the thing that is asked about."""
        facts, work, asks = case.facts, narrative.work, case.asks
        reckoning = Reckoning(facts, work, narrative)
        reckoning.say(f"issue.{asks}")
        possible = placings(reckoning)
        lies = possible[0] if len(possible) == 1 else ()
        narrative.point += 1
        if lies:
            reckoning.say("only", lies=named(lies))
        if not lies or asks == "which":
            reckoning.answer("answer.which", frozenset(lies) if lies else None, lies=named(lies))
        elif asks == "was":
            state = work.settle(state_of(facts, lies, facts["asked"]), "open", "yes")
            reckoning.say(f"known.{state}")
            reckoning.answer(f"answer.was.{state}", state)
        else:
            needed = ""
            for letter, others in without(facts, lies):
                needed = letter if others else needed
                shown = {"letter": letter, **({"lies": named(others[0])} if others else {})}
                reckoning.say("without.open" if others else "without.same", **shown)
            result = (frozenset(lies), needed) if needed else None
            reckoning.answer("answer.proof", result, lies=named(lies), letter=needed)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program, which looks at all worlds at once."""
        proved = dict(super().prove(facts))
        proved |= {"was": STATES[not proved["was"]]} if isinstance(proved.get("was"), bool) else {}
        return proved if "which" in proved else {}

    def stated(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts as the program takes them, with all things that they speak of."""
        things = dict.fromkeys(entry["thing"] for entry in facts["statements"])
        things |= dict.fromkeys(paper[key] for paper in facts["papers"] for key in ("one", "two") if key in paper)
        statements = [{**entry, "label": str(entry["num"])} for entry in facts["statements"]]
        known = {**facts, "things": [{"name": thing} for thing in things], "statements": statements}
        return {**known, "count": int(facts["count"])}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a statement or a paper that says the contrary."""
        for key, fields in (("statements", ("says",)), ("papers", ("value", "then"))):
            for index, entry in enumerate(case.facts[key]):
                for name in fields:
                    if name in entry:
                        yield Change({"list": key, "entry": index, name: OTHER[entry[name]]})


def named(lies: Sequence[str]) -> tuple[str, ...]:
    """Return statements as a sentence names them."""
    return tuple(f"({number})" for number in lies)


def numbers_of(facts: Mapping[str, Any]) -> list[str]:
    """Return the numbers of the statements."""
    return [str(entry["num"]) for entry in facts["statements"]]


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
    sets = list(combinations(numbers_of(facts), int(facts["count"])))
    if len(sets) > MAX_TRIED:
        certain = alone(case)
        sets = [lies for lies in sets if all((num in lies) == is_lie for num, is_lie in certain.items())]
        case.say("left.some" if certain else "left.all")
    for point, lies in enumerate(sets, start=2):
        case.part(point)
        case.say("suppose", lies=named(lies))
        truth, reasons, clash = follow(assumed(facts, lies), facts["papers"])
        if case.work.settle(clash is None, clash is not None):
            possible.append(lies)
        if clash is not None:
            tell_clash(case, truth, reasons, clash)
        else:
            tell_agreement(case, truth, reasons)
            case.say("stands")
    return possible


def alone(case: Reckoning) -> dict[str, bool]:
    """Return of statements that clash with the papers by themselves, taken as true or as false, whether they are lies."""
    certain: dict[str, bool] = {}
    case.part(1)
    for entry, word in ((entry, word) for entry in case.facts["statements"] for word in ("true", "false")):
        says = entry["says"] if word == "true" else OTHER[entry["says"]]
        truth, reasons, clash = follow({entry["thing"]: says}, case.facts["papers"])
        if clash is not None and case.work.settle(True):
            case.say(f"alone.{word}", lies=named([str(entry["num"])]))
            tell_clash(case, truth, reasons, clash)
            case.say(f"must.{word}")
            certain[str(entry["num"])] = word == "true"
    return certain


def assumed(facts: Mapping[str, Any], lies: Sequence[str]) -> dict[str, str]:
    """Return what was so, as far as statements go, if just these are lies."""
    return {
        entry["thing"]: OTHER[entry["says"]] if str(entry["num"]) in lies else entry["says"]
        for entry in facts["statements"]
    }


def follow(
    truth: dict[str, str], papers: Sequence[Paper]
) -> tuple[dict[str, str], dict[str, Reason], tuple[Paper, str, str, str] | None]:
    """Return all that follows from a start, why, and the first clash: the paper, its thing and value, and from where."""
    truth, reasons, is_new = dict(truth), dict[str, Reason](), True
    while is_new:
        is_new = False
        for paper in papers:
            for thing, value, source in _demands(paper, truth):
                if truth.get(thing, value) != value:
                    return truth, reasons, (paper, thing, value, source)
                if thing not in truth:
                    truth[thing], reasons[thing], is_new = value, (paper, source), True
    return truth, reasons, None


def _demands(paper: Paper, truth: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield what a paper makes certain: the thing, its value, and the thing from which that follows."""
    one, value = paper["one"], paper["value"]
    if paper["rel"] == "is":
        yield one, value, ""
        return
    if truth.get(one) == value:
        yield paper["two"], paper["then"], one
    if truth.get(paper["two"]) == OTHER[paper["then"]]:
        yield one, OTHER[value], paper["two"]


def tell_clash(
    case: Reckoning, truth: Mapping[str, str], reasons: Mapping[str, Reason], clash: tuple[Paper, str, str, str]
) -> None:
    """Tell what leads to a clash: on the one side what the paper rests on, on the other what it goes against."""
    paper, thing, value, source = clash
    leading, ends = set[str](), [source, thing]
    while ends:
        if (end := ends.pop()) in reasons:
            leading.add(end)
            ends.append(reasons[end][1])  # from each thing to the one that it follows from
    for each in (each for each in reasons if each in leading):
        case.say(f"chain.{truth[each]}", thing=each, letter=reasons[each][0]["letter"])
    case.say(f"clash.{value}", thing=thing, letter=paper["letter"])


def tell_agreement(case: Reckoning, truth: Mapping[str, str], reasons: Mapping[str, Reason]) -> None:
    """Tell what each paper leads on to, and of those that lead to nothing new, why they do not object."""
    for thing, (paper, _) in reasons.items():
        case.say(f"chain.{truth[thing]}", thing=thing, letter=paper["letter"])
    leading = {paper["letter"] for paper, _ in reasons.values()}
    for paper in (paper for paper in case.facts["papers"] if paper["letter"] not in leading):
        is_met = paper["rel"] == "is" or truth.get(paper["one"]) == paper["value"]
        end = paper.get("two", paper["one"])
        bank, thing = "silent", paper["one"]
        if is_met or truth.get(end) == paper.get("then", paper["value"]):
            bank, thing = f"agrees.{truth[end]}", end
        elif truth.get(paper["one"]):
            bank = f"idle.{truth[thing]}"
        case.say(bank, thing=thing, letter=paper["letter"])


def without(facts: Mapping[str, Any], lies: tuple[str, ...]) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Yield each paper's letter with the other placings that are possible if it is missing."""
    for paper in facts["papers"]:
        left = placings(Reckoning({**facts, "papers": [other for other in facts["papers"] if other != paper]}))
        yield paper["letter"], [other for other in left if other != lies]


def state_of(facts: Mapping[str, Any], lies: Sequence[str], asked: str) -> str:
    """Return whether a thing was so, was not, or is left open, once the lies are known."""
    truth, papers = assumed(facts, lies), facts["papers"]
    if asked in truth:
        return truth[asked]
    bears = {value: follow({**truth, asked: value}, papers)[2] is None for value in ("yes", "no")}
    return "open" if all(bears.values()) else "yes" if bears["yes"] else "no"


SCHEME = Liar()
