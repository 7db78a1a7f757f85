"""Short proofs with named rules and line numbers: the first line that its rule does not give, and what rests on it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.derivations.scheme import NUM_TOGETHER, DerivationScheme
from open_thoughts_gen.families.derivations.statements import StatementForm, conclusion, contrary, entails, kind_of
from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Form, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.kinds import NONE, HowMuch, OneOf, OrNone, SomeOf
from open_thoughts_gen.families.kit.prose import CompanyForm

NUM_DERIVED = {1: (3, 4), 2: (5, 6), 3: (7, 8), 4: (9, 11)}
NUM_ATOMS = {1: 5, 2: 6, 3: 7, 4: 8}
NUM_RULES, NUM_NAMES, MAX_LINES = (6, 9), 3, 24
FAULTY_RATE, CARRY_RATE, LATE_RATE, CHANGE_RATE = 0.65, 0.6, 0.5, 0.5
KINDS = ("if", "or", "and", "nand", "iff")
OF_PREMISES = ("if", "if", "if", "or", "or", "nand", "iff")
HEADS, REFS = ("first", "second", "third"), ("one", "two", "three")
# Lists of the word file: rules, with their names and what they make of the lines that they name, and false forms, each
# with the rule that it passes for.
LISTS = words.load(Path(__file__).with_suffix(".yaml")).lists
RULES: Mapping[str, str] = {key: forms["gives"] for key, forms in LISTS["made_by"].items()}
NAMES = {key: forms["names"].split(", ") for key, forms in LISTS["made_by"].items()}
KEYS = {name: key for key, names in NAMES.items() for name in names}
FORMS: Mapping[str, tuple[str, str]] = {key: (of["rule"], of["gives"]) for key, of in LISTS["false_form"].items()}
Entries = Sequence[Mapping[str, str]]  # of rules or false forms, as they are printed: a name and one pattern each


class Proof(DerivationScheme):
    """Premises and lines drawn from them by named rules; one line may only look as if its rule gave it."""

    name = "proof"
    unprinted: ClassVar[Sequence[str]] = ("fault", "kinds")
    asks: ClassVar[Mapping[str, Ask]] = {
        "first": Ask(OrNone(HowMuch(), "closing/first"), "first"),
        "form": Ask(OrNone(OneOf(tuple(FORMS)), "closing/form"), "form", needs=("forms",)),
        "lost": Ask(SomeOf((), "closing/lines"), "lost", coin="carries"),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of statements, also over letters, and of the lines that one is drawn from."""
        lists = self.words.all_lists
        statement = StatementForm(lists["statement"], {**lists["letter"], **lists["atom"]})
        return {"formula": statement, "refs": CompanyForm({num: str(num) for num in range(1, MAX_LINES)})}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw rules and how all is worded, premises that are true together, and lines that are drawn from them."""
        ways = sorted(self.words.lists["statement"])
        kinds = {kind: rng.choice([way for way in ways if way.startswith(f"{kind}.")]) for kind in KINDS}
        naming, chosen = rng.randrange(NUM_NAMES), rng.sample(sorted(RULES), rng.randint(*NUM_RULES))
        rules = [entry for key in chosen for entry in entries("rule", NAMES[key][naming], RULES[key], kinds)]
        forms = forms_of(rules, kinds)
        lines, num, fault = self.premises(rng, level, kinds), rng.randint(*NUM_DERIVED[level]), dict[str, Any]()
        wrong_at = len(lines) + max(rng.choices(range(num), k=1 + level // 3)) + 1 if rng.random() < FAULTY_RATE else 0
        for at in range(len(lines) + 1, len(lines) + num + 1):
            steps = list(possible(lines, forms if at == wrong_at else rules, rules))
            if fault and rng.random() < CARRY_RATE:
                steps = [step for step in steps if fault["line"] in step["refs"]] or steps
            if not steps:
                return None
            name = rng.choice(sorted({step["name"] for step in steps}))
            step = rng.choice([step for step in steps if step["name"] == name])
            fault = {"line": at, "form": name} if at == wrong_at else fault
            lines.append({"num": at, **{key: value for key, value in step.items() if key != "name"}})
        return {"rules": rules, "forms": rng.sample(forms, len(forms)), "kinds": kinds, **ordered(rng, lines, fault)}

    def premises(self, rng: Random, level: int, kinds: Mapping[str, str]) -> list[dict[str, Any]]:
        """Draw premises that are all true in one model, in any order."""
        atoms = self.words.lists["atom"]
        scene = rng.choice(sorted({key.partition(".")[0] for key in atoms}))
        keys = rng.sample([key for key in atoms if key.startswith(f"{scene}.")], NUM_ATOMS[level])
        model = [rng.choice((key, contrary(key))) for key in keys]
        chosen = [f"is {literal}" for literal in rng.sample(model, 2)]
        while len(chosen) < min(len(keys), 7) + 2:
            true = rng.sample(model, 2)
            one, two = (rng.choice((literal, contrary(literal))) for literal in true)
            statement = f"{kinds[rng.choice(OF_PREMISES)]} {one} {two}"
            if statement not in chosen and entails([f"is {literal}" for literal in true], statement):
                chosen.append(statement)
        return [{"num": num, "formula": each} for num, each in enumerate(rng.sample(chosen, len(chosen)), 1)]

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Go by the log of what was planted, and follow the line numbers."""
        fault = facts["fault"]
        return concluded(facts, fault.get("line"), fault.get("form", NONE))

    def prove(self, facts: Facts) -> dict[str, Any]:
        """Hold each line against all ways in which what it names could be true; its form is that which gives it."""
        by_num = {line["num"]: line["formula"] for line in facts["lines"]}
        for line in facts["lines"]:
            named = [by_num[num] for num in line.get("refs", ())]
            if named and not entails(named, line["formula"]):
                known = [(of["form"], conclusion(pattern_of(of), named)) for of in facts.get("forms", ())]
                forms = {form for form, gives in known if gives == line["formula"]}
                return concluded(facts, line["num"], forms.pop() if len(forms) == 1 else None)
        return concluded(facts, None, NONE)

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, the proof and the question."""
        facts = case.facts
        style = page.pen.pick("style", *(bank.name.rpartition(".")[2] for bank in self.words.under("prompt/by.")))
        lines = [page.say(f"prompt/{'by' if 'refs' in line else 'premise'}.{style}", **line) for line in facts["lines"]]
        order = page.pen.order("given", ("contrary", "given", "premises"))
        rule = f"{self.ways(page, 'rule', facts)}\n\n{' '.join(page.say(f'prompt/{bank}') for bank in order)}"
        parts = {"work": (" " if style == "prose" else "\n").join(lines), "rule": rule}
        if case.asks == "form":
            parts["ask"] = f"{self.ways(page, 'form', facts)}\n\n{page.say('prompt/ask.form')}"
        return self.framed(case, page, **parts)

    def ways(self, page: Page, bank: str, facts: Facts) -> str:
        """Print rules or false forms, all in one manner: below each other, or in one paragraph."""
        manner = page.pen.pick(f"{bank} manner", *(of.name for of in self.words.under(f"prompt/{bank}.1.")))
        lines = [page.say(f"prompt/{bank}s")]
        lines += [page.say(manner.replace("1", str(len(entry) - 2)), **entry) for entry in facts[f"{bank}s"]]
        return (" " if manner.endswith("run") else "\n").join(lines)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Apply to each line the rule that it names; then follow what rests on the wrong one."""
        facts, fault = case.facts, case.facts["fault"]
        narrative.step("start", total=len(facts["lines"]))
        wrong, why = None, ""
        form: str | None = NONE
        for index, line in enumerate(line for line in facts["lines"] if "refs" in line):
            narrative.point = 1 + index // NUM_TOGETHER
            values = {**line, **dict(zip(REFS, line["refs"], strict=False))}
            if wrong is None and not narrative.work.settle(line["num"] != fault.get("line")):
                wrong, form = line["num"], fault.get("form") if line["num"] == fault.get("line") else None
                bank = f"form.{(form or 'other').replace(' ', '_')}"
                why = narrative.page.say(f"steps/{bank}", **values)
                narrative.step(bank, **values)
            else:
                narrative.step(f"by.{KEYS[line['rule']]}", **values)
        results = concluded(facts, wrong, form)
        nums = sorted(results["lost"], key=int)
        if not wrong:
            narrative.step("none")
        elif case.asks == "lost":
            narrative.step("carried" if results["lost"] else "carried.none", num=wrong, nums=nums)
        bank = f"answer.{case.asks}{'.faulty' * bool(wrong)}"
        narrative.answer(
            bank, results.get(case.asks), num=wrong, form=form, nums=nums, why=why, total=len(facts["lines"])
        )

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the proof with one line that no other names made by its rule, not by a false form, or the other way."""
        facts, lines, fault = case.facts, case.facts["lines"], case.facts["fault"]
        table = facts["rules"] if fault else forms_of(facts["rules"], facts["kinds"])
        named = {num for line in lines for num in line.get("refs", ())}
        for index, line in enumerate(lines):
            if "refs" in line and line["num"] not in named and fault.get("line", line["num"]) == line["num"]:
                for step in possible(lines[:index], table, facts["rules"]):
                    name, other = step.pop("name"), {"num": line["num"], **step}
                    logged = {} if fault else {"line": line["num"], "form": name}
                    if rng.random() < CHANGE_RATE:
                        yield Change({"lines": [*lines[:index], other, *lines[index + 1 :]], "fault": logged})


def entries(field: str, name: str, patterns: str, kinds: Mapping[str, str]) -> list[dict[str, str]]:
    """Return what is printed of a rule or a false form: its name with each of its patterns, worded in these ways."""
    worded = re.sub(r"\b(?!is\b)[a-z]{2,}\b", lambda kind: kinds[kind.group()], patterns)
    split = (pattern.replace(":", ",").split(", ") for pattern in worded.split("; "))
    return [{field: name, **dict(zip(HEADS, heads, strict=False)), "gives": gives} for *heads, gives in split]


def pattern_of(entry: Mapping[str, str]) -> list[str]:
    """Return the statements of a pattern, what they give at the end."""
    return [entry[name] for name in (*HEADS, "gives") if name in entry]


def forms_of(rules: Entries, kinds: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the false forms that pass for one of these rules, worded as they are."""
    known = {KEYS[entry["rule"]] for entry in rules}
    return [entry for form, (rule, of) in FORMS.items() if rule in known for entry in entries("form", form, of, kinds)]


def possible(lines: Sequence[Facts], table: Entries, rules: Entries) -> Iterator[dict[str, Any]]:
    """Yield each new line that rules, or false forms, make of those that are there, and its rule or what passes for it."""
    known, names = {line["formula"] for line in lines}, {KEYS[entry["rule"]]: entry["rule"] for entry in rules}
    for entry in table:
        name, pattern = entry.get("form") or entry["rule"], pattern_of(entry)
        pools = ([line for line in lines if kind_of(line["formula"]) == kind_of(head)] for head in pattern[:-1])
        for named in itertools.product(*pools):
            formula = conclusion(pattern, [line["formula"] for line in named])
            if formula is not None and formula not in known:
                rule = names[FORMS[name][0]] if name in FORMS else name
                yield {"name": name, "formula": formula, "rule": rule, "refs": tuple(line["num"] for line in named)}


def ordered(rng: Random, lines: Sequence[Facts], fault: Facts) -> dict[str, Any]:
    """Return the lines with the premises before all others, or each before its first use, numbered again."""
    first = {ref: line["num"] - 0.5 for line in reversed(lines) for ref in line.get("refs", ())}
    if rng.random() < LATE_RATE:
        due = [each["num"] if "refs" in each else first.get(each["num"], rng.random() * len(lines)) for each in lines]
        lines = [lines[index] for index in sorted(range(len(lines)), key=due.__getitem__)]
    new = {line["num"]: num for num, line in enumerate(lines, 1)}
    refs = [{"refs": tuple(new[ref] for ref in line["refs"])} if "refs" in line else {} for line in lines]
    numbered = [{**line, "num": num, **of} for num, (line, of) in enumerate(zip(lines, refs, strict=True), 1)]
    return {"lines": numbered, "fault": {**fault, "line": new[fault["line"]]} if fault else {}}


def concluded(facts: Facts, wrong: int | None, form: str | None) -> dict[str, Any]:
    """Return all results, of the first wrong line and of its form."""
    lost = set[int]()
    for line in facts["lines"]:
        if wrong is not None and {wrong, *lost} & {*line.get("refs", ())}:
            lost.add(line["num"])
    known = {"first": wrong or NONE, "lost": frozenset(map(str, lost)), "carries": bool(lost)}
    return known if form is None else {**known, "form": form}


SCHEME = Proof()
