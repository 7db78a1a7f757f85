"""Company meetings: whether a resolution was passed, by notice, quorum and votes.

Laws differ in how notice is counted, in what makes a matter special, in whether a majority is one of the votes cast or
of the shares present, and in what becomes of a shareholder with an interest of his own. The traps: counting a day that
is left out; the days that a letter takes; a proxy that came too late; the abstainers, who are there and may or may not
count; the shares of someone who may not vote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, ExactForm, Form, Money, NameForm
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, OnDay, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.statutes.deciding import drawn_features, moved, near
from open_thoughts_gen.families.statutes.forms import ROW, CountForm
from open_thoughts_gen.families.statutes.law import PARTY, WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import CURRENCIES, FIRMS, draw_person, short_name
from open_thoughts_gen.families.statutes.teller import Teller

ASIDES = ("minutes", "register", "dividend", "place")
PARTS = (Fraction(1, 2), Fraction(2, 5), Fraction(1, 4), Fraction(1, 3))
SPECIAL_PARTS = (Fraction(7, 10), Fraction(3, 4), Fraction(3, 5))
HOW = (("present", "for"), ("present", "against"), ("present", "none"), ("proxy", "for"), ("proxy", "against"))
CASES: tuple[tuple[bool, str], ...] = (*3 * ((True, "majority"), (True, "special")), *2 * ((True, "casting"),))
CASES += (*2 * ((False, "quorum"), (False, "notice"), (False, "longer")), (False, "majority"), (False, "special"))
AT_1 = {1: (*CASES[:6], *2 * ((False, "notice"), (False, "quorum")), (False, "majority"), (False, "special"))}
NUMBERS = (
    "notice longer post heads cutoff clear shares total there num_there pro con base left right num den large own again"
)
DAYS = "sent meeting lodged last_reach reached due last_lodged guess"


class Quorum(LawScheme):
    """Whether a company's meeting passed a resolution."""

    name: ClassVar[str] = "quorum"
    field: ClassVar[str] = "companies"
    parties: ClassVar[Sequence[str]] = ("mover", "opponent")
    entries = ("holders", "who")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", 1, (), "case", CASES, AT_1),
        "amount": Ask(HowMuch("votes"), "amount", 1, (), "case", CASES, AT_1),
        "date": Ask(OnDay(), "due", 1, (), "case", CASES, AT_1),
        "prevails": Ask(WHO_WHY, "prevails", 1, (), "case", CASES, AT_1),
        "flip": Ask(Flip(), "allowed", 1, (), "case", CASES, AT_1),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates=DAYS, sums="price limit", numbers=NUMBERS),
            **dict.fromkeys(("quorum", "part"), ExactForm()),
            **dict.fromkeys(("who", "interested", "giver"), PARTY),
            **dict.fromkeys(("pros", "cons", "idle", "gone", "came"), ROW),
            "num_late": CountForm("day"),
            "company": NameForm(),
            "motion": EntryForm(self.words.lists["motion"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a law and a meeting at which everything is close."""
        facts, people = _drawn_law(rng, level), list[str]()
        motion = f"{rng.choice(('plain', 'articles') if level < 3 else ('plain', 'articles', 'deal', 'land'))}_"
        for _ in range(5 if level < 3 else 6):
            people.append(draw_person(rng, people))
        facts |= {
            "company": rng.choice(FIRMS),
            "chair_for": rng.random() < 0.5, "by_post": "post" in facts and rng.random() < 0.85, "mover": people[0], "opponent": people[1],
            "meeting": date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28)),
        }  # fmt: skip
        keys = [key for key in self.words.lists["motion"] if key.startswith(motion)]
        facts["motion"] = rng.choice([key for key in keys if not key.endswith(facts["aside"])])
        price = Money(Fraction(100 * rng.randint(8, 20)), rng.choice(CURRENCIES))
        if "conflict_rule" in facts and rng.random() < 0.7:
            facts["limit"] = Money(price.number + rng.choice((-200, -100, 0, 0, 100)), price.unit)
            facts |= {"large": rng.choice((3, 4, 5))} if level > 3 else {}
        if motion in ("deal_", "land_"):
            facts |= {"price": price, "interested": people[0]}  # nobody opposes a contract that is made with them
        ways = [("present", "for"), ("present", "against"), ("away", "none")]
        ways += [rng.choice(HOW[: 5 if "cutoff" in facts else 3]) for _ in people[3:]]
        if [how for how, _ in ways].count("proxy") > 1:
            return None
        facts["holders"] = [
            {"who": who, "shares": 10 * rng.randint(4, 45), "how": how, "vote": vote}
            for who, (how, vote) in zip(people, ways, strict=True)
        ]
        due = due_of(facts, Teller.quiet(facts))
        facts["sent"] = near(rng, due, far=(facts["meeting"] - due).days - 1)
        if "proxy" in [how for how, _ in ways]:
            last = facts["meeting"] - timedelta(days=facts["cutoff"])
            facts["lodged"] = min(facts["meeting"], near(rng, last, 0.4, 6, after=facts["sent"]))
        _make_close(rng, facts)
        facts["holders"] = rng.sample(facts["holders"], len(people))
        return facts

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Look at notice, quorum and votes."""
        quiet = Teller.quiet(facts)
        lacks, carried = decided(facts, quiet)
        rule = None if len(lacks) > 1 else lacks[0] if lacks else carried
        results = {"allowed": not lacks, "amount": quiet.known["pro"], "due": quiet.known["due"]}
        return results | {"case": (not lacks, rule)} | self.ruled(facts, "opponent" if lacks else "mover", rule)

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell the meeting: how it was called, who holds what, who came and how they voted."""
        facts, pen = case.facts, case.pen("story")
        say: Callable[..., str] = partial(page.say, **facts)
        opening = [say(f"prompt/story.opening.{'deal' if 'price' in facts else 'motion'}"), say("prompt/colour")]
        opening.append(say(f"prompt/story.sent.{'post' if facts['by_post'] else 'hand'}"))
        holders = [say("prompt/story.holders")]
        for entry in facts["holders"]:
            vote = "" if entry["how"] == "away" else f".{entry['vote']}"
            holders.append(page.say(f"prompt/story.{entry['how']}{vote}", **entry))
        holders += [say("prompt/story.lodged")] if "lodged" in facts else []
        holders.append(say(f"prompt/story.chair.{'for' if facts['chair_for'] else 'against'}"))
        holders += [say("prompt/colour")] * pen.pick("late", 0, 1)
        return pen.pick("break", "\n\n", "\n\n", " ").join((" ".join(opening), " ".join(holders)))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell notice, quorum and votes, as far as the question goes."""
        facts = case.facts
        teller = Teller(narrative, dict(facts))
        narrative.year = facts["meeting"].year
        teller.step(f"issue.{case.asks if case.asks in ('date', 'amount') else 'allowed'}")
        for reason in _asides(facts, case.asks):
            teller.step(f"aside.{reason}")
        if case.asks == "date":
            _tell_matter(facts, teller)
            due = due_of(facts, teller)
            return teller.answer("answer.date", due, due=due)
        if case.asks == "amount":
            _tell_proxies(facts, teller)
            return teller.answer("answer.amount", votes_of(facts, _is_barred(facts, teller), teller)[0])
        lacks, carried = decided(facts, teller)
        came = [entry for entry in facts["holders"] if entry not in teller.known["gone"]]
        if len(came) > 1:
            teller.step("check.all", came=came, again=_summed(came, teller))
        winner, rule = ("opponent", lacks[0]) if lacks else ("mover", carried)
        bank = "several" if len(lacks) > 1 else f"{rule}.{'no' if lacks else 'yes'}"
        result = (short_name(facts[winner]), rule) if case.asks == "prevails" else winner == "mover"
        return teller.answer(f"answer.{bank}", result)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Change a day, a number of shares, a vote, the price."""
        facts, last = case.facts, case.facts.get("lodged", case.facts["sent"])
        yield from moved(facts, rng, {"sent": (None, "meeting"), "lodged": (None, "meeting"), "meeting": (last, None)})
        if "post" in facts:
            yield Change({"by_post": not facts["by_post"]}, "hand" if facts["by_post"] else "post")
        yield Change({"chair_for": not facts["chair_for"]}, "chair.against" if facts["chair_for"] else "chair.for")
        for step in (100, -100) if "limit" in facts and "price" in facts else ():
            yield Change({"price": Money(facts["price"].number + step, facts["limit"].unit)}, "price")
        for entry in facts["holders"]:
            shares = entry["shares"] + rng.choice((-40, -20, -10, 10, 20, 40))
            if shares > 0:
                yield Change({"who": entry["who"], "shares": shares}, "shares")
            if entry["how"] == "present" and entry["who"] not in (facts["mover"], facts["opponent"]):
                vote = rng.choice([vote for vote in ("for", "against", "none") if vote != entry["vote"]])
                yield Change({"who": entry["who"], "vote": vote}, f"vote.{vote}")


def _drawn_law(rng: Random, level: int) -> dict[str, Any]:
    """Draw a random law of this scheme."""
    law: dict[str, Any] = {
        "counted": rng.choice(("clear", "clear", "before")), "notice": rng.choice((5, 7, 8, 10)), "land_special": rng.random() < 0.6,
        "quorum": rng.choice(PARTS), "measure": rng.choice(("cast", "cast", "present")), "part": rng.choice(SPECIAL_PARTS),
        "aside": rng.choice(ASIDES),
    }  # fmt: skip
    law |= drawn_features(rng, level, {
        "post": (rng.choice((2, 3, 4)), (0.7, 0.7, 0.7, 0.7)), "heads": (rng.choice((3, 4)), (0.5, 0.5, 0.5, 0.5)),
        "longer": (law["notice"] + 7, (0, 0.8, 0.8, 0.8)), "cutoff": (rng.choice((2, 3, 4)), (0, 0.8, 0.8, 0.8)),
        "conflict_rule": (True, (0, 0, 1, 1)),
    })  # fmt: skip
    law |= {"casting_rule": True} if law["measure"] == "cast" and level > 1 else {}
    law |= {"barred_there": rng.random() < 0.5} if "conflict_rule" in law else {}
    return law


def _make_close(rng: Random, facts: dict[str, Any]) -> None:
    """Bring the votes near the majority, and those who are there near the quorum, by the shares of two holders."""
    mover, _, away = facts["holders"][:3]
    quiet = Teller.quiet(facts)
    pro, base = votes_of(facts, _is_barred(facts, quiet), quiet)
    part = facts["part"] if is_special(facts) else Fraction(1, 2)
    shift = (part * base - pro) / (1 - part)  # what the mover lacks, or has too much
    mover["shares"] = max(10, mover["shares"] + 10 * round(shift / 10) + rng.choice((-20, -10, 0, 0, 10, 20, 60)))
    there = sum(entry["shares"] for entry in facts["holders"] if is_there(facts, entry))
    near = 10 * round((there / facts["quorum"] - there) / 10)
    away["shares"] = max(10, near + rng.choice((-90, -40, -10, 0, 0, 10, 20)))


def is_special(facts: Mapping[str, Any]) -> bool:
    """Return whether the motion is about a special matter."""
    motion = facts["motion"].partition("_")[0]
    return motion == "articles" or (motion == "land" and bool(facts["land_special"]))


def is_there(facts: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Return whether a shareholder is there, in person or by a proxy that came in time."""
    in_time = entry["how"] == "proxy" and (facts["meeting"] - facts["lodged"]).days >= facts["cutoff"]
    return bool(in_time or entry["how"] == "present")


def _asides(facts: Mapping[str, Any], asks: str) -> Iterator[str]:
    """Yield which provisions the question does not need, and why that is so."""
    yield facts["aside"]
    yield from {"date": ["votes"], "amount": ["calling"]}.get(asks, [])
    yield from ["post"] * ("post" in facts and not facts["by_post"] and asks != "amount")
    yield from ["proxy"] * ("cutoff" in facts and "lodged" not in facts and asks != "date")
    if "conflict_rule" in facts and ("price" not in facts or asks == "date"):
        yield ".".join(["conflict", *(key for key, fact in (("small", "limit"), ("large", "large")) if fact in facts)])


def _tell_matter(facts: Mapping[str, Any], teller: Teller) -> None:
    special = is_special(facts)
    teller.step(f"matter.{facts['motion'].partition('_')[0]}.{'special' if special else 'ordinary'}")
    if not special:
        teller.step("ordinary.longer" if "longer" in facts else "ordinary")


def decided(facts: Mapping[str, Any], teller: Teller) -> tuple[list[str], str]:
    """Decide whether the resolution was passed: what it lacks, and by which provision the motion was carried."""
    special = is_special(facts)
    _tell_matter(facts, teller)
    lacks = [] if _duly_called(facts, teller) else ["longer" if special and "longer" in facts else "notice"]
    if lacks:
        teller.step("called.rest")
    barred = _is_barred(facts, teller)
    lacks += [] if _quorate(facts, barred, teller) else ["quorum"]
    pro, base = votes_of(facts, barred, teller)
    carried = _carried(facts, pro, base, teller)
    return lacks + ([] if carried else ["special" if special else "majority"]), carried


def due_of(facts: Mapping[str, Any], teller: Teller) -> date:
    """Return the last day on which the notice could be sent."""
    special = is_special(facts) and "longer" in facts
    clear = facts["longer"] if special else facts["notice"]
    before = int(teller.work("days + 1", days=clear)) if facts["counted"] == "clear" else clear
    other = facts["notice"] if special else clear + (facts["counted"] == "before")
    teller.turn(f"last.{'longer' if special else facts['counted']}", guess=teller.work.after(facts["meeting"], -other))
    last_reach = teller.work.after(facts["meeting"], -before)
    teller.step(f"last.{facts['counted']}{'.longer' if special else ''}", clear=clear, last_reach=last_reach)
    transit = facts["post"] if "post" in facts and facts["by_post"] else 0
    if "post" in facts:
        teller.turn("post" if transit else "hand")
    due = teller.work.after(last_reach, -transit)
    teller.step("due.post" if transit else "due.hand", due=due)
    return due


def _duly_called(facts: Mapping[str, Any], teller: Teller) -> bool:
    due = due_of(facts, teller)
    late = teller.work.is_later(facts["sent"], due)
    num_late = abs(teller.work.days_between(due, facts["sent"])) if facts["sent"] != due else 0
    teller.step("called.late" if late else "called.last" if not num_late else "called.early", num_late=num_late)
    return not late


def _tell_proxies(facts: Mapping[str, Any], teller: Teller) -> None:
    for proxy in (entry for entry in facts["holders"] if entry["how"] == "proxy"):
        last = teller.work.after(facts["meeting"], -facts["cutoff"])
        late = teller.work.is_later(facts["lodged"], last)
        teller.step("proxy.late" if late else "proxy.good", giver=proxy["who"], last_lodged=last, own=proxy["shares"])


def _quorate(facts: Mapping[str, Any], barred: bool, teller: Teller) -> bool:
    work = teller.work
    _tell_proxies(facts, teller)
    entries = [entry for entry in facts["holders"] if is_there(facts, entry)]
    if barred and not facts["barred_there"]:
        entries = [entry for entry in entries if entry["who"] != facts["interested"]]
    gone = [entry for entry in facts["holders"] if entry not in entries]
    if any(entry["vote"] == "none" for entry in entries):
        teller.turn("silent")
    total = _summed(facts["holders"], teller)
    there = int(work("total - gone", total=total, gone=_summed(gone, teller)))
    teller.step("there", total=total, there=there, gone=gone)
    enough = teller.reaches(facts["quorum"], there, total)
    whole = ".one" if facts["quorum"].numerator == 1 else ""
    teller.step(f"quorum.{'met' if enough else 'missed'}{whole}")
    if "heads" in facts:
        many = not work.exceeds(facts["heads"], len(entries))
        teller.step(f"heads.{'met' if many else 'missed'}", num_there=len(entries))
        enough = enough and many
    return enough


def _is_barred(facts: Mapping[str, Any], teller: Teller) -> bool:
    """Return whether the interested shareholder may not vote."""
    if "interested" not in facts or "conflict_rule" not in facts:
        return False
    small = "limit" in facts and not teller.work.exceeds(facts["price"].number, facts["limit"].number)
    own = next(entry["shares"] for entry in facts["holders"] if entry["who"] == facts["interested"])
    total = sum(entry["shares"] for entry in facts["holders"])
    large = small and "large" in facts and teller.work.exceeds(facts["large"] * own, total)
    shape = "plain" if "limit" not in facts else "large" if large else "small" if small else "dear"
    shape += ".large" if shape == "small" and "large" in facts else ""
    teller.step(f"conflict.{shape}", own=own)
    return not small or large


def _summed(entries: Sequence[Mapping[str, Any]], teller: Teller) -> int:
    values = {f"shares_{letter}": entry["shares"] for letter, entry in zip("abcdef", entries, strict=False)}
    return int(teller.work(" + ".join(values) or "0", **values))


def votes_of(facts: Mapping[str, Any], barred: bool, teller: Teller) -> tuple[int, int]:
    """Return the valid votes for the motion, and what they are measured against."""
    voting = [e for e in facts["holders"] if is_there(facts, e) and not (barred and e["who"] == facts["interested"])]
    sides = {vote: [e for e in voting if e["vote"] == vote] for vote in ("for", "against", "none")}
    pro, con = (_summed(sides[vote], teller) for vote in ("for", "against"))
    few = ".few" if min(len(sides["for"]), len(sides["against"])) < 2 else ""
    shape = ".unopposed" if not sides["against"] else ".unsupported" if not sides["for"] else few
    teller.step(f"votes.counted{shape}", pro=pro, con=con, pros=sides["for"], cons=sides["against"], idle=sides["none"])
    if sides["none"]:
        teller.turn(f"base.{facts['measure']}")
    base = int(teller.work("pro + con", pro=pro, con=con))
    if facts["measure"] == "present":
        base = int(teller.work("cast + idle", cast=base, idle=_summed(sides["none"], teller)))
    teller.step(f"base.{facts['measure']}{'' if sides['none'] else '.all'}", base=base)
    return pro, base


def _carried(facts: Mapping[str, Any], pro: int, base: int, teller: Teller) -> str:
    """Return the provision by which the motion was carried, or ""."""
    tied = 2 * pro == base and "casting_rule" in facts
    if "casting_rule" in facts and (is_special(facts) or not tied):
        teller.step("untied.special" if is_special(facts) else "untied")
    if is_special(facts):
        carried = teller.reaches(facts["part"], pro, base) and pro > 0
        teller.step(f"special.{'yes' if carried else 'no'}")
        return "special" if carried else ""
    if teller.work.exceeds(2 * pro, base):
        teller.step("majority.yes")
        return "majority"
    teller.step(f"majority.{('tie.yes' if facts['chair_for'] else 'tie.no') if tied else 'no'}")
    return "casting" if tied and facts["chair_for"] else ""


SCHEME = Quorum()
