"""How long rows are for the challenge's model, and which are too long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import quantiles

from open_thoughts_gen.challenge.form import MAX_COMPLETION, MAX_TOTAL, Puzzle
from open_thoughts_gen.challenge.tekken import Tokens


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens of the completions of a scheme, and of its longest prompt; `num_too_long` pass a limit."""

    scheme: str
    num: int
    median: int
    p90: int
    p99: int
    longest: int
    longest_prompt: int
    num_too_long: int


def sizes_of(puzzle: Puzzle, tokens: Tokens) -> tuple[int, int]:
    """Return the tokens of prompt and completion.

    Raises:
        UserError: the tokenizer is not installed.

    """
    return len(tokens.ids(puzzle.prompt)), len(tokens.ids(puzzle.completion))


def lengths(sized: Iterable[tuple[Puzzle, tuple[int, int]]], max_completion: int = MAX_COMPLETION) -> list[Lengths]:
    """Return the lengths by scheme, then of all, from puzzles with their sizes."""
    groups: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for puzzle, size in sized:
        groups[puzzle.scheme].append(size)
    groups = {scheme: groups[scheme] for scheme in sorted(groups)}
    everything = [size for group in groups.values() for size in group]
    return [_lengths(*each, max_completion) for each in (*groups.items(), ("all", everything)) if each[1]]


def _lengths(scheme: str, sizes: list[tuple[int, int]], max_completion: int) -> Lengths:
    completions = sorted(completion for _, completion in sizes)
    cuts = quantiles(completions, n=100, method="inclusive") if len(completions) > 1 else completions * 99
    too_long = sum(completion > max_completion or prompt + completion > MAX_TOTAL for prompt, completion in sizes)
    longest_prompt = max(prompt for prompt, _ in sizes)
    return Lengths(
        scheme, len(sizes), round(cuts[49]), round(cuts[89]), round(cuts[98]), completions[-1], longest_prompt, too_long
    )
