"""A meeting of people whose clocks differ: working hours and engagements are local, and the meeting needs all of them.

The first and the last possible beginning, whether there is one, how long a meeting can be at most. The traps: to shift
a clock the wrong way; to take a gap that is too short; to think that the narrowest working day decides. Offsets are
printed, and nothing about summer time has to be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Figures, Page, ProblemCase, nudged
from open_thoughts_gen.families.kit.clock import DAY, HOUR, TimeOfDay
from open_thoughts_gen.families.kit.kinds import HowMuch, YesNo
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.walking import WalkingScheme
from open_thoughts_gen.families.scheduling.scheme import SchedulingScheme

PROGRAM = Path(__file__).with_suffix(".lp")
SIZES = {1: (2, 2, 1), 2: (3, 3, 2), 3: (4, 5, 3), 4: (5, 7, 2)}  # people, engagements, and the fewest gaps
HALF = 30
LENGTHS = {1: (90, 120, 150), 2: (60, 90, 120), 3: (60, 90), 4: (60, 90)}  # of the meeting
PLAIN = 0.3  # how often one is kept where all gaps together say whether one of them is long enough
OFFERS = {level: [*product(lengths, (True, False))] for level, lengths in LENGTHS.items()}
Span = tuple[int, int]


@dataclass(slots=True)
class Diary(Figures):
    """The first implementation: the hours that all have in common, by one clock, without what is taken."""

    offset: int = field(init=False)  # how far that clock is ahead of UTC: theirs who is named, or of the first

    def __post_init__(self) -> None:
        """Find whose clock counts."""
        people = {one["who"]: one for one in self.facts["people"]}
        self.offset = people[self.know("whose", self.facts.get("whose", next(iter(people))))]["offset"]

    def hours(self, one: Mapping[str, Any]) -> Span:
        """Return somebody's hours by this clock."""
        shift, here = Fraction(self.offset - one["offset"], HOUR), [one["opens"], one["closes"]]
        if shift:
            known, expression = {"shift": abs(shift)}, f"at {'+-'[shift < 0]} shift"
            here = [int(HOUR * self.work(expression, at=Fraction(at, HOUR), **known)) for at in here]
        bank = "same" if not shift else "behind" if shift > 0 else "ahead"
        self.say(f"zone.{bank}", **one, here_opens=here[0], here_closes=here[1], hours=abs(shift))
        return here[0], here[1]

    def spans(self) -> list[Span]:
        """Return when nobody is taken."""
        people = {one["who"]: one for one in self.facts["people"]}
        hours = {who: self.hours(one) for who, one in people.items()}
        last, soonest = max(hours, key=lambda who: hours[who][0]), min(hours, key=lambda who: hours[who][1])
        at, closes = hours[last][0], hours[soonest][1]
        self.know("width", closes - at)
        self.part(1)
        self.say("window.one" if last == soonest else "window", here_start=at, here_end=closes, who=last, other=soonest)
        moved = [(entry, self.offset - people[entry["who"]]["offset"]) for entry in self.facts["busy"]]
        opens, spans = at, list[Span]()
        for start, end, who in sorted((one["start"] + by, one["end"] + by, one["who"]) for one, by in moved):
            is_inside = start < closes and end > opens
            self.say("taken" if is_inside else "outside", who=who, here_start=start, here_end=end)
            spans += [(at, min(start, closes))] if min(start, closes) > at else []
            at = max(at, end)
        return [*spans, (at, closes)] if closes > at else spans

    def minutes(self, span: Span) -> int:
        """Return how long a gap is."""
        start, end = (Fraction(at, HOUR) for at in span)
        return int(self.work("(end - start) * 60", end=end, start=start))

    def fit(self, spans: Sequence[Span]) -> Span | None:
        """Tell the gaps one after another until the meeting fits into one; return that one."""
        if not spans:
            self.say("gap.none")
        for start, end in spans:
            self.know("gap", self.minutes((start, end)))
            is_short = self.exceeds("length", "gap")
            self.say("gap.short" if is_short else "gap.long", here_start=start, here_end=end)
            if not is_short:
                return start, end
        return None


class Slots(WalkingScheme, SchedulingScheme):
    """A meeting over several clocks."""

    name: ClassVar[str] = "slots"
    reckoning: ClassVar[type[Figures]] = Diary
    asks: ClassVar[Mapping[str, Ask]] = {
        "first": Ask(TimeOfDay(), "first", needs=("whose", "length")),
        "last": Ask(TimeOfDay(), "last", needs=("whose", "length")),
        "any": Ask(YesNo(), "any", needs=("length",), coin="length any", outcomes_at=OFFERS),
        "longest": Ask(HowMuch("minutes"), "longest", level=2),
    }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw clocks that are not too far apart, and engagements that leave gaps."""
        num_people, num_busy, num_gaps = SIZES[level]
        offsets = {city: int(forms["offset"]) for city, forms in self.words.lists["city"].items()}
        cities = [city for city, offset in offsets.items() if level > 2 or offset % HOUR == 0]
        people, busy = list[dict[str, Any]](), list[dict[str, Any]]()
        for name, city in zip(rng.sample(self.pool("staff"), num_people), rng.sample(cities, num_people), strict=True):
            opens = rng.randrange(7 * HOUR, 10 * HOUR + 1, HALF)
            closes = opens + rng.randrange(7 * HOUR, 11 * HOUR + 1, HALF)
            people.append({"who": name, "city": city, "offset": offsets[city], "opens": opens, "closes": closes})
        for person in rng.choices(people, k=num_busy):
            start = rng.randrange(person["opens"], person["closes"], HALF)
            end = min(start + rng.randrange(HALF, 3 * HOUR + 1, HALF), person["closes"])
            entry = {"who": person["who"], "start": start, "end": end}
            if all(other["who"] != entry["who"] or other["end"] < start or end < other["start"] for other in busy):
                busy.append(entry)
        facts: dict[str, Any] = {"people": people, "busy": busy}
        spans = (diary := Diary(facts)).spans()
        hours = [one[key] - one["offset"] for one in people for key in ("opens", "closes")]
        is_one_day = min(hours) >= 0 and max(hours) <= DAY and diary.known["width"] >= 2 * HOUR
        if not is_one_day or len(busy) < num_busy - 1 or len(spans) < num_gaps:
            return None
        longest, length = max(end - start for start, end in spans), rng.choice(LENGTHS[level])
        is_plain = (sum(end - start for start, end in spans) - length >= HOUR) is (longest >= length)
        is_kept = abs(longest - length) <= HOUR and not (is_plain and rng.random() > PLAIN)
        return facts | {"whose": rng.choice(people)["who"], "length": length} if is_kept else None

    def data(self, case: ProblemCase, page: Page) -> str:
        """Print the people with their clocks, and their engagements."""
        busy = " ".join(page.say("prompt/busy", **entry) for entry in case.facts["busy"])
        return f"{self.listed(page, 'people', case.facts['people'])}\n\n{busy}".rstrip()

    def walk(self, story: Diary, asks: str) -> object:
        """Bring all clocks to one, cut out what is taken, and look at the gaps in turn."""
        story.say(f"issue.{asks}")
        story.say("clock", offset=story.offset)
        spans = story.spans()
        story.part(2)
        if asks == "longest":
            gaps = [story.minutes(span) for span in spans]
            for gap, (start, end) in zip(gaps, spans, strict=True):
                story.say("gap.is", gap=gap, here_start=start, here_end=end)
            start, end = spans[gaps.index(max(gaps))] if gaps else (0, 0)
            story.known |= {"here_start": start, "here_end": end}
            return story.know("longest", max(gaps, default=None))
        fit = story.fit(spans[::-1] if asks == "last" else spans)
        if asks == "any" or fit is None:
            return fit is not None if asks == "any" else None
        if asks == "first":
            return story.know("slot", fit[0])
        latest = story.find("slot", "end - length / 60", end=Fraction(fit[1], 60))
        return story.know("slot", int(60 * latest), "latest", here_end=fit[1])

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Walk over the half-hours with the answer set program."""
        halves: dict[str, Any] = {"length": facts.get("length", HALF) // HALF}
        for key in ("people", "busy"):
            halves[key] = [{k: v // HALF if isinstance(v, int) else v for k, v in one.items()} for one in facts[key]]
        proved = answer_set(PROGRAM, halves)
        results: dict[str, Any] = {"any": "first" in proved, "longest": int(proved.get("longest", 0)) * HALF or None}
        if "whose" in facts and results["any"]:
            offset = next(one["offset"] for one in facts["people"] if one["who"] == facts["whose"])
            results |= {key: int(proved[key]) * HALF + offset for key in ("first", "last")}
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield an engagement moved, a working day longer or shorter, a meeting of another length."""
        both = (-HALF, HALF)
        steps = {"busy.start": both, "busy.end": both, "people.opens": (HALF,), "people.closes": both, "length": both}
        for change in nudged(case.facts, steps):
            if all(entry["start"] < entry["end"] for entry in change.patch.get("busy", ())):
                yield change


SCHEME = Slots()
