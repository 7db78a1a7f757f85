"""Which questions repeat an item of a benchmark: the checks, or-ed, and the judgement on each pair that they find.

The default was chosen by measuring. Word n-grams alone accuse every second question that merely shares a template's
boilerplate with some item, and see no item shorter than the n-gram. So containment is asked (`grams`): of an item's
runs of three words, weighed by rarity, how much does the question hold? Half of it is a leak; a fifth of it is, where
the texts, or the item and the part of the question that resembles it, are also similar by `near_indel`. Then the
figures are looked at: a text that is alike but for its numbers is another problem, and so is a short one that differs
in a word. Such pairs are not accused but given for review.

Items of fewer than `SHORT` words have too few runs to share a part of them: they must stand in the question whole, as a
sentence of their own, with some word or figure that is not in every second question.

The published rules are there by name (`RULES`), as published, and see only what they see.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from open_thoughts_gen import text
from open_thoughts_gen.contamination.findings import Finding, Item, LeakRule
from open_thoughts_gen.contamination.grams import GramIndex, Hits, once
from open_thoughts_gen.contamination.spans import RUN, part_like
from open_thoughts_gen.contamination.tokens import token_words
from open_thoughts_gen.contamination.words import Words, cut_words, words_of
from open_thoughts_gen.similar.all_pairs import similar_pairs

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SHORT = 8  # an item of fewer words must be found whole
BRIEF = 20  # an item of fewer words must be similar, and have the same figures
SAME_FIGURES = 0.5  # share of a longer item's figures that must be found
NEARLY = 5.0  # so little below the similarity that is asked for is near enough to be looked at
NEARLY_CONTAINED = 0.35
PIECE = 4_000_000  # characters of items that are indexed at once, at least
SAMPLE = 20_000  # questions that the commonness of runs is counted in

_EDGES = " .,;:!?\"'`$*#_()[]{}<>|\u00b4\u2018\u2019\u201c\u201d"
_SENTENCES = re.compile(r"(?<=[.!?:;])\s+|\s*\n\s*")
# What every second question says: an item that consists of these says nothing that could have leaked.
COMMON = frozenset(
    "a about above after all amount an and answer any are as at be below by calculate can choose compute correct could "
    "describe determine did do does each equal evaluate every explain expression find following for from function give "
    "given has have how if in into is it its less let long many measure more most much must name not number of on one "
    "or out over part percent percentage positive possible problem product question ratio real result should show "
    "simplify smallest solution solve some statement step such sum than that the their them then there these they this "
    "time to total true two under up use value values was were what when where which who whose why will with word "
    "write x y z your".split()
)


class Contamination:
    """The items that questions are checked against, indexed for one rule."""

    def __init__(
        self, items: Sequence[Item], rule: LeakRule | None = None, *, tokenizer: Tokenizer | None = None
    ) -> None:
        """Take the items, the rule, and what cuts texts into tokens where the rule asks for token n-grams."""
        self.rule = rule or LeakRule()
        self._items = [item for item in items if item.prompt.strip()]
        self._prompts = [item.prompt for item in self._items]
        self._tokenizer = tokenizer

    @functools.cached_property
    def _by_key(self) -> dict[str, int]:
        return {_key(prompt): position for position, prompt in reversed(list(enumerate(self._prompts)))}

    @functools.cached_property
    def _num_words(self) -> list[int]:
        cut = (np.bincount(words.owners, minlength=words.num_texts) for _, _, words in cut_words(self._prompts))
        return [num for some in cut for num in some.tolist()]

    def findings(self, texts: Sequence[str]) -> list[Finding | None]:
        """Return for each text the leak that is plainest, else what is best worth a review, else None."""
        best: list[Finding | None] = [None] * len(texts)
        for position, finding in self._all(texts) if self._items and texts else ():
            both = [each for each in (best[position], finding) if each is not None]
            best[position] = max(both, key=lambda each: (each.decision == "leak", each.score))  # of equals, the first
        return best

    def _all(self, texts: Sequence[str]) -> Iterator[tuple[int, Finding]]:
        rule = self.rule
        if rule.whole or rule.containment is not None or (rule.indel is not None and rule.approximate):
            yield from self._shared(texts)
        if rule.word_ngram is not None:
            yield from self._any_run(texts, rule.word_ngram, f"word {rule.word_ngram}-gram")
        if rule.token_ngram is not None:
            yield from self._any_run(texts, rule.token_ngram, f"token {rule.token_ngram}-gram")
        if rule.indel is not None and not rule.approximate:
            folded = [text.normalise(string, rule.fold) for string in texts]
            items = [text.normalise(prompt, rule.fold) for prompt in self._prompts]
            for position, item, score in similar_pairs(folded, items, rule.indel):
                yield position, Finding("leak", "indel", self._items[item], round(score, 2), 0, len(texts[position]))

    def _shared(self, texts: Sequence[str]) -> Iterator[tuple[int, Finding]]:
        """Judge each pair that shares enough runs, and look up the texts that are too short to have any."""
        rule = self.rule
        least = 1.0 if rule.containment is None and rule.indel is None else rule.near_containment
        for first, last in self._pieces(texts):
            index = GramIndex([words for _, _, words in cut_words(self._prompts[first:last])], RUN)
            index.weigh(_commonness(index, texts), least)
            for start, _, words in cut_words(texts):
                shared = index.shared(index.hits(words))
                rows = zip(shared.questions.tolist(), shared.items.tolist(), shared.containment.tolist(), strict=True)
                for position, item, containment in rows:
                    finding = self._judge(texts[start + position], first + item, containment)
                    if finding is not None:
                        yield start + position, finding
        for start, _, words in cut_words(texts) if rule.whole else ():
            few = np.flatnonzero(np.bincount(words.owners, minlength=words.num_texts) < RUN)
            for position in (start + few).tolist():
                same = self._by_key.get(_key(texts[position]))
                if same is not None:
                    yield position, Finding("leak", "whole", self._items[same], 100.0, 0, len(texts[position]))

    def _pieces(self, texts: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Yield the items in pieces, of no more text than the questions have, so that an index is not what takes most.

        A few questions against many benchmarks are checked in little memory; many questions, in one go.
        """
        limit = max(PIECE, sum(map(len, texts)))
        start = num = 0
        for position, prompt in enumerate(self._prompts):
            num += len(prompt)
            if num >= limit:
                yield start, position + 1
                start, num = position + 1, 0
        if start < len(self._prompts):
            yield start, len(self._prompts)

    def _judge(self, string: str, position: int, containment: float) -> Finding | None:
        rule, item = self.rule, self._items[position]
        if rule.whole and containment > 1 - 1e-9 and _key(string) == _key(item.prompt):
            return Finding("leak", "whole", item, 100.0, 0, len(string))
        if rule.indel is not None and rule.approximate:
            score = fuzz.ratio(text.normalise(string, rule.fold), text.normalise(item.prompt, rule.fold))
            if score >= rule.indel:
                return Finding("leak", "indel", item, round(score, 2), 0, len(string))
        if self._num_words[position] < SHORT:
            return _quoted(string, item) if rule.whole and containment > 1 - 1e-9 else None
        if rule.containment is None or containment < rule.near_containment:
            return None
        return self._compare(string, position, containment)

    def _compare(self, string: str, position: int, containment: float) -> Finding | None:
        """Judge a pair that shares runs of words, by their weight, similarity and figures."""
        rule, item = self.rule, self._items[position]
        part = part_like(string, item.prompt)
        alike = _similarity(string, item.prompt)
        if part.end - part.start < len(string):
            alike = max(alike, _similarity(string[part.start : part.end], item.prompt))
        is_brief = self._num_words[position] < BRIEF
        contained = containment >= (rule.containment or 0) and not is_brief
        check, score = ("containment", 100 * containment) if contained else ("containment and indel", alike)
        finding = Finding("review", check, item, round(score, 2), part.first, part.last)
        if not contained and alike < rule.near_indel:
            near = alike >= rule.near_indel - NEARLY or containment >= NEARLY_CONTAINED
            share = f"{100 * containment:.0f} % of the item's runs of words"
            return replace(finding, remark=share) if near and not is_brief else None
        if _other_figures(string[part.start : part.end], item.prompt, is_brief=is_brief):
            return replace(finding, remark="alike but for the figures")
        if is_brief and not _telling_words(item.prompt) <= _telling_words(string):
            return replace(finding, remark="short, and not in the same words")
        return replace(finding, decision="leak")

    def _any_run(self, texts: Sequence[str], num: int, check: str) -> Iterator[tuple[int, Finding]]:
        """Yield each text that shares any run of `num` words, or tokens, with some item: the first such run."""

        @functools.cache
        def finding_of(item: int) -> Finding:
            return Finding("leak", check, self._items[item], 100.0)

        for begin, last in self._pieces(texts):
            index = GramIndex([words for _, _, words in self._cut(self._prompts[begin:last], check)], num)
            for start, _, words in self._cut(texts, check):
                hits = index.hits(words)
                first = np.flatnonzero(np.diff(hits.questions, prepend=-1))  # they are in order
                places, items = start + hits.questions[first], begin + index.items_with(hits.grams[first])
                for position, item in zip(places.tolist(), items.tolist(), strict=True):
                    yield position, finding_of(item)

    def _cut(self, texts: Sequence[str], check: str) -> Iterable[tuple[int, int, Words]]:
        if check.startswith("word"):
            return cut_words(texts, self.rule.cut)
        if self._tokenizer is None:
            raise ValueError("token n-grams need a tokenizer")
        return token_words(texts, self._tokenizer)


def _commonness(index: GramIndex, texts: Sequence[str]) -> NDArray[np.float64]:
    """Return how many of the texts have each run, by counting in some of them, evenly taken."""
    some = texts[:: max(1, len(texts) // SAMPLE)]
    counts = np.zeros(index.num_grams)
    for _, _, words in cut_words(some):
        hits: Hits = index.hits(words)
        distinct = once(hits.questions * index.num_grams + hits.grams) % index.num_grams
        counts += np.bincount(distinct, minlength=index.num_grams)
    return counts * (len(texts) / len(some))


def _key(string: str) -> str:
    """Return what two texts have in common that say the same: no white space, no case, no mark at the ends."""
    return "".join(text.normalise(string).split()).strip(_EDGES)


def _quoted(string: str, item: Item) -> Finding | None:
    """Judge a short item whose every run of words a question holds: does it stand there as a sentence, or not."""
    key, at = _key(item.prompt), 0
    for sentence in _SENTENCES.split(string):
        start = string.index(sentence, at)
        at = start + len(sentence)
        if _key(sentence) == key:
            finding = Finding("leak", "short item", item, 100.0, start, at)
            tells = _telling_words(sentence) or text.numbers(sentence)
            if item.needs_context or not tells:
                return replace(finding, decision="review", remark="so short that others may well say the same")
            return finding
    return None


def _similarity(one: str, other: str) -> float:
    return float(fuzz.ratio(text.normalise(one), text.normalise(other)))


def _other_figures(string: str, item: str, *, is_brief: bool) -> bool:
    """Return whether a question has other figures than an item: any, where the item is brief; else most of them.

    In a longer text, a figure that gave way to a word was edited, and only one that gave way to a figure counts.
    """
    wanted, had = text.numbers(item), text.numbers(string)
    num_missing, num_others = (wanted - had).total(), (had - wanted).total()
    if is_brief:
        return num_missing > 0
    return num_missing > (1 - SAME_FIGURES) * wanted.total() and 2 * num_others >= num_missing


def _telling_words(string: str) -> set[str]:
    """Return the words of a text that not every second question has, figures aside."""
    words = (string[start:end].casefold() for start, end in words_of(string))
    return {word for word in words if word not in COMMON and not word.isdigit()}
