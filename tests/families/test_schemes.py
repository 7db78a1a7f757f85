"""What holds for every scheme of every family that is written with the kit: three proofs, fair coins, whole words."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import zip_longest
from random import Random

import pytest
import yaml

from open_thoughts_gen import plugin
from open_thoughts_gen.families.kit import gloss
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.deriving import derived
from open_thoughts_gen.families.kit.family import SchemeFamily, schemes_of
from open_thoughts_gen.families.kit.forms import EntryForm
from open_thoughts_gen.families.kit.scheme import ProblemScheme
from open_thoughts_gen.families.kit.telling import NoResultError
from open_thoughts_gen.families.kit.words import Field
from open_thoughts_gen.families.kit.work import Flaw, Work
from open_thoughts_gen.narration.plan import Narration
from open_thoughts_gen.narration.telling import Telling
from open_thoughts_gen.plugin import Context, Problem
from open_thoughts_gen.types import Derivation
from tests.families.beside.ferry import Ferries

NUM, NUM_TWINS = 30, 16  # problems of each scheme, and how many of them are changed into their twins
NUM_MORE = 60  # problems of each scheme where tests may take minutes; the benchmarks draw thousands
LEANS = re.compile(  # on what was said before
    r"(?:So|But|Yet|And|Nor|Then|Thus|Hence|Therefore|However|This|Such|He|She|They|Their|Its|Now|Next|Also|Again|Another|"
    r"(?:The|An) others?|The (?:rest|same)|That (?:is|was|makes?|leaves?|gives?|takes?|would|settles?|alone)|"
    r"(?:By|For|From|With) (?:this|that|it))\b"
)


def families() -> Iterator[tuple[str, type[SchemeFamily]]]:
    for name in plugin.names("family"):
        loaded = plugin.load("family", name)
        if issubclass(loaded, SchemeFamily):
            yield name, loaded
    yield "tests.families.beside.ferry:Ferries", Ferries


SCHEMES = [(family, scheme) for family, loaded in families() for scheme in schemes_of(loaded.home)]


@functools.cache
def family_of(name: str, scheme: str) -> SchemeFamily:
    loaded = plugin.load("family", name)
    assert issubclass(loaded, SchemeFamily)
    return loaded(schemes=(scheme,)).fresh(Context())


def scheme_of(name: str, scheme: str) -> ProblemScheme:
    return schemes_of(type(family_of(name, scheme)).home)[scheme]


@functools.cache
def problems(name: str, scheme: str, num: int = NUM) -> list[tuple[Problem, Derivation]]:
    family = family_of(name, scheme)
    drawn = [family.problem(Random(f"{scheme}/{index}")) for index in range(num)]
    return [(problem, family.derive(problem)) for problem in drawn]


@pytest.mark.parametrize(("name", "scheme"), SCHEMES)
class TestScheme:
    def test_the_two_implementations_and_the_printed_text_agree(self, name: str, scheme: str) -> None:
        assert_proved(name, scheme, NUM)

    def test_a_wrong_answer_is_never_correct(self, name: str, scheme: str) -> None:
        family = family_of(name, scheme)
        answers: dict[str, set[str]] = {}
        for problem, derivation in problems(name, scheme):
            answers.setdefault(problem.spec["asks"], set()).add(derivation.answer)
        for problem, derivation in problems(name, scheme)[:10]:
            first = derivation.answer.split()[0]  # the figure of an amount: another case has it in another unit
            same = sorted(derivation.answer.split(", "))  # a set may be said in another order
            others = sorted(
                answer
                for answer in answers[problem.spec["asks"]]
                if answer.split()[0] != first and sorted(answer.split(", ")) != same
            )
            assert all(family.check(problem, answer).outcome != "correct" for answer in others[:5])

    def test_a_twin_has_another_answer_and_is_proved_as_well(self, name: str, scheme: str) -> None:
        assert num_twins(name, scheme, NUM_TWINS) >= NUM_TWINS // 8

    @pytest.mark.slow
    def test_so_it_is_with_more_problems_and_a_quarter_of_them_has_a_twin(self, name: str, scheme: str) -> None:
        assert_proved(name, scheme, NUM_MORE)
        assert num_twins(name, scheme, NUM_MORE) >= NUM_MORE // 4

    def test_every_question_and_level_comes_up(self, name: str, scheme: str) -> None:
        family, asks, levels = family_of(name, scheme), set(scheme_of(name, scheme).asks), {1, 2, 3, 4}
        for index in range(3 * NUM):
            spec = family.problem(Random(f"{scheme}/{index}")).spec
            asks.discard(spec["asks"])
            levels.discard(spec["level"])
            if not asks and not levels:
                return
        assert (asks, levels) == (set(), set()), "never drawn"

    def test_the_same_seed_gives_the_same_problem(self, name: str, scheme: str) -> None:
        family = family_of(name, scheme)
        assert family.problem(Random(f"{scheme}/0")) == problems(name, scheme)[0][0]

    def test_no_two_prompts_are_alike(self, name: str, scheme: str) -> None:
        assert len({problem.prompt for problem, _ in problems(name, scheme)}) == NUM

    def test_every_field_is_known_and_every_step_is_told_in_two_ways(self, name: str, scheme: str) -> None:
        world = scheme_of(name, scheme)
        for bank in world.words.banks.values():
            for part in bank.parts():
                if isinstance(part, Field):
                    assert part.name in world.known_forms, bank.name
                    form = world.known_forms[part.name]
                    assert isinstance(form, EntryForm) or part.style in form.styles, bank.name
            if bank.name.startswith("steps/"):
                assert len(bank.say) >= 2, f"{bank.name} is told in one way only"

    def test_a_step_cites_every_provision_that_it_names(self, name: str, scheme: str) -> None:
        assert list(gloss.uncited(scheme_of(name, scheme).words.under("steps/"))) == []

    @pytest.mark.parametrize("narration", ["brief", "normal", "deliberate"])
    def test_a_rule_stands_in_the_trace_before_its_result_is_used(
        self, narration: Narration, name: str, scheme: str
    ) -> None:
        for number, (_, derivation) in enumerate(problems(name, scheme)):
            settled: set[str] = set()
            for paragraph in Telling(derivation, Random(number), narration).paragraphs():
                for step in paragraph.steps:
                    assert set(step.uses) <= settled, step
                    settled |= set(step.settles)

    def test_a_response_begins_with_words_that_can_be_read_by_themselves(self, name: str, scheme: str) -> None:
        reasons = [
            step for _, derivation in problems(name, scheme) for step in derivation.steps if step.kind == "answer"
        ]
        first = [text for reason in reasons for text in (*reason.grounds, reason)[0].alone]
        assert [text for text in first if LEANS.match(text)] == []

    def test_every_printed_bank_has_a_gloss(self, name: str, scheme: str) -> None:
        found = scheme_of(name, scheme)
        missing = [bank.name for bank in found.words.under("prompt/") if not bank.gloss]
        assert missing == []

    def test_every_alternative_of_a_printed_bank_is_borne_out_by_the_phrase_table(self, name: str, scheme: str) -> None:
        world = scheme_of(name, scheme)
        table = world.word_file.with_suffix(".phrases.yaml")
        if not table.exists():
            pytest.skip("this scheme has no phrase table")
        own = yaml.safe_load(world.word_file.read_text("utf-8"))["banks"]  # not what it shares with other schemes
        printed = [bank for bank in world.words.under("prompt/") if bank.name in own]
        assert list(gloss.faults(world.words, printed, gloss.load(table))) == []

    def test_an_error_planted_at_any_move_is_carried_on_and_changes_nothing_before_it(
        self, name: str, scheme: str
    ) -> None:
        family, answers = family_of(name, scheme), set()
        for problem, derivation in problems(name, scheme)[:6]:
            for flawed, call in flawed_derivations(family, problem):
                pairs = enumerate(zip_longest(derivation.steps, flawed.steps))
                first = next((index for index, (one, other) in pairs if one != other), len(derivation.steps))
                assert sum(len(step.claims) for step in derivation.steps[:first]) <= call
                answers.add(flawed.answer == derivation.answer)
        assert False in answers


def assert_proved(name: str, scheme: str, num: int) -> None:
    """Assert that the second implementation agrees with each derivation, and so does the printed text, read back."""
    family = family_of(name, scheme)
    for problem, derivation in problems(name, scheme, num):
        assert family.check(problem, derivation.answer).outcome == "correct", problem.prompt
        verdict = family.read_back(problem, derivation.answer)
        assert verdict is not None
        assert verdict.outcome == "correct", f"{verdict.why}\n{problem.prompt}"


def num_twins(name: str, scheme: str, num_problems: int) -> int:
    """Return how many of some problems have a twin, each with another answer, proved and read back."""
    family, num = family_of(name, scheme), 0
    for index, (problem, derivation) in enumerate(problems(name, scheme, max(NUM, num_problems))[:num_problems]):
        twin = family.twin(problem, Random(index))
        if twin is not None:
            num += 1
            answer = family.derive(twin).answer
            assert answer != derivation.answer
            assert family.check(twin, answer).outcome == "correct"
            verdict = family.read_back(twin, answer)
            assert verdict is not None
            assert verdict.outcome == "correct"
    return num


def flawed_derivations(family: SchemeFamily, problem: Problem) -> Iterator[tuple[Derivation, int]]:
    """Yield the derivation with an error at each move in turn, and which move it is."""
    for call in range(num_moves(family, problem)):
        with suppress(NoResultError):
            yield family.derive(problem, Flaw(call)), call


def num_moves(family: SchemeFamily, problem: Problem) -> int:
    """Return how many values the derivation of a problem computes."""
    scheme = schemes_of(type(family).home)[problem.spec["scheme"]]
    work = Work()
    derived(scheme, ProblemCase.of(problem.spec, scheme.known_forms), work)
    return len(work.values)
