"""A life told out of order: which came first, how old the narrator was, how many years lie between.

The narrator dates one thing by another, by an age, or by something that grew up with a brother or sister. Before and
after alone would make a mere chain, so every dating is a number of years, and dates have to be carried over several of
them (temporal constraint networks: R. Dechter, I. Meiri and J. Pearl, 1991).

The traps: the order of the telling; an age that belongs to the tree and not to the child; a dating that looks back from
the event that is told, or forward to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.forms import Form
from open_thoughts_gen.families.kit.kinds import HowMuch, InOrder
from open_thoughts_gen.families.kit.proof import solved
from open_thoughts_gen.families.kit.prose import CompanyForm
from open_thoughts_gen.families.kit.reckoning import Reckoning
from open_thoughts_gen.families.literary.scheme import LiteraryScheme

BIRTH, ANCHOR = "birth", "anchor"
BASES = {"age": BIRTH, "anchored": ANCHOR}  # what an event is dated by
NUM_EVENTS = {1: 3, 2: 5, 3: 6, 4: 8}
NUM_LINKS = {1: 2, 2: 3, 3: 4, 4: 6}  # from a fixed point to what is asked about
MAX_GAP, SPAN = 9, 24
Link = tuple[str, str, str, int, str]  # what is dated by what, how, by how many years, and the event it is told of


class LifeOrder(LiteraryScheme):
    """Events of a life, each dated by something else."""

    name: ClassVar[str] = "order"
    asks: ClassVar[Mapping[str, Ask]] = {
        "order": Ask(InOrder(()), "order", needs=("names",)),
        "age": Ask(HowMuch("years"), "age", needs=("asked",)),
        "gap": Ask(HowMuch("years"), "gap", needs=("one", "two")),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the form of several events too."""
        return {**super().own_forms(), "events": CompanyForm(tuple(self.words.lists["event"]))}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw the years, then datings that tie every event to the others, and the order of the telling."""
        setting, possible = self.drawn_setting(rng, "event")
        events = rng.sample(possible, NUM_EVENTS[level])
        years = {ANCHOR: 0, BIRTH: rng.choice((-6, -4, -3, -2, -1, 1, 2, 3, 4, 5))}
        first = max(years.values()) + 3
        years |= dict(zip(events, rng.sample(range(first, first + SPAN), len(events)), strict=True))
        nodes = [*events, BIRTH, *([ANCHOR] if level > 1 else [])]
        links = linked(rng, nodes, years, is_deep=level > 2)
        if links is None:
            return None
        told: list[dict[str, Any]] = []
        for event in rng.sample([*events, ANCHOR], len(events) + 1):
            if event != ANCHOR:
                told.append({"act": "event", "event": event})
            datings = [
                {"act": rel, **({} if other in BASES.values() else {"other": other}), "years": number}
                for _, other, rel, number, of in links
                if of == event
            ]
            told += [*datings[:1], *({**entry, "event": event} for entry in datings[1:])]  # "then" would be unclear
        by_anchor, from_birth = {link[0] for link in links if link[1] == ANCHOR}, ways(links, BIRTH)
        far = [event for event in events if len(from_birth[event]) >= NUM_LINKS[level] and event not in by_anchor]
        one, two = rng.sample(events, 2)
        if not far or len(ways(links, one)[two]) < NUM_LINKS[level]:
            return None
        names = tuple(rng.sample(events, len(events)))
        asked = {"asked": rng.choice(far), "one": one, "two": two, "names": names}
        return {"setting": setting, "events": told, **asked, **({"anchored": True} if level > 1 else {})}

    def names_of(self, case: ProblemCase) -> tuple[str, ...]:
        """Return the events."""
        return tuple(case.facts["names"])

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Carry the datings from the earliest fixed point through the whole life."""
        years = dated(facts, Reckoning(facts))
        return results_of(facts, years) if years is not None and min(years.values()) >= 0 else {}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the note, the life in paragraphs, and the question."""
        facts, setting = case.facts, {"setting": case.facts["setting"]}
        note = " ".join(case.pen("note").order("note", [page.say("prompt/whole"), page.say("prompt/true")]))
        paragraphs = [case.pen("start").order("start", [page.say("prompt/start"), page.say("prompt/home", **setting)])]
        if "anchored" in facts:
            paragraphs.append([page.say("prompt/anchor", **setting)])
        for entry in facts["events"]:
            if entry["act"] in ("event", "older", "younger"):
                paragraphs.append([])
            bank = f"{entry['act']}.named" if "event" in entry and entry["act"] != "event" else entry["act"]
            paragraphs[-1].append(page.say(f"prompt/{bank}", **{**setting, **entry}))
        story = "\n\n".join([*(" ".join(paragraph) for paragraph in paragraphs), page.say("prompt/end")])
        return self.framed(case, page, note=note, story=story)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Date what the question needs, link by link, then sort, subtract or compare."""
        facts, work, asks = case.facts, narrative.work, case.asks
        narrative.step(f"issue.{asks}")
        if asks == "order":
            narrative.step("turn.order", event=next(entry["event"] for entry in facts["events"] if "event" in entry))
        narrative.point = 1
        wanted = {"age": ("asked",), "gap": ("one", "two")}.get(asks, ())
        nodes = [facts[name] for name in wanted] + ([BIRTH] if asks == "age" else [])
        years = dated(facts, Reckoning(facts, work, narrative), nodes) or {}
        narrative.point = 2
        if nodes:
            start, end = sorted(years.get(node, 0) for node in nodes)
            result = int(work("end - start", end=end, start=start)) if start or asks == "gap" else end
            if start or asks == "gap":
                narrative.step("less", t0=start, t=end, num=result)
            narrative.answer(f"answer.{asks}", result, num=result, **facts)
            return
        line = sorted((node for node in years if node not in (BIRTH, ANCHOR)), key=years.__getitem__)
        narrative.step("line", dated=tuple(f"{node} {years[node]}" for node in line))
        narrative.answer("answer.order", results_of(facts, years).get("order"), sequence=tuple(line))

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Solve all datings at once, as linear equations, with the narrator's birth as the zero."""
        equations: list[tuple[dict[str, int], int]] = [({"birth": 1}, 0)]
        event = ""
        for entry in facts["events"]:
            event = entry.get("event", event)
            pairs = {"after": (event, entry.get("other")), "before": (entry.get("other"), event)}
            pairs |= {"age": (event, "birth"), "anchored": (event, "anchor")}
            pairs |= {"older": ("birth", "anchor"), "younger": ("anchor", "birth")}
            if entry["act"] in pairs:
                later, earlier = pairs[entry["act"]]
                equations.append(({later: 1, earlier: -1}, entry["years"]))
        times = solved(equations)
        results: dict[str, Any] = {}
        if facts.get("one") in times and facts.get("two") in times:
            results["gap"] = abs(times[facts["one"]] - times[facts["two"]])
        if facts.get("asked") in times:
            results["age"] = times[facts["asked"]]
        names = facts.get("names", ())
        if names and set(names) <= times.keys() and len({times[name] for name in names}) == len(names):
            results["order"] = tuple(sorted(names, key=times.__getitem__))
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield each dating by another number of years, and by one that looks the other way."""
        turned = {"after": "before", "before": "after", "older": "younger", "younger": "older"}
        for index, entry in enumerate(case.facts["events"]):
            for years in (entry["years"] + by for by in (-2, -1, 1, 2, 3)) if "years" in entry else ():
                if years > 0:
                    yield Change({"list": "events", "entry": index, "years": years})
            if entry["act"] in turned:
                yield Change({"list": "events", "entry": index, "act": turned[entry["act"]]})


def linked(rng: Random, nodes: Sequence[str], years: Mapping[str, int], *, is_deep: bool) -> list[Link] | None:
    """Return links that tie all nodes together; None where one of them is too far from all others.

    If `is_deep`, chains are longer, and the narrator's age may be known from a brother's or sister's.
    """
    order = rng.sample(nodes, len(nodes))
    links = list[Link]()
    for index, node in enumerate(order[1:], start=1):
        near = [link for other in order[:index] if (link := drawn_link(node, other, years, rng))]
        if not is_deep and node in (BIRTH, ANCHOR):
            near = [link for link in near if {link[0], link[1]} != {BIRTH, ANCHOR}]
        if not near:
            return None
        links.append(rng.choice(near[-2:] if is_deep else near))
    return links


def drawn_link(one: str, two: str, years: Mapping[str, int], rng: Random) -> Link | None:
    """Return how two nodes may be tied, if they may."""
    if {one, two} == {BIRTH, ANCHOR}:
        gap = years[BIRTH] - years[ANCHOR]
        return BIRTH, ANCHOR, "older" if gap > 0 else "younger", abs(gap), ANCHOR
    if BIRTH in (one, two) or ANCHOR in (one, two):
        event, base = (two, one) if one in BASES.values() else (one, two)
        return event, base, "age" if base == BIRTH else "anchored", years[event] - years[base], event
    if rng.random() < 0.5:
        one, two = two, one
    gap = years[one] - years[two]
    return (one, two, "after" if gap > 0 else "before", abs(gap), one) if abs(gap) <= MAX_GAP else None


def links_of(facts: Mapping[str, Any]) -> list[Link]:
    """Return the datings of a life, each with the event that it is told of."""
    links, event = list[Link](), ""
    for entry in facts["events"]:
        act = entry["act"]
        event = entry.get("event", event)
        if act in ("older", "younger"):
            links.append((BIRTH, ANCHOR, act, entry["years"], ANCHOR))
        elif act != "event":
            links.append((event, entry.get("other") or BASES[act], act, entry["years"], event))
    return links


def ways(links: Sequence[Link], start: str) -> dict[str, list[tuple[str, str, Link]]]:
    """Return for every node that can be reached from one the shortest way there: from where, to where, by which link."""
    found: dict[str, list[tuple[str, str, Link]]] = {start: []}
    fresh = [start]
    for node in fresh:
        for link in links:
            goal = link[1] if node == link[0] else link[0]
            if node in link[:2] and goal not in found:
                found[goal] = [*found[node], (node, goal, link)]
                fresh.append(goal)
    return found


def dated(facts: Mapping[str, Any], case: Reckoning, wanted: Sequence[str] = ()) -> dict[str, int] | None:
    """Return the year of each event, of the birth and of the anchor; None where a dating hangs in the air.

    Years are counted from whichever came first, the narrator's birth or the anchor. With `wanted`, only what leads to
    these is dated.
    """
    links = links_of(facts)
    base = next((node for node in BASES.values() if any(node in link[:2] for link in links)), "")
    if ANCHOR in (found := ways(links, base)) and carried(found[ANCHOR], {base: 0}, Reckoning(facts))[ANCHOR] < 0:
        base, found = ANCHOR, ways(links, ANCHOR)
    if not base or found.keys() < {node for link in links for node in link[:2]}:
        return None
    case.say(f"base.{base}")
    needed = {step[1] for goal in wanted for step in found[goal]}
    steps = dict.fromkeys(step for way in found.values() for step in way if not wanted or step[1] in needed)
    return carried(list(steps), {base: 0}, case)


def carried(steps: Sequence[tuple[str, str, Link]], years: dict[str, int], case: Reckoning) -> dict[str, int]:
    """Carry years along links, and say how."""
    for node, goal, (event, other, rel, number, _) in steps:
        is_on = (goal == event) != (rel == "younger")  # from the base of the dating to what it dates
        sign = "+" if is_on != (rel == "before") else "-"
        years[goal] = int(case.work(f"start {sign} number", start=years[node], number=number))
        known = {"event": event, "other": other, "years": number, "t0": years[node], "t": years[goal]}
        case.say(f"{rel}.{'on' if is_on else 'back'}", **known)
    return years


def results_of(facts: Mapping[str, Any], years: Mapping[str, int]) -> dict[str, Any]:
    """Return what can be asked of a dated life; two things in one year have no order."""
    results: dict[str, Any] = {}
    names = facts.get("names", ())
    if len({years[name] for name in names}) == len(names):
        results["order"] = tuple(sorted(names, key=years.__getitem__))
    if "asked" in facts:
        results["age"] = years.get(facts["asked"], 0) - years.get(BIRTH, 0)
    if "one" in facts:
        results["gap"] = abs(years[facts["one"]] - years[facts["two"]])
    return results


SCHEME = LifeOrder()
