"""Money due in another currency: what a cover locks in, what it was worth on the day, and which would have been best.

A firm is to receive, or has to pay, a sum in another currency. It may fix the rate by a forward, buy an option, or wait
for the rate of the day. The traps: the bank's other rate; today's rate where the rate on the day counts; the premium of
an option that was not used; the whole sum where a payment the other way stands against part of it; the part that is
not covered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import UNITS
from open_thoughts_gen.families.finance.scheme import FinanceScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Figures, OneOf, ProblemCase, YesNo

PER_EURO = {"EUR": 1.0, "CHF": 0.95, "GBP": 0.86, "PLN": 4.3, "DKK": 7.46, "SEK": 11.2, "NOK": 11.6}  # about
COVERS = {"forward": "the forward", "option": "the option", "none": "no cover"}
SHARES = tuple(Fraction(share, 100) for share in (40, 50, 60, 75, 80))
PIP = Fraction(1, 10_000)
UNIT = 20_000  # sums are multiples of it


class Cover(FinanceScheme):
    """A sum in another currency, a bank's quotes, and the rules of an invented treasury."""

    name: ClassVar[str] = "cover"
    labels: ClassVar[Sequence[str]] = ("bank", "option", "net", "part", "hindsight", "approval")
    lines: ClassVar[Sequence[str]] = ("now_buys", "forward_buys", "then_buys", "strike")
    nudges: ClassVar[Mapping[str, Sequence[int]]] = dict.fromkeys(("gross", "counter"), (-UNIT, UNIT, 2 * UNIT))
    asks: ClassVar[Mapping[str, Ask]] = {
        "fixed": Ask(UNITS, "fixed", until=2),
        "outcome": Ask(UNITS, "outcome", level=2, needs=("taken",)),
        "gap": Ask(UNITS, "gap", needs=("taken",)),
        "better": Ask(YesNo(), "better", needs=("taken",), coin="better"),
        "best": Ask(OneOf(tuple(COVERS.values())), "best", level=2, coin="best", outcomes=tuple(COVERS.values())),
        "even": Ask(UNITS, "even", level=3),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw quotes a few per cent apart, and a rate on the day on either side of them."""
        home, abroad = rng.sample(list(PER_EURO), 2)
        now = round(PER_EURO[home] / PER_EURO[abroad] * rng.uniform(9_400, 10_600))
        spread = rng.randint(now // 900 + 2, now // 300 + 4)
        facts: dict[str, Any] = {
            "currency": home,
            "abroad": abroad,
            "side": rng.choice(("in", "out")),
            "due": date(rng.randint(2027, 2038), 1, 1) + timedelta(days=rng.randrange(365)),
            "gross": Fraction(UNIT * rng.randint(8, 45)),
            "taken": "forward" if level < 2 else rng.choice(("forward", "option")),
            "limit": Fraction(UNIT * rng.randint(8, 60)),
        }
        for key, share in (("now", 0.0), ("forward", 0.02), ("then", 0.035)):
            buys = round(now * rng.uniform(1 - share, 1 + share))
            facts |= {f"{key}_buys": buys * PIP, f"{key}_sells": (buys + spread) * PIP}
        counter = Fraction(UNIT * rng.randint(2, int(facts["gross"] / UNIT) - 4))
        further = [("counter", counter), ("part", rng.choice(SHARES))]
        facts |= dict(rng.sample(further, {3: 1, 4: 2}.get(level, 0)))
        if level > 1:
            facts["strike"] = round(now * rng.uniform(0.985, 1.015)) * PIP
            pips = rng.randint(now // 300 + 1, now // 90 + 2)
            facts["premium"] = pips * PIP * self.story(facts).figure("covered")
        rates = [value / PIP for key, value in facts.items() if key.endswith(("buys", "sells", "strike"))]
        is_sound = 6_000 < now < 140_000 and len({*rates}) == len(rates)
        return facts if is_sound and all(rate % 10 for rate in rates) else None

    def walk(self, story: Figures, asks: str) -> object:
        """Return what a cover locks in, comes to, or was worth, and which was best."""
        taken = story.facts.get("taken", "")
        if asks in ("fixed", "outcome"):
            return story.know("total", story.figure("fixed" if asks == "fixed" else f"with_{taken}"))
        if asks in ("best", "even") and not story.has("strike"):
            return None
        if asks == "even":  # a rate at which the option lapses, and one that can be written out
            rates = {"strike": story.facts["strike"], "even": story.figure("even")}
            return rates["even"] if best_of(story, rates) == "even" and not rates["even"] % PIP else None
        sums = dict[str, Fraction]()
        for point, cover in enumerate(COVERS if asks == "best" else (taken, "none"), start=1):
            story.part(point)
            if cover == "none" and taken:
                story.figure("guess")
            sums[cover] = story.figure(f"with_{cover}")
        if len({*sums.values()}) < len(sums):
            return None
        best = best_of(story, sums)
        story.know("total", sums[taken or best])
        if asks == "best":
            return story.know("best", COVERS[best])
        more, less = sorted(sums.values(), reverse=True)
        gap = story.find("gap", "more - less", "better" if best == taken else "worse", more=more, less=less)
        return gap if asks == "gap" else best == taken

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield other sums, and other rates."""
        yield from super().changes(case, rng)
        for key, share in product(("forward", "then"), (-41, -17, -5, 5, 17, 41)):  # in thousandths
            step = round(case.facts["now_buys"] * share * 10) * PIP
            yield Change({name: case.facts[name] + step for name in (f"{key}_buys", f"{key}_sells")})

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Post every deal in two accounts, one for each currency, and compare what is left in the firm's own."""
        sign, spot = (1, facts["then_buys"]) if facts["side"] == "in" else (-1, facts["then_sells"])
        left = {cover: _left(facts, cover, spot) for cover in COVERS if cover != "option" or "strike" in facts}
        taken = left.get(facts.get("taken", ""), left["none"])
        gap, best = taken - left["none"], max(left, key=left.__getitem__)
        results: dict[str, Any] = {"fixed": abs(_left(facts, "forward", 0)), "best": COVERS[best]}
        results |= {"outcome": abs(taken), "gap": abs(gap), "better": gap > 0}
        if "strike" in facts:  # beyond the strike the option's lead over the forward grows evenly
            rates = (facts["strike"], facts["strike"] + sign)
            lead, further = (_left(facts, "option", rate) - _left(facts, "forward", rate) for rate in rates)
            results |= {"even": facts["strike"] - sign * lead / (further - lead)} if lead < 0 else {}
        return results


def best_of(story: Figures, amounts: Mapping[str, Fraction]) -> str:
    """Return the best amount by name: the most, where money is received, and the least where it is paid."""
    best, *others = amounts
    for name in others:
        pair = (amounts[name], amounts[best])
        best = name if story.work.exceeds(*(pair if story.facts["side"] == "in" else pair[::-1])) else best
    return best


def _left(facts: Mapping[str, Any], cover: str, spot: Fraction | int) -> Fraction:
    """Return what is in the firm's own account once the other one is empty: the second implementation."""
    account, own = (facts["gross"] - facts.get("counter", 0)) * {"in": 1, "out": -1}[facts["side"]], Fraction(0)
    deal = account * facts.get("part", 1) if cover != "none" else 0
    rate = facts["forward_buys" if account > 0 else "forward_sells"]
    if cover == "option":
        own -= facts["premium"]
        rate = max(facts["strike"], spot, key=lambda each: deal * each)
    return Fraction(own + deal * rate + (account - deal) * spot)


SCHEME = Cover()
