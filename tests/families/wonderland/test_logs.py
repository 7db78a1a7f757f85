"""The logs: each comes to the forced answer, from the text of the puzzle alone, within the challenge's limit."""

from __future__ import annotations

from random import Random

import pytest

from open_thoughts_gen.families.wonderland import Wonderland
from open_thoughts_gen.families.wonderland import family as wonderland
from open_thoughts_gen.families.wonderland.blind.solving import SOLVERS, solve
from open_thoughts_gen.families.wonderland.logs.writing import write_log
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.text.challenge_metric import extracted, same


@pytest.mark.parametrize(
    ("scheme", "design", "num", "share", "longest"),
    [
        ("bits", "operands", 150, 1.0, 6600),
        ("bits", "results", 150, 1.0, 5600),
        ("gravity", "", 60, 1.0, 1100),
        ("unit", "", 60, 1.0, 900),
        ("numeral", "", 60, 1.0, 300),
        ("cipher", "", 60, 1.0, 1500),
        ("digits", "size first", 200, 1.0, 1000),
        ("digits", "every test", 200, 1.0, 1400),
        ("symbols", "compact", 100, 0.75, 6900),
        ("symbols", "explicit", 60, 0.6, 6900),
        ("symbols", "one world", 60, 0.65, 6900),
    ],
)
def test_the_log_of_a_forced_puzzle_comes_to_its_answer(
    scheme: str, design: str, num: int, share: float, longest: int
) -> None:
    num_forced = num_right = 0
    for index in range(num):
        puzzle = wonderland.draw(scheme, Random(f"log {index}"))
        solved = solve(puzzle.prompt)
        if not solved.is_forced:
            continue
        num_forced += 1
        log = write_log(scheme, puzzle.prompt, design)
        if log.answer is not None:  # a search that grows too long stops without one
            assert same(puzzle.answer, log.answer), log.text
            num_right += log.num_tokens <= longest
        assert "\\boxed" not in log.text
        assert log.text.rstrip().endswith((str(log.answer), *" ".join(str(log.answer)))) or log.answer is None
    assert num_right >= share * num_forced > 0


def test_the_output_of_a_bit_puzzle_stands_in_its_last_line_alone() -> None:
    for index in range(40):
        lines = write_log("bits", wonderland.draw("bits", Random(f"early {index}")).prompt).text.splitlines()
        assert [line.startswith("output 0") or line.startswith("output 1") for line in lines].index(True) == len(
            lines
        ) - 1


@pytest.mark.parametrize("scheme", SOLVERS)
def test_a_text_that_is_not_its_puzzle_is_refused(scheme: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        write_log(scheme, "What is 2 + 2?")


def test_only_puzzles_whose_log_is_short_enough_are_drawn() -> None:
    family = Wonderland(mix={"bits": 1}, max_log_tokens=900).fresh(Context())
    for index in range(10):
        problem = family.problem(Random(index))
        assert write_log("bits", problem.prompt).num_tokens <= 900
        (step,) = family.derive(problem).steps
        assert step.kind == "log"


def test_an_output_in_the_challenges_form_is_counted_by_its_metric() -> None:
    family = Wonderland().fresh(Context())
    for index in range(20):
        derivation = family.derive(family.problem(Random(f"metric {index}")))
        output = f"{derivation.steps[0].texts[0]}\n</think>\n\\boxed{{{derivation.answer}}}"
        assert same(derivation.answer, extracted(output))


def test_an_operator_that_is_not_shown_takes_the_slot_that_is_left() -> None:
    # two of the equations join, which stands for * since + is a sum; so the operator asked for is -, and 88 - 88 is 0
    prompt = (
        "In Alice's Wonderland, a secret set of transformation rules is applied to equations. "
        "Below are a few examples:\n"
        '"<!`" = <&(\n"(!/( = <\'"\n]"%`) = ]"`)\n/`!`/ = @@\n<]%\'@ = <]\'@\n'
        'Now, determine the result for: ""#""'
    )
    assert solve(prompt).best == "&"
    assert write_log("symbols", prompt).answer == "&"
