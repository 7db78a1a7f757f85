"""A council chooses among plans that give each place so much: a floor first, then the aim that its charter states.

The aims are the greatest total, the worst off first and so upward (leximin), the most places at or above a mark, the
smallest gap, and a total that counts people. A plan that takes from a place what it has today is barred, unless that
place consented in writing and the condition of its consent was met in time. A motion puts another aim in the place of
the first: does it change the result, and does the result hang on the consent?

The traps: to compare place by place instead of rank by rank; to take equal for less; a consent that came late, was
spoken only, or is not that of the place that loses; the plan that would have won, had it not been barred.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.scheme import EthicsScheme, is_more
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Page, ProblemCase, Reckoning, patched
from open_thoughts_gen.families.kit.kinds import Flip, OneOf, YesNo
from open_thoughts_gen.families.kit.reckoning import summed

AIMS = ("worst", "total", "above", "gap", "people")
HINGES = ("neither", "charter", "motion", "both")
NUM_PLANS = {1: 3, 2: 4, 3: 5, 4: 6}
NUM_LOSING = {2: (1, 1, 2), 3: (1, 2), 4: (2, 2, 3)}  # plans that take from a place what it has
SLOTS, GAINS = (1, 2, 3, 4), (0, 0, 1, 1, 2, 3, 5)
Row = Mapping[str, Any]
WAYS = ("met", "met", "late", "spoken", "other")  # how a consent comes out


class Plans(EthicsScheme):
    """Plans for four places under a floor and an aim, and under a motion to change the aim."""

    name: ClassVar[str] = "plans"
    labels: ClassVar[Sequence[str]] = ("floor", "aim", "motion")
    extra: ClassVar[str] = "t1"
    named: ClassVar[str] = "rows.option"
    asks: ClassVar[Mapping[str, Ask]] = {
        "chosen": Ask(OneOf(()), "chosen", until=3),
        "turns": Ask(Flip(), "chosen", level=3),
        "moved": Ask(OneOf(()), "moved", level=3),
        "alike": Ask(YesNo(), "alike", level=3, coin="alike"),
        "hinge": Ask(OneOf(HINGES, "closing/hinge"), "hinge", level=3, coin="hinge", outcomes=HINGES),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw plans around what each place has today; with a floor, one of them takes from somebody."""
        today, names = [rng.randint(6, 14) for _ in SLOTS], rng.sample(self.pool("places"), 4)
        aim, motion = rng.sample(AIMS if level > 2 else AIMS[:4], 2)
        aims = {"aim": aim, "motion": motion} if level > 2 else {"aim": aim}
        options = rng.sample(self.pool("options"), NUM_PLANS[level])
        rows = [{"option": option, **slotted("v", [has + rng.choice(GAINS) for has in today])} for option in options]
        facts: dict[str, Any] = {"setting": rng.choice(list(self.words.lists["setting"])), **slotted("g", names)}
        facts |= {"rows": rows, **aims}
        facts |= {"bar": rng.randint(8, 12)} if "above" in aims.values() else {}
        facts |= slotted("w", [rng.randint(1, 5) for _ in SLOTS]) if "people" in aims.values() else {}
        if level > 1:
            facts |= slotted("t", today)
            for loses in rng.sample(rows, rng.choice(NUM_LOSING[level])):
                slot, other = rng.sample(SLOTS, 2)
                loses[f"v{slot}"] = today[slot - 1] - rng.randint(1, 3)
                loses[f"v{other}"] += rng.randint(2, 6)
            if level > 2:
                facts["condition"] = rng.choice(list(self.words.lists["condition"]))
                facts |= _consent(rng, facts, loses["option"], slot)
        return facts

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Choose under both aims, with the consent as it is and as it might have been."""
        reckoning = Reckoning(facts)
        chosen = adopted(reckoning, facts["aim"])
        results: dict[str, Any] = {"chosen": chosen, "alike": None, "hinge": None}
        if "motion" in facts and chosen is not None:
            results["moved"] = moved = adopted(reckoning, facts["motion"])
            results["alike"] = None if moved is None else chosen == moved
            if "condition" in facts and moved is not None:
                ends = [{adopted(reckoning, facts[aim], way) for way in (True, False)} for aim in ("aim", "motion")]
                results["hinge"] = HINGES[(len(ends[0]) > 1) + 2 * (len(ends[1]) > 1)]
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the figures, the charter, the consent and the question."""
        facts = case.facts
        rows = [(prefix, facts) for prefix in "wt" if f"{prefix}1" in facts] + [("row", row) for row in facts["rows"]]
        story = [page.say("prompt/opening", **facts), self.listed(case, page, rows)]
        if "condition" in facts:
            story.append(" ".join(page.say(f"prompt/{bank}", **facts) for bank in (f"consent.{facts['form']}", "met")))
        rules = {f"floor.{'consent' if 'condition' in facts else 'plain'}": "t1", f"aim.{facts['aim']}": "aim"}
        rules |= {f"motion.{facts.get('motion')}": "motion"}
        return self.laid_out(case, page, rules, *story, page.say("prompt/colour"))

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Shut out what may not be adopted, then compare the rest by the aim, then by the motion."""
        facts = reckoning.facts
        kept = [row for row in facts["rows"] if not is_barred(reckoning, row)]
        reckoning.part(2)
        chosen = None if asks == "moved" else self._tell_chosen(reckoning, kept)
        if asks in ("chosen", "turns") or (chosen is None and asks != "moved"):
            reckoning.answer("answer.chosen", chosen, winner=chosen)
            return
        reckoning.part(3)
        if asks != "moved":
            reckoning.say("motion")
        moved = winner(reckoning, kept, facts["motion"])
        if asks == "moved" or moved is None:
            reckoning.answer("answer.moved", moved, winner=moved)
            return
        reckoning.say("moved", rival=moved)
        if asks == "alike":
            reckoning.answer("answer.alike", chosen == moved, winner=chosen, rival=moved)
        else:
            reckoning.part(4)
            hangs = _told_doubt(reckoning, kept, {"aim": chosen, "motion": moved})
            reckoning.answer("answer.hinge", HINGES[hangs])

    def _tell_chosen(self, reckoning: Reckoning, kept: Sequence[Row]) -> str | None:
        """Tell what the aim of the charter chooses, and what tempts to another result."""
        facts = reckoning.facts
        other = "total" if facts["aim"] != "total" else "worst"
        wrong, right = (adopted(Reckoning(facts), aim) for aim in (other, facts["aim"]))
        if wrong not in (None, right):  # the wrong turn of going by another yardstick than the one in force
            reckoning.say(f"turn.{other}", place=wrong)
            reckoning.say("refute.aim")
        chosen = winner(reckoning, kept, facts["aim"])
        if chosen is not None:
            reckoning.say("chosen", winner=chosen)
            rival = winner(Reckoning(facts), facts["rows"], facts["aim"])
            if rival not in (None, chosen):  # it would have won, had it not been shut out
                reckoning.say("tempting", place=rival)
        return chosen

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Ask the answer set program, which ranks the plans in all worlds at once."""
        results = {**super().prove(facts)}
        if "hinge" in results:
            results["hinge"] = HINGES[results["hinge"]]
        if results.keys() >= {"chosen", "moved"}:
            results["alike"] = results["chosen"] == results["moved"]
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one figure a little larger or smaller, and a consent whose form or day is another."""
        facts, offered = case.facts, case.asks == "turns"
        for row, slot, by in product(facts["rows"], SLOTS, (-3, -2, -1, 1, 2, 3, 4)):
            patch = {"option": row["option"], "place": facts[f"g{slot}"], "to": row[f"v{slot}"] + by}
            if patch["to"] > 0:
                yield Change(patch, option="figure" if offered else "")
        if "condition" in facts and not offered:
            late = facts["done"] > facts["due"]
            yield Change({"done": facts["due"] + timedelta(days=-2 if late else 3)})
            yield Change({"form": "spoken" if facts["form"] == "written" else "written"})

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Put another figure into the row of a plan."""
        if "option" not in patch:
            return {**facts, **patch}
        slot = next(slot for slot in SLOTS if facts[f"g{slot}"] == patch["place"])
        return patched(facts, "rows", {"option": patch["option"], f"v{slot}": patch["to"]}, "option")


def slotted(letter: str, values: Iterable[Any]) -> dict[str, Any]:
    """Return one value for each place: `v1` to `v4`."""
    return {f"{letter}{slot}": value for slot, value in zip(SLOTS, values, strict=True)}


def _consent(rng: Random, facts: Facts, option: str, slot: int) -> dict[str, Any]:
    """Return a consent to the plan that takes from a place, which counts or fails in one of several ways."""
    way = rng.choice(WAYS)
    said = date(rng.randint(2027, 2039), rng.randint(1, 10), rng.randint(1, 28))
    due = said + timedelta(days=rng.randint(30, 55))
    done = due + timedelta(days=rng.randint(1, 9) if way == "late" else -rng.choice((0, 1, 3, 8, 12)))
    who = rng.choice([each for each in SLOTS if each != slot]) if way == "other" else slot
    form = "spoken" if way == "spoken" else "written"
    return {"said": said, "due": due, "done": done, "who": facts[f"g{who}"], "wanted": option, "form": form}


def is_barred(reckoning: Reckoning, row: Row, counts: bool | None = None) -> bool:
    """Return whether a plan takes from a place what it has today, without a consent that counts.

    `counts` supposes that the consent counts, or that it does not, whatever its form and its day.
    """
    facts, equal, is_waived = reckoning.facts, list[str](), False
    shown: dict[str, Any] = {"option": row["option"]}
    if "t1" not in facts:
        return False
    for slot in SLOTS:
        was, has, place = facts[f"t{slot}"], row[f"v{slot}"], facts[f"g{slot}"]
        if not is_more(reckoning.work, was, has):
            equal += [place] if was == has else []
            if was > has:
                break  # denied by a slip, which a later place must not cover up
            continue
        reckoning.say("less" if "condition" in facts else "less.bare", place=place, was=was, has=has, **shown)
        if "condition" not in facts:
            return True
        why = _fails(reckoning, row["option"], place, counts)
        reckoning.say(f"consent.{why or 'met'}", place=place, **shown)
        if why:
            return True
        is_waived = True
    reckoning.say("equal" if equal and not is_waived else "more", names=tuple(equal), **shown)
    return False


def _fails(reckoning: Reckoning, option: str, place: str, counts: bool | None) -> str:
    """Return why the consent of a place to a plan does not count, as the charter wants it; empty if it does."""
    facts = reckoning.facts
    if facts["wanted"] != option or facts["who"] != place:
        return "none" if facts["wanted"] != option else "other"
    if counts is not None:
        return "" if counts else "void"
    if facts["form"] == "spoken":
        return "" if reckoning.work.settle(False, True) else "spoken"
    return "late" if reckoning.work.is_later(facts["done"], facts["due"]) else ""


def adopted(reckoning: Reckoning, aim: str, counts: bool | None = None) -> str | None:
    """Return the plan that an aim chooses of those that may be adopted; None where it does not decide."""
    return winner(reckoning, [row for row in reckoning.facts["rows"] if not is_barred(reckoning, row, counts)], aim)


def winner(reckoning: Reckoning, kept: Sequence[Row], aim: str) -> str | None:
    """Return the plan that an aim chooses of these; None where two remain."""
    left, work = list(kept), reckoning.work
    for number in SLOTS if aim == "worst" else (1, 2) if aim in ("above", "gap") else (1,):
        if not left or (len(left) == 1 and number > 1):
            break
        by = "total" if number > 1 and aim != "worst" else aim
        figures = [_figure(reckoning, row, by, number) for row in left]
        best = min(figures) if by == "gap" else max(figures)
        out = [is_more(work, each, best) if by == "gap" else is_more(work, best, each) for each in figures]
        dropped = tuple(row["option"] for row, gone in zip(left, out, strict=True) if gone)
        shown = tuple(f"{row['option']} {each}" for row, each in zip(left, figures, strict=True))
        tied = "" if len(left) - len(dropped) == 1 else ".tied" if dropped else ".all"
        reckoning.say(f"round.{by}{tied}", rank=number, figures=shown, dropped=dropped, best=best)
        left = [row for row, gone in zip(left, out, strict=True) if not gone]
    return str(left[0]["option"]) if len(left) == 1 else None


def _figure(reckoning: Reckoning, row: Row, aim: str, rank: int) -> int:
    """Return what a plan is compared by: a place's figure from the bottom, a sum, a count, a gap."""
    facts, work, values = reckoning.facts, reckoning.work, [row[f"v{slot}"] for slot in SLOTS]
    if aim == "worst":
        return int(sorted(values)[rank - 1])
    names: tuple[str, ...] = ()
    if aim == "above":
        names = tuple(facts[f"g{slot}"] for slot in SLOTS if row[f"v{slot}"] >= facts["bar"])
        terms, result = "", work.settle(len(names), len(names) + 1)
    elif aim == "gap":
        terms, result = f"{max(values)} - {min(values)}", summed(work, (max(values), min(values)), "-")
    elif aim == "people":
        weights = [facts[f"w{slot}"] for slot in SLOTS]
        named = dict(zip("abcdefgh", (*values, *weights), strict=True))
        terms = " + ".join(f"{one} * {other}" for one, other in zip(values, weights, strict=True))
        result = int(work("a * e + b * f + c * g + d * h", **named))
    else:
        terms, result = " + ".join(map(str, values)), summed(work, values)
    reckoning.say(f"figure.{aim}", option=row["option"], sum=result, terms=(terms,), names=names)
    return result


def _told_doubt(reckoning: Reckoning, kept: Sequence[Row], before: Mapping[str, str | None]) -> int:
    """Suppose that the consent comes out the other way; return on which results that bears: 1 the aim, 2 the motion."""
    facts, hangs = reckoning.facts, 0
    counts = not any(row["option"] == facts["wanted"] for row in kept)
    reckoning.say("suppose.yes" if counts else "suppose.no")
    others = [row for row in facts["rows"] if not is_barred(Reckoning(facts), row, counts)]
    if others == kept:
        reckoning.say("suppose.idle")
    for bit, aim in enumerate(before if others != kept else (), 1):
        after = winner(reckoning, others, facts[aim])
        bank = "open" if after is None else "stays" if after == before[aim] else "moves"
        reckoning.say(f"suppose.{aim}.{bank}", place=after)
        hangs += bit * (after != before[aim])
    return hangs


SCHEME = Plans()
