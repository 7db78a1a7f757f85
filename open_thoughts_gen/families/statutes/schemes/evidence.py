"""Evidence: a writing, the exception that may let it in, and the bars that may keep it out all the same.

Laws differ in which exceptions to the rule against hearsay there are and what each asks, in whether a raised claim taints
a writing on the day itself, in whether the time for handing over is counted in working days, and in the day from which a
leaked writing can be asked back. The traps: working days taken for days, the leak for the day on which it was noticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form
from open_thoughts_gen.families.kit.kinds import Flip, OnDay, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative, NoResultError
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.families.statutes import days
from open_thoughts_gen.families.statutes.deciding import Decision, balanced, drawn_features, gap, moved, near, story_of
from open_thoughts_gen.families.statutes.forms import CountForm
from open_thoughts_gen.families.statutes.law import PARTY, WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import draw_firm, draw_person

LETS_IN = "record absent prior"
ROUTES = LETS_IN.split()
RULED = {
    1: balanced(proponent=LETS_IN, opponent="hearsay handing"),
    2: balanced(proponent=LETS_IN, opponent="hearsay handing litigation"),
    3: balanced(proponent=LETS_IN, opponent="hearsay handing litigation copy"),
    4: balanced(proponent=LETS_IN, opponent="hearsay handing litigation copy privilege"),
}
# How a writing may stand to the exception that could let it in, and which of that satisfies each version of it.
STANDINGS = {"record": ("task", "course", "odd"), "absent": ("dead", "missing", "well"), "prior": ("contrary", "same")}
SATISFIES = {
    "record": {"course": ("task", "course"), "task": ("task",)},
    "absent": {"gone": ("dead", "missing"), "dead": ("dead",)},
    "prior": {"contrary": ("contrary",), "any": ("contrary", "same")},
}
DATES = "event made raised announced handed certified leaked noticed recalled made_last hand_last recall_last"
NUMBERS = "record_days absent_days prior_days hand_days copy_days recall_days"
ADMITTED = "allowed prevails flip"
IDLE = (  # why a provision cannot matter: for which questions, with which facts, and without which
    ("idle.heard", "date", "", ""),
    ("idle.litigation", "date", "litigation", ""),
    ("idle.against", "date", "against_rule", ""),
    ("idle.copied", "date", "copy_days", ""),
    ("idle.lawyer", "date", "privilege_rule", "recall_days"),
    ("idle.lawyer.recall", "date", "privilege_rule recall_days", ""),
    ("idle.original", ADMITTED, "copy_days", "certified"),
    ("idle.privilege", ADMITTED, "privilege_rule", "leaked recall_days"),
    ("idle.recall", ADMITTED, "privilege_rule recall_days", "leaked"),
    *((f"idle.{aside}", f"{ADMITTED} date", aside, "") for aside in ("weight", "translation", "costs")),
)


class Hearing(Decision):
    """Decides whether a writing is admitted."""

    def failed_exception(self) -> str:
        """Return why the exception is not met, `unfit` or `toolate`; empty if it is."""
        facts, route = self.facts, self.facts["route"]
        self.say(f"looks.{route}")
        fits = facts["standing"] in SATISFIES[route][facts[f"{route}_means"]]
        if not fits:
            self.turn(route)
            self.say(f"fits.{facts['standing']}.no")
            self.say(f"unfit.{route}")
            return "unfit"
        self.say(f"fits.{facts['standing']}.yes")
        self.say(f"time.{route}")
        last = self.end_of(facts["event"], facts[f"{route}_days"])
        is_late = self.work.is_later(facts["made"], last)
        self.say(f"made.{'late' if is_late else 'last' if facts['made'] == last else 'intime'}", made_last=last)
        return "toolate" if is_late else ""

    def is_tainted(self) -> bool:
        """Return whether the writing was made too late beside the claim, and does not tell against its maker."""
        if not self.has("litigation"):
            return False
        made, raised = self.facts["made"], self.facts["raised"]
        if self.facts["litigation"] == "after":
            tainted = self.work.is_later(made, raised)
        else:
            tainted = not self.work.is_later(raised, made)
        if not tainted:
            self.say("raised.same" if made == raised else "raised.before")
            if self.has("against_rule"):
                self.say("against.idle")
            return False
        self.say("raised.on" if made == raised else "raised.after")
        if self.has("against_rule"):
            self.say("against.saves" if self.facts["against"] else "against.fails")
        return not self.facts.get("against", False)

    def last_for_handing(self) -> date:
        """Return the last day for handing the writing over."""
        facts, unit = self.facts, self.facts["hand_unit"]
        self.say(f"hand.{unit}")
        if unit == "days":
            return self.end_of(facts["announced"], facts["hand_days"])
        self.turn("hand", wrong_hand=days.period_end(facts, facts["announced"], facts["hand_days"], self.work))
        last = days.tell_working(self.told, facts, facts["announced"], facts["hand_days"])
        if self.has("rolling"):
            self.say("hand.roll")
        return last

    def is_handed_late(self) -> bool:
        """Return whether the writing was handed over too late."""
        facts, last = self.facts, self.last_for_handing()
        is_late = self.work.is_later(facts["handed"], last)
        self.say(f"handed.{'late' if is_late else 'last' if facts['handed'] == last else 'intime'}", hand_last=last)
        if facts["hand_unit"] == "working" and self.known["wrong_hand"] < facts["handed"] and not is_late:
            self.say("trap.working")
        return is_late

    def is_stale(self) -> bool:
        """Return whether what was handed over is a copy with a certificate that was too old."""
        if not self.has("copy_days", "certified"):
            return False
        age = self.work.days_between(self.facts["certified"], self.facts["handed"])
        is_stale = self.work.exceeds(age, self.facts["copy_days"])
        self.say(f"copy.{'stale' if is_stale else 'last' if age == self.facts['copy_days'] else 'fresh'}", age=age)
        return is_stale

    def is_privileged(self) -> bool:
        """Return whether the writing is still protected after it has got out of a lawyer's hands."""
        facts = self.facts
        if not self.has("privilege_rule", "leaked"):
            return False
        self.say("privilege")
        if not self.has("recall_days"):
            self.say("waiver.final")
            return False
        self.say(f"recall.{facts['recall_from']}")
        last = self.end_of(facts[facts["recall_from"]], facts["recall_days"])
        is_late = self.work.is_later(facts["recalled"], last)
        asked = "late" if is_late else "last" if facts["recalled"] == last else "intime"
        self.say(f"recalled.{asked}", recall_last=last)
        other = days.period_end(facts, facts["leaked"], facts["recall_days"], Work(is_quiet=True))
        if facts["recall_from"] == "noticed" and other < facts["recalled"] and not is_late:
            self.say("trap.leaked")
        return not is_late

    def outcome(self) -> tuple[str, str | None, str]:
        """Return who prevails, the one provision that decides (None for two), and the first ground."""
        failed = self.failed_exception()
        bars = [failed] if failed else []
        bars += ["litigation"] if self.is_tainted() else []
        bars += ["handing"] if self.is_handed_late() else []
        bars += ["copy"] if self.is_stale() else []
        bars += ["privilege"] if self.is_privileged() else []
        if not bars:
            return "proponent", self.facts["route"], self.facts["route"]
        rule = "hearsay" if bars[0] == failed else bars[0]
        return "opponent", rule if len(bars) == 1 else None, bars[0]

    def check(self, ground: str) -> None:
        """Hold the decisive point against the calendar in another way."""
        facts, spans = self.facts, {"toolate": ("event", "made"), "litigation": ("raised", "made")}
        spans |= {"handing": ("announced", "handed"), "privilege": (facts.get("recall_from", ""), "recalled")}
        spans |= dict.fromkeys(ROUTES, ("event", "made"))
        if ground == "copy":
            self.say("check.copy", check_day=self.work.after(facts["certified"], facts["copy_days"]))
        elif ground == "handing" and facts["hand_unit"] == "working":
            first = self.work.after(self.known["hand_last"], 1)
            self.say(f"check.working.{'first' if facts['handed'] == first else 'later'}", check_day=first)
        elif ground == "unfit":
            self.say("check.unfit")
        elif ground == "litigation" and facts["made"] == facts["raised"]:
            self.say("check.litigation.same")
        else:
            start, end = spans[ground]
            name = f"{ground}.{start}" if ground == "privilege" else ground
            self.say(f"check.{name}", num_gap=self.work.days_between(facts[start], facts[end]))


class Evidence(LawScheme):
    """Whether a writing is admitted."""

    name: ClassVar[str] = "evidence"
    field: ClassVar[str] = "evidence"
    parties: ClassVar[Sequence[str]] = ("proponent", "opponent")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", coin="allowed"),
        "date": Ask(OnDay(), "due", coin="allowed"),
        "prevails": Ask(WHO_WHY, "prevails", 1, (), "ruled", RULED[1], RULED),
        "flip": Ask(Flip(), "allowed", coin="allowed"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates=f"{DATES} check_day wrong_hand", numbers=NUMBERS),
            **dict.fromkeys(("age", "num_gap"), CountForm("day")),
            "author": PARTY,
            "scene": EntryForm(self.words.lists["scene"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a law and a writing; most days fall near their limits, and one or two on the wrong side of them."""
        facts, event = _drawn_law(rng, level), date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
        facts |= {"event": event, "scene": rng.choice(list(self.words.lists["scene"]))}
        people = [facts.setdefault("author", draw_person(rng))]
        for role in self.parties:
            facts[role] = (draw_firm if rng.random() < 0.25 else draw_person)(rng, people)
            people.append(facts[role])
        leaked = "privilege_rule" in facts and rng.random() < 0.8
        copied = "copy_days" in facts and rng.random() < (0.5 if leaked else 0.8)
        spots = ["standing", "made", "handed", *(["raised"] if "litigation" in facts else [])]
        spots += [*(["certified"] if copied else []), *(["recalled"] * (1 + (level > 3)) if leaked else [])]
        weak = set(rng.sample(spots, rng.choice((0, 1, 1, 1, 1, 2))))
        route = facts["route"]
        satisfying = SATISFIES[route][facts[f"{route}_means"]]
        fitting = [standing for standing in STANDINGS[route] if (standing in satisfying) != ("standing" in weak)]
        facts["standing"] = rng.choice(fitting or satisfying)
        limit = facts[f"{route}_days"]
        announced = event + timedelta(days=limit + rng.randint(72, 100) if leaked else limit + rng.randint(20, 45))
        facts["announced"] = announced - timedelta(days=max(0, announced.weekday() - 4))
        ends = [event + timedelta(days=limit), facts["announced"] + timedelta(days=facts["hand_days"])]
        facts |= days.draw_days(rng, ends, level=level, working=facts["hand_unit"] == "working")
        facts |= _drawn_days(rng, facts, weak, leaked=leaked)
        if copied:
            slack = gap(rng, "certified" in weak, 9) or -(facts["counting"] == "with")
            facts["certified"] = facts["handed"] - timedelta(days=facts["copy_days"] + slack)
        is_early = "certified" in facts and facts["certified"] <= facts["made"]
        if is_early or _starts_closed(facts):
            return None
        return facts if max(facts["made"], facts.get("raised", event)) < facts.get("leaked", announced) else None

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide without a word."""
        winner, rule, _ = Hearing(facts).outcome()
        results = {"allowed": winner == "proponent", "due": Hearing(facts).last_for_handing()}
        return results | self.ruled(facts, winner, rule)

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell the event, the writing, and how it came before the court."""
        facts, route, standing = case.facts, case.facts["route"], f"standing.{case.facts['standing']}"
        tells = ""
        if "against" in facts:
            side = "against" if facts["against"] else "favour"
            tells = f"{'note' if route == 'record' else 'account'}.{side}"
        handing = ["handed.copy" if "certified" in facts else "handed", *([standing] if route == "prior" else [])]
        writing = ["made.note" if route == "record" else "made.account", *([standing] if route != "prior" else [])]
        events = [(facts["made"], [*writing, tells]), (facts.get("raised"), ["raised"])]
        events += [(facts.get("leaked"), ["leaked"]), (facts.get("noticed"), ["recalled"])]
        events += [(facts["announced"], ["announced"]), (facts["handed"], [*handing, "offer"])]
        return story_of(page, case.pen("story"), facts, ["opening"], events)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Survey what cannot matter, then try the exception and the bars, or find the last day for handing over."""
        facts, narrative.year = case.facts, case.facts["event"].year
        hearing = Hearing(facts, narrative)
        hearing.say(f"issue.{case.asks if case.asks in ('date', 'prevails') else 'allowed'}")
        for route in ROUTES if case.asks != "date" else ():
            if f"{route}_days" in facts and route != facts["route"]:
                hearing.say(f"idle.{route}")
        hearing.survey(case.asks, IDLE)
        if case.asks == "date":
            last = hearing.last_for_handing()
            gap, after = hearing.work.days_between(facts["announced"], last), hearing.work.after(last, 1)
            hearing.say("check.date", hand_last=last, num_gap=gap, check_day=after)
            return hearing.answer(f"answer.date.{facts['hand_unit']}", last)
        winner, rule, ground = hearing.outcome()
        if case.asks == "prevails" and rule is None:
            raise NoResultError("two provisions decide it")
        hearing.check(ground)
        result = self.ruled(facts, winner, rule)["prevails"] if case.asks == "prevails" else winner == "proponent"
        return hearing.answer(f"answer.{ground}", result)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Move a day, or change how the writing stands to its exception, or whom it tells against."""
        facts = case.facts
        ready = max(facts["made"], facts.get("raised", facts["event"]))
        first = min(facts[key] for key in ("leaked", "certified", "announced") if key in facts)
        given = max(facts["announced"], facts.get("certified", facts["announced"]) - timedelta(days=1))
        moves = moved(facts, rng, {
            "made": ("event", first), "raised": ("event", facts.get("leaked", facts["announced"])),
            "announced": (facts.get("recalled", ready), "handed"), "handed": (given, None),
            "certified": ("made", facts["handed"] + timedelta(days=1)), "noticed": ("leaked", "recalled"),
            "recalled": ("noticed", "announced"),
        })  # fmt: skip
        yield from (move for move in moves if not _starts_closed({**facts, **move.patch}))
        for standing in STANDINGS[facts["route"]]:
            if standing != facts["standing"]:
                yield Change({"standing": standing}, f"standing.{standing}")
        if "against" in facts:
            side = "favour" if facts["against"] else "against"
            yield Change({"against": not facts["against"]}, f"tells.{side}")


def _drawn_law(rng: Random, level: int) -> dict[str, Any]:
    """Draw a random law, and the exception that the case is about."""
    route = rng.choice(ROUTES)
    times = {"record": rng.randint(3, 9), "absent": rng.choice((20, 30, 40, 45)), "prior": rng.choice((10, 12, 14, 18))}
    law: dict[str, Any] = {"route": route, "hand_unit": rng.choice(("working", "working", "days"))}
    law["hand_days"] = rng.choice((6, 8, 10, 12, 15))
    for key, num in times.items():
        if key == route or rng.random() < 0.65:
            law |= {f"{key}_days": num, f"{key}_means": rng.choice(list(SATISFIES[key]))}
    law |= drawn_features(rng, level, {
        "litigation": (rng.choice(("after", "after", "day")), (0, 1, 0.85, 0.85)),
        "copy_days": (rng.choice((14, 20, 28, 30)), (0, 0.2, 0.9, 0.8)),
        "privilege_rule": (True, (0, 0, 0.2, 0.9)),
        "weight": (True, (0.5, 0.4, 0.3, 0.2)),
        "translation": (True, (0.4, 0.3, 0.2, 0.1)),
        "costs": (True, (0.4, 0.3, 0.2, 0.1)),
    })  # fmt: skip
    if "litigation" in law and level > 2 and rng.random() < 0.75:
        law |= {"against_rule": True, "against": rng.random() < 0.5}
    if "privilege_rule" in law and rng.random() < 0.9:
        law |= {"recall_days": rng.choice((5, 7, 10, 14)), "recall_from": rng.choice(("noticed", "noticed", "leaked"))}
    return law


def _drawn_days(rng: Random, facts: Mapping[str, Any], weak: set[str], *, leaked: bool) -> dict[str, Any]:
    """Draw the days of the writing, each on the right side of its limit unless it is a weak spot."""
    hearing, route, event = Hearing(facts), facts["route"], facts["event"]
    last = hearing.end_of(event, facts[f"{route}_days"])
    drawn: dict[str, Any] = {"made": near(rng, last, "made" in weak, after=event)}
    if "litigation" in facts:
        on_day = facts["litigation"] == "day"  # a writing of the very day is too late
        is_late = "raised" in weak or (facts.get("against", False) and rng.random() < 0.6)
        slack = timedelta(days=gap(rng, is_late, 8) - on_day)
        drawn["raised"] = max(event + timedelta(days=1), drawn["made"] - slack)
    if leaked:
        drawn["leaked"] = max(drawn.values()) + timedelta(days=rng.randint(3, 19))
        drawn["noticed"] = drawn["leaked"] + timedelta(days=rng.randint(2, 6))
        start = drawn[facts.get("recall_from", "noticed")]
        end = hearing.end_of(start, facts.get("recall_days", 9))
        drawn["recalled"] = near(rng, end, "recalled" not in weak, 8, after=drawn["noticed"])
    return drawn | {"handed": near(rng, hearing.last_for_handing(), "handed" in weak, 9, after=facts["announced"])}


def _starts_closed(facts: Mapping[str, Any]) -> bool:
    """Return whether the time for handing over begins on a closed day that it counts."""
    return facts["hand_unit"] == "working" and days.begins_closed(facts, facts["announced"])


SCHEME = Evidence()
