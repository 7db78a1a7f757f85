"""A meeting of people whose clocks differ: working hours and engagements are local, and the meeting needs all of them.

The first and the last possible beginning, whether there is one, how long a meeting can be at most, who alone stands in
the way. The traps: to shift a clock the wrong way; to take a gap that is too short; to think that the narrowest working
day decides. Offsets are printed, and nothing about summer time has to be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import HowMuch, Kind, OneOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.scheduling.forms import DAY, HOUR, ClockForm, OffsetForm
from open_thoughts_gen.families.scheduling.kinds import TimeOfDay
from open_thoughts_gen.families.scheduling.scheme import STAFF, SchedulingScheme

PROGRAM = Path(__file__).with_suffix(".lp")
SIZES = {1: (3, 2), 2: (4, 4), 3: (4, 5), 4: (5, 7)}  # people and engagements
HALF = 30
Span = tuple[int, int]


class Slots(SchedulingScheme):
    """A meeting over several clocks."""

    name: ClassVar[str] = "slots"
    asks: ClassVar[Mapping[str, Ask]] = {
        "first": Ask(TimeOfDay(), "first", needs=("whose", "length")),
        "last": Ask(TimeOfDay(), "last", needs=("whose", "length")),
        "any": Ask(YesNo(), "any", needs=("length",), coin="any"),
        "longest": Ask(HowMuch("minutes"), "longest", level=2),
        "alone": Ask(OneOf(()), "alone", level=3, needs=("length",)),
    }

    def __init__(self) -> None:
        """Say how each fact is written and read."""
        clock, name, whole = ClockForm(), NameForm(), WholeForm()
        self.forms: Mapping[str, Form[Any]] = {
            **self.frame_forms(),
            **dict.fromkeys("opens closes start end here_opens here_closes here_start here_end slot".split(), clock),
            **dict.fromkeys(("who", "whose", "other", "third"), name),
            **dict.fromkeys(("length", "gap", "shift", "longest"), whole),
            "offset": OffsetForm(),
            "city": EntryForm(self.words.lists["city"]),
            "hours": HoursForm(),
        }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw clocks that are not too far apart, and engagements that leave gaps."""
        num_people, num_busy = SIZES[level]
        cities = self.words.lists["city"]
        names = rng.sample(STAFF, num_people)
        people, busy = list[dict[str, Any]](), list[dict[str, Any]]()
        for name, city in zip(names, rng.sample(list(cities), num_people), strict=True):
            offset, opens = int(cities[city]["offset"]), rng.randrange(7 * HOUR, 10 * HOUR + 1, HALF)
            if offset % HOUR and level < 3:
                return None
            closes = opens + rng.randrange(7 * HOUR, 11 * HOUR + 1, HALF)
            people.append({"who": name, "city": city, "offset": offset, "opens": opens, "closes": closes})
        for person in rng.choices(people, k=num_busy):
            start = rng.randrange(person["opens"], person["closes"], HALF)
            end = min(start + rng.randrange(HALF, 3 * HOUR + 1, HALF), person["closes"])
            entry = {"who": person["who"], "start": start, "end": end}
            if all(other["who"] != entry["who"] or other["end"] < start or end < other["start"] for other in busy):
                busy.append(entry)
        facts: dict[str, Any] = {"people": people, "busy": busy}
        opens, closes = common(facts, 0)
        if len(busy) < num_busy - 1 or min(opens, *(one["opens"] - one["offset"] for one in people)) < 0:
            return None
        if closes - opens < 2 * HOUR or max(one["closes"] - one["offset"] for one in people) > DAY:
            return None
        spans = free_spans(facts, 0)
        if len(spans) < (1, 2, 3, 2)[level - 1]:
            return None
        length = max(end - start for start, end in spans) + rng.choice((-HOUR, -HALF, 0, HALF, HALF, HOUR))
        return facts | {"whose": rng.choice(names), "length": max(length, HALF)}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind with the names of this case."""
        return (
            OneOf(tuple(one["who"] for one in case.facts["people"])) if case.asks == "alone" else super().kind_of(case)
        )

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Cut the engagements out of the hours that all have in common."""
        spans = free_spans(facts, 0)
        results: dict[str, Any] = {"longest": max((end - start for start, end in spans), default=0) or None}
        if "length" not in facts:
            return results
        fitting = [span for span in spans if span[1] - span[0] >= facts["length"]]
        results["any"] = bool(fitting)
        if "whose" in facts and fitting:
            offset = offset_of(facts, facts["whose"])
            first, last = fitting[0][0] + offset, fitting[-1][1] - facts["length"] + offset
            results |= {"first": first} if len(spans) > 1 or facts["busy"] else {}
            results |= {"last": last}
        if not fitting:
            able = [one["who"] for one in facts["people"] if has_room(without(facts, one["who"]))]
            results["alone"] = able[0] if len(able) == 1 else None
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the people and their clocks, their engagements, the rules and the question."""
        facts, pen = case.facts, case.pen("data")
        style = pen.pick("style", "table", "line", "prose")
        rows = [page.say("prompt/table.head")] if style == "table" else []
        rows += [page.say(f"prompt/{style}", **one) for one in facts["people"]]
        busy = " ".join(page.say("prompt/busy", **entry) for entry in facts["busy"])
        needed = {key: facts[key] for key in self.asks[case.asks].needs}
        return self.framed(
            case,
            page,
            scene=page.say("prompt/scene"),
            rules=[page.say(f"prompt/rule.{key}") for key in pen.order("rules", ("all", "local", "touch", "day"))],
            data="\n\n".join((("\n" if style != "prose" else " ").join(rows), busy)),
            asked=page.say(f"prompt/ask.{case.asks}", **needed),
        )

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Bring all clocks to one, cut out what is taken, and look at the gaps in turn."""
        facts, asks = case.facts, case.asks
        narrative.step(f"issue.{asks}", **{key: facts[key] for key in self.asks[asks].needs})
        whose = facts.get("whose", facts["people"][0]["who"])
        spans = told_spans(narrative, facts, whose)
        if asks == "longest":
            narrative.point += 1
            gaps = [minutes(narrative, end, start) for start, end in spans]
            for gap, (start, end) in zip(gaps, spans, strict=True):
                narrative.step("gap.is", gap=gap, here_start=start, here_end=end)
            longest = max(gaps)
            start, end = spans[gaps.index(longest)]
            narrative.answer("answer.longest", longest, longest=longest, here_start=start, here_end=end)
        elif asks == "alone":
            told_gaps(narrative, spans, facts["length"])
            self._tell_alone(facts, narrative, whose)
        else:
            fit = told_gaps(narrative, spans[::-1] if asks == "last" else spans, facts["length"])
            if asks == "any":
                bank = "answer.any.no" if fit is None else "answer.any.yes"
                narrative.answer(bank, fit is not None, length=facts["length"])
            elif asks == "first":
                slot = fit[0] if fit else None
                narrative.answer("answer.first", slot, whose=whose, slot=slot)
            else:
                slot = (
                    int(60 * narrative.work("end - length / 60", end=Fraction(fit[1], 60), length=facts["length"]))
                    if fit
                    else None
                )
                narrative.answer("answer.last", slot, whose=whose, slot=slot)

    def _tell_alone(self, facts: Mapping[str, Any], narrative: Narrative, whose: str) -> None:
        """Leave one after another out, and see with whom a gap goes."""
        able = []
        for one in facts["people"]:
            name = one["who"]
            spans = free_spans(without(facts, name), offset_of(facts, whose))
            start, end = max(spans, key=lambda span: span[1] - span[0], default=(0, 0))
            narrative.point += 1
            gap = minutes(narrative, end, start) if spans else 0
            is_free = not narrative.work.exceeds(facts["length"], gap)
            bank = "apart.free" if is_free else "apart.short" if spans else "apart.none"
            narrative.step(bank, who=name, gap=gap, here_start=start, here_end=end)
            able += [name] * is_free
        narrative.answer("answer.alone", able[0] if len(able) == 1 else None, who=able[0] if able else "")

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Walk over the half-hours with the answer set program, with all the people and without each."""
        halves = {**halved(facts), "length": facts.get("length", HALF) // HALF}
        proved = answer_set(PROGRAM, halves)
        results: dict[str, Any] = {"any": "first" in proved, "longest": int(proved.get("longest", 0)) * HALF or None}
        if "whose" in facts and "first" in proved:
            offset = next(one["offset"] for one in facts["people"] if one["who"] == facts["whose"])
            results |= {key: int(proved[key]) * HALF + offset for key in ("first", "last")}
        if "first" not in proved and "length" in facts:
            names = [
                one["who"]
                for one in facts["people"]
                if "first" in answer_set(PROGRAM, {**halves, "absent": one["who"]})
            ]
            results["alone"] = names[0] if len(names) == 1 else None
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield an engagement moved, a working day longer or shorter, a meeting of another length."""
        facts = case.facts
        for index, entry in enumerate(facts["busy"]):
            for key, step in (("start", -HALF), ("start", HALF), ("end", -HALF), ("end", HALF)):
                moved = {**entry, key: entry[key] + step}
                if moved["start"] < moved["end"]:
                    yield Change({"busy": [*facts["busy"][:index], moved, *facts["busy"][index + 1 :]]})
        for index, one in enumerate(facts["people"]):
            for key, step in (("opens", HALF), ("closes", -HALF), ("closes", HALF)):
                yield Change(
                    {"people": [*facts["people"][:index], {**one, key: one[key] + step}, *facts["people"][index + 1 :]]}
                )
        if "length" in facts:
            yield from (
                Change({"length": facts["length"] + step}) for step in (-HALF, HALF) if facts["length"] + step > 0
            )


class HoursForm(WholeForm):
    """A number of minutes in hours, for a trace: `2 and a half hours`."""

    def write(self, value: int, style: str, seen: object) -> str:
        """Return the hours."""
        hours, rest = divmod(value, HOUR)
        if hours > 1:
            return f"{hours} and a half hours" if rest else f"{hours} hours"
        return f"{'an' if rest else 'one'} hour{' and a half' * bool(rest)}" if hours else "half an hour"


def offset_of(facts: Mapping[str, Any], who: str) -> int:
    """Return how far somebody's clock is ahead of UTC."""
    return int(next(one["offset"] for one in facts["people"] if one["who"] == who))


def common(facts: Mapping[str, Any], offset: int) -> Span:
    """Return when all are at work, by a clock that is so far ahead of UTC."""
    opens = max(one["opens"] - one["offset"] for one in facts["people"])
    closes = min(one["closes"] - one["offset"] for one in facts["people"])
    return opens + offset, closes + offset


def taken(facts: Mapping[str, Any], offset: int) -> list[tuple[int, int, str]]:
    """Return the engagements by a clock, the earliest first."""
    moved = [(entry, offset - offset_of(facts, entry["who"])) for entry in facts["busy"]]
    return sorted((entry["start"] + shift, entry["end"] + shift, entry["who"]) for entry, shift in moved)


def free_spans(facts: Mapping[str, Any], offset: int) -> list[Span]:
    """Return when nobody is taken, by a clock."""
    opens, closes = common(facts, offset)
    spans, at = [], opens
    for start, end, _ in [*taken(facts, offset), (closes, closes, "")]:
        if min(start, closes) > at:
            spans.append((at, min(start, closes)))
        at = max(at, end)
    return spans


def without(facts: Mapping[str, Any], who: str) -> dict[str, Any]:
    """Return the case without one of the people."""
    return {**facts, **{key: [one for one in facts[key] if one["who"] != who] for key in ("people", "busy")}}


def has_room(facts: Mapping[str, Any]) -> bool:
    """Return whether the meeting fits somewhere."""
    return any(end - start >= facts["length"] for start, end in free_spans(facts, 0))


def minutes(narrative: Narrative, end: int, start: int) -> int:
    """Return how long a gap is, and claim it."""
    return int(narrative.work("(end - start) * 60", end=Fraction(end, 60), start=Fraction(start, 60)))


def told_spans(narrative: Narrative, facts: Mapping[str, Any], whose: str) -> list[Span]:
    """Tell everybody's hours by one clock, and what of the common ones is taken; return what is free."""
    offset, work = offset_of(facts, whose), narrative.work
    narrative.step("clock", whose=whose)
    for one in facts["people"]:
        shift = offset - one["offset"]
        moved = {key: one[key] + shift for key in ("opens", "closes")}
        if shift:
            for key in moved:
                hours = {"at": Fraction(one[key], 60), "shift": Fraction(abs(shift), 60)}
                moved[key] = int(60 * work("at + shift" if shift > 0 else "at - shift", **hours))
        bank = "zone.same" if not shift else "zone.behind" if shift > 0 else "zone.ahead"
        narrative.step(
            bank,
            **{key: one[key] for key in ("who", "opens", "closes")},
            hours=abs(shift),
            here_opens=moved["opens"],
            here_closes=moved["closes"],
        )
    narrative.point += 1
    opens, closes = common(facts, offset)
    last = next(one["who"] for one in facts["people"] if one["opens"] + offset - one["offset"] == opens)
    soonest = next(one["who"] for one in facts["people"] if one["closes"] + offset - one["offset"] == closes)
    narrative.step("window", here_start=opens, here_end=closes, who=last, other=soonest)
    for start, end, who in taken(facts, offset):
        is_inside = start < closes and end > opens
        narrative.step("taken" if is_inside else "outside", who=who, here_start=start, here_end=end)
    return free_spans(facts, offset)


def told_gaps(narrative: Narrative, spans: Sequence[Span], length: int) -> Span | None:
    """Tell the gaps one after another until the meeting fits into one; return that one."""
    narrative.point += 1
    if not spans:
        narrative.step("gap.none")
    for start, end in spans:
        gap = minutes(narrative, end, start)
        is_short = narrative.work.exceeds(length, gap)
        narrative.step("gap.short" if is_short else "gap.long", here_start=start, here_end=end, gap=gap, length=length)
        if not is_short:
            return start, end
    return None


# The second implementation.
def halved(facts: Mapping[str, Any]) -> dict[str, object]:
    """Return the people and their engagements in half-hours, each by its own clock."""
    people = [
        {"who": one["who"], **{key: one[key] // HALF for key in ("offset", "opens", "closes")}}
        for one in facts["people"]
    ]
    busy = [
        {"who": entry["who"], "start": entry["start"] // HALF, "end": entry["end"] // HALF} for entry in facts["busy"]
    ]
    return {"people": people, "busy": busy}


SCHEME = Slots()
