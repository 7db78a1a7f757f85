"""A household benefit: a claim that may reach back, capital on one day or another, a taper and a cap in some order."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, Money
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, OnDay, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.statutes import days
from open_thoughts_gen.families.statutes.deciding import (
    Decision,
    balanced,
    drawn_features,
    gap,
    moved,
    near,
    resized,
    story_of,
)
from open_thoughts_gen.families.statutes.law import WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import CURRENCIES, OFFICES, draw_person

SUMS = "adult child free cap limit carer_limit aside_cap pay_limit income capital_then capital_now aside pay awarded spared"
WORKED_OUT = "uncut gross net applicable sum excess cut benefit gap back wrong_net wrong_cut of_adults of_children"
NUMBERS = "adults children taper care_hours hours claim_days"
# Who is right about the one point, and why.
RULED = balanced(applicant="limit disregard start carers", office="limit disregard start")
RULED_IF_PAID = balanced(applicant="limit disregard start carers", office="limit disregard start paid")
SUM = "allowed amount flip"
IDLE = (  # why a provision cannot matter: for which questions, with which facts, and without which
    ("idle.sum", "date capital start", "", ""),
    *((f"idle.{name}", "date start", "", "") for name in ("capital", "measure")),
    *((f"idle.{name}", f"{SUM} date capital start", name, "") for name in ("inform", "papers", "pledge")),
    ("idle.carers", f"{SUM} capital", "care_hours", "hours"),
    ("idle.paid", f"{SUM} capital", "pay_limit", "hours"),
)


class Household(Decision):
    """Decides from when a household gets how much."""

    def start(self) -> tuple[date, bool]:
        """Return the day from which the claim has effect, and whether it reaches back."""
        facts = self.facts
        self.say("start.rule")
        last = self.end_of(facts["fell"], facts["claim_days"])
        is_late = self.work.is_later(facts["claimed"], last)
        effect: date = facts["claimed" if is_late else "fell"]
        self.turn(f"start.{'late' if is_late else 'back'}")
        shape = "late" if is_late else "last" if facts["claimed"] == last else "back"
        self.say(f"start.{shape}", last=last, **{"from": effect})
        return effect, not is_late

    def capital(self, gross: Money) -> Money:
        """Return the capital that counts, of that which there was on the day that matters."""
        facts = self.facts
        if facts["capital_then"] != facts["capital_now"]:
            self.turn(f"measure.{'now' if gross == facts['capital_then'] else 'then'}", f"measure.{facts['measured']}")
        self.say(f"measure.{facts['measured']}", gross=gross)
        if not self.has("aside"):
            self.say("aside.none", net=gross)
            return gross
        is_listed = self.work.settle(facts["purpose"] in facts["listed"].split("."))
        is_part = is_listed and self.work.exceeds(facts["aside"].number, facts["aside_cap"].number)
        if is_part or not is_listed:
            wrong = self.money("gross - aside", gross=gross, aside=facts["aside"])
            self.turn("aside", "aside.part" if is_part else "aside.unlisted", wrong_net=wrong)
        if not is_listed:
            self.say("aside.unlisted", net=gross)
            return gross
        spared = facts["aside_cap"] if is_part else facts["aside"]
        net = self.money("gross - spared", gross=gross, spared=spared)
        self.say("aside.part" if is_part else "aside.all", net=net)
        return net

    def ceiling(self) -> tuple[Money, str]:
        """Return the limit of capital, and what became of the carers' rule: "", few, paid or applies."""
        facts, is_paid = self.facts, self.has("pay_limit", "pay")
        if not self.has("care_hours", "hours"):
            return facts["limit"], ""
        care = "few" if self.work.exceeds(facts["care_hours"], facts["hours"]) else "applies"
        if care == "applies" and is_paid and self.work.exceeds(facts["pay"].number, facts["pay_limit"].number):
            care = "paid"
        limit: Money = facts["carer_limit" if care == "applies" else "limit"]
        if care != "applies":
            self.turn("carers", f"carers.{care}")
        self.say(f"carers.{care}", applicable=limit)
        if care == "applies" and is_paid:
            self.say("paid.free")
        return limit, care

    def barred(self) -> dict[str, Any]:
        """Return whether capital rules the benefit out, with the figures."""
        facts, (_, is_back) = self.facts, self.start()
        gross = facts["capital_then" if is_back and facts["measured"] == "effect" else "capital_now"]
        net, (limit, care) = self.capital(gross), self.ceiling()
        barred = self.work.exceeds(net.number, limit.number)
        if care == "applies" and not self.work.exceeds(net.number, facts["limit"].number):
            self.say("carers.spare")
        self.say("capital.over" if barred else "capital.within", net=net, applicable=limit)
        return dict(net=net, applicable=limit, care=care, barred=barred, gross=gross)

    def point(self) -> tuple[str, str | None, dict[str, Any]]:
        """Return who is right about the one point in dispute, by which provision (None for two), and the figures."""
        if self.facts["point"] == "start":
            _, is_back = self.start()
            return ("applicant" if is_back else "office"), "start", {}
        known = self.barred()
        tips = self.shut_out(known) if known["barred"] else self.let_in(known)
        return ("office" if known["barred"] else "applicant"), tips[0] if len(tips) == 1 else None, known

    def let_in(self, known: Mapping[str, Any]) -> list[str]:
        """Return the provisions without which capital would rule the benefit out: several if any one would do."""
        gross, net, usual = known["gross"].number, known["net"].number, self.facts["limit"].number
        tips = [*(["disregard"] if gross > known["applicable"].number else []), *(["carers"] if net > usual else [])]
        return tips or (["disregard", "carers"] if gross > usual else ["limit"])

    def shut_out(self, known: Mapping[str, Any]) -> list[str]:
        """Return the provisions on account of which a way past the limit fails, or the limit if there is no way."""
        facts, net, limit = self.facts, known["net"].number, known["applicable"].number
        kept = known["gross"].number - facts["aside"].number if "aside" in facts else net
        higher = facts["carer_limit"].number if known["care"] in ("paid", "few") else limit
        tips = ["disregard"] if kept <= limit else []
        tips += [{"paid": "paid", "few": "carers"}[known["care"]]] if limit < net <= higher else []
        return tips or (["disregard", "carers"] if kept <= higher else ["limit"])

    def amount(self) -> Money:
        """Return the monthly benefit, capital aside; 0 where income takes up all of it."""
        facts, taper = self.facts, self.facts["taper"]
        heads = {name: facts[name] for name in ("adults", "adult", "children", "child")}
        self.say("rates", sum=(sum_ := self.money("adults * adult + children * child", **heads)))
        sum_ = self.capped(sum_, "first", "sum") if facts.get("capping") == "first" else sum_
        if not self.work.exceeds(facts["income"].number, facts["free"].number):
            self.say("taper.none", benefit=sum_)
            benefit = sum_
        else:
            self.turn("taper", wrong_cut=self.money("income * taper / 100", income=facts["income"], taper=taper))
            excess = self.money("income - free", income=facts["income"], free=facts["free"])
            cut = self.money("excess * taper / 100", excess=excess, taper=taper)
            if not self.work.exceeds(sum_.number, cut.number):
                self.say("taper.all", excess=excess, cut=cut)
                return Money(Fraction(0), cut.unit)
            benefit = self.money("sum - cut", sum=sum_, cut=cut)
            self.say("taper.cut", excess=excess, cut=cut, benefit=benefit, uncut=benefit)
        return self.capped(benefit, "last", "benefit") if facts.get("capping") == "last" else benefit

    def capped(self, amount: Money, when: str, name: str) -> Money:
        """Return a sum brought down to the cap."""
        is_over = self.work.exceeds(amount.number, self.facts["cap"].number)
        amount = self.facts["cap"] if is_over else amount
        self.say(f"cap.{when}.{'applies' if is_over else 'idle'}", **{name: amount})
        return amount

    def outcome(self) -> dict[str, Any]:
        """Return the benefit and whether it is more than was granted (`bank`: more, enough, barred, eaten)."""
        facts, known = self.facts, self.barred()
        if known["barred"]:
            self.say("compare.nothing")
            return {**known, "benefit": Money(Fraction(0), facts["limit"].unit), "bank": "barred"}
        benefit = self.amount()
        if not benefit.number:
            self.say("compare.eaten")
            return {**known, "benefit": benefit, "bank": "eaten"}
        is_more = self.work.exceeds(benefit.number, facts["awarded"].number if "awarded" in facts else 0)
        self.say("compare.more" if is_more else "compare.enough", benefit=benefit)
        return {**known, "benefit": benefit, "bank": "more" if is_more else "enough"}

    def check_days(self) -> None:
        """Find the first day that would have been too late."""
        self.say("check.edge", next_day=self.work.after(self.known["last"], 1))

    def check_capital(self, known: Mapping[str, Any]) -> None:
        """Look at how far capital and limit are apart."""
        low, high = sorted((known["net"], known["applicable"]), key=lambda money: money.number)
        gap = self.money("high - low", high=high, low=low)
        self.say("check.capital" if gap.number else "check.capital.equal", gap=gap)

    def check_sum(self) -> None:
        """Hold the sum against its parts: the rates of all, and what the income cost."""
        known = self.known
        of_adults = self.money("adults * adult", adults=known["adults"], adult=known["adult"])
        of_children = self.money("children * child", children=known["children"], child=known["child"])
        self.say("check.heads", of_adults=of_adults, of_children=of_children)
        if "uncut" in known:
            self.say("check.sum", back=self.money("benefit + cut", benefit=known["uncut"], cut=known["cut"]))
            self.say("check.spared", spared=self.money("excess - cut", excess=known["excess"], cut=known["cut"]))


class Benefit(LawScheme):
    """Whether a household is entitled to more than was granted."""

    name: ClassVar[str] = "benefit"
    field: ClassVar[str] = "social benefits"
    parties: ClassVar[Sequence[str]] = ("applicant", "office")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", coin="allowed"),
        "amount": Ask(HowMuch(), "amount", 1, (), "paid", (True, True, True, False)),
        "date": Ask(OnDay(), "due", 1, (), "day", ((True, True), (True, False), (False, True), (False, False))),
        "prevails": Ask(WHO_WHY, "prevails", 1, ("point",), "ruled", RULED, {4: RULED_IF_PAID}),
        "flip": Ask(Flip(), "allowed", coin="allowed"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        lists = self.words.lists
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates="fell claimed from last next_day", sums=f"{SUMS} {WORKED_OUT}", numbers=NUMBERS),
            **{name: EntryForm(lists[name]) for name in ("purpose", "listed", "fall", "cared")},
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw so that claim, capital, hours and pay fall near their limits and the decision near a tempting sum."""
        unit, lists = rng.choice(CURRENCIES), self.words.lists

        def money(low: int, high: int, step: int) -> Money:
            return Money(Fraction(step * rng.randint(low, high)), unit)

        facts: dict[str, Any] = {
            "applicant": draw_person(rng), "office": rng.choice(OFFICES), "adults": rng.randint(2, 4),
            "children": rng.randint(2, 5), "adult": money(30, 52, 10), "child": money(14, 27, 10),
            "free": money(8, 20, 20), "taper": rng.choice((40, 50, 55, 60, 65)), "limit": money(10, 24, 500),
            "aside_cap": money(2, 5, 500), "listed": rng.choice(list(lists["listed"])),
            "claim_days": rng.choice((14, 20, 21, 28, 30)), "measured": rng.choice(("effect", "effect", "claim")),
            "fell": date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28)),
            "fall": rng.choice(list(lists["fall"])), "point": rng.choice(("capital", "capital", "start")),
        }  # fmt: skip
        end = facts["fell"] + timedelta(days=facts["claim_days"])
        facts |= days.draw_days(rng, [end, end - timedelta(days=1)], level=level)
        facts |= drawn_features(rng, level, {
            "care_hours": (rng.choice((20, 25, 30, 35)), (0.4, 0.5, 0.9, 1)),
            "pay_limit": (money(12, 40, 10), (0, 0, 0.3, 0.9)),
            "capping": (rng.choice(("first", "last")), (0.2, 0.5, 0.6, 0.7)),
            **{name: (True, (0.4, 0.3, 0.2, 0.2)) for name in ("inform", "papers", "pledge")},
        })  # fmt: skip
        rates = facts["adults"] * facts["adult"].number + facts["children"] * facts["child"].number
        if "capping" in facts:
            facts["cap"] = Money(rates - 10 * rng.randint(-4, 18), unit)
        if "care_hours" in facts:
            facts["carer_limit"] = Money(facts["limit"].number + 500 * rng.randint(5, 14), unit)
            if rng.random() < 0.85:
                facts["hours"] = facts["care_hours"] - gap(rng, 0.4, 8)
                facts["cared"] = rng.choice(list(lists["cared"]))
        else:
            facts.pop("pay_limit", None)
        if "pay_limit" in facts and "hours" in facts:
            facts["pay"] = Money(facts["pay_limit"].number + 10 * gap(rng, far=7), unit)
        pay = facts["pay"].number - facts["free"].number if "pay" in facts else -40  # income has it in it
        steps = max(rng.randint(-2, int(rates) * 4 // 100), math.ceil(pay / 20))
        facts["income"] = Money(facts["free"].number + 20 * steps, unit)
        return draw_claim(rng, facts)

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide without a word."""
        known, (effect, is_back) = Household(facts).outcome(), Household(facts).start()
        results = {"allowed": known["bank"] == "more", "amount": known["benefit"], "due": effect}
        results |= {"paid": known["benefit"].number > 0, "day": (is_back, results["allowed"])}
        if "point" not in facts:
            return results | {"winner": self.parties[not results["allowed"]]}
        return results | self.ruled(facts, *Household(facts).point()[:2])

    def for_proof(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the facts with the purposes of the law one by one."""
        return {**facts, "named": [{"word": word} for word in facts["listed"].split(".")]}

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell the household, the fall of its income, the claim and the decision."""
        facts = case.facts
        events = [(facts["fell"], ["fell", "then"]), (facts["claimed"], ["claimed"])]
        rest = ["aside" if "aside" in facts else "nothing_aside", "care" if "hours" in facts else ""]
        rest += ["pay" if "pay" in facts else "", "awarded" if "awarded" in facts else "refused"]
        events.append((facts["claimed"] + timedelta(days=1), rest))
        return story_of(page, case.pen("story"), facts, ["opening"], events)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Survey what cannot matter, then tell the day, the capital and the sum, as far as the question goes."""
        facts, home, narrative.year = case.facts, Household(case.facts, narrative), case.facts["fell"].year
        point = facts["point"] if case.asks == "prevails" else case.asks
        home.say(f"issue.{point if point not in SUM.split() else 'amount'}")
        home.survey(point, IDLE)
        if point == "date":
            effect, is_back = home.start()
            home.check_days()
            home.answer(f"answer.date.{'back' if is_back else 'late'}", effect, **{"from": effect})
        elif case.asks == "prevails":
            winner, rule, known = home.point()
            home.check_capital(known) if known else home.check_days()
            bank = rule if rule in ("carers", "paid") else f"{rule}.{winner}"
            home.answer(f"answer.{bank}", self.ruled(facts, winner, rule)["prevails"])
        else:
            known = home.outcome()
            home.check_capital(known) if known["bank"] == "barred" else home.check_sum()
            result = known["benefit"] if case.asks == "amount" else known["bank"] == "more"
            home.answer(f"answer.{known['bank']}", result, benefit=known["benefit"])

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Move the claim; change capital, income, purpose, hours, pay, the number of children."""
        facts = case.facts
        yield from moved(facts, rng, {"claimed": ("fell", None)})
        yield from resized(facts, rng, {"capital_now": 100, "capital_then": 100}, above=facts.get("aside"))
        yield from resized(facts, rng, {"income": 20}, above=facts.get("pay"))
        pays = resized(facts, rng, {"pay": 10})
        yield from (change for change in pays if change.patch["pay"].number <= facts["income"].number)
        others = [key for key in self.words.lists["purpose"] if key != facts.get("purpose")]
        yield from [Change({"purpose": rng.choice(others)}, "purpose")] if "aside" in facts else []
        if "hours" in facts:
            yield Change({"hours": facts["hours"] + rng.choice((-6, -3, -1, 1, 2, 5))}, "hours")
        yield Change({"children": 2 + (facts["children"] - 1) % 4}, "children")


def draw_claim(rng: Random, facts: dict[str, Any]) -> dict[str, Any] | None:
    """Draw the day of the claim, the capital near a limit, and a decision near the right sum or a tempting one."""
    unit = facts["limit"].unit
    last = Household(facts).end_of(facts["fell"], facts["claim_days"])
    facts["claimed"] = near(rng, last)
    if rng.random() < 0.75:
        purposes = facts["listed"].split(".") if rng.random() < 0.6 else list(SCHEME.words.lists["purpose"])
        saved = facts["aside_cap"].number + 100 * gap(rng, far=9)
        facts |= {"purpose": rng.choice(purposes), "aside": Money(saved, unit)}
    is_raised = "hours" in facts and rng.random() < 0.6
    aside = facts["aside"].number if "aside" in facts else Fraction(0)
    spared = rng.choice((Fraction(0), *(2 * (min(aside, facts["aside_cap"].number),)), aside))
    close = facts["carer_limit" if is_raised else "limit"].number + spared + 100 * gap(rng, 0.4)
    other = close + 100 * rng.choice((-25, -12, -6, 5, 11, 23))
    then, now = rng.sample((Money(max(aside + 200, close), unit), Money(max(aside + 200, other), unit)), 2)
    facts |= {"capital_then": then, "capital_now": now, "refused": True}
    if facts["claimed"] <= facts["fell"] or facts["claimed"].weekday() >= days.SATURDAY:
        return None
    right = Household(facts).amount().number
    granted = max(Fraction(0), right + 10 * rng.choice((-12, -7, -4, -1, 0, 0, 2, 6)))
    if granted and rng.random() < 0.75:
        del facts["refused"]
        facts["awarded"] = Money(granted, unit)
    return facts


SCHEME = Benefit()
