"""Digests of what each scheme of each family draws: the same in every process, whatever its hash seed.

python -m tests.families.digests    prints one line for each scheme
"""

from __future__ import annotations

import hashlib
import sys
from random import Random

from open_thoughts_gen.families.kit.family import SchemeFamily, schemes_of
from open_thoughts_gen.plugin import Context
from tests.gallery import kit_families

NUM = 24


def digests() -> dict[str, str]:
    """Return a digest of the first problems of each scheme, their derivations and twins, by family and scheme."""
    return {
        f"{name}/{scheme}": digest(family(schemes=(scheme,)).fresh(Context()))
        for name, family in kit_families().items()
        for scheme in schemes_of(family.home)
    }


def digest(family: SchemeFamily) -> str:
    """Return a digest of a family's first problems."""
    texts = []
    for index in range(NUM):
        problem = family.problem(Random(f"digest/{index}"))
        texts += [problem.prompt, repr(family.derive(problem)), repr(family.twin(problem, Random(index)))]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


if __name__ == "__main__":
    for name, each in digests().items():
        sys.stdout.write(f"{name} {each}\n")
