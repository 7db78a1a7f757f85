"""Tenancy deposits: a longer period earned by a statement, a moved deadline, a penalty, and silence that agrees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, ExactForm, Form, Money, ThingForm
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, OnDay, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative, NoResultError
from open_thoughts_gen.families.statutes import days
from open_thoughts_gen.families.statutes.deciding import Decision, drawn_features, moved, near, story_of
from open_thoughts_gen.families.statutes.forms import CountForm
from open_thoughts_gen.families.statutes.law import WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import CURRENCIES, draw_person

# The provisions on one item: half of the draws for the tenant, half for the landlord.
RULES = ("wear", "age", "damage", "record")
WITH_SILENCE = (*(3 * ("wear", "age")), *(2 * ("damage", "record", "silence")))
DATES = "ended keys statement contested_on ill_from ill_to paid due short_due next_day contest_last"
SUMS = "deposit returned late_daily late_cap cost addition wrong owed_kept total lawful rest missing"
NUMBERS = "return_days longer_days contest_days age_limit age days_late"
WEAR, DAMAGE = "wear", "damage"
SUM = "allowed amount flip"
IDLE = (  # why a provision cannot matter: for which questions, with which facts, and without which
    ("idle.items", "date", "", ""),
    ("idle.late", "date", "", ""),
    *((f"idle.day.{fact}", "date", fact, "") for fact in ("age_limit", "record_rule", "contest_days")),
    ("idle.time", "prevails", "", ""),
    ("idle.longer", f"{SUM} date", "longer_days", "statement"),
    ("idle.record", f"{SUM} prevails", "record_rule", "signed"),
    ("silence.nothing_sent", f"{SUM} prevails", "contest_days", "statement"),
    ("idle.healthy", f"{SUM} prevails", "illness_rule", "ill_from"),
)


class Tenancy(Decision):
    """Decides what is owed after a tenancy."""

    def start(self) -> date:
        """Return the day on which the tenancy ended, as the code means it."""
        ended: date = self.facts["ended"]
        if not self.has("starts"):
            return ended
        dates = {"ended": ended, "keys": self.facts["keys"]}
        start: date = self.work.settle(dates.pop(self.facts["starts"]), *dates.values())
        self.turn(f"start.{self.facts['starts']}", "start")
        self.say(f"start.{self.facts['starts']}", from_day=start)
        return start

    def last_day(self) -> tuple[date, date, str]:
        """Return the last day for paying, that by the basic time, and the provision that gives the last day."""
        start = self.start()
        self.say("return")
        short = self.end_of(start, self.facts["return_days"])
        if not self.has("longer_days", "statement"):
            return short, short, "return"
        if self.work.is_later(self.facts["statement"], short):
            self.say("longer.too_late", short_due=short)
            return short, short, "return"
        self.say("longer.last" if self.facts["statement"] == short else "longer.applies", short_due=short)
        return self.end_of(start, self.facts["longer_days"]), short, "longer"

    def debt(self) -> dict[str, Any]:
        """Return the sums that are owed, the last day, and what the debt consists of (`grounds`)."""
        due, short, _ = self.last_day()
        addition, wrong = self.addition(due, short), self.wrongly_kept()
        owed = self.money("2 * wrong", wrong=wrong) if wrong.number and self.facts["kept"] == "double" else wrong
        if wrong.number:
            self.say(f"kept.{self.facts['kept']}", owed_kept=owed)
        total = addition if addition.number else owed
        if wrong.number and addition.number:
            total = self.money("addition + owed", addition=addition, owed=owed)
            self.say("total", addition=addition, owed_kept=owed, total=total)
        grounds = ("none", "late", "kept", "both")[(addition.number > 0) + 2 * (wrong.number > 0)]
        return dict(due=due, addition=addition, wrong=wrong, owed_kept=owed, total=total, grounds=grounds)

    def addition(self, due: date, short: date) -> Money:
        """Return what is owed for lateness."""
        facts, paid = self.facts, self.facts["paid"]
        if not self.work.is_later(paid, due):
            self.say("intime.last" if paid == due else "intime", due=due)
            if short < min(paid, due):
                self.say("trap.short", short_due=short)
            if self.has("late_cap"):
                self.say("cap.unneeded")
            return Money(Fraction(0), facts["deposit"].unit)
        self.say("late", due=due)
        if self.has("late_daily"):
            num = self.work.days_between(due, paid)
            addition = self.money("num * daily", num=num, daily=facts["late_daily"])
            self.say("addition.daily", days_late=num, addition=addition, due=due)
        else:
            addition = self.money("returned * part", returned=facts["returned"], part=facts["late_part"])
            self.say("addition.part", addition=addition)
        if self.has("late_cap"):
            is_over = self.work.exceeds(addition.number, facts["late_cap"].number)
            addition = facts["late_cap"] if is_over else addition
            self.say("cap.applies" if is_over else "cap.idle", addition=addition)
        return addition

    def wrongly_kept(self) -> Money:
        """Return the sum of the items that may not be deducted."""
        lost, settled = list[Money](), self.silence()
        for item in self.facts["items"]:
            if item["thing"] not in settled:
                lost += [] if self.ruling_on(item)[0] else [item["cost"]]
            elif self.has("contested"):
                self.say("agreed", **item)
        if self.has("age_limit") and not any(".damage." in item["condition"] for item in self.facts["items"]):
            self.say("age.unneeded")
        wrong = self.total(lost, self.facts["deposit"].unit)
        self.say(f"wrong.{('none', 'one', 'several')[min(len(lost), 2)]}", wrong=wrong)
        return wrong

    def silence(self) -> set[str]:
        """Return the things of which silence has settled that they may be deducted."""
        facts, things = self.facts, {item["thing"] for item in self.facts["items"]}
        if not self.has("contest_days", "statement"):
            return set()
        if not facts["invited"] or "contested" not in facts:
            self.say("agreed.all" if facts["invited"] else "silence.unasked")
            if self.has("illness_rule", "ill_from"):
                self.say("idle.illness")
            return things if facts["invited"] else set()
        self.say("silence.window")
        last = days.tell_period(self.told, facts, facts["statement"], facts["contest_days"])
        if self.has("illness_rule", "ill_from"):
            first = facts["statement"] + timedelta(days=facts["counting"] == "without")
            num, last = self.put_off(first, last, (facts["ill_from"], facts["ill_to"]))
            self.say("illness.some" if num else "illness.none", ill_days=num, last_day=last)
        last = days.tell_roll(self.told, facts, last)
        is_late = self.work.is_later(facts["contested_on"], last)
        shape = "late" if is_late else "last" if facts["contested_on"] == last else "in_time"
        self.say(f"objection.{shape}", contest_last=last)
        return things if is_late else things - {facts["contested"]}

    def ruling_on(self, item: Mapping[str, Any]) -> tuple[bool, str | None]:
        """Return whether an item may be deducted, silence aside, and the one provision that decides; None for two."""
        nature = item["condition"].split(".")[1]
        rule = self.work.settle(nature, DAMAGE if nature == WEAR else WEAR)
        if item["thing"] == self.facts.get("asked"):
            self.turn(rule, **item)
        self.say(rule, **item)
        if rule == DAMAGE and self.has("age_limit"):
            rule = "age" if self.work.exceeds(item["age"], self.facts["age_limit"]) else DAMAGE
            self.say("age.over" if rule == "age" else "age.under", **item)
        if self.has("record_rule", "signed"):
            if self.facts["signed"] == item["thing"]:
                self.say("record.also" if rule == DAMAGE else "record.applies", **item)
                return True, None if rule == DAMAGE else "record"
            if rule != DAMAGE:
                self.say("record.other", **item)
        return rule == DAMAGE, rule

    def outcome(self) -> tuple[str, str | None]:
        """Return who is right about the item that is asked about, and the one provision that decides; None for two."""
        item = self.entry("items", thing=self.facts["asked"])
        allowed, rule = self.ruling_on(item)
        if item["thing"] not in self.silence():
            return "landlord" if allowed else "tenant", rule
        if self.has("contested"):
            self.say("agreed", **item)
        return "landlord", None if allowed else "silence"


class Deposit(LawScheme):
    """What a landlord still owes after a tenancy."""

    name: ClassVar[str] = "deposit"
    field: ClassVar[str] = "tenancy"
    parties: ClassVar[Sequence[str]] = ("tenant", "landlord")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", coin="allowed"),
        "amount": Ask(HowMuch(), "amount", coin="allowed"),
        "date": Ask(OnDay(), "due", coin="allowed"),
        "prevails": Ask(WHO_WHY, "prevails", 1, ("asked",), "rule", RULES, dict.fromkeys((3, 4), WITH_SILENCE)),
        "flip": Ask(Flip(), "allowed", coin="allowed", level=2),
    }
    entries = ("items", "thing")

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates=DATES, sums=SUMS, numbers=NUMBERS),
            "ill_days": CountForm("day"),
            **dict.fromkeys(("thing", "signed", "contested", "asked"), ThingForm("item", self.words.lists["thing"])),
            "late_part": ExactForm(),
            "condition": EntryForm(self.words.lists["condition"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a code and a case in which everything falls near the limit that it is measured by."""
        unit, ended = rng.choice(CURRENCIES), date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
        first = rng.choice((14, 15, 20, 21, 28, 30))
        longer = first + rng.choice((7, 10, 14, 15))
        facts: dict[str, Any] = {"ended": ended, "return_days": first}
        facts["kept"] = rng.choice(("double", "double", "single"))
        ends = [ended + timedelta(days=num) for num in (first - 1, first, longer - 1, longer)]
        facts |= days.draw_days(rng, ends, level=level)
        if level > 1 and rng.random() < 0.6:
            facts["starts"] = rng.choice(("ended", "keys"))
            facts["keys"] = ended + timedelta(days=rng.choice((-9, -6, -4, -3, -2, -1, 1, 2, 3, 5)))
        if rng.random() < 0.65:
            facts["late_part"] = Fraction(1, rng.choice((4, 5, 10)))
        else:
            facts["late_daily"] = Money(Fraction(rng.choice((4, 5, 6, 8, 10, 12, 15))), unit)
        facts["deposit"] = Money(Fraction(20 * rng.randint(60, 200)), unit)
        facts |= drawn_features(rng, level, {
            "longer_days": (longer, (0.4, 0.8, 0.8, 0.9)),
            "late_cap": (Money(Fraction(10 * rng.randint(1, 25)), unit), (0.1, 0.3, 0.35, 0.5)),
            "age_limit": (rng.randint(4, 10), (1, 0.7, 0.7, 0.7)),
            "record_rule": (True, (1, 0.7, 0.7, 0.7)),
            "contest_days": (rng.choice((7, 10, 12, 14)), (0, 0, 1, 1)),
            "illness_rule": (True, (0, 0, 0.2, 1)),
        })  # fmt: skip
        facts["landlord"] = draw_person(rng, [facts.setdefault("tenant", draw_person(rng))])
        facts |= draw_items(rng, level, facts)
        start = max(facts["ended"], Tenancy(facts).start())
        if ("longer_days" in facts and level > 1 and rng.random() < 0.85) or "contest_days" in facts:
            _, short, _ = Tenancy(facts).last_day()
            facts["statement"] = near(rng, short, 0.3, 9)
            if facts["statement"] <= start:
                return None
        if "contest_days" in facts:
            facts |= draw_objection(rng, facts)
        due, short, _ = Tenancy(facts).last_day()
        facts["paid"] = near(rng, rng.choice((due, due, due, short)))
        return facts if facts["paid"] > facts.get("statement", start) else None

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide without a word."""
        debt = Tenancy(facts).debt()
        results = {"allowed": debt["total"].number > 0, "amount": debt["total"], "due": debt["due"]}
        if "asked" in facts:
            return results | self.ruled(facts, *Tenancy(facts).outcome())
        return results | {"winner": self.parties[not results["allowed"]]}

    def for_proof(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the facts with the nature of each item by itself, and the part as a whole number."""
        part = {"late_part": facts["late_part"].denominator} if "late_part" in facts else {}
        items = [{**item, "nature": item["condition"].split(".")[1]} for item in facts["items"]]
        return {**facts, **part, "items": items}

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell the tenancy's end and what followed, in the order of time, with a few things that do not matter."""
        facts, sent, paid = case.facts, case.facts.get("statement"), case.facts["paid"]
        keys = "" if "keys" not in facts else "keys.early" if facts["keys"] < facts["ended"] else "keys.late"
        record = "" if "record_rule" not in facts else "signed" if "signed" in facts else "unsigned"
        invited = "" if "invited" not in facts else "invited" if facts["invited"] else "uninvited"
        events = [(paid, ["paid"]) if sent else (paid, ["paid", "withheld", "*items", record])]
        replied = "uncontested" if invited and "contested" not in facts else ""
        events.append((sent, ["statement", "*items", invited, record, replied]))
        events += [(facts.get("contested_on"), ["contested"]), (facts.get("ill_from"), ["ill"])]
        return story_of(page, case.pen("story"), facts, ["opening", keys], events)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Survey what cannot matter, then tell the time and the items, as far as the question goes."""
        facts, debts, narrative.year = case.facts, Tenancy(case.facts, narrative), case.facts["ended"].year
        item = debts.entry("items", thing=facts["asked"]) if case.asks == "prevails" else {}
        debts.say(f"issue.{case.asks if case.asks in ('date', 'prevails') else 'amount'}", **item)
        debts.survey(case.asks, IDLE)
        if case.asks == "prevails":
            winner, rule = debts.outcome()
            if rule is None:
                raise NoResultError("two provisions decide it")
            debts.say(f"check.{rule}", **item)
            rest = debts.money("deposit - cost", deposit=facts["deposit"], cost=item["cost"])
            debts.say("check.stake", rest=rest, **item)
            debts.answer(f"answer.{rule}", self.ruled(facts, winner, rule)["prevails"], **item)
        elif case.asks == "date":
            (due, _, period), start = debts.last_day(), Tenancy(facts).start()
            num_span, next_day = debts.work.days_between(start, due), debts.work.after(due, 1)
            debts.say("check.date", from_day=start, due=due, num_span=num_span, next_day=next_day)
            debts.answer(f"answer.date.{period}", due, due=due, from_day=start)
        else:
            debt, costs = debts.debt(), sum(item["cost"].number for item in facts["items"])
            lawful = debts.money("costs - wrong", costs=costs, wrong=debt["wrong"])
            rest = debts.money("deposit - lawful", deposit=facts["deposit"], lawful=lawful)
            missing = debts.money("rest - returned", rest=rest, returned=facts["returned"])
            shown = {"lawful": lawful, "rest": rest, "missing": missing}
            debts.say("check.amount" if debt["wrong"].number else "check.whole", **shown)
            result = debt["total"] if case.asks == "amount" else debt["total"].number > 0
            debts.answer(f"answer.{debt.pop('grounds')}", result, **debt)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Move the payment, the statement, the objection, the illness, the keys, the end; change items, record, invitation."""
        facts, ended, sent = case.facts, case.facts["ended"], case.facts.get("statement")
        keys = (None, ended) if facts.get("keys", ended) < ended else (ended, sent)
        answered = min(facts.get(name, facts["paid"]) for name in ("paid", "contested_on"))
        limits: dict[str, Any] = {"keys": keys, "statement": (max(ended, Tenancy(facts).start()), answered)}
        limits |= {"paid": (sent or ended, None), "contested_on": (facts.get("ill_to", sent), None)}
        limits |= {"ill_to": ("ill_from", "contested_on")}
        limits |= {} if "keys" in facts else {"ended": (None, min(answered, sent or answered))}
        yield from moved(facts, rng, limits)
        for item in facts["items"]:
            thing, other = item["thing"], "damage" if ".wear." in item["condition"] else "wear"
            yield Change({"thing": thing, "condition": f"{thing}.{other}.{rng.randint(1, 2)}"}, "condition")
            if facts.get("signed", thing) != thing:
                yield Change({"signed": thing}, "signed")
        if "contested" in facts:
            yield Change({"invited": not facts["invited"]}, "uninvited" if facts["invited"] else "invited")


def draw_items(rng: Random, level: int, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Draw the items, mostly one of them worn or old; a record accepts that one about as often as not."""
    unit, num = facts["deposit"].unit, (rng.randint(1, 2), 2, rng.randint(2, 3), 3)[level - 1]
    items, limit, bad = list[dict[str, Any]](), facts.get("age_limit", rng.randint(4, 10)), rng.random() < 0.75
    for index, thing in enumerate(rng.sample(sorted(SCHEME.words.lists["thing"]), num)):
        is_bad = bad and (index == 0 or rng.random() < 0.25)
        nature = rng.choice((WEAR, WEAR, DAMAGE)) if is_bad else DAMAGE
        older = (1, 1, 2) if is_bad and nature == DAMAGE else (-3, -2, -1, 0) if nature == DAMAGE else (-3, -1, 0, 1, 2)
        cost = Money(Fraction(20 * rng.randint(2, 14)), unit)
        condition = f"{thing}.{nature}.{rng.randint(1, 2)}"
        items.append({"thing": thing, "cost": cost, "age": max(2, limit + rng.choice(older)), "condition": condition})
    returned = facts["deposit"].number - sum(item["cost"].number for item in items)
    drawn = {"items": items, "returned": Money(returned, unit), "asked": rng.choice(items)["thing"]}
    if "record_rule" in facts and rng.random() < (0.75 if bad else 0.15):
        drawn["signed"] = items[0 if rng.random() < 0.65 else -1]["thing"]
    return {**drawn, "items": rng.sample(items, num)}


def draw_objection(rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Draw whether the statement invites objections, one near the end of its time, and an illness that may stop it."""
    drawn: dict[str, Any] = {"invited": rng.random() < 0.75}
    if rng.random() < 0.15:
        return drawn
    sent, limit = facts["statement"], facts["contest_days"]
    drawn |= {"contested": rng.choice(facts["items"])["thing"], "contested_on": sent + timedelta(days=limit)}
    if "illness_rule" in facts and rng.random() < 0.85:
        start = sent + timedelta(days=rng.choice((1, 2, 3, 4, limit - 2, limit - (facts["counting"] == "with"))))
        length = timedelta(days=rng.randint(2, 6))
        drawn |= {"ill_from": start, "ill_to": start + length - timedelta(days=1)}
        drawn["contested_on"] = max(start + length, sent + timedelta(days=limit) + rng.choice((0, 1, 1)) * length)
    drawn["contested_on"] = near(rng, drawn["contested_on"], far=8, after=drawn.get("ill_to", sent))
    return drawn


SCHEME = Deposit()
