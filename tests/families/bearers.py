"""Writes which questions of hosts serve for which kind of error: list `cell` of `derivations/words/hosts.yaml`.

    python -m tests.families.bearers

A question of a host, at one of its levels, serves for a kind of error at a level of `derivations` if most of the cases
that are drawn of it have a working of the length of that level and a slip of that kind. The list saves draws that
would come to nothing; what is drawn is tested all the same, so that a host may change and the list be a little behind.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from random import Random

from open_thoughts_gen.families.derivations import hosts, slips
from open_thoughts_gen.families.derivations.schemes.lines import SCHEME

FILE = Path(hosts.__file__).parent / "words" / "hosts.yaml"
HEAD = "  cell: # written by `python -m tests.families.bearers`\n"
NUM_CASES, LEAST, LEVELS = 6, 3, (1, 2, 3, 4)


def cells() -> Iterator[tuple[str, str, int]]:
    """Yield each question of a host without options, and each of its levels."""
    for name in sorted({scheme for schemes in hosts.BEARERS.values() for scheme in schemes}):
        scheme = hosts.scheme_of(name)
        yield from ((name, ask, level) for ask in scheme.asks for level in LEVELS if hosts.serves(scheme, ask, level))


def serving(name: str, ask: str, host_level: int) -> dict[str, list[int]]:
    """Return for each kind of error the levels that a question of a host serves for."""
    counts: Counter[tuple[str, int]] = Counter()
    kinds = [kind for kind, schemes in hosts.BEARERS.items() if name in schemes]
    for index in range(NUM_CASES):
        for level in hosts.NUM_LINES:
            rng = Random(f"{name}/{ask}/{host_level}/{index}")
            drawn = hosts.drawn_of(name, ask, host_level, rng=rng, level=level, kind="")
            if drawn is None:
                continue
            host = hosts.opened(drawn)
            for kind in kinds:
                is_known = slips.KINDS[kind] <= level
                if is_known and next(SCHEME.slips(host, Random(index), kind), None) is not None:
                    counts[kind, level] += 1
    levels = defaultdict[str, list[int]](list)
    for kind, level in sorted(counts):
        if counts[kind, level] >= LEAST:
            levels[kind].append(level)
    return levels


def main() -> None:
    """Write the list."""
    text = FILE.read_text("utf-8").partition(HEAD)[0] + HEAD
    for name, ask, host_level in cells():
        levels = serving(name, ask, host_level)
        if levels:
            served = ", ".join(f"{kind}: {' '.join(map(str, of))}" for kind, of in levels.items())
            text += f"    {name} {ask} {host_level}: {{{served}}}\n"
            print(text.splitlines()[-1], flush=True)  # noqa: T201
    FILE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
