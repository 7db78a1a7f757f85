"""Which project is worth its money, at a stated rate, once the figures have been put right.

The figures of a board paper are not yet payments: a charge for depreciation has been taken off, money tied up in stock
comes back at the end, land that is used could be sold today, and what was spent on studies is gone either way. One of
the projects may be a bond, of which only face value and coupon are printed. The traps are just these, and the plain sum,
which ranks the projects otherwise in half of the cases.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.finance.scheme import FinanceScheme
from open_thoughts_gen.families.kit.authoring import Ask, Figures, InOrder, OneOf, Page, ProblemCase, YesNo

NTHS = {2: (10, 5, 4), 3: (10, 5, 4), 4: (5, 4)}  # the rate is one n-th, by the number of years
COUPONS = tuple(Fraction(share, 100) for share in (4, 5, 6, 8, 10, 12))
FEATURES = {"sunk": 2, "site": 2, "tied": 3, "charge": 3}  # from which level on
YEARS = {1: 2, 2: 3, 3: 3, 4: 4}
NUM_PROJECTS = {1: 2, 2: 2, 3: 3, 4: 3}
Entry = Mapping[str, Any]


class Appraisal(Figures):
    """Present values, project by project."""

    def payments(self, entry: Entry) -> list[Fraction]:
        """Return what a project pays and brings, year by year, once the figures are put right."""
        years = range(1, self.facts["years"] + 1)
        if "coupon" in entry:
            income = self.find("income", "face * coupon", **entry)
            self.find("last", "face + income", "bond", **entry)
            return [-entry["outlay"], *(income for _ in years[1:]), self.known["last"]]
        flows = [-entry["outlay"], *(entry[f"y{year}"] for year in years)]
        for key in (key for key in FEATURES if self.facts.get(f"{key}_project") == entry["project"]):
            if key in ("site", "tied"):
                flows[0] = self.find("right", f"flow - {key}", flow=flows[0])
            if key == "tied":
                flows[-1] = self.find("last", "flow + tied", flow=flows[-1])
            if key == "charge":
                flows[1:] = [self.find("flow", "flow + charge", flow=flow) for flow in flows[1:]]
            self.say(key, flows=tuple(flows[1:]))
        return flows

    def value(self, entry: Entry) -> Fraction:
        """Return the present value of a project, its outlay taken off."""
        first, *flows = self.payments(entry)
        worth = [first]
        self.know("growth", Fraction(1))
        for year, flow in enumerate(flows, start=1):
            self.find("growth", "growth * (1 + rate)")
            worth.append(self.find("worth", "flow / growth", "year", number=year, flow=flow))
        return self.know("npv", self.total(worth), "npv", project=entry["project"], sum=tuple(worth))


class Invest(FinanceScheme):
    """Projects before a board."""

    name: ClassVar[str] = "invest"
    named: ClassVar[str] = "projects.project"
    labels: ClassVar[Sequence[str]] = ("rate", "dates", "causes", "uses")
    reckoning: ClassVar[type[Figures]] = Appraisal
    nudges: ClassVar[Mapping[str, Sequence[int]]] = {
        **{"projects.outlay": (-940, -480, -35, 35, 210, 480, 940), "projects.y1": (-330, 330), "site": (-70, 70)},
    }
    asks: ClassVar[Mapping[str, Ask]] = {
        "npv": Ask(Amount(), "npv", until=3, needs=("asked",)),
        "most": Ask(Amount(), "most", level=2, needs=("asked",)),
        "best": Ask(OneOf(()), "best"),
        "rank": Ask(InOrder(()), "rank", level=3),
        "worth": Ask(YesNo(), "worth", until=3, needs=("asked",), coin="worth"),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw present values, and from them the figures of the board paper."""
        years = YEARS[level]
        nth, names = rng.choice(NTHS[years]), rng.sample(list(self.words.lists["project"]), NUM_PROJECTS[level])
        facts: dict[str, Any] = {
            "currency": rng.choice(("EUR", "SEK", "NOK", "CHF", "GBP", "DKK")),
            "rate": Fraction(1, nth),
            "years": years,
            "asked": rng.choice(names),
        }
        plants = names[:-1] if level > 1 and rng.random() < 0.35 else names
        for key, first in FEATURES.items():
            if level >= first and (level == 4 or rng.random() < 0.75):
                facts |= {f"{key}_project": rng.choice(plants), key: Fraction(10 * rng.randint(12, 90))}
        goal = rng.randint(5_000, 26_000)
        goals = {name: round(goal * rng.uniform(0.8, 1.25)) for name in names}
        projects = [(plant if name in plants else bond)(rng, facts, name, goals[name]) for name in names]
        if any(min(value for key, value in entry.items() if key != "project") <= 0 for entry in projects):
            return None
        return facts | {"projects": projects}

    def data(self, case: ProblemCase, page: Page) -> str:
        """Return the figures, and the terms of a bond behind them."""
        plants = [entry for entry in case.facts["projects"] if "coupon" not in entry]
        bonds = [page.say("prompt/bond", **entry) for entry in case.facts["projects"] if "coupon" in entry]
        return "\n\n".join((self.listed(page, f"years.{case.facts['years']}", plants), *bonds))

    def walk(self, story: Appraisal, asks: str) -> object:
        """Return what a project is worth, or how the projects stand to each other."""
        projects, values = story.facts["projects"], dict[str, Fraction]()
        if asks in ("best", "rank"):
            for point, entry in enumerate(projects, start=1):
                story.part(point)
                story.say("begin", project=entry["project"])
                values[entry["project"]] = story.value(entry)
            story.part(len(values) + 1)
            ranked = sorted(values, key=values.__getitem__, reverse=True)
            for one, other in pairwise(ranked) if asks == "rank" else ((ranked[0], other) for other in ranked[1:]):
                story.work.exceeds(values[one], values[other])
                story.say("ahead", first=one, project=other, npv=values[one], other_npv=values[other])
            story.known |= {"first": ranked[0], "order": ", ".join(ranked)}
            result = ranked[0] if asks == "best" else tuple(ranked)
            return result if len({*values.values()}) == len(values) else None
        entry = next(entry for entry in projects if entry["project"] == story.facts["asked"])
        if "coupon" not in entry and asks != "most":
            flows = (-entry["outlay"], *(entry[f"y{year}"] for year in range(1, story.facts["years"] + 1)))
            story.know("plain", story.total(flows), "turn.plain", project=entry["project"], sum=flows)
            story.find("growth", "1 + rate", "refute.plain")
        npv = story.value(entry)
        if asks == "worth":
            return story.exceeds("npv", "nil", yes="above", no="below", nil=0) if npv else None
        terms = (entry["outlay"], npv)
        return npv if asks == "npv" else story.know("most", story.total(terms), "most", sum=terms)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Let each project's money grow to the end of its life, and carry that back."""
        values = {entry["project"]: _worth(facts, entry) for entry in facts["projects"]}
        order = tuple(sorted(values, key=values.__getitem__, reverse=True))
        is_clear = len({*values.values()}) == len(values)
        results: dict[str, Any] = {"best": order[0], "rank": order} if is_clear else {}
        for entry in (entry for entry in facts["projects"] if entry["project"] == facts.get("asked")):
            npv = values[entry["project"]]
            results |= {"npv": npv, "worth": npv > 0, "most": _worth(facts, {**entry, "outlay": 0})}
        return results


def plant(rng: Random, facts: Mapping[str, Any], name: str, goal: int) -> dict[str, Any]:
    """Draw a project whose present values are whole; its printed figures are not put right yet."""
    years, nth = range(1, facts["years"] + 1), facts["rate"].denominator
    shares = [rng.randint(10, 90) for _ in years]
    units = zip(shares, (nth**year for year in years), strict=True)
    worth = [max(1, round(Fraction(goal * share, sum(shares) * unit))) * unit for share, unit in units]
    flows = [value * (1 + facts["rate"]) ** year for year, value in enumerate(worth, start=1)]
    wrong = {key: facts[key] if facts.get(f"{key}_project") == name else 0 for key in FEATURES}
    flows = [flow - wrong["charge"] for flow in flows]
    flows[-1] -= wrong["tied"]
    outlay = Fraction(sum(worth) - rng.choice((-1, 1)) * rng.randint(15, goal // 100)) - wrong["site"] - wrong["tied"]
    return {"project": name, "outlay": outlay, **{f"y{year}": flow for year, flow in enumerate(flows, start=1)}}


def bond(rng: Random, facts: Mapping[str, Any], name: str, goal: int) -> dict[str, Any]:
    """Draw a bond; face value and coupon are such that present values are whole."""
    coupon, growth = rng.choice(COUPONS), 1 + facts["rate"]
    unit = growth.numerator ** facts["years"] * coupon.denominator
    face = Fraction(unit * max(1, round(goal / unit)))
    worth = face / growth ** facts["years"] + sum(face * coupon / growth**year for year in range(1, facts["years"] + 1))
    outlay = worth - rng.choice((-1, 1)) * rng.randint(15, goal // 100)
    return {"project": name, "face": face, "coupon": coupon, "outlay": outlay}


def _worth(facts: Mapping[str, Any], entry: Entry) -> Fraction:
    """Return what a project leaves in the bank at the end of its years, carried back: the second implementation."""
    extra = {key: facts[key] * (facts[f"{key}_project"] == entry["project"]) for key in FEATURES if key in facts}
    site, tied, charge = (extra.get(key, 0) for key in ("site", "tied", "charge"))
    account = -(entry["outlay"] + site + tied)
    for year in range(facts["years"]):
        paid = entry["face"] * entry["coupon"] if "face" in entry else entry[f"y{year + 1}"] + charge
        account += account * facts["rate"] + paid
    return Fraction((account + tied + entry.get("face", 0)) / (1 + facts["rate"]) ** facts["years"])


SCHEME = Invest()
