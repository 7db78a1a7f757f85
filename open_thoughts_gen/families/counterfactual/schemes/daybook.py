"""The day-book of a store: one customer a day, a rule of refusal and one of sending for more.

One entry is changed. The traps: to carry the difference through to the end, where a refusal swallows it; to forget the
delivery that now comes on another day or not at all; to serve a refused customer from more sacks, still too few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, product
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase, nudged, replaced
from open_thoughts_gen.families.kit.framing import PartedScheme
from open_thoughts_gen.families.kit.kinds import HowMuch, Kind, OnDay, YesNo
from open_thoughts_gen.families.kit.proof import answer_set, named
from open_thoughts_gen.families.kit.work import Work

NUM_DAYS = {1: 3, 2: 5, 3: 8, 4: 10}
WAYS = tuple(product((True, False), repeat=2))  # whether somebody is served in fact, and with the change
SALES: Mapping[tuple[bool, ...], str] = {  # how a sale is told: in the one book, or in the real and the changed one
    **{(True,): "day.served", (False,): "day.refused", (True, True): "both.served"},
    **{(False, False): "both.refused", (True, False): "both.lost", (False, True): "both.gained"},
}


@dataclass(frozen=True, slots=True)
class BookLine:
    """One day of the book: what was there before the sale, whether the customer was served, what was left."""

    on: date
    stock: int
    served: bool
    left: int
    arrives: date | None = None  # what is on the way at the close of the day
    came: bool = False  # that morning
    sent: bool = False  # for more, at the close

    @property
    def state(self) -> tuple[int, date | None]:
        """What the next day depends on."""
        return self.left, self.arrives


class Daybook(PartedScheme):
    """A day-book in which one entry is changed."""

    name: ClassVar[str] = "daybook"
    labels: ClassVar[Sequence[str]] = ("refuse", "reorder")
    label_styles: ClassVar[Sequence[str]] = ("§ {}", "Clause {}", "Rule {}", "Section {}", "Article {}")
    asks: ClassVar[Mapping[str, Ask]] = {
        "closing": Ask(HowMuch(), "closing", needs=("last",)),
        "served": Ask(YesNo(), "served", needs=("person",), coin="both", outcomes=WAYS),
        "meets": Ask(OnDay(), "meets", level=2),
        "differ": Ask(HowMuch("days"), "differ", level=2),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw so that some orders are refused, and the change stands early."""
        start = date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
        facts: dict[str, Any] = {"start": start, "stock": rng.randint(30, 90)}
        facts["goods"] = rng.choice(list(self.words.lists["goods"]))
        if level > 1:
            facts |= {"mark": rng.randint(8, 25), "lot": rng.randint(25, 60), "lead": rng.choice((2, 3))}
        names = rng.sample(self.pool("customers"), NUM_DAYS[level])
        facts["entries"] = [
            {"on": start + timedelta(days=index), "who": name, "wants": rng.randint(4, 40)}
            for index, name in enumerate(names, start=1)
        ]
        changed = rng.randrange(2 if level < 3 else 3)
        wanted = facts["entries"][changed]["wants"]
        instead = max(2, wanted + rng.choice((-1, 1)) * rng.randint(1, 4 + 4 * level))
        others = [name for name in names[-3:] if name != names[changed]]
        facts |= {"victim": names[changed], "instead": instead, "person": rng.choice(others)}
        return {**facts, "last": facts["entries"][-1]["on"]} if instead != wanted else None

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question; what is left is counted in the unit of the goods."""
        unit = self.words.lists["goods"][case.facts["goods"]]["unit"]
        return HowMuch(unit) if case.asks == "closing" else super().kind_of(case)

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Run both worlds and compare them day by day."""
        return compared(facts, run(facts, facts["entries"]), run(facts, changed(facts)))

    def rules(self, case: ProblemCase, page: Page) -> Sequence[str]:
        """Return the rules of the house."""
        return [self.said(case, page)(rule) for rule in ("refuse", *["reorder"] * ("mark" in case.facts))]

    def data(self, case: ProblemCase, page: Page) -> str:
        """Return the book."""
        return self.listed(page, "entry", [{**entry, "goods": case.facts["goods"]} for entry in case.facts["entries"]])

    def asked(self, case: ProblemCase, page: Page) -> str:
        """Return the change and the question."""
        return f"{self.said(case, page)('change')} {super().asked(case, page)}"

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the book up to the change, then both side by side while they differ, then the rest if it is asked for."""
        facts = case.facts
        narrative.year = facts["start"].year
        start, met = index_of(facts, facts["victim"]), None
        narrative.step("hold", victim=facts["victim"], wants=facts["entries"][start]["wants"], instead=facts["instead"])
        real, other = [opening(facts)], [opening(facts)]
        until = index_of(facts, facts["person"]) if case.asks == "served" else len(facts["entries"])
        days = islice(zip(facts["entries"], changed(facts), strict=True), max(start, until) + 1)
        for index, (entry, instead) in enumerate(days):
            narrative.point = 1 + (index >= start) + (met is not None)
            real.append(next_day(facts, entry, real[-1], narrative.work))
            is_one = index < start or met is not None
            other.append(real[-1] if is_one else next_day(facts, instead, other[-1], narrative.work))
            books = {"": real[-2:]} if is_one else {".fact": real[-2:], ".then": other[-2:]}
            tell_day(narrative, facts, instead, books)
            if not is_one and real[-1].state == other[-1].state:
                met = entry["on"]
                narrative.step("meet", on=met, left=real[-1].left)
                if case.asks in ("meets", "differ"):
                    break  # no later day can be another one for the change
        if met is None and case.asks != "served":
            left, then = real[-1].left, other[-1].left
            narrative.step("apart" if left != then else "level", left=left, left_then=then)
        results = compared(facts, real[1:], other[1:])
        if case.asks == "differ" and results["differ"]:
            later = [*zip(facts["entries"], real[1:], other[1:], strict=False)][start + 1 :]
            closes = [f"{entry['who']} ({one.left}, {two.left})" for entry, one, two in later]
            results["differ"] = narrative.work.settle(results["differ"], len(later))
            narrative.step("count", closes=closes, **{**facts, **results})
        if case.asks == "closing":
            try_to_carry(narrative, facts, real[-1].left, results["closing"])
        results["course"] = [f"{one['who']} {day.left}" for one, day in zip(facts["entries"], other[1:], strict=False)]
        narrative.answer(f"answer.{case.asks}", results[case.asks], **{**facts, **results})

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Ask the answer set program."""
        proved = named(answer_set(self.word_file.with_suffix(".lp"), facts, num_steps=len(facts["entries"])))
        return proved | ({"meets": date.fromordinal(proved["meets"])} if "meets" in proved else {})

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the change made a little larger or smaller, and the mark and the first stock moved."""
        actual = case.facts["entries"][index_of(case.facts, case.facts["victim"])]["wants"]
        few = (-3, -2, -1, 1, 2, 3)
        for change in nudged(case.facts, {"instead": few, "stock": few, "mark": (-1, 1)}):
            if change.patch.get("instead") not in (actual, 1):
                yield change


def changed(facts: Facts) -> list[Mapping[str, Any]]:
    """Return the entries with the one change made."""
    return replaced(facts["entries"], index_of(facts, facts["victim"]), {"wants": facts["instead"]})


def index_of(facts: Facts, person: str) -> int:
    """Return which entry is a person's."""
    return next(index for index, entry in enumerate(facts["entries"]) if entry["who"] == person)


def next_day(facts: Facts, entry: Facts, before: BookLine, work: Work) -> BookLine:
    """Return the next line of a book: what has come in the morning, the sale, what is sent for at the close."""
    came = before.arrives == entry["on"]
    stock = int(work("left + lot", left=before.left, lot=facts["lot"])) if came else before.left
    served = not work.exceeds(entry["wants"], stock)
    left = int(work("stock - wants", stock=stock, wants=entry["wants"])) if served else stock
    arrives = None if came else before.arrives
    sent = "mark" in facts and arrives is None and work.exceeds(facts["mark"], left)
    arrives = work.after(entry["on"], facts["lead"]) if sent else arrives
    return BookLine(entry["on"], stock, served, left, arrives, came, sent)


def opening(facts: Facts) -> BookLine:
    """Return what the book says before its first day."""
    return BookLine(facts["start"], facts["stock"], served=True, left=facts["stock"])


def run(facts: Facts, entries: Sequence[Mapping[str, Any]]) -> list[BookLine]:
    """Run the world day by day."""
    lines, work = [opening(facts)], Work(is_quiet=True)
    for entry in entries:
        lines.append(next_day(facts, entry, lines[-1], work))
    return lines[1:]


def compared(facts: Facts, real: Sequence[BookLine], other: Sequence[BookLine]) -> dict[str, Any]:
    """Return every result, of the two books; they may end where they have met."""
    start, entries = index_of(facts, facts["victim"]), facts["entries"]
    apart = [index for index in range(start, len(real)) if real[index].state != other[index].state]
    num = sum(one.left != two.left for one, two in zip(real[start + 1 :], other[start + 1 :], strict=True))
    results: dict[str, Any] = {
        "closing": other[-1].left if apart else None,  # where the change does nothing there is nothing to ask
        "differ": num if 0 < num < len(entries) - start - 1 else None,
        # The line after the last close at which they differ still begins with another stock.
        "meets": entries[apart[-1] + 2]["on"] if apart and apart[-1] + 2 < len(entries) else None,
    }
    if "person" in facts:
        asked = index_of(facts, facts["person"])
        both = (real[asked].served, other[asked].served) if apart else None
        results |= {"both": both, "served": both and both[1]}
    return results


def tell_day(narrative: Narrative, facts: Facts, entry: Facts, books: Mapping[str, Sequence[BookLine]]) -> None:
    """Tell one day: what came, the sale, what is sent for. `books` are the line before and that of the day, by book."""
    shown = {**entry, "goods": facts["goods"]}
    for book, (before, line) in books.items():
        if line.came:
            narrative.step(f"came{book}", before=before.left, lot=facts["lot"], had=line.stock, **shown)
    for end, (_, line) in zip(("", "_then"), books.values(), strict=False):
        shown |= {f"had{end}": line.stock, f"left{end}": line.left}
    narrative.step(SALES[tuple(line.served for _, line in books.values())], **shown)
    for book, (_, line) in books.items():
        if line.sent:
            narrative.step(f"sent{book}", mark=facts["mark"], comes=line.arrives, **shown)


def try_to_carry(narrative: Narrative, facts: Facts, left: int, closing: int) -> None:
    """Tell the wrong turn of a difference that is carried to the end, where it does not come to the right figure."""
    wanted, instead = facts["entries"][index_of(facts, facts["victim"])]["wants"], facts["instead"]
    if not 0 <= left + wanted - instead != closing:
        return
    bank, sign = ("more", "-") if instead > wanted else ("fewer", "+")
    gap = int(narrative.work("larger - smaller", larger=max(wanted, instead), smaller=min(wanted, instead)))
    guess = int(narrative.work(f"left {sign} gap", left=left, gap=gap))
    narrative.step(f"turn.{bank}", left=left, gap=gap, guess=guess)
    narrative.step("refute.carried", gap=gap)


SCHEME = Daybook()
