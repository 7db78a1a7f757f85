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
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.scheme import EthicsScheme, is_more
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Form, Page, ProblemCase, Reckoning, patched
from open_thoughts_gen.families.kit.forms import EntryForm
from open_thoughts_gen.families.kit.kinds import Flip, OneOf, SomeOf, YesNo
from open_thoughts_gen.families.kit.reckoning import summed

NUM_CASES = {1: 4, 2: 5, 3: 8, 4: 12}
RESPECTS, TOP = (1, 2, 3), 5
OUTCOMES = ("censured", "let pass", "silent")
OPPOSITE = {"censured": "let pass", "let pass": "censured"}
NEW = ("n1", "n2", "n3")
Grades = Mapping[str, Any]


class Verdicts(EthicsScheme):
    """Precedents that are graded in three respects, and what a principle of like treatment makes of them."""

    name: ClassVar[str] = "verdicts"
    labels: ClassVar[Sequence[str]] = ("alike", "reversed", "points")
    named: ClassVar[str] = "cases.name"
    sets: ClassVar[Mapping[str, str]] = {"clash": named}
    asks: ClassVar[Mapping[str, Ask]] = {
        "consistent": Ask(YesNo(), "consistent", coin="consistent"),
        "clash": Ask(SomeOf(()), "clash"),
        "withdraw": Ask(OneOf(()), "withdraw", level=2),
        "new": Ask(OneOf(OUTCOMES, "closing/verdict"), "new", needs=NEW, coin="new", outcomes=OUTCOMES, until=3),
        "agree": Ask(YesNo(), "agree", level=2, needs=(*NEW, "mark"), coin="agree"),
        "turns": Ask(Flip(), "new", level=3, needs=NEW, coin="new", outcomes=OUTCOMES),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the form of respects, which each setting has words of its own for."""
        settings = self.words.lists["setting"].items()
        names = {f"{key}.{at}": {"": words[f"r{at}"]} for key, words in settings for at in RESPECTS}
        return {**super().own_forms(), "respect": EntryForm(names)}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw judgments that follow a mark that nobody states, and often turn one of them round."""
        weights, names = [rng.randint(1, 3) for _ in RESPECTS], rng.sample(self.pool("names"), NUM_CASES[level])
        mark, cases = sum(weights) * (TOP + 1) // 2 + rng.randint(-1, 1), list[dict[str, Any]]()
        for name in names:
            grades = [rng.randint(1, TOP) for _ in RESPECTS]
            grave = sum(weight * grade for weight, grade in zip(weights, grades, strict=True)) >= mark
            status = rng.choice(("none", "none", "none", "reversed", "appeal")) if level > 3 else "none"
            shown = {f"c{index}": grade for index, grade in zip(RESPECTS, grades, strict=True)}
            cases.append({"name": name, **shown, "verdict": OUTCOMES[not grave], "status": status})
        for turned in rng.sample(cases, rng.choice((0, 0, 1, 1, 2))):
            turned["verdict"] = OPPOSITE[turned["verdict"]]
        facts: dict[str, Any] = {"setting": rng.choice(list(self.words.lists["setting"])), "cases": cases}
        sides = [binding(facts, verdict) for verdict in OPPOSITE]
        if len({dashed(case) for case in cases}) < len(cases) or min(map(len, sides)) < 2:
            return None  # a case that stands alone on its side would be the first to suspect
        facts |= {"reversed": True} if level > 3 else {}
        return {**facts, **{key: rng.randint(1, TOP) for key in NEW}, "mark": rng.randint(8, 11)}

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Look for clashes, and for what reaches the new case."""
        reckoning = Reckoning(facts)
        found = clashes(reckoning)
        results: dict[str, Any] = {"consistent": not found, "new": None, "agree": None, "withdraw": in_all(found)}
        results["clash"] = frozenset(found[0]) if len(found) == 1 else None
        if "n1" in facts and not found:
            results["new"] = forced(reckoning)
            if "mark" in facts and results["new"] != "silent":
                results["agree"] = results["new"] == by_points(reckoning)
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the judgments, the principle, the new case and the question."""
        facts = case.facts
        lines = self.listed(case, page, (("case", entry) for entry in facts["cases"]))
        story = [page.say("prompt/opening", **facts), lines, self.coloured(case, page)]
        story += [page.say("prompt/new", **facts)] if "n1" in facts else []
        rules = {"alike": "cases", "reversed": "reversed", "points": "mark"}
        return self.laid_out(case, page, rules, *story)

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Compare what was let pass with what was censured, or the new case with both."""
        facts = reckoning.facts
        for entry in facts["cases"]:
            if entry["status"] != "none":
                reckoning.say(entry["status"], **entry)
        if "n1" in facts:
            new = forced(reckoning)
            reckoning.part(2)
            if asks == "agree":
                other = by_points(reckoning)
                reckoning.answer("answer.agree", new == other, verdict=new, new=other)
            else:
                reckoning.answer("answer.new", new)
            return
        self._try_sums(reckoning)
        found = clashes(reckoning)
        pair = {"name": found[0][0], "other": found[0][1]} if found else {}
        reckoning.part(2)
        if asks == "withdraw":
            result = in_all(found)
            others = [entry["name"] for entry in facts["cases"] if entry["name"] != result]
            partners = tuple(name for name in others if any(name in pair for pair in found))
            if result:
                reckoning.say("common", name=result, names=partners)
                result = reckoning.work.settle(result, *others)
            reckoning.answer("answer.withdraw", result, name=result)
        else:
            clash = frozenset(pair.values()) if len(found) == 1 else None
            reckoning.answer(f"answer.{asks}", clash if asks == "clash" else not found, **pair)

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Ask the answer set program, which counts the clashes."""
        proved = {**super().prove(facts)}
        return {**proved, "consistent": proved.pop("clashes") == 0}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one grade changed: of the new case where there is one, else of a judgment; and one turned round."""
        facts, offered = case.facts, case.asks == "turns"
        for index, to in product(RESPECTS, range(1, TOP + 1)) if "n1" in facts else ():
            if to != facts[f"n{index}"]:
                yield Change({"respect": f"{facts['setting']}.{index}", "to": to}, option="grade" if offered else "")
        for entry in facts["cases"] if "n1" not in facts else ():
            if len(binding(facts, entry["verdict"])) > 2:
                yield Change({"name": entry["name"], "verdict": OPPOSITE[entry["verdict"]]})
            for index, by in product(RESPECTS, (-1, 1)):
                if 1 <= entry[f"c{index}"] + by <= TOP:
                    yield Change({"name": entry["name"], f"c{index}": entry[f"c{index}"] + by})

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Put another grade, or another verdict."""
        if "respect" in patch:
            return {**facts, f"n{patch['respect'].rpartition('.')[2]}": patch["to"]}
        return patched(facts, "cases", patch, "name")

    def _try_sums(self, reckoning: Reckoning) -> None:
        """Tell the wrong turn of adding up, where that makes a clash of two cases that cannot be compared."""
        for passed, bad in product(binding(reckoning.facts, "let pass"), binding(reckoning.facts, "censured")):
            one, two = (sum(entry[f"c{index}"] for index in RESPECTS) for entry in (passed, bad))
            index = next((each for each in RESPECTS if bad[f"c{each}"] > passed[f"c{each}"]), 0)
            if one > two and index:
                names = {"other": passed["name"], "name": bad["name"]}
                for entry in (passed, bad):
                    summed(reckoning.work, [entry[f"c{each}"] for each in RESPECTS])
                reckoning.say("turn.sums", one=one, two=two, **names)
                reckoning.say("refute.sums", respect=f"{reckoning.facts['setting']}.{index}", **names)
                return


def binding(facts: Facts, verdict: str) -> list[Grades]:
    """Return the judgments of one kind that count."""
    return [entry for entry in facts["cases"] if entry["verdict"] == verdict and entry["status"] != "reversed"]


def apart(reckoning: Reckoning, one: Grades, other: Grades, shown: Grades) -> str:
    """Return in what one case is graver than another, as `Nagy (hurt 3)` with the grade of the one shown; or nothing.

    Where that is denied by a slip, no other respect is looked for: the slip would hide behind what is true.
    """
    for index in RESPECTS:
        is_graver = one[f"c{index}"] > other[f"c{index}"]
        if is_more(reckoning.work, one[f"c{index}"], other[f"c{index}"]):
            respect = SCHEME.words.lists["setting"][reckoning.facts["setting"]][f"r{index}"]
            return f"{shown['name']} ({respect} {shown[f'c{index}']})"
        if is_graver:
            break
    return ""


def clashes(reckoning: Reckoning) -> list[tuple[str, str]]:
    """Return each pair of something censured and something let pass that is at least as grave in every respect."""
    found: list[tuple[str, str]] = []
    for passed in binding(reckoning.facts, "let pass"):
        shown, safe = {"other": passed["name"], "grades": (dashed(passed),)}, list[str]()
        for bad in binding(reckoning.facts, "censured"):
            if reason := apart(reckoning, bad, passed, bad):
                safe.append(reason)
                continue
            found.append((bad["name"], passed["name"]))
            reckoning.say("clash", name=bad["name"], reasons=(dashed(bad),), **shown)
        if safe:
            reckoning.say("clear", reasons=tuple(safe), **shown)
    return found


def in_all(pairs: Sequence[tuple[str, str]]) -> str | None:
    """Return who is in every clash, if that is one alone."""
    names = set[str]().union(*pairs).intersection(*pairs)
    return names.pop() if len(names) == 1 else None


def forced(reckoning: Reckoning) -> str:
    """Return what the judgments that count make of the new case."""
    facts, new = reckoning.facts, {f"c{index}": reckoning.facts[f"n{index}"] for index in RESPECTS}
    for verdict, bank in (("censured", "censured"), ("let pass", "let_pass")):
        short: list[str] = []
        for entry in binding(facts, verdict):
            graver, milder = (entry, new) if verdict == "censured" else (new, entry)
            reason = apart(reckoning, graver, milder, entry)
            if reason:
                short.append(reason)
                continue
            reckoning.say(f"reaches.{bank}", name=entry["name"], grades=(dashed(entry),))
            if verdict == "censured":  # nothing that was let pass covers the new case
                reasons = [apart(reckoning, new, other, other) for other in binding(facts, "let pass")]
                if any(reasons):
                    reckoning.say("other_side", reasons=tuple(filter(None, reasons)))
            return reckoning.work.settle(verdict, *(each for each in reversed(OUTCOMES) if each != verdict))
        reckoning.say(f"short.{bank}", reasons=tuple(short))
    return reckoning.work.settle("silent", *OPPOSITE)


def by_points(reckoning: Reckoning) -> str:
    """Return what the body that adds up the grades makes of the new case."""
    total = summed(reckoning.work, [reckoning.facts[key] for key in NEW])
    is_below = reckoning.work.exceeds(reckoning.facts["mark"], total)
    reckoning.say("points.below" if is_below else "points.reached", sum=total)
    return OUTCOMES[is_below]


def dashed(entry: Grades) -> str:
    """Return the grades of a case as `3-1-4`."""
    return "-".join(str(entry[f"c{index}"]) for index in RESPECTS)


SCHEME = Verdicts()
