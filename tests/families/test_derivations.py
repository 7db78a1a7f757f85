"""The family of derivations as a recipe uses it; what holds for each of its schemes is in `test_schemes`."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from open_thoughts_gen import plugin
from open_thoughts_gen.families.derivations import Derivations, hosts, schemes, slips, statements
from open_thoughts_gen.families.derivations.schemes import ground, lines, proof
from open_thoughts_gen.families.kit.family import SchemeFamily, schemes_of
from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.kinds import NONE, HowMuch, OneOf, OrNone
from open_thoughts_gen.families.kit.prose import QuotedForm
from open_thoughts_gen.families.kit.reworking import replayed
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.plugin import Context, Problem
from open_thoughts_gen.text import differing

SCHEMES = schemes_of(schemes)
NUM = 24


def problems(scheme: str, *asks: str, num: int = NUM) -> list[Problem]:
    family = Derivations(schemes=(scheme,), asks=asks).fresh(Context())
    return [family.problem(Random(index)) for index in range(num)]


def opened_hosts(num: int = 12) -> list[hosts.Host]:
    drawn = (hosts.drawn(Random(index), 1 + index % 4) for index in range(num))
    return [hosts.opened(host) for host in filter(None, drawn)]


def facts_of(problem: Problem) -> dict[str, Any]:
    _, case = Derivations()._case(problem.spec)
    return dict(case.facts)


def test_every_host_and_each_of_its_schemes_is_there_and_written_with_the_kit() -> None:
    assert set(hosts.BEARERS) == set(slips.KINDS)
    for name, _, scheme in (host.partition("/") for bearers in hosts.BEARERS.values() for host in bearers):
        family = plugin.load("family", name)
        assert issubclass(family, SchemeFamily)
        assert scheme in schemes_of(family.home)


def test_every_exception_that_can_be_passed_over_is_a_step_of_a_host() -> None:
    bearers = (host.partition("/") for host in hosts.BEARERS["missed exception"])
    worlds = [schemes_of(plugin.load("family", name).home)[scheme] for name, _, scheme in bearers]  # type: ignore[attr-defined]
    banks = {bank.name.removeprefix("steps/") for world in worlds for bank in world.words.under("steps/")}
    assert banks >= hosts.EXCEPTIONS


def test_every_kind_of_error_has_questions_of_hosts_at_each_of_its_levels() -> None:
    for kind, least in slips.KINDS.items():
        for level in range(least, 5):
            cells = hosts.cells_of(level, kind)
            assert cells.keys() <= set(hosts.BEARERS[kind])
            assert sum(map(len, cells.values())) > 2
            for name, questions in cells.items():
                assert all(hosts.serves(hosts.scheme_of(name), ask, of) for ask, of in questions)


def test_a_question_that_a_host_has_no_more_does_not_serve() -> None:
    loan = hosts.scheme_of("finance/loan")
    assert any(hosts.serves(loan, ask, asked.level) for ask, asked in loan.asks.items())
    assert not hosts.serves(loan, "a question of former days", 1)
    assert not any(hosts.serves(loan, ask, asked.level - 1) for ask, asked in loan.asks.items())


def test_a_quoted_file_is_read_by_its_own_family_and_a_changed_figure_in_it_is_seen() -> None:
    family, num = Derivations(schemes=("lines",)).fresh(Context()), 0
    for problem in problems("lines", num=12):
        host = problem.spec["facts"]["host"]
        file, whole = hosts.opened(host).file, hosts.opened(host).prompt
        figures = (match.span() for match in differing.TOKEN.finditer(file) if differing.is_figure(match.group()))
        digit = next((index for span in figures for index in range(*span) if file[index] in "3456"), None)
        if digit is None:
            continue
        num += 1
        other = file[:digit] + str(int(file[digit]) + 1) + file[digit + 1 :]
        prompt = problem.prompt.replace(
            QuotedForm().write(file, "", PrintedSoFar()), QuotedForm().write(other, "", PrintedSoFar())
        )
        verdicts = [family.read_back(problem), hosts.quoted_verdict(host, whole)]
        verdicts += [family.read_back(Problem(prompt, problem.spec))]
        verdicts += [hosts.quoted_verdict(host, whole.replace(file, other))]
        assert [getattr(each, "outcome", "") for each in verdicts] == ["correct", "correct", "incorrect", "incorrect"]
    assert num > 6


def test_up_to_the_fault_a_faulty_working_is_the_right_one_and_from_there_on_it_is_not() -> None:
    num = 0
    for problem in problems("lines"):
        facts = facts_of(problem)
        if not facts["fault"] or facts["fault"]["other"]:
            continue
        num += 1
        right, at = hosts.opened(facts["host"]).steps, facts["fault"]["line"] - 1
        printed = [lines.bare(line["says"]) for line in facts["lines"]]
        assert all(says in step.texts for says, step in zip(printed[:at], right[:at], strict=True))
        assert not any(printed[at] in step.texts for step in right)
    assert num > 6


def test_the_second_implementation_knows_nothing_of_what_was_planted() -> None:
    for name in ("lines", "marks", "review", "rivals", "proof"):
        scheme = SCHEMES[name]
        for problem in problems(name, num=6):
            facts = facts_of(problem)
            hidden = {key for key in scheme.unprinted if key != "host"}
            results = scheme.prove(facts)
            blind = scheme.prove({key: value for key, value in facts.items() if key not in hidden})
            assert blind == results


def test_no_remark_writes_into_a_line_what_stands_there_already() -> None:
    num = 0
    for problem in problems("review"):
        facts = facts_of(problem)
        printed = [line["says"] for line in facts["lines"]]
        right = hosts.opened(facts["host"]).steps
        for entry in (entry for entry in facts["remarks"] if entry["about"] <= len(printed)):
            num += 1
            is_only = len(right[entry["about"] - 1].texts) == 1
            assert is_only or entry["remark"] != printed[entry["about"] - 1]
    assert num > NUM


def test_a_third_of_the_workings_are_right() -> None:
    answers = [Derivations().derive(problem).answer for problem in problems("proof", "first", num=150)]
    assert 35 <= answers.count(NONE) <= 66


@pytest.mark.slow
def test_every_kind_of_error_comes_up_over_hosts_and_a_third_has_none() -> None:
    family, num = Derivations(schemes=("lines",), levels=(4,)).fresh(Context()), 120
    seen = Counter(family.traits(family.problem(Random(index)))["fault"] for index in range(num))
    assert set(seen) == {NONE, *slips.KINDS}
    assert 0.22 * num <= seen[NONE] <= 0.45 * num


def test_what_a_faulty_line_is_called_is_seen_by_its_words_alone() -> None:
    seen = set[str]()
    for kind in slips.KINDS.keys() - {"circularity", "unjustified leap"}:
        levels = range(slips.KINDS[kind], 5)
        for drawn in filter(
            None, (hosts.drawn(Random(index), levels[index % len(levels)], kind) for index in range(6))
        ):
            host = hosts.opened(drawn)
            for slip in itertools.islice(slips.slips(host, Random(1), kind), 2):
                seen.add(slip.kind)
                assert kind in slips.kinds_by_words(slip.says, slip.index, host)
                assert slips.slip_of(host, host.steps, "", kind) is None
    assert len(seen) >= 4


def test_a_quoted_working_has_to_end_where_its_own_second_proof_does() -> None:
    problem = problems("rivals", num=1)[0]
    host = hosts.opened(problem.spec["facts"]["host"])
    assert host.proves(host.right.answer)
    assert not host.proves("123456789")


def test_that_another_provision_does_nothing_is_no_error() -> None:
    drawn = hosts.drawn(Random(3), 2, "wrong rule")
    assert drawn is not None
    for slip in slips.slips(hosts.opened(drawn), Random(1), "wrong rule"):
        assert not any(word in slip.says.split() for word in ("no", "not", "nothing"))


def test_every_kind_that_is_planted_is_defined_and_has_words_for_it() -> None:
    scheme = SCHEMES["lines"]
    assert set(scheme.words.lists["fault_kind"]) == set(slips.KINDS)
    words = {"alone", *(kind.rpartition(" ")[2] for kind in slips.KINDS)}
    assert {f"steps/wrong.{word}" for word in words} <= set(scheme.words.banks)


def test_of_kinds_that_one_fault_could_be_called_only_one_is_offered() -> None:
    for kind, level in itertools.product((*slips.KINDS, ""), (1, 2, 3, 4)):
        names = lines.offered(kind if slips.KINDS.get(kind, 1) <= level else "", level, Random(level))
        assert sum(name in slips.ALIKE for name in names) == 1


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ("30 - 16 = 14", True),
        ("84100 + 78 = 84179", False),
        ("(2500 * 200 + 1) // 2 / 100 = 2500", True),
        ("410 > 400", True),
        ("12 <= 10", False),
        ("2031-06-06 + 30 d = 2031-07-06", True),
        ("2031-01-31 + 1 m = 2031-03-01", False),
        ("2031-07-06 - 2031-06-06 = 29 d", False),
        ("2031-06-06 > 2031-06-05", True),
        ("2031-06-06 opens 2031-06-09", None),
    ],
)
def test_a_claim_is_computed_again(claim: str, holds: bool | None) -> None:
    assert replayed(claim, Work()) is holds


@pytest.mark.parametrize(
    ("says", "right", "is_of_figures", "is_of_names", "figure"),
    [
        ("Together 1,250 for Ada.", "Together 1,240 for Ada.", True, False, Fraction(1240)),
        ("It ends on 7 June.", "It ends on 8 June.", True, False, None),
        ("It begins at 09:10.", "It begins at 09:00.", True, False, None),
        ("That leaves Boris.", "That leaves Clara.", False, True, None),
        ("So it falls.", "So it stands.", False, False, None),
        ("12 and 7 make 19.", "13 and 7 make 20.", True, False, None),
    ],
)
def test_lines_are_compared_by_their_words(
    says: str, right: str, is_of_figures: bool, is_of_names: bool, figure: Fraction | None
) -> None:
    differs = differing.difference(says, ["Something else entirely, of 5 words.", right])
    assert (differs.is_of_figures, differs.is_of_names, differs.figure) == (is_of_figures, is_of_names, figure)


def test_a_misreading_is_a_figure_of_the_file_that_the_line_has_otherwise() -> None:
    differs = differing.difference("17 of 40 are left.", ["16 of 40 are left."])
    assert slips.is_misread(differs, "There were 16 sacks.")
    assert not slips.is_misread(differs, "There were 16 sacks and 17 carts.")
    assert not slips.is_misread(differs, "There were 12 sacks.")


def test_every_slip_is_wrong_in_a_line_that_the_right_working_has_nowhere() -> None:
    seen = set[str]()
    for host in opened_hosts():
        told = {text for step in host.steps for text in step.texts}
        for slip in slips.slips(host, Random(1), ""):
            seen.add(slip.kind)
            assert not told & set(slip.steps[slip.index].texts)
            assert [step.texts for step in slip.steps[: slip.index]] == [
                step.texts for step in host.steps[: slip.index]
            ]
    assert {"arithmetic", "misreading"} <= seen


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("4", 4),
        ("line 4", 4),
        ("none", NONE),
        ("There is none.", NONE),
        ("no line", NONE),
        ("none, or 4", None),
        ("", None),
    ],
)
def test_an_answer_may_be_none(answer: str, value: object) -> None:
    kind = OrNone(HowMuch(), "closing/first")
    assert kind.read(answer) == value
    assert value is None or kind.agrees(value, kind.canonical(value))


def test_a_name_or_none() -> None:
    kind = OrNone(OneOf(("Abernathy", "Bjork")), "closing/nobody")
    assert kind.agrees("Bjork", "It is Bjork.")
    assert kind.agrees(NONE, "nobody")
    assert kind.read("Abernathy and Bjork") is None


def test_a_file_is_quoted_and_read_back_whole() -> None:
    file = "Rules\n\n> a quotation\n| a | b |\n\nThe end."
    quoted = QuotedForm().write(file, "", PrintedSoFar())
    assert list(QuotedForm().read(f"x\n{quoted}\n\nNext", 2, "")) == [(2 + len(quoted), file)]


@pytest.mark.parametrize(
    ("routes", "standing", "circle"),
    [
        ({"1": (("A",),), "2": (("1", "B"),), "3": (("2",),)}, ["1", "2", "3"], []),
        ({"1": (("A",),), "2": (("3",),), "3": (("2", "1"),), "4": (("3",),)}, ["1"], ["2", "3"]),
        (
            {"1": (("2",), ("D",)), "2": (("1",),)},
            ["1", "2"],
            [],
        ),  # they lean on each other, and one has a second ground
        ({"1": (("2",),), "2": (("1",),), "3": (("4",),), "4": (("3",),)}, [], None),  # two circles
    ],
)
def test_findings_stand_on_exhibits_or_make_a_circle(
    routes: dict[str, tuple[ground.Route, ...]], standing: list[str], circle: list[str] | None
) -> None:
    assert ground.fixed_point(routes, ground.LETTERS, Work(is_quiet=True)) == standing
    assert ground.ring(routes, standing) == circle


def test_each_rule_gives_what_is_true_and_each_false_form_does_not() -> None:
    literals = [f"{sign}{atom}" for atom in "pqr" for sign in ("", "-")]
    known = [f"is {literal}" for literal in literals]
    known += [
        f"{kind} {one} {two}"
        for kind in proof.KINDS
        for one, two in itertools.permutations(literals, 2)
        if one.lstrip("-") != two.lstrip("-")
    ]
    num, kinds = 0, {kind: kind for kind in proof.KINDS}
    for table, is_rule in ((proof.RULES.values(), True), ((patterns for _, patterns in proof.FORMS.values()), False)):
        for entry in itertools.chain(*(proof.entries("rule", "", patterns, kinds) for patterns in table)):
            pattern = proof.pattern_of(entry)
            pools = ([each for each in known if each.split()[0] == head.split()[0]] for head in pattern[:-1])
            for named in itertools.product(*pools):
                statement = statements.conclusion(pattern, named)
                if statement is not None:
                    num += 1
                    assert statements.entails(named, statement) is is_rule
    assert num > 300


@pytest.mark.parametrize(
    ("pattern", "named", "statement"),
    [
        (["if x y", "is -y", "is -x"], ["if p -q", "is q"], "is -p"),
        (["if x y", "is -y", "is -x"], ["if p -q", "is -q"], None),
        (["is x", "is y", "and x y"], ["is p", "is p"], None),
        (["nand x y", "or -x -y"], ["nand p -q"], "or -p q"),
        (["nand x y", "or -x -y"], ["or p -q"], None),
    ],
)
def test_what_a_pattern_makes_of_statements(pattern: list[str], named: list[str], statement: str | None) -> None:
    assert statements.conclusion(pattern, named) == statement


def test_a_host_is_the_same_whenever_it_is_opened() -> None:
    host = hosts.drawn(Random(5), 2)
    assert host is not None
    again = hosts.opened(json.loads(json.dumps(host)))
    assert [list(step.texts) for step in again.steps] == [list(step.texts) for step in hosts.opened(host).steps]
