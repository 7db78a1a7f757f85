"""Deciding a case of law: the one function that decides it also tells it, where there is somebody to tell it to.

Beside it, what schemes share around a decision: facts that are drawn level by level, a story put together from events,
and the single days of a case moved a little, for minimal pairs and options.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from open_thoughts_gen.families.kit.forms import Money
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.scheme import Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.families.statutes import days
from open_thoughts_gen.families.statutes.people import short_name
from open_thoughts_gen.families.statutes.teller import Silent, Teller

STEPS = (-12, -9, -6, -4, -3, -2, -1, 1, 2, 3, 4, 6, 9, 12)  # by how many days a change moves a day
SIZES = (-30, -12, -5, -2, -1, 1, 2, 4, 10, 25)  # by how many times its size a change makes a sum larger
Limits = Mapping[str, tuple[date | str | None, date | str | None]]
Event = tuple[date | None, Sequence[str]]


class Decision:
    """A case that is being decided by the first implementation, and told at the same time if there is a narrative.

    A scheme derives its own from this, with a method for each thing that its law asks on the way. `say` tells a step
    and has every fact at hand, so that a call names only what was worked out.
    """

    def __init__(self, facts: Mapping[str, Any], told: Narrative | Work | None = None) -> None:
        """Take the facts, and the narrative; with work alone, or nothing, the case is decided without a word."""
        self.facts, self.told = facts, told if isinstance(told, Narrative) else Silent(told or Work(is_quiet=True))
        self.work, self._teller = self.told.work, Teller(self.told, dict(facts))

    @property
    def known(self) -> Mapping[str, Any]:
        """What is known so far: the facts of the case, and what has been worked out."""
        return self._teller.known

    def say(self, bank: str, **values: Any) -> None:  # noqa: ANN401
        """Tell a step with every fact at hand, and every value of the steps before it."""
        self._teller.step(bank, **values)

    def answer(self, bank: str, result: object, **values: Any) -> None:  # noqa: ANN401
        """Tell the decisive reason with all that is known, and what the derivation comes to."""
        self._teller.answer(bank, result, **values)

    def turn(self, name: str, refuted: str = "", **values: Any) -> None:  # noqa: ANN401
        """Try a reading that a reader might try, and refute it: by the step of its own name if `refuted` names none."""
        self.say(f"turn.{name}", **values)
        self.say(f"refute.{refuted or name}")

    def survey(self, asks: str, idle: Sequence[tuple[str, str, str, str]]) -> None:
        """Say of each provision that cannot matter why it cannot.

        `idle` are the steps that say so, each with the questions for which it does, facts that the case must have and
        facts of which it may have none.
        """
        for bank, questions, needed, missing in idle:
            if asks in questions.split() and self.has(*needed.split()) and not any(map(self.has, missing.split())):
                self.say(bank)

    def has(self, *names: str) -> bool:
        """Return whether the case has all of these facts."""
        return all(name in self.facts for name in names)

    def entry(self, name: str, **values: object) -> Mapping[str, Any]:
        """Return the entry of a list that has these values."""
        return next(entry for entry in self.facts[name] if values.items() <= entry.items())

    def end_of(self, start: date, num_days: int) -> date:
        """Return the last day of a period that runs from a day, moved if the code moves it."""
        return days.tell_roll(self.told, self.facts, days.tell_period(self.told, self.facts, start, num_days))

    def put_off(self, first: date, last: date, pause: tuple[date, date]) -> tuple[int, date]:
        """Return how many days of a pause fall into a time, and the last day of the time, put off by as many."""
        end, later = None, last
        while later != end:  # the time may run into more days of the pause as it is put off
            end = later
            num = max(0, (min(end, pause[1]) - max(first, pause[0])).days + 1)
            later = last + timedelta(days=num)
        if not num:
            return 0, last
        between = self.work.days_between(max(first, pause[0]), min(later, pause[1]))
        num = int(self.work("between + 1", between=between))
        return num, self.work.after(last, num)

    def money(self, expression: str, **values: Money | Fraction | int) -> Money:
        """Return an amount that is worked out, in the unit of the amounts that it is worked out from."""
        unit = next(value.unit for value in values.values() if isinstance(value, Money))
        return Money(self.work(expression, **values), unit)

    def nothing(self, like: Money) -> Money:
        """Return no money, in the unit of an amount."""
        return Money(Fraction(0), like.unit)

    def total(self, amounts: Sequence[Money], unit: str) -> Money:
        """Return the sum of amounts, claimed as a sum if there are several."""
        names = [f"amount_{'abcdefghijkl'[index]}" for index in range(len(amounts))]
        if len(amounts) > 1:
            return self.money(" + ".join(names), **dict(zip(names, amounts, strict=True)))
        return amounts[0] if amounts else Money(Fraction(0), unit)


def on_the_point(facts: Mapping[str, Any], winner: str, rule: str) -> dict[str, Any]:
    """Return the results of a case in which the parties differ on one point: who is right, and by which provision."""
    prevails = short_name(facts[winner]), rule
    return {"winner": winner, "rule": rule, "case": (winner, facts["point"]), "prevails": prevails}


def drawn_features(rng: Random, level: int, features: Mapping[str, tuple[Any, Sequence[float]]]) -> dict[str, Any]:
    """Draw which facts a case has: each with its value, and how often it comes up at the levels 1 to 4."""
    return {key: value for key, (value, rates) in features.items() if rng.random() < rates[level - 1]}


def balanced(**rules: str) -> tuple[str, ...]:
    """Return outcomes "winner rule", as many for each winner, and of one winner's as many for each rule."""
    named = {winner: names.split() for winner, names in rules.items()}
    size = math.lcm(*(len(names) for names in named.values()))
    return tuple(
        f"{winner} {rule}" for winner, names in named.items() for rule in names for _ in range(size // len(names))
    )


def gap(rng: Random, over: float = 0.5, far: int = 12) -> int:
    """Return by how many steps something is over its limit, with probability `over`; else it is under it, or on it.

    It is as often one to three steps off as four to `far`, so that a glance does not tell on which side it falls.
    """
    size = rng.choice((rng.randint(1, 3), rng.randint(4, far)))
    return size if rng.random() < over else rng.choice((0, 0, -size, -size, -size))


def near(rng: Random, limit: date, over: float = 0.5, far: int = 12, *, after: date = date.min) -> date:
    """Return a day near a limit, past it with probability `over`, and in any case after another."""
    return max(limit + timedelta(days=gap(rng, over, far)), after + timedelta(days=1))


def story_of(page: Page, pen: Pen, facts: Mapping[str, Any], first: Sequence[str], events: Sequence[Event]) -> str:
    """Return a story: how it begins, then what happened in the order of time, with a few things that do not matter.

    An event is a day and banks under `prompt/story.`; one without a day did not happen, and a bank without a name is
    left out. A bank `*items` is said of each entry of the list `items`. What does not matter is `prompt/colour`.
    """

    def said(banks: Sequence[str]) -> Iterator[str]:
        for bank in filter(None, banks):
            for entry in facts[bank[1:]] if bank.startswith("*") else ({},):
                yield page.say(f"prompt/story.{bank.removeprefix('*')}", **{**facts, **entry})

    told = [" ".join([*said(first), page.say("prompt/colour", **facts)])]
    dated = [(day, list(filter(None, banks))) for day, banks in events if day is not None]
    happened = sorted(((day, banks) for day, banks in dated if banks), key=lambda event: event[0])
    more = pen.pick("more colour", *range(2 * len(events)))
    for index, (_, banks) in enumerate(happened):
        told.append(" ".join(said(banks)))
        if index == more and index < len(happened) - 1:
            told.append(page.say("prompt/colour", **facts))
    return pen.pick("joint", " ", "\n\n").join((told[0], " ".join(told[1:])))


def moved(facts: Mapping[str, Any], rng: Random, limits: Limits) -> Iterator[Change]:
    """Yield changes that move single days a little, each named after its fact.

    A day stays between its two limits, each a day, the name of a fact that is one, or None.
    """
    for key, ends in limits.items():
        low, high = (facts.get(end) if isinstance(end, str) else end for end in ends)
        for step in rng.sample(STEPS, 4) if key in facts else ():
            day = facts[key] + timedelta(days=step)
            if (low is None or low < day) and (high is None or day < high):
                yield Change({key: day}, key)


def resized(
    facts: Mapping[str, Any], rng: Random, sizes: Mapping[str, int], above: Money | None = None
) -> Iterator[Change]:
    """Yield changes that make single sums smaller or larger by a few times a size, and above a floor or 0."""
    for key, size in sizes.items():
        for step in rng.sample(SIZES, 2) if key in facts else ():
            amount = Money(facts[key].number + size * step, facts[key].unit)
            if amount.number > (above.number if above else 0):
                yield Change({key: amount}, key)
