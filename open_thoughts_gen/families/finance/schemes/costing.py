"""Overheads spread over departments and on to products: what a shop bears, what a unit costs, which product pays.

Rent goes to all departments by floor space; a canteen and a repair shop are then charged to those that they serve, one
after the other or both straight to the workshops, as the manual has it. The traps: a service's own staff counted among
those that it serves; a service charged before its part of the rent is added to it; costs sent back to a service that
is done; a product that covers what it costs directly and not its overheads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from math import ceil
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import UNITS
from open_thoughts_gen.families.finance.scheme import FinanceScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Figures, Page, ProblemCase, replaced
from open_thoughts_gen.families.kit.kinds import HowMuch, OneOf, YesNo
from open_thoughts_gen.families.kit.proof import Equation, solved
from open_thoughts_gen.families.kit.traces import figure

BASES = {"rent": "space", "canteen": "heads", "repairs": "orders"}  # of each cost that is spread
EACH = {"rent": (2, 9), "canteen": (40, 160), "repairs": (15, 90)}  # what one unit of the base bears
SIZES = {1: (2, 2), 2: (2, 3), 3: (3, 3), 4: (4, 4)}  # shops and products
ORDERS = ("canteen", "repairs", "direct")  # which service is charged first, to the other as well, or neither


class Spreading(Figures):
    """Overheads on their way to the shops and the products."""

    def overheads(self, wanted: Sequence[str]) -> dict[str, Fraction]:
        """Return what each of these shops bears once everything is spread."""
        terms = {row["dept"]: [row["own"]] for row in departments(self.facts)}
        services = sorted(terms.keys() & BASES.keys(), key=lambda dept: (dept != self.facts.get("order"), dept))
        for cost in ("rent", *services):
            if self.has("order") and [cost] == services[:1]:
                self.say(f"order.{self.facts['order']}")
            amount = self.facts["rent"] if cost == "rent" else self.borne(cost, terms[cost])
            if [cost] == services[:1]:
                everybody = tuple(row[BASES[cost]] for row in departments(self.facts))
                self.say(f"turn.{cost}", amount=amount, parts=everybody, base=self.total(everybody))
                self.say(f"refute.{cost}")
            measures = {row["dept"]: row[BASES[cost]] for row in receivers(self.facts, cost)}
            parts, lines = tuple(measures.values()), list[str]()
            base = self.total(parts)
            each = self.find("each", "amount / base", f"each.{cost}", parts=parts, amount=amount, base=base)
            for dept in (dept for dept in measures if dept in (*wanted, *services)):
                share = self.work("measure * each", measure=measures[dept], each=each)
                terms[dept].append(share)
                name = SCHEME.words.lists["dept"][dept][""]
                lines.append(f"{measures[dept]:,} x {figure(each)} = {figure(share)} for {name}")
            self.say("shares", lines="; ".join(lines))
        return {shop: self.borne(shop, terms[shop]) for shop in wanted}

    def borne(self, dept: str, terms: Sequence[Fraction]) -> Fraction:
        """Return what a department bears in all."""
        return self.know("total", self.total(terms), "borne", dept=dept, sum=tuple(terms))


class Costing(FinanceScheme):
    """Workshops, services and products of one works, under the manual of an invented house."""

    name: ClassVar[str] = "costing"
    named: ClassVar[str] = "products.product"
    labels: ClassVar[Sequence[str]] = ("rent", "canteen", "repairs", "step", "hour", "full", "even", "stocks")
    reckoning: ClassVar[type[Figures]] = Spreading
    nudges: ClassVar[Mapping[str, Sequence[int]]] = {
        **{"products.price": (-80, -30, -9, 9, 30, 80), "products.direct": (-12, -5, 5, 12)},
    }
    asks: ClassVar[Mapping[str, Ask]] = {
        "total": Ask(UNITS, "total", needs=("target",)),
        "rate": Ask(UNITS, "rate", until=3, needs=("target",)),
        "cost": Ask(UNITS, "cost", level=2, needs=("asked",)),
        "covers": Ask(YesNo(), "covers", needs=("asked",), coin="covers"),
        "loses": Ask(OneOf(()), "loses", level=3),
        "even": Ask(HowMuch("units"), "even", level=2, until=3, needs=("asked",)),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw what a unit of each base bears, and from that what the departments spend by themselves."""
        num_shops, num_products = SIZES[level]
        names, shops = ["canteen", "repairs"][: max(0, level - 1)], list(self.words.lists["dept"])[2:]
        rows = [drawn_row(rng, dept) for dept in (*rng.sample(names, len(names)), *rng.sample(shops, num_shops))]
        facts: dict[str, Any] = {"currency": rng.choice(("EUR", "SEK", "NOK", "CHF", "GBP", "PLN"))}
        facts |= {"shops": rows[len(names) :], **({"services": rows[: len(names)]} if names else {})}
        facts |= dict.fromkeys(names, True) | ({"order": rng.choice(ORDERS)} if len(names) > 1 else {})
        each = {cost: Fraction(rng.randint(*EACH[cost])) for cost in ("rent", *names)}
        served = {cost: receivers(facts, cost) for cost in each}
        rates = {row["dept"]: Fraction(rng.randint(28, 110), 2) for row in facts["shops"]}
        bear = {cost: each[cost] * sum(row[BASES[cost]] for row in served[cost]) for cost in each}
        bear |= {row["dept"]: rates[row["dept"]] * row["hours"] for row in facts["shops"]}
        charged = {row["dept"]: [each[cost] * row[BASES[cost]] for cost in each if row in served[cost]] for row in rows}
        for row in rows:
            row["own"] = bear[row["dept"]] - sum(charged[row["dept"]])
        if any(row["own"] < 400 for row in rows):
            return None
        products = []
        names = rng.sample(list(self.words.lists["product"]), num_products)
        for name, shop in zip(names, rng.sample(2 * facts["shops"], num_products), strict=True):
            takes = Fraction(rng.choice((1, *range(3, 10))), 2)
            direct, part = Fraction(rng.randint(20, 220)), Fraction(rng.choice((-1, 1)) * rng.randint(10, 60), 100)
            outside = sum(charged[shop["dept"]]) / shop["hours"]  # without it the price covers what seems to be due
            price = Fraction(round(direct + takes * (rates[shop["dept"]] + part * outside)))
            products.append(dict(product=name, shop=shop["dept"], takes=takes, direct=direct, price=price))
        facts |= {"rent": bear["rent"], "products": products, "target": rng.choice(facts["shops"])["dept"]}
        is_sound = all(entry["price"] > entry["direct"] for entry in products)
        return facts | {"asked": rng.choice(products)["product"]} if is_sound else None

    def data(self, case: ProblemCase, page: Page) -> str:
        """Return the workshops, the services, and the products that are made."""
        parts = case.pen("data").order("parts", ("shops", "services", "products"))
        return "\n\n".join(self.listed(page, name, case.facts[name]) for name in parts if name in case.facts)

    def walk(self, story: Spreading, asks: str) -> object:
        """Return what a shop or a product bears, and what follows for prices."""
        facts = story.facts
        asked = [entry for entry in facts["products"] if asks == "loses" or entry["product"] == facts.get("asked")]
        is_of_shop = asks in ("total", "rate")
        borne = story.overheads([facts["target"]] if is_of_shop else [*dict.fromkeys(entry["shop"] for entry in asked)])
        if asks == "total":
            return borne[facts["target"]]
        if asks == "even":
            story.known |= asked[0]
            margin = story.find("margin", "price - direct")
            return story.find("units", "-(-total // margin)", "even") if margin > 0 else None
        hours = {row["dept"]: row["hours"] for row in facts["shops"]}
        rates = {
            shop: story.find("rate", "total / hours", "rate", dept=shop, total=total, hours=hours[shop])
            for shop, total in borne.items()
        }
        if asks == "rate":
            return rates[facts["target"]]
        losing = []
        for entry in asked:
            story.known |= entry
            story.find("load", "takes * rate", "load", rate=rates[entry["shop"]])
            story.find("cost", "direct + load", "cost")
            if asks != "cost" and story.exceeds("cost", "price", yes="short", no="pays"):
                losing.append(entry["product"])
        if asks != "loses":
            return story.known["cost"] if asks == "cost" else not losing
        return story.know("product", losing[0]) if len(losing) == 1 else None

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield other prices and direct costs, and an hour that costs more or less in one shop."""
        yield from super().changes(case, rng)
        for index, row in enumerate(case.facts["shops"]):
            for by in (-2, -1, 1, 2):
                yield Change({"shops": replaced(case.facts["shops"], index, {"own": row["own"] + by * row["hours"]})})

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Solve for what every department bears at once, each share a part of an unknown."""
        borne, products = solved(_charges(facts)), {entry["product"]: entry for entry in facts["products"]}
        rates = {row["dept"]: borne[row["dept"]] / row["hours"] for row in facts["shops"]}
        costs = {name: entry["direct"] + entry["takes"] * rates[entry["shop"]] for name, entry in products.items()}
        gains = {name: entry["price"] - entry["direct"] for name, entry in products.items()}
        evens = {name: ceil(borne[products[name]["shop"]] / gain) for name, gain in gains.items() if gain > 0}
        losing = [name for name, entry in products.items() if costs[name] > entry["price"]]
        target, asked = facts.get("target", ""), facts.get("asked", "")
        results = {"total": borne.get(target), "rate": rates.get(target), "cost": costs.get(asked)}
        results |= {"even": evens.get(asked), "covers": asked not in losing}
        return results | {"loses": losing[0] if len(losing) == 1 else None}


def departments(facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the services and the shops."""
    return [*facts.get("services", ()), *facts["shops"]]


def receivers(facts: Mapping[str, Any], cost: str) -> list[dict[str, Any]]:
    """Return the departments that have a part in a cost."""
    is_first = cost == facts.get("order")
    return [row for row in departments(facts) if cost == "rent" or "hours" in row or (is_first and row["dept"] != cost)]


def drawn_row(rng: Random, dept: str) -> dict[str, Any]:
    """Draw the bases of a department; a service is small and has no machine hours."""
    is_service = dept in BASES
    row = {"dept": dept, "space": 20 * rng.randint(*((3, 15) if is_service else (10, 80)))}
    row |= {"heads": rng.randint(3, 9 if is_service else 40), "orders": rng.randint(2, 60)}
    return row if is_service else row | {"hours": 20 * rng.randint(15, 90)}


def _charges(facts: Mapping[str, Any]) -> Iterator[Equation]:
    """Yield for each department the equation of what it bears: the second implementation."""
    services, shops = facts.get("services", []), facts["shops"]
    space = sum(row["space"] for row in (*services, *shops))
    for row in (*services, *shops):
        signs = {row["dept"]: Fraction(1)}
        for key, base in (("canteen", "heads"), ("repairs", "orders")):
            others = [other for other in services if other["dept"] != key and facts.get("order") == key]
            if key in facts and row in (*others, *shops):
                signs[key] = -Fraction(row[base], sum(other[base] for other in (*others, *shops)))
        yield signs, row["own"] + Fraction(facts["rent"] * row["space"], space)


SCHEME = Costing()
