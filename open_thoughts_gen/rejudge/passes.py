"""How often a model is right: pass@1 and pass@k with intervals, and the paired difference between two models.

pass@k is the unbiased estimator of M. Chen et al., "Evaluating Large Language Models Trained on Code" (2021): of n
decided samples of a question, c of them correct, the chance that k drawn without replacement hold a correct one.

Samples of one question are alike, so a question is the unit of all intervals (a cluster): the mean of the questions'
values has Wilson's score interval with the number of independent questions that its variance corresponds to, as C.
Franco et al. recommend for clustered samples ("Comparative study of confidence intervals for proportions in complex
sample surveys", 2019). With one sample a question this is Wilson's own interval, and where all are right it is not a
point. Two models are compared on the questions that both were judged on, with two half observations added for each sign
(A. Agresti and Y. Min, "Simple improved confidence intervals for comparing matched proportions", 2005).

Not covered: questions that are alike themselves, as minimal pairs are; their intervals are somewhat too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from open_thoughts_gen.publish.evaluation import ShareWithin
from open_thoughts_gen.publish.rates import Z, wilson


def pass_at_k(num: int, num_correct: int, k: int) -> float:
    """Return the chance that `k` of `num` samples, drawn without replacement, hold a correct one; `num` >= `k`."""
    return 1.0 - math.comb(num - num_correct, k) / math.comb(num, k)


def rate(values: Sequence[float], num_trials: float) -> ShareWithin | None:
    """Return the mean of the questions' values (0 to 1) with its 95 % interval; None of no question.

    `num_trials` is how many independent trials they are at most.
    """
    num = len(values)
    if not num:
        return None
    mean = math.fsum(values) / num
    variance = math.fsum((value - mean) ** 2 for value in values) / num
    # As many independent trials as would vary like this; all alike (each right, say) they count as one a question.
    most = max(float(num), num_trials)
    effective = float(num)
    if 0 < mean < 1:
        effective = min(most, mean * (1 - mean) / variance * num) if variance > 0 else most
    low, high = wilson(mean, effective)
    return ShareWithin(value=mean, low=low, high=high, num_questions=num)


def difference(first: Mapping[str, float], second: Mapping[str, float]) -> ShareWithin | None:
    """Return by how much the first is better on the questions that both have, with its interval; None of no question.

    The mappings have the value of each question, 0 to 1, by its id.
    """
    deltas = [first[key] - second[key] for key in first if key in second]
    num = len(deltas)
    if not num:
        return None
    mean = math.fsum(deltas) / num
    centre = math.fsum(deltas) / (num + 2)
    variance = (math.fsum(delta * delta for delta in deltas) + 1) / (num + 2) - centre * centre
    half = Z * math.sqrt(variance / (num + 2))
    low, high = min(mean, max(-1.0, centre - half)), max(mean, min(1.0, centre + half))
    return ShareWithin(value=mean, low=low, high=high, num_questions=num)
