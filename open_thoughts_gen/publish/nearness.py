"""How alike the questions are: the share that has a near neighbour, at one threshold after another.

One figure at one threshold says little of a set whose questions come from templates or from one model: the curve says
whether most of it is just below the threshold. Similarity is Indel similarity (`similar.indel`), of the prompts as they
are and with figures and capitalised words masked, so that what remains is the mould. Minimal pairs, which are alike on
purpose, are not each other's neighbours.

The time is bounded: at most `MAX_ROWS` questions are drawn, by a hash with the seed 0, and each is compared with as
many of the draw as there is time for, those first that share the most words and pairs of words with it. So a neighbour
may be missed among long questions, and one outside of the draw is not looked for: then the curve is a lower bound,
which the card says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from heapq import nsmallest

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.contamination.bags import Bags, Floats
from open_thoughts_gen.contamination.grams import grams_of
from open_thoughts_gen.contamination.words import cut_words
from open_thoughts_gen.publish.markdown import table
from open_thoughts_gen.publish.rates import percent
from open_thoughts_gen.similar.indel import similarity
from open_thoughts_gen.text import normalise
from open_thoughts_gen.types import Sample

SEED = 0
MAX_ROWS = 1_000
THRESHOLDS = (60, 65, 70, 75, 80, 85, 90, 95)  # percent
_MIN_ROWS = 20  # of fewer a curve says nothing
_LEAST_COMPARED, _MOST_COMPARED = 2, 50  # with how many others a question is compared
_STEPS = 4e10  # of all comparisons: characters by characters, some tenths of a second
_BUCKETS = 1 << 12
_MAX_CHARACTERS = 5_000  # of a prompt
_MASKED = re.compile(r"\d[\d,.]*|\b[^\W\d_a-z]\w*")


def num_compared(texts: Sequence[str]) -> int:
    """Return with how many others each text is compared."""
    steps = sum(len(text) ** 2 for text in texts)
    return min(max(_LEAST_COMPARED, int(_STEPS / max(1, steps))), _MOST_COMPARED, len(texts) - 1)


def nearest(texts: Sequence[str], cases: Sequence[str], num: int) -> NDArray[np.float64]:
    """Return how similar each text is to the most similar one of another case, 0..100; 0 for less than the least.

    Each is compared with the `num` that share the most words with it.
    """
    shared = _shared(texts)
    _, numbers = np.unique(cases, return_inverse=True)
    shared[numbers[:, None] == numbers[None]] = -1.0
    others = np.argsort(-shared, axis=1, kind="stable")[:, :num]
    best = np.zeros(len(texts))
    for one, chosen in enumerate(others):
        for other in (int(each) for each in chosen if shared[one, each] >= 0):
            value = similarity(texts[one], texts[other], THRESHOLDS[0])
            best[one], best[other] = max(best[one], value), max(best[other], value)
    return best


def _shared(texts: Sequence[str]) -> Floats:
    """Return the Jaccard similarity of all pairs of texts, by their words and pairs of words in buckets.

    The matrix product counts ones, so it is exact in whatever order it is summed.
    """
    bags = Bags.of(texts, word_ngrams=2, num_buckets=_BUCKETS)
    has = np.zeros((len(texts), _BUCKETS), np.float32)
    has[np.repeat(np.arange(len(bags)), np.diff(bags.starts)), bags.buckets] = 1
    both = has @ has.T
    sizes = np.diagonal(both).copy()
    shared: Floats = both / np.maximum(sizes[:, None] + sizes[None] - both, 1)
    return shared


def distinct_share(texts: Sequence[str]) -> float:
    """Return the share, 0..1, of the runs of three words of all texts together that occur once."""
    runs = [grams_of(words, 3)[0] for _, _, words in cut_words(texts)]
    counts = np.unique(np.concatenate(runs), return_counts=True)[1] if runs else np.zeros(0)
    return float((counts == 1).sum() / max(1, counts.sum()))


def nearness_section(samples: Sequence[Sample]) -> list[str]:
    """Return the section of a card; nothing where there are few questions."""
    questions = {sample.question.id: sample for sample in samples}
    if len(questions) < _MIN_ROWS:
        return []
    drawn = nsmallest(MAX_ROWS, questions.values(), key=lambda sample: sample.ticket(SEED))
    cases = [sample.question.case for sample in drawn]
    prompts = [normalise(sample.question.prompt[:_MAX_CHARACTERS]) for sample in drawn]
    masked = [normalise(_MASKED.sub("x", sample.question.prompt[:_MAX_CHARACTERS])) for sample in drawn]
    rows, num = [], num_compared(prompts)
    for name, texts in (("as printed", prompts), ("figures and capitalised words masked", masked)):
        best = nearest(texts, cases, num)
        rows.append([name, *(percent(float((best >= threshold).mean())) for threshold in THRESHOLDS)])
    of = "All questions" if len(drawn) == len(questions) else f"{MAX_ROWS:,} questions, drawn with seed {SEED},"
    bound = len(drawn) < len(questions) or num < len(drawn) - 1
    cut = any(len(sample.question.prompt) > _MAX_CHARACTERS for sample in drawn)
    sentence = (
        "The share of questions with another one at least as similar (Indel, in percent), minimal pairs aside. "
        f"{of} were compared, each with the {num} that share the most words with it"
        f"{f', by their first {_MAX_CHARACTERS:,} characters' if cut else ''}"
        f"{'; so these are lower bounds' if bound else ''}."
    )
    reasoning = [sample.trace.reasoning[:_MAX_CHARACTERS] for sample in drawn if sample.trace]
    runs = " and ".join(
        f"{percent(distinct_share(texts))} of those of {name}"
        for name, texts in (("questions", prompts), ("reasoning", reasoning))
        if any(texts)
    )
    variety = f"Of all runs of three words, {runs} stand in no other place of these rows."
    head = ("Questions", *(f"≥ {threshold}" for threshold in THRESHOLDS))
    return ["### How alike the questions are", sentence, table(head, rows, numbers=range(1, len(head))), variety]
