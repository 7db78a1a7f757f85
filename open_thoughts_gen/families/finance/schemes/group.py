"""A parent and a subsidiary put together: goodwill, the outsiders' share, and what one must not count twice.

The house manual says how: from which month the subsidiary counts, what is done with a dividend that stays in the group,
with profit on goods that no outsider has bought yet, and with plant worth more than its book value. The traps: the
dividend counted as profit; a whole year of a subsidiary bought in spring; a margin on cost taken as one on price;
outsiders who bear, or do not bear, their part of an adjustment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.finance.scheme import FinanceScheme, Reckoning, quiet
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, ExactForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import OneOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import UnprovedError, only, solved
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative

SHARES = tuple(Fraction(share, 100) for share in (60, 70, 75, 80, 90))
MARKUPS = (Fraction(1, 4), Fraction(1, 5), Fraction(1, 2), Fraction(1, 10))
NAMED = {"dividend": "the dividend", "unrealised": "the unrealised profit", "wear": "the extra depreciation"}
NAMED |= {"early": "the profit earned before the purchase"}


class Consolidation(Reckoning):
    """The figures of the group, each from those of its two firms."""

    def bought(self) -> Fraction:
        """Return the net assets bought, at the values of the day of purchase."""
        facts = self.facts
        if not self.has("uplift"):
            return facts["net_assets"]  # type: ignore[no-any-return]
        bought = self.work("net + uplift", net=facts["net_assets"], uplift=facts["uplift"])
        self.say("bought", bought=bought)
        return bought

    def goodwill(self) -> Fraction:
        """Return what was paid beyond the parent's share of the net assets."""
        bought, share, price = self.bought(), self.facts["share"], self.facts["price"]
        part = self.work("share * bought", share=share, bought=bought)
        goodwill = self.work("price - part", price=price, part=part)
        self.say("goodwill.uplift" if self.has("uplift") else "goodwill", bought=bought, part=part, goodwill=goodwill)
        return goodwill

    def wear(self) -> Fraction:
        """Return the depreciation of what the plant is worth beyond its book value, for the months that count."""
        facts = self.facts
        wear = self.work("uplift / life", uplift=facts["uplift"], life=facts["life"])
        if not self.has("months"):
            self.say("wear", wear=wear)
            return wear
        year, wear = wear, self.work("wear * months / 12", wear=wear, months=facts["months"])
        self.say("wear.part", whole=year, wear=wear)
        return wear

    def unrealised(self) -> Fraction:
        """Return the profit in stock that one firm of the group has bought from the other."""
        stock, markup = self.facts["stock"], self.facts["markup"]
        cost = self.work("stock / (1 + markup)", stock=stock, markup=markup)
        unrealised = self.work("stock - cost", stock=stock, cost=cost)
        self.say("unrealised", cost=cost, unrealised=unrealised)
        return unrealised

    def subsidiary(self, unrealised: Fraction | None) -> Fraction:
        """Return the subsidiary's profit as it counts in the group, outsiders' part included."""
        facts = self.facts
        profit: Fraction = facts["sub_profit"]
        if self.has("months"):
            year, profit = profit, self.work("profit * months / 12", profit=profit, months=facts["months"])
            self.say("months", whole=year, counted=profit)
        terms, bank = [profit], "subsidiary"
        if self.has("uplift"):
            terms.append(-self.wear())
        if unrealised is not None and facts["seller"] == "subsidiary":
            terms.append(-unrealised)
            bank = "subsidiary.sold"
        if len(terms) > 1:
            profit = self.total(terms)
            self.say(bank, sum=tuple(terms), counted=profit)
        return profit

    def profit(self) -> tuple[Fraction, Fraction, Fraction]:
        """Return the profit of the group, the outsiders' share of it, and the owners'."""
        facts = self.facts
        unrealised = self.unrealised() if self.has("stock") else None
        counted = self.subsidiary(unrealised)
        outside = self.work("1 - share", share=facts["share"])
        minority = self.work("outside * counted", outside=outside, counted=counted)
        self.say("minority", outside=outside, counted=counted, minority=minority)
        terms, bank = [facts["parent_profit"]], "parent"
        if self.has("dividend"):
            part = self.work("share * dividend", share=facts["share"], dividend=facts["dividend"])
            terms.append(-part)
            self.say("dividend", part=part)
        if unrealised is not None and facts["seller"] == "parent":
            terms.append(-unrealised)
            bank = "parent.sold"
        parent = self.total(terms)
        if len(terms) > 1:
            self.say(bank, sum=tuple(terms), alone=parent)
        profit = self.work("parent + counted", parent=parent, counted=counted)
        self.say("profit" if len(terms) > 1 else "profit.plain", alone=parent, counted=counted, profit=profit)
        owners = self.work("profit - minority", profit=profit, minority=minority)
        return profit, minority, owners


class Group(FinanceScheme):
    """A parent with one subsidiary, under the manual of an invented house."""

    name: ClassVar[str] = "group"
    labels: ClassVar[Sequence[str]] = ("goodwill", "minority", "dividend", "months", "wear", "stock", "notes")
    amounts: ClassVar[str] = (
        "price net_assets uplift parent_profit sub_profit dividend stock draft limit bought part goodwill wear whole cost"
        " unrealised counted minority alone profit owners gap guess"
    )
    asks: ClassVar[Mapping[str, Ask]] = {
        "goodwill": Ask(Amount(), "goodwill"),
        "minority": Ask(Amount(), "minority"),
        "owners": Ask(Amount(), "owners"),
        "more": Ask(YesNo(), "more", needs=("limit",), coin="more"),
        "missed": Ask(OneOf(tuple(NAMED.values())), "missed", level=3, needs=("draft",)),
    }

    def __init__(self) -> None:
        """Set the form in which each fact, and each value of a trace, is written."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.shared_forms(),
            **dict.fromkeys(("share", "markup", "outside"), ExactForm()),
            **dict.fromkeys(("months", "life"), WholeForm()),
            "subsidiary": NameForm(),
            "seller": EntryForm({"parent": {"": "the parent"}, "subsidiary": {"": "the subsidiary"}}),
            **dict.fromkeys(("missed", "cleared"), EntryForm({name: {"": name} for name in NAMED.values()})),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw figures of which every share and part comes out in whole thousands."""
        net = 100 * rng.randint(30, 240)
        facts: dict[str, Any] = {
            "currency": rng.choice(("EUR", "SEK", "NOK", "CHF", "GBP", "PLN")),
            "year": rng.randint(2028, 2039),
            "share": rng.choice(SHARES),
            "net_assets": Fraction(net),
            "parent_profit": Fraction(20 * rng.randint(150, 700)),
            "sub_profit": Fraction(240 * rng.randint(3, 22)),
        }
        if level > 1:
            facts["dividend"] = Fraction(20 * rng.randint(8, 50))
        if level > 2:
            facts |= {"markup": rng.choice(MARKUPS), "seller": rng.choice(("parent", "subsidiary"))}
            unit = 400 if facts["markup"] == Fraction(1, 4) else 200
            facts["stock"] = unit * (1 + facts["markup"]) * rng.randint(1, 2400 // unit)
        if level > 1 and (level > 2 or rng.random() < 0.5):
            facts["life"] = rng.choice((4, 5, 8, 10))
            facts["uplift"] = Fraction(240 * facts["life"] * rng.choice((1, 1, 2)))
        if level > 3:
            facts["months"] = rng.choice((3, 4, 5, 7, 8, 9, 10))
        worth = facts["share"] * (facts["net_assets"] + facts.get("uplift", 0))
        facts["price"] = Fraction(10 * (int(worth) // 10 + rng.randint(20, 260)))
        _, _, owners = Consolidation(*quiet(facts)).profit()
        facts["limit"] = owners + rng.choice((-1, 1)) * 10 * rng.randint(1, 25)
        misses = dict(drafts(facts, owners))
        if len(set(misses.values())) < len(misses):
            return None
        if misses:
            facts["draft"] = rng.choice(list(misses.values()))
        return facts if facts["sub_profit"] > facts.get("dividend", 0) else None

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw the parent, the subsidiary and who writes."""
        drawn = super().cast(rng, facts)
        while (other := super().cast(rng, facts)["firm"]).split()[0] == drawn["firm"].split()[0]:
            continue
        return {**drawn, "subsidiary": other}

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return goodwill, the outsiders' share, the owners' profit, and what a draft has missed."""
        story = Consolidation(*quiet(facts))
        _, minority, owners = story.profit()
        results: dict[str, Any] = {"goodwill": story.goodwill(), "minority": minority, "owners": owners}
        results["more"] = owners > facts["limit"] if "limit" in facts and owners != facts["limit"] else None
        fitting = [name for name, draft in drafts(facts, owners) if draft == facts.get("draft")]
        results["missed"] = NAMED[fitting[0]] if len(fitting) == 1 else None
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print frame, figures, manual, remarks and question."""
        facts = case.facts
        values = {**facts, **case.cast}
        keys = ("net_assets", "price", "parent_profit", "sub_profit", "dividend", "stock")
        lines = [page.say("prompt/head", **values)]
        lines += [page.say(f"prompt/line.{key}", **values) for key in keys if key in facts]
        remarks = [page.say(f"prompt/remark.{key}", **values) for key in ("uplift", "markup", "months") if key in facts]
        remarks += [] if "months" in facts else [page.say("prompt/remark.whole", **values)]
        remarks = [*case.pen("story").order("remarks", remarks), page.say("prompt/colour")]
        manual = "\n".join((page.say("prompt/manual"), self.clause_lines(case, page)))
        parts = (page.say("prompt/opening", **values), "\n".join(lines), " ".join(remarks), manual)
        return "\n\n".join((*parts, page.say(f"prompt/ask.{case.asks}", **values)))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the adjustments in turn, and what is asked of them."""
        facts, work = case.facts, narrative.work
        story = Consolidation(facts, work, narrative)
        known = {"currency": facts["currency"]}
        if case.asks == "goodwill":
            goodwill = story.goodwill()
            narrative.answer("answer.goodwill", goodwill, goodwill=goodwill, **known)
            return
        if self.has_dividend(facts) and case.asks != "missed":
            guess = work("parent + sub", parent=facts["parent_profit"], sub=facts["sub_profit"])
            story.say("turn.sum", guess=guess)
            work("share * dividend", share=facts["share"], dividend=facts["dividend"])
            story.say("refute.sum")
        if case.asks == "minority":
            counted = story.subsidiary(story.unrealised() if self.bears(facts) else None)
            outside = work("1 - share", share=facts["share"])
            minority = work("outside * counted", outside=outside, counted=counted)
            story.say("minority", outside=outside, counted=counted, minority=minority)
            narrative.answer("answer.minority", minority, minority=minority, **known)
            return
        profit, minority, owners = story.profit()
        story.say("owners", profit=profit, minority=minority, owners=owners)
        if case.asks == "owners":
            narrative.answer("answer.owners", owners, owners=owners, **known)
        elif case.asks == "more":
            more = work.exceeds(owners, facts["limit"])
            story.say("above" if more else "not.above", owners=owners)
            narrative.answer("answer.yes" if more else "answer.no", more, owners=owners, limit=facts["limit"], **known)
        else:
            self.tell_missed(story, owners)

    def has_dividend(self, facts: Mapping[str, Any]) -> bool:
        """Return whether the parent's profit holds a dividend of the subsidiary."""
        return "dividend" in facts

    def bears(self, facts: Mapping[str, Any]) -> bool:
        """Return whether the outsiders bear a part of the unrealised profit."""
        return facts.get("seller") == "subsidiary"

    def tell_missed(self, story: Consolidation, owners: Fraction) -> None:
        """Tell which adjustment has the size of what the draft is out by."""
        facts, work, narrative = story.facts, story.work, story.narrative
        assert narrative is not None
        gap = work("draft - owners", draft=facts["draft"], owners=owners)
        story.say("gap", owners=owners, gap=gap)
        missed: str | None = None
        for name, draft in drafts(facts, Consolidation(*quiet(facts)).profit()[2]):
            effect = work("draft - owners", draft=draft, owners=owners)
            is_it = not work.exceeds(abs(gap - effect), 0)
            named = {"missed" if is_it else "cleared": NAMED[name]}
            story.say("fits" if is_it else "differs", **named, guess=draft, part=effect, gap=gap)
            if is_it:
                missed = NAMED[name]
        narrative.answer("answer.missed", missed, missed=missed or "")

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield other figures, and the other seller."""
        facts = case.facts
        for key, step in (
            ("price", 10),
            ("net_assets", 100),
            ("parent_profit", 20),
            ("sub_profit", 240),
            ("limit", 10),
        ):
            for sign in (-2, -1, 1, 2):
                if key in facts:
                    yield Change({key: facts[key] + sign * step})
        if "seller" in facts:
            yield Change({"seller": "parent" if facts["seller"] == "subsidiary" else "subsidiary"})
        if case.asks == "missed":
            for _, draft in drafts(facts, Consolidation(*quiet(facts)).profit()[2]):
                yield Change({"draft": draft})

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Solve the equations of the manual; of a draft, look for the equation without which it comes out."""
        values = solved(_manual(facts))
        results: dict[str, Any] = {key: values[key] for key in ("goodwill", "minority", "owners")}
        if "limit" in facts:
            results["more"] = values["owners"] > facts["limit"]
        if "draft" in facts:
            left_out = only(
                [key for key in NAMED if _applies(key, facts)],
                lambda key: solved(_manual(facts, without=key))["owners"] == facts["draft"],
            )
            results["missed"] = NAMED[left_out]
        return results


def drafts(facts: Mapping[str, Any], owners: Fraction) -> Iterator[tuple[str, Fraction]]:
    """Yield what the owners' profit would come to without each adjustment, by the name of the adjustment."""
    if "dividend" in facts:
        yield "dividend", owners + facts["share"] * facts["dividend"]
    for key, needed in (("unrealised", "stock"), ("wear", "uplift"), ("early", "months")):
        if needed not in facts:
            continue
        changed = {name: value for name, value in facts.items() if key != "unrealised" or name != "stock"}
        if key == "wear":
            changed["uplift"] = Fraction(0)
        if key == "early":
            counted = facts["sub_profit"] * facts["months"] / 12
            yield key, owners + facts["share"] * (facts["sub_profit"] - counted)
            continue
        yield key, Consolidation(*quiet(changed)).profit()[2]


# The second implementation: each clause of the manual an equation, all solved together.
def _applies(key: str, facts: Mapping[str, Any]) -> bool:
    return {"dividend": "dividend", "unrealised": "stock", "wear": "life", "early": "months"}[key] in facts


def _manual(
    facts: Mapping[str, Any], without: str = ""
) -> Iterator[tuple[Mapping[str, int | Fraction], int | Fraction]]:
    share = facts["share"]
    if not 0 < share < 1:
        raise UnprovedError("nobody holds a part")
    months, part = facts.get("months", 12), facts.get("months", 12)
    if without == "early":
        part = 12
    sells = facts.get("seller", "parent") == "subsidiary"
    yield {"fair": 1}, facts["net_assets"] + facts.get("uplift", 0)
    yield {"goodwill": 1, "fair": share}, facts["price"]
    yield {"inside": 1}, 0 if without == "dividend" else facts.get("dividend", 0)
    yield {"wear": 12 * facts.get("life", 1)}, 0 if without == "wear" else facts.get("uplift", 0) * months
    markup = facts.get("markup", 0)
    yield {"pending": 1 + markup}, 0 if without == "unrealised" else markup * facts.get("stock", 0)
    yield {"theirs": 12, "wear": 12, "pending": 12 * sells}, facts["sub_profit"] * part
    yield {"minority": 1, "theirs": share - 1}, 0
    yield {"ours": 1, "inside": share, "pending": 1 - sells}, facts["parent_profit"]
    yield {"owners": 1, "minority": 1, "ours": -1, "theirs": -1}, 0


SCHEME = Group()
