"""A code of conduct: a rule, what is excepted from it, what is excepted from the exception, and so to a third depth.

Each article takes back what the one before it said: an amount, notice within so many days, something that was there on
the day itself. An open inquiry shuts all exceptions, whatever their order in print. A body that pays has a rule of its
own, so that one and the same act may be allowed by both texts, by one, or by neither.

The traps: the first article that fits, which is not the last that fits; a day exactly at the limit; an exception to an
exception that is not in play; an inquiry that was closed the day before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.scheme import EthicsScheme, patch_of
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import DayForm, EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import Flip, Kind, OneOf, WhoWhy, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

NAMES = (
    *("Arden", "Bellamy", "Crane", "Devlin", "Ellery", "Fosse", "Garrick", "Hale", "Ingram", "Joyce", "Kerr", "Locke"),
    *("Marlow", "Noble", "Orton", "Prior", "Reeve", "Sutton", "Tate", "Usher", "Voss", "Wilde", "Yorke"),
)
ALLOWED, FORBIDDEN = "allowed", "forbidden"
BOTH = ("neither", "code", "policy", "both")
CHAIN = ("base", "amount", "notice", "prior")  # each takes back what the one before it says


class Conduct(EthicsScheme):
    """An act under a code of nested exceptions, and under the rule of the body that pays."""

    name: ClassVar[str] = "conduct"
    labels: ClassVar[Sequence[str]] = ("inquiry", *CHAIN, "policy")
    word_file = Path(__file__).with_suffix(".yaml")
    asks: ClassVar[Mapping[str, Ask]] = {
        "allowed": Ask(YesNo(), "allowed", coin="allowed"),
        "why": Ask(WhoWhy((ALLOWED, FORBIDDEN), {}, "closing/ruling"), "why", coin="allowed"),
        "texts": Ask(OneOf(BOTH, "closing/texts"), "texts", level=3, needs=("within",), coin="texts", outcomes=BOTH),
        "turns": Ask(Flip(), "allowed", level=3, coin="allowed"),
    }

    def __init__(self) -> None:
        """Say how each fact is written."""
        lists = self.words.lists
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys(("amount", "limit", "days", "within", "gone"), WholeForm()),
            **dict.fromkeys(("start", "given", "there", "opened", "closed", "last"), DayForm()),
            **dict.fromkeys(("who", "article"), NameForm()),
            "setting": EntryForm(lists["setting"]),
            "verdict": EntryForm(lists["verdict"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw how many exceptions take hold, one after another, then facts that make it so."""
        rules = min(level, 3)
        wanted = rng.choice((True, False))
        depths = [each for each in range(rules + 1) if each % 2 == wanted]
        depth = depths[-1] if rng.random() < 0.7 else rng.choice(depths)
        base = rng.choice(("forbid", "allow"))
        start = date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
        limit, days = rng.choice((4, 6, 8, 10, 12, 15, 20, 24)), rng.choice((7, 10, 14, 21, 28))
        near = rng.choice((0, 0, 1, 2, 5))
        applies = [depth > 0, depth > 1, depth > 2]
        if depth < 3:
            applies[depth + 1 :] = [rng.random() < 0.5 for _ in applies[depth + 1 :]]
        low = applies[0] == (base == "forbid")
        late = applies[1] == (base == "forbid")
        facts: dict[str, Any] = {
            "setting": rng.choice(list(self.words.lists["setting"])),
            "base": base,
            "who": rng.choice(NAMES),
            "start": start,
            "amount": max(2, limit - near) if low else limit + 1 + near,
            "limit": limit,
            "given": start + timedelta(days=days + 1 + near if late else days - near),
            "there": start + timedelta(days=-near if applies[2] else 1 + near),
        }
        if rules > 1:
            facts["days"] = days
        if rules > 2:
            facts["prior"] = True
        if level > 3:
            facts |= _inquiry(rng, start, is_open=not wanted and rng.random() < 0.3)
        return {**facts, "within": rng.choice([each for each in (3, 5, 10, 14, 21, 30, 40) if each != days])}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the articles of the case."""
        if case.asks != "why":
            return super().kind_of(case)
        labels = self.labels_of(case)
        return WhoWhy((ALLOWED, FORBIDDEN), {key: labels[key] for key in articles(case.facts)}, "closing/ruling")

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Go from exception to exception until one does not take hold."""
        work = Work(is_quiet=True)
        rule, allowed = decided(facts, work)
        results: dict[str, Any] = {"allowed": allowed, "why": (ALLOWED if allowed else FORBIDDEN, rule)}
        if rule == "inquiry":  # one may name the article that shuts the exceptions, or the rule that is left alone
            results["why"] = None
        if "within" in facts:
            results["texts"] = BOTH[allowed + 2 * paid_for(facts, work)]
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the code, in an order in which the inquiry may stand anywhere, and what happened."""
        facts, setting = case.facts, {"setting": case.facts["setting"]}
        base = facts["base"]
        told = [page.say("prompt/act", who=facts["who"], start=facts["start"], **setting)]
        more = [page.say("prompt/amount", amount=facts["amount"], **setting)]
        more.append(page.say("prompt/given", given=facts["given"], **setting))
        more.append(page.say(f"prompt/there.{base}", there=facts["there"], **setting))
        if "opened" in facts:
            more.append(page.say("prompt/opened", who=facts["who"], opened=facts["opened"], closed=facts["closed"]))
        more.append(page.say("prompt/colour"))
        told += case.pen("story").order("facts", more)
        rules = [page.say("prompt/inquiry")] if "opened" in facts else []
        rules.append(page.say(f"prompt/rule.{base}", **setting))
        rules.append(page.say(f"prompt/limit.{base}", limit=facts["limit"], **setting))
        rules += [page.say(f"prompt/days.{base}", days=facts["days"], **setting)] if "days" in facts else []
        rules += [page.say(f"prompt/prior.{base}", **setting)] if "prior" in facts else []
        rules += [page.say("prompt/policy", within=facts["within"])] if "within" in facts else []
        ask = page.say(f"prompt/ask.{case.asks}", who=facts["who"])
        return self.framed(case, page, rules="\n".join(rules), story=" ".join(told), ask=ask)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the rule, then each exception that takes hold, then the text of the body that pays."""
        facts, asks = case.facts, case.asks
        narrative.year = facts["start"].year
        narrative.step(f"issue.{asks}", who=facts["who"], setting=facts["setting"])
        narrative.point = 1
        rule, allowed = decided(facts, narrative.work, narrative)
        verdict = ALLOWED if allowed else FORBIDDEN
        if asks == "texts":
            narrative.step("settled", verdict=verdict)
            narrative.point = 2
            paid = paid_for(facts, narrative.work, narrative)
            result = BOTH[allowed + 2 * paid]
            narrative.answer(f"answer.texts.{result}", result, who=facts["who"])
        else:
            named = (verdict, rule) if asks == "why" else allowed
            narrative.answer(f"answer.{rule}", named, verdict=verdict, who=facts["who"])

    def trial(self, case: ProblemCase, letter: str, narrative: Narrative) -> object:
        """Go through the code once more with one fact changed."""
        ((key, value),) = patch_of(case, letter).items()
        rule, allowed = decided(case.facts, narrative.work)
        verdict = ALLOWED if allowed else FORBIDDEN
        bank = f"trial.{key}" if key != "there" else f"trial.there.{case.facts['base']}"
        shown = {"letter": letter, "verdict": verdict, "article": narrative.page.labels[rule], key: value}
        narrative.step(bank, setting=case.facts["setting"], **shown)
        return allowed

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program, which knows defaults and what defeats them."""
        proved: dict[str, Any] = dict(answer_set(Path(__file__).with_suffix(".lp"), facts))
        results: dict[str, Any] = {"allowed": proved["verdict"] == ALLOWED}
        if proved["rule"] != "inquiry":
            results["why"] = (proved["verdict"], proved["rule"])
        if "texts" in proved:
            results["texts"] = proved["texts"]
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another amount, another day of the notice, of what was there, of the inquiry."""
        facts, offered = case.facts, case.asks == "turns"
        for amount in (facts["limit"] - 1, facts["limit"], facts["limit"] + 1, facts["limit"] + 2):
            if amount != facts["amount"]:
                yield Change({"amount": amount}, option="amount" if offered else "")
        days = facts.get("days", 7)
        for key, middle in (("given", facts["start"] + timedelta(days=days)), ("there", facts["start"])):
            for by in (-2, -1, 0, 1, 2):
                if middle + timedelta(days=by) != facts[key]:
                    yield Change({key: middle + timedelta(days=by)}, option=key if offered else "")
        if "closed" in facts:
            for by in (-1, 0, 1):
                day = facts["start"] + timedelta(days=by)
                if day != facts["closed"] and day > facts["opened"]:
                    yield Change({"closed": day}, option="closed" if offered else "")


def articles(facts: Mapping[str, Any]) -> list[str]:
    """Return the articles of the code that a case prints."""
    there = {"inquiry": "opened", "notice": "days", "prior": "prior"}
    return [key for key in ("inquiry", *CHAIN) if key not in there or there[key] in facts]


def _inquiry(rng: Random, start: date, *, is_open: bool) -> dict[str, date]:
    """Return an inquiry that is open on a day, or was closed before it."""
    near = rng.choice((0, 0, 1, 4))
    closed = start + timedelta(days=near if is_open else -1 - near)
    return {"opened": closed - timedelta(days=rng.randint(20, 60)), "closed": closed}


def decided(facts: Mapping[str, Any], work: Work, narrative: Narrative | None = None) -> tuple[str, bool]:
    """Return the article that has the last word, and whether it allows the act."""

    def say(bank: str, **values: Any) -> None:  # noqa: ANN401
        if narrative is not None:
            narrative.step(bank, setting=facts["setting"], **values)

    allowed, start = work.settle(facts["base"] == "allow"), facts["start"]
    base = "allow" if allowed else "forbid"
    say(f"base.{base}", who=facts["who"])
    if "opened" in facts:
        is_open = not work.is_later(start, facts["closed"])
        say(
            "inquiry.open" if is_open else "inquiry.closed", opened=facts["opened"], closed=facts["closed"], start=start
        )
        if is_open:
            return "inquiry", allowed
    over = work.exceeds(facts["amount"], facts["limit"])
    holds = over == (base == "allow")
    say(f"amount.{base}.{'holds' if holds else 'fails'}", amount=facts["amount"], limit=facts["limit"])
    if not holds:
        if "days" in facts:
            say(f"idle.notice.{base}", given=facts["given"])
        return "base", allowed
    if "days" not in facts:
        return "amount", not allowed
    last = work.after(start, facts["days"])
    is_late = work.is_later(facts["given"], last)
    holds = is_late == (base == "forbid")
    say(f"notice.{base}.{'holds' if holds else 'fails'}", last=last, given=facts["given"], days=facts["days"])
    if not holds:
        if "prior" in facts:
            say(f"idle.prior.{base}", there=facts["there"])
        return "amount", not allowed
    if "prior" not in facts:
        return "notice", allowed
    holds = not work.is_later(facts["there"], start)
    say(f"prior.{base}.{'holds' if holds else 'fails'}", there=facts["there"], start=start)
    return ("prior", not allowed) if holds else ("notice", allowed)


def paid_for(facts: Mapping[str, Any], work: Work, narrative: Narrative | None = None) -> bool:
    """Return whether the body that pays allows the act: it asks for early notice and nothing else."""
    gone = work.days_between(facts["start"], facts["given"])
    late = work.exceeds(gone, facts["within"])
    if narrative is not None:
        narrative.step("policy.late" if late else "policy.timely", gone=gone, within=facts["within"])
    return not late


SCHEME = Conduct()
