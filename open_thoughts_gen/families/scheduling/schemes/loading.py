"""Vans to be loaded: consignments with weights, some of which may not travel together.

How few vans are enough, whether a number is, and the lightest consignment that lets the rest go by staying. The trap is
to divide the whole weight by what a van takes: what is left over in one van can't be lent to another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Page, ProblemCase, column, nudged
from open_thoughts_gen.families.kit.kinds import HowMuch, OneOf, YesNo
from open_thoughts_gen.families.kit.reckoning import summed
from open_thoughts_gen.families.scheduling.schemes import _sharing as shares

SIZES = {1: (4, 0), 2: (6, 3), 3: (8, 4), 4: (9, 6)}  # consignments, and pairs that are kept apart
LENGTHS = {1: (1, 1), 2: (2, 4), 3: (3, 9), 4: (4, 9)}  # of an argument, in facts
PLAIN = {1: (0.1, 0.4), 2: (0.02, 0.1), 3: (0.06, 0.06), 4: (1, 1)}  # how often one is kept for which the weight alone
ROOMY, EARLY = 0.04, {1: 1, 2: 0.5}  # would do; with much room; how seldom the first or second that is tried helps
LIGHTEST = {1: 0.15, 2: 0.15, 3: 0.15, 4: 0.2}  # of a consignment, as a share of what a van takes
LEAST = {1: (2, 3), 2: (2, 3, 4), 3: (3, 4, 5)}  # vans: each number as often as the others
OFFERS = {1: ((2, True), (2, False)), 2: ((2, True), (2, False), (3, True), (3, False))}  # vans, and whether they do
UNIT = 50


class Loading(shares.SharingScheme):
    """Consignments and vans."""

    name: ClassVar[str] = "loading"
    named: ClassVar[str] = "items.item"
    places: ClassVar[str] = "vans"
    relief: ClassVar[str] = "leave"
    article: ClassVar[str] = "the "
    asks: ClassVar[Mapping[str, Ask]] = {
        "least": Ask(HowMuch("vans"), "least", coin="least", outcomes_at=LEAST, until=3),
        "fits": Ask(YesNo(), "fits", until=2, needs=("vans",), coin="vans fits", outcomes_at=OFFERS),
        "leave": Ask(OneOf(()), "leave", level=3, needs=("vans",)),
    }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw loads; at levels 2 and 3 many of them need more vans than the weight alone would."""
        num, num_apart = SIZES[level]
        names = rng.sample(list(self.words.lists["goods"]), num)
        capacity = UNIT * rng.randint(16, 28)
        bounds = round(LIGHTEST[level] * capacity / UNIT), int(0.7 * capacity / UNIT)
        items = [{"item": name, "kg": UNIT * rng.randint(*bounds)} for name in names]
        pairs = rng.sample(list(combinations(names, 2)), rng.randint(num_apart // 2, num_apart))
        apart = [{"one": one, "other": other} for one, other in pairs]
        facts: dict[str, Any] = {"capacity": capacity, "items": items} | ({"apart": apart} if apart else {})
        sharing = self.sharing_of(facts)
        least = shares.fewest(sharing)
        is_above = shares.arranged(sharing, -(-sum(sharing.weights) // capacity)) is None
        vans = max(2, least - rng.choice((0, 1)))
        is_roomy = level < 3 and vans == least and 8 * (vans * capacity - sum(sharing.weights)) > capacity
        share = ROOMY if is_roomy else 1 if is_above else PLAIN[level][vans == least]
        if not 2 <= least <= 5 or rng.random() > share:
            return None
        reason, (few, many) = shares.argument(sharing, least - 1), LENGTHS[level]
        if reason is None or (is_above and not few <= len(reason) <= many):
            return None
        num_ways = len(self.ways(facts, vans)) if level > 2 else 0
        return None if rng.random() < EARLY.get(num_ways, 0) else facts | {"vans": vans}

    def sharing_of(self, facts: Mapping[str, Any]) -> shares.Sharing:
        """Return the consignments as things that share vans."""
        names = column(facts, self.named)
        pairs = (sorted((names.index(pair["one"]), names.index(pair["other"]))) for pair in facts.get("apart", ()))
        weights = tuple(entry["kg"] for entry in facts["items"])
        return shares.Sharing(weights, facts["capacity"], frozenset((one, other) for one, other in pairs))

    def ways(self, facts: Mapping[str, Any], num: int) -> Sequence[shares.Way]:
        """Return the consignments that are heavy enough, up to the lightest that helps; none if one as heavy might, too."""
        sharing, names = self.sharing_of(facts), column(facts, self.named)
        excess, ways = sum(sharing.weights) - num * sharing.capacity, list[shares.Way]()
        heavy = [thing for thing, kg in enumerate(sharing.weights) if kg >= excess > 0]
        for thing in sorted(heavy, key=lambda thing: sharing.weights[thing]):
            rest = replace(sharing, weights=tuple(kg * (other != thing) for other, kg in enumerate(sharing.weights)))
            ways.append((names[thing], rest, shares.arranged(rest, num) is not None))
            if ways[-1][2]:
                return ways if sharing.weights.count(sharing.weights[thing]) == 1 else ()
        return ways

    def rules(self, case: ProblemCase, page: Page) -> Sequence[str]:
        """Print what a van takes, and what may not travel together."""
        apart = " ".join(page.say("prompt/apart", **pair) for pair in case.facts.get("apart", ()))
        return [*super().rules(case, page), *([apart] if apart else [])]

    def data(self, case: ProblemCase, page: Page) -> str:
        """Print the consignments."""
        return self.listed(page, "items", case.facts["items"])

    def tools(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is shared, and the consignments in words."""
        return super().tools(facts) | {"names": [f"the {name}" for name in column(facts, self.named)]}

    def survey(self, story: shares.Packing) -> None:
        """Tell how many vans the weight alone would ask for, unless that is what settles it."""
        sharing = story.sharing
        least, share = shares.fewest(sharing), -(-sum(sharing.weights) // sharing.capacity)
        if story.facts.get("vans", least - 1) >= share:
            story.know("total", summed(story.work, sharing.weights))
            story.say("survey" if share < least else "survey.even", parts=sharing.weights, share=share)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a weight changed, a pair that may travel together, a van that takes more or less."""
        facts, pairs = case.facts, case.facts.get("apart", [])
        steps = {"items.kg": (-3 * UNIT, -UNIT, UNIT, 3 * UNIT), "capacity": (-UNIT, UNIT, 2 * UNIT)}
        for change in nudged(facts, steps):
            changed = {**facts, **change.patch}
            if max(entry["kg"] for entry in changed["items"]) <= changed["capacity"]:
                yield change
        if len(pairs) > 1:
            yield from (Change({"apart": [*pairs[:index], *pairs[index + 1 :]]}) for index in range(len(pairs)))


SCHEME = Loading()
