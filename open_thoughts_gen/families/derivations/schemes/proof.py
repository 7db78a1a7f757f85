"""Short proofs with named rules and line numbers: the first line that its rule does not give, and what rests on it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.derivations import statements
from open_thoughts_gen.families.derivations.scheme import DerivationScheme
from open_thoughts_gen.families.derivations.statements import ALSO, contrary, kinds_in, made, worded
from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form
from open_thoughts_gen.families.kit.kinds import NONE, HowMuch, OneOf, OrNone, SomeOf
from open_thoughts_gen.families.kit.prose import CompanyForm
from open_thoughts_gen.families.kit.traces import joined

NUM_DERIVED = {1: (3, 4), 2: (5, 6), 3: (7, 8), 4: (9, 11)}
NUM_ATOMS = {1: 5, 2: 6, 3: 7, 4: 8}
NUM_RULES, NUM_NAMES, MAX_LINES = (6, 9), 3, 24
FAULTY_RATE, CARRY_RATE, LATE_RATE, CHANGE_RATE = 0.7, 0.6, 0.5, 0.5
COMPOUND = ("if", "if", "if", "or", "or", "nand", "iff")  # kinds of premises
# Lists of the word file: rules, with their names and what they make of the lines that they name, and false forms, each
# with the rule that it passes for.
LISTS = words.load(Path(__file__).with_suffix(".yaml")).lists
RULES: Mapping[str, str] = {key: forms["gives"] for key, forms in LISTS["made_by"].items()}
NAMES = {key: forms["names"].split(", ") for key, forms in LISTS["made_by"].items()}
KEYS = {name: key for key, names in NAMES.items() for name in names}
FORMS: Mapping[str, tuple[str, str]] = {key: (of["rule"], of["gives"]) for key, of in LISTS["false_form"].items()}
Table = Mapping[str, tuple[str, str]]  # of rules, or of false forms: the rule that a line names, and its patterns


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
        """Return the forms of statements, of what rules make of them, and of the lines that one is drawn from."""
        lists, signs = self.words.all_lists, {"": "", "-": "not"}
        atoms = {f"{sign}{key}": forms[of] for key, forms in lists["atom"].items() for sign, of in signs.items()}
        patterns = [*RULES.values(), *(pattern for _, pattern in FORMS.values())]
        return {
            "formula": statements.StatementForm(lists["statement"], atoms),
            "pattern": EntryForm(statements.pattern_entries(patterns, lists["statement"], lists["around"]["pattern"])),
            "refs": CompanyForm({num: str(num) for num in range(1, MAX_LINES)}),
        }

    def names_of(self, case: ProblemCase) -> list[str]:
        """Return the numbers of the lines."""
        return [str(line["num"]) for line in case.facts["lines"]]

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw rules and how all is worded, premises that are true together, and lines that are drawn from them."""
        kinds = {kind: rng.choice(ways) for kind, ways in statements.ways_of(self.words.lists["statement"]).items()}
        naming, chosen = rng.randrange(NUM_NAMES), rng.sample(sorted(RULES), rng.randint(*NUM_RULES))
        rules = [{"rule": NAMES[key][naming], "pattern": worded(RULES[key], kinds)} for key in chosen]
        forms = forms_of(rules, kinds)
        lines, num, fault = self.premises(rng, level, kinds), rng.randint(*NUM_DERIVED[level]), dict[str, Any]()
        wrong_at = len(lines) + rng.randrange(num) + 1 if rng.random() < FAULTY_RATE else 0
        for at in range(len(lines) + 1, len(lines) + num + 1):
            wanted = fault.get("line") if rng.random() < CARRY_RATE else None
            line = next_line(rng, lines, forms if at == wrong_at else rules_of(rules), wanted)
            if line is None:
                return None
            name = line.pop("name")
            fault = {"line": at, "form": name} if at == wrong_at else fault
            lines.append({"num": at, **line})
        listed = [{"form": name, "pattern": forms[name][1]} for name in rng.sample(sorted(forms), len(forms))]
        return {"rules": rules, "forms": listed, "kinds": kinds, **ordered(rng, lines, fault)}

    def premises(self, rng: Random, level: int, kinds: Mapping[str, str]) -> list[dict[str, Any]]:
        """Draw premises that are all true in one model, in any order."""
        atoms = self.words.lists["atom"]
        scene = rng.choice(sorted({key.partition(".")[0] for key in atoms}))
        keys = rng.sample([key for key in atoms if key.startswith(f"{scene}.")], NUM_ATOMS[level])
        model = [rng.choice((key, contrary(key))) for key in keys]
        chosen = [f"is {literal}" for literal in rng.sample(model, 2)]
        while len(chosen) < min(len(keys), 7) + 2:
            one, two = (rng.choice((literal, contrary(literal))) for literal in rng.sample(model, 2))
            statement = f"{kinds[rng.choice(COMPOUND)]} {one} {two}"
            if statement not in chosen and statements.is_true(statement, set(model)):
                chosen.append(statement)
        return [{"num": num, "formula": each} for num, each in enumerate(rng.sample(chosen, len(chosen)), 1)]

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Go by the log of what was planted, and follow the line numbers."""
        fault = facts["fault"]
        return concluded(facts, fault.get("line"), fault.get("form", NONE))

    def prove(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Hold each line against all ways in which what it names could be true; its form is that which gives it."""
        by_num = {line["num"]: line["formula"] for line in facts["lines"]}
        for line in facts["lines"]:
            named = [by_num[num] for num in line.get("refs", ())]
            if named and not statements.entails(named, line["formula"]):
                forms = {entry["form"]: entry["pattern"].split(ALSO) for entry in facts.get("forms", ())}
                passing = [
                    form for form, ways in forms.items() if line["formula"] in [made(way, named) for way in ways]
                ]
                return concluded(facts, line["num"], passing[0] if len(passing) == 1 else None)
        return concluded(facts, None, NONE)

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, the proof and the question."""
        facts = case.facts
        style = page.pen.pick("style", *(bank.name.rpartition(".")[2] for bank in self.words.under("prompt/by.")))
        lines = [page.say(f"prompt/{'by' if 'refs' in line else 'premise'}.{style}", **line) for line in facts["lines"]]
        given = " ".join(
            page.say(f"prompt/{bank}") for bank in page.pen.order("given", ("contrary", "given", "premises"))
        )
        parts = {
            "work": (" " if style == "prose" else "\n").join(lines),
            "rule": f"{self.ways(page, 'rule', facts)}\n\n{given}",
        }
        if case.asks == "form":
            parts["ask"] = f"{self.ways(page, 'form', facts)}\n\n{page.say('prompt/ask.form')}"
        return self.framed(case, page, **parts)

    def ways(self, page: Page, bank: str, facts: Mapping[str, Any]) -> str:
        """Print rules or false forms, all in one manner: below each other, or in one paragraph."""
        manner = page.pen.pick(f"{bank} manner", *(of.name for of in self.words.under(f"prompt/{bank}.")))
        lines = [page.say(f"prompt/{bank}s"), *(page.say(manner, **entry) for entry in facts[f"{bank}s"])]
        return (" " if manner.endswith("run") else "\n").join(lines)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Apply to each line the rule that it names; then follow what rests on the wrong one."""
        facts, fault = case.facts, case.facts["fault"]
        narrative.step("start", total=len(facts["lines"]))
        wrong: int | None = None
        form: str | None = NONE
        for line in (line for line in facts["lines"] if "refs" in line):
            values = {**line, **dict(zip(("one", "two", "three"), line["refs"], strict=False))}
            if wrong is None and not narrative.work.settle(line["num"] != fault.get("line")):
                wrong, form = line["num"], fault.get("form") if line["num"] == fault.get("line") else None
                if form is not None:
                    narrative.step(f"form.{form.replace(' ', '_')}", **values)
            else:
                narrative.step(f"by.{KEYS[line['rule']]}", **values)
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
        lines, fault, rules = case.facts["lines"], case.facts["fault"], rules_of(case.facts["rules"])
        table = rules if fault else forms_of(case.facts["rules"], case.facts["kinds"])
        for index, line in enumerate(lines):
            if "refs" in line and fault.get("line", line["num"]) == line["num"]:
                for step in possible(lines[:index], table):
                    logged = {} if fault else {"line": line["num"], "form": step["name"]}
                    other = {"num": line["num"], **{key: value for key, value in step.items() if key != "name"}}
                    changed = [*lines[:index], other, *lines[index + 1 :]]
                    if rng.random() < CHANGE_RATE and holds_else(changed, logged, rules):
                        yield Change({"lines": changed, "fault": logged})


def rules_of(rules: Sequence[Mapping[str, str]]) -> Table:
    """Return the rules that a proof may use."""
    return {entry["rule"]: (entry["rule"], entry["pattern"]) for entry in rules}


def forms_of(rules: Sequence[Mapping[str, str]], kinds: Mapping[str, str]) -> Table:
    """Return the false forms that pass for one of these rules, worded as they are."""
    names = {KEYS[entry["rule"]]: entry["rule"] for entry in rules}
    return {form: (names[key], worded(pattern, kinds)) for form, (key, pattern) in FORMS.items() if key in names}


def next_line(
    rng: Random, lines: Sequence[Mapping[str, Any]], table: Table, wanted: int | None
) -> dict[str, Any] | None:
    """Draw a new line that a rule or a false form makes of those that are there, of a wanted one if that can be."""
    for name in rng.sample(sorted(table), len(table)):
        steps = [step for step in possible(lines, {name: table[name]}) if wanted in (None, *step["refs"])]
        if steps:
            return rng.choice(steps)
    return None if wanted is None else next_line(rng, lines, table, None)


def possible(lines: Sequence[Mapping[str, Any]], table: Table) -> Iterator[dict[str, Any]]:
    """Yield each new line that rules, or false forms, make of those that are there."""
    known = {line["formula"] for line in lines}
    for name, (rule, patterns) in table.items():
        for pattern in patterns.split(ALSO):
            kinds = kinds_in(pattern.partition(": ")[0])
            for named in itertools.product(
                *([of for of in lines if of["formula"].split()[0] == kind] for kind in kinds)
            ):
                formula = made(pattern, [of["formula"] for of in named])
                if formula is not None and formula not in known:
                    yield {"name": name, "formula": formula, "rule": rule, "refs": tuple(of["num"] for of in named)}


def ordered(rng: Random, lines: Sequence[Mapping[str, Any]], fault: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lines with the premises before all others, or each before its first use, numbered again."""
    first = {ref: line["num"] - 0.5 for line in reversed(lines) for ref in line.get("refs", ())}
    if rng.random() < LATE_RATE:
        due = {
            line["num"]: line["num"] if "refs" in line else first.get(line["num"], rng.random() * len(lines))
            for line in lines
        }
        lines = sorted(lines, key=lambda line: due[line["num"]])
    new = {line["num"]: num for num, line in enumerate(lines, 1)}
    lines = [{**line, "num": new[line["num"]]} for line in lines]
    numbered = [
        line if "refs" not in line else {**line, "refs": tuple(new[ref] for ref in line["refs"])} for line in lines
    ]
    return {"lines": numbered, "fault": {**fault, "line": new[fault["line"]]} if fault else {}}


def holds_else(lines: Sequence[Mapping[str, Any]], fault: Mapping[str, Any], rules: Table) -> bool:
    """Return whether every line but the faulty one is what its rule makes of the lines that it names."""
    by_num = {line["num"]: line["formula"] for line in lines}
    return all(
        line["formula"]
        in [made(way, [by_num[num] for num in line["refs"]]) for way in rules[line["rule"]][1].split(ALSO)]
        for line in lines
        if "refs" in line and line["num"] != fault.get("line")
    )


def concluded(facts: Mapping[str, Any], wrong: int | None, form: str | None) -> dict[str, Any]:
    """Return all results, of the first wrong line and of its form."""
    lost = set[int]()
    for line in facts["lines"]:
        if wrong is not None and {wrong, *lost} & {*line.get("refs", ())}:
            lost.add(line["num"])
    known = {"first": wrong or NONE, "lost": frozenset(map(str, lost)), "carries": bool(lost)}
    return known if form is None else {**known, "form": form}


SCHEME = Proof()
