"""Shared fault: shares in per cent, a bar, who answers for others, an insolvent share, a settlement set off."""

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
from open_thoughts_gen.families.kit.telling import Narrative, NoResultError
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
from open_thoughts_gen.families.statutes.forms import CountForm
from open_thoughts_gen.families.statutes.law import PARTY, WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import CURRENCIES, draw_firm, draw_person

ROLES = {"claimant": "c", "defendant": "d", "second": "s", "third": "t"}
SUMS = "property earnings pain cap settled paid counted loss debt owed of_property of_earnings of_pain back wrong_loss wrong_debt"
SHARES = "c_share d_share s_share t_share c_new d_new s_new c_measured d_measured d_final answered"
NUMBERS = f"share bar_share joint_share own_share whole borne first_barred {SHARES}"
# Who is right about the one point, and why.
FEW = balanced(claimant="joint joint joint bar bar", defendant="several several own own bar")
MANY = balanced(claimant="joint knowing joint knowing bar", defendant="several own several own bar")
ALL = "allowed amount flip joint bar"
IDLE = (  # why a provision cannot matter: for which questions, with which facts, and without which
    ("idle.sums", "joint bar", "", ""),
    ("idle.cap", "joint bar", "cap", ""),
    ("idle.settled", "joint bar", "settling settled", ""),
    *((f"idle.{name}", "bar", f"{name}_share", "") for name in ("joint", "own")),
    ("idle.knowing", "bar", "knowing", ""),
    ("idle.settle", ALL, "settling", "settled"),
    *((f"idle.{name}", ALL, name, "") for name in ("costs", "register", "heirs")),
)


class Liability(Decision):
    """Decides what one of those at fault owes."""

    def shares(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return the shares that are borne in the end, and those that thresholds look at, by role."""
        facts = self.facts
        found = {ROLES[role]: int(self.entry("shares", who=facts[role])["share"]) for role in ROLES if role in facts}
        self.say(f"shares.{'three' if 't' in found else 'two'}", **{f"{key}_share": num for key, num in found.items()})
        if not self.has("spread"):
            return found, found
        if not facts["insolvent"]:
            self.say("idle.spread")
            return found, found
        rest = {key: num for key, num in found.items() if key != "t"}
        new = {
            key: int(self.work("share + lost * share / (100 - lost)", share=num, lost=found["t"]))
            for key, num in rest.items()
        }
        self.say("spread", **{f"{key}_new": num for key, num in new.items()})
        self.turn("measure")
        self.say(f"measure.{facts['measure']}")
        return new, new if facts["measure"] == "increased" else found

    def barred(self, measured: Mapping[str, int]) -> bool:
        """Return whether the share of the injured person bars the claim."""
        if not self.has("bar_share"):
            return False
        share, limit, known = measured["c"], self.facts["bar_share"], self.known
        self.turn("bar.less" if known["c_share"] < known["d_share"] else "bar.more", "bar")
        barred = self.work.exceeds(share, limit) or (share == limit and self.facts["bar"] == "from")
        self.say(f"bar.{'equal.' if share == limit else ''}{'met' if barred else 'free'}", c_measured=share)
        first = limit if self.facts["bar"] == "from" else int(self.work("limit + 1", limit=limit))
        self.say("check.edge", first_barred=first)
        return barred

    def joint(self, measured: Mapping[str, int]) -> str:
        """Return the provision that decides whether the others' shares are answered for: joint and knowing say yes."""
        facts, work = self.facts, self.work
        self.turn("joint")
        if not self.has("joint_share"):
            self.say("several.only", d_measured=measured["d"])
            return "several"
        if work.exceeds(facts["joint_share"], measured["d"]):
            self.say("several.below", d_measured=measured["d"])
            self.pass_over_warning()
            return "several"
        self.say("joint.met", d_measured=measured["d"])
        if not self.has("own_share"):
            return "joint"
        careless = not work.exceeds(facts["own_share"], measured["c"])
        self.say("own.met" if careless else "own.free", c_measured=measured["c"])
        if not careless:
            self.pass_over_warning()
        return self.plea() if careless else "joint"

    def pass_over_warning(self) -> None:
        """Say that a warning has no part in it, where the law has a rule for warnings."""
        if self.has("knowing", "warned"):
            self.say("knowing.idle")

    def plea(self) -> str:
        """Return `own` where a defendant can plead the carelessness of the injured person, else `knowing`."""
        if not self.has("knowing"):
            return "own"
        written = self.has("warned") and self.facts["in_writing"]
        if written and self.work.is_later(self.facts["event"], self.facts["warned"]):
            self.say("knowing.applies")
            return "knowing"
        self.say(f"knowing.{'late' if written else 'spoken' if self.has('warned') else 'none'}")
        return "own"

    def loss(self) -> Money:
        """Return the loss."""
        facts, pain, bank = self.facts, self.facts["pain"], "plain"
        if self.has("cap"):
            capped = self.work.exceeds(pain.number, facts["cap"].number)
            pain, bank = (facts["cap"], "capped") if capped else (pain, "uncapped")
        heads = {"property": facts["property"], "earnings": facts["earnings"]}
        if bank == "capped":
            self.turn("cap", wrong_loss=self.money("property + earnings + pain", **heads, pain=facts["pain"]))
        loss = self.money("property + earnings + pain", **heads, pain=pain)
        self.say(f"loss.{bank}", counted=pain, loss=loss)
        return loss

    def debt(self, borne: Mapping[str, int], loss: Money, *, is_joint: bool) -> Money:
        """Return what the defendant owes in all."""
        facts, settled = self.facts, self.has("settling", "settled")
        part: dict[str, Any] = {"loss": loss, "share": borne["d"]}
        if not is_joint:
            whole = {**part, "share": int(self.work("100 - own", own=borne["c"]))}
            self.turn("debt", wrong_debt=self.money("loss * share / 100", **whole))
            debt = self.money("loss * share / 100", **part)
            self.say("debt.several", d_final=borne["d"], debt=debt)
            if settled:
                self.say("settle.none")
            return debt
        is_left_out = settled and facts["settling"] == "share"
        for num in (num for key, num in borne.items() if key not in ("c", "d", *("s" * is_left_out))):
            part["share"] = int(self.work("share + other", share=part["share"], other=num))
        debt = self.money("loss * share / 100", **part)
        if is_left_out:
            self.turn("settle")
        self.say("settle.share" if is_left_out else "debt.joint", answered=part["share"], debt=debt)
        if settled and not is_left_out:
            spared = min(debt, facts["settled"], key=lambda money: money.number)
            debt = self.money("debt - spared", debt=debt, spared=spared)
            self.say("settle.amount", debt=debt)
        return debt

    def outcome(self) -> dict[str, Any]:
        """Return what is still owed, and how it comes about (`bank`: owed, covered, barred)."""
        facts, nothing = self.facts, Money(Fraction(0), self.facts["paid"].unit)
        borne, measured = self.shares()
        known: dict[str, Any] = {"owed": nothing, "c_measured": measured["c"], "debt": nothing}
        if self.barred(measured):
            self.say("account.barred")
            return {**known, "bank": "barred"}
        is_joint, loss = self.joint(measured) in ("joint", "knowing"), self.loss()
        debt = self.debt(borne, loss, is_joint=is_joint)
        known |= {"debt": debt, "loss": loss}
        if not self.work.exceeds(debt.number, facts["paid"].number):
            self.say("account.nothing")
            return {**known, "bank": "covered"}
        owed = self.money("debt - paid", debt=debt, paid=facts["paid"])
        self.say("account.left", owed=owed)
        return {**known, "owed": owed, "bank": "owed"}

    def point(self) -> tuple[str, str | None, int]:
        """Return who is right about the one point in dispute, by which provision (None for two), how close it was."""
        _, measured = self.shares()
        if self.facts["point"] == "bar":
            barred = self.barred(measured)
            return ("defendant" if barred else "claimant"), "bar", self.distance("bar_share", measured["c"])
        if self.barred(measured):
            return "defendant", None, 0
        rule = self.joint(measured)
        distance = self.distance("joint_share", measured["d"]) if self.has("joint_share") else 0
        return ("claimant" if rule in ("joint", "knowing") else "defendant"), rule, distance

    def check_heads(self) -> None:
        """Take the percentage of each head of the loss by itself, and add what comes out."""
        facts, known = self.facts, self.known
        share = known["answered"] if "answered" in known else known["d_final"]
        heads = {"property": facts["property"], "earnings": facts["earnings"], "pain": known["counted"]}
        parts = {f"of_{head}": self.money("head * share / 100", head=sum_, share=share) for head, sum_ in heads.items()}
        self.say("check.heads", **parts, back=self.total(list(parts.values()), facts["paid"].unit))

    def check_shares(self) -> None:
        """Add the shares up as they were found."""
        found = {key: entry["share"] for key, entry in zip("abcd", self.facts["shares"], strict=False)}
        self.say("check.shares", whole=int(self.work(" + ".join(found), **found)))

    def distance(self, name: str, share: int) -> int:
        """Return how far a share is from a figure of the law."""
        low, high = sorted((self.facts[name], share))
        return int(self.work("high - low", high=high, low=low))


class Fault(LawScheme):
    """What an injured person can still get from one of those at fault."""

    name: ClassVar[str] = "fault"
    field: ClassVar[str] = "torts"
    parties: ClassVar[Sequence[str]] = ("claimant", "defendant")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", coin="allowed"),
        "amount": Ask(HowMuch(), "amount", 1, (), "allowed", (True, True, False)),
        "prevails": Ask(WHO_WHY, "prevails", 1, ("point",), "ruled", FEW, dict.fromkeys((3, 4), MANY)),
        "flip": Ask(Flip(), "allowed", coin="allowed"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates="event warned", sums=SUMS, numbers=NUMBERS),
            **dict.fromkeys(("second", "third", "who"), PARTY),
            "distance": CountForm("point"),
            "scene": EntryForm(self.words.lists["scene"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw shares, then thresholds near them, then a payment near the debt or near a tempting sum."""
        unit, parties = rng.choice(CURRENCIES), [draw_person(rng)]
        for _ in range(3):
            parties.append((draw_firm if rng.random() < 0.35 else draw_person)(rng, parties))
        shares = draw_shares(rng, three=level > 2)
        facts: dict[str, Any] = dict(zip(ROLES, parties[: len(shares)], strict=False))
        event = date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
        facts |= {"event": event, "scene": rng.choice(list(self.words.lists["scene"]))}
        facts["point"] = rng.choice(("joint", "joint", "bar"))
        facts["shares"] = [
            {"who": facts[role], "share": shares[letter]} for role, letter in ROLES.items() if letter in shares
        ]
        facts |= {name: Money(Fraction(100 * rng.randint(20, 150)), unit) for name in ("property", "earnings", "pain")}
        facts["bar"] = rng.choice(("over", "from"))
        facts |= drawn_features(rng, level, {
            "cap": (Money(max(Fraction(500), facts["pain"].number + 100 * rng.choice((-20, -9, -4, 0, 6, 18))), unit), (0.7, 0.7, 0.7, 0.8)),
            "bar_share": (max(2, shares["c"] + gap(rng, far=9)), (0.9, 0.9, 0.9, 0.9)),
            "joint_share": (max(4, shares["d"] + gap(rng, 0.4, 9)), (0.8, 0.9, 0.95, 1)),
            "own_share": (max(2, shares["c"] + gap(rng, 0.4, 9)), (0.6, 0.8, 0.8, 0.9)),
            "knowing": (True, (0, 0, 0.8, 0.9)),
            "settling": (rng.choice(("amount", "amount", "share")), (0, 0.3, 0.7, 0.8)),
            **{name: (True, (0.4, 0.3, 0.2, 0.2)) for name in ("costs", "register", "heirs")},
        })  # fmt: skip
        for needed, name in (("joint_share", "own_share"), ("joint_share", "settling"), ("own_share", "knowing")):
            if needed not in facts:
                facts.pop(name, None)
        if "bar_share" not in facts:
            del facts["bar"]
            facts["point"] = "joint"
        if "third" in facts:
            facts["insolvent"] = rng.random() < 0.7
            if rng.random() < 0.85:
                facts |= {"spread": True, "measure": rng.choice(("found", "found", "increased"))}
        if "knowing" in facts and rng.random() < 0.9:
            facts |= {"warned": min(event, near(rng, event, 0.3, 40)), "in_writing": rng.random() < 0.7}
        if "settling" in facts and rng.random() < 0.85:
            facts["settled"] = Money(Fraction(100 * rng.randint(3, 60)), unit)
        facts["paid"] = Money(Fraction(0), unit)
        debt = Liability(facts).outcome()["debt"].number
        other = int(debt) + 100 * rng.choice((-12, -7, -3, -1, 0, 0, 1, 2, 6, 11))
        facts["paid"] = Money(Fraction(max(100, other if debt else 100 * rng.randint(1, 60))), unit)
        facts["shares"] = rng.sample(facts["shares"], len(facts["shares"]))
        return facts

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide without a word."""
        owed = Liability(facts).outcome()["owed"]
        results = {"allowed": owed.number > 0, "amount": owed}
        if "point" not in facts:
            return results | {"winner": self.parties[not results["allowed"]]}
        return results | self.ruled(facts, *Liability(facts).point()[:2])

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell the accident, the findings and the payments."""
        facts, pen, day = case.facts, case.pen("story"), case.facts["event"]
        solvency = "" if "insolvent" not in facts else "insolvent" if facts["insolvent"] else "solvent"
        parts = [["finds", "*shares"], ["heads"], ["settled" if "settled" in facts else ""], [solvency]]
        events = [(day, part) for part in [*pen.order("parts", parts), ["paid"]]]
        warned = "" if "warned" not in facts else "written" if facts["in_writing"] else "spoken"
        return story_of(page, pen, facts, [f"opening.{'three' if 'third' in facts else 'two'}", warned], events)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Survey what cannot matter, then tell the shares, who answers for whom, the loss and the debt."""
        facts, case_of, narrative.year = case.facts, Liability(case.facts, narrative), case.facts["event"].year
        point = facts["point"] if case.asks == "prevails" else case.asks
        case_of.say(f"issue.{point if case.asks == 'prevails' else 'amount'}")
        case_of.survey(point, IDLE)
        if case.asks == "prevails":
            winner, rule, distance = case_of.point()
            if rule is None:
                raise NoResultError("a claim that is barred leaves nothing to answer for")
            checked = "bar" if point == "bar" else "joint" if "joint_share" in facts else "several"
            even = "" if distance or checked == "several" else ".equal"
            case_of.say(f"check.{checked}{even}", distance=distance)
            case_of.check_shares()
            if point == "joint":
                case_of.say("check.others", borne=int(case_of.work("100 - share", share=case_of.known["d_share"])))
            bank = f"bar.{winner}" if rule == "bar" else rule
            case_of.answer(f"answer.{bank}", self.ruled(facts, winner, rule)["prevails"])
            return
        known = case_of.outcome()
        if known["bank"] == "barred":
            distance = case_of.distance("bar_share", known["c_measured"])
            case_of.say("check.bar" if distance else "check.bar.equal", distance=distance)
        else:
            case_of.check_heads()
        case_of.check_shares()
        result = known["owed"] if case.asks == "amount" else known["owed"].number > 0
        case_of.answer(f"answer.{known['bank']}", result)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Change payment, heads of loss, settlement, warning, insolvency; and, where one point is argued, its figures."""
        facts = case.facts
        for names in (("paid", "pain"), ("paid", "property", "settled")):
            yield from resized(facts, rng, dict.fromkeys(names, 100))
        yield from moved(facts, rng, {"warned": (None, facts["event"] + timedelta(days=1))})
        for name in ("bar_share", "joint_share", "own_share") if case.asks == "prevails" else ():
            for step in rng.sample((-5, -3, -2, -1, 1, 2, 3, 5), 3) if name in facts else ():
                if facts[name] + step > 1:
                    yield Change({name: facts[name] + step}, name)
        if "in_writing" in facts:
            yield Change({"in_writing": not facts["in_writing"]}, "spoken" if facts["in_writing"] else "written")
        if "insolvent" in facts:
            yield Change({"insolvent": not facts["insolvent"]}, "solvent" if facts["insolvent"] else "insolvent")


def draw_shares(rng: Random, *, three: bool) -> dict[str, int]:
    """Draw shares in per cent; those that an insolvent share is divided among come out whole."""
    if not three:
        own, second = rng.randint(5, 55), rng.randint(8, 35)
        return {"c": own, "d": 100 - own - second, "s": second}
    lost, unit = rng.choice(((20, 4), (25, 3), (20, 4), (40, 3)))
    rest = (100 - lost) // unit
    own = rng.randint(2, rest // 2)
    second = rng.randint(2, rest - own - 2)
    return {"c": own * unit, "d": (rest - own - second) * unit, "s": second * unit, "t": lost}


SCHEME = Fault()
