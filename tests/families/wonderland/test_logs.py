"""The logs: each comes to the forced answer, from the text of the puzzle alone, within the challenge's limit."""

from __future__ import annotations

import re
from random import Random

import pytest

from open_thoughts_gen.families.wonderland import Wonderland
from open_thoughts_gen.families.wonderland import family as wonderland
from open_thoughts_gen.families.wonderland.blind.solving import SOLVERS, solve
from open_thoughts_gen.families.wonderland.logs.symbols.pieces import Ones, Row, State
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


def test_an_unseen_operator_is_altered_where_the_count_leaves_no_other_slot() -> None:
    counted: set[tuple[str, bool]] = set()
    for index in range(150):
        puzzle = wonderland.draw("symbols", Random(f"unseen {index}"))
        if puzzle.rule["query_operator_shown"]:
            continue
        lines = write_log("symbols", puzzle.prompt).text.splitlines()
        for at, line in enumerate(lines):
            if not line.startswith("count: "):
                continue
            numbers = [int(number) for number in re.findall(r"(?<![A-Z])\b\d\b", line)]
            symbols, reading, signs, *altered, left, unshown = numbers
            assert symbols + reading + signs + sum(altered) + left == 3
            plain = lines[at + 1].endswith(("sum", "product", "difference"))
            assert plain == (left < unshown)
            counted.add((lines[at + 1].rpartition(": ")[2], plain))
    assert len(counted) >= 4


def test_a_number_less_itself_has_one_order_and_no_line_names_a_way_twice() -> None:
    num_same = 0
    for index in range(140):
        text = write_log("symbols", wonderland.draw("symbols", Random(f"same {index}")).prompt).text
        num_same += bool(re.search(r"^e\d (\w \w) \+ (\w \w|\w) = \1$", text, re.MULTILINE))
        for line in text.splitlines():
            ways = line.partition(" : ")[2].split(" , ")
            assert len(set(ways)) == len(ways) or line.startswith(("e", "query")), line
    assert num_same


def test_a_step_without_a_way_or_with_a_single_one_is_taken_before_its_turn() -> None:
    state = State(frozenset(), digits={"A": 3, "B": 4})
    two_known = Ones(Row("e1", "P", "sum", "", "CA", "DB", "EF"))  # 3 + 4 = F: one way, F7
    same = Ones(Row("e2", "P", "sum", "", "CA", "DC", "EA"))  # 3 + C = 3: one way, C0
    clash = Ones(Row("e3", "P", "sum", "", "CA", "DA", "EB"))  # 3 + 3 = 4: none
    many = Ones(Row("e4", "P", "sum", "", "DC", "EE", "FE"))  # C + E = E: one way as well, though E is open
    hidden = Ones(Row("e5", "P", "sum", "", "AC", "AD", "AE"))  # three open letters: nobody counts
    assert [piece.rank(state)[0] for piece in (two_known, same, clash, many, hidden)] == [1, 1, 0, 1, 2]
    assert min((hidden, two_known, clash, same), key=lambda piece: piece.rank(state)) is clash


@pytest.mark.parametrize("scheme", ["digits", "symbols"])
def test_one_rule_for_the_sign_is_said_every_time(scheme: str) -> None:
    rule = re.compile(
        r"(forward|reversed|flipped), so [^;]*; (not negative, so no sign|negative, so \S (in front|behind))"
    )
    said: set[str] = set()
    for index in range(60):
        log = write_log(scheme, wonderland.draw(scheme, Random(f"sign {index}")).prompt)
        lines = [line for line in log.text.splitlines() if "negative, so" in line]
        assert len(lines) == (log.answer is not None)
        if log.answer is not None:
            match = rule.fullmatch(log.text.splitlines()[-2])
            assert match
            assert (match[3] == "behind") <= (match[1] == "flipped")
            said.add(match[3] or "none")
    assert said >= {"none", "in front"}
