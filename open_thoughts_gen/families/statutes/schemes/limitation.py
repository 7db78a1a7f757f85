"""Limitation of actions: when time runs from, what holds it back, what starts it again, and the bar nothing moves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form
from open_thoughts_gen.families.kit.kinds import Flip, OnDay, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.statutes import days
from open_thoughts_gen.families.statutes.deciding import Decision, balanced, drawn_features, moved, near, story_of
from open_thoughts_gen.families.statutes.forms import CountForm
from open_thoughts_gen.families.statutes.law import WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import draw_person, short_name

SORTS = ("price", "damage", "injury")
EXCEPTIONS = ("discovery", "minority", "away_days", "renewal")  # at level 1 a statute has no more than two of them
DATES = (
    "event learned adult left back ack sued start put_off running_end stop due next_day price_end damage_end injury_end"
)
NUMBERS = "price_months damage_months injury_months away_days longstop_years num_away"
# Who is right about the one point, and why.
RULED = balanced(claimant="discovery price damage injury", defendant="accrual price damage injury")
RULED_BY_LEVEL = {
    2: balanced(claimant="discovery minority absence damage", defendant="accrual absence price injury"),
    3: balanced(claimant="discovery minority absence acknowledged", defendant="accrual guardian agent acknowledged"),
    4: balanced(claimant="discovery minority absence acknowledged", defendant="accrual guardian agent acknowledged"),
}
ALL = "allowed date flip"
IDLE = (  # why a provision cannot matter: for which questions, with which facts, and without which
    ("idle.end", "date start length absence ack", "", ""),
    ("idle.length", "start", "", ""),
    ("idle.start", "length", "", ""),
    ("idle.minority", f"{ALL} start absence ack", "minority", "adult"),
    ("idle.guardian", f"{ALL} start absence ack", "guardian_rule", "adult"),
    ("idle.absence", f"{ALL} ack", "away_days", "left"),
    ("idle.agent", f"{ALL} ack", "agent_rule", "left"),
    ("idle.acknowledged", ALL, "renewal", "ack"),
)


class Suit(Decision):
    """Decides whether a claim was brought in time."""

    def start(self) -> tuple[date, str]:
        """Return the day from which the time runs, and the provision that says so."""
        facts = self.facts
        start, rule = facts["event"], "accrual"
        if self.has("learned", "discovery"):
            start, rule = self.work.settle(facts["learned"], facts["event"]), "discovery"
            self.turn("discovery")
            self.say("discovery.applies", start=start)
        else:
            self.say("discovery.missing" if self.has("learned") else "accrual", start=start)
            if self.has("discovery"):
                self.say("idle.discovery")
        if not self.has("minority", "adult"):
            return start, rule
        self.turn("minority")
        if not self.work.is_later(facts["adult"], start):
            self.say("minority.before")
            if self.has("guardian_rule"):
                self.say("guardian.unneeded")
            return start, rule
        if self.has("guardian_rule") and facts["guardian"]:
            self.say("minority.guarded")
            return start, "guardian" if rule == "accrual" else rule
        self.say("minority.applies", start=facts["adult"])
        if self.has("guardian_rule"):
            self.say("guardian.none")
        return facts["adult"], "minority"

    def sort(self) -> str:
        """Return which of the three sorts of claims this is."""
        sort: str = self.facts["matter"].partition(".")[0]
        sort = self.work.settle(sort, *(other for other in SORTS if other != sort))
        self.turn(f"sort.{sort}")
        self.say(f"sort.{sort}")
        return sort

    def absence(self, start: date, end: date) -> tuple[date, str]:
        """Return the end put off by an absence, and the provision that decides whether it is."""
        facts, work = self.facts, self.work
        if not self.has("away_days", "left"):
            return end, ""
        self.turn("absence")
        if not work.is_later(facts["left"], start) or work.is_later(facts["left"], end):
            self.say("absence.outside")
            return end, "absence"
        num = work.days_between(facts["left"], facts["back"])
        if work.exceeds(facts["away_days"], num):
            self.say("absence.short", num_away=num)
            return end, "absence"
        if self.has("agent_rule") and facts["agent"]:
            self.say("absence.agent", num_away=num)
            return end, "agent"
        end = work.after(end, num)
        self.say("absence.applies", num_away=num, put_off=end)
        if self.has("agent_rule"):
            self.say("agent.none")
        return end, "absence"

    def months(self, start: date, sort: str) -> date:
        """Return the end of the time in months."""
        return days.tell_months(self.told, start, self.facts[f"{sort}_months"])

    def running(self) -> tuple[date, date, str]:
        """Return the start and the end of the time as it first runs, and the sort of the claim."""
        start, sort = self.start()[0], self.sort()
        end, _ = self.absence(start, self.months(start, sort))
        return start, days.tell_roll(self.told, self.facts, end), sort

    def renewed(self, start: date, end: date) -> bool:
        """Return whether an acknowledgement starts the time again."""
        facts = self.facts
        if not self.has("renewal", "ack"):
            return False
        self.turn("ack")
        if facts["renewal"] == "signed" and not facts["signed"]:
            self.say("ack.spoken")
            return False
        if self.work.is_later(facts["ack"], end) or facts["ack"] <= start:
            self.say("ack.late", running_end=end)
            return False
        self.say("ack.applies", running_end=end, start=facts["ack"])
        return True

    def due(self) -> tuple[date, date]:
        """Return the day from which the time runs in the end, and its last day."""
        start, due, sort = self.running()
        if self.renewed(start, due):
            start = self.facts["ack"]
            due = days.tell_roll(self.told, self.facts, self.months(start, sort))
        if self.has("longstop_years"):
            stop = self.work.months_after(self.facts["event"], 12 * self.facts["longstop_years"])
            is_cut = self.work.is_later(due, stop)
            self.say("longstop.cuts" if is_cut else "longstop.idle", stop=stop)
            start, due = (self.facts["event"], stop) if is_cut else (start, due)
        return start, due

    def in_time(self) -> tuple[date, bool]:
        """Return the last day, and whether the claim was brought by then."""
        _, due = self.due()
        is_late = self.work.is_later(self.facts["sued"], due)
        self.say(self.outcome(due, allowed=not is_late), due=due)
        return due, not is_late

    def outcome(self, due: date, *, allowed: bool) -> str:
        """Return how the claim fares against the last day, as the banks of words name it."""
        return "barred" if not allowed else "intime.last" if self.facts["sued"] == due else "intime"

    def point(self) -> tuple[str, str | None]:
        """Return who is right about the one point in dispute, and by which provision."""
        facts, point = self.facts, self.facts["point"]
        if point == "start":
            start, rule = self.start()
            return ("claimant" if start > facts["event"] else "defendant"), rule
        if point == "length":
            rule = self.sort()
            winner = {facts["claimed"]: "claimant", facts["answered"]: "defendant"}.get(rule, "defendant")
            return winner, rule
        if point == "absence":
            start, sort = self.start()[0], self.sort()
            end = self.months(start, sort)
            put_off, rule = self.absence(start, end)
            return ("claimant" if put_off > end else "defendant"), rule
        start, end, _ = self.running()
        return ("claimant" if self.renewed(start, end) else "defendant"), "acknowledged"


class Limitation(LawScheme):
    """Whether a claim was brought in time."""

    name: ClassVar[str] = "limitation"
    field: ClassVar[str] = "limitation"
    parties: ClassVar[Sequence[str]] = ("claimant", "defendant")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", coin="allowed"),
        "date": Ask(OnDay(), "due", coin="allowed"),
        "prevails": Ask(WHO_WHY, "prevails", 1, ("point", "claimed", "answered"), "ruled", RULED, RULED_BY_LEVEL),
        "flip": Ask(Flip(), "allowed", coin="allowed"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        lists = self.words.lists
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates=DATES, numbers=NUMBERS),
            "num_gap": CountForm("day"),
            **dict.fromkeys(("claimed", "answered"), EntryForm(lists["sort"])),
            "matter": EntryForm(lists["matter"]),
            "winner": self.law_forms()["claimant"],
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw so that the claim falls near the last day, or near one that a missed provision would give."""
        matter = rng.choice(list(self.words.lists["matter"]))
        sort, event = matter.partition(".")[0], date(rng.randint(2026, 2037), rng.randint(1, 12), rng.randint(1, 28))
        facts: dict[str, Any] = {"matter": matter, "event": event, "claimant": draw_person(rng)}
        facts["defendant"] = draw_person(rng, [facts["claimant"]])
        facts |= dict(zip([f"{name}_months" for name in SORTS], rng.sample((18, 24, 30, 36, 48), 3), strict=True))
        facts |= drawn_features(rng, level, {
            "discovery": (True, (0.6, 0.6, 0.6, 0.6)),
            "minority": (True, (0.3, 0.8, 0.8, 0.9)),
            "guardian_rule": (True, (0, 0.1, 0.7, 0.8)),
            "away_days": (rng.choice((40, 45, 60, 75, 90)), (0.3, 0.8, 0.8, 0.9)),
            "agent_rule": (True, (0, 0.1, 0.6, 0.8)),
            "renewal": (rng.choice(("signed", "signed", "any")), (0.3, 0.2, 0.9, 0.9)),
        })  # fmt: skip
        for needed, name in (("minority", "guardian_rule"), ("away_days", "agent_rule")):
            if needed not in facts:
                facts.pop(name, None)
        optional = [name for name in EXCEPTIONS if name in facts]
        for name in rng.sample(optional, max(0, len(optional) - 2)) if level == 1 else ():
            del facts[name]
        if sort != "price" and rng.random() < 0.65:
            facts["learned"] = event + timedelta(days=rng.randint(12, 400))
        if sort != "price" and "minority" in facts and rng.random() < 0.75:
            facts["adult"] = event + timedelta(days=rng.randint(-60, 800))
            facts |= {"guardian": rng.random() < 0.5} if "guardian_rule" in facts else {}
        if level > 3:
            facts["longstop_years"] = rng.randint(3, 6)
        return draw_rest(rng, level, facts)

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Decide without a word."""
        due, allowed = Suit(facts).in_time()
        results = {"allowed": allowed, "due": due}
        if "point" not in facts:
            return results | {"winner": self.parties[not allowed]}
        winner, rule = Suit(facts).point()
        results |= {"winner": winner, "rule": rule, "ruled": f"{winner} {rule}"}
        return results | {"prevails": (short_name(facts[winner]), rule)}

    def for_proof(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the facts with the sort of the claim by itself."""
        return {**facts, "sort": facts["matter"].partition(".")[0]}

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell what happened, in the order of time."""
        facts, sort = case.facts, case.facts["matter"].partition(".")[0]
        known = "known" if sort != "price" and "learned" not in facts else ""
        guarded = "" if "guardian" not in facts else "guarded" if facts["guardian"] else "unguarded"
        agent = "" if "agent" not in facts else "agent" if facts["agent"] else "no_agent"
        events = [(facts.get("learned"), ["learned"]), (facts.get("adult"), ["adult", guarded])]
        events += [(facts.get("left"), ["absent", agent]), (facts["sued"], ["sued"])]
        events += [(facts.get("ack"), ["signed" if facts.get("signed") else "spoken"])]
        return story_of(page, case.pen("story"), facts, [f"opening.{sort}", known], events)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Survey what cannot matter, then tell the time from its beginning to its end, as far as the question goes."""
        facts, suit, narrative.year = case.facts, Suit(case.facts, narrative), case.facts["event"].year
        point, work = facts["point"] if case.asks == "prevails" else case.asks, narrative.work
        suit.say(f"issue.{'allowed' if point == 'flip' else point}")
        suit.survey(point, IDLE)
        suit.say("explore" if point in ALL.split() else "explore.point")
        if case.asks == "prevails":
            winner, rule = suit.point()
            name = facts[winner]
            if point == "start" and winner == "claimant":
                suit.say("check.start.later", num_gap=work.days_between(facts["event"], Suit(facts).start()[0]))
            elif point in ("start", "length"):
                last = rule if point == "length" else "guarded" if rule == "guardian" else "same"
                suit.say(f"check.{point}.{last}")
            if point == "length":
                ends = {sort: work.months_after(facts["event"], facts[f"{sort}_months"]) for sort in SORTS}
                suit.say("check.ends", **{f"{sort}_end": end for sort, end in ends.items()})
            bank = f"{rule}.{winner}" if rule in ("absence", "acknowledged") else rule
            suit.answer(f"answer.{bank}", (short_name(name), rule), winner=name)
        elif case.asks == "date":
            start, due = suit.due()
            suit.say(
                "check.date", start=start, due=due, num_gap=work.days_between(start, due), next_day=work.after(due, 1)
            )
            suit.answer("answer.date", due, due=due)
        else:
            due, allowed = suit.in_time()
            if facts["sued"] == due:
                suit.say("check.same", next_day=work.after(due, 1))
            else:
                suit.say("check.gap", num_gap=abs(work.days_between(*sorted((due, facts["sued"])))))
            suit.answer(f"answer.{suit.outcome(due, allowed=allowed)}", allowed, due=due)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Move the claim, the day of learning, the birthday, the return, the acknowledgement; turn what is yes or no."""
        facts = case.facts
        last = max(facts[name] for name in ("event", "learned", "adult", "back", "ack") if name in facts)
        limits: dict[str, Any] = {
            "sued": (last, None),
            "learned": ("event", min(facts["sued"], facts.get("ack", date.max))),
            "adult": (None, "sued"),
        }
        limits |= {
            "back": ("left", min(facts["sued"], facts.get("ack", date.max))),
            "ack": (max(facts[name] for name in ("event", "learned", "back") if name in facts), "sued"),
            "event": (None, min(facts.get(name, date.max) for name in ("learned", "left", "ack", "sued"))),
        }
        is_price = facts["matter"].startswith("price")
        for change in moved(facts, rng, limits):
            yield replace(change, option="event.price") if is_price and change.option == "event" else change
        turned = {"guardian": ("guarded", "unguarded"), "agent": ("agent", "no_agent"), "signed": ("signed", "spoken")}
        for name in sorted(turned.keys() & facts.keys()):
            yield Change({name: not facts[name]}, turned[name][facts[name]])


def draw_rest(rng: Random, level: int, facts: dict[str, Any]) -> dict[str, Any] | None:
    """Draw the absence, the acknowledgement, the holidays and the claim, each near the day on which it matters."""
    if "away_days" in facts and rng.random() < 0.85:
        facts["left"] = facts["event"] + timedelta(days=rng.randint(20, 700))
        facts["back"] = near(rng, facts["left"] + timedelta(days=facts["away_days"]), far=31)
        facts |= {"agent": rng.random() < 0.4} if "agent_rule" in facts else {}
    if "renewal" in facts and rng.random() < 0.8:
        _, end, _ = Suit(facts).running()
        facts |= {
            "ack": near(rng, end - timedelta(days=rng.choice((0, 0, 0, 60, 200, 400))), 0.3),
            "signed": rng.random() < 0.7,
        }
    if "ack" in facts and facts["ack"] <= max(facts[name] for name in ("event", "learned", "back") if name in facts):
        return None
    facts |= days.draw_days(rng, [Suit(facts).due()[1]], level=level)
    del facts["counting"]
    missing = [name for name in ("discovery", "minority", "left", "ack", "longstop_years", "rolling") if name in facts]
    ends = [Suit(facts).due()[1]] * 3 + [
        Suit({k: v for k, v in facts.items() if k != name}).due()[1] for name in missing
    ]
    facts["sued"] = near(rng, rng.choice(ends))
    sort = facts["matter"].partition(".")[0]
    is_away = "left" in facts and not facts["event"] < facts["left"] <= Suit(facts).start()[0]
    points = [*(["start"] if {"learned", "adult"} & facts.keys() else []), *(["absence"] if is_away else [])]
    facts["point"] = rng.choice(
        [*points, *(["ack"] if "ack" in facts else []), *(["length"] if level < 3 else [])] or ["length"]
    )
    if facts["point"] == "length":
        pair = [sort, rng.choice([other for other in SORTS if other != sort])]
        facts["claimed"], facts["answered"] = rng.sample(pair, 2)
    others = [facts[name] for name in ("event", "learned", "adult", "back", "ack") if name in facts]
    return facts if facts["sued"] > max(others) and facts["sued"].weekday() < days.SATURDAY else None


SCHEME = Limitation()
