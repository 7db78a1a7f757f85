"""Formation of contracts by letter: whether an offer was accepted in time, unwithdrawn, and at its price.

Laws differ in whether an acceptance takes effect when it is posted or when it arrives, until when an offer can be
withdrawn, in what saves a late acceptance, in how much of another price does no harm, and in how days are counted. The
traps: the wrong one of two days; a last day that is moved; a firm offer that was withdrawn before it arrived; an
objection to a small difference that came in time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, Money
from open_thoughts_gen.families.kit.kinds import Flip, OnDay, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative, NoResultError
from open_thoughts_gen.families.statutes import days
from open_thoughts_gen.families.statutes.deciding import Decision, drawn_features, gap, moved, near, story_of
from open_thoughts_gen.families.statutes.law import PARTY, WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import CURRENCIES, draw_firm, draw_person, short_name

DATES = "received posted arrived withdrawn objected confirmed last_open takes_effect latest object_last confirm_last next_day until"
NUMBERS = "open_days course_days confirm_days object_days part"
ASIDES = ("reasons", "form", "stamps")
FALSE = ("time", "withdraw", "price")
CASES = tuple((True, rule) for rule in ("time", "withdraw", "small") * 2 + ("small",))
CASES += tuple((False, rule) for rule in (*FALSE, *FALSE, "price"))
MORE = tuple((True, rule) for rule in ("time", "time", "withdraw", "firm", "late", "small")) + tuple(
    (False, rule) for rule in (*FALSE, *FALSE)
)
MOST = (*MORE, (True, "firm"), (True, "small"), (False, "early"), (False, "object"))
# Why a provision cannot matter: the step, the questions, facts that the case must have, facts that it must lack.
ALL, DECIDED = "allowed prevails flip date", "allowed prevails flip"
IDLE = (
    *((f"idle.{key}", ALL, f"{key}_rule", "") for key in ASIDES),
    ("idle.withdraw", DECIDED, "", "withdrawn firm_rule"),
    ("idle.withdraw.firm", DECIDED, "firm_rule", "withdrawn early_rule"),
    ("idle.withdraw.early", DECIDED, "early_rule", "withdrawn"),
    ("idle.price", DECIDED, "", "asked part"),
    ("idle.price.small", DECIDED, "part", "asked object_days"),
    ("idle.price.object", DECIDED, "object_days", "asked"),
    ("idle.date", "date", "", ""),
)


class Letters(Decision):
    """An offer and its acceptance."""

    def last_open(self) -> date:
        """Return the last day on which the offer is open."""
        self.say("open")
        last = self.end_of(self.facts["received"], self.facts["open_days"])
        self.say("open.last", last_open=last)
        return last

    def in_time(self) -> tuple[bool, str]:
        """Return whether the acceptance counts as being in time, and the provision that decides that."""
        facts = self.facts
        demanded = facts["effect"] == "posting" and facts.get("must_reach")
        self.turn(f"effect.{'reach' if demanded else facts['effect']}")
        if demanded:
            day = facts["arrived"]
            self.say("effect.reach", takes_effect=day)
        else:
            day = facts["posted" if facts["effect"] == "posting" else "arrived"]
            free = ".free" if "must_reach" in facts else ""
            self.say(f"effect.{facts['effect']}{free}", takes_effect=day)
        last = self.last_open()
        if not self.work.is_later(day, last):
            self.say("intime.last" if day == last else "intime")
            return True, "time"
        self.say("late")
        if self.has("course_days"):
            latest = self.work.after(last, -facts["course_days"])
            saved = not self.work.is_later(facts["posted"], latest)
            self.say(f"course.{'yes' if saved else 'no'}", latest=latest)
            return saved, "late" if saved else "time"
        if self.has("confirm_days", "confirmed"):
            self.say("confirm")
            latest = self.end_of(facts["arrived"], facts["confirm_days"])
            saved = not self.work.is_later(facts["confirmed"], latest)
            self.say(f"confirm.{'yes' if saved else 'no'}", confirm_last=latest)
            return saved, "late" if saved else "time"
        if self.has("confirm_days"):
            self.say("confirm.none")
        return False, "time"

    def unwithdrawn(self) -> tuple[bool, str]:
        """Return whether the offer was still there to be accepted, and the provision that decides that."""
        facts = self.facts
        if not self.has("withdrawn"):
            return True, "withdraw"
        until = facts["posted"] if facts["until_what"] == "posting" else facts["arrived"]
        self.turn("withdraw")
        gone = self.work.is_later(until, facts["withdrawn"])
        self.say(
            f"withdraw.{'yes' if gone else 'same' if until == facts['withdrawn'] else 'no'}.{facts['until_what']}",
            until=until,
        )
        if not gone or not self.has("firm_rule") or not facts["firm"]:
            if gone and self.has("firm_rule"):
                self.say("firm.no")
            return not gone, "withdraw"
        if not self.has("early_rule"):
            self.say("firm.yes")
            return True, "firm"
        after = self.work.is_later(facts["withdrawn"], facts["received"])
        self.say("early.no" if after else "early.yes")
        return (True, "firm") if after else (False, "early")

    def same_price(self) -> tuple[bool, str]:
        """Return whether the price of the acceptance does no harm, and the provision that decides that."""
        facts, work = self.facts, self.work
        if not self.has("asked"):
            return True, "price"
        high, low = max(facts["price"].number, facts["asked"].number), min(facts["price"].number, facts["asked"].number)
        gap = self.money("high - low", high=Money(high, facts["price"].unit), low=low)
        if not self.has("part"):
            self.say("price.other", gap=gap)
            return False, "price"
        self.turn("price")
        times = work("part * gap", part=facts["part"], gap=gap)
        small = not work.exceeds(times, facts["price"].number)
        self.say(f"price.{'small' if small else 'large'}", gap=gap, times=Money(times, gap.unit))
        if not small or not self.has("object_days", "objected"):
            if small and self.has("object_days"):
                self.say("object.none")
            return small, "small" if small else "price"
        self.say("object")
        last = self.end_of(facts["arrived"], facts["object_days"])
        late = work.is_later(facts["objected"], last)
        self.say(f"object.{'late' if late else 'in_time'}", object_last=last)
        return late, "small" if late else "object"

    def grounds(self) -> dict[str, tuple[bool, str]]:
        """Return whether the acceptance is in time, the offer not withdrawn, the price harmless, each with why."""
        return {"late": self.in_time(), "withdrawn": self.unwithdrawn(), "price": self.same_price()}

    def contract(self) -> tuple[bool, str, bool]:
        """Return whether there is a contract, a provision that decides, and whether it is the only one that does.

        It decides against the contract, or, where there is one, against the objection of its denier.
        """
        grounds = self.grounds()
        lost = [rule for holds, rule in grounds.values() if not holds]
        return not lost, lost[0] if lost else grounds[self.facts["ground"]][1], len(lost) < 2


class Formation(LawScheme):
    """Whether letters made a contract."""

    name: ClassVar[str] = "formation"
    field: ClassVar[str] = "contracts"
    parties: ClassVar[Sequence[str]] = ("claimant", "denier")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", 1, (), "case", CASES, {2: MORE, 3: MOST, 4: MOST}),
        "date": Ask(OnDay(), "due", 1, (), "case", CASES, {2: MORE, 3: MOST, 4: MOST}),
        "prevails": Ask(WHO_WHY, "prevails", 1, (), "case", CASES, {2: MORE, 3: MOST, 4: MOST}),
        "flip": Ask(Flip(), "allowed", 1, (), "case", CASES, {2: MORE, 3: MOST, 4: MOST}),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates=DATES, sums="price asked gap times", numbers=NUMBERS),
            **dict.fromkeys(("offeror", "offeree"), PARTY),
            "goods": EntryForm(self.words.lists["goods"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a law and letters that all came about as late as they could."""
        unit, start = rng.choice(CURRENCIES), date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
        first = draw_person(rng)
        pair = [first, (draw_firm if rng.random() < 0.5 else draw_person)(rng, [first])]
        facts: dict[str, Any] = dict(zip(("offeror", "offeree"), rng.sample(pair, 2), strict=True))
        facts |= dict(zip(("claimant", "denier"), rng.sample(pair, 2), strict=True))
        facts |= {
            "received": start, "open_days": rng.choice((8, 10, 12, 14, 15, 21)), "effect": rng.choice(("posting", "arrival")),
            "until_what": rng.choice(("posting", "arrival")), "price": Money(Fraction(240 * rng.randint(10, 80)), unit),
            "goods": rng.choice(sorted(self.words.lists["goods"])), f"{rng.choice(ASIDES)}_rule": True, "firm": rng.random() < 0.6,
        }  # fmt: skip
        ends = [start + timedelta(days=facts["open_days"] - extra) for extra in (0, 1)]
        facts |= days.draw_days(rng, ends, level=level)
        late = rng.choice((("course_days", rng.randint(3, 6)), ("confirm_days", rng.randint(3, 6))))
        facts |= drawn_features(rng, level, {
            late[0]: (late[1], (0, 0.6, 0.7, 0.7)),
            "part": (rng.choice((10, 20)), (0.8, 0.7, 0.8, 0.8)),
            "firm_rule": (True, (0, 0.8, 0.8, 0.9)),
        })  # fmt: skip
        if facts["effect"] == "posting" and level > 1:
            facts["must_reach"] = rng.random() < 0.6
        if level > 2 and "part" in facts and rng.random() < 0.8:
            facts["object_days"] = rng.randint(3, 7)
        if level > 2 and "firm_rule" in facts and rng.random() < 0.7:
            facts["early_rule"] = True
        facts |= _drawn_letters(rng, facts)
        grounds = ["late", *(["withdrawn"] if "withdrawn" in facts else []), *(["price"] if "asked" in facts else [])]
        facts["ground"] = rng.choice(grounds)
        if "withdrawn" in facts or "objected" in facts:  # whoever wrote against the contract denies it
            facts |= {"claimant": facts["offeree"], "denier": facts["offeror"]}
        elif "confirmed" in facts:
            facts |= {"claimant": facts["offeror"], "denier": facts["offeree"]}
        return facts if facts["received"] < facts["posted"] < facts["arrived"] else None

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide without a word."""
        allowed, rule, is_only = Letters(facts).contract()
        winner = "claimant" if allowed else "denier"
        results = {"allowed": allowed, "winner": winner, "rule": rule, "due": Letters(facts).last_open()}
        prevails = (short_name(facts[winner]), rule) if is_only else None
        return results | {"case": (allowed, rule if is_only else None), "prevails": prevails}

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell the offer and the letters that followed, in the order of time."""
        facts = case.facts
        offer = [
            "offer",
            *(["reach.yes" if facts["must_reach"] else "reach.no"] if "must_reach" in facts else []),
            "firm.yes" if facts["firm"] else "firm.no",
        ]
        answer = ["answer", "asked" if "asked" in facts else "same"]
        events = [(facts["received"] - timedelta(days=9), offer), (facts["posted"], answer)]
        events += [(facts.get(key), [key]) for key in ("withdrawn", "objected", "confirmed")]
        events.append((date(2100, 1, 1), [f"ground.{facts['ground']}"]))
        return story_of(page, case.pen("story"), facts, ["opening"], events)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Survey what cannot matter, then tell the time, the withdrawal and the price."""
        facts, letters = case.facts, Letters(case.facts, narrative)
        letters.say("issue.date" if case.asks == "date" else f"issue.{facts['ground']}")
        letters.survey(case.asks, IDLE)
        letters.say(
            "explore.date" if case.asks == "date" else "explore.withdrawn" if "withdrawn" in facts else "explore"
        )
        if case.asks == "date":
            due = letters.last_open()
            letters.say("check.date", next_day=letters.work.after(due, 1))
            return letters.answer("answer.due", due)
        allowed, rule, is_only = letters.contract()
        if not is_only and case.asks == "prevails":
            raise NoResultError("two provisions decide it")
        winner = "claimant" if allowed else "denier"
        bank = f"answer.{'yes' if allowed else 'no'}.{rule}"
        return letters.answer(bank, (short_name(facts[winner]), rule) if case.asks == "prevails" else allowed)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield changes to a case: another date of a letter, a firm offer or not, another price, more or fewer days."""
        facts = case.facts
        limits: dict[str, tuple[date | None, date | None]] = {
            "posted": (facts["received"], facts["arrived"]), "arrived": (facts["posted"], facts.get("objected", facts.get("confirmed"))),
            "withdrawn": (facts["received"] - timedelta(days=5), None), "objected": (facts["arrived"], None), "confirmed": (facts["arrived"], None),
        }  # fmt: skip
        yield from moved(facts, rng, limits)
        for key in sorted({"firm", "must_reach"} & facts.keys()):
            yield Change({key: not facts[key]}, f"{key}.{'no' if facts[key] else 'yes'}")
        if "asked" in facts:
            for share in rng.sample((Fraction(1, 40), Fraction(1, 12), Fraction(1, 8), Fraction(1, 30)), 2):
                yield Change({"asked": Money(facts["price"].number * (1 - share), facts["price"].unit)}, "asked")
        yield Change({"open_days": facts["open_days"] + rng.choice((-2, -1, 1, 2))}, "open_days")


def _drawn_letters(rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Draw the acceptance near the end of the time, and letters that may undo it."""
    last = Letters(facts).last_open()
    by_arrival = facts["effect"] == "arrival" or facts.get("must_reach")
    drawn: dict[str, Any] = {}
    if by_arrival:
        drawn["arrived"] = near(rng, last, 0.4, 8)
        drawn["posted"] = drawn["arrived"] - timedelta(days=rng.randint(2, 7))
    else:
        drawn["posted"] = near(rng, last, 0.4, 8)
        drawn["arrived"] = drawn["posted"] + timedelta(days=rng.randint(2, 6))
    if rng.random() < 0.6:
        until = drawn["posted" if facts["until_what"] == "posting" else "arrived"]
        drawn["withdrawn"] = near(rng, until, 0.4, 8, after=facts["received"])
        if "early_rule" in facts and rng.random() < 0.5:
            drawn["withdrawn"] = near(rng, facts["received"], 0.4, 4)
    if rng.random() < 0.6:
        limit = facts["price"].number / facts.get("part", 20)
        drawn["asked"] = Money(facts["price"].number - limit - 6 * gap(rng, 0.4, 24), facts["price"].unit)
        if "object_days" in facts and rng.random() < 0.8:
            drawn["objected"] = near(
                rng, Letters(facts).end_of(drawn["arrived"], facts["object_days"]), 0.7, 6, after=drawn["arrived"]
            )
    is_late = "confirm_days" in facts and not Letters({**facts, **drawn}).in_time()[0]
    if is_late and not {"asked", "withdrawn"} & drawn.keys() and rng.random() < 0.9:
        drawn["confirmed"] = near(
            rng, Letters(facts).end_of(drawn["arrived"], facts["confirm_days"]), 0.85, 6, after=drawn["arrived"]
        )
    return drawn


SCHEME = Formation()
