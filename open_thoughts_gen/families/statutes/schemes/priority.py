"""Priority among secured creditors: who is paid before whom from the price of the goods, and how much.

Laws differ in whether a seller or a repairer goes first when both have a special rank, in exceptions to that, in whether
a registration lapses, in a cap on the repairer's rank, and in how days are counted and moved. The traps: going by dates
where somebody registered in time; a last day that is moved, or not; an old registration that was renewed too late.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, ExactForm, Form, Money
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, OnDay, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative, NoResultError
from open_thoughts_gen.families.statutes import days
from open_thoughts_gen.families.statutes.deciding import Decision, drawn_features, moved, near, story_of
from open_thoughts_gen.families.statutes.law import WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import CURRENCIES, draw_firm, draw_person, short_name

DATES = "bank_reg renewed delivered seller_reg ordered returned lien_reg starts sold runs_out limit rank_day other_day next_day"
SUMS = "proceeds bank_debt seller_debt bill ceiling over left share rest owed_all"
NUMBERS = "credit lien years"
DEBTS = {"lender": "bank_debt", "seller": "seller_debt", "repairer": "bill"}
REGISTERED = {"lender": "bank_reg", "seller": "seller_reg", "repairer": "lien_reg"}
ASIDES = ("fees", "sale", "copies")
CASES = tuple(
    (allowed, rule)
    for rule in ("date", "date", "credit", "credit", "lien", "lien", "between")
    for allowed in (True, False)
)
CASES_WITH_FARM = (*CASES, (True, "farm"), (False, "farm"))
# Why a provision cannot matter: the step, the questions, facts that the case must have, facts that it must lack.
IDLE = (
    ("idle.fees", "allowed amount date prevails flip", "fees_rule", ""),
    ("idle.sale", "allowed amount date prevails flip", "sale_rule", ""),
    ("idle.copies", "allowed amount date prevails flip", "copies_rule", ""),
    ("idle.rank", "date", "", ""),
    ("idle.between", "date", "", "farm_rule"),
    ("idle.between.farm", "date", "farm_rule", ""),
    ("idle.lapse", "date", "years", ""),
    ("idle.cap", "date allowed prevails flip", "cap", ""),
)


class Ranking(Decision):
    """The ranks of three creditors, and what each is paid."""

    def in_time(self, who: str) -> bool:
        """Return whether a seller or a repairer registered in time for a special rank."""
        facts = self.facts
        start, num = ("delivered", "credit") if who == "seller" else ("returned", "lien")
        self.say(f"time.{who}")
        limit = self.end_of(facts[start], facts[num])
        registered = facts[REGISTERED[who]]
        late = self.work.is_later(registered, limit)
        how = "late" if late else "last" if registered == limit else "early"
        self.say(f"registered.{who}.{how}", limit=limit)
        return not late

    def lender_day(self) -> date:
        """Return the day by which the lender ranks: of the registration, or of a renewal that came too late."""
        registered: date = self.facts["bank_reg"]
        if not self.has("years"):
            self.say("bank")
            return registered
        self.turn("lapse")
        runs_out = self.work.months_after(registered, 12 * self.facts["years"])
        late = self.work.is_later(self.facts["renewed"], runs_out)
        how = "late" if late else "last" if self.facts["renewed"] == runs_out else "early"
        self.say(f"lapse.{how}", runs_out=runs_out)
        return self.facts["renewed"] if late else registered

    def ranks(self, names: Sequence[str]) -> dict[str, tuple[int, date]]:
        """Return where each of these creditors stands: in which class, and by which day."""
        ranks, special = dict[str, tuple[int, date]](), {who: self.in_time(who) for who in names if who != "lender"}
        for who in names:
            day = self.lender_day() if who == "lender" else self.facts[REGISTERED[who]]
            ranks[who] = (2 if special.get(who) else 3, day)
        if all(special.get(who) for who in ("seller", "repairer")):
            ranks[self.first_of_two()] = (1, date.min)
        else:
            self.say("between.idle.farm" if self.has("farm_rule") else "between.idle")
        return ranks

    def first_of_two(self) -> str:
        """Return who goes first of a seller and a repairer who both have a special rank."""
        facts, first = self.facts, self.facts["between"]
        second = "seller" if first == "repairer" else "repairer"
        if not self.has("farm_rule"):
            self.say(f"between.{first}")
        elif not facts["goods"].startswith("farm"):
            self.say(f"between.{first}.goods")
        elif self.work.is_later(facts["starts"], facts["ordered"]):
            self.say(f"between.{first}.early")
        else:
            self.say(f"farm.{second}")
            first = second
        return str(first)

    def order(self, one: str, other: str) -> tuple[str, str | None]:
        """Return who of two is paid first, and the one provision that puts that one first; None for two."""
        entered = sorted((self.facts[REGISTERED[who]], self.facts[who]) for who in (one, other))
        (rank_day, first), (other_day, second) = entered
        self.turn("days", first=first, second=second, rank_day=rank_day, other_day=other_day)
        ranks = self.ranks([who for who in DEBTS if who in (one, other)])
        first, second = sorted((one, other), key=lambda who: ranks[who])
        if ranks[first][0] == 3:
            return first, self._by_date(first, second, ranks[first][1], ranks[second][1])
        if ranks[second][0] == 3:
            self.say(f"special.{first}", first=self.facts[first], second=self.facts[second])
            return first, "credit" if first == "seller" else "lien"
        return first, "between" if first == self.facts["between"] else "farm"

    def _by_date(self, first: str, second: str, day: date, later: date) -> str | None:
        self.work.is_later(later, day)
        self.say("by_date", first=self.facts[first], second=self.facts[second], rank_day=day, other_day=later)
        lapsed = second == "lender" and later != self.facts["bank_reg"] and self.facts["bank_reg"] < day
        return None if lapsed else "date"

    def paid(self, who: str) -> Money:
        """Return what one of the creditors is paid."""
        self.turn("share")
        facts, ranks = self.facts, self.ranks(list(DEBTS))
        claims = [(ranks[name], name, facts[DEBTS[name]]) for name in DEBTS]
        if self.has("cap") and ranks["repairer"][0] < 3:
            ceiling = self.money("cap * proceeds", cap=facts["cap"], proceeds=facts["proceeds"])
            over = self.work.exceeds(facts["bill"].number, ceiling.number)
            rest = self.money("bill - ceiling", bill=facts["bill"], ceiling=ceiling) if over else None
            self.say("cap.applies" if over else "cap.idle", ceiling=ceiling, over=rest)
            if rest is not None:
                claims = [(rank, name, ceiling if name == "repairer" else debt) for rank, name, debt in claims]
                claims.append(((4, date.max), "repairer", rest))
        return self._shared_out(sorted(claims), who)

    def _shared_out(self, claims: Sequence[tuple[tuple[int, date], str, Money]], who: str) -> Money:
        left, received = self.facts["proceeds"], Money(Fraction(0), self.facts["proceeds"].unit)
        for _, name, debt in claims:
            enough = not self.work.exceeds(debt.number, left.number)
            share = debt if enough else left
            left = self.money("left - share", left=left, share=share)
            how = "none" if not share.number else "full" if enough else "part"
            self.say(f"share.{how}", first=self.facts[name], owed_all=debt, share=share, left=left)
            if name == who and share.number:
                received = self.money("received + share", received=received, share=share)
        return received


class Priority(LawScheme):
    """Which of two creditors is paid first, and what one of them receives."""

    name: ClassVar[str] = "priority"
    field: ClassVar[str] = "secured credit"
    parties: ClassVar[Sequence[str]] = ("lender", "seller", "repairer")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(
            YesNo(), "allowed", 1, ("claimant", "rival"), "case", CASES, dict.fromkeys((3, 4), CASES_WITH_FARM)
        ),
        "amount": Ask(HowMuch(), "amount", 1, ("claimant",), "case", CASES, dict.fromkeys((3, 4), CASES_WITH_FARM)),
        "date": Ask(OnDay(), "due"),
        "prevails": Ask(
            WHO_WHY, "prevails", 1, ("claimant", "rival"), "case", CASES, dict.fromkeys((3, 4), CASES_WITH_FARM)
        ),
        "flip": Ask(Flip(), "allowed", 1, ("claimant", "rival"), "case", CASES, dict.fromkeys((3, 4), CASES_WITH_FARM)),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        forms = self.law_forms(dates=DATES, sums=SUMS, numbers=NUMBERS)
        self.forms: Mapping[str, Form[Any]] = {
            **forms,
            **dict.fromkeys(("debtor", "claimant", "rival", "first", "second"), forms["lender"]),
            "goods": EntryForm(self.words.lists["goods"]),
            "cap": ExactForm(),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a law and three creditors who all registered about as late as they could."""
        unit, names = rng.choice(CURRENCIES), list[str]()
        for draw in (draw_firm, draw_firm, draw_firm if rng.random() < 0.5 else draw_person, draw_firm):
            names.append(draw(rng, names))
        facts: dict[str, Any] = dict(zip(("lender", "seller", "repairer", "debtor"), names, strict=True))
        delivered = date(rng.randint(2029, 2044), rng.randint(1, 12), rng.randint(1, 28))
        returned = delivered + timedelta(days=rng.randint(90, 500))
        facts |= {"goods": rng.choice(sorted(self.words.lists["goods"])), "delivered": delivered, "returned": returned}
        facts |= {
            "credit": rng.choice((10, 14, 20, 21)),
            "lien": rng.choice((7, 10, 14)),
            "between": rng.choice(("repairer", "seller")),
        }
        ends = [
            start + timedelta(days=facts[key] - extra)
            for start, key in ((delivered, "credit"), (returned, "lien"))
            for extra in (0, 1)
        ]
        facts |= days.draw_days(rng, ends, level=level) | {f"{rng.choice(ASIDES)}_rule": True}
        ordered = returned - timedelta(days=rng.randint(8, 40))
        facts |= drawn_features(rng, level, {
            "years": (rng.choice((3, 5, 8)), (0, 0.9, 0.7, 0.7)),
            "farm_rule": (True, (0, 0, 0.9, 0.9)),
            "cap": (Fraction(1, rng.choice((2, 3, 4))), (0, 0, 0.3, 0.8)),
        })  # fmt: skip
        if "farm_rule" in facts:
            facts["ordered"] = ordered
            facts["starts"] = near(rng, ordered)
        facts |= _drawn_registrations(rng, facts) | _drawn_sums(rng, unit)
        one, other = rng.sample(sorted(DEBTS), 2)
        if {one, other} != {"seller", "repairer"} and "farm_rule" in facts and rng.random() < 0.5:
            return None  # the pair on which the rule bears comes up more often
        return facts | {"claimant": facts[one], "rival": facts[other]}

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide without a word."""
        quiet = Ranking(facts)
        results: dict[str, Any] = {"due": quiet.end_of(facts["delivered"], facts["credit"])}
        if len(set(quiet.ranks(list(DEBTS)).values())) < len(
            DEBTS
        ):  # two who rank by the same day: no law says who is first
            return results | dict.fromkeys(("amount", "winner", "rule", "allowed", "case", "prevails"))
        if "claimant" in facts:
            results["amount"] = quiet.paid(_role(facts, "claimant"))
        if "rival" not in facts:
            return results
        one, other = (_role(facts, key) for key in ("claimant", "rival"))
        winner, rule = quiet.order(one, other)
        results |= {"winner": winner, "rule": rule, "allowed": winner == one, "case": (winner == one, rule)}
        return results | {"prevails": (short_name(facts[winner]), rule) if rule else None}

    def for_proof(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the facts with the cap as a whole number, and the roles of those who are asked about."""
        shown = {**facts, "cap": facts["cap"].denominator} if "cap" in facts else dict(facts)
        return shown | {f"{key}_is": _role(facts, key) for key in ("claimant", "rival") if key in facts}

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell what became of the debtor, then each creditor in the order of time."""
        facts = case.facts
        repair = "repair.farm" if "farm_rule" in facts else "repair"
        events = [(facts["bank_reg"], ["bank"]), (facts["delivered"], ["seller"]), (facts["returned"], [repair])]
        events.append((facts.get("renewed"), ["renewed"]))
        return story_of(page, case.pen("story"), facts, ["opening"], events)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Survey what cannot matter, then rank the creditors as far as the question goes."""
        facts, ranking = case.facts, Ranking(case.facts, narrative)
        ranking.say(f"issue.{case.asks if case.asks in ('amount', 'date') else 'allowed'}")
        ranking.survey(case.asks, IDLE)
        ranking.say("explore.date" if case.asks == "date" else "explore")
        if case.asks == "date":
            ranking.say("time.seller")
            due = ranking.end_of(facts["delivered"], facts["credit"])
            ranking.say("check.date", limit=due, next_day=ranking.work.after(due, 1))
            return ranking.answer("answer.due", due)
        if case.asks == "amount":
            paid = ranking.paid(_role(facts, "claimant"))
            return ranking.answer("answer.amount", paid, share=paid)
        one, other = (_role(facts, key) for key in ("claimant", "rival"))
        if ranking.has("years") and "lender" not in (one, other):
            ranking.say("idle.lapse.other")
        winner, rule = ranking.order(one, other)
        if case.asks == "prevails" and rule is None:
            raise NoResultError("two provisions decide it")
        loser = other if winner == one else one
        result = (short_name(facts[winner]), rule) if case.asks == "prevails" else winner == one
        return ranking.answer(f"answer.{rule or 'lapse'}", result, first=facts[winner], second=facts[loser])

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Move the days of the registrations and of what they follow; change the goods and the order of the repair."""
        facts = case.facts
        limits: dict[str, tuple[date | None, date | None]] = {
            "seller_reg": (facts["delivered"], None), "lien_reg": (facts["returned"], None), "bank_reg": (None, facts.get("renewed")),
            "renewed": (facts["bank_reg"], None), "delivered": (None, facts["seller_reg"]), "returned": (facts.get("ordered", facts["delivered"]), facts["lien_reg"]),
        }  # fmt: skip
        limits |= {"ordered": (facts["delivered"], facts["returned"])} if "farm_rule" in facts else {}
        yield from moved(facts, rng, limits)
        yield Change(
            {"bank_reg": min(facts["seller_reg"], facts.get("renewed", date.max)) - timedelta(days=3)}, "bank_reg"
        )
        for key in (*DEBTS.values(), "proceeds"):
            yield Change({key: Money(facts[key].number + rng.choice((-480, 240, 960)), facts[key].unit)})


def _role(facts: Mapping[str, Any], key: str) -> str:
    """Return which of the creditors is meant."""
    return next(role for role in DEBTS if facts[role] == facts[key])


def _drawn_registrations(rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Draw registrations near the last day for each, and a lender's registration that lapses near one of them."""
    quiet = Ranking(facts)
    drawn: dict[str, Any] = {
        "seller_reg": near(rng, quiet.end_of(facts["delivered"], facts["credit"]), after=facts["delivered"]),
        "lien_reg": near(rng, quiet.end_of(facts["returned"], facts["lien"]), after=facts["returned"]),
    }  # fmt: skip
    close = rng.choice((drawn["seller_reg"], drawn["lien_reg"]))
    drawn["bank_reg"] = close + timedelta(days=rng.choice((-200, -60, -9, -3, 3, 9, 40)))
    if "years" in facts:
        runs_out = close + timedelta(days=rng.choice((-40, -9, -2, 2, 9)))
        drawn["bank_reg"] = date(runs_out.year - facts["years"], runs_out.month, min(runs_out.day, 28))
        end = quiet.work.months_after(drawn["bank_reg"], 12 * facts["years"])
        drawn["renewed"] = near(rng, end, far=30)
    ranked = [drawn["bank_reg"], drawn["seller_reg"], drawn["lien_reg"], drawn.get("renewed")]
    if len(set(ranked)) < len(ranked) or drawn.get("renewed", date.max) <= drawn["bank_reg"]:
        drawn["bank_reg"] -= timedelta(days=1)
    return drawn


def _drawn_sums(rng: Random, unit: str) -> dict[str, Any]:
    """Draw debts that the proceeds do not cover."""
    debts = {key: 120 * rng.randint(20, 110) for key in DEBTS.values()}
    proceeds = 120 * round(sum(debts.values()) * rng.uniform(0.35, 0.8) / 120)
    return {key: Money(Fraction(number), unit) for key, number in {**debts, "proceeds": proceeds}.items()}


SCHEME = Priority()
