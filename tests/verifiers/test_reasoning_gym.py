from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Outcome, Question, Trace
from open_thoughts_gen.verifiers.reasoning_gym import _EVALUATED, _FORMULAS, ReasoningGym, stated_answer

SOME = ("gcd", "spell_backward", "simple_equations", "mini_sudoku", "maze", "word_ladder")


@pytest.fixture(scope="module")
def verifier() -> Iterator[ReasoningGym]:
    pytest.importorskip("reasoning_gym")
    made = ReasoningGym(num_workers=1).fresh(Context())
    yield made
    made.close()


def test_each_dataset_scores_its_own(verifier: ReasoningGym) -> None:
    import reasoning_gym

    pairs = []
    for name in SOME:
        entry = reasoning_gym.create_dataset(name, size=1, seed=5)[0]
        meta = json.loads(json.dumps(entry["metadata"]))
        for row in (meta, {"metadata": meta}):
            question = Question(entry["question"], entry["answer"], meta=row)
            for answer in (entry["answer"], "no idea at all"):
                trace = Trace("q", 0, "t", "", f"<answer>\n{answer}\n</answer>")
                pairs += [(question, trace)]
    verdicts = list(verifier.verdicts(pairs))
    assert [verdict.outcome for verdict in verdicts[::2]] == ["correct"] * len(pairs[::2])
    assert "correct" not in [verdict.outcome for verdict in verdicts[1::2]]


@pytest.mark.parametrize("name", sorted(_EVALUATED | _FORMULAS))
def test_no_answer_runs_as_code(verifier: ReasoningGym, name: str, tmp_path: Path) -> None:
    import reasoning_gym

    entry = reasoning_gym.create_dataset(name, size=1, seed=5)[0]
    meta = json.loads(json.dumps(entry["metadata"]))
    question, planted = Question(entry["question"], entry["answer"], meta=meta), tmp_path / "planted"
    attacks = [
        f"[__import__('os').system('touch {planted}')]",
        f"[open('{planted}', 'w').write('x'), 1]",
        f"[[].__class__.__base__.__subclasses__(), open('{planted}', 'x')]",
        f"[[ｅｖａｌ][0](\"open('{planted}', 'w')\")]",
        f'S(\'__import__("os").system("touch {planted}")\') + 1',
    ]
    verdicts = verifier.verdicts([(question, trace_of(attack)) for attack in [*attacks, entry["answer"]]])
    *outcomes, right = [verdict.outcome for verdict in verdicts]
    assert set(outcomes) <= {"undecided", "incorrect"}
    assert right == "correct"
    # And where such a text gets through to a worker, that refuses.
    replies = list(verifier._workers.map([(name, attack, entry | {"metadata": meta}, 1.0) for attack in attacks]))
    assert len(replies) == len(attacks)
    assert not planted.exists()


def test_no_problem_of_a_row_runs_as_code(verifier: ReasoningGym) -> None:
    outcomes = []
    for problem in ("((0x12 + 0x3) << 1)", "[].append(1) or 42", "__import__('os').getpid() * 0 + 42"):
        meta = {"source_dataset": "bitwise_arithmetic", "problem": problem}
        outcomes.append(verifier.verdict(Question("?", meta=meta), trace_of("0x2a")).outcome)
    assert outcomes == ["correct", "undecided", "undecided"]


def test_a_puzzle_is_solved_with_its_own_numbers(verifier: ReasoningGym) -> None:
    meta = {"source_dataset": "puzzle24", "numbers": [1, 2, 4, 6]}
    answers = ("6 * 4 * (2 - 1)", "6 * 4 * 1 * 1", "6 * 4 + 1 / 2", "6 * 4 + 2 - 1")
    verdicts = [verifier.verdict(Question("?", meta=meta), trace_of(answer)) for answer in answers]
    assert [verdict.outcome for verdict in verdicts] == ["correct", "incorrect", "incorrect", "incorrect"]
    assert "not the question's" in verdicts[1].explanation


def trace_of(answer: str) -> Trace:
    return Trace("q", 0, "t", "", f"<answer>\n{answer}\n</answer>")


@pytest.mark.parametrize(
    ("meta", "response", "outcome", "cause"),
    [
        ({}, "Answer: 1", "undecided", "no dataset"),
        ({"source_dataset": "no_such"}, "Answer: 1", "undecided", "scoring"),
        ({"source_dataset": "gcd"}, "first\nsecond", "undecided", "no answer"),
        ({"source_dataset": "prime_factorization", "number": 6}, "Answer: five", "undecided", "scoring"),
        ({"source_dataset": "gcd"}, "Answer: 12", "incorrect", "score too low"),  # partial credit is none
    ],
)
def test_what_cannot_be_scored_says_why(
    verifier: ReasoningGym, meta: dict[str, object], response: str, outcome: Outcome, cause: str
) -> None:
    verdict = verifier.verdict(Question("?", "1", meta=meta), Trace("q", 0, "t", "", response))
    assert (verdict.outcome, verdict.cause) == (outcome, cause)


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("<answer>1</answer> or <answer>\n2\n3\n</answer>", "2\n3"),
        (r"so \boxed{4}", "4"),
        ("Because.\nAnswer:\n1 2\n3 4", "1 2\n3 4"),
        ("5", "5"),
        ("5\n6", None),
    ],
)
def test_answers_may_have_several_lines(response: str, answer: str | None) -> None:
    assert stated_answer(response) == answer


def test_without_the_package_the_run_does_not_begin() -> None:
    path, sys.path[:] = list(sys.path), []
    loaded = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] == "reasoning_gym"}
    try:
        with pytest.raises(UserError, match=r"pip install 'open-thoughts-gen\[reasoning_gym\]'"):
            ReasoningGym().fresh(Context())
    finally:
        sys.path[:] = path
        sys.modules.update(loaded)
