"""Vans to be loaded: consignments with weights, some of which may not travel together.

How few vans are enough, whether so many are, and the lightest consignment that lets the rest go by staying. The trap is to
divide the whole weight by what a van takes: what is left over in one van can't be lent to another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, WholeForm
from open_thoughts_gen.families.kit.kinds import HowMuch, Kind, OneOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import least_cost
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.scheduling.scheme import SchedulingScheme, summed
from open_thoughts_gen.families.scheduling.schemes._sharing import (
    Sharing,
    Teller,
    argument,
    arranged,
    fewest,
    sharing_forms,
    told_leaving,
)

PROGRAM = Path(__file__).with_suffix(".lp")
SIZES = {1: (4, 0), 2: (5, 2), 3: (8, 3), 4: (10, 4)}  # consignments, and pairs that are kept apart
MAX_LENGTH = {1: 1, 2: 3, 3: 9, 4: 9}  # of an argument, in facts
MIN_LENGTH = {1: 1, 2: 1, 3: 2, 4: 4}
ABOVE = {1: 0.5, 2: 0.6, 3: 0.75, 4: 0.8}  # how often the weight alone says too little
PLAIN_DROPPED = 0.6  # of the loads where the first consignment that is tried helps
MAX_TRIED = 4  # consignments that are tried one by one
UNIT = 50


class Loading(SchedulingScheme):
    """Consignments and vans."""

    name: ClassVar[str] = "loading"
    asks: ClassVar[Mapping[str, Ask]] = {
        "least": Ask(HowMuch("vans"), "least"),
        "fits": Ask(YesNo(), "fits", needs=("vans",), coin="fits"),
        "leave": Ask(OneOf(()), "leave", level=3, needs=("vans",)),
    }

    def __init__(self) -> None:
        """Say how each fact is written and read."""
        goods, whole = EntryForm(self.words.lists["goods"]), WholeForm()
        self.forms: Mapping[str, Form[Any]] = {
            **self.frame_forms(),
            **dict.fromkeys(("one", "other", "item"), goods),
            **dict.fromkeys(("kg", "capacity", "vans", "share"), whole),
            **sharing_forms(self.words.lists["closed"]),
        }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw loads; from level 2 on half of them need more vans than the weight alone would."""
        num, num_apart = SIZES[level]
        names = rng.sample(list(self.words.lists["goods"]), num)
        capacity = UNIT * rng.randint(16, 28)
        items = [{"item": name, "kg": UNIT * rng.randint(3, int(0.7 * capacity / UNIT))} for name in names]
        pairs = [(one, other) for index, one in enumerate(names) for other in names[index + 1 :]]
        apart = [
            {"one": one, "other": other} for one, other in rng.sample(pairs, rng.randint(num_apart // 2, num_apart))
        ]
        facts: dict[str, Any] = {"capacity": capacity, "items": items} | ({"apart": apart} if apart else {})
        sharing = sharing_of(facts)
        least = fewest(sharing)
        is_above = -(-sum(sharing.weights) // capacity) < least
        if not 2 <= least <= 5 or (level > 1 and is_above is not (rng.random() < ABOVE[level])):
            return None
        facts_told = argument(sharing, least - 1)
        if facts_told is None or not (is_above is False or MIN_LENGTH[level] <= len(facts_told) <= MAX_LENGTH[level]):
            return None
        vans = least - rng.choice((0, 1))
        is_plain = level > 2 and len(reliefs(sharing, vans)) == 1  # the lightest that weighs enough helps
        return None if is_plain and rng.random() < PLAIN_DROPPED else facts | {"vans": vans}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind with the names of this case."""
        return OneOf(tuple(self._names(case.facts))) if case.asks == "leave" else super().kind_of(case)

    def _names(self, facts: Mapping[str, Any]) -> list[str]:
        return [self.words.lists["goods"][entry["item"]][""] for entry in facts["items"]]

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Search for an arrangement; a no counts where an argument shows it."""
        sharing = sharing_of(facts)
        least = fewest(sharing)
        results: dict[str, Any] = {"least": least if argument(sharing, least - 1) is not None else None, "fits": None}
        if "vans" in facts:
            vans = facts["vans"]
            if vans >= least or argument(sharing, vans) is not None:
                results["fits"] = vans >= least
            if vans < least:
                results["leave"] = self._leave(facts, sharing, vans)
        return results

    def _leave(self, facts: Mapping[str, Any], sharing: Sharing, vans: int) -> str | None:
        """Return the lightest consignment without which the rest goes, where lighter ones are shown not to help."""
        ways = reliefs(sharing, vans)
        able = [thing for thing, (_, fits) in ways.items() if fits]
        is_told = all(fits or argument(rest, vans) is not None for rest, fits in ways.values())
        if not able or not is_told or len(ways) > MAX_TRIED or sharing.weights.count(sharing.weights[able[0]]) > 1:
            return None
        return self._names(facts)[able[0]]

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the consignments, the rules and the question."""
        facts, pen = case.facts, case.pen("data")
        style = pen.pick("style", "table", "line", "prose")
        rows = [page.say("prompt/table.head")] if style == "table" else []
        rows += [page.say(f"prompt/{style}", **entry) for entry in facts["items"]]
        apart = [" ".join(page.say("prompt/apart", **pair) for pair in facts["apart"])] if "apart" in facts else []
        rules = [page.say("prompt/rule.whole"), page.say("prompt/rule.capacity", capacity=facts["capacity"])]
        needed = {key: facts[key] for key in self.asks[case.asks].needs}
        return self.framed(
            case,
            page,
            scene=page.say("prompt/scene"),
            rules=[*pen.order("rules", rules), *apart],
            data=("\n" if style != "prose" else " ").join(rows),
            asked=page.say(f"prompt/ask.{case.asks}", **needed),
        )

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell what the weight alone would allow, why it is not enough, and an arrangement."""
        facts, asks = case.facts, case.asks
        sharing = sharing_of(facts)
        narrative.step(f"issue.{asks}", **{key: facts[key] for key in self.asks[asks].needs})
        teller = Teller(narrative, sharing, [f"the {name}" for name in self._names(facts)], {})
        least = fewest(sharing)
        self._survey(narrative, sharing, least, facts.get("vans", least - 1))
        narrative.point = 1
        if asks == "least":
            num = teller.least()
            narrative.answer("answer.least", num, num=num)
        elif asks == "leave":
            ways = [(teller.names[thing], *way) for thing, way in reliefs(sharing, facts["vans"]).items()]
            helpful = told_leaving(teller, facts["vans"], ways, "leave.heavy")
            narrative.answer("answer.leave", helpful and helpful.removeprefix("the "), thing=helpful)
        else:
            is_enough = facts["vans"] >= least or not teller.rule_out(facts["vans"])
            if facts["vans"] >= least:
                teller.show(least)
                is_enough = narrative.work.settle(True, False)
            narrative.answer(f"answer.fits.{'yes' if is_enough else 'no'}", is_enough, vans=facts["vans"])

    def _survey(self, narrative: Narrative, sharing: Sharing, least: int, vans: int) -> None:
        """Tell how many vans the weight alone would ask for, unless that is what settles it."""
        share = -(-sum(sharing.weights) // sharing.capacity)
        if vans >= share:
            total = summed(narrative.work, sharing.weights)
            bank = "survey" if share < least else "survey.even"
            narrative.step(bank, parts=sharing.weights, total=total, share=share)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program for one number of vans after another."""
        least = next(vans for vans in range(1, len(facts["items"]) + 1) if is_possible(facts, vans))
        results: dict[str, Any] = {"least": least}
        if "vans" in facts:
            results["fits"] = is_possible(facts, facts["vans"])
            able = [entry for entry in facts["items"] if is_possible(facts, facts["vans"], entry["item"])]
            lightest = min((entry["kg"] for entry in able), default=0)
            names = [self.words.lists["goods"][entry["item"]][""] for entry in able if entry["kg"] == lightest]
            if not results["fits"] and len(names) == 1:
                results["leave"] = names[0]
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a weight changed, a pair that may travel together, a van that takes more or less."""
        facts = case.facts
        for index, entry in enumerate(facts["items"]):
            for step in (-3 * UNIT, -UNIT, UNIT, 3 * UNIT):
                if 0 < entry["kg"] + step <= facts["capacity"]:
                    yield Change(
                        {
                            "items": [
                                *facts["items"][:index],
                                {**entry, "kg": entry["kg"] + step},
                                *facts["items"][index + 1 :],
                            ]
                        }
                    )
        pairs = facts.get("apart", [])
        if len(pairs) > 1:
            yield from (Change({"apart": [*pairs[:index], *pairs[index + 1 :]]}) for index in range(len(pairs)))
        if all(entry["kg"] <= facts["capacity"] - UNIT for entry in facts["items"]):
            yield from (Change({"capacity": facts["capacity"] + step}) for step in (-UNIT, UNIT, 2 * UNIT))


def sharing_of(facts: Mapping[str, Any]) -> Sharing:
    """Return the consignments as things that share vans."""
    names = [entry["item"] for entry in facts["items"]]
    pairs = (sorted((names.index(pair["one"]), names.index(pair["other"]))) for pair in facts.get("apart", ()))
    return Sharing(
        tuple(entry["kg"] for entry in facts["items"]),
        facts["capacity"],
        frozenset((one, other) for one, other in pairs),
    )


def reliefs(sharing: Sharing, vans: int) -> dict[int, tuple[Sharing, bool]]:
    """Return what is left without each thing that weighs as much as is too much, and whether that fits.

    They come from the lightest up, and end with the first without which the rest fits.
    """
    excess = sum(sharing.weights) - vans * sharing.capacity
    heavy = [thing for thing, kg in enumerate(sharing.weights) if kg >= excess > 0]
    ways: dict[int, tuple[Sharing, bool]] = {}
    for thing in sorted(heavy, key=lambda thing: sharing.weights[thing]):
        rest = sharing.without(thing)
        ways[thing] = rest, arranged(rest, vans) is not None
        if ways[thing][1]:
            break
    return ways


# The second implementation.
def is_possible(facts: Mapping[str, Any], vans: int, absent: str = "") -> bool:
    """Return whether the vans are enough, with one consignment left behind if it is named."""
    atoms: dict[str, object] = {key: facts[key] for key in ("items", "apart", "capacity") if key in facts}
    return least_cost(PROGRAM, {**atoms, "vans": vans, "absent": absent}) is not None


SCHEME = Loading()
