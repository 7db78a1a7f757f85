"""A council chooses among plans that give each place so much: a floor first, then the aim that its charter states.

The aims are the greatest total, the worst off first and so upward (leximin), the most places at or above a mark, the
smallest gap, and a total that counts people. A plan that takes from a place what it has today is barred, unless that
place consented in writing and the condition of its consent was met in time. A motion puts another aim in the place of
the first: does it change the result, and does the result hang on the consent?

The traps: to compare place by place instead of rank by rank; to take equal for less; a consent that came late, was
spoken only, or is not that of the place that loses; the plan that would have won, had it not been barred.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.forms import ListForm
from open_thoughts_gen.families.ethics.scheme import EthicsScheme, is_more, patch_of
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import DayForm, EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, Kind, OneOf, SomeOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

PLACES = (
    *(
        "Aldemar",
        "Bresk",
        "Corva",
        "Dunn",
        "Elvand",
        "Farrow",
        "Gorse",
        "Hallin",
        "Istrad",
        "Jarrow",
        "Kestle",
        "Lorne",
    ),
    *("Marl", "Nethy", "Orrin", "Pellow", "Quorn", "Rusk", "Selm", "Tarn", "Uldale", "Vennor", "Wick", "Yarrow"),
)
OPTIONS = (
    *("North", "Weir", "Lantern", "Orchard", "Harbour", "Mill", "Ridge", "Copper", "Linden", "Heron", "Chapel"),
    *("Quarry", "Meadow", "Anchor", "Willow", "Summit"),
)
AIMS = ("worst", "total", "above", "gap", "people")
HINGES = ("neither", "charter", "motion", "both")
NUM_PLANS = {1: 3, 2: 3, 3: 4, 4: 6}
SLOTS = (1, 2, 3, 4)
MAX_RAISE = 5
WAYS = ("met", "met", "late", "spoken", "other")  # how a consent comes out


class Plans(EthicsScheme):
    """Plans for four places under a floor and an aim, and under a motion to change the aim."""

    name: ClassVar[str] = "plans"
    labels: ClassVar[Sequence[str]] = ("floor", "aim", "motion")
    word_file = Path(__file__).with_suffix(".yaml")
    asks: ClassVar[Mapping[str, Ask]] = {
        "chosen": Ask(OneOf(()), "chosen"),
        "turns": Ask(Flip(), "chosen", level=3),
        "least": Ask(HowMuch(), "least", level=3, needs=("target", "at")),
        "barred": Ask(SomeOf(()), "barred", level=2),
        "moved": Ask(OneOf(()), "moved", level=3),
        "alike": Ask(YesNo(), "alike", level=3, coin="alike"),
        "hinge": Ask(OneOf(HINGES, "closing/hinge"), "hinge", level=3, coin="hinge", outcomes=HINGES),
    }

    def __init__(self) -> None:
        """Say how each fact is written."""
        lists, whole, name = self.words.lists, WholeForm(), NameForm()
        numbers = [f"{letter}{slot}" for letter in "vtw" for slot in SLOTS]
        more = ("bar", "to", "was", "has", "best", "sum", "rank", "raised", "by")
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys((*numbers, *more), whole),
            **dict.fromkeys(("due", "done", "said"), DayForm()),
            **dict.fromkeys(("option", "changed", "target", "wanted", "at", "who", "place", "winner", "rival"), name),
            **{f"g{slot}": name for slot in SLOTS},
            **dict.fromkeys(("figures", "dropped", "names", "terms"), ListForm()),
            "setting": EntryForm(lists["setting"]),
            "condition": EntryForm(lists["condition"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw plans around what each place has today; with a floor, one of them takes from somebody."""
        today = [rng.randint(6, 14) for _ in SLOTS]
        names = rng.sample(PLACES, 4)
        facts: dict[str, Any] = {"setting": rng.choice(list(self.words.lists["setting"]))}
        facts |= {f"g{slot}": name for slot, name in zip(SLOTS, names, strict=True)}
        rows: list[dict[str, Any]] = []
        for option in rng.sample(OPTIONS, NUM_PLANS[level]):
            gains = [rng.choice((0, 0, 1, 1, 2, 3, 5)) for _ in SLOTS]
            rows.append({"option": option, **{f"v{slot}": today[slot - 1] + gains[slot - 1] for slot in SLOTS}})
        aims = rng.sample(AIMS if level > 2 else AIMS[:4], 2)
        facts |= {"rows": rows, "aim": aims[0]}
        if level > 2:
            facts["motion"] = aims[1]
        if "above" in aims[: 1 if level < 3 else 2]:
            facts["bar"] = rng.randint(8, 12)
        if "people" in aims:
            facts |= {f"w{slot}": rng.randint(1, 5) for slot in SLOTS}
        if level > 1:
            facts |= {f"t{slot}": value for slot, value in zip(SLOTS, today, strict=True)}
            loses = rng.choice(rows)
            slot = rng.choice(SLOTS)
            loses[f"v{slot}"] = today[slot - 1] - rng.randint(1, 3)
            other = rng.choice([each for each in SLOTS if each != slot])
            loses[f"v{other}"] += rng.randint(2, 6)
            if level > 2:
                facts |= _consent(rng, facts, loses["option"], slot)
        losers = [row["option"] for row in rows if row["option"] != adopted(facts, facts["aim"], Work(is_quiet=True))]
        return {**facts, "target": rng.choice(losers), "at": rng.choice(names)}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the plans of the case, or what is counted in it."""
        kind, options = super().kind_of(case), tuple(row["option"] for row in case.facts["rows"])
        if case.asks == "least":
            return HowMuch(self.words.lists["setting"][case.facts["setting"]]["noun"])
        if isinstance(kind, SomeOf):
            return SomeOf(options)
        return OneOf(options) if case.asks in ("chosen", "moved") else kind

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Choose under both aims, with the consent as it is and as it might have been."""
        work = Work(is_quiet=True)
        chosen = adopted(facts, facts["aim"], work)
        barred = frozenset(row["option"] for row in facts["rows"] if is_barred(facts, row, work))
        results: dict[str, Any] = {"chosen": chosen, "barred": barred, "alike": None, "hinge": None}
        if "target" in facts and chosen is not None:
            raises = range(1, MAX_RAISE + 1)
            results["least"] = next((by for by in raises if _raised_wins(facts, by)), None)
        if "motion" in facts and chosen is not None:
            results["moved"] = moved = adopted(facts, facts["motion"], work)
            results["alike"] = None if moved is None else chosen == moved
            if "condition" in facts and moved is not None:
                hangs = [
                    len({adopted(facts, facts[aim], work, counts) for counts in (True, False)}) > 1
                    for aim in ("aim", "motion")
                ]
                results["hinge"] = HINGES[hangs[0] + 2 * hangs[1]]
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the figures, the charter, the consent and the question."""
        facts, setting = case.facts, {"setting": case.facts["setting"]}
        names = {f"g{slot}": facts[f"g{slot}"] for slot in SLOTS}
        floor = "prompt/floor.consent" if "condition" in facts else "prompt/floor.plain"
        rules = [page.say(floor, **setting)] if "t1" in facts else []
        rules.append(page.say(f"prompt/aim.{facts['aim']}", **setting, **_only(facts, "bar")))
        layout = case.pen("layout").pick("rows", "table", "prose", "list")
        lines = [page.say(f"prompt/head.{layout}", **names, **setting)] if layout == "table" else []
        for prefix in "wt":
            if f"{prefix}1" in facts:
                figures = {f"{prefix}{slot}": facts[f"{prefix}{slot}"] for slot in SLOTS}
                lines.append(page.say(f"prompt/{prefix}.{layout}", **figures, **names, **setting))
        lines += [page.say(f"prompt/row.{layout}", **row, **names, **setting) for row in facts["rows"]]
        story = [page.say("prompt/opening", **setting), "\n".join(lines)]
        if "condition" in facts:
            keys = ("said", "who", "wanted", "due", "done", "condition", "setting")
            consent = page.say(f"prompt/consent.{facts['form']}", **{key: facts[key] for key in keys})
            met = page.say("prompt/met", done=facts["done"], condition=facts["condition"])
            story.append(f"{consent} {met}")
        story.append(page.say("prompt/colour"))
        if "motion" in facts:
            rules.append(page.say(f"prompt/motion.{facts['motion']}", **setting, **_only(facts, "bar")))
        ask = page.say(f"prompt/ask.{case.asks}", **setting, **_only(facts, "target", "at"))
        return self.framed(case, page, rules="\n".join(rules), story="\n\n".join(story), ask=ask)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Shut out what may not be adopted, then compare the rest by the aim, then by the motion."""
        facts, asks, work = case.facts, case.asks, narrative.work
        setting = {"setting": facts["setting"]}
        narrative.step(f"issue.{asks}" if "t1" in facts else f"issue.{asks}.bare", **setting, **_only(facts, "target"))
        narrative.point = 1
        kept = [row for row in facts["rows"] if not is_barred(facts, row, work, narrative=narrative)]
        if asks == "barred":
            barred = tuple(row["option"] for row in facts["rows"] if row not in kept)
            bank = "answer.barred" if barred else "answer.barred.none"
            narrative.answer(bank, frozenset(barred), names=barred, **setting)
            return
        narrative.point = 2
        chosen = None
        if asks != "moved":
            _try_other_aim(narrative, facts)
            chosen = winner(facts, kept, facts["aim"], work, narrative)
            if chosen is not None:
                narrative.step("chosen", winner=chosen, **setting)
                _tell_tempting(narrative, facts, chosen)
        if asks in ("chosen", "turns") or (chosen is None and asks != "moved"):
            narrative.answer("answer.chosen", chosen, winner=chosen, **setting)
        elif asks == "least":
            _tell_raises(narrative, facts)
        else:
            self._tell_motion(case, narrative, kept, chosen)

    def _tell_motion(
        self, case: ProblemCase, narrative: Narrative, kept: Sequence[Mapping[str, Any]], chosen: str | None
    ) -> None:
        """Tell what the motion would make of the same plans, and whether either result hangs on the consent."""
        facts, asks, setting = case.facts, case.asks, {"setting": case.facts["setting"]}
        narrative.point = 3
        if asks != "moved":
            narrative.step("motion")
        moved = winner(facts, kept, facts["motion"], narrative.work, narrative)
        if asks == "moved" or moved is None:
            narrative.answer("answer.moved", moved, winner=moved, **setting)
            return
        narrative.step("moved", rival=moved, **setting)
        if asks == "alike":
            alike = chosen == moved
            bank = "answer.alike.yes" if alike else "answer.alike.no"
            narrative.answer(bank, alike, winner=chosen, rival=moved, **setting)
            return
        narrative.point = 4
        counts = not any(row["option"] == facts["wanted"] for row in kept)
        narrative.step("suppose.yes" if counts else "suppose.no", **_only(facts, "who", "wanted", "setting"))
        hangs = []
        for aim, before in (("aim", chosen), ("motion", moved)):
            after = adopted(facts, facts[aim], Work(is_quiet=True), counts)
            hangs.append(narrative.work.settle(after != before))
            figures = _scores(facts, aim, narrative.work, counts)
            bank = f"suppose.{aim}.{'moves' if hangs[-1] else 'stays'}"
            narrative.step(bank, place=after or "none", figures=figures, **setting)
        hinge = HINGES[hangs[0] + 2 * hangs[1]]
        narrative.answer(f"answer.hinge.{hinge}", hinge, **_only(facts, "who", "wanted", "setting"))

    def trial(self, case: ProblemCase, letter: str, narrative: Narrative) -> object:
        """Choose once more with one figure changed."""
        facts, work = case.facts, Work(is_quiet=True)
        patch = patch_of(case, letter)
        before = narrative.result
        chosen = adopted(facts, facts["aim"], work)
        others = [row["option"] for row in facts["rows"] if row["option"] != chosen]
        chosen = narrative.work.settle(chosen, others[0])
        row = next(row for row in facts["rows"] if row["option"] == patch["changed"])
        bank = "barred" if is_barred(facts, row, work) else "same" if chosen == before else "other"
        figures = _scores(facts, "aim", narrative.work)
        narrative.step(f"trial.{bank}", letter=letter, rival=chosen, figures=figures, setting=facts["setting"], **patch)
        return chosen

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program, which ranks the plans in all worlds at once."""
        known = {key: value for key, value in facts.items() if key not in ("setting", "condition", "said")}
        proved = answer_set(Path(__file__).with_suffix(".lp"), {**known, "max": MAX_RAISE})
        results: dict[str, Any] = dict(proved)
        bits = int(results.pop("barred"))
        results["barred"] = frozenset(row["option"] for index, row in enumerate(facts["rows"]) if bits >> index & 1)
        if "hinge" in results:
            results["hinge"] = HINGES[int(results["hinge"])]
        if "chosen" in results and "moved" in results:
            results["alike"] = results["chosen"] == results["moved"]
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one figure a little larger or smaller, and a consent whose form or day is another."""
        facts = case.facts
        option = "figure" if case.asks == "turns" else ""
        for row in facts["rows"]:
            for slot in SLOTS:
                for by in (-3, -2, -1, 1, 2, 3, 4):
                    patch = {"changed": row["option"], "place": facts[f"g{slot}"], "to": row[f"v{slot}"] + by}
                    if patch["to"] > 0:
                        yield Change(patch, option=option)
        if "condition" in facts and case.asks != "turns":
            late = facts["done"] > facts["due"]
            yield Change({"done": facts["due"] + timedelta(days=-2 if late else 3)})
            yield Change({"form": "spoken" if facts["form"] == "written" else "written"})

    def applied(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Put another figure into the row of a plan."""
        if "changed" not in patch:
            return {**facts, **patch}
        slot = next(slot for slot in SLOTS if facts[f"g{slot}"] == patch["place"])
        rows = [{**row, f"v{slot}": patch["to"]} if row["option"] == patch["changed"] else row for row in facts["rows"]]
        return {**facts, "rows": rows}


Row = Mapping[str, Any]


def _only(facts: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Return those of these facts that the case has."""
    return {key: facts[key] for key in keys if key in facts}


def _consent(rng: Random, facts: Mapping[str, Any], option: str, slot: int) -> dict[str, Any]:
    """Return a consent to the plan that takes from a place, which counts or fails in one of several ways."""
    way = rng.choice(WAYS)
    said = date(rng.randint(2027, 2039), rng.randint(1, 10), rng.randint(1, 28))
    due = said + timedelta(days=rng.randint(30, 55))
    done = due + timedelta(days=rng.randint(1, 9) if way == "late" else -rng.choice((0, 1, 3, 8, 12)))
    who = rng.choice([each for each in SLOTS if each != slot]) if way == "other" else slot
    return {
        "said": said,
        "due": due,
        "done": done,
        "who": facts[f"g{who}"],
        "wanted": option,
        "form": "spoken" if way == "spoken" else "written",
        "condition": rng.choice(("pump", "road", "roof", "survey", "boat", "fence")),
    }


def is_barred(
    facts: Mapping[str, Any], row: Row, work: Work, counts: bool | None = None, narrative: Narrative | None = None
) -> bool:
    """Return whether a plan takes from a place what it has today, without a consent that counts.

    `counts` supposes that the consent counts, or that it does not, whatever its form and its day.
    """
    if "t1" not in facts:
        return False
    option, equal, is_waived = row["option"], list[str](), False
    for slot in SLOTS:
        was, has, place = facts[f"t{slot}"], row[f"v{slot}"], facts[f"g{slot}"]
        if not is_more(work, was, has):
            equal += [place] if was == has else []
            continue
        can_waive = "condition" in facts
        if narrative is not None:
            narrative.step("less" if can_waive else "less.bare", option=option, place=place, was=was, has=has)
        if not can_waive or not _is_met(facts, option, place, work, counts, narrative):
            return True
        is_waived = True
    if narrative is not None:
        bank = "equal" if equal and not is_waived else "more"
        narrative.step(bank, option=option, names=tuple(equal))
    return False


def _is_met(
    facts: Mapping[str, Any],
    option: str,
    place: str,
    work: Work,
    counts: bool | None,
    narrative: Narrative | None,
) -> bool:
    """Return whether a place has consented to a plan as the charter wants it."""
    if facts.get("wanted") != option:
        why, met = "none", False
    elif facts["who"] != place:
        why, met = "other", False
    elif counts is not None:
        return counts
    elif facts["form"] == "spoken":
        why, met = "spoken", work.settle(False, True)
    else:
        met = not work.is_later(facts["done"], facts["due"])
        why = "met" if met else "late"
    if narrative is not None:
        shown = _only(facts, *{"other": ("who",), "late": ("due", "done"), "met": ("due", "done")}.get(why, ()))
        narrative.step(f"consent.{why}", option=option, place=place, **shown)
    return met


def adopted(facts: Mapping[str, Any], aim: str, work: Work, counts: bool | None = None) -> str | None:
    """Return the plan that an aim chooses of those that may be adopted; None where it does not decide."""
    return winner(facts, [row for row in facts["rows"] if not is_barred(facts, row, work, counts)], aim, work)


def winner(
    facts: Mapping[str, Any], kept: Sequence[Row], aim: str, work: Work, narrative: Narrative | None = None
) -> str | None:
    """Return the plan that an aim chooses of these; None where two remain."""
    left = list(kept)
    rounds = SLOTS if aim == "worst" else (1, 2) if aim in ("above", "gap") else (1,)
    for number in rounds:
        if not left or (len(left) == 1 and number > 1):
            break
        by_total = number > 1 and aim != "worst"
        figures = [_figure(facts, row, "total" if by_total else aim, number, work, narrative) for row in left]
        best = min(figures) if aim == "gap" and not by_total else max(figures)
        lower = aim == "gap" and not by_total
        out = [is_more(work, each, best) if lower else is_more(work, best, each) for each in figures]
        if narrative is not None:
            dropped = tuple(row["option"] for row, gone in zip(left, out, strict=True) if gone)
            shown = tuple(f"{row['option']} {each}" for row, each in zip(left, figures, strict=True))
            bank = "total" if by_total else aim
            tied = "" if len(left) - len(dropped) == 1 else ".tied" if dropped else ".all"
            narrative.step(f"round.{bank}{tied}", rank=number, figures=shown, dropped=dropped, best=best)
        left = [row for row, gone in zip(left, out, strict=True) if not gone]
    return str(left[0]["option"]) if len(left) == 1 else None


def _figure(
    facts: Mapping[str, Any], row: Row, aim: str, rank: int, work: Work, narrative: Narrative | None = None
) -> int:
    """Return what a plan is compared by: a place's figure from the bottom, a sum, a count, a gap."""
    values = [row[f"v{slot}"] for slot in SLOTS]
    if aim == "worst":
        return int(sorted(values)[rank - 1])
    if aim == "gap":
        low, high = min(values), max(values)
        result = int(work("high - low", high=high, low=low))
        shown: dict[str, Any] = {"terms": (f"{high} - {low}",)}
    elif aim == "above":
        names = tuple(facts[f"g{slot}"] for slot in SLOTS if row[f"v{slot}"] >= facts["bar"])
        result = work.settle(len(names), len(names) + 1)
        shown = {"names": names, "bar": facts["bar"]}
    elif aim == "people":
        weights = [facts[f"w{slot}"] for slot in SLOTS]
        named = dict(zip("abcdefgh", (*values, *weights), strict=True))
        result = int(work("a * e + b * f + c * g + d * h", **named))
        shown = {"terms": (" + ".join(f"{one} * {other}" for one, other in zip(values, weights, strict=True)),)}
    else:
        result = int(work("a + b + c + d", **dict(zip("abcd", values, strict=True))))
        shown = {"terms": (" + ".join(map(str, values)),)}
    if narrative is not None:
        narrative.step(f"figure.{aim}", option=row["option"], sum=result, **shown)
    return result


def _scores(facts: Mapping[str, Any], which: str, work: Work, counts: bool | None = None) -> tuple[str, ...]:
    """Return what the plans that may be adopted are compared by, each in a few words.

    Where the best count or the smallest gap is shared, the totals that decide between those plans are worked out too.
    """
    quiet, aim = Work(is_quiet=True), facts[which]
    kept = [row for row in facts["rows"] if not is_barred(facts, row, quiet, counts)]
    if aim == "worst":
        return tuple(f"{row['option']} {'-'.join(map(str, sorted(row[f'v{slot}'] for slot in SLOTS)))}" for row in kept)
    figures = [_figure(facts, row, aim, 1, quiet) for row in kept]
    shared = None
    if aim in ("above", "gap") and figures:
        best = max(figures) if aim == "above" else min(figures)
        shared = best if figures.count(best) > 1 else None
    texts = []
    for row, figure in zip(kept, figures, strict=True):
        total = f" ({_figure(facts, row, 'total', 1, work)} in all)" if figure == shared else ""
        texts.append(f"{row['option']} {figure}{total}")
    return tuple(texts)


def _tell_tempting(narrative: Narrative, facts: Mapping[str, Any], chosen: str) -> None:
    """Tell of a plan that would have won, had it not been shut out."""
    rival = winner(facts, facts["rows"], facts["aim"], Work(is_quiet=True))
    if rival not in (None, chosen):
        narrative.step("tempting", place=rival, setting=facts["setting"])


def _try_other_aim(narrative: Narrative, facts: Mapping[str, Any]) -> None:
    """Tell the wrong turn of going by another yardstick than the one in force, where that makes a difference."""
    other = "total" if facts["aim"] != "total" else "worst"
    wrong, right = (adopted(facts, aim, Work(is_quiet=True)) for aim in (other, facts["aim"]))
    if wrong not in (None, right):
        narrative.step(
            f"turn.{other}", place=wrong, figures=_scores({**facts, "other": other}, "other", narrative.work)
        )
        narrative.step("refute.aim")


def _raised(facts: Mapping[str, Any], by: int) -> dict[str, Any]:
    """Return the facts with the figure that is asked about raised."""
    slot = next(slot for slot in SLOTS if facts[f"g{slot}"] == facts["at"])
    rows = [
        {**row, f"v{slot}": row[f"v{slot}"] + by} if row["option"] == facts["target"] else row for row in facts["rows"]
    ]
    return {**facts, "rows": rows}


def _raised_wins(facts: Mapping[str, Any], by: int) -> bool:
    return bool(adopted(_raised(facts, by), facts["aim"], Work(is_quiet=True)) == facts["target"])


def _tell_raises(narrative: Narrative, facts: Mapping[str, Any]) -> None:
    """Raise the figure that is asked about, one by one, until the plan is adopted."""
    slot = next(slot for slot in SLOTS if facts[f"g{slot}"] == facts["at"])
    row = next(row for row in facts["rows"] if row["option"] == facts["target"])
    least = None
    narrative.point = 3
    for by in range(1, MAX_RAISE + 1):
        raised = int(narrative.work("v + by", v=row[f"v{slot}"], by=by))
        wins = narrative.work.settle(_raised_wins(facts, by), not _raised_wins(facts, by))
        changed = _raised(facts, by)
        shut = is_barred(
            changed, next(each for each in changed["rows"] if each["option"] == facts["target"]), Work(is_quiet=True)
        )
        bank = "raise.yes" if wins else "raise.barred" if shut else "raise.no"
        shown: dict[str, Any] = {} if bank == "raise.barred" else {"figures": _scores(changed, "aim", narrative.work)}
        narrative.step(bank, raised=raised, by=by, **shown, **_only(facts, "target", "at", "setting"))
        if wins:
            least = by
            break
    narrative.answer("answer.least", least, by=least, **_only(facts, "target", "at", "setting"))


SCHEME = Plans()
