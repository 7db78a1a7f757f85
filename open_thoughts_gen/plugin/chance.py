"""How chance chooses: by a hash that belongs to the question, or in the order in which older libraries shuffle.

A ticket (`Sample.ticket`) depends on the seed and the question alone, so a choice does not depend on the order, and one
question more does not change it for the others. Scripts that a recipe is compared with shuffle places instead: the
library datasets and pandas do it with two generators of numpy's, whose streams are fixed.
"""

from __future__ import annotations

from typing import Literal

Pick = Literal["first", "by_lot"]
Compat = Literal["datasets", "pandas"]
COMPAT = (
    "how chance chooses. null: by a hash of seed and question, whatever the order of the rows; datasets: those that "
    "`shuffle(seed).select(range(n))` of the library datasets takes; pandas: those of `sample(n, random_state=seed)`"
)


def shuffled(num: int, seed: int, compat: Compat) -> list[int]:
    """Return the indices of `num` things in the order in which a library shuffles them."""
    import numpy as np  # a recipe is read without

    if compat == "datasets":
        return list(map(int, np.random.default_rng(seed).permutation(num)))
    return list(map(int, np.random.RandomState(seed % 2**32).permutation(num)))
