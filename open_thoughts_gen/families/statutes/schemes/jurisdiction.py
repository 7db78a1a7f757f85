"""Jurisdiction: whether the court in which a suit was brought may hear it, by its rank and by its town.

The rank goes by the sum in controversy, the town by residence, by agreement or by where the land lies. Laws differ in
what makes up the sum, in what residence means, in how far parties may agree on a court, and in whether a court looks at
what nobody objects to. The traps: interest, alternatives, a counterclaim; an agreement that does not bind.
"""

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
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.statutes.deciding import drawn_features, gap, near
from open_thoughts_gen.families.statutes.law import WHO_WHY, LawScheme
from open_thoughts_gen.families.statutes.people import CURRENCIES, TOWNS, draw_firm, draw_person, short_name, sort_of
from open_thoughts_gen.families.statutes.teller import Teller

RANKS = {"local": {"": "Local Court", "low": "a local court"}}
RANKS |= {"provincial": {"": "Provincial Court", "low": "a provincial court"}}
OTHER_RANK = {"local": "provincial", "provincial": "local"}
SUMS = "limit first second interest counter asked more total sum gap wrong"
PLACES = ("home", "other", "site", "agreed", "seat", "town", "elsewhere")


class Jurisdiction(LawScheme):
    """The rank and the town of the court."""

    name: ClassVar[str] = "jurisdiction"
    field: ClassVar[str] = "procedure"
    parties: ClassVar[Sequence[str]] = ("claimant", "defendant")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", coin="allowed"),
        "amount": Ask(HowMuch(), "amount", coin="allowed"),
        "prevails": Ask(WHO_WHY, "prevails", coin="allowed"),
        "flip": Ask(Flip(), "allowed", coin="allowed"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.law_forms(dates="signed dispute", sums=SUMS),
            **dict.fromkeys(PLACES, EntryForm({town: {"": town} for town in TOWNS})),
            **dict.fromkeys(("court", "rank"), EntryForm(RANKS)),
            "thing": EntryForm(self.words.lists["thing"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a law and a suit whose sum is near the limit between the courts."""
        facts = _drawn_law(rng, level) | self._drawn_story(rng)
        if "fallback_rule" in facts or facts["sums"] == "largest":
            facts["fallback"] = rng.random() < 0.5
        if "counter_rule" in facts and rng.random() < 0.85:
            facts |= {"counter": _money(rng, facts), "related": "unrelated_rule" not in facts or rng.random() < 0.5}
        if "clause_rule" in facts and rng.random() < 0.75:
            facts["agreed"] = rng.choice([town for town in TOWNS if town not in facts.values()])
            if "afterwards_rule" in facts:
                dispute = date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
                facts |= {"dispute": dispute, "signed": near(rng, dispute)}
        if not _bring_near_limit(rng, facts):
            return None
        facts |= {"seat": "", "court": ""}
        right, _ = town_of(facts, Teller.quiet(facts))
        rank = rank_of(facts, sum_of(facts, Teller.quiet(facts)), Teller.quiet(facts))
        facts["seat"] = right if rng.random() < 0.5 else rng.choice(_named(facts))
        is_right = rng.random() < (0.5 if facts["objection"] == "rank" else 0.85)
        facts["court"] = rank if is_right else OTHER_RANK[rank]
        return facts

    def _drawn_story(self, rng: Random) -> dict[str, Any]:
        claimant = draw_person(rng)
        defendant = (draw_firm if rng.random() < 0.5 else draw_person)(rng, (claimant,))
        about = rng.choice(("sale", "works", "land"))
        thing = rng.choice([key for key in self.words.lists["thing"] if key.startswith(about)])
        towns = dict(zip(("home", "other", "site"), rng.sample(TOWNS, 3), strict=True))
        drawn = {"claimant": claimant, "defendant": defendant, "about": about, "thing": thing, **towns}
        return drawn | {"private": rng.random() < 0.6, "objection": "rank" if rng.random() < 0.28 else "town"}

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Look at what the court has to look at."""
        (wrong, rule, _), total = decided(facts, Teller.quiet(facts)), sum_of(facts, Teller.quiet(facts))
        winner = "defendant" if wrong else "claimant"
        results = {"allowed": not wrong, "winner": winner, "amount": total, "rule": rule}
        return results | ({"prevails": (short_name(facts[winner]), rule)} if rule else {})

    def story(self, case: ProblemCase, page: Page) -> str:
        """Tell the contract, the parties, the suit."""
        facts, pen = case.facts, case.pen("story")

        def say(*banks: str) -> str:
            return " ".join(page.say(f"prompt/story.{bank}", **facts) for bank in banks)

        opening = f"{facts['about']}.{'private' if facts['private'] else 'trade'}"
        middle = [f"residence.{sort_of(facts['defendant'])}"]
        middle += ["signed.dated" if "signed" in facts else "signed"] * ("agreed" in facts)
        middle += ["colour"] * pen.pick("colour", 1, 1, 2)
        asked = {None: "asked.plain", True: "asked.else", False: "asked.both"}[facts.get("fallback")]
        counter = ["counter.same" if facts["related"] else "counter.other"] if "counter" in facts else []
        rest = ["suit", asked, *counter, f"objection.{facts['objection']}", *["colour"] * pen.pick("late", 0, 1)]
        return pen.pick("break", " ", "\n\n").join((say(opening, *pen.order("middle", middle)), say(*rest)))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell what the court looks at, then the sum and the rank, then the town."""
        facts, teller = case.facts, Teller(narrative, dict(case.facts))
        looks = ("sum",) if case.asks == "amount" else looked_at(facts)
        teller.step("issue.amount" if case.asks == "amount" else f"issue.{facts['objection']}.{facts['waiver']}")
        for reason in _asides(facts, looks):
            teller.step(f"aside.{reason}")
        teller.step(f"explore.{sort_of(facts['defendant']) if 'town' in looks else 'sum'}")
        if case.asks == "amount":
            return teller.answer("answer.amount", sum_of(facts, teller))
        wrong, rule, _ = decided(facts, teller)
        _check(facts, teller)
        parties = ("defendant", "claimant") if wrong else ("claimant", "defendant")
        winner = teller.work.settle(*parties)
        bank = f"{rule}.{'yes' if winner == 'claimant' else 'no'}" if rule else "both"
        result = (short_name(facts[winner]), rule) if case.asks == "prevails" else winner == "claimant"
        return teller.answer(f"answer.{bank}", result)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Change a sum, a town, a day, the court, or what the contract or the counterclaim is about."""
        facts = case.facts
        gap = facts["limit"].number - sum_of(facts, Teller.quiet(facts)).number
        for key in sorted({"first", "second", "counter", "interest"} & facts.keys()):
            for shift in rng.sample(sorted({gap, gap + 20, gap - 20, -40, 60} - {0}), 2):
                if facts[key].number + shift > 0:
                    yield Change({key: _amount(facts[key].number + shift, facts)}, key)
        yield from _other_towns(facts, rng)
        yield Change({"court": OTHER_RANK[facts["court"]]}, "court")
        flags = {"fallback", "private", "related"} - ({"related"} if "unrelated_rule" not in facts else set())
        for key in sorted(flags & facts.keys() - ({"private"} if facts["about"] != "sale" else set())):
            yield Change({key: not facts[key]}, f"{key}.{'no' if facts[key] else 'yes'}")
        for shift in rng.sample((-5, -2, -1, 1, 2, 5), 3 if "signed" in facts else 0):
            yield Change({"signed": facts["signed"] + timedelta(days=shift)}, "signed")


def _other_towns(facts: Mapping[str, Any], rng: Random) -> Iterator[Change]:
    used, who = {facts["seat"], *_named(facts)}, f".{sort_of(facts['defendant'])}"
    kinds = {"home": who, "other": who, "site": f".{facts['about']}"}
    yield from (Change({"seat": town}, "seat") for town in sorted(used - {facts["seat"]}))
    for key in ("home", "other", "site", "agreed"):
        if key in facts:
            towns = [rng.choice([town for town in TOWNS if town not in used])]
            towns += [facts["seat"]] * (facts["seat"] not in _named(facts))
            yield from (Change({key: town}, key + kinds.get(key, "")) for town in towns)


def _named(facts: Mapping[str, Any]) -> list[str]:
    """Return the towns that the story names, the court's aside."""
    return [facts[key] for key in ("home", "other", "site", "agreed") if key in facts]


def _drawn_law(rng: Random, level: int) -> dict[str, Any]:
    """Draw a random law: how the sum in dispute is computed, which town's court hears it, what parties may agree on."""
    law: dict[str, Any] = {
        "limit": Money(Fraction(500 * rng.randint(8, 24)), rng.choice(CURRENCIES)), "reach": rng.choice(("above", "from")),
        "sums": rng.choice(("added", "added", "largest")), "interest_counts": rng.random() < 0.35, "waiver": rng.choice(("all", "town")),
        "covers": rng.choice(("works", "land", "both", "both")), "aside": rng.choice(("sent", "fees", "language", "appeal")),
        "forum": "residence" if rng.random() < 0.75 else "handover",
    }  # fmt: skip
    law |= {"resident": rng.choice(("home", "home", "business"))} if law["forum"] == "residence" else {}
    law |= drawn_features(rng, level, {
        "fallback_rule": (True, (0, 0.7, 0.7, 0.7)), "clause_rule": (True, (0, 0.6, 1, 1)), "private_rule": (True, (0, 0, 0.75, 0.75)),
        "counter_rule": (rng.choice(("higher", "higher", "added")), (0, 0, 0.7, 0.7)),
    })  # fmt: skip
    if law["sums"] == "largest":
        law.pop("fallback_rule", None)
    law |= {"site_rule": rng.choice(("firm", "open"))} if "clause_rule" in law else {}
    law |= {"afterwards_rule": True} if level > 3 and "private_rule" in law else {}
    return law | ({"unrelated_rule": True} if level > 3 and "counter_rule" in law else {})


def _money(rng: Random, facts: Mapping[str, Any]) -> Money:
    """Draw an amount up to about the limit between the courts."""
    return _amount(20 * rng.randint(20, int(facts["limit"].number) // 20), facts)


def _amount(number: Fraction | int, facts: Mapping[str, Any]) -> Money:
    return Money(Fraction(number), facts["limit"].unit)


def _bring_near_limit(rng: Random, facts: dict[str, Any]) -> bool:
    """Draw the sums that are asked for, so that what counts comes near the limit; return whether it does."""
    facts |= {key: _money(rng, facts) for key in ("first", "second")}
    facts["interest"] = _amount(20 * rng.randint(1, 12), facts)
    goal = facts["limit"].number + 20 * gap(rng)
    for key in rng.sample([key for key in ("first", "second", "counter") if key in facts], 2):
        shifted = _amount(facts[key].number + goal - sum_of(facts, Teller.quiet(facts)).number, facts)
        moved = facts | {key: shifted}
        if shifted.number > 0 and sum_of(moved, Teller.quiet(moved)).number == goal:
            facts[key] = shifted
            return bool(facts["first"] != facts["second"])
    return False


def _asides(facts: Mapping[str, Any], looks: Sequence[str]) -> Iterator[str]:
    """Yield which provisions the question does not need, and why that is so."""
    yield facts["aside"]
    has = [key for key in ("counter", "unrelated", "clause", "private", "afterwards") if f"{key}_rule" in facts]
    if looks == ("town",):
        yield "sum"
        yield from ["alternative"] * ("fallback_rule" in facts)
        yield from [".".join(key for key in ("counter", "unrelated") if key in has)] * ("counter" in has)
    elif "fallback_rule" in facts and not facts["fallback"]:
        yield "fallback"
    if "town" not in looks:
        yield "town.amount" if looks == ("sum",) else "town.rank"
        yield from ["resident"] * ("resident" in facts)
        agreement = ["agreement", *(key for key in ("private", "afterwards") if key in has)]
        yield from [".".join(agreement)] * ("clause" in has)
    elif "private" in has and "agreed" not in facts:
        yield "void"


def looked_at(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the court asks about: what the defendant objects to, and the rank where it always asks about that."""
    return ("rank", "town") if facts["waiver"] == facts["objection"] == "town" else (facts["objection"],)


def decided(facts: Mapping[str, Any], teller: Teller) -> tuple[tuple[str, ...], str | None, str]:
    """Return what keeps the court from hearing the suit, the provision that decides, and the one that names the town."""
    wrong, town_rule, looks = tuple[str, ...](), "", looked_at(facts)
    if "rank" in looks and rank_of(facts, sum_of(facts, teller), teller) != facts["court"]:
        wrong = ("levels",)
    if "town" in looks:
        town, town_rule = town_of(facts, teller)
        wrong += (town_rule,) if town != facts["seat"] else ()
    rule = (wrong[0] if len(wrong) == 1 else None) if wrong else town_rule or "levels"
    return wrong, rule, town_rule


def sum_of(facts: Mapping[str, Any], teller: Teller) -> Money:
    """Return the sum in controversy: what is asked for, the interest, the counterclaim."""
    work, first, second = teller.work, facts["first"], facts["second"]
    alternative = facts["sums"] == "largest" or ("fallback_rule" in facts and facts["fallback"])
    asked = second if alternative and work.exceeds(second.number, first.number) else first
    if not alternative:
        asked = _amount(work("first + second", first=first, second=second), facts)
    teller.step(f"sums.{facts['sums']}{'.else' if facts.get('fallback') else ''}", asked=asked)
    with_interest = _amount(work("asked + interest", asked=asked, interest=facts["interest"]), facts)
    more = with_interest if facts["interest_counts"] else asked
    counted = "in" if facts["interest_counts"] else "out"
    teller.turn(f"interest.{counted}")
    teller.step(f"interest.{counted}", more=more, wrong=with_interest)
    total = _with_counter(facts, more, teller)
    teller.step("sum", sum=total)
    return total


def _with_counter(facts: Mapping[str, Any], more: Money, teller: Teller) -> Money:
    if "counter" not in facts:
        if "counter_rule" in facts:
            teller.step("counter.none")
        return more
    counter: Money = facts["counter"]
    if not facts["related"]:
        total, bank = more, "other"
    elif facts["counter_rule"] == "added":
        total, bank = _amount(teller.work("more + counter", more=more, counter=counter), facts), "added"
    else:
        is_higher = teller.work.exceeds(counter.number, more.number)
        total, bank = (counter, "higher.yes") if is_higher else (more, "higher.no")
    teller.step(f"counter.{bank}", total=total)
    return total


def rank_of(facts: Mapping[str, Any], total: Money, teller: Teller) -> str:
    """Return which court hears a suit over this sum."""
    limit, work = facts["limit"].number, teller.work
    if facts["reach"] == "above":
        rank = "provincial" if work.exceeds(total.number, limit) else "local"
    else:
        rank = "local" if work.exceeds(limit, total.number) else "provincial"
    gap = work("high - low", high=max(total.number, limit), low=min(total.number, limit))
    exact = "exact." if not gap and rank == {"above": "local", "from": "provincial"}[facts["reach"]] else ""
    teller.step(f"rank.{exact}{facts['reach']}.{rank}", gap=_amount(gap, facts), rank=rank)
    teller.step(f"rank.{'right' if rank == facts['court'] else 'wrong'}")
    return rank


def town_of(facts: Mapping[str, Any], teller: Teller) -> tuple[str, str]:
    """Return the town that the law names, and the provision that names it."""
    covered = facts["about"] != "sale" and facts["covers"] in (facts["about"], "both")
    firm = ".firm" if covered and facts.get("site_rule") == "firm" else ""
    if covered:
        teller.turn("site")
    teller.step(f"site.{'' if covered else 'not.'}{facts['about']}{firm}")
    town, rule = facts["site"], "site"
    if "clause_rule" in facts and not firm and _binds(facts, teller):
        town, rule = facts["agreed"], "clause"
    elif not covered:
        rule = "place"
        shape = f"{facts['resident']}.{sort_of(facts['defendant'])}" if facts["forum"] == "residence" else "handover"
        town = facts[{"home": "home", "business": "other"}[facts["resident"]]] if "resident" in facts else town
        teller.turn(f"place.{shape}")
        teller.step(f"place.{shape}", town=town)
    teller.step(f"town.{'right' if town == facts['seat'] else 'wrong'}.{rule}", town=town)
    return town, rule


def _binds(facts: Mapping[str, Any], teller: Teller) -> bool:
    """Return whether there is an agreement on a town that has effect."""
    later = "afterwards_rule" in facts and "signed" in facts and facts["private"]
    later = later and teller.work.is_later(facts["signed"], facts["dispute"])
    if "agreed" not in facts:
        bank = "none"
    elif "private_rule" not in facts or not facts["private"]:
        bank = "trade" if "private_rule" in facts else "binds"
    elif "afterwards_rule" not in facts:
        bank = "private"
    else:
        teller.turn("clause")
        bank = "later" if later else "same" if facts["signed"] == facts["dispute"] else "earlier"
    teller.step(f"clause.{bank}")
    return bank in ("trade", "binds", "later")


def _check(facts: Mapping[str, Any], teller: Teller) -> None:
    """Ask what would have come out under the other rule on interest, or whether another town has a rule for it."""
    if "sum" in teller.known:
        quiet = Teller.quiet({**facts, "interest_counts": not facts["interest_counts"]}, teller.work)
        other = sum_of(quiet.known, quiet)
        same = "same" if rank_of(facts, other, quiet) == teller.known["rank"] else "other"
        teller.step(f"check.edge.{facts['reach']}")
        return teller.step(f"check.interest.{'out' if facts['interest_counts'] else 'in'}.{same}", wrong=other)
    town = teller.known["town"]
    named = (facts[key] for key in ("seat", "agreed", "other", "home", "site") if key in facts)
    elsewhere = next(place for place in named if place != town)
    return teller.step("check.town", elsewhere=elsewhere)


SCHEME = Jurisdiction()
