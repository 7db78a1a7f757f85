"""A code of conduct: a rule, what is excepted from it, what is excepted from the exception, and so to a third depth.

Each article takes back what the one before it said: an amount, notice within a number of days, something that was there on
the day itself. An open inquiry shuts all exceptions, whatever their order in print. A body that pays has a rule of its
own, so that one and the same act may be allowed by both texts, by one, or by neither.

The traps: the first article that fits, which is not the last that fits; a day exactly at the limit; an exception to an
exception that is not in play; an inquiry that was closed the day before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import zip_longest
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.scheme import EthicsScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Page, ProblemCase, Reckoning
from open_thoughts_gen.families.kit.kinds import Flip, Kind, OneOf, WhoWhy, YesNo

VERDICTS = ("allowed", "forbidden")
BOTH = ("neither", "code", "policy", "both")
EXCEPTIONS = ("amount", "notice", "prior")  # each takes back what the one before it says
PRINTED_BY = {"inquiry": "opened", "base": "base", "amount": "limit", "notice": "days", "prior": "prior"}


class Conduct(EthicsScheme):
    """An act under a code of nested exceptions, and under the rule of the body that pays."""

    name: ClassVar[str] = "conduct"
    labels: ClassVar[Sequence[str]] = (*PRINTED_BY, "policy")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", coin="allowed"),
        "why": Ask(WhoWhy(VERDICTS, {}, "closing/ruling"), "why", coin="allowed"),
        "texts": Ask(OneOf(BOTH, "closing/texts"), "texts", level=3, needs=("within",), coin="texts", outcomes=BOTH),
        "turns": Ask(Flip(), "allowed", level=3, coin="allowed"),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw how many exceptions take hold, one after another, then facts that make it so."""
        rules, wanted = min(level, 3), rng.choice((True, False))
        depths = [each for each in range(rules + 1) if each % 2 == wanted]
        depth = depths[-1] if rng.random() < 0.7 else rng.choice(depths)
        base, day = rng.choice(("forbid", "allow")), rng.randint(1, 28)
        start = date(rng.randint(2027, 2044), rng.randint(1, 12), day)
        limit, days = rng.choice((4, 6, 8, 10, 12, 15, 20, 24)), rng.choice((7, 10, 14, 21, 28))
        near = rng.choice((0, 0, 1, 2, 5))
        applies = [each < depth or (each > depth and rng.random() < 0.5) for each in range(3)]
        low, late = (applies[each] == (base == "forbid") for each in (0, 1))
        facts: dict[str, Any] = {"setting": rng.choice(list(self.words.lists["setting"])), "base": base, "start": start}
        facts |= {"who": rng.choice(self.pool("names")), "limit": limit, **({"days": days} if rules > 1 else {})}
        facts["amount"] = max(2, limit - near) if low else limit + 1 + near
        facts["given"] = start + timedelta(days=days + 1 + near if late else days - near)
        facts["there"] = start + timedelta(days=-near if applies[2] else 1 + near)
        facts["within"] = rng.choice([each for each in (3, 5, 10, 14, 21, 30, 40) if each != days])
        facts |= {"prior": True} if rules > 2 else {}
        if level > 3:
            is_open, gap = not wanted and rng.random() < 0.3, rng.choice((0, 0, 1, 4))
            closed = start + timedelta(days=gap if is_open else -1 - gap)
            facts |= {"opened": closed - timedelta(days=rng.randint(20, 60)), "closed": closed}
        return facts

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the articles of the case."""
        if case.asks != "why":
            return super().kind_of(case)
        printed = {key: label for key, label in self.labels_of(case).items() if PRINTED_BY.get(key) in case.facts}
        return WhoWhy(VERDICTS, printed, "closing/ruling")

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Go from exception to exception until one does not take hold."""
        reckoning = Reckoning(facts)
        rule, allowed = decided(reckoning)
        # With an open inquiry one may name the article that shuts the exceptions, or the rule that is left alone.
        why = (VERDICTS[not allowed], rule) if rule != "inquiry" else None
        texts = BOTH[allowed + 2 * paid_for(reckoning)] if "within" in facts else None
        return {"allowed": allowed, "why": why, "texts": texts}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the code, in an order in which the inquiry may stand anywhere, and what happened."""
        facts, base = case.facts, case.facts["base"]
        told = page.say("prompt/act", **facts)
        banks = ("amount", "given", f"there.{base}", *["opened"] * ("opened" in facts), "colour")
        more = case.pen("story").order("facts", [page.say(f"prompt/{bank}", **facts) for bank in banks])
        printed = {"inquiry": "opened", f"rule.{base}": "base", f"limit.{base}": "limit", f"days.{base}": "days"}
        printed |= {f"prior.{base}": "prior", "policy": "within"}
        return self.laid_out(case, page, printed, " ".join([told, *more]))

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Tell the rule, then each exception that takes hold, then the text of the body that pays."""
        rule, allowed = decided(reckoning)
        verdict = VERDICTS[not allowed]
        if asks == "texts":
            reckoning.say("settled", verdict=verdict)
            reckoning.part(2)
            reckoning.answer("answer.texts", BOTH[allowed + 2 * paid_for(reckoning)])
        else:
            reckoning.answer(f"answer.{rule}", (verdict, rule) if asks == "why" else allowed, verdict=verdict)

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Ask the answer set program, which knows defaults and what defeats them."""
        proved = {**super().prove(facts)}
        why = {"why": (proved["verdict"], proved["rule"])} if proved["rule"] != "inquiry" else {}
        return {**proved, "allowed": proved["verdict"] == VERDICTS[0], **why}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another amount, another day of the notice, of what was there, of the inquiry."""
        facts, start = case.facts, case.facts["start"]
        values: dict[str, list[Any]] = {"amount": [facts["limit"] + by for by in (-1, 0, 1, 2)]}
        for key, middle in (("given", start + timedelta(days=facts.get("days", 7))), ("there", start)):
            values[key] = [middle + timedelta(days=by) for by in (-2, -1, 0, 1, 2)]
        if "closed" in facts:
            values["closed"] = [day for by in (-1, 0, 1) if (day := start + timedelta(days=by)) > facts["opened"]]
        for key, others in values.items():
            for value in others:
                if value != facts[key]:
                    yield Change({key: value}, option=key if case.asks == "turns" else "")


def decided(reckoning: Reckoning) -> tuple[str, bool]:
    """Return the article that has the last word, and whether it allows the act."""
    facts, work = reckoning.facts, reckoning.work
    allowed = work.settle(facts["base"] == "allow")
    base = "allow" if allowed else "forbid"
    reckoning.say(f"base.{base}")
    if "opened" in facts:
        is_open = not work.is_later(facts["start"], facts["closed"])
        reckoning.say("inquiry.open" if is_open else "inquiry.closed")
        if is_open:
            return "inquiry", allowed
    last: tuple[str, bool] = "base", allowed
    articles = [article for article in EXCEPTIONS if PRINTED_BY[article] in facts]
    for article, following in zip_longest(articles, articles[1:]):
        shown = {}
        if article == "amount":
            holds = work.exceeds(facts["amount"], facts["limit"]) == (base == "allow")
        elif article == "notice":
            shown["last"] = work.after(facts["start"], facts["days"])
            holds = work.is_later(facts["given"], shown["last"]) == (base == "forbid")
        else:
            holds = not work.is_later(facts["there"], facts["start"])
        reckoning.say(f"{article}.{base}.{'holds' if holds else 'fails'}", **shown)
        if not holds:
            if following:
                reckoning.say(f"idle.{following}.{base}")
            break
        last = article, not last[1]
    return last


def paid_for(reckoning: Reckoning) -> bool:
    """Return whether the body that pays allows the act: it asks for early notice and nothing else."""
    gone = reckoning.work.days_between(reckoning.facts["start"], reckoning.facts["given"])
    late = reckoning.work.exceeds(gone, reckoning.facts["within"])
    reckoning.say("policy.late" if late else "policy.timely", gone=gone)
    return not late


SCHEME = Conduct()
