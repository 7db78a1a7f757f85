"""Sensors that vote: a bell rings if at least a given number of them show an alarm, and some hang on one supply.

How likely it is that there is reason when the bell rings, whether that passes a bar, how many must agree so that false
alarms stay below one. The traps: to take the rate of one sensor for that of the vote; to treat sensors on one
supply as independent (K. Fleming's beta factor, 1975, is the name for that in the reliability of reactors); to read how
often it rings with reason as how often there is reason when it rings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from math import comb, prod
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.evidence.scheme import BARS, EvidenceScheme, bar_near
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, NoResultError, Page, ProblemCase, Reckoning
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, Ratio, YesNo

BASES = ((1, 10), (1, 5), (3, 10), (1, 4), (1, 20), (1, 8), (1, 2), (2, 5), (1, 50), (1, 100))
HITS = ((1, 2), (2, 3), (3, 4), (4, 5), (9, 10), (7, 10), (3, 5), (5, 6))
ALARMS = ((1, 10), (1, 5), (1, 4), (1, 3), (2, 5), (3, 10), (1, 6), (1, 2))
DOWNS = ((1, 10), (1, 20), (1, 50), (1, 5), (1, 8))
MAX_DENOMINATOR = 3_000
NUMS = {1: (3,), 2: (3, 4), 3: (4,), 4: (4, 5)}
LEAST = {level: (1, 2, 3) if level < 3 else (1, 2, 3, 4) for level in NUMS}
CHANCE = ("votes", "few", "many")  # what is printed for questions about the chance that there is reason


class Sensors(EvidenceScheme):
    """Equal sensors, a bell that counts them, and from level 3 on a supply that some of them share."""

    name: ClassVar[str] = "sensors"
    has_fractions: ClassVar[bool] = True
    asks: ClassVar[Mapping[str, Ask]] = {
        "chance": Ask(Ratio(), "chance", needs=CHANCE),
        "passes": Ask(YesNo(), "passes", needs=(*CHANCE, "bar"), coin="passes"),
        "least": Ask(HowMuch("sensors"), "least", needs=("limit", "open"), coin="least", outcomes_at=LEAST),
        "turns": Ask(Flip(), "passes", level=3, needs=(*CHANCE, "bar"), coin="passes"),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw sensors and a bell; from level 3 on some share a supply."""
        num, facts = rng.choice(NUMS[level]), dict[str, Any](setting=self.one_of("setting", rng), open=True)
        (hit, hits_of), (alarm, alarms_of), (few, many) = rng.choice(HITS), rng.choice(ALARMS), rng.choice(BASES)
        facts |= {"num": num, "few": few, "many": many, "votes": num if level < 2 else rng.randint(1, num - 1)}
        facts |= {"hit": hit, "hits_of": hits_of, "alarm": alarm, "alarms_of": alarms_of}
        if hit * alarms_of <= alarm * hits_of:
            return None
        if level > 2:
            down, down_of = rng.choice(DOWNS)
            facts |= {"on": num if level == 3 else rng.randint(2, num - 1), "down": down, "down_of": down_of}
        good, bad = (ring(Reckoning(facts), facts["votes"], is_so=is_so) for is_so in (False, True))
        near = ring(Reckoning(facts), rng.randint(1, num), is_so=False)
        limit = min((bar for bar in BARS if bar > near), default=BARS[-1])
        return facts | {"bar": bar_near(rng, few * bad / (few * bad + (many - few) * good)), "limit": limit}

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Add up how likely each number of alarms is."""
        reckoning, results = Reckoning(facts), dict[str, Any].fromkeys(("chance", "passes", "least"))
        if "limit" in facts:
            fits = (num for num in range(1, facts["num"] + 1) if ring(reckoning, num, is_so=False) <= facts["limit"])
            results["least"] = next(fits, None)
        if "few" in facts:
            good, bad = (ring(reckoning, facts["votes"], is_so=is_so) for is_so in (False, True))
            few, rest = facts["few"], facts["many"] - facts["few"]
            chance = few * bad / (few * bad + rest * good)
            if chance.denominator <= MAX_DENOMINATOR and chance < 1:  # one that can be reckoned with by hand
                results["chance"] = chance
                results["passes"] = chance > facts["bar"] if chance != facts.get("bar", chance) else None
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the sensors, the bell, the supply, how common it is, and the question."""
        facts, has_supply = case.facts, "on" in case.facts
        data = ["bell" if "votes" in facts else "bell.open"]
        data += ["supply.all" if facts["on"] == facts["num"] else "supply"] if has_supply else []
        data += ["base"] if "few" in facts else []
        parts = {"rules": ["rates", "apart.supply" if has_supply else "apart"], "data": data}
        parts["data"] = case.pen("data").order("parts", data)
        said = {key: " ".join(page.say(f"prompt/{bank}", **facts) for bank in banks) for key, banks in parts.items()}
        return self.framed(case, page, **said)

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Work out how often the bell rings in either state, as far as the question needs it."""
        facts = reckoning.facts
        if asks == "least":
            tell_least(reckoning)
            return
        reckoning.know("ring_bad", ring(reckoning, facts["votes"], is_so=True))
        reckoning.part(2)
        reckoning.know("ring_good", ring(reckoning, facts["votes"], is_so=False))
        reckoning.part(3)
        reckoning.find("due", "few * ring_bad")
        less = int(reckoning.find("less", "many - few"))
        reckoning.find("idle", "less * ring_good")
        chance = reckoning.know("chance", reckoning.find("chance", "due / (due + idle)"), "chance", less=less)
        result = chance if asks == "chance" else reckoning.work.exceeds(chance, facts["bar"])
        reckoning.answer("answer.chance" if asks == "chance" else "answer.passes", result)

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Lay out every state of supply and sensors, and add up those in which the bell rings."""
        results: dict[str, Any] = {}
        if "limit" in facts:
            able = [num for num in range(1, facts["num"] + 1) if enumerated(facts, num)[0] <= facts["limit"]]
            results |= {"least": min(able)} if able else {}
        if "few" in facts:
            good, bad = enumerated(facts, facts["votes"])
            odds = bad * facts["few"] / (good * (facts["many"] - facts["few"]))
            results["chance"] = odds / (odds + 1)
            results |= {"passes": results["chance"] > facts["bar"]} if "bar" in facts else {}
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another number of votes, another base rate, another rate of the sensors or of the supply."""
        facts, setting = case.facts, {"setting": case.facts["setting"]}
        if "votes" in facts:
            yield from (Change({"votes": n}, option="votes") for n in range(1, facts["num"] + 1) if n != facts["votes"])
        names = {"base": ("few", "many"), "hit": ("hit", "hits_of"), "alarm": ("alarm", "alarms_of")}
        names |= {"down": ("down", "down_of")}
        for option, pool, num in (("base", BASES, 3), ("hit", HITS, 4), ("alarm", ALARMS, 4), ("down", DOWNS, 2)):
            top, bottom = names[option]
            for pair in rng.sample(pool, num) if top in facts else ():
                patch = {top: pair[0], bottom: pair[1]}
                changed = {**facts, **patch}
                is_new = pair[0] * facts[bottom] != facts[top] * pair[1]
                if is_new and rate(changed, is_so=True) > rate(changed, is_so=False):
                    yield Change(patch if option == "down" else patch | setting, option=option)


def rate(facts: Facts, *, is_so: bool) -> Fraction:
    """Return how often one sensor shows an alarm."""
    return Fraction(facts["hit"], facts["hits_of"]) if is_so else Fraction(facts["alarm"], facts["alarms_of"])


def at_least(reckoning: Reckoning, num: int, votes: int, share: Fraction, bank: str) -> Fraction:
    """Return how likely it is that at least a number of equal, independent sensors show an alarm."""
    parts: list[Fraction] = []
    if votes == 1 < num:  # the quick way, by none of them
        none = reckoning.work(" * ".join(["(1 - p)"] * num), p=share)
        return reckoning.know("total", reckoning.work("1 - e", e=none), f"some.{bank}", each=none, rest=num)
    for exactly in range(votes, num + 1) if votes > 0 else ():
        ways = comb(num, exactly)
        each = reckoning.work(" * ".join(["p"] * exactly + ["(1 - p)"] * (num - exactly)), p=share)
        parts.append(reckoning.work("w * e", w=ways, e=each) if ways > 1 else each)
        step = f"exactly.{bank}" if exactly < num else f"every.{bank}"
        reckoning.say(step, exactly=exactly, ways=ways, each=each, share=parts[-1], rest=num)
    if len(parts) < 2:
        return parts[0] if parts else Fraction(1)
    total = reckoning.total(parts)
    reckoning.say("sum", shares=[str(part) for part in parts], total=total)
    return total


def ring(reckoning: Reckoning, votes: int, *, is_so: bool) -> Fraction:
    """Return how likely it is that the bell rings, if there is reason for it or not."""
    facts, say = reckoning.facts, reckoning.say
    share, num, on = rate(facts, is_so=is_so), facts["num"], facts.get("on", 0)
    say("state.bad" if is_so else "state.good", votes=votes)
    up = at_least(reckoning, num, votes, share, "up")
    if not on:
        return up
    down = at_least(reckoning, num - on, votes - on, share, "down")
    mixed = reckoning.work("f / g * d + (g - f) / g * u", f=facts["down"], g=facts["down_of"], d=down, u=up)
    say("mixed.enough" if votes <= on else "mixed", votes=votes, while_up=up, while_down=down, mixed=mixed)
    return mixed


def tell_least(reckoning: Reckoning) -> None:
    """Try one number of votes after another."""
    for votes in range(1, reckoning.facts["num"] + 1):
        reckoning.part(votes)
        good = ring(reckoning, votes, is_so=False)
        is_more = reckoning.work.exceeds(good, reckoning.facts["limit"])
        reckoning.say("too.many" if is_more else "few.enough", votes=votes, mixed=good)
        if not is_more:
            reckoning.answer("answer.least", votes, votes=votes)
            return
    raise NoResultError("no number of votes is enough")


# The second implementation.
def enumerated(facts: Facts, votes: int) -> tuple[Fraction, Fraction]:
    """Return how often the bell rings for nothing and with reason, by every state of the supply and of each sensor."""
    sums, down = list[Fraction](), Fraction(facts.get("down", 0), facts.get("down_of", 1))
    for share in (Fraction(facts["alarm"], facts["alarms_of"]), Fraction(facts["hit"], facts["hits_of"])):
        mass = Fraction(0)
        for is_down, *alarms in product((False, True), repeat=facts["num"] + 1):
            num = sum(alarm or (is_down and index < facts.get("on", 0)) for index, alarm in enumerate(alarms))
            if num >= votes:
                mass += prod((share if alarm else 1 - share for alarm in alarms), start=down if is_down else 1 - down)
        sums.append(mass)
    return sums[0], sums[1]


SCHEME = Sensors()
