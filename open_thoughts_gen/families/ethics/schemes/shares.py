"""A fund that is too small for what is claimed of it, and a printed rule by which it is divided.

The rules are those of the literature on claims (W. Thomson, Axiomatic and game-theoretic analysis of bankruptcy and
taxation problems, 2003): in proportion, the same for everyone up to the claim, the same loss for everyone down to
nothing, and the half-rule of the Talmud (R. Aumann and M. Maschler, 1985). Urgent claims may come first, in full. Two
rules are laid side by side: who gets more by which, and which of them does a proposed split follow?

The traps: to hand out what a small claim does not need; to let somebody lose more than was claimed; to divide the whole
fund where urgent claims have been taken out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.scheme import EthicsScheme, is_more
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Page, ProblemCase, Reckoning
from open_thoughts_gen.families.kit.kinds import HowMuch, Kind, OneOf, SomeOf
from open_thoughts_gen.families.kit.reckoning import summed

RULES = ("ratio", "level", "loss", "half")
BETTER = ("rule", "motion", "equal")
BOTH = BETTER[:2]
NUM_CLAIMS = {1: 3, 2: 4, 3: 4, 4: 6}
Claims = Mapping[str, int]
Shares = dict[str, Fraction]


class SharesScheme(EthicsScheme):
    """Claims on a fund under one rule, under a motion to change it, or under a rule that has to be found out."""

    name: ClassVar[str] = "shares"
    labels: ClassVar[Sequence[str]] = ("first", *RULES, "rule", "motion")
    named: ClassVar[str] = "claims.name"
    sets: ClassVar[Mapping[str, str]] = {"full": named, "gain": named}
    asks: ClassVar[Mapping[str, Ask]] = {
        "share": Ask(HowMuch(), "share", needs=("rule", "person"), until=3),
        "full": Ask(SomeOf(()), "full", needs=("rule",), coin="whole", outcomes=(True, True, False)),
        "which": Ask(OneOf(RULES, "closing/rule"), "which", level=3, needs=("split",), coin="which", outcomes=RULES),
        "better": Ask(OneOf(BETTER, "closing/better"), "better", 3, (*BOTH, "person"), "better", (*BETTER, *BOTH)),
        "gain": Ask(SomeOf(()), "gain", level=3, needs=BOTH),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw claims in dozens and a fund in twelfths of them, so that shares come out whole."""
        names = rng.sample(self.pool("names"), NUM_CLAIMS[level])
        amounts = rng.sample([12 * dozens for dozens in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15)], len(names))
        urgent = rng.sample(names, rng.choice((0, 1)) if level == 3 else level // 4)
        claims = [
            {"name": name, "claim": claim, "urgent": "yes" if name in urgent else "no"}
            for name, claim in zip(names, amounts, strict=True)
        ]
        fund, (rule, motion) = sum(amounts) * rng.randint(3, 9) // 12, rng.sample(RULES if level > 1 else RULES[:3], 2)
        setting, person = rng.choice(list(self.words.lists["setting"])), rng.choice(sorted({*names} - {*urgent}))
        facts: dict[str, Any] = {"setting": setting, "fund": fund, "claims": claims, "rule": rule, "person": person}
        facts |= {"motion": motion, "first": True} if level > 2 else {}
        if sum(amount for name, amount in zip(names, amounts, strict=True) if name in urgent) >= fund:
            return None
        split = divided(Reckoning(facts), rng.choice(RULES))
        known = rng.sample(names, 2 if level < 4 else 3)  # all of them would give the rule away
        if not are_whole(split) or len({split[name] for name in known}) < len(known):
            return None
        return {**facts, "split": [{"who": name, "got": int(split[name])} for name in known]}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the names and the unit of the case."""
        unit = self.words.lists["setting"][case.facts["setting"]]["unit"]
        return HowMuch(unit) if case.asks == "share" else super().kind_of(case)

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Divide the fund by each rule that is asked about."""
        reckoning = Reckoning(facts)
        results: dict[str, Any] = dict.fromkeys(("share", "full", "whole", "which", "better", "gain"))
        if "split" in facts:
            found = [rule for rule in RULES if _first_apart(facts, divided(reckoning, rule)) is None]
            results["which"] = found[0] if len(found) == 1 else None
        if "rule" not in facts:
            return results
        now, then = (divided(reckoning, facts.get(key, facts["rule"])) for key in BOTH)
        if are_whole(now) and are_whole(then):
            results["gain"] = frozenset(name for name in now if then[name] > now[name])
            full = frozenset(name for name, claim in claims_of(facts).items() if now[name] == claim)
            results["full"] = full if facts["rule"] in ("level", "half") else None  # by the others all go short
            results["whole"] = full > claims_of(facts, "yes").keys()  # somebody who has no precedence
            if "person" in facts:
                results["share"] = int(now[facts["person"]])
                results["better"] = _better(now[facts["person"]], then[facts["person"]])
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the fund, the claims, the rules and the question."""
        facts = case.facts
        story = [page.say("prompt/opening", **facts)]
        story += [self.listed(case, page, (("claim", entry) for entry in facts["claims"])), self.coloured(case, page)]
        if "split" in facts:
            story.append("\n".join([page.say("prompt/split"), *(page.say("prompt/part", **e) for e in facts["split"])]))
        rules = {"first": "first", **{f"{key}.{facts.get(key)}": key for key in ("rule", "motion")}}
        rules |= {f"known.{rule}": "split" for rule in RULES}
        return self.laid_out(case, page, rules, *story)

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Take out what comes first, then divide by one rule, by two, or by each until one fits."""
        facts, person = reckoning.facts, reckoning.facts.get("person", "")
        if asks == "which":
            self._tell_search(reckoning)
            return
        if asks == "share":
            _try_ratio(reckoning)
        reckoning.say("rule")
        now = divided(reckoning, facts["rule"])
        if asks == "share":
            share = now[person] if now[person].denominator == 1 else None  # not so with a planted error only
            reckoning.answer("answer.share", share, each=share)
        elif asks == "full":
            claims = claims_of(facts)
            reckoning.say("against", figures=tuple(f"{name} {now[name]} of {claims[name]}" for name in now))
            names = tuple(name for name in now if now[name] == claims[name])
            reckoning.answer("answer.full", frozenset(names), names=names)
        else:
            reckoning.part(2)
            reckoning.say("motion")
            then = divided(reckoning, facts["motion"])
            if asks == "better":
                better = _better(now[person], then[person])
                reckoning.answer("answer.better", better, now=now[person], then=then[person])
                return
            reckoning.say("beside", figures=tuple(f"{name} {now[name]} and {then[name]}" for name in now))
            gaining = tuple(name for name in now if then[name] > now[name])
            reckoning.answer("answer.gain", frozenset(gaining), names=gaining)

    def _tell_search(self, reckoning: Reckoning) -> None:
        """Divide by each rule in turn, and hold the result against the split."""
        facts, found = reckoning.facts, None
        split = {entry["who"]: entry["got"] for entry in facts["split"]}
        for point, rule in enumerate(RULES, start=2):
            reckoning.part(point)
            reckoning.say(f"try.{rule}")
            shares = divided(reckoning, rule)
            apart = _first_apart(facts, shares)
            if reckoning.work.settle(apart is None) or apart is None:
                reckoning.say(f"fits.{rule}")
                found = rule
                break
            reckoning.say(f"apart.{rule}", person=apart, got=split[apart], each=shares[apart])
        reckoning.answer("answer.which", found, which=found)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another fund or another rule; where a split is to be explained, that of another rule."""
        facts, rules = case.facts, (case.facts.get("rule"), case.facts.get("motion"))
        for rule in (rule for rule in RULES if rule not in rules):
            shares = divided(Reckoning(facts), rule)
            if "split" not in facts:
                yield Change({"rule": rule})
            elif are_whole(shares):
                yield Change({"split": [{**entry, "got": int(shares[entry["who"]])} for entry in facts["split"]]})
        least, most = (sum(claims_of(facts, first).values()) for first in ("yes", ""))
        for by in (-36, -24, -12, 12, 24, 36) if "split" not in facts else ():
            if least < facts["fund"] + by < most:
                yield Change({"fund": facts["fund"] + by})


def claims_of(facts: Facts, urgent: str = "") -> Claims:
    """Return the claims by name, or only those that are urgent (`yes`), or that are not (`no`)."""
    return {entry["name"]: entry["claim"] for entry in facts["claims"] if urgent in ("", entry["urgent"])}


def are_whole(shares: Mapping[str, Fraction | int]) -> bool:
    """Return whether nobody gets a part of a unit."""
    return all(share % 1 == 0 for share in shares.values())


def _better(now: Fraction, then: Fraction) -> str:
    return BETTER[0] if now > then else BETTER[1] if then > now else BETTER[2]


def _first_apart(facts: Facts, shares: Shares) -> str | None:
    """Return the first whose share is another in the split."""
    return next((entry["who"] for entry in facts["split"] if shares[entry["who"]] != entry["got"]), None)


def divided(reckoning: Reckoning, rule: str) -> Shares:
    """Return what each gets of the fund by a rule, once urgent claims are met."""
    facts, left = reckoning.facts, reckoning.facts["fund"]
    if first := claims_of(facts, "yes"):
        left = summed(reckoning.work, (left, *first.values()), "-")
        if "met" not in reckoning.known:  # by one rule or the other, it is done once
            terms = " - ".join(map(str, (facts["fund"], *first.values())))
            reckoning.know("met", True, "first", names=tuple(first), terms=(terms,), left=left)
    shares = _by_rule(reckoning, rule, Fraction(left), claims_of(facts, "no"))
    return {name: shares.get(name, Fraction(claim)) for name, claim in claims_of(facts).items()}


def _by_rule(reckoning: Reckoning, rule: str, fund: Fraction, claims: Claims) -> Shares:
    """Return what each gets of a fund to which nobody has a better claim than another."""
    work, say = reckoning.work, reckoning.say
    if rule == "level":
        return spread(reckoning, fund, claims, "get")
    total = summed(work, tuple(claims.values()))
    say("total", terms=(" + ".join(map(str, claims.values())),), total=total, left=fund)
    if rule == "ratio":
        shares = {}
        for name, claim in claims.items():
            shares[name] = work("claim * fund / total", claim=claim, fund=fund, total=total)
            say("ratio", name=name, claim=claim, left=fund, total=total, each=shares[name])
        return shares
    bounds = dict(claims)
    if rule == "half":
        bound = work("total / 2", total=total)
        is_over = work.exceeds(fund, bound)
        say("half.more" if is_over else "half.less", bound=bound, left=fund, total=total)
        bounds = {name: int(work("claim / 2", claim=claim)) for name, claim in claims.items()}
        say("halves", figures=_listed(bounds))
        if not is_over:
            return spread(reckoning, fund, bounds, "get")
    missing = work("total - fund", total=total, fund=fund)
    say("missing", total=total, left=fund, sum=missing)
    losses = spread(reckoning, missing, bounds, "lose")
    shares = {name: work("claim - loss", claim=claims[name], loss=losses[name]) for name in claims}
    say("less", figures=tuple(f"{name} {claims[name]} - {losses[name]} = {shares[name]}" for name in claims))
    return shares


def spread(reckoning: Reckoning, amount: Fraction, bounds: Claims, how: str) -> Shares:
    """Return equal parts of an amount, nobody's larger than the bound; what the bound cuts off goes to the others."""
    open_, parts, left, work = dict(bounds), Shares(), amount, reckoning.work
    while open_:
        each = work("left / num", left=left, num=len(open_))
        small = {name: bound for name, bound in open_.items() if is_more(work, each, bound)}
        shown = {"left": left, "num": len(open_), "each": each, "names": tuple(small or open_)}
        reckoning.say(f"{how}.{'last' if len(open_) == 1 else 'small' if small else 'each'}", **shown)
        if not small:
            return parts | dict.fromkeys(open_, each)
        parts |= {name: Fraction(bound) for name, bound in small.items()}
        open_ = {name: bound for name, bound in open_.items() if name not in small}
        terms = (" - ".join(map(str, (left, *small.values()))),)
        left = Fraction(summed(work, (int(left), *small.values()), "-"))
        reckoning.say(f"{how}.rest", figures=_listed(small), terms=terms, left=left)
    return parts


def _listed(amounts: Claims) -> tuple[str, ...]:
    return tuple(f"{name} {amount}" for name, amount in amounts.items())


def _try_ratio(reckoning: Reckoning) -> None:
    """Tell the wrong turn of dividing the whole fund in proportion, whatever the text says."""
    facts, claims = reckoning.facts, claims_of(reckoning.facts)
    claim, fund, total = claims[facts["person"]], facts["fund"], sum(claims.values())
    if Fraction(claim * fund, total) != divided(Reckoning(facts), facts["rule"])[facts["person"]]:
        total = summed(reckoning.work, tuple(claims.values()))
        guess = reckoning.work("claim * fund / total", claim=claim, fund=fund, total=total)
        reckoning.say(
            "turn.ratio", then=guess, claim=claim, total=total, terms=(" + ".join(map(str, claims.values())),)
        )
        reckoning.say("refute.ratio")


SCHEME = SharesScheme()
