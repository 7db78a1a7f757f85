"""How the puzzles of `wonderland` compare with the challenge's: shares, answers, lengths of logs, guesses and speed.

    python -m benchmarks.nemotron shares     gates, alterations and unseen operators: as known, as drawn, as shipped
    python -m benchmarks.nemotron answers    how often the blind solver and the logs are right, of all that is drawn
    python -m benchmarks.nemotron logs       tokens of the logs, and how many of the forced puzzles have one in time
    python -m benchmarks.nemotron guesses    answers that can be guessed without the rule
    python -m benchmarks.nemotron speed      milliseconds to solve a puzzle, on one core
    ... --num 500                            puzzles that are solved, of each scheme

`shares` draws twenty times as many puzzles as it solves. What is known: the gates and the 19 sets of alterations are
drawn with fixed chances; how often the question's operator stands in no example was counted on the challenge's public
training rows (136 of 732 and 164 of 823), so that share has an error of its own. `z` is the difference in standard
errors. A puzzle ships if the blind solver is forced to its answer and its log has at most 6,900 tokens. Tokens are
counted with the model's tokenizer (extra `nemotron`). All but `speed` print the same on every machine.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter
from collections.abc import Iterator
from random import Random

import numpy as np

from open_thoughts_gen.challenge.audit import lengths, sizes_of
from open_thoughts_gen.challenge.form import MAX_COMPLETION
from open_thoughts_gen.challenge.form import Puzzle as Row
from open_thoughts_gen.challenge.guesses import guessed
from open_thoughts_gen.challenge.tekken import Tokens
from open_thoughts_gen.families.wonderland import Wonderland
from open_thoughts_gen.families.wonderland.blind.solving import solve
from open_thoughts_gen.families.wonderland.family import SCHEMES, draw
from open_thoughts_gen.families.wonderland.schemes._equations import TRIPLES
from open_thoughts_gen.families.wonderland.schemes._puzzle import Puzzle
from open_thoughts_gen.plugin import Context, Problem
from open_thoughts_gen.text.challenge_metric import same

SEED, MAX_TOKENS, DRAWS_PER_SOLVED = 14, 6900, 20
GATES = {
    "left xor right": 1 / 4,
    **dict.fromkeys(("majority", "choice", "right or same", "not both or same"), 1 / 8),
    **{f"{side} {gate} turned": 1 / 24 for side in ("left", "right") for gate in ("xor", "or", "and")},
}
UNSEEN = {"digits": (136, 732), "symbols": (164, 823)}  # of the challenge's training rows


def puzzles(scheme: str, num: int) -> Iterator[Puzzle]:
    """Yield the first puzzles of a scheme, forced or not."""
    return (draw(scheme, Random(f"{SEED}/{scheme}/{index}")) for index in range(num))


def log_of(scheme: str, puzzle: Puzzle) -> tuple[str, str]:
    """Return the log of a puzzle and the answer that it comes to, both empty where it comes to none."""
    family = Wonderland().fresh(Context())
    log = family._log(scheme, puzzle.prompt)
    return (log.text, log.answer) if log.answer is not None else ("", "")


def features(scheme: str, puzzle: Puzzle) -> Iterator[str]:
    """Yield what is counted of a puzzle."""
    rule = puzzle.rule
    if scheme == "bits":
        yield rule["gate"]
    else:
        yield "+".join(rule["alterations"])
        if not rule["query_operator_shown"]:
            yield "operator not shown"


def known(scheme: str) -> dict[str, tuple[float, float]]:
    """Return each feature's share (0 to 1) and how many rows that was counted on, infinite where it is a rule."""
    if scheme == "bits":
        return {gate: (share, math.inf) for gate, share in GATES.items()}
    triples = [triple for triple in TRIPLES if ("symbols" in triple) == (scheme == "symbols")]
    unseen, num = UNSEEN[scheme]
    return {"+".join(triple): (1 / len(triples), math.inf) for triple in triples} | {
        "operator not shown": (unseen / num, num)
    }


def shares(num: int, tokens: Tokens) -> None:
    """Print how often each feature is known to occur, is drawn, and is shipped."""
    largest = 0.0
    for scheme in ("bits", "digits", "symbols"):
        num_drawn, drawn, shipped, num_shipped = num * DRAWS_PER_SOLVED, Counter[str](), Counter[str](), 0
        num_forced = 0
        for index, puzzle in enumerate(puzzles(scheme, num_drawn)):
            drawn.update(features(scheme, puzzle))
            if index < num and solve(puzzle.prompt).is_forced:
                num_forced += 1
                log, _ = log_of(scheme, puzzle)
                if log and len(tokens.ids(log)) <= MAX_TOKENS:
                    num_shipped += 1
                    shipped.update(features(scheme, puzzle))
        print(f"{scheme}: {num_drawn:,} drawn; of the first {num:,}, {num_forced / num:.1%} forced, ", end="")
        print(f"{num_shipped / num:.1%} shipped")
        print(f"  {'':28}{'known':>8}{'drawn':>8}{'z':>7}{'shipped':>9}")
        for feature, (share, num_known) in known(scheme).items():
            error = math.sqrt(share * (1 - share) * (1 / num_drawn + 1 / num_known))
            z = (drawn[feature] / num_drawn - share) / error
            largest = max(largest, abs(z))
            print(f"  {feature:28}{share:8.1%}{drawn[feature] / num_drawn:8.1%}{z:7.1f}", end="")
            print(f"{shipped[feature] / max(1, num_shipped):9.1%}")
    print(f"largest difference: {largest:.1f} standard errors")


def logs(num: int, tokens: Tokens) -> None:
    """Print how long the completions of forced puzzles are."""
    headings = f"{'forced':>7}{'logs':>6}{'median':>8}{'90 %':>7}{'99 %':>7}{'longest':>9}{'to 6,900':>10}"
    print(f"{'completions of':16}{headings}")
    for scheme in SCHEMES:
        forced = [puzzle for puzzle in puzzles(scheme, num) if solve(puzzle.prompt).is_forced]
        written = [Row("", puzzle.prompt, *log_of(scheme, puzzle), scheme) for puzzle in forced]
        sized = [(row, sizes_of(row, tokens)) for row in written if row.log]
        row, _ = lengths(sized, MAX_TOKENS)
        fits = sum(size <= MAX_TOKENS for _, (_, size) in sized) / len(forced)
        print(f"{scheme:16}{len(forced):7,}{len(sized):6,}{row.median:8,}{row.p90:7,}{row.p99:7,}", end="")
        print(f"{row.longest:9,}{fits:10.1%}")


def answers(num: int, tokens: Tokens) -> None:
    """Print how often the answers are right, whether forced or not; a log counts if a model may write it to its end."""
    print(f"{'of those drawn':16}{'solver right':>14}{'forced':>9}{'and wrong':>11}", end="")
    print(f"{'log right':>11}{'forced, right':>15}{'and wrong':>11}")
    for scheme in SCHEMES:
        counts: Counter[str] = Counter()
        for puzzle in puzzles(scheme, num):
            solved, (log, answer) = solve(puzzle.prompt), log_of(scheme, puzzle)
            is_right = solved.best is not None and same(puzzle.answer, solved.best)
            is_whole = bool(log) and sizes_of(Row("", puzzle.prompt, log, answer, scheme), tokens)[1] <= MAX_COMPLETION
            log_is_right = is_whole and same(puzzle.answer, answer)
            counts.update({"right": is_right, "forced": solved.is_forced, "log right": log_is_right})
            if solved.is_forced:
                counts.update({"wrong": not is_right, "log": log_is_right, "log wrong": is_whole and not log_is_right})
        print(f"{scheme:16}{counts['right'] / num:14.1%}{counts['forced'] / num:9.1%}{counts['wrong']:11,}", end="")
        share = counts["log"] / max(1, counts["forced"])
        print(f"{counts['log right'] / num:11.1%}{share:15.1%}{counts['log wrong']:11,}", flush=True)


def guesses(num: int, _: Tokens) -> None:
    """Print the shares of answers that can be guessed without the rule."""
    table = guessed(
        Row("", puzzle.prompt, "", puzzle.answer, scheme) for scheme in SCHEMES for puzzle in puzzles(scheme, num)
    )
    names = list(next(iter(table.values())))
    print(f"{'guessed right by':18}" + "".join(f"{name:>16}" for name in names))
    for scheme in SCHEMES:
        print(f"{scheme:18}" + "".join(f"{table[scheme][name]:16.1%}" for name in names))


def speed(num: int, _: Tokens) -> None:
    """Print the time of one core for a puzzle: to solve it blind, and to check an answer to it."""
    family = Wonderland().fresh(Context())
    print(f"{'ms of one core':16}{'solved':>9}{'90 %':>9}{'99 %':>9}{'longest':>9}")
    for scheme in SCHEMES:
        times = []
        for puzzle in puzzles(scheme, num):
            start = time.process_time()
            family.check(Problem(puzzle.prompt, {}), puzzle.answer)
            times.append(1000 * (time.process_time() - start))
        cuts = np.quantile(times, [0.5, 0.9, 0.99, 1.0])
        print(f"{scheme:16}" + "".join(f"{cut:9.1f}" for cut in cuts), flush=True)


MEASURES = {"shares": shares, "answers": answers, "logs": logs, "guesses": guesses, "speed": speed}


def main() -> None:
    """Print one of the measures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measure", choices=sorted(MEASURES))
    parser.add_argument("--num", type=int, default=200)
    args = parser.parse_args()
    MEASURES[args.measure](args.num, Tokens())


if __name__ == "__main__":
    main()
