"""Past judgments of a body that has promised to treat like cases alike: where they clash, and what they force.

The principle compares respect by respect: whatever is at least as grave in every respect as something that was censured
has to be censured, and whatever is at most as grave in every respect as something that was let pass has to be let pass
(dominance, as in L. Branting and K. Ashley on reasoning from precedent). Where neither reaches, it is silent. A second
body adds the grades up and goes by a mark.

The traps: to add up where only "in every respect" counts; to take equal for less; a judgment that was reversed, and
one that is merely under appeal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.forms import ListForm
from open_thoughts_gen.families.ethics.scheme import EthicsScheme, is_more, patch_of
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import Flip, Kind, OneOf, SomeOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

NAMES = (
    *("Abel", "Borg", "Costa", "Dahl", "Esser", "Ferro", "Gupta", "Hahn", "Ilic", "Juul", "Klein", "Lopez", "Mora"),
    *("Nagy", "Olsen", "Popov", "Roth", "Sato", "Turk", "Unger", "Vega", "Weiss", "Zafar"),
)
NUM_CASES = {1: 4, 2: 5, 3: 7, 4: 10}
RESPECTS = (1, 2, 3)
OUTCOMES = ("censured", "let pass", "silent")
LAYOUTS = ("table", "prose", "list")
Grades = Mapping[str, Any]


class Verdicts(EthicsScheme):
    """Precedents that are graded in three respects, and what a principle of like treatment makes of them."""

    name: ClassVar[str] = "verdicts"
    labels: ClassVar[Sequence[str]] = ("alike", "reversed", "points")
    word_file = Path(__file__).with_suffix(".yaml")
    asks: ClassVar[Mapping[str, Ask]] = {
        "consistent": Ask(YesNo(), "consistent", coin="consistent"),
        "clash": Ask(SomeOf(()), "clash"),
        "withdraw": Ask(OneOf(()), "withdraw", level=2),
        "new": Ask(OneOf(OUTCOMES, "closing/verdict"), "new", needs=("n1", "n2", "n3"), coin="new", outcomes=OUTCOMES),
        "agree": Ask(YesNo(), "agree", level=2, needs=("n1", "n2", "n3", "mark"), coin="agree"),
        "turns": Ask(Flip(), "new", level=2, needs=("n1", "n2", "n3"), coin="new", outcomes=OUTCOMES),
    }

    def __init__(self) -> None:
        """Say how each fact is written."""
        lists, whole = self.words.lists, WholeForm()
        respects = {
            f"{setting}.{index}": {"": words[f"r{index}"]} for setting, words in _settings(lists) for index in RESPECTS
        }
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys(("c1", "c2", "c3", "n1", "n2", "n3", "mark", "to", "one", "two", "sum"), whole),
            **dict.fromkeys(("name", "other"), NameForm()),
            **dict.fromkeys(("names", "reasons", "grades"), ListForm()),
            "setting": EntryForm(lists["setting"]),
            "verdict": EntryForm(lists["verdict"]),
            "new": EntryForm(lists["verdict"]),
            "status": EntryForm(lists["status"]),
            "respect": EntryForm(respects),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw judgments that follow a mark that nobody states, and often turn one of them round."""
        weights, names = [rng.randint(1, 3) for _ in RESPECTS], rng.sample(NAMES, NUM_CASES[level])
        top = 5
        mark = sum(weights) * (top + 1) // 2 + rng.randint(-1, 1)
        cases = []
        for name in names:
            grades = [rng.randint(1, top) for _ in RESPECTS]
            grave = sum(weight * grade for weight, grade in zip(weights, grades, strict=True)) >= mark
            status = rng.choice(("none", "none", "none", "reversed", "appeal")) if level > 3 else "none"
            verdict = "censured" if grave else "let pass"
            shown = {f"c{index}": grade for index, grade in zip(RESPECTS, grades, strict=True)}
            cases.append({"name": name, **shown, "verdict": verdict, "status": status})
        for turned in rng.sample(cases, rng.choice((0, 0, 1, 1, 2))):
            turned["verdict"] = "let pass" if turned["verdict"] == "censured" else "censured"
        if len({(case["c1"], case["c2"], case["c3"]) for case in cases}) < len(cases):
            return None
        facts: dict[str, Any] = {"setting": rng.choice(list(self.words.lists["setting"])), "cases": cases}
        if level > 3:
            facts["reversed"] = True
        return {**facts, **{f"n{index}": rng.randint(1, top) for index in RESPECTS}, "mark": rng.randint(8, 11)}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the names of the case."""
        kind, names = super().kind_of(case), tuple(entry["name"] for entry in case.facts["cases"])
        if isinstance(kind, SomeOf):
            return SomeOf(names)
        return OneOf(names) if case.asks == "withdraw" else kind

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Look for clashes, and for what reaches the new case."""
        work = Work(is_quiet=True)
        found = clashes(facts, work)
        in_all = [entry["name"] for entry in facts["cases"] if found and all(entry["name"] in pair for pair in found)]
        results: dict[str, Any] = {
            "consistent": not found,
            "clash": frozenset(found[0]) if len(found) == 1 else None,
            "withdraw": in_all[0] if len(in_all) == 1 else None,
            "new": None,
        }
        if "n1" in facts and not found:
            results["new"] = forced(facts, work)
            if "mark" in facts and results["new"] != "silent":
                results["agree"] = results["new"] == by_points(facts, work)
        return {"agree": None, **results}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the judgments, the principle, the new case and the question."""
        facts, asks, setting = case.facts, case.asks, {"setting": case.facts["setting"]}
        layout = case.pen("layout").pick("cases", *LAYOUTS)
        lines = [page.say("prompt/head.table", **setting)] if layout == "table" else []
        lines += [page.say(f"prompt/case.{layout}", **entry, **setting) for entry in facts["cases"]]
        story = [page.say("prompt/opening", **setting), "\n".join(lines)]
        story += [" ".join(page.say("prompt/colour") for _ in range(1 + case.pen("colour").chance("more", 0.6)))]
        if "n1" in facts:
            story.append(page.say("prompt/new", **{f"n{index}": facts[f"n{index}"] for index in RESPECTS}, **setting))
        rules = [page.say("prompt/alike")]
        rules += [page.say("prompt/reversed")] if "reversed" in facts else []
        rules += [page.say("prompt/points", mark=facts["mark"])] if "mark" in facts else []
        ask = page.say(f"prompt/ask.{asks}")
        return self.framed(case, page, rules="\n".join(rules), story="\n\n".join(story), ask=ask)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Compare what was let pass with what was censured, or the new case with both."""
        facts, asks, work = case.facts, case.asks, narrative.work
        narrative.step(f"issue.{asks}")
        for entry in facts["cases"]:
            if entry["status"] != "none":
                narrative.step(entry["status"], name=entry["name"])
        narrative.point = 1
        if asks in ("new", "agree", "turns"):
            new = forced(facts, work, narrative)
            if asks == "agree":
                self._tell_points(narrative, facts, new)
            else:
                narrative.answer(f"answer.new.{new.replace(' ', '_')}", new)
            return
        _try_sums(narrative, facts)
        found = clashes(facts, work, narrative)
        if asks == "consistent":
            bank = "no" if found else "yes"
            pair = {"name": found[0][0], "other": found[0][1]} if found else {}
            narrative.answer(f"answer.consistent.{bank}", not found, **pair)
        elif asks == "clash":
            pair_found = found[0] if len(found) == 1 else None
            shown = {"name": pair_found[0], "other": pair_found[1]} if pair_found else {}
            narrative.answer("answer.clash", frozenset(pair_found) if pair_found else None, **shown)
        else:
            self._tell_withdrawal(narrative, facts, found)

    def _tell_points(self, narrative: Narrative, facts: Mapping[str, Any], new: str) -> None:
        """Tell what the body that adds up makes of the new case."""
        narrative.point = 2
        other = by_points(facts, narrative.work, narrative)
        bank = "yes" if new == other else "no"
        narrative.answer(f"answer.agree.{bank}", new == other, verdict=new, new=other)

    def _tell_withdrawal(
        self, narrative: Narrative, facts: Mapping[str, Any], found: Sequence[tuple[str, str]]
    ) -> None:
        """Tell which one judgment is in all clashes."""
        narrative.point = 2
        names = [entry["name"] for entry in facts["cases"]]
        in_all = [name for name in names if found and all(name in pair for pair in found)]
        if len(in_all) == 1:
            partners = tuple(name for name in names if name != in_all[0] and any(name in pair for pair in found))
            narrative.step("common", name=in_all[0], names=partners)
        result = (
            narrative.work.settle(in_all[0], *(name for name in names if name != in_all[0]))
            if len(in_all) == 1
            else None
        )
        narrative.answer("answer.withdraw", result, name=result)

    def trial(self, case: ProblemCase, letter: str, narrative: Narrative) -> object:
        """Hold the new case, with one grade changed, against the judgments."""
        facts, work = case.facts, Work(is_quiet=True)
        patch = patch_of(case, letter)
        new = forced(facts, work)
        new = narrative.work.settle(new, *(each for each in OUTCOMES if each != new))
        names = _reaching(facts)
        bank = (
            "trial.silent"
            if not names or new == "silent"
            else f"trial.{'same' if new == narrative.result else 'other'}"
        )
        narrative.step(bank, letter=letter, names=names, new=new, respect=patch["respect"], to=patch["to"])
        return new

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program; a pair comes as a sum of powers of two."""
        known = {key: value for key, value in facts.items() if key != "setting"}
        proved: dict[str, Any] = dict(answer_set(Path(__file__).with_suffix(".lp"), known))
        names = [entry["name"] for entry in facts["cases"]]
        bits = int(proved.pop("pair", 0))
        results: dict[str, Any] = {key: proved[key] for key in ("withdraw", "new") if key in proved}
        results["consistent"] = proved["clashes"] == 0
        if proved["clashes"] == 1:
            results["clash"] = frozenset(name for index, name in enumerate(names) if bits >> index & 1)
        if "agree" in proved:
            results["agree"] = proved["agree"] == "yes"
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one grade changed: of the new case where there is one, else of a judgment; and one turned round."""
        facts = case.facts
        for index in RESPECTS if "n1" in facts else ():
            respect = f"{facts['setting']}.{index}"
            for to in range(1, 6):
                if to != facts[f"n{index}"]:
                    yield Change({"respect": respect, "to": to}, option="grade" if case.asks == "turns" else "")
        if "n1" not in facts:
            for entry in facts["cases"]:
                turned = "let pass" if entry["verdict"] == "censured" else "censured"
                yield Change({"name": entry["name"], "verdict": turned})
                for index, by in product(RESPECTS, (-1, 1)):
                    if 1 <= entry[f"c{index}"] + by <= 5:
                        yield Change({"name": entry["name"], f"c{index}": entry[f"c{index}"] + by})

    def applied(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Put another grade, or another verdict."""
        if "respect" in patch:
            return {**facts, f"n{patch['respect'].rpartition('.')[2]}": patch["to"]}
        cases = [{**entry, **patch} if entry["name"] == patch["name"] else entry for entry in facts["cases"]]
        return {**facts, "cases": cases}


def _settings(lists: Mapping[str, Mapping[str, Mapping[str, str]]]) -> list[tuple[str, Mapping[str, str]]]:
    return list(lists["setting"].items())


def binding(facts: Mapping[str, Any], verdict: str) -> list[Grades]:
    """Return the judgments of one kind that count."""
    return [entry for entry in facts["cases"] if entry["verdict"] == verdict and entry["status"] != "reversed"]


def _respect(facts: Mapping[str, Any], index: int) -> str:
    return f"{facts['setting']}.{index}"


def first_graver(one: Grades, other: Grades, work: Work) -> int:
    """Return the first respect in which one case is graver than another; 0 where there is none."""
    return next((index for index in RESPECTS if is_more(work, one[f"c{index}"], other[f"c{index}"])), 0)


def clashes(facts: Mapping[str, Any], work: Work, narrative: Narrative | None = None) -> list[tuple[str, str]]:
    """Return each pair of something censured and something let pass that is at least as grave in every respect."""
    found: list[tuple[str, str]] = []
    for passed in binding(facts, "let pass"):
        shown = {"other": passed["name"], "grades": _grades(passed)}
        safe: list[str] = []
        for bad in binding(facts, "censured"):
            index = first_graver(bad, passed, work)
            if index:
                safe.append(f"{bad['name']} ({_word(facts, index, narrative)} {bad[f'c{index}']})")
                continue
            found.append((bad["name"], passed["name"]))
            if narrative is not None:
                narrative.step("clash", name=bad["name"], reasons=(_dashed(bad),), **shown)
        if narrative is not None and safe:
            narrative.step("clear", reasons=tuple(safe), **shown)
        elif narrative is not None and not binding(facts, "censured"):
            narrative.step("nothing", other=passed["name"])
    return found


def forced(facts: Mapping[str, Any], work: Work, narrative: Narrative | None = None) -> str:
    """Return what the judgments that count make of the new case."""
    new = {f"c{index}": facts[f"n{index}"] for index in RESPECTS}
    for verdict in ("censured", "let pass"):
        short: list[str] = []
        for entry in binding(facts, verdict):
            graver, milder = (entry, new) if verdict == "censured" else (new, entry)
            index = first_graver(graver, milder, work)
            if not index:
                if narrative is not None:
                    bank = "reaches.censured" if verdict == "censured" else "reaches.let_pass"
                    narrative.step(bank, name=entry["name"], grades=(_dashed(entry),))
                    if verdict == "censured":
                        _tell_other_side(narrative, facts, new)
                others = [each for each in OUTCOMES if each != verdict]
                return work.settle(verdict, *others)
            short.append(f"{entry['name']} ({_word(facts, index, narrative)} {entry[f'c{index}']})")
        if narrative is not None and short:
            narrative.step("short.censured" if verdict == "censured" else "short.let_pass", reasons=tuple(short))
    return work.settle("silent", "censured", "let pass")


def _tell_other_side(narrative: Narrative, facts: Mapping[str, Any], new: Grades) -> None:
    """Tell that nothing which was let pass covers a new case that has to be censured."""
    reasons = []
    for entry in binding(facts, "let pass"):
        index = first_graver(new, entry, narrative.work)
        if index:
            reasons.append(f"{entry['name']} ({_word(facts, index, narrative)} {entry[f'c{index}']})")
    if reasons:
        narrative.step("other_side", reasons=tuple(reasons))


def _reaching(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return which judgments force something on the new case."""
    new = [facts[f"n{index}"] for index in RESPECTS]
    bad = [entry for entry in binding(facts, "censured") if all(entry[f"c{i}"] <= new[i - 1] for i in RESPECTS)]
    good = [entry for entry in binding(facts, "let pass") if all(entry[f"c{i}"] >= new[i - 1] for i in RESPECTS)]
    return tuple(entry["name"] for entry in (*bad, *good))


def by_points(facts: Mapping[str, Any], work: Work, narrative: Narrative | None = None) -> str:
    """Return what the body that adds up the grades makes of the new case."""
    total = int(work("a + b + c", a=facts["n1"], b=facts["n2"], c=facts["n3"]))
    verdict = "let pass" if work.exceeds(facts["mark"], total) else "censured"
    if narrative is not None:
        grades = {f"n{index}": facts[f"n{index}"] for index in RESPECTS}
        narrative.step(
            "points.below" if verdict == "let pass" else "points.reached", sum=total, mark=facts["mark"], **grades
        )
    return verdict


def _grades(entry: Grades) -> tuple[str, ...]:
    return (_dashed(entry),)


def _dashed(entry: Grades) -> str:
    """Return the grades of a case as `3-1-4`."""
    return "-".join(str(entry[f"c{index}"]) for index in RESPECTS)


def _word(facts: Mapping[str, Any], index: int, narrative: Narrative | None) -> str:
    """Return the name of a respect, where anything is said at all."""
    return "" if narrative is None else SCHEME.words.lists["setting"][facts["setting"]][f"r{index}"]


def _try_sums(narrative: Narrative, facts: Mapping[str, Any]) -> None:
    """Tell the wrong turn of adding up, where that makes a clash of two cases that cannot be compared."""
    for passed, bad in product(binding(facts, "let pass"), binding(facts, "censured")):
        one, two = (sum(entry[f"c{index}"] for index in RESPECTS) for entry in (passed, bad))
        index = next((each for each in RESPECTS if bad[f"c{each}"] > passed[f"c{each}"]), 0)
        if one > two and index:
            names = {"other": passed["name"], "name": bad["name"]}
            for entry in (passed, bad):
                narrative.work(
                    "a + b + c", **{letter: entry[f"c{each}"] for letter, each in zip("abc", RESPECTS, strict=True)}
                )
            narrative.step("turn.sums", one=one, two=two, **names)
            narrative.step("refute.sums", name=bad["name"], other=passed["name"], respect=_respect(facts, index))
            return


SCHEME = Verdicts()
