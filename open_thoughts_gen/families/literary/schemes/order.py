"""A life told out of order: which came first, how old the narrator was, how many years lie between.

The narrator dates one thing by another, by an age, or by something that grew up with a brother or sister. Before and
after alone would make a mere chain, so every dating is a number of years, and dates have to be carried over several of
them (temporal constraint networks: R. Dechter, I. Meiri and J. Pearl, 1991).

The traps: the order of the telling; an age that belongs to the tree and not to the child; a dating that looks back from
the event that is told, or forward to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Form, Page, ProblemCase, Reckoning
from open_thoughts_gen.families.kit.kinds import HowMuch, InOrder
from open_thoughts_gen.families.kit.proof import solved
from open_thoughts_gen.families.kit.prose import CompanyForm
from open_thoughts_gen.families.kit.telling import MAX_GROUNDS
from open_thoughts_gen.families.literary.scheme import LiteraryScheme

BIRTH, ANCHOR = "birth", "anchor"
BASES = {BIRTH: "age", ANCHOR: "anchored"}  # how an event is dated by them
SIBLINGS = {(BIRTH, ANCHOR): "older", (ANCHOR, BIRTH): "younger"}  # how narrator and anchor are, the later first
NUM_EVENTS = {1: 3, 2: 5, 3: 7, 4: 8}
NUM_LINKS = {1: 2, 2: 3, 3: 5, 4: 6}  # from a fixed point to what is asked about
MAX_GAP, SPAN = 9, 24
Link = Mapping[str, Any]  # a dating: its act, the event that it dates, the other one by which it does, how many years


class LifeOrder(LiteraryScheme):
    """Events of a life, each dated by something else."""

    name: ClassVar[str] = "order"
    asks: ClassVar[Mapping[str, Ask]] = {
        "order": Ask(InOrder(()), "order", needs=("names",)),
        "age": Ask(HowMuch("years"), "age", needs=("asked",), until=3),
        "gap": Ask(HowMuch("years"), "gap", needs=("one", "two")),
    }
    among: ClassVar[Mapping[str, str]] = {"order": "names"}
    nudges: ClassVar[Mapping[str, Sequence[int]]] = {"events.years": (-2, -1, 1, 2, 3)}
    turns: ClassVar[Sequence[tuple[str, Sequence[str]]]] = (
        ("events.act", ("after", "before")),
        ("events.act", ("older", "younger")),
    )

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the form of several events too."""
        return {**super().own_forms(), "events": CompanyForm(tuple(self.words.lists["event"]))}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw the years, then datings that tie every event to the others, and the order of the telling."""
        setting, possible = self.drawn_setting(rng, "event")
        events = possible[: NUM_EVENTS[level]]
        years = {ANCHOR: 0, BIRTH: rng.choice((-6, -4, -3, -2, -1, 1, 2, 3, 4, 5))}
        first = max(years.values()) + 3
        years |= dict(zip(events, rng.sample(range(first, first + SPAN), len(events)), strict=True))
        links = linked(rng, [*events, BIRTH, *([ANCHOR] if level > 1 else [])], years, is_deep=level > 2)
        if links is None:
            return None
        told: list[dict[str, Any]] = []
        for event in rng.sample([*events, ANCHOR], len(events) + 1):
            told += [{"act": "event", "event": event}] if event != ANCHOR else []
            for index, link in enumerate(link for link in links if event == teller_of(link)):
                unsaid = (BIRTH, ANCHOR, "" if index else event)  # of a second dating, "then" would be unclear
                told.append({key: link[key] for key in link if link[key] not in unsaid})
        from_birth = ways(links, BIRTH)
        by_anchor = {link["event"] for link in links if link["act"] == "anchored"}
        far = [event for event in events if len(from_birth[event]) >= NUM_LINKS[level] and event not in by_anchor]
        one, two = rng.sample(events, 2)
        if not far or len(ways(links, one)[two]) < NUM_LINKS[level]:
            return None
        asked = {"asked": rng.choice(far), "one": one, "two": two, "names": tuple(rng.sample(events, len(events)))}
        return {"setting": setting, "events": told, **asked, **({"anchored": True} if level > 1 else {})}

    def walk(self, case: Reckoning, asks: str) -> object:
        """Date what the question needs, link by link, then sort or subtract."""
        facts = case.facts
        if asks == "order":
            case.say("turn.order", event=next(entry["event"] for entry in facts["events"] if "event" in entry))
        nodes = [facts.get(name, name) for name in {"age": ("asked", BIRTH), "gap": ("one", "two")}.get(asks, ())]
        years = dated(case, nodes)
        case.part(2)
        if years is None:
            return None
        line = sorted((node for node in years if node not in (BIRTH, ANCHOR)), key=years.__getitem__)
        start, end = sorted(years[node] for node in nodes or (line[0], line[-1]))
        is_long = not nodes or len(years) + bool(start) > MAX_GROUNDS
        case.know("dated", tuple(f"{node} {years[node]}" for node in line), "line" if is_long else "")
        if nodes:
            if asks == "age" and start != years[BIRTH]:
                return None  # there was no narrator yet
            num = int(case.work("end - start", end=end, start=start)) if start else end
            return case.know("num", num, "less" if start else "", t0=start, t=end)
        return case.know("sequence", tuple(line)) if len(set(map(years.get, line))) == len(line) else None

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the note, the life in paragraphs, and the question."""
        facts, setting = case.facts, {"setting": case.facts["setting"]}
        note = " ".join(case.pen("note").order("note", [page.say("prompt/whole"), page.say("prompt/true")]))
        paragraphs = [case.pen("start").order("start", [page.say("prompt/start"), page.say("prompt/home", **setting)])]
        if "anchored" in facts:
            paragraphs.append([page.say("prompt/anchor", **setting)])
        for index, entry in enumerate(facts["events"]):
            if entry["act"] in ("event", "older", "younger"):
                paragraphs.append([])
            bank = f"{entry['act']}.named" if "event" in entry and entry["act"] != "event" else entry["act"]
            paragraphs[-1].append(page.say(f"prompt/{bank}", **{**setting, **entry}))
            if entry["act"] != "event" and case.pen("aside").chance(f"aside {index}", 0.25):
                paragraphs[-1].append(page.say("prompt/aside"))
        story = "\n\n".join([*(" ".join(paragraph) for paragraph in paragraphs), page.say("prompt/end")])
        return self.framed(case, page, note=note, story=story)

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


def linked(rng: Random, nodes: Sequence[str], years: Mapping[str, int], *, is_deep: bool) -> list[Link] | None:
    """Return links that tie all nodes together; None where one of them is too far from all others.

    If `is_deep`, chains are longer, and the narrator's age may be known from a brother's or sister's.
    """
    order = rng.sample(nodes, len(nodes))
    links = list[Link]()
    for index, node in enumerate(order[1:], start=1):
        near = [link for other in order[:index] if (link := drawn_link(node, other, years, rng))]
        if not is_deep:
            near = [link for link in near if link["act"] not in SIBLINGS.values()]
        if not near:
            return None
        links.append(rng.choice(near[-2:] if is_deep else near))
    return links


def drawn_link(one: str, two: str, years: Mapping[str, int], rng: Random) -> Link | None:
    """Return how two nodes may be tied, if they may."""
    early, late = sorted((one, two), key=years.__getitem__)
    gap = years[late] - years[early]
    act = SIBLINGS.get((late, early)) or BASES.get(early)
    if act is None and gap > MAX_GAP:
        return None
    if act is None and rng.random() < 0.5:
        return {"act": "before", "event": early, "other": late, "years": gap}
    return {"act": act or "after", "event": late, "other": early, "years": gap}


def teller_of(link: Link) -> str:
    """Return the event in whose telling a dating stands, or the anchor."""
    return ANCHOR if link["act"] in SIBLINGS.values() else link["event"]


def links_of(facts: Mapping[str, Any]) -> list[Link]:
    """Return the datings of a life, each with all that is tied by it."""
    links, event = list[Link](), ""
    bases = {act: base for base, act in BASES.items()}
    siblings = {act: {"event": late, "other": early} for (late, early), act in SIBLINGS.items()}
    for entry in facts["events"]:
        event = entry.get("event", event)
        if entry["act"] != "event":
            links.append({"event": event, "other": bases.get(entry["act"]), **entry, **siblings.get(entry["act"], {})})
    return links


def ways(links: Sequence[Link], start: str) -> dict[str, list[tuple[str, str, Link]]]:
    """Return for every node that can be reached from one the shortest way there: from where, to where, by which link."""
    found: dict[str, list[tuple[str, str, Link]]] = {start: []}
    fresh = [start]
    for node in fresh:
        for link in links:
            ends = link["event"], link["other"]
            goal = ends[node == ends[0]]
            if node in ends and goal not in found:
                found[goal] = [*found[node], (node, goal, link)]
                fresh.append(goal)
    return found


def dated(case: Reckoning, wanted: Sequence[str] = ()) -> dict[str, int] | None:
    """Return the year of each event, of the birth and of the anchor; None where a dating hangs in the air.

    Years are counted from whichever came first, the narrator's birth or the anchor. With `wanted`, only what leads to
    these is dated.
    """
    links = links_of(case.facts)
    nodes = {link[end] for link in links for end in ("event", "other")}
    base = BIRTH if BIRTH in nodes else ANCHOR
    found = ways(links, base)
    years = carried(found.values(), {base: 0}, Reckoning(case.facts))
    if years.get(ANCHOR, 0) < 0:
        base, found = ANCHOR, ways(links, ANCHOR)
    if found.keys() < nodes or min(years.values()) < years[base]:
        return None
    case.say(f"base.{base}")
    return carried([found[node] for node in wanted or found], {base: 0}, case)


def carried(
    routes: Iterable[Sequence[tuple[str, str, Link]]], years: dict[str, int], case: Reckoning
) -> dict[str, int]:
    """Carry years along the links of routes, and say how."""
    for node, goal, link in (step for route in routes for step in route):
        if goal in years:
            continue
        is_on = goal == link["event"]  # from what it is dated by
        sign = "+" if is_on != (link["act"] == "before") else "-"
        years[goal] = int(case.work(f"start {sign} number", start=years[node], number=link["years"]))
        case.say(f"{link['act']}.{'on' if is_on else 'back'}", **{**link, "t0": years[node], "t": years[goal]})
    return years


SCHEME = LifeOrder()
