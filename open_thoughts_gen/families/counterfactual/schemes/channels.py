"""Rates from a lever to an outcome, straight and through what lies between: one day is lived again with another lever.

Each quantity is what its causes bring at printed rates, and what the day itself added, which nobody measured. So the
day's own part has to be kept, and only what differs travels along the rates (J. Pearl, Causality, 2nd edition 2009,
chapters 4 and 7): in all, straight with what lies between held as it was, or only through what lies between.

The traps: to run the rates from nothing and forget the day; to count a road twice, or one that is held fast; to carry a
difference beyond a limit. The first implementation carries differences; the second, an answer set program, works out the
day's own part of each quantity and runs the world from that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase, Reckoning, nudged
from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar, WholeForm, decimal
from open_thoughts_gen.families.kit.framing import PartedScheme
from open_thoughts_gen.families.kit.kinds import HowMuch, Kind, Ratio, YesNo
from open_thoughts_gen.families.kit.proof import answer_set, named

RATES = {"a": 1, "b": 1, "c": 2, "d": 3, "f": 3, "e": 4}  # from which level on there is each road
ROADS = {"total": ("c", "b", "f"), "direct": ("c",), "indirect": ("b", "f")}
GAPS = {"c": "gap", "b": "gap_m", "f": "gap_n"}  # what travels along each road into the outcome


class ChangeForm(WholeForm):
    """A difference: `12 more`, `12 fewer`, `no more and no fewer`."""

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return how much more or fewer."""
        return f"{decimal(abs(value))} {'more' if value > 0 else 'fewer'}" if value else "no more and no fewer"


class Roads(Reckoning):
    """The first implementation: what differs, carried along each road."""

    def carried(self) -> None:
        """Find how far each quantity before the outcome differs."""
        self.find("gap_m", "gap * a", "first", point=1)
        if self.has("cap"):
            self.find("reached", "m + gap_m")
            is_capped = self.exceeds("reached", "cap")
            if is_capped:
                self.find("gap_m", "cap - m")
            self.say("capped" if is_capped else "below")
        if self.has("d"):
            self.find("gap_n", "gap * d", "second")
            if self.has("e"):
                self.find("cross", "gap_m * e", "cross")
                self.find("gap_n", "gap_n + cross", "second.both")

    def parts(self, roads: Sequence[str]) -> list[Fraction]:
        """Return what each road into the outcome brings."""
        parts = []
        for key in (key for key in roads if self.has(key)):
            takes = key == "c" and self.has("takes")
            gap, bank = self.known[GAPS[key]], f"road.{'takes' if takes else key}"
            expression = f"0 - gap * {key}" if takes else f"gap * {key}"
            parts.append(self.know("part", self.work(expression, gap=gap, **{key: self.facts[key]}), bank))
        return parts

    def least(self) -> int | None:
        """Return the least of the lever that reaches the goal, by what one more of it brings."""
        self.know("gap", 1, "hold.least")
        self.carried()
        per = self.know("per", self.total(self.parts(ROADS["total"])), "per", point=2)
        short = self.find("short", "goal - y", "short")
        if per < 2 or short < 1:
            return None
        self.find("steps", "(short + per - 1) // per", "steps")
        return int(self.find("least", "x + steps", "least"))


class Channels(PartedScheme):
    """One lever, one outcome, and the roads between them."""

    name: ClassVar[str] = "channels"
    asks: ClassVar[Mapping[str, Ask]] = {
        "total": Ask(HowMuch(), "total", needs=("instead",)),
        "met": Ask(YesNo(), "met", needs=("instead", "goal"), coin="met"),
        "direct": Ask(HowMuch(), "direct", level=2, until=3, needs=("instead",)),
        "indirect": Ask(HowMuch(), "indirect", level=2, needs=("instead",)),
        "share": Ask(Ratio(), "share", level=3, needs=("instead",)),
        "least": Ask(HowMuch(), "least", needs=("goal",)),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the form of differences."""
        return {"change": ChangeForm()}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw rates and a day; what the day itself added is what is left over, and is at least none."""
        facts: dict[str, Any] = {"world": rng.choice(list(self.words.lists["world"]))}
        if level >= RATES["c"] and rng.random() < 0.5:
            facts["takes"] = True  # the straight road takes away
        facts |= {key: rng.randint(2, 7) for key, first in RATES.items() if level >= first}
        if "e" in facts:
            facts["e"] = rng.randint(2, 3)
        facts["x"], facts["instead"] = rng.sample(range(3, 15), 2)
        facts["m"] = facts["a"] * facts["x"] + rng.randint(0, 25)
        if "d" in facts:
            facts["n"] = facts["d"] * facts["x"] + facts.get("e", 0) * facts["m"] + rng.randint(0, 25)
        straight = facts.get("c", 0) * facts["x"] * (-1 if "takes" in facts else 1)
        facts["y"] = straight + facts["b"] * facts["m"] + facts.get("f", 0) * facts.get("n", 0) + rng.randint(5, 80)
        facts |= {"cap": facts["m"] + rng.randint(3, 30)} if level == 4 and rng.random() < 0.75 else {}
        results = self.assess({**facts, "goal": facts["y"] + 1})
        if min(facts["m"], facts["y"], *(results[key] for key in ROADS), results["least_m"]) < 3:
            return None
        swing = max(3, abs(results["total"] - facts["y"]))
        facts["goal"] = max(2, results["total"] + rng.choice((-1, 1)) * rng.randint(1, swing) + rng.randint(0, 1))
        return facts

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind with the unit of this world."""
        world, kind = self.words.lists["world"][case.facts["world"]], self.asks[case.asks].kind
        return HowMuch(world["lever" if case.asks == "least" else "unit"]) if isinstance(kind, HowMuch) else kind

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Carry the difference along the roads."""
        results, roads = dict[str, Any](), Roads(facts)
        if "instead" in facts:
            roads.find("gap", "instead - x")
            roads.carried()
            results = {name: facts["y"] + int(sum(roads.parts(keys))) for name, keys in ROADS.items()}
            through, whole = results["indirect"] - facts["y"], results["total"] - facts["y"]
            results["share"] = Fraction(through, whole) if 0 < through < whole or whole < through < 0 else None
            results["least_m"] = int(facts["m"] + roads.known["gap_m"])
            results["met"] = results["total"] >= facts["goal"] if "goal" in facts else None
        if "goal" in facts and "cap" not in facts:
            results["least"] = roads.least()
        return results

    def rules(self, case: ProblemCase, page: Page) -> Sequence[str]:
        """Return the rates in a drawn order, and that what else there is stays as it was."""
        said, facts = self.said(case, page), case.facts
        keys = [key for key in ("a", "b", "c", "d", "e", "cap") if key in facts]
        rates = [said("takes" if key == "c" and "takes" in facts else key) for key in keys]
        return [*case.pen("order").order("rates", rates), said("rest")]

    def data(self, case: ProblemCase, page: Page) -> str:
        """Return what was counted on the day."""
        return self.listed(page, "both" if "n" in case.facts else "day", [case.facts])

    def asked(self, case: ProblemCase, page: Page) -> str:
        """Return the question."""
        between = ".both" if "n" in case.facts and case.asks in ("direct", "indirect", "share") else ""
        return self.said(case, page)(f"ask.{case.asks}{between}")

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell what is held, then carry the difference road by road."""
        facts, asks, roads = case.facts, case.asks, Roads(case.facts, narrative.work, narrative)
        if asks == "least":
            roads.answer("answer.least", roads.least())
            return
        roads.say("hold.indirect" if asks == "indirect" else "hold")
        roads.find("gap", "instead - x", "gap", point=1)
        if asks in ("total", "met") and roads.has("d") and facts["m"] != facts["a"] * facts["x"]:
            roads.find("guess", "instead * a", "turn.fresh")
            roads.find("fresh", "x * a", "refute.fresh")
        if asks != "direct":
            roads.carried()
        if asks in ("direct", "indirect"):
            roads.say(f"held.{asks}")
        narrative.point = 2
        parts = roads.parts(ROADS.get(asks, ROADS["total"]))
        more = roads.know("more", roads.total(parts), "more")
        if asks == "share":
            roads.know("part", roads.total(parts[1:]), "through")
            roads.answer("answer.share", roads.find("share", "part / more", "share") if more else None)
            return
        reached = int(roads.find("reached", "y + more", "reached"))
        if asks != "met":
            roads.answer("answer.reached", reached)
            return
        met = not roads.exceeds("goal", "reached")
        roads.say(f"against.{'met' if met else 'missed'}")
        roads.answer(f"answer.{'met' if met else 'missed'}", met)

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Ask the answer set program; a share is one of its results out of another."""
        proved = named(answer_set(self.word_file.with_suffix(".lp"), facts))
        return proved | ({"share": Fraction(proved["through"], proved["whole"])} if proved.get("whole") else {})

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another lever, goal, outcome or rate, by which the day itself would not have added less than nothing."""
        few, facts = (-3, -2, -1, 1, 2, 3), case.facts
        steps = {"instead": few, "goal": few, "y": few[3:], **dict.fromkeys("abf", few[:3])}
        for change in nudged(facts, steps, least=2):
            results = self.assess({**facts, **change.patch})
            is_sound = all(results.get(key, 3) >= 3 for key in (*ROADS, "least_m"))
            if is_sound and change.patch.get("instead") != facts["x"]:
                yield change


SCHEME = Channels()
