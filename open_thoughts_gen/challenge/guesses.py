"""What answers can be guessed from the surface of a puzzle, without finding its rule.

A model that is rewarded for guessing learns to guess. Each guesser here looks at examples and question as texts and
knows nothing of the rule; the share of answers that it gets right, by the challenge's metric, is what a puzzle of that
kind gives away. `commonest` is the share of the other rows that have the commonest answer of the kind.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from rapidfuzz import fuzz

from open_thoughts_gen.challenge.form import Puzzle
from open_thoughts_gen.text.challenge_metric import same

Examples = Sequence[tuple[str, str]]
_EXAMPLE = re.compile(r"^(?:For t = )?(.+?)s?(?: -> | = |, distance = | m becomes )(\S.*?)(?: m)?$", re.MULTILINE)
_ASKED = re.compile(
    r"^Now, (?:determine the (?:output|result) for: |decrypt the following text: |convert the following measurement: "
    r"|write the number |determine the falling distance for t = )(\S.*?)(?:s given d = .*| m| in the .*)?$",
    re.MULTILINE,
)

GUESSERS: Mapping[str, Callable[[Examples, str], str]] = {
    "the question": lambda examples, asked: asked,
    "first result": lambda examples, asked: examples[0][1],
    "last result": lambda examples, asked: examples[-1][1],
    "nearest result": lambda examples, asked: max(examples, key=lambda pair: fuzz.ratio(pair[0], asked))[1],
    "middle result": lambda examples, asked: sorted(result for _, result in examples)[len(examples) // 2],
}


def guessed(puzzles: Iterable[Puzzle]) -> dict[str, dict[str, float]]:
    """Return the share (0 to 1) of right answers by scheme and guesser; puzzles that cannot be read are not counted."""
    right: dict[str, Counter[str]] = defaultdict(Counter)
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for puzzle in puzzles:
        examples, asked = _EXAMPLE.findall(puzzle.question), _ASKED.search(puzzle.question)
        if not examples or asked is None:
            continue
        answers[puzzle.scheme][puzzle.answer] += 1
        for name, guess in GUESSERS.items():
            right[puzzle.scheme][name] += same(puzzle.answer, guess(examples, asked[1]))
    shares: dict[str, dict[str, float]] = {}
    for scheme, counts in sorted(answers.items()):
        num = counts.total()
        commonest = (counts.most_common(1)[0][1] - 1) / max(1, num - 1)
        shares[scheme] = {"commonest": commonest, **{name: right[scheme][name] / num for name in GUESSERS}}
    return shares
