"""The blind solvers: puzzles worked out by hand, puzzles drawn by the law, and text that is not a puzzle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from open_thoughts_gen.families.wonderland import family as wonderland
from open_thoughts_gen.families.wonderland.blind import symbols
from open_thoughts_gen.families.wonderland.blind.bits import rules
from open_thoughts_gen.families.wonderland.blind.equations import DIGIT_GLYPHS
from open_thoughts_gen.families.wonderland.blind.solving import SOLVERS, solve
from open_thoughts_gen.families.wonderland.vocabulary import WORDS
from open_thoughts_gen.plugin import UnreadablePuzzleError
from open_thoughts_gen.text.challenge_metric import same

EQUATIONS = (
    "In Alice's Wonderland, a secret set of transformation rules is applied to equations. Below are a few examples:"
)


def equations(*examples: str, query: str) -> str:
    return "\n".join([EQUATIONS, *examples, f"Now, determine the result for: {query}"])


@pytest.mark.parametrize(
    ("prompt", "scheme", "answer"),
    [
        # 13 and 45 joined; joining the other way, or anything else, does not fit the other two
        (equations("13{45 = 1345", "41{38 = 4138", "27{23 = 2723", query="21{85"), "digits", "2185"),
        # read in reverse, 57 * 11 = 627: * is a sum, - a product, ] a difference
        (equations("27]49 = ]22", "75-11 = 726", "62*54 = 17", query="19-16"), "digits", "1555"),
        (equations("/?'!# = <$#", "!%'%/ = <?\\", "!/[%< = $%$/", "\\)+/! = +$}", query="//'%?"), "symbols", "\\/"),
        ("11 -> XI\n15 -> XV\nNow, write the number 38 in the Wonderland numeral system.", "numeral", "XXXVIII"),
        (
            "3.00 m becomes 2.00\n30.00 m becomes 20.00\nNow, convert the following measurement: 15.00 m",
            "unit",
            "10.00",
        ),
        (
            "For t = 1.0s, distance = 4.9 m\nFor t = 4.0s, distance = 78.4 m\n"
            "Now, determine the falling distance for t = 2.0s given d = 0.5*g*t^2.",
            "gravity",
            "19.6",
        ),
        (
            "ucoov pwgtfyoqg vorq yrjjoe -> queen discovers near valley\n"
            "Now, decrypt the following text: trb wzrswvog hffk",
            "cipher",
            "cat imagines book",
        ),
    ],
)
def test_a_puzzle_worked_out_by_hand_is_forced_to_its_answer(prompt: str, scheme: str, answer: str) -> None:
    solved = solve(prompt)
    assert (solved.scheme, solved.is_forced) == (scheme, True)
    assert solved.best is not None
    assert same(answer, solved.best)


@pytest.mark.parametrize(
    ("scheme", "num", "least_forced"),
    [
        ("bits", 200, 0.93),
        ("gravity", 100, 1.0),
        ("unit", 100, 1.0),
        ("numeral", 50, 1.0),
        ("cipher", 100, 1.0),
        ("digits", 200, 0.70),
        ("symbols", 80, 0.40),
    ],
)
def test_a_forced_answer_is_the_drawn_one(scheme: str, num: int, least_forced: float) -> None:
    num_forced = 0
    for index in range(num):
        puzzle = wonderland.draw(scheme, Random(index))
        solved = solve(puzzle.prompt)
        assert solved.scheme == scheme
        assert solved.answers, puzzle
        if solved.is_forced:
            num_forced += 1
            assert same(puzzle.answer, str(solved.best)), puzzle
        elif scheme in ("bits", "digits"):  # the drawn answer is among those that the law admits
            assert puzzle.answer in solved.answers, puzzle
    assert num_forced >= least_forced * num


def test_there_are_1715_rules_on_bytes_and_1282_functions() -> None:
    names, outputs, weights = rules()
    assert len(names) == len(set(names)) == 1715
    assert len({row.tobytes() for row in outputs}) == 1282
    assert weights.sum() == pytest.approx(1)


def test_the_word_list_has_77_words() -> None:
    assert len(WORDS) == 77


def test_an_operator_that_is_not_shown_leaves_several_answers_or_one() -> None:
    kinds: Counter[bool] = Counter()
    for index in range(300):
        puzzle = wonderland.draw("digits", Random(f"unseen {index}"))
        if not puzzle.rule["query_operator_shown"]:
            kinds[solve(puzzle.prompt).is_forced] += 1
    assert kinds[False] > kinds[True] > 0


def test_examples_that_no_rule_explains_have_no_answer() -> None:
    solved = solve(
        "00000001 -> 10101010\n00000010 -> 11111111\n00000011 -> 00000000\nNow, determine the output for: 00000100"
    )
    assert (solved.answers, solved.best, solved.is_forced, solved.num_worlds) == ({}, None, False, 0)
    solved = solve(equations("12+34 = 99", "12+34 = 11", query="10+10"))
    assert (solved.best, solved.is_forced) == (None, False)


@pytest.mark.parametrize(
    ("scheme", "num", "between"),
    [("bits", 60, (0.5, 0.9)), ("cipher", 60, (0.2, 0.7)), ("digits", 60, (0.4, 0.8)), ("unit", 5, (1.0, 1.0))],
)
def test_a_weaker_language_forces_fewer_puzzles_and_none_to_another_answer(
    scheme: str, num: int, between: tuple[float, float]
) -> None:
    num_forced = 0
    for index in range(num):
        puzzle = wonderland.draw(scheme, Random(f"weak {index}"))
        weak, strong = solve(puzzle.prompt, "agnostic"), solve(puzzle.prompt)
        num_forced += weak.is_forced
        if scheme in ("bits", "digits"):
            assert set(strong.answers) <= set(weak.answers)
        if weak.is_forced:
            assert strong.is_forced
            assert same(puzzle.answer, str(weak.best))
    assert between[0] * num <= num_forced <= between[1] * num


def test_a_digit_that_has_no_symbol_yet_may_have_any_that_is_not_shown() -> None:
    # a sum that begins with 1, which no symbol stands for; the law leaves nothing else open
    num_guessed = 0
    for index in range(60):
        puzzle = wonderland.draw("symbols", Random(f"shown {index}"))
        *shown, asked = puzzle.prompt.splitlines()[1:]
        glyphs = {*"".join(shown), *asked.rpartition(": ")[2]}
        solved = solve(puzzle.prompt)
        unshown = [answer for answer in solved.answers if set(answer) - glyphs]
        if solved.num_worlds and len(unshown) == len(solved.answers):
            num_guessed += 1
            assert not solved.is_forced
            assert len(unshown) == 23 - len(glyphs & set(DIGIT_GLYPHS))
            assert sum(puzzle.answer == answer for answer in unshown) == 1
    assert num_guessed


def test_the_answer_is_the_one_that_the_metric_counts_most_often() -> None:
    num_others = 0
    for index in range(200):
        solved = solve(wonderland.draw("digits", Random(f"counted {index}")).prompt)
        counted = {
            answer: sum(share for right, share in solved.answers.items() if same(right, answer))
            for answer in solved.answers
        }
        assert counted[str(solved.best)] == pytest.approx(max(counted.values()))
        num_others += solved.answers[str(solved.best)] < max(solved.answers.values()) - 1e-6
    assert num_others


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace("\n", "  \n") + " \n\n",
        lambda text: "\ufeff\n  " + text.replace("\n", "\n\t"),
        lambda text: text + "\nPlease put your final answer inside `\\boxed{}`. For example: `\\boxed{your answer}`",
    ],
    ids=["crlf", "cr", "spaces behind", "spaces before", "suffix"],
)
@pytest.mark.parametrize("scheme", SOLVERS)
def test_line_ends_spaces_and_the_suffix_do_not_count(scheme: str, change: Callable[[str], str]) -> None:
    for index in range(5):
        text = wonderland.draw(scheme, Random(f"ends {index}")).prompt
        assert solve(change(text)) == solve(text)


def test_a_word_whose_letters_are_known_need_not_be_in_the_list() -> None:
    text = "abc de -> cow is\nNow, decrypt the following text: abc edab cde"
    assert solve(text).best == "cow sico wis"
    assert solve(text.replace("cde", "cdx")).answers == {}


@pytest.mark.parametrize(
    "text",
    [
        "For t = 0s, distance = 0 m\nNow, determine the falling distance for t = 4.41s given d = 0.5*g*t^2.",
        "0.00 m becomes 0.00\nNow, convert the following measurement: 25.09 m",
        "1.00 m becomes 2.00\n2.00 m becomes 2.00\nNow, convert the following measurement: 25.09 m",
        "0 -> I\nNow, write the number 38 in the Wonderland numeral system.",
        equations("12+34 = 46", "12-34 = 46", "12*34 = 46", "12/34 = 46", query="12!34"),
        equations("00+00 = 0", query="00*00"),
        equations("!!!!! = !!", query="!!!!!"),
        equations("ab+cd = efg", "hi*jk = lmno", query="pq+rs"),  # more symbols than digits
        "aa b -> at\nNow, decrypt the following text: aa",
    ],
)
def test_examples_that_show_nothing_or_contradict_each_other_have_no_answer(text: str) -> None:
    solved = solve(text)
    assert (solved.best, solved.is_forced, solved.num_worlds) == (None, False, 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "What is 2 + 2?",
        "\0\0",
        "a " * 500_000,
        "9" * 10_000 + " m becomes 1\nNow, convert the following measurement: 1 m",
        "a " * 5_000 + "-> b\nNow, decrypt the following text: " + "zz " * 5_000,
        equations("12+34 = 46", query="12+34 and more"),
        equations("1\u00b2+34 = 461234567", query="1\u00b2+34"),
        "11 -> XI\nNow, write the number 999999999 in the Wonderland numeral system.",
    ],
)
def test_other_text_is_not_a_puzzle(text: str) -> None:
    with pytest.raises(UnreadablePuzzleError):
        solve(text)


@pytest.mark.parametrize("scheme", SOLVERS)
def test_a_solver_reads_only_its_scheme(scheme: str) -> None:
    others = [other for other in SOLVERS if other != scheme]
    for other in others:
        with pytest.raises(UnreadablePuzzleError):
            SOLVERS[scheme](wonderland.draw(other, Random(1)).prompt)


def test_equal_symbols_are_equal_digits_and_different_ones_different() -> None:
    # every map of the one table that is left has different digits for different symbols
    table = symbols.Table.empty(frozenset("a"))
    for glyph in "abc":
        table.add(glyph)
    assert len(table.digits) == 9 * 9 * 8
    assert all(len(set(row)) == 3 for row in table.digits.tolist())
    assert table.completions("d").tolist() == [7.0] * len(table.digits)
