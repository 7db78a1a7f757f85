"""Short proofs with named rules and line numbers: the first line that its rule does not give, and what rests on it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.derivations.scheme import DerivationScheme
from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar
from open_thoughts_gen.families.kit.kinds import NONE, HowMuch, OneOf, OrNone, SomeOf
from open_thoughts_gen.families.kit.traces import joined

Literal = tuple[str, bool]
Formula = tuple[str, tuple[Literal, ...]]  # is, if, or, and: of one literal or two
NUM_DERIVED = {1: (3, 4), 2: (5, 6), 3: (7, 8), 4: (9, 11)}
NUM_ATOMS = {1: 5, 2: 6, 3: 7, 4: 8}
FAULTY_RATE, CARRY_RATE = 0.7, 0.6
# What each rule makes of the lines that it names, `-x` being the contrary of x; and false forms, each with the rule that
# it passes for (lists of the word file).
LISTS = words.load(Path(__file__).with_suffix(".yaml")).lists
RULES: Mapping[str, Sequence[str]] = {
    name: [forms[key] for key in "ab" if key in forms] for name, forms in LISTS["pattern"].items()
}
FORMS: Mapping[str, tuple[str, Sequence[str]]] = {
    name: (forms["rule"], [forms[key] for key in "ab" if key in forms]) for name, forms in LISTS["false_form"].items()
}


@cache
def _parsed(pattern: str) -> tuple[list[tuple[str, list[str]]], str, list[str]]:
    before, _, after = pattern.partition(": ")
    heads = [(head.split()[0], head.split()[1:]) for head in before.split(", ")]
    return heads, after.split()[0], after.split()[1:]


def made(patterns: Sequence[str], formulas: Sequence[Formula]) -> list[Formula]:
    """Return what patterns make of these statements, in this order; nothing that has one statement in it twice."""
    results = []
    for pattern in patterns:
        heads, kind, names = _parsed(pattern)
        if [head for head, _ in heads] != [formula[0] for formula in formulas]:
            continue
        terms = [name for _, of in heads for name in of]
        values = [
            turned(literal, name)
            for (_, literals), at in zip(formulas, heads, strict=True)
            for literal, name in zip(literals, at[1], strict=True)
        ]
        bound = dict(zip((name.lstrip("-") for name in terms), values, strict=True))
        literals = tuple(turned(bound[name.lstrip("-")], name) for name in names)
        is_one = all(bound[name.lstrip("-")] == value for name, value in zip(terms, values, strict=True))
        if is_one and len({atom for atom, _ in literals}) == len(literals):
            results.append((kind, literals))
    return results


def turned(literal: Literal, name: str) -> Literal:
    """Return the literal, or its contrary for a name with a minus."""
    return literal[0], literal[1] != name.startswith("-")


class FormulaForm(Form[Formula]):
    """A statement: `the pump runs`, `if the pump runs, then the tank is full`."""

    PATTERNS: ClassVar[Mapping[str, str]] = {
        "if": "if {}, then {}",
        "or": "either {} or {}, or both",
        "and": "both {} and {}",
        "is": "{}",
    }

    def __init__(self, atoms: Mapping[str, Mapping[str, str]]) -> None:
        """Take the words for each statement that has no parts, and for its contrary (style `not`)."""
        self._words = {
            (key, is_so): forms["" if is_so else "not"] for key, forms in atoms.items() for is_so in (True, False)
        }
        self._literals = {words: literal for literal, words in self._words.items()}
        simple = f"({'|'.join(sorted(map(re.escape, self._literals), key=len, reverse=True))})"
        self._read = {kind: re.compile(pattern.replace("{}", simple)) for kind, pattern in self.PATTERNS.items()}

    def write(self, value: Formula, style: str, seen: PrintedSoFar) -> str:
        """Return the statement in words."""
        return self.PATTERNS[value[0]].format(*(self._words[literal] for literal in value[1]))

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield each statement that stands here."""
        for kind, pattern in self._read.items():
            if match := pattern.match(text, start):
                yield match.end(), (kind, tuple(self._literals[words] for words in match.groups()))

    def pack(self, value: Formula) -> object:
        """Return lists."""
        return [value[0], [list(literal) for literal in value[1]]]

    def unpack(self, packed: Any) -> Formula:  # noqa: ANN401  (JSON)
        """Return the statement."""
        return packed[0], tuple((atom, is_so) for atom, is_so in packed[1])


class Proof(DerivationScheme):
    """Premises and lines drawn from them by named rules; one line may only look as if its rule gave it."""

    name = "proof"
    unprinted: ClassVar[Sequence[str]] = ("fault",)
    asks: ClassVar[Mapping[str, Ask]] = {
        "first": Ask(OrNone(HowMuch(), "closing/first"), "first"),
        "form": Ask(OrNone(OneOf(tuple(FORMS)), "closing/form"), "form"),
        "lost": Ask(SomeOf((), "closing/lines"), "lost", coin="carries"),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the form of statements."""
        return {"formula": FormulaForm(self.words.all_lists["atom"])}

    def names_of(self, case: ProblemCase) -> list[str]:
        """Return the numbers of the lines."""
        return [str(line["num"]) for line in case.facts["lines"]]

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw premises that are true together, and lines that follow from them, but for one at most."""
        scene = rng.choice(sorted({key.partition(".")[0] for key in self.words.lists["atom"]}))
        atoms = rng.sample([key for key in self.words.lists["atom"] if key.startswith(f"{scene}.")], NUM_ATOMS[level])
        model = {(atom, rng.random() < 0.5) for atom in atoms}
        drawn = enumerate(premises(rng, atoms, model), 1)
        lines = [{"num": num, "formula": formula, "rule": "premise"} for num, formula in drawn]
        num = rng.randint(*NUM_DERIVED[level])
        wrong_at = len(lines) + rng.randrange(num) + 1 if rng.random() < FAULTY_RATE else 0
        fault: dict[str, Any] = {}
        for at in range(len(lines) + 1, len(lines) + num + 1):
            steps = possible(lines, FORMS if at == wrong_at else RULES)
            if fault and rng.random() < CARRY_RATE:
                steps = [step for step in steps if fault["line"] in (step.get("one"), step.get("two"))] or steps
            if not steps:
                return None
            name = rng.choice(sorted({step["name"] for step in steps}))
            step = rng.choice([step for step in steps if step["name"] == name])
            if at == wrong_at:
                fault = {"line": at, "form": name}
            lines.append({"num": at, **{key: value for key, value in step.items() if key != "name"}})
        return {"lines": lines, "fault": fault}

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Go by the log of what was planted, and follow the line numbers."""
        fault = facts["fault"]
        return concluded(facts, fault.get("line"), fault.get("form", NONE))

    def prove(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Hold each line against all ways in which what it names could be true; its form is that which gives it."""
        lines = {line["num"]: line for line in facts["lines"]}
        for num, line in lines.items():
            named = [lines[line[ref]]["formula"] for ref in ("one", "two") if ref in line]
            if line["rule"] != "premise" and not entails(named, line["formula"]):
                forms = ((form, patterns) for form, (rule, patterns) in FORMS.items() if rule == line["rule"])
                passing = [form for form, patterns in forms if line["formula"] in made(patterns, named)]
                return concluded(facts, num, passing[0] if len(passing) == 1 else None)
        return concluded(facts, None, NONE)

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, the proof and the question."""
        shapes = {(False, False): "premise", (True, False): "by.one", (True, True): "by.two"}
        lines = [page.say(f"prompt/{shapes['one' in line, 'two' in line]}", **line) for line in case.facts["lines"]]
        rule = f"{page.say('prompt/rules')}\n\n{page.say('prompt/given')}"
        parts = {"work": "\n".join(lines), "rule": rule}
        if case.asks == "form":
            parts["ask"] = f"{page.say('prompt/forms')}\n\n{page.say('prompt/ask.form')}"
        return self.framed(case, page, **parts)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Apply to each line the rule that it names; then follow what rests on the wrong one."""
        facts, fault = case.facts, case.facts["fault"]
        narrative.step("start", total=len(facts["lines"]))
        wrong: int | None = None
        form: str | None = NONE
        for line in facts["lines"]:
            if line["rule"] == "premise":
                continue
            refs = {ref: line[ref] for ref in ("one", "two") if ref in line}
            if wrong is None and not narrative.work.settle(line["num"] != fault.get("line")):
                wrong, form = line["num"], fault.get("form") if line["num"] == fault.get("line") else None
                if form is not None:
                    narrative.step(f"form.{form.replace(' ', '_')}", num=wrong, formula=line["formula"], **refs)
            else:
                narrative.step(f"by.{line['rule']}", num=line["num"], formula=line["formula"], **refs)
        results = concluded(facts, wrong, form)
        nums = joined(sorted(results["lost"], key=int))
        if not wrong:
            narrative.step("none")
        elif case.asks == "lost":
            narrative.step("carried" if results["lost"] else "carried.none", num=wrong, nums=nums)
        result = results.get(case.asks)
        none = "answer.none" if wrong else "answer.none.right"
        bank = none if result in (None, NONE, frozenset()) else f"answer.{case.asks}"
        narrative.answer(bank, result, num=wrong, form=form, nums=nums)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the proof with a line that its rule gives in place of a false form, or the other way round."""
        lines = case.facts["lines"]
        for index, line in enumerate(lines):
            if line["rule"] == "premise" or case.facts["fault"].get("line", line["num"]) != line["num"]:
                continue
            table: Mapping[str, Any] = RULES if case.facts["fault"] else FORMS
            for step in possible(lines[:index], table):
                name = step.pop("name")
                if (step["rule"] == line["rule"] or case.facts["fault"]) and rng.random() < 0.5:
                    changed = [*lines[:index], {"num": line["num"], **step}, *lines[index + 1 :]]
                    fault = {} if case.facts["fault"] else {"line": line["num"], "form": name}
                    if holds_else(changed, fault):
                        yield Change({"lines": changed, "fault": fault})


def premises(rng: Random, atoms: Sequence[str], model: set[Literal]) -> list[Formula]:
    """Draw premises that are all true in one model, in any order."""
    true, chosen = sorted(model), list[Formula]()
    for kind in rng.sample(("if", "if", "if", "or", "or", "if", "if"), min(len(atoms), 7)):
        one, other = (turned(literal, rng.choice(("x", "-x"))) for literal in rng.sample(true, 2))
        if kind == "or" and not {one, other} & model:
            one = turned(one, "-x")
        if kind == "if" and one in model and other not in model:
            other = turned(other, "-x")
        chosen.append((kind, (one, other)))
    chosen += [("is", (literal,)) for literal in rng.sample(true, 2)]
    return rng.sample(list(dict.fromkeys(chosen)), len(set(chosen)))


def possible(lines: Sequence[Mapping[str, Any]], table: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each new line that rules, or false forms, make of those that are there."""
    known, steps = {line["formula"] for line in lines}, []
    for name, entry in table.items():
        rule, patterns = entry if table is FORMS else (name, entry)
        by_kind = ([line for line in lines if line["formula"][0] == kind] for kind, _ in _parsed(patterns[0])[0])
        for refs in itertools.product(*by_kind):
            for formula in made(patterns, [line["formula"] for line in refs]):
                if formula not in known:
                    numbered = dict(zip(("one", "two"), (line["num"] for line in refs), strict=False))
                    steps.append({"name": name, "formula": formula, "rule": rule, **numbered})
    return steps


def entails(named: Sequence[Formula], formula: Formula) -> bool:
    """Return whether a statement is true in every case in which those named are."""
    atoms = sorted({literal[0] for each in (*named, formula) for literal in each[1]})
    for values in itertools.product((True, False), repeat=len(atoms)):
        case = set(zip(atoms, values, strict=True))
        if all(is_true(each, case) for each in named) and not is_true(formula, case):
            return False
    return True


def is_true(formula: Formula, case: set[Literal]) -> bool:
    """Return whether a statement is true in a case."""
    kind, literals = formula
    first, last = literals[0] in case, literals[-1] in case
    return {"is": first, "if": not first or last, "or": first or last, "and": first and last}[kind]


def holds_else(lines: Sequence[Mapping[str, Any]], fault: Mapping[str, Any]) -> bool:
    """Return whether every line but the faulty one is what its rule makes of the lines that it names."""
    by_num = {line["num"]: line["formula"] for line in lines}
    drawn = (line for line in lines if line["rule"] != "premise" and line["num"] != fault.get("line"))
    named = ((line, [by_num[line[ref]] for ref in ("one", "two") if ref in line]) for line in drawn)
    return all(line["formula"] in made(RULES[line["rule"]], formulas) for line, formulas in named)


def concluded(facts: Mapping[str, Any], wrong: int | None, form: str | None) -> dict[str, Any]:
    """Return all results, of the first wrong line and of its form."""
    lost = set[int]()
    for line in facts["lines"]:
        if wrong is not None and {line.get("one"), line.get("two")} & {wrong, *lost}:
            lost.add(line["num"])
    known = {"first": wrong or NONE, "lost": frozenset(map(str, lost)), "carries": bool(lost)}
    return known if form is None else {**known, "form": form}


SCHEME = Proof()
