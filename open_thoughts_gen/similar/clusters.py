"""Connected components: which texts are connected by confirmed pairs, however long the chain.

Each text begins with its own place as its label. In every round the root of each pair takes the lower label of the two,
and labels are followed to their roots (the scheme of Shiloach and Vishkin), so that even a long chain takes few rounds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Places = NDArray[np.int64]


def components(num: int, ones: Places, others: Places) -> Places:
    """Return for each of `num` places the lowest place that it hangs together with, through any number of pairs."""
    labels = np.arange(num)
    while ones.size:
        at_one, at_other = labels[ones], labels[others]
        apart = at_one != at_other
        if not apart.any():
            break
        ones, others = ones[apart], others[apart]
        low, high = np.minimum(at_one, at_other)[apart], np.maximum(at_one, at_other)[apart]
        np.minimum.at(labels, high, low)
        while True:
            followed = labels[labels]
            if np.array_equal(followed, labels):
                break
            labels = followed
    return labels
