"""A parent and a subsidiary put together: goodwill, the outsiders' share, and what one must not count twice.

The house manual says how: from which month the subsidiary counts, what is done with a dividend that stays in the group,
with profit on goods that no outsider has bought yet, with plant worth more than its book value, and with books kept in
another currency. The traps: the dividend counted as profit; a whole year of a subsidiary bought in spring; a margin on
cost taken as one on price; the closing rate in place of the average; outsiders who bear, or do not bear, their part of an
adjustment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.finance.scheme import FinanceScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Figures, OneOf, ProblemCase, YesNo
from open_thoughts_gen.families.kit.proof import Equation, only, solved

SHARES = tuple(Fraction(share, 100) for share in (60, 70, 75, 80, 90))
WORTH = {"EUR": 1120, "GBP": 1310, "CHF": 1170, "PLN": 262, "SEK": 100, "NOK": 96, "CZK": 45}  # about, of currencies
MARKUPS = (Fraction(1, 4), Fraction(1, 5), Fraction(1, 2), Fraction(1, 10))
ADJUSTMENTS = {  # by the fact without which there is none
    "dividend": "the dividend",
    "stock": "the unrealised profit",
    "uplift": "the extra depreciation",
    "months": "the profit earned before the purchase",
}


class Group(FinanceScheme):
    """A parent with one subsidiary, under the manual of an invented house."""

    name: ClassVar[str] = "group"
    labels: ClassVar[Sequence[str]] = ("goodwill", "minority", "dividend", "months", "wear", "stock", "abroad", "notes")
    lines: ClassVar[Sequence[str]] = tuple("net_assets price parent_profit sub_profit local dividend stock".split())
    firms: ClassVar[Sequence[str]] = ("firm", "subsidiary")
    nudges: ClassVar[Mapping[str, Sequence[int]]] = {
        **dict.fromkeys(("price", "limit"), (-20, -10, 10, 20)),
        **dict.fromkeys(("net_assets", "parent_profit", "sub_profit"), (-1_200, -240, 240, 1_200)),
    }
    asks: ClassVar[Mapping[str, Ask]] = {
        "goodwill": Ask(Amount(), "goodwill", until=2),
        "minority": Ask(Amount(), "minority", until=3),
        "owners": Ask(Amount(), "owners"),
        "more": Ask(YesNo(), "more", needs=("limit",), coin="more"),
        "missed": Ask(OneOf(tuple(ADJUSTMENTS.values())), "missed", level=3, needs=("draft",)),
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
            "sub_profit": Fraction(240 * rng.randint(5, 22)),
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
        facts |= {"months": rng.choice((3, 4, 5, 7, 8, 9, 10))} if level > 3 else {"whole_year": True}
        if level > 1 and rng.random() < 0.45:  # the subsidiary keeps its books in another currency
            abroad = rng.choice([currency for currency in WORTH if currency != facts["currency"]])
            about = WORTH[abroad] / WORTH[facts["currency"]]
            rates = sorted({Fraction(f"{about * by / 400:.3g}") for by in range(380, 421)} - {1})
            fit = [rate for rate in rates if (facts["sub_profit"] / rate).denominator == 1]
            if not fit:
                return None
            facts |= {"abroad": abroad, "average": rng.choice(fit)}
            facts["closing"] = rng.choice([rate for rate in rates if rate != facts["average"]])
            facts["local"] = facts.pop("sub_profit") / facts["average"]
        worth = facts["share"] * (facts["net_assets"] + facts.get("uplift", 0))
        facts["price"] = Fraction(10 * (int(worth) // 10 + rng.randint(20, 260)))
        owners, misses = self.story(facts).figure("owners"), self.drafts(facts)
        facts["limit"] = owners + rng.choice((-1, 1)) * 10 * rng.randint(1, 25)
        facts |= {"draft": rng.choice(list(misses.values()))} if misses else {}
        return facts if len(set(misses.values())) == len(misses) else None

    def drafts(self, facts: Mapping[str, Any]) -> dict[str, Fraction]:
        """Return what the owners' profit would come to without each adjustment."""
        patches: dict[str, Any] = {key: {key: Fraction(0)} for key in ADJUSTMENTS if key in facts and key != "months"}
        patches |= {"months": {"whole_year": True}} if "months" in facts else {}
        return {key: self.story({**facts, **patch}).figure("owners") for key, patch in patches.items()}

    def walk(self, story: Figures, asks: str) -> object:
        """Return a figure of the group, and what is asked of the owners' profit."""
        if story.has("dividend", "sub_profit") and asks not in ("goodwill", "missed"):
            story.find("guess", "parent_profit + sub_profit", "turn.sum")
            story.find("gap", "share * dividend", "refute.sum")
        if asks in ("goodwill", "minority", "owners"):
            return story.figure(asks)
        story.figure("owners")
        if asks == "more":
            return story.exceeds("owners", "limit", yes="above", no="not.above")
        story.find("gap", "draft - owners", "gap")
        if story.has("whole_year"):
            story.say("none.before")
        missed = []
        for key, draft in self.drafts(story.facts).items():
            effect = story.find("part", "guess - owners", guess=story.know("guess", draft))
            if story.work.exceeds(abs(story.known["gap"] - effect), 0):
                story.say("differs", cleared=ADJUSTMENTS[key])
            else:
                missed.append(story.know("missed", ADJUSTMENTS[key], "fits"))
        return missed[0] if len(missed) == 1 else None

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield other figures, the other seller, and other drafts."""
        yield from super().changes(case, rng)
        if "seller" in case.facts:
            yield Change({"seller": "parent" if case.facts["seller"] == "subsidiary" else "subsidiary"})
        if case.asks == "missed":
            yield from (Change({"draft": draft}) for draft in self.drafts(case.facts).values())

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Solve the equations of the manual; of a draft, look for the equation without which it comes out."""
        values = solved(_manual(facts))
        results: dict[str, Any] = {**values, "more": values["owners"] > facts.get("limit", 0)}
        if "draft" in facts:
            keys = [key for key in ADJUSTMENTS if key in facts]
            fits = only(keys, lambda key: solved(_manual(facts, key))["owners"] == facts["draft"])
            results["missed"] = ADJUSTMENTS[fits]
        return results


# The second implementation: each clause of the manual an equation, all solved together.
def _manual(facts: Mapping[str, Any], without: str = "") -> Iterator[Equation]:
    known = {"months": 12, "uplift": 0, "dividend": 0, "markup": 0, "stock": 0, "life": 1, **facts}
    counts = {**known, without: {"months": 12}.get(without, 0)}
    share, sells = facts["share"], facts.get("seller") == "subsidiary"
    yield {"goodwill": 1}, facts["price"] - share * (facts["net_assets"] + known["uplift"])
    yield {"wear": 12 * known["life"]}, counts["uplift"] * known["months"]
    yield {"pending": 1 + known["markup"]}, known["markup"] * counts["stock"]
    profit = facts["local"] * facts["average"] if "abroad" in facts else facts["sub_profit"]
    yield {"theirs": 12, "wear": 12, "pending": 12 * sells}, profit * counts["months"]
    yield {"minority": 1, "theirs": share - 1}, 0
    yield {"ours": 1, "pending": 1 - sells}, facts["parent_profit"] - share * counts["dividend"]
    yield {"owners": 1, "minority": 1, "ours": -1, "theirs": -1}, 0


SCHEME = Group()
