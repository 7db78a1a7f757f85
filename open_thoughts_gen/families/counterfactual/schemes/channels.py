"""Rates from a lever to an outcome, straight and through what lies between: one day is lived again with another lever.

Each quantity is what its causes bring at printed rates, and what the day itself added, which nobody measured. So the
day's own part has to be kept, and only what differs travels along the rates (J. Pearl, Causality, 2nd edition 2009,
chapters 4 and 7): in all, straight with what lies between held as it was, or only through what lies between.

The traps: to run the rates from nothing and forget the day; to count a road twice, or one that is held fast; to carry a
difference beyond a limit. The first implementation carries differences; the second works out the day's own part of each
quantity and runs the world from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, ExactForm, Form, PrintedSoFar, WholeForm
from open_thoughts_gen.families.kit.kinds import HowMuch, Kind, Ratio, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change, ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

RATES = {"a": 1, "b": 1, "c": 2, "d": 3, "f": 3, "e": 4}  # from which level on there is each road
UNITS = {"shop": ("posters", "crowns"), "school": ("hours", "marks"), "kiln": ("barrows", "bricks")}
COSTS = ("shop", "kiln")  # where the straight road takes away
ROADS = {"total": ("c", "b", "f"), "direct": ("c",), "indirect": ("b", "f")}


class ChangeForm(WholeForm):
    """A difference: `12 more`, `12 fewer`, `no more and no fewer`."""

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return how much more or fewer."""
        if value == 0:
            return "no more and no fewer"
        return f"{abs(value):,} {'more' if value > 0 else 'fewer'}"


class Channels(ProblemScheme):
    """One lever, one outcome, and the roads between them."""

    name: ClassVar[str] = "channels"
    asks: ClassVar[Mapping[str, Ask]] = {
        "total": Ask(HowMuch(), "total", needs=("instead",)),
        "met": Ask(YesNo(), "met", needs=("instead", "goal"), coin="met"),
        "direct": Ask(HowMuch(), "direct", level=2, needs=("instead",)),
        "indirect": Ask(HowMuch(), "indirect", level=2, needs=("instead",)),
        "share": Ask(Ratio(), "share", level=3, needs=("instead",)),
        "least": Ask(HowMuch(), "least", needs=("goal",)),
    }

    def __init__(self) -> None:
        """Say how each fact, and each value of a trace, is written."""
        whole, change = WholeForm(), ChangeForm()
        numbers = (*RATES, "x", "m", "n", "y", "instead", "goal", "cap", "reached", "per", "short", "steps", "least")
        changes = ("gap", "gap_m", "gap_n", "part", "more")
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys(numbers, whole),
            **dict.fromkeys(changes, change),
            "share": ExactForm(),
            "world": EntryForm(self.words.lists["world"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw rates and a day; what the day itself added is what is left over, and is at least none."""
        world = rng.choice(tuple(UNITS))
        facts: dict[str, Any] = {"world": world}
        facts |= {key: rng.randint(2, 7) for key, first in RATES.items() if level >= first}
        if "e" in facts:
            facts["e"] = rng.randint(2, 3)
        facts["x"], facts["instead"] = rng.sample(range(3, 15), 2)
        facts["m"] = facts["a"] * facts["x"] + rng.randint(0, 25)
        if "d" in facts:
            facts["n"] = facts["d"] * facts["x"] + facts.get("e", 0) * facts["m"] + rng.randint(0, 25)
        straight = facts.get("c", 0) * facts["x"] * (-1 if world in COSTS else 1)
        facts["y"] = straight + facts["b"] * facts["m"] + facts.get("f", 0) * facts.get("n", 0) + rng.randint(5, 80)
        if level == 4 and rng.random() < 0.6:
            facts["cap"] = facts["m"] + rng.randint(3, 30)
        results = self.assess({**facts, "goal": facts["y"] + 1})
        if min(facts["m"], facts["y"], *(results[key] for key in ROADS), results["least_m"]) < 3:
            return None
        swing = max(3, abs(results["total"] - facts["y"]))
        facts["goal"] = max(2, results["total"] + rng.choice((-1, 1)) * rng.randint(1, swing) + rng.randint(0, 1))
        return facts

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind with the unit of this world."""
        lever, outcome = UNITS[case.facts["world"]]
        kind = self.asks[case.asks].kind
        return HowMuch(lever if case.asks == "least" else outcome) if isinstance(kind, HowMuch) else kind

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Carry the difference along the roads."""
        work, results = Work(is_quiet=True), dict[str, Any]()
        if "instead" in facts:
            gaps = carried(facts, int(facts["instead"] - facts["x"]), work)
            parts = {key: part(facts, key, gaps, work) for key in ("c", "b", "f") if key in facts}
            results = {name: facts["y"] + sum(parts.get(key, 0) for key in keys) for name, keys in ROADS.items()}
            through, whole = results["indirect"] - facts["y"], results["total"] - facts["y"]
            share = Fraction(through, whole) if whole else Fraction(0)
            results["share"] = share if 0 < share < 1 else None
            results["least_m"] = facts["m"] + gaps["gap_m"]
            results["met"] = results["total"] >= facts["goal"] if "goal" in facts else None
        if "goal" in facts and "cap" not in facts:
            gaps = carried(facts, 1, work)
            per = sum(part(facts, key, gaps, work) for key in ("c", "b", "f") if key in facts)
            short = facts["goal"] - facts["y"]
            results["least"] = facts["x"] - (-short // per) if per > 1 and short > 0 else None
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rates, the day, what is supposed and the question."""
        facts, world = case.facts, case.facts["world"]
        opening = page.say(f"prompt/{world}.opening")
        rates = [page.say(f"prompt/{world}.{key}", **{key: facts[key]}) for key in ("a", "b", "c") if key in facts]
        if "d" in facts:
            rates.append(page.say(f"prompt/{world}.df", d=facts["d"], f=facts["f"]))
        rates += [page.say(f"prompt/{world}.{key}", **{key: facts[key]}) for key in ("e", "cap") if key in facts]
        rates = case.pen("order").order("rates", rates)
        bank = "day.both" if "n" in facts else "day"
        day = page.say(f"prompt/{world}.{bank}", **{key: facts[key] for key in ("x", "m", "n", "y") if key in facts})
        rest, colour = page.say(f"prompt/{world}.rest"), page.say(f"prompt/{world}.colour")
        needed = {key: facts[key] for key in self.asks[case.asks].needs}
        between = ".both" if "n" in facts and case.asks in ("direct", "indirect", "share") else ""
        asked = page.say(f"prompt/ask.{case.asks}{between}", world=world, **needed)
        return "\n\n".join((opening, " ".join((*rates, rest)), f"{day} {colour}", asked))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell what is held, then carry the difference road by road."""
        facts, asks, work = case.facts, case.asks, narrative.work
        world = facts["world"]
        if asks == "least":
            self._tell_least(facts, narrative)
            return
        narrative.step(
            "hold.indirect" if asks == "indirect" else "hold", x=facts["x"], instead=facts["instead"], world=world
        )
        gap = int(work("instead - x", instead=facts["instead"], x=facts["x"]))
        narrative.step("gap", point=1, gap=gap, x=facts["x"], instead=facts["instead"], world=world)
        gaps = carried(facts, gap, work, narrative if asks != "direct" else None)
        roads = ROADS.get(asks, ROADS["total"])
        if asks in ("direct", "indirect"):
            narrative.step(f"held.{asks}", world=world, x=facts["x"])
        narrative.point = 2
        changes = [_say_part(facts, key, gaps, narrative) for key in roads if key in facts]
        more = changes[0] if len(changes) == 1 else int(work(" + ".join(f"({change})" for change in changes)))
        narrative.step("more", more=more, world=world)
        if asks == "share":
            through = changes[1:]
            part_of = through[0] if len(through) == 1 else int(work(" + ".join(f"({change})" for change in through)))
            share = work("part / more", part=part_of, more=more) if more else None
            narrative.step("through", part=part_of, world=world)
            if share is not None:
                narrative.step("share", share=share, part=part_of, more=more)
            narrative.answer("answer.share", share, share=share, part=part_of, more=more)
            return
        reached = int(work("y + more", y=facts["y"], more=more))
        narrative.step("reached", reached=reached, y=facts["y"], more=more, world=world)
        if asks == "met":
            met = not work.exceeds(facts["goal"], reached)
            bank, values = "met" if met else "missed", {"reached": reached, "goal": facts["goal"], "world": world}
            narrative.step(f"against.{bank}", **values)
            narrative.answer(f"answer.{bank}", met, **values)
            return
        narrative.answer("answer.reached", reached, reached=reached, world=world)

    def _tell_least(self, facts: Mapping[str, Any], narrative: Narrative) -> None:
        """Tell what one more of the lever brings, and how many are wanted."""
        work, world = narrative.work, facts["world"]
        narrative.step("hold.least", x=facts["x"], gap=1, world=world)
        gaps = carried(facts, 1, work, narrative)
        narrative.point = 2
        changes = [_say_part(facts, key, gaps, narrative) for key in ("c", "b", "f") if key in facts]
        per = changes[0] if len(changes) == 1 else int(work(" + ".join(f"({change})" for change in changes)))
        narrative.step("per", per=per, world=world)
        short = int(work("goal - y", goal=facts["goal"], y=facts["y"]))
        narrative.step("short", short=short, goal=facts["goal"], y=facts["y"], world=world)
        steps = int(work("(short + per - 1) // per", short=short, per=per)) if per > 0 else None
        if steps is None:
            narrative.answer("answer.least", None)
            return
        narrative.step("steps", steps=steps, short=short, per=per, world=world)
        least = int(work("x + steps", x=facts["x"], steps=steps))
        narrative.step("least", least=least, x=facts["x"], steps=steps, world=world)
        narrative.answer("answer.least", least, least=least, x=facts["x"], steps=steps, world=world)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Work out what the day itself added to each quantity, and run the world from that."""
        results: dict[str, Any] = {}
        if "instead" in facts:
            now, then = facts["x"], facts["instead"]
            results = {"total": _world(facts, then, then), "direct": _world(facts, then, now)}
            results["indirect"] = _world(facts, now, then)
            if results["total"] != facts["y"]:
                results["share"] = Fraction(results["indirect"] - facts["y"], results["total"] - facts["y"])
            if "goal" in facts:
                results["met"] = results["total"] >= facts["goal"]
        if "goal" in facts and "instead" not in facts:
            levers = range(facts["x"], facts["x"] + facts["goal"] + 2)
            results["least"] = next((lever for lever in levers if _world(facts, lever, lever) >= facts["goal"]), None)
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another lever, goal, outcome or rate."""
        for key in ("instead", "goal", "y", "a", "b", "c", "f"):
            for step in (-3, -2, -1, 1, 2, 3):
                value = case.facts.get(key, 0) + step
                if key in case.facts and value > 1 and (key != "instead" or value != case.facts["x"]):
                    patch = {key: value}
                    results = self.assess({**case.facts, **patch})
                    is_whole = min(_added({**case.facts, **patch})) >= 0
                    if is_whole and all(results.get(name, 3) >= 3 for name in (*ROADS, "least_m")):
                        yield Change(patch)


def carried(facts: Mapping[str, Any], gap: int, work: Work, narrative: Narrative | None = None) -> dict[str, int]:
    """Return how far each quantity before the outcome differs, and tell it if there is a narrative."""
    world, gaps = facts["world"], {"gap": gap}
    gaps["gap_m"] = int(work("gap * a", gap=gap, a=facts["a"]))
    if narrative:
        narrative.step("first", point=1, gap=gap, gap_m=gaps["gap_m"], a=facts["a"], world=world)
    if "cap" in facts:
        reached = int(work("m + gap", m=facts["m"], gap=gaps["gap_m"]))
        if work.exceeds(reached, facts["cap"]):
            gaps["gap_m"] = int(work("cap - m", cap=facts["cap"], m=facts["m"]))
            if narrative:
                values = {"reached": reached, "cap": facts["cap"], "m": facts["m"], "gap_m": gaps["gap_m"]}
                narrative.step("capped", world=world, **values)
        elif narrative:
            narrative.step("below", world=world, reached=reached, cap=facts["cap"])
    if "d" in facts:
        expression = "gap * d + other * e" if "e" in facts else "gap * d"
        values = {"gap": gap, "d": facts["d"]} | ({"other": gaps["gap_m"], "e": facts["e"]} if "e" in facts else {})
        gaps["gap_n"] = int(work(expression, **values))
        if narrative:
            rates = {key: facts[key] for key in ("d", "e") if key in facts}
            narrative.step("second.both" if "e" in facts else "second", world=world, **gaps, **rates)
    return gaps


def part(facts: Mapping[str, Any], key: str, gaps: Mapping[str, int], work: Work) -> int:
    """Return what one road into the outcome brings."""
    gap = gaps[{"c": "gap", "b": "gap_m", "f": "gap_n"}[key]]
    if key == "c" and facts["world"] in COSTS:
        return int(work("0 - gap * rate", gap=gap, rate=facts[key]))
    return int(work("gap * rate", gap=gap, rate=facts[key]))


def _say_part(facts: Mapping[str, Any], key: str, gaps: Mapping[str, int], narrative: Narrative) -> int:
    brought = part(facts, key, gaps, narrative.work)
    bank = "takes" if key == "c" and facts["world"] in COSTS else key
    gap = {"c": "gap", "b": "gap_m", "f": "gap_n"}[key]
    values = {gap: gaps[gap], key: facts[key], "part": brought}
    narrative.step(f"road.{bank}", world=facts["world"], **values)
    return brought


# The second implementation.
def _world(facts: Mapping[str, Any], straight: int, before: int) -> int:
    """Return the outcome if `straight` acts on it by itself, and what lies between is what `before` makes it."""
    rate, (added_m, added_n, added_y) = _rates(facts), _added(facts)
    middle = min(facts.get("cap", 10**9), rate["a"] * before + added_m)
    other = rate["d"] * before + rate["e"] * middle + added_n
    return int(rate["c"] * straight + rate["b"] * middle + rate["f"] * other + added_y)


def _added(facts: Mapping[str, Any]) -> tuple[int, int, int]:
    """Return what the day itself added to each quantity: things that are counted, so it is never less than none."""
    rate, x, m, n = _rates(facts), facts["x"], facts["m"], facts.get("n", 0)
    added_y = facts["y"] - rate["b"] * m - rate["f"] * n - rate["c"] * x
    return m - rate["a"] * x, n - rate["d"] * x - rate["e"] * m, added_y


def _rates(facts: Mapping[str, Any]) -> dict[str, int]:
    """Return every rate, below zero where the straight road takes away."""
    sign = -1 if facts["world"] in ("kiln", "shop") else 1
    return {key: (sign if key == "c" else 1) * facts.get(key, 0) for key in ("a", "b", "c", "d", "e", "f")}


SCHEME = Channels()
