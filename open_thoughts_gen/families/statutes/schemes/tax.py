"""Tax on gifts: which table applies, what is taxed, how much that makes, and whether something is paid back.

Laws differ in when a gift is received, in who counts as a close relative, in whether a higher rate takes the whole amount
or only what lies above a band, and in which exceptions to the new table there are. The traps: the day of the promise in
place of the one that counts; a deed altered; an allowance that shrinks; a relief capped, or lost a day too early.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, Money
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.statutes import days
from open_thoughts_gen.families.statutes.deciding import Decision, drawn_features, moved, near, on_the_point, story_of
from open_thoughts_gen.families.statutes.forms import AnyCaseForm
from open_thoughts_gen.families.statutes.law import PARTY, WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import CURRENCIES, draw_person, short_name

ASIDES = ("declare", "schools", "instalments")
COVERS = {"narrow": ("child", "spouse"), "sideways": ("child", "spouse", "sibling")}
COVERS["down"] = ("child", "spouse", "grandchild")
SUMS = "value allowance close_allowance threshold old_band new_band cap business paid shrunk excess half relief "
SUMS += "deductible taxable tax rest lower_part higher_part gap guess"
DATES = "starts handed registered promised altered given_up received held_until"
BOTH = ("recipient", "office")
OTHERWISE = {"slice": "high * taxable // 100", "whole": "(low * band + high * (taxable - band)) // 100"}  # read wrongly
# Points that the parties may differ on, each for both of them, by level, and the fact without which there is no point.
FEW, FULL = ("table", "close", "taper", "bands"), ("table", "close", "taper", "deed", "relief")
POINTS = {1: FEW, 2: (*FEW, "deed"), 3: FULL, 4: (*FULL, "altered")}
NEEDS = {"close": "covers", "taper": "threshold", "relief": "business", "deed": "deed_rule", "altered": "altered_rule"}
OUTCOMES = {level: tuple((who, point) for point in points for who in BOTH) for level, points in POINTS.items()}
# Why a provision cannot matter: the step, the questions, facts that the case must have, facts that it must lack.
ALL, ASKED = "allowed amount flip prevails", "allowed amount flip"
IDLE = (
    *((f"aside.{key}", ALL, f"{key}_rule", "") for key in ASIDES),
    ("aside.business", ASKED, "hold", "business cap"),
    ("aside.business.cap", ASKED, "cap", "business"),
    ("aside.table", "prevails", "", "on_table on_deed on_altered on_bands on_relief"),
    ("aside.table.relief", "prevails", "on_relief", ""),
    ("aside.deed", "prevails", "deed_rule", "altered_rule on_table on_deed on_bands"),
    ("aside.deed.altered", "prevails", "altered_rule", "on_table on_deed on_altered on_bands"),
    ("aside.amount", "prevails", "", "on_close on_taper"),
    ("aside.close", "prevails", "covers", "on_close on_taper"),
    ("aside.taper", "prevails", "threshold", "on_close on_taper"),
    ("aside.relief", "prevails", "hold", "cap on_relief"),
    ("aside.relief.cap", "prevails", "cap", "on_relief"),
    ("aside.rates", "prevails", "", "on_bands"),
)


class GiftTax(Decision):
    """A gift, the table that applies to it, and the tax."""

    def received(self) -> date:
        """Return the day on which the gift was received, as the law defines it."""
        is_by_register = self.facts["land"] and self.facts["land_by"] == "register"
        return self.facts["registered" if is_by_register else "handed"]  # type: ignore[no-any-return]

    def tell_receipt(self) -> date:
        """Tell on which day the gift was received, and return it."""
        facts, received = self.facts, self.received()
        self.say(f"received.{'land' if facts['land'] else 'other'}.{facts['land_by']}", received=received)
        return received

    def table(self) -> tuple[str, str]:
        """Return which table applies, and the provision by which it does."""
        facts, is_later = self.facts, self.work.is_later
        self.turn(f"received.{facts['land_by']}" if facts["land"] else "received.other")
        received = self.tell_receipt()
        if is_later(facts["starts"], received):
            self.say("table.early")
            if self.has("deed_rule"):
                self.say("deed.unneeded.altered" if self.has("altered_rule") else "deed.unneeded")
            return "old", "effective"
        self.say("table.same" if received == facts["starts"] else "table.late")
        if not self.has("deed_rule"):
            return "new", "effective"
        if not is_later(facts["starts"], facts["promised"]) or not facts["public"]:
            self.say("deed.late" if facts["public"] else "deed.private")
            if self.has("altered_rule"):
                self.say("altered.unneeded")
            return "new", "effective"
        if not self.has("altered_rule"):
            self.say("deed.keeps")
            return "old", "deed"
        lost = not is_later(facts["starts"], facts["altered"]) and facts["raised"]
        self.say("altered.lost" if lost else "altered.early" if facts["raised"] else "altered.same")
        return ("new", "altered") if lost else ("old", "deed")

    def allowance(self) -> Money:
        """Return what is deducted from every gift: the allowance, as it is raised for relatives and shrinks."""
        facts, bank = self.facts, "allowance"
        is_close = self.has("covers") and facts["relation"] in COVERS[facts["covers"]]
        if self.has("covers"):
            bank = "allowance.close" if is_close else "allowance.plain"
            if is_close or facts["relation"] in ("sibling", "grandchild"):
                self.turn("ordinary" if is_close else "close")
        allowance: Money = facts["close_allowance" if is_close else "allowance"]
        self.say(bank, shrunk=allowance)
        return self.shrunk(allowance) if self.has("threshold") else allowance

    def shrunk(self, allowance: Money) -> Money:
        """Return what the size of the gift leaves of the allowance."""
        value, threshold = self.facts["value"], self.facts["threshold"]
        if not self.work.exceeds(value.number, threshold.number):
            self.say("taper.no", shrunk=allowance)
            return allowance
        self.turn("taper")
        excess = self.money("value - threshold", value=value, threshold=threshold)
        half = self.money("excess // 2", excess=excess)
        some = self.work.exceeds(allowance.number, half.number)
        left = self.money("allowance - half", allowance=allowance, half=half) if some else self.nothing(value)
        self.say("taper.part" if some else "taper.all", excess=excess, half=half, shrunk=left)
        return left

    def relief(self) -> Money:
        """Return what is deducted for a business that is carried on."""
        facts = self.facts
        self.turn("relief")
        held = days.tell_months(self.told, self.received(), facts["hold"])
        if self.work.is_later(held, facts["given_up"]):
            self.say("relief.lost", held_until=held, relief=self.nothing(facts["business"]))
            return self.nothing(facts["business"])
        relief = self.money("business // 2", business=facts["business"])
        self.say("relief.same" if held == facts["given_up"] else "relief.kept", held_until=held, relief=relief)
        if self.has("cap") and self.work.exceeds(relief.number, facts["cap"].number):
            relief = facts["cap"]
            self.say("relief.capped", relief=relief)
        return relief

    def taxable(self) -> Money:
        """Return the taxable amount."""
        deductible = self.allowance()
        if self.has("business"):
            relief = self.relief()
            deductible = self.money("allowance + relief", allowance=deductible, relief=relief)
            if relief.number:
                self.say("deductions", deductible=deductible)
        taxable = self.money("value - deductible", value=self.facts["value"], deductible=deductible)
        taxable = taxable if taxable.number > 0 else self.nothing(taxable)
        bank = "taxable" if taxable.number else "taxable.none"
        self.say(bank if deductible.number else "taxable.whole", deductible=deductible, taxable=taxable)
        return taxable

    def tax(self, table: str) -> Money:
        """Return the tax by one of the tables."""
        kind, low, high, band = (self.facts[f"{table}_{part}"] for part in ("kind", "low", "high", "band"))
        self.say("unused.new" if table == "old" else "unused.old")
        self.turn("value")
        taxable = self.taxable()
        above = self.work.exceeds(taxable.number, band.number)
        if above:
            guess = self.money(OTHERWISE[kind], low=low, high=high, band=band, taxable=taxable)
            self.turn(f"{kind}.{table}", guess=guess)
        if not above or kind == "whole":
            tax = self.money("rate * taxable // 100", rate=high if above else low, taxable=taxable)
            self.say(f"tax.{table}.{'whole' if above else 'low'}", tax=tax)
            return tax
        rest = self.money("taxable - band", taxable=taxable, band=band)
        lower = self.money("rate * band // 100", rate=low, band=band)
        higher = self.money("rate * rest // 100", rate=high, rest=rest)
        tax = self.money("lower + higher", lower=lower, higher=higher)
        self.say(f"tax.{table}.slice", rest=rest, lower_part=lower, higher_part=higher, tax=tax)
        return tax

    def refund(self) -> tuple[bool, str, Money]:
        """Return whether something is paid back, the table that applies, and the tax."""
        table, _ = self.table()
        tax, paid = self.tax(table), self.facts["paid"]
        more = self.work.exceeds(paid.number, tax.number)
        gap = self.money("paid - tax" if more else "tax - paid", paid=paid, tax=tax)
        self.say(f"paid.{'more' if more else 'less' if gap.number else 'same'}", gap=gap)
        return more, table, tax

    def on_point(self) -> tuple[str, str]:
        """Return who is right on the one point on which the parties differ, and by which provision."""
        facts, point = self.facts, self.facts["point"]
        if point == "relief":
            self.tell_receipt()
            return BOTH[self.relief().number == 0], point
        if point in ("close", "taper"):
            self.allowance()
            is_large = point == "taper" and self.work.exceeds(facts["value"].number, facts["threshold"].number)
            return BOTH[is_large if point == "taper" else facts["relation"] not in COVERS[facts["covers"]]], point
        table, rule = self.table()
        if point == "bands":
            self.say(f"bands.{table}.{facts[f'{table}_kind']}")
            return BOTH[facts[f"{table}_kind"] == "whole"], table
        return BOTH[table == "new"], rule if point == "table" else point


class Tax(LawScheme):
    """How a gift is taxed, and whether anything that was paid on account is paid back."""

    name: ClassVar[str] = "tax"
    field: ClassVar[str] = "tax"
    parties: ClassVar[Sequence[str]] = BOTH
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", coin="allowed"),
        "amount": Ask(HowMuch(), "amount", coin="table", outcomes=("old", "new")),
        "prevails": Ask(WHO_WHY, "prevails", 1, ("point",), "case", OUTCOMES[1], OUTCOMES),
        "flip": Ask(Flip(), "allowed", coin="allowed"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        lists = self.words.lists
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates=DATES, sums=SUMS, numbers="old_low old_high new_low new_high hold"),
            **{key: EntryForm(lists[key]) for key in ("thing", "relation")},
            **{"donor": PARTY, "office": AnyCaseForm(lists["office"]), "tables": AnyCaseForm(lists["tables"])},
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a law and a gift around the day on which it changed, and a payment near what is due."""
        lists, people = self.words.lists, [draw_person(rng)]
        facts = _drawn_law(rng, level) | {"tables": rng.choice(list(lists["tables"]))}
        kind = rng.choice(("thing", "land", "trade") if "hold" in facts else ("thing", "land"))
        facts |= {
            "recipient": people[0], "donor": draw_person(rng, people), "land": kind == "land",
            "office": rng.choice(list(lists["office"])), "relation": rng.choice(list(lists["relation"])),
            "thing": rng.choice([key for key in lists["thing"] if key.startswith(kind)]),
        }  # fmt: skip
        unit = facts["allowance"].unit
        high = int(facts["threshold"].number) // 1000 + 25 if "threshold" in facts else 55
        facts |= _drawn_days(rng, facts, kind) | {"value": Money(Fraction(1000 * rng.randint(22, high)), unit)}
        facts |= {"business": Money(Fraction(2000 * rng.randint(3, 9)), unit)} if kind == "trade" else {}
        facts["point"] = rng.choice(POINTS[level])
        if not _is_open(facts):
            return None
        tables = ("old", "new") if GiftTax(facts).table()[0] == "old" else ("new", "old")
        tax, other = (GiftTax(facts).tax(table).number for table in tables)
        shift = rng.choice((-200, -60, -20, 20, 60, 200))
        paid = rng.choice((tax + shift, tax + shift, (tax + other) / 2, other + shift)) // 20
        return facts | {"paid": Money(Fraction(20 * paid), unit)} if paid > 0 and tax > 0 else None

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Find the table, what is taxed and the tax, and hold it against what was paid."""
        allowed, table, tax = GiftTax(facts).refund()
        results = {"allowed": allowed, "amount": tax, "table": table, "winner": BOTH[not allowed], "rule": None}
        return results | (on_the_point(facts, *GiftTax(facts).on_point()) if _is_open(facts) else {})

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell the gift, from the promise to the payment."""
        facts = case.facts
        events = [(facts["handed"], ["handed.land" if facts["land"] else "handed"])]
        events.append((facts.get("promised"), ["deed" if facts.get("public") else "promise"]))
        events.append((facts.get("altered"), ["raised" if facts.get("raised") else "altered"]))
        events += [(facts.get(key), [key]) for key in ("registered", "given_up")]
        events.append((date(2100, 1, 1), ["paid", f"point.{facts['point']}" if "point" in facts else ""]))
        first = ["opening", "value.trade" if "business" in facts else "value"]
        return story_of(page, case.pen("story"), facts, first, events)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the table, the taxable amount, the tax and the comparison, as far as the question goes."""
        facts = case.facts
        gift = GiftTax({**facts, f"on_{facts.get('point')}": True}, narrative)
        gift.say(f"issue.{case.asks if case.asks in ('amount', 'prevails') else 'allowed'}")
        gift.survey(case.asks, IDLE)
        if case.asks == "prevails":
            winner, rule = gift.on_point()
            bank = f"{facts['point']}.{winner}{f'.{rule}' if facts['point'] == 'bands' else ''}"
            return gift.answer(f"answer.{bank}", (short_name(facts[winner]), rule))
        if case.asks == "amount":
            return gift.answer(f"answer.amount.{(table := gift.table()[0])}", gift.tax(table))
        allowed, table, _ = gift.refund()
        return gift.answer(f"answer.allowed.{table}.{'yes' if allowed else 'no'}", allowed)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Change a day, a sum, the relation, or what kind of promise there was."""
        facts, last = case.facts, min(case.facts["handed"], case.facts.get("altered", date.max))
        yield from moved(facts, rng, {
            "registered": ("handed", None), "given_up": ("handed", None), "altered": ("promised", "handed"),
            "handed": ("altered" if "altered" in facts else "promised", "registered"), "promised": (None, last),
        })  # fmt: skip
        for key, shifts in (("value", (-6000, -2000, 2000, 6000)), ("paid", (-400, -100, 100, 400))):
            for shift in rng.sample(shifts, 3):
                number = facts[key].number + shift
                if number > 0 and (key == "paid" or "business" not in facts or number > facts["business"].number):
                    yield Change({key: Money(number, facts[key].unit)}, key)
        others = sorted(self.words.lists["relation"].keys() - {facts["relation"]})
        yield Change({"relation": rng.choice(others)}, "relation")
        for key in sorted({"public", "raised"} & facts.keys()):
            yield Change({key: not facts[key]}, f"{key}.{'no' if facts[key] else 'yes'}")


def _drawn_law(rng: Random, level: int) -> dict[str, Any]:
    """Draw a random law of this scheme."""
    unit, low, plain = rng.choice(CURRENCIES), rng.randint(4, 8), rng.randint(8, 16)
    law: dict[str, Any] = {
        "starts": date(rng.randint(2028, 2042), rng.randint(1, 12), 1),
        "land_by": rng.choice(("register", "register", "delivery")), f"{rng.choice(ASIDES)}_rule": True,
        "old_low": low, "old_high": low + rng.randint(7, 11), "new_low": low + rng.randint(1, 3), "new_high": low + rng.randint(12, 16),
        **{f"{table}_kind": rng.choice(("slice", "slice", "whole")) for table in ("old", "new")},
    }  # fmt: skip
    law |= drawn_features(rng, level, {
        "covers": (rng.choice(list(COVERS)), (0.8, 0.8, 0.8, 0.8)),
        "deed_rule": (True, (0, 0.85, 0.85, 0.9)),
        "hold": (rng.choice((12, 18, 24, 36)), (0, 0, 0.8, 0.8)),
    })  # fmt: skip
    law |= {"altered_rule": True} if level > 3 and "deed_rule" in law and rng.random() < 0.85 else {}
    law |= {"months_rule": True} if "hold" in law else {}
    sums = {"allowance": plain, "old_band": rng.choice((10, 15, 20, 25)), "new_band": rng.choice((10, 15, 20, 25))}
    sums |= {"close_allowance": plain + rng.randint(4, 10)} if "covers" in law else {}
    sums |= {"threshold": rng.randint(20, 35)} if rng.random() < 0.7 else {}
    sums |= {"cap": rng.randint(3, 9)} if level > 3 and "hold" in law else {}
    return law | {key: Money(Fraction(1000 * number), unit) for key, number in sums.items()}


def _drawn_days(rng: Random, facts: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Draw the days of the gift, near the day from which the new table applies."""
    starts = facts["starts"]
    drawn: dict[str, Any] = {"handed": near(rng, starts)}
    if kind == "land":
        drawn["registered"] = drawn["handed"] + timedelta(days=rng.randint(2, 30))
        if facts["land_by"] == "register" and rng.random() < 0.6:
            drawn = {"handed": drawn["handed"] - timedelta(days=rng.randint(3, 30)), "registered": drawn["handed"]}
    if "deed_rule" in facts:
        close = drawn["handed"] > starts + timedelta(days=1)
        promised = near(rng, starts, 0.2) if close else starts - timedelta(days=rng.randint(6, 60))
        drawn |= {"promised": min(promised, drawn["handed"] - timedelta(days=1)), "public": rng.random() < 0.65}
    if "altered_rule" in facts:
        limit = min(starts, drawn["handed"] - timedelta(days=1))
        drawn |= {"altered": near(rng, limit, 0.4, 8, after=drawn["promised"]), "raised": rng.random() < 0.6}
    if kind == "trade":
        end = GiftTax(facts).work.months_after(drawn["handed"], facts["hold"])
        drawn["given_up"] = near(rng, end)
    return drawn


def _is_open(facts: Mapping[str, Any]) -> bool:
    """Return whether the case has what the point is about, and days in order."""
    order = [facts[key] for key in ("promised", "altered", "handed", "registered") if key in facts]
    if NEEDS.get(facts.get("point", ""), "point") not in facts or order != sorted(set(order)):
        return False
    table, rule = GiftTax(facts).table()
    by_deed = rule == "deed" or (rule, table) == ("effective", "new")
    return {"table": rule == "effective", "deed": by_deed, "altered": rule != "effective"}.get(facts["point"], True)


SCHEME = Tax()
