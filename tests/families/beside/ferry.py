"""A scheme as a third party writes it, in one file beside a recipe: a boat that is late, and who bears it.

It is asked every kind of question that the kit has, so the contract of all schemes holds each kind.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from types import ModuleType
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.family import SchemeFamily
from open_thoughts_gen.families.kit.forms import (
    AmountForm,
    DayForm,
    Form,
    Money,
    NameForm,
    PersonForm,
    ThingForm,
    WholeForm,
)
from open_thoughts_gen.families.kit.kinds import (
    Choice,
    Flip,
    FlipAll,
    HowMuch,
    InOrder,
    Kind,
    Numbers,
    OnDay,
    OneOf,
    Ratio,
    SomeOf,
    WhoWhy,
    YesNo,
)
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import solved
from open_thoughts_gen.families.kit.scheme import Ask, Change, ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

PEOPLE = {"Orla Venn": "she", "Tom Adair": "he", "Ines Falk": "she", "Jon Pryce": "he"}
MASTERS = ("Captain Rourke", "Captain Selby", "Captain Quaye")


class Ferry(ProblemScheme):
    """A boat sails, arrives late or not, and fares go back or not."""

    name: ClassVar[str] = "ferry"
    labels = ("due", "refund", "storm", "heavy")
    asks: ClassVar[Mapping[str, Ask]] = {
        "due": Ask(OnDay(), "due"),
        "late": Ask(HowMuch("days"), "late"),
        "owed": Ask(YesNo(), "owed", coin="owed"),
        "back": Ask(HowMuch(), "back"),
        "share": Ask(Ratio(), "share"),
        "payer": Ask(WhoWhy((), {}), "payer", coin="owed"),
        "heaviest": Ask(OneOf(()), "heaviest"),
        "rank": Ask(InOrder(()), "rank"),
        "extra": Ask(SomeOf(()), "extra"),
        "weights": Ask(Numbers(), "weights"),
        "flip": Ask(Flip(), "owed", coin="owed"),
        "flips": Ask(FlipAll(), "owed", coin="owed"),
        "which": Ask(Choice(3), "due"),
    }

    def __init__(self) -> None:
        """Say how each fact is written."""
        whole, day, bag = WholeForm(), DayForm(), ThingForm("bag", self.words.lists["bag"])
        numbers = ("trip", "days", "weight", "limit", "num_late", "num_bags")
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys(numbers, whole),
            **dict.fromkeys(("booked", "sailed", "arrived", "due", "guess"), day),
            **dict.fromkeys(("bag", "dropped"), bag),
            **dict.fromkeys(("per_day", "back"), AmountForm("crowns")),
            **dict.fromkeys(("master", "shown"), NameForm()),
            "passenger": PersonForm(PEOPLE),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a delay near the limit; from level 2 on there may be a storm."""
        sailed = date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
        trip, days = rng.randint(6, 40), rng.randint(2, 6)
        late = max(0, days + rng.choice((-2, -1, 0, 1, 2, 3)))
        facts: dict[str, Any] = {
            "passenger": rng.choice(list(PEOPLE)),
            "master": rng.choice(MASTERS),
            "booked": sailed - timedelta(days=rng.randint(1, 9)),
            "sailed": sailed,
            "trip": trip,
            "arrived": sailed + timedelta(days=trip + late),
            "days": days,
            "per_day": Money(Fraction(rng.randint(2, 30)), "crowns"),
            "limit": rng.randint(20, 40),
            "bags": [
                {"bag": bag, "weight": weight}
                for bag, weight in zip(
                    rng.sample(list(self.words.lists["bag"]), 3), rng.sample(range(10, 60), 3), strict=True
                )
            ],
        }
        facts["dropped"] = rng.choice(facts["bags"])["bag"]
        if level > 1 and rng.random() < 0.3:
            facts["storm"] = True
        return facts

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide along the story."""
        late, owed = delay(facts, Work())
        return self._results(facts, late, owed)

    def _results(self, facts: Mapping[str, Any], late: int, owed: bool) -> dict[str, Any]:
        unpaid = "storm" if facts.get("storm") else "refund"
        names, bags = self.words.lists["bag"], sorted(facts["bags"], key=lambda entry: -entry["weight"])
        return {
            "due": facts["arrived"] - timedelta(days=late),
            "late": late,
            "owed": owed,
            "back": Money(facts["per_day"].number * late, "crowns") if owed else None,
            "share": Fraction(late, late + facts["trip"]) if late else None,
            "payer": (facts["master"], "refund") if owed else (facts["passenger"], unpaid),
            "heaviest": names[bags[0]["bag"]][""],
            "rank": tuple(names[entry["bag"]][""] for entry in bags),
            "extra": frozenset(names[entry["bag"]][""] for entry in bags if entry["weight"] > facts["limit"]),
            "weights": tuple(entry["weight"] for entry in facts["bags"]),
        }

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind with the names of this case."""
        kind, bags = self.asks[case.asks].kind, self.words.lists["bag"]
        names = tuple(bags[entry["bag"]][""] for entry in case.facts["bags"])
        if isinstance(kind, WhoWhy):
            return WhoWhy((case.facts["passenger"], case.facts["master"]), self.labels_of(case))
        return type(kind)(names) if isinstance(kind, OneOf | InOrder | SomeOf) else kind

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, the voyage, the bags and the question."""
        values = case.facts
        rules = [page.say(f"prompt/{bank}", **values) for bank in ("due", "refund", "storm", "heavy")]
        story = [page.say("prompt/voyage", **values), page.say("prompt/arrival", **values)]
        if "storm" in case.facts:
            story.append(page.say("prompt/stormy"))
        story += [page.say("prompt/bag", **entry) for entry in case.facts["bags"]]
        story.append(page.say("prompt/dropped", **values))
        return "\n\n".join(("\n".join(rules), " ".join(story), page.say(f"prompt/ask.{case.asks}", **values)))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the delay and what it comes to; of the bags, the bags."""
        facts, asks, work = case.facts, case.asks, narrative.work
        narrative.year = facts["sailed"].year
        if asks in ("heaviest", "rank", "extra", "weights"):
            results = self._results(facts, 0, owed=False)
            shown = self.kind_of(case).canonical(results[asks])
            narrative.answer("answer.bags", work.settle(results[asks], results[asks]), shown=shown)
            return
        guess = work.after(facts["booked"], facts["trip"])
        narrative.step("turn", booked=facts["booked"], trip=facts["trip"], guess=guess)
        narrative.step("refuted", sailed=facts["sailed"], booked=facts["booked"])
        late, owed = delay(facts, work, narrative)
        results = self._results(facts, late, owed)
        result = results[self.asks[asks].result]
        shown = "" if asks in ("flip", "flips", "which") else self.kind_of(case).canonical(result) if result else "No"
        narrative.answer("answer.boat", result, num_late=late, days=facts["days"], shown=shown)

    def trial(self, case: ProblemCase, letter: str, narrative: Narrative) -> object:
        """Tell the delay of the changed case."""
        late, owed = delay(case.facts, narrative.work)
        bank = "owed" if owed else "storm" if "storm" in case.facts else "not"
        narrative.step(f"trial.{bank}", letter=letter, num_late=late, days=case.facts["days"])
        return owed

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Solve the relations between the days, and go through the bags."""
        days = {key: facts[key].toordinal() for key in ("sailed", "arrived")}
        known = solved(
            [({"due": 1, "sailed": -1}, facts["trip"]), ({"late": 1, "due": 1}, days["arrived"]),
             ({"sailed": 1}, days["sailed"])]
        )  # fmt: skip
        late = int(known["late"])
        bags = {self.words.lists["bag"][entry["bag"]][""]: entry["weight"] for entry in facts["bags"]}
        owed = "storm" not in facts and not late <= facts["days"]
        provision = "storm" if "storm" in facts else "refund"
        return {
            "due": date.fromordinal(int(known["due"])),
            "late": late,
            "owed": owed,
            "back": Money(sum((facts["per_day"].number for _ in range(late)), Fraction(0)), "crowns") if owed else None,
            "share": late / Fraction((facts["arrived"] - facts["sailed"]).days) if late else None,
            "payer": (facts["master"], "refund") if owed else (facts["passenger"], provision),
            "heaviest": max(bags, key=lambda bag: bags[bag]),
            "rank": tuple(bag for _, bag in sorted(((weight, bag) for bag, weight in bags.items()), reverse=True)),
            "extra": frozenset(bag for bag, weight in bags.items() if facts["limit"] < weight),
            "weights": tuple(bags.values()),
        }

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield other days of arrival and of sailing, other limits, another weight."""
        facts = case.facts
        for step in (-4, -3, -2, -1, 1, 2, 3, 4):
            if facts["days"] + step > 0:
                yield Change({"days": facts["days"] + step}, "days")
            arrived = facts["arrived"] + timedelta(days=step)
            if (arrived - facts["sailed"]).days >= facts["trip"]:
                yield Change({"arrived": arrived}, "arrived")
            yield Change({"limit": facts["limit"] + 6 * step}, "limit")
            first, *others = facts["bags"]
            weight = first["weight"] + 9 * step
            if weight > 0 and weight not in {other["weight"] for other in others}:
                yield Change({"bags": [{**first, "weight": weight}, *others]})

    def candidates(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the day that it was due, and those that a slip leads to."""
        facts = case.facts
        starts = (facts["sailed"], facts["booked"], facts["sailed"] - timedelta(days=1), facts["arrived"])
        for start in starts:
            yield Change({"due": start + timedelta(days=facts["trip"])}, "due")


def delay(facts: Mapping[str, Any], work: Work, narrative: Narrative | None = None) -> tuple[int, bool]:
    """Return how late the boat is and whether a fare goes back, and tell it."""
    due = work.after(facts["sailed"], facts["trip"])
    late = work.days_between(due, facts["arrived"])
    if narrative:
        narrative.step("due", sailed=facts["sailed"], trip=facts["trip"], due=due)
        narrative.step("late", arrived=facts["arrived"], due=due, num_late=late)
    exceeds = work.exceeds(late, facts["days"])
    calm = work.settle("storm" not in facts)
    if narrative:
        narrative.step(f"limit.{'over' if exceeds else 'within'}", num_late=late, days=facts["days"])
        if "storm" in facts:
            narrative.step("stormy")
    return late, exceeds and calm


SCHEME = Ferry()


class Ferries(SchemeFamily):
    """Late boats."""

    domain: ClassVar[str] = "travel"
    home: ClassVar[ModuleType] = sys.modules[__name__]
