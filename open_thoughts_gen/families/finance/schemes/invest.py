"""Which project is worth its money, at a stated rate, once the figures have been put right.

The figures of a board paper are not yet payments: a charge for depreciation has been taken off, money tied up in stock
comes back at the end, land that is used could be sold today, and what was spent on studies is gone either way. The
traps are just these, and the plain sum, which ranks the projects otherwise in half of the cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.forms import SeriesForm
from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.finance.scheme import FinanceScheme, Reckoning, quiet
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import ExactForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import InOrder, Kind, OneOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative

PROJECTS = (
    "Harbour",
    "Millrace",
    "Foundry",
    "Orchard",
    "Beacon",
    "Quarry",
    "Lantern",
    "Viaduct",
    "Glasshouse",
    "Tannery",
)
NTHS = {
    2: (10, 5, 4, 20),
    3: (10, 5, 4),
    4: (5, 4),
}  # the rate is one n-th; present values are multiples of powers of n
FEATURES = {"sunk": 2, "site": 2, "tied": 3, "charge": 3}  # from which level on
YEARS = {1: 2, 2: 3, 3: 3, 4: 4}


class Appraisal(Reckoning):
    """Present values, project by project."""

    @property
    def years(self) -> range:
        """The years after the first payment."""
        return range(1, self.facts["years"] + 1)

    def payments(self, entry: Mapping[str, Any]) -> list[Fraction]:
        """Return what a project pays and brings, year by year, once the figures are put right."""
        facts, name = self.facts, entry["project"]
        flows = [-entry["outlay"], *(entry[f"y{year}"] for year in self.years)]
        if facts.get("sunk_project") == name:
            self.say("sunk")
        if facts.get("site_project") == name:
            flows[0] = self.work("flow - site", flow=flows[0], site=facts["site"])
            self.say("site", right=flows[0])
        if facts.get("charge_project") == name:
            for year in self.years:
                flows[year] = self.work("flow + charge", flow=flows[year], charge=facts["charge"])
            self.say("charge", flows=tuple(flows[1:]))
        if facts.get("tied_project") == name:
            flows[0] = self.work("flow - tied", flow=flows[0], tied=facts["tied"])
            flows[-1] = self.work("flow + tied", flow=flows[-1], tied=facts["tied"])
            self.say("tied", right=flows[0], last=flows[-1])
        return flows

    def value(self, entry: Mapping[str, Any]) -> Fraction:
        """Return the present value of a project, its outlay taken off."""
        name, rate = entry["project"], self.facts["rate"]
        flows = self.payments(entry)
        worth, growth = [flows[0]], Fraction(1)
        for year in self.years:
            growth = self.work("growth * (1 + rate)", growth=growth, rate=rate)
            worth.append(self.work("flow / growth", flow=flows[year], growth=growth))
            self.say("year", number=year, flow=flows[year], growth=growth, worth=worth[-1])
        npv = self.total(worth)
        self.say("npv", project=name, sum=tuple(worth), npv=npv)
        return npv


class Invest(FinanceScheme):
    """Projects before a board."""

    name: ClassVar[str] = "invest"
    amounts: ClassVar[str] = "outlay y1 y2 y3 y4 sunk site tied charge right last flow growth worth npv other_npv plain"
    asks: ClassVar[Mapping[str, Ask]] = {
        "npv": Ask(Amount(), "npv", needs=("asked",)),
        "best": Ask(OneOf(()), "best"),
        "rank": Ask(InOrder(()), "rank", level=2),
        "worth": Ask(YesNo(), "worth", needs=("asked",), coin="worth"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact, and each value of a trace, is written."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.shared_forms(),
            "rate": ExactForm(),
            **dict.fromkeys(("years", "number"), WholeForm()),
            **dict.fromkeys(("project", "asked", "first", "order"), NameForm()),
            **{f"{key}_project": NameForm() for key in FEATURES},
            "flows": SeriesForm(),
        }

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question; which project and in which order is asked of those of the case."""
        names = tuple(entry["project"] for entry in case.facts["projects"])
        kinds: dict[str, Kind] = {"best": OneOf(names), "rank": InOrder(names)}
        return kinds.get(case.asks) or super().kind_of(case)

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw present values, and from them the figures of the board paper."""
        years = YEARS[level]
        nth, names = rng.choice(NTHS[years]), rng.sample(PROJECTS, 2 if level == 1 else 3)
        facts: dict[str, Any] = {
            "currency": rng.choice(("EUR", "SEK", "NOK", "CHF", "GBP", "DKK")),
            "rate": Fraction(1, nth),
            "years": years,
            "asked": rng.choice(names),
        }
        wrong = [key for key, first in FEATURES.items() if level >= first and (level == 4 or rng.random() < 0.75)]
        for key in wrong:
            facts |= {f"{key}_project": rng.choice(names), key: Fraction(10 * rng.randint(12, 90))}
        goal = rng.randint(5_000, 26_000)
        projects = []
        for name in names:
            shares = [rng.randint(10, 90) for _ in range(years)]
            units = [nth**year for year in range(1, years + 1)]
            worth = [
                max(1, round(Fraction(goal * share, sum(shares) * unit))) * unit
                for share, unit in zip(shares, units, strict=True)
            ]
            flows = [Fraction(value) * (1 + facts["rate"]) ** year for year, value in enumerate(worth, start=1)]
            margin = rng.choice((-1, 1)) * rng.randint(20, 900)
            outlay = Fraction(sum(worth) - margin)
            if facts.get("site_project") == name:
                outlay -= facts["site"]
            if facts.get("charge_project") == name:
                flows = [flow - facts["charge"] for flow in flows]
            if facts.get("tied_project") == name:
                outlay -= facts["tied"]
                flows[-1] -= facts["tied"]
            if min(outlay, *flows) <= 0:
                return None
            projects.append({"project": name, "outlay": outlay, **{f"y{i}": flow for i, flow in enumerate(flows, 1)}})
        return {**facts, "projects": projects} if rng.random() < 0.35 or is_tempting(projects, years, facts) else None

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the present values, and which project is best."""
        story = Appraisal(*quiet(facts))
        values = {entry["project"]: story.value(entry) for entry in facts["projects"]}
        ranked = sorted(values, key=lambda name: -values[name])
        is_clear = all(values[one] > values[other] for one, other in pairwise(ranked))
        results: dict[str, Any] = {"npv": None, "worth": None, "best": None, "rank": None}
        if is_clear:
            results |= {"best": ranked[0], "rank": tuple(ranked)}
        if "asked" in facts and values[facts["asked"]]:
            results |= {"npv": values[facts["asked"]], "worth": values[facts["asked"]] > 0}
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the frame, the table, what has to be known of it, and the question."""
        facts = case.facts
        values = {**facts, **case.cast}
        lines = [page.say(f"prompt/head.{facts['years']}")]
        lines += [page.say(f"prompt/row.{facts['years']}", **entry) for entry in facts["projects"]]
        remarks = [page.say(f"prompt/{key}", **values) for key in FEATURES if key in facts]
        remarks = [*case.pen("story").order("remarks", remarks), page.say("prompt/colour")]
        parts = (page.say("prompt/opening", **values), "\n".join(lines), page.say("prompt/method", **values))
        return "\n\n".join((*parts, " ".join(remarks), page.say(f"prompt/ask.{case.asks}", **values)))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the present values that are needed, and what they come to."""
        facts, work = case.facts, narrative.work
        story = Appraisal(facts, work, narrative)
        if case.asks in ("npv", "worth"):
            entry = next(entry for entry in facts["projects"] if entry["project"] == facts["asked"])
            self.turn(story, entry)
            npv = story.value(entry)
            known = {"asked": facts["asked"], "npv": npv, "currency": facts["currency"]}
            if case.asks == "npv":
                narrative.answer("answer.npv", npv, **known)
            else:
                worth = work.exceeds(npv, 0)
                story.say("above" if worth else "below", npv=npv)
                narrative.answer("answer.worth" if worth else "answer.waste", worth, **known)
            return
        values = {}
        for point, entry in enumerate(facts["projects"], start=1):
            narrative.point = point
            story.say("begin", project=entry["project"])
            values[entry["project"]] = story.value(entry)
        narrative.point += 1
        ranked = sorted(values, key=lambda name: -values[name])
        firsts = [(ranked[0], other) for other in ranked[1:]]
        for one, other in firsts if case.asks == "best" else pairwise(ranked):
            work.exceeds(values[one], values[other])
            story.say("ahead", first=one, project=other, npv=values[one], other_npv=values[other])
        order = ", ".join(ranked)
        if case.asks == "best":
            narrative.answer(
                "answer.best", ranked[0], first=ranked[0], npv=values[ranked[0]], currency=facts["currency"]
            )
        else:
            narrative.answer("answer.rank", tuple(ranked), order=order)

    def turn(self, story: Appraisal, entry: Mapping[str, Any]) -> None:
        """Say the wrong turn of a plain sum of the printed figures."""
        flows = (-entry["outlay"], *(entry[f"y{year}"] for year in story.years))
        plain = story.total(flows)
        story.say("turn.plain", project=entry["project"], sum=flows, plain=plain)
        story.work("1 + rate", rate=story.facts["rate"])
        story.say("refute.plain")

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another outlay of one project, or another sum to put a figure right by."""
        facts = case.facts
        values = Appraisal(*quiet(facts))
        for entry in facts["projects"]:
            gap = abs(values.value(entry))
            for by in (rng.randint(10, 60), -rng.randint(10, 60), gap + rng.randint(5, 90), -gap - rng.randint(5, 90)):
                if entry["outlay"] > by:
                    changed = {**entry, "outlay": entry["outlay"] - by}
                    yield Change({"projects": [changed if row is entry else row for row in facts["projects"]]})

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Let each project's money grow to the end of its life, and carry that back."""
        grown = {entry["project"]: _grown(facts, entry) for entry in facts["projects"]}
        back = (1 + facts["rate"]) ** facts["years"]
        results: dict[str, Any] = {}
        if len(set(grown.values())) == len(grown):
            order = tuple(sorted(grown, key=grown.__getitem__, reverse=True))
            results |= {"best": order[0], "rank": order}
        if "asked" in facts:
            results |= {"npv": grown[facts["asked"]] / back, "worth": grown[facts["asked"]] > 0}
        return results


def is_tempting(projects: list[dict[str, Any]], years: int, facts: Mapping[str, Any]) -> bool:
    """Return whether the plain sums of the printed figures put another project first."""
    plain = {
        entry["project"]: sum(entry[f"y{year}"] for year in range(1, years + 1)) - entry["outlay"] for entry in projects
    }
    story = Appraisal(*quiet({**facts, "projects": projects}))
    best, tempting = max(projects, key=story.value)["project"], max(plain, key=plain.__getitem__)
    return bool(best != tempting)


def _grown(facts: Mapping[str, Any], entry: Mapping[str, Any]) -> Fraction:
    """Return what a project leaves in the bank at the end, by one pass over its years: the second implementation."""
    is_mine = {key: facts.get(f"{key}_project") == entry["project"] for key in ("site", "tied", "charge")}
    extra = {key: facts[key] if mine else 0 for key, mine in is_mine.items()}
    account = -(entry["outlay"] + extra["site"] + extra["tied"])
    for year in range(facts["years"]):
        account += account * facts["rate"] + entry[f"y{year + 1}"] + extra["charge"]
    return Fraction(account + extra["tied"])


SCHEME = Invest()
