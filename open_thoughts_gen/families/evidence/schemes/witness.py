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
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Page, ProblemCase, Reckoning, column, entry_of
from open_thoughts_gen.families.kit.kinds import Flip, Ratio, YesNo

BASES = ((1, 10), (1, 5), (2, 5), (3, 10), (1, 4), (1, 20), (3, 20), (1, 8), (1, 3), (3, 5), (1, 2), (1, 6))
HITS = ((3, 4), (4, 5), (3, 5), (7, 8), (5, 8), (9, 10), (7, 10), (8, 10), (6, 10), (2, 3))
ALARMS = ((1, 4), (1, 5), (2, 5), (1, 8), (3, 8), (1, 10), (2, 10), (3, 10), (1, 3), (1, 6))
OPPOSITE = {"yes": "no", "no": "yes"}
JOINT = (("hit", "both"), ("alarm", "wrong"))  # what two who err together report, each by itself and both at once
MAX_DENOMINATOR, MAX_HEADS = 200, 500_000
Likely = dict[str, Fraction]  # how likely a report is if it is so, `p`, and if it is not, `q`


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
        """Draw rates and reports; at level 3 one of the reports is an echo or two err together, at level 4 often both."""
        num = {1: 1, 2: 2, 3: rng.choice((2, 2, 3)), 4: 4}[level]
        names, (few, many) = rng.sample(self.pool("names"), num + 1), rng.choice(BASES)
        rates = [drawn_rate(rng, name) for name in names[:num]]
        reports: list[dict[str, Any]] = [{"who": name, "says": rng.choice(("yes", "no"))} for name in names[:num]]
        facts: dict[str, Any] = {"setting": self.one_of("setting", rng), "few": few, "many": many}
        has_pair = level > 3 or (level == 3 and rng.random() < 0.5)
        if has_pair:  # both report the same more often than by chance, and any two reports are possible
            facts |= {"one": names[0], "other": names[1]}
            for (key, both), (least, most) in zip(JOINT, ((5, 8), (2, 4)), strict=True):
                one, other = rng.randint(least, most), rng.randint(least, most)
                fits = [num for num in range(1, 10) if one * other < 10 * num < 10 * min(one, other)]
                if not fits:
                    return None
                facts |= {both: rng.choice(fits), f"{both}_of": 10}
                rates[0] |= {key: one, f"{key}s_of": 10}
                rates[1] |= {key: other, f"{key}s_of": 10}
        if level > 2 and (not has_pair or (level > 3 and rng.random() < 0.7)):
            source = rng.choice(reports)
            rates.append(drawn_rate(rng, names[num]))
            reports.append({"who": names[num], "says": source["says"], "origin": source["who"]})
        heard = {report.get("origin") for report in reports}
        for report in reports:
            if report["says"] == "no" and report["who"] not in heard and "origin" not in report and rng.random() < 0.3:
                report["silent"] = True
        facts |= {"rates": rng.sample(rates, len(rates)), "reports": rng.sample(reports, len(reports))}
        speaking = [each for each in reports if "silent" not in each and each["who"] not in heard]
        if not speaking:
            return None
        seldom = {names[num]: rng.random() < 0.8, **dict.fromkeys(names[2:num], has_pair)}  # asked about
        whom = min(rng.sample(speaking, len(speaking)), key=lambda each: seldom.get(each["who"], False))
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
        reports = [page.say(f"prompt/{sort_of(each)}.{each['says']}", **facts, **each) for each in facts["reports"]]
        data = pen.order("data", [rates, (" " if pen.chance("run on", 0.5) else "\n").join(reports)])
        return self.framed(case, page, **parts, data="\n\n".join(data))

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Say which reports are observations, weigh each, and count heads."""
        facts, work = reckoning.facts, reckoning.work
        if asks == "factor":
            ratio = factor_beside(reckoning)
            reckoning.answer("answer.factor", ratio, ratio=ratio)
            return
        tell_sorts(reckoning, column(facts, "reports.who"))
        odds = weighed(reckoning)
        chance = reckoning.know("chance", work("o / (1 + o)", o=odds), "chance", odds=odds)
        tell_heads(reckoning)
        for echo in (report for report in facts["reports"] if "origin" in report):
            ratio = work("p / q", **likely(facts, echo["who"]))
            reckoning.say("turn.echo", **echo, guess=work("o * r", o=odds, r=ratio), ratio=ratio)
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


def says(facts: Facts, name: str) -> bool:
    """Return whether somebody's report is that it is so."""
    return bool(entry_of(facts, "reports.who", name)["says"] == "yes")


def likely(facts: Facts, name: str) -> Likely:
    """Return how likely somebody's report is."""
    rate = entry_of(facts, "rates.who", name)
    shares = {"p": Fraction(rate["hit"], rate["hits_of"]), "q": Fraction(rate["alarm"], rate["alarms_of"])}
    return shares if says(facts, name) else {key: 1 - share for key, share in shares.items()}


def sort_of(report: Mapping[str, Any]) -> str:
    """Return what a report is: one that was had from somebody else, a silence, or something said."""
    return next((key for key in ("origin", "silent") if key in report), "says")


def tell_sorts(reckoning: Reckoning, names: Collection[str]) -> None:
    """Say which of these people repeat somebody, and what it means that some kept silent."""
    for report in reckoning.facts["reports"]:
        if report["who"] in names and sort_of(report) != "says":
            reckoning.say(f"sort.{sort_of(report)}", **report)


def alone(reckoning: Reckoning, name: str) -> tuple[Fraction, Likely]:
    """Return how many times as likely a report is if it is so as if it is not, and how likely in either case."""
    shares, bank = likely(reckoning.facts, name), "ratio.yes" if says(reckoning.facts, name) else "ratio.no"
    ratio = reckoning.work("p / q", **shares)
    reckoning.say(bank, **entry_of(reckoning.facts, "rates.who", name), ratio=ratio)
    return ratio, shares


def together(reckoning: Reckoning) -> tuple[Fraction, Likely]:
    """Return the same of the reports of the two who err together, and say in how many of ten cases both come."""
    facts, work = reckoning.facts, reckoning.work
    one, other = sorted((facts["one"], facts["other"]), key=lambda name: not says(facts, name))
    first, second = (entry_of(facts, "rates.who", name) for name in (one, other))
    num_yes, counts = says(facts, one) + says(facts, other), [Fraction(facts[both]) for _, both in JOINT]
    if num_yes < 2:
        rest = "a - c" if num_yes else "10 - a - b + c"
        counts = [work(rest, a=first[key], b=second[key], c=facts[both]) for key, both in JOINT]
    shown = {**first, "one": one, "other": other, "bads": int(counts[0]), "goods": int(counts[1])}
    reckoning.say(f"joint.{num_yes}", **shown, hit_too=second["hit"], alarm_too=second["alarm"])
    shares = {"p": counts[0] / 10, "q": counts[1] / 10}
    ratio = work("p / q", **shares)
    reckoning.say("ratio.pair", **shown, ratio=ratio)
    return ratio, shares


def heard(reckoning: Reckoning) -> Iterator[tuple[Fraction, Likely]]:
    """Yield, and say, how likely each report of somebody who looked is, those of two who err together at once."""
    facts = reckoning.facts
    pair = [facts["one"], facts["other"]] if "both" in facts else []
    for name in (report["who"] for report in facts["reports"] if "origin" not in report):
        if name not in pair[1:]:
            yield together(reckoning) if name in pair else alone(reckoning, name)


def weighed(reckoning: Reckoning) -> Fraction:
    """Return the odds after all reports."""
    facts, work = reckoning.facts, reckoning.work
    odds = work("f / (m - f)", f=facts["few"], m=facts["many"])
    reckoning.say("prior", odds=odds)
    for ratio, _ in heard(reckoning):
        before, odds = odds, work("o * r", o=odds, r=ratio)
        reckoning.say("odds" if ratio != 1 else "odds.same", before=before, ratio=ratio, odds=odds)
    return odds


def factor_beside(reckoning: Reckoning) -> Fraction:
    """Return the factor of a report where all others are known already."""
    facts, work = reckoning.facts, reckoning.work
    whom, pair = facts["whom"], [facts["one"], facts["other"]] if "both" in facts else []
    report = entry_of(facts, "reports.who", whom)
    if "origin" in report:
        ratio = work("a / b", a=1, b=1)
        reckoning.say("factor.echo", **report, ratio=ratio)
        return ratio
    if whom not in pair:
        if len(facts["reports"]) > 1:
            reckoning.say("factor.apart")
        return alone(reckoning, whom)[0]
    other = next(name for name in pair if name != whom)
    reckoning.say("factor.first", one=whom, other=other)
    tell_sorts(reckoning, [other])
    (by_itself, _), (as_pair, _) = alone(reckoning, other), together(reckoning)
    ratio = work("t / a", t=as_pair, a=by_itself)
    reckoning.say("factor.pair", one=whom, other=other, before=as_pair, alone=by_itself, ratio=ratio)
    return ratio


def tell_heads(reckoning: Reckoning) -> None:
    """Check the odds by counting whole cases, those where it is so and the others, report by report."""
    facts = reckoning.facts
    few = Fraction(facts["few"], facts["many"])
    shares = {"p": [few], "q": [1 - few]}
    for _, by in heard(Reckoning(facts)):
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
