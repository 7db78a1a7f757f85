"""The stages of finding similar texts, each a pure function of one shard: what an engine spreads over a cluster.

    shingle   some texts             -> their keys and lengths
    meet      a pile of keys         -> pairs of texts that share one, and crowds: keys that very many texts have
    confirm   some pairs, with texts -> those that are near-duplicates by the rule, and their similarity
    link      a pile of keys         -> each text that has a key with the next that has it (for `minhashes`)

They take and give arrays and strings, keep nothing from one shard to the next, and can be pickled; what the whole set
decides (`Plan`, the rule) is bound beforehand with `functools.partial`. Texts are numbered by their rank, their place
in the order in which they are kept. The result does not depend on how texts and pairs are cut into shards, nor on the
number of piles, nor on which stage ran where: `search` runs them through `spread(stage, shards)`, and keeps between two
stages what the next one needs in `Piles`, on disk where memory is short.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen import text
from open_thoughts_gen.similar import indel
from open_thoughts_gen.similar.distinct import distinct
from open_thoughts_gen.similar.formal import formal_content
from open_thoughts_gen.similar.keys import KEY_BITS, Keys, Places, digest, figures_of, keys_of, mixed, salted
from open_thoughts_gen.similar.rule import Rule

CROWD = 64  # texts with the same key, from which on these are not paired one by one
PILE = 1 << 22  # numbers, of 8 bytes
MAX_PILES = 1 << 8  # each is two files, and many systems let a process have 1024 open
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Piled:
    """Numbers in order, each once or more, and where each of several piles ends: a pile is a range of numbers."""

    numbers: Keys
    ends: Sequence[int]

    @classmethod
    def of(cls, numbers: Keys, bounds: Keys) -> Piled:
        """Take numbers in order, and the least number of each pile but the first."""
        return cls(numbers, [*np.searchsorted(numbers, bounds).tolist(), numbers.size])

    @property
    def parts(self) -> list[Keys]:
        """The numbers of each pile."""
        return [self.numbers[start:end] for start, end in itertools.pairwise([0, *self.ends])]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many texts there are, and on how many piles (a power of two) their keys go.

    A key gives up its last bits to the rank of the text that has it, and a link is two ranks in one number, so that
    only numbers are sorted: each shard by itself, so that what comes together on a pile is runs to be merged.
    """

    num_texts: int
    num_piles: int

    @classmethod
    def of(cls, num_texts: int, num_keys: int) -> Plan:
        """Return the plan for about that many keys."""
        return cls(num_texts, min(MAX_PILES, 1 << max(0, (num_keys // PILE).bit_length())))

    @property
    def row_bits(self) -> np.uint64:
        """How many bits a rank takes."""
        return np.uint64(max(1, (self.num_texts - 1).bit_length()))

    @property
    def rows(self) -> np.uint64:
        """The bits that a rank takes."""
        return np.uint64((1 << int(self.row_bits)) - 1)

    def packed(self, keys: Keys, ranks: Places) -> Keys:
        """Return keys with the ranks of the texts that have them."""
        return (keys >> self.row_bits << self.row_bits) | ranks.astype(np.uint64)

    def piled(self, packed: Keys) -> Piled:
        """Return packed keys, which are in order, by their first bits."""
        width = 64 - self.num_piles.bit_length() + 1
        return Piled.of(packed, np.arange(1, self.num_piles, dtype=np.uint64) << np.uint64(width))

    def linked(self, ones: Keys, others: Keys) -> Piled:
        """Return links by their first rank."""
        firsts = np.arange(1, self.num_piles, dtype=np.uint64) * np.uint64(self.num_texts) // np.uint64(self.num_piles)
        return Piled.of(np.sort(ones << _HALF | others), firsts << _HALF)


@dataclass(frozen=True, slots=True)
class Shingled:
    """What is known of some texts: how long each is, and its keys.

    `keys` stand row by row, `nums` of them in each, and `ranks` says which text has a row: one or two each of those
    that are longer than `Rule.exact_length`. `short` are single keys of the texts that can be near to one that is not,
    and `short_ranks` their texts: two texts that share none are not compared.
    """

    lengths: Places
    keys: Keys
    nums: Places
    ranks: Places
    short: Keys
    short_ranks: Places


def shingle(shard: tuple[Sequence[str], Places, Keys | None], rule: Rule, by_figures: bool) -> Shingled:
    """Return the keys of some texts: only texts that share a key are compared.

    `shard` has the texts, their ranks, and a hash of each one's answer (or None). With `by_figures`, two texts share a
    key only if their numbers and formulas are the same, or their answers' hashes are equal and not 0.
    """
    texts, ranks, answers = shard
    plain = [text.normalise(each) for each in texts]
    lengths = np.array([len(each) for each in (texts if rule.as_it_stands else plain)], dtype=np.int64)
    long, short = np.flatnonzero(lengths > rule.exact_length), np.flatnonzero(lengths <= rule.partner_length)
    salts = _figures(plain, long, short) if by_figures else (np.zeros(len(texts), np.uint64),) * 2
    keys, nums = keys_of([plain[row] for row in long.tolist()])
    rows = [(keys, nums, long, salts[0])]
    singles = [(short, salts[1])]
    if answers is not None:
        known = answers[long] > 0
        rows.append((keys[np.repeat(known, nums)], nums[known], long[known], answers))
        singles.append((short[answers[short] > 0], answers))
    return Shingled(
        lengths,
        np.concatenate([salted(its, np.repeat(salt[row], num)) for its, num, row, salt in rows]),
        np.concatenate([num for _, num, _, _ in rows]),
        ranks[np.concatenate([row for _, _, row, _ in rows])],
        np.concatenate([mixed(salted(np.zeros(row.size, np.uint64), salt[row])) for row, salt in singles]),
        ranks[np.concatenate([row for row, _ in singles])],
    )


def _figures(texts: Sequence[str], long: Places, short: Places) -> tuple[Keys, Keys]:
    """Return hashes that texts of the same formal content share: quick ones for long texts, exact for short."""
    quick, exact = np.zeros(len(texts), np.uint64), np.zeros(len(texts), np.uint64)
    quick[long] = figures_of([texts[row] for row in long.tolist()])
    exact[short] = [digest("\0".join(formal_content(texts[row]))) for row in short.tolist()]
    return quick, exact


def meet(keys: Keys, plan: Plan, rule: Rule, lengths: NDArray[np.int32]) -> tuple[Piled, list[Places]]:
    """Return the pairs of ranks that share a key of a pile, and the crowds: all ranks that have a key, if many.

    Pairs stand by the later rank. Those whose `lengths`, by rank, rule them out are not among them.
    """
    rows = plan.rows
    keys = np.sort(keys, kind="stable")
    starts = np.flatnonzero(np.append(True, keys[1:] ^ keys[:-1] > rows)) if keys.size else np.zeros(0, np.int64)
    ends = np.append(starts[1:], keys.size)
    ranks = (keys & rows).astype(np.int64)
    large = ends - starts > CROWD
    crowds = [distinct(ranks[start:end]) for start, end in zip(starts[large], ends[large], strict=True)]
    pairs, few = [np.zeros(0, dtype=np.uint64)], (ends - starts > 1) & ~large
    first, ends = starts[few], ends[few]
    while first.size:  # the pairs of the first text of each key with all others, then of the second ...
        num = ends - first - 1
        ones, others = (
            np.repeat(first, num),
            np.arange(int(num.sum())) + np.repeat(first + 1 - np.cumsum(num) + num, num),
        )
        ones, others = ranks[ones], ranks[others]
        fit = rule.possible(lengths[ones].astype(np.int64), lengths[others].astype(np.int64)) & (ones != others)
        pairs.append(others[fit].astype(np.uint64) << _HALF | ones[fit].astype(np.uint64))
        more = num > 1
        first, ends = first[more] + 1, ends[more]
    packed = np.concatenate(pairs)
    return plan.linked(packed >> _HALF, packed & _LOW), crowds


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of ranks to be confirmed, which of them are known to share enough keys, and the texts by rank."""

    ones: Places
    others: Places
    known: NDArray[np.bool_]
    texts: Mapping[int, str]


def confirm(pairs: Pairs, rule: Rule) -> tuple[Places, Places, NDArray[np.float64]]:
    """Return those pairs that are near-duplicates, and their similarity."""
    ones, others = pairs.ones, pairs.others
    forms = {rank: rule.form(each) for rank, each in pairs.texts.items()}
    left, right = [forms[rank] for rank in ones.tolist()], [forms[rank] for rank in others.tolist()]
    scores = indel.similarities(left, right, rule.threshold)
    near = np.flatnonzero(scores >= rule.threshold)
    shares = pairs.known[near]
    shares[~shares] = share_keys(ones[near[~shares]], others[near[~shares]], forms, rule)
    near = near[shares]
    return ones[near], others[near], scores[near]


def share_keys(ones: Places, others: Places, forms: Mapping[int, str], rule: Rule) -> NDArray[np.bool_]:
    """Return for each pair whether one of both is short, or they share enough keys (see `rule`).

    `forms` are the texts by rank, in the form that the rule compares.
    """
    shares = np.ones(ones.size, dtype=bool)
    pairs = zip(ones.tolist(), others.tolist(), strict=True)
    long = np.flatnonzero([min(len(forms[one]), len(forms[other])) > rule.exact_length for one, other in pairs])
    if not long.size:
        return shares
    ranks, inverse = np.unique(np.append(ones[long], others[long]), return_inverse=True)
    plain = [forms[rank] for rank in ranks.tolist()]
    keys, nums = keys_of([text.normalise(each) for each in plain] if rule.as_it_stands else plain)
    starts = np.cumsum(nums) - nums
    left, right = inverse[: long.size], inverse[long.size :]
    sides = [_by_pair(keys, starts[side], nums[side]) for side in (left, right)]
    packed = np.sort(np.concatenate(sides))
    common = packed[1:][packed[1:] == packed[:-1]] >> np.uint64(KEY_BITS)
    counts = np.bincount(common.astype(np.int64), minlength=long.size)
    shares[long] = counts >= rule.num_shared(np.maximum(nums[left], nums[right]))
    return shares


def _by_pair(keys: Keys, starts: Places, nums: Places) -> Keys:
    """Return the keys of one side of each pair, with the number of the pair before them."""
    numbers = np.repeat(np.arange(nums.size), nums)
    within = np.arange(numbers.size) - np.repeat(np.cumsum(nums) - nums, nums)
    packed: Keys = (numbers.astype(np.uint64) << np.uint64(KEY_BITS)) | keys[np.repeat(starts, nums) + within]
    return packed


def link(keys: Keys, plan: Plan) -> Piled:
    """Return the links that a pile of packed keys makes: each text that has a key with the next that has it."""
    rows = plan.rows
    keys = np.sort(keys, kind="stable")
    differ = keys[1:] ^ keys[:-1]
    # Equal but for the rank; were that equal too, a text would be linked to itself.
    rows_near = np.flatnonzero((differ <= rows) & (differ > 0))
    return plan.linked(keys[rows_near] & rows, keys[rows_near + 1] & rows)


def counted(links: Keys) -> tuple[Places, Places, Places]:
    """Return the pairs of ranks in a pile of links, in order, and by how many keys each is linked."""
    pairs = np.sort(links, kind="stable")
    first = np.flatnonzero(np.append(True, pairs[1:] != pairs[:-1])) if pairs.size else np.zeros(0, np.int64)
    counts = np.diff(np.append(first, pairs.size))
    pairs = pairs[first]
    return (pairs >> _HALF).astype(np.int64), (pairs & _LOW).astype(np.int64), counts
