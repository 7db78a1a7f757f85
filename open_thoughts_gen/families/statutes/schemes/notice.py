"""Notice of loss: a letter that counts on a day of its own, days of grace, an excuse that can be forfeited, a sum."""

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
from open_thoughts_gen.families.statutes.deciding import Decision, balanced, drawn_features, moved, near, story_of
from open_thoughts_gen.families.statutes.law import WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import CURRENCIES, INSURERS, draw_person, short_name

DATES = "loss learned posted arrived called reported repaired premium paid last given grace_end next_day"
SUMS = "sum deductible cap above cut owed back gap other"
# Who is right about the one ground, and why.
RULED = balanced(insured="notice grace", insurer="late unpaid deductible")
RULED_BY_LEVEL = {
    2: balanced(insured="notice grace excuse", insurer="late unpaid deductible"),
    3: balanced(insured="notice grace excuse form", insurer="late unpaid repaired deductible"),
    4: balanced(insured="notice grace excuse ordered", insurer="late unpaid repaired deductible"),
}
SUM = "allowed amount flip"
IDLE = (  # why a provision cannot matter: for which questions, with which facts, and without which
    ("idle.date", "date", "", ""),
    ("idle.ground.late", "late", "", ""),
    ("idle.ground.premium", "premium", "", ""),
    ("idle.ground.size", "size", "", ""),
    ("idle.form", f"{SUM} late", "form", "called"),
    ("idle.repaired", f"{SUM} late", "repaired_rule", "repaired"),
    ("idle.ordered", f"{SUM} late", "ordered_rule", "repaired"),
)


class Claim(Decision):
    """Decides what is owed for a loss."""

    def last(self) -> date:
        """Return the last day for giving notice."""
        facts = self.facts
        other = facts["loss" if facts["runs"] == "learned" else "learned"]
        start = self.work.settle(facts[facts["runs"]], other)
        self.turn(f"runs.{facts['runs']}")
        self.say(f"runs.{facts['runs']}", from_day=start)
        self.say(f"length.{facts['measured']}")
        if facts["measured"] == "plain":
            return self.end_of(start, facts["notice_days"])
        last = days.tell_working(self.told, facts, start, facts["notice_days"])
        if self.has("rolling"):
            self.say("roll.unneeded")
        return last

    def given(self) -> tuple[date, date]:
        """Return the day on which notice was given, and that on which the letter alone counts."""
        facts, counts = self.facts, self.facts["counts"]
        self.turn(f"counts.{counts}")
        if counts == "fixed":
            letter = self.work.after(facts["posted"], facts["post_days"])
        else:
            letter = self.work.settle(facts[counts], facts["arrived" if counts == "posted" else "posted"])
        self.say(f"counts.{counts}", given=letter)
        if not self.has("form", "called"):
            return letter, letter
        if facts["form"] == "written":
            self.say("call.void")
            return letter, letter
        if self.work.is_later(letter, facts["called"]):
            self.say("call.counts", given=facts["called"])
            return facts["called"], letter
        self.say("call.later")
        return letter, letter

    def notice(self) -> dict[str, Any]:
        """Return whether lateness bars the claim, the provision that decides (None for two), and the days."""
        facts, last, (given, letter) = self.facts, self.last(), self.given()
        known: dict[str, Any] = {"last": last, "given": given, "excused": False, "barred": False}
        if not self.work.is_later(given, last):
            self.say("intime.last" if given == last else "intime", last=last, given=given)
            if facts["counts"] != "arrived" and facts["arrived"] > last and letter == given:
                self.say("trap.arrived")
            if self.has("excuse"):
                more = [key for key in ("ordered", "repaired") if self.has(f"{key}_rule", "repaired")][:1]
                self.say(".".join(["excuse.unneeded", *more]))
            return {**known, "rule": "form" if letter > max(last, given) else "notice"}
        self.say("toolate", last=last, given=given)
        if facts["counts"] != "posted" and facts["posted"] <= last:
            self.say("trap.posted")
        self.say("late.unless" if self.has("excuse") else "late.plain")
        is_void = self.has("form", "called") and facts["called"] <= last
        if not self.has("excuse", "reported") or self.work.is_later(facts["reported"], last):
            if self.has("excuse"):
                self.say("excuse.late" if self.has("reported") else "excuse.none")
            return {**known, "barred": True, "rule": None if is_void else "late"}
        self.say("excuse.applies")
        if not self.has("repaired_rule", "repaired"):
            return {**known, "excused": True, "rule": "excuse"}
        if not self.work.is_later(given, facts["repaired"]):
            self.say("repaired.later")
            return {**known, "excused": True, "rule": "excuse"}
        if self.has("ordered_rule") and facts["ordered"]:
            self.say("repaired.ordered")
            return {**known, "excused": True, "rule": "ordered"}
        self.say("repaired.forfeits")
        if self.has("ordered_rule"):
            self.say("ordered.missing")
        return {**known, "barred": True, "rule": "repaired"}

    def premium(self) -> dict[str, Any]:
        """Return whether an unpaid premium bars the claim, the rule that decides this, and the last day of grace."""
        facts = self.facts
        self.turn("premium.late" if facts["loss"] < facts["paid"] else "premium.paid")
        self.say("grace")
        end = self.end_of(facts["premium"], facts["grace_days"])
        is_within = not self.work.is_later(facts["loss"], end)
        barred = not is_within and self.work.is_later(facts["paid"], facts["loss"])
        paid = "overdue" if barred else "sameday" if facts["paid"] == facts["loss"] else "paid"
        self.say(f"premium.{'within' if is_within else paid}", grace_end=end)
        return {"grace_end": end, "barred": barred, "rule": "unpaid" if barred else "grace"}

    def size(self) -> dict[str, Any]:
        """Return whether the loss is too small."""
        barred = not self.work.exceeds(self.facts["sum"].number, self.facts["deductible"].number)
        self.say("size.small" if barred else "size.enough")
        return {"barred": barred, "rule": "deductible"}

    def owed(self, *, excused: bool) -> dict[str, Any]:
        """Return what is owed, and the check that fits how it came about."""
        facts = self.facts
        whole = facts["share"] == "whole"
        above = facts["sum"] if whole else self.money("sum - share", sum=facts["sum"], share=facts["deductible"])
        self.say(f"share.{facts['share']}", above=above)
        check = "check.whole" if whole else "check.first"
        if self.has("cap"):
            capped = self.work.exceeds(above.number, facts["cap"].number)
            above, check = (facts["cap"], check if whole else "check.cap") if capped else (above, check)
            self.say("cap.applies" if capped else "cap.idle", above=above)
        if not (self.has("part") and excused):
            if self.has("part"):
                self.say("reduced.idle")
            return {"owed": above, "check": check, **({"share": facts["deductible"]} if check == "check.first" else {})}
        cut = self.money("above * part", above=above, part=facts["part"])
        owed = self.money("above - cut", above=above, cut=cut)
        self.say("reduced", cut=cut, owed=owed)
        return {"owed": owed, "check": "check.cut", "share": cut}

    def outcome(self) -> dict[str, Any]:
        """Return what bars the claim (`bar`), if anything does, and what is owed."""
        notice = self.notice()
        if notice["barred"]:
            return {**notice, "bar": "late"}
        known = {**notice, **self.premium()}
        if known["barred"]:
            return {**known, "bar": "unpaid"}
        if self.size()["barred"]:
            return {**known, "bar": "size", "barred": True}
        return {**known, "bar": "", **self.owed(excused=notice["excused"])}

    def check(self, what: str, known: Mapping[str, Any]) -> None:
        """Check what bars the claim, or does not, by other numbers."""
        facts = self.facts
        if what == "intime" and known["last"] == known["given"]:
            self.say("check.intime.last", next_day=self.work.after(known["last"], 1))
        elif what in ("late", "intime"):
            span = (known["last"], known["given"]) if what == "late" else (known["given"], known["last"])
            self.say(f"check.{what}", num_span=self.work.days_between(*span))
        elif what == "unpaid":
            self.say("check.premium", num_span=self.work.days_between(facts["premium"], facts["loss"]))
        elif what == "size":
            low, high = sorted((facts["sum"], facts["deductible"]), key=lambda money: money.number)
            gap = self.money("high - low", high=high, low=low)
            self.say("check.size" if gap.number else "check.size.equal", gap=gap)
        elif "share" in known:
            back = self.money("owed + share", owed=known["owed"], share=known["share"])
            self.say(known["check"], owed=known["owed"], back=back)
        else:
            high = facts["cap" if known["check"] == "check.cap" else "sum"]
            if high.number > facts["deductible"].number:
                self.say(known["check"], other=self.money("high - low", high=high, low=facts["deductible"]))

    def ground(self) -> dict[str, Any]:
        """Return the outcome of the one ground that is in dispute."""
        grounds = {"late": self.notice, "premium": self.premium, "size": self.size}
        return grounds[self.facts["ground"]]()


class Notice(LawScheme):
    """What an insurer owes for a loss of which it was told early or late."""

    name: ClassVar[str] = "notice"
    field: ClassVar[str] = "insurance"
    parties: ClassVar[Sequence[str]] = ("insured", "insurer")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", coin="allowed"),
        "amount": Ask(HowMuch(), "amount", coin="allowed"),
        "date": Ask(OnDay(), "due", coin="allowed"),
        "prevails": Ask(WHO_WHY, "prevails", 1, ("ground",), "ruled", RULED, RULED_BY_LEVEL),
        "flip": Ask(Flip(), "allowed", coin="allowed"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates=DATES, sums=SUMS, numbers="notice_days post_days grace_days"),
            **{name: EntryForm(self.words.lists[name]) for name in ("scene", "who", "ground")},
            "part": ExactForm(),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a code and a loss, so that each day falls near its limit."""
        unit, loss = rng.choice(CURRENCIES), date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
        facts: dict[str, Any] = {
            "loss": loss, "learned": loss + timedelta(days=rng.randint(1, 8)), "notice_days": rng.choice((5, 6, 7, 8, 10)),
            "measured": rng.choice(("working", "plain")), "runs": rng.choice(("learned", "learned", "loss")),
            "counts": rng.choice(("posted", "arrived", "fixed", "fixed")), "grace_days": rng.choice((10, 14, 15, 20)),
            "deductible": Money(Fraction(100 * rng.randint(2, 9)), unit), "unpaid_rule": True,
            "share": rng.choice(("first", "first", "whole")), "insured": draw_person(rng),
            "insurer": rng.choice(INSURERS), "scene": rng.choice(list(self.words.lists["scene"])),
        }  # fmt: skip
        ends = [facts["learned"] + timedelta(days=rng.choice((5, 7, 9, 11))) for _ in range(3)]
        facts |= days.draw_days(rng, ends, level=level, working=facts["measured"] == "working")
        facts |= drawn_features(rng, level, {
            "post_days": (rng.choice((2, 3, 4)), [float(facts["counts"] == "fixed")] * 4),
            "form": (rng.choice(("any", "written")), (0.3, 0.6, 0.7, 0.7)),
            "excuse": (True, (0, 0.6, 1, 1)),
            "repaired_rule": (True, (0, 0, 0.7, 1)),
            "ordered_rule": (True, (0, 0, 0.2, 1)),
            "part": (Fraction(1, rng.choice((4, 5, 10))), (0, 0.2, 0.5, 0.6)),
            "cap": (Money(Fraction(100 * rng.randint(10, 60)), unit), (0.3, 0.6, 0.7, 0.8)),
        })  # fmt: skip
        for needed, name in (("excuse", "part"), ("repaired_rule", "ordered_rule")):
            if needed not in facts:
                facts.pop(name, None)
        over = rng.choice((-2, -1, 0)) if rng.random() < 0.2 else rng.randint(1, 60)
        facts["sum"] = Money(max(Fraction(100), facts["deductible"].number + 100 * over), unit)
        facts["premium"] = near(rng, loss - timedelta(days=facts["grace_days"]), far=9)
        facts["paid"] = near(rng, loss, far=9, after=facts["premium"] + timedelta(days=1))
        facts["ground"] = rng.choice((*("late",) * (1 + level), "premium", "premium", "size"))
        return draw_letters(rng, facts)

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide without a word."""
        known = Claim(facts).outcome()
        owed = known.get("owed", Money(Fraction(0), facts["sum"].unit))
        results = {"allowed": not known["bar"], "amount": owed, "due": known["last"]}
        if "ground" not in facts:
            return results | {"winner": "insurer" if known["bar"] else "insured"}
        ground = Claim(facts).ground()
        winner, rule = "insurer" if ground["barred"] else "insured", ground["rule"]
        results |= {"winner": winner, "rule": rule, "ruled": f"{winner} {rule}"}
        return results | {"prevails": (short_name(facts[winner]), rule) if rule else None}

    def for_proof(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the facts with the part as a whole number."""
        return {**facts, "part": facts["part"].denominator} if "part" in facts else facts

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell the loss, the letter, and what else was done."""
        facts = case.facts
        repaired = "repaired.ordered" if facts.get("ordered") else "repaired.free"
        first = ["opening", case.pen("story").pick("early sum", "sum", "", "")]
        events = [(facts["learned"], ["learned"]), (facts["posted"], ["letter"]), (facts.get("called"), ["called"])]
        events += [(facts.get("reported"), ["reported"]), (facts.get("repaired"), [repaired])]
        events.append((date.max, ["" if first[1] else "sum"]))
        premium = case.pen("story").pick("premium", facts["loss"], date.max)
        return story_of(page, case.pen("story"), facts, first, [*events, (premium, ["premium"])])

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Survey what cannot matter, then tell what could bar the claim, and then the sum."""
        facts, claim, narrative.year = case.facts, Claim(case.facts, narrative), case.facts["loss"].year
        point = facts["ground"] if case.asks == "prevails" else case.asks
        claim.say(f"issue.{point if point not in SUM.split() else 'amount'}")
        claim.survey(point, IDLE)
        claim.say("explore")
        if case.asks == "date":
            last, start = claim.last(), facts[facts["runs"]]
            num_span, next_day = claim.work.days_between(start, last), claim.work.after(last, 1)
            claim.say("check.date", from_day=start, last=last, num_span=num_span, next_day=next_day)
            claim.answer("answer.date", last, last=last, from_day=start)
            return
        known = claim.ground() if case.asks == "prevails" else claim.outcome()
        if case.asks != "prevails":
            if known["bar"] in ("late", "unpaid"):
                claim.say(f"moot.{known['bar']}")
            claim.check(known["bar"], known)
            owed = known["owed"] if not known["bar"] else Money(Fraction(0), facts["sum"].unit)
            result = owed if case.asks == "amount" else not known["bar"]
            claim.answer(f"answer.{known['bar'] or 'owed'}", result, owed=owed)
            return
        rule, winner = known["rule"], "insurer" if known["barred"] else "insured"
        if rule is None:
            raise NoResultError("two provisions decide it")
        late = "intime" if rule in ("notice", "form") else "late"
        claim.check({"premium": "unpaid", "late": late}.get(point, point), known)
        size = "small" if known["barred"] else "large"
        bank = f"answer.ground.{size if point == 'size' else rule}"
        claim.answer(bank, (short_name(facts[winner]), rule))

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Move the letter, the call, the report, the repair, the premium; change the sum, and who ordered the repair."""
        facts, loss = case.facts, case.facts["loss"]
        limits: dict[str, Any] = {
            "learned": ("loss", min(facts[name] for name in ("posted", "called", "repaired") if name in facts)),
            "posted": ("learned", "arrived"),
            "arrived": ("posted", None),
        }
        limits |= {"called": ("learned", None), "reported": ("loss", None), "repaired": ("learned", None)}
        limits |= {"paid": ("premium", None), "premium": (None, min(loss, facts["paid"]))}
        yield from (change for change in moved(facts, rng, limits) if not _starts_closed({**facts, **change.patch}))
        unit, share = facts["sum"].unit, facts["deductible"].number
        for sum_ in {max(Fraction(100), share + 100 * step) for step in (-1, 0, 1, 5)} - {facts["sum"].number}:
            yield Change({"sum": Money(sum_, unit)}, "sum")
        if "repaired" in facts:
            yield Change({"ordered": not facts["ordered"]}, "free" if facts["ordered"] else "ordered")


def draw_letters(rng: Random, facts: dict[str, Any]) -> dict[str, Any] | None:
    """Draw the letter, the call, the report and the repair, each near the day on which it matters."""
    last = Claim(facts).last()
    way = {"posted": 0, "arrived": rng.randint(1, 4), "fixed": facts.get("post_days", 0)}[facts["counts"]]
    facts["posted"] = near(rng, last - timedelta(days=way), far=7, after=facts["learned"])
    facts["arrived"] = facts["posted"] + timedelta(days=way if facts["counts"] == "arrived" else rng.randint(1, 6))
    if "form" in facts and rng.random() < 0.7:
        facts["called"] = facts["learned"] + timedelta(days=rng.randint(0, 3))
    if "excuse" in facts and rng.random() < 0.8:
        facts |= {"reported": near(rng, last, 0.4, 7, after=facts["loss"]), "who": rng.choice(("police", "brigade"))}
    if "repaired_rule" in facts and rng.random() < 0.85:
        given, _ = Claim(facts).given()
        facts |= {"repaired": near(rng, given, 0.3, 6), "ordered": rng.random() < 0.4}
    is_open = facts["posted"].weekday() < days.SUNDAY and facts["arrived"].weekday() < days.SUNDAY
    first = min(facts[name] for name in ("posted", "called", "repaired") if name in facts)
    in_order = first >= facts["learned"] and facts.get("reported", first) > facts["loss"]
    is_told = facts["learned"] < facts["posted"] and facts.get("called", facts["posted"]) <= facts["posted"]
    return facts if is_open and in_order and is_told and not _starts_closed(facts) else None


def _starts_closed(facts: Mapping[str, Any]) -> bool:
    """Return whether the time for notice begins on a closed day that it counts."""
    return "working" in facts and days.begins_closed(facts, facts[facts["runs"]])


SCHEME = Notice()
