"""How far verifiers that judged the same rows agree: for each pair of them, with an interval.

What was left out counts too, where it was judged: of the published rows alone verifiers could hardly disagree, since
they were published because all agreed. A row counts for a pair if both decided on it.
"""

from __future__ import annotations

from collections import Counter
from itertools import chain, combinations

from open_thoughts_gen.publish.evaluation import ShareWithin, shown
from open_thoughts_gen.publish.markdown import code, table
from open_thoughts_gen.publish.rates import wilson
from open_thoughts_gen.types import Finished

_MAX_PAIRS = 12  # of a table: those that share the most rows


def agreement(finished: Finished) -> dict[tuple[str, str], ShareWithin]:
    """Return the share of rows on which two verifiers say the same, by their labels, the pair of most rows first."""
    both, same = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    left_out = (dropped.sample for dropped in finished.dropped if dropped.sample)
    for sample in chain(finished.samples, left_out):  # of millions that were left out none is held
        decided = {v.verifier: v.outcome for v in sample.verdicts if v.outcome != "undecided" and not v.form_only}
        for pair in combinations(sorted(decided), 2):
            both[pair] += 1
            same[pair] += decided[pair[0]] == decided[pair[1]]
    shares = {}
    for pair, num in sorted(both.items(), key=lambda entry: (-entry[1], entry[0])):
        low, high = wilson(same[pair] / num, num)
        shares[pair] = ShareWithin(value=same[pair] / num, low=low, high=high, num_questions=num)
    return shares


def agreement_table(finished: Finished) -> list[str]:
    """Return the table of a card, with a sentence before it; nothing where no two verifiers judged the same row."""
    shares = list(agreement(finished).items())[:_MAX_PAIRS]
    if not shares:
        return []
    rows = [(f"{code(one)}, {code(other)}", f"{share.num_questions:,}", shown(share)) for (one, other), share in shares]
    sentence = (
        "How far verifiers agree, on published and left-out rows that both decided, with 95 % intervals (Wilson):"
    )
    return [sentence, table(("Verifiers", "Rows of both", "They agree"), rows, numbers=(1, 2))]
