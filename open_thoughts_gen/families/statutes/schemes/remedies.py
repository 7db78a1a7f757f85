"""Goods that were never delivered: what the buyer gets back, and whether damages are owed as well.

Laws differ in whether a further time moves the day of delivery, in how the loss is measured, in whether a deposit is
owed twice, and in how working days are counted. The traps: the market price of the wrong day; a substitute bought a day
too late, or above the market; a notice that was excused, until the excuse was taken back; a fixed sum that does not bind.
"""

from __future__ import annotations

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
from open_thoughts_gen.families.statutes.deciding import Decision, drawn_features, moved, near, on_the_point, story_of
from open_thoughts_gen.families.statutes.law import WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import CURRENCIES, draw_firm, draw_person, short_name

DATES = "agreed granted further bought noticed declared taken_back delivery cover_last notice_last next_day"
SUMS = (
    "price deposit cover high market_agreed market_further clause whole forfeit per_unit margin loss extra total other"
)
NUMBERS = "units cover_days notice_days percent"
BOTH, ASIDES = ("buyer", "seller"), ("storage", "samples", "carriage")
# Points that the parties may differ on, each for both of them, by level.
FEW = ("notice", "further", "cover", "quoted")
POINTS = {1: FEW, 2: (*FEW, "declared"), 3: (*FEW, "declared", "fixed"), 4: (*FEW, "declared", "fixed", "taken_back")}
NEEDS = {"further": "granted", "cover": "bought", "quoted": "quoted_rule", "fixed": "clause"}
NEEDS |= {key: key for key in ("declared", "taken_back")}
OUTCOMES = {level: tuple((who, point) for point in points for who in BOTH) for level, points in POINTS.items()}
# Why a provision cannot matter: the step, the questions, facts that the case must have, facts that it must lack.
ALL, ASKED = "allowed amount date flip prevails", "allowed amount flip"
IDLE = (
    *((f"idle.{key}", ALL, f"{key}_rule", "") for key in ASIDES),
    ("idle.further", "allowed amount date flip", "grant", "granted"),
    ("idle.fixed", ASKED, "percent", "clause"),
    ("idle.money", "date", "", ""),
    ("idle.sums", "prevails", "", ""),
    ("idle.notice", "date", "notice_days", ""),
)


class Failure(Decision):
    """A failure to deliver, and what it costs the seller."""

    def delivery_day(self) -> date:
        """Return the day on which the goods were due at the latest."""
        facts = self.facts
        if not self.has("granted"):
            self.say("delivery", delivery=facts["agreed"])
            return facts["agreed"]  # type: ignore[no-any-return]
        late = facts["grant"] == "before" and self.work.is_later(facts["granted"], facts["agreed"])
        day: date = facts["agreed"] if late else facts["further"]
        self.turn("further" if late else "agreed")
        self.say(f"further.{'late' if late else facts['grant']}", delivery=day)
        return day

    def last_for(self, what: str, delivery: date) -> date:
        """Return the last day for a substitute purchase or for notice."""
        self.say(f"time.{what}")
        if "wrong_day" not in self.known:  # once in a trace the days are taken for days of the calendar
            num = self.facts[f"{what}_days"]
            self.turn("working", num_days=num, wrong_day=days.period_end(self.facts, delivery, num, self.work))
        return days.tell_working(self.told, self.facts, delivery, self.facts[f"{what}_days"])

    def keeps_claim(self, delivery: date) -> tuple[bool, str]:
        """Return whether the buyer still has a claim to damages, and the provision that decides that."""
        facts, work = self.facts, self.work
        if not self.has("notice_days"):
            return True, ""
        last = self.last_for("notice", delivery)
        if self.has("noticed") and not work.is_later(facts["noticed"], last):
            self.say("notice.last" if facts["noticed"] == last else "notice.early", notice_last=last)
            if self.has("declared_rule"):
                self.say("declared.idle")
            return True, "notice"
        self.say("notice.late" if self.has("noticed") else "notice.none", notice_last=last)
        if not self.has("declared_rule", "declared"):
            if self.has("declared_rule"):
                self.say("declared.none")
            return False, "notice"
        too_late = work.is_later(facts["declared"], delivery)
        if too_late or not facts["written"]:
            self.say("declared.late" if too_late else "declared.spoken")
            return False, "declared"
        if not self.has("taken_back_rule") or not self.has("taken_back"):
            self.say("declared.good" if not self.has("taken_back_rule") else "declared.kept")
            return True, "declared"
        after = work.is_later(facts["taken_back"], delivery)
        self.say(f"taken_back.{'late' if after else 'good'}")
        return after, "taken_back"

    def loss(self, delivery: date) -> Money:
        """Return what the buyer has lost."""
        facts = self.facts
        if self.has("clause"):
            self.say("resold" if facts["resold"] else "fixed")
            if not facts["resold"]:
                limit = self.money("percent * whole / 100", percent=facts["percent"], whole=self.whole())
                over = self.work.exceeds(facts["clause"].number, limit.number)
                loss: Money = limit if over else facts["clause"]
                self.say("fixed.over" if over else "fixed.within", loss=loss)
                return loss
        unit = self.unit_cost(delivery)
        if not self.work.exceeds(unit.number, facts["price"].number):
            self.say("loss.none", per_unit=unit, loss=self.nothing(unit))
            return self.nothing(unit)
        margin = self.money("unit - price", unit=unit, price=facts["price"])
        lost = self.money("margin * units", margin=margin, units=facts["units"])
        self.say("loss", per_unit=unit, margin=margin, loss=lost)
        return lost

    def unit_cost(self, delivery: date) -> Money:
        """Return what the goods cost elsewhere, each: by a substitute purchase, or on the market."""
        facts = self.facts
        if self.has("bought"):
            if not self.bought_late(delivery):
                return self.cover_price()
        else:
            self.say("cover.none")
        day = "further" if self.has("further") and delivery == facts["further"] else "agreed"
        self.say(f"market.{day}" if self.has("further") else "market", per_unit=facts[f"market_{day}"])
        return facts[f"market_{day}"]  # type: ignore[no-any-return]

    def bought_late(self, delivery: date) -> bool:
        """Return whether the substitute was bought too late to measure the loss."""
        last, bought = self.last_for("cover", delivery), self.facts["bought"]
        late = self.work.is_later(bought, last)
        self.say(f"cover.{'late' if late else 'last' if bought == last else 'early'}", cover_last=last)
        return late

    def cover_price(self) -> Money:
        """Return the price of a substitute purchase, as far as it counts."""
        facts = self.facts
        cover: Money = facts["cover"]
        if self.has("quoted_rule"):
            over = self.work.exceeds(cover.number, facts["high"].number)
            cover = facts["high"] if over else cover
            self.say("quoted.over" if over else "quoted.within", per_unit=cover)
        return cover

    def whole(self) -> Money:
        """Return the whole price."""
        whole = self.money("units * price", units=self.facts["units"], price=self.facts["price"])
        self.say("whole", whole=whole)
        return whole

    def debts(self, *, summed: bool = False) -> dict[str, Any]:
        """Return what is owed: damages, and all told, which is said if it is asked for."""
        facts, zero = self.facts, self.nothing(self.facts["price"])
        forfeit: Money = facts["deposit"] if facts["forfeit_kind"] == "double" else zero
        self.say(f"forfeit.{facts['forfeit_kind']}", forfeit=forfeit)
        delivery = self.delivery_day()
        kept, rule = self.keeps_claim(delivery)
        loss = self.loss(delivery) if kept else zero
        more = self.work.exceeds(loss.number, forfeit.number)
        if kept and loss.number and forfeit.number:
            self.turn("extra")
        extra = self.money("loss - forfeit", loss=loss, forfeit=forfeit) if kept and more else zero
        size = ("no", "yes")[more] if forfeit.number else ("none", "full")[more]
        self.say(f"extra.{size}" if kept else "unmeasured", extra=extra)
        total = self.money("deposit + forfeit + extra", deposit=facts["deposit"], forfeit=forfeit, extra=extra)
        if summed:
            parts = ".".join(
                ["total", *(["forfeit"] if forfeit.number else []), *(["damages"] if extra.number else [])]
            )
            self.say(parts, total=total, extra=extra)
        grounds = size if kept else f"lost.{rule}"
        return {"extra": extra, "total": total, "grounds": grounds, "loss": loss, "forfeit": forfeit}

    def on_point(self) -> tuple[str, str]:
        """Return who is right on the one point on which the parties differ, and by which provision."""
        point, delivery = self.facts["point"], self.delivery_day()
        if point == "further":
            return BOTH[delivery == self.facts["agreed"]], "further"
        if point == "cover":
            return BOTH[self.bought_late(delivery)], "cover"
        if point == "quoted":
            return BOTH[self.cover_price() != self.facts["cover"]], "quoted"
        if point == "fixed":
            self.say("resold" if self.facts["resold"] else "fixed")
            return ("buyer", "resold") if self.facts["resold"] else ("seller", "fixed")
        kept, rule = self.keeps_claim(delivery)
        return BOTH[not kept], rule


class Remedies(LawScheme):
    """What a seller owes who never delivered."""

    name: ClassVar[str] = "remedies"
    field: ClassVar[str] = "sale of goods"
    parties: ClassVar[Sequence[str]] = BOTH
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", coin="allowed"),
        "amount": Ask(HowMuch(), "amount", coin="allowed"),
        "date": Ask(OnDay(), "due", coin="allowed"),
        "prevails": Ask(WHO_WHY, "prevails", 1, ("point",), "case", OUTCOMES[1], OUTCOMES),
        "flip": Ask(Flip(), "allowed", coin="allowed"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates=DATES, sums=SUMS, numbers=NUMBERS),
            "goods": EntryForm(self.words.lists["goods"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a law and a failure to deliver after which everything was done as late as possible."""
        unit, agreed = rng.choice(CURRENCIES), date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
        buyer, price = (draw_firm if rng.random() < 0.6 else draw_person)(rng), rng.randint(20, 80)
        facts: dict[str, Any] = {
            "buyer": buyer, "seller": (draw_firm if rng.random() < 0.5 else draw_person)(rng, [buyer]), "agreed": agreed,
            "goods": rng.choice(sorted(self.words.lists["goods"])), "units": 20 * rng.randint(3, 20), "price": Money(Fraction(price), unit),
            "counting": rng.choice(("without", "without", "with")), "working": rng.choice(days.CLOSED), "cover_days": rng.randint(3, 8),
            "forfeit_kind": rng.choice(("double", "double", "single")), f"{rng.choice(ASIDES)}_rule": True,
        }  # fmt: skip
        if facts["working"] != "weekends":
            facts["holidays"] = days.draw_holidays(rng, [agreed + timedelta(days=num) for num in (3, 6, 17)])
        facts |= drawn_features(rng, level, {
            "grant": (rng.choice(("before", "before", "any")), (0.9, 0.8, 0.8, 0.8)),
            "notice_days": (rng.randint(3, 8), (0.9, 0.9, 0.9, 0.9)),
            "quoted_rule": (True, (0.7, 0.7, 0.7, 0.7)),
            "percent": (rng.choice((10, 20, 25)), (0, 0, 0.6, 0.6)),
        })  # fmt: skip
        if level > 1 and "notice_days" in facts and rng.random() < 0.85:
            facts["declared_rule"] = True
            facts |= {"taken_back_rule": True} if level > 3 and rng.random() < 0.8 else {}
        facts |= {"fixed_rule": True} if "percent" in facts else {}
        facts |= _drawn_events(rng, facts, price)
        total = facts["units"] * price
        facts["deposit"] = Money(Fraction(max(10, 10 * round(total * rng.uniform(0.04, 0.3) / 10))), unit)
        point = facts["point"] = rng.choice(POINTS[level])
        if NEEDS.get(point, "notice_days") not in facts or (point == "quoted" and "bought" not in facts):
            return None
        starts = (facts["agreed"], facts.get("further", facts["agreed"]))
        if days.begins_closed(facts, *starts):
            return None
        quiet, is_fixed = Failure(facts), point in ("cover", "quoted") and facts.get("resold") is False
        if is_fixed or (point == "quoted" and quiet.bought_late(quiet.delivery_day())):
            return None  # the purchase elsewhere does not measure the loss in any case
        is_open = point in ("further", "cover", "quoted", "fixed") or quiet.on_point()[1] == point
        return facts if is_open else None

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide without a word."""
        debts, quiet = Failure(facts).debts(), Failure(facts)
        due = days.tell_working(quiet.told, facts, quiet.delivery_day(), facts["cover_days"])
        allowed = debts["extra"].number > 0
        results = {"allowed": allowed, "amount": debts["total"], "due": due, "winner": BOTH[not allowed], "rule": None}
        if "point" in facts:
            results |= on_the_point(facts, *Failure(facts).on_point())
        return results

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell the order, what became of it, and what the buyer did."""
        facts = case.facts
        first = ["opening", "deposit"]
        first += [f"clause.{'resold' if facts['resold'] else 'kept'}"] if "clause" in facts else []
        bought = ["bought", *(["high"] if "high" in facts else [])]
        declared = "" if "declared" not in facts else "declared.written" if facts["written"] else "declared.spoken"
        events = [(facts.get("granted"), ["granted"]), (facts.get("bought"), bought)]
        events += [(facts.get("declared"), [declared])]
        events += [(facts.get(key), [key]) for key in ("noticed", "taken_back")]
        last = ["market.two" if "further" in facts else "market"]
        events.append((date(2100, 1, 1), [*last, *([f"point.{facts['point']}"] if "point" in facts else [])]))
        return story_of(page, case.pen("story"), facts, first, events)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Survey what cannot matter, then tell the day, the claim and the sums, as far as the question goes."""
        facts, failure = case.facts, Failure(case.facts, narrative)
        narrative.year = facts["agreed"].year
        failure.say(f"issue.{case.asks if case.asks in ('amount', 'date', 'prevails') else 'allowed'}")
        failure.survey(case.asks, IDLE)
        if case.asks == "date":
            due = failure.last_for("cover", failure.delivery_day())
            failure.say("check.date", cover_last=due, next_day=failure.work.after(due, 1))
            return failure.answer("answer.date", due)
        if case.asks == "prevails":
            winner, rule = failure.on_point()
            return failure.answer(f"answer.{rule}.{winner}", (short_name(facts[winner]), rule))
        debts = failure.debts(summed=case.asks == "amount")
        if case.asks == "amount":
            if debts["extra"].number and debts["forfeit"].number:
                other = failure.money("deposit + loss", deposit=facts["deposit"], loss=debts["loss"])
                failure.say("check.more", other=other)
            lost = "" if debts["extra"].number else ".lost" if "lost" in debts["grounds"] else ".none"
            return failure.answer(f"answer.amount{lost}", debts["total"])
        return failure.answer(f"answer.{debts['grounds']}", debts["extra"].number > 0)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Move a day; change a price, a sum, or what was written."""
        facts = case.facts
        limits: dict[str, Any] = dict.fromkeys(("bought", "noticed"), (facts["agreed"], None))
        limits |= {"granted": (None, "further"), "declared": (None, facts.get("taken_back", facts.get("further")))}
        limits["taken_back"] = ("declared", None)
        for change in moved(facts, rng, limits):
            changed = {**facts, **change.patch}
            done = max(Failure(changed).delivery_day(), changed.get("granted", date.min))
            if all(changed[key] > done for key in ("bought", "noticed") if key in changed):
                yield change
        for key in ("cover", "market_agreed", "market_further", "high", "deposit", "clause"):
            if key in facts:
                step = rng.choice((-3, -2, -1, 1, 2, 3)) * (1 if facts[key].number < 200 else 50)
                if facts[key].number + step > 0:
                    yield Change({key: Money(facts[key].number + step, facts[key].unit)}, key)
        for key in sorted({"written", "resold"} & facts.keys()):
            yield Change({key: not facts[key]}, f"{key}.{'no' if facts[key] else 'yes'}")


def _drawn_events(rng: Random, facts: Mapping[str, Any], price: int) -> dict[str, Any]:
    """Draw what buyer and seller did, near the last days for it."""
    unit, drawn = facts["price"].unit, dict[str, Any]()
    drawn |= {"market_agreed": Money(Fraction(price + rng.randint(-2, 14)), unit)}
    if "grant" in facts and rng.random() < 0.75:
        drawn["granted"] = near(rng, facts["agreed"], far=6)
        drawn["further"] = facts["agreed"] + timedelta(days=rng.choice((7, 10, 14)))
        drawn["market_further"] = Money(drawn["market_agreed"].number + rng.choice((-4, -3, -2, 2, 3, 4)), unit)
    quiet = Failure({**facts, **drawn})
    delivery = quiet.delivery_day()
    done = max(delivery, drawn.get("granted", delivery))
    if rng.random() < 0.8:
        drawn["bought"] = near(rng, quiet.last_for("cover", delivery), far=8, after=done)
        drawn["cover"] = Money(drawn["market_agreed"].number + rng.choice((-2, 1, 2, 4, 6)), unit)
        if "quoted_rule" in facts:
            drawn["high"] = Money(drawn["cover"].number + rng.choice((-3, -2, -1, 0, 1, 3)), unit)
    if "notice_days" in facts and rng.random() < 0.85:
        drawn["noticed"] = near(rng, quiet.last_for("notice", delivery), far=8, after=done)
    if "declared_rule" in facts and rng.random() < 0.7:
        drawn |= {"declared": near(rng, delivery, 0.25), "written": rng.random() < 0.75}
        if "taken_back_rule" in facts and rng.random() < 0.7:
            drawn["taken_back"] = near(rng, delivery, 0.4, 8, after=drawn["declared"])
    if "percent" in facts and rng.random() < 0.5:
        limit = facts["percent"] * facts["units"] * price // 100
        clause = max(10, limit + rng.choice((-200, -50, 0, 50, 200)))
        drawn |= {"clause": Money(Fraction(clause), unit), "resold": rng.random() < 0.5}
    return drawn


SCHEME = Remedies()
