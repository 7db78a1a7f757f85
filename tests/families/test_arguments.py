"""The family of arguments as a recipe uses it; what holds for each of its schemes is in `test_schemes`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

from open_thoughts_gen.families import arguments
from open_thoughts_gen.families.arguments import Arguments, schemes
from open_thoughts_gen.families.arguments.forms import profile_form, sorts
from open_thoughts_gen.families.arguments.kinds import InTurn, Keeps
from open_thoughts_gen.families.arguments.schemes import _statements as logic
from open_thoughts_gen.families.arguments.schemes import conditions, dispute, numbers, types
from open_thoughts_gen.families.kit import gloss, words
from open_thoughts_gen.families.kit.family import schemes_of
from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.proof.extra import solver_module
from open_thoughts_gen.plugin import Context, Problem
from open_thoughts_gen.types import Derivation

SCHEMES = schemes_of(schemes)
WORDS = Path(arguments.__file__).parent / "words"
PLAIN = set("about another before being comes could every first given looked makes nothing other others".split()) | set(
    "should their those which without would".split()
)
PLACE = re.compile(r"\bthe (?:first|second|third)\b")


def drawn(scheme: str, num: int, **settings: Any) -> Iterator[tuple[Problem, Derivation]]:
    family = Arguments(schemes=(scheme,), **settings).fresh(Context())
    for index in range(num):
        problem = family.problem(Random(f"{scheme}/{index}"))
        yield problem, family.derive(problem)


def facts_of(problem: Problem) -> dict[str, Any]:
    facts: dict[str, Any] = problem.spec["facts"]
    return facts


def is_valid(facts: Mapping[str, Any]) -> bool:
    """Return whether a conclusion follows, by z3: properties are predicates of an uninterpreted sort."""

    z3 = solver_module("z3", "solvers")
    person = z3.DeclareSort("Person")
    has = {key: z3.Function(key, person, z3.BoolSort()) for key in logic.traits(facts)}
    x = z3.Const("x", person)

    def formula(rule: logic.Statement) -> Any:
        s, p = has[rule["s"]](x), has[rule["p"]](x)
        body = {"all": z3.Implies(s, p), "no": z3.Not(z3.And(s, p)), "else": z3.Or(s, p)}
        body |= {"some": z3.And(s, p), "not": z3.And(s, z3.Not(p))}
        return (z3.Exists if rule["form"] in logic.SOME else z3.ForAll)([x], body[rule["form"]])

    solver = z3.Solver()
    solver.add(*map(formula, logic.grounds(facts)), z3.Not(formula(logic.goal(facts))))
    if facts["exists"]:
        solver.add(*(z3.Exists([x], has[key](x)) for key in has))
    result = solver.check()
    assert result in (z3.sat, z3.unsat)
    return bool(result == z3.unsat)


@pytest.mark.parametrize("scheme", ["sorites", "premise"])
def test_a_conclusion_follows_just_if_z3_finds_no_countermodel(scheme: str) -> None:
    pytest.importorskip("z3")
    seen = Counter[bool]()
    for problem, _ in drawn(scheme, 25):
        facts = facts_of(problem)
        seen[is_valid(facts)] += 1
        assert is_valid(facts) == logic.follows(facts)
    assert seen[False] >= 5


@pytest.mark.parametrize(
    ("rules", "goal", "exists", "valid"),
    [  # of the 24 valid syllogisms 9 need that there is somebody of a sort; subject s, middle m, predicate p
        ([("all", "m", "p"), ("all", "s", "m")], "all", False, True),  # Barbara
        ([("no", "p", "m"), ("all", "s", "m")], "no", False, True),  # Cesare
        ([("no", "m", "p"), ("some", "s", "m")], "not", False, True),  # Ferio
        ([("all", "p", "m"), ("not", "s", "m")], "not", False, True),  # Baroco
        ([("all", "m", "p"), ("all", "m", "s")], "some", True, True),  # Darapti
        ([("all", "m", "p"), ("all", "m", "s")], "some", False, False),
        ([("no", "m", "p"), ("all", "m", "s")], "not", False, False),  # Felapton without anybody
        ([("all", "p", "m"), ("all", "s", "m")], "all", True, False),  # the middle is never covered
        ([("all", "m", "p"), ("no", "s", "m")], "no", True, False),  # illicit major
    ],
)
def test_syllogisms_of_the_schools(rules: list[tuple[str, str, str]], goal: str, exists: bool, valid: bool) -> None:
    printed = [dict(zip(("form", "s", "p"), rule, strict=True)) for rule in rules]
    facts = {"rules": printed, "goal": goal, "cs": "s", "cp": "p", "exists": exists}
    assert logic.follows(facts) is valid
    assert SCHEMES["sorites"].prove(facts)["follows"] is valid


def test_fifteen_forms_of_syllogism_are_valid_and_nine_more_if_there_is_somebody_of_each_sort() -> None:
    counts = Counter[bool]()
    for exists in (False, True):
        for forms in product(("all", "no", "some", "not"), repeat=3):
            for major, minor in product((("m", "p"), ("p", "m")), (("s", "m"), ("m", "s"))):
                rules = [dict(zip(("form", "s", "p"), (form, *pair), strict=True)) for form, pair in
                         zip(forms, (major, minor), strict=False)]  # fmt: skip
                facts = {"rules": rules, "goal": forms[2], "cs": "s", "cp": "p", "exists": exists}
                counts[exists] += not logic.People(facts, denied=True).are_possible()
    assert counts == {False: 15, True: 24}


@pytest.mark.parametrize("scheme", ["sorites", "premise"])
def test_every_verdict_of_invalid_comes_with_a_group_that_shows_it(scheme: str) -> None:
    num = 0
    for problem, derivation in drawn(scheme, 40, asks=("follows",) if scheme == "sorites" else ("enough",)):
        facts = facts_of(problem)
        people = logic.People(facts, denied=True)
        group = people.group(Random(0))
        assert (group is None) == (derivation.answer == "Yes")
        if group is not None:
            num += 1
            assert people.are(group)
            assert all(logic.People(facts).holds(rule, group) for rule in logic.grounds(facts))
            assert not people.holds(logic.goal(facts), group)
            assert any(PLACE.search(text) or "person" in text for step in derivation.steps for text in step.texts)
    assert num >= 8


def test_an_invalid_argument_has_the_words_of_a_valid_one() -> None:
    forms: dict[str, Counter[str]] = {"Yes": Counter(), "No": Counter()}
    for problem, derivation in drawn("sorites", 150, asks=("follows",), levels=(2,)):
        forms[derivation.answer] += Counter(rule["form"] for rule in facts_of(problem)["rules"])
    shares = {answer: counts["all"] / counts.total() for answer, counts in forms.items()}
    assert abs(shares["Yes"] - shares["No"]) < 0.12


@pytest.mark.parametrize(
    ("rule", "fact", "end", "form"),
    [
        (("if", "a", "b"), ("a", "yes"), ("b", "yes"), "modus ponens"),
        (("if", "a", "b"), ("b", "no"), ("a", "no"), "modus tollens"),
        (("bar", "a", "b"), ("b", "yes"), ("a", "no"), "modus tollens"),
        (("if", "a", "b"), ("b", "yes"), ("a", "yes"), "affirming the consequent"),
        (("bar", "a", "b"), ("a", "no"), ("b", "yes"), "denying the antecedent"),
        (("or", "a", "b"), ("b", "no"), ("a", "yes"), "disjunctive syllogism"),
        (("or", "a", "b"), ("a", "yes"), ("b", "no"), "affirming a disjunct"),
        (("or", "a", "b"), ("a", "no"), ("b", "no"), None),
    ],
)
def test_an_argument_of_one_step_has_its_name(
    rule: tuple[str, str, str], fact: tuple[str, str], end: tuple[str, str], form: str | None
) -> None:
    printed = dict(zip(("form", "a", "b"), rule, strict=True))
    known = [{"a": fact[0], "was": fact[1]}]
    facts = {"rules": [printed], "known": known, "c": end[0], "goal": end[1], "plain": True}
    assert conditions.named_form(facts) == form


@pytest.mark.parametrize(
    ("bounds", "rest", "shared", "least"),
    [
        ([("exact", 31), ("exact", 26)], 0, 0, 9),
        ([("least", 20), ("least", 20)], 0, 0, 0),
        ([("spared", 10), ("exact", 26)], 0, 0, 16),
        ([("majority", 0), ("majority", 0)], 0, 0, 2),
        ([("exact", 31), ("exact", 26)], 6, 0, 15),
        ([("exact", 40), ("exact", 40), ("exact", 40)], 0, 0, 24),
        ([("exact", 40), ("exact", 40), ("exact", 40)], 0, 36, 28),
    ],
)
def test_the_formula_of_overlaps_agrees_with_every_table(
    bounds: list[tuple[str, int]], rest: int, shared: int, least: int
) -> None:
    printed = [{"op": op, "num": num, "group": str(at)} for at, (op, num) in enumerate(bounds)]
    facts: dict[str, Any] = {"total": 48, "bounds": printed, "everything": ("0", "1", "2"), "rest": rest}
    facts |= {"shared": shared, "first_two": ("0", "1")} if shared else {}
    assert SCHEMES["numbers"].assess(facts)["least"] == least
    assert SCHEMES["numbers"].prove(facts)["least"] == least


@pytest.mark.slow
def test_the_formula_of_overlaps_agrees_with_every_table_everywhere() -> None:
    for total in (6, 9, 14):
        for one, other, third in product(range(2, total), repeat=3):
            bounds = [{"op": "exact", "num": num, "group": ""} for num in (one, other, third)]
            facts = {"total": total, "bounds": bounds, "everything": ()}
            assert SCHEMES["numbers"].assess(facts)["least"] == SCHEMES["numbers"].prove(facts)["least"]


def test_a_claim_that_comes_back_is_a_circle_and_one_that_goes_on_is_not() -> None:
    assert dispute.is_faulty("ground", "asked", "back")
    assert dispute.is_faulty("ground", "asked", "round")
    assert not dispute.is_faulty("ground", "asked", "further")
    assert dispute.is_faulty("restate", "some", "most")
    assert not dispute.is_faulty("restate", "all", "most")
    assert not dispute.is_faulty("courses", "ruled", "either")


def test_every_fault_has_a_fair_reply_beside_it() -> None:
    for kind in dispute.NAME_OF:
        pairs = product(dispute.SCHEME.variants("record", kind), dispute.SCHEME.variants("reply", kind))
        faults = {dispute.is_faulty(kind, *pair) for pair in pairs}
        assert faults == {True, False}


def test_a_clause_that_closes_the_gap_makes_a_deduction_of_any_inference() -> None:
    for ground, name in types.OF_GROUND.items():
        assert types.type_of({"ground": ground, "closed": False}) == name
        assert types.type_of({"ground": ground, "closed": True}) == types.DEDUCTION


def test_no_inference_is_called_by_its_type() -> None:
    inferences = re.compile("|".join(f"{name}|{name[:-1]}e" for name in types.TYPES))
    for bank in SCHEMES["types"].words.under("prompt/item."):
        assert not any(inferences.search(gloss.skeleton(template)) for template in bank.say)


def test_no_inference_has_a_word_of_the_definitions() -> None:
    bank = SCHEMES["types"].words.bank
    defined = {
        stem(word) for template in bank("prompt/definitions").say for word in long_words(gloss.skeleton(template))
    }
    said = [gloss.skeleton(text) for item in SCHEMES["types"].words.under("prompt/item.") for text in item.say]
    said += [
        value
        for key, topic in SCHEMES["types"].words.lists["topic"].items()
        for value in topic.values()
        if value != key
    ]
    assert {word for text in said for word in long_words(text) if stem(word) in defined} <= PLAIN


def long_words(text: str) -> list[str]:
    return re.findall(r"[a-z]{5,}", re.sub(r"\{[^}]*\}", "", text.lower()))


def stem(word: str) -> str:
    return re.sub(r"(ing|ed|es|s)$", "", word)


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [
        ("deduction, causal, deduction", True),
        ("1 deduction, 2 causal, 3 deduction", True),
        ("Deduction, causal and deduction.", True),
        ("deduction, causal", False),
        ("deduction, causal, analogy", False),
        ("deduction, causal, guess", None),
        ("", None),
    ],
)
def test_types_in_turn_are_read(answer: str, agrees: bool | None) -> None:
    kind = InTurn(types.TYPES)
    assert kind.canonical(("deduction", "causal")) == "deduction, causal"
    assert kind.agrees(("deduction", "causal", "deduction"), answer) is agrees


def test_what_keeps_the_result_is_right() -> None:
    assert Keeps().is_right(True, True)
    assert not Keeps().is_right(True, False)


def test_a_profile_is_read_as_it_is_written() -> None:
    entries = {"a.row": {"is": "rows", "isnt": "does not row"}, "a.key": {"is": "has a key", "isnt": "has no key"}}
    form = profile_form(entries)
    value = ("a.row", "-a.key")
    text = form.write(value, "", PrintedSoFar())
    assert text == "rows and has no key"
    assert (len(text), value) in list(form.read(text, 0, ""))
    assert form.unpack(form.pack(value)) == value


def test_a_sort_of_people_has_its_grammar() -> None:
    settings = {"club": {"one": "member", "many": "members"}}
    known = sorts(settings, {"club.row": {"is": "rows", "are": "row", "isnt": "does not row", "arent": "do not row"}})
    assert known["club.row"]["one"] == "member who rows"
    assert known["club.row"]["manynt"] == "members who do not row"


def test_every_genre_comes_up_and_orders_differ() -> None:
    genres = SCHEMES["types"].words.lists["genre"]
    assert len({order for orders in genres.values() for order in orders.values()}) >= 5
    assert {problem.spec["cast"]["genre"] for problem, _ in drawn("types", 80)} == set(genres)
    assert all(len(SCHEMES["types"].words.bank(f"prompt/{genre}.open").say) >= 8 for genre in genres)


def test_a_correction_that_is_not_right_seems_to_help_and_the_largest_need_not_be_right() -> None:
    num_largest = 0
    for problem, derivation in drawn("numbers", 40, asks=("figure",)):
        facts, helps = facts_of(problem), dict[str, int]()
        needed = -1 if SCHEMES["numbers"].assess(facts)["follows"] else 1
        for option in problem.spec["options"]:
            patch = option["patch"]
            if option["option"] == "total":
                by = facts["total"] - patch["total"]
            elif option["option"] == "rest":
                by = patch["rest"] - facts["rest"]
            else:
                (num,) = (bound["num"] for bound in facts["bounds"] if bound["group"] == patch["group"])
                by = num - patch["num"] if patch["op"] == "spared" else patch["num"] - num
            helps[option["letter"]] = needed * by
        assert any(by > 0 for letter, by in helps.items() if letter != derivation.answer)
        num_largest += max(helps, key=lambda letter: helps[letter]) == derivation.answer
    assert num_largest <= 32


@pytest.mark.parametrize("scheme", ["numbers", "sorites", "conditions"])
def test_a_twin_keeps_what_its_question_takes_for_granted(scheme: str) -> None:
    family, num = Arguments(schemes=(scheme,)).fresh(Context()), 0
    for index, (problem, _) in enumerate(drawn(scheme, 40)):
        twin, asked = family.twin(problem, Random(index)), SCHEMES[scheme].asks[problem.spec["asks"]]
        if twin is not None:
            num += 1
            assert asked.fits(SCHEMES[scheme].assess(facts_of(twin)))
    assert num >= 10


def test_only_the_inference_or_the_reply_that_is_asked_about_is_judged() -> None:
    for scheme, ask in (("types", "one"), ("types", "against"), ("dispute", "which"), ("dispute", "fair")):
        for problem, derivation in drawn(scheme, 10, asks=(ask,), levels=(2,)):
            facts = facts_of(problem)
            others = [f"({item['no']})" for item in facts.get("items", ()) if item["no"] != facts["asked"]]
            others += [reply["who"] for reply in facts.get("replies", ()) if reply["who"] != facts["asked"]]
            assert not any(other in text for other in others for step in derivation.steps for text in step.texts)


def test_figures_that_are_not_of_the_group_itself_are_worked_out_first() -> None:
    seen = set()
    for problem, derivation in drawn("numbers", 40):
        facts, claims = facts_of(problem), {claim for step in derivation.steps for claim in step.claims}
        for bound in facts["bounds"]:
            total, num, op = facts["total"], bound.get("num", 0), bound["op"]
            expected = {"spared": f"{total} - {num} = {total - num}", "majority": f"{total} / 2 + 1 = {total // 2 + 1}"}
            assert expected.get(op) in {None, *claims}
            seen.add(op)
    assert seen == set(numbers.OPS)


@pytest.mark.parametrize("file", ["statements"])
def test_every_clause_says_what_the_phrase_table_has_for_it(file: str) -> None:
    banks = words.load(WORDS / f"{file}.yaml")
    table = gloss.load(WORDS / f"{file}.phrases.yaml")
    assert list(gloss.faults(banks, banks.under("clause/", "thesis/", "prompt/"), table)) == []
