"""What a step of the search in glyphs allows, by trying every digit for every letter that is open.

A step is about one relation: the columns of an addition, the last digit, the size or the whole of a product, a
remainder, or which of two numbers is the larger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations

_WORDS = re.compile(
    r"(?:(?P<work>\d[^,]* (?:total|is) \d+) )?(?:(?P<sign>[PQR])(?P<offset>[+-]1) )?(?:c(?P<carry>-?1|0) )?"
    r"(?P<letters>agrees|carry differs|[A-J]-?\d+(?: [A-J]-?\d+)*)"
)
_COLUMN = (10, 70, 600, 8000)  # about how many ways, in hundredths, by the number of open letters
_SAME, _LEAD, _FULL, _LAST = 30, 80, 5, 30_000
Key = tuple[frozenset[tuple[str, int]], int | None, int | None]  # new digits, a carry and an offset that are guessed


@dataclass(frozen=True, slots=True)
class LetterSum:
    """first + second = result, or with * or mod; one more or less where it is `near`."""

    name: str
    operator: str
    mark: str
    near: bool
    first: str
    second: str
    result: str

    def __str__(self) -> str:
        """Return it as a line has it."""
        texts = [" ".join(text) for text in (self.first, self.second, self.result)]
        off = f" off by one {self.operator}" if self.near else ""
        return f"{self.name} {texts[0]} {self.mark} {texts[1]} = {texts[2]}{off}"


@dataclass(frozen=True, slots=True)
class Holding:
    """What holds at a point of the search."""

    leading: frozenset[str]
    digits: Mapping[str, int] = field(default_factory=dict)
    carries: Mapping[str, int] = field(default_factory=dict)
    offsets: Mapping[str, int] = field(default_factory=dict)
    larger: Mapping[str, str] = field(default_factory=dict)

    @property
    def free(self) -> list[int]:
        """The digits that no letter has."""
        return sorted(set(range(10)) - set(self.digits.values()))

    def __str__(self) -> str:
        """Return it as a line that goes back states it."""
        words = [f"{letter}{digit}" for letter, digit in self.digits.items()]
        words += [f"{name} c{carry}" for name, carry in self.carries.items()]
        words += [f"{sign} off {offset:+d}" for sign, offset in self.offsets.items()]
        words += [f"{name} {number} larger" for name, number in self.larger.items()]
        return " ".join(words) or "nothing"

    def can_be(self, letter: str, digit: int) -> bool:
        """Return whether a letter is this digit, or can be."""
        if letter in self.digits:
            return self.digits[letter] == digit
        return digit in self.free and (digit > 0 or letter not in self.leading)

    def after(self, step: LetterStep, words: str, carry: int | None) -> Holding:
        """Return what holds after a way to take a step, of which `carry` goes into or out of its column."""
        name = step.relation.name
        if step.kind == "order":
            return replace(self, larger={**self.larger, name: words.split(maxsplit=1)[0]})
        match = _WORDS.fullmatch(words)
        offset = int(match["offset"]) if match and match["offset"] else None
        carries = {other: number for other, number in self.carries.items() if other != name or carry is None}
        if carry is not None and name not in self.carries:
            carries[name] = carry
        offsets = self.offsets if offset is None else {**self.offsets, step.relation.operator: offset}
        return replace(self, digits={**self.digits, **dict(_letters(words))}, carries=carries, offsets=offsets)


@dataclass(frozen=True, slots=True)
class LetterStep:
    """One step of a relation; `other` is the relation in which the other number is the larger, where that is open."""

    kind: str
    relation: LetterSum
    other: LetterSum | None = None

    @property
    def letters(self) -> str:
        """The letters that its name has."""
        first, second, result = self.relation.first, self.relation.second, self.relation.result
        return {
            "order": result + first,
            "lead": result[0],
            "ones": first[-1] + second[-1] + result[-1],
            "ones *": first[-1] + second[-1] + result[-1],
            "tens": first[:-1] + second[:-1] + result[:-1],
            "size": first[0] + second[0] + result[0],
            "top": first[0] + second[0] + result[:2],
            "full": "",
        }[self.kind]

    def __str__(self) -> str:
        """Return its name as a line has it."""
        return " ".join([self.relation.name, self.kind, *self.letters])

    @property
    def column(self) -> tuple[str, str, str]:
        """The three letters of a column; nothing for a digit that is not there."""
        relation = self.relation
        if self.kind == "tens":
            return relation.first[:-1], relation.second[:-1], relation.result[-2]
        return relation.first[-1], relation.second[-1], relation.result[-1]

    def ways(self, holding: Holding) -> int:
        """Return about how many hundredths of a way are left by what is open: the step with the fewest comes next."""
        relation = self.relation

        def num_open(letters: str) -> int:
            return len(set(letters) - set(holding.digits))

        doubled = 2 if relation.near and relation.operator not in holding.offsets else 1
        if self.kind in ("ones", "tens"):
            first, second, last = self.column
            ways = _SAME if last in (first, second) else _COLUMN[num_open(first + second + last)]
            return ways * (doubled if self.kind == "ones" else 1 if relation.name in holding.carries else 2)
        if self.kind == "ones *":
            by_factors = (75, 600, 4000) if num_open(relation.result[-1]) else (10, 100, 900)
            return by_factors[num_open(relation.first[-1] + relation.second[-1])] * doubled
        if self.kind in ("size", "top"):
            start = relation.result[: 2 if self.kind == "top" else 1]
            factors = relation.first[0] + relation.second[0]
            ways = ((35, 300, 600) if self.kind == "top" else (100, 200, 300))[
                num_open(relation.first[1] + relation.second[1])
            ]
            num_known = len(start) - num_open(start)
            ways = ways * int(9 ** num_open(factors)) // int(10**num_known)
            return max(5, ways) if num_known and not num_open(factors) else ways
        if self.kind == "order":
            return 200 if num_open(relation.result[0] + relation.first[0]) else 100
        if self.kind == "lead":
            return _LEAD
        return _LAST if num_open(relation.first + relation.second) else _FULL

    def certainty(self, holding: Holding) -> int:
        """Return 0 for a step that has no way, 1 for one with a single way, and 2 for others and what is hard to see.

        Hard to see is a step with three letters open or more, and a product of numbers with any.
        """
        letters = self.letters or self.relation.first + self.relation.second
        num_open = len(set(letters) - set(holding.digits))
        is_hard = num_open > (2 if self.letters else 0)
        return 2 if is_hard else min(2, len(self.possible(holding)))

    def opened(self, holding: Holding) -> list[LetterStep]:
        """Return the steps that there are once it is taken."""
        if self.other is None:
            return []
        is_first = holding.larger[self.relation.name] == self.relation.result
        return steps_of([self.relation if is_first else self.other])

    def key(self, words: str) -> Key | None:
        """Return what the words of a way say, however they put it; None for words that say nothing of the kind."""
        if self.kind == "order":
            return frozenset({(words, 0)}), None, None
        match = _WORDS.fullmatch(words)
        if match is None:
            return None
        carry, offset = (None if match[name] is None else int(match[name]) for name in ("carry", "offset"))
        return frozenset(_letters(words)), carry, offset

    def possible(self, holding: Holding) -> dict[Key, int | None]:
        """Return the ways to take the step, each with the carry of its column."""
        if self.other is not None:
            larger = (each for each in (self.relation, self.other) if _is_larger(each, holding))
            return {(frozenset({(f"{each.result} larger", 0)}), None, None): None for each in larger}
        ways: dict[Key, int | None] = {}
        relation = self.relation
        is_near = relation.near and self.kind in ("ones", "ones *", "full")
        for offset in _choices(relation.operator, holding.offsets, (1, -1)) if is_near else (0,):
            guessed_offset = offset if is_near and relation.operator not in holding.offsets else None
            for values in self._values(holding):
                for carry, derived in self._derived(values, holding, offset):
                    every = {*values.items(), *derived}
                    if _differ(every) and all(holding.can_be(letter, digit) for letter, digit in derived):
                        new = every - holding.digits.items()
                        is_guessed = self.kind == "tens" and relation.name not in holding.carries
                        ways[frozenset(new), carry if is_guessed else None, guessed_offset] = carry
        return ways

    @property
    def inputs(self) -> str:
        """The letters that the step starts from; where one letter of a column stands twice, none."""
        first, second = self.relation.first, self.relation.second
        if self.kind in ("ones", "tens"):
            first, second, last = self.column
            return "" if last in (first, second) else first + second
        return {"ones *": first[-1] + second[-1], "full": first + second, "lead": ""}.get(
            self.kind, first[0] + second[0]
        )

    def _values(self, holding: Holding) -> Iterator[dict[str, int]]:
        """Yield every choice of digits for the letters that the step starts from, with the digits that are known."""
        unknown = [letter for letter in dict.fromkeys(self.inputs) if letter not in holding.digits]
        for digits in permutations(holding.free, len(unknown)):
            chosen = dict(zip(unknown, digits, strict=True))
            if all(holding.can_be(letter, digit) for letter, digit in chosen.items()):
                yield {**holding.digits, **chosen}

    def _derived(
        self, values: Mapping[str, int], holding: Holding, offset: int, *, may_clash: bool = False
    ) -> Iterator[tuple[int | None, Sequence[tuple[str, int]]]]:
        """Yield the carry of the step's column, and the digits that follow from the values."""
        relation, result = self.relation, self.relation.result
        if self.kind in ("ones", "tens"):
            yield from self._column(values, holding, offset, may_clash=may_clash)
        elif self.kind == "lead":
            yield None, [(result[0], 1)]
        elif self.kind == "ones *":
            yield None, [(result[-1], (values[relation.first[-1]] * values[relation.second[-1]] + offset) % 10)]
        elif self.kind == "full":
            text = str(_value(relation, values) + offset)
            if len(text) == len(result):
                yield None, list(zip(result, map(int, text), strict=True))
        else:
            width = 2 if self.kind == "top" else 1
            low, high = (_product(relation, values, end) + near * relation.near for end, near in ((0, -1), (9, 1)))
            size = 10 ** (len(result) - width)
            for start in range(10 ** (width - 1), 10**width):
                if start * size <= high and start * size + size - 1 >= low:
                    yield None, list(zip(result, map(int, str(start)), strict=False))

    def _column(
        self, values: Mapping[str, int], holding: Holding, offset: int, *, may_clash: bool
    ) -> Iterator[tuple[int | None, Sequence[tuple[str, int]]]]:
        """Yield the carry out of the ones, or into the tens, with the digits that the column gives."""
        relation, (first, second, last) = self.relation, self.column
        is_tens = self.kind == "tens"
        guesses = (0, 1, -1) if relation.near else (0, 1)
        for more in _choices(relation.name, holding.carries, guesses) if is_tens else (offset,):
            if last in (first, second):
                other = second if last == first else first
                total = more + -more % 10
                digits = [(other, -more % 10)] if other else []
                if not other and more:
                    continue
            else:
                total = values.get(first, 0) + values.get(second, 0) + more
                digits = [(last, total % 10)]
            carry = total // 10
            if is_tens and len(relation.result) == 3:
                yield more, [*digits, (relation.result[0], carry)]
            elif is_tens:
                if may_clash or not carry:
                    yield more, digits
            elif carry in _choices(relation.name, holding.carries, (carry,)):
                yield carry, digits

    def is_worked_out(self, words: str, holding: Holding) -> bool:
        """Return whether a try is what digits that were free give, whether it clashes with what holds or not."""
        if self.other is not None:
            return words in (f"{self.relation.result} larger", f"{self.other.result} larger")
        match = _WORDS.fullmatch(words)
        if match is None:
            return False
        relation, said = self.relation, _letters(words)
        inputs = {letter: digit for letter, digit in reversed(said) if letter in self.inputs}
        values = {**inputs, **holding.digits}  # what comes out may be another digit of the same letter
        new = [digit for letter, digit in inputs.items() if letter not in holding.digits]
        num_taken = sum(digit not in holding.free for digit in new)
        if set(self.inputs) - values.keys() or num_taken > self._num_derived(holding):
            return False
        offsets = {relation.operator: int(match["offset"])} if match["offset"] else holding.offsets
        if self.kind == "full":
            return words == self._worked(holding, values, offsets.get(relation.operator, 0), match["offset"])
        carries = {relation.name: int(match["carry"])} if match["carry"] else holding.carries
        assumed = Holding(frozenset(), carries=carries if self.kind == "tens" else {}, offsets=offsets)
        return any(
            {*said} - values.items() <= {*derived} <= {*said, *holding.digits.items()}
            for offset in (_choices(relation.operator, offsets, (1, -1)) if relation.near else (0,))
            for _, derived in self._derived(values, assumed, offset, may_clash=True)
        )

    def _num_derived(self, holding: Holding) -> int:
        """Return how many of the letters that go in may follow from what comes out: a summand of a known digit."""
        if self.kind not in ("ones", "tens"):
            return 0
        first, second, last = self.column
        return int(first != second and last in holding.digits)

    def _worked(self, holding: Holding, values: Mapping[str, int], offset: int, shown_offset: str | None) -> str:
        """Return the words of a product or remainder that is worked out, and of the digits that are new or clash."""
        relation = self.relation
        value = _value(relation, values)
        first, second = _number(relation.first, values), _number(relation.second, values)
        work = f"{max(first, second)} by {min(first, second)} is {value}"
        if relation.mark == "*":
            parts = (f"{first}*{part}={first * part}" for part in (second - second % 10, second % 10))
            work = f"{first}*{second}: {' '.join(parts)} total {value}"
        inputs = [(letter, values[letter]) for letter in dict.fromkeys(self.inputs) if letter not in holding.digits]
        known, words = dict(holding.digits), list[str]()
        for letter, digit in [*inputs, *zip(relation.result, map(int, str(value + offset)), strict=False)]:
            if known.get(letter) != digit:
                words.append(f"{letter}{digit}")
                known.setdefault(letter, digit)
        sign = [f"{relation.operator}{shown_offset}"] if shown_offset else []
        return " ".join([work, *sign, *(words or ["agrees"])])


def steps_of(relations: Sequence[LetterSum]) -> list[LetterStep]:
    """Return the steps of an equation: at first only which number is the larger, where that is open."""
    relation = relations[0]
    if len(relations) > 1:
        return [LetterStep("order", relation, relations[1])]
    lead = ["lead"] if len(relation.result) == 3 else []
    kinds = {"+": [*lead, "ones", "tens"], "*": ["ones *", "size", "top", "full"], "mod": ["full"]}
    return [LetterStep(kind, relation) for kind in kinds[relation.mark]]


def _letters(words: str) -> list[tuple[str, int]]:
    match = _WORDS.fullmatch(words)
    letters = match["letters"].split() if match else []
    return [(word[0], int(word[1:])) for word in letters if word[1:].lstrip("-").isdecimal()]


def _choices(name: str, known: Mapping[str, int], guesses: Sequence[int]) -> Sequence[int]:
    return (known[name],) if name in known else guesses


def _is_larger(relation: LetterSum, holding: Holding) -> bool:
    large, small = holding.digits.get(relation.result[0]), holding.digits.get(relation.first[0])
    return large is None or small is None or large >= small


def _differ(pairs: set[tuple[str, int]]) -> bool:
    """Return whether each letter has one digit, and each digit one letter."""
    return len({letter for letter, _ in pairs}) == len(pairs) == len({digit for _, digit in pairs})


def _number(letters: str, values: Mapping[str, int], end: int = 0) -> int:
    return int("".join(str(values.get(letter, end)) for letter in letters))


def _product(relation: LetterSum, values: Mapping[str, int], end: int) -> int:
    """Return the product of two numbers whose last digits, where they are open, are `end`."""
    return _number(relation.first, values, end) * _number(relation.second, values, end)


def _value(relation: LetterSum, values: Mapping[str, int]) -> int:
    first, second = _number(relation.first, values), _number(relation.second, values)
    if relation.mark == "*":
        return first * second
    return max(first, second) % min(first, second) if min(first, second) else 0
