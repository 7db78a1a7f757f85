"""Succession without a will: whether a grandchild takes in the place of a parent, and how much.

A grandchild takes only where the parent counts as having died first: by dying soon after, by a valid disclaimer, or by
being unworthy. Laws differ in what the spouse has, in whether gifts in life are set off, in what undoes a disclaimer or
an offence, and in how days are counted. The traps: a last day that is counted, or not; things taken and brought back; a
forgiveness that came too late in life; an advance that is too old; a share that the advance has swallowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, ExactForm, Form, Money
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative, NoResultError
from open_thoughts_gen.families.statutes import days
from open_thoughts_gen.families.statutes.deciding import Decision, drawn_features, gap, moved, near, story_of
from open_thoughts_gen.families.statutes.law import PARTY, WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import CURRENCIES, GIVEN_NAMES, HE, SHE, draw_person

DATES = "died spouse_died parent_died filed took_on returned convicted forgiven given file_last back_last until too_old survive_last edge"
SUMS = "gross debts estate first taken_limit took advance above part counted pool share line amount left guess"
NUMBERS = "survive_days term_days back_days deathbed_days years lines kids"
NAMES = ("spouse", "parent", "claimant", "rival")
BASES = {"back_days": "taken_limit", "years": "advance_rule"}
ROUTES, ASIDES = ("survival", "disclaimer", "offence"), ("grave", "letters", "inventory")
CASES = tuple((True, rule) for rule in ("survive", "disclaim", "unworthy"))
CASES += tuple((False, rule) for rule in ("survive", "term", "forgive"))
MORE = (*CASES, (True, "disclaim"), (True, "unworthy"), (False, "taken"), (False, "advance"))
SOME, MORE_SOME = ((*(case for case in cases if case[0]), *cases) for cases in (CASES, MORE))  # fewer that are nothing
# Why a provision cannot matter: the step, the questions, facts that the case must have, facts that it must lack.
ALL = "allowed amount prevails flip"
IDLE = (
    *((f"idle.{key}", ALL, f"{key}_rule", "") for key in ASIDES),
    ("idle.survive", ALL, "", "parent_died spouse_died"),
    ("idle.disclaim", ALL, "", "filed taken_limit"),
    ("idle.disclaim.taken", ALL, "taken_limit", "filed"),
    ("idle.unworthy", ALL, "", "convicted deathbed_days"),
    ("idle.unworthy.deathbed", ALL, "deathbed_days", "convicted"),
)


class Estate(Decision):
    """An estate, and those who may have a part in it."""

    def survive_last(self) -> date:
        """Return the last day on which a death counts as having come first."""
        self.say("survive")
        last = days.tell_period(self.told, self.facts, self.facts["died"], self.facts["survive_days"])
        self.say("survive.last", survive_last=last)
        return last

    def died_soon(self) -> tuple[bool, str]:
        """Decide the route by an early death."""
        late = self.work.is_later(self.facts["parent_died"], last := self.survive_last())
        self.say(f"parent.{'late' if late else 'last' if self.facts['parent_died'] == last else 'early'}")
        return not late, "survive"

    def disclaimed(self) -> tuple[bool, str]:
        """Decide the route by a disclaimer."""
        facts, work = self.facts, self.work
        self.say("disclaim")
        last = days.tell_period(self.told, facts, facts["died"], facts["term_days"])
        if work.is_later(facts["filed"], last):
            self.say("filed.late", file_last=last)
            return False, "term"
        self.say("filed.last" if facts["filed"] == last else "filed.early", file_last=last)
        if not self.has("taken_limit", "took"):
            if self.has("taken_limit"):
                self.say("taken.none")
            return True, "disclaim"
        if not work.exceeds(facts["took"].number, facts["taken_limit"].number):
            self.say("taken.little")
            return True, "disclaim"
        self.say("taken.much")
        if not self.has("back_days", "returned"):
            if self.has("back_days"):
                self.say("back.never")
            return False, "taken"
        self.say("back")
        back = days.tell_period(self.told, facts, facts["took_on"], facts["back_days"])
        late = work.is_later(facts["returned"], back)
        self.say("back.late" if late else "back.good", back_last=back)
        return not late, "taken" if late else "disclaim"

    def unworthy(self) -> tuple[bool, str]:
        """Decide the route by an offence."""
        facts, work = self.facts, self.work
        self.say("unworthy")
        if not self.has("forgiven") or not work.is_later(facts["forgiven"], facts["convicted"]):
            if self.has("forgiven"):
                self.turn("forgiven")
            self.say("forgive.before" if self.has("forgiven") else "forgive.never")
            return True, "unworthy"
        if self.has("deathbed_days"):
            until = work.after(facts["died"], -facts["deathbed_days"])
            late = work.is_later(facts["forgiven"], until)
            self.say("deathbed.late" if late else "deathbed.good", until=until)
            return late, "unworthy" if late else "forgive"
        self.say("forgive.good")
        return False, "forgive"

    def spouse_takes(self) -> bool:
        """Return whether there is a spouse who takes."""
        facts = self.facts
        if not self.has("spouse_died"):
            self.say("spouse.alive")
            return True
        last = (Estate(facts, self.work) if facts["route"] == "survival" else self).survive_last()
        late = self.work.is_later(facts["spouse_died"], last)
        self.say("spouse.late" if late else "spouse.early", survive_last=last)
        return late

    def line(self) -> tuple[Money, str | None]:
        """Return what the parent's line takes, and the provision that leaves nothing of it, if one alone does."""
        facts = self.facts
        estate = self.money("gross - debts", gross=facts["gross"], debts=facts["debts"])
        self.say("estate", estate=estate)
        takes = self.spouse_takes()
        if takes:
            self.turn("equal", guess=self.money("estate // lines", estate=estate, lines=facts["lines"]))
        part = self.part_of(estate) if takes else estate
        if part == estate:
            self.say("part.all", part=part)
        counted = self.counted_advance()
        if counted.number and part.number:
            self.turn("advance", guess=self.money("part // lines", part=part, lines=facts["lines"]))
        pool = self.money("part + counted", part=part, counted=counted)
        share = self.money("pool // lines", pool=pool, lines=facts["lines"])
        if not counted.number:
            self.say("share.plain", share=share)
            return share, None
        swallowed = not self.work.exceeds(share.number, counted.number)
        line = self.money("share - counted", share=share, counted=share if swallowed else counted)
        self.say("share.swallowed" if swallowed else "share.advance", pool=pool, share=share, line=line)
        return line, "advance" if part.number else None

    def part_of(self, estate: Money) -> Money:
        """Return what the spouse leaves to the children."""
        facts = self.facts
        if facts["spouse_rule"] == "part":
            part = self.money("estate - estate * fraction", estate=estate, fraction=facts["fraction"])
            self.say("part.fraction", part=part)
            return part
        if not self.work.exceeds(estate.number, facts["first"].number):
            self.say("part.none", part=self.nothing(estate))
            return self.nothing(estate)
        above = self.money("estate - first", estate=estate, first=facts["first"])
        part = self.money("above // 2", above=above)
        self.say("part.first", above=above, part=part)
        return part

    def counted_advance(self) -> Money:
        """Return what is set off because of a gift in life."""
        facts, none = self.facts, self.nothing(self.facts["gross"])
        if not self.has("advance_rule"):
            return none
        if not self.has("advance"):
            self.say("advance.none", counted=none)
            return none
        if not self.has("years"):
            self.say("advance", counted=facts["advance"])
            return facts["advance"]  # type: ignore[no-any-return]
        self.say("old")
        too_old = days.tell_months(self.told, facts["given"], 12 * facts["years"])
        counted: Money = none if self.work.is_later(facts["died"], too_old) else facts["advance"]
        self.say("advance.recent" if counted.number else "advance.old", too_old=too_old, counted=counted)
        return counted

    def is_alone(self, rule: str) -> bool:
        """Return whether a provision alone decides: a parent who stays keeps something out of reach."""
        return rule == "advance" or Estate(self.facts).line()[0].number > 0

    def outcome(self) -> tuple[Money, str | None]:
        """Return what the grandchild takes, and the one provision that decides whether it is anything."""
        routes = {"survival": self.died_soon, "disclaimer": self.disclaimed, "offence": self.unworthy}
        out, rule = routes[self.facts["route"]]()  # whether the parent counts as having died first, and why
        if not out:
            self.say(f"no_place{'.advance' if self.has('advance_rule') else ''}")
            return self.nothing(self.facts["gross"]), rule
        self.say("place" if self.facts["route"] == "survival" else "place.first")
        line, eaten_by = self.line()
        if not line.number:
            return line, eaten_by
        amount = self.money("line // kids", line=line, kids=self.facts["kids"]) if self.facts["kids"] > 1 else line
        self.say("amount.several" if self.facts["kids"] > 1 else "amount.only", line=line, amount=amount)
        return amount, rule


class Succession(LawScheme):
    """What a grandchild takes from an estate."""

    name: ClassVar[str] = "succession"
    field: ClassVar[str] = "inheritance"
    parties: ClassVar[Sequence[str]] = ("claimant", "rival")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", 1, (), "case", CASES, dict.fromkeys((2, 3, 4), MORE)),
        "amount": Ask(HowMuch(), "amount", 1, (), "case", SOME, dict.fromkeys((2, 3, 4), MORE_SOME)),
        "prevails": Ask(WHO_WHY, "prevails", 1, (), "case", CASES, dict.fromkeys((2, 3, 4), MORE)),
        "flip": Ask(Flip(), "allowed", 1, (), "case", CASES, dict.fromkeys((2, 3, 4), MORE)),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        names = EntryForm({name: {"": name} for name in GIVEN_NAMES})
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates=DATES, sums=SUMS, numbers=NUMBERS),
            **dict.fromkeys(NAMES, names),
            **{key: EntryForm(self.words.lists[key]) for key in ("thing", "gift")},
            "deceased": PARTY,
            "fraction": ExactForm(),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a law and a death after which everything was done as late as possible."""
        unit, died = rng.choice(CURRENCIES), date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
        deceased = draw_person(rng)
        names = rng.sample([name for name in GIVEN_NAMES if name not in deceased], 4)
        names[0] = rng.choice([name for name in (HE if deceased.split()[0] in SHE else SHE) if name not in names])
        facts: dict[str, Any] = {
            "deceased": deceased,
            **dict(zip(NAMES, names, strict=True)),
            "died": died, "counting": rng.choice(("without", "without", "with")), "survive_days": rng.choice((5, 7, 10, 14)),
            "term_days": rng.choice((14, 21, 30)), "spouse_rule": rng.choice(("first", "part")), f"{rng.choice(ASIDES)}_rule": True,
            "route": rng.choice(ROUTES), "lines": rng.choice((2, 3)), "kids": rng.choice((1, 2, 3)),
        }  # fmt: skip
        fraction, first = Fraction(1, rng.choice((2, 4))), Money(Fraction(1440 * rng.randint(8, 20)), unit)
        facts |= {"fraction": fraction} if facts["spouse_rule"] == "part" else {"first": first}
        facts |= drawn_features(rng, level, {
            "taken_limit": (Money(Fraction(20 * rng.randint(10, 25)), unit), (0, 0.8, 0.9, 0.9)),
            "advance_rule": (True, (0.4, 0.8, 0.8, 0.9)),
            "deathbed_days": (rng.choice((7, 10, 14)), (0, 0, 0.8, 0.8)),
            "back_days": (rng.choice((7, 10, 14)), (0, 0, 0.7, 0.9)),
            "years": (rng.choice((5, 8, 10)), (0, 0, 0.7, 0.8)),
        })  # fmt: skip
        facts = {key: value for key, value in facts.items() if BASES.get(key, key) in facts}
        estate = 1440 * rng.randint(6, 34)
        debts = rng.randint(900, 9000) // 10 * 10
        facts |= {"gross": Money(Fraction(estate + debts), unit), "debts": Money(Fraction(debts), unit)}
        facts |= _drawn_route(rng, facts) | ({"months_rule": True} if "years" in facts else {})
        return facts | _drawn_family(rng, facts, self.words.lists)

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide without a word."""
        amount, rule = Estate(facts).outcome()
        allowed = amount.number > 0
        winner = self.parties[not allowed]
        results = {"allowed": allowed, "amount": amount, "winner": winner, "rule": rule, "case": (allowed, rule)}
        return results | {"prevails": (facts[winner], rule) if rule and Estate(facts).is_alone(rule) else None}

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell the family, then what happened in the order of time."""
        facts = case.facts
        lines, kids = ("two", "three")[facts["lines"] - 2], "only" if facts["kids"] == 1 else "several"
        first = ["opening", f"children.{lines}", f"line.{kids}", "gross", f"route.{facts['route']}"]
        dated = {"advance": "given", "took": "took_on"}
        dated |= {key: key for key in ("convicted", "forgiven", "spouse_died", "parent_died", "returned", "filed")}
        events = [(facts.get(key), [bank]) for bank, key in dated.items()]
        events.append((date(2100, 1, 1), ["rest", "quarrel"]))
        return story_of(page, case.pen("story"), facts, first, events)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Survey what cannot matter, then tell the place, and the estate as far as it is needed."""
        estate = Estate(case.facts, narrative)
        estate.say(f"issue.{'amount' if case.asks == 'amount' else 'allowed'}")
        estate.survey(case.asks, IDLE)
        estate.turn("grandchild")
        amount, rule = estate.outcome()
        if case.asks == "prevails" and not (rule and estate.is_alone(rule)):
            raise NoResultError("two provisions decide it")
        allowed = amount.number > 0
        if allowed and case.facts["kids"] > 1:
            estate.say("check", left=estate.money("amount * kids", amount=amount, kids=case.facts["kids"]))
        ground = rule or "spouse" if allowed or rule != "unworthy" else "advance"
        if case.asks == "amount":
            return estate.answer("answer.amount" if allowed else f"answer.nothing.{ground}", amount, amount=amount)
        result = (case.facts[self.parties[not allowed]], rule) if case.asks == "prevails" else allowed
        return estate.answer(f"answer.{'yes' if allowed else 'no'}.{ground}", result, amount=amount)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Move a day; change the estate, the advance, or what was taken."""
        facts = case.facts
        yield from moved(facts, rng, {
            **dict.fromkeys(("spouse_died", "parent_died"), ("died", None)), "returned": ("took_on", None),
            "filed": (facts.get("took_on", facts["died"]), None),
            **dict.fromkeys(("forgiven", "convicted", "given"), (None, "died")),
        })  # fmt: skip
        for key, step in (("gross", 1440), ("advance", 720), ("took", 40)):
            if key in facts:
                for number in rng.sample((-4, -2, -1, 1, 2, 4), 2):
                    if facts[key].number + number * step > facts["debts"].number * (key == "gross"):
                        yield Change({key: Money(facts[key].number + number * step, facts[key].unit)}, key)


def _drawn_route(rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Draw how the parent may have lost the place, near the last day for it."""
    quiet, died = Estate(facts), facts["died"]
    if facts["route"] == "survival":
        last = days.period_end(facts, died, facts["survive_days"], quiet.work)
        return {"parent_died": near(rng, last, after=died)}
    if facts["route"] == "offence":
        letters = {"convicted": died - timedelta(days=rng.randint(60, 900))}
        if rng.random() < 0.75:
            letters["forgiven"] = letters["convicted"] + timedelta(days=rng.choice((-9, -2, -1, 1, 2, 9)))
            if "deathbed_days" in facts and rng.random() < 0.8:
                edge = died - timedelta(days=facts["deathbed_days"])
                letters["forgiven"] = near(rng, edge, 0.4, facts["deathbed_days"] - 1)
        return letters
    last = days.period_end(facts, died, facts["term_days"], quiet.work)
    drawn: dict[str, Any] = {"filed": near(rng, last, after=died + timedelta(days=5))}
    if "taken_limit" in facts and rng.random() < 0.8:
        limit = facts["taken_limit"]
        drawn["took"] = Money(limit.number + 20 * gap(rng, 0.6, 9), limit.unit)
        drawn["took_on"] = died + timedelta(days=rng.randint(1, 5))
        if "back_days" in facts and rng.random() < 0.85:
            last = days.period_end(facts, drawn["took_on"], facts["back_days"], quiet.work)
            drawn["returned"] = near(rng, last, far=8, after=drawn["took_on"])
    return drawn


def _drawn_family(rng: Random, facts: Mapping[str, Any], lists: Mapping[str, Any]) -> dict[str, Any]:
    """Draw whether the spouse survived, and a gift in life."""
    drawn: dict[str, Any] = {"thing": rng.choice(sorted(lists["thing"]))} if "took" in facts else {}
    if rng.random() < 0.7:
        last = days.period_end(facts, facts["died"], facts["survive_days"], Estate(facts).work)
        drawn["spouse_died"] = near(rng, last, after=facts["died"])
    if "advance_rule" in facts and rng.random() < 0.85:
        given = facts["died"].replace(year=facts["died"].year - facts.get("years", 6))
        drawn["given"] = near(rng, given, far=60)
        drawn["advance"] = Money(Fraction(720 * rng.randint(3, 26)), facts["gross"].unit)
        drawn["gift"] = rng.choice(sorted(lists["gift"]))
    return drawn


SCHEME = Succession()
