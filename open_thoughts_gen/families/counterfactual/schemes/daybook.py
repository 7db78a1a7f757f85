"""A merchant's day-book: sacks in a barn, customers day by day, a rule of refusal and one of sending for more.

One entry is changed. The traps: to carry the difference through to the end, where a refusal swallows it; to forget the
delivery that now comes on another day, or not at all; to think that a customer who was refused would be served because
more sacks are there, though not enough.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import DayForm, EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import HowMuch, OnDay, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.scheme import Ask, Change, ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

NUM_DAYS = 7
BOTH = tuple(product((True, False), repeat=2))  # served in fact, served in the other world
NUMBERS = (
    *(
        "stock",
        "wants",
        "instead",
        "mark",
        "lot",
        "lead",
        "left",
        "had",
        "left_then",
        "had_then",
        "closing",
        "num_days",
        "gap",
        "guess",
    ),
)
CUSTOMERS = (
    *("Adeyemi", "Barrow", "Calloway", "Dalgaard", "Esposito", "Falk", "Galloway", "Haddad", "Ilves", "Jansson"),
    *("Kerrigan", "Lovell", "Mercer", "Novak", "Okafor", "Pickering", "Quaye", "Rourke", "Selby", "Thorne"),
)
KEEPERS = ("Ada Whitlock", "Bruno Cray", "Clara Venn", "Elias Holm", "Flora Odell", "Hector Paget", "Nora Urban")
TOWNS = ("Ashcombe", "Bridgend", "Cairnhill", "Fernhill", "Larkfield", "Netherby", "Saltby", "Wayland", "Yewdale")


@dataclass(frozen=True, slots=True)
class BookLine:
    """One day of the book: what was in the barn before the sale, whether the customer was served, what was left."""

    on: date
    stock: int
    served: bool
    left: int
    arrives: date | None  # what is on the way at the close of the day

    @property
    def state(self) -> tuple[int, date | None]:
        """What the next day depends on."""
        return self.left, self.arrives


class Daybook(ProblemScheme):
    """A day-book in which one entry is changed."""

    name: ClassVar[str] = "daybook"
    labels: ClassVar[Sequence[str]] = ("refuse", "reorder")
    asks: ClassVar[Mapping[str, Ask]] = {
        "closing": Ask(HowMuch("sacks"), "closing", needs=("last",)),
        "served": Ask(YesNo(), "served", needs=("person",), coin="both", outcomes=BOTH),
        "meets": Ask(OnDay(), "meets", level=2),
        "differ": Ask(HowMuch("days"), "differ", level=2),
    }

    def __init__(self) -> None:
        """Set the form in which each fact is written and read."""
        goods = self.words.lists["goods"]
        whole, day, name = WholeForm(), DayForm(), NameForm()
        numbers = dict.fromkeys(NUMBERS, whole)
        self.forms: Mapping[str, Form[Any]] = {
            **numbers,
            **dict.fromkeys(("start", "last", "on", "comes", "day"), day),
            **dict.fromkeys(("who", "victim", "person", "keeper", "town"), name),
            "goods": EntryForm(goods),
            "yes": EntryForm({"yes": {"": "yes", "would": "would"}, "no": {"": "no", "would": "would not"}}),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw so that some orders are refused, and the change stands early."""
        start = date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28))
        stock = rng.randint(30, 90)
        facts: dict[str, Any] = {"start": start, "stock": stock, "goods": rng.choice(list(self.words.lists["goods"]))}
        if level > 1:
            facts |= {"mark": rng.randint(8, 25), "lot": rng.randint(25, 60), "lead": rng.choice((2, 3))}
        names = rng.sample(CUSTOMERS, NUM_DAYS)
        facts["entries"] = [
            {"on": start + timedelta(days=index), "who": name, "wants": rng.randint(4, 40)}
            for index, name in enumerate(names, start=1)
        ]
        changed = rng.randrange(2 if level < 3 else 3)
        wanted = facts["entries"][changed]["wants"]
        instead = max(2, wanted + rng.choice((-1, 1)) * rng.randint(1, 4 + 4 * level))
        if instead == wanted:
            return None
        asked = rng.randrange(NUM_DAYS - 3, NUM_DAYS)
        facts |= {"victim": names[changed], "instead": instead, "person": names[asked]}
        facts["last"] = facts["entries"][-1]["on"]
        return facts

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw who keeps the book, and where."""
        return {"keeper": rng.choice(KEEPERS), "town": rng.choice(TOWNS)}

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Run both worlds and compare them day by day."""
        return compared(facts, run(facts, facts["entries"]), run(facts, changed(facts)))

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, the book, the change and the question."""
        facts = case.facts
        opening = page.say(
            "prompt/opening", start=facts["start"], stock=facts["stock"], goods=facts["goods"], **case.cast
        )
        rules = [page.say("prompt/refuse")]
        if "mark" in facts:
            rules.append(page.say("prompt/reorder", **{key: facts[key] for key in ("mark", "lot", "lead")}))
        entries = [page.say("prompt/entry", **entry) for entry in facts["entries"]]
        change = page.say("prompt/change", victim=facts["victim"], instead=facts["instead"])
        needed = {key: facts[key] for key in self.asks[case.asks].needs}
        asked = page.say(f"prompt/ask.{case.asks}", **needed)
        return "\n\n".join((opening, "\n".join(rules), "\n".join(entries), f"{change} {asked}"))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the book up to the change, then both books side by side for as long as they differ, then the rest."""
        facts, work = case.facts, narrative.work
        narrative.year = facts["start"].year
        start = index_of(facts, facts["victim"])
        narrative.step("hold", victim=facts["victim"], wants=facts["entries"][start]["wants"], instead=facts["instead"])
        real, other = [opening(facts)], [opening(facts)]
        met: date | None = None
        for index, (entry, instead) in enumerate(zip(facts["entries"], changed(facts), strict=True)):
            narrative.point = 1 + (index >= start) + (met is not None)
            real.append(next_day(facts, entry, real[-1], work))
            if index < start or met is not None:
                other.append(real[-1])
                _say_day(narrative, entry, real[-1])
                continue
            other.append(next_day(facts, instead, other[-1], work))
            _say_both(narrative, instead, real[-1], other[-1])
            if real[-1].state == other[-1].state:
                met = entry["on"]
                narrative.step("meet", on=met, left=real[-1].left)
        if met is None:
            narrative.step("apart", left=real[-1].left, left_then=other[-1].left)
        results = compared(facts, real[1:], other[1:])
        if case.asks == "closing":
            _try_to_carry(narrative, facts, real[-1].left, results["closing"])
        needed = {key: facts[key] for key in self.asks[case.asks].needs}
        narrative.answer(f"answer.{case.asks}", results[self.asks[case.asks].result], **needed, **_shown(results))

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program."""
        proved = answer_set(Path(__file__).with_suffix(".lp"), facts, num_steps=NUM_DAYS)
        results: dict[str, Any] = dict(proved)
        if "served" in results:
            results["served"] = results["served"] == "yes"
        if "meets" in results:
            results["meets"] = date.fromordinal(int(results["meets"]))
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the change made a little larger or smaller, and the mark and the first stock moved by one."""
        facts = case.facts
        actual = facts["entries"][index_of(facts, facts["victim"])]["wants"]
        for step in (-3, -2, -1, 1, 2, 3):
            if facts["instead"] + step not in (actual, 0, 1):
                yield Change({"instead": facts["instead"] + step})
            if step in (-1, 1) and "mark" in facts:
                yield Change({"mark": facts["mark"] + step})
            yield Change({"stock": facts["stock"] + step})


def changed(facts: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the entries with the one change made."""
    return [
        {**entry, "wants": facts["instead"]} if entry["who"] == facts["victim"] else entry for entry in facts["entries"]
    ]


def index_of(facts: Mapping[str, Any], person: str) -> int:
    """Return which entry is a person's."""
    return next(index for index, entry in enumerate(facts["entries"]) if entry["who"] == person)


def next_day(facts: Mapping[str, Any], entry: Mapping[str, Any], before: BookLine, work: Work) -> BookLine:
    """Return the next line of a book: what has come in the morning, the sale, what is sent for at the close."""
    comes = before.arrives == entry["on"]
    stock = int(work("left + lot", left=before.left, lot=facts["lot"])) if comes else before.left
    served = not work.exceeds(entry["wants"], stock)
    left = int(work("stock - wants", stock=stock, wants=entry["wants"])) if served else stock
    arrives = None if comes else before.arrives
    if "mark" in facts and arrives is None and work.exceeds(facts["mark"], left):
        arrives = work.after(entry["on"], facts["lead"])
    return BookLine(entry["on"], stock, served, left, arrives)


def opening(facts: Mapping[str, Any]) -> BookLine:
    """Return what the book says before its first day."""
    return BookLine(facts["start"], facts["stock"], served=True, left=facts["stock"], arrives=None)


def run(facts: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> list[BookLine]:
    """Run the world day by day."""
    lines, work = [opening(facts)], Work(is_quiet=True)
    for entry in entries:
        lines.append(next_day(facts, entry, lines[-1], work))
    return lines[1:]


def compared(facts: Mapping[str, Any], real: Sequence[BookLine], other: Sequence[BookLine]) -> dict[str, Any]:
    """Return every result, of the two books."""
    start = index_of(facts, facts["victim"])
    apart = [index for index in range(start, NUM_DAYS) if real[index].state != other[index].state]
    results: dict[str, Any] = {
        "closing": other[-1].left,
        "differ": sum(one.left != two.left for one, two in zip(real[start + 1 :], other[start + 1 :], strict=True)),
        # The line after the last close at which they differ still begins with another stock.
        "meets": real[apart[-1] + 2].on if apart and apart[-1] + 2 < NUM_DAYS else None,
    }
    if "person" in facts:
        asked = index_of(facts, facts["person"])
        results |= {"served": other[asked].served, "both": (real[asked].served, other[asked].served)}
    return results


def _say_day(narrative: Narrative, entry: Mapping[str, Any], line: BookLine) -> None:
    bank = "served" if line.served else "refused"
    narrative.step(f"day.{bank}", on=line.on, who=entry["who"], wants=entry["wants"], had=line.stock, left=line.left)
    if line.arrives is not None and line.left != line.stock:
        narrative.step("sent", comes=line.arrives, left=line.left)


def _say_both(narrative: Narrative, entry: Mapping[str, Any], real: BookLine, other: BookLine) -> None:
    bank = {(True, True): "served", (False, False): "refused", (True, False): "lost", (False, True): "gained"}
    narrative.step(
        f"both.{bank[real.served, other.served]}",
        on=real.on,
        who=entry["who"],
        wants=entry["wants"],
        had=real.stock,
        left=real.left,
        had_then=other.stock,
        left_then=other.left,
    )
    if real.arrives != other.arrives:
        for bank_name, line in (("sent.fact", real), ("sent.then", other)):
            if line.arrives is not None:
                narrative.step(bank_name, comes=line.arrives)


def _try_to_carry(narrative: Narrative, facts: Mapping[str, Any], left: int, closing: int) -> None:
    """Tell the wrong turn of a difference that is carried to the end, where it does not come to the right figure."""
    wanted, instead = facts["entries"][index_of(facts, facts["victim"])]["wants"], facts["instead"]
    more = instead > wanted
    if not 0 <= left + wanted - instead != closing:
        return
    larger, smaller = (instead, wanted) if more else (wanted, instead)
    gap = int(narrative.work("larger - smaller", larger=larger, smaller=smaller))
    guess = int(narrative.work("left - gap" if more else "left + gap", left=left, gap=gap))
    narrative.step(f"turn.{'more' if more else 'fewer'}", left=left, gap=gap, guess=guess)
    narrative.step("refute.carried", gap=gap)


def _shown(results: Mapping[str, Any]) -> dict[str, Any]:
    """Return the results that answers print, under the names of their fields."""
    shown = {"closing": results["closing"], "num_days": results["differ"], "day": results["meets"]}
    return {key: value for key, value in shown.items() if value is not None} | (
        {"yes": "yes" if results["served"] else "no"} if "served" in results else {}
    )


SCHEME = Daybook()
