"""Witnesses: a base rate, and observers each with a rate of right reports and a rate of false alarms.

How likely it is, by what factor a report moves the odds, whether a bar is passed, which change would turn that round. The
traps: to take a rate for the answer; to count an echo as a witness; to multiply the rates of two who err together. What
is independent of what is part of the prompt (E. Eells and B. Fitelson, Measuring confirmation and evidence, 2000, for
the ratio of likelihoods as the measure of what a report is worth).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from itertools import product
from math import lcm
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.evidence.scheme import EvidenceScheme, bar_near
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Page, ProblemCase, Reckoning
from open_thoughts_gen.families.kit.kinds import Flip, Ratio, YesNo

BASES = ((1, 10), (1, 5), (2, 5), (3, 10), (1, 4), (1, 20), (3, 20), (1, 8), (1, 3), (3, 5), (1, 2), (1, 6))
HITS = ((3, 4), (4, 5), (3, 5), (7, 8), (5, 8), (9, 10), (7, 10), (8, 10), (6, 10), (2, 3))
ALARMS = ((1, 4), (1, 5), (2, 5), (1, 8), (3, 8), (1, 10), (2, 10), (3, 10), (1, 3), (1, 6))
OPPOSITE = {"yes": "no", "no": "yes"}
MAX_DENOMINATOR, MAX_HEADS = 200, 500_000


class Witness(EvidenceScheme):
    """Reports on one thing, by observers whose rates are known."""

    name: ClassVar[str] = "witness"
    has_fractions: ClassVar[bool] = True
    asks: ClassVar[Mapping[str, Ask]] = {
        "chance": Ask(Ratio(), "chance"),
        "passes": Ask(YesNo(), "passes", needs=("bar",), coin="passes"),
        "factor": Ask(Ratio(), "factor", needs=("whom",)),
        "turns": Ask(Flip(), "passes", level=3, needs=("bar",), coin="passes"),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw rates and reports; from level 3 on one of the reports is an echo, at level 4 two err together."""
        num = {1: 1, 2: 2, 3: rng.choice((2, 2, 3)), 4: 4}[level]
        names, (few, many) = rng.sample(self.pool("names"), num + 1), rng.choice(BASES)
        rates = [drawn_rate(rng, name) for name in names[:num]]
        reports: list[dict[str, Any]] = [{"who": name, "says": rng.choice(("yes", "no"))} for name in names[:num]]
        facts: dict[str, Any] = {"setting": self.drawn_setting(rng), "few": few, "many": many}
        if level > 3:
            for rate, hit in zip(rates, rng.sample(range(5, 10), 2), strict=False):
                rate |= {"hit": hit, "hits_of": 10, "alarm": rng.randint(2, 4), "alarms_of": 10}
            facts |= {"one": names[0], "other": names[1], "both": rng.randint(4, 8), "both_of": 10}
            facts |= {"wrong": rng.randint(1, 3), "wrong_of": 10}
        if level == 3 or (level == 4 and rng.random() < 0.7):
            source = rng.choice(reports)
            rates.append(drawn_rate(rng, names[num]))
            reports.append({"who": names[num], "says": source["says"], "origin": source["who"]})
        heard = {report.get("origin") for report in reports}
        for report in reports:
            if report["says"] == "no" and report["who"] not in heard and "origin" not in report and rng.random() < 0.3:
                report["silent"] = True
        facts |= {"rates": rng.sample(rates, len(rates)), "reports": rng.sample(reports, len(reports))}
        speaking = [each for each in reports if "silent" not in each and each["who"] not in heard]
        if not speaking or (level > 3 and not are_joint(facts)):
            return None
        whom = min(rng.sample(speaking, len(speaking)), key=lambda each: "origin" in each and rng.random() < 0.8)
        odds = weighed(Reckoning(facts))
        return facts | {"whom": whom["who"], "bar": bar_near(rng, odds / (1 + odds))}

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Multiply the odds by the factor of each report that is an observation."""
        odds = weighed(Reckoning(facts))
        chance = odds / (1 + odds)
        return {
            "chance": chance if chance.denominator <= MAX_DENOMINATOR else None,
            "passes": chance > facts["bar"] if chance != facts.get("bar", chance) else None,
            "factor": factor_beside(Reckoning(facts)) if "whom" in facts else None,
        }

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the base rate, what the rates are rates of, the reports and the question."""
        facts, pen = case.facts, case.pen("layout")
        rules = ["either", *(["paired", "pair"] if "both" in facts else ["apart"])]
        said = {"scene": ["scene", "base"], "rules": rules}
        parts = {key: " ".join(page.say(f"prompt/{bank}", **facts) for bank in banks) for key, banks in said.items()}
        rates = self.listed(case, page, (("rate", rate) for rate in facts["rates"]))
        sorts = [next((key for key in ("origin", "silent") if key in each), "says") for each in facts["reports"]]
        kinds = zip(sorts, facts["reports"], strict=True)
        reports = [page.say(f"prompt/{sort}.{each['says']}", **facts, **each) for sort, each in kinds]
        data = pen.order("data", [rates, (" " if pen.chance("run on", 0.5) else "\n").join(reports)])
        return self.framed(case, page, **parts, data="\n\n".join(data))

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Say which reports are observations, weigh each, and count heads."""
        facts, work = reckoning.facts, reckoning.work
        if "whom" in facts:
            ratio = factor_beside(reckoning)
            before = weighed(reckoning, facts["whom"])
            reckoning.say("beside", before=before, ratio=ratio, odds=work("o * r", o=before, r=ratio))
            reckoning.answer("answer.factor", ratio, ratio=ratio)
            return
        for echo in echoes(facts):
            reckoning.say("echo", **echo)
        odds = weighed(reckoning)
        chance = reckoning.know("chance", work("o / (1 + o)", o=odds), "chance", odds=odds)
        tell_heads(reckoning)
        for echo in echoes(facts):
            ratio = work("p / q", **likely(facts, echo["who"]))
            reckoning.say("turn.echo", who=echo["who"], guess=work("o * r", o=odds, r=ratio), ratio=ratio)
            work("a / b", a=1, b=1)
            reckoning.say("refute.echo", **echo)
        if asks == "chance":
            reckoning.answer("answer.chance", chance)
        else:
            reckoning.answer("answer.passes", work.exceeds(chance, facts["bar"]))

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Lay out all cases that can occur, and count those in which the reports are what they are."""
        everybody = {report["who"] for report in facts["reports"]}
        chance = counted_chance(facts, everybody)
        results: dict[str, Any] = {"chance": chance} | ({"passes": chance > facts["bar"]} if "bar" in facts else {})
        if "whom" in facts:
            without = counted_chance(facts, everybody - {facts["whom"]})
            results["factor"] = chance / (1 - chance) * (1 - without) / without
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another base rate, a report turned round, an echo that looked for itself."""
        facts, setting = case.facts, {"setting": case.facts["setting"]}
        others = [base for base in BASES if base[0] * facts["many"] != base[1] * facts["few"]]
        yield from (Change({"few": few, "many": many, **setting}, option="base") for few, many in rng.sample(others, 4))
        for report in facts["reports"]:
            if "origin" in report:
                yield Change({"looked": report["who"]}, option="looked")
            else:
                yield Change({"turned": report["who"], **setting}, option=f"turned.{OPPOSITE[report['says']]}")

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts with a report turned round, its echo with it, or with an echo that looked."""
        changed, reports = {**facts, **patch}, list[dict[str, Any]]()
        turned, looked = changed.pop("turned", ""), changed.pop("looked", "")
        for report in facts["reports"]:
            dropped = "silent" if turned == report["who"] else "origin" if looked == report["who"] else ""
            new = {key: value for key, value in report.items() if key != dropped}
            is_turned = turned in (report["who"], report.get("origin", ""))
            reports.append({**new, "says": OPPOSITE[new["says"]]} if turned and is_turned else new)
        return {**changed, "reports": reports}


def drawn_rate(rng: Random, name: str) -> dict[str, Any]:
    """Draw the rates of an observer."""
    (hit, hits_of), (alarm, alarms_of) = rng.choice(HITS), rng.choice(ALARMS)
    return {"who": name, "hit": hit, "hits_of": hits_of, "alarm": alarm, "alarms_of": alarms_of}


def rate_of(facts: Facts, name: str) -> dict[str, Any]:
    """Return the rates of an observer."""
    return next(rate for rate in facts["rates"] if rate["who"] == name)


def says(facts: Facts, name: str) -> bool:
    """Return whether somebody's report is that it is so."""
    return any(report["who"] == name and report["says"] == "yes" for report in facts["reports"])


def echoes(facts: Facts) -> list[dict[str, Any]]:
    """Return who repeats whom."""
    return [{key: report[key] for key in ("who", "origin")} for report in facts["reports"] if "origin" in report]


def likely(facts: Facts, name: str) -> dict[str, Fraction]:
    """Return how likely somebody's report is if it is so, `p`, and if it is not, `q`."""
    rate = rate_of(facts, name)
    shares = {"p": Fraction(rate["hit"], rate["hits_of"]), "q": Fraction(rate["alarm"], rate["alarms_of"])}
    return shares if says(facts, name) else {key: 1 - share for key, share in shares.items()}


def pairs(facts: Facts) -> dict[str, tuple[int, int, int]]:
    """Return for either sort of case, of ten, in how many the two who err together say yes: both, the one, the other."""
    one, other = rate_of(facts, facts["one"]), rate_of(facts, facts["other"])
    return {"p": (facts["both"], one["hit"], other["hit"]), "q": (facts["wrong"], one["alarm"], other["alarm"])}


def likely_together(facts: Facts) -> dict[str, Fraction]:
    """Return how likely the reports of the two who err together are, as `likely`."""
    first_says, second_says, shares = says(facts, facts["one"]), says(facts, facts["other"]), dict[str, Fraction]()
    for key, (both, first, second) in pairs(facts).items():
        yes, rest = (both, first - both) if first_says else (second - both, 10 - first - second + both)
        shares[key] = Fraction(yes if second_says else rest, 10)
    return shares


def are_joint(facts: Facts) -> bool:
    """Return whether two report the same more often than by chance, in cases of either sort, and any report is possible."""
    return all(first * second < 10 * both < 10 * min(first, second) for both, first, second in pairs(facts).values())


def alone(reckoning: Reckoning, name: str) -> Fraction:
    """Return how many times as likely a report is if it is so as if it is not."""
    ratio = reckoning.work("p / q", **likely(reckoning.facts, name))
    bank = "ratio.yes" if says(reckoning.facts, name) else "ratio.no"
    reckoning.say(bank, **rate_of(reckoning.facts, name), ratio=ratio)
    return ratio


def weights(facts: Facts, without: str = "") -> Iterator[tuple[str, dict[str, Fraction]]]:
    """Yield who looked, in the order of the reports, and how likely the report is; "" for two who err together."""
    pair = [facts["one"], facts["other"]] if "both" in facts and without not in (facts["one"], facts["other"]) else []
    for name in (report["who"] for report in facts["reports"] if "origin" not in report):
        if name not in (without, *pair[1:]):
            yield ("", likely_together(facts)) if name in pair else (name, likely(facts, name))


def weighed(reckoning: Reckoning, without: str = "") -> Fraction:
    """Return the odds after all reports, or all but one."""
    facts, work = reckoning.facts, reckoning.work
    odds = work("f / (m - f)", f=facts["few"], m=facts["many"])
    reckoning.say("prior", odds=odds)
    for name, shares in weights(facts, without):
        if name:
            ratio = alone(reckoning, name)
        else:
            ratio = work("p / q", **shares)
            reckoning.say("ratio.pair", ratio=ratio)
        before, odds = odds, work("o * r", o=odds, r=ratio)
        reckoning.say("odds", before=before, ratio=ratio, odds=odds)
    return odds


def factor_beside(reckoning: Reckoning) -> Fraction:
    """Return the factor of a report where all others are known already."""
    facts, work = reckoning.facts, reckoning.work
    whom, pair = facts["whom"], [facts["one"], facts["other"]] if "both" in facts else []
    echo = next((echo for echo in echoes(facts) if echo["who"] == whom), None)
    if echo is not None:
        ratio = work("a / b", a=1, b=1)
        reckoning.say("factor.echo", **echo, ratio=ratio)
        return ratio
    if whom not in pair:
        return alone(reckoning, whom)
    other = next(name for name in pair if name != whom)
    together, by_itself = work("p / q", **likely_together(facts)), work("p / q", **likely(facts, other))
    ratio = work("t / a", t=together, a=by_itself)
    reckoning.say("factor.pair", one=whom, other=other, before=together, alone=by_itself, ratio=ratio)
    return ratio


def tell_heads(reckoning: Reckoning) -> None:
    """Check the odds by counting whole cases, those where it is so and the others, report by report."""
    facts = reckoning.facts
    few = Fraction(facts["few"], facts["many"])
    shares = {"p": [few], "q": [1 - few]}
    for _, by in weights(facts):
        for key, parts in shares.items():
            parts.append(parts[-1] * by[key])
    heads = lcm(*(share.denominator for parts in shares.values() for share in parts))
    heads *= -(-100 // heads)
    if heads > MAX_HEADS:
        return
    lefts, rights = ([int(share * heads) for share in parts] for parts in shares.values())
    left, right, total = lefts[-1], rights[-1], lefts[-1] + rights[-1]
    reckoning.work.claims += [f"{left} + {right} = {total}", f"{left} / {total} = ({Fraction(left, total)})"]
    counts: dict[str, Any] = {"lefts": [f"{num:,}" for num in lefts], "rights": [f"{num:,}" for num in rights]}
    counts |= {"heads": heads, "left": left, "right": right, "total": total, "reach": Fraction(left, total)}
    reckoning.say("heads", **counts)


# The second implementation.
def counted_chance(facts: Facts, heard: Collection[str]) -> Fraction:
    """Return how likely it is, by all cases that can occur: whether it is so, and what each observer says."""
    rates = {rate["who"]: rate for rate in facts["rates"]}
    lookers = [report["who"] for report in facts["reports"] if "origin" not in report]
    mass = {True: Fraction(0), False: Fraction(0)}
    for is_so, *outcomes in product((True, False), repeat=len(lookers) + 1):
        said = dict(zip(lookers, outcomes, strict=True))
        share = Fraction(facts["few"] if is_so else facts["many"] - facts["few"], facts["many"])
        top, joint = ("hit", "both") if is_so else ("alarm", "wrong")
        yes = {name: Fraction(rates[name][top], rates[name][f"{top}s_of"]) for name in lookers}
        if joint in facts:
            first, second, both = facts["one"], facts["other"], Fraction(facts[joint], facts[f"{joint}_of"])
            yes[second] = both / yes[first] if said[first] else (yes[second] - both) / (1 - yes[first])
        for name in lookers:
            share *= yes[name] if said[name] else 1 - yes[name]
        for report in facts["reports"]:
            said.setdefault(report["who"], said[report.get("origin", report["who"])])
        if all(said[each["who"]] == (each["says"] == "yes") for each in facts["reports"] if each["who"] in heard):
            mass[is_so] += share
    return mass[True] / (mass[True] + mass[False])


SCHEME = Witness()
